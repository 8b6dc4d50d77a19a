//! What waits for one recognizer, in order, with the input of the next page prepared ahead.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::engine::cancel::CancelToken;
use crate::engine::job::{DocumentId, EngineChoice, JobId, ModelSettings, RecognizeRequest};
use crate::engine::tasks::{
    LaneKind, LaneTask, LaneWork, PageTask, PageWork, Preparation, Prepared, Recognition,
};

/// One entry of a lane.
#[derive(Debug)]
pub(super) struct LaneEntry {
    pub(super) job: JobId,
    pub(super) token: CancelToken,
    pub(super) work: WaitingWork,
}

/// What the entry is to become.
#[derive(Debug)]
pub(super) enum WaitingWork {
    LoadModel { folder: PathBuf, settings: ModelSettings },
    UnloadModel,
    Recognize { request: RecognizeRequest, input: InputState, is_announced: bool },
}

/// How far the input of a recognition is.
#[derive(Debug)]
pub(super) enum InputState {
    Missing,
    /// The page worker has it, in its queue or in its hands.
    Preparing,
    Ready(Box<Prepared>),
}

impl LaneEntry {
    pub(super) fn recognition(job: JobId, token: CancelToken, request: RecognizeRequest) -> Self {
        let work = WaitingWork::Recognize { request, input: InputState::Missing, is_announced: false };
        Self { job, token, work }
    }

    fn request(&self) -> Option<&RecognizeRequest> {
        match &self.work {
            WaitingWork::Recognize { request, .. } => Some(request),
            WaitingWork::LoadModel { .. } | WaitingWork::UnloadModel => None,
        }
    }
}

/// First in, first out; a visible page goes before the pages that are not. Loading and unloading a
/// model keep their place: what was asked before them runs before them.
#[derive(Debug, Default)]
pub(super) struct Lane {
    waiting: VecDeque<LaneEntry>,
}

impl Lane {
    /// Adds an entry at its place.
    pub(super) fn push(&mut self, entry: LaneEntry) {
        let jumps = entry.request().is_some_and(|request| request.is_visible);
        let place = if jumps { self.place_before_hidden_pages() } else { self.waiting.len() };
        self.waiting.insert(place, entry);
    }

    /// Somebody looks at the job's page now: it goes before the pages that are not looked at.
    /// Returns whether it waits here.
    pub(super) fn prioritize(&mut self, job: JobId) -> bool {
        let Some(mut entry) = self.remove(job) else { return false };
        if let WaitingWork::Recognize { request, .. } = &mut entry.work {
            request.is_visible = true;
        }
        self.push(entry);
        true
    }

    fn place_before_hidden_pages(&self) -> usize {
        let is_hidden_page = |entry: &&LaneEntry| entry.request().is_some_and(|request| !request.is_visible);
        self.waiting.len() - self.waiting.iter().rev().take_while(is_hidden_page).count()
    }

    /// Takes out the head for a recognizer that is free; `None` when there is nothing, or its input
    /// is not there yet.
    pub(super) fn pop_ready(&mut self) -> Option<LaneTask> {
        let head = self.waiting.front()?;
        if let WaitingWork::Recognize { input: InputState::Missing | InputState::Preparing, .. } = head.work {
            return None;
        }
        let LaneEntry { job, token, work } = self.waiting.pop_front()?;
        let work = match work {
            WaitingWork::LoadModel { folder, settings } => LaneWork::LoadModel { folder, settings },
            WaitingWork::UnloadModel => LaneWork::UnloadModel,
            WaitingWork::Recognize { request, input, is_announced } => {
                let InputState::Ready(prepared) = input else { return None };
                LaneWork::Recognize(Box::new(Recognition { request, prepared: *prepared, is_announced }))
            }
        };
        Some(LaneTask { job, token, work })
    }

    /// The head's input, to be prepared now. At most one input of a lane is in preparation, and only
    /// the head is prepared ahead, so that one page waits ready while another is read.
    pub(super) fn next_preparation(&mut self, lane: LaneKind, is_awaited: bool) -> Option<PageTask> {
        let is_preparing = |entry: &LaneEntry| {
            matches!(entry.work, WaitingWork::Recognize { input: InputState::Preparing, .. })
        };
        if self.waiting.iter().any(is_preparing) {
            return None;
        }
        let head = self.waiting.front_mut()?;
        let WaitingWork::Recognize { request, input: input @ InputState::Missing, is_announced } =
            &mut head.work
        else {
            return None;
        };
        *input = InputState::Preparing;
        let announces_start = is_awaited && !*is_announced;
        *is_announced |= is_awaited;
        let work = PageWork::Prepare(Preparation { request: request.clone(), lane, announces_start });
        Some(PageTask { job: head.job, token: head.token.clone(), work })
    }

    /// The page worker has made the input. A cancelled entry is taken out and returned.
    pub(super) fn prepared(&mut self, job: JobId, prepared: Box<Prepared>) -> Option<JobId> {
        let entry = self.waiting.iter_mut().find(|entry| entry.job == job)?;
        if entry.token.is_cancelled() {
            return self.remove(job).map(|entry| entry.job);
        }
        if let WaitingWork::Recognize { input, .. } = &mut entry.work {
            *input = InputState::Ready(prepared);
        }
        None
    }

    /// The head, if the lane's model is missing and the request leaves the choice to the engine.
    pub(super) fn pop_without_model(&mut self) -> Option<LaneEntry> {
        let head = self.waiting.front()?;
        let is_movable = match &head.work {
            WaitingWork::Recognize { request, input, .. } => {
                request.engine == EngineChoice::Auto && !matches!(input, InputState::Preparing)
            }
            WaitingWork::LoadModel { .. } | WaitingWork::UnloadModel => false,
        };
        let mut entry = is_movable.then(|| self.waiting.pop_front()).flatten()?;
        if let WaitingWork::Recognize { input, .. } = &mut entry.work {
            *input = InputState::Missing;
        }
        Some(entry)
    }

    /// A model is going to be loaded by an entry that waits here.
    pub(super) fn will_load(&self) -> Option<bool> {
        self.waiting.iter().rev().find_map(|entry| match entry.work {
            WaitingWork::LoadModel { .. } => Some(true),
            WaitingWork::UnloadModel => Some(false),
            WaitingWork::Recognize { .. } => None,
        })
    }

    /// The job waits here.
    pub(super) fn has(&self, job: JobId) -> bool {
        self.waiting.iter().any(|entry| entry.job == job)
    }

    /// Takes out one job.
    pub(super) fn remove(&mut self, job: JobId) -> Option<LaneEntry> {
        let idx = self.waiting.iter().position(|entry| entry.job == job)?;
        self.waiting.remove(idx)
    }

    /// The jobs about a document.
    pub(super) fn jobs_of(&self, document: DocumentId) -> Vec<JobId> {
        let is_about =
            |entry: &&LaneEntry| entry.request().is_some_and(|request| request.document == document);
        self.waiting.iter().filter(is_about).map(|entry| entry.job).collect()
    }
}
