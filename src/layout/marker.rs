//! Bullets, numbers and labels at the start of lines.

use crate::layout::element::Marker;
use crate::layout::line::{Line, Word};

/// A marker that was found at the start of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) marker: Marker,
    /// The line's words after it.
    pub(super) rest: Vec<Word>,
    /// It can hardly be anything else than a marker; the others need more signs of a list.
    pub(super) is_sure: bool,
}

/// Signs that are bullets wherever they start a line.
const SURE_BULLETS: &str = "•‣◦⁃∙▪▫■□●○◆◇❖►▶▸▹➢➤➔✓✔✗✘★☆❑❒❏\u{f0b7}\u{f0a7}⦁◾◽⬤";

/// Signs that are bullets when a space follows and the place is right.
const DASH_BULLETS: &str = "-–—*+·−»›∗⋄†";

/// Longest label in brackets that is taken for an entry of a bibliography: `[Knuth1984a]`.
const MAX_LABEL_CHARS: usize = 14;

/// The marker at the start of a line, if there is one and text follows it.
pub(super) fn find(line: &Line) -> Option<Found> {
    let first = line.first_word()?;
    let rest = || line.words.get(1..).unwrap_or_default().to_vec();
    let mut chars = first.text.chars();
    let sign = chars.next()?;
    if SURE_BULLETS.contains(sign) {
        let after = chars.as_str().to_owned();
        let mut words = rest();
        if !after.is_empty() {
            words.insert(
                0,
                Word { text: after, num_chars: first.num_chars.saturating_sub(1), ..first.clone() },
            );
        }
        unglue(&mut words);
        return (!words.is_empty()).then_some(Found { marker: Marker::Bullet, rest: words, is_sure: true });
    }
    // A label can be cut into glued words where its style changes: "(" "a" ")".
    let num_label_words = 1 + line.words.iter().skip(1).take_while(|word| word.is_glued).count();
    let label: String = line.words.iter().take(num_label_words).map(|word| word.text.as_str()).collect();
    let mut words = line.words.get(num_label_words..).unwrap_or_default().to_vec();
    unglue(&mut words);
    if words.is_empty() {
        return None;
    }
    let is_dash = label.chars().count() == 1 && DASH_BULLETS.contains(sign);
    // Word processors set the letter o in a typewriter font as a round bullet.
    let is_round = label == "o" && first.style.is_mono && words.iter().any(|word| !word.style.is_mono);
    if is_dash || is_round {
        return Some(Found { marker: Marker::Bullet, rest: words, is_sure: is_round });
    }
    is_ordinal(&label).then_some(Found { marker: Marker::Ordinal(label), rest: words, is_sure: false })
}

/// The first word after a marker starts a text of its own.
fn unglue(words: &mut [Word]) {
    if let Some(first) = words.first_mut() {
        first.is_glued = false;
    }
}

/// `1.` `12)` `(3)` `a)` `(b)` `iv.` `(iv)` `[7]` `[Knu84]`; not `A.`, which starts names.
fn is_ordinal(label: &str) -> bool {
    if let Some(inside) = label.strip_prefix('[').and_then(|label| label.strip_suffix(']')) {
        return inside.chars().count() <= MAX_LABEL_CHARS
            && inside.chars().any(|character| character.is_ascii_digit())
            && inside.chars().all(|character| character.is_alphanumeric() || "+-:".contains(character));
    }
    let in_parentheses = label.strip_prefix('(').and_then(|label| label.strip_suffix(')'));
    let before_parenthesis = label.strip_suffix(')').filter(|label| !label.contains('('));
    let before_dot = label.strip_suffix('.');
    if let Some(inside) = in_parentheses.or(before_parenthesis) {
        return is_count(inside) || (inside.len() == 1 && inside.chars().all(char::is_alphabetic));
    }
    before_dot.is_some_and(|inside| {
        is_count(inside) || (inside.len() == 1 && inside.chars().all(|letter| letter.is_ascii_lowercase()))
    })
}

/// A number of up to three digits, or a small Roman one.
fn is_count(text: &str) -> bool {
    let is_decimal = (1..=3).contains(&text.len()) && text.chars().all(|digit| digit.is_ascii_digit());
    let is_roman = (1..=5).contains(&text.len()) && text.chars().all(|digit| "ivx".contains(digit));
    is_decimal || is_roman
}

/// "29 September" is a date. First letters of the months in the languages that share them.
const MONTHS: [&str; 14] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januar",
    "märz",
];

/// Depth of the number that a header starts with: 1 for `3` and `3.`, 2 for `3.1` and `A.2`;
/// `None` when it starts with no number. A number alone heads nothing.
pub(super) fn heading_depth(text: &str) -> Option<u8> {
    let mut words = text.split_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    let lower = first.to_lowercase();
    if ["chapter", "part", "appendix", "kapitel", "chapitre", "capítulo"].contains(&lower.as_str())
        && (second.len() <= 4 || second.ends_with([':', '.']))
    {
        return Some(1);
    }
    let label = first.strip_prefix('§').unwrap_or(first).trim_end_matches(['.', ')', ':']);
    let parts: Vec<&str> = label.split('.').collect();
    let (head, tail) = parts.split_first()?;
    let is_decimal =
        |part: &str| (1..=3).contains(&part.len()) && part.chars().all(|digit| digit.is_ascii_digit());
    let is_letter = head.len() == 1 && head.chars().all(|letter| letter.is_ascii_uppercase());
    if !tail.iter().all(|part| is_decimal(part)) || parts.len() > 6 {
        return None;
    }
    if MONTHS.iter().any(|month| second.to_lowercase().starts_with(month)) {
        return None;
    }
    let starts_title =
        second.chars().next().is_some_and(|first| first.is_alphanumeric() || "“\"'‘(".contains(first));
    let is_numbered = is_decimal(head) || (is_letter && !tail.is_empty());
    let is_upper_roman =
        head.len() <= 5 && first.ends_with('.') && head.chars().all(|digit| "IVX".contains(digit));
    let depth = u8::try_from(parts.len()).ok()?;
    (starts_title && (is_numbered || (is_upper_roman && tail.is_empty()))).then_some(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals() {
        for label in ["1.", "12)", "(3)", "a)", "(b)", "iv.", "(iv)", "[7]", "[Knu84]", "c."] {
            assert!(is_ordinal(label), "{label}");
        }
        for label in ["A.", "1", "1.2", "2021.", "(see", "[edit]", "e.g.", "..."] {
            assert!(!is_ordinal(label), "{label}");
        }
    }

    #[test]
    fn depth_of_headings() {
        let check = |text, expected| assert_eq!(heading_depth(text), expected, "{text}");
        check("1 Introduction", Some(1));
        check("2. Method", Some(1));
        check("2.1 Data", Some(2));
        check("3.2.1. More data", Some(3));
        check("A.1 Proofs", Some(2));
        check("IV. RESULTS", Some(1));
        check("Chapter 3", Some(1));
        check("Conclusion", None);
        check("2.1", None);
        check("2021 was a year", None);
        check("29 September 2006", None);
    }
}
