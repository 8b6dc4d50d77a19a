//! What can go wrong in a job.

/// A job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The page has no text of its own, and no model was asked.
    #[error("page {page} has no text layer")]
    NoTextLayer {
        /// Shown to people, from 1.
        page: usize,
    },
}
