//! Repairing a table by hand.

use super::edit::Refused;
use crate::markup::{Cell, CellHeader, CellRange, TableGrid};

/// One change of a table's cells. Rows and columns count from 0.
#[derive(Clone, Debug, PartialEq)]
pub enum CellEdit {
    /// What the cell at that slot says.
    SetText {
        /// Row of any slot that the cell covers.
        row: usize,
        /// Column of it.
        col: usize,
        /// Its text.
        text: String,
    },
    /// One cell of all in the range; their texts come one after the other.
    Merge(CellRange),
    /// A cell for each slot that the cell at this one covers; the first keeps the text.
    Split {
        /// Row of any slot that the cell covers.
        row: usize,
        /// Column of it.
        col: usize,
    },
    /// All cells that begin in the range head their columns or rows, or nothing.
    SetHeader(CellRange, CellHeader),
    /// An empty row before that one; at the end for the number of rows.
    InsertRow(usize),
    /// An empty column before that one; at the end for the number of columns.
    InsertColumn(usize),
    /// A row less; cells that reach beyond it are shortened.
    DeleteRow(usize),
    /// A column less; cells that reach beyond it are shortened.
    DeleteColumn(usize),
}

pub(super) fn change_cells(grid: &mut TableGrid, edit: &CellEdit) -> Result<(), Refused> {
    match *edit {
        CellEdit::SetText { row, col, ref text } => {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            cell_mut(grid, row, col)?.text = text;
        }
        CellEdit::Merge(range) => merge(grid, grid.hull((range.row, range.col), last_slot(range)?))?,
        CellEdit::Split { row, col } => {
            let cell = cell_mut(grid, row, col)?;
            (cell.row_span, cell.col_span) = (1, 1);
        }
        CellEdit::SetHeader(range, header) => {
            last_slot(range)?;
            for cell in grid.cells.iter_mut().filter(|cell| range.contains(cell.row, cell.col)) {
                cell.header = header;
            }
        }
        CellEdit::InsertRow(at) if at <= grid.num_rows => {
            for cell in &mut grid.cells {
                shift_for_insert(&mut cell.row, &mut cell.row_span, at);
            }
            grid.num_rows += 1;
        }
        CellEdit::InsertColumn(at) if at <= grid.num_cols => {
            for cell in &mut grid.cells {
                shift_for_insert(&mut cell.col, &mut cell.col_span, at);
            }
            grid.num_cols += 1;
        }
        CellEdit::DeleteRow(at) if at < grid.num_rows && grid.num_rows > 1 => {
            grid.cells.retain_mut(|cell| keeps_after_delete(&mut cell.row, &mut cell.row_span, at));
            grid.num_rows -= 1;
        }
        CellEdit::DeleteColumn(at) if at < grid.num_cols && grid.num_cols > 1 => {
            grid.cells.retain_mut(|cell| keeps_after_delete(&mut cell.col, &mut cell.col_span, at));
            grid.num_cols -= 1;
        }
        CellEdit::InsertRow(_)
        | CellEdit::InsertColumn(_)
        | CellEdit::DeleteRow(_)
        | CellEdit::DeleteColumn(_) => {
            return Err(Refused::NoSuchPart);
        }
    }
    grid.complete(0);
    grid.cells.sort_by_key(|cell| (cell.row, cell.col));
    Ok(())
}

fn cell_mut(grid: &mut TableGrid, row: usize, col: usize) -> Result<&mut Cell, Refused> {
    let origin = grid.cell_at(row, col).map(|cell| (cell.row, cell.col)).ok_or(Refused::NoSuchPart)?;
    grid.cells.iter_mut().rev().find(|cell| (cell.row, cell.col) == origin).ok_or(Refused::NoSuchPart)
}

fn last_slot(range: CellRange) -> Result<(usize, usize), Refused> {
    let last = |first: usize, count: usize| (first + count).checked_sub(1).filter(|_| count > 0);
    match (last(range.row, range.num_rows), last(range.col, range.num_cols)) {
        (Some(row), Some(col)) => Ok((row, col)),
        _ => Err(Refused::NoSuchPart),
    }
}

fn merge(grid: &mut TableGrid, range: CellRange) -> Result<(), Refused> {
    if range.row + range.num_rows > grid.num_rows || range.col + range.num_cols > grid.num_cols {
        return Err(Refused::NoSuchPart);
    }
    let within = |cell: &Cell| range.contains(cell.row, cell.col);
    let texts: Vec<&str> = grid
        .cells
        .iter()
        .filter(|cell| within(cell) && !cell.text.is_empty())
        .map(|cell| cell.text.as_str())
        .collect();
    let text = texts.join(" ");
    let first = grid.cells.iter().find(|cell| within(cell)).ok_or(Refused::NoSuchPart)?.clone();
    grid.cells.retain(|cell| !within(cell));
    let (row, col, row_span, col_span) = (range.row, range.col, range.num_rows, range.num_cols);
    grid.cells.push(Cell { row, col, row_span, col_span, text, ..first });
    Ok(())
}

/// A cell that the new line cuts grows by it.
fn shift_for_insert(start: &mut usize, span: &mut usize, at: usize) {
    if *start >= at {
        *start += 1;
    } else if *start + *span > at {
        *span += 1;
    }
}

fn keeps_after_delete(start: &mut usize, span: &mut usize, at: usize) -> bool {
    if *start > at {
        *start -= 1;
    } else if *start + *span > at {
        *span -= 1;
    }
    *span > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{NodeKind, parse};

    fn grid() -> TableGrid {
        let markup = "<otsl><ched>a<lcel><ched>b<nl><fcel>1<fcel>2<fcel>3<nl><ucel><fcel>4<fcel>5<nl></otsl>";
        let tree = parse(markup);
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        grid.clone()
    }

    #[track_caller]
    fn check(edit: &CellEdit, expected: &str) {
        let mut grid = grid();
        change_cells(&mut grid, edit).unwrap();
        let rows: Vec<String> = (0..grid.num_rows)
            .map(|row| {
                let slots = (0..grid.num_cols).map(|col| {
                    let cell = grid.cell_at(row, col).unwrap();
                    let is_head = if cell.header == CellHeader::Column { "^" } else { "" };
                    format!("{is_head}{}", cell.text)
                });
                slots.collect::<Vec<_>>().join(",")
            })
            .collect();
        assert_eq!(rows.join(" / "), expected, "{edit:?}");
        let covered: usize = grid.cells.iter().map(|cell| cell.row_span * cell.col_span).sum();
        assert_eq!(covered, grid.num_rows * grid.num_cols, "each slot has one cell");
    }

    #[test]
    fn each_edit_leaves_a_whole_grid() {
        check(&CellEdit::SetText { row: 0, col: 1, text: " x\n y ".into() }, "^x y,^x y,^b / 1,2,3 / 1,4,5");
        check(&CellEdit::Split { row: 2, col: 0 }, "^a,^a,^b / 1,2,3 / ,4,5");
        let range = CellRange { row: 1, col: 1, num_rows: 2, num_cols: 2 };
        check(&CellEdit::Merge(range), "^a,^a,^b / 1,2 3 4 5,2 3 4 5 / 1,2 3 4 5,2 3 4 5");
        check(&CellEdit::SetHeader(range, CellHeader::Column), "^a,^a,^b / 1,^2,^3 / 1,^4,^5");
        check(&CellEdit::InsertRow(2), "^a,^a,^b / 1,2,3 / 1,, / 1,4,5");
        check(&CellEdit::InsertRow(3), "^a,^a,^b / 1,2,3 / 1,4,5 / ,,");
        check(&CellEdit::InsertColumn(1), "^a,^a,^a,^b / 1,,2,3 / 1,,4,5");
        check(&CellEdit::DeleteRow(1), "^a,^a,^b / 1,4,5");
        check(&CellEdit::DeleteColumn(0), "^a,^b / 2,3 / 4,5");
        check(&CellEdit::DeleteColumn(2), "^a,^a / 1,2 / 1,4");
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for edit in [
            CellEdit::SetText { row: 9, col: 0, text: String::new() },
            CellEdit::InsertRow(4),
            CellEdit::DeleteColumn(3),
            CellEdit::Merge(CellRange { row: 0, col: 2, num_rows: 1, num_cols: 2 }),
            CellEdit::SetHeader(CellRange { row: 0, col: 0, num_rows: 0, num_cols: 1 }, CellHeader::Row),
        ] {
            assert_eq!(change_cells(&mut grid(), &edit), Err(Refused::NoSuchPart), "{edit:?}");
        }
    }
}
