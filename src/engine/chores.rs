//! Work that needs neither a document nor a loaded model: saving files, the model library, downloads.
//!
//! Three workers run the same loop, so that a slow disk does not hold up a list of models, and a
//! download neither.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::engine::atomic_file::write_atomically;
use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::event::{EventKind, Outcome};
use crate::engine::job::JobId;
use crate::engine::model_library;
use crate::engine::outlet::Outlet;
use crate::engine::tasks::Report;
use crate::engine::worker::{check, end_of, guarded};

/// Which of the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChoreWorker {
    /// Writes files.
    Files,
    /// Looks through, checks and removes models.
    Models,
    /// Downloads models.
    Downloads,
}

/// One piece of work.
#[derive(Clone, Debug)]
pub(super) struct Chore {
    pub(super) job: JobId,
    pub(super) token: CancelToken,
    pub(super) work: ChoreWork,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum ChoreWork {
    Save { path: PathBuf, contents: Arc<[u8]> },
    ListModels { added_folders: Vec<PathBuf> },
    VerifyModel { folder: PathBuf },
    RemoveModel { name: String },
    DownloadModel { name: String },
}

impl ChoreWork {
    /// Who does it.
    pub(super) fn worker(&self) -> ChoreWorker {
        match self {
            Self::Save { .. } => ChoreWorker::Files,
            Self::ListModels { .. } | Self::VerifyModel { .. } | Self::RemoveModel { .. } => {
                ChoreWorker::Models
            }
            Self::DownloadModel { .. } => ChoreWorker::Downloads,
        }
    }
}

/// What waits for one worker, first in, first out, and what it has in its hands.
#[derive(Debug, Default)]
pub(super) struct ChoreQueue {
    waiting: VecDeque<Chore>,
    running: Option<(JobId, CancelToken)>,
}

impl ChoreQueue {
    pub(super) fn push(&mut self, chore: Chore) {
        self.waiting.push_back(chore);
    }

    /// The next chore if the worker is free; it counts as running from now on.
    pub(super) fn pop(&mut self) -> Option<Chore> {
        if self.running.is_some() {
            return None;
        }
        let chore = self.waiting.pop_front()?;
        self.running = Some((chore.job, chore.token.clone()));
        Some(chore)
    }

    /// Takes out a job that waits; whether it did.
    pub(super) fn remove(&mut self, job: JobId) -> bool {
        let idx = self.waiting.iter().position(|chore| chore.job == job);
        idx.and_then(|idx| self.waiting.remove(idx)).is_some()
    }

    /// The job that runs.
    pub(super) fn running(&self) -> Option<&(JobId, CancelToken)> {
        self.running.as_ref()
    }

    /// The worker is free again.
    pub(super) fn ended(&mut self) {
        self.running = None;
    }
}

/// Runs until the task channel closes.
pub(super) fn run(worker: ChoreWorker, chores: &Receiver<Chore>, reports: &Sender<Report>, outlet: &Outlet) {
    for Chore { job, token, work } in chores {
        outlet.send(job, EventKind::Started);
        let result = guarded(|| {
            check(&token)?;
            work_on(job, &token, work, outlet)
        });
        outlet.send(job, end_of(result));
        if reports.send(Report::ChoreEnded(worker)).is_err() {
            break;
        }
    }
}

/// Once something is on the disk, the job is done, whoever asked it to stop meanwhile.
fn work_on(job: JobId, token: &CancelToken, work: ChoreWork, outlet: &Outlet) -> Result<Outcome, Error> {
    match work {
        ChoreWork::Save { path, contents } => match write_atomically(&path, &contents) {
            Ok(()) => Ok(Outcome::Saved(path)),
            Err(source) => Err(Error::Save { path, source }),
        },
        ChoreWork::ListModels { added_folders } => {
            Ok(Outcome::ModelsListed(model_library::list(&added_folders)?.into()))
        }
        ChoreWork::VerifyModel { folder } => {
            let verification = model_library::verify(&folder)?;
            Ok(Outcome::ModelVerified { folder, verification })
        }
        ChoreWork::RemoveModel { name } => {
            let freed_bytes = model_library::remove(&name)?;
            Ok(Outcome::ModelRemoved { name, freed_bytes })
        }
        ChoreWork::DownloadModel { name } => {
            let mut tell = |progress: &model_library::DownloadProgress| {
                // A full channel loses a step of a bar, nothing more.
                outlet.try_send(job, EventKind::Downloading(Arc::new(progress.clone()))).ok();
            };
            let folder = model_library::download(&name, &|| token.is_cancelled(), &mut tell)?;
            Ok(Outcome::ModelDownloaded { name, folder })
        }
    }
}
