//! What holds for every sequence of edits.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{CellEdit, Edit, ElementKind, PageHistory, PageState, apply};
use crate::geometry::BBox;
use crate::markup::{CellHeader, CellRange, DocTree, NodeId, NodeKind, parse};

const PAGES: &[&str] = &[
    "<doctag><title><loc_10><loc_10><loc_400><loc_30>A title</title>\n<text><loc_10><loc_40><loc_400><loc_90>Two words</text>\n</doctag>",
    "<doctag><unordered_list><list_item><loc_1><loc_1><loc_90><loc_9>one</list_item><list_item><loc_1><loc_11><loc_90><loc_19>two</list_item>\n</unordered_list>\n<otsl><loc_1><loc_50><loc_90><loc_90><caption><loc_1><loc_40><loc_90><loc_49>Table 1</caption><ched>a<lcel><nl><fcel>1<ecel><nl><ucel><fcel>3<nl></otsl>\n<picture><loc_200><loc_50><loc_290><loc_90></picture>\n<page_footer><loc_1><loc_480><loc_90><loc_490>7</page_footer>\n</doctag>",
    "<doctag><code><loc_1><loc_1><loc_90><loc_90><_Rust_>fn main() {\n    run();\n}</code>\n<inline><loc_1><loc_100><loc_90><loc_110><text>where</text><formula>x</formula></inline>\n<key_value_region><loc_1><loc_200><loc_90><loc_300><key_0>K<link_1></key_0><value_1>V</value_1></key_value_region>\n</doctag>",
    "",
];

/// An edit whose nodes are chosen when the tree is known.
type Chosen = (Index, Index, Change);

#[derive(Clone, Debug)]
enum Change {
    Accept,
    SetText(String),
    SetBox(BBox),
    Relabel(ElementKind),
    Cells(CellEdit),
    Delete,
    Add(ElementKind, BBox),
    MoveBefore { to_end: bool },
    Split(Index),
    MergeWithNext,
    Undo,
    Redo,
}

fn bbox() -> impl Strategy<Value = BBox> {
    (0.0..1.0f64, 0.0..1.0f64, 0.0..1.2f64, -0.2..1.0f64)
        .prop_map(|(a, b, c, d)| BBox::from_corners(a, b, c, d))
}

fn cells() -> impl Strategy<Value = CellEdit> {
    let range = (0..4usize, 0..4usize, 0..3usize, 0..3usize)
        .prop_map(|(row, col, num_rows, num_cols)| CellRange { row, col, num_rows, num_cols });
    prop_oneof![
        (0..4usize, 0..4usize, "[a-z0-9 <]{0,6}").prop_map(|(row, col, text)| CellEdit::SetText {
            row,
            col,
            text
        }),
        range.clone().prop_map(CellEdit::Merge),
        (0..4usize, 0..4usize).prop_map(|(row, col)| CellEdit::Split { row, col }),
        range.prop_map(|range| CellEdit::SetHeader(range, CellHeader::Column)),
        (0..4usize).prop_map(CellEdit::InsertRow),
        (0..4usize).prop_map(CellEdit::InsertColumn),
        (0..4usize).prop_map(CellEdit::DeleteRow),
        (0..4usize).prop_map(CellEdit::DeleteColumn),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let kind = || prop::sample::select(&ElementKind::ALL[..]);
    prop_oneof![
        1 => Just(Change::Accept),
        1 => "[a-zé \n<]{0,12}|</text>|<loc_3>|<otsl>".prop_map(Change::SetText),
        1 => bbox().prop_map(Change::SetBox),
        1 => kind().prop_map(Change::Relabel),
        4 => cells().prop_map(Change::Cells),
        1 => Just(Change::Delete),
        1 => (kind(), bbox()).prop_map(|(kind, bbox)| Change::Add(kind, bbox)),
        2 => any::<bool>().prop_map(|to_end| Change::MoveBefore { to_end }),
        1 => any::<Index>().prop_map(Change::Split),
        1 => Just(Change::MergeWithNext),
        2 => Just(Change::Undo),
        1 => Just(Change::Redo),
    ]
}

fn edit_of(tree: &DocTree, (first, second, change): &Chosen) -> Option<Edit> {
    let ids: Vec<NodeId> = tree.nodes().map(|(id, _)| id).collect();
    if let Change::Add(kind, bbox) = change {
        return Some(Edit::Add(*kind, *bbox));
    }
    if ids.is_empty() {
        return None;
    }
    let id = *first.get(&ids);
    Some(match change {
        Change::Accept => Edit::Accept(id),
        Change::SetText(text) => Edit::SetText(id, text.clone()),
        Change::SetBox(bbox) => Edit::SetBox(id, *bbox),
        Change::Relabel(kind) => Edit::Relabel(id, *kind),
        Change::Cells(edit) => {
            let is_table = |id: &NodeId| matches!(tree.node(*id).kind, NodeKind::Table { .. });
            Edit::Cells(ids.iter().copied().find(is_table).unwrap_or(id), edit.clone())
        }
        Change::Delete => Edit::Delete(id),
        Change::MoveBefore { to_end } => Edit::MoveBefore(id, (!to_end).then(|| *second.get(&ids))),
        Change::Split(at) => Edit::Split(id, at.index(tree.node(id).text.len() + 1)),
        Change::MergeWithNext => Edit::MergeWithNext(id),
        Change::Add(..) | Change::Undo | Change::Redo => return None,
    })
}

fn tree_of(state: &PageState) -> (DocTree, BTreeSet<NodeId>) {
    let tree = parse(&state.markup);
    let checked = tree.nodes().map(|(id, _)| id).filter(|id| state.checked.contains(&id.index())).collect();
    (tree, checked)
}

proptest! {
    /// Whatever is done, each state is markup that reads as the tree that was made, undo and redo go to the very
    /// states that were, and what a hand has touched is known.
    #[test]
    fn undo_returns_the_exact_tree(
        page in prop::sample::select(PAGES),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), change()), 1..40),
    ) {
        let first = PageState { markup: page.to_owned(), checked: BTreeSet::new() };
        let mut history = PageHistory::new(first.clone());
        // The plain twin of the history: all trees that were, and where we are.
        let (mut trees, mut now) = (vec![tree_of(&first)], 0usize);
        for chosen in &changes {
            match &chosen.2 {
                Change::Undo => {
                    prop_assert_eq!(history.undo().is_some(), now > 0);
                    now = now.saturating_sub(1);
                }
                Change::Redo => {
                    prop_assert_eq!(history.redo().is_some(), now + 1 < trees.len());
                    now = (now + 1).min(trees.len() - 1);
                }
                _ => {
                    let (tree, checked) = trees[now].clone();
                    let Some(edit) = edit_of(&tree, chosen) else { continue };
                    let Ok(edited) = apply(&tree, &checked, &edit) else { continue };
                    prop_assert_eq!(&parse(&edited.markup), &edited.tree);
                    if let Some(subject) = edited.subject {
                        prop_assert!(edited.checked.contains(&subject));
                    }
                    let checked = edited.checked.iter().map(|id| id.index()).collect();
                    history.push("Edit", PageState { markup: edited.markup.clone(), checked });
                    trees.truncate(now + 1);
                    trees.push((edited.tree, edited.checked));
                    now += 1;
                }
            }
            prop_assert_eq!(&tree_of(history.state()), &trees[now]);
        }
        for expected in trees[..now].iter().rev() {
            prop_assert_eq!(&tree_of(history.undo().unwrap()), expected);
        }
        prop_assert!(history.undo().is_none());
    }
}
