//! The window over the pages that shows a table that was grabbed from one.

use egui::{Align2, Id, Rect, RichText, Ui, Window, vec2};

use super::super::command::{CommandSender, CopyCommand, GrabCommand};
use super::super::output_pane::{GrabbedTables, PaneAction};
use super::super::state::{AppState, GrabStatus};
use super::super::theme::{self, Palette};
use crate::engine::event::PageRecognition;
use crate::engine::user_message::UserMessage;
use crate::markup::NodeKind;

/// Draws the window at the foot of the canvas at `canvas`, while something is grabbed.
pub(crate) fn ui(
    ui: &Ui,
    state: &AppState,
    tables: &mut GrabbedTables,
    canvas: Rect,
    commands: &CommandSender,
) {
    let Some(grab) = state.grab.as_ref().filter(|grab| Some(grab.document) == state.shown) else { return };
    let size = vec2((canvas.width() - 48.0).clamp(280.0, 620.0), (canvas.height() * 0.42).max(180.0));
    let mut is_open = true;
    Window::new(format!("Table from page {}", grab.page))
        .id(Id::unique("grab"))
        .open(&mut is_open)
        .collapsible(false)
        .default_size(size)
        .pivot(Align2::CENTER_BOTTOM)
        .default_pos(canvas.center_bottom() - vec2(0.0, 52.0))
        .constrain_to(canvas)
        .show(ui.ctx(), |ui| match &grab.status {
            GrabStatus::Reading(_) => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Reading the region");
                });
            }
            GrabStatus::Failed(message) => failure_ui(ui, message),
            GrabStatus::Read(read) => read_ui(ui, read, tables, commands),
        });
    if !is_open {
        commands.send(GrabCommand::Close);
    }
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
    let by = RichText::new(format!("Read by {}", read.engine_name)).color(Palette::of_ui(ui).secondary);
    ui.label(by.size(12.0));
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
            | PaneAction::Select(_)
            | PaneAction::Review(..)
            | PaneAction::CopyDocument(_)
            | PaneAction::SaveAs(_)
            | PaneAction::ConvertPage
            | PaneAction::Continue
            | PaneAction::Rescue
            | PaneAction::Cancel
            | PaneAction::GetModel
            | PaneAction::ToggleFurniture => {}
        }
    }
}
