//! The rectangle that is dragged over a page, to grab a table or to draw a new element.

use egui::{CornerRadius, CursorIcon, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui};

use super::super::command::{CommandSender, CorrectCommand, GrabCommand};
use super::super::state::{AppState, DocumentState};
use super::super::theme::Palette;
use super::pan_zoom::{page_from_ui, ui_from_page};
use crate::document::page::PageIndex;
use crate::geometry::BBox;
use crate::revision::{Edit, ElementKind};

/// Shorter sides, as a fraction of the page, were no rectangle but a slip.
const MIN_SIDE: f64 = 0.008;

/// A drag that has begun on a page and not ended.
#[derive(Debug, Default)]
pub(super) struct GrabDrag {
    /// The page, as it is turned, and where on it the drag began.
    from: Option<(PageIndex, (f64, f64))>,
}

impl GrabDrag {
    /// The drag of this frame is a rectangle, so that the page does not move.
    pub(super) fn is_going_on(&self, ui: &Ui, state: &AppState, response: &Response) -> bool {
        let is_asked = is_armed(state) || ui.input(|input| input.modifiers.shift);
        self.from.is_some() || (response.drag_started_by(PointerButton::Primary) && is_asked)
    }

    /// Follows the pointer over pages at these places, and sends what was dragged when it ends.
    pub(super) fn follow(
        &mut self,
        ui: &Ui,
        state: &AppState,
        document: &DocumentState,
        response: &Response,
        pages: &[(PageIndex, Rect)],
        commands: &CommandSender,
    ) {
        if is_armed(state) && response.contains_pointer() {
            ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        }
        let (origin, now, is_shift) = ui
            .input(|input| (input.pointer.press_origin(), input.pointer.latest_pos(), input.modifiers.shift));
        if response.drag_started_by(PointerButton::Primary) && (is_armed(state) || is_shift) {
            let page = origin.and_then(|origin| pages.iter().find(|(_, rect)| rect.contains(origin)));
            self.from = page.zip(origin).map(|((page, rect), origin)| (*page, page_from_ui(*rect, origin)));
        }
        let Some((page, from)) = self.from else { return };
        let place = pages.iter().find(|(index, _)| *index == page).map(|(_, rect)| *rect);
        let Some((rect, now)) = place.zip(now) else {
            self.from = None;
            return;
        };
        let bbox = spanned(rect, from, now);
        let edge = Stroke::new(2.0, Palette::LIGHT.accent);
        let shape = ui_from_page(rect, &bbox);
        ui.painter().rect(
            shape,
            CornerRadius::ZERO,
            Palette::LIGHT.accent.gamma_multiply(0.12),
            edge,
            StrokeKind::Inside,
        );
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        if !response.dragged_by(PointerButton::Primary) {
            self.from = None;
            if bbox.width().min(bbox.height()) >= MIN_SIDE
                && let Some(entry) = document.page(page)
            {
                let region = entry.rotation.inverse().turned_bbox(&bbox);
                if state.is_drawing {
                    commands.send(CorrectCommand::Edit(page, Edit::Add(ElementKind::Text, region)));
                } else {
                    commands.send(GrabCommand::Grab { page, region });
                }
            }
        }
    }
}

/// The next drag is a rectangle.
fn is_armed(state: &AppState) -> bool {
    state.is_grabbing || state.is_drawing
}

/// The part of the page between where the drag began and the pointer.
fn spanned(rect: Rect, from: (f64, f64), now: Pos2) -> BBox {
    let (x, y) = page_from_ui(rect, now);
    BBox::from_corners(from.0, from.1, x, y).clamped()
}

/// The outline of what is grabbed, as long as it is shown.
pub(super) fn outline_ui(ui: &Ui, state: &AppState, document: &DocumentState, pages: &[(PageIndex, Rect)]) {
    let Some(grab) = state.grab.as_ref().filter(|grab| grab.document == document.id()) else { return };
    let Some(entry) = document.page(grab.page) else { return };
    for (_, rect) in pages.iter().filter(|(page, _)| *page == grab.page) {
        let shape = ui_from_page(*rect, &entry.rotation.turned_bbox(&grab.region));
        let edge = Stroke::new(2.0, Palette::LIGHT.accent);
        ui.painter().rect_stroke(shape, CornerRadius::ZERO, edge, StrokeKind::Outside);
    }
}
