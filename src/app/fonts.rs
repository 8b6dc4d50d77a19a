//! The fonts of the window, compiled in.

use egui::{FontDefinitions, FontFamily};

use super::theme::{icon_family, strong_family};

/// Our faces for the proportional, monospace, strong and icon families, egui's own as fallbacks.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let proportional = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    fonts.families.insert(strong_family(), proportional.clone());
    fonts.families.insert(icon_family(), proportional);
    fonts
}
