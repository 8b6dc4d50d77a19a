//! Tables as comma-separated values (RFC 4180): every slot of the grid, headers included, the text
//! of a spanning cell in each slot that it covers.

use crate::markup::export::table::{rows_of, text_of};
use crate::markup::export::{ExportOptions, join};
use crate::markup::table::TableGrid;
use crate::markup::tree::{DocTree, NodeKind};

/// All tables of the document in reading order, with one empty line between them. Charts are not
/// tables.
pub fn csv(tree: &DocTree, options: &ExportOptions) -> String {
    tables(tree, options).join("\n")
}

/// One text for each table of the document, in reading order, as for files of their own.
pub fn tables(tree: &DocTree, options: &ExportOptions) -> Vec<String> {
    let joined = join::for_export(tree, options);
    let grids = joined.tree.reading_order().into_iter().filter_map(|id| match &joined.tree.node(id).kind {
        NodeKind::Table { grid, .. } => Some(csv_of_table(grid)),
        _ => None,
    });
    grids.collect()
}

/// One table. Lines end with a line feed.
pub fn csv_of_table(grid: &TableGrid) -> String {
    separated(grid, b',')
}

/// One table with tabs, as spreadsheets paste it; line ends inside cells become spaces.
pub fn tsv_of_table(grid: &TableGrid) -> String {
    let rows = rows_of(grid);
    let line = |row: &Vec<Option<&crate::markup::table::Cell>>| {
        row.iter().map(|slot| text_of(*slot).replace(['\t', '\n', '\r'], " ")).collect::<Vec<_>>().join("\t")
            + "\n"
    };
    rows.iter().map(line).collect()
}

fn separated(grid: &TableGrid, delimiter: u8) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for row in rows_of(grid).iter().filter(|row| !row.is_empty()) {
        // Writing to memory cannot fail, and all rows have the same length.
        if writer.write_record(row.iter().map(|slot| text_of(*slot))).is_err() {
            break;
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    #[test]
    fn spans_are_repeated_and_quotes_doubled() {
        let tree = parse("<otsl><ched>a,b<lcel><nl><fcel>\"c\"<fcel>d\ne<nl></otsl><otsl><ecel><nl></otsl>");
        let expected = "\"a,b\",\"a,b\"\n\"\"\"c\"\"\",\"d\ne\"\n\n\"\"\n";
        assert_eq!(csv(&tree, &ExportOptions::default()), expected);
    }

    #[test]
    fn tabs_separate_for_spreadsheets() {
        let tree = parse("<otsl><fcel>a\tb<fcel>c\nd<nl></otsl>");
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        assert_eq!(tsv_of_table(grid), "a b\tc d\n");
    }
}
