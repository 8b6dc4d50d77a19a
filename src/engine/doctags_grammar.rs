//! The grammar of DocTags, as the `model` room sees a grammar.

use crate::engine::job::Task;
use crate::markup::{GrammarGuard, Verdict};
use crate::model::{Fit, Grammar, NewGrammar};

/// The grammar of a model's answer to a task. `None` where the answer is not meant to be DocTags, or a piece of it that
/// stands by no rule.
pub(super) fn grammar_for(task: Task) -> Option<NewGrammar> {
    match task {
        Task::Page | Task::Table => Some(NewGrammar(|| Box::new(DocTagsGrammar::default()))),
        Task::Formula | Task::Code | Task::Chart | Task::Text | Task::Identify | Task::SectionHeaders => None,
    }
}

#[derive(Clone, Debug, Default)]
struct DocTagsGrammar(GrammarGuard);

impl Grammar for DocTagsGrammar {
    fn fit(&mut self, piece: &str) -> Fit {
        match self.0.verdict(piece) {
            Verdict::Fits => Fit::Fits,
            Verdict::Doubtful => Fit::Doubtful,
            Verdict::Refused => Fit::Refused,
        }
    }

    fn take(&mut self, piece: &str) {
        self.0.take(piece);
    }

    fn may_end(&self) -> bool {
        self.0.may_end()
    }

    fn close(&mut self) -> bool {
        self.0.close()
    }

    fn boxed_clone(&self) -> Box<dyn Grammar> {
        Box::new(self.clone())
    }
}
