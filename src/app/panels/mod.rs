//! The bars, lists and windows around the page and the live pane.
//!
//! Each draws from `&AppState` and sends commands; what is only visual (half-typed text) it keeps
//! itself.

pub mod engine_menu;
pub mod legend;
pub mod live_pane;
pub mod notifications;
pub mod page_list;
pub mod prompts;
pub mod settings_window;
pub mod shortcuts_window;
pub mod split;
pub mod start_screen;
pub mod status_bar;
pub mod top_bar;

pub use page_list::PageList;
pub use prompts::Prompts;
