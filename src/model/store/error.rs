//! What can go wrong between a model's publisher and its folder here.

use std::path::PathBuf;

/// A model could not be found, downloaded, verified or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The built-in catalogue does not parse.
    #[error("the built-in model catalogue does not parse")]
    Catalogue {
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// Neither a name of the catalogue nor `owner/name`.
    #[error("no model is called {name:?}")]
    UnknownModel {
        /// What was asked for.
        name: String,
    },
    /// The machine has no place for user data.
    #[error("no folder for models: set DOCLENS_MODELS")]
    NoModelsFolder,
    /// `HF_HUB_OFFLINE` is set.
    #[error("HF_HUB_OFFLINE is set, so nothing is downloaded")]
    Offline,
    /// Too little room.
    #[error("not enough disk space: {needed_bytes} bytes needed, {free_bytes} free in {}", folder.display())]
    DiskSpace {
        /// What is still to come.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
        /// Where.
        folder: PathBuf,
    },
    /// A file could not be written, read, renamed or removed.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// "write", "read", "rename", "remove".
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The server wants a token, or does not accept the one it got (401).
    #[error("{repository} needs a token that the server accepts")]
    TokenNeeded {
        /// `owner/name`.
        repository: String,
    },
    /// The token's owner has not been granted access (403).
    #[error("access to {repository} has not been granted")]
    AccessDenied {
        /// `owner/name`.
        repository: String,
    },
    /// The repository, the revision or a file is not there (404).
    #[error("{what} is not on the server")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// Too many requests (429), also after waiting.
    #[error("the server refuses more requests for now")]
    RateLimited {
        /// Seconds that the server asks for.
        retry_after_secs: Option<u64>,
    },
    /// No bytes for too long, several times in a row.
    #[error("no data for {stalled_secs} s while reading {file}")]
    Stalled {
        /// Which file.
        file: String,
        /// How long each try waited.
        stalled_secs: u64,
    },
    /// The connection could not be made or broke, several times in a row.
    #[error("the connection broke while reading {file}")]
    Connection {
        /// Which file.
        file: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered with something unexpected.
    #[error("the server answered in a way that was not expected, for {file}")]
    Server {
        /// Which file.
        file: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What arrived is not what the publisher states, twice.
    #[error("{file} is not what its publisher states: SHA-256 {actual} instead of {expected}")]
    WrongDigest {
        /// Which file.
        file: String,
        /// From the catalogue or the hub.
        expected: String,
        /// Of what arrived.
        actual: String,
    },
    /// What arrived has another length than the publisher states, twice.
    #[error("{file} has {actual_bytes} bytes instead of {expected_bytes}")]
    WrongSize {
        /// Which file.
        file: String,
        /// From the catalogue or the hub.
        expected_bytes: u64,
        /// What arrived.
        actual_bytes: u64,
    },
    /// Somebody paused or cancelled. What has arrived is kept for a pause.
    #[error("the download was stopped")]
    Stopped,
    /// Another Doclens downloads the same model now.
    #[error("another Doclens downloads this model, into {}", folder.display())]
    InUse {
        /// The folder both want.
        folder: PathBuf,
    },
    /// The folder was not made by a download of Doclens.
    #[error("{} was not downloaded by Doclens and is not removed", folder.display())]
    NotOurs {
        /// Which folder.
        folder: PathBuf,
    },
}
