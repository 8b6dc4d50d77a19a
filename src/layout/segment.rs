//! Second step: glyphs into pieces of lines.
//!
//! Glyphs on one baseline that follow each other without a wide gap form a segment. Exponents,
//! indices and note numbers, which stand on baselines of their own, are attached to the segment
//! that they belong to. Words are made last, when the neighbours of each glyph are known.

use crate::document::text_layer::{Font, TextLayer};
use crate::layout::glyph::{self, Glyph};
use crate::layout::groups::{root, unite};
use crate::layout::line::{Line, Style, Word, is_rtl_char};
use crate::layout::points::{Frame, PtBox};
use crate::layout::spelling;
use crate::layout::underscore;

/// Baselines nearer than this belong to one line, in font sizes. Rounding moves baselines by a few
/// hundredths; the smallest index is lowered by 0.14.
const SAME_BASELINE_EM: f64 = 0.12;

/// A gap that ends a segment, in font sizes. Justified lines rarely stretch a space beyond 0.8;
/// the gutter between columns is rarely below 1.2. Pieces of one line are joined again later.
const SEGMENT_GAP_EM: f64 = 1.0;

/// Attached pieces are at most this large against their line. TeX sets indices at 0.7 to 0.8.
const SCRIPT_SIZE: f64 = 0.88;

/// How far an exponent's baseline may rise and an index's baseline may sink, in sizes of the line.
const SCRIPT_RISE_EM: f64 = 0.75;
const SCRIPT_SINK_EM: f64 = 0.4;

/// Largest gap between a line and its exponent, in sizes of the line.
const SCRIPT_GAP_EM: f64 = 0.35;

/// The same before a line, where a note's sign stands.
const SIGN_GAP_EM: f64 = 0.9;

/// An attached piece has at most this many glyphs; longer ones are small print beside large.
const MAX_SCRIPT_GLYPHS: usize = 24;

/// Neighbours looked at for each piece. Only hostile pages have more near one baseline.
const MAX_NEIGHBOURS: usize = 64;

/// A gap between words where the file stores no blanks, in font sizes. TeX's tightest space is
/// 0.22, the loosest kern within a word is near 0.1.
const WORD_GAP_EM: f64 = 0.16;

/// The same where the file stores blanks and a gap may be a kern. Some writers (troff) store some
/// blanks only, so it cannot be much more.
const WORD_GAP_BESIDE_BLANKS_EM: f64 = 0.19;

/// Letters further apart than this on average are spaced out on purpose, in font sizes.
const TRACKING_EM: f64 = 0.08;

/// Two pieces on one line raised or lowered by more than this are not on the line, in font sizes.
const RAISED_EM: f64 = 0.15;

/// Digits whose ink ends this far above the baseline are raised, in font sizes.
const RAISED_INK_EM: f64 = 0.2;

/// The pieces of lines of the frame's text, in no particular order, and how each font is used.
pub(super) fn segments(layer: &TextLayer, frame: &Frame) -> Vec<Line> {
    let mut glyphs = glyph::glyphs(layer, frame);
    glyphs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    glyphs.extend(underscore::underscores(layer, frame, &glyphs));
    let pieces = attach_scripts(pieces(glyphs));
    let fonts: Vec<FontUse> = layer.fonts.iter().map(FontUse::new).collect();
    pieces.into_iter().filter_map(|piece| line_from_piece(&piece, &fonts)).collect()
}

/// What matters about a font.
struct FontUse {
    style: Style,
    is_math: bool,
    is_symbol: bool,
}

impl FontUse {
    const UNKNOWN: Self = Self {
        style: Style { is_bold: false, is_italic: false, is_mono: false },
        is_math: false,
        is_symbol: false,
    };

    fn new(font: &Font) -> Self {
        let name = font.name.to_ascii_lowercase();
        let contains = |part: &&str| name.contains(*part);
        let style = Style { is_bold: font.is_bold, is_italic: font.is_italic, is_mono: font.is_monospace };
        Self { style, is_math: MATH_FONTS.iter().any(contains), is_symbol: SYMBOL_FONTS.iter().any(contains) }
    }
}

/// Parts of the names of fonts for mathematics, in lower case: TeX's Computer Modern, AMS, Euler,
/// and the OpenType families.
const MATH_FONTS: [&str; 14] = [
    "cmmi", "cmsy", "cmex", "cmbsy", "cmmib", "msam", "msbm", "eufm", "eurm", "rmtmi", "math", "mtmi",
    "mtsy", "mtex",
];

/// Parts of the names of fonts whose characters are pictures; an unknown one is most likely a bullet.
const SYMBOL_FONTS: [&str; 5] = ["symbol", "wingding", "dingbat", "webding", "marlett"];

/// Glyphs of one segment, sorted by x.
struct Piece {
    glyphs: Vec<Glyph>,
    bbox: PtBox,
    baseline: f64,
    size: f64,
    num_inked: usize,
}

impl Piece {
    fn new(glyphs: Vec<Glyph>) -> Option<Self> {
        let mut bbox = PtBox::EMPTY;
        let (mut size, mut baseline, mut num_inked) = (0.0_f64, 0.0, 0);
        for glyph in glyphs.iter().filter(|glyph| !glyph.is_blank) {
            bbox = bbox.union(&glyph.bbox);
            // The largest glyph stands on the line.
            if glyph.size > size + 0.01 {
                size = glyph.size;
                baseline = glyph.baseline;
            }
            num_inked += 1;
        }
        (num_inked > 0).then_some(Self { glyphs, bbox, baseline, size, num_inked })
    }
}

/// Groups glyphs by baseline and cuts the groups at wide gaps. Sorted by baseline.
fn pieces(mut glyphs: Vec<Glyph>) -> Vec<Piece> {
    glyphs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut pieces = Vec::new();
    let mut row: Vec<Glyph> = Vec::new();
    for glyph in glyphs {
        if let (Some(first), Some(last)) = (row.first(), row.last()) {
            let reach = SAME_BASELINE_EM * first.size.min(glyph.size);
            // A row is only ended where baselines really differ, or when it has grown too thick.
            let is_far = glyph.baseline - first.baseline > reach && glyph.baseline - last.baseline > 0.02;
            if is_far || glyph.baseline - first.baseline > 3.0 * reach {
                cut_row(std::mem::take(&mut row), &mut pieces);
            }
        }
        row.push(glyph);
    }
    cut_row(row, &mut pieces);
    pieces
}

fn cut_row(mut row: Vec<Glyph>, pieces: &mut Vec<Piece>) {
    row.sort_by(|a, b| a.bbox.left.total_cmp(&b.bbox.left));
    let mut current: Vec<Glyph> = Vec::new();
    let mut right = f64::NEG_INFINITY;
    let mut last_size = 0.0_f64;
    for glyph in row {
        let gap = glyph.bbox.left - right;
        if !glyph.is_blank && gap > SEGMENT_GAP_EM * glyph.size.max(last_size) {
            pieces.extend(Piece::new(std::mem::take(&mut current)));
        }
        if !glyph.is_blank {
            right = right.max(glyph.bbox.right);
            last_size = glyph.size;
        }
        if !(glyph.is_blank && current.is_empty()) {
            current.push(glyph);
        }
    }
    pieces.extend(Piece::new(current));
}

/// Attaches small raised or lowered pieces to their lines. `pieces` are sorted by baseline.
fn attach_scripts(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut group: Vec<usize> = (0..pieces.len()).collect();
    let largest = pieces.iter().map(|piece| piece.size).fold(0.0, f64::max);
    for (index, piece) in pieces.iter().enumerate() {
        if piece.num_inked > MAX_SCRIPT_GLYPHS || piece.size > largest * SCRIPT_SIZE {
            continue;
        }
        let Some(host) = best_host(&pieces, index) else { continue };
        unite(&mut group, index, host);
        // An exponent in the middle of a line has a host on both sides.
        let host_baseline = pieces[host].baseline;
        for other in neighbours(&pieces, index, host_baseline, SAME_BASELINE_EM * pieces[host].size) {
            if other != host && gap_x(&pieces[other].bbox, &piece.bbox) < SCRIPT_GAP_EM * pieces[host].size {
                unite(&mut group, other, host);
            }
        }
    }
    let mut merged: Vec<Vec<Glyph>> = Vec::new();
    merged.resize_with(pieces.len(), Vec::new);
    for (index, piece) in pieces.into_iter().enumerate() {
        let root = root(&mut group, index);
        merged[root].extend(piece.glyphs);
    }
    merged
        .into_iter()
        .filter_map(|mut glyphs| {
            glyphs.sort_by(|a, b| a.bbox.left.total_cmp(&b.bbox.left));
            Piece::new(glyphs)
        })
        .collect()
}

/// The line that a small piece is an exponent or index of.
fn best_host(pieces: &[Piece], index: usize) -> Option<usize> {
    let piece = &pieces[index];
    let reach = piece.size / SCRIPT_SIZE * 2.0;
    let is_host = |&host: &usize| {
        let line = &pieces[host];
        let rise = line.baseline - piece.baseline;
        piece.size <= SCRIPT_SIZE * line.size
            && (-SCRIPT_SINK_EM * line.size..=SCRIPT_RISE_EM * line.size).contains(&rise)
            && gap_x(&line.bbox, &piece.bbox)
                < line.size * if piece.bbox.right <= line.bbox.left { SIGN_GAP_EM } else { SCRIPT_GAP_EM }
    };
    neighbours(pieces, index, piece.baseline, reach).filter(is_host).min_by(|&one, &other| {
        let distance = |host: usize| (pieces[host].baseline - piece.baseline).abs();
        distance(one).total_cmp(&distance(other))
    })
}

/// Pieces other than `index` with baselines within `reach` of `baseline`, nearest places first.
fn neighbours(pieces: &[Piece], index: usize, baseline: f64, reach: f64) -> impl Iterator<Item = usize> + '_ {
    let first = pieces.partition_point(|piece| piece.baseline < baseline - reach);
    let end = pieces.partition_point(|piece| piece.baseline <= baseline + reach);
    let first = first.max(index.saturating_sub(MAX_NEIGHBOURS)).min(end);
    let end = end.min(index + MAX_NEIGHBOURS).max(first);
    (first..end).filter(move |&other| other != index)
}

/// Horizontal distance; 0 when they overlap.
fn gap_x(one: &PtBox, other: &PtBox) -> f64 {
    (one.left - other.right).max(other.left - one.right).max(0.0)
}

fn line_from_piece(piece: &Piece, fonts: &[FontUse]) -> Option<Line> {
    let word_gap = word_gap_pt(piece);
    let mut words: Vec<Vec<&Glyph>> = Vec::new();
    let mut is_new = true;
    let mut right = f64::NEG_INFINITY;
    for glyph in &piece.glyphs {
        if glyph.is_blank {
            is_new = true;
            continue;
        }
        if is_new || glyph.bbox.left - right > word_gap {
            words.push(Vec::new());
        }
        is_new = false;
        right = right.max(glyph.bbox.right);
        if let Some(word) = words.last_mut() {
            word.push(glyph);
        }
    }
    let num_rtl = piece.glyphs.iter().filter(|glyph| is_rtl_char(glyph.unicode)).count();
    let is_rtl = num_rtl * 2 > piece.num_inked;
    let words = if is_rtl { logical_order(words) } else { words };
    let words: Vec<Word> = words.iter().flat_map(|glyphs| styled_words(glyphs, piece, fonts)).collect();
    (!words.is_empty()).then(|| Line::new(words, piece.baseline, is_rtl))
}

/// Words of a right-to-left line from their places: runs of left-to-right words keep their order.
fn logical_order(mut words: Vec<Vec<&Glyph>>) -> Vec<Vec<&Glyph>> {
    words.reverse();
    for word in &mut words {
        if word.iter().any(|glyph| is_rtl_char(glyph.unicode)) {
            word.reverse();
        }
    }
    let is_ltr = |word: &Vec<&Glyph>| {
        !word.iter().any(|glyph| is_rtl_char(glyph.unicode))
            && word.iter().any(|glyph| glyph.unicode.is_alphanumeric())
    };
    let mut start = 0;
    while start < words.len() {
        let length = words[start..].iter().take_while(|word| is_ltr(word)).count();
        words[start..start + length].reverse();
        start += length.max(1);
    }
    words
}

/// The gap that separates words of this piece, in points.
fn word_gap_pt(piece: &Piece) -> f64 {
    let has_blanks = piece.glyphs.iter().any(|glyph| glyph.is_blank);
    let inked: Vec<&Glyph> = piece.glyphs.iter().filter(|glyph| !glyph.is_blank).collect();
    let mut gaps: Vec<f64> = inked
        .windows(2)
        // Dots of leaders are spaced on purpose and say nothing about letters.
        .filter(|pair| !(pair[0].unicode == '.' && pair[1].unicode == '.'))
        .filter(|pair| (pair[0].baseline - pair[1].baseline).abs() < SAME_BASELINE_EM * piece.size)
        .map(|pair| pair[1].bbox.left - pair[0].bbox.right)
        .collect();
    gaps.sort_by(f64::total_cmp);
    // The lower third, because in short pieces half of the gaps may be spaces.
    let usual = gaps.get(gaps.len() / 3).copied().unwrap_or(0.0);
    let usual = if gaps.len() >= 3 && usual > TRACKING_EM * piece.size { usual } else { 0.0 };
    let gap = if has_blanks { WORD_GAP_BESIDE_BLANKS_EM } else { WORD_GAP_EM };
    usual + gap * piece.size
}

/// A word's glyphs as one word, or several glued ones where style or height changes.
fn styled_words(glyphs: &[&Glyph], piece: &Piece, fonts: &[FontUse]) -> Vec<Word> {
    let font_of = |glyph: &Glyph| fonts.get(usize::from(glyph.font_idx)).unwrap_or(&FontUse::UNKNOWN);
    let look = |glyph: &Glyph| {
        let mut style = font_of(glyph).style;
        style.is_bold |= glyph.is_doubled;
        let is_script =
            piece.baseline - glyph.baseline > RAISED_EM * piece.size && glyph.size < SCRIPT_SIZE * piece.size;
        // Fonts with raised digits of their own set them at full size on the line.
        let is_raised_digit = glyph.unicode.is_ascii_digit()
            && glyph.ink != glyph.bbox
            && glyph.ink.bottom < glyph.baseline - RAISED_INK_EM * glyph.size;
        (style, is_script || is_raised_digit)
    };
    let mut words: Vec<Word> = Vec::new();
    let mut rest = glyphs;
    while let Some(first) = rest.first() {
        let (style, is_raised) = look(first);
        let length = rest.iter().take_while(|glyph| look(glyph) == (style, is_raised)).count();
        let (run, after) = rest.split_at(length.max(1));
        rest = after;
        let text = spelling::spell(run, |font_idx| {
            fonts.get(usize::from(font_idx)).is_some_and(|font| font.is_symbol)
        });
        if text.trim().is_empty() {
            continue;
        }
        let (mut bbox, mut ink) = (PtBox::EMPTY, PtBox::EMPTY);
        for glyph in run {
            bbox = bbox.union(&glyph.bbox);
            ink = ink.union(&glyph.ink);
        }
        let num_math = run.iter().filter(|glyph| font_of(glyph).is_math).count();
        let size = run.iter().map(|glyph| glyph.size).fold(0.0, f64::max);
        let (num_chars, is_glued) = (run.len(), !words.is_empty());
        words.push(Word { text, bbox, ink, size, style, num_chars, num_math, is_raised, is_glued });
    }
    words
}
