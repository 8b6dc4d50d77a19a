//! The field's names for kinds of elements, as legends, filters and statistics use them.

use crate::markup::tree::NodeKind;

/// Groups of kinds that share a colour and a two-letter tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The document's title.
    Title,
    /// A section header of any level.
    SectionHeader,
    /// Paragraphs, references, inline groups.
    Text,
    /// Items of lists (lists themselves have no box of their own).
    ListItem,
    /// Tables and indexes.
    Table,
    /// Captions.
    Caption,
    /// Pictures and charts.
    Picture,
    /// Formulas.
    Formula,
    /// Code.
    Code,
    /// Footnotes.
    Footnote,
    /// Page headers and footers.
    Furniture,
    /// Checkboxes, forms, keys and values.
    Form,
}

impl Label {
    /// Every label, in the order of a legend.
    pub const ALL: [Self; 12] = [
        Self::Title,
        Self::SectionHeader,
        Self::Text,
        Self::ListItem,
        Self::Table,
        Self::Caption,
        Self::Picture,
        Self::Formula,
        Self::Code,
        Self::Footnote,
        Self::Furniture,
        Self::Form,
    ];

    /// Two letters, so that the label can be told without its colour.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Title => "Ti",
            Self::SectionHeader => "Se",
            Self::Text => "Tx",
            Self::ListItem => "Li",
            Self::Table => "Ta",
            Self::Caption => "Ca",
            Self::Picture => "Pi",
            Self::Formula => "Fo",
            Self::Code => "Co",
            Self::Footnote => "Fn",
            Self::Furniture => "Pg",
            Self::Form => "Ck",
        }
    }

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::SectionHeader => "Section header",
            Self::Text => "Text",
            Self::ListItem => "List item",
            Self::Table => "Table",
            Self::Caption => "Caption",
            Self::Picture => "Picture",
            Self::Formula => "Formula",
            Self::Code => "Code",
            Self::Footnote => "Footnote",
            Self::Furniture => "Page header or footer",
            Self::Form => "Form",
        }
    }
}

impl NodeKind {
    /// The label under which the kind is shown.
    pub fn label(&self) -> Label {
        match self {
            Self::Heading { level: 1 } => Label::Title,
            Self::Heading { .. } => Label::SectionHeader,
            Self::Text(_) | Self::InlineGroup => Label::Text,
            Self::Caption => Label::Caption,
            Self::Footnote => Label::Footnote,
            Self::PageHeader | Self::PageFooter => Label::Furniture,
            Self::Formula => Label::Formula,
            Self::Code { .. } => Label::Code,
            Self::Checkbox { .. } | Self::KeyValueRegion(_) => Label::Form,
            Self::List { .. } | Self::ListItem { .. } => Label::ListItem,
            Self::Table { .. } => Label::Table,
            Self::Picture(_) => Label::Picture,
        }
    }
}
