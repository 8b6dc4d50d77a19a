//! Messages in the corner at the bottom right.

use egui::{Align, Align2, Area, CornerRadius, Id, Layout, Order, RichText, Ui, vec2};

use super::super::command::{Command, CommandSender};
use super::super::controls::{icon_button, icon_label, secondary};
use super::super::icons;
use super::super::state::{AppState, Notice, NoticeKind};
use super::super::theme::{self, Palette};

const WIDTH: f32 = 340.0;
/// Above the status bar.
const LIFT: f32 = 40.0;

/// Draws the notices over everything.
pub(crate) fn ui(ui: &Ui, state: &AppState, commands: &CommandSender) {
    let notices = state.notices.shown();
    if notices.is_empty() {
        return;
    }
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-theme::space::M, -LIFT))
        .show(ui.ctx(), |ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = theme::space::S;
            if state.notices.num_hidden() > 0 {
                let words = secondary(ui, format!("{} earlier", state.notices.num_hidden()));
                ui.label(words);
            }
            for notice in notices {
                notice_ui(ui, notice, commands);
            }
        });
}

fn notice_ui(ui: &mut Ui, notice: &Notice, commands: &CommandSender) {
    let palette = Palette::of_ui(ui);
    let (icon, color) = match notice.kind {
        NoticeKind::Done => (icons::CIRCLE_CHECK, palette.success),
        NoticeKind::Error => (icons::CIRCLE_ALERT, palette.danger),
    };
    egui::Frame::new()
        .fill(palette.pane)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(8))
        .shadow(egui::Shadow { offset: [0, 4], blur: 16, spread: 0, color: palette.shadow })
        .inner_margin(egui::Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(theme::space::S, 2.0);
            ui.horizontal_top(|ui| {
                ui.add_space(0.0);
                ui.scope(|ui| {
                    ui.set_height(theme::TOUCH_HEIGHT);
                    icon_label(ui, icon, color);
                });
                ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                    if icon_button(ui, icons::X, "Dismiss", None).clicked() {
                        commands.send(Command::DismissNotice(notice.id));
                    }
                    ui.with_layout(Layout::top_down(Align::Min), |ui| body_ui(ui, notice, commands));
                });
            });
        });
}

fn body_ui(ui: &mut Ui, notice: &Notice, commands: &CommandSender) {
    ui.add_space(5.0);
    ui.add(egui::Label::new(RichText::new(&notice.message.summary)).wrap());
    if let Some(hint) = &notice.message.hint {
        let hint = secondary(ui, hint);
        ui.add(egui::Label::new(hint).wrap());
    }
    if notice.shows_details
        && let Some(details) = &notice.message.details
    {
        let details = RichText::new(details).monospace().size(11.0);
        ui.add(egui::Label::new(details).wrap().selectable(true));
    }
    let has_details = notice.message.details.is_some();
    if notice.action.is_none() && !has_details {
        ui.add_space(5.0);
        return;
    }
    ui.horizontal(|ui| {
        if let Some(action) = &notice.action
            && ui.button(action.words).clicked()
        {
            commands.send(action.command.clone());
            commands.send(Command::DismissNotice(notice.id));
        }
        if has_details {
            let words = if notice.shows_details { "Hide details" } else { "Details" };
            if ui.add(egui::Button::new(words).frame_when_inactive(false)).clicked() {
                commands.send(Command::ToggleNoticeDetails(notice.id));
            }
        }
    });
}
