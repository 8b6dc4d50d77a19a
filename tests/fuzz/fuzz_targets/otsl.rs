//! Any sequence of cells, row ends and texts: the grid is sound, and read again it is the same
//! unless spans cross.

#![no_main]

use doclens::markup::export;
use doclens::markup::tree::NodeKind;
use doclens::markup::{DocTree, TableGrid, parse};
use libfuzzer_sys::fuzz_target;

const PIECES: &[&str] = &[
    "<fcel>", "<ecel>", "<lcel>", "<ucel>", "<xcel>", "<ched>", "<rhed>", "<srow>", "<nl>", "a", " b ", "<loc_5>",
    "<caption>", "</caption>", "<text>", "<otsl>", "</otsl>", "<fcel/>", "<", "|", "\"", ",",
];

fn grids(tree: &DocTree) -> Vec<&TableGrid> {
    let grid = |kind| match kind {
        &NodeKind::Table { ref grid, .. } => Some(grid),
        _ => None,
    };
    tree.nodes().filter_map(|(_, node)| grid(&node.kind)).collect()
}

fuzz_target!(|data: &[u8]| {
    let pieces = data.iter().filter_map(|byte| PIECES.get(usize::from(*byte) % PIECES.len()));
    let markup: String = std::iter::once(&"<otsl>").chain(pieces).copied().collect();
    let tree = parse(&markup);
    let again = parse(&export::doctags(&tree));
    assert_eq!(grids(&tree).len(), grids(&again).len());
    for (grid, again) in grids(&tree).into_iter().zip(grids(&again)) {
        let mut slots = 0;
        for row in grid.slots() {
            assert_eq!(row.len(), grid.num_cols);
            slots += row.iter().flatten().count();
        }
        assert_eq!(slots, grid.num_rows * grid.num_cols);
        assert_eq!((grid.num_rows, grid.num_cols), (again.num_rows, again.num_cols));
        let texts = |grid: &TableGrid| -> Vec<_> {
            grid.cells
                .iter()
                .map(|cell| (cell.row, cell.col, cell.row_span, cell.col_span, cell.text.clone(), cell.header))
                .collect()
        };
        // Where spans cross and rows are short, no sequence of tokens says the same.
        let covered: usize = grid.cells.iter().map(|cell| cell.row_span * cell.col_span).sum();
        if covered == slots {
            assert_eq!(texts(grid), texts(again));
        }
        export::csv::csv_of_table(grid);
        export::csv::tsv_of_table(grid);
        export::html::html_of_table(grid);
        export::latex::latex_of_table(grid);
        export::markdown::markdown_of_table(grid);
        export::json::json_of_table(grid);
    }
});
