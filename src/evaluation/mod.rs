//! How right a reading is: two pages of markup in, the numbers of the field out.
//!
//! What the `SmolDocling` paper (arXiv 2503.11576) reports: text scores as Nougat computes them, mean
//! average precision of boxes as COCO does, TEDS of tables; and how often a model loops, is cut short or
//! writes what the parser has to repair. Everything here is a pure function of strings and trees: no file,
//! no model, no clock. `tests/evaluation.rs` holds the numbers against the reference implementations.
//!
//! [`PageReading`] is one page read beside its truth, [`Summary`] many of them.

pub mod edit_distance;
pub mod ground_truth;
pub mod layout;
pub mod table;
pub mod text;

mod contents;
mod summary;

pub use contents::{boxes, characters, tables, text_outside_tables};
pub use summary::{Ending, PageReading, Summary};
