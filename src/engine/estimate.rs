//! How long a page will still take, where that can be told honestly: from the text layer that the
//! markup is catching up with, or from pages that the same recognizer has read before.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::document::text_layer::{TextLayer, TextQuality};
use crate::engine::event::Stage;

/// Speed is measured over the last seconds, so that it follows the machine's load.
const SPEED_WINDOW: Duration = Duration::from_secs(3);
/// Less is noise.
const SHORTEST_SPEED_WINDOW: Duration = Duration::from_millis(200);
/// Pages that an expectation rests on.
const NUM_REMEMBERED_PAGES: usize = 8;
/// Below this fraction of the text, the page's beginning would say too much about its rest.
const LEAST_FRACTION: f64 = 0.1;

/// Tokens per second over the last seconds.
#[derive(Debug, Default)]
pub(super) struct Speed {
    samples: VecDeque<(Instant, usize)>,
}

impl Speed {
    /// Notes how many tokens there were at a time.
    pub(super) fn note(&mut self, now: Instant, num_tokens: usize) {
        self.samples.push_back((now, num_tokens));
        // One sample at or beyond the window's edge stays, so that the window is full.
        while let Some((second, _)) = self.samples.get(1)
            && now.duration_since(*second) >= SPEED_WINDOW
        {
            self.samples.pop_front();
        }
    }

    /// `None` until enough has been seen.
    pub(super) fn tokens_per_sec(&self) -> Option<f32> {
        let ((first, from), (last, to)) = (self.samples.front()?, self.samples.back()?);
        let window = last.duration_since(*first);
        let is_enough = window >= SHORTEST_SPEED_WINDOW && to > from;
        is_enough.then(|| (to - from) as f32 / window.as_secs_f32())
    }
}

/// What earlier pages took.
#[derive(Debug, Default)]
pub(super) struct History {
    pages: VecDeque<PastPage>,
}

/// A page that was read to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct PastPage {
    pub(super) prefilling: Duration,
    pub(super) decoding: Duration,
    pub(super) num_tokens: usize,
}

impl History {
    pub(super) fn note(&mut self, page: PastPage) {
        self.pages.push_back(page);
        if self.pages.len() > NUM_REMEMBERED_PAGES {
            self.pages.pop_front();
        }
    }

    /// A recognizer of another speed follows.
    pub(super) fn clear(&mut self) {
        self.pages.clear();
    }

    fn mean(&self) -> Option<PastPage> {
        let count = u32::try_from(self.pages.len()).ok().filter(|count| *count > 0)?;
        let sum = |part: fn(&PastPage) -> Duration| self.pages.iter().map(part).sum::<Duration>();
        Some(PastPage {
            prefilling: sum(|page| page.prefilling) / count,
            decoding: sum(|page| page.decoding) / count,
            num_tokens: self.pages.iter().map(|page| page.num_tokens).sum::<usize>() / self.pages.len(),
        })
    }
}

/// What is known about the page at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) stage: Stage,
    /// Since the stage began.
    pub(super) in_stage: Duration,
    pub(super) num_tokens: usize,
    pub(super) tokens_per_sec: Option<f32>,
    /// Of the page's own text, how much stands in the markup.
    pub(super) text_fraction: Option<f64>,
}

/// Time left for the page, when it can be told.
pub(super) fn remaining(moment: &Moment, history: &History) -> Option<Duration> {
    let expected = history.mean();
    match moment.stage {
        Stage::LoadingModel | Stage::Rendering => None,
        Stage::Encoding { done, total } => {
            let past = expected?;
            let done_tiles = u32::try_from(done).ok().filter(|done| *done > 0)?;
            let tiles_left = u32::try_from(total.saturating_sub(done)).ok()?;
            Some(moment.in_stage / done_tiles * tiles_left + past.prefilling + past.decoding)
        }
        Stage::Prefilling => {
            let past = expected?;
            Some(past.prefilling.saturating_sub(moment.in_stage) + past.decoding)
        }
        Stage::Decoding => {
            let by_text = moment
                .text_fraction
                .filter(|fraction| (LEAST_FRACTION..1.0).contains(fraction))
                .map(|fraction| moment.in_stage.mul_f64((1.0 - fraction) / fraction));
            by_text.or_else(|| {
                let tokens_left = expected?.num_tokens.checked_sub(moment.num_tokens)?;
                let tokens_per_sec = moment.tokens_per_sec.filter(|speed| *speed > 0.0)?;
                Duration::try_from_secs_f32(tokens_left as f32 / tokens_per_sec).ok()
            })
        }
    }
}

/// How many characters the markup of a page can be expected to hold; `None` where its own text is
/// missing or cannot be trusted.
pub(super) fn expected_chars(text_layer: Option<&TextLayer>) -> Option<usize> {
    let text_layer = text_layer.filter(|layer| layer.quality == TextQuality::Good)?;
    let num_chars = text_layer.chars.iter().filter(|char| !char.is_blank && !char.is_invisible).count();
    (num_chars > 0).then_some(num_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn history(num_tokens: usize) -> History {
        let mut history = History::default();
        history.note(PastPage { prefilling: secs(2), decoding: secs(10), num_tokens });
        history
    }

    fn check(
        stage: Stage,
        num_tokens: usize,
        fraction: Option<f64>,
        history: &History,
        expected: Option<u64>,
    ) {
        let tokens_per_sec = Some(10.0);
        let moment = Moment { stage, in_stage: secs(6), num_tokens, tokens_per_sec, text_fraction: fraction };
        assert_eq!(remaining(&moment, history), expected.map(secs));
    }

    #[test]
    fn nothing_is_promised_without_a_reason() {
        let empty = History::default();
        check(Stage::Encoding { done: 3, total: 13 }, 0, None, &empty, None);
        check(Stage::Prefilling, 0, None, &empty, None);
        check(Stage::Decoding, 400, None, &empty, None);
        check(Stage::Decoding, 10, Some(0.01), &empty, None);
        check(Stage::Decoding, 400, Some(1.2), &empty, None);
        check(Stage::Decoding, 400, None, &history(300), None);
    }

    #[test]
    fn the_text_layer_tells_how_far_the_markup_is() {
        check(Stage::Decoding, 400, Some(0.75), &History::default(), Some(2));
    }

    #[test]
    fn earlier_pages_tell_what_this_one_will_take() {
        check(Stage::Encoding { done: 3, total: 13 }, 0, None, &history(300), Some(20 + 12));
        check(Stage::Encoding { done: 0, total: 13 }, 0, None, &history(300), None);
        check(Stage::Prefilling, 0, None, &history(300), Some(10));
        check(Stage::Decoding, 200, None, &history(300), Some(10));
    }

    #[test]
    fn speed_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut speed = Speed::default();
        speed.note(start, 0);
        assert_eq!(speed.tokens_per_sec(), None);
        for tenth in 1..=100 {
            // Five seconds at 10 tokens a second, then five at 100.
            let tokens = if tenth <= 50 { tenth } else { 50 + (tenth - 50) * 10 };
            speed.note(start + Duration::from_millis(100 * tenth as u64), tokens);
        }
        let measured = speed.tokens_per_sec().unwrap();
        assert!((measured - 100.0).abs() < 1.0, "{measured}");
        assert!(speed.samples.len() <= 32);
    }
}
