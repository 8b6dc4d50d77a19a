//! What a dialect reads from markup: a flat stream of events, each with its place in the source.
//!
//! In: nothing; these are plain values. Out: the one language between the dialects and the
//! builder. No event carries a tag name of any dialect: a scanner that knows names maps them to
//! [`Element`]s, and the builder sees only those. `raw` keeps the characters themselves, for the
//! places where a token turns out to be page text (program code that shows markup).

use std::ops::Range;

use crate::markup::tree::TextKind;

/// One thing read from the markup.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'s> {
    /// What it is.
    pub kind: EventKind<'s>,
    /// The characters as they stand in the markup.
    pub raw: &'s str,
    /// Their place, in bytes of the markup.
    pub source: Range<usize>,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventKind<'s> {
    /// An element starts.
    Open(Element),
    /// An element ends.
    Close(Element),
    /// One coordinate of a box, as a fraction of the page, already clamped to it.
    Location {
        /// From 0 to 1.
        fraction: f64,
        /// The markup said more than the grid has.
        is_clamped: bool,
    },
    /// Text, unescaped. How the text is cut into events means nothing.
    Text(&'s str),
    /// A table cell starts; its text follows.
    Cell(CellToken),
    /// A table row ends.
    RowEnd,
    /// The class of a picture.
    Class {
        /// In snake case, by its present name.
        name: &'static str,
        /// With two classes, the one of the lower rank counts.
        rank: u8,
    },
    /// A name that is known but means nothing here; it is left out.
    Ignored(IgnoredToken),
    /// The language of code.
    Language(&'s str),
    /// A key points to the value of that number.
    Link(u64),
    /// A new page starts.
    PageBreak,
    /// The model has ended its answer.
    Stop,
    /// Another dialect's opening tag.
    ForeignDialect,
}

/// Why a token is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredToken {
    /// Looks like a coordinate but is none.
    BadLocation,
    /// A picture class that no reader uses.
    UnreadClass,
    /// A closing tag of a cell, a coordinate or another token that has none.
    VoidClose,
    /// A closing tag of a picture class, which has none.
    ClassClose,
    /// An element that opens and closes in one tag, and so says nothing.
    EmptyElement,
    /// A tag of another markup, where those are left out.
    UnknownTag,
    /// The beginning of a token at the very end.
    HalfToken,
    /// A self-closing token of a form of the dialect whose boxes and cells are not read.
    XmlForm,
}

/// The elements of all dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// The whole page or document.
    Document,
    /// Something around elements that means nothing of its own.
    Wrapper,
    /// Level 1 is the title.
    Heading {
        /// From 1 to 7.
        level: u8,
    },
    /// A paragraph.
    Text(TextKind),
    /// A caption.
    Caption,
    /// A footnote.
    Footnote,
    /// A page header.
    PageHeader,
    /// A page footer.
    PageFooter,
    /// A formula in LaTeX.
    Formula,
    /// Program text.
    Code,
    /// A box to tick.
    Checkbox {
        /// It is ticked.
        is_selected: bool,
    },
    /// A list.
    List {
        /// Its items are numbered.
        is_ordered: bool,
    },
    /// An item of a list.
    ListItem,
    /// A table.
    Table,
    /// A table of contents or index.
    DocumentIndex,
    /// A picture.
    Picture,
    /// A picture that shows data.
    Chart,
    /// Runs on one line.
    Inline,
    /// Keys and values.
    KeyValueRegion,
    /// A key with its number.
    Key(u64),
    /// A value with its number.
    Value(u64),
    /// A molecule in SMILES.
    Smiles,
}

impl Element {
    /// It holds one text and no elements but runs of it.
    pub fn is_text_leaf(self) -> bool {
        matches!(
            self,
            Self::Heading { .. }
                | Self::Text(_)
                | Self::Caption
                | Self::Footnote
                | Self::PageHeader
                | Self::PageFooter
                | Self::Formula
                | Self::Code
                | Self::Checkbox { .. }
        )
    }

    /// Its name also stands in HTML, SVG and program text.
    pub fn is_common_word(self) -> bool {
        matches!(
            self,
            Self::Heading { level: 1 }
                | Self::Text(TextKind::Text | TextKind::Paragraph | TextKind::Reference)
                | Self::Caption
                | Self::Footnote
                | Self::Formula
                | Self::Picture
                | Self::Chart
                | Self::Inline
                | Self::Wrapper
                | Self::Smiles
        )
    }
}

/// The tokens of table cells (OTSL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellToken {
    /// A cell with text.
    Fcel,
    /// An empty cell.
    Ecel,
    /// Continues the cell to the left.
    Lcel,
    /// Continues the cell above.
    Ucel,
    /// Continues both: the inside of a span in two directions.
    Xcel,
    /// Heads a column.
    Ched,
    /// Heads a row.
    Rhed,
    /// Titles the rows below it.
    Srow,
}
