//! What was read beside the page's own text, and the choice between the two.

use egui::text::LayoutJob;
use egui::{
    Align, Color32, FontId, Label as TextLabel, Layout, RichText, ScrollArea, TextFormat, Ui,
    containers::menu::MenuButton,
};
use similar::{ChangeTag, TextDiff};

use super::super::command::{CommandSender, CorrectCommand, Scope};
use super::super::controls::{menu_entry, named, secondary};
use super::super::icons;
use super::super::shortcuts::key_of;
use super::super::theme::{self, Palette, space};
use super::element_editor::NARROW_WIDTH;
use crate::engine::trust::{AsRead, Characters};
use crate::markup::{Node, NodeKind};

/// Below this width the menu stands on a line of its own.
const NARROWEST_WIDTH: f32 = 320.0;

/// Lines of text that are seen at once.
const NUM_LINES: usize = 3;

/// Longer texts are shown without marking what differs, which takes time by their differences.
const MAX_COMPARED_BYTES: usize = 20_000;

/// The choice for an element, beside what it would say otherwise.
pub(super) fn ui(ui: &mut Ui, node: &Node, read: AsRead<'_>, commands: &CommandSender) {
    let now = read.characters_of(node);
    if ui.available_width() < NARROW_WIDTH {
        let menu = || MenuButton::new(RichText::new(icons::ELLIPSIS).font(theme::icon(16.0)));
        let has_room = ui.available_width() > NARROWEST_WIDTH;
        ui.horizontal(|ui| {
            choices_ui(ui, now, commands);
            if has_room {
                scope_ui(ui, menu(), commands);
            }
        });
        if !has_room {
            scope_ui(ui, menu(), commands);
        }
    } else {
        ui.horizontal(|ui| {
            ui.label(secondary(ui, "Characters"));
            ui.add_space(space::XS);
            choices_ui(ui, now, commands);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                scope_ui(ui, MenuButton::new("Everywhere"), commands);
            });
        });
    }
    match &node.kind {
        NodeKind::Table { .. } => {
            ui.label(secondary(ui, table_words(node, read)));
        }
        _ => beside_ui(ui, node, read),
    }
}

fn scope_ui(ui: &mut Ui, button: MenuButton<'_>, commands: &CommandSender) {
    let (response, _) = button.ui(ui, |ui| scope_entries(ui, commands));
    named(response, "Choose the characters of the page or the document", None);
}

/// Entries of a menu: the choice for the page in view, and for all pages.
pub(super) fn scope_entries(ui: &mut Ui, commands: &CommandSender) {
    for (scope, heading) in [(Scope::Page, "On this page"), (Scope::Document, "On all converted pages")] {
        ui.label(secondary(ui, heading).text_style(egui::TextStyle::Small));
        for choice in Characters::ALL {
            let key = key_of(ui.ctx(), key_words(choice, scope));
            let entry = menu_entry(ui, None, choice.words(), key.as_deref());
            if entry.on_hover_text(choice.explanation()).clicked() {
                commands.send(CorrectCommand::UseCharacters(choice, scope));
            }
        }
    }
}

/// What the choice is called among the keys; nothing when it has none.
fn key_words(choice: Characters, scope: Scope) -> &'static str {
    match (choice, scope) {
        (Characters::TextLayer, Scope::Element) => "Use the page's own text",
        (Characters::TextLayer, Scope::Page) => "Use the page's own text everywhere on it",
        _ => "",
    }
}

fn choices_ui(ui: &mut Ui, now: Option<Characters>, commands: &CommandSender) {
    for choice in Characters::ALL {
        let key = key_of(ui.ctx(), key_words(choice, Scope::Element));
        let response = ui.selectable_label(now == Some(choice), RichText::new(choice.words()));
        let name = format!("Characters: {}", choice.words());
        let response = named(response, &name, key.as_deref()).on_hover_text(choice.explanation());
        if response.clicked() {
            commands.send(CorrectCommand::UseCharacters(choice, Scope::Element));
        }
    }
}

/// The other text: the page's own, or what was read where that is shown already. Words that the shown text has
/// otherwise are marked.
fn beside_ui(ui: &mut Ui, node: &Node, read: AsRead<'_>) {
    let own_text = read.trust.own_text.as_deref().unwrap_or_default();
    let (caption, other) = if node.text == own_text {
        ("As read: ", read.node.text.as_str())
    } else {
        ("On the page: ", own_text)
    };
    let palette = Palette::of_ui(ui);
    let mut job = LayoutJob::default();
    let format = |color, background| TextFormat {
        font_id: FontId::proportional(13.5),
        color,
        background,
        ..TextFormat::default()
    };
    job.append(caption, 0.0, format(palette.secondary, Color32::TRANSPARENT));
    if node.text.len() + other.len() > MAX_COMPARED_BYTES {
        job.append(other, 0.0, format(palette.text, Color32::TRANSPARENT));
    } else {
        append_marked(&mut job, &node.text, other, |is_other| {
            let background =
                if is_other { palette.warning.gamma_multiply(0.3) } else { Color32::TRANSPARENT };
            format(palette.text, background)
        });
    }
    let max_height = 22.0 * NUM_LINES as f32;
    ScrollArea::vertical().id_salt("own text").max_height(max_height).show(ui, |ui| {
        ui.add(TextLabel::new(job).wrap());
    });
}

/// Appends the other text; words that the shown one has not so get the format of others.
fn append_marked(job: &mut LayoutJob, shown: &str, other: &str, format: impl Fn(bool) -> TextFormat) {
    for change in TextDiff::from_words(shown, other).iter_all_changes() {
        match change.tag() {
            // What only the shown text has stands in the field above.
            ChangeTag::Delete => {}
            ChangeTag::Insert => job.append(change.value(), 0.0, format(true)),
            ChangeTag::Equal => job.append(change.value(), 0.0, format(false)),
        }
    }
}

/// How many cells differ from the page's own text.
fn table_words(node: &Node, read: AsRead<'_>) -> String {
    let now = read.trust.taken_from_page(node).cells;
    match now.iter().flatten().filter(|cell| !cell.is_as_read).count() {
        0 => "Its cells are as in the page's own text".to_owned(),
        1 => "1 cell differs from the page's own text".to_owned(),
        num_others => format!("{num_others} cells differ from the page's own text"),
    }
}
