//! The page's own text in a box, as words that can be compared with what was read there.

use unicode_normalization::UnicodeNormalization as _;

use crate::document::text_layer::{TextChar, TextLayer};
use crate::geometry::BBox;

/// Boxes of elements stand on a grid of 500 steps: a character may reach beyond by one step.
const SLACK: f64 = 0.002;
/// Characters whose baselines are this part of the font size apart still stand on one line:
/// raised and lowered ones do.
const SAME_LINE: f64 = 0.45;
/// A gap this wide, in font sizes, parts words. Between letters it is a tenth, between words a quarter.
const WORD_GAP: f64 = 0.16;
/// Smaller than this part of its neighbour's size, a character is a note's mark, not part of the word.
const MARK_SIZE: f32 = 0.8;

/// The folded words whose characters have their middle in the box and in none of `without`, line by
/// line. Words that are parted at a line's end are joined. Text that does not run level is left out.
pub(super) fn words_within(layer: &TextLayer, bbox: &BBox, without: &[BBox]) -> Vec<String> {
    words(layer, bbox, without, fold)
}

/// The same words as the page has them.
pub(super) fn words_as_printed(layer: &TextLayer, bbox: &BBox, without: &[BBox]) -> Vec<String> {
    words(layer, bbox, without, |c, word| {
        if !is_invisible(c) {
            word.push(c);
        }
    })
}

fn words(layer: &TextLayer, bbox: &BBox, without: &[BBox], push: fn(char, &mut String)) -> Vec<String> {
    let bbox = BBox {
        left: bbox.left - SLACK,
        top: bbox.top - SLACK,
        right: bbox.right + SLACK,
        bottom: bbox.bottom + SLACK,
    };
    let is_within = |char: &&TextChar| {
        let (x, y) = if char.is_blank { char.loose.center() } else { char.tight.center() };
        let is_level = char.angle_deg < 0.5 || char.angle_deg > 359.5;
        is_level && bbox.contains(x, y) && !without.iter().any(|inner| inner.contains(x, y))
    };
    let mut chars: Vec<&TextChar> = layer.chars.iter().filter(is_within).collect();
    chars.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let height_pt = layer.page_size.height_pt;
    let is_same_line = |a: &&TextChar, b: &&TextChar| {
        let size_pt = f64::from(a.font_size_pt.max(b.font_size_pt));
        (b.baseline - a.baseline) * height_pt < SAME_LINE * size_pt
    };
    let mut words: Vec<String> = Vec::new();
    for line in chars.chunk_by(is_same_line) {
        let mut line = line.to_vec();
        line.sort_by(|a, b| a.loose.left.total_cmp(&b.loose.left));
        let mut of_line = words_of_line(&line, layer.page_size.width_pt, push).into_iter();
        let is_parted = |word: &String| word.len() > 1 && word.ends_with(['-', '‐']);
        if words.last().is_some_and(is_parted)
            && let Some(end) = words.last_mut()
            && let Some(first) = of_line.next()
        {
            if first.starts_with(char::is_lowercase) {
                end.pop();
            }
            end.push_str(&first);
        }
        words.extend(of_line);
    }
    words
}

fn words_of_line(line: &[&TextChar], width_pt: f64, push: fn(char, &mut String)) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before: Option<&TextChar> = None;
    for char in line {
        let is_apart = before.is_some_and(|before| {
            let (small_pt, large_pt) =
                (before.font_size_pt.min(char.font_size_pt), before.font_size_pt.max(char.font_size_pt));
            let gap_pt = (char.loose.left - before.loose.right) * width_pt;
            gap_pt > WORD_GAP * f64::from(large_pt) || small_pt < MARK_SIZE * large_pt
        });
        if (char.is_blank || is_apart) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !char.is_blank {
            push(char.unicode, &mut word);
        }
        before = Some(char);
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// A text with those differences taken out that are no errors: the shapes of quotes and dashes,
/// ligatures, raised and lowered digits, soft hyphens.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|c| fold(c, &mut folded));
    folded
}

/// Soft hyphens and marks without a width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}')
}

fn fold(c: char, folded: &mut String) {
    match c {
        invisible if is_invisible(invisible) => {}
        '‘' | '’' | '‚' | '′' | '`' => folded.push('\''),
        '“' | '”' | '„' | '″' => folded.push('"'),
        '‐' | '‑' | '‒' | '–' | '—' | '−' => folded.push('-'),
        blank if blank.is_whitespace() => folded.push(blank),
        other => folded.extend(other.nfkc().filter(|c| !c.is_whitespace())),
    }
}
