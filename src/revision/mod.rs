//! What people correct: edits of a page's tree, undo without limit, and the file that keeps them.
//!
//! A page's correct state is markup, as a model's answer is: an [`Edit`] takes a tree apart into an outline, changes
//! it, writes it as DocTags and reads that again. So a corrected page is a [`DocTree`] like any other, for the live
//! pane, the overlay and every export, and a text that would be read as something else is refused, not mangled.
//!
//! Undo goes back to the markup that was, and so to the very tree. [`Sidecar`] keeps every step in an append-only file,
//! named by the document's content, in the user's data folder; the document itself is never written.

mod cells;
mod edit;
mod history;
mod outline;
#[cfg(test)]
mod properties;
mod sidecar;

pub use cells::CellEdit;
pub use edit::{Edit, Edited, ElementKind, Refused, apply, expressible};
pub use history::{PageHistory, PageState};
pub use sidecar::{ContentKey, Error, Found, Record, Sidecar, corrections, revisions_folder};

#[cfg(doc)]
use crate::markup::DocTree;
