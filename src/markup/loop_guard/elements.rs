//! Repeated elements: in the same place, or stepping down the page.

use super::repetition::Repetition;
use super::{chained, hash_of};
use crate::markup::event::{Element, Event, EventKind};

/// The longest group of elements that is looked for.
const LONGEST_PERIOD: usize = 32;
/// Nothing on a page stands in one place three times.
const NUM_COPIES: usize = 3;
/// … and a group of so many elements not even twice.
const LARGE_GROUP: usize = 4;
/// Copies of elements without boxes, which may well be different places that say the same.
const NUM_COPIES_WITHOUT_BOX: usize = 12;
/// The same words again and again at even distances. Lines of a form do that a few times.
const NUM_STEPS: usize = 10;
/// … where the words are few or none: boxes to tick, bullets, icons, numbers.
const NUM_STEPS_OF_LITTLE: usize = 60;
/// Letters and digits that are more than a label.
const LITTLE_TEXT: usize = 12;
/// Boxes are on a grid of 500 steps, so even distances differ by one.
const STEP_TOLERANCE: f64 = 1.1 / 500.0;
/// Deeper elements are not looked at; the corpus' deepest honest page nests 6.
const MAX_DEPTH: usize = 32;
/// Listings and formulas hold dumps and matrices, which repeat longer than prose.
const PATIENCE_WITH_CODE: usize = 4;

/// Watches the elements of a page.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    open: Vec<Open>,
    repetition: Repetition,
    /// Elements in a row that had a box.
    num_with_box: usize,
    steps: Option<Steps>,
}

/// An element that has not been closed.
#[derive(Clone, Copy, Debug)]
struct Open {
    element: Element,
    start: usize,
    /// Of the tag and everything inside but the box.
    hash: u64,
    num_chars: usize,
    location: [f64; 4],
    num_locations: usize,
}

/// Equal elements so far.
#[derive(Clone, Copy, Debug)]
struct Steps {
    hash: u64,
    location: [f64; 4],
    step: [f64; 4],
    count: usize,
    second_copy: usize,
}

impl Default for Elements {
    fn default() -> Self {
        let repetition = Repetition::new(LONGEST_PERIOD);
        Self { open: Vec::new(), repetition, num_with_box: 0, steps: None }
    }
}

impl Elements {
    /// How much more repetition than in prose is honest where the text now stands.
    pub(super) fn patience(&self) -> usize {
        let is_code = |open: &Open| matches!(open.element, Element::Code | Element::Formula);
        if self.open.last().is_some_and(is_code) { PATIENCE_WITH_CODE } else { 1 }
    }

    pub(super) fn take_char(&mut self, char: char) {
        if let Some(open) = self.open.last_mut() {
            open.hash = chained(open.hash, u64::from(char));
            open.num_chars += usize::from(char.is_alphanumeric());
        }
    }

    pub(super) fn take(&mut self, event: &Event<'_>, tag: u64) -> Option<usize> {
        match event.kind {
            EventKind::Open(element) => {
                // The model forgot to close it. Items hold lists, not items.
                let is_over = |open: &mut Open| {
                    is_leaf(open.element) || (open.element, element) == (Element::ListItem, Element::ListItem)
                };
                let before = self.open.pop_if(is_over).and_then(|open| self.push(open));
                if self.open.len() < MAX_DEPTH {
                    let (location, num_locations) = ([0.0; 4], 0);
                    let start = event.source.start;
                    self.open.push(Open { element, start, hash: tag, num_chars: 0, location, num_locations });
                }
                before
            }
            EventKind::Close(element) => {
                let place = self.open.iter().rposition(|open| open.element == element)?;
                self.open.truncate(place + 1);
                let closed = self.open.pop()?;
                if let Some(around) = self.open.last_mut() {
                    around.hash = chained(around.hash, closed.hash);
                    around.num_chars += closed.num_chars;
                }
                if is_around_others(element) { None } else { self.push(closed) }
            }
            EventKind::Location { fraction, .. } => {
                if let Some(open) = self.open.last_mut() {
                    if let Some(edge) = open.location.get_mut(open.num_locations) {
                        *edge = fraction;
                    }
                    open.num_locations += 1;
                }
                None
            }
            EventKind::PageBreak => {
                *self = Self::default();
                None
            }
            EventKind::Text(_) => None,
            EventKind::Cell(_)
            | EventKind::RowEnd
            | EventKind::Class { .. }
            | EventKind::Ignored(_)
            | EventKind::Language(_)
            | EventKind::Link(_)
            | EventKind::Stop
            | EventKind::ForeignDialect => {
                if let Some(open) = self.open.last_mut() {
                    open.hash = chained(open.hash, tag);
                }
                None
            }
        }
    }

    /// An element is complete.
    fn push(&mut self, element: Open) -> Option<usize> {
        let has_box = element.num_locations >= 4;
        self.num_with_box = if has_box { self.num_with_box + 1 } else { 0 };
        let num_with_box = self.num_with_box;
        let place = hash_of(&format!("{:?}", element.location));
        let equal = self.repetition.push(chained(element.hash, place), element.start, |period| {
            if num_with_box < period {
                (NUM_COPIES * period).max(NUM_COPIES_WITHOUT_BOX)
            } else if period >= LARGE_GROUP {
                2 * period
            } else {
                NUM_COPIES * period
            }
        });
        let stepping = if has_box { self.step(&element) } else { None };
        equal.or(stepping)
    }

    fn step(&mut self, element: &Open) -> Option<usize> {
        let first = Steps {
            hash: element.hash,
            location: element.location,
            step: [0.0; 4],
            count: 1,
            second_copy: element.start,
        };
        let Some(before) = self.steps.filter(|steps| steps.hash == element.hash) else {
            self.steps = Some(first);
            return None;
        };
        let mut step = [0.0; 4];
        for ((step, now), then) in step.iter_mut().zip(element.location).zip(before.location) {
            *step = now - then;
        }
        let is_even = step.iter().zip(before.step).all(|(a, b)| (a - b).abs() < STEP_TOLERANCE);
        let goes_on = before.count == 1 || is_even;
        let (count, second_copy) = if goes_on && before.count > 1 {
            (before.count + 1, before.second_copy)
        } else {
            (2, element.start)
        };
        let step = if count == 2 { step } else { before.step };
        self.steps = Some(Steps { step, count, second_copy, ..first });
        let num_needed = if element.num_chars < LITTLE_TEXT { NUM_STEPS_OF_LITTLE } else { NUM_STEPS };
        (count >= num_needed).then_some(second_copy)
    }
}

/// Holds text and no elements.
fn is_leaf(element: Element) -> bool {
    element.is_text_leaf() || element == Element::Smiles
}

/// Says nothing of its own: what is inside is judged.
fn is_around_others(element: Element) -> bool {
    matches!(
        element,
        Element::Document
            | Element::Wrapper
            | Element::List { .. }
            | Element::Inline
            | Element::KeyValueRegion
    )
}
