//! `doclens convert`: documents in, files out, through the same engine as the window.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::args::{ConvertArguments, Format};
use crate::cli::characters::with_characters;
use crate::cli::exit::Exit;
use crate::cli::export::{Export, exports};
use crate::cli::jobs::{Interrupted, Jobs};
use crate::cli::output::{Destination, Output, path_in};
use crate::cli::pages::Selection;
use crate::cli::progress::Reporter;
use crate::cli::unfinished::Unfinished;
use crate::document::{self, PageIndex, Rotation};
use crate::engine::event::{DocumentInfo, PageRecognition, StopReason};
use crate::engine::job::{DocumentSource, EngineChoice, GenerationSettings, RecognizeRequest, Task};
use crate::engine::kept::{self, KeptPage};
use crate::engine::trust::Characters;
use crate::engine::{EngineOptions, Error, EventKind, Job, JobId, Outcome, UserMessage};

/// One run of the command.
pub(super) struct Conversion<'a> {
    jobs: Jobs,
    arguments: &'a ConvertArguments,
    /// Of the model that is to be loaded.
    model_folder: Option<PathBuf>,
    /// What tells the model or recording from others; `None` while pages are read from their own text.
    reader: Option<String>,
    output: Output,
    reporter: Reporter,
    tally: Tally,
}

/// The pages that were read.
type Pages = BTreeMap<PageIndex, Arc<PageRecognition>>;

/// What has come of the run so far.
#[derive(Debug, Default)]
struct Tally {
    num_failures: usize,
    num_converted_pages: usize,
}

/// Why a run ends before its last document.
enum Halt {
    /// Ctrl+C.
    Interrupted,
    /// Whoever read standard output has left.
    ReaderGone,
    /// Nothing can be converted at all; it has been said why.
    Hopeless,
}

impl From<Interrupted> for Halt {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl<'a> Conversion<'a> {
    /// A run with a started engine. `reader` tells a recording from others.
    pub(super) fn new(
        arguments: &'a ConvertArguments,
        model_folder: Option<PathBuf>,
        reader: Option<String>,
        output: Output,
        options: EngineOptions,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let jobs = Jobs::start(options, interrupted)?;
        let reporter = Reporter::new(arguments.quiet);
        Ok(Self { jobs, arguments, model_folder, reader, output, reporter, tally: Tally::default() })
    }

    /// Converts all documents.
    pub(super) fn run(mut self) -> Exit {
        let halted = self.convert_all();
        self.reporter.finish();
        match halted {
            Err(Halt::Interrupted) => Exit::Interrupted,
            Err(Halt::Hopeless) => Exit::NothingConverted,
            Ok(()) if self.tally.num_failures > 0 && self.tally.num_converted_pages == 0 => {
                Exit::NothingConverted
            }
            Ok(()) if self.tally.num_failures > 0 => Exit::SomeFailed,
            Err(Halt::ReaderGone) | Ok(()) => Exit::Converted,
        }
    }

    fn convert_all(&mut self) -> Result<(), Halt> {
        self.load_model()?;
        for file in &self.arguments.files {
            self.convert(file)?;
        }
        Ok(())
    }

    fn load_model(&mut self) -> Result<(), Halt> {
        let Some(folder) = self.model_folder.clone() else { return Ok(()) };
        self.reporter.wait_for(format!("loading the model from {}", folder.display()));
        let settings = self.arguments.computing.model_settings();
        let about = folder.display().to_string();
        let end = self.jobs.end_of(Job::LoadModel { folder, settings }, |_| ())?;
        if let EventKind::Failed(message) = end {
            self.reporter.error(&about, &message);
            return Err(Halt::Hopeless);
        }
        if let EventKind::Finished(Outcome::ModelLoaded(info)) = end {
            self.reader = Some(info.identity());
            if let Some(fallback) = &info.fallback {
                self.reporter.say(&format!("{}: {fallback}", info.name));
            }
        }
        Ok(())
    }

    fn convert(&mut self, file: &Path) -> Result<(), Halt> {
        let source = match source_of(file) {
            Ok(source) => source,
            Err(error) => {
                let path = PathBuf::from("standard input");
                let error = Error::from(document::Error::Read { path, source: error });
                self.fail("standard input", &UserMessage::from(&error));
                return Ok(());
            }
        };
        let about = file.display().to_string();
        let mut unfinished = self.unfinished(&about, &source);
        self.reporter.wait_for(format!("opening {about}"));
        let password = self.arguments.password.clone();
        let end = self.jobs.end_of(Job::Open { source, password }, |_| ())?;
        if let EventKind::Failed(mut message) = end {
            if message.needs_password {
                message.hint = Some("Give its password with --password".to_owned());
            }
            self.fail(&about, &message);
            return Ok(());
        }
        let EventKind::Finished(Outcome::Opened(info)) = end else { return Ok(()) };
        let num_failures = self.tally.num_failures;
        let pages = self.read_pages(&about, &info, unfinished.as_mut())?;
        self.tally.num_converted_pages += pages.len();
        let written = if pages.is_empty() { Ok(()) } else { self.write(&about, &info, &pages) };
        let is_done = matches!(written, Ok(()) | Err(Halt::ReaderGone));
        if let Some(unfinished) = unfinished.filter(|_| is_done && self.tally.num_failures == num_failures) {
            unfinished.done();
        }
        written?;
        self.jobs.end_of(Job::Close(info.id), |_| ())?;
        Ok(())
    }

    /// Where the document's pages are kept until it is written. Those of an encrypted one are kept nowhere.
    fn unfinished(&self, about: &str, source: &DocumentSource) -> Option<Unfinished> {
        let reader = self.reader.as_ref().filter(|_| self.arguments.password.is_none())?;
        let root = kept::unfinished_folder()?;
        match Unfinished::of(&root, source, kept::reader_words(reader, &self.generation())) {
            Ok(unfinished) => Some(unfinished),
            Err(error) => {
                // Opening it says so to the user.
                tracing::debug!(%error, about, "the document cannot be read");
                None
            }
        }
    }

    /// Reads the selected pages; those that fail are reported and left out.
    fn read_pages(
        &mut self,
        about: &str,
        info: &DocumentInfo,
        mut unfinished: Option<&mut Unfinished>,
    ) -> Result<Pages, Halt> {
        let num_pages = info.page_sizes.len();
        let ranges = self.arguments.pages.as_ref();
        let selection =
            ranges.map_or_else(|| Selection::all(num_pages), |ranges| Selection::of(ranges, num_pages));
        if let Some(number) = selection.beyond_end {
            self.fail(about, &UserMessage::from(&Error::NoSuchPage { page: number, num_pages }));
        }
        self.reporter.start_document(&info.name, selection.pages.len());
        let mut waiting: BTreeMap<JobId, PageIndex> = BTreeMap::new();
        let mut found = self.found_pages(about, unfinished.as_deref(), &selection);
        let mut restored = BTreeSet::new();
        for page in selection.pages {
            let job = match found.remove(&page) {
                Some(kept) => {
                    restored.insert(page);
                    Job::Restore { document: info.id, kept: Arc::new(kept) }
                }
                None => Job::Recognize(self.request(info, page)),
            };
            waiting.insert(self.jobs.submit(job), page);
        }
        let mut pages = Pages::new();
        while !waiting.is_empty() {
            let Some(event) = self.jobs.next_event() else {
                self.jobs.stop_if_interrupted(waiting.keys())?;
                continue;
            };
            let Some(&page) = waiting.get(&event.job) else { continue };
            match event.kind {
                EventKind::Started | EventKind::Partial { .. } | EventKind::Downloading(_) => continue,
                EventKind::Progress(progress) => {
                    self.reporter.page_progress(page.number(), &progress);
                    self.jobs.stop_if_interrupted(waiting.keys())?;
                    continue;
                }
                EventKind::Finished(Outcome::Recognized(recognized)) => {
                    self.warn_if_stopped(about, &recognized);
                    if let Some(unfinished) = unfinished.as_mut().filter(|_| !restored.contains(&page))
                        && let Err(error) = unfinished.keep(&recognized)
                    {
                        self.reporter.say(&format!(
                            "{about}: what is read cannot be kept in case this run does not come to its end: {error}"
                        ));
                    }
                    let choice = Characters::from(self.arguments.characters);
                    let (recognized, num_left) = with_characters(recognized, choice);
                    if num_left > 0 {
                        self.reporter.say(&format!(
                            "{about}, page {page}: {num_left} texts of the page are left as they were read, because \
                             DocTags cannot say them"
                        ));
                    }
                    pages.insert(page, recognized);
                }
                EventKind::Failed(message) => self.fail(&format!("{about}, page {page}"), &message),
                EventKind::Finished(_) | EventKind::Cancelled => {}
            }
            waiting.remove(&event.job);
            self.reporter.page_ended();
        }
        Ok(pages)
    }

    /// The selected pages that an earlier run has read.
    fn found_pages(
        &self,
        about: &str,
        unfinished: Option<&Unfinished>,
        selection: &Selection,
    ) -> BTreeMap<PageIndex, KeptPage> {
        let Some(unfinished) = unfinished.filter(|_| !self.arguments.fresh) else { return BTreeMap::new() };
        let mut found = unfinished.find();
        found.retain(|page, _| selection.pages.contains(page));
        if !found.is_empty() {
            let (noun, verb) = if found.len() == 1 { ("page", "was") } else { ("pages", "were") };
            self.reporter.say(&format!(
                "{about}: {} {noun} {verb} read by a run that did not come to its end; --fresh reads all again",
                found.len()
            ));
        }
        found
    }

    fn generation(&self) -> GenerationSettings {
        GenerationSettings {
            max_new_tokens: self.arguments.tokens,
            stops_loops: !self.arguments.no_loop_guard,
            follows_grammar: !self.arguments.no_grammar_guard,
            guesses_ahead: !self.arguments.no_drafts,
            ..GenerationSettings::default()
        }
    }

    fn request(&self, info: &DocumentInfo, page: PageIndex) -> RecognizeRequest {
        RecognizeRequest {
            document: info.id,
            page,
            rotation: Rotation::None,
            engine: EngineChoice::from(self.arguments.engine),
            region: None,
            task: Task::Page,
            generation: self.generation(),
            is_visible: false,
        }
    }

    fn warn_if_stopped(&self, about: &str, page: &PageRecognition) {
        let number = page.request.page.number();
        match page.stop_reason {
            StopReason::TokenLimit => self
                .reporter
                .say(&format!("{about}, page {number}: stopped at the token limit; its end may be missing")),
            StopReason::Loop if !page.rescued.is_empty() => self.reporter.say(&format!(
                "{about}, page {number}: the model repeated itself; what it had not reached was read by itself"
            )),
            StopReason::Loop => self.reporter.say(&format!(
                "{about}, page {number}: stopped because the model repeated itself; its end may be missing"
            )),
            StopReason::Blank => {
                self.reporter.say(&format!("{about}, page {number}: is blank, so the model was not asked"));
            }
            StopReason::End | StopReason::Cancelled => {}
        }
    }

    fn write(&mut self, about: &str, info: &DocumentInfo, pages: &Pages) -> Result<(), Halt> {
        let mut files = Vec::new();
        let mut has_failed = false;
        for Export { suffix, format, contents } in exports(self.arguments, info, pages) {
            match contents {
                Ok(contents) => files.push((suffix, format, contents)),
                Err(error) => {
                    has_failed = true;
                    self.fail(about, &unfit(&error));
                }
            }
        }
        if files.is_empty() && has_failed {
            return Ok(());
        }
        if files.is_empty() {
            self.reporter.say(&format!("{about}: there are no tables"));
            return Ok(());
        }
        let joined =
            || files.iter().map(|(_, _, contents)| contents.as_slice()).collect::<Vec<_>>().join(&b'\n');
        match self.output.destination.clone() {
            Destination::Stdout => print(&joined(), self.arguments.to.first().copied()),
            Destination::File(path) => self.save(about, vec![(path, joined())]),
            Destination::Folder(folder) => {
                let stem = self.output.stem_for(&info.name, &self.arguments.to);
                let files = files.into_iter().map(|(suffix, format, contents)| {
                    (path_in(&folder, &stem, &suffix, format.extension()), contents)
                });
                self.save(about, files.collect())
            }
        }
    }

    fn save(&mut self, about: &str, files: Vec<(PathBuf, Vec<u8>)>) -> Result<(), Halt> {
        for (path, contents) in files {
            let job = Job::Save { path: path.clone(), contents: contents.into() };
            if let EventKind::Failed(message) = self.jobs.end_of(job, |_| ())? {
                self.fail(about, &message);
            } else {
                self.reporter.say(&format!("{about} → {}", path.display()));
            }
        }
        Ok(())
    }

    fn fail(&mut self, about: &str, message: &UserMessage) {
        self.tally.num_failures += 1;
        self.reporter.error(about, message);
    }
}

/// `-` is read to its end first: documents are read from back to front.
fn source_of(file: &Path) -> io::Result<DocumentSource> {
    if file.as_os_str() != "-" {
        return Ok(DocumentSource::File(file.to_owned()));
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(DocumentSource::Bytes { name: "stdin".to_owned(), bytes: bytes.into() })
}

fn unfit(error: &crate::markup::export::xlsx::Error) -> UserMessage {
    UserMessage {
        summary: error.to_string(),
        hint: Some("Convert to csv, or fewer pages".to_owned()),
        details: std::error::Error::source(error).map(ToString::to_string),
        needs_password: false,
    }
}

fn print(contents: &[u8], format: Option<Format>) -> Result<(), Halt> {
    let is_verbatim = matches!(format, Some(Format::Doctags | Format::Xlsx));
    match crate::cli::stdout::print(contents, is_verbatim) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Halt::ReaderGone),
        Err(error) => {
            eprintln!("standard output: {error}");
            Err(Halt::Hopeless)
        }
    }
}
