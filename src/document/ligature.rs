//! Letters of a ligature that come with one place for all.

use crate::document::text_layer::TextChar;

/// Cuts the boxes of spelled-out ligatures up, so that every letter has its own place.
///
/// PDFium spells `ﬁ` as `f`, `i` and gives both the place of the whole glyph; a font whose glyph stands
/// for several characters comes the same way. Text that runs in another direction than level is left.
pub(super) fn share_boxes_of_ligatures(chars: &mut [TextChar]) {
    let same_place = |a: &TextChar, b: &TextChar| a.tight == b.tight && a.loose == b.loose && !a.is_blank;
    for letters in chars.chunk_by_mut(same_place) {
        let count = letters.len() as f64;
        let is_level = letters.first().is_some_and(|first| first.angle_deg == 0.0);
        if letters.len() < 2 || !is_level {
            continue;
        }
        for (position, letter) in letters.iter_mut().enumerate() {
            for bbox in [&mut letter.tight, &mut letter.loose] {
                let width = bbox.width() / count;
                bbox.left += width * position as f64;
                bbox.right = bbox.left + width;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::BBox;

    fn letter(unicode: char, left: f64, right: f64) -> TextChar {
        let bbox = BBox { left, top: 0.0, right, bottom: 1.0 };
        TextChar {
            unicode,
            loose: bbox,
            tight: bbox,
            baseline: 1.0,
            font_size_pt: 10.0,
            font_idx: 0,
            angle_deg: 0.0,
            color: None,
            is_blank: false,
            is_unmapped: false,
            is_invisible: false,
        }
    }

    #[test]
    fn three_letters_in_one_place_get_a_third_each() {
        let mut chars = [
            letter('a', 0.0, 0.125),
            letter('f', 0.125, 0.5),
            letter('f', 0.125, 0.5),
            letter('i', 0.125, 0.5),
        ];
        share_boxes_of_ligatures(&mut chars);
        let edges = chars.each_ref().map(|c| (c.loose.left, c.tight.right));
        assert_eq!(edges, [(0.0, 0.125), (0.125, 0.25), (0.25, 0.375), (0.375, 0.5)]);
    }
}
