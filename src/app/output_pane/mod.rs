//! The live pane: what has been read, as a document, as Markdown, as markup and as tables.
//!
//! In comes a [`PaneInput`] each frame, out go [`PaneAction`]s; [`OutputPane`] itself holds only
//! what is visual (tab, scroll positions, laid-out text). Nothing here opens files, exports to disk
//! or knows of jobs.
//!
//! Elements are drawn from the tree itself, one block each, so that every one of them can be
//! hovered, selected and scrolled to (`blocks`, `block_layout`, `block_view`). All views are
//! columns of items of which only the visible ones are laid out (`virtual_list`).

mod block_layout;
mod block_view;
mod blocks;
mod cell_selection;
mod doctags_view;
mod document_view;
mod element_menu;
mod grabbed;
mod header;
mod highlight;
mod input;
mod markdown_text;
mod markdown_view;
mod math;
mod math_fonts;
mod pane;
mod path_fill;
mod reorder;
mod review_view;
mod selectable_text;
mod source_chunks;
mod source_view;
mod states;
mod table_grid;
mod tables_view;
mod typography;
mod virtual_list;

pub use grabbed::GrabbedTables;
pub use input::{ExportFormat, Offer, PageState, PaneAction, PaneInput, ReviewItem, TableFormat};
pub use math_fonts::add_math_fonts;
pub use pane::{OutputPane, PaneTab};
