//! Tables whose cells are drawn: rules that cross form a grid, missing pieces make spans. Where rules part only
//! the header from the body and one group of columns from the next, white does the rest (`inner_columns`, `bands`).

mod bands;
mod inner_columns;

use crate::layout::draft::{Draft, DraftCell, MAX_SLOTS};
use crate::layout::groups::{root, unite};
use crate::layout::line::Line;
use crate::layout::points::PtBox;
use crate::layout::rules::Rules;

/// Rules that end this near to each other meet, in points.
const MEETING_PT: f64 = 3.5;

/// Grid lines nearer than this are one, in points: no row or column is narrower.
const SAME_EDGE_PT: f64 = 4.0;

/// A border is there when this share of a slot's side is drawn.
const DRAWN_SHARE: f64 = 0.6;

/// A grid with fewer filled cells than this share is a chart, graph paper or a form of boxes.
const MIN_FILLED_SHARE: f64 = 0.2;

/// A grid of rules that may be a table.
pub(super) struct Grid {
    /// x of the column edges and y of the row edges, ascending.
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// `[row][edge]`: a border is drawn at column edge `edge` beside the row.
    column_borders: Vec<Vec<bool>>,
    /// `[edge][col]`: a border is drawn at row edge `edge` in the column.
    row_borders: Vec<Vec<bool>>,
    pub(super) bbox: PtBox,
}

/// All grids with at least two rows or columns of slots, from top to bottom.
pub(super) fn find(rules: &Rules) -> Vec<Grid> {
    let num_horizontal = rules.horizontal.len();
    let mut group: Vec<usize> = (0..num_horizontal + rules.vertical.len()).collect();
    for (column, vertical) in rules.vertical.iter().enumerate() {
        let reach = vertical.grown(MEETING_PT);
        let first = rules.horizontal.partition_point(|rule| rule.center_y() < reach.top);
        for (row, horizontal) in rules.horizontal.iter().enumerate().skip(first) {
            if horizontal.center_y() > reach.bottom {
                break;
            }
            if horizontal.touches(&reach) {
                unite(&mut group, row, num_horizontal + column);
            }
        }
    }
    let mut members: Vec<(Vec<PtBox>, Vec<PtBox>)> = vec![(vec![], vec![]); group.len()];
    for index in 0..group.len() {
        let root = root(&mut group, index);
        match rules.horizontal.get(index) {
            Some(rule) => members[root].0.push(*rule),
            None => members[root].1.extend(rules.vertical.get(index - num_horizontal)),
        }
    }
    let mut grids: Vec<Grid> =
        members.iter().filter_map(|(horizontal, vertical)| Grid::new(horizontal, vertical)).collect();
    grids.sort_by(|a, b| a.bbox.top.total_cmp(&b.bbox.top));
    grids
}

impl Grid {
    fn new(horizontal: &[PtBox], vertical: &[PtBox]) -> Option<Self> {
        if horizontal.len() < 2 || vertical.is_empty() {
            return None;
        }
        let bbox = horizontal.iter().chain(vertical).fold(PtBox::EMPTY, |bbox, rule| bbox.union(rule));
        // The outer sides need not be drawn.
        let xs = edges(vertical.iter().map(PtBox::center_x).chain([bbox.left, bbox.right]));
        let ys = edges(horizontal.iter().map(PtBox::center_y).chain([bbox.top, bbox.bottom]));
        let (num_cols, num_rows) = (xs.len().checked_sub(1)?, ys.len().checked_sub(1)?);
        if num_cols < 2 || num_rows < 1 || num_cols * num_rows > MAX_SLOTS {
            return None;
        }
        let mut column_borders = vec![vec![false; num_cols + 1]; num_rows];
        for rule in vertical {
            let edge = nearest(&xs, rule.center_x());
            for (row, sides) in ys.windows(2).enumerate() {
                if covers(rule.top, rule.bottom, sides[0], sides[1]) {
                    column_borders[row][edge] = true;
                }
            }
        }
        let mut row_borders = vec![vec![false; num_cols]; num_rows + 1];
        for rule in horizontal {
            let edge = nearest(&ys, rule.center_y());
            for (col, sides) in xs.windows(2).enumerate() {
                if covers(rule.left, rule.right, sides[0], sides[1]) {
                    row_borders[edge][col] = true;
                }
            }
        }
        Some(Self { xs, ys, column_borders, row_borders, bbox })
    }

    fn num_rows(&self) -> usize {
        self.ys.len() - 1
    }

    fn num_cols(&self) -> usize {
        self.xs.len() - 1
    }

    /// The table of the lines that stand in the grid; `None` when it is no table.
    pub(super) fn table(self, lines: &[Line]) -> Option<Draft> {
        self.with_inner_columns(lines).draft(lines)
    }

    fn draft(&self, lines: &[Line]) -> Option<Draft> {
        let (num_rows, num_cols) = (self.num_rows(), self.num_cols());
        let (mut cells, owner) = self.cells();
        for line in lines {
            let Some(row) = slot_of(&self.ys, line.bbox.center_y()) else { continue };
            let mut words: Vec<(usize, Vec<_>)> = Vec::new();
            for word in &line.words {
                let Some(col) = slot_of(&self.xs, word.bbox.center_x()) else { continue };
                let cell = owner[row][col];
                match words.last_mut() {
                    Some((last, words)) if *last == cell => words.push(word.clone()),
                    _ => words.push((cell, vec![word.clone()])),
                }
            }
            for (cell, words) in words {
                if let Some(cell) = cells.get_mut(cell) {
                    cell.add(words, line.baseline, line.is_rtl);
                }
            }
        }
        let draft = Draft { num_rows, num_cols, cells, num_header_rows: None, bbox: Some(self.bbox) };
        let draft = bands::split(draft);
        let draft = drop_empty(draft);
        let num_filled = draft.num_filled();
        let is_table = num_filled >= 3
            && num_filled as f64 >= MIN_FILLED_SHARE * draft.cells.len() as f64
            && (draft.num_rows >= 2 && draft.num_cols >= 2);
        is_table.then_some(draft)
    }

    /// The cells as the borders part them, and for each slot the cell that owns it.
    fn cells(&self) -> (Vec<DraftCell>, Vec<Vec<usize>>) {
        let (num_rows, num_cols) = (self.num_rows(), self.num_cols());
        let mut owner = vec![vec![usize::MAX; num_cols]; num_rows];
        let mut cells: Vec<DraftCell> = Vec::new();
        for row in 0..num_rows {
            for col in 0..num_cols {
                if owner[row][col] != usize::MAX {
                    continue;
                }
                let mut cell = DraftCell::at(row, col);
                while col + cell.col_span < num_cols
                    && !self.column_borders[row][col + cell.col_span]
                    && owner[row][col + cell.col_span] == usize::MAX
                {
                    cell.col_span += 1;
                }
                let cols = col..col + cell.col_span;
                while row + cell.row_span < num_rows && self.goes_down(row + cell.row_span, cols.clone()) {
                    cell.row_span += 1;
                }
                for owners in &mut owner[row..row + cell.row_span] {
                    owners[cols.clone()].fill(cells.len());
                }
                cells.push(cell);
            }
        }
        (cells, owner)
    }

    /// No border above the row within the columns, and none between its slots there.
    fn goes_down(&self, row: usize, cols: std::ops::Range<usize>) -> bool {
        !cols.clone().any(|col| self.row_borders[row][col])
            && !(cols.start + 1..cols.end).any(|edge| self.column_borders[row][edge])
            // A slot that is closed on the left side only belongs to the cell.
            && self.column_borders[row][cols.start] == self.column_borders[row - 1][cols.start]
    }
}

/// Drops rows and columns in which nothing stands and nothing starts.
fn drop_empty(mut draft: Draft) -> Draft {
    let keeps = |count: usize, is_used: &dyn Fn(usize) -> bool| -> Vec<usize> {
        let mut new_index = Vec::with_capacity(count + 1);
        let mut next = 0;
        for index in 0..count {
            new_index.push(next);
            next += usize::from(is_used(index));
        }
        new_index.push(next);
        new_index
    };
    let cells = draft.cells.clone();
    // Slivers between double lines have no cell of their own with text.
    let row_used = |row: usize| cells.iter().any(|cell| cell.row == row && !cell.lines.is_empty());
    let col_used = |col: usize| cells.iter().any(|cell| cell.col == col && !cell.lines.is_empty());
    let rows = keeps(draft.num_rows, &row_used);
    let cols = keeps(draft.num_cols, &col_used);
    draft.num_rows = rows[draft.num_rows];
    draft.num_cols = cols[draft.num_cols];
    draft.cells = cells
        .into_iter()
        .filter_map(|cell| {
            let row_span = rows[cell.row + cell.row_span] - rows[cell.row];
            let col_span = cols[cell.col + cell.col_span] - cols[cell.col];
            (row_span > 0 && col_span > 0).then(|| DraftCell {
                row: rows[cell.row],
                col: cols[cell.col],
                row_span,
                col_span,
                ..cell
            })
        })
        .collect();
    draft
}

fn edges(places: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut places: Vec<f64> = places.collect();
    places.sort_by(f64::total_cmp);
    places.dedup_by(|a, b| *a - *b < SAME_EDGE_PT);
    places
}

fn nearest(edges: &[f64], place: f64) -> usize {
    let after = edges.partition_point(|&edge| edge < place).min(edges.len().saturating_sub(1));
    let before = after.saturating_sub(1);
    if (edges[after] - place).abs() < (edges[before] - place).abs() { after } else { before }
}

fn covers(from: f64, to: f64, side_from: f64, side_to: f64) -> bool {
    to.min(side_to) - from.max(side_from) >= DRAWN_SHARE * (side_to - side_from)
}

/// The slot between two edges in which the place lies.
pub(super) fn slot_of(edges: &[f64], place: f64) -> Option<usize> {
    let after = edges.partition_point(|&edge| edge <= place);
    (after > 0 && after < edges.len()).then(|| after - 1)
}
