//! Tables as rectangular grids with spans and header flags.

use std::ops::Range;

use crate::geometry::BBox;

/// A rectangular table. Slots of no cell are empty. Spans of bad markup can overlap; then the later
/// cell has the slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableGrid {
    /// Number of rows.
    pub num_rows: usize,
    /// Number of columns.
    pub num_cols: usize,
    /// The cells by their top left slot, row by row.
    pub cells: Vec<Cell>,
}

/// One cell; it may span several rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Row of its top left slot, from 0.
    pub row: usize,
    /// Column of its top left slot, from 0.
    pub col: usize,
    /// Rows that it covers, at least 1.
    pub row_span: usize,
    /// Columns that it covers, at least 1.
    pub col_span: usize,
    /// What it says, trimmed.
    pub text: String,
    /// Which header it is, if any.
    pub header: CellHeader,
    /// Its markup, in bytes: the cell's token and text.
    pub source: Range<usize>,
    /// Where it stands, when something knows (the text layer does).
    pub bbox: Option<BBox>,
    /// Elements inside the cell, as a sub-document; DocTags has none.
    pub children: Vec<crate::markup::tree::NodeId>,
}

/// Header flag of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellHeader {
    /// Plain data.
    #[default]
    None,
    /// Heads its column (`ched`).
    Column,
    /// Heads its row (`rhed`).
    Row,
    /// A row that titles the rows below it (`srow`).
    Section,
}

/// A rectangle of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRange {
    /// First row, from 0.
    pub row: usize,
    /// First column, from 0.
    pub col: usize,
    /// How many rows.
    pub num_rows: usize,
    /// How many columns.
    pub num_cols: usize,
}

impl CellRange {
    /// The slot lies within.
    pub fn contains(&self, row: usize, col: usize) -> bool {
        (self.row..self.row + self.num_rows).contains(&row)
            && (self.col..self.col + self.num_cols).contains(&col)
    }
}

impl TableGrid {
    /// The cell that covers the slot.
    pub fn cell_at(&self, row: usize, col: usize) -> Option<&Cell> {
        self.cells.iter().rev().find(|cell| {
            (cell.row..cell.row + cell.row_span).contains(&row)
                && (cell.col..cell.col + cell.col_span).contains(&col)
        })
    }

    /// The slots of a range as a table of its own. A cell that reaches beyond is cut to what lies
    /// within, with its whole text.
    #[must_use]
    pub fn part(&self, range: CellRange) -> Self {
        let cut = |start: usize, span: usize, first: usize, count: usize, most: usize| {
            let end = (start + span).min(first + count).min(most);
            let start = start.max(first);
            (end > start).then(|| (start - first, end - start))
        };
        let cells = self.cells.iter().filter_map(|cell| {
            let (row, row_span) = cut(cell.row, cell.row_span, range.row, range.num_rows, self.num_rows)?;
            let (col, col_span) = cut(cell.col, cell.col_span, range.col, range.num_cols, self.num_cols)?;
            Some(Cell { row, col, row_span, col_span, ..cell.clone() })
        });
        let mut cells: Vec<Cell> = cells.collect();
        cells.sort_by_key(|cell| (cell.row, cell.col));
        let num_rows = range.num_rows.min(self.num_rows.saturating_sub(range.row));
        let num_cols = range.num_cols.min(self.num_cols.saturating_sub(range.col));
        Self { num_rows, num_cols, cells }
    }

    /// The smallest range that holds both slots `(row, col)` and cuts no cell.
    pub fn hull(&self, from: (usize, usize), to: (usize, usize)) -> CellRange {
        let mut rows = from.0.min(to.0)..from.0.max(to.0) + 1;
        let mut cols = from.1.min(to.1)..from.1.max(to.1) + 1;
        let meets = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        loop {
            let before = (rows.clone(), cols.clone());
            for cell in &self.cells {
                let cell_rows = cell.row..cell.row + cell.row_span;
                let cell_cols = cell.col..cell.col + cell.col_span;
                if meets(&cell_rows, &rows) && meets(&cell_cols, &cols) {
                    rows = rows.start.min(cell_rows.start)..rows.end.max(cell_rows.end);
                    cols = cols.start.min(cell_cols.start)..cols.end.max(cell_cols.end);
                }
            }
            if before == (rows.clone(), cols.clone()) {
                let (num_rows, num_cols) = (rows.len(), cols.len());
                return CellRange { row: rows.start, col: cols.start, num_rows, num_cols };
            }
        }
    }

    /// The table is over: cells without text head nothing, and each slot that no cell covers gets
    /// an empty one. Very large grids, which only loops make, keep their empty slots.
    pub(crate) fn complete(&mut self, source: usize) {
        const MOST: usize = 100_000;
        for cell in self.cells.iter_mut().filter(|cell| cell.text.is_empty()) {
            cell.header = CellHeader::None;
        }
        if self.num_rows.saturating_mul(self.num_cols) > MOST {
            return;
        }
        let slots = self.slots();
        let empty = slots.iter().enumerate().flat_map(|(row, slots)| {
            slots.iter().enumerate().filter(|(_, slot)| slot.is_none()).map(move |(col, _)| (row, col))
        });
        let before = self.cells.len();
        self.cells.extend(empty.map(|(row, col)| Cell {
            row,
            col,
            row_span: 1,
            col_span: 1,
            text: String::new(),
            header: CellHeader::None,
            source: source..source,
            bbox: None,
            children: Vec::new(),
        }));
        if self.cells.len() > before {
            self.cells.sort_by_key(|cell| (cell.row, cell.col));
        }
    }

    /// For every slot, row by row, the index into `cells` of the cell that covers it.
    pub fn slots(&self) -> Vec<Vec<Option<usize>>> {
        let mut slots = vec![vec![None; self.num_cols]; self.num_rows];
        for (index, cell) in self.cells.iter().enumerate() {
            let rows = cell.row..(cell.row + cell.row_span).min(self.num_rows);
            for slot_row in slots.get_mut(rows).unwrap_or_default() {
                let cols = cell.col..(cell.col + cell.col_span).min(self.num_cols);
                for slot in slot_row.get_mut(cols).unwrap_or_default() {
                    *slot = Some(index);
                }
            }
        }
        slots
    }
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

    fn range(row: usize, col: usize, num_rows: usize, num_cols: usize) -> CellRange {
        CellRange { row, col, num_rows, num_cols }
    }

    #[test]
    fn a_part_is_a_table_whose_cells_are_cut_to_it() {
        let part = grid().part(range(0, 1, 2, 9));
        assert_eq!((part.num_rows, part.num_cols), (2, 2));
        let cells: Vec<_> =
            part.cells.iter().map(|cell| (cell.row, cell.col, cell.col_span, cell.text.as_str())).collect();
        assert_eq!(cells, [(0, 0, 1, "a"), (0, 1, 1, "b"), (1, 0, 1, "2"), (1, 1, 1, "3")]);
        assert_eq!(grid().part(range(7, 0, 1, 1)), TableGrid { num_cols: 1, ..TableGrid::default() });
    }

    #[test]
    fn a_hull_grows_until_it_cuts_no_cell() {
        assert_eq!(grid().hull((1, 1), (0, 1)), range(0, 0, 3, 2));
        assert_eq!(grid().hull((2, 2), (1, 2)), range(1, 2, 2, 1));
        assert_eq!(grid().hull((1, 0), (1, 0)), range(1, 0, 2, 1));
    }
}
