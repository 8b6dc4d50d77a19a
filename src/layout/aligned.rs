//! Tables whose columns are shown by alignment: between horizontal rules (as in books) or in the open.

use crate::layout::draft::{Draft, DraftCell};
use crate::layout::element::Marker;
use crate::layout::furniture;
use crate::layout::line::{Line, Word};
use crate::layout::marker;
use crate::layout::points::PtBox;

/// Words with a gap of at least this between them are in different chunks of a row, in font sizes.
/// A space is some 0.3, a stretched one up to 0.6; LaTeX's columns are 1.2 apart.
const CHUNK_GAP_EM: f64 = 0.75;

/// The same between rules, where a table is expected: cells are not justified, so a gap is meant.
const RULED_CHUNK_GAP_EM: f64 = 0.38;

/// A gap between chunks is wider than the usual space by this factor.
const CHUNK_GAP_SPACES: f64 = 1.5;

/// In a chunk that reaches over a strip, a gap at the strip is wider than the narrowest by this factor.
const WIDER_THAN_SPACE: f64 = 1.25;

/// A usual gap wider than this is not a space, in font sizes: monospaced type has 0.6.
const WIDEST_SPACE_EM: f64 = 0.7;

/// A strip between columns is at least this wide, in font sizes.
const MIN_STRIP_EM: f64 = 0.55;

/// In the open, the gap that makes a row look like one of a table, in font sizes.
const OPEN_GAP_EM: f64 = 1.3;

/// In the open, a table has at least this many rows with several chunks.
const MIN_OPEN_ROWS: usize = 3;

/// Rows with one chunk (wrapped cells, section rows) that a table in the open goes on over.
const MAX_SINGLE_ROWS: usize = 2;

/// Rows of a table in the open are at most this far apart, in font sizes.
const MAX_ROW_DISTANCE_EM: f64 = 3.2;

/// Wrapped lines of a cell are at most this far apart, in font sizes.
const WRAP_DISTANCE_EM: f64 = 1.45;

/// Chunks of prose columns are at least this wide on average, in font sizes, and fill the table.
const PROSE_CHUNK_EM: f64 = 17.0;
const PROSE_FILL: f64 = 0.75;

/// Tables between rules have rules whose ends differ by no more than this, in points.
const SAME_END_PT: f64 = 5.0;

/// Rules shorter than this, in body sizes, do not carry a table.
const MIN_RULE_EM: f64 = 6.0;

/// In the open, aligned formulas look like tables; they have more characters in fonts for mathematics.
const MAX_MATH_SHARE: f64 = 0.2;

/// Bounds for hostile pages.
const MAX_ROWS: usize = 600;
const MAX_COLS: usize = 60;

/// A run of words without a wide gap.
#[derive(Clone, Debug)]
struct Chunk {
    words: Vec<Word>,
    bbox: PtBox,
}

/// What stands on one baseline.
#[derive(Clone, Debug)]
struct Row {
    chunks: Vec<Chunk>,
    bbox: PtBox,
    baseline: f64,
    size: f64,
    is_rtl: bool,
}

impl Row {
    fn new(pieces: &[&Line], gap_em: f64) -> Self {
        let mut words: Vec<Word> = pieces.iter().flat_map(|piece| piece.words.iter().cloned()).collect();
        words.sort_by(|a, b| a.bbox.left.total_cmp(&b.bbox.left));
        let size = pieces.iter().map(|piece| piece.size).fold(0.0, f64::max);
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut bbox = PtBox::EMPTY;
        for word in words {
            bbox = bbox.union(&word.bbox);
            match chunks.last_mut() {
                Some(chunk) if word.bbox.left - chunk.bbox.right < gap_em * size => {
                    chunk.bbox = chunk.bbox.union(&word.bbox);
                    chunk.words.push(word);
                }
                _ => chunks.push(Chunk { bbox: word.bbox, words: vec![word] }),
            }
        }
        let baseline = pieces.first().map_or(0.0, |piece| piece.baseline);
        let is_rtl = pieces.iter().any(|piece| piece.is_rtl);
        Self { chunks, bbox, baseline, size, is_rtl }
    }
}

impl Row {
    /// It is larger than the table's rows, or bold where they are not: a heading ends the table.
    fn heads_more_than(&self, row: &Self) -> bool {
        let is_bold =
            |row: &Self| row.chunks.iter().flat_map(|chunk| &chunk.words).all(|word| word.style.is_bold);
        self.size > 1.08 * row.size || (is_bold(self) && !is_bold(row))
    }

    /// Cuts chunks at strips where their words are further apart than elsewhere in them.
    fn cut_at(&self, strips: &[f64]) -> Self {
        let mut chunks: Vec<Chunk> = Vec::new();
        for chunk in &self.chunks {
            let gaps = || chunk.words.windows(2).map(|pair| pair[1].bbox.left - pair[0].bbox.right);
            let narrowest = gaps().filter(|&gap| gap > 0.05 * self.size).fold(f64::INFINITY, f64::min);
            let mut right = f64::NEG_INFINITY;
            let mut is_first = true;
            for word in &chunk.words {
                let gap = word.bbox.left - right;
                let is_cut = strips.iter().any(|&strip| right <= strip && strip <= word.bbox.left)
                    && (gap > WIDER_THAN_SPACE * narrowest
                        || chunk.words.len() == 2 && gap > 0.45 * self.size);
                right = word.bbox.right;
                match chunks.last_mut() {
                    Some(last) if !is_first && !is_cut => {
                        last.bbox = last.bbox.union(&word.bbox);
                        last.words.push(word.clone());
                    }
                    _ => chunks.push(Chunk { bbox: word.bbox, words: vec![word.clone()] }),
                }
                is_first = false;
            }
        }
        Self { chunks, ..self.clone() }
    }
}

/// Groups pieces of lines, sorted by baseline, into rows of positions.
fn rows_of(pieces: &[Line]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by(|&a, &b| pieces[a].baseline.total_cmp(&pieces[b].baseline));
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for index in order {
        let shares_row = rows.last().and_then(|row| row.first()).is_some_and(|&first| {
            pieces[index].baseline - pieces[first].baseline
                < 0.35 * pieces[first].size.min(pieces[index].size)
        });
        match rows.last_mut() {
            Some(row) if shares_row => row.push(index),
            _ => rows.push(vec![index]),
        }
    }
    rows
}

fn row(pieces: &[Line], members: &[usize], gap_em: f64) -> Row {
    let members: Vec<&Line> = members.iter().filter_map(|&index| pieces.get(index)).collect();
    Row::new(&members, gap_em)
}

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

fn rows_of_members(pieces: &[Line], members: &[usize], least_gap_em: f64) -> Vec<Row> {
    let inside: Vec<Line> = members.iter().filter_map(|&index| pieces.get(index).cloned()).collect();
    let gap_em = least_gap_em.max(CHUNK_GAP_SPACES * usual_space_em(&inside));
    rows_of(&inside).iter().map(|members| row(&inside, members, gap_em)).collect()
}

/// The usual space between words, in font sizes; 0 when it cannot be told.
fn usual_space_em(lines: &[Line]) -> f64 {
    let mut gaps: Vec<f64> = lines
        .iter()
        .flat_map(|line| {
            line.words.windows(2).map(|pair| (pair[1].bbox.left - pair[0].bbox.right) / line.size.max(1.0))
        })
        .filter(|&gap| gap > 0.05)
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 3).copied().filter(|&gap| gap < WIDEST_SPACE_EM).unwrap_or(0.0)
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

/// Rows as a grid, `None` when the columns do not line up. `inner` are rules inside the table.
fn draft(rows: &[Row], inner: &[PtBox], width: f64) -> Option<Draft> {
    if rows.len() < 2 || rows.len() > MAX_ROWS || is_prose(rows, width) {
        return None;
    }
    let em = rows.iter().map(|row| row.size).fold(0.0, f64::max);
    let header_end = inner.iter().find(|rule| rule.width() > 0.85 * width).map(PtBox::center_y);
    let num_header = header_end.map_or(0, |y| rows.iter().filter(|row| row.baseline < y).count());
    let strips = strips(rows, num_header, em)?;
    let rows: Vec<Row> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| if index < num_header { row.clone() } else { row.cut_at(&strips) })
        .collect();
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
fn strips(rows: &[Row], num_header: usize, em: f64) -> Option<Vec<f64>> {
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
        let (first, last) = (column_at(strips, chunk.bbox.left), column_at(strips, chunk.bbox.right));
        let free_from = index
            .checked_sub(1)
            .and_then(|index| row.chunks.get(index))
            .map_or(0, |before| column_at(strips, before.bbox.right) + 1);
        let free_to = row
            .chunks
            .get(index + 1)
            .map_or(columns.len(), |after| column_at(strips, after.bbox.left).max(last + 1));
        let mut cols = first..last + 1;
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
    num_good_cols >= 2 && draft.num_filled() * 100 >= num_slots * 45 && !first_is_markers && !longest_is_code
}
