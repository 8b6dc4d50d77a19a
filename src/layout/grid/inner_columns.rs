//! Columns that no rule parts: the body of a table is ruled into groups of columns, and within a group white goes
//! through from the first row to the last.

use std::ops::Range;

use super::bands::MAX_BANDS_TO_SPLIT;
use super::{Grid, SAME_EDGE_PT, slot_of};
use crate::layout::alignment;
use crate::layout::line::{Line, Word, is_leader_dot};
use crate::layout::points::PtBox;
use crate::layout::row::{Row, rows_of};

/// A body has at least this many rows: white that goes through fewer may be chance.
const MIN_ROWS: usize = 4;

/// Between chunks of a row the gap is at least this wide, in font sizes: cells are not justified.
const CHUNK_GAP_EM: f64 = 0.38;

/// A column has something in at least this share of the rows.
const MIN_COLUMN_SHARE: f64 = 0.5;

/// Bound for hostile pages.
const MAX_COLS: usize = 60;

impl Grid {
    /// The grid with the columns that white shows in its body.
    pub(super) fn with_inner_columns(self, lines: &[Line]) -> Self {
        if self.num_rows() > MAX_BANDS_TO_SPLIT || self.num_cols() > MAX_COLS {
            return self;
        }
        let bands: Vec<Vec<&Line>> = (0..self.num_rows())
            .map(|row| {
                let stands = |line: &&Line| slot_of(&self.ys, line.bbox.center_y()) == Some(row);
                lines.iter().filter(stands).collect()
            })
            .collect();
        let rows: Vec<Vec<Vec<&Line>>> = bands.iter().map(|band| rows_in(band)).collect();
        let Some((body, body_rows)) = rows.iter().enumerate().max_by_key(|(_, rows)| rows.len()) else {
            return self;
        };
        if body_rows.len() < MIN_ROWS {
            return self;
        }
        let new: Vec<f64> = self
            .ruled_columns(body)
            .into_iter()
            .flat_map(|sides| strips_between(body_rows, &sides))
            .collect();
        if new.is_empty() || self.num_cols() + new.len() > MAX_COLS {
            return self;
        }
        let parts = |row: usize, x: f64| {
            let sides = self.ruled_columns(row).into_iter().find(|sides| sides.contains(&x));
            row == body || sides.is_some_and(|sides| is_parted_at(&bands[row], x, &sides))
        };
        self.divided(&new, &parts)
    }

    /// From rule to rule, the columns of a row.
    fn ruled_columns(&self, row: usize) -> Vec<Range<f64>> {
        let last = self.num_cols();
        let is_side = |&edge: &usize| edge == 0 || edge == last || self.column_borders[row][edge];
        let sides: Vec<f64> = (0..=last).filter(is_side).map(|edge| self.xs[edge]).collect();
        sides.windows(2).map(|sides| sides[0]..sides[1]).collect()
    }

    /// With further column edges, that are borders in the rows where `parts` says so.
    fn divided(&self, new: &[f64], parts: &dyn Fn(usize, f64) -> bool) -> Self {
        let mut edges: Vec<(f64, Option<usize>)> =
            self.xs.iter().enumerate().map(|(edge, &x)| (x, Some(edge))).collect();
        edges.extend(new.iter().map(|&x| (x, None)));
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let borders_of = |row: usize| {
            let border = |&(x, edge): &(f64, Option<usize>)| {
                edge.map_or_else(|| parts(row, x), |edge| self.column_borders[row][edge])
            };
            edges.iter().map(border).collect()
        };
        let column_borders = (0..self.num_rows()).map(borders_of).collect();
        let middles = edges.windows(2).map(|sides| f64::midpoint(sides[0].0, sides[1].0));
        let olds: Vec<usize> = middles.filter_map(|middle| slot_of(&self.xs, middle)).collect();
        let across = |borders: &Vec<bool>| olds.iter().map(|&col| borders[col]).collect();
        let row_borders = self.row_borders.iter().map(across).collect();
        let xs = edges.iter().map(|edge| edge.0).collect();
        Self { xs, ys: self.ys.clone(), column_borders, row_borders, bbox: self.bbox }
    }
}

/// The lines of a band by the rows that they stand in.
fn rows_in<'l>(band: &[&'l Line]) -> Vec<Vec<&'l Line>> {
    let owned: Vec<Line> = band.iter().map(|line| (*line).clone()).collect();
    rows_of(&owned).iter().map(|row| row.iter().map(|&line| band[line]).collect()).collect()
}

fn words_between<'l>(line: &'l Line, sides: &Range<f64>) -> impl Iterator<Item = &'l Word> {
    line.words
        .iter()
        .filter(|word| sides.contains(&word.bbox.center_x()) && !word.text.chars().all(is_leader_dot))
}

/// The middles of the strips of white through the rows of a ruled column.
fn strips_between(rows: &[Vec<&Line>], sides: &Range<f64>) -> Vec<f64> {
    let part = |line: &&Line| {
        let words: Vec<Word> = words_between(line, sides).cloned().collect();
        (!words.is_empty()).then(|| Line::new(words, line.baseline, line.is_rtl))
    };
    let chunked: Vec<Row> = rows
        .iter()
        .filter_map(|pieces| {
            let pieces: Vec<Line> = pieces.iter().filter_map(part).collect();
            (!pieces.is_empty()).then(|| Row::new(&pieces.iter().collect::<Vec<_>>(), CHUNK_GAP_EM))
        })
        .collect();
    let em = chunked.iter().map(|row| row.size).fold(0.0, f64::max);
    let mut strips = alignment::strips(&chunked, 0, em).unwrap_or_default();
    strips.retain(|x| (sides.start + SAME_EDGE_PT..sides.end - SAME_EDGE_PT).contains(x));
    let mut edges = vec![sides.start];
    edges.extend(&strips);
    edges.push(sides.end);
    let is_filled = |sides: &[f64]| {
        let stands = |bbox: &PtBox| (sides[0]..sides[1]).contains(&bbox.center_x());
        let num_filled =
            chunked.iter().filter(|row| row.chunks.iter().any(|chunk| stands(&chunk.bbox))).count();
        num_filled as f64 >= MIN_COLUMN_SHARE * rows.len() as f64
    };
    if edges.windows(2).all(is_filled) { strips } else { Vec::new() }
}

/// A header cell has words on both sides of the place, and wherever a line has, they are wide apart.
fn is_parted_at(lines: &[&Line], x: f64, sides: &Range<f64>) -> bool {
    let (mut has_left, mut has_right) = (false, false);
    for line in lines {
        let (mut left, mut right) = (f64::NEG_INFINITY, f64::INFINITY);
        for word in words_between(line, sides) {
            if word.bbox.center_x() < x {
                left = left.max(word.bbox.right);
            } else {
                right = right.min(word.bbox.left);
            }
        }
        if right - left < CHUNK_GAP_EM * line.size {
            return false;
        }
        has_left |= left.is_finite();
        has_right |= right.is_finite();
    }
    has_left && has_right
}
