//! What the parser repaired, clamped or dropped, said instead of hidden.

use std::ops::Range;

/// A note about one place of the markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// The place, in bytes of the markup.
    pub source: Range<usize>,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// What a reader can do about it.
    pub hint: Option<String>,
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Tidied without loss.
    Note,
    /// Repaired by a rule; the result may differ from what was meant.
    Repaired,
    /// Something was left out.
    Dropped,
}
