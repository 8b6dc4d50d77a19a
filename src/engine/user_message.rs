//! The one place where errors become words for people.

/// The only thing that a person sees of an error: in a notice, in the page's place or on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMessage {
    /// One sentence, no full stop, in the user's words.
    pub summary: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The chain of causes, paths last.
    pub details: Option<String>,
    /// The file is encrypted and the password is missing or wrong: ask for it.
    pub needs_password: bool,
}
