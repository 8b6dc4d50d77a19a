//! The divider between the page and the live pane.

use egui::{CursorIcon, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::command::{CommandSender, SettingCommand};
use super::super::theme::Palette;

/// Neither side gets narrower than this.
const MIN_SIDE: f32 = 260.0;
/// Half the width of the strip that can be grabbed.
const GRAB: f32 = 4.0;
/// The divider snaps to the middle from this part of the width.
const SNAP: f32 = 0.02;

/// Where the page and the pane lie in `rect`.
pub(crate) fn halves(rect: Rect, pane_fraction: f32) -> (Rect, Rect) {
    let min_side = MIN_SIDE.min(rect.width() / 2.0);
    // Not `clamp`: where both bounds are the middle, rounding may put the lower one a hair above the upper one.
    let at = (rect.right() - rect.width() * pane_fraction)
        .max(rect.left() + min_side)
        .min(rect.right() - min_side)
        .round();
    (
        Rect::from_min_max(rect.min, pos2(at, rect.bottom())),
        Rect::from_min_max(pos2(at + 1.0, rect.top()), rect.max),
    )
}

/// Draws the divider at the right edge of `page` and moves it when it is dragged.
pub(crate) fn ui(ui: &Ui, whole: Rect, page: Rect, commands: &CommandSender) {
    let strip =
        Rect::from_center_size(pos2(page.right() + 0.5, whole.center().y), vec2(2.0 * GRAB, whole.height()));
    let response = ui.interact(strip, ui.scope_id().with("divider"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, "Divider between page and live pane"));
    let palette = Palette::of_ui(ui);
    let is_active = response.hovered() || response.dragged();
    let color = if is_active { palette.accent } else { palette.line };
    ui.painter().vline(
        page.right() + 0.5,
        whole.y_range(),
        Stroke::new(if is_active { 2.0 } else { 1.0 }, color),
    );
    if is_active {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    if response.double_clicked() {
        commands.send(SettingCommand::EqualisePane);
    } else if response.dragged()
        && let Some(pos) = response.interact_pointer_pos()
    {
        let fraction = ((whole.right() - pos.x) / whole.width().max(1.0)).clamp(0.1, 0.9);
        let snapped = if (fraction - 0.5).abs() < SNAP { 0.5 } else { fraction };
        commands.send(SettingCommand::ResizePane(snapped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: f32, fraction: f32, expected_page_width: f32) {
        let rect = Rect::from_min_size(pos2(10.0, 0.0), vec2(width, 100.0));
        let (page, pane) = halves(rect, fraction);
        assert!((page.width() - expected_page_width).abs() <= 1.0, "{width} {fraction}: {}", page.width());
        assert!((pane.left() - page.right() - 1.0).abs() < 1e-3 && pane.right() <= rect.right());
    }

    #[test]
    fn both_sides_keep_their_least_width() {
        check(1000.0, 0.5, 500.0);
        check(1000.0, 0.9, MIN_SIDE);
        check(1000.0, 0.0, 1000.0 - MIN_SIDE);
        check(300.0, 0.9, 150.0);
    }

    /// Where the middle is no number of 24 bits, and for a fraction that is no number at all.
    #[test]
    fn any_width_and_fraction_can_be_divided() {
        for step in 0_u8..=255 {
            let left = f32::from(step) / 80.0;
            let rect = Rect::from_x_y_ranges(left..=left + 1.37 * f32::from(step), 0.0..=100.0);
            for fraction in [0.0, 0.5, 1.0, f32::NAN, f32::INFINITY] {
                let (page, _) = halves(rect, fraction);
                assert!(
                    (rect.left() - 1.0..=rect.right() + 1.0).contains(&page.right()),
                    "{rect} {fraction}"
                );
            }
        }
    }
}
