//! The languages that models write.
//!
//! A dialect knows characters, names, escaping and the grid of its boxes; everything behind it
//! (builder, tree, exports) sees [events](crate::markup::event) and no tag name.

pub mod doctags;

/// A language of the markup, stored beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// SmolDocling, Granite-Docling and their relatives. Also in the form with self-closing cells.
    #[default]
    DocTags,
    /// The XML-like successor. Recognised by its first tag, not read yet.
    DocLang,
}
