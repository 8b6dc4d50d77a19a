//! The engine that needs no weights: a page's own text, as DocTags.

/// What repeats over the pages of a document: running headers, footers, body font size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentContext {}
