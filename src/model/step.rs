//! What a model says while it works on one page.

/// One step. A pull from the iterator is a step, so progress and cancelling need no callbacks.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Work on the image goes on. The numbers repeat while nothing new can be said (after each layer
    /// of the vision encoder, and of the decoder while it reads the prompt), so that no pull takes
    /// long and cancelling takes effect at once.
    EncodedTiles {
        /// Tiles done.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
    /// The decoder has read the prompt.
    Prefilled {
        /// Length of the prompt, image tokens included.
        prompt_tokens: usize,
    },
    /// One token.
    Token {
        /// Its id in the vocabulary.
        id: u32,
        /// Empty until the bytes so far form whole characters. Special tokens are kept as text,
        /// but for the end token, which closes the answer and has no text of its own.
        text: String,
        /// Natural logarithm of its probability under the model.
        log_probability: f32,
    },
    /// A token was chosen that may still be taken back; it is said when it stays.
    Undecided,
    /// The page came to its end; nothing follows.
    Stopped(Stop),
}

/// Why generation ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An end token or stop string.
    End,
    /// The token limit, or the end of the model's positions.
    TokenLimit,
    /// The loop guard fired.
    Loop,
    /// The page shows nothing, so nobody was asked.
    Blank,
}
