//! The Markdown of the tree that is shown, with the bytes of each top-level element.

use std::ops::Range;
use std::sync::Arc;

use crate::markup::export::markdown::{markdown, markdown_of_node};
use crate::markup::export::{ExportOptions, Furniture};
use crate::markup::{DocTree, NodeId};

/// Exported once a tree.
#[derive(Default)]
pub(super) struct MarkdownText {
    tree: Option<Arc<DocTree>>,
    shows_furniture: bool,
    text: String,
    /// Top-level elements by their first byte, where they can be told apart in the text.
    elements: Vec<(Range<usize>, NodeId)>,
}

impl MarkdownText {
    /// Takes in the tree of this frame. Cheap when it is that of the last.
    pub(super) fn update(&mut self, tree: &Arc<DocTree>, shows_furniture: bool) {
        let is_same = self.tree.as_ref().is_some_and(|known| Arc::ptr_eq(known, tree));
        if is_same && self.shows_furniture == shows_furniture {
            return;
        }
        let furniture = if shows_furniture { Furniture::All } else { Furniture::None };
        let options = ExportOptions { furniture, ..ExportOptions::default() };
        self.text = markdown(tree, &options);
        self.elements = elements(tree, &options, &self.text);
        (self.tree, self.shows_furniture) = (Some(Arc::clone(tree)), shows_furniture);
    }

    /// The whole export.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The top-level element at a byte.
    pub(super) fn element_at(&self, byte: usize) -> Option<NodeId> {
        let index = self.elements.partition_point(|(range, _)| range.start <= byte).checked_sub(1)?;
        self.elements.get(index).filter(|(range, _)| range.contains(&byte)).map(|&(_, node)| node)
    }

    /// The bytes of the element, or of the top-level one that it lies in.
    pub(super) fn range_of(&self, node: NodeId) -> Option<Range<usize>> {
        let tree = self.tree.as_ref()?;
        let mut top = node;
        while let Some(parent) = tree.nodes.get(top.index())?.parent {
            top = parent;
        }
        self.elements.iter().find(|(_, element)| *element == top).map(|(range, _)| range.clone())
    }
}

/// Finds each element's own export in the whole, from the top down. What is not found (because the
/// whole joins or leaves out) is not mapped.
fn elements(tree: &DocTree, options: &ExportOptions, text: &str) -> Vec<(Range<usize>, NodeId)> {
    let mut from = 0;
    let mut elements = Vec::new();
    for &id in tree.pages().iter().flat_map(|page| &page.children) {
        let own = markdown_of_node(tree, id, options);
        let own = own.trim_end();
        let rest = text.get(from..).unwrap_or_default();
        let skipped = rest.len() - rest.trim_start_matches('\n').len();
        let is_next = !own.is_empty() && rest.get(skipped..).is_some_and(|rest| rest.starts_with(own));
        if is_next {
            let start = from + skipped;
            from = start + own.len();
            elements.push((start..from, id));
        }
    }
    elements
}
