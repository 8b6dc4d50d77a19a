//! Lines of a paragraph as one text: joined, and words that were broken at line ends made whole.

use std::collections::HashSet;

use crate::layout::glyph::SOFT_HYPHEN;
use crate::layout::line::{Line, is_unspaced, text_of};

/// The page's words in lower case: they tell whether a hyphen at a line's end belongs to the word.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    words: HashSet<String>,
}

/// First parts of compounds that keep their hyphen when the page does not say otherwise.
const KEEPING_PREFIXES: [&str; 12] =
    ["self", "non", "well", "ex", "quasi", "cross", "half", "high", "low", "all", "so", "one"];

/// Words before which a hyphen is suspended: "pre- and post-war".
const AFTER_SUSPENDED_HYPHEN: [&str; 6] = ["and", "or", "und", "oder", "et", "ou"];

impl Vocabulary {
    pub(super) fn new<'l>(lines: impl Iterator<Item = &'l Line>) -> Self {
        let mut words = HashSet::new();
        for line in lines {
            for word in &line.words {
                let bare = word.text.trim_matches(|character: char| !character.is_alphanumeric());
                // A word that is cut by the line's end says nothing.
                if bare.len() > 2 && !ends_in_hyphen(&word.text) {
                    words.insert(bare.to_lowercase());
                }
            }
        }
        Self { words }
    }

    /// Whether `first` and `second`, parted by a hyphen and a line's end, are written with it.
    fn keeps_hyphen(&self, first: &str, second: &str) -> bool {
        let first = last_word(first).to_lowercase();
        let second: String = second.chars().take_while(|character| character.is_alphanumeric()).collect();
        let second = second.to_lowercase();
        if self.words.contains(&format!("{first}-{second}")) {
            return true;
        }
        if self.words.contains(&format!("{first}{second}")) {
            return false;
        }
        // "state-of-the-" + "art": a word with hyphens gets another one.
        first.contains('-') || KEEPING_PREFIXES.contains(&first.as_str())
    }
}

/// The text of consecutive lines as one paragraph.
pub(super) fn join<'l>(lines: impl Iterator<Item = &'l Line>, vocabulary: &Vocabulary) -> String {
    let mut text = String::new();
    for line in lines {
        append(&mut text, &text_of(&line.words), vocabulary);
    }
    finish(&text)
}

/// Drops the soft hyphens that are left: they stand inside words that were not broken.
pub(super) fn finish(text: &str) -> String {
    let text = text.trim();
    let mut finished = text
        .strip_suffix(SOFT_HYPHEN)
        .map_or_else(|| text.replace(SOFT_HYPHEN, ""), |before| before.replace(SOFT_HYPHEN, "") + "-");
    if finished.contains("  ") {
        finished = finished.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    }
    finished
}

/// Appends the next line of a paragraph.
pub(super) fn append(text: &mut String, next: &str, vocabulary: &Vocabulary) {
    let next = next.trim();
    let (Some(last), Some(first)) = (text.chars().next_back(), next.chars().next()) else {
        text.push_str(next);
        return;
    };
    if is_hyphen(last) {
        let before = &text[..text.len() - last.len_utf8()];
        let is_after_letter = before.chars().next_back().is_some_and(char::is_alphabetic);
        let next_word = next.split_whitespace().next().unwrap_or_default();
        if AFTER_SUSPENDED_HYPHEN.contains(&next_word) {
            text.push(' ');
        } else if is_after_letter && first.is_lowercase() {
            let keeps = last != SOFT_HYPHEN && vocabulary.keeps_hyphen(before, next)
                || last == SOFT_HYPHEN && vocabulary.knows_with_hyphen(before, next);
            text.truncate(before.len());
            if keeps {
                text.push('-');
            }
        } else if is_after_letter && first.is_alphanumeric() {
            // "Navier-" + "Stokes", "COVID-" + "19": the hyphen belongs to the word.
            text.truncate(before.len());
            text.push('-');
        } else if before.ends_with(|character: char| character.is_ascii_digit()) && first.is_ascii_digit() {
            text.truncate(before.len());
            text.push('-');
        } else {
            text.push(' ');
        }
    } else if last == '–'
        && first.is_ascii_digit()
        && text.trim_end_matches('–').ends_with(|before: char| before.is_ascii_digit())
    {
        // A range of numbers that is broken after its dash.
    } else if !(is_unspaced(last) && is_unspaced(first)) && last != '—' && !is_broken_address(text) {
        text.push(' ');
    }
    text.push_str(next);
}

impl Vocabulary {
    /// The page writes the word with a hyphen elsewhere.
    fn knows_with_hyphen(&self, first: &str, second: &str) -> bool {
        let second: String = second.chars().take_while(|character| character.is_alphanumeric()).collect();
        self.words.contains(&format!("{}-{}", last_word(first), second).to_lowercase())
    }
}

fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}' | SOFT_HYPHEN)
}

fn ends_in_hyphen(text: &str) -> bool {
    text.ends_with(is_hyphen)
}

/// An address that is cut after a slash goes on without a space.
fn is_broken_address(text: &str) -> bool {
    let word = last_word_raw(text);
    word.contains("://") && word.ends_with('/')
}

fn last_word_raw(text: &str) -> &str {
    text.rsplit(char::is_whitespace).next().unwrap_or(text)
}

fn last_word(text: &str) -> &str {
    last_word_raw(text).trim_matches(|character: char| !character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], known: &[&str], expected: &str) {
        let vocabulary = Vocabulary { words: known.iter().map(|&word| word.to_owned()).collect() };
        let mut text = String::new();
        for line in lines {
            append(&mut text, line, &vocabulary);
        }
        assert_eq!(finish(&text), expected);
    }

    #[test]
    fn broken_words_are_made_whole() {
        check(&["the quick repre-", "sentation of"], &[], "the quick representation of");
        check(&["the repre\u{ad}", "sentation"], &[], "the representation");
    }

    #[test]
    fn hyphens_of_compounds_stay() {
        check(&["a state-of-the-", "art method"], &[], "a state-of-the-art method");
        check(&["a two-", "column page"], &["two-column"], "a two-column page");
        check(&["by Navier-", "Stokes"], &[], "by Navier-Stokes");
        check(&["in 2010-", "2012"], &[], "in 2010-2012");
        check(&["a self-", "made page"], &[], "a self-made page");
    }

    #[test]
    fn a_dash_between_words_stays() {
        check(&["one -", "two"], &[], "one - two");
        check(&["pre-", "and post-war"], &[], "pre- and post-war");
    }

    #[test]
    fn chinese_lines_join_without_a_space() {
        check(&["文档转", "换工具"], &[], "文档转换工具");
    }

    #[test]
    fn soft_hyphens_inside_a_line_vanish() {
        check(&["soft\u{ad}ware"], &[], "software");
    }
}
