//! Repeated words, numbers and signs inside one element.

use super::chained;
use super::repetition::Repetition;

/// The longest repeated passage that is looked for: some eighty words.
const LONGEST_PERIOD: usize = 128;
/// Copies in a row that make a loop, if they are long.
const NUM_COPIES: usize = 3;
/// Units of the copies together: no sentence says one word so often.
const NUM_UNITS: usize = 96;
/// … of copies made of signs only. A dotted leader over a whole page has 200 dots.
const NUM_SIGNS: usize = 320;
/// Letters and digits of a unit. Words are cut into pieces of about a token, so that an endless number is
/// seen like an endless sentence.
const UNIT_CHARS: usize = 4;

/// Watches the text between two tags.
#[derive(Clone, Debug)]
pub(super) struct Words {
    repetition: Repetition,
    /// The letters and digits of a unit that may go on: hash, length, place.
    pending: Option<Pending>,
    /// Signs since the last letter or digit.
    num_signs: usize,
    /// How much more than usual is honest here.
    patience: usize,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    hash: u64,
    num_chars: usize,
    start: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self { repetition: Repetition::new(LONGEST_PERIOD), pending: None, num_signs: 0, patience: 1 }
    }
}

impl Words {
    /// The next character of the text, at `start`.
    pub(super) fn take(&mut self, char: char, start: usize, patience: usize) -> Option<usize> {
        self.patience = patience;
        if !char.is_alphanumeric() {
            let word = self.flush();
            let sign = if char.is_whitespace() {
                None
            } else {
                self.num_signs += 1;
                self.push(u64::from(char), start)
            };
            return word.or(sign);
        }
        let pending = self.pending.get_or_insert(Pending { hash: 0, num_chars: 0, start });
        pending.hash = chained(pending.hash, u64::from(char));
        pending.num_chars += 1;
        if pending.num_chars == UNIT_CHARS { self.flush() } else { None }
    }

    /// A tag: what follows is another text.
    pub(super) fn end(&mut self) -> Option<usize> {
        let found = self.flush();
        self.repetition.clear();
        self.num_signs = 0;
        found
    }

    fn flush(&mut self) -> Option<usize> {
        let Pending { hash, start, .. } = self.pending.take()?;
        self.num_signs = 0;
        self.push(hash, start)
    }

    fn push(&mut self, unit: u64, start: usize) -> Option<usize> {
        let (num_signs, patience) = (self.num_signs, self.patience);
        self.repetition.push(unit, start, |period| {
            let least = if num_signs >= period { NUM_SIGNS } else { NUM_UNITS };
            (NUM_COPIES * period).max(least) * patience
        })
    }
}
