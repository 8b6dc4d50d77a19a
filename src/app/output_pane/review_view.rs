//! The Review tab: what is doubted on all pages, to be gone through one by one.

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, CornerRadius, FontId, Layout, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo,
    pos2, vec2,
};

use super::input::{PaneAction, PaneInput, ReviewItem};
use crate::app::score::CorrectionScore;
use crate::app::theme::{self, Palette, level_color, space};
use crate::document::page::PageIndex;
use crate::engine::trust::Doubt;
use crate::markup::NodeId;

/// Two lines of text and the air around them.
const ROW_HEIGHT: f32 = 50.0;
/// Free space left and right of the rows.
const MARGIN: f32 = 12.0;

/// In which order the elements stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// The gravest doubts first.
    #[default]
    Gravest,
    /// As on the pages.
    Page,
}

/// The Review tab's memory between frames.
#[derive(Default)]
pub(super) struct ReviewView {
    order: Order,
    /// What was selected in the last frame, so that a new selection is brought into view once.
    seen: Option<(PageIndex, NodeId)>,
}

impl ReviewView {
    /// Draws the list into all of `ui`.
    pub(super) fn ui(&mut self, ui: &mut Ui, input: &PaneInput<'_>, actions: &mut Vec<PaneAction>) {
        let mut items: Vec<&ReviewItem<'_>> = input.review.iter().collect();
        if self.order == Order::Gravest {
            // Stable: equally grave ones stay in the order of the pages.
            items.sort_by_key(|item| std::cmp::Reverse(item.trust.gravity()));
        }
        self.head_ui(ui, items.len());
        score_ui(ui, input.corrected, actions);
        let selected = input.selected.map(|node| (input.page, node));
        let position = items.iter().position(|item| Some((item.page, item.node)) == selected);
        let mut area = ScrollArea::vertical().id_salt("review").auto_shrink([false, false]);
        if let Some(position) = position.filter(|_| self.seen != selected) {
            let middle = (ui.available_height() - ROW_HEIGHT) / 2.0;
            area = area.vertical_scroll_offset((position as f32 * ROW_HEIGHT - middle).max(0.0));
        }
        self.seen = selected;
        area.show_rows(ui, ROW_HEIGHT, items.len(), |ui, range| {
            for item in items.get(range).unwrap_or_default() {
                let is_selected = Some((item.page, item.node)) == selected;
                if row_ui(ui, item, is_selected).clicked() {
                    actions.push(PaneAction::Review(item.page, item.node));
                }
            }
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, num_items: usize) {
        let palette = Palette::of_ui(ui);
        let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
        let inner = bar.shrink2(vec2(MARGIN, 6.0));
        let mut ui = ui.new_child(egui::UiBuilder::new().id_salt("review head").max_rect(inner));
        ui.horizontal_centered(|ui| {
            let words = match num_items {
                0 => "Nothing is doubted".to_owned(),
                1 => "1 element to look at".to_owned(),
                _ => format!("{num_items} elements to look at"),
            };
            ui.label(RichText::new(words).font(theme::strong(13.0)));
            if num_items == 0 {
                return;
            }
            ui.label(RichText::new("N goes to the next").color(palette.secondary));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.selectable_value(&mut self.order, Order::Page, "By page");
                ui.selectable_value(&mut self.order, Order::Gravest, "Gravest first");
            });
        });
    }
}

/// How right the readings were of the pages that somebody has corrected; nothing where nobody has.
fn score_ui(
    ui: &mut Ui,
    (num_pages, score): (usize, Option<&CorrectionScore>),
    actions: &mut Vec<PaneAction>,
) {
    if num_pages == 0 {
        return;
    }
    let palette = Palette::of_ui(ui);
    let noun = if num_pages == 1 { "corrected page" } else { "corrected pages" };
    egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{num_pages} {noun}")).font(theme::strong(13.0)));
            let hint = "Writes the corrected pages as DocTags, JSON and COCO boxes, with their images";
            if ui.button("Save as ground truth…").on_hover_text(hint).clicked() {
                actions.push(PaneAction::SaveGroundTruth);
            }
            let Some(score) = score else {
                let button = ui.button("Score the reading");
                let hint = "Holds what was first read against what you made of it";
                if button.on_hover_text(hint).clicked() {
                    actions.push(PaneAction::Score);
                }
                return;
            };
            ui.add_space(space::S);
            for (name, value, explanation) in values_of(score) {
                let value = value.map_or("–".to_owned(), |value| format!("{value:.3}"));
                // One text, so that a number never stands on another line than its name.
                let format = |font_id, color| egui::TextFormat { font_id, color, ..Default::default() };
                let mut job = LayoutJob::default();
                job.append(name, 0.0, format(FontId::proportional(13.0), palette.secondary));
                job.append(&value, 6.0, format(FontId::monospace(12.5), palette.text));
                ui.add(egui::Label::new(job).extend()).on_hover_text(explanation);
                ui.add_space(space::S);
            }
        });
    });
}

/// Names as the field has them, with what they mean.
fn values_of(score: &CorrectionScore) -> [(&'static str, Option<f64>, &'static str); 4] {
    [
        (
            "Edit distance",
            score.edit_distance,
            "Characters of the text outside tables that were wrong, as a share: 0 is right",
        ),
        ("Box F1 at 0.5", score.box_f1_50, "Boxes that overlap the right one by half: 1 is right"),
        ("at 0.75", score.box_f1_75, "Boxes that overlap the right one by three quarters: 1 is right"),
        ("TEDS", score.teds, "Likeness of tables, structure and text: 1 is right"),
    ]
}

fn row_ui(ui: &mut Ui, item: &ReviewItem<'_>, is_selected: bool) -> Response {
    let palette = Palette::of_ui(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let doubts: Vec<String> = item.trust.doubts.iter().map(Doubt::words).collect();
    let doubts = doubts.join(" · ");
    let name = format!("Page {}, {}: {doubts}", item.page, item.label.words());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_selected, &name));
    let fill = match (is_selected, response.hovered()) {
        (true, _) => Some(palette.accent_fill),
        (false, true) => Some(palette.hover),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    if response.has_focus() {
        let edge = egui::Stroke::new(1.0, palette.accent);
        ui.painter().rect_stroke(rect.shrink(2.0), 4.0, edge, egui::StrokeKind::Inside);
    }
    let theme = if ui.visuals().dark_mode { egui::Theme::Dark } else { egui::Theme::Light };
    let level = level_color(item.trust.level(), theme);
    let bar = Rect::from_min_size(rect.left_top() + vec2(MARGIN, 8.0), vec2(3.0, ROW_HEIGHT - 16.0));
    ui.painter().rect_filled(bar, CornerRadius::same(1), level);
    let left = bar.right() + space::S;
    let width = rect.right() - MARGIN - left;
    let place = format!("p. {}  {}", item.page, item.label.words());
    let mut first = one_line(width);
    let format = |font_id, color| egui::TextFormat { font_id, color, ..Default::default() };
    first.append(&place, 0.0, format(theme::strong(13.0), palette.text));
    first.append(item.text, space::S, format(FontId::proportional(13.0), palette.secondary));
    let mut second = one_line(width);
    second.append(&doubts, 0.0, format(FontId::proportional(12.5), level));
    for (job, y) in [(first, 7.0), (second, 27.0)] {
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(left, rect.top() + y), galley, palette.text);
    }
    response.on_hover_ui(|ui| doubts_ui(ui, &item.trust.doubts))
}

/// Each doubt, and why it is one.
pub(super) fn doubts_ui(ui: &mut Ui, doubts: &[Doubt]) {
    let palette = Palette::of_ui(ui);
    ui.set_max_width(380.0);
    for doubt in doubts {
        ui.label(RichText::new(doubt.words()).font(theme::strong(13.0)));
        ui.label(RichText::new(doubt.explanation()).color(palette.secondary));
    }
}

/// A line that ends in an ellipsis where it is too long.
fn one_line(width: f32) -> LayoutJob {
    let wrap =
        TextWrapping { max_width: width.max(1.0), max_rows: 1, break_anywhere: true, ..Default::default() };
    LayoutJob { wrap, break_on_newline: false, ..Default::default() }
}
