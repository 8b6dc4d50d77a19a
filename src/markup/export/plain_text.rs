//! Words without markup: a block a line group, tables with tabs, lists with their markers.

use crate::markup::export::csv::tsv_of_table;
use crate::markup::export::{ExportOptions, captions_of, join};
use crate::markup::tree::{DocTree, Node, NodeId, NodeKind, Picture};

/// The document as plain text, blocks parted by an empty line, ending with a newline.
pub fn plain_text(tree: &DocTree, options: &ExportOptions) -> String {
    let joined = join::for_export(tree, options);
    let roots = joined.tree.pages().iter().flat_map(|page| &page.children).copied();
    let written = roots.filter(|id| options.writes(joined.tree.node(*id)));
    finished(written.map(|id| block(&joined.tree, id, 0)))
}

/// One element with everything inside it.
pub fn plain_text_of_node(tree: &DocTree, id: NodeId) -> String {
    finished(std::iter::once(block(tree, id, 0)))
}

fn finished(blocks: impl Iterator<Item = String>) -> String {
    let mut text = blocks.filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn block(tree: &DocTree, id: NodeId, depth: usize) -> String {
    let node = tree.node(id);
    match &node.kind {
        NodeKind::Checkbox { is_selected } => {
            format!("[{}] {}", if *is_selected { 'x' } else { ' ' }, node.text)
        }
        NodeKind::List { is_ordered } => list(tree, node, *is_ordered, depth),
        NodeKind::Table { grid, .. } => {
            lines([captions(tree, node), tsv_of_table(grid).trim_end().to_owned()])
        }
        NodeKind::Picture(picture) => lines([captions(tree, node), picture_text(picture)]),
        NodeKind::InlineGroup => {
            let parts = node.children.iter().map(|child| block(tree, *child, depth));
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        NodeKind::KeyValueRegion(region) => {
            let line = |(position, cell): (usize, &crate::markup::tree::KeyValueCell)| {
                let values = region.links.iter().filter(|(key, _)| *key == position);
                let texts: Vec<&str> = values
                    .filter_map(|(_, value)| region.cells.get(*value))
                    .map(|cell| cell.text.as_str())
                    .collect();
                (!texts.is_empty()).then(|| format!("{}: {}", cell.text, texts.join(", ")))
            };
            region.cells.iter().enumerate().filter_map(line).collect::<Vec<_>>().join("\n")
        }
        NodeKind::Code { .. } => lines([node.text.clone(), captions(tree, node)]),
        NodeKind::ListItem { .. } => item(tree, node, "", depth),
        NodeKind::Heading { .. }
        | NodeKind::Text(_)
        | NodeKind::Caption
        | NodeKind::Footnote
        | NodeKind::PageHeader
        | NodeKind::PageFooter
        | NodeKind::Formula => node.text.clone(),
    }
}

fn list(tree: &DocTree, list: &Node, is_ordered: bool, depth: usize) -> String {
    let mut number = 0;
    let parts = list.children.iter().map(|child| {
        let node = tree.node(*child);
        if matches!(node.kind, NodeKind::ListItem { .. }) {
            number += 1;
            let marker = if is_ordered { format!("{number}. ") } else { "• ".to_owned() };
            item(tree, node, &marker, depth)
        } else {
            block(tree, *child, depth + 1)
        }
    });
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn item(tree: &DocTree, node: &Node, marker: &str, depth: usize) -> String {
    let mut text = format!("{}{marker}{}", "  ".repeat(depth), node.text);
    for child in &node.children {
        text.push('\n');
        text.push_str(&block(tree, *child, depth + 1));
    }
    text
}

fn captions(tree: &DocTree, node: &Node) -> String {
    captions_of(tree, node).map(|(_, caption)| caption.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn picture_text(picture: &Picture) -> String {
    let data = picture.chart_data.as_ref().map(tsv_of_table).unwrap_or_default();
    lines([picture.smiles.clone().unwrap_or_default(), data.trim_end().to_owned()])
}

fn lines<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    #[test]
    fn words_only() {
        let markup = "<title>T</title><unordered_list><list_item>a<ordered_list><list_item>b</list_item></ordered_list></list_item></unordered_list><otsl><caption>C</caption><fcel>1<fcel>2<nl></otsl><page_footer>3</page_footer>";
        let text = plain_text(&parse(markup), &ExportOptions::default());
        assert_eq!(text, "T\n\n• a\n  1. b\n\nC\n1\t2\n");
    }
}
