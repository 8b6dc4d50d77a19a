//! What can go wrong in a job.

use std::io;
use std::path::PathBuf;

use crate::{document, layout, model};

/// A job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A page's own text cannot be used.
    #[error("page {page} cannot be read from its text layer")]
    TextLayer {
        /// Shown to people, from 1.
        page: usize,
        /// Why.
        source: layout::Error,
    },
    /// A region of a page holds none of the page's own text.
    #[error("the region of page {page} holds no text")]
    EmptyRegion {
        /// Shown to people, from 1.
        page: usize,
    },
    /// The page's place in the document is not there.
    #[error("there is no page {page}: the document has {num_pages}")]
    NoSuchPage {
        /// Shown to people, from 1.
        page: usize,
        /// How many there are.
        num_pages: usize,
    },
    /// The document has been closed, or was never opened.
    #[error("the document is not open")]
    DocumentNotOpen,
    /// A model was asked for that is not on this machine.
    #[error("there is no model {} on this machine", name.as_deref().unwrap_or("that can be loaded"))]
    NoModelHere {
        /// As it was asked for; `None` for any.
        name: Option<String>,
    },
    /// A model could not be found, downloaded, verified or removed.
    #[error(transparent)]
    Store(#[from] model::store::Error),
    /// A model was asked for, and none is loaded.
    #[error("no model is loaded")]
    NoModel,
    /// A document or one of its pages cannot be read.
    #[error(transparent)]
    Document(#[from] document::Error),
    /// A model cannot be loaded or failed on a page.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Save {
        /// Where to.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A job hit a fault of ours. The worker has gone on without it.
    #[error("a fault inside the program: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// A worker thread is gone.
    #[error("a worker thread has ended")]
    WorkerLost,
    /// A worker thread could not be started.
    #[error("cannot start the thread {name}")]
    Thread {
        /// Which.
        name: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The job was cancelled while a part of it could still be stopped. Never shown.
    #[error("cancelled")]
    Cancelled,
}
