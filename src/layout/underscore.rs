//! Underscores that TeX draws as rules: its text fonts have no such character.

use crate::document::text_layer::TextLayer;
use crate::layout::glyph::{ASCENT_EM, DESCENT_EM, Glyph};
use crate::layout::points::{Frame, Turn};

/// Width of the drawn underscore, in font sizes; plain TeX and LaTeX draw 0.3 to 0.5.
const WIDTH_EM: std::ops::RangeInclusive<f64> = 0.2..=0.65;

/// It stands on the baseline within this much, in font sizes. Fraction bars stand higher, lines under
/// words lower.
const ON_BASELINE_EM: f64 = 0.12;

/// It follows the letter before it within this much, in font sizes: TeX puts 0.06 between them.
const GAP_EM: f64 = 0.2;

/// Bounds for hostile pages: rules looked at, and glyphs looked at for each.
const MAX_RULES: usize = 3000;
const MAX_GLYPHS: usize = 600;

/// Glyphs for the underscores among the rules. `glyphs` are sorted by baseline.
pub(super) fn underscores(layer: &TextLayer, frame: &Frame, glyphs: &[Glyph]) -> Vec<Glyph> {
    if frame.turn != Turn::None {
        return Vec::new();
    }
    let mut found = Vec::new();
    for rule in layer.rules.iter().filter(|rule| rule.is_horizontal).take(MAX_RULES) {
        let bbox = frame.points_from_page(&rule.bbox);
        // The widest type that is searched: 0.65 of 30 points.
        if !(1.0..20.0).contains(&bbox.width()) {
            continue;
        }
        let reach = bbox.width();
        let first = glyphs.partition_point(|glyph| glyph.baseline < bbox.bottom - reach);
        let before = glyphs
            .iter()
            .skip(first)
            .take(MAX_GLYPHS)
            .take_while(|glyph| glyph.baseline <= bbox.bottom + reach)
            .find(|glyph| {
                !glyph.is_blank
                    && WIDTH_EM.contains(&(bbox.width() / glyph.size))
                    && (glyph.baseline - bbox.bottom).abs() <= ON_BASELINE_EM * glyph.size
                    && (-0.05 * glyph.size..=GAP_EM * glyph.size).contains(&(bbox.left - glyph.bbox.right))
            });
        if let Some(before) = before {
            let (baseline, size) = (before.baseline, before.size);
            let mut glyph = Glyph { unicode: '_', ink: bbox, bbox, is_doubled: false, ..before.clone() };
            glyph.bbox.top = baseline - ASCENT_EM * size;
            glyph.bbox.bottom = baseline + DESCENT_EM * size;
            found.push(glyph);
        }
    }
    found
}
