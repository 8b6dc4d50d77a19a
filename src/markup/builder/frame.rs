//! What is open while markup is read, from the page inwards.

use std::ops::Range;

use crate::markup::builder::grid::GridState;
use crate::markup::event::Element;
use crate::markup::tree::NodeId;

/// One open element.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) element: Element,
    /// The node that its text and box go to; for elements without a node of their own, the host's.
    pub(super) node: NodeId,
    /// End of what belongs to it so far.
    pub(super) source_end: usize,
    pub(super) locations: Locations,
    /// Whitespace after the text so far; kept only when more text follows.
    pub(super) pending: String,
}

/// How an open element takes what comes.
#[derive(Clone, Debug)]
pub(super) enum FrameKind {
    /// Holds text and nothing else.
    Leaf,
    /// Holds text that may itself show markup.
    Code(Box<CodeState>),
    /// Holds text and lists.
    ListItem {
        /// It has no node of its own: it only wraps a list that belongs to the item before.
        is_wrapper: bool,
    },
    /// Holds items and lists.
    List,
    /// Holds captions and cells.
    Table(Box<GridState>),
    /// Holds captions, a class and the cells of a chart.
    Picture { grid: Box<GridState>, class_rank: u8 },
    /// Holds leaves on one line.
    Inline,
    /// Holds keys and values; links as (position of the key, number of the value).
    KeyValueRegion { links: Vec<(usize, u64)> },
    /// The key or value at that position.
    KeyValueCell { index: usize },
    /// A molecule inside a picture.
    Smiles,
    /// Means nothing here: its text goes to the element around it.
    Transparent {
        /// Nothing has come since it was opened.
        is_fresh: bool,
        /// A box right behind its tag says that it stands on its own after all.
        is_promotable: bool,
        /// Its tag.
        source: Range<usize>,
    },
}

/// What program text needs to tell markup shown from markup meant.
#[derive(Clone, Debug, Default)]
pub(super) struct CodeState {
    /// The last tag was taken as text; a box right behind it says that it was meant.
    pub(super) maybe_open: Option<MaybeOpen>,
    /// Tags taken as text whose closing tags are text too.
    pub(super) shown: Vec<Element>,
    /// A language was stated, so the whitespace at the start belongs to the text.
    pub(super) keeps_leading: bool,
}

/// A tag inside code that may still turn out to be meant.
#[derive(Clone, Debug)]
pub(super) struct MaybeOpen {
    pub(super) element: Element,
    pub(super) source: Range<usize>,
    /// State of the text before the tag.
    pub(super) text_len: usize,
    pub(super) pending: String,
}

/// The first four coordinates of an element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Locations {
    values: [f64; 4],
    count: usize,
    /// How many came after the fourth.
    pub(super) extra: usize,
}

impl Locations {
    /// Takes one more; gives all four when it was the fourth.
    pub(super) fn push(&mut self, fraction: f64) -> Option<[f64; 4]> {
        let Some(slot) = self.values.get_mut(self.count) else {
            self.extra += 1;
            return None;
        };
        *slot = fraction;
        self.count += 1;
        (self.count == self.values.len()).then_some(self.values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.count == self.values.len()
    }
}

impl Frame {
    pub(super) fn new(kind: FrameKind, element: Element, node: NodeId, source_end: usize) -> Self {
        Self { kind, element, node, source_end, locations: Locations::default(), pending: String::new() }
    }

    /// An item that only wraps a list of the item before it.
    pub(super) fn is_wrapper(&self) -> bool {
        matches!(self.kind, FrameKind::ListItem { is_wrapper: true })
    }

    /// Whether it has a node that nothing else has.
    pub(super) fn has_own_node(&self) -> bool {
        !self.is_wrapper()
            && !matches!(
                self.kind,
                FrameKind::Transparent { .. } | FrameKind::Smiles | FrameKind::KeyValueCell { .. }
            )
    }

    /// Whether its text is its own, so that a wrong closing tag must mean it.
    pub(super) fn is_text_like(&self) -> bool {
        match self.kind {
            FrameKind::Leaf
            | FrameKind::Code(_)
            | FrameKind::ListItem { .. }
            | FrameKind::KeyValueCell { .. }
            | FrameKind::Smiles
            | FrameKind::Transparent { .. } => true,
            FrameKind::List
            | FrameKind::Table(_)
            | FrameKind::Picture { .. }
            | FrameKind::Inline
            | FrameKind::KeyValueRegion { .. } => false,
        }
    }
}
