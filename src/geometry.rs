//! Page space, the one coordinate system of the house.
//!
//! Origin at the top left of the upright page image, x to the right, y down, every edge in
//! `0.0..=1.0`. Any zoom, resolution or export is computed from it. Other systems (PDF points,
//! pixels, the DocTags grid, the screen) are converted in the file that meets them, by functions
//! named `target_from_source`.

use serde::{Deserialize, Serialize};

/// An axis-aligned box in page space: fractions of the page's width and height.
///
/// `left <= right` and `top <= bottom` hold for every box made by the constructors here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BBox {
    /// Left edge, 0 at the page's left.
    pub left: f64,
    /// Top edge, 0 at the page's top.
    pub top: f64,
    /// Right edge, 1 at the page's right.
    pub right: f64,
    /// Bottom edge, 1 at the page's bottom.
    pub bottom: f64,
}

impl BBox {
    /// The whole page.
    pub const PAGE: Self = Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };

    /// The box spanned by two opposite corners, given in any order.
    pub fn from_corners(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { left: x0.min(x1), top: y0.min(y1), right: x0.max(x1), bottom: y0.max(y1) }
    }

    /// Width as a fraction of the page's width.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Height as a fraction of the page's height.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Area as a fraction of the page's area.
    pub fn area(&self) -> f64 {
        self.width() * self.height()
    }

    /// The middle, as `(x, y)`.
    pub fn center(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }

    /// Whether the point lies inside or on an edge.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// What both cover; `None` when they do not even touch.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let left = self.left.max(other.left);
        let top = self.top.max(other.top);
        let right = self.right.min(other.right);
        let bottom = self.bottom.min(other.bottom);
        (left <= right && top <= bottom).then_some(Self { left, top, right, bottom })
    }

    /// Intersection over union, in `0.0..=1.0`; 0 when both are empty.
    pub fn iou(&self, other: &Self) -> f64 {
        let shared = self.intersection(other).map_or(0.0, |both| both.area());
        let total = self.area() + other.area() - shared;
        if total > 0.0 { shared / total } else { 0.0 }
    }

    /// The part of the box that lies on the page.
    #[must_use]
    pub fn clamped(&self) -> Self {
        Self {
            left: self.left.clamp(0.0, 1.0),
            top: self.top.clamp(0.0, 1.0),
            right: self.right.clamp(0.0, 1.0),
            bottom: self.bottom.clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bbox(left: f64, top: f64, right: f64, bottom: f64) -> BBox {
        BBox { left, top, right, bottom }
    }

    #[test]
    fn corners_come_in_any_order() {
        assert_eq!(BBox::from_corners(0.9, 0.8, 0.1, 0.2), bbox(0.1, 0.2, 0.9, 0.8));
    }

    #[test]
    fn overlap_of_half_a_box_is_a_third() {
        let iou = bbox(0.0, 0.0, 0.5, 1.0).iou(&bbox(0.25, 0.0, 0.75, 1.0));
        assert!((iou - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn boxes_apart_share_nothing() {
        assert_eq!(bbox(0.0, 0.0, 0.1, 0.1).intersection(&bbox(0.2, 0.2, 0.3, 0.3)), None);
        assert!(bbox(0.0, 0.0, 0.1, 0.1).iou(&bbox(0.2, 0.2, 0.3, 0.3)) < 1e-12);
    }

    #[test]
    fn union_holds_both_and_clamping_stays_on_the_page() {
        let both = bbox(-0.2, 0.1, 0.3, 0.2).union(&bbox(0.5, 0.0, 1.4, 0.1));
        assert_eq!(both, bbox(-0.2, 0.0, 1.4, 0.2));
        assert_eq!(both.clamped(), bbox(0.0, 0.0, 1.0, 0.2));
    }
}
