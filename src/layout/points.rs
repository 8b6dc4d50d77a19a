//! Points, the unit in which layout measures: distances are judged against font sizes.
//!
//! Boxes of the text layer are turned into points of an upright frame, in which the page's main
//! text runs from left to right; the writer turns them back. Nothing outside this room sees points.

use crate::document::page::PageSize;
use crate::geometry::BBox;

/// A box in points: origin at the top left of the upright frame, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PtBox {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl PtBox {
    /// Grows to the first box that is united with it.
    pub(super) const EMPTY: Self =
        Self { left: f64::INFINITY, top: f64::INFINITY, right: f64::NEG_INFINITY, bottom: f64::NEG_INFINITY };

    pub(super) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right, bottom }
    }

    pub(super) fn width(&self) -> f64 {
        (self.right - self.left).max(0.0)
    }

    pub(super) fn height(&self) -> f64 {
        (self.bottom - self.top).max(0.0)
    }

    pub(super) fn area(&self) -> f64 {
        self.width() * self.height()
    }

    pub(super) fn center_x(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }

    pub(super) fn center_y(&self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }

    #[must_use]
    pub(super) fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    #[must_use]
    pub(super) fn grown(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    pub(super) fn overlap_x(&self, other: &Self) -> f64 {
        (self.right.min(other.right) - self.left.max(other.left)).max(0.0)
    }

    pub(super) fn overlap_y(&self, other: &Self) -> f64 {
        (self.bottom.min(other.bottom) - self.top.max(other.top)).max(0.0)
    }

    pub(super) fn touches(&self, other: &Self) -> bool {
        self.left <= other.right
            && other.left <= self.right
            && self.top <= other.bottom
            && other.top <= self.bottom
    }

    pub(super) fn holds_center_of(&self, other: &Self) -> bool {
        let (x, y) = (other.center_x(), other.center_y());
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// Quarter turns by which text runs clockwise from left-to-right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    #[default]
    None,
    /// Downwards, heads to the right.
    Quarter,
    Half,
    /// Upwards, heads to the left: the usual label of a vertical axis.
    ThreeQuarters,
}

impl Turn {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// The nearest quarter turn. Slanted text counts as what it is nearest to.
    pub(super) fn from_degrees(angle_deg: f32) -> Self {
        let angle = if angle_deg.is_finite() { angle_deg.rem_euclid(360.0) } else { 0.0 };
        match angle {
            45.0..135.0 => Self::Quarter,
            135.0..225.0 => Self::Half,
            225.0..315.0 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }
}

/// The page turned so that text of one direction runs from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) turn: Turn,
    page: PageSize,
}

impl Frame {
    pub(super) fn new(turn: Turn, page: PageSize) -> Self {
        // A page without a sensible size is measured as A4, so that nothing divides by zero.
        let sane = |value: f64, otherwise: f64| {
            if value.is_finite() && value > 1.0 { value } else { otherwise }
        };
        let page = PageSize { width_pt: sane(page.width_pt, 595.0), height_pt: sane(page.height_pt, 842.0) };
        Self { turn, page }
    }

    /// Width and height of the frame.
    pub(super) fn size(&self) -> (f64, f64) {
        match self.turn {
            Turn::None | Turn::Half => (self.page.width_pt, self.page.height_pt),
            Turn::Quarter | Turn::ThreeQuarters => (self.page.height_pt, self.page.width_pt),
        }
    }

    pub(super) fn points_from_page(&self, bbox: &BBox) -> PtBox {
        let (width, height) = (self.page.width_pt, self.page.height_pt);
        let (left, right) = (bbox.left * width, bbox.right * width);
        let (top, bottom) = (bbox.top * height, bbox.bottom * height);
        match self.turn {
            Turn::None => PtBox::new(left, top, right, bottom),
            Turn::Quarter => PtBox::new(top, width - right, bottom, width - left),
            Turn::Half => PtBox::new(width - right, height - bottom, width - left, height - top),
            Turn::ThreeQuarters => PtBox::new(height - bottom, left, height - top, right),
        }
    }

    pub(super) fn page_from_points(&self, bbox: &PtBox) -> BBox {
        let (width, height) = (self.page.width_pt, self.page.height_pt);
        let (left, top, right, bottom) = match self.turn {
            Turn::None => (bbox.left, bbox.top, bbox.right, bbox.bottom),
            Turn::Quarter => (width - bbox.bottom, bbox.left, width - bbox.top, bbox.right),
            Turn::Half => (width - bbox.right, height - bbox.bottom, width - bbox.left, height - bbox.top),
            Turn::ThreeQuarters => (bbox.top, height - bbox.right, bbox.bottom, height - bbox.left),
        };
        BBox::from_corners(left / width, top / height, right / width, bottom / height).clamped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_comes_back() {
        let page = PageSize { width_pt: 600.0, height_pt: 800.0 };
        let bbox = BBox { left: 0.1, top: 0.2, right: 0.4, bottom: 0.25 };
        for turn in Turn::ALL {
            let frame = Frame::new(turn, page);
            let back = frame.page_from_points(&frame.points_from_page(&bbox));
            assert!(back.iou(&bbox) > 0.999_999, "{turn:?}: {back:?}");
        }
    }

    #[test]
    fn text_that_runs_up_is_read_from_the_bottom() {
        let frame = Frame::new(Turn::from_degrees(270.0), PageSize { width_pt: 600.0, height_pt: 800.0 });
        let low = frame.points_from_page(&BBox { left: 0.0, top: 0.9, right: 0.1, bottom: 1.0 });
        let high = frame.points_from_page(&BBox { left: 0.0, top: 0.0, right: 0.1, bottom: 0.1 });
        assert!(low.left < high.left);
    }

    #[test]
    fn a_page_without_size_is_measured_as_a4() {
        let frame = Frame::new(Turn::None, PageSize { width_pt: 0.0, height_pt: f64::NAN });
        assert_eq!(frame.size(), (595.0, 842.0));
    }
}
