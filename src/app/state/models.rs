//! What the window knows about models that are here or can be had, and the download that runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, JobId};
use crate::engine::model_library::{DownloadProgress, ModelEntry, Verification};
use crate::engine::user_message::UserMessage;

/// Models that are here or can be had.
#[derive(Debug, Default)]
pub struct Models {
    /// As they were last listed; `None` until that has been done once.
    pub entries: Option<Arc<[ModelEntry]>>,
    /// They are being listed now.
    pub is_listing: bool,
    /// The one download; a new one takes its place.
    pub download: Option<Download>,
    /// What verifying has shown, by folder.
    pub checks: BTreeMap<PathBuf, Check>,
    /// The model whose removal waits for a second click.
    pub removal: Option<String>,
    /// The folder where downloads go, for people.
    pub folder: Option<PathBuf>,
}

/// A download that runs, rests or has failed.
#[derive(Clone, Debug)]
pub struct Download {
    /// Of the model.
    pub id: String,
    /// What it is doing.
    pub state: DownloadState,
    /// As far as it has come.
    pub progress: Option<Arc<DownloadProgress>>,
    /// The page that was in view when it was asked for: it is converted once the model is ready.
    pub then_converts: Option<(DocumentId, PageIndex)>,
}

/// What a download is doing.
#[derive(Clone, Debug)]
pub enum DownloadState {
    /// Bytes are coming.
    Running(JobId),
    /// It has been asked to stop, and is then to be forgotten or not.
    Stopping {
        /// What has come is to be removed as well.
        discards: bool,
    },
    /// It goes on when the user says so.
    Paused,
    /// It goes on when the user says so, and perhaps fails again.
    Failed(UserMessage),
}

/// What is known about a model's files.
#[derive(Clone, Debug)]
pub enum Check {
    /// They are being read.
    Running,
    /// They have been compared with their digests.
    Done(Verification),
    /// It is no model that can be loaded.
    Failed(UserMessage),
}

impl Models {
    /// A listed model.
    pub fn entry(&self, id: &str) -> Option<&ModelEntry> {
        self.entries.as_ref()?.iter().find(|entry| entry.id == id)
    }

    /// The model that is offered to newcomers.
    pub fn offered(&self) -> Option<&ModelEntry> {
        self.entries.as_ref()?.iter().find(|entry| entry.is_default)
    }

    /// The model that is loaded when none has been chosen.
    pub fn first_usable(&self) -> Option<&ModelEntry> {
        self.entries.as_ref()?.iter().find(|entry| entry.is_for_any_page())
    }

    /// Somebody has looked, and there is no model on this machine.
    pub fn are_none_here(&self) -> bool {
        self.entries.as_ref().is_some_and(|entries| !entries.iter().any(ModelEntry::is_for_any_page))
    }
}

impl Download {
    /// How much of it has come, in `0.0..=1.0`.
    pub fn fraction(&self) -> Option<f32> {
        let progress = self.progress.as_ref()?;
        (progress.total_bytes > 0).then(|| progress.done_bytes as f32 / progress.total_bytes as f32)
    }
}
