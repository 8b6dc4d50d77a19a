//! `doclens eval`: reads pages whose truth is known and says how right the readings are.
//!
//! A dataset comes in ([`crate::cli::dataset`]), a Markdown table goes to standard output, one column a
//! category; with `--per-page` a CSV file of every page besides.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::args::EvalArguments;
use crate::cli::dataset::{DatasetError, Sample, samples};
use crate::cli::exit::Exit;
use crate::cli::jobs::{Interrupted, Jobs};
use crate::cli::progress::Reporter;
use crate::cli::score_table::{write_pages, write_table};
use crate::document::{PageIndex, Rotation};
use crate::engine::event::{PageRecognition, StopReason};
use crate::engine::job::{
    DocumentId, DocumentSource, EngineChoice, GenerationSettings, RecognizeRequest, Task,
};
use crate::engine::{EngineOptions, Error, EventKind, Job, Outcome, UserMessage};
use crate::evaluation::{Ending, PageReading};

/// Pages read, each with its category and name.
pub(super) struct ScoredPage {
    pub(super) category: String,
    pub(super) name: String,
    pub(super) reading: PageReading,
}

/// Why there are no scores.
#[derive(Debug, thiserror::Error)]
pub(super) enum EvalError {
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Engine(#[from] Error),
    /// The model cannot be used; said as it is to be shown.
    #[error("{}", .0.summary)]
    Model(UserMessage),
    #[error("standard output")]
    Output(#[source] io::Error),
    #[error("cannot write {}", path.display())]
    PerPage { path: PathBuf, source: io::Error },
}

impl From<Interrupted> for EvalError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// Reads all pages and writes the scores. `model_folder` is that of the model; without one the pages
/// are read from their own text.
pub(super) fn run(
    arguments: &EvalArguments,
    model_folder: Option<PathBuf>,
    options: EngineOptions,
    interrupted: Arc<AtomicBool>,
    out: &mut dyn Write,
) -> Result<Exit, EvalError> {
    let samples = samples(&arguments.dataset)?;
    let engine = if model_folder.is_some() { EngineChoice::Model } else { EngineChoice::TextLayer };
    let jobs = Jobs::start(options, interrupted)?;
    let mut evaluation = Evaluation { arguments, engine, jobs, reporter: Reporter::new(arguments.quiet) };
    let reader = evaluation.load_model(model_folder)?;
    let pages = evaluation.read_all(&samples);
    evaluation.reporter.finish();
    let pages = pages?;
    let num_failed = samples.len() - pages.len();
    write_table(&reader, &pages, num_failed, out).map_err(EvalError::Output)?;
    if let Some(path) = &arguments.per_page {
        let failed = |source| EvalError::PerPage { path: path.clone(), source };
        let mut file = io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
        write_pages(&pages, &mut file).and_then(|()| file.flush()).map_err(failed)?;
    }
    Ok(match (pages.len(), num_failed) {
        (_, 0) => Exit::Converted,
        (0, _) => Exit::NothingConverted,
        _ => Exit::SomeFailed,
    })
}

struct Evaluation<'a> {
    arguments: &'a EvalArguments,
    engine: EngineChoice,
    jobs: Jobs,
    reporter: Reporter,
}

impl Evaluation<'_> {
    /// Loads the model, if there is one, and gives the reader's name.
    fn load_model(&self, folder: Option<PathBuf>) -> Result<String, EvalError> {
        let Some(folder) = folder else { return Ok("the pages' own text".to_owned()) };
        self.reporter.wait_for(format!("loading the model from {}", folder.display()));
        let settings = self.arguments.computing.model_settings();
        match self.jobs.end_of(Job::LoadModel { folder, settings }, |_| ())? {
            EventKind::Failed(message) => Err(EvalError::Model(message)),
            EventKind::Finished(Outcome::ModelLoaded(info)) => {
                if let Some(fallback) = &info.fallback {
                    self.reporter.say(fallback);
                }
                Ok(format!("{} on {} in {}", info.name, info.device, info.dtype))
            }
            _ => Err(EvalError::Interrupted),
        }
    }

    /// Reads the pages one after another; those that cannot be read are reported and left out.
    fn read_all(&mut self, samples: &[Sample]) -> Result<Vec<ScoredPage>, EvalError> {
        let folder = self.arguments.dataset.file_name().unwrap_or_default();
        self.reporter.start_document(&folder.to_string_lossy(), samples.len());
        let mut pages = Vec::with_capacity(samples.len());
        for sample in samples {
            // A dataset with a faulty truth would give scores of something else.
            let truth = sample.truth()?;
            if let Some(read) = self.read(&sample.about(), &sample.page)? {
                let ending = match read.stop_reason {
                    StopReason::End | StopReason::Blank => Ending::Whole,
                    StopReason::TokenLimit | StopReason::Cancelled => Ending::Truncated,
                    StopReason::Loop => Ending::Looped,
                };
                let time = read.timing.total().as_secs_f64();
                let reading = PageReading::of(&read.markup, &truth, ending, Some(time));
                let (category, name) = (sample.category.clone(), sample.name.clone());
                pages.push(ScoredPage { category, name, reading });
            }
            self.reporter.page_ended();
        }
        Ok(pages)
    }

    /// Reads the first page of a file; `None` when that has failed and been said.
    fn read(&self, about: &str, file: &Path) -> Result<Option<Arc<PageRecognition>>, EvalError> {
        let source = DocumentSource::File(file.to_owned());
        let document = match self.jobs.end_of(Job::Open { source, password: None }, |_| ())? {
            EventKind::Finished(Outcome::Opened(info)) => info.id,
            end => return Ok(self.complain(about, end)),
        };
        let request = self.request(document);
        let end = self.jobs.end_of(Job::Recognize(request), |progress| {
            self.reporter.page_progress(1, progress);
        })?;
        self.jobs.end_of(Job::Close(document), |_| ())?;
        Ok(match end {
            EventKind::Finished(Outcome::Recognized(read)) => Some(read),
            end => self.complain(about, end),
        })
    }

    fn request(&self, document: DocumentId) -> RecognizeRequest {
        let max_new_tokens = self.arguments.tokens;
        RecognizeRequest {
            document,
            page: PageIndex(0),
            rotation: Rotation::None,
            engine: self.engine,
            region: None,
            task: Task::Page,
            generation: GenerationSettings { max_new_tokens, ..GenerationSettings::default() },
            is_visible: false,
        }
    }

    fn complain<T>(&self, about: &str, end: EventKind) -> Option<T> {
        if let EventKind::Failed(message) = end {
            self.reporter.error(about, &message);
        }
        None
    }
}
