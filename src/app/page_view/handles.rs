//! The frame of the selected element's box, which is dragged: its handles resize it, the rest of it moves it.

use egui::{CornerRadius, CursorIcon, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui};

use super::super::command::{CommandSender, CorrectCommand};
use super::super::state::{AppState, DocumentState, ElementRef};
use super::super::theme::Palette;
use super::pan_zoom::{page_from_ui, ui_from_page};
use crate::document::page::PageIndex;
use crate::geometry::BBox;
use crate::revision::Edit;

/// How far from the frame a hand may miss it, in points.
const REACH: f32 = 6.0;
/// The smallest box, as a fraction of the page: a step of the grid.
const MIN_SIDE: f64 = 1.0 / 500.0;

/// Which edges a drag moves: left, top, right, bottom.
type Grip = [bool; 4];

/// A drag of a box that has begun and not ended.
#[derive(Debug, Default)]
pub(super) struct BoxDrag {
    now: Option<Drag>,
}

#[derive(Clone, Copy, Debug)]
struct Drag {
    element: ElementRef,
    grip: Grip,
    /// The box when it began, on the page as it is turned.
    bbox: BBox,
    /// Where on the page it began.
    from: (f64, f64),
}

impl BoxDrag {
    /// The drag of this frame is one of a box, so that the page does not move.
    pub(super) fn is_going_on(&self) -> bool {
        self.now.is_some()
    }

    /// Begins when the frame under the pointer is pressed. `places` are the pages in view; call it before the page is
    /// moved.
    pub(super) fn begin(
        &mut self,
        ui: &Ui,
        state: &AppState,
        document: &DocumentState,
        response: &Response,
        places: impl Fn(PageIndex) -> Rect,
    ) {
        let (origin, hover, is_shift) = ui
            .input(|input| (input.pointer.press_origin(), input.pointer.hover_pos(), input.modifiers.shift));
        if state.is_grabbing || state.is_drawing || is_shift || self.now.is_some() {
            return;
        }
        let begins = response.drag_started_by(PointerButton::Primary);
        let Some(pos) = (if begins { origin } else { hover.filter(|_| response.contains_pointer()) }) else {
            return;
        };
        let Some((element, bbox)) = selected_box(document) else { return };
        let page_rect = places(element.page);
        let Some(grip) = grip_at(ui_from_page(page_rect, &bbox), pos) else { return };
        if begins {
            self.now = Some(Drag { element, grip, bbox, from: page_from_ui(page_rect, pos) });
        }
        ui.ctx().set_cursor_icon(cursor(grip));
    }

    /// Follows the pointer and sends the new box when the drag ends.
    pub(super) fn follow(
        &mut self,
        ui: &Ui,
        document: &DocumentState,
        response: &Response,
        pages: &[(PageIndex, Rect)],
        commands: &CommandSender,
    ) {
        let Some(drag) = self.now else { return };
        let place = pages.iter().find(|(page, _)| *page == drag.element.page).map(|(_, rect)| *rect);
        let pointer = ui.input(|input| input.pointer.latest_pos());
        let is_dropped = ui.input(|input| input.key_pressed(egui::Key::Escape));
        let (Some((rect, pos)), Some(entry), false) =
            (place.zip(pointer), document.page(drag.element.page), is_dropped)
        else {
            self.now = None;
            return;
        };
        let (x, y) = page_from_ui(rect, pos);
        let bbox = moved(drag.bbox, drag.grip, (x - drag.from.0, y - drag.from.1));
        let edge = Stroke::new(2.0, Palette::LIGHT.accent);
        let fill = Palette::LIGHT.accent.gamma_multiply(0.12);
        ui.painter().rect(ui_from_page(rect, &bbox), CornerRadius::ZERO, fill, edge, StrokeKind::Inside);
        ui.ctx().set_cursor_icon(cursor(drag.grip));
        if !response.dragged_by(PointerButton::Primary) {
            self.now = None;
            if bbox != drag.bbox {
                let upright = entry.rotation.inverse().turned_bbox(&bbox);
                commands
                    .send(CorrectCommand::Edit(drag.element.page, Edit::SetBox(drag.element.node, upright)));
            }
        }
    }
}

/// The selected element with its box on the page as it is turned, when it can be changed.
fn selected_box(document: &DocumentState) -> Option<(ElementRef, BBox)> {
    let element = document.selected?;
    let entry = document.page(element.page)?;
    let tree = entry.conversion.tree.as_ref().filter(|_| entry.conversion.status.job().is_none())?;
    let bbox = tree.nodes().nth(element.node.index())?.1.bbox?;
    Some((element, entry.rotation.turned_bbox(&bbox.clamped())))
}

/// The handles are the corners and the middles of the edges; all edges together move the box.
fn grip_at(frame: Rect, pos: Pos2) -> Option<Grip> {
    if !frame.expand(REACH).contains(pos) || frame.shrink(REACH).contains(pos) {
        return None;
    }
    let near = |a: f32, b: f32| (a - b).abs() <= REACH;
    let (center, size) = (frame.center(), frame.size());
    // On a box that is hardly larger than its handles the far edge is left alone.
    let horizontal =
        (near(pos.x, frame.left()) && size.x > REACH || pos.x < frame.left(), near(pos.x, frame.right()));
    let vertical =
        (near(pos.y, frame.top()) && size.y > REACH || pos.y < frame.top(), near(pos.y, frame.bottom()));
    let is_corner = (horizontal.0 || horizontal.1) && (vertical.0 || vertical.1);
    let is_middle =
        near(pos.x, center.x) && size.x > 4.0 * REACH || near(pos.y, center.y) && size.y > 4.0 * REACH;
    if is_corner || is_middle {
        let left = horizontal.0 && !(horizontal.1 && pos.x > center.x);
        let top = vertical.0 && !(vertical.1 && pos.y > center.y);
        return Some([left, top, horizontal.1 && !left, vertical.1 && !top]);
    }
    Some([true; 4])
}

fn cursor(grip: Grip) -> CursorIcon {
    match grip {
        [true, true, true, true] => CursorIcon::Move,
        [true, true, false, false] | [false, false, true, true] => CursorIcon::ResizeNwSe,
        [true, false, false, true] | [false, true, true, false] => CursorIcon::ResizeNeSw,
        [_, false, _, false] => CursorIcon::ResizeHorizontal,
        _ => CursorIcon::ResizeVertical,
    }
}

/// The box with the edges of the grip moved; it stays on the page and is not turned inside out.
fn moved(bbox: BBox, grip: Grip, (dx, dy): (f64, f64)) -> BBox {
    if grip == [true; 4] {
        let dx = dx.clamp(-bbox.left, 1.0 - bbox.right);
        let dy = dy.clamp(-bbox.top, 1.0 - bbox.bottom);
        return BBox {
            left: bbox.left + dx,
            top: bbox.top + dy,
            right: bbox.right + dx,
            bottom: bbox.bottom + dy,
        };
    }
    let by = |is_moved: bool, step: f64| if is_moved { step } else { 0.0 };
    // Not `clamp`: a box without a width at the very edge of the page leaves no room between the bounds.
    BBox {
        left: (bbox.left + by(grip[0], dx)).min(bbox.right - MIN_SIDE).max(0.0),
        top: (bbox.top + by(grip[1], dy)).min(bbox.bottom - MIN_SIDE).max(0.0),
        right: (bbox.right + by(grip[2], dx)).max(bbox.left + MIN_SIDE).min(1.0),
        bottom: (bbox.bottom + by(grip[3], dy)).max(bbox.top + MIN_SIDE).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn corners_and_middles_resize_and_the_rest_of_the_frame_moves() {
        let frame = Rect::from_min_max(pos2(100.0, 100.0), pos2(300.0, 200.0));
        let check = |x: f32, y: f32, expected: Option<Grip>| {
            assert_eq!(grip_at(frame, pos2(x, y)), expected, "{x}, {y}");
        };
        check(100.0, 100.0, Some([true, true, false, false]));
        check(302.0, 203.0, Some([false, false, true, true]));
        check(200.0, 98.0, Some([false, true, false, false]));
        check(301.0, 150.0, Some([false, false, true, false]));
        check(130.0, 200.0, Some([true; 4]));
        check(150.0, 150.0, None);
        check(320.0, 150.0, None);
    }

    #[test]
    fn a_box_stays_on_the_page_and_is_not_turned_inside_out() {
        let bbox = BBox { left: 0.2, top: 0.2, right: 0.4, bottom: 0.5 };
        let far = moved(bbox, [true; 4], (5.0, -5.0));
        assert!((far.right - 1.0).abs() < 1e-9 && far.top.abs() < 1e-9);
        assert!((far.width() - bbox.width()).abs() < 1e-9);
        let thin = moved(bbox, [true, false, false, false], (5.0, 5.0));
        assert!(thin.left < thin.right && (thin.top - bbox.top).abs() < 1e-12);
    }

    /// Models write such boxes.
    #[test]
    fn a_box_without_a_size_in_a_corner_can_be_made_larger() {
        for at in [0.0, 1.0] {
            let corner = BBox { left: at, top: at, right: at, bottom: at };
            for grip in [[true, true, false, false], [false, false, true, true], [true; 4]] {
                let larger = moved(corner, grip, (0.5 - at, 0.5 - at));
                assert_eq!(larger, larger.clamped());
                assert!(grip == [true; 4] || larger.area() > 0.0, "{grip:?} at {at}: {larger:?}");
            }
        }
    }
}
