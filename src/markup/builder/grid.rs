//! Cell tokens, one at a time, into a [`TableGrid`] that is right after each of them.
//!
//! The span rules are those of docling-core 2.104.0: a cell grows to the right over `Lcel` and
//! `Xcel`, and downwards over `Ucel` and `Xcel`, as far as the run goes. Where the reference
//! fails (ragged rows, empty rows, text behind a continuation) the table is repaired instead.

use std::ops::Range;

use crate::markup::event::CellToken;
use crate::markup::table::{Cell, CellHeader, TableGrid};

/// As many slots as a reader of the JSON form accepts.
const MAX_SLOTS: usize = 1_000_000;

/// What must be remembered of the tokens before.
#[derive(Clone, Debug, Default)]
pub(super) struct GridState {
    /// Row of the next token.
    row: usize,
    /// Column of the next token.
    col: usize,
    /// The cell that an `Lcel` would widen.
    left: Option<usize>,
    /// By column: the cell that a `Ucel` would lengthen, and the row after which it would.
    above: Vec<Option<(usize, usize)>>,
    open: Slot,
    pending: String,
    has_tokens: bool,
}

/// Where text goes.
#[derive(Clone, Debug, Default)]
enum Slot {
    /// Before the first cell of a row.
    #[default]
    None,
    /// A cell.
    Cell(usize),
    /// A slot that continues other cells, with what its token did to them.
    Continuation { widened: Option<usize>, lengthened: Option<usize>, source: Range<usize> },
    /// A slot beyond the limit.
    Beyond,
}

impl GridState {
    /// No cell token has been read.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_tokens
    }

    /// Text would go into a cell.
    pub(super) fn has_open_cell(&self) -> bool {
        !matches!(self.open, Slot::None)
    }

    /// The next cell. False if there is no room for it.
    pub(super) fn push(&mut self, grid: &mut TableGrid, token: CellToken, source: Range<usize>) -> bool {
        self.has_tokens = true;
        self.pending.clear();
        let num_rows = self.row + 1;
        let num_cols = grid.num_cols.max(self.col + 1);
        if num_rows.saturating_mul(num_cols) > MAX_SLOTS {
            self.open = Slot::Beyond;
            return false;
        }
        grid.num_rows = num_rows;
        grid.num_cols = num_cols;
        if self.above.len() <= self.col {
            self.above.resize(self.col + 1, None);
        }
        self.open = match token {
            CellToken::Fcel | CellToken::Ecel => Slot::Cell(self.start_cell(grid, CellHeader::None, source)),
            CellToken::Ched => Slot::Cell(self.start_cell(grid, CellHeader::Column, source)),
            CellToken::Rhed => Slot::Cell(self.start_cell(grid, CellHeader::Row, source)),
            CellToken::Srow => Slot::Cell(self.start_cell(grid, CellHeader::Section, source)),
            CellToken::Lcel => self.continue_cells(grid, true, false, source),
            CellToken::Ucel => self.continue_cells(grid, false, true, source),
            CellToken::Xcel => self.continue_cells(grid, true, true, source),
        };
        self.col += 1;
        true
    }

    /// The row is over. An empty one is skipped.
    pub(super) fn end_row(&mut self) {
        if self.col > 0 {
            self.row += 1;
            self.col = 0;
        }
        self.left = None;
        self.open = Slot::None;
        self.pending.clear();
    }

    /// Text behind the last token, ending at `source_end`. False if it belongs to no cell.
    pub(super) fn text(&mut self, grid: &mut TableGrid, text: &str, source_end: usize) -> bool {
        let (body, trailing) = split_trailing_space(text);
        if body.is_empty() {
            self.pending.push_str(trailing);
            return true;
        }
        let index = match std::mem::take(&mut self.open) {
            Slot::Cell(index) => index,
            Slot::Continuation { widened, lengthened, source } => {
                self.instead_of_continuing(grid, widened, lengthened, source)
            }
            Slot::None => return false,
            Slot::Beyond => {
                self.open = Slot::Beyond;
                return false;
            }
        };
        self.open = Slot::Cell(index);
        if let Some(cell) = grid.cells.get_mut(index) {
            if cell.text.is_empty() {
                cell.text.push_str(body.trim_start_matches(is_space));
            } else {
                cell.text.push_str(&self.pending);
                cell.text.push_str(body);
            }
            cell.source.end = source_end.saturating_sub(trailing.len());
        }
        self.pending.clear();
        self.pending.push_str(trailing);
        true
    }

    fn start_cell(&mut self, grid: &mut TableGrid, header: CellHeader, source: Range<usize>) -> usize {
        self.start_cell_at(grid, self.col, header, source)
    }

    fn start_cell_at(
        &mut self,
        grid: &mut TableGrid,
        col: usize,
        header: CellHeader,
        source: Range<usize>,
    ) -> usize {
        let index = grid.cells.len();
        grid.cells.push(Cell {
            row: self.row,
            col,
            row_span: 1,
            col_span: 1,
            text: String::new(),
            header,
            source,
            bbox: None,
            children: Vec::new(),
        });
        self.left = Some(index);
        if let Some(above) = self.above.get_mut(col) {
            *above = Some((index, self.row));
        }
        index
    }

    fn continue_cells(
        &mut self,
        grid: &mut TableGrid,
        goes_right: bool,
        goes_down: bool,
        source: Range<usize>,
    ) -> Slot {
        let widened = self.left.filter(|_| goes_right);
        if let Some(cell) = widened.and_then(|index| grid.cells.get_mut(index)) {
            cell.col_span += 1;
        }
        self.left = widened;
        let mut lengthened = None;
        if let Some(above) = self.above.get_mut(self.col) {
            let run = above.filter(|(_, last_row)| goes_down && last_row + 1 == self.row);
            *above = run.map(|(index, _)| (index, self.row));
            lengthened = run.map(|(index, _)| index);
        }
        if let Some(cell) = lengthened.and_then(|index| grid.cells.get_mut(index)) {
            cell.row_span += 1;
        }
        Slot::Continuation { widened, lengthened, source }
    }

    /// Text stands where a span was to go on: the span ends before it and a cell starts.
    fn instead_of_continuing(
        &mut self,
        grid: &mut TableGrid,
        widened: Option<usize>,
        lengthened: Option<usize>,
        source: Range<usize>,
    ) -> usize {
        if let Some(cell) = widened.and_then(|index| grid.cells.get_mut(index)) {
            cell.col_span -= 1;
        }
        if let Some(cell) = lengthened.and_then(|index| grid.cells.get_mut(index)) {
            cell.row_span -= 1;
        }
        self.start_cell_at(grid, self.col.saturating_sub(1), CellHeader::None, source)
    }
}

/// What Python's `str.strip` takes away: Unicode whitespace and the four separators.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// The text up to its last visible character, and the whitespace behind it.
pub(super) fn split_trailing_space(text: &str) -> (&str, &str) {
    let body = text.trim_end_matches(is_space);
    text.split_at(body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a token; text in between. `/` ends a row.
    fn check(input: &str, expected: &[(usize, usize, usize, usize, &str)]) {
        let (mut state, mut grid) = (GridState::default(), TableGrid::default());
        for (at, character) in input.char_indices() {
            let token = match character {
                'F' => CellToken::Fcel,
                'E' => CellToken::Ecel,
                'L' => CellToken::Lcel,
                'U' => CellToken::Ucel,
                'X' => CellToken::Xcel,
                '/' => {
                    state.end_row();
                    continue;
                }
                text => {
                    state.text(&mut grid, &text.to_string(), at + 1);
                    continue;
                }
            };
            assert!(state.push(&mut grid, token, at..at + 1));
        }
        let cells: Vec<_> = grid
            .cells
            .iter()
            .map(|cell| (cell.row, cell.col, cell.row_span, cell.col_span, cell.text.as_str()))
            .collect();
        assert_eq!(cells, expected, "{input}");
    }

    #[test]
    fn spans_grow_to_the_right_and_down() {
        check(
            "FaLFb/FcFdFe/",
            &[(0, 0, 1, 2, "a"), (0, 2, 1, 1, "b"), (1, 0, 1, 1, "c"), (1, 1, 1, 1, "d"), (1, 2, 1, 1, "e")],
        );
        check("FaL/UX/", &[(0, 0, 2, 2, "a")]);
        check("FaX/XX/", &[(0, 0, 2, 2, "a")]);
        check("FaFb/UFc/UFd/", &[(0, 0, 3, 1, "a"), (0, 1, 1, 1, "b"), (1, 1, 1, 1, "c"), (2, 1, 1, 1, "d")]);
    }

    #[test]
    fn unattached_continuations_are_empty() {
        check("LFa/", &[(0, 1, 1, 1, "a")]);
        check("UX/Fa/", &[(1, 0, 1, 1, "a")]);
        check("FaFb/Fc/FdU/", &[(0, 0, 1, 1, "a"), (0, 1, 1, 1, "b"), (1, 0, 1, 1, "c"), (2, 0, 1, 1, "d")]);
    }

    #[test]
    fn text_behind_a_continuation_is_a_cell() {
        check("FaLx/", &[(0, 0, 1, 1, "a"), (0, 1, 1, 1, "x")]);
        check("Fa/U./U/", &[(0, 0, 1, 1, "a"), (1, 0, 2, 1, ".")]);
    }

    #[test]
    fn empty_rows_are_skipped_and_text_outside_cells_is_left_out() {
        check("/Fa//x Fb/", &[(0, 0, 1, 1, "a"), (1, 0, 1, 1, "b")]);
    }

    #[test]
    fn a_flood_of_cells_stops_at_the_limit() {
        let (mut state, mut grid) = (GridState::default(), TableGrid::default());
        for at in 0..MAX_SLOTS {
            assert!(state.push(&mut grid, CellToken::Lcel, at..at + 1));
        }
        assert!(!state.push(&mut grid, CellToken::Lcel, 0..1));
        assert_eq!((grid.num_rows, grid.num_cols), (1, MAX_SLOTS));
        state.end_row();
        assert!(!state.push(&mut grid, CellToken::Fcel, 0..1));
        assert_eq!(grid.num_rows, 1);
    }
}
