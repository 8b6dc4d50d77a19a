//! The grid of boxes in DocTags: 500 steps each way, origin at the top left.
//!
//! Source: docling-core 2.104.0. It writes 0 to 499; models also write 500.

use crate::geometry::BBox;

/// Steps of the grid in either direction.
pub const GRID: u16 = 500;

/// The four coordinates left, top, right, bottom, as a writer puts them: `round(500·v)`, 0 to 499.
pub fn grid_from_page(bbox: &BBox) -> [u16; 4] {
    [bbox.left, bbox.top, bbox.right, bbox.bottom].map(|edge| {
        let steps = (edge * 500.0).round().clamp(0.0, 499.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=499; NaN gives 0"
        )]
        let steps = steps as u16;
        steps
    })
}

/// The box of four coordinates, given in any order of the corners and clamped to the page.
pub fn page_from_grid([x0, y0, x1, y1]: [u16; 4]) -> BBox {
    let fraction = |steps: u16| (f64::from(steps) / 500.0).min(1.0);
    BBox::from_corners(fraction(x0), fraction(y0), fraction(x1), fraction(y1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_survives_a_round_trip() {
        for steps in 0..500 {
            let grid = [steps, 0, 499, steps];
            assert_eq!(grid_from_page(&page_from_grid(grid)), grid);
        }
        assert_eq!(
            grid_from_page(&BBox { left: -1.0, top: f64::NAN, right: 1.0, bottom: 2.0 }),
            [0, 0, 499, 499]
        );
    }
}
