//! Documents, recognizers and jobs for the tests of the engine, and ways to wait for its events.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use doclens::document::page::{PageIndex, Rotation};
use doclens::engine::event::{DocumentInfo, ModelInfo, PageRecognition};
use doclens::engine::job::{
    DocumentSource, EngineChoice, GenerationSettings, RecognizeRequest, RenderJob, RenderPriority, Task,
};
use doclens::engine::recognizer::{PageInput, Recognizer};
use doclens::engine::{
    DocumentId, Engine, EngineOptions, Error, Event, EventKind, Job, JobId, Outcome, UserMessage,
};
use doclens::model::{Step, Stop};

pub(crate) const PAGE: &str = "<doctag><title><loc_10><loc_20><loc_300><loc_40>Hello</title>\n\
                    <text><loc_10><loc_60><loc_490><loc_90>Two words</text>\n</doctag>";

/// Far beyond what any of this takes, even on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

// What recognizers do here.

pub(crate) type Steps<'r> = Box<dyn Iterator<Item = Result<Step, Error>> + 'r>;

/// A recognizer made of a closure, which makes the steps of a page.
pub(crate) struct Puppet<F>(pub(crate) F);

impl<F: FnMut(&PageInput) -> Steps<'static> + Send> Recognizer for Puppet<F> {
    fn name(&self) -> &'static str {
        "Puppet"
    }

    fn recognize<'r>(&'r mut self, page: &'r PageInput, _request: &'r RecognizeRequest) -> Steps<'r> {
        (self.0)(page)
    }
}

pub(crate) fn token(text: &str) -> Step {
    Step::Token { id: 7, text: text.to_owned(), log_probability: -0.5 }
}

/// The steps of a page with three tokens.
pub(crate) fn short_page() -> Vec<Step> {
    vec![
        Step::EncodedTiles { done: 0, total: 2 },
        Step::EncodedTiles { done: 1, total: 2 },
        Step::EncodedTiles { done: 2, total: 2 },
        Step::Prefilled { prompt_tokens: 5 },
        token("<text>"),
        token("one"),
        token("</text>"),
        Step::Stopped(Stop::End),
    ]
}

/// Gives a step for each signal, and says before that it waits for one.
pub(crate) fn gated(steps: Vec<Step>, waits: Sender<usize>, gate: Receiver<()>) -> Steps<'static> {
    Box::new(steps.into_iter().enumerate().map(move |(idx, step)| {
        waits.send(idx).ok();
        gate.recv().ok();
        Ok(step)
    }))
}

// Documents.

pub(crate) fn png() -> DocumentSource {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(60, 40).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    DocumentSource::Bytes { name: "scan.png".to_owned(), bytes: bytes.into_inner().into() }
}

/// A PDF of empty pages.
pub(crate) fn pdf(num_pages: usize) -> DocumentSource {
    let kids: Vec<String> = (0..num_pages).map(|page| format!("{} 0 R", page + 3)).collect();
    let kids = kids.join(" ");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {num_pages} >>"),
    ];
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>";
    objects.extend(std::iter::repeat_n(page.to_owned(), num_pages));
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (idx, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", idx + 1).bytes());
    }
    let table_at = bytes.len();
    let entries: Vec<String> = offsets.iter().map(|offset| format!("{offset:010} 00000 n \n")).collect();
    let entries = entries.concat();
    let size = objects.len() + 1;
    bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{entries}").bytes());
    bytes.extend(format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n").bytes());
    DocumentSource::Bytes { name: "empty.pdf".to_owned(), bytes: bytes.into() }
}

pub(crate) fn sample_pdf() -> DocumentSource {
    DocumentSource::File(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pdf"))
}

// Jobs.

pub(crate) fn recognize(document: DocumentId, page: usize, engine: EngineChoice) -> RecognizeRequest {
    RecognizeRequest {
        document,
        page: PageIndex(page),
        rotation: Rotation::None,
        engine,
        region: None,
        task: Task::Page,
        generation: GenerationSettings::default(),
        is_visible: false,
    }
}

pub(crate) fn render(document: DocumentId, page: usize, width_px: u32, priority: RenderPriority) -> Job {
    let (page, rotation) = (PageIndex(page), Rotation::None);
    Job::Render(RenderJob { document, page, width_px, rotation, region: None, priority })
}

// Engines.

pub(crate) fn every_step() -> EngineOptions {
    EngineOptions { partial_interval: Duration::ZERO, ..EngineOptions::default() }
}

pub(crate) fn with_recognizer(recognizer: impl Recognizer + 'static) -> EngineOptions {
    EngineOptions { replay: Some(Box::new(recognizer)), ..every_step() }
}

pub(crate) fn start(options: EngineOptions) -> Engine {
    Engine::start(options, || ()).unwrap()
}

pub(crate) fn is_end(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Finished(_) | EventKind::Cancelled | EventKind::Failed(_))
}

pub(crate) fn next(engine: &Engine) -> Event {
    engine.recv_timeout(PATIENCE).unwrap_or_else(|| panic!("no event came"))
}

/// Takes events until all these jobs have ended.
pub(crate) fn until_ended(engine: &Engine, jobs: &[JobId]) -> Vec<Event> {
    let mut waiting = jobs.to_vec();
    let mut events = Vec::new();
    while !waiting.is_empty() {
        let event = next(engine);
        if is_end(&event.kind) {
            waiting.retain(|job| *job != event.job);
        }
        events.push(event);
    }
    events
}

pub(crate) fn end_of(engine: &Engine, job: JobId) -> EventKind {
    until_ended(engine, &[job]).pop().unwrap().kind
}

pub(crate) fn open(engine: &Engine, source: DocumentSource) -> Arc<DocumentInfo> {
    match end_of(engine, engine.submit(Job::Open { source, password: None })) {
        EventKind::Finished(Outcome::Opened(info)) => info,
        other => panic!("not opened: {other:?}"),
    }
}

pub(crate) fn page_of(end: EventKind) -> Arc<PageRecognition> {
    match end {
        EventKind::Finished(Outcome::Recognized(page)) => page,
        other => panic!("not recognized: {other:?}"),
    }
}

pub(crate) fn message_of(end: EventKind) -> UserMessage {
    match end {
        EventKind::Failed(message) => message,
        other => panic!("did not fail: {other:?}"),
    }
}

/// Everything that was commanded before has reached the scheduler when this returns. Events of other
/// jobs that came meanwhile are returned.
pub(crate) fn settle(engine: &Engine) -> Vec<Event> {
    let path = std::env::temp_dir().join("no/such\0name");
    let probe = engine.submit(Job::Save { path, contents: Arc::from(&b""[..]) });
    let mut events = until_ended(engine, &[probe]);
    events.retain(|event| event.job != probe);
    events
}

/// Names of events of one job, in order, repeated ones once.
pub(crate) fn story(events: &[Event], job: JobId) -> Vec<&'static str> {
    let mut names: Vec<&str> = events
        .iter()
        .filter(|event| event.job == job)
        .map(|event| match event.kind {
            EventKind::Started => "started",
            EventKind::Progress(_) => "progress",
            EventKind::Partial { .. } => "partial",
            EventKind::Downloading(_) => "downloading",
            EventKind::Finished(_) => "finished",
            EventKind::Cancelled => "cancelled",
            EventKind::Failed(_) => "failed",
        })
        .collect();
    names.dedup();
    names
}

pub(crate) fn appended(events: &[Event], job: JobId) -> String {
    let of_job = events.iter().filter(|event| event.job == job);
    of_job
        .filter_map(|event| match &event.kind {
            EventKind::Partial { appended, .. } => Some(appended.as_str()),
            _ => None,
        })
        .collect()
}

pub(crate) fn model_info(folder: &std::path::Path) -> ModelInfo {
    ModelInfo {
        name: "model".to_owned(),
        folder: folder.to_owned(),
        num_parameters: 1,
        device: "CPU".to_owned(),
        dtype: "f32".to_owned(),
        fallback: None,
        fingerprint: String::new(),
        load_time: Duration::ZERO,
    }
}
