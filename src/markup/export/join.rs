//! What runs over a page break, put together again: paragraphs, lists and tables.
//!
//! In: a tree. Out: a tree with the same node ids in which the second part has become part of the
//! first and stands on no page of its own. Only text that must go on is joined; when in doubt,
//! nothing is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::markup::export::ExportOptions;
use crate::markup::table::{CellHeader, TableGrid};
use crate::markup::tree::{DocTree, Layer, Node, NodeId, NodeKind};

/// A tree ready to be written.
pub(super) struct ForExport<'t> {
    pub(super) tree: Cow<'t, DocTree>,
    /// For a node that goes on over pages: the nodes that it has taken up, in order.
    pub(super) parts: BTreeMap<NodeId, Vec<NodeId>>,
}

/// The tree as it should be written: joined if the options say so.
pub(super) fn for_export<'t>(tree: &'t DocTree, options: &ExportOptions) -> ForExport<'t> {
    if options.join_pages {
        joined(tree)
    } else {
        ForExport { tree: Cow::Borrowed(tree), parts: BTreeMap::new() }
    }
}

fn joined(tree: &DocTree) -> ForExport<'_> {
    let mut joined = tree.clone();
    let mut parts: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    let mut last: Option<NodeId> = None;
    for page_idx in 0..joined.pages.len() {
        let body = body_of(&joined, page_idx);
        if let (Some(before), Some(after)) = (last, body.first().copied())
            && join(&mut joined, before, after)
        {
            parts.entry(before).or_default().push(after);
            if let Some(page) = joined.pages.get_mut(page_idx) {
                page.children.retain(|child| *child != after);
            }
            if body.len() == 1 {
                continue;
            }
        }
        // An empty page in between parts what stands around it.
        last = body.last().copied();
    }
    ForExport { tree: Cow::Owned(joined), parts }
}

/// What flows from page to page: neither furniture nor footnotes.
fn body_of(tree: &DocTree, page_idx: usize) -> Vec<NodeId> {
    let children = tree.pages.get(page_idx).map_or(&[][..], |page| &page.children);
    let flows = |id: &NodeId| {
        let node = tree.node(*id);
        node.layer == Layer::Body && node.kind != NodeKind::Footnote
    };
    children.iter().copied().filter(flows).collect()
}

fn node_mut(tree: &mut DocTree, id: NodeId) -> Option<&mut Node> {
    tree.nodes.get_mut(id.index()).map(Arc::make_mut)
}

fn join(tree: &mut DocTree, before: NodeId, after: NodeId) -> bool {
    let (first, second) = (tree.node(before), tree.node(after));
    match (&first.kind, &second.kind) {
        (NodeKind::Text(first_kind), NodeKind::Text(second_kind)) if first_kind == second_kind => {
            let Some(text) = joined_text(&first.text, &second.text) else { return false };
            if let Some(node) = node_mut(tree, before) {
                node.text = text;
            }
            true
        }
        (NodeKind::List { is_ordered: first_kind }, NodeKind::List { is_ordered: second_kind })
            if first_kind == second_kind =>
        {
            let items = second.children.clone();
            for item in &items {
                if let Some(item) = node_mut(tree, *item) {
                    item.parent = Some(before);
                }
            }
            if let Some(list) = node_mut(tree, before) {
                list.children.extend(items);
            }
            true
        }
        (NodeKind::Table { grid: top, .. }, NodeKind::Table { grid: bottom, .. })
            if second.children.is_empty() =>
        {
            let Some(grid) = joined_grid(top, bottom) else { return false };
            if let Some(Node { kind: NodeKind::Table { grid: slot, .. }, .. }) = node_mut(tree, before) {
                *slot = grid;
            }
            true
        }
        _ => false,
    }
}

/// One paragraph of two, if the second goes on in the middle of a sentence.
fn joined_text(before: &str, after: &str) -> Option<String> {
    let last = before.chars().next_back()?;
    let first = after.chars().next()?;
    let is_hyphen = matches!(last, '-' | '\u{ad}' | '\u{2010}');
    if is_hyphen && first.is_lowercase() {
        let stem = before.trim_end_matches(['-', '\u{ad}', '\u{2010}']);
        if stem.chars().next_back().is_some_and(char::is_alphabetic) {
            return Some(format!("{stem}{after}"));
        }
    }
    let ends_sentence = matches!(last, '.' | '!' | '?' | ':' | ';' | '。' | '！' | '？' | '…');
    (!ends_sentence && first.is_lowercase()).then(|| format!("{before} {after}"))
}

/// One table of two with the same columns. A header that is repeated on the new page goes.
fn joined_grid(top: &TableGrid, bottom: &TableGrid) -> Option<TableGrid> {
    if top.num_cols != bottom.num_cols || top.num_rows == 0 || bottom.num_rows == 0 {
        return None;
    }
    let num_headers = |grid: &TableGrid| {
        let headers = grid.cells.iter().filter(|cell| cell.header == CellHeader::Column);
        headers.map(|cell| cell.row + cell.row_span).max().unwrap_or(0)
    };
    let bottom_headers = num_headers(bottom);
    let is_repeated = bottom_headers == num_headers(top)
        && header_texts(top, bottom_headers).eq(header_texts(bottom, bottom_headers));
    if bottom_headers > 0 && !is_repeated {
        return None;
    }
    let mut grid = top.clone();
    for cell in bottom.cells.iter().filter(|cell| cell.row >= bottom_headers) {
        let mut cell = cell.clone();
        cell.row = cell.row - bottom_headers + top.num_rows;
        grid.cells.push(cell);
    }
    grid.num_rows += bottom.num_rows.saturating_sub(bottom_headers);
    Some(grid)
}

fn header_texts(grid: &TableGrid, num_rows: usize) -> impl Iterator<Item = (usize, usize, &str)> {
    grid.cells
        .iter()
        .filter(move |cell| cell.row < num_rows)
        .map(|cell| (cell.row, cell.col, cell.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{export, parse};

    fn check(input: &str, expected: &str) {
        let options = ExportOptions { join_pages: true, ..ExportOptions::default() };
        assert_eq!(export::markdown(&parse(input), &options), expected);
    }

    #[test]
    fn a_sentence_goes_on_behind_the_break() {
        check(
            "<text>A sentence that goes on</text><page_footer>3</page_footer><page_break><text>here.</text>",
            "A sentence that goes on here.\n",
        );
        check("<text>hyphen-</text><page_break><text>ated</text>", "hyphenated\n");
        check("<text>Done.</text><page_break><text>next</text>", "Done.\n\nnext\n");
        check(
            "<text>one</text><page_break><text>two</text><page_break><text>three</text>",
            "one two three\n",
        );
    }

    #[test]
    fn lists_and_tables_go_on() {
        check(
            "<ordered_list><list_item>a</list_item></ordered_list><page_break><ordered_list><list_item>b</list_item></ordered_list>",
            "1. a\n2. b\n",
        );
        check(
            "<otsl><ched>H<nl><fcel>1<nl></otsl><page_break><otsl><ched>H<nl><fcel>2<nl></otsl>",
            "|   H |\n|-----|\n|   1 |\n|   2 |\n",
        );
    }
}
