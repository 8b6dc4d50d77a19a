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

impl TableGrid {
    /// The cell that covers the slot.
    pub fn cell_at(&self, row: usize, col: usize) -> Option<&Cell> {
        self.cells.iter().rev().find(|cell| {
            (cell.row..cell.row + cell.row_span).contains(&row)
                && (cell.col..cell.col + cell.col_span).contains(&col)
        })
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
