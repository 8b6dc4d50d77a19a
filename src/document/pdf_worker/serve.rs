//! The worker's own side: reads requests, asks PDFium, answers.
//!
//! It ends when its standard input closes, even while PDFium works: a worker never outlives its owner.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::document::error::Error;
use crate::document::page::MAX_RENDER_PIXELS;
use crate::document::pdf::{self, PdfFile};
use crate::document::pdf_worker::ARGUMENT;
use crate::document::pdf_worker::confine::{confine, limit_resources, take_standard_files};
use crate::document::pdf_worker::message::{
    self, Answer, BLOCK_BYTES, Failure, PROTOCOL_VERSION, RenderRequest, Request, send,
};
use crate::document::source::{Blocks, Content};

/// Blocks of the document that are kept: PDFium jumps between a page's objects and the cross-reference
/// table.
const NUM_KEPT_BLOCKS: usize = 16;

/// Serves as a worker if the program's arguments ask for that, and says how to exit then. To be called
/// first thing in `main`: what the process has opened by then, a hostile PDF may reach.
pub fn serve_if_asked(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut words = words.into_iter().skip(1);
    if words.next()? != ARGUMENT {
        return None;
    }
    let max_memory_mib = words.next().and_then(|word| word.to_str()?.parse().ok());
    Some(match max_memory_mib.map(serve) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) | None => ExitCode::FAILURE,
    })
}

fn serve(max_memory_mib: u64) -> io::Result<()> {
    let files = take_standard_files()?;
    let limits = limit_resources(max_memory_mib);
    // Loading the library and its look around for fonts come before the walls; both are the same for
    // every document. Without a library each document is refused with the reasons.
    pdf::load_library();
    let confinement = format!("{}, {limits}", confine());

    // Whatever runs, the end of the input is seen.
    let (requests, requested) = sync_channel(1);
    thread::Builder::new().name("requests".to_owned()).spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(request) = message::next(&mut input) {
            if requests.send(request).is_err() {
                break;
            }
        }
        std::process::exit(0);
    })?;

    let owner = Owner { requests: requested, answers: files.answers, kept: VecDeque::new() };
    let owner = Arc::new(Mutex::new(owner));
    tell(&owner, &Answer::Hello { version: PROTOCOL_VERSION, confinement })?;
    let mut worker = Worker { owner, pixels: files.pixels, pdf: None };
    while let Some(request) = next_request(&worker.owner) {
        let answer = worker.answer(request);
        tell(&worker.owner, &answer)?;
    }
    Ok(())
}

/// The other side of the pipes, shared with the reader that PDFium holds.
struct Owner {
    requests: Receiver<Request>,
    answers: File,
    /// The latest used last.
    kept: VecDeque<(u64, Arc<Vec<u8>>)>,
}

fn tell(owner: &Mutex<Owner>, answer: &Answer) -> io::Result<()> {
    send(answer, &mut owner.lock().unwrap_or_else(PoisonError::into_inner).answers)
}

fn next_request(owner: &Mutex<Owner>) -> Option<Request> {
    owner.lock().unwrap_or_else(PoisonError::into_inner).requests.recv().ok()
}

impl Owner {
    /// The block of the document that begins here.
    fn block(&mut self, start: u64) -> io::Result<Arc<Vec<u8>>> {
        let place = self.kept.iter().position(|(kept, _)| *kept == start);
        let entry = if let Some(entry) = place.and_then(|place| self.kept.remove(place)) {
            entry
        } else {
            send(&Answer::Read { offset: start }, &mut self.answers)?;
            match self.requests.recv() {
                Ok(Request::Bytes(Some(bytes))) => (start, Arc::new(bytes.0)),
                Ok(_) => return Err(io::ErrorKind::Other.into()),
                Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        };
        let block = Arc::clone(&entry.1);
        self.kept.push_back(entry);
        if self.kept.len() > NUM_KEPT_BLOCKS {
            self.kept.pop_front();
        }
        Ok(block)
    }
}

impl Blocks for Mutex<Owner> {
    fn read_from(&self, position: u64, block: &mut Vec<u8>) -> io::Result<()> {
        let start = position - position % BLOCK_BYTES;
        let whole = self.lock().unwrap_or_else(PoisonError::into_inner).block(start)?;
        let skip = usize::try_from(position - start).unwrap_or(usize::MAX);
        block.extend_from_slice(whole.get(skip..).unwrap_or_default());
        Ok(())
    }
}

struct Worker {
    owner: Arc<Mutex<Owner>>,
    pixels: File,
    pdf: Option<PdfFile>,
}

impl Worker {
    fn answer(&mut self, request: Request) -> Answer {
        let made = match request {
            Request::Open { name, len, password } => self.open(name, len, password.as_deref()),
            Request::Render(request) => self.render(&request),
            Request::TextLayer(page) => match &mut self.pdf {
                Some(pdf) => pdf
                    .text_layer(page)
                    .map(|layer| Answer::TextLayer(Box::new(layer)))
                    .map_err(|error| failure(&error)),
                None => Err(Failure::DamagedPdf),
            },
            // Nobody asked for them.
            Request::Bytes(_) => Err(Failure::DamagedPdf),
        };
        made.unwrap_or_else(Answer::Failed)
    }

    fn open(&mut self, name: String, len: u64, password: Option<&str>) -> Result<Answer, Failure> {
        let content = Content::in_blocks(name, len, Arc::clone(&self.owner) as Arc<dyn Blocks>);
        let pdf = PdfFile::open(&content, password).map_err(|error| failure(&error))?;
        let answer = Answer::Opened { title: pdf.title(), page_sizes: pdf.page_sizes().to_vec() };
        self.pdf = Some(pdf);
        Ok(answer)
    }

    fn render(&mut self, request: &RenderRequest) -> Result<Answer, Failure> {
        let RenderRequest { page, full_px, rotation, region } = *request;
        let num_pixels = u64::from(region.width_px) * u64::from(region.height_px);
        if num_pixels > MAX_RENDER_PIXELS {
            return Err(Failure::DamagedPage);
        }
        let pdf = self.pdf.as_mut().ok_or(Failure::DamagedPdf)?;
        let image = pdf
            .render(page, (full_px.width, full_px.height), rotation, region)
            .map_err(|error| failure(&error))?;
        let written =
            self.pixels.seek(SeekFrom::Start(0)).and_then(|_start| self.pixels.write_all(&image.rgba));
        written.map(|()| Answer::Drawn).map_err(|_full| Failure::DamagedPage)
    }
}

/// What the owner is told; it knows names and pages itself.
fn failure(error: &Error) -> Failure {
    match error {
        Error::NoPdfLibrary { source } => Failure::NoLibrary { attempts: source.attempts.clone() },
        Error::PasswordRequired { .. } => Failure::PasswordRequired,
        Error::WrongPassword { .. } => Failure::WrongPassword,
        Error::UnknownEncryption { .. } => Failure::UnknownEncryption,
        Error::NoPages { .. } => Failure::NoPages,
        Error::DamagedPage { .. } => Failure::DamagedPage,
        Error::DamagedPdf { .. }
        | Error::NotFound { .. }
        | Error::IsFolder { .. }
        | Error::NotAFile { .. }
        | Error::NoPermission { .. }
        | Error::Read { .. }
        | Error::Empty { .. }
        | Error::UnsupportedFormat { .. }
        | Error::UnknownFormat { .. }
        | Error::DamagedImage { .. }
        | Error::UnsupportedImage { .. }
        | Error::ImageTooLarge { .. }
        | Error::ImageNeedsTooMuchMemory { .. }
        | Error::NoSuchPage { .. }
        | Error::RenderTooLarge { .. }
        | Error::NoPdfWorker { .. }
        | Error::DocumentEndedWorker { .. }
        | Error::PageEndedWorker { .. } => Failure::DamagedPdf,
    }
}
