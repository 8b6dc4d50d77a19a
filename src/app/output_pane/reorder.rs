//! Dragging a block of the document to another place in reading order.
//!
//! A grip stands before the block under the pointer. While it is dragged a line shows where the block would go; letting
//! go asks for that. Keys do the same (Alt with an arrow).

use egui::{Align2, CursorIcon, DragAndDrop, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::input::PaneAction;
use crate::app::icons;
use crate::app::theme::{self, Palette};
use crate::document::page::PageIndex;
use crate::markup::NodeId;

/// Width and height of the grip.
const GRIP: egui::Vec2 = vec2(14.0, 16.0);
/// From the row's left edge to the grip's.
const MARGIN: f32 = 2.0;
/// From the top of the block to the grip's: its tag stands there.
const BELOW_TAG: f32 = 15.0;
/// As much of a block's text as its grip is named by.
const NAMED_CHARS: usize = 24;

/// The block that is being dragged.
#[derive(Clone, Copy, PartialEq)]
struct Carried {
    page: PageIndex,
    node: NodeId,
}

/// A row of the list, which holds a block.
pub(super) struct Row<'a> {
    pub page: PageIndex,
    pub node: NodeId,
    /// The element of the next row; `None` at the end of the page.
    pub next: Option<NodeId>,
    /// What the block says, to name its grip by.
    pub text: &'a str,
    pub rect: Rect,
    /// Where the block begins in it.
    pub top: f32,
}

/// The grip of a row, and the row as a place for another block.
pub(super) fn reorder_ui(ui: &mut Ui, row: &Row<'_>, actions: &mut Vec<PaneAction>) {
    let palette = Palette::of_ui(ui);
    let this = Carried { page: row.page, node: row.node };
    let carried = DragAndDrop::payload::<Carried>(ui.ctx()).map(|carried| *carried);
    let id = ui.scope_id().with(("grip", row.node));
    // A quick pull has left the row before it counts as a drag.
    let is_held = ui.ctx().read_response(id).is_some_and(|grip| grip.is_pointer_button_down_on());
    let is_under_pointer = || ui.rect_contains_pointer(row.rect);
    if is_held || carried.map_or_else(is_under_pointer, |carried| carried == this) {
        let grip = Rect::from_min_size(pos2(row.rect.left() + MARGIN, row.top + BELOW_TAG), GRIP);
        let response = ui.interact(grip, id, Sense::drag()).on_hover_cursor(CursorIcon::Grab);
        let start: String = row.text.chars().take(NAMED_CHARS).collect();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Move: {start}")));
        let color = if response.hovered() || carried.is_some() { palette.text } else { palette.secondary };
        ui.painter().text(
            grip.center(),
            Align2::CENTER_CENTER,
            icons::GRIP_VERTICAL,
            theme::icon(14.0),
            color,
        );
        if response.drag_started() {
            DragAndDrop::set_payload(ui.ctx(), this);
        }
    }
    let Some(carried) = carried.filter(|carried| carried.page == row.page && *carried != this) else {
        return;
    };
    let pointer = ui.input(|input| input.pointer.interact_pos());
    // What lies below the last block is its lower half.
    let is_here = |at: &egui::Pos2| {
        let is_above_end = at.y < row.rect.bottom() || row.next.is_none();
        ui.clip_rect().contains(*at) && at.y >= row.rect.top() && is_above_end
    };
    let Some(pointer) = pointer.filter(is_here) else { return };
    ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    let (before, y) = if pointer.y < row.rect.center().y {
        (Some(row.node), row.rect.top())
    } else {
        (row.next, row.rect.bottom())
    };
    if before == Some(carried.node) {
        return;
    }
    let line = row.rect.left() + MARGIN..=row.rect.right() - MARGIN;
    ui.painter().hline(line.clone(), y, Stroke::new(2.0, palette.accent));
    ui.painter().circle_filled(pos2(*line.start(), y), 3.0, palette.accent);
    if ui.input(|input| input.pointer.any_released()) {
        DragAndDrop::clear_payload(ui.ctx());
        actions.push(PaneAction::MoveBefore(carried.node, before));
    }
}
