//! What the scheduler hands to workers, and what they report back.
//!
//! A job becomes one task, except a recognition: the page worker first prepares its input, then a
//! recognizer reads it. Whoever holds the task sends the job's end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document::page::PageIndex;
use crate::engine::cancel::CancelToken;
use crate::engine::chores::ChoreWorker;
use crate::engine::job::{
    DocumentId, DocumentSource, JobId, ModelSettings, RecognizeRequest, RenderJob, RenderPriority,
};
use crate::engine::kept::KeptPage;
use crate::engine::page_boxes::Excerpt;
use crate::engine::recognizer::PageInput;

/// Which recognizer's queue a recognition waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneKind {
    /// Reads the page's own text.
    TextLayer,
    /// Reads pixels with the loaded model.
    Model,
}

/// Work for the page worker.
#[derive(Clone, Debug)]
pub(super) struct PageTask {
    pub(super) job: JobId,
    pub(super) token: CancelToken,
    pub(super) work: PageWork,
}

/// What the page worker is to do.
#[derive(Clone, Debug)]
pub(super) enum PageWork {
    Open { source: DocumentSource, password: Option<String> },
    Close(DocumentId),
    Render(RenderJob),
    SaveImage { render: RenderJob, path: PathBuf },
    ReadTextLayer { document: DocumentId, page: PageIndex },
    Prepare(Preparation),
    Restore { document: DocumentId, kept: Arc<KeptPage> },
}

/// Input for a recognition.
#[derive(Clone, Debug)]
pub(super) struct Preparation {
    pub(super) request: RecognizeRequest,
    pub(super) lane: LaneKind,
    /// The recognizer is free and waits for this page: tell that the job has started.
    pub(super) announces_start: bool,
}

impl PageWork {
    /// What goes first; smaller numbers go first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Open { .. } | Self::Close(_) => 0,
            Self::Render(RenderJob { priority: RenderPriority::Visible, .. }) => 1,
            Self::Render(RenderJob { priority: RenderPriority::Nearby, .. }) => 2,
            Self::Prepare(_) => 3,
            Self::Render(RenderJob { priority: RenderPriority::Thumbnail, .. }) => 4,
            Self::ReadTextLayer { .. } | Self::Restore { .. } | Self::SaveImage { .. } => 5,
        }
    }

    /// Which open document it is about.
    pub(super) fn document(&self) -> Option<DocumentId> {
        match self {
            Self::Open { .. } => None,
            Self::Close(document) | Self::ReadTextLayer { document, .. } | Self::Restore { document, .. } => {
                Some(*document)
            }
            Self::Render(render) | Self::SaveImage { render, .. } => Some(render.document),
            Self::Prepare(preparation) => Some(preparation.request.document),
        }
    }
}

/// Work for a recognizer's worker.
#[derive(Debug)]
pub(super) struct LaneTask {
    pub(super) job: JobId,
    pub(super) token: CancelToken,
    pub(super) work: LaneWork,
}

/// What a recognizer's worker is to do.
#[derive(Debug)]
pub(super) enum LaneWork {
    LoadModel { folder: PathBuf, settings: ModelSettings },
    UnloadModel,
    Recognize(Box<Recognition>),
}

/// A recognition whose input is ready.
#[derive(Debug)]
pub(super) struct Recognition {
    pub(super) request: RecognizeRequest,
    pub(super) prepared: Prepared,
    /// `Started` has been sent.
    pub(super) is_announced: bool,
}

/// What the page worker made for a recognizer.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) input: PageInput,
    /// What of the page the recognizer's boxes are fractions of.
    pub(super) excerpt: Excerpt,
    /// How long that took.
    pub(super) took: Duration,
}

/// What a worker says when it is free again. The job's end has been sent, unless it is `Prepared`.
#[derive(Debug)]
pub(super) enum Report {
    PageEnded,
    /// Input for the recognition that the page worker had.
    PagePrepared(Box<Prepared>),
    TextLayerEnded,
    ModelEnded {
        is_model_loaded: bool,
    },
    ChoreEnded(ChoreWorker),
}
