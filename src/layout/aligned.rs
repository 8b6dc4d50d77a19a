//! Tables whose columns are shown by alignment: between horizontal rules (as in books) or in the open.
//! Where they are is found here; `alignment.rs` makes the grid.

use crate::layout::alignment::draft;
use crate::layout::draft::{Draft, DraftCell};
use crate::layout::element::Marker;
use crate::layout::furniture;
use crate::layout::line::{Line, Word};
use crate::layout::marker;
use crate::layout::points::PtBox;
use crate::layout::row::{Row, row, rows_of, rows_of_members};

/// Words with a gap of at least this between them are in different chunks of a row, in font sizes.
/// A space is some 0.3, a stretched one up to 0.6; LaTeX's columns are 1.2 apart.
const CHUNK_GAP_EM: f64 = 0.75;

/// The same between rules, where a table is expected: cells are not justified, so a gap is meant.
const RULED_CHUNK_GAP_EM: f64 = 0.38;

/// In the open, the gap that makes a row look like one of a table, in font sizes.
const OPEN_GAP_EM: f64 = 1.3;

/// In the open, a table has at least this many rows with several chunks.
const MIN_OPEN_ROWS: usize = 3;

/// Rows with one chunk (wrapped cells, section rows) that a table in the open goes on over.
const MAX_SINGLE_ROWS: usize = 2;

/// Rows of a table in the open are at most this far apart, in font sizes.
const MAX_ROW_DISTANCE_EM: f64 = 3.2;

/// Tables between rules have rules whose ends differ by no more than this, in points.
const SAME_END_PT: f64 = 5.0;

/// Rules shorter than this, in body sizes, do not carry a table.
const MIN_RULE_EM: f64 = 6.0;

/// In the open, aligned formulas look like tables; they have more characters in fonts for mathematics.
const MAX_MATH_SHARE: f64 = 0.2;

/// Bounds for hostile pages.
const MAX_ROWS: usize = 600;

/// A table and the pieces of lines that it is made of, as positions.
pub(super) struct Found {
    pub(super) draft: Draft,
    pub(super) members: Vec<usize>,
}

/// Tables between horizontal rules of one width. `rules` are sorted by y.
pub(super) fn between_rules(pieces: &[Line], rules: &[PtBox], body_size: f64) -> Vec<Found> {
    let is_long = |rule: &&PtBox| rule.width() > MIN_RULE_EM * body_size;
    let long: Vec<PtBox> = rules.iter().filter(is_long).copied().collect();
    let mut is_used = vec![false; long.len()];
    let mut found: Vec<Found> = Vec::new();
    for start in 0..long.len() {
        if is_used[start] {
            continue;
        }
        let top = long[start];
        let same: Vec<usize> = (start..long.len())
            .filter(|&index| {
                !is_used[index]
                    && (long[index].left - top.left).abs() < SAME_END_PT
                    && (long[index].right - top.right).abs() < SAME_END_PT
            })
            .collect();
        let Some((last, table)) = longest_table(pieces, rules, &long, &same) else { continue };
        for &index in same.iter().filter(|&&index| index <= last) {
            is_used[index] = true;
        }
        found.push(table);
    }
    found
}

/// The table from the first of the rules down as far as the bands between them look like one.
fn longest_table(pieces: &[Line], rules: &[PtBox], long: &[PtBox], same: &[usize]) -> Option<(usize, Found)> {
    let top = long.get(*same.first()?)?;
    let mut members: Vec<usize> = Vec::new();
    let mut last = None;
    for pair in same.windows(2) {
        let (above, below) = (long.get(pair[0])?, long.get(pair[1])?);
        let band: Vec<usize> = (0..pieces.len())
            .filter(|&index| {
                let bbox = &pieces[index].bbox;
                (above.center_y()..below.center_y()).contains(&bbox.center_y())
                    && bbox.center_x() > top.left - SAME_END_PT
                    && bbox.center_x() < top.right + SAME_END_PT
            })
            .collect();
        if !is_band_of_table(pieces, &band) {
            break;
        }
        members.extend(band);
        last = Some(pair[1]);
    }
    let last = last?;
    let bottom = long.get(last)?;
    let inner: Vec<PtBox> = rules
        .iter()
        .filter(|rule| {
            rule.center_y() > top.center_y() + 1.0
                && rule.center_y() < bottom.center_y() - 1.0
                && rule.center_x() > top.left
                && rule.center_x() < top.right
        })
        .copied()
        .collect();
    let rows: Vec<Row> = rows_of_members(pieces, &members, RULED_CHUNK_GAP_EM);
    let mut draft = draft(&rows, &inner, top.width())?;
    draft.bbox = Some(top.union(bottom));
    Some((last, Found { draft, members }))
}

/// All of it as one table, by its alignment alone.
pub(super) fn as_one(pieces: &[Line], rules: &[PtBox]) -> Option<Draft> {
    let all: Vec<usize> = (0..pieces.len()).collect();
    let rows = rows_of_members(pieces, &all, RULED_CHUNK_GAP_EM);
    let width = rows.iter().fold(PtBox::EMPTY, |bbox, row| bbox.union(&row.bbox)).width();
    draft(&rows, rules, width)
}

/// Nothing, one row, or mostly rows of several chunks.
fn is_band_of_table(pieces: &[Line], band: &[usize]) -> bool {
    let rows = rows_of_members(pieces, band, CHUNK_GAP_EM);
    let num_multiple = rows.iter().filter(|row| row.chunks.len() >= 2).count();
    rows.len() <= 1 || num_multiple * 2 >= rows.len()
}

/// Tables in the open within one column of text. `pieces` are pieces of lines.
pub(super) fn in_the_open(pieces: &[Line], ignores_mono: bool) -> Vec<Found> {
    let members = rows_of(pieces);
    let rows: Vec<Row> = members.iter().map(|members| row(pieces, members, OPEN_GAP_EM)).collect();
    let looks: Vec<bool> = rows.iter().map(|row| looks_like_row(row, ignores_mono)).collect();
    let mut found = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        if !looks[start] {
            start += 1;
            continue;
        }
        let end = end_of_run(&rows, &looks, start);
        let num_looking = looks[start..end].iter().filter(|looks| **looks).count();
        if num_looking >= MIN_OPEN_ROWS && end - start <= MAX_ROWS {
            let run: Vec<usize> = members[start..end].iter().flatten().copied().collect();
            let width = rows[start..end].iter().fold(PtBox::EMPTY, |bbox, row| bbox.union(&row.bbox)).width();
            let chunked = rows_of_members(pieces, &run, CHUNK_GAP_EM);
            if let Some(draft) = draft(&chunked, &[], width).filter(is_convincing) {
                found.push(Found { draft, members: run });
            }
        }
        start = end.max(start + 1);
    }
    found
}

/// The row after the last one of the run that starts at `start`.
fn end_of_run(rows: &[Row], looks: &[bool], start: usize) -> usize {
    let mut end = start + 1;
    let mut extent = rows[start].bbox;
    for index in start + 1..rows.len() {
        let distance = rows[index].baseline - rows[index - 1].baseline;
        let em = rows[index].size.max(rows[index - 1].size);
        if distance > MAX_ROW_DISTANCE_EM * em || index - end > MAX_SINGLE_ROWS {
            break;
        }
        if looks[index] {
            end = index + 1;
            extent = extent.union(&rows[index].bbox);
        } else if rows[index].heads_more_than(&rows[start]) {
            break;
        } else if rows[index].bbox.left < extent.left - em || rows[index].bbox.right > extent.right + em {
            // Wrapped cells stay within the table.
            break;
        }
    }
    end
}

/// Several chunks that are not a marker with its text, a formula with its number, or code.
fn looks_like_row(row: &Row, ignores_mono: bool) -> bool {
    if row.chunks.len() < 2 {
        return false;
    }
    let words = || row.chunks.iter().flat_map(|chunk| &chunk.words);
    let is_counted = |word: &&Word| !word.text.chars().all(|character| character.is_ascii_digit());
    if !ignores_mono && words().filter(is_counted).all(|word| word.style.is_mono) {
        // Code, perhaps with line numbers.
        return false;
    }
    if row.chunks.len() == 2 {
        let line = Line::new(words().cloned().collect(), row.baseline, row.is_rtl);
        let is_item = marker::find(&line).is_some_and(|found| {
            found.rest.len() + 1 >= line.words.len()
                && (found.is_sure || found.marker != Marker::Bullet)
                && row.chunks[0].words.len() == 1
        });
        let last = row.chunks[1].words.iter().map(|word| word.text.as_str()).collect::<String>();
        let is_numbered = last.starts_with('(') && last.ends_with(')') && last.len() <= 7;
        let is_heading = marker::heading_depth(&line.text()).is_some() && (line.is_bold() || line.is_caps());
        if is_item || is_numbered || is_heading {
            return false;
        }
    }
    true
}

/// In the open: enough of the slots are filled, in at least two columns, and the first column is
/// not made of markers or the last of page numbers of a table of contents.
fn is_convincing(draft: &Draft) -> bool {
    let filled_in =
        |col: usize| draft.cells.iter().filter(move |cell| cell.col == col && !cell.lines.is_empty());
    let num_good_cols =
        (0..draft.num_cols).filter(|&col| filled_in(col).count() * 2 >= draft.num_rows).count();
    let num_slots = draft.num_rows * draft.num_cols;
    let is_marker = |cell: &DraftCell| {
        let text: String = cell.lines.iter().map(Line::text).collect();
        text.chars().count() <= 2 || furniture::is_page_number(&text.replace(['.', ')'], ""))
    };
    let first_is_markers = draft.num_cols == 2
        && filled_in(0).filter(|cell| is_marker(cell)).count() * 10 > filled_in(0).count() * 8;
    let longest_is_code = draft.cells.iter().any(|cell| cell.lines.len() > 12);
    let is_relation = |cell: &DraftCell| {
        let text: String = cell.lines.iter().map(Line::text).collect();
        matches!(text.as_str(), "=" | "≤" | "≥" | "<" | ">" | ":=" | "≈" | "→" | "≡")
    };
    let is_equations = (0..draft.num_cols).any(|col| {
        let num_relations = filled_in(col).filter(|cell| is_relation(cell)).count();
        num_relations > 0 && num_relations * 5 >= filled_in(col).count() * 3
    });
    let lines = || draft.cells.iter().flat_map(|cell| &cell.lines);
    let num_math = lines().map(|line| line.math_share() * line.num_chars as f64).sum::<f64>();
    let is_formula = num_math > MAX_MATH_SHARE * lines().map(|line| line.num_chars).sum::<usize>() as f64;
    num_good_cols >= 2
        && !is_equations
        && !is_formula
        && draft.num_filled() * 100 >= num_slots * 45
        && !first_is_markers
        && !longest_is_code
}
