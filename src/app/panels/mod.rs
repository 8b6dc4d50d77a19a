//! The bars, lists and windows around the page and the live pane.
//!
//! Each draws from `&AppState` and sends commands; what is only visual (half-typed text) it keeps
//! itself.

mod characters;
pub(crate) mod element_editor;
pub(crate) mod engine_menu;
pub(crate) mod grab_window;
pub(crate) mod legend;
pub(crate) mod live_pane;
pub(crate) mod model_banner;
pub(crate) mod models_window;
pub(crate) mod notifications;
pub(crate) mod page_list;
pub(crate) mod prompts;
pub(crate) mod settings_window;
pub(crate) mod shortcuts_window;
pub(crate) mod split;
pub(crate) mod start_screen;
pub(crate) mod status_bar;
pub(crate) mod top_bar;

pub(crate) use element_editor::ElementEditor;
pub(crate) use models_window::ModelsWindow;
pub(crate) use page_list::PageList;
pub(crate) use prompts::Prompts;
