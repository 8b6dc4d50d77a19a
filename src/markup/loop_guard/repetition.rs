//! Whether a sequence has begun to repeat itself, with any period up to a limit.

use std::collections::VecDeque;

/// Compares each unit with those one, two, … periods before it. A push costs one comparison a period.
#[derive(Clone, Debug)]
pub(super) struct Repetition {
    /// The latest units, at most one for each period.
    recent: VecDeque<u64>,
    /// One for each period, the shortest first.
    lags: Vec<Lag>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lag {
    /// So many units in a row have equalled the one a period before.
    num_equal: usize,
    /// Where the first of them begins in the markup: the start of the second copy.
    second_copy: usize,
}

impl Repetition {
    pub(super) fn new(longest_period: usize) -> Self {
        Self { recent: VecDeque::with_capacity(longest_period), lags: vec![Lag::default(); longest_period] }
    }

    /// Something came between: what follows repeats nothing.
    pub(super) fn clear(&mut self) {
        self.recent.clear();
        self.lags.fill(Lag::default());
    }

    /// Takes in a unit that begins at `start`, and gives the start of the second copy if there is a
    /// period of which at least `num_needed` units in a row, the first copy's among them, are now copies.
    pub(super) fn push(
        &mut self,
        unit: u64,
        start: usize,
        num_needed: impl Fn(usize) -> usize,
    ) -> Option<usize> {
        let mut found = None;
        // The shortest period is compared with the latest unit.
        for ((lag, earlier), period) in self.lags.iter_mut().zip(self.recent.iter().rev()).zip(1..) {
            if *earlier != unit {
                lag.num_equal = 0;
                continue;
            }
            if lag.num_equal == 0 {
                lag.second_copy = start;
            }
            lag.num_equal += 1;
            if found.is_none() && lag.num_equal + period >= num_needed(period) {
                found = Some(lag.second_copy);
            }
        }
        if self.recent.len() == self.lags.len() {
            self.recent.pop_front();
        }
        self.recent.push_back(unit);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of units after which three copies of one period are seen, and where the second began.
    fn check(units: &str, expected: Option<(usize, usize)>) {
        let mut repetition = Repetition::new(4);
        let found = units.bytes().enumerate().find_map(|(place, unit)| {
            let second = repetition.push(u64::from(unit), place, |period| 3 * period)?;
            Some((place + 1, second))
        });
        assert_eq!(found, expected, "{units}");
    }

    #[test]
    fn a_period_is_found_with_its_third_copy() {
        check("xyaaaa", Some((5, 3)));
        check("xabababab", Some((7, 3)));
        check("abcdabcdabcd", Some((12, 4)));
        check("aabbaabbaabb", Some((12, 4)));
    }

    #[test]
    fn two_copies_other_sequences_and_longer_periods_are_none() {
        check("xyaa", None);
        check("abab", None);
        check("abcdeabcdeabcdeabcde", None);
        check("abacabad", None);
    }

    #[test]
    fn nothing_repeats_what_was_before_a_break() {
        let mut repetition = Repetition::new(4);
        for place in 0..2 {
            assert_eq!(repetition.push(7, place, |_| 3), None);
        }
        repetition.clear();
        assert_eq!(repetition.push(7, 2, |_| 3), None);
        assert_eq!(repetition.push(7, 3, |_| 3), None);
        assert_eq!(repetition.push(7, 4, |_| 3), Some(3));
    }
}
