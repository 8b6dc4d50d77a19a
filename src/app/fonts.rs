//! The fonts of the window, compiled in: Inter, `JetBrains` Mono, the Lucide icons and
//! the faces of formulas.
//!
//! Egui's own faces stay as fallbacks behind them; scripts that neither has come from the system,
//! which eframe looks up when the first such character is shown.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

use super::output_pane::add_math_fonts;
use super::theme::{icon_family, italic_family, strong_family};

const INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
const INTER_ITALIC: &[u8] = include_bytes!("../../assets/fonts/Inter-Italic.otf");
const JETBRAINS_MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
const LUCIDE: &[u8] = include_bytes!("../../assets/fonts/Lucide.ttf");

/// Our faces for the proportional, monospace, strong, italic and icon families.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [
        ("Inter", INTER),
        ("Inter SemiBold", INTER_SEMIBOLD),
        ("Inter Italic", INTER_ITALIC),
        ("JetBrains Mono", JETBRAINS_MONO),
        ("Lucide", LUCIDE),
    ] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let behind = |first: &str, fallbacks: &[String]| {
        std::iter::once(first.to_owned()).chain(fallbacks.iter().cloned()).collect::<Vec<_>>()
    };
    let proportional = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let monospace = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let regular = behind("Inter", &proportional);
    fonts.families.insert(strong_family(), behind("Inter SemiBold", &regular));
    fonts.families.insert(italic_family(), behind("Inter Italic", &regular));
    fonts.families.insert(icon_family(), behind("Lucide", &regular));
    fonts.families.insert(FontFamily::Monospace, behind("JetBrains Mono", &monospace));
    fonts.families.insert(FontFamily::Proportional, regular);
    add_math_fonts(&mut fonts);
    fonts
}
