//! Footnotes: small print at the foot of a column, under a short rule or with markers of its own.

use crate::layout::element::{Element, Kind};
use crate::layout::flow::PageFacts;
use crate::layout::line::Line;
use crate::layout::points::PtBox;
use crate::layout::prose;

/// Footnotes are smaller than the body by this factor at least. LaTeX's are 0.8, Word's 0.9.
const SMALLER: f64 = 0.94;

/// They start in this lower part of the page.
const MIN_DEPTH: f64 = 0.4;

/// Signs that number footnotes besides digits.
const SIGNS: &str = "*∗†‡§¶‖#";

/// Parts a column's lines, which are sorted from top to bottom, into text and footnotes.
pub(super) fn split(mut lines: Vec<Line>, facts: &PageFacts<'_>) -> (Vec<Line>, Vec<Line>) {
    let mut start = lines.len();
    let (mut has_marker, mut is_under_rule) = (false, false);
    for (index, line) in lines.iter().enumerate().rev() {
        if line.size > SMALLER * facts.body_size || line.baseline < MIN_DEPTH * facts.page_height {
            break;
        }
        if starts_note(line) && !is_under_rule {
            has_marker = true;
            start = index;
        }
        if has_rule_above(line, facts) {
            start = index;
            has_marker = true;
            is_under_rule = true;
        } else if is_under_rule {
            // The rule's reach ended: the line below was the first under it.
            start = start.max(index + 1);
            break;
        }
    }
    if !has_marker || start == 0 && lines.len() > MAX_LONE_LINES {
        start = lines.len();
    }
    let notes = lines.split_off(start);
    (lines, notes)
}

/// A column of nothing but small print, longer than this, is text in small print.
const MAX_LONE_LINES: usize = 12;

/// The notes, one element each.
pub(super) fn elements(lines: Vec<Line>, facts: &PageFacts<'_>) -> Vec<Element> {
    let mut notes: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match notes.last_mut() {
            Some(note) if !starts_note(&line) => note.push(line),
            _ => notes.push(vec![line]),
        }
    }
    notes
        .into_iter()
        .map(|note| {
            let bbox = note.iter().fold(PtBox::EMPTY, |bbox, line| bbox.union(&line.ink));
            let text = prose::join(note.iter(), facts.vocabulary);
            Element { kind: Kind::Footnote(spaced_marker(&text)), bbox }
        })
        .collect()
}

/// A note's number is printed close to its text; in plain text a space makes it a number again.
fn spaced_marker(text: &str) -> String {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(0);
    let (number, rest) = text.split_at(end);
    if !number.is_empty() && rest.starts_with(char::is_alphabetic) {
        format!("{number} {rest}")
    } else {
        text.to_owned()
    }
}

/// The line starts with a raised number, or a sign.
fn starts_note(line: &Line) -> bool {
    let Some(first) = line.first_word() else { return false };
    let is_number = first.text.len() <= 3 && first.text.chars().all(|digit| digit.is_ascii_digit());
    let is_sign = first.text.chars().next().is_some_and(|sign| SIGNS.contains(sign));
    let is_letter = first.is_raised && first.num_chars == 1;
    line.words.len() > 1 && ((is_number && (first.is_raised || first.num_chars <= 2)) || is_sign || is_letter)
}

/// A short rule lies right above the line, at its left end.
fn has_rule_above(line: &Line, facts: &PageFacts<'_>) -> bool {
    facts.free_rules.iter().any(|rule| {
        let distance = line.bbox.top - rule.bottom;
        (-0.3 * line.size..=2.0 * line.size).contains(&distance)
            && (rule.left - line.bbox.left).abs() < 3.0 * line.size
            && rule.width() > 2.0 * line.size
    })
}
