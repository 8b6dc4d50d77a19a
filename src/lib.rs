//! Doclens turns pages into structured documents where you can see it happen.
//!
//! # The map
//!
//! ```text
//!             main.rs ── cli ──┐
//!                              ├──▶ engine ──▶ document ──▶ geometry
//!                       app ───┘      │  ├───▶ layout   ──▶ document, markup, geometry
//!                                     │  ├───▶ markup   ──▶ geometry
//!                                     │  └───▶ model
//!                     app, cli ─────▶ evaluation ──▶ markup, geometry
//!                     app, cli ─────▶ revision   ──▶ markup, geometry
//! ```
//!
//! An arrow means "may name"; `tests/architecture.rs` checks them. `app` and `cli` may also read
//! the plain data types of `document`, `markup` and `geometry`, and `cli::inspect` and `cli::bench` look
//! into `model`.
//!
//! | room | turns | into |
//! |---|---|---|
//! | [`geometry`] | – | boxes in page space |
//! | [`document`] | PDF and image files | page images and text layers |
//! | [`markup`] | DocTags in any pieces | a document tree, Markdown, HTML, JSON, CSV |
//! | [`layout`] | a page's text layer | DocTags |
//! | [`model`] | an RGB image | a stream of tokens |
//! | [`engine`] | jobs | events |
//! | [`revision`] | edits | a corrected tree, undo, a file that keeps them |
//! | `app` | events; input | pixels; commands |
//! | [`evaluation`] | a page and its truth | how right it is |
//! | [`cli`] | arguments | jobs, text on stdout |
//!
//! # Invariants
//!
//! 1. GUI types never enter `engine` or below. The engine wakes the interface through a callback.
//! 2. `markup` compiles with no egui, candle, PDF or thread code in scope, and never returns an
//!    error for bad input.
//! 3. The interface thread never opens files, decodes images, runs the model, or waits on a lock
//!    held by a worker.
//! 4. Each job ends with exactly one of `Finished`, `Cancelled`, `Failed`; nothing follows it.
//! 5. Inside the house every box is in page space. Other systems are converted in the file that
//!    meets them.
//! 6. Only `document/pdf.rs` names the PDF backend. Only `model` names candle. Only `app` names egui.

pub mod geometry;

pub mod document;
pub mod markup;

pub mod layout;
pub mod model;

pub mod engine;
pub mod evaluation;
pub mod revision;

#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
