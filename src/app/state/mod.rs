//! What the window knows: open documents, running jobs, the model, notices and settings.
//!
//! Plain data. Events of the engine change it in [`AppState::apply_event`]; commands change it in
//! `app::execute`. What is only visual (scroll positions, textures, half-typed text) lives beside
//! the widget that shows it.

mod corrections;
mod document;
mod events;
mod grab;
mod jobs;
mod models;
mod notices;

pub use corrections::{CannotEdit, Corrections};
pub use document::{
    Conversion, ConversionStatus, DocumentState, ElementRef, PageEntry, SAMPLE_SCAN_NAME, TextSupply,
};
pub use grab::{Grab, GrabStatus};
pub use jobs::{JobPurpose, Jobs};
pub use models::{Check, Download, DownloadState, Models};
pub use notices::{Notice, NoticeAction, NoticeId, NoticeKind, Notices};

use std::path::PathBuf;
use std::sync::Arc;

use super::settings::Settings;
use crate::document::page::PageIndex;
use crate::engine::event::{ModelInfo, Progress};
use crate::engine::job::{DocumentId, DocumentSource, EngineChoice};
use crate::engine::model_library::POCKET_NAME;
use crate::engine::user_message::UserMessage;

/// Everything that the window draws from.
#[derive(Debug, Default)]
pub struct AppState {
    /// Open documents, in the order in which they were opened.
    pub documents: Vec<DocumentState>,
    /// The document that is shown.
    pub shown: Option<DocumentId>,
    /// Jobs that have not ended, and why they run.
    pub jobs: Jobs,
    /// The model.
    pub model: ModelState,
    /// The model was loaded to read the sample scan, and reads nothing else unless somebody chooses it.
    pub is_model_for_sample: bool,
    /// Models that are here or can be had.
    pub models: Models,
    /// What waits for a password.
    pub password: Option<PasswordRequest>,
    /// Why the last file could not be opened, for the start screen.
    pub open_failure: Option<OpenFailure>,
    /// Messages in the corner.
    pub notices: Notices,
    /// The next drag over a page grabs a table.
    pub is_grabbing: bool,
    /// The next drag over a page draws a new element.
    pub is_drawing: bool,
    /// A region that was grabbed.
    pub grab: Option<Grab>,
    /// A window over the document.
    pub sub_window: Option<SubWindow>,
    /// The element that the page view shall bring into view.
    pub reveal_on_page: Option<ElementRef>,
    /// The element that the live pane shall bring into view.
    pub reveal_in_pane: Option<ElementRef>,
    /// What the user has chosen; saved.
    pub settings: Settings,
}

/// Where the model stands.
#[derive(Debug, Default)]
pub enum ModelState {
    /// None is loaded.
    #[default]
    Missing,
    /// It is being read.
    Loading {
        /// From where.
        folder: PathBuf,
        /// How far that is.
        progress: Option<Progress>,
    },
    /// Ready.
    Ready(Arc<ModelInfo>),
    /// A recorded page is played in its place.
    Recording {
        /// Name of the recording.
        name: String,
    },
    /// It could not be loaded.
    Failed {
        /// From where.
        folder: PathBuf,
        /// Why.
        message: UserMessage,
    },
}

/// An encrypted file that waits for its password.
#[derive(Clone, Debug)]
pub struct PasswordRequest {
    /// The file.
    pub source: DocumentSource,
    /// Its name for people.
    pub name: String,
    /// A password was tried and did not fit.
    pub was_wrong: bool,
    /// It is being tried now.
    pub is_trying: bool,
}

/// A file that could not be opened.
#[derive(Clone, Debug)]
pub struct OpenFailure {
    /// Its name for people.
    pub name: String,
    /// Why.
    pub message: UserMessage,
}

/// A window over the document; at most one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubWindow {
    /// Settings.
    Settings,
    /// The keys.
    Shortcuts,
    /// Models that are here or can be had.
    Models,
    /// Type a page number.
    GoToPage,
    /// Type the pages to convert.
    ConvertRange,
    /// Type the path of a document, where no file dialog is to be had.
    OpenByPath,
}

/// What would read a page now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The page's own text.
    TextLayer,
    /// The loaded model of that name.
    Model(String),
    /// The model is chosen, and is being loaded.
    ModelLoading,
    /// The model is chosen, and none is loaded.
    ModelMissing,
}

impl Reader {
    /// Name for people.
    pub fn words(&self) -> &str {
        match self {
            Self::TextLayer => "Text layer",
            Self::Model(name) => name,
            Self::ModelLoading => "Loading model…",
            Self::ModelMissing => "No model",
        }
    }
}

impl AppState {
    /// The document that is shown.
    pub fn document(&self) -> Option<&DocumentState> {
        self.documents.iter().find(|document| Some(document.info.id) == self.shown)
    }

    /// The document that is shown.
    pub fn document_mut(&mut self) -> Option<&mut DocumentState> {
        self.documents.iter_mut().find(|document| Some(document.info.id) == self.shown)
    }

    /// An open document.
    pub fn document_of(&mut self, id: DocumentId) -> Option<&mut DocumentState> {
        self.documents.iter_mut().find(|document| document.info.id == id)
    }

    /// The page in view of the document that is shown.
    pub fn page(&self) -> Option<(PageIndex, &PageEntry)> {
        let document = self.document()?;
        Some((document.current, document.page(document.current)?))
    }

    /// What would read a page now.
    pub fn reader(&self) -> Reader {
        let is_sample = self.document().is_some_and(DocumentState::is_sample_scan);
        let model = match &self.model {
            _ if self.is_model_for_sample && !is_sample => None,
            ModelState::Ready(info) => Some(Reader::Model(info.name.clone())),
            ModelState::Recording { name } => Some(Reader::Model(name.clone())),
            ModelState::Loading { .. } => Some(Reader::ModelLoading),
            ModelState::Missing | ModelState::Failed { .. } => {
                is_sample.then(|| Reader::Model(POCKET_NAME.to_owned()))
            }
        };
        match self.settings.engine_choice() {
            EngineChoice::TextLayer => Reader::TextLayer,
            EngineChoice::Auto => model.unwrap_or(Reader::TextLayer),
            EngineChoice::Model => model.unwrap_or(Reader::ModelMissing),
        }
    }

    /// Forgets what is meant for one frame only.
    pub fn end_frame(&mut self) {
        self.reveal_on_page = None;
        self.reveal_in_pane = None;
    }
}
