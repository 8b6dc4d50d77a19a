//! The bar above the pane: tabs to the left; repairs, tokens, furniture, copy and save to the right.

use egui::{Align, FontId, Layout, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::input::{ExportFormat, PaneAction, PaneInput};
use super::pane::PaneTab;
use crate::app::icons;
use crate::app::theme::{self, Palette, space};
use crate::markup::{Diagnostic, DocTree, Severity};

/// Height of the bar.
pub(super) const HEIGHT: f32 = 34.0;
/// A pane narrower than this shows a menu in place of tabs.
const NARROW: f32 = 470.0;
/// Diagnostics listed on hover before "and N more".
const LISTED: usize = 10;

/// Draws the bar at the top of `ui`.
pub(super) fn header_ui(
    ui: &mut Ui,
    tab: &mut PaneTab,
    input: &PaneInput<'_>,
    num_tables: usize,
    actions: &mut Vec<PaneAction>,
) {
    let palette = Palette::of_ui(ui);
    let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    ui.painter().rect_filled(bar, 0.0, palette.window);
    ui.painter().hline(bar.x_range(), bar.bottom() - 0.5, Stroke::new(1.0, palette.line));
    let inner = bar.shrink2(vec2(space::S, 0.0));
    let mut bar_ui = ui.new_child(egui::UiBuilder::new().id_salt("pane header").max_rect(inner));
    bar_ui.spacing_mut().item_spacing.x = 2.0;
    bar_ui.horizontal_centered(|ui| {
        let padding = if inner.width() < 560.0 { 5.0 } else { 9.0 };
        if inner.width() < NARROW {
            tab_menu_ui(ui, tab);
        }
        for choice in PaneTab::ALL.into_iter().filter(|_| inner.width() >= NARROW) {
            let words = match choice {
                PaneTab::Tables if num_tables > 0 => format!("{} {num_tables}", choice.words()),
                PaneTab::Review if !input.review.is_empty() => {
                    format!("{} {}", choice.words(), input.review.len())
                }
                _ => choice.words().to_owned(),
            };
            if tab_ui(ui, choice.words(), &words, *tab == choice, padding) {
                *tab = choice;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(tree) = input.tree {
                document_buttons_ui(ui, input, actions);
                facts_ui(ui, tree, input);
            }
        });
    });
}

/// Where the tabs do not fit beside the buttons: a menu of them.
fn tab_menu_ui(ui: &mut Ui, tab: &mut PaneTab) {
    let icon = RichText::new(icons::CHEVRON_DOWN).font(FontId::new(13.0, theme::icon_family()));
    let words = RichText::new(tab.words()).font(theme::strong(13.0));
    let menu = ui.menu_button((words, icon), |ui| {
        for choice in PaneTab::ALL {
            if ui.selectable_label(*tab == choice, choice.words()).clicked() {
                *tab = choice;
            }
        }
    });
    let name = format!("View: {}", tab.words());
    menu.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
}

/// A tab: its words, underlined in the accent when it is the one shown.
fn tab_ui(ui: &mut Ui, name: &str, words: &str, is_shown: bool, padding: f32) -> bool {
    let palette = Palette::of_ui(ui);
    let font = if is_shown { theme::strong(13.0) } else { FontId::proportional(13.0) };
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, palette.text);
    // The semibold face is wider: room for it is kept, so that tabs stay where they are.
    let widest = ui.painter().layout_no_wrap(words.to_owned(), theme::strong(13.0), palette.text).size().x;
    let (rect, response) = ui.allocate_exact_size(vec2(widest + 2.0 * padding, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), is_shown, name));
    let color = if is_shown || response.hovered() { palette.text } else { palette.secondary };
    let at = rect.center() - galley.size() / 2.0;
    ui.painter().galley_with_override_text_color(at, galley, color);
    if is_shown {
        let line = egui::Rect::from_min_max(
            pos2(rect.left() + padding, rect.bottom() - 2.0),
            pos2(rect.right() - padding, rect.bottom()),
        );
        ui.painter().rect_filled(line, 0.0, palette.accent);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.accent);
        ui.painter().rect_stroke(rect.shrink(3.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
    response.clicked()
}

fn document_buttons_ui(ui: &mut Ui, input: &PaneInput<'_>, actions: &mut Vec<PaneAction>) {
    let save = icon_menu_ui(ui, icons::DOWNLOAD, "Save as…", |ui| {
        for format in ExportFormat::SAVED {
            if ui.button(format!("{}…", format.words())).clicked() {
                actions.push(PaneAction::SaveAs(format));
            }
        }
    });
    save.on_hover_text("Save this document as a file");
    let copy = icon_menu_ui(ui, icons::COPY, "Copy", |ui| {
        for format in ExportFormat::COPIED {
            if ui.button(format.words()).clicked() {
                actions.push(PaneAction::CopyDocument(format));
            }
        }
    });
    copy.on_hover_text("Copy the whole document");
    let name = "Page headers and footers";
    let text = RichText::new(icons::LAYERS).font(icon_font());
    let toggle = ui.add(
        egui::Button::new(text).frame_when_inactive(input.shows_furniture).selected(input.shows_furniture),
    );
    toggle.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), input.shows_furniture, name));
    let hint =
        if input.shows_furniture { "Hide page headers and footers" } else { "Show page headers and footers" };
    if toggle.on_hover_text(hint).clicked() {
        actions.push(PaneAction::ToggleFurniture);
    }
}

fn icon_font() -> FontId {
    FontId::new(16.0, theme::icon_family())
}

fn icon_menu_ui(ui: &mut Ui, icon: &str, name: &str, add_entries: impl FnOnce(&mut Ui)) -> egui::Response {
    let button = egui::Button::new(RichText::new(icon).font(icon_font())).frame_when_inactive(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(170.0);
        add_entries(ui);
    });
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response
}

/// Tokens while and after writing; how much was repaired, with the details on hover.
fn facts_ui(ui: &mut Ui, tree: &DocTree, input: &PaneInput<'_>) {
    let palette = Palette::of_ui(ui);
    let fact = |words: String, color| RichText::new(words).font(FontId::proportional(12.0)).color(color);
    let repairs: Vec<&Diagnostic> =
        tree.diagnostics().iter().filter(|diagnostic| diagnostic.severity > Severity::Note).collect();
    if !repairs.is_empty() && ui.available_width() > 80.0 {
        ui.add_space(space::XS);
        let words =
            if repairs.len() == 1 { "1 repair".to_owned() } else { format!("{} repairs", repairs.len()) };
        ui.label(fact(words, palette.warning)).on_hover_ui(|ui| repairs_ui(ui, &repairs));
    }
    if let Some(tokens) = input.num_tokens.filter(|_| ui.available_width() > 90.0) {
        ui.add_space(space::S);
        let words = if tokens == 1 { "1 token".to_owned() } else { format!("{tokens} tokens") };
        let by = format!("What {} wrote for this page", input.engine_name);
        ui.label(fact(words, palette.secondary)).on_hover_text(by);
    }
}

fn repairs_ui(ui: &mut Ui, repairs: &[&Diagnostic]) {
    let palette = Palette::of_ui(ui);
    ui.set_max_width(380.0);
    ui.label(RichText::new("The markup had faults that were mended").font(theme::strong(13.0)));
    for repair in repairs.iter().take(LISTED) {
        let lost = if repair.severity == Severity::Dropped { " (left out)" } else { "" };
        ui.label(format!("{}{lost}", repair.message));
        if let Some(hint) = &repair.hint {
            ui.label(RichText::new(hint).color(palette.secondary));
        }
    }
    if let Some(more @ 1..) = repairs.len().checked_sub(LISTED) {
        ui.label(RichText::new(format!("and {more} more")).color(palette.secondary));
    }
}
