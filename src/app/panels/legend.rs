//! The legend along the bottom of the canvas: what the colours mean, and which are shown.
//!
//! One line, so that it covers no text: the words give way to the tags alone where the canvas is
//! too narrow for them.

use std::collections::BTreeMap;

use egui::{
    Align, Align2, Area, Button, CornerRadius, Id, Layout, Order, Rect, RichText, Role, Ui, WidgetInfo, vec2,
};

use super::super::command::{CommandSender, SettingCommand};
use super::super::controls::icon_button;
use super::super::icons;
use super::super::state::AppState;
use super::super::theme::{self, Palette, label_color, level_color};
use crate::engine::trust::Level;
use crate::markup::Label;

const TAG: egui::Vec2 = vec2(20.0, 15.0);

/// Draws the legend over the canvas at `canvas`, when there is anything to explain.
pub(crate) fn ui(ui: &Ui, state: &AppState, canvas: Rect, commands: &CommandSender) {
    let counts = counts(state);
    if counts.is_empty() {
        return;
    }
    let palette = Palette::of_ui(ui);
    let corner = canvas.left_bottom() + vec2(theme::space::S, -theme::space::S);
    let has_words = words_width(ui, &counts) + 2.0 * theme::space::S + 40.0 < canvas.width();
    Area::new(Id::unique("legend"))
        .order(Order::Middle)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(corner)
        .constrain_to(canvas)
        .show(ui.ctx(), |ui| {
            egui::Frame::new()
                .fill(palette.pane)
                .stroke(egui::Stroke::new(1.0, palette.line))
                .corner_radius(CornerRadius::same(theme::RADIUS))
                .inner_margin(egui::Margin::symmetric(4, 3))
                .show(ui, |ui| {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = 0.0;
                        ui.spacing_mut().interact_size.y = 24.0;
                        if !state.settings.shows_legend {
                            if icon_button(ui, icons::LAYERS, "Show legend", Some("L")).clicked() {
                                commands.send(SettingCommand::ToggleLegend);
                            }
                            return;
                        }
                        if state.settings.shows_heat {
                            levels_ui(ui, state);
                        } else {
                            for (label, count) in counts {
                                chip_ui(ui, state, label, count, has_words, commands);
                            }
                        }
                        if icon_button(ui, icons::X, "Fold legend", Some("L")).clicked() {
                            commands.send(SettingCommand::ToggleLegend);
                        }
                    });
                });
        });
}

/// In the heat map: how many boxes of each level the page in view has; the thresholds on hover.
fn levels_ui(ui: &mut Ui, state: &AppState) {
    let palette = Palette::of_ui(ui);
    let theme_of_page = if state.settings.inverts_pages { egui::Theme::Dark } else { egui::Theme::Light };
    let conversion = state.page().map(|(_, entry)| &entry.conversion);
    let tree = conversion.and_then(|conversion| conversion.tree.as_ref());
    let boxes = tree.iter().flat_map(|tree| tree.nodes()).filter(|(_, node)| node.bbox.is_some());
    let levels: Vec<Level> = boxes.filter_map(|(id, _)| Some(conversion?.trust(id)?.level())).collect();
    if levels.is_empty() {
        ui.label(
            RichText::new("  Trust is known when the page is read  ").size(12.0).color(palette.secondary),
        );
    }
    for level in Level::ALL.into_iter().filter(|_| !levels.is_empty()) {
        let count = levels.iter().filter(|of_box| **of_box == level).count();
        let words = format!("{} {count}", level.words());
        ui.add_space(theme::space::S);
        let (dot, _) = ui.allocate_exact_size(vec2(12.0, 12.0), egui::Sense::hover());
        ui.painter().rect_filled(dot, CornerRadius::same(3), level_color(level, theme_of_page));
        ui.add_space(theme::space::XS);
        let response = ui.label(RichText::new(words).size(12.0).color(palette.text));
        response.on_hover_text(level.explanation());
        ui.add_space(theme::space::XS);
    }
}

/// What a chip says behind its tag.
fn words_of(label: Label, count: usize, has_words: bool) -> String {
    if has_words { format!("{} {count}", label.words()) } else { count.to_string() }
}

fn words_width(ui: &Ui, counts: &BTreeMap<Label, usize>) -> f32 {
    let font = egui::FontId::proportional(12.0);
    let width = |(label, count): (&Label, &usize)| {
        let words = words_of(*label, *count, true);
        ui.painter().layout_no_wrap(words, font.clone(), theme::INK).size().x + TAG.x + 20.0
    };
    counts.iter().map(width).sum()
}

fn chip_ui(
    ui: &mut Ui,
    state: &AppState,
    label: Label,
    count: usize,
    has_words: bool,
    commands: &CommandSender,
) {
    let palette = Palette::of_ui(ui);
    let is_shown = state.settings.shows_label(label);
    let theme_of_page = if state.settings.inverts_pages { egui::Theme::Dark } else { egui::Theme::Light };
    let color = label_color(label, theme_of_page);
    let ink = if is_shown { palette.text } else { palette.secondary };
    let words = RichText::new(words_of(label, count, has_words)).size(12.0).color(ink);
    let words = if is_shown { words } else { words.strikethrough() };
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding = vec2(6.0, 3.0);
            // The tag is painted into the room that this blank leaves.
            let blank = egui::Atom::custom(egui::IdSalt::new("tag"), TAG);
            ui.add(Button::new((blank, words)).frame_when_inactive(false).gap(6.0).min_size(vec2(0.0, 24.0)))
        })
        .inner;
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_shown, label.words()));
    let tag = Rect::from_center_size(response.rect.left_center() + vec2(6.0 + TAG.x / 2.0, 0.0), TAG);
    if is_shown {
        let on_label = if state.settings.inverts_pages { theme::PAPER_INVERTED } else { theme::ON_LABEL };
        ui.painter().rect_filled(tag, CornerRadius::same(3), color);
        ui.painter().text(tag.center(), Align2::CENTER_CENTER, label.tag(), theme::strong(10.0), on_label);
    } else {
        ui.painter().text(
            tag.center(),
            Align2::CENTER_CENTER,
            icons::EYE_OFF,
            theme::icon(13.0),
            palette.secondary,
        );
    }
    let act = if is_shown { "hide" } else { "show" };
    if response.on_hover_text(format!("{}: click to {act} its boxes", label.words())).clicked() {
        commands.send(SettingCommand::ToggleLabel(label));
    }
}

/// How many boxes of each label the page in view has.
fn counts(state: &AppState) -> BTreeMap<Label, usize> {
    let mut counts = BTreeMap::new();
    let Some((_, entry)) = state.page() else { return counts };
    let tree = entry.conversion.tree.as_ref();
    for (_, node) in tree.iter().flat_map(|tree| tree.nodes()).filter(|(_, node)| node.bbox.is_some()) {
        *counts.entry(node.kind.label()).or_insert(0) += 1;
    }
    counts
}
