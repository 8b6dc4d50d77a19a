//! Which cells of a table are selected, and how keys and the pointer move that.

use egui::{Key, Modifiers, Ui};

use crate::markup::{CellRange, NodeId, TableGrid};

/// A rectangle of cells: from the one that was chosen first to the one that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellSelection {
    pub(super) table: NodeId,
    /// `(row, col)` of the slot where it began.
    anchor: (usize, usize),
    /// `(row, col)` of the slot that keys and the pointer move.
    focus: (usize, usize),
}

impl CellSelection {
    /// One cell.
    pub(super) fn at(table: NodeId, slot: (usize, usize)) -> Self {
        Self { table, anchor: slot, focus: slot }
    }

    /// From the same anchor to another slot.
    pub(super) fn to(self, slot: (usize, usize)) -> Self {
        Self { focus: slot, ..self }
    }

    /// All slots that are selected; it cuts no cell.
    pub(super) fn range(self, grid: &TableGrid) -> CellRange {
        grid.hull(self.anchor, self.focus)
    }

    /// The slot that keys and the pointer move.
    pub(super) fn focus(self) -> (usize, usize) {
        self.focus
    }

    /// More than one cell is selected.
    pub(super) fn is_range(self, grid: &TableGrid) -> bool {
        self.range(grid) != grid.hull(self.anchor, self.anchor)
    }

    /// After the keys of this frame, which are consumed: arrows move, with Shift they extend,
    /// Ctrl+A takes the whole table.
    pub(super) fn after_keys(mut self, ui: &Ui, grid: &TableGrid) -> Self {
        let steps = [
            (Key::ArrowUp, (-1, 0)),
            (Key::ArrowDown, (1, 0)),
            (Key::ArrowLeft, (0, -1)),
            (Key::ArrowRight, (0, 1)),
        ];
        ui.input_mut(|input| {
            for (key, step) in steps {
                for _ in 0..input.count_and_consume_key(Modifiers::SHIFT, key) {
                    self.focus = stepped(grid, self.focus, step);
                }
                for _ in 0..input.count_and_consume_key(Modifiers::NONE, key) {
                    self.focus = stepped(grid, self.focus, step);
                    self.anchor = self.focus;
                }
            }
            if input.consume_key(Modifiers::COMMAND, Key::A) {
                self.anchor = (0, 0);
                self.focus = (grid.num_rows.saturating_sub(1), grid.num_cols.saturating_sub(1));
            }
        });
        self
    }
}

/// The slot beside the cell that covers this one; the same when there is none.
fn stepped(grid: &TableGrid, (row, col): (usize, usize), step: (isize, isize)) -> (usize, usize) {
    let cell = grid.hull((row, col), (row, col));
    let beside = |first: usize, count: usize, at: usize, step: isize| match step {
        0 => Some(at),
        1 => Some(first + count),
        _ => first.checked_sub(1),
    };
    let row_to = beside(cell.row, cell.num_rows, row, step.0).filter(|row| *row < grid.num_rows);
    let col_to = beside(cell.col, cell.num_cols, col, step.1).filter(|col| *col < grid.num_cols);
    row_to.zip(col_to).unwrap_or((row, col))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{NodeKind, parse};

    fn check(from: (usize, usize), step: (isize, isize), expected: (usize, usize)) {
        let markup = "<otsl><ched>a<lcel><ched>b<nl><fcel>1<fcel>2<fcel>3<nl><ucel><fcel>4<fcel>5<nl></otsl>";
        let tree = parse(markup);
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        assert_eq!(stepped(grid, from, step), expected, "{from:?} by {step:?}");
    }

    #[test]
    fn arrows_go_over_a_span_in_one_step_and_stop_at_the_edge() {
        check((0, 0), (0, 1), (0, 2));
        check((0, 1), (1, 0), (1, 1));
        check((1, 0), (1, 0), (1, 0));
        check((2, 1), (0, -1), (2, 0));
        check((2, 2), (0, 1), (2, 2));
        check((0, 2), (-1, 0), (0, 2));
    }
}
