//! Lines of one column into blocks: paragraphs, items of lists, runs of code, formulas.
//!
//! A block ends where type, spacing, indentation or a short last line say so. What a block means
//! (heading, caption, footnote …) is decided afterwards.

use crate::layout::element::Marker;
use crate::layout::line::{Line, Word};
use crate::layout::marker;
use crate::layout::points::PtBox;

/// Lines that belong together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) lines: Vec<Line>,
    pub(super) class: Class,
    /// White above the block in line distances; 1 is none, infinite at the column's top.
    pub(super) space_above: f64,
}

/// What a block is at first sight.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Class {
    Prose,
    /// The marker is no longer in the lines.
    Item {
        marker: Marker,
        indent: f64,
    },
    Code,
    Formula,
}

impl Block {
    pub(super) fn bbox(&self) -> PtBox {
        self.lines.iter().fold(PtBox::EMPTY, |bbox, line| bbox.union(&line.ink))
    }
}

/// What lines are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) left: f64,
    pub(super) right: f64,
    /// Usual distance of baselines, in font sizes.
    pub(super) leading: f64,
    /// Most lines end at the right edge.
    pub(super) is_justified: bool,
    /// Monospaced type says nothing here.
    pub(super) ignores_mono: bool,
}

/// Sizes of neighbouring lines within this factor are one size.
const SAME_SIZE: f64 = 1.1;

/// A line distance above the usual one by this factor ends a block.
const SPACE_FACTOR: f64 = 1.28;

/// Line distance up to which large type (several lines of a title) goes on, in font sizes.
const LARGE_TYPE_LEADING: f64 = 1.5;

/// An indentation of at least this much, in font sizes, is meant.
const INDENT_EM: f64 = 0.7;

/// First lines are not indented more than this, in font sizes.
const MAX_INDENT_EM: f64 = 5.0;

/// White at a line's right end that is too much for justified text, in font sizes.
const SHORT_EM: f64 = 1.5;

/// The same for ragged text, where a word that did not fit leaves white.
const SHORT_RAGGED_EM: f64 = 4.0;

/// Lines of code go on over this much white, in usual line distances: two blank lines.
const CODE_SPACE: f64 = 3.3;

/// Share of characters in fonts for mathematics that makes a set-off line a formula.
const MATH_SHARE: f64 = 0.25;

/// Share of a formula's characters that are in plain words: "if", "where" and the like are few.
const MAX_WORD_SHARE: f64 = 0.35;

impl Column {
    pub(super) fn new(lines: &[&Line], ignores_mono: bool) -> Self {
        let mut lefts: Vec<f64> = lines.iter().map(|line| line.bbox.left).collect();
        let mut rights: Vec<f64> = lines.iter().map(|line| line.bbox.right).collect();
        lefts.sort_by(f64::total_cmp);
        rights.sort_by(f64::total_cmp);
        let left = lefts.get(lefts.len() / 20).copied().unwrap_or(0.0);
        let right = rights.get((rights.len() * 19).div_ceil(20).saturating_sub(1)).copied().unwrap_or(0.0);
        let num_flush = lines.iter().filter(|line| (line.bbox.right - right).abs() < 0.3 * line.size).count();
        let mut distances: Vec<f64> = lines
            .windows(2)
            .filter(|pair| (pair[0].size - pair[1].size).abs() < 0.05 * pair[0].size)
            .map(|pair| (pair[1].baseline - pair[0].baseline) / pair[0].size)
            .filter(|distance| (0.8..2.6).contains(distance))
            .collect();
        distances.sort_by(f64::total_cmp);
        // The lower third: spaces between paragraphs only ever make distances larger.
        let leading = distances.get(distances.len() / 3).copied().unwrap_or(1.2);
        let is_justified = lines.len() >= 4 && num_flush * 2 >= lines.len();
        Self { left, right, leading, is_justified, ignores_mono }
    }

    fn is_code(&self, line: &Line) -> bool {
        !self.ignores_mono
            && line.is_mono()
            && !marker::find(line).is_some_and(|found| {
                found.is_sure && !line.first_word().is_some_and(|word| word.style.is_mono)
            })
    }

    /// Set off from the margin, made of symbols.
    fn is_formula(&self, line: &Line) -> bool {
        let is_set_off = line.bbox.left > self.left + line.size || (2..=3).contains(&line.num_chars);
        if !is_set_off || self.is_code(line) {
            return false;
        }
        let num_in_words: usize =
            line.words.iter().filter(|word| is_plain_word(word)).map(|word| word.num_chars).sum();
        let word_share = num_in_words as f64 / line.num_chars.max(1) as f64;
        let has_relation = line
            .words
            .iter()
            .any(|word| word.text.contains(['=', '≤', '≥', '≈', '∈', '→', '≡', '∝', '∑', '∫']));
        word_share <= MAX_WORD_SHARE
            && (line.math_share() >= MATH_SHARE
                || (has_relation && word_share <= MAX_WORD_SHARE / 2.0 && line.math_share() > 0.0))
    }
}

/// A few characters close below a formula: a limit, a denominator.
fn is_limit(line: &Line, block: Option<&Block>, space: f64) -> bool {
    line.num_chars <= 3 && space < 1.2 && block.is_some_and(|block| block.class == Class::Formula)
}

/// A word of ordinary text.
fn is_plain_word(word: &Word) -> bool {
    word.num_math == 0 && word.num_chars >= 3 && word.text.chars().all(char::is_alphabetic)
}

/// Blocks of a column's lines, which are sorted from top to bottom. `above` is the y at which
/// something other than a line ends above them, if anything does.
pub(super) fn blocks(lines: Vec<Line>, column: &Column) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut last_line: Option<Line> = None;
    for line in lines {
        let space = last_line.as_ref().map_or(f64::INFINITY, |last| {
            (line.baseline - last.baseline) / (column.leading * line.size.max(last.size)).max(1.0)
        });
        let class = if column.is_code(&line) {
            Class::Code
        } else if column.is_formula(&line) || is_limit(&line, blocks.last(), space) {
            Class::Formula
        } else {
            Class::Prose
        };
        let grouping = Grouping { column, block: blocks.last(), last: last_line.as_ref(), space };
        let found = if class == Class::Prose { grouping.marker(&line) } else { None };
        let goes_on = grouping.goes_on(&line, &class);
        last_line = Some(line.clone());
        if let Some(found) = found {
            let indent = line.bbox.left;
            let mut rest = Line::new(found.rest, line.baseline, line.is_rtl);
            // The box shows the marker too.
            rest.ink = rest.ink.union(&line.ink);
            let class = Class::Item { marker: found.marker, indent };
            blocks.push(Block { lines: vec![rest], class, space_above: space });
        } else if let (true, Some(block)) = (goes_on, blocks.last_mut()) {
            block.lines.push(line);
        } else {
            blocks.push(Block { lines: vec![line], class, space_above: space });
        }
    }
    blocks
}

/// The next line against what stands above it.
struct Grouping<'b> {
    column: &'b Column,
    block: Option<&'b Block>,
    /// The line above, its marker included.
    last: Option<&'b Line>,
    space: f64,
}

impl Grouping<'_> {
    /// The marker that starts the line, where a list is likely.
    fn marker(&self, line: &Line) -> Option<marker::Found> {
        let found = marker::find(line)?;
        let (Some(block), Some(last)) = (self.block, self.last) else { return Some(found) };
        let follows_item = matches!(&block.class, Class::Item { indent, .. }
            if (indent - line.bbox.left).abs() < 0.6 * line.size);
        // Within the text of an item a number or dash is most likely a part of the sentence.
        let is_in_item = matches!(block.class, Class::Item { .. })
            && block
                .lines
                .first()
                .is_some_and(|first| (first.bbox.left - line.bbox.left).abs() < 0.4 * line.size)
            && last.bbox.right > self.column.right - SHORT_RAGGED_EM * line.size;
        if is_in_item && !found.is_sure {
            return None;
        }
        let is_moved = (line.bbox.left - last.bbox.left).abs() > INDENT_EM * line.size;
        let ends_short = last.bbox.right < self.column.right - SHORT_RAGGED_EM * line.size;
        let is_likely = found.is_sure
            || follows_item
            || self.space >= 1.12
            || (is_moved && !self.is_first_line_of_indented(line))
            || ends_short;
        is_likely.then_some(found)
    }

    /// The line goes back to the margin after an indented first line.
    fn is_first_line_of_indented(&self, line: &Line) -> bool {
        self.block.is_some_and(|block| {
            block.lines.len() == 1 && block.lines[0].bbox.left > line.bbox.left && block.class == Class::Prose
        })
    }

    fn goes_on(&self, line: &Line, class: &Class) -> bool {
        let (Some(block), Some(last)) = (self.block, self.last) else { return false };
        match (&block.class, class) {
            (Class::Code, Class::Code) => self.space <= CODE_SPACE && same_size(last, line),
            (Class::Formula, Class::Formula) => self.space <= 1.6,
            (Class::Prose, Class::Prose) => self.prose_goes_on(block, last, line),
            (Class::Item { .. }, Class::Prose) => self.item_goes_on(block, last, line),
            _ => false,
        }
    }

    fn prose_goes_on(&self, block: &Block, last: &Line, line: &Line) -> bool {
        if !self.is_same_type(last, line) || !self.is_near(last, line) {
            return false;
        }
        let em = line.size;
        let is_centered = |one: &Line, other: &Line| {
            (one.bbox.center_x() - other.bbox.center_x()).abs() < 0.6 * em
                && (one.bbox.left - other.bbox.left).abs() > 0.3 * em
                && one.bbox.left.max(other.bbox.left) > self.column.left + em
        };
        if is_centered(last, line) {
            return true;
        }
        if self.ends_a_paragraph(last, line) {
            return false;
        }
        // Right-to-left text is indented at its right.
        let shift =
            if line.is_rtl { last.bbox.right - line.bbox.right } else { line.bbox.left - last.bbox.left };
        if shift.abs() <= INDENT_EM * em {
            return true;
        }
        if block.lines.len() == 1 {
            // Back to the margin after an indented first line, or a hanging indent after a full line.
            let is_full = last.bbox.right > self.column.right - SHORT_EM * em;
            return (shift < 0.0 && -shift <= MAX_INDENT_EM * em)
                || (shift > 0.0 && shift <= MAX_INDENT_EM * em && is_full && !ends_sentence(last));
        }
        false
    }

    fn item_goes_on(&self, block: &Block, last: &Line, line: &Line) -> bool {
        let Class::Item { indent, .. } = block.class else { return false };
        if !self.is_same_type(last, line) || !self.is_near(last, line) {
            return false;
        }
        let em = line.size;
        let text_left = block
            .lines
            .first()
            .map_or(indent, |first| first.words.first().map_or(indent, |word| word.bbox.left));
        // Under the item's text, or anywhere between its marker and its text.
        let is_hanging = line.bbox.left > indent - 0.3 * em && line.bbox.left < text_left + INDENT_EM * em;
        let is_at_marker = (line.bbox.left - indent).abs() < 0.3 * em;
        is_hanging && !(is_at_marker && self.ends_a_paragraph(last, line)) && !self.is_surely_over(last, line)
            || (block.lines.len() == 1
                && line.bbox.left < indent
                && line.bbox.left >= self.column.left - 0.3 * em
                && last.bbox.right > self.column.right - SHORT_EM * em
                && !ends_sentence(last))
    }

    /// The item's last line is short, ends a sentence, and the next line stands further out.
    fn is_surely_over(&self, last: &Line, line: &Line) -> bool {
        self.ends_a_paragraph(last, line) && line.bbox.left < last.bbox.left - INDENT_EM * line.size
    }

    fn is_same_type(&self, last: &Line, line: &Line) -> bool {
        if !same_size(last, line) {
            return false;
        }
        if last.is_bold() == line.is_bold() {
            return true;
        }
        // A paragraph may start or end in bold; a bold line that ends early is a heading.
        let is_full = last.bbox.right > self.column.right - SHORT_RAGGED_EM * last.size;
        is_full && self.space < 1.12
    }

    fn is_near(&self, last: &Line, line: &Line) -> bool {
        let distance = line.baseline - last.baseline;
        self.space <= SPACE_FACTOR
            || (line.size > 1.15 * TYPICAL_BODY_PT && distance <= LARGE_TYPE_LEADING * line.size)
    }

    /// The line above ends a paragraph: it stops before the margin though a word would have fitted.
    fn ends_a_paragraph(&self, last: &Line, line: &Line) -> bool {
        let em = line.size;
        let white =
            if line.is_rtl { last.bbox.left - self.column.left } else { self.column.right - last.bbox.right };
        let first_word = line.first_word().map_or(0.0, |word| word.bbox.width());
        let fits = white > first_word + 0.6 * em;
        if self.column.is_justified {
            fits && white > SHORT_EM * em
        } else {
            fits && white > SHORT_RAGGED_EM * em && ends_sentence(last)
        }
    }
}

/// Type above this is a title's or heading's, in points, whose lines may stand wider apart.
const TYPICAL_BODY_PT: f64 = 11.0;

fn same_size(one: &Line, other: &Line) -> bool {
    one.size <= SAME_SIZE * other.size && other.size <= SAME_SIZE * one.size
}

fn ends_sentence(line: &Line) -> bool {
    line.words.last().is_some_and(|word| {
        word.text
            .trim_end_matches(['"', '\'', '”', '’', ')', ']'])
            .ends_with(['.', '!', '?', ':', ';', '。', '？', '！', '؟'])
    })
}
