//! The legend at the bottom left of the canvas: what the colours mean, and which are shown.

use std::collections::BTreeMap;

use egui::{Align2, Area, Button, CornerRadius, Id, Order, Rect, RichText, Role, Ui, WidgetInfo, vec2};

use super::super::command::{Command, CommandSender};
use super::super::controls::icon_button;
use super::super::icons;
use super::super::state::AppState;
use super::super::theme::{self, Palette, label_color};
use crate::markup::Label;

const WIDTH: f32 = 178.0;

/// Draws the legend over the canvas at `canvas`, when there is anything to explain.
pub fn ui(ui: &Ui, state: &AppState, canvas: Rect, commands: &CommandSender) {
    let counts = counts(state);
    if counts.is_empty() {
        return;
    }
    let palette = Palette::of_ui(ui);
    let corner = canvas.left_bottom() + vec2(theme::space::M, -theme::space::M);
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
                .inner_margin(4.0)
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    if !state.settings.shows_legend {
                        if icon_button(ui, icons::LAYERS, "Show legend", Some("L")).clicked() {
                            commands.send(Command::ToggleLegend);
                        }
                        return;
                    }
                    ui.set_width(WIDTH);
                    ui.horizontal(|ui| {
                        ui.add_space(6.0);
                        ui.label(RichText::new("Legend").font(theme::strong(12.0)));
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            if icon_button(ui, icons::CHEVRON_DOWN, "Fold legend", Some("L")).clicked() {
                                commands.send(Command::ToggleLegend);
                            }
                        });
                    });
                    for (label, count) in counts {
                        row_ui(ui, state, label, count, commands);
                    }
                });
        });
}

fn row_ui(ui: &mut Ui, state: &AppState, label: Label, count: usize, commands: &CommandSender) {
    let palette = Palette::of_ui(ui);
    let is_shown = state.settings.shows_label(label);
    let is_inverted = state.settings.inverts_pages && ui.visuals().dark_mode;
    let color = label_color(label, if is_inverted { egui::Theme::Dark } else { egui::Theme::Light });
    let ink = if is_shown { palette.text } else { palette.secondary };
    let eye = if is_shown { "" } else { icons::EYE_OFF };
    let words = RichText::new(label.words()).size(12.5).color(ink);
    let words = if is_shown { words } else { words.strikethrough() };
    let button = Button::new(words)
        .frame_when_inactive(false)
        .min_size(vec2(ui.available_width(), 24.0))
        .shortcut_text(
            RichText::new(if is_shown { count.to_string() } else { String::new() })
                .size(12.0)
                .color(palette.secondary),
        );
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding = vec2(30.0, 2.0);
            ui.spacing_mut().interact_size.y = 24.0;
            ui.add(button)
        })
        .inner;
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_shown, label.words()));
    let tag = Rect::from_center_size(response.rect.left_center() + vec2(17.0, 0.0), vec2(18.0, 14.0));
    if is_shown {
        ui.painter().rect_filled(tag, CornerRadius::same(3), color);
        ui.painter().text(
            tag.center(),
            Align2::CENTER_CENTER,
            label.tag(),
            theme::strong(9.5),
            theme::ON_LABEL,
        );
    } else {
        ui.painter().text(tag.center(), Align2::CENTER_CENTER, eye, theme::icon(13.0), palette.secondary);
    }
    if response.clicked() {
        commands.send(Command::ToggleLabel(label));
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
