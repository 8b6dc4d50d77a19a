//! What an engine is started with.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::document::{self, PdfReading, PdfWorker};
use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::event::ModelInfo;
use crate::engine::job::ModelSettings;
use crate::engine::recognizer::Recognizer;

/// A model that has been read from its folder.
pub struct LoadedModel {
    /// What reads the pages.
    pub recognizer: Box<dyn Recognizer>,
    /// What is known about it.
    pub info: ModelInfo,
}

/// Reads a model from a folder. Called on the model worker; `on_fraction` takes how much has been
/// read, in `0.0..=1.0`, and the token is looked at between parts.
pub type LoadModel = Box<
    dyn FnMut(&Path, &ModelSettings, &CancelToken, &mut dyn FnMut(f32)) -> Result<LoadedModel, Error> + Send,
>;

/// How the engine works. The default reads PDFs in this process; [`EngineOptions::of_this_program`] is
/// right for the window and the command line.
pub struct EngineOptions {
    /// Least time between two `Partial`s of one page, and between two `Progress`es of one stage.
    pub partial_interval: Duration,
    /// How many events may wait until the caller takes them; workers wait beyond that.
    pub num_waiting_events: usize,
    /// A recognizer that stands in for a model from the start: a recorded page, or a test's script.
    pub replay: Option<Box<dyn Recognizer>>,
    /// Where PDFs are read. The program names itself as the worker; other programs have none.
    pub pdf_reading: PdfReading,
    /// How models are read. Tests put their own in its place.
    pub load_model: LoadModel,
}

impl EngineOptions {
    /// The options of the program itself, whose `main` can serve as the worker that reads PDFs.
    ///
    /// # Errors
    /// When the system cannot say which file it runs.
    pub fn of_this_program() -> Result<Self, Error> {
        let worker = PdfWorker::this_program().map_err(|source| document::Error::NoPdfWorker { source })?;
        Ok(Self { pdf_reading: PdfReading::InWorker(worker), ..Self::default() })
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("partial_interval", &self.partial_interval)
            .field("num_waiting_events", &self.num_waiting_events)
            .field("has_replay", &self.replay.is_some())
            .field("pdf_reading", &self.pdf_reading)
            .finish_non_exhaustive()
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            // About 30 a second: smoother than anybody reads, and a fraction of what tokens come at.
            partial_interval: Duration::from_millis(33),
            // Renderings travel in events, so this bounds their memory too.
            num_waiting_events: 64,
            replay: None,
            pdf_reading: PdfReading::default(),
            load_model: Box::new(crate::engine::model_recognizer::load),
        }
    }
}
