//! What a page draws besides its characters, sorted into rules, fills, images and drawings.
//!
//! Comes in: paths and bounds in PDF points, in drawing order. Goes out: [`Graphics`] in page space.
//! Nothing here knows the PDF backend, and nothing says what a rule or a fill is for: that is the
//! `layout` room's work.

use crate::document::page::PageSize;
use crate::document::text_layer::{Fill, PageFrame, Rule};
use crate::geometry::BBox;

/// A filled rectangle or a stroke thinner than this is a rule. Table rules are 0.2 to 2 pt; the heavy
/// ones of slides and forms reach 3 pt; bars of charts and underlaid rows are thicker.
const MAX_RULE_THICKNESS_PT: f64 = 3.5;
/// Shorter lines are dots and ticks, not rules. Fraction bars are longer.
const MIN_RULE_LENGTH_PT: f64 = 3.0;
/// Two points this close are on one line. Producers round to 1/100 pt or worse.
const ALIGNMENT_PT: f64 = 0.35;
/// Collinear rules whose gap is not wider than this are one rule, drawn cell by cell.
const MAX_GAP_PT: f64 = 1.0;
/// A path with more subpaths than this is a drawing, whatever its lines: a grid of 500 cells.
const MAX_SUBPATHS: usize = 2_000;
/// How many cells the page has in each direction when drawings are grouped: 5 pt on letter paper,
/// about half a line of text, so that parts of one figure meet and two figures do not.
const CLUSTER_CELLS: usize = 128;

/// An affine map, as PDF writes it: `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
    pub(super) d: f64,
    pub(super) e: f64,
    pub(super) f: f64,
}

impl Affine {
    pub(super) const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    pub(super) fn apply(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }

    /// First `self`, then `outer`.
    pub(super) fn then(&self, outer: &Self) -> Self {
        let (e, f) = outer.apply((self.e, self.f));
        Self {
            a: outer.a * self.a + outer.c * self.b,
            b: outer.b * self.a + outer.d * self.b,
            c: outer.a * self.c + outer.c * self.d,
            d: outer.b * self.c + outer.d * self.d,
            e,
            f,
        }
    }

    /// By how much lengths grow, on average over the directions.
    pub(super) fn scale(&self) -> f64 {
        (self.a * self.d - self.b * self.c).abs().sqrt()
    }
}

/// A rectangle in PDF points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PointRect {
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) right: f64,
    pub(super) top: f64,
}

impl PointRect {
    /// The smallest rectangle around the points; `None` without any finite point.
    pub(super) fn around(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()).fold(None, |rect, (x, y)| {
            let rect: Self = rect.unwrap_or(Self { left: x, bottom: y, right: x, top: y });
            Some(Self {
                left: rect.left.min(x),
                bottom: rect.bottom.min(y),
                right: rect.right.max(x),
                top: rect.top.max(y),
            })
        })
    }

    pub(super) fn corners(&self) -> [(f64, f64); 4] {
        [(self.left, self.bottom), (self.right, self.bottom), (self.right, self.top), (self.left, self.top)]
    }

    /// The common part; `None` when there is none.
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        let both = Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        };
        (both.left <= both.right && both.bottom <= both.top).then_some(both)
    }

    fn width(&self) -> f64 {
        self.right - self.left
    }

    fn height(&self) -> f64 {
        self.top - self.bottom
    }
}

/// One piece of a path, in points after all matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Segment {
    Move((f64, f64)),
    Line((f64, f64)),
    /// A cubic curve to this point; its control points do not matter here.
    Curve((f64, f64)),
    /// Back to the last `Move`.
    Close,
}

/// How a path is painted. A path with neither only clips and draws nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Paint {
    pub(super) fill: Option<[u8; 3]>,
    /// Width in points after all matrices, and colour.
    pub(super) stroke: Option<(f64, [u8; 3])>,
}

/// The result, in page space.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Graphics {
    pub(super) rules: Vec<Rule>,
    pub(super) fills: Vec<Fill>,
    pub(super) images: Vec<BBox>,
    pub(super) drawings: Vec<BBox>,
}

/// Takes the objects of one page and sorts them.
pub(super) struct GraphicsCollector {
    frame: PageFrame,
    found: Graphics,
}

/// A run of connected lines and curves.
#[derive(Default)]
struct Subpath {
    points: Vec<(f64, f64)>,
    has_curve: bool,
    has_slope: bool,
    is_closed: bool,
}

impl GraphicsCollector {
    pub(super) fn new(frame: PageFrame) -> Self {
        Self { frame, found: Graphics::default() }
    }

    /// An image object, by the rectangle that can be seen of it.
    pub(super) fn add_image(&mut self, rect: &PointRect) {
        if let Some(bbox) = self.on_page(rect) {
            self.found.images.push(bbox);
        }
    }

    /// Something drawn whose shape is not looked at: a shading, a path that is too long.
    pub(super) fn add_drawing(&mut self, rect: &PointRect) {
        if let Some(bbox) = self.on_page(rect) {
            self.found.drawings.push(bbox);
        }
    }

    /// A path made of level lines and rectangles only, as rules and fills. Gives `false` and adds
    /// nothing for any other path: that is a drawing, and its bounds are what matters.
    pub(super) fn add_ruled_path(&mut self, segments: &[Segment], paint: &Paint) -> bool {
        let subpaths = subpaths(segments);
        let is_filled = paint.fill.is_some();
        let is_ruled = subpaths.len() <= MAX_SUBPATHS
            && subpaths.iter().all(|subpath| {
                subpath.as_rectangle(is_filled).is_some() || (subpath.is_level_line() && !is_filled)
            });
        if !is_ruled {
            return false;
        }
        for subpath in &subpaths {
            if let Some(rect) = subpath.as_rectangle(is_filled) {
                self.add_rectangle(&rect, paint);
            } else if let Some((width, color)) = paint.stroke {
                for pair in subpath.points.windows(2) {
                    if let Some(line) = PointRect::around(pair.iter().copied()) {
                        self.add_line(&line, width, color);
                    }
                }
            }
        }
        true
    }

    fn add_rectangle(&mut self, rect: &PointRect, paint: &Paint) {
        if let Some(color) = paint.fill {
            let (thickness, length) = thin_and_long(rect);
            if thickness <= MAX_RULE_THICKNESS_PT && length >= MIN_RULE_LENGTH_PT.max(2.0 * thickness) {
                self.add_rule(rect, rect.width() >= rect.height());
                return;
            }
            if let Some(bbox) = self.on_page(rect)
                && thickness > 0.0
            {
                self.found.fills.push(Fill { bbox, color });
            }
        }
        if let Some((width, color)) = paint.stroke {
            let [a, b, c, d] = rect.corners();
            for edge in [[a, b], [b, c], [c, d], [d, a]] {
                if let Some(line) = PointRect::around(edge) {
                    self.add_line(&line, width, color);
                }
            }
        }
    }

    /// A stroke along a level or upright line.
    fn add_line(&mut self, line: &PointRect, width_pt: f64, color: [u8; 3]) {
        let half = (width_pt / 2.0).max(0.05);
        let is_horizontal = line.width() >= line.height();
        let stroke = if is_horizontal {
            PointRect { bottom: line.bottom - half, top: line.top + half, ..*line }
        } else {
            PointRect { left: line.left - half, right: line.right + half, ..*line }
        };
        let length = line.width().max(line.height());
        if width_pt > MAX_RULE_THICKNESS_PT {
            // A bar drawn as a thick stroke.
            if let Some(bbox) = self.on_page(&stroke)
                && length > 0.0
            {
                self.found.fills.push(Fill { bbox, color });
            }
        } else if length >= MIN_RULE_LENGTH_PT {
            self.add_rule(&stroke, is_horizontal);
        }
    }

    fn add_rule(&mut self, rect: &PointRect, is_horizontal_in_file: bool) {
        if let Some(bbox) = self.on_page(rect) {
            let is_horizontal = is_horizontal_in_file != self.frame.rotation.swaps_sides();
            self.found.rules.push(Rule { bbox, is_horizontal });
        }
    }

    /// The part of a rectangle that lies on the page, in page space.
    fn on_page(&self, rect: &PointRect) -> Option<BBox> {
        self.frame
            .bbox_from_points(rect.left, rect.bottom, rect.right, rect.top)
            .intersection(&BBox::PAGE)
            .filter(|bbox| bbox.width().is_finite() && bbox.height().is_finite())
    }

    /// Merges what was drawn in pieces and returns everything.
    pub(super) fn finish(self) -> Graphics {
        let size = self.frame.page_size();
        Graphics {
            rules: merged_rules(self.found.rules, size),
            fills: self.found.fills,
            images: merged_strips(self.found.images, size),
            drawings: clusters(&self.found.drawings),
        }
    }
}

impl Subpath {
    /// Only level and upright lines, and at least one of them.
    fn is_level_line(&self) -> bool {
        !self.has_curve && !self.has_slope && self.points.len() >= 2
    }

    /// The rectangle that the subpath goes around; rounded corners count as corners. A filled path
    /// closes itself, while an open stroked one is three lines.
    fn as_rectangle(&self, is_filled: bool) -> Option<PointRect> {
        let rect = PointRect::around(self.points.iter().copied())?;
        let first = self.points.first()?;
        let last = self.points.last()?;
        let ends_at_start = near(first.0, last.0) && near(first.1, last.1) && self.points.len() > 2;
        let returns = is_filled || self.is_closed || ends_at_start;
        let corners = self.points.len() - usize::from(ends_at_start);
        let on_edge = |&(x, y): &(f64, f64)| {
            near(x, rect.left) || near(x, rect.right) || near(y, rect.bottom) || near(y, rect.top)
        };
        // Round corners and pills have 5 to 9 points, all of them on the bounds, joined by level lines
        // and curves. A circle has them too: it has no level line, so its points are few.
        let is_plain = !self.has_curve && corners == 4;
        let is_rounded = self.has_curve && (6..=10).contains(&self.points.len());
        (returns && !self.has_slope && (is_plain || is_rounded) && self.points.iter().all(on_edge))
            .then_some(rect)
    }
}

/// Splits a path where the pen is lifted.
fn subpaths(segments: &[Segment]) -> Vec<Subpath> {
    let mut subpaths = Vec::new();
    let mut open = Subpath::default();
    for segment in segments {
        match *segment {
            Segment::Move(point) => {
                subpaths.push(std::mem::take(&mut open));
                open.points.push(point);
            }
            Segment::Line(point) | Segment::Curve(point) => {
                if let Some(&(x, y)) = open.points.last() {
                    if matches!(segment, Segment::Curve(_)) {
                        open.has_curve = true;
                    } else if !near(x, point.0) && !near(y, point.1) {
                        open.has_slope = true;
                    }
                }
                open.points.push(point);
            }
            Segment::Close => {
                let start = open.points.first().copied();
                if let (Some(&(x, y)), Some((start_x, start_y))) = (open.points.last(), start)
                    && !near(x, start_x)
                    && !near(y, start_y)
                {
                    open.has_slope = true;
                }
                open.is_closed = true;
                // Closing by a line back to the start that is already drawn adds no corner.
                if open.points.len() > 1
                    && let (Some(&(x, y)), Some((start_x, start_y))) = (open.points.last(), start)
                    && near(x, start_x)
                    && near(y, start_y)
                {
                    open.points.pop();
                }
                subpaths.push(std::mem::take(&mut open));
                // What follows without a `Move` starts where this began.
                open.points.extend(start);
            }
        }
    }
    subpaths.push(open);
    subpaths.retain(|subpath| subpath.points.len() >= 2);
    subpaths
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= ALIGNMENT_PT
}

fn thin_and_long(rect: &PointRect) -> (f64, f64) {
    let (width, height) = (rect.width(), rect.height());
    (width.min(height), width.max(height))
}

/// One rule for all that lie on the same line and touch.
fn merged_rules(rules: Vec<Rule>, size: PageSize) -> Vec<Rule> {
    let (mut level, mut upright): (Vec<Rule>, Vec<Rule>) =
        rules.into_iter().partition(|rule| rule.is_horizontal);
    let mut merged = Vec::new();
    for (rules, along_pt, across_pt) in
        [(&mut level, size.width_pt, size.height_pt), (&mut upright, size.height_pt, size.width_pt)]
    {
        let across =
            |rule: &Rule| if rule.is_horizontal { rule.bbox.center().1 } else { rule.bbox.center().0 };
        let start = |rule: &Rule| if rule.is_horizontal { rule.bbox.left } else { rule.bbox.top };
        let end = |rule: &Rule| if rule.is_horizontal { rule.bbox.right } else { rule.bbox.bottom };
        rules.sort_by(|a, b| across(a).total_cmp(&across(b)));
        // Lines are told apart by their distance to the first of them, so that hatching stays hatching.
        let mut rest = rules.as_mut_slice();
        while let Some(first) = rest.first().map(&across) {
            let count = rest.partition_point(|rule| (across(rule) - first) * across_pt <= 2.0 * ALIGNMENT_PT);
            let (line, others) = rest.split_at_mut(count.max(1));
            rest = others;
            line.sort_by(|a, b| start(a).total_cmp(&start(b)));
            let mut current: Option<Rule> = None;
            for rule in line.iter() {
                match &mut current {
                    Some(last) if (start(rule) - end(last)) * along_pt <= MAX_GAP_PT => {
                        last.bbox = last.bbox.union(&rule.bbox);
                    }
                    _ => merged.extend(current.replace(*rule)),
                }
            }
            merged.extend(current);
        }
    }
    merged
}

/// Scanners and some producers cut one image into strips: those that continue each other are one.
fn merged_strips(images: Vec<BBox>, size: PageSize) -> Vec<BBox> {
    let mut merged: Vec<BBox> = Vec::new();
    for image in images {
        let continues = |last: &BBox| {
            let near_x = |a: f64, b: f64| (a - b).abs() * size.width_pt <= MAX_GAP_PT;
            let near_y = |a: f64, b: f64| (a - b).abs() * size.height_pt <= MAX_GAP_PT;
            let stacked = near_x(last.left, image.left)
                && near_x(last.right, image.right)
                && (near_y(last.bottom, image.top) || near_y(last.top, image.bottom));
            let side_by_side = near_y(last.top, image.top)
                && near_y(last.bottom, image.bottom)
                && (near_x(last.right, image.left) || near_x(last.left, image.right));
            stacked || side_by_side
        };
        match merged.last_mut() {
            Some(last) if continues(last) => *last = last.union(&image),
            _ => merged.push(image),
        }
    }
    merged
}

/// Groups boxes that share or neighbour a cell of a coarse grid, and returns the groups' bounds.
///
/// Linear in the number of boxes, so that a map of a hundred thousand paths costs no more than a chart.
fn clusters(boxes: &[BBox]) -> Vec<BBox> {
    if boxes.is_empty() {
        return Vec::new();
    }
    let groups = connected_cells(&covered_cells(boxes));
    let mut bounds: Vec<Option<BBox>> = Vec::new();
    for bbox in boxes {
        let (column, row) = (cell(bbox.left), cell(bbox.top));
        let group = groups.get(row * CLUSTER_CELLS + column).copied().unwrap_or_default();
        if bounds.len() <= group {
            bounds.resize(group + 1, None);
        }
        if let Some(slot) = bounds.get_mut(group) {
            *slot = Some(slot.map_or(*bbox, |sum| sum.union(bbox)));
        }
    }
    bounds.into_iter().flatten().collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the grid before the cast"
)]
fn cell(fraction: f64) -> usize {
    (fraction * CLUSTER_CELLS as f64).clamp(0.0, (CLUSTER_CELLS - 1) as f64) as usize
}

/// Which cells any box touches, by differences: constant work a box, however large it is.
fn covered_cells(boxes: &[BBox]) -> Vec<bool> {
    const STRIDE: usize = CLUSTER_CELLS + 1;
    let mut sums = vec![0_i64; STRIDE * STRIDE];
    let mut add = |row: usize, column: usize, value: i64| {
        if let Some(sum) = sums.get_mut(row * STRIDE + column) {
            *sum += value;
        }
    };
    for bbox in boxes {
        let (left, right) = (cell(bbox.left), cell(bbox.right) + 1);
        let (top, bottom) = (cell(bbox.top), cell(bbox.bottom) + 1);
        add(top, left, 1);
        add(top, right, -1);
        add(bottom, left, -1);
        add(bottom, right, 1);
    }
    let mut covered = Vec::with_capacity(CLUSTER_CELLS * CLUSTER_CELLS);
    let mut above = vec![0_i64; CLUSTER_CELLS];
    for row in sums.chunks(STRIDE).take(CLUSTER_CELLS) {
        let mut left = 0;
        for (sum, difference) in above.iter_mut().zip(row) {
            left += difference;
            *sum += left;
            covered.push(*sum > 0);
        }
    }
    covered
}

/// Numbers the groups of covered cells that touch, also at corners. Uncovered cells get 0.
fn connected_cells(covered: &[bool]) -> Vec<usize> {
    let mut groups = vec![0; covered.len()];
    let mut next_group = 0;
    let mut waiting = Vec::new();
    for start in 0..covered.len() {
        if !covered.get(start).is_some_and(|is_covered| *is_covered) || groups.get(start) != Some(&0) {
            continue;
        }
        next_group += 1;
        waiting.push(start);
        while let Some(index) = waiting.pop() {
            match groups.get_mut(index) {
                Some(group) if *group == 0 => *group = next_group,
                _ => continue,
            }
            let (row, column) = (index / CLUSTER_CELLS, index % CLUSTER_CELLS);
            for row in row.saturating_sub(1)..=(row + 1).min(CLUSTER_CELLS - 1) {
                for column in column.saturating_sub(1)..=(column + 1).min(CLUSTER_CELLS - 1) {
                    let neighbour = row * CLUSTER_CELLS + column;
                    if covered.get(neighbour) == Some(&true) && groups.get(neighbour) == Some(&0) {
                        waiting.push(neighbour);
                    }
                }
            }
        }
    }
    groups
}
