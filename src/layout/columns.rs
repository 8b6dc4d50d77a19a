//! Columns and reading order.
//!
//! A gutter is a tall strip of white with text on both sides ("river"). The tallest gutter cuts
//! its stretch of the page into a left and a right part; what stands above and below it is looked
//! at by itself, and so is each part, until no gutter is left. So elements over the full width
//! split columns, and columns may differ in number down the page. Between the columns of a table
//! there are rivers too; they are told from gutters by the short runs of text beside them.

use crate::layout::element::Element;
use crate::layout::line::Line;
use crate::layout::points::PtBox;

/// A line of text, or something that is already understood (a table, a picture).
#[derive(Clone, Debug)]
pub(super) enum Item {
    Line(Line),
    Element(Element),
}

impl Item {
    pub(super) fn bbox(&self) -> &PtBox {
        match self {
            Self::Line(line) => &line.bbox,
            Self::Element(element) => &element.bbox,
        }
    }
}

/// Narrowest gutter, in font sizes: TeX's default is 1.0, newspapers go down to 0.9.
const MIN_GUTTER_EM: f64 = 0.85;

/// A gutter has text on both sides over at least this height, in font sizes: some three lines.
const MIN_FACING_EM: f64 = 2.9;

/// The runs of text beside a gutter are on average at least this wide, in font sizes (two
/// characters each). Cells of tables and markers of lists are narrower.
const MIN_COLUMN_RUN_EM: f64 = 6.5;

/// The same for gutters that are not tall: there a list of commands with explanations is likelier.
const MIN_SHORT_COLUMN_RUN_EM: f64 = 9.5;
const TALL_EM: f64 = 22.0;

/// Runs narrower than this vary little in columns of text: on average they fill this share of the
/// widest. Names in the first column of a table vary more.
const NARROW_RUN_EM: f64 = 13.0;
const MIN_EVENNESS: f64 = 0.55;

/// Gaps that end such a run, in font sizes.
const RUN_GAP_EM: f64 = 1.2;

/// From the first to the last strip in which text faces text, the share in which it does: beside
/// the terms of a list with explanations there is mostly white.
const MIN_FILLED: f64 = 0.5;

/// Height of a strip of the page that is looked at as one, in font sizes: a third of a line.
const STRIP_EM: f64 = 0.4;

/// Text on one side only, at the end of a gutter, is looked at over this height, in font sizes.
const NEIGHBOUR_EM: f64 = 5.0;

/// Bounds for hostile pages: strips of the page, gaps in a strip, rivers per gap, cuts in each other.
const MAX_STRIPS: usize = 3000;
const MAX_SPANS: usize = 300;
const MAX_RIVERS_PER_GAP: usize = 3;
const MAX_DEPTH: usize = 12;

/// The items of each column in reading order.
pub(super) fn columns(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut columns = Vec::new();
    cut(items, 0, &mut columns);
    columns
}

fn cut(items: Vec<Item>, depth: usize, columns: &mut Vec<Vec<Item>>) {
    if items.is_empty() {
        return;
    }
    let gutter = if depth < MAX_DEPTH { Strips::new(&items).gutter() } else { None };
    let Some(gutter) = gutter else {
        columns.push(items);
        return;
    };
    let x = f64::midpoint(gutter.left, gutter.right);
    let (mut above, mut left, mut right, mut below) = (vec![], vec![], vec![], vec![]);
    for item in items {
        let y = item.bbox().center_y();
        if y < gutter.top {
            above.push(item);
        } else if y > gutter.bottom {
            below.push(item);
        } else {
            match item {
                Item::Line(line) if line.bbox.left < x && line.bbox.right > x => {
                    let (one, other) = line.split_at(x);
                    left.extend(one.map(Item::Line));
                    right.extend(other.map(Item::Line));
                }
                item if item.bbox().center_x() < x => left.push(item),
                item => right.push(item),
            }
        }
    }
    let is_rtl = mostly_rtl(&left) && mostly_rtl(&right);
    let (first, second) = if is_rtl { (right, left) } else { (left, right) };
    for part in [above, first, second, below] {
        cut(part, depth + 1, columns);
    }
}

fn mostly_rtl(items: &[Item]) -> bool {
    let lines = || items.iter().filter(|item| matches!(item, Item::Line(_)));
    let num_rtl = lines().filter(|item| matches!(item, Item::Line(line) if line.is_rtl)).count();
    num_rtl > 0 && num_rtl * 2 > lines().count()
}

/// A gutter that was found.
struct Gutter {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// White that goes on from strip to strip.
#[derive(Clone, Copy)]
struct River {
    left: f64,
    right: f64,
    first: usize,
    last: usize,
    /// Strips with text on both sides.
    num_facing: usize,
    /// Sum of the widths of the runs beside it, over those strips.
    left_run: f64,
    right_run: f64,
    widest_left_run: f64,
    /// First and last strip with text on both sides.
    first_facing: usize,
    last_facing: usize,
}

/// The items as spans of ink in thin horizontal strips.
struct Strips {
    em: f64,
    height: f64,
    top: f64,
    /// Sorted, apart from each other.
    spans: Vec<Vec<(f64, f64)>>,
}

impl Strips {
    fn new(items: &[Item]) -> Self {
        let em = median_size(items);
        let bounds = items.iter().fold(PtBox::EMPTY, |bounds, item| bounds.union(item.bbox()));
        let height = (STRIP_EM * em).max(bounds.height() / MAX_STRIPS as f64);
        let mut strips = Self { em, height, top: bounds.top, spans: Vec::new() };
        let num_strips = strips.index(bounds.bottom) + 1;
        strips.spans.resize_with(num_strips, Vec::new);
        for item in items {
            match item {
                Item::Line(line) => line.words.iter().for_each(|word| strips.add(&word.bbox)),
                Item::Element(element) => strips.add(&element.bbox),
            }
        }
        for spans in &mut strips.spans {
            merge_spans(spans);
        }
        strips
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=MAX_STRIPS")]
    fn index(&self, y: f64) -> usize {
        ((y - self.top) / self.height).floor().clamp(0.0, MAX_STRIPS as f64) as usize
    }

    fn add(&mut self, bbox: &PtBox) {
        let (first, last) = (self.index(bbox.top + 0.1 * self.em), self.index(bbox.bottom - 0.1 * self.em));
        for spans in self.spans.get_mut(first..=last.max(first)).unwrap_or_default() {
            spans.push((bbox.left, bbox.right));
        }
    }

    /// The tallest gutter, if there is one.
    fn gutter(&self) -> Option<Gutter> {
        let mut best: Option<River> = None;
        for river in self.rivers() {
            if self.is_gutter(&river) && best.is_none_or(|best| river.num_facing > best.num_facing) {
                best = Some(river);
            }
        }
        let mut river = best?;
        // Upwards past strips with text on one side only.
        while river.first > 0 && self.is_white(river.first - 1, &river) {
            river.first -= 1;
        }
        let (first, last) = self.without_neighbours(&river);
        let top = self.top + first as f64 * self.height;
        let bottom = self.top + (last + 1) as f64 * self.height;
        Some(Gutter { left: river.left, right: river.right, top, bottom })
    }

    /// First and last strip of the gutter. Text beside its ends that is nearer to what crosses it than
    /// to the columns, such as the short last line of a paragraph above them, is left out.
    fn without_neighbours(&self, river: &River) -> (usize, usize) {
        let near = count_strips(NEIGHBOUR_EM / STRIP_EM);
        let (mut first, mut last) = (river.first, river.last);
        if first > 0 && river.first_facing - first <= near {
            let (start, length) = self.widest_white(first, river.first_facing);
            first = start + length / 2;
        }
        if last + 1 < self.spans.len() && last - river.last_facing.min(last) <= near {
            let (start, length) = self.widest_white(river.last_facing + 1, last + 1);
            last = (start + length / 2).max(river.last_facing);
        }
        (first, last)
    }

    /// The longest run of empty strips within a range: its first strip and its length.
    fn widest_white(&self, from: usize, to: usize) -> (usize, usize) {
        let mut best = (from, 0);
        let mut start = from;
        for strip in from..=to {
            let is_empty = strip < to && self.spans.get(strip).is_none_or(Vec::is_empty);
            if !is_empty {
                if strip - start > best.1 {
                    best = (start, strip - start);
                }
                start = strip + 1;
            }
        }
        best
    }

    fn is_white(&self, strip: usize, river: &River) -> bool {
        let spans = self.spans.get(strip).map_or(&[][..], Vec::as_slice);
        spans.iter().all(|&(left, right)| right <= river.left || left >= river.right)
    }

    fn is_gutter(&self, river: &River) -> bool {
        let facing = river.num_facing as f64;
        let is_tall = facing * self.height >= TALL_EM * self.em;
        let min_run = if is_tall { MIN_COLUMN_RUN_EM } else { MIN_SHORT_COLUMN_RUN_EM };
        let is_even = river.left_run >= facing * NARROW_RUN_EM * self.em
            || river.left_run >= facing * MIN_EVENNESS * river.widest_left_run;
        facing * self.height >= MIN_FACING_EM * self.em
            && river.left_run >= facing * min_run * self.em
            && river.right_run >= facing * min_run * self.em
            && is_even
            && facing >= MIN_FILLED * (river.last_facing - river.first_facing + 1) as f64
    }

    fn rivers(&self) -> Vec<River> {
        let min_width = MIN_GUTTER_EM * self.em;
        let mut finished = Vec::new();
        let mut active: Vec<River> = Vec::new();
        for (strip, spans) in self.spans.iter().enumerate() {
            if spans.is_empty() {
                for river in &mut active {
                    river.last = strip;
                }
                continue;
            }
            let mut next: Vec<River> = Vec::new();
            let mut goes_on = vec![false; active.len()];
            for gap in 0..=spans.len() {
                let left = if gap == 0 { f64::NEG_INFINITY } else { spans[gap - 1].1 };
                let right = spans.get(gap).map_or(f64::INFINITY, |span| span.0);
                if right - left < min_width {
                    continue;
                }
                let is_inner = gap > 0 && gap < spans.len();
                let mut here = self.continued(&active, &mut goes_on, (left, right), strip);
                if is_inner && here.iter().all(|river| river.left > left + 0.1 || river.right < right - 0.1) {
                    here.push(River::starting(left, right, strip));
                }
                if is_inner {
                    for river in &mut here {
                        river.see(spans, gap, RUN_GAP_EM * self.em);
                    }
                }
                next.extend(here);
            }
            finished.extend(
                active.iter().zip(&goes_on).filter(|(_, goes_on)| !**goes_on).map(|(river, _)| *river),
            );
            active = next;
        }
        finished.extend(active);
        finished
    }

    /// The rivers that go on through the gap, the longest first.
    fn continued(&self, active: &[River], goes_on: &mut [bool], gap: (f64, f64), strip: usize) -> Vec<River> {
        let min_width = MIN_GUTTER_EM * self.em;
        // Rivers stay sorted by their left edges only roughly, so all are looked at.
        let mut here: Vec<(usize, River)> = Vec::new();
        for (index, river) in active.iter().enumerate() {
            let (left, right) = (river.left.max(gap.0), river.right.min(gap.1));
            if right - left >= min_width {
                here.push((index, River { left, right, last: strip, ..*river }));
            }
        }
        here.sort_by_key(|(_, river)| std::cmp::Reverse(river.num_facing));
        here.truncate(MAX_RIVERS_PER_GAP);
        for (index, _) in &here {
            if let Some(goes_on) = goes_on.get_mut(*index) {
                *goes_on = true;
            }
        }
        here.into_iter().map(|(_, river)| river).collect()
    }
}

impl River {
    fn starting(left: f64, right: f64, strip: usize) -> Self {
        Self {
            left,
            right,
            first: strip,
            last: strip,
            num_facing: 0,
            left_run: 0.0,
            right_run: 0.0,
            widest_left_run: 0.0,
            first_facing: strip,
            last_facing: strip,
        }
    }

    /// Counts a strip; `gap` is the number of spans left of the river.
    fn see(&mut self, spans: &[(f64, f64)], gap: usize, run_gap: f64) {
        self.num_facing += 1;
        self.last_facing = self.last;
        let mut start = gap - 1;
        while start > 0 && spans[start].0 - spans[start - 1].1 < run_gap {
            start -= 1;
        }
        let mut end = gap;
        while end + 1 < spans.len() && spans[end + 1].0 - spans[end].1 < run_gap {
            end += 1;
        }
        let left_run = spans[gap - 1].1 - spans[start].0;
        self.left_run += left_run;
        self.widest_left_run = self.widest_left_run.max(left_run);
        self.right_run += spans[end].1 - spans[gap].0;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive constant")]
fn count_strips(count: f64) -> usize {
    count.ceil() as usize
}

/// Sorts spans and unites those that touch; drops the rest of a hostile number.
fn merge_spans(spans: &mut Vec<(f64, f64)>) {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::with_capacity(spans.len().min(MAX_SPANS));
    for &(left, right) in spans.iter() {
        let is_full = merged.len() >= MAX_SPANS;
        match merged.last_mut() {
            Some(last) if left <= last.1 || is_full => last.1 = last.1.max(right),
            _ => merged.push((left, right)),
        }
    }
    *spans = merged;
}

/// The font size of most lines of text, by characters.
fn median_size(items: &[Item]) -> f64 {
    let mut sizes: Vec<(f64, usize)> = items
        .iter()
        .filter_map(|item| match item {
            Item::Line(line) => Some((line.size, line.num_chars)),
            Item::Element(_) => None,
        })
        .collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|size| size.1).sum::<usize>() / 2;
    let mut seen = 0;
    for (size, num_chars) in sizes {
        seen += num_chars;
        if seen > half {
            return size.max(1.0);
        }
    }
    10.0
}
