//! What holds for every input of the parser, checked on markup put together at random.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::markup::export::{self, ExportOptions};
use crate::markup::tree::{KeyValueCell, Node, NodeId, NodeKind, PageNode};
use crate::markup::{DocTree, Parser, UnknownTags, parse, parse_with};

/// Words, whitespace, halves of tags and things that only look like tags.
const TEXTS: &[&str] = &[
    "a",
    "word",
    " ",
    "\n",
    "  two words ",
    "é",
    "日本",
    "👍",
    "<",
    ">",
    "</",
    "<te",
    "<loc_",
    "<b>",
    "</p>",
    "&amp;",
    "a_b",
    "|",
    "$x$",
    "\"",
    "\u{1c}",
    "\u{a0}",
    "<_",
    "_>",
    "<doclan",
    "\r\n",
    "1.5",
];

/// Every kind of token.
const TOKENS: &[&str] = &[
    "<doctag>",
    "</doctag>",
    "<page_break>",
    "<title>",
    "</title>",
    "<section_header_level_1>",
    "</section_header_level_1>",
    "<section_header_level_9>",
    "<text>",
    "</text>",
    "<paragraph>",
    "</paragraph>",
    "<caption>",
    "</caption>",
    "<footnote>",
    "</footnote>",
    "<page_header>",
    "</page_header>",
    "<formula>",
    "</formula>",
    "<code>",
    "</code>",
    "<_Rust_>",
    "<_what_>",
    "<checkbox_selected>",
    "</checkbox_selected>",
    "<ordered_list>",
    "</ordered_list>",
    "<unordered_list>",
    "</unordered_list>",
    "<list_item>",
    "</list_item>",
    "<otsl>",
    "</otsl>",
    "<document_index>",
    "</document_index>",
    "<picture>",
    "</picture>",
    "<chart>",
    "</chart>",
    "<inline>",
    "</inline>",
    "<key_value_region>",
    "</key_value_region>",
    "<key_0>",
    "</key_0>",
    "<value_1>",
    "</value_1>",
    "<link_1>",
    "<smiles>",
    "</smiles>",
    "<group>",
    "</group>",
    "<logo>",
    "<bar_chart>",
    "<map>",
    "<table>",
    "</table>",
    "<fcel>",
    "<ecel>",
    "<lcel>",
    "<ucel>",
    "<xcel>",
    "<ched>",
    "<rhed>",
    "<srow>",
    "<nl>",
    "<fcel/>",
    "<loc_7/>",
    "<picture/>",
    "<loc_x>",
    "</loc_1>",
    "<version>",
];

const BOXES: &[&str] = &[
    "<loc_10><loc_20><loc_30><loc_40>",
    "<loc_300><loc_300><loc_100><loc_500>",
    "<loc_1><loc_2>",
    "<loc_501>",
    "<loc_0><loc_0><loc_0><loc_0><loc_9>",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(TOKENS), 2 => select(TEXTS), 2 => select(BOXES)];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Without halves that could become whole when what stood between them is left out: DocTags cannot
/// escape, so such a text cannot be written.
fn writable_soup() -> impl Strategy<Value = String> {
    soup()
        .prop_filter("halves of tokens", |markup| !markup.contains("<_") && !markup.contains("<loc_<"))
        .prop_map(|markup| markup.replace("<loc_x>", ""))
        .prop_filter("halves of coordinates", |markup| {
            markup.match_indices("<loc_").all(|(at, _)| {
                let rest = markup[at + 5..].trim_start_matches(|digit: char| digit.is_ascii_digit());
                rest.starts_with('>') || rest.starts_with("/>")
            })
        })
}

/// A well-formed element with its own box.
fn element() -> impl Strategy<Value = String> {
    let words = select(&["Words", "a < b", "x_1", "two\nlines", "日本"][..]);
    let name = select(
        &[
            "title",
            "section_header_level_2",
            "text",
            "footnote",
            "page_footer",
            "formula",
            "checkbox_unselected",
            "reference",
        ][..],
    );
    let leaf = (name, words.clone())
        .prop_map(|(name, text)| format!("<{name}><loc_1><loc_2><loc_3><loc_4>{text}</{name}>\n"));
    let list = prop::collection::vec(words.clone(), 1..4).prop_map(|items| {
        let item = |text: &&str| format!("<list_item><loc_1><loc_2><loc_3><loc_4>{text}</list_item>\n");
        let items = items.iter().map(item).collect::<Vec<_>>().concat();
        format!("<ordered_list>{items}</ordered_list>\n")
    });
    let table = prop::collection::vec(prop::collection::vec(select(&["<fcel>a", "<ched>b", "<ecel>"][..]), 3), 1..4)
        .prop_map(|rows| {
            let rows: String = rows.iter().map(|row| row.concat() + "<nl>").collect();
            format!("<otsl><loc_1><loc_2><loc_3><loc_4><caption><loc_1><loc_2><loc_3><loc_4>C</caption>{rows}</otsl>\n")
        });
    let picture = Just("<picture><loc_1><loc_2><loc_3><loc_4><logo></picture>\n".to_owned());
    let code = words.prop_map(|text| format!("<code><loc_1><loc_2><loc_3><loc_4><_Rust_>{text}</code>\n"));
    prop_oneof![3 => leaf, 1 => list, 1 => table, 1 => picture, 1 => code, 1 => Just("<page_break>\n".to_owned())]
}

fn page() -> impl Strategy<Value = String> {
    prop::collection::vec(element(), 0..12)
        .prop_map(|elements| format!("<doctag>{}</doctag>", elements.concat()))
}

fn in_pieces(markup: &str, cuts: &[Index], unknown_tags: UnknownTags) -> DocTree {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(markup.len() + 1)).collect();
    cuts.retain(|cut| markup.is_char_boundary(*cut));
    cuts.sort_unstable();
    cuts.push(markup.len());
    let (mut parser, mut from) = (Parser::default().with_unknown_tags(unknown_tags), 0);
    for cut in cuts {
        parser.push(&markup[from..cut]);
        from = cut;
    }
    parser.finish()
}

fn by_characters(markup: &str) -> DocTree {
    let mut parser = Parser::default();
    for character in markup.chars() {
        parser.push(character.encode_utf8(&mut [0; 4]));
        assert_sound(parser.tree(), parser.source().len());
    }
    parser.finish()
}

/// Links between nodes go both ways, ranges lie in the markup, cells in their grid.
fn assert_sound(tree: &DocTree, source_len: usize) {
    let mut num_children = 0;
    for (page_idx, PageNode { children, source }) in tree.pages().iter().enumerate() {
        assert!(source.start <= source.end && source.end <= source_len, "{source:?}");
        num_children += children.len();
        for child in children {
            assert_eq!((tree.node(*child).parent, tree.node(*child).page_idx), (None, page_idx));
        }
    }
    for (id, node) in tree.nodes() {
        num_children += node.children.len();
        assert!(node.children.iter().all(|child| tree.node(*child).parent == Some(id)));
        assert!(node.source.start <= node.source.end && node.source.end <= source_len, "{node:?}");
        if let Some(bbox) = node.bbox {
            assert!(bbox.left <= bbox.right && bbox.top <= bbox.bottom && bbox == bbox.clamped());
        }
        let grid = match &node.kind {
            NodeKind::Table { grid, .. } => Some(grid),
            NodeKind::Picture(picture) => picture.chart_data.as_ref(),
            _ => None,
        };
        for cell in grid.into_iter().flat_map(|grid| &grid.cells) {
            let grid = grid.unwrap();
            assert!(cell.row + cell.row_span <= grid.num_rows && cell.col + cell.col_span <= grid.num_cols);
            assert!(cell.row_span > 0 && cell.col_span > 0);
        }
    }
    assert_eq!(num_children, tree.len(), "every node has one place");
}

/// The elements in reading order with their depth, without what only tells where they came from.
fn meaning(tree: &DocTree) -> Vec<(usize, Node)> {
    let depth = |id: NodeId| std::iter::successors(tree.node(id).parent, |id| tree.node(*id).parent).count();
    let mut elements: Vec<(usize, Node)> =
        tree.reading_order().into_iter().map(|id| (depth(id), tree.node(id).clone())).collect();
    for (_, node) in &mut elements {
        *node = Node { source: 0..0, is_complete: true, parent: None, children: Vec::new(), ..node.clone() };
        let grid = match &mut node.kind {
            NodeKind::Table { grid, .. } => Some(grid),
            NodeKind::Picture(picture) => picture.chart_data.as_mut(),
            NodeKind::KeyValueRegion(region) => {
                region.cells.iter_mut().for_each(|cell: &mut KeyValueCell| cell.source = 0..0);
                None
            }
            _ => None,
        };
        grid.into_iter().flat_map(|grid| &mut grid.cells).for_each(|cell| cell.source = 0..0);
    }
    elements
}

/// One line for each element: what it is and how its text begins.
fn outline(tree: &DocTree) -> Vec<(String, String)> {
    let kind = |kind: &NodeKind| format!("{kind:?}").split([' ', '{', '(']).next().unwrap().to_owned();
    tree.reading_order()
        .into_iter()
        .map(|id| (kind(&tree.node(id).kind), tree.node(id).text.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_give_the_same_tree_as_the_whole(markup in soup(), cuts in prop::collection::vec(any::<Index>(), 0..8)) {
        for unknown_tags in [UnknownTags::Keep, UnknownTags::Drop] {
            prop_assert_eq!(in_pieces(&markup, &cuts, unknown_tags), parse_with(&markup, unknown_tags));
        }
    }

    #[test]
    fn characters_give_the_same_tree_and_every_state_is_sound(markup in soup()) {
        prop_assert_eq!(by_characters(&markup), parse(&markup));
    }

    #[test]
    fn no_text_panics_in_any_export(markup in prop_oneof![soup(), any::<String>()]) {
        let tree = parse(&markup);
        assert_sound(&tree, markup.len());
        let options = ExportOptions { join_pages: true, ..ExportOptions::default() };
        for options in [ExportOptions::default(), options] {
            export::markdown(&tree, &options);
            export::html(&tree, &options);
            export::json(&tree, &options);
            export::csv(&tree, &options);
            export::plain_text(&tree, &options);
        }
    }

    #[test]
    fn writing_and_reading_gives_the_same_tree(markup in prop_oneof![writable_soup(), page()]) {
        let tree = parse(&markup);
        let written = export::doctags(&tree);
        prop_assert_eq!(meaning(&parse(&written)), meaning(&tree), "{}", written);
    }

    #[test]
    fn a_prefix_of_a_page_gives_a_prefix_of_its_elements(markup in page(), cut in any::<Index>()) {
        let cut = cut.index(markup.len() + 1);
        prop_assume!(markup.is_char_boundary(cut));
        let (whole, part) = (outline(&parse(&markup)), outline(&parse(&markup[..cut])));
        prop_assert!(part.len() <= whole.len());
        for (position, (before, after)) in part.iter().zip(&whole).enumerate() {
            prop_assert_eq!(&before.0, &after.0);
            // Only the element that was cut may lack some of its text.
            let is_cut = position + 1 == part.len();
            let fits = if is_cut { after.1.starts_with(&before.1) } else { after.1 == before.1 };
            prop_assert!(fits);
        }
    }
}
