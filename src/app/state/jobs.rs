//! Jobs that have not ended, and why they run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource, JobId};

/// Why a job runs. Renderings are kept by the texture store instead.
#[derive(Clone, Debug)]
pub enum JobPurpose {
    /// A document is being opened.
    Open {
        /// From where.
        source: DocumentSource,
        /// Its name for people.
        name: String,
        /// A password is being tried.
        has_password: bool,
    },
    /// A document is being forgotten.
    Close,
    /// A page is being converted.
    Recognize {
        /// Of which document.
        document: DocumentId,
        /// Which page.
        page: PageIndex,
        /// It was read before, and only comes back.
        is_restored: bool,
    },
    /// A region that was grabbed is being read as a table.
    Grab,
    /// A page's own text is being looked at.
    ReadTextLayer {
        /// Of which document.
        document: DocumentId,
        /// Which page.
        page: PageIndex,
    },
    /// A model is being loaded.
    LoadModel {
        /// From where.
        folder: PathBuf,
    },
    /// The model is being freed.
    UnloadModel,
    /// Models are being looked for.
    ListModels,
    /// A model is being downloaded.
    DownloadModel {
        /// Which.
        id: String,
    },
    /// A model's files are being compared with their digests.
    VerifyModel {
        /// Where it lies.
        folder: PathBuf,
    },
    /// A model is being removed.
    RemoveModel,
    /// A file is being written.
    Save {
        /// Where to.
        path: PathBuf,
    },
}

/// The jobs that have not ended.
#[derive(Debug, Default)]
pub struct Jobs {
    running: BTreeMap<JobId, JobPurpose>,
}

impl Jobs {
    /// A job has been submitted.
    pub fn insert(&mut self, job: JobId, purpose: JobPurpose) {
        self.running.insert(job, purpose);
    }

    /// Why a job runs.
    pub fn get(&self, job: JobId) -> Option<&JobPurpose> {
        self.running.get(&job)
    }

    /// A job has ended.
    pub fn remove(&mut self, job: JobId) -> Option<JobPurpose> {
        self.running.remove(&job)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (JobId, &JobPurpose)> {
        self.running.iter().map(|(job, purpose)| (*job, purpose))
    }

    /// Names of the documents that are being opened.
    pub fn opening(&self) -> impl Iterator<Item = &str> {
        self.running.values().filter_map(|purpose| match purpose {
            JobPurpose::Open { name, .. } => Some(name.as_str()),
            JobPurpose::Close
            | JobPurpose::Recognize { .. }
            | JobPurpose::Grab
            | JobPurpose::ReadTextLayer { .. }
            | JobPurpose::LoadModel { .. }
            | JobPurpose::UnloadModel
            | JobPurpose::ListModels
            | JobPurpose::DownloadModel { .. }
            | JobPurpose::VerifyModel { .. }
            | JobPurpose::RemoveModel
            | JobPurpose::Save { .. } => None,
        })
    }
}
