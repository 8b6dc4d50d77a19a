//! Which characters can be trusted, and whether a page's text layer can.

use crate::document::text_layer::{TextChar, TextQuality};

/// Above this share of characters without a meaning, words are no longer readable.
const MAX_UNMAPPED_SHARE: f64 = 0.1;
/// From this share of invisible characters on the text is somebody's OCR. Not all: libraries stamp
/// their name on scans in visible text.
const MIN_INVISIBLE_SHARE: f64 = 0.9;

/// Whether a character code says nothing about what is printed: the replacement character, private
/// use, controls, and what is no character at all. PDFium hands out the font's own code when the file
/// has no Unicode for it, which in subset fonts falls among the controls.
pub(super) fn is_unmapped(unicode: char) -> bool {
    matches!(unicode,
        '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        | '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{F0000}'..='\u{10FFFF}')
}

/// Judges a page by all its characters. Blanks do not count.
pub(super) fn quality_of(chars: &[TextChar]) -> TextQuality {
    let printed = chars.iter().filter(|c| !c.is_blank);
    let (mut count, mut unmapped, mut invisible) = (0_u32, 0_u32, 0_u32);
    for c in printed {
        count += 1;
        unmapped += u32::from(c.is_unmapped);
        invisible += u32::from(c.is_invisible);
    }
    let share = |part: u32| f64::from(part) / f64::from(count.max(1));
    if count == 0 {
        TextQuality::Absent
    } else if share(unmapped) > MAX_UNMAPPED_SHARE {
        TextQuality::Garbled
    } else if share(invisible) >= MIN_INVISIBLE_SHARE {
        TextQuality::OcrLayer
    } else {
        TextQuality::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::BBox;

    /// `v` visible, `i` invisible, `u` unmapped, `_` blank.
    fn check(page: &str, expected: TextQuality) {
        let chars: Vec<TextChar> = page
            .chars()
            .map(|kind| TextChar {
                unicode: 'x',
                loose: BBox::PAGE,
                tight: BBox::PAGE,
                baseline: 0.0,
                font_size_pt: 10.0,
                font_idx: 0,
                angle_deg: 0.0,
                color: None,
                is_blank: kind == '_',
                is_unmapped: kind == 'u',
                is_invisible: kind == 'i',
            })
            .collect();
        assert_eq!(quality_of(&chars), expected, "{page}");
    }

    #[test]
    fn a_page_is_judged_by_what_it_prints() {
        check("", TextQuality::Absent);
        check("____", TextQuality::Absent);
        check("vvvv_vvvvvu", TextQuality::Good);
        check("vvvvvvvvvuu", TextQuality::Garbled);
        check("iiiiiiiiiiiiiiiiv", TextQuality::OcrLayer);
        check("iiiiiv", TextQuality::Good);
    }

    #[test]
    fn codes_without_meaning_are_told_from_text() {
        for unicode in ['\u{1}', '\u{FFFD}', '\u{E012}', '\u{F0001}', '\u{FFFE}'] {
            assert!(is_unmapped(unicode), "{unicode:?}");
        }
        for unicode in ['a', ' ', '\t', '\u{A0}', '\u{FB01}', '漢', '\u{1D465}'] {
            assert!(!is_unmapped(unicode), "{unicode:?}");
        }
    }
}
