//! The page's rules, joined: dashes and pieces per cell become one line, double lines become one.

use crate::document::text_layer::TextLayer;
use crate::layout::points::{Frame, PtBox, Turn};

/// Joined rules. Sorted by place: horizontal ones by y, vertical ones by x.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) horizontal: Vec<PtBox>,
    pub(super) vertical: Vec<PtBox>,
}

/// Lines nearer than this across are one line, in points: double rules are 2 apart.
const SAME_LINE_PT: f64 = 2.2;

/// Gaps along a line up to this are bridged, in points: dashes, and pieces between cells.
const BRIDGED_PT: f64 = 3.2;

/// Rules that are kept in each direction, the longest first; only hostile pages have more.
const MAX_RULES: usize = 1500;

/// Rules that are read.
const MAX_READ: usize = 60_000;

/// Rules shorter than this are parts of drawings or of letters, in points.
const MIN_LENGTH_PT: f64 = 4.0;

impl Rules {
    pub(super) fn new(layer: &TextLayer, frame: &Frame) -> Self {
        let is_turned = matches!(frame.turn, Turn::Quarter | Turn::ThreeQuarters);
        let (mut horizontal, mut vertical) = (Vec::new(), Vec::new());
        for rule in layer.rules.iter().take(MAX_READ) {
            let bbox = frame.points_from_page(&rule.bbox);
            if ![bbox.left, bbox.top, bbox.right, bbox.bottom].iter().all(|edge| edge.is_finite()) {
                continue;
            }
            if rule.is_horizontal == is_turned { vertical.push(bbox) } else { horizontal.push(bbox) }
        }
        Self { horizontal: joined(horizontal, false), vertical: joined(vertical, true) }
    }
}

/// A box with x and y exchanged, so that one function serves both directions.
fn turned(bbox: &PtBox) -> PtBox {
    PtBox::new(bbox.top, bbox.left, bbox.bottom, bbox.right)
}

fn joined(mut rules: Vec<PtBox>, is_vertical: bool) -> Vec<PtBox> {
    if is_vertical {
        for rule in &mut rules {
            *rule = turned(rule);
        }
    }
    rules.sort_by(|a, b| a.center_y().total_cmp(&b.center_y()));
    let mut joined: Vec<PtBox> = Vec::new();
    let mut start = 0;
    while start < rules.len() {
        let first = rules[start].center_y();
        let end = start + rules[start..].partition_point(|rule| rule.center_y() - first <= SAME_LINE_PT);
        let end = end.max(start + 1);
        let level = &mut rules[start..end];
        level.sort_by(|a, b| a.left.total_cmp(&b.left));
        let mut current: Option<PtBox> = None;
        for rule in level {
            match &mut current {
                Some(line) if rule.left - line.right <= BRIDGED_PT => *line = line.union(rule),
                _ => joined.extend(current.replace(*rule)),
            }
        }
        joined.extend(current);
        start = end;
    }
    joined.retain(|rule| rule.width() >= MIN_LENGTH_PT);
    if joined.len() > MAX_RULES {
        joined.sort_by(|a, b| b.width().total_cmp(&a.width()));
        joined.truncate(MAX_RULES);
        joined.sort_by(|a, b| a.center_y().total_cmp(&b.center_y()));
    }
    if is_vertical {
        for rule in &mut joined {
            *rule = turned(rule);
        }
    }
    joined
}
