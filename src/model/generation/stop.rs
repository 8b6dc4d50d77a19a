//! When an answer ends: end tokens, stop strings, and (on request) docling's repetition stopper.
//!
//! Tokens and their text come in, one at a time. Source: docling e1cb2b2,
//! `models/utils/generation_utils.py`, for the repetition; its model settings for the strings.

use std::collections::{BTreeSet, VecDeque};

use crate::model::step::Stop;

/// Texts after which nothing useful follows; they stay in the answer. Some models write them out
/// letter by letter, so that the tokens alone do not tell.
const STOP_STRINGS: [&str; 3] = ["</doctag>", "<end_of_utterance>", "<|end_of_text|>"];

/// The repetition stopper looks again after this many tokens…
const LOOK_EVERY_TOKENS: usize = 32;
/// … at the text of this many of the last ones.
const LOOK_BACK_TOKENS: usize = 200;
/// Elements in a row that make a loop.
const MIN_REPETITIONS: usize = 3;
/// How far steps between boxes may differ from their mean and still count as even.
const STEP_TOLERANCE: f32 = 0.2;

/// Watches one answer.
#[derive(Clone, Debug)]
pub(crate) struct StopWatch {
    end_ids: BTreeSet<u32>,
    /// The end of the text so far: enough to hold a stop string that straddles tokens.
    tail: String,
    repetition: Option<RepetitionWatch>,
}

/// Texts of the last tokens.
#[derive(Clone, Debug, Default)]
struct RepetitionWatch {
    texts: VecDeque<String>,
    num_tokens: usize,
}

impl StopWatch {
    pub(crate) fn new(end_ids: BTreeSet<u32>, stops_on_repetition: bool) -> Self {
        let repetition = stops_on_repetition.then(RepetitionWatch::default);
        Self { end_ids, tail: String::new(), repetition }
    }

    /// This token closes the answer and has no text.
    pub(crate) fn is_end(&self, id: u32) -> bool {
        self.end_ids.contains(&id)
    }

    /// Takes in a token's text and says whether the answer ends after it.
    pub(crate) fn push(&mut self, text: &str) -> Option<Stop> {
        self.tail.push_str(text);
        if STOP_STRINGS.iter().any(|stop| self.tail.contains(stop)) {
            return Some(Stop::End);
        }
        let longest = STOP_STRINGS.iter().map(|stop| stop.len()).max().unwrap_or_default();
        let keep_from = self.tail.len().saturating_sub(longest);
        let keep_from = (keep_from..=self.tail.len()).find(|at| self.tail.is_char_boundary(*at));
        self.tail.drain(..keep_from.unwrap_or_default());
        self.repetition.as_mut().is_some_and(|watch| watch.push(text)).then_some(Stop::Loop)
    }
}

impl RepetitionWatch {
    fn push(&mut self, text: &str) -> bool {
        self.texts.push_back(text.to_owned());
        if self.texts.len() > LOOK_BACK_TOKENS {
            self.texts.pop_front();
        }
        self.num_tokens += 1;
        self.num_tokens.is_multiple_of(LOOK_EVERY_TOKENS) && {
            let recent: String = self.texts.iter().map(String::as_str).collect();
            has_repeating_elements(&recent)
        }
    }
}

/// One `<tag><loc_…>×4 text</tag>`.
#[derive(Debug, PartialEq)]
struct Element<'t> {
    tag: &'t str,
    text: &'t str,
    /// Left, top, right, bottom.
    location: [u16; 4],
}

/// Three or more elements in a row with equal tag and text whose boxes are equal or evenly spaced.
fn has_repeating_elements(text: &str) -> bool {
    elements(text)
        .chunk_by(|a, b| a.tag == b.tag && a.text == b.text)
        .filter(|run| run.len() >= MIN_REPETITIONS)
        .any(|run| has_repeated_box(run) || is_evenly_spaced(run))
}

fn has_repeated_box(run: &[Element<'_>]) -> bool {
    run.windows(2).any(|pair| matches!(pair, [a, b] if a.location == b.location))
}

/// The left and right edges (or top and bottom) stay where they are, and the other two advance by
/// steps within a fifth of their mean.
fn is_evenly_spaced(run: &[Element<'_>]) -> bool {
    let edge = |idx: usize| -> Vec<f32> {
        run.iter().filter_map(|element| element.location.get(idx).copied().map(f32::from)).collect()
    };
    let is_stable = |idx: usize| {
        let values = edge(idx);
        values.windows(2).all(|pair| matches!(pair, [a, b] if (a - b).abs() < f32::EPSILON))
    };
    let is_even = |idx: usize| {
        let values = edge(idx);
        let steps: Vec<f32> = values
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] => Some(b - a),
                _ => None,
            })
            .collect();
        let mean = steps.iter().sum::<f32>() / steps.len() as f32;
        mean.abs() > 0.0 && steps.iter().all(|step| (step - mean).abs() <= STEP_TOLERANCE * mean.abs())
    };
    let (horizontal, vertical) = ([0, 2], [1, 3]);
    (horizontal.iter().all(|idx| is_stable(*idx)) && vertical.iter().all(|idx| is_even(*idx)))
        || (vertical.iter().all(|idx| is_stable(*idx)) && horizontal.iter().all(|idx| is_even(*idx)))
}

/// All complete elements with a location, in order.
fn elements(text: &str) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = rest.get(start + 1..).unwrap_or_default();
        if let Some((element, after)) = element(rest) {
            found.push(element);
            rest = after;
        }
    }
    found
}

/// Reads an element from behind its first `<`.
fn element(text: &str) -> Option<(Element<'_>, &str)> {
    let (tag, mut rest) = text.split_once('>')?;
    let mut location = [0; 4];
    for edge in &mut location {
        let (number, after) = rest.strip_prefix("<loc_")?.split_once('>')?;
        *edge = number.parse().ok()?;
        rest = after;
    }
    let close = format!("</{tag}>");
    let (inner, after) = rest.split_once(close.as_str())?;
    Some((Element { tag, text: inner, location }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Option<Stop>) {
        let mut watch = StopWatch::new(BTreeSet::new(), false);
        let stops: Vec<Option<Stop>> = texts.iter().map(|text| watch.push(text)).collect();
        let (last, earlier) = stops.split_last().unwrap();
        assert!(earlier.iter().all(Option::is_none), "{texts:?} stopped too early");
        assert_eq!(*last, expected, "{texts:?}");
    }

    #[test]
    fn stop_strings_are_seen_across_tokens() {
        check(&["</doctag>"], Some(Stop::End));
        check(&["text</", "doc", "tag", ">\n"], Some(Stop::End));
        check(&["a", "<|end_of", "_text|>"], Some(Stop::End));
        check(&["ü".repeat(40).as_str(), "ü</doctag"], None);
    }

    fn check_repetition(step: (u16, u16), texts: [&str; 4], expected: bool) {
        let mut text = String::new();
        for (inner, i) in texts.iter().zip(0_u16..) {
            let (left, top) = (20 + step.0 * i, 10 + step.1 * i);
            let (right, bottom) = (left + 90, top + 9);
            let location = format!("<loc_{left}><loc_{top}><loc_{right}><loc_{bottom}>");
            text = format!("{text}<text>{location}{inner}</text>\n");
        }
        assert_eq!(has_repeating_elements(&text), expected, "{text}");
    }

    #[test]
    fn equal_elements_in_equal_or_even_places_are_a_loop() {
        check_repetition((0, 0), ["a"; 4], true);
        check_repetition((0, 12), ["a"; 4], true);
        check_repetition((7, 0), ["a"; 4], true);
        check_repetition((7, 12), ["a"; 4], false);
        check_repetition((0, 12), ["a", "b", "a", "b"], false);
        assert!(!has_repeating_elements("<text><loc_1>x</text><a><b <loc_<"));
    }

    #[test]
    fn the_repetition_stopper_fires_only_where_it_was_asked_for() {
        let looped = "<text><loc_1><loc_2><loc_3><loc_4>again</text>";
        for (is_on, expected) in [(true, Some(Stop::Loop)), (false, None)] {
            let mut watch = StopWatch::new(BTreeSet::new(), is_on);
            let stopped = (0..64).find_map(|_| watch.push(looped));
            assert_eq!(stopped, expected);
        }
    }
}
