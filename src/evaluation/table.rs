//! TEDS: tables against tables by the edit distance of their trees.
//!
//! Source: Zhong et al., "Image-based table recognition" (arXiv 1911.10683), whose scorer counts 1 for an
//! inserted or deleted node and for a changed kind or span, and for a cell the normalised edit distance of
//! what it says. The tree is that of docling's HTML: a table, one body, rows, cells; header cells are plain
//! cells here, as `<td>` and `<th>` are a matter of taste between models. The distance is found by the
//! algorithm of Zhang and Shasha (1989), exactly.

use crate::evaluation::edit_distance::normalised;
use crate::markup::{Cell, TableGrid};

/// Most pairs of nodes that are compared: two tables of about 3,000 cells, which take some seconds and
/// 75 MB. Beyond, no score is given rather than a wrong one.
const MAX_PAIRS: usize = 9_000_000;

/// How near one table is to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableScore {
    /// Rows, cells, spans and what the cells say; 1 is equal.
    pub teds: f64,
    /// The same without what they say.
    pub structure: f64,
    /// Same rows, columns, spans and header flags.
    pub is_structure_exact: bool,
}

impl TableScore {
    /// A table that was not found.
    pub const MISSED: Self = Self { teds: 0.0, structure: 0.0, is_structure_exact: false };

    /// Scores a table; `None` when the two are too large to compare.
    pub fn of(predicted: &TableGrid, truth: &TableGrid) -> Option<Self> {
        let (seen, real) = (Tree::of(predicted), Tree::of(truth));
        if seen.nodes.len() * real.nodes.len() > MAX_PAIRS {
            return None;
        }
        let is_structure_exact = has_same_structure(predicted, truth);
        let teds = similarity(&seen, &real, true);
        // Without contents an exact structure without header flags is 1; no need to compute it again.
        let structure = if is_structure_exact { 1.0 } else { similarity(&seen, &real, false) };
        Some(Self { teds, structure, is_structure_exact })
    }
}

fn has_same_structure(a: &TableGrid, b: &TableGrid) -> bool {
    let shape = |cell: &Cell| (cell.row, cell.col, cell.row_span, cell.col_span, cell.header);
    (a.num_rows, a.num_cols) == (b.num_rows, b.num_cols)
        && a.cells.iter().map(shape).eq(b.cells.iter().map(shape))
}

/// A table's nodes in postorder, as the algorithm wants them.
struct Tree<'t> {
    nodes: Vec<TreeNode<'t>>,
}

struct TreeNode<'t> {
    kind: Kind<'t>,
    /// Place of its leftmost leaf; itself for a leaf.
    first_leaf: usize,
}

#[derive(Clone, Copy)]
enum Kind<'t> {
    Table,
    Body,
    Row,
    Cell(&'t Cell),
}

impl<'t> Tree<'t> {
    fn of(grid: &'t TableGrid) -> Self {
        let mut nodes = Vec::with_capacity(grid.cells.len() + grid.num_rows + 2);
        let mut cells = grid.cells.iter().peekable();
        for row in 0..grid.num_rows {
            let first_leaf = nodes.len();
            while let Some(cell) = cells.next_if(|cell| cell.row <= row) {
                nodes.push(TreeNode { kind: Kind::Cell(cell), first_leaf: nodes.len() });
            }
            nodes.push(TreeNode { kind: Kind::Row, first_leaf });
        }
        nodes.push(TreeNode { kind: Kind::Body, first_leaf: 0 });
        nodes.push(TreeNode { kind: Kind::Table, first_leaf: 0 });
        Self { nodes }
    }

    /// For each leftmost leaf the highest node above it, in order.
    fn keyroots(&self) -> Vec<usize> {
        let mut is_seen = vec![false; self.nodes.len()];
        let mut roots: Vec<usize> = (0..self.nodes.len())
            .rev()
            .filter(|at| !std::mem::replace(&mut is_seen[self.nodes[*at].first_leaf], true))
            .collect();
        roots.reverse();
        roots
    }
}

/// 1 minus the distance, divided by the nodes below the larger table's root as the reference does.
fn similarity(seen: &Tree<'_>, real: &Tree<'_>, with_text: bool) -> f64 {
    let most = seen.nodes.len().max(real.nodes.len()) - 1;
    1.0 - tree_distance(seen, real, with_text) / most as f64
}

fn tree_distance(a: &Tree<'_>, b: &Tree<'_>, with_text: bool) -> f64 {
    let (rows, cols) = (a.nodes.len(), b.nodes.len());
    let mut of_trees = vec![0.0; rows * cols];
    let mut of_forests = vec![0.0; (rows + 1) * (cols + 1)];
    let b_roots = b.keyroots();
    for a_root in a.keyroots() {
        for &b_root in &b_roots {
            let (a_first, b_first) = (a.nodes[a_root].first_leaf, b.nodes[b_root].first_leaf);
            let width = b_root - b_first + 2;
            for (col, cost) in of_forests[..width].iter_mut().enumerate() {
                *cost = col as f64;
            }
            for row in 1..=a_root - a_first + 1 {
                let a_at = a_first + row - 1;
                let a_node = &a.nodes[a_at];
                of_forests[row * width] = row as f64;
                for col in 1..width {
                    let b_at = b_first + col - 1;
                    let b_node = &b.nodes[b_at];
                    let gone = of_forests[(row - 1) * width + col] + 1.0;
                    let new = of_forests[row * width + col - 1] + 1.0;
                    let are_trees = a_node.first_leaf == a_first && b_node.first_leaf == b_first;
                    let kept = if are_trees {
                        of_forests[(row - 1) * width + col - 1] + rename(a_node.kind, b_node.kind, with_text)
                    } else {
                        let before = (a_node.first_leaf - a_first) * width + (b_node.first_leaf - b_first);
                        of_forests[before] + of_trees[a_at * cols + b_at]
                    };
                    let least = gone.min(new).min(kept);
                    of_forests[row * width + col] = least;
                    if are_trees {
                        of_trees[a_at * cols + b_at] = least;
                    }
                }
            }
        }
    }
    of_trees[rows * cols - 1]
}

fn rename(a: Kind<'_>, b: Kind<'_>, with_text: bool) -> f64 {
    match (a, b) {
        (Kind::Table, Kind::Table) | (Kind::Body, Kind::Body) | (Kind::Row, Kind::Row) => 0.0,
        (Kind::Cell(a), Kind::Cell(b)) if (a.row_span, a.col_span) == (b.row_span, b.col_span) => {
            if with_text && a.text != b.text { normalised(&a.text, &b.text) } else { 0.0 }
        }
        (Kind::Table | Kind::Body | Kind::Row | Kind::Cell(_), _) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{NodeKind, parse};

    fn grid(otsl: &str) -> TableGrid {
        let tree = parse(&format!("<otsl>{otsl}</otsl>"));
        let found = tree.nodes().find_map(|(_, node)| match &node.kind {
            NodeKind::Table { grid, .. } => Some(grid.clone()),
            _ => None,
        });
        found.unwrap()
    }

    fn check(predicted: &str, truth: &str, teds: f64, structure: f64, is_structure_exact: bool) {
        let score = TableScore::of(&grid(predicted), &grid(truth)).unwrap();
        assert!((score.teds - teds).abs() < 1e-12, "{score:?}");
        assert!((score.structure - structure).abs() < 1e-12, "{score:?}");
        assert_eq!(score.is_structure_exact, is_structure_exact);
    }

    #[test]
    fn a_table_is_itself() {
        check("<fcel>a<fcel>b<nl>", "<fcel>a<fcel>b<nl>", 1.0, 1.0, true);
    }

    #[test]
    fn half_a_cell_misread_costs_half_a_node() {
        check("<fcel>ab<nl>", "<fcel>ac<nl>", 1.0 - 0.5 / 3.0, 1.0, true);
    }

    #[test]
    fn a_header_read_as_data_is_not_exact() {
        check("<fcel>a<nl>", "<ched>a<nl>", 1.0, 1.0, false);
    }

    #[test]
    fn a_flattened_span_costs_the_changed_and_the_added_cell() {
        check("<fcel>a<ecel><nl>", "<fcel>a<lcel><nl>", 0.5, 0.5, false);
    }

    #[test]
    fn tables_too_large_have_no_score() {
        let large = grid(&"<ecel><ecel><ecel><nl>".repeat(1_000));
        assert_eq!(TableScore::of(&large, &large), None);
    }
}
