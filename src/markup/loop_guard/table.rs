//! Repeated cells and rows of a table.
//!
//! Tables are full of equal cells and rows, and rightly so. What a table cannot have is more of them than
//! fit into its box; and rows that say something do not say it over and over.

use super::chained;
use super::repetition::Repetition;
use crate::markup::event::{CellToken, Element, Event, EventKind};

/// The longest group of cells that is looked for.
const LONGEST_CELL_PERIOD: usize = 16;
/// The longest group of rows that is looked for.
const LONGEST_ROW_PERIOD: usize = 12;
/// Copies in a row that make a loop, if they are many.
const NUM_COPIES: usize = 3;
/// Columns that fit side by side over a page: 7 points each on a letter page, for one digit and a gap.
const COLUMNS_OF_PAGE: f64 = 83.0;
/// Rows that fit on a page: 6.3 points each on a letter page, for the smallest print.
const ROWS_OF_PAGE: f64 = 125.0;
/// Equal cells or rows that any table may have, however small the model says that it is.
const ALWAYS_HONEST: usize = 24;
/// Equal rows of words. A timetable has a few.
const NUM_SAYING_ROWS: usize = 12;
/// Letters in the cells of a row that says something.
const SAYING_LETTERS: usize = 12;
/// … and cells that are filled.
const SAYING_CELLS: usize = 2;

/// Watches one table at a time.
#[derive(Clone, Debug)]
pub(super) struct Table {
    cells: Repetition,
    rows: Repetition,
    /// The cell that is being written: hash and place.
    cell: Option<(u64, usize)>,
    row: Row,
    /// Rows in a row that say something.
    num_saying: usize,
    /// The box of the table, as far as it is known.
    location: [f64; 4],
    num_locations: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    hash: u64,
    start: Option<usize>,
    num_letters: usize,
    num_filled: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            cells: Repetition::new(LONGEST_CELL_PERIOD),
            rows: Repetition::new(LONGEST_ROW_PERIOD),
            cell: None,
            row: Row::default(),
            num_saying: 0,
            location: [0.0; 4],
            num_locations: 0,
        }
    }
}

impl Table {
    pub(super) fn take_char(&mut self, char: char) {
        if let Some((hash, _)) = &mut self.cell {
            *hash = chained(*hash, u64::from(char));
            self.row.num_letters += usize::from(char.is_alphabetic());
        }
    }

    pub(super) fn take(&mut self, event: &Event<'_>, tag: u64) -> Option<usize> {
        let start = event.source.start;
        match event.kind {
            EventKind::Cell(token) => {
                let found = self.end_cell();
                self.row.start.get_or_insert(start);
                self.row.num_filled += usize::from(is_filled(token));
                self.cell = Some((tag, start));
                found
            }
            EventKind::RowEnd => {
                let in_cells = self.end_cell();
                self.cells.clear();
                in_cells.or(self.end_row(start))
            }
            EventKind::Location { fraction, .. } => {
                if let Some(edge) = self.location.get_mut(self.num_locations) {
                    *edge = fraction;
                    self.num_locations += 1;
                }
                None
            }
            EventKind::Open(Element::Table | Element::Chart | Element::DocumentIndex) => {
                *self = Self::default();
                None
            }
            EventKind::Open(_)
            | EventKind::Close(_)
            | EventKind::Text(_)
            | EventKind::Class { .. }
            | EventKind::Ignored(_)
            | EventKind::Language(_)
            | EventKind::Link(_)
            | EventKind::PageBreak
            | EventKind::Stop
            | EventKind::ForeignDialect => None,
        }
    }

    fn end_cell(&mut self) -> Option<usize> {
        let (hash, start) = self.cell.take()?;
        self.row.hash = chained(self.row.hash, hash);
        let most = honest(COLUMNS_OF_PAGE, self.extent(0, 2));
        self.cells.push(hash, start, |period| (NUM_COPIES * period).max(most))
    }

    fn end_row(&mut self, row_end: usize) -> Option<usize> {
        let row = std::mem::take(&mut self.row);
        let says = row.num_letters >= SAYING_LETTERS && row.num_filled >= SAYING_CELLS;
        self.num_saying = if says { self.num_saying + 1 } else { 0 };
        let (num_saying, most) = (self.num_saying, honest(ROWS_OF_PAGE, self.extent(1, 3)));
        self.rows.push(row.hash, row.start.unwrap_or(row_end), |period| {
            let least = if num_saying >= period { NUM_SAYING_ROWS } else { most };
            (NUM_COPIES * period).max(least)
        })
    }

    /// The table's share of the page between two edges; all of it where the box is not known.
    fn extent(&self, from: usize, to: usize) -> f64 {
        let edges = self.location.get(from).zip(self.location.get(to));
        let extent = edges.map_or(1.0, |(from, to)| (to - from).abs());
        if self.num_locations == self.location.len() { extent } else { 1.0 }
    }
}

/// Cells or rows in a row that a table of this extent may have.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 125")]
fn honest(most_of_page: f64, extent: f64) -> usize {
    ((most_of_page * extent.clamp(0.0, 1.0)) as usize).max(ALWAYS_HONEST)
}

fn is_filled(token: CellToken) -> bool {
    match token {
        CellToken::Fcel | CellToken::Ched | CellToken::Rhed | CellToken::Srow => true,
        CellToken::Ecel | CellToken::Lcel | CellToken::Ucel | CellToken::Xcel => false,
    }
}
