//! Rows of chunks as a grid: columns where white goes through, headers over several columns, cells of
//! several lines.

use crate::layout::draft::{Draft, DraftCell};
use crate::layout::line::Word;
use crate::layout::points::PtBox;
use crate::layout::row::{Chunk, Row};

/// A strip between columns is at least this wide, in font sizes.
const MIN_STRIP_EM: f64 = 0.55;

/// Wrapped lines of a cell are at most this far apart, in font sizes.
const WRAP_DISTANCE_EM: f64 = 1.45;

/// Chunks of prose columns are at least this wide on average, in font sizes, and fill the table.
const PROSE_CHUNK_EM: f64 = 17.0;
const PROSE_FILL: f64 = 0.75;

/// Bounds for hostile pages.
const MAX_ROWS: usize = 600;
const MAX_COLS: usize = 60;

/// Rows as a grid, `None` when the columns do not line up. `inner` are rules inside the table.
pub(super) fn draft(rows: &[Row], inner: &[PtBox], width: f64) -> Option<Draft> {
    if rows.len() < 2 || rows.len() > MAX_ROWS || is_prose(rows, width) {
        return None;
    }
    let em = rows.iter().map(|row| row.size).fold(0.0, f64::max);
    let header_end = inner.iter().find(|rule| rule.width() > 0.85 * width).map(PtBox::center_y);
    let num_header = header_end.map_or(0, |y| rows.iter().filter(|row| row.baseline < y).count());
    let strips = strips(rows, num_header, em)?;
    let rows: Vec<Row> =
        rows.iter().enumerate().map(|(index, row)| row.cut_at(&strips, index < num_header)).collect();
    let rows = rows.as_slice();
    let columns = column_extents(rows, &strips);
    if columns.len() < 2 || columns.len() > MAX_COLS {
        return None;
    }
    let wrapped = wraps(rows, &strips, inner);
    let mut draft = Draft { num_cols: columns.len(), ..Draft::default() };
    let mut grid_row = 0;
    let mut header_rows = 0;
    for (index, row) in rows.iter().enumerate() {
        if wrapped[index] {
            add_wrapped(&mut draft, row, &strips, grid_row);
            continue;
        }
        grid_row = draft.num_rows;
        draft.num_rows += 1;
        let spans_over = index < num_header.max(1) || row.chunks.len() == 1;
        for (cols, chunk_words) in placed(row, &columns, &strips, inner, spans_over) {
            let mut cell =
                DraftCell { col_span: cols.end - cols.start, ..DraftCell::at(grid_row, cols.start) };
            cell.add(chunk_words, row.baseline, row.is_rtl);
            draft.cells.push(cell);
        }
        if index < num_header {
            header_rows = draft.num_rows;
        }
    }
    fill_gaps(&mut draft);
    draft.num_header_rows = (num_header > 0).then_some(header_rows);
    let min_filled = if inner.is_empty() { 4 } else { 3 };
    (draft.num_rows >= 2 && draft.num_filled() >= min_filled).then_some(draft)
}

/// Wide chunks that fill the width: columns of text, not of a table.
fn is_prose(rows: &[Row], width: f64) -> bool {
    let chunks = || {
        rows.iter().flat_map(|row| row.chunks.iter().map(move |chunk| chunk.bbox.width() / row.size.max(1.0)))
    };
    let mean = chunks().sum::<f64>() / chunks().count().max(1) as f64;
    let filled: f64 = rows.iter().flat_map(|row| &row.chunks).map(|chunk| chunk.bbox.width()).sum();
    rows.len() >= 4 && mean > PROSE_CHUNK_EM && filled > PROSE_FILL * width * rows.len() as f64
}

/// The middles of the strips of white between columns.
pub(super) fn strips(rows: &[Row], num_header: usize, em: f64) -> Option<Vec<f64>> {
    let mut counts: Vec<usize> =
        rows.iter().map(|row| row.chunks.len()).filter(|&count| count >= 2).collect();
    counts.sort_unstable();
    let usual = counts.get(counts.len() / 2).copied()?;
    let body: Vec<&Row> = rows
        .iter()
        .enumerate()
        .filter(|(index, row)| {
            (*index >= num_header || rows.len() - num_header < 2) && row.chunks.len() >= 2.max(usual * 6 / 10)
        })
        .map(|(_, row)| row)
        .collect();
    // One odd row in eight does not close a strip.
    let tolerated = body.len() / 8;
    let mut ends: Vec<(f64, i32)> = Vec::new();
    for chunk in body.iter().flat_map(|row| &row.chunks) {
        ends.push((chunk.bbox.left, 1));
        ends.push((chunk.bbox.right, -1));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut strips = Vec::new();
    let (mut depth, mut white_from) = (0_i32, None::<f64>);
    for (index, (x, step)) in ends.iter().enumerate() {
        depth += step;
        let is_white = usize::try_from(depth).unwrap_or(0) <= tolerated;
        match (is_white, white_from) {
            (true, None) if index > tolerated => white_from = Some(*x),
            (false, Some(from)) => {
                if x - from >= MIN_STRIP_EM * em {
                    strips.push(f64::midpoint(from, *x));
                }
                white_from = None;
            }
            _ => {}
        }
    }
    (!body.is_empty() && !strips.is_empty()).then_some(strips)
}

/// The extent of the text in each column, from rows that keep to the columns.
fn column_extents(rows: &[Row], strips: &[f64]) -> Vec<(f64, f64)> {
    let mut extents = vec![(f64::INFINITY, f64::NEG_INFINITY); strips.len() + 1];
    for chunk in rows.iter().flat_map(|row| &row.chunks) {
        let (first, last) = (column_at(strips, chunk.bbox.left), column_at(strips, chunk.bbox.right));
        if first == last {
            extents[first].0 = extents[first].0.min(chunk.bbox.left);
            extents[first].1 = extents[first].1.max(chunk.bbox.right);
        }
    }
    extents
}

fn column_at(strips: &[f64], x: f64) -> usize {
    strips.partition_point(|&strip| strip <= x)
}

/// For each row, whether it goes on with cells of the row above.
fn wraps(rows: &[Row], strips: &[f64], inner: &[PtBox]) -> Vec<bool> {
    let cols = |row: &Row| -> Vec<usize> {
        let mut cols: Vec<usize> =
            row.chunks.iter().map(|chunk| column_at(strips, chunk.bbox.center_x())).collect();
        cols.dedup();
        cols
    };
    let mut wrapped = vec![false; rows.len()];
    let mut distances: Vec<f64> = rows.windows(2).map(|pair| pair[1].baseline - pair[0].baseline).collect();
    distances.sort_by(f64::total_cmp);
    let widest = distances.last().copied().unwrap_or(0.0);
    let mut above: Vec<usize> = rows.first().map(&cols).unwrap_or_default();
    for index in 1..rows.len() {
        let (row, last) = (&rows[index], &rows[index - 1]);
        let distance = row.baseline - last.baseline;
        let here = cols(row);
        let is_parted = inner.iter().any(|rule| (last.baseline..row.baseline).contains(&rule.center_y()));
        let is_close = distance <= WRAP_DISTANCE_EM * row.size;
        let starts_later = here.first().is_some_and(|&col| col > 0);
        let keeps_to_columns = row
            .chunks
            .iter()
            .all(|chunk| column_at(strips, chunk.bbox.left) == column_at(strips, chunk.bbox.right));
        let is_part =
            keeps_to_columns && here.iter().all(|col| above.contains(col)) && here.len() < above.len();
        // Without its first cell a row goes on with the one above when it has few cells; a row with
        // only its first cell does so when rows are otherwise set further apart.
        let is_tail = starts_later && (here.len() * 2 <= above.len() || here.len() == 1);
        let is_head = !starts_later && here.len() == 1 && distance < 0.85 * widest;
        wrapped[index] = is_close && !is_parted && is_part && (is_tail || is_head);
        if !wrapped[index] {
            above = here;
        }
    }
    wrapped
}

fn add_wrapped(draft: &mut Draft, row: &Row, strips: &[f64], grid_row: usize) {
    for chunk in &row.chunks {
        let col = column_at(strips, chunk.bbox.center_x());
        let cell = draft
            .cells
            .iter_mut()
            .rev()
            .find(|cell| cell.row == grid_row && (cell.col..cell.col + cell.col_span).contains(&col));
        if let Some(cell) = cell {
            cell.add(chunk.words.clone(), row.baseline, row.is_rtl);
        }
    }
}

/// The row's words by the columns that they cover.
fn placed(
    row: &Row,
    columns: &[(f64, f64)],
    strips: &[f64],
    inner: &[PtBox],
    spans_over: bool,
) -> Vec<(std::ops::Range<usize>, Vec<Word>)> {
    let mut placed: Vec<(std::ops::Range<usize>, Vec<Word>)> = Vec::new();
    for (index, chunk) in row.chunks.iter().enumerate() {
        let touched = touched(chunk, columns, strips);
        let (first, last) = (touched.start, touched.end - 1);
        let before = index.checked_sub(1).and_then(|index| row.chunks.get(index));
        let free_from = before.map_or(0, |before| self::touched(before, columns, strips).end);
        let after = row.chunks.get(index + 1);
        let free_to =
            after.map_or(columns.len(), |after| self::touched(after, columns, strips).start.max(last + 1));
        let mut cols = touched;
        if spans_over {
            cols = span_of(chunk, cols, free_from.min(first)..free_to, columns, inner, row);
        } else if first != last {
            // A word too many between two cells: the words go to the columns they stand in.
            for word in &chunk.words {
                let col = column_at(strips, word.bbox.center_x());
                push_words(&mut placed, col..col + 1, vec![word.clone()]);
            }
            continue;
        }
        push_words(&mut placed, cols, chunk.words.clone());
    }
    placed
}

/// The columns whose text the chunk stands above or in; by its middle when it stands beside all.
fn touched(chunk: &Chunk, columns: &[(f64, f64)], strips: &[f64]) -> std::ops::Range<usize> {
    let overlaps =
        |&col: &usize| columns[col].1.min(chunk.bbox.right) > columns[col].0.max(chunk.bbox.left) + 0.01;
    let first = (0..columns.len()).find(overlaps);
    let last = (0..columns.len()).rev().find(overlaps);
    if let (Some(first), Some(last)) = (first, last) {
        first..last + 1
    } else {
        let col = column_at(strips, chunk.bbox.center_x());
        col..col + 1
    }
}

fn push_words(
    placed: &mut Vec<(std::ops::Range<usize>, Vec<Word>)>,
    cols: std::ops::Range<usize>,
    words: Vec<Word>,
) {
    match placed.last_mut() {
        Some((last, known)) if last.end > cols.start => {
            last.end = last.end.max(cols.end);
            known.extend(words);
        }
        _ => placed.push((cols, words)),
    }
}

/// The columns that a header is centred over: by the rule below it, else by its middle.
fn span_of(
    chunk: &Chunk,
    touched: std::ops::Range<usize>,
    free: std::ops::Range<usize>,
    columns: &[(f64, f64)],
    inner: &[PtBox],
    row: &Row,
) -> std::ops::Range<usize> {
    let em = row.size;
    let below = inner.iter().find(|rule| {
        let distance = rule.center_y() - row.baseline;
        (0.0..1.2 * em).contains(&distance) && rule.overlap_x(&chunk.bbox) > 0.9 * chunk.bbox.width()
    });
    if let Some(rule) = below {
        let is_over = |&col: &usize| {
            let (left, right) = columns[col];
            right.min(rule.right) - left.max(rule.left) > 0.5 * (right - left)
        };
        let over: Vec<usize> = (free.start..free.end.min(columns.len())).filter(is_over).collect();
        if let (Some(first), Some(last)) = (over.first(), over.last())
            && over.len() < columns.len()
        {
            return *first..*last + 1;
        }
    }
    let middle = chunk.bbox.center_x();
    let off_center = |cols: &std::ops::Range<usize>| {
        let (left, right) = (columns[cols.start].0, columns[cols.end - 1].1);
        (f64::midpoint(left, right) - middle).abs()
    };
    let is_in_strip = touched.len() == 1 && {
        let (left, right) = columns[touched.start];
        middle < left - 0.3 * em || middle > right + 0.3 * em
    };
    if touched.len() < 2 && !is_in_strip {
        return touched;
    }
    let mut best = touched.clone();
    for start in free.start..=touched.start {
        for end in touched.end..=free.end.min(columns.len()) {
            let cols = start..end;
            let is_wider = cols.len() > best.len();
            let gain = off_center(&best) - off_center(&cols);
            if is_wider && gain > 0.6 * em * (cols.len() - best.len()) as f64 {
                best = cols;
            }
        }
    }
    best
}

/// Gives every slot that no cell covers an empty cell, and drops overlaps.
fn fill_gaps(draft: &mut Draft) {
    let mut is_covered = vec![vec![false; draft.num_cols]; draft.num_rows];
    draft.cells.retain_mut(|cell| {
        let Some(row) = is_covered.get_mut(cell.row) else { return false };
        if row.get(cell.col).copied().unwrap_or(true) {
            return false;
        }
        let room = row[cell.col..].iter().take_while(|covered| !**covered).count();
        cell.col_span = cell.col_span.min(room);
        row[cell.col..cell.col + cell.col_span].fill(true);
        true
    });
    for (row, covered) in is_covered.iter().enumerate() {
        for (col, _) in covered.iter().enumerate().filter(|(_, covered)| !**covered) {
            draft.cells.push(DraftCell::at(row, col));
        }
    }
    draft.cells.sort_by_key(|cell| (cell.row, cell.col));
}
