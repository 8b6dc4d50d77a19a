//! `doclens corrections`: how right the first reading of a document was, measured against what people have made of
//! it, and the corrected pages as ground truth.
//!
//! Corrections come from the window's own files ([`crate::revision`]), scores and the dataset that is written from
//! `evaluation`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::args::CorrectionsArguments;
use crate::cli::eval::ScoredPage;
use crate::cli::exit::Exit;
use crate::cli::jobs::{Interrupted, Jobs};
use crate::cli::score_table::write_table;
use crate::document::{PageIndex, PageSize, Rotation};
use crate::engine::event::DocumentInfo;
use crate::engine::job::{DocumentSource, RenderJob, RenderPriority};
use crate::engine::{EngineOptions, Error, EventKind, Job, Outcome, UserMessage, write_atomically};
use crate::evaluation::ground_truth::{self, PIXELS_PER_POINT, TruePage};
use crate::evaluation::{Ending, PageReading};
use crate::markup::export::PagePoints;
use crate::revision::{self, ContentKey, PageHistory};

/// Why there are no scores.
#[derive(Debug, thiserror::Error)]
pub(super) enum CorrectionsError {
    #[error("interrupted")]
    Interrupted,
    #[error("{} has not been corrected: open it in the window, convert a page and change it", path.display())]
    None { path: PathBuf },
    #[error(transparent)]
    Engine(#[from] Error),
    #[error(transparent)]
    Revision(#[from] revision::Error),
    /// The document cannot be opened or drawn; said as it is to be shown.
    #[error("{}", .0.summary)]
    Document(UserMessage),
    #[error("cannot {action} {}", path.display())]
    Disk { action: &'static str, path: PathBuf, source: io::Error },
    #[error("standard output")]
    Output(#[source] io::Error),
}

impl From<Interrupted> for CorrectionsError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// Prints the scores and, where a folder is named, writes the corrected pages into it.
pub(super) fn run(
    arguments: &CorrectionsArguments,
    options: EngineOptions,
    interrupted: Arc<AtomicBool>,
    out: &mut dyn Write,
) -> Result<Exit, CorrectionsError> {
    let path = &arguments.file;
    let key =
        File::open(path).and_then(ContentKey::of_reader).map_err(|source| disk("read", path, source))?;
    let pages = revision::corrections(&revision::revisions_folder()?, &key)?;
    if pages.is_empty() {
        return Err(CorrectionsError::None { path: path.clone() });
    }
    if let Some(folder) = &arguments.out {
        let jobs = Jobs::start(options, interrupted)?;
        GroundTruth { arguments, folder, jobs }.write(&pages)?;
    }
    let scored: Vec<ScoredPage> = pages.iter().map(|(page, history)| scored(*page, history)).collect();
    write_table("what corrected it", &scored, 0, out).map_err(CorrectionsError::Output)?;
    Ok(Exit::Converted)
}

/// The first reading of a page against what has become of it.
fn scored(page: usize, history: &PageHistory) -> ScoredPage {
    let reading = PageReading::of(&history.first().markup, &history.state().markup, Ending::Whole, None);
    ScoredPage { category: String::new(), name: ground_truth::stem(page), reading }
}

struct GroundTruth<'a> {
    arguments: &'a CorrectionsArguments,
    folder: &'a Path,
    jobs: Jobs,
}

impl GroundTruth<'_> {
    fn write(&self, pages: &BTreeMap<usize, PageHistory>) -> Result<(), CorrectionsError> {
        let document = self.open()?;
        let mut truth = Vec::new();
        for (&page, history) in pages {
            // A shorter document than the one that was corrected would have another key.
            let Some(size) = document.page_sizes.get(page) else { continue };
            let (width_px, image_px) = drawn(*size);
            truth.push(TruePage {
                page,
                markup: history.state().markup.clone(),
                size: PagePoints { width_pt: size.width_pt, height_pt: size.height_pt },
                image_px,
            });
            self.save_image(&document, page, width_px)?;
        }
        for file in ground_truth::files(&document.name, &truth) {
            let path = self.folder.join(file.name);
            write_atomically(&path, &file.contents).map_err(|source| disk("write", &path, source))?;
        }
        Ok(())
    }

    fn open(&self) -> Result<Arc<DocumentInfo>, CorrectionsError> {
        let source = DocumentSource::File(self.arguments.file.clone());
        let password = self.arguments.password.clone();
        match self.jobs.end_of(Job::Open { source, password }, |_| ())? {
            EventKind::Finished(Outcome::Opened(info)) => Ok(info),
            EventKind::Failed(message) => Err(CorrectionsError::Document(message)),
            _ => Err(CorrectionsError::Interrupted),
        }
    }

    fn save_image(
        &self,
        document: &DocumentInfo,
        page: usize,
        width_px: u32,
    ) -> Result<(), CorrectionsError> {
        let render = RenderJob {
            document: document.id,
            page: PageIndex(page),
            width_px,
            rotation: Rotation::None,
            region: None,
            priority: RenderPriority::Visible,
        };
        let path = self.folder.join(ground_truth::image_name(page));
        match self.jobs.end_of(Job::SavePageImage { render, path }, |_| ())? {
            EventKind::Finished(Outcome::Saved(_)) => Ok(()),
            EventKind::Failed(message) => Err(CorrectionsError::Document(message)),
            _ => Err(CorrectionsError::Interrupted),
        }
    }
}

/// The width to draw a page at, and the size of what comes of it, in pixels.
fn drawn(size: PageSize) -> (u32, (u32, u32)) {
    let width_px = size.width_px_at(PIXELS_PER_POINT);
    (width_px, size.drawn_pixels(width_px, Rotation::None))
}

fn disk(action: &'static str, path: &Path, source: io::Error) -> CorrectionsError {
    CorrectionsError::Disk { action, path: path.to_owned(), source }
}
