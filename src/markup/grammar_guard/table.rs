//! The rectangle that the tokens of a table make.

use crate::markup::event::CellToken;

/// What a slot is to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// A cell begins here.
    Cell,
    /// The cell to the left goes on.
    Left,
    /// The cell above goes on.
    Up,
    /// A cell of several rows and columns goes on.
    Cross,
}

/// The row being written, and the one before it.
#[derive(Clone, Debug, Default)]
pub(super) struct TableRules {
    above: Vec<Slot>,
    row: Vec<Slot>,
}

impl TableRules {
    /// A row has begun.
    pub(super) fn is_in_row(&self) -> bool {
        !self.row.is_empty()
    }

    /// Text has a cell to go to, which is none that only goes on.
    pub(super) fn has_open_cell(&self) -> bool {
        self.row.last() == Some(&Slot::Cell)
    }

    /// No token has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.row.is_empty() && self.above.is_empty()
    }

    /// Cells that a row lacks which has begun; `None` between rows.
    pub(super) fn num_missing(&self) -> Option<usize> {
        self.is_in_row().then(|| self.above.len().saturating_sub(self.row.len()))
    }

    /// Tokens that end a row which has begun: empty cells, and more of a cell that goes on.
    pub(super) fn missing(&self) -> Vec<CellToken> {
        let mut row = self.clone();
        let num_missing = self.num_missing().unwrap_or_default();
        let next = |_| {
            let token = if row.allows(CellToken::Ecel) { CellToken::Ecel } else { CellToken::Xcel };
            row.push(token);
            token
        };
        (0..num_missing).map(next).collect()
    }

    /// The rules of OTSL: each row is as long as the first, and a slot that goes on with a cell has that cell, or
    /// another such slot, beside it. And one that they leave out: no cell has a corner missing.
    pub(super) fn allows(&self, token: CellToken) -> bool {
        let is_first_row = self.above.is_empty();
        let left = self.row.last().copied();
        let up = self.above.get(self.row.len()).copied();
        if !is_first_row && up.is_none() {
            return false;
        }
        // The cell that goes on to the left is as wide in the row above: it goes on here, too.
        let goes_on =
            matches!(left, Some(Slot::Up | Slot::Cross)) && matches!(up, Some(Slot::Left | Slot::Cross));
        match slot(token) {
            Slot::Cross => goes_on,
            _ if goes_on => false,
            Slot::Cell => true,
            Slot::Left => matches!(left, Some(Slot::Cell | Slot::Left)),
            Slot::Up => matches!(up, Some(Slot::Cell | Slot::Up)),
        }
    }

    /// A row that is as long as the first may end.
    pub(super) fn allows_row_end(&self) -> bool {
        self.num_missing() == Some(0)
    }

    pub(super) fn push(&mut self, token: CellToken) {
        self.row.push(slot(token));
    }

    pub(super) fn end_row(&mut self) {
        if self.is_in_row() {
            self.above = std::mem::take(&mut self.row);
        }
    }
}

fn slot(token: CellToken) -> Slot {
    match token {
        CellToken::Fcel | CellToken::Ecel | CellToken::Ched | CellToken::Rhed | CellToken::Srow => Slot::Cell,
        CellToken::Lcel => Slot::Left,
        CellToken::Ucel => Slot::Up,
        CellToken::Xcel => Slot::Cross,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter a token, `/` for the end of a row; the first that does not fit.
    fn check(tokens: &str, expected: Option<usize>) {
        let mut table = TableRules::default();
        let refused = tokens.chars().position(|letter| {
            let token = match letter {
                '/' => {
                    let fits = table.allows_row_end();
                    table.end_row();
                    return !fits;
                }
                'l' => CellToken::Lcel,
                'u' => CellToken::Ucel,
                'x' => CellToken::Xcel,
                _ => CellToken::Fcel,
            };
            let fits = table.allows(token);
            table.push(token);
            !fits
        });
        assert_eq!(refused, expected, "{tokens}");
    }

    #[test]
    fn tables_are_rectangles() {
        check("cc/cc/", None);
        check("cc/c/", Some(4));
        check("cc/ccc/", Some(5));
        check("/", Some(0));
    }

    #[test]
    fn spans_go_on_from_a_cell() {
        check("cl/cc/", None);
        check("cll/uxx/ccc/", None);
        check("cc/uc/uu/", None);
        check("lc/", Some(0));
        check("uc/", Some(0));
        check("cc/cx/", Some(4));
        check("cl/cu/", Some(4));
        check("cc/ul/", Some(4));
        check("cl/uc/", Some(4));
        check("clc/uxc/", None);
    }
}
