//! The window over the pages that shows a table that was grabbed from one.

use egui::{Align, Align2, Frame, Id, Layout, Rect, RichText, Ui, Window, vec2};

use super::super::command::{CommandSender, CopyCommand, GrabCommand};
use super::super::controls::icon_button;
use super::super::icons;
use super::super::output_pane::{GrabbedTables, PaneAction};
use super::super::state::{AppState, Grab, GrabStatus};
use super::super::theme::{self, Palette};
use crate::engine::event::PageRecognition;
use crate::engine::user_message::UserMessage;
use crate::markup::NodeKind;

/// Draws the window at the foot or the head of the canvas at `canvas`, while something is grabbed.
pub(crate) fn ui(
    ui: &Ui,
    state: &AppState,
    tables: &mut GrabbedTables,
    canvas: Rect,
    commands: &CommandSender,
) {
    let Some(grab) = state.grab.as_ref().filter(|grab| Some(grab.document) == state.shown) else { return };
    let size = vec2((canvas.width() - 48.0).clamp(280.0, 620.0), (canvas.height() * 0.42).max(180.0));
    // Beside what was grabbed, as far as a page that fits the window tells where that is.
    let is_low = grab.region.center().1 > 0.5;
    let (pivot, place) = if is_low {
        (Align2::CENTER_TOP, canvas.center_top() + vec2(0.0, 16.0))
    } else {
        (Align2::CENTER_BOTTOM, canvas.center_bottom() - vec2(0.0, 52.0))
    };
    Window::new("Grabbed table")
        .id(Id::unique(("grab", is_low)))
        .title_bar(false)
        .frame(Frame::window(ui.style()).inner_margin(14.0).corner_radius(10.0))
        .default_size(size)
        .pivot(pivot)
        .default_pos(place)
        .constrain_to(canvas)
        .show(ui.ctx(), |ui| {
            head_ui(ui, grab, commands);
            match &grab.status {
                GrabStatus::Reading(_) => {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.label("Reading the region");
                    });
                }
                GrabStatus::Failed(message) => failure_ui(ui, message),
                GrabStatus::Read(read) => read_ui(ui, read, tables, commands),
            }
        });
}

/// What it is, who read it, and the button that closes it.
fn head_ui(ui: &mut Ui, grab: &Grab, commands: &CommandSender) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Table from page {}", grab.page)).font(theme::strong(15.0)));
        if let Some(read) = grab.status.read() {
            ui.label(
                RichText::new(format!("read by {}", read.engine_name)).color(Palette::of_ui(ui).secondary),
            );
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icons::X, "Close", Some("Esc")).clicked() {
                commands.send(GrabCommand::Close);
            }
        });
    });
}

fn failure_ui(ui: &mut Ui, message: &UserMessage) {
    ui.label(RichText::new(&message.summary).font(theme::strong(13.5)));
    if let Some(hint) = &message.hint {
        ui.label(RichText::new(hint).color(Palette::of_ui(ui).secondary));
    }
}

fn read_ui(ui: &mut Ui, read: &PageRecognition, tables: &mut GrabbedTables, commands: &CommandSender) {
    if !read.tree.nodes().any(|(_, node)| matches!(node.kind, NodeKind::Table { .. })) {
        ui.label(RichText::new("No table was found there").font(theme::strong(13.5)));
        let hint = format!(
            "{} saw no rows and columns. Drag closer around the cells, headers included",
            read.engine_name
        );
        ui.label(RichText::new(hint).color(Palette::of_ui(ui).secondary));
        return;
    }
    for action in tables.ui(ui, read) {
        match action {
            PaneAction::CopyTable(node, format) => {
                commands.send(CopyCommand::CopyGrabbed(node, None, format));
            }
            PaneAction::CopyCells(node, cells, format) => {
                commands.send(CopyCommand::CopyGrabbed(node, Some(cells), format));
            }
            PaneAction::CopyElement(node, format) => {
                commands.send(CopyCommand::CopyGrabbedElement(node, format));
            }
            PaneAction::SaveTableAs(node, format) => commands.send(GrabCommand::SaveAs(node, format)),
            // Of a page, which this is not.
            PaneAction::Hover(_)
            | PaneAction::HoverCell(_)
            | PaneAction::Select(_)
            | PaneAction::Review(..)
            | PaneAction::MoveBefore(..)
            | PaneAction::Score
            | PaneAction::SaveGroundTruth
            | PaneAction::CopyDocument(_)
            | PaneAction::SaveAs(_)
            | PaneAction::ConvertPage
            | PaneAction::Continue
            | PaneAction::Cancel
            | PaneAction::GetModel
            | PaneAction::ToggleFurniture => {}
        }
    }
}
