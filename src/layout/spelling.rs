//! Glyphs of one word as text: ligatures spelled out, accents composed, symbol fonts understood.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};

use crate::layout::glyph::{Glyph, SOFT_HYPHEN};

/// The glyphs of one word, in reading order, as text.
pub(super) fn spell(glyphs: &[&Glyph], is_symbol_font: impl Fn(u16) -> bool) -> String {
    let mut text = String::new();
    let mut pending: Option<(char, &Glyph)> = None;
    for (position, glyph) in glyphs.iter().enumerate() {
        if let Some(mark) = combining_from_spacing(glyph.unicode) {
            // An accent that is set over its letter, as TeX does, comes before or after it.
            let before = position.checked_sub(1).and_then(|index| glyphs.get(index));
            if before.is_some_and(|other| shares_place(other, glyph))
                && let Some(composed) = text.chars().next_back().and_then(|base| compose(base, mark))
            {
                text.pop();
                text.push(composed);
                continue;
            }
            let after = glyphs.get(position + 1);
            if after.is_some_and(|after| shares_place(after, glyph) && after.unicode.is_alphabetic()) {
                pending = Some((mark, glyph));
                continue;
            }
        }
        push_meaning(&mut text, glyph, &is_symbol_font);
        if let Some((mark, _)) = pending.take()
            && let Some(base) = text.pop()
        {
            let undotted = match base {
                '\u{131}' => 'i',
                '\u{237}' => 'j',
                other => other,
            };
            match compose(undotted, mark) {
                Some(composed) => text.push(composed),
                None => text.extend([undotted, mark]),
            }
        }
    }
    if text.is_ascii() { text } else { text.nfc().collect() }
}

fn push_meaning(text: &mut String, glyph: &Glyph, is_symbol_font: &impl Fn(u16) -> bool) {
    match glyph.unicode {
        SOFT_HYPHEN => text.push(SOFT_HYPHEN),
        '\u{FFFD}' => {
            if is_symbol_font(glyph.font_idx) {
                text.push('•');
            }
        }
        '\u{A0}' | '\u{2007}' | '\u{202F}' => text.push(' '),
        // Latin ligatures, Hebrew and Arabic presentation forms; long s is kept.
        ligature @ ('\u{FB00}'..='\u{FB04}' | '\u{FB06}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}') => {
            text.extend(std::iter::once(ligature).nfkc());
        }
        '\u{FB05}' => text.push_str("ft"),
        other => text.push(other),
    }
}

/// Both glyphs are printed over one another for the most part.
fn shares_place(one: &Glyph, other: &Glyph) -> bool {
    let shared = one.bbox.overlap_x(&other.bbox);
    shared > ACCENT_OVERLAP * one.bbox.width().min(other.bbox.width())
}

/// Share of the narrower glyph's width that an accent and its letter have in common.
const ACCENT_OVERLAP: f64 = 0.5;

/// The character is an accent that may belong to a letter beside it in the file.
pub(super) fn is_accent(character: char) -> bool {
    combining_from_spacing(character).is_some()
}

/// The combining mark for an accent that has a width of its own.
fn combining_from_spacing(spacing: char) -> Option<char> {
    Some(match spacing {
        '`' | '\u{2CB}' => '\u{300}',
        '\u{B4}' | '\u{2CA}' => '\u{301}',
        '^' | '\u{2C6}' => '\u{302}',
        '~' | '\u{2DC}' => '\u{303}',
        '\u{AF}' | '\u{2C9}' => '\u{304}',
        '\u{2D8}' => '\u{306}',
        '\u{2D9}' => '\u{307}',
        '\u{A8}' => '\u{308}',
        '\u{2DA}' => '\u{30A}',
        '\u{2DD}' => '\u{30B}',
        '\u{2C7}' => '\u{30C}',
        '\u{B8}' => '\u{327}',
        '\u{2DB}' => '\u{328}',
        mark if canonical_combining_class(mark) != 0 => mark,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::points::PtBox;

    /// Glyphs as `(character, left, right)`.
    fn check(placed: &[(char, f64, f64)], expected: &str) {
        let glyphs: Vec<Glyph> = placed
            .iter()
            .map(|&(unicode, left, right)| {
                let bbox = PtBox::new(left, 0.0, right, 10.0);
                let (ink, baseline, size) = (bbox, 8.0, 10.0);
                Glyph { unicode, bbox, ink, baseline, size, font_idx: 0, is_blank: false, is_doubled: false }
            })
            .collect();
        assert_eq!(spell(&glyphs.iter().collect::<Vec<_>>(), |_| false), expected);
    }

    #[test]
    fn ligatures_are_spelled_out() {
        check(&[('\u{FB01}', 0.0, 5.0), ('n', 5.0, 10.0), ('\u{FB04}', 10.0, 18.0)], "finffl");
    }

    #[test]
    fn an_accent_over_the_next_letter_is_composed() {
        check(&[('\u{B4}', 0.0, 5.0), ('e', 0.0, 4.5), ('t', 5.0, 8.0)], "ét");
        check(&[('\u{A8}', 0.0, 5.0), ('\u{131}', 1.0, 4.0)], "ï");
    }

    #[test]
    fn an_accent_over_the_letter_before_is_composed() {
        check(&[('c', 0.0, 5.0), ('\u{B8}', 0.0, 4.5), ('a', 5.0, 9.0)], "ça");
    }

    #[test]
    fn a_tilde_of_its_own_stays() {
        check(&[('~', 0.0, 5.0), ('/', 5.0, 8.0), ('a', 8.0, 12.0)], "~/a");
    }

    #[test]
    fn combining_marks_are_composed() {
        check(&[('o', 0.0, 5.0), ('\u{308}', 4.0, 5.0)], "ö");
    }
}
