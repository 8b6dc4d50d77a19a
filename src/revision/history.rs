//! Every state that a page was in, and which of them it is in now.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A state of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageState {
    /// The page in `DocTags`.
    pub markup: String,
    /// Nodes of its tree that somebody has looked at, by [`NodeId::index`](crate::markup::NodeId::index).
    pub checked: BTreeSet<usize>,
}

/// What happened to a page, from the first reading that was corrected on. Without limit: a state is some kilobytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHistory {
    states: Vec<PageState>,
    /// What led to the state after the one of the same index.
    steps: Vec<String>,
    now: usize,
}

impl PageHistory {
    /// Begins with a reading.
    pub fn new(first: PageState) -> Self {
        Self { states: vec![first], steps: Vec::new(), now: 0 }
    }

    /// The state that the page is in.
    pub fn state(&self) -> &PageState {
        &self.states[self.now]
    }

    /// The state that the page was read as.
    pub fn first(&self) -> &PageState {
        &self.states[0]
    }

    /// The page is in another state now; what had been undone is gone.
    pub fn push(&mut self, step: &str, state: PageState) {
        self.states.truncate(self.now + 1);
        self.steps.truncate(self.now);
        self.states.push(state);
        self.steps.push(step.to_owned());
        self.now += 1;
    }

    /// Back to the state before; `None` at the first.
    pub fn undo(&mut self) -> Option<&PageState> {
        self.now = self.now.checked_sub(1)?;
        Some(self.state())
    }

    /// Forward to the state that was undone; `None` at the last.
    pub fn redo(&mut self) -> Option<&PageState> {
        if self.now + 1 >= self.states.len() {
            return None;
        }
        self.now += 1;
        Some(self.state())
    }

    /// What undoing would take back.
    pub fn undoes(&self) -> Option<&str> {
        self.now.checked_sub(1).and_then(|step| self.steps.get(step)).map(String::as_str)
    }

    /// What redoing would do again.
    pub fn redoes(&self) -> Option<&str> {
        self.steps.get(self.now).map(String::as_str)
    }
}
