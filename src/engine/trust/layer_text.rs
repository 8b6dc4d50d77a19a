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

/// A word of the page with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedWord {
    /// As the page has it.
    pub(super) printed: String,
    /// Where its ink is, in page space.
    pub(super) bbox: BBox,
    /// The line it stands on, counted from the top.
    pub(super) line: usize,
}

/// The words in a box, line by line, each line from left to right. Nothing is joined across lines.
pub(super) fn placed_words(layer: &TextLayer, bbox: &BBox) -> Vec<PlacedWord> {
    let lines = lines_within(layer, bbox, &[]);
    let words_of = |(line, chars): (usize, &Vec<&TextChar>)| {
        let words = word_runs(chars, layer.page_size.width_pt).into_iter();
        words.map(move |chars| placed(&chars, line)).collect::<Vec<_>>()
    };
    lines.iter().enumerate().flat_map(words_of).filter(|word| !word.printed.is_empty()).collect()
}

fn placed(chars: &[&TextChar], line: usize) -> PlacedWord {
    let boxes = chars.iter().map(|char| char.tight);
    PlacedWord {
        printed: chars.iter().map(|char| char.unicode).filter(|c| !is_invisible(*c)).collect(),
        bbox: boxes.reduce(|a, b| a.union(&b)).unwrap_or(BBox::PAGE),
        line,
    }
}

fn words(layer: &TextLayer, bbox: &BBox, without: &[BBox], push: fn(char, &mut String)) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for line in lines_within(layer, bbox, without) {
        let runs = word_runs(&line, layer.page_size.width_pt).into_iter();
        let mut of_line = runs.map(|chars| {
            let mut word = String::new();
            for char in &chars {
                push(char.unicode, &mut word);
            }
            word
        });
        let first = of_line.next();
        let is_joined = match (words.last_mut(), &first) {
            (Some(end), Some(first)) => join_parted(end, first),
            _ => false,
        };
        let first = first.filter(|_| !is_joined);
        words.extend(first.into_iter().chain(of_line).filter(|word| !word.is_empty()));
    }
    words
}

/// Joins the first word of a line to the last one of the line before when a hyphen parts them; `false` when none does.
pub(super) fn join_parted(end: &mut String, first: &str) -> bool {
    let is_parted = end.len() > 1 && end.ends_with(['-', '‐']);
    if is_parted {
        if first.starts_with(char::is_lowercase) {
            end.pop();
        }
        end.push_str(first);
    }
    is_parted
}

/// The characters with their middle in the box and in none of `without`, line by line, each line from left to right.
fn lines_within<'l>(layer: &'l TextLayer, bbox: &BBox, without: &[BBox]) -> Vec<Vec<&'l TextChar>> {
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
    let lines = chars.chunk_by(is_same_line).map(|line| {
        let mut line = line.to_vec();
        line.sort_by(|a, b| a.loose.left.total_cmp(&b.loose.left));
        line
    });
    lines.collect()
}

/// The characters of each word of a line, without blanks.
fn word_runs<'l>(line: &[&'l TextChar], width_pt: f64) -> Vec<Vec<&'l TextChar>> {
    let mut words = Vec::new();
    let mut word: Vec<&TextChar> = Vec::new();
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
            word.push(char);
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
