//! Words and lines, the units of every later step.

use crate::layout::points::PtBox;

/// A run of glyphs without a space.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// In logical order, ligatures spelled out, accents composed.
    pub(super) text: String,
    /// Advance widths by nominal height.
    pub(super) bbox: PtBox,
    pub(super) ink: PtBox,
    pub(super) size: f64,
    pub(super) style: Style,
    /// Number of characters, and how many of them are set in a font for mathematics.
    pub(super) num_chars: usize,
    pub(super) num_math: usize,
    /// It stands higher than the line: an exponent or the number of a note.
    pub(super) is_raised: bool,
    /// It joins the word before it without a space (a note's number, a change of style).
    pub(super) is_glued: bool,
}

/// How a word looks, apart from its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) is_bold: bool,
    pub(super) is_italic: bool,
    pub(super) is_mono: bool,
}

/// Words on one baseline, from left to right as they are read. At first a line ends at every wide
/// gap; within a column the pieces are joined again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    pub(super) bbox: PtBox,
    pub(super) ink: PtBox,
    pub(super) baseline: f64,
    /// Size of most of its characters.
    pub(super) size: f64,
    pub(super) num_chars: usize,
    /// Read from right to left.
    pub(super) is_rtl: bool,
}

impl Line {
    /// `words` in reading order; at least one.
    pub(super) fn new(words: Vec<Word>, baseline: f64, is_rtl: bool) -> Self {
        let mut line =
            Self { words, bbox: PtBox::EMPTY, ink: PtBox::EMPTY, baseline, size: 0.0, num_chars: 0, is_rtl };
        line.measure();
        line
    }

    fn measure(&mut self) {
        for word in &self.words {
            self.bbox = self.bbox.union(&word.bbox);
            self.ink = self.ink.union(&word.ink);
            self.num_chars += word.num_chars;
        }
        let voters = &self.words[..self.words.len().min(SIZE_VOTERS)];
        let mut largest_share = 0;
        for candidate in voters {
            let is_same = |word: &&Word| (word.size - candidate.size).abs() < SAME_SIZE_PT;
            let share = voters.iter().filter(is_same).map(|word| word.num_chars).sum();
            if share > largest_share {
                largest_share = share;
                self.size = candidate.size;
            }
        }
    }

    /// The words left of `x` and those right of it, by their middles.
    pub(super) fn split_at(self, x: f64) -> (Option<Self>, Option<Self>) {
        let (baseline, is_rtl) = (self.baseline, self.is_rtl);
        let (left, right): (Vec<_>, Vec<_>) =
            self.words.into_iter().partition(|word| word.bbox.center_x() < x);
        let line = |words: Vec<Word>| (!words.is_empty()).then(|| Self::new(words, baseline, is_rtl));
        (line(left), line(right))
    }

    /// Joins two pieces of one line; `self` is read first.
    pub(super) fn join(&mut self, mut other: Self) {
        let is_other_larger = other.num_chars > self.num_chars;
        if is_other_larger {
            self.size = other.size;
            self.baseline = other.baseline;
        }
        self.words.append(&mut other.words);
        self.bbox = self.bbox.union(&other.bbox);
        self.ink = self.ink.union(&other.ink);
        self.num_chars += other.num_chars;
    }

    /// The words, with spaces where the page has them.
    pub(super) fn text(&self) -> String {
        text_of(&self.words)
    }

    pub(super) fn is_bold(&self) -> bool {
        self.all_chars(|word| word.style.is_bold)
    }

    pub(super) fn is_mono(&self) -> bool {
        self.all_chars(|word| word.style.is_mono)
    }

    /// At least two letters, and none of them lower case.
    pub(super) fn is_caps(&self) -> bool {
        let mut num_upper = 0;
        for character in self.words.iter().flat_map(|word| word.text.chars()) {
            if character.is_lowercase() {
                return false;
            }
            num_upper += usize::from(character.is_uppercase());
        }
        num_upper >= 2
    }

    /// Nearly all characters satisfy it; the odd symbol from another font does not count.
    fn all_chars(&self, is_so: impl Fn(&Word) -> bool) -> bool {
        let num_so: usize = self.words.iter().filter(|word| is_so(word)).map(|word| word.num_chars).sum();
        num_so > 0 && num_so * 100 >= self.num_chars * NEARLY_ALL_PERCENT
    }

    /// Share of characters that are set in fonts for mathematics.
    pub(super) fn math_share(&self) -> f64 {
        let num_math: usize = self.words.iter().map(|word| word.num_math).sum();
        num_math as f64 / self.num_chars.max(1) as f64
    }

    /// The first word, as it is read.
    pub(super) fn first_word(&self) -> Option<&Word> {
        self.words.first()
    }
}

/// Sizes nearer than this are one size, in points: rounding in matrices gives 9.96 for 10.
pub(super) const SAME_SIZE_PT: f64 = 0.3;

/// Words that vote on a line's size: only the first, so that a hostile line costs no more than a long one.
const SIZE_VOTERS: usize = 40;

/// Of a line's characters, to call the line bold or monospaced.
const NEARLY_ALL_PERCENT: usize = 85;

/// The words of one line as text: spaces between them, none where a word is glued or where both
/// neighbours are written without spaces (Chinese, Japanese).
pub(super) fn text_of(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        let is_between_unspaced = text.chars().next_back().is_some_and(is_unspaced)
            && word.text.chars().next().is_some_and(is_unspaced);
        let needs_space = !(word.is_glued || text.is_empty() || is_between_unspaced);
        if needs_space {
            text.push(' ');
        }
        let is_exponent =
            word.is_raised && word.is_glued && word.text.chars().all(|digit| digit.is_ascii_digit());
        if is_exponent {
            // "10" with a raised "6" must not read as 106, nor a note's number as a part of the word.
            text.extend(
                word.text.bytes().filter_map(|digit| SUPERSCRIPTS.chars().nth(usize::from(digit - b'0'))),
            );
        } else {
            text.push_str(&word.text);
        }
    }
    text
}

const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/// One of the dots that lead the eye from one column to the next.
pub fn is_leader_dot(character: char) -> bool {
    matches!(character, '.' | '…' | '·' | '․')
}

/// Characters of scripts that put no spaces between words: Han, kana and their punctuation.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{2E80}'..='\u{303F}' | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Letters that are read from right to left.
pub(super) fn is_rtl_char(character: char) -> bool {
    matches!(character,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}')
}
