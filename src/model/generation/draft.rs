//! Guesses at what comes next, so that one pass over the weights reads several tokens.
//!
//! A guess is looked up: where did what the answer ends with stand before, in the answer itself or in a text that is
//! expected, and what followed it there? The decoder reads the guessed tokens along with the last one and gives the
//! logits behind each, so that a right guess saves a pass and a wrong one is thrown away. Which token is chosen does not
//! depend on guesses: the kernels compute each row as if it were alone. How many are made is what has paid so far, by
//! the clock: a small model computes each row in its own time, a large one waits for its weights.
//!
//! Source: Yang et al. 2023, "Inference with Reference: Lossless Acceleration of Large Language Models"; Saxena 2023,
//! "Prompt Lookup Decoding".

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

/// Tokens guessed at once, at most. More make the last ones seldom right; the kernels read the weights once for six
/// rows.
const MAX_GUESSES: usize = 11;
/// What is believed before anything was measured: a guess in two comes true, and reading one along costs a tenth of a
/// pass.
const FIRST_ACCEPTANCE: f64 = 0.5;
const FIRST_COST: f64 = 0.1;
/// How much the newest guess, and the newest pass, count against those before.
const ACCEPTANCE_WEIGHT: f64 = 0.05;
const COST_WEIGHT: f64 = 0.2;
/// Where guesses do not pay, one is tried again after so many passes: another part of the page may be easier.
const NUM_PASSES_BEFORE_A_TRIAL: usize = 24;
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
    /// Guesses of the last pass, and those of them that came true.
    last: (usize, usize),
    /// Passes without a guess in a row.
    num_alone: usize,
    worth: Worth,
    counts: DraftCounts,
}

/// What guesses have cost and brought so far.
#[derive(Clone, Copy, Debug)]
struct Worth {
    /// Share of guesses that come true while those before them do.
    acceptance: f64,
    /// Seconds of a pass over one token; 0 while unknown.
    secs_alone: f64,
    /// What each further token of a pass adds, of that.
    cost: f64,
}

impl Worth {
    fn note_guesses(&mut self, made: usize, right: usize) {
        // Behind the first wrong one nothing is known.
        for came_true in (0..made.min(right + 1)).map(|guess| guess < right) {
            self.acceptance += ACCEPTANCE_WEIGHT * (f64::from(u8::from(came_true)) - self.acceptance);
        }
    }

    fn note_pass(&mut self, num_guesses: usize, secs: f64) {
        let towards = |value: &mut f64, seen: f64| *value += COST_WEIGHT * (seen - *value);
        if num_guesses == 0 {
            if self.secs_alone > 0.0 {
                towards(&mut self.secs_alone, secs);
            } else {
                self.secs_alone = secs;
            }
        } else if self.secs_alone > 0.0 {
            let cost = (secs / self.secs_alone - 1.0) / num_guesses as f64;
            towards(&mut self.cost, cost.clamp(0.0, 2.0));
        }
    }

    /// The number of guesses that gives the most tokens a second.
    fn best(&self, max: usize) -> usize {
        let (mut best, mut num_guesses) = (1.0, 0);
        // Tokens of a pass: the one that is chosen anyway, and each guess if it and all before it come true.
        let (mut tokens, mut chance) = (1.0, 1.0);
        for count in 1..=max {
            chance *= self.acceptance;
            tokens += chance;
            let rate = tokens / (1.0 + self.cost * count as f64);
            if rate > best {
                (best, num_guesses) = (rate, count);
            }
        }
        num_guesses
    }
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
            last: (0, 0),
            num_alone: 0,
            worth: Worth { acceptance: FIRST_ACCEPTANCE, secs_alone: 0.0, cost: FIRST_COST },
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
        let (made, right) = self.last;
        self.worth.note_guesses(made, right);
        // The first pass is alone, so that there is something to compare with.
        let mut count = if self.worth.secs_alone > 0.0 { self.worth.best(MAX_GUESSES) } else { 0 };
        if count == 0 && self.num_alone >= NUM_PASSES_BEFORE_A_TRIAL {
            count = 1;
        }
        let guesses = self.look_up(answer, count.min(room));
        self.num_alone = if guesses.is_empty() { self.num_alone + 1 } else { 0 };
        self.last = (guesses.len(), 0);
        self.counts.guessed += guesses.len();
        self.counts.passes += 1;
        guesses
    }

    /// The logits behind each guess, and how long the pass took.
    pub(super) fn keep(
        &mut self,
        guesses: Vec<u32>,
        logits: impl IntoIterator<Item = Vec<f32>>,
        took: Duration,
    ) {
        self.worth.note_pass(guesses.len(), took.as_secs_f64());
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

    /// Guesses as many as asked for: what they are worth is not in question.
    fn guessed(foresight: &mut Foresight, answer: &[u32], count: usize) -> Vec<u32> {
        foresight.look_up(answer, count)
    }

    #[test]
    fn what_followed_before_is_guessed() {
        let mut foresight = Foresight::new(Vec::new());
        assert!(guessed(&mut foresight, &[], 9).is_empty());
        assert_eq!(guessed(&mut foresight, &[1, 2, 3, 9, 1, 2], 9), [3, 9, 1, 2]);
        assert_eq!(guessed(&mut foresight, &[1, 2, 3, 1, 2, 4, 1, 2], 1), [4]);
        assert!(guessed(&mut foresight, &[1, 2, 3, 5], 9).is_empty());
    }

    #[test]
    fn the_expected_text_goes_on_behind_a_difference() {
        let mut foresight = Foresight::new((10..40).collect());
        assert_eq!(guessed(&mut foresight, &[], 3), [10, 11, 12]);
        assert_eq!(guessed(&mut foresight, &[10, 11, 99], 3), [13, 14, 15]);
        // Something was left out.
        assert_eq!(guessed(&mut foresight, &[10, 11, 99, 20, 21], 3), [22, 23, 24]);
    }

    /// Writes so many tokens, of which every `wrong`-th is not as expected; how many are guessed at the end.
    fn guesses_after(num_tokens: u32, wrong: u32, millis_a_guess: u64) -> usize {
        let mut foresight = Foresight::new((0..num_tokens + 99).collect());
        let mut answer = Vec::new();
        let mut num_guesses = 0;
        for number in 0..num_tokens {
            let id = if number % wrong == 1 { 1_000_000 } else { number };
            answer.push(id);
            if foresight.logits_behind(id).is_none() {
                let guesses = foresight.guess(&answer, 99);
                num_guesses = guesses.len();
                let took = Duration::from_millis(10 + millis_a_guess * num_guesses as u64);
                foresight.keep(guesses.clone(), guesses.iter().map(|_| Vec::new()), took);
            }
        }
        num_guesses
    }

    #[test]
    fn more_is_guessed_where_it_pays() {
        let never = u32::MAX;
        assert_eq!(guesses_after(400, never, 1), MAX_GUESSES);
        assert_eq!(guesses_after(400, 2, 9), 0);
        let some = guesses_after(400, 5, 1);
        assert!((1..MAX_GUESSES).contains(&some), "{some}");
    }
}
