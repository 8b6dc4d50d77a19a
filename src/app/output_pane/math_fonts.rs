//! The `KaTeX` faces that formulas are set in, compiled in.
//!
//! Their families are named as the layout engine names them ("Math-Italic"). Glyphs that they lack
//! come from the fonts of the interface.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily};

macro_rules! katex_faces {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../assets/fonts/KaTeX/KaTeX_", $name, ".ttf")))),*]
    };
}

const FIRST_FACE: &str = "Main-Regular";

const FACES: &[(&str, &[u8])] = katex_faces![
    "Main-Regular",
    "Math-Italic",
    "AMS-Regular",
    "Caligraphic-Bold",
    "Caligraphic-Regular",
    "Fraktur-Bold",
    "Fraktur-Regular",
    "Main-Bold",
    "Main-BoldItalic",
    "Main-Italic",
    "Math-BoldItalic",
    "SansSerif-Bold",
    "SansSerif-Italic",
    "SansSerif-Regular",
    "Script-Regular",
    "Size1-Regular",
    "Size2-Regular",
    "Size3-Regular",
    "Size4-Regular",
    "Typewriter-Regular",
];

/// The faces can be used in this frame. If not, because whoever set the fonts left them out, they are
/// added and can be used from the next frame on.
pub(super) fn are_ready(ctx: &Context) -> bool {
    let is_there = |fonts: &FontDefinitions| fonts.families.contains_key(&family(FIRST_FACE));
    let missing_from = ctx.fonts(|fonts| {
        let definitions = fonts.definitions();
        (!is_there(definitions)).then(|| definitions.clone())
    });
    let Some(mut definitions) = missing_from else { return true };
    add_math_fonts(&mut definitions);
    ctx.set_fonts(definitions);
    ctx.request_repaint();
    false
}

/// Adds a family for every face, behind the families that are there.
pub fn add_math_fonts(fonts: &mut FontDefinitions) {
    let fallbacks = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for &(name, bytes) in FACES {
        let key = format!("KaTeX {name}");
        fonts.font_data.insert(key.clone(), Arc::new(FontData::from_static(bytes)));
        let chain = std::iter::once(key).chain(fallbacks.iter().cloned()).collect();
        fonts.families.insert(FontFamily::Name(name.into()), chain);
    }
}

/// The family of a face as the layout engine names it; the interface's own for any other name.
pub(super) fn family(name: &str) -> FontFamily {
    let face = FACES.iter().find(|(face, _)| *face == name);
    face.map_or(FontFamily::Proportional, |(face, _)| FontFamily::Name((*face).into()))
}
