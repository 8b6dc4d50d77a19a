//! Guesses at what comes next, so that one pass over the weights reads several tokens.
//!
//! A guess is looked up: where did what the answer ends with stand before, in the answer itself or in a text that is
//! expected, and what followed it there? The decoder reads the guessed tokens along with the last one and gives the
//! logits behind each, so that a right guess costs nothing more and a wrong one is thrown away. Which token is chosen
//! does not depend on guesses: the kernels compute each row as if it were alone.
//!
//! Source: Yang et al. 2023, "Inference with Reference: Lossless Acceleration of Large Language Models"; Saxena 2023,
//! "Prompt Lookup Decoding".

use std::cmp::Reverse;
use std::collections::VecDeque;

/// Tokens guessed at once, at most. More make the last ones seldom right; the kernels read the weights once for six
/// rows.
const MAX_GUESSES: usize = 11;
/// Tokens at the end of the answer that are looked up, at most and at least.
const LONGEST_MATCH: usize = 12;
const SHORTEST_MATCH: usize = 2;

/// What has been read ahead, and how far it is worth reading.
#[derive(Debug)]
pub(super) struct Foresight {
    /// Tokens of the text that is expected.
    expected: Vec<u32>,
    /// Where in the expected text the answer went on when it had so many tokens.
    place: Option<(usize, usize)>,
    /// Guessed tokens, each with the logits behind it.
    ahead: VecDeque<(u32, Vec<f32>)>,
    /// Tokens to guess next time.
    num_guesses: usize,
    /// Guesses of the last pass, and those of them that came true.
    last: (usize, usize),
    counts: DraftCounts,
}

/// How the guesses of an answer went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DraftCounts {
    /// Passes of the decoder.
    pub(crate) passes: usize,
    /// Tokens that were guessed.
    pub(crate) guessed: usize,
    /// Guesses that came true.
    pub(crate) right: usize,
}

impl Foresight {
    pub(super) fn new(expected: Vec<u32>) -> Self {
        Self {
            expected,
            place: Some((0, 0)),
            ahead: VecDeque::new(),
            num_guesses: MAX_GUESSES / 2,
            last: (0, 0),
            counts: DraftCounts::default(),
        }
    }

    pub(super) fn counts(&self) -> DraftCounts {
        self.counts
    }

    /// The logits behind the token that was chosen, if it was guessed. Otherwise what was read ahead is void.
    pub(super) fn logits_behind(&mut self, id: u32) -> Option<Vec<f32>> {
        let (_, logits) = self.ahead.pop_front().filter(|(guess, _)| *guess == id).or_else(|| {
            self.ahead.clear();
            None
        })?;
        self.last.1 += 1;
        self.counts.right += 1;
        Some(logits)
    }

    /// The answer has gone back: what was read ahead is void.
    pub(super) fn forget(&mut self) {
        self.ahead.clear();
    }

    /// Guesses at what follows the answer, at most `room` tokens.
    pub(super) fn guess(&mut self, answer: &[u32], room: usize) -> Vec<u32> {
        // Longer guesses after right ones, shorter ones after wrong ones.
        match self.last {
            (0, _) => {}
            (made, right) if right == made => self.num_guesses = (self.num_guesses * 2).min(MAX_GUESSES),
            (_, right) => self.num_guesses = (right + 1).max(self.num_guesses / 2),
        }
        let guesses = self.look_up(answer, self.num_guesses.min(room));
        self.last = (guesses.len(), 0);
        self.counts.guessed += guesses.len();
        self.counts.passes += 1;
        guesses
    }

    /// The logits behind each guess.
    pub(super) fn keep(&mut self, guesses: Vec<u32>, logits: impl IntoIterator<Item = Vec<f32>>) {
        self.ahead = guesses.into_iter().zip(logits).collect();
    }

    /// What followed where the end of the answer stood before. The longest match counts; of several in the expected
    /// text the one that is nearest to where the answer is, of several in the answer the last one.
    fn look_up(&mut self, answer: &[u32], count: usize) -> Vec<u32> {
        let here = self.place.map(|(place, num_tokens)| place + answer.len().saturating_sub(num_tokens));
        let distance = |at: usize| Reverse(at.abs_diff(here.unwrap_or_default()));
        let expected = matches(&self.expected, answer).max_by_key(|(length, at)| (*length, distance(*at)));
        let before = matches(answer.split_last().map_or(&[], |(_, before)| before), answer).max();
        // Where only the last token is another one, the rest may be alike.
        let beside = here.filter(|here| *here < self.expected.len()).map(|here| (0, here));
        match (expected.or(beside), before) {
            (Some((length, at)), before) if before.is_none_or(|(other, _)| length >= other) => {
                self.place = Some((at, answer.len()));
                following(&self.expected, at, count)
            }
            (_, Some((_, at))) => following(answer, at, count),
            _ => Vec::new(),
        }
    }
}

/// Where in a text the end of the answer stands: the length of what is alike, and the place behind it.
fn matches(text: &[u32], answer: &[u32]) -> impl Iterator<Item = (usize, usize)> {
    (1..=text.len()).filter_map(move |at| {
        let ends = text.get(..at)?.iter().rev().zip(answer.iter().rev());
        let length = ends.take(LONGEST_MATCH).take_while(|(a, b)| a == b).count();
        (length >= SHORTEST_MATCH).then_some((length, at))
    })
}

fn following(text: &[u32], at: usize, count: usize) -> Vec<u32> {
    text.iter().skip(at).take(count).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_before_is_guessed() {
        let mut foresight = Foresight::new(Vec::new());
        assert!(foresight.guess(&[], 9).is_empty());
        assert_eq!(foresight.guess(&[1, 2, 3, 9, 1, 2], 9), [3, 9, 1, 2]);
        assert_eq!(foresight.guess(&[1, 2, 3, 1, 2, 4, 1, 2], 1), [4]);
        assert!(foresight.guess(&[1, 2, 3, 5], 9).is_empty());
    }

    #[test]
    fn the_expected_text_goes_on_behind_a_difference() {
        let mut foresight = Foresight::new((10..40).collect());
        assert_eq!(foresight.guess(&[], 3), [10, 11, 12]);
        assert_eq!(foresight.guess(&[10, 11, 99], 3), [13, 14]);
        // Something was left out.
        assert_eq!(foresight.guess(&[10, 11, 99, 20, 21], 3), [22]);
    }

    #[test]
    fn guesses_become_fewer_when_they_are_wrong_and_more_when_they_are_right() {
        let mut foresight = Foresight::new((0..200).collect());
        let mut answer = Vec::new();
        for _ in 0..4 {
            let guesses = foresight.guess(&answer, 99);
            foresight.keep(guesses.clone(), guesses.iter().map(|_| Vec::new()));
            for id in guesses {
                answer.push(id);
                assert!(foresight.logits_behind(id).is_some());
            }
        }
        assert_eq!(foresight.guess(&answer, 99).len(), MAX_GUESSES);
        for _ in 0..6 {
            answer.push(999);
            assert!(foresight.logits_behind(999).is_none());
            foresight.guess(&answer, 99);
        }
        assert_eq!(foresight.guess(&answer, 99).len(), 1);
        assert_eq!(foresight.counts().passes, 12);
    }
}
