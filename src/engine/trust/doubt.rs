//! Reasons to look at an element, how grave they are, and the words for them.

use super::{LEAST_AGREEMENT, LEAST_PROBABILITY};
use crate::engine::event::StopReason;

/// A reason to look at an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Numbers were read that the page's own text has not, or the other way round.
    Numbers {
        /// Numbers that only the reading has.
        only_read: Vec<String>,
        /// Numbers that only the page's own text has.
        only_on_page: Vec<String>,
    },
    /// Cells were read otherwise than the page's own text has them; those with numbers first.
    Cells(Vec<CellDifference>),
    /// Its text is not that of the page ([`LEAST_AGREEMENT`]).
    Disagrees(f32),
    /// The model was not sure ([`LEAST_PROBABILITY`]).
    Unsure(f32),
    /// A column of numbers has a cell that looks like one and is none.
    NoNumber {
        /// Which column, from 1.
        column: usize,
        /// What the cell says.
        text: String,
    },
    /// A total is not the sum of what stands above it.
    Sum {
        /// Which column, from 1.
        column: usize,
        /// What its numbers add up to.
        sum: String,
        /// What the total says.
        total: String,
    },
    /// Its markup had a fault that was mended.
    Repaired {
        /// What happened.
        message: String,
        /// Something was left out.
        is_lost: bool,
    },
    /// It was read by itself after the model had repeated itself.
    Rescued,
    /// It is the last element of a page that ended early.
    CutOff(StopReason),
}

/// A cell that was read otherwise than the page's own text has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellDifference {
    /// Row of its top left slot, from 1.
    pub row: usize,
    /// Column of its top left slot, from 1.
    pub column: usize,
    /// What was read.
    pub read: String,
    /// What the page has.
    pub on_page: String,
    /// The numbers in it are others.
    pub differs_in_numbers: bool,
}

/// How grave the doubts about an element are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// None.
    Sure,
    /// Worth a look.
    Look,
    /// Something is likely to be wrong.
    Doubtful,
}

impl Level {
    /// Every level, the gravest last.
    pub const ALL: [Self; 3] = [Self::Sure, Self::Look, Self::Doubtful];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Sure => "No doubt",
            Self::Look => "Worth a look",
            Self::Doubtful => "Doubtful",
        }
    }

    /// What puts an element on this level, with the thresholds.
    pub fn explanation(self) -> String {
        let (probability, agreement) = (percent(LEAST_PROBABILITY), percent(LEAST_AGREEMENT));
        match self {
            Self::Sure => format!(
                "Taken from the page's own text; or the model was at least {probability} sure, no number \
                 differs, and at least {agreement} is as in the page's own text, where it has one"
            ),
            Self::Look => format!(
                "The model was less than {probability} sure, less than {agreement} is as in the page's own \
                 text, faulty markup was mended, or a table has a total or a cell that does not fit"
            ),
            Self::Doubtful => format!(
                "A number differs, something was left out or cut off, the model was less than {} sure, or \
                 less than {} is as in the page's own text",
                percent(2.0f32.mul_add(LEAST_PROBABILITY, -1.0)),
                percent(2.0f32.mul_add(LEAST_AGREEMENT, -1.0))
            ),
        }
    }
}

impl Doubt {
    /// Another number, lost content, an end too early, or an error twice the threshold is likely to be
    /// a fault; the rest is worth a look.
    pub fn level(&self) -> Level {
        let is_grave = match self {
            Self::Numbers { .. } | Self::CutOff(_) => true,
            Self::Repaired { is_lost, .. } => *is_lost,
            Self::Cells(cells) => cells.iter().any(|cell| cell.differs_in_numbers),
            Self::NoNumber { .. } | Self::Sum { .. } | Self::Rescued => false,
            Self::Disagrees(agreement) => 1.0 - agreement >= 2.0 * (1.0 - LEAST_AGREEMENT),
            Self::Unsure(mean) => 1.0 - mean >= 2.0 * (1.0 - LEAST_PROBABILITY),
        };
        if is_grave { Level::Doubtful } else { Level::Look }
    }

    /// In words for people, short.
    pub fn words(&self) -> String {
        match self {
            Self::Numbers { only_read, only_on_page } => {
                match (only_read.as_slice(), only_on_page.as_slice()) {
                    ([], missing) => format!("Numbers are missing: {}", listed(missing)),
                    (added, []) => format!("Numbers that the page has not: {}", listed(added)),
                    (read, there) => {
                        format!("Numbers differ: {}, on the page {}", listed(read), listed(there))
                    }
                }
            }
            Self::Cells(cells) => cells_in_words(cells),
            Self::Disagrees(agreement) => format!("{} as the page's own text", percent(*agreement)),
            Self::Unsure(mean) => format!("Model {} sure", percent(*mean)),
            Self::NoNumber { column, text } => format!("Column {column}: “{text}” is no number"),
            Self::Sum { column, sum, total } => {
                format!("Column {column} adds up to {sum}, its total is {total}")
            }
            Self::Repaired { message, is_lost: false } => format!("Mended: {message}"),
            Self::Repaired { message, is_lost: true } => format!("Left out: {message}"),
            Self::Rescued => "Read by itself, after the model had repeated itself".to_owned(),
            Self::CutOff(StopReason::TokenLimit) => "The page ended here at the token limit".to_owned(),
            Self::CutOff(StopReason::Loop) => "The page ended here because it repeated itself".to_owned(),
            Self::CutOff(StopReason::Cancelled | StopReason::End | StopReason::Blank) => {
                "The page was stopped here".to_owned()
            }
        }
    }

    /// Why this is a doubt, with the threshold.
    pub fn explanation(&self) -> String {
        match self {
            Self::Numbers { .. } => {
                "A wrong digit, sign or decimal mark cannot be seen from the context, so every number is \
                 compared with the page's own text"
                    .to_owned()
            }
            Self::Cells(_) => {
                "Each cell is compared with the page's own text at its place; a cell with another number is \
                 likely to be wrong"
                    .to_owned()
            }
            Self::Disagrees(_) => format!(
                "Doubted below {}: one character in twenty is not that of the page's own text. Elements \
                 that were read right stay above",
                percent(LEAST_AGREEMENT)
            ),
            Self::Unsure(_) => format!(
                "Doubted below {}: by the model's own probabilities one token in ten is wrong",
                percent(LEAST_PROBABILITY)
            ),
            Self::NoNumber { .. } => {
                "Three quarters of the column are numbers, and this cell has a digit, or letters that are \
                 mistaken for digits"
                    .to_owned()
            }
            Self::Sum { .. } => {
                "Doubted when the difference is more than rounding, and another column adds up or there is \
                 no other"
                    .to_owned()
            }
            Self::Repaired { .. } => "The model's markup was not well formed at this place".to_owned(),
            Self::Rescued => {
                "The part of the page that was not reached was read as a page of its own; parts may stand in another order, or be cut"
                    .to_owned()
            }
            Self::CutOff(_) => "What stands below this element on the page was not read".to_owned(),
        }
    }
}

/// How many cells differ, and the first of them.
fn cells_in_words(cells: &[CellDifference]) -> String {
    let said = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") };
    let Some(first) = cells.first() else { return String::new() };
    let noun = if cells.len() == 1 { "cell differs" } else { "cells differ" };
    format!("{} {noun}: {} is {} on the page", cells.len(), said(&first.read), said(&first.on_page))
}

fn listed(numbers: &[String]) -> String {
    const LISTED: usize = 4;
    let mut words = numbers.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if numbers.len() > LISTED {
        words.push('…');
    }
    words
}

/// A fraction in words, never rounded up to all of it.
pub fn percent(fraction: f32) -> String {
    // A hair is added because 0.95 is a little less than that as a number.
    format!("{:.0} %", (100.0 * fraction + 1e-3).floor())
}
