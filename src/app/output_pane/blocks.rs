//! The tree as a column of blocks: what stands below what, how deep, with which marker.
//!
//! In: a [`DocTree`]. Out: one [`Block`] for every element that gets its own lines, in reading
//! order. Lists have none (their items do), parts of inline groups have none (their group has).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::markup::{DocTree, Layer, Node, NodeId, NodeKind};

/// Lists nest deeper than this without moving further to the right.
const MAX_INDENT: usize = 6;
/// Trees deeper than this do not come from our parser; what is below is left out.
const MAX_DEPTH: usize = 400;

/// One element with lines of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// The element; of a page break, the first element after it.
    pub node: NodeId,
    /// How it is drawn.
    pub kind: BlockKind,
    /// How many lists it lies in, bounded.
    pub indent: usize,
    /// Changes when its content may have changed. Two blocks with one stamp look the same as long
    /// as the tree that either came from is alive.
    pub stamp: u64,
}

/// How a block is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BlockKind {
    Heading {
        level: u8,
    },
    Paragraph,
    Caption,
    Footnote,
    Furniture,
    Formula,
    Code,
    Checkbox {
        is_selected: bool,
    },
    /// `is_first` in a list that lies in no other.
    ListItem {
        marker: Marker,
        is_first: bool,
    },
    Table,
    Picture,
    Inline,
    KeyValues,
    /// Between pages; the page below it, counted from 1.
    PageBreak {
        page: usize,
    },
}

/// What stands in front of a list item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Nothing: the text brings its own.
    None,
    /// A drawn bullet, by nesting depth.
    Bullet(usize),
    /// As printed or counted.
    Text(String),
}

/// All blocks of a document, and which block shows which element.
#[derive(Default)]
pub(super) struct Blocks {
    list: Vec<Block>,
    block_of_node: HashMap<NodeId, usize>,
}

impl Blocks {
    /// Blocks of a tree, page furniture with them or without.
    pub(super) fn of(tree: &DocTree, shows_furniture: bool) -> Self {
        let mut blocks = Self::default();
        for (page_idx, page) in tree.pages().iter().enumerate() {
            if let (1.., Some(&first)) = (page_idx, page.children.first()) {
                let kind = BlockKind::PageBreak { page: page_idx + 1 };
                blocks.list.push(Block { node: first, kind, indent: 0, stamp: page_idx as u64 });
            }
            let mut walk = Walk { tree, shows_furniture, blocks: &mut blocks, is_list_start: false };
            for &id in &page.children {
                walk.visit(id, 0, 0, None);
            }
        }
        blocks
    }

    /// From top to bottom.
    pub(super) fn list(&self) -> &[Block] {
        &self.list
    }

    /// Where the element is shown: its own block, or that of the group or list it is part of.
    pub(super) fn position(&self, tree: &DocTree, id: NodeId) -> Option<usize> {
        let mut at = Some(id);
        while let Some(id) = at {
            if let Some(&index) = self.block_of_node.get(&id) {
                return Some(index);
            }
            let node = tree.nodes.get(id.index())?;
            let inside = node.children.iter().find_map(|child| self.block_of_node.get(child));
            if let Some(&index) = inside {
                return Some(index);
            }
            at = node.parent;
        }
        None
    }

    /// The element `step` blocks further down (or up), from the one that is selected.
    pub(super) fn neighbour(&self, tree: &DocTree, from: Option<NodeId>, step: isize) -> Option<NodeId> {
        let here = from.and_then(|id| self.position(tree, id));
        let mut at = match (here, step > 0) {
            (Some(index), _) => index.checked_add_signed(step)?,
            (None, true) => 0,
            (None, false) => self.list.len().checked_sub(1)?,
        };
        while let Some(block) = self.list.get(at) {
            if !matches!(block.kind, BlockKind::PageBreak { .. }) {
                return Some(block.node);
            }
            at = at.checked_add_signed(step)?;
        }
        None
    }
}

struct Walk<'a> {
    tree: &'a DocTree,
    shows_furniture: bool,
    blocks: &'a mut Blocks,
    /// The next item begins a list that lies in no other.
    is_list_start: bool,
}

impl Walk<'_> {
    fn visit(&mut self, id: NodeId, indent: usize, depth: usize, marker: Option<Marker>) {
        let Some(node) = self.tree.nodes.get(id.index()) else { return };
        if depth > MAX_DEPTH || (node.layer == Layer::Furniture && !self.shows_furniture) {
            return;
        }
        match &node.kind {
            NodeKind::List { is_ordered } => self.visit_list(node, *is_ordered, indent, depth),
            NodeKind::ListItem { .. } => {
                let wraps_a_list = node.text.is_empty() && !node.children.is_empty();
                if !wraps_a_list {
                    let marker = own_marker(&node.text, marker.unwrap_or(Marker::Bullet(indent)));
                    let is_first = std::mem::take(&mut self.is_list_start);
                    self.push(id, BlockKind::ListItem { marker, is_first }, indent);
                }
                for &child in &node.children {
                    self.visit(child, indent, depth + 1, None);
                }
            }
            NodeKind::InlineGroup => self.push(id, BlockKind::Inline, indent),
            NodeKind::Table { .. } => {
                self.visit_captions(node, true, indent, depth);
                self.push(id, BlockKind::Table, indent);
                self.visit_captions(node, false, indent, depth);
            }
            kind => {
                self.push(id, block_kind(kind), indent);
                for &child in &node.children {
                    self.visit(child, indent, depth + 1, None);
                }
            }
        }
    }

    fn visit_list(&mut self, list: &Node, is_ordered: bool, indent: usize, depth: usize) {
        let mut number = 0;
        self.is_list_start = indent == 0;
        for &child in &list.children {
            let Some(node) = self.tree.nodes.get(child.index()) else { continue };
            match &node.kind {
                NodeKind::ListItem { marker } => {
                    let wraps_a_list = node.text.is_empty() && !node.children.is_empty();
                    if !wraps_a_list {
                        number += 1;
                    }
                    let marker = match (marker, is_ordered) {
                        (Some(marker), _) if !is_bullet(marker) => Marker::Text(marker.clone()),
                        (None, true) => Marker::Text(format!("{number}.")),
                        _ => Marker::Bullet(indent),
                    };
                    self.visit(child, (indent + 1).min(MAX_INDENT), depth + 1, Some(marker));
                }
                // By repair: the inner list belongs to the item before it.
                NodeKind::List { .. } => self.visit(child, (indent + 1).min(MAX_INDENT), depth + 1, None),
                _ => self.visit(child, indent, depth + 1, None),
            }
        }
    }

    /// Captions stand above a table, everything else that it holds below.
    fn visit_captions(&mut self, table: &Node, captions: bool, indent: usize, depth: usize) {
        for &child in &table.children {
            let is_caption =
                self.tree.nodes.get(child.index()).is_some_and(|node| node.kind == NodeKind::Caption);
            if is_caption == captions {
                self.visit(child, indent, depth + 1, None);
            }
        }
    }

    fn push(&mut self, id: NodeId, kind: BlockKind, indent: usize) {
        let Some(node) = self.tree.nodes.get(id.index()) else { return };
        let mut stamp = DefaultHasher::new();
        (Arc::as_ptr(node) as usize, indent).hash(&mut stamp);
        if let BlockKind::ListItem { marker: Marker::Text(text), .. } = &kind {
            text.hash(&mut stamp);
        }
        if kind == BlockKind::Inline {
            for child in &node.children {
                self.tree.nodes.get(child.index()).map(|child| Arc::as_ptr(child) as usize).hash(&mut stamp);
            }
        }
        self.blocks.block_of_node.insert(id, self.blocks.list.len());
        if kind == BlockKind::Inline {
            self.blocks
                .block_of_node
                .extend(node.children.iter().map(|&child| (child, self.blocks.list.len())));
        }
        self.blocks.list.push(Block { node: id, kind, indent, stamp: stamp.finish() });
    }
}

fn block_kind(kind: &NodeKind) -> BlockKind {
    match kind {
        NodeKind::Heading { level } => BlockKind::Heading { level: *level },
        NodeKind::Caption => BlockKind::Caption,
        NodeKind::Footnote => BlockKind::Footnote,
        NodeKind::PageHeader | NodeKind::PageFooter => BlockKind::Furniture,
        NodeKind::Formula => BlockKind::Formula,
        NodeKind::Code { .. } => BlockKind::Code,
        NodeKind::Checkbox { is_selected } => BlockKind::Checkbox { is_selected: *is_selected },
        NodeKind::Table { .. } => BlockKind::Table,
        NodeKind::Picture(_) => BlockKind::Picture,
        NodeKind::InlineGroup => BlockKind::Inline,
        NodeKind::KeyValueRegion(_) => BlockKind::KeyValues,
        NodeKind::Text(_) | NodeKind::List { .. } | NodeKind::ListItem { .. } => BlockKind::Paragraph,
    }
}

/// Nothing where the text begins with a printed marker of its own.
fn own_marker(text: &str, marker: Marker) -> Marker {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_printed = match &marker {
        Marker::None => false,
        Marker::Bullet(_) => is_bullet(first_word) || is_number(first_word),
        Marker::Text(marker) => first_word == marker || is_number(first_word),
    };
    if is_printed { Marker::None } else { marker }
}

fn is_bullet(word: &str) -> bool {
    let mut chars = word.chars();
    let is_one = chars.next().is_some_and(|first| "-–—*+·•◦‣▪▫■□●○∙⁃→➢✓✔".contains(first));
    is_one && chars.next().is_none()
}

/// `1.`, `12)`, `(3)`, `a)`, `iv.`
fn is_number(word: &str) -> bool {
    let inner = word.trim_start_matches('(').trim_end_matches([')', '.']);
    let is_short = inner.len() <= 4 && inner.len() < word.len() && !inner.is_empty();
    let is_letter = inner.len() == 1 && inner.chars().all(|c| c.is_ascii_alphabetic());
    let is_roman = inner.chars().all(|c| "ivxlc".contains(c));
    is_short && (inner.chars().all(|c| c.is_ascii_digit()) || is_letter || is_roman)
}
