//! The seam for what an answer may look like: the `model` room knows tokens, and no markup.

use std::fmt::Debug;

/// What a piece of text would do to the answer before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It fits.
    Fits,
    /// What follows decides; where it decides against it, the answer goes back to before this piece.
    Doubtful,
    /// It does not fit.
    Refused,
}

/// Watches one answer as it is written.
pub trait Grammar: Debug + Send {
    /// What a piece would do if it came next.
    fn fit(&mut self, piece: &str) -> Fit;

    /// A piece comes next, whether it fits or not.
    fn take(&mut self, piece: &str);

    /// Whether the answer may end here.
    fn may_end(&self) -> bool;

    /// From here on, only what brings the answer to its end fits. False where something has begun that must be ended
    /// first.
    fn close(&mut self) -> bool;

    /// The watch as it is, for an answer that may have to go back.
    fn boxed_clone(&self) -> Box<dyn Grammar>;
}

/// Makes the watch for an answer. Two are equal if they are the same function.
#[derive(Clone, Copy, Debug)]
pub struct NewGrammar(pub fn() -> Box<dyn Grammar>);

impl PartialEq for NewGrammar {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Clone for Box<dyn Grammar> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}
