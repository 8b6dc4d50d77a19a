//! What of a page is compared: its characters, its words, its boxes, its tables.

use crate::evaluation::layout::{LayoutBox, LayoutClass};
use crate::geometry::BBox;
use crate::markup::{DocTree, Label, NodeKind, TableGrid};

/// The characters of markup with its tags left out, line ends between elements included: what the
/// character error rate counts, as the evaluation of our training does.
pub fn characters(markup: &str) -> String {
    let mut characters = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        characters.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = tag_len(rest).unwrap_or_else(|| {
            characters.push('<');
            1
        });
        rest = &rest[len..];
    }
    characters.push_str(rest);
    characters
}

/// Length of the tag that the text begins with: `<name>` or `</name>`, of small letters, digits and `_`.
fn tag_len(text: &str) -> Option<usize> {
    let end = text.find('>')?;
    let name = &text[1..end];
    let (name, is_closing) = name.strip_prefix('/').map_or((name, false), |name| (name, true));
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && (is_closing || !name.starts_with(|c: char| c.is_ascii_digit()));
    is_name.then_some(end + 1)
}

/// The words of all elements in reading order, a line each: headings, paragraphs, lists, captions, formulas
/// and furniture. Cells are left out, as in the paper: tables have scores of their own.
pub fn text_outside_tables(tree: &DocTree) -> String {
    let order = tree.reading_order();
    let texts = order.iter().map(|id| tree.node(*id).text.as_str()).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n")
}

/// The boxes of the six classes. Captions, footnotes, furniture, code and forms are of none. All are
/// equally sure, since the paper tells no score.
pub fn boxes(tree: &DocTree) -> Vec<LayoutBox> {
    let order = tree.reading_order();
    let layout_box = |id: &_| {
        let node = tree.node(*id);
        Some(LayoutBox { class: layout_class(&node.kind)?, bbox: node.bbox?, score: 1.0 })
    };
    order.iter().filter_map(layout_box).collect()
}

fn layout_class(kind: &NodeKind) -> Option<LayoutClass> {
    match kind {
        NodeKind::Heading { .. } => Some(LayoutClass::SectionHeading),
        NodeKind::Text(_) => Some(LayoutClass::Text),
        NodeKind::ListItem { .. } => Some(LayoutClass::ListItem),
        NodeKind::Table { .. } => Some(LayoutClass::Table),
        NodeKind::Picture(_) => Some(LayoutClass::Picture),
        NodeKind::Formula => Some(LayoutClass::Formula),
        NodeKind::Caption
        | NodeKind::Footnote
        | NodeKind::PageHeader
        | NodeKind::PageFooter
        | NodeKind::Code { .. }
        | NodeKind::Checkbox { .. }
        | NodeKind::List { .. }
        | NodeKind::InlineGroup
        | NodeKind::KeyValueRegion(_) => None,
    }
}

/// Every element with a box, of whatever label; the groups around list items and inline parts are none.
pub(super) fn labelled_boxes(tree: &DocTree) -> Vec<(Label, BBox)> {
    let order = tree.reading_order();
    let labelled = |id: &_| {
        let node = tree.node(*id);
        let is_group = matches!(node.kind, NodeKind::List { .. } | NodeKind::InlineGroup);
        if is_group { None } else { Some((node.kind.label(), node.bbox?)) }
    };
    order.iter().filter_map(labelled).collect()
}

/// The tables in reading order, with their boxes.
pub fn tables(tree: &DocTree) -> Vec<(&TableGrid, Option<BBox>)> {
    let order = tree.reading_order();
    let table = |id: &_| {
        let node = tree.node(*id);
        if let NodeKind::Table { grid, .. } = &node.kind { Some((grid, node.bbox)) } else { None }
    };
    order.iter().filter_map(table).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn check_characters(markup: &str, expected: &str) {
        assert_eq!(characters(markup), expected);
    }

    #[test]
    fn tags_are_no_characters() {
        check_characters("<text><loc_1>a < b</text>\n", "a < b\n");
        check_characters("<section_header_level_1>1<2>3", "1<2>3");
        check_characters("</2>a<b", "a<b");
        check_characters("<é><loc_", "<é><loc_");
    }

    #[test]
    fn words_of_cells_are_left_out_and_captions_are_not() {
        let tree = parse(
            "<title>T</title><otsl><caption>C</caption><fcel>1<nl></otsl><unordered_list><list_item>a</list_item></unordered_list>",
        );
        assert_eq!(text_outside_tables(&tree), "T\nC\na");
    }

    #[test]
    fn a_caption_is_a_box_but_of_no_class() {
        let tree = parse(
            "<picture><loc_1><loc_1><loc_9><loc_9><caption><loc_1><loc_9><loc_9><loc_20>C</caption></picture>",
        );
        assert_eq!(boxes(&tree).len(), 1);
        assert_eq!(labelled_boxes(&tree).len(), 2);
    }
}
