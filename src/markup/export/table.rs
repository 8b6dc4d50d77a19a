//! Tables as rows of texts: what Markdown, CSV and plain text have in common.

use crate::markup::table::{Cell, CellHeader, TableGrid};

/// Every slot's cell, row by row; a cell that spans slots stands in each of them.
pub(super) fn rows_of(grid: &TableGrid) -> Vec<Vec<Option<&Cell>>> {
    let cell_of = |slot: &Option<usize>| slot.and_then(|index| grid.cells.get(index));
    grid.slots().iter().map(|row| row.iter().map(cell_of).collect()).collect()
}

/// The text of a slot.
pub(super) fn text_of(slot: Option<&Cell>) -> &str {
    slot.map_or("", |cell| cell.text.as_str())
}

/// The word under which a header flag counts in HTML: any header is a `th`.
pub(super) fn is_header(cell: &Cell) -> bool {
    cell.header != CellHeader::None
}

/// How many leading rows are the header of the columns. 0: the flags begin further down.
///
/// As docling-core 2.104.0: a row counts when a column header starts on it; a row other than the
/// first with unflagged text outside the first column ends the block; without any flag the first
/// row is the header.
pub(super) fn num_header_rows(rows: &[Vec<Option<&Cell>>]) -> usize {
    let is_column = |cell: &Cell| cell.header == CellHeader::Column;
    if !rows.iter().flatten().flatten().any(|cell| is_column(cell)) {
        return usize::from(!rows.is_empty());
    }
    let first_col = rows.iter().flatten().flatten().map(|cell| cell.col).min().unwrap_or(0);
    // A flag in the first column further down speaks of row headers; then the first row, too, must
    // be free of other text.
    let has_flag_below = rows
        .iter()
        .skip(1)
        .flatten()
        .flatten()
        .any(|cell| is_column(cell) && cell.col == first_col && cell.row > 0);
    let is_header_row = |(row, slots): &(usize, &Vec<Option<&Cell>>)| {
        let mut starting = slots.iter().flatten().filter(|cell| cell.row == *row);
        let has_header = starting.clone().any(|cell| is_column(cell));
        let has_text =
            starting.any(|cell| !is_column(cell) && !cell.text.trim().is_empty() && cell.col != first_col);
        has_header && !((*row > 0 || has_flag_below) && has_text)
    };
    rows.iter().enumerate().take_while(is_header_row).count()
}
