//! Jobs that have not ended, and why they run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// A file of the corrected pages is being written.
    SaveGroundTruth {
        /// Into which folder.
        folder: PathBuf,
        /// How many pages are written there.
        num_pages: usize,
    },
}

impl JobPurpose {
    fn is_ground_truth_in(&self, wanted: &Path) -> bool {
        matches!(self, Self::SaveGroundTruth { folder, .. } if folder == wanted)
    }
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

    /// Files of corrected pages are still to be written into a folder.
    pub fn saves_into(&self, wanted: &Path) -> bool {
        self.running.values().any(|purpose| purpose.is_ground_truth_in(wanted))
    }

    /// Nothing more is to be heard of the files of the corrected pages that are written into a folder.
    pub fn forget_saves_into(&mut self, unwanted: &Path) {
        self.running.retain(|_, purpose| !purpose.is_ground_truth_in(unwanted));
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
            | JobPurpose::Save { .. }
            | JobPurpose::SaveGroundTruth { .. } => None,
        })
    }
}
