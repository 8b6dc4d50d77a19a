//! A region of a page that is read by itself, as a table.

use std::sync::Arc;

use super::AppState;
use crate::document::page::PageIndex;
use crate::engine::event::PageRecognition;
use crate::engine::job::{DocumentId, JobId};
use crate::engine::user_message::UserMessage;
use crate::geometry::BBox;

/// What was grabbed last, until it is closed.
#[derive(Debug)]
pub struct Grab {
    /// Of which document.
    pub document: DocumentId,
    /// Of which page.
    pub page: PageIndex,
    /// Which part of the upright page.
    pub region: BBox,
    /// Where its reading stands.
    pub status: GrabStatus,
}

/// Where the reading of a grabbed region stands.
#[derive(Debug)]
pub enum GrabStatus {
    /// Asked for, or going on.
    Reading(JobId),
    /// Read; its tables are in the tree.
    Read(Arc<PageRecognition>),
    /// It could not be read.
    Failed(UserMessage),
}

impl GrabStatus {
    /// The job that reads it.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Reading(job) => Some(*job),
            Self::Read(_) | Self::Failed(_) => None,
        }
    }

    /// What was read.
    pub fn read(&self) -> Option<&Arc<PageRecognition>> {
        match self {
            Self::Read(read) => Some(read),
            Self::Reading(_) | Self::Failed(_) => None,
        }
    }
}

impl AppState {
    /// A grabbed region has been read, or could not be. What another grab has replaced is dropped.
    pub(super) fn end_grab(&mut self, job: JobId, status: GrabStatus) {
        if let Some(grab) = self.grab.as_mut().filter(|grab| grab.status.job() == Some(job)) {
            grab.status = status;
        }
    }

    /// Its job was cancelled: nothing is left to show.
    pub(super) fn cancel_grab(&mut self, job: JobId) {
        self.grab = self.grab.take().filter(|grab| grab.status.job() != Some(job));
    }
}
