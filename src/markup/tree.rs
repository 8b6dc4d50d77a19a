//! The document that markup means: an arena of nodes, a page at a time.
//!
//! The tree knows no tag names of any dialect. It carries what DocTags can say today and what its
//! successor DocLang can say beyond that. Every node keeps the range of the markup it came from and
//! its box on the page; that pair gives box ↔ text selection in both directions.
//!
//! Nodes are shared (`Arc`) between the parser's own tree and the snapshots that it publishes, so a
//! snapshot costs one reference count a node, whatever the text.

use std::ops::Range;
use std::sync::Arc;

use crate::geometry::BBox;
use crate::markup::diagnostic::Diagnostic;
use crate::markup::table::TableGrid;

/// A node of one [`DocTree`]. Stable while the tree grows: a node read early keeps its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Position in the order in which the nodes were opened.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A whole document, or as much of it as has been read so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocTree {
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) pages: Vec<PageNode>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The top level of one page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageNode {
    /// Nodes of the page that lie in no other node, in reading order.
    pub children: Vec<NodeId>,
    /// The page's part of the markup, in bytes.
    pub source: Range<usize>,
}

/// One element of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is, with what only that kind has.
    pub kind: NodeKind,
    /// Which page of the markup it stands on, counted from 0.
    pub page_idx: usize,
    /// Where it stands on the page.
    pub bbox: Option<BBox>,
    /// Its markup, from the open tag to the end of the closing one, in bytes.
    pub source: Range<usize>,
    /// Body, or the furniture around it.
    pub layer: Layer,
    /// Its own text, whitespace around it trimmed. Empty for containers.
    pub text: String,
    /// Where in `text` the formatting changes; empty when none is known.
    pub runs: Vec<Run>,
    /// The element that it lies in.
    pub parent: Option<NodeId>,
    /// Elements inside it, in reading order: items of a list, captions and footnotes of a table or
    /// picture, parts of an inline group.
    pub children: Vec<NodeId>,
    /// Its closing tag, or what ends it by the repair rules, has been read.
    pub is_complete: bool,
}

/// What an element is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Level 1 is the document's title, level N + 1 a section header of level N.
    Heading {
        /// From 1 to 7.
        level: u8,
    },
    /// A paragraph of body text, by whichever name.
    Text(TextKind),
    /// Caption of its parent, or a paragraph when it has none.
    Caption,
    /// A note at the foot of the page or of a table.
    Footnote,
    /// Running title at the top. Furniture.
    PageHeader,
    /// Page number or running text at the bottom. Furniture.
    PageFooter,
    /// LaTeX without dollar signs.
    Formula,
    /// Program text, line ends kept.
    Code {
        /// As the markup names it (`Rust`, `C++`); `None` when not stated.
        language: Option<String>,
    },
    /// A box to tick, with its label as text.
    Checkbox {
        /// It is ticked.
        is_selected: bool,
    },
    /// A list; its children are `ListItem`s and, by repair, nested lists.
    List {
        /// Items are numbered.
        is_ordered: bool,
    },
    /// An item of a list; nested lists are its children.
    ListItem {
        /// The bullet or number as printed, when the markup states it.
        marker: Option<String>,
    },
    /// A table. Captions and footnotes are children.
    Table {
        /// Rows, columns, spans, header flags.
        grid: TableGrid,
        /// A table of contents or index.
        is_document_index: bool,
    },
    /// A picture or chart. Captions and footnotes are children.
    Picture(Box<Picture>),
    /// Runs of text, formula and code that stand on one line; all are children.
    InlineGroup,
    /// Fields of a form: keys and their values.
    KeyValueRegion(Box<KeyValueRegion>),
}

impl NodeKind {
    /// Elements of the kind have a text of their own ([`Node::text`]); others have cells, parts or pixels.
    pub fn holds_text(&self) -> bool {
        match self {
            Self::Table { .. }
            | Self::Picture(_)
            | Self::List { .. }
            | Self::InlineGroup
            | Self::KeyValueRegion(_) => false,
            Self::Heading { .. }
            | Self::Text(_)
            | Self::Caption
            | Self::Footnote
            | Self::PageHeader
            | Self::PageFooter
            | Self::Formula
            | Self::Code { .. }
            | Self::Checkbox { .. }
            | Self::ListItem { .. } => true,
        }
    }
}

/// The names under which a paragraph can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// `text`.
    Text,
    /// `paragraph`.
    Paragraph,
    /// An entry of a bibliography.
    Reference,
    /// Written by hand.
    Handwritten,
}

/// What only pictures have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Class in snake case (`bar_chart`, `logo`), when the markup states one.
    pub class: Option<String>,
    /// The markup said `chart`, not `picture`.
    pub is_chart: bool,
    /// The numbers of a chart.
    pub chart_data: Option<TableGrid>,
    /// A molecule as SMILES.
    pub smiles: Option<String>,
}

/// Keys and values of a form region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValueRegion {
    /// Keys and values in reading order.
    pub cells: Vec<KeyValueCell>,
    /// `(key, value)` as positions in `cells`.
    pub links: Vec<(usize, usize)>,
}

/// One key or value.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyValueCell {
    /// The number that the markup gives it.
    pub id: u64,
    /// It is a key, otherwise a value.
    pub is_key: bool,
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub bbox: Option<BBox>,
    /// Its markup, in bytes.
    pub source: Range<usize>,
}

/// A stretch of a node's text with one formatting.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Bytes of [`Node::text`].
    pub range: Range<usize>,
    /// How it looks.
    pub style: RunStyle,
    /// Where it links to.
    pub link: Option<String>,
}

/// Formatting of a run of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as on a keyboard")]
pub struct RunStyle {
    /// Bold.
    pub is_bold: bool,
    /// Italic.
    pub is_italic: bool,
    /// Underlined.
    pub is_underlined: bool,
    /// Struck through.
    pub is_struck: bool,
    /// Raised or lowered.
    pub script: Script,
}

/// Where a run stands against the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Script {
    /// On the line.
    #[default]
    Baseline,
    /// Above it.
    Super,
    /// Below it.
    Sub,
}

/// Which layer of the page an element belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layer {
    /// What the document says.
    #[default]
    Body,
    /// Page headers, footers and numbers.
    Furniture,
}

impl DocTree {
    /// The node of that id. Ids come from this tree or from an earlier state of it.
    ///
    /// # Panics
    /// If the id belongs to another tree.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Every node in the order in which it was opened.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0u32..).map(NodeId).zip(self.nodes.iter().map(AsRef::as_ref))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Nothing has been read yet, or nothing was there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The pages, at least one as soon as anything was read.
    pub fn pages(&self) -> &[PageNode] {
        &self.pages
    }

    /// What was repaired, clamped or dropped, in the order of the markup.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// All nodes in reading order, parents before children.
    pub fn reading_order(&self) -> Vec<NodeId> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut waiting: Vec<NodeId> = self.pages.iter().flat_map(|page| &page.children).copied().collect();
        waiting.reverse();
        while let Some(id) = waiting.pop() {
            order.push(id);
            waiting.extend(self.node(id).children.iter().rev());
        }
        order
    }

    /// The innermost node whose markup holds the byte.
    pub fn node_at_source(&self, byte: usize) -> Option<NodeId> {
        self.nodes()
            .filter(|(_, node)| node.source.contains(&byte))
            .min_by_key(|(id, node)| (node.source.len(), std::cmp::Reverse(*id)))
            .map(|(id, _)| id)
    }
}

/// Another text of an element, or of a cell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChange {
    /// Which element.
    pub node: NodeId,
    /// Row and column of any slot that the cell covers, for tables.
    pub slot: Option<(usize, usize)>,
    /// What it is to say.
    pub text: String,
}
