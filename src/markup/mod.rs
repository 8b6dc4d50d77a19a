//! What models write, the document it means, and what people export.
//!
//! Pieces of DocTags text come in; a [`DocTree`] with source ranges and boxes comes out, at every
//! moment valid for what has been read so far. Bad input never gives an error: it gives a tree and
//! diagnostics. No model, no PDF, no interface and no threads are known here.
//!
//! A dialect turns characters into [`event`]s, the builder turns events into the tree, [`LoopGuard`] sees
//! in the events that a model repeats itself, [`GrammarGuard`] that it writes what is not well-formed, and [`export`] turns the tree into Markdown, HTML, JSON, CSV, plain text and DocTags.

mod builder;
pub mod dialect;
pub mod event;
mod grammar_guard;
pub mod location;
mod loop_guard;
pub mod parser;
#[cfg(test)]
mod properties;

pub mod diagnostic;
pub mod label;
pub mod table;
pub mod tree;

pub mod export;

pub use diagnostic::{Diagnostic, Severity};
pub use dialect::Dialect;
pub use dialect::doctags::UnknownTags;
pub use grammar_guard::{GrammarGuard, Verdict};
pub use label::Label;
pub use loop_guard::LoopGuard;
pub use parser::{Parser, parse, parse_with};
pub use table::{Cell, CellHeader, CellRange, TableGrid};
pub use tree::{DocTree, Layer, Node, NodeId, NodeKind, PageNode, TextChange};
