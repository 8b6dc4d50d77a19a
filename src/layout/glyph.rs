//! First step: the text layer's characters, cleaned, as glyphs in points of an upright frame.
//!
//! Dropped here: invisible text over visible text, characters off the page, and the second print
//! of letters that are printed twice for boldness or shadow. Ligatures are spelled out when words
//! are made (`word.rs`), not here, because a glyph has one box.

use std::collections::HashMap;

use crate::document::text_layer::{TextChar, TextLayer, TextQuality};
use crate::layout::points::{Frame, PtBox, Turn};
use crate::layout::spelling;

/// A printed character.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// `U+FFFD` when the file does not say; soft hyphens are `SOFT_HYPHEN`.
    pub(super) unicode: char,
    /// Advance width by nominal height around the baseline.
    pub(super) bbox: PtBox,
    /// What is inked; equal to `bbox` when the file does not say.
    pub(super) ink: PtBox,
    /// y of the baseline.
    pub(super) baseline: f64,
    /// Font size in points.
    pub(super) size: f64,
    pub(super) font_idx: u16,
    pub(super) is_blank: bool,
    /// Printed twice, a hair apart.
    pub(super) is_doubled: bool,
}

/// What a hyphen that the file marks as soft, or that the backend found at a line's end, becomes.
pub(super) const SOFT_HYPHEN: char = '\u{AD}';

/// Nominal extent above and below the baseline, in font sizes: what common text fonts need for
/// capitals and descenders. The fonts' own ascents differ wildly, so they are not used.
pub(super) const ASCENT_EM: f64 = 0.75;
pub(super) const DESCENT_EM: f64 = 0.22;

/// Two prints of one letter nearer than this are one letter, in font sizes: fake bold is offset by
/// 0.02 to 0.08, while no letter is narrower than 0.2.
const DOUBLE_PRINT_EM: f64 = 0.12;

/// Cell of the grid in which double prints are looked for, in points. Any size works.
const DOUBLE_PRINT_CELL_PT: f64 = 4.0;

/// More characters than this on one page are hostile or a data dump; the rest is not read.
const MAX_GLYPHS: usize = 400_000;

/// Sizes outside of this are taken from the box's height instead, in points.
const SANE_SIZE_PT: std::ops::RangeInclusive<f64> = 1.0..=1000.0;

/// The direction in which most of the page's text runs.
pub(super) fn main_turn(layer: &TextLayer) -> Turn {
    let mut counts = [0_usize; 4];
    for character in layer.chars.iter().filter(|character| !character.is_blank) {
        counts[Turn::from_degrees(character.angle_deg) as usize] += 1;
    }
    // On a tie the earlier turn wins, so a page with nothing stays upright.
    let mut best = Turn::None;
    for turn in Turn::ALL {
        if counts[turn as usize] > counts[best as usize] {
            best = turn;
        }
    }
    best
}

/// The glyphs whose text runs by `frame.turn`, in the order of the file.
pub(super) fn glyphs(layer: &TextLayer, frame: &Frame) -> Vec<Glyph> {
    let shows_invisible = layer.quality == TextQuality::OcrLayer;
    let mut glyphs = Vec::new();
    let mut printed = DoublePrints::default();
    for character in layer.chars.iter().take(MAX_GLYPHS) {
        if Turn::from_degrees(character.angle_deg) != frame.turn
            || (character.is_invisible && !shows_invisible)
        {
            continue;
        }
        let Some(glyph) = glyph(character, frame) else { continue };
        if !glyph.is_blank && printed.is_second_print(&mut glyphs, &glyph) {
            continue;
        }
        glyphs.push(glyph);
    }
    seat_accents(&mut glyphs);
    glyphs
}

/// How many glyphs away in the file a letter is looked for: usually the next one, but some readers
/// put a raised accent at the end of its line.
const ACCENT_REACH: usize = 120;

/// Accents over capitals are raised as a whole; they are put on the baseline of their letter.
fn seat_accents(glyphs: &mut [Glyph]) {
    for index in 0..glyphs.len() {
        if !spelling::is_accent(glyphs[index].unicode) {
            continue;
        }
        let accent = glyphs[index].bbox;
        let is_under = |letter: &&Glyph| {
            letter.unicode.is_alphabetic()
                && letter.bbox.overlap_x(&accent) > 0.5 * accent.width().min(letter.bbox.width())
                && (letter.baseline - accent.bottom).abs() < letter.size
        };
        let after = glyphs.iter().skip(index + 1).take(ACCENT_REACH).find(is_under);
        let before = || glyphs[..index].iter().rev().take(ACCENT_REACH).find(is_under);
        if let Some(baseline) = after.or_else(before).map(|letter| letter.baseline) {
            let accent = &mut glyphs[index];
            accent.bbox.top += baseline - accent.baseline;
            accent.bbox.bottom += baseline - accent.baseline;
            accent.baseline = baseline;
        }
    }
}

fn glyph(character: &TextChar, frame: &Frame) -> Option<Glyph> {
    let unicode = meaning(character)?;
    let loose = frame.points_from_page(&character.loose);
    let ink = frame.points_from_page(&character.tight);
    let is_finite = [loose.left, loose.top, loose.right, loose.bottom, character.baseline]
        .iter()
        .all(|edge| edge.is_finite());
    let (width, height) = frame.size();
    if !is_finite || !PtBox::new(0.0, 0.0, width, height).holds_center_of(&loose) {
        return None;
    }
    let mut size = f64::from(character.font_size_pt);
    if !SANE_SIZE_PT.contains(&size) {
        size = loose.height().clamp(*SANE_SIZE_PT.start(), *SANE_SIZE_PT.end());
    }
    let baseline = match frame.turn {
        Turn::None => character.baseline * height,
        Turn::Half => height - character.baseline * height,
        // The layer states baselines of upright text only.
        Turn::Quarter | Turn::ThreeQuarters => loose.bottom - DESCENT_EM * size,
    };
    // A Type 3 font can state any size; the ink can not lie far off the line it stands on.
    let baseline = if (loose.top - size..=loose.bottom + size).contains(&baseline) {
        baseline
    } else {
        loose.bottom - DESCENT_EM * size
    };
    let bbox = PtBox::new(loose.left, baseline - ASCENT_EM * size, loose.right, baseline + DESCENT_EM * size);
    let is_blank = character.is_blank || unicode.is_whitespace();
    let has_ink = ink.left.is_finite() && ink.top.is_finite() && ink.area() > 0.0;
    let ink = if has_ink { ink } else { bbox };
    let font_idx = character.font_idx;
    Some(Glyph { unicode, bbox, ink, baseline, size, font_idx, is_blank, is_doubled: false })
}

/// What the character says, `None` when it says and shows nothing.
fn meaning(character: &TextChar) -> Option<char> {
    match character.unicode {
        // PDFium gives U+0002 (older: U+FFFE) for a hyphen at which a word is broken.
        '\u{2}' | '\u{FFFE}' | SOFT_HYPHEN => Some(SOFT_HYPHEN),
        '\t' => Some(' '),
        // Codes of TeX's old and Cork encodings, in files that do not say what their glyphs mean.
        '\u{B}' | '\u{1B}' => Some('\u{FB00}'),
        '\u{C}' | '\u{1C}' => Some('\u{FB01}'),
        '\u{D}' | '\u{1D}' if character.tight.area() > 0.0 => Some('\u{FB02}'),
        '\u{E}' | '\u{1E}' => Some('\u{FB03}'),
        '\u{F}' | '\u{1F}' => Some('\u{FB04}'),
        '\u{15}' => Some('–'),
        '\u{16}' => Some('—'),
        '\u{200B}' | '\u{FEFF}' | '\u{200E}' | '\u{200F}' => None,
        unicode if unicode.is_control() && character.tight.area() <= 0.0 => None,
        unicode if unicode.is_control() || character.is_unmapped => Some('\u{FFFD}'),
        unicode => Some(unicode),
    }
}

/// Places of letters already printed, by grid cell.
#[derive(Default)]
struct DoublePrints {
    cells: HashMap<(char, i64, i64), usize>,
}

impl DoublePrints {
    /// Whether `glyph` was printed before at nearly the same place; marks the first print if so.
    fn is_second_print(&mut self, glyphs: &mut [Glyph], glyph: &Glyph) -> bool {
        let (column, row) = (cell(glyph.bbox.left), cell(glyph.baseline));
        for near_column in column - 1..=column + 1 {
            for near_row in row - 1..=row + 1 {
                let Some(&index) = self.cells.get(&(glyph.unicode, near_column, near_row)) else {
                    continue;
                };
                let Some(first) = glyphs.get_mut(index) else { continue };
                let reach = DOUBLE_PRINT_EM * glyph.size;
                if (first.bbox.left - glyph.bbox.left).abs() <= reach
                    && (first.baseline - glyph.baseline).abs() <= reach
                {
                    first.is_doubled = true;
                    return true;
                }
            }
        }
        self.cells.insert((glyph.unicode, column, row), glyphs.len());
        false
    }
}

/// A cell with room for its neighbours: a file may put glyphs anywhere.
#[expect(
    clippy::cast_possible_truncation,
    reason = "glyphs on the page fit easily, others share the last cell"
)]
fn cell(coordinate_pt: f64) -> i64 {
    i64::from((coordinate_pt / DOUBLE_PRINT_CELL_PT).floor() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glyph_at_any_place_has_cells_beside_it() {
        for place in [f64::MAX, f64::MIN, f64::INFINITY, f64::NAN] {
            assert_eq!((cell(place) - 1..=cell(place) + 1).count(), 3, "{place}");
        }
        assert_eq!(cell(1.5 * DOUBLE_PRINT_CELL_PT), 1);
    }
}
