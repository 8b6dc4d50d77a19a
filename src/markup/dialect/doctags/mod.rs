//! DocTags: known names in angle brackets, no attributes, no escaping, a grid of 500.
//!
//! Source: the token lists of SmolDocling and Granite-Docling, and docling-core 2.104.0.

pub(crate) mod names;
pub(crate) mod scanner;

pub use scanner::UnknownTags;
