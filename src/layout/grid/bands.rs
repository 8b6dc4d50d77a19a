//! Rows in a band between rules: lines of all columns that stand on the same baselines.

use crate::layout::draft::{Draft, DraftCell};

/// Rows are split by lines of text only where rules part at most this many bands.
pub(super) const MAX_BANDS_TO_SPLIT: usize = 3;

/// A band is a header and stays one row when another has more than this many times its lines.
const BODY_TO_HEADER: usize = 4;

/// In a band of at least this many lines, some may hold nothing but the beginning or the rest of a row's label.
const MIN_LINES_WITH_LABELS: usize = 6;

/// Baselines nearer than this are one, in points.
const SAME_BASELINE_PT: f64 = 2.0;

/// Splits rows of slots that hold several lines of a table whose rows are not parted by rules:
/// then the lines of all columns stand on the same baselines.
pub(super) fn split(draft: Draft) -> Draft {
    let mut baselines = vec![Vec::new(); draft.num_rows];
    if draft.num_rows <= MAX_BANDS_TO_SPLIT {
        for (row, baselines) in baselines.iter_mut().enumerate() {
            *baselines = baselines_of_rows(&draft, row);
        }
    }
    let most = baselines.iter().map(Vec::len).max().unwrap_or(0);
    for baselines in &mut baselines {
        if baselines.len() * BODY_TO_HEADER < most {
            baselines.clear();
        }
    }
    if baselines.iter().all(|baselines| baselines.len() < 2) {
        return draft;
    }
    let mut first_row = vec![0; draft.num_rows + 1];
    for row in 0..draft.num_rows {
        first_row[row + 1] = first_row[row] + baselines[row].len().max(1);
    }
    let mut split = Draft { num_rows: first_row[draft.num_rows], cells: Vec::new(), ..draft };
    let num_header = baselines.iter().take_while(|baselines| baselines.len() < 2).count();
    split.num_header_rows = (num_header > 0 && num_header < baselines.len()).then_some(num_header);
    for cell in &draft.cells {
        let baselines = &baselines[cell.row];
        if cell.row_span > 1 || baselines.len() < 2 {
            let row_span = first_row[cell.row + cell.row_span] - first_row[cell.row];
            split.cells.push(DraftCell { row: first_row[cell.row], row_span, ..cell.clone() });
            continue;
        }
        for (offset, baseline) in baselines.iter().enumerate() {
            let mut part = DraftCell {
                col_span: cell.col_span,
                ..DraftCell::at(first_row[cell.row] + offset, cell.col)
            };
            let next = baselines.get(offset + 1).copied().unwrap_or(f64::INFINITY);
            part.lines = cell
                .lines
                .iter()
                .filter(|line| line.baseline < next - 1.0 && (offset == 0 || line.baseline >= baseline - 1.0))
                .cloned()
                .collect();
            split.cells.push(part);
        }
    }
    split
}

/// The baselines on which the band's rows begin, when most columns agree that they are rows.
fn baselines_of_rows(draft: &Draft, row: usize) -> Vec<f64> {
    let cells: Vec<&DraftCell> = draft
        .cells
        .iter()
        .filter(|cell| cell.row == row && cell.row_span == 1 && !cell.lines.is_empty())
        .collect();
    let mut baselines: Vec<f64> =
        cells.iter().flat_map(|cell| &cell.lines).map(|line| line.baseline).collect();
    baselines.sort_by(f64::total_cmp);
    baselines.dedup_by(|a, b| (*a - *b).abs() < SAME_BASELINE_PT);
    let on = |cell: &DraftCell, baseline: f64| {
        cell.lines.iter().any(|line| (line.baseline - baseline).abs() < SAME_BASELINE_PT)
    };
    let num_on = |baseline: f64| cells.iter().filter(|cell| on(cell, baseline)).count();
    // Every line needs most columns: a wrapped line stands alone or nearly so.
    let is_row = |&baseline: &f64| num_on(baseline) * 10 >= cells.len() * 6;
    if cells.len() < 2 || baselines.len() < 2 {
        return Vec::new();
    }
    let num_rows = baselines.iter().filter(|baseline| is_row(baseline)).count();
    if num_rows == baselines.len() {
        return baselines;
    }
    let Some(labels) = cells.iter().find(|cell| cell.col == 0) else { return Vec::new() };
    let is_label = |&baseline: &f64| num_on(baseline) == 1 && on(labels, baseline);
    let has_labels = baselines.len() >= MIN_LINES_WITH_LABELS
        && num_rows * 10 >= baselines.len() * 8
        && baselines.iter().all(|baseline| is_row(baseline) || is_label(baseline));
    if !has_labels {
        return Vec::new();
    }
    let goes_on = |baseline: f64| {
        let line = labels.lines.iter().find(|line| (line.baseline - baseline).abs() < SAME_BASELINE_PT);
        line.is_some_and(|line| line.text().chars().next().is_some_and(char::is_lowercase))
    };
    // A label that is wrapped begins above its numbers or ends below them: a row has one line of numbers.
    let mut begins: Vec<f64> = Vec::new();
    let mut has_numbers = true;
    for baseline in baselines {
        let is_row = is_row(&baseline);
        let is_rest = goes_on(baseline) && !(is_row && has_numbers);
        if begins.is_empty() || !is_rest {
            begins.push(baseline);
            has_numbers = is_row;
        } else {
            has_numbers |= is_row;
        }
    }
    begins
}
