//! What the page is made of, once it is understood; what the writer writes.

use crate::layout::points::PtBox;

/// One element of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) bbox: PtBox,
}

/// What an element is, with its text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Title(String),
    /// A section header; levels count from 1.
    Heading(u8, String),
    Text(String),
    ListItem(ListItem),
    /// Line ends and indentation kept.
    Code(String),
    Formula(String),
    /// Not attached to anything yet, or for good when nothing is near.
    Caption(String),
    Footnote(String),
    PageHeader(String),
    PageFooter(String),
    Table(Table),
    /// A picture with its caption.
    Picture(Option<Caption>),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ListItem {
    pub(super) marker: Marker,
    /// Without the marker.
    pub(super) text: String,
    /// x of the marker, by which items nest.
    pub(super) indent: f64,
    pub(super) size: f64,
}

/// What stands before the text of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// A sign without a meaning of its own.
    Bullet,
    /// A number, letter or label, as printed.
    Ordinal(String),
}

/// A caption that has found its table or picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caption {
    pub(super) text: String,
    pub(super) bbox: PtBox,
}

/// A table as rows of slots, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) rows: Vec<Vec<Slot>>,
    pub(super) caption: Option<Caption>,
    /// A table of contents: title and page number.
    pub(super) is_index: bool,
}

/// One slot of a table's grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Slot {
    /// The top left slot of a cell. An empty text is an empty cell.
    Cell { text: String, header: Header },
    /// Belongs to the cell left of it.
    Left,
    /// Belongs to the cell above it.
    Up,
    /// Belongs to the cell left of it and above it.
    #[default]
    Inside,
}

/// Which header a cell is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Header {
    #[default]
    None,
    Column,
    Row,
    Section,
}
