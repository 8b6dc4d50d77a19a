//! Program text: line ends, indentation and blank lines kept.

use crate::layout::line::Line;

/// Widest gap that is filled with blanks, in characters; further right is another thing.
const MAX_BLANKS: usize = 120;

/// Most blank lines between two lines of one listing.
const MAX_BLANK_LINES: usize = 3;

/// The text of lines in monospaced type, from top to bottom.
pub(super) fn text(lines: &[Line]) -> String {
    let advance = advance_pt(lines);
    let left = lines.iter().map(|line| line.bbox.left).fold(f64::INFINITY, f64::min);
    let leading = leading_pt(lines);
    let mut text = String::new();
    let mut last_baseline = None;
    for line in lines {
        if let Some(last) = last_baseline {
            let num_lines = count((line.baseline - last) / leading, MAX_BLANK_LINES + 1).max(1);
            text.extend(std::iter::repeat_n('\n', num_lines));
        }
        last_baseline = Some(line.baseline);
        let mut right = left;
        for (index, word) in line.words.iter().enumerate() {
            let num_blanks =
                if word.is_glued { 0 } else { count((word.bbox.left - right) / advance, MAX_BLANKS) };
            // Between words there is a blank whatever the gap.
            let least = usize::from(index > 0 && !word.is_glued);
            text.extend(std::iter::repeat_n(' ', num_blanks.max(least)));
            text.push_str(&word.text);
            right = word.bbox.right;
        }
    }
    text.replace(crate::layout::glyph::SOFT_HYPHEN, "-")
}

/// The width of one character: the median over words.
fn advance_pt(lines: &[Line]) -> f64 {
    let mut advances: Vec<f64> = lines
        .iter()
        .flat_map(|line| &line.words)
        .filter(|word| word.style.is_mono)
        .map(|word| word.bbox.width() / word.num_chars.max(1) as f64)
        .collect();
    advances.sort_by(f64::total_cmp);
    advances.get(advances.len() / 2).copied().unwrap_or(6.0).max(0.5)
}

/// The usual distance of baselines: the lower quarter, because blank lines only make it larger.
fn leading_pt(lines: &[Line]) -> f64 {
    let mut distances: Vec<f64> = lines
        .windows(2)
        .map(|pair| pair[1].baseline - pair[0].baseline)
        .filter(|&distance| distance > 0.5)
        .collect();
    distances.sort_by(f64::total_cmp);
    distances.get(distances.len() / 4).copied().unwrap_or(12.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=most")]
fn count(share: f64, most: usize) -> usize {
    share.round().clamp(0.0, most as f64) as usize
}
