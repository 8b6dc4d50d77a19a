//! The bar at the right of the canvas, with the page number beside it while it is dragged.

use egui::{Align2, CornerRadius, Rect, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::super::theme::{self, Palette};
use super::DocumentView;

const WIDTH: f32 = 10.0;
const MIN_HANDLE: f32 = 28.0;

/// Draws the bar over the right edge of `rect` and moves the view when it is dragged.
pub(super) fn ui(ui: &Ui, rect: Rect, view: &mut DocumentView, num_pages: usize) {
    let DocumentView { column, pan_zoom, .. } = view;
    let (_, content) = pan_zoom.content_size(column);
    let (_, shown) = pan_zoom.view_size();
    if content <= shown + 1.0 {
        return;
    }
    let track = Rect::from_min_max(pos2(rect.right() - WIDTH, rect.top()), rect.max);
    let id = ui.scope_id().with("page scroll bar");
    let response = ui.interact(track, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, "Scroll pages"));
    let handle_height = (track.height() * fraction(shown, content)).max(MIN_HANDLE);
    let travel = (track.height() - handle_height).max(1.0);
    if let Some(pos) = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on()) {
        let wanted = f64::from(((pos.y - track.top() - handle_height / 2.0) / travel).clamp(0.0, 1.0));
        pan_zoom.offset.1 = wanted * (content - shown);
    }
    let top = track.top() + travel * fraction(pan_zoom.offset.1, content - shown);
    let is_active = response.hovered() || response.is_pointer_button_down_on();
    let inset = if is_active { 1.0 } else { 3.0 };
    let handle =
        Rect::from_min_size(pos2(track.left() + inset, top), vec2(WIDTH - 2.0 * inset, handle_height));
    let palette = Palette::of_ui(ui);
    let opacity = if is_active { 0.75 } else { 0.4 };
    ui.painter().rect_filled(handle, CornerRadius::same(4), palette.secondary.gamma_multiply(opacity));
    if response.is_pointer_button_down_on() {
        let page = pan_zoom.page_in_view(column);
        let text =
            ui.painter().layout_no_wrap(format!("{page} / {num_pages}"), theme::strong(13.0), palette.text);
        let bubble = Align2::RIGHT_CENTER.anchor_size(
            pos2(track.left() - theme::space::S, handle.center().y),
            text.size() + vec2(20.0, 12.0),
        );
        ui.painter().rect(
            bubble,
            CornerRadius::same(theme::RADIUS),
            palette.pane,
            egui::Stroke::new(1.0, palette.line),
            StrokeKind::Inside,
        );
        ui.painter().galley(bubble.min + vec2(10.0, 6.0), text, palette.text);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a fraction")]
fn fraction(part: f64, whole: f64) -> f32 {
    (part / whole.max(1e-9)).clamp(0.0, 1.0) as f32
}
