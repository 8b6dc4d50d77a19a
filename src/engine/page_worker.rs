//! Owns the open documents: opens, draws, reads text layers, and prepares what recognizers read.
//!
//! After a panic the document that was worked on is dropped and opened again from its file or bytes
//! when it is needed next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::document::PdfReading;
use crate::document::page::PageIndex;
use crate::engine::atomic_file::write_atomically;
use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::event::{EventKind, Outcome, Progress, Stage};
use crate::engine::job::{DocumentId, DocumentSource, JobId, RenderJob};
use crate::engine::kept::KeptPage;
use crate::engine::open_document::OpenDocument;
use crate::engine::outlet::Outlet;
use crate::engine::reading::{recognized, restored};
use crate::engine::tasks::{PageTask, PageWork, Preparation, Prepared, Report};
use crate::engine::worker::{check, end_of, guarded};

/// What the thread owns.
pub(super) struct PageWorker {
    outlet: Outlet,
    pdf_reading: PdfReading,
    documents: BTreeMap<DocumentId, OpenDocument>,
}

/// What a task made.
enum Made {
    Outcome(Outcome),
    /// Goes to a recognizer; the job goes on.
    Input(Box<Prepared>),
}

impl PageWorker {
    pub(super) fn new(outlet: Outlet, pdf_reading: PdfReading) -> Self {
        Self { outlet, pdf_reading, documents: BTreeMap::new() }
    }

    /// Runs until the task channel closes.
    pub(super) fn run(mut self, tasks: &Receiver<PageTask>, reports: &Sender<Report>) {
        for PageTask { job, token, work } in tasks {
            let document = work.document();
            self.announce(job, &work);
            let result = guarded(|| self.work(job, &token, work));
            if let (Err(Error::Panicked { .. }), Some(document)) = (&result, document)
                && let Some(document) = self.documents.get_mut(&document)
            {
                document.forget_state();
            }
            let report = match result {
                Ok(Made::Input(prepared)) => Report::PagePrepared(prepared),
                Ok(Made::Outcome(outcome)) => {
                    self.outlet.send(job, end_of(Ok(outcome)));
                    Report::PageEnded
                }
                Err(error) => {
                    self.outlet.send(job, end_of(Err(error)));
                    Report::PageEnded
                }
            };
            if reports.send(report).is_err() {
                break;
            }
        }
    }

    /// A page that is prepared ahead, while another is read, has not started for its reader.
    fn announce(&self, job: JobId, work: &PageWork) {
        match work {
            PageWork::Prepare(preparation) if preparation.announces_start => {
                self.outlet.send(job, EventKind::Started);
                let progress = Progress {
                    stage: Stage::Rendering,
                    fraction: None,
                    num_tokens: 0,
                    tokens_per_sec: None,
                    remaining: None,
                };
                // The next stage says so too.
                self.outlet.try_send(job, EventKind::Progress(progress)).ok();
            }
            PageWork::Prepare(_) => {}
            PageWork::Open { .. }
            | PageWork::Close(_)
            | PageWork::Render(_)
            | PageWork::SaveImage { .. }
            | PageWork::ReadTextLayer { .. }
            | PageWork::Restore { .. } => {
                self.outlet.send(job, EventKind::Started);
            }
        }
    }

    fn work(&mut self, job: JobId, token: &CancelToken, work: PageWork) -> Result<Made, Error> {
        check(token)?;
        let made = match work {
            PageWork::Open { source, password } => return self.open(job, token, source, password),
            PageWork::Close(document) => {
                self.documents.remove(&document);
                return Ok(Made::Outcome(Outcome::Closed(document)));
            }
            PageWork::Render(request) => self.render(request)?,
            PageWork::SaveImage { render, path } => return self.save_image(&render, path),
            PageWork::ReadTextLayer { document, page } => self.read_text_layer(document, page)?,
            PageWork::Prepare(preparation) => self.prepare(&preparation)?,
            PageWork::Restore { document, kept } => self.restore(document, &kept)?,
        };
        check(token)?;
        Ok(made)
    }

    fn open(
        &mut self,
        job: JobId,
        token: &CancelToken,
        source: DocumentSource,
        password: Option<String>,
    ) -> Result<Made, Error> {
        // A document has the number of the job that opened it.
        let id = DocumentId(job.0);
        let document = OpenDocument::open(id, source, password, self.pdf_reading.clone())?;
        check(token)?;
        let info = Arc::clone(document.info());
        self.documents.insert(id, document);
        Ok(Made::Outcome(Outcome::Opened(info)))
    }

    fn render(&mut self, request: RenderJob) -> Result<Made, Error> {
        let image = self.document(request.document)?.render(&request)?;
        Ok(Made::Outcome(Outcome::Rendered { request, image: Arc::new(image) }))
    }

    fn save_image(&mut self, request: &RenderJob, path: PathBuf) -> Result<Made, Error> {
        let image = self.document(request.document)?.render(request)?;
        match image.png().and_then(|png| write_atomically(&path, &png)) {
            Ok(()) => Ok(Made::Outcome(Outcome::Saved(path))),
            Err(source) => Err(Error::Save { path, source }),
        }
    }

    fn read_text_layer(&mut self, document: DocumentId, page: PageIndex) -> Result<Made, Error> {
        let text_layer = self.document(document)?.text_layer(page)?;
        Ok(Made::Outcome(Outcome::TextLayer { document, page, text_layer }))
    }

    fn prepare(&mut self, preparation: &Preparation) -> Result<Made, Error> {
        let began = Instant::now();
        let document = self.document(preparation.request.document)?;
        let (input, excerpt) = document.prepare(&preparation.request, preparation.lane)?;
        let took: Duration = began.elapsed();
        Ok(Made::Input(Box::new(Prepared { input, excerpt, took })))
    }

    fn restore(&mut self, id: DocumentId, kept: &KeptPage) -> Result<Made, Error> {
        let document = self.document(id)?;
        let page_size = document.page_size(kept.page)?;
        // As when the page was read: one whose text cannot be read can still be seen.
        let text_layer = document.text_layer(kept.page).ok();
        let reading = restored(kept, id, page_size, text_layer.as_deref());
        Ok(Made::Outcome(recognized(reading)))
    }

    fn document(&mut self, id: DocumentId) -> Result<&mut OpenDocument, Error> {
        self.documents.get_mut(&id).ok_or(Error::DocumentNotOpen)
    }
}
