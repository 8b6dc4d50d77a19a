//! The worker as its owner sees it: an open PDF whose every answer may fail to come.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use crate::document::error::{Error, LibraryError};
use crate::document::page::{PageImage, PageIndex, PageSize, PixelRect, Rotation};
use crate::document::pdf_worker::codec::Bytes;
use crate::document::pdf_worker::message::{
    self, Answer, BLOCK_BYTES, Failure, PROTOCOL_VERSION, Pixels, RenderRequest, Request, send,
};
use crate::document::pdf_worker::watchdog::Watchdog;
use crate::document::pdf_worker::{PdfWorker, WorkerEnd};
use crate::document::source::{Content, Reader};
use crate::document::text_layer::TextLayer;

/// The shared file keeps the memory of its largest picture up to here, so that the next page finds it
/// ready: two A4 pages at 144 dpi.
const KEPT_PIXEL_BYTES: u64 = 32 << 20;

/// A PDF that is open in a worker.
pub(in crate::document) struct WorkerPdf {
    worker: PdfWorker,
    content: Content,
    password: Option<String>,
    /// `None` after it ended, until it is needed again.
    process: Option<Process>,
    title: Option<String>,
    sizes: Vec<PageSize>,
    /// What ended a worker is not tried again: each try would cost a worker and up to the time limit.
    deadly: BTreeMap<(PageIndex, Task), WorkerEnd>,
}

/// What is asked about a page. A page that cannot be drawn may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Drawing,
    Reading,
}

/// Why no answer came.
enum Fault {
    Start(io::Error),
    Ended(WorkerEnd),
}

impl WorkerPdf {
    /// Starts a worker and opens the PDF in it.
    ///
    /// # Errors
    /// Those of [`crate::document::pdf::PdfFile::open`], and what happens to workers.
    pub(in crate::document) fn open(
        worker: PdfWorker,
        content: Content,
        password: Option<&str>,
    ) -> Result<Self, Error> {
        let password = password.map(str::to_owned);
        let (process, title, sizes) = start(&worker, &content, password.as_deref())?;
        let deadly = BTreeMap::new();
        Ok(Self { worker, content, password, process: Some(process), title, sizes, deadly })
    }

    /// Sizes of the upright pages, one a page.
    pub(in crate::document) fn page_sizes(&self) -> &[PageSize] {
        &self.sizes
    }

    /// The title that the file states, if it states one.
    pub(in crate::document) fn title(&self) -> Option<String> {
        self.title.clone()
    }

    /// Draws `region` of the page image that is `full_px` large in all.
    pub(in crate::document) fn render(
        &mut self,
        page: PageIndex,
        (width, height): (u32, u32),
        rotation: Rotation,
        region: PixelRect,
    ) -> Result<PageImage, Error> {
        let full_px = Pixels { width, height };
        let request = Request::Render(RenderRequest { page, full_px, rotation, region });
        self.ask(page, Task::Drawing, &request, |answer, process| match answer {
            Answer::Drawn => process.read_pixels(region).map(Some),
            _ => Ok(None),
        })
    }

    /// Everything the page says about itself without its pixels.
    pub(in crate::document) fn text_layer(&mut self, page: PageIndex) -> Result<TextLayer, Error> {
        self.ask(page, Task::Reading, &Request::TextLayer(page), |answer, _| match answer {
            Answer::TextLayer(layer) => Ok(Some(*layer)),
            _ => Ok(None),
        })
    }

    /// Asks about a page. `take` makes of the answer what was asked for; `None` is another answer.
    fn ask<T>(
        &mut self,
        page: PageIndex,
        task: Task,
        request: &Request,
        take: impl FnOnce(Answer, &mut Process) -> io::Result<Option<T>>,
    ) -> Result<T, Error> {
        if let Some(end) = self.deadly.get(&(page, task)) {
            return Err(Error::PageEndedWorker { page, end: end.clone() });
        }
        // A worker that ended between two requests was not ended by this page.
        let mut process = match self.process.take().filter(|process| !process.watchdog.is_over()) {
            Some(process) => process,
            None => start(&self.worker, &self.content, self.password.as_deref())?.0,
        };
        let answer = match process.exchange(request, self.worker.time_limit) {
            Ok(Answer::Failed(failure)) => {
                self.process = Some(process);
                return Err(failure_error(failure, &self.content.name, Some(page)));
            }
            Ok(answer) => take(answer, &mut process).ok().flatten().ok_or(WorkerEnd::Garbled),
            Err(end) => Err(end),
        };
        match answer {
            Ok(made) => {
                self.process = Some(process);
                Ok(made)
            }
            Err(end) => {
                tracing::warn!("page {page} ended its PDF worker: {end}");
                self.deadly.insert((page, task), end.clone());
                Err(Error::PageEndedWorker { page, end })
            }
        }
    }
}

/// A worker in which the document is open, with its title and page sizes.
fn start(
    worker: &PdfWorker,
    content: &Content,
    password: Option<&str>,
) -> Result<(Process, Option<String>, Vec<PageSize>), Error> {
    let name = || content.name.clone();
    let opened = Process::start(worker, content).and_then(|mut process| {
        let request = Request::Open { name: name(), len: content.len, password: password.map(str::to_owned) };
        let answer = process.exchange(&request, worker.time_limit).map_err(Fault::Ended)?;
        Ok((process, answer))
    });
    match opened {
        Ok((process, Answer::Opened { title, page_sizes })) if !page_sizes.is_empty() => {
            Ok((process, title, page_sizes))
        }
        Ok((_, Answer::Failed(failure))) => Err(failure_error(failure, &content.name, None)),
        Ok(_) => Err(Error::DocumentEndedWorker { name: name(), end: WorkerEnd::Garbled }),
        Err(Fault::Ended(end)) => Err(Error::DocumentEndedWorker { name: name(), end }),
        Err(Fault::Start(source)) => Err(Error::NoPdfWorker { source }),
    }
}

/// `page` is what was asked about, if it was a page.
fn failure_error(failure: Failure, name: &str, page: Option<PageIndex>) -> Error {
    let name = name.to_owned();
    match (failure, page) {
        (Failure::DamagedPage, Some(page)) => Error::DamagedPage { page },
        (Failure::NoLibrary { attempts }, _) => Error::NoPdfLibrary { source: LibraryError { attempts } },
        (Failure::PasswordRequired, _) => Error::PasswordRequired { name },
        (Failure::WrongPassword, _) => Error::WrongPassword { name },
        (Failure::UnknownEncryption, _) => Error::UnknownEncryption { name },
        (Failure::NoPages, _) => Error::NoPages { name },
        (Failure::DamagedPdf | Failure::DamagedPage, _) => Error::DamagedPdf { name },
    }
}

/// A running worker.
struct Process {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Where it puts pixels.
    pixels: File,
    /// The document's bytes, for when it asks for them.
    bytes: Reader,
    /// Last: dropping it waits for the child, which the closed pipes help to end.
    watchdog: Watchdog,
}

impl Process {
    /// Starts it and waits for its greeting.
    fn start(worker: &PdfWorker, content: &Content) -> Result<Self, Fault> {
        let mut process = Self::spawn(worker, content).map_err(Fault::Start)?;
        process.watchdog.arm(worker.time_limit);
        let greeting = process.next_answer();
        process.watchdog.disarm();
        match greeting {
            Ok(Answer::Hello { version: PROTOCOL_VERSION, confinement }) => {
                tracing::debug!("a PDF worker has started, kept in by: {confinement}");
                Ok(process)
            }
            Ok(_) => Err(Fault::Ended(WorkerEnd::Garbled)),
            Err(error) => Err(Fault::Ended(process.ended(&error, worker.time_limit))),
        }
    }

    fn spawn(worker: &PdfWorker, content: &Content) -> io::Result<Self> {
        let pixels = shared_file()?;
        let bytes = content.reader()?;
        let mut command = worker.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(pixels.try_clone()?));
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let watchdog = Watchdog::over(child)?;
        let (to, from) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { to, from: BufReader::new(from), pixels, bytes, watchdog })
    }

    /// Sends a request and serves the worker's wishes until it answers.
    fn exchange(&mut self, request: &Request, limit: Duration) -> Result<Answer, WorkerEnd> {
        self.watchdog.arm(limit);
        let answer = self.converse(request);
        self.watchdog.disarm();
        answer.map_err(|error| self.ended(&error, limit))
    }

    fn converse(&mut self, request: &Request) -> io::Result<Answer> {
        send(request, &mut self.to)?;
        loop {
            match self.next_answer()? {
                Answer::Read { offset } => {
                    let block = self.block(offset).ok().map(Bytes);
                    send(&Request::Bytes(block), &mut self.to)?;
                }
                answer => return Ok(answer),
            }
        }
    }

    fn next_answer(&mut self) -> io::Result<Answer> {
        message::next(&mut self.from)
    }

    fn block(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        let mut block = Vec::new();
        self.bytes.seek(SeekFrom::Start(offset))?;
        (&mut self.bytes).take(BLOCK_BYTES).read_to_end(&mut block)?;
        Ok(block)
    }

    /// Ends the worker and tells why no answer came.
    fn ended(&mut self, error: &io::Error, limit: Duration) -> WorkerEnd {
        let status = self.watchdog.end();
        if self.watchdog.has_killed() {
            WorkerEnd::TimedOut { limit }
        } else if error.kind() == io::ErrorKind::InvalidData {
            WorkerEnd::Garbled
        } else {
            WorkerEnd::Crashed { status: status.map_or_else(String::new, |status| status.to_string()) }
        }
    }

    /// The picture that the worker has put into the shared file.
    fn read_pixels(&mut self, region: PixelRect) -> io::Result<PageImage> {
        let PixelRect { width_px, height_px, .. } = region;
        let num_bytes = 4 * u64::from(width_px) * u64::from(height_px);
        let mut rgba = Vec::with_capacity(usize::try_from(num_bytes).unwrap_or_default());
        self.pixels.seek(SeekFrom::Start(0))?;
        (&mut self.pixels).take(num_bytes).read_to_end(&mut rgba)?;
        if rgba.len() as u64 != num_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if num_bytes > KEPT_PIXEL_BYTES {
            self.pixels.set_len(0)?;
        }
        Ok(PageImage { width_px, height_px, rgba })
    }
}

/// Memory that both processes can reach as a file. On Linux it is never on a disk.
#[cfg(target_os = "linux")]
fn shared_file() -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    Ok(File::from(memfd_create("doclens-pixels", MemfdFlags::CLOEXEC)?))
}

/// A private file without a name, which is gone when both processes have closed it.
#[cfg(not(target_os = "linux"))]
fn shared_file() -> io::Result<File> {
    tempfile::tempfile()
}
