//! The grammar of DocTags, as the `model` room sees a grammar.

use crate::engine::job::Task;
use crate::markup::{GrammarGuard, Verdict};
use crate::model::{Fit, Grammar, NewGrammar};

/// The grammar of a model's answer to a task. `None` where the answer is not meant to be DocTags, or a piece of it that
/// stands by no rule.
pub(super) fn grammar_for(task: Task) -> Option<NewGrammar> {
    match task {
        Task::Page | Task::Table => Some(NewGrammar(|| Box::new(GrammarGuard::default()))),
        Task::Formula | Task::Code | Task::Chart | Task::Text | Task::Identify | Task::SectionHeaders => None,
    }
}

impl Grammar for GrammarGuard {
    fn fit(&mut self, piece: &str) -> Fit {
        match self.verdict(piece) {
            Verdict::Fits => Fit::Fits,
            Verdict::Doubtful => Fit::Doubtful,
            Verdict::Refused => Fit::Refused,
        }
    }

    fn take(&mut self, piece: &str) {
        Self::take(self, piece);
    }

    fn may_end(&self) -> bool {
        Self::may_end(self)
    }

    fn close(&mut self) -> bool {
        Self::close(self)
    }

    fn boxed_clone(&self) -> Box<dyn Grammar> {
        Box::new(self.clone())
    }
}
