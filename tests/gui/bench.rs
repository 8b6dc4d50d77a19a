//! The window over a scripted engine, and ways to press, point and look.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use doclens::app::App;
use doclens::app::backend::Backend;
use doclens::app::background::{Answer, DialogRequest};
use doclens::app::state::ElementRef;
use doclens::document::page::{PageImage, PageSize};
use doclens::document::text_layer::TextQuality;
use doclens::engine::event::{DocumentInfo, Event, EventKind, Outcome, PageRecognition, StopReason, Timing};
use doclens::engine::job::{DocumentId, EngineChoice, Job, JobId, RecognizeRequest};
use doclens::engine::trust::{PageEvidence, trust_of_page};
use doclens::engine::user_message::UserMessage;
use doclens::markup;
use egui::{Key, Modifiers, PointerButton, Pos2, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

pub(crate) const MARKUP: &str = "<doctag><section_header_level_1><loc_50><loc_40><loc_450><loc_60>A tall tale</section_header_level_1>\
<text><loc_50><loc_80><loc_450><loc_160>Once upon a time</text>\
<page_footer><loc_240><loc_480><loc_260><loc_490>7</page_footer></doctag>";

/// What the window has asked of the engine, and what the engine has yet to say.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) jobs: Vec<Job>,
    pub(crate) cancelled: Vec<JobId>,
    pub(crate) prioritized: Vec<JobId>,
    pub(crate) events: VecDeque<Event>,
}

pub(crate) struct ScriptedEngine(Rc<RefCell<Script>>);

impl Backend for ScriptedEngine {
    fn submit(&mut self, job: Job) -> JobId {
        let mut script = self.0.borrow_mut();
        script.jobs.push(job.clone());
        let id = JobId(script.jobs.len() as u64);
        if let Job::Render(request) = job {
            let (width_px, height_px) = match request.region {
                Some(region) => (region.width_px, region.height_px),
                None => (request.width_px, request.width_px * 11 / 8),
            };
            let rgba = vec![255; 4 * (width_px * height_px) as usize];
            let image = Arc::new(PageImage { width_px, height_px, rgba });
            let kind = EventKind::Finished(Outcome::Rendered { request, image });
            script.events.push_back(Event { job: id, kind });
        }
        id
    }

    fn cancel(&mut self, job: JobId) {
        self.0.borrow_mut().cancelled.push(job);
    }

    fn prioritize(&mut self, job: JobId) {
        self.0.borrow_mut().prioritized.push(job);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.0.borrow_mut().events.pop_front()
    }
}

/// The window over a scripted engine; dialogs answer with `chosen`, or were never shown.
pub(crate) struct Bench {
    pub(crate) harness: Harness<'static, App>,
    pub(crate) script: Rc<RefCell<Script>>,
    pub(crate) asked: Rc<RefCell<Vec<DialogRequest>>>,
    pub(crate) chosen: Rc<RefCell<Vec<PathBuf>>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::sized(1280.0, 860.0)
    }

    pub(crate) fn sized(width: f32, height: f32) -> Self {
        let script = Rc::new(RefCell::new(Script::default()));
        let asked = Rc::new(RefCell::new(Vec::new()));
        let chosen = Rc::new(RefCell::new(Vec::new()));
        let (engine, asks, chooses) = (Rc::clone(&script), Rc::clone(&asked), Rc::clone(&chosen));
        let harness = Harness::builder()
            .with_size([width, height])
            .with_theme(egui::Theme::Light)
            .build_eframe(move |cc| {
                let show_dialog =
                    Box::new(move |request: DialogRequest, reply: doclens::app::background::Reply| {
                        asks.borrow_mut().push(request.clone());
                        let paths: Vec<PathBuf> = chooses.borrow().clone();
                        let stood_open =
                            if paths.is_empty() { Duration::from_millis(5) } else { Duration::from_secs(3) };
                        reply.answer(Answer::Dialog { request, paths, stood_open });
                    });
                App::new(cc, Box::new(ScriptedEngine(engine)), show_dialog)
            });
        let mut bench = Self { harness, script, asked, chosen };
        bench.settle();
        bench
    }

    /// A window that shows a document of so many pages.
    pub(crate) fn with_document(num_pages: usize) -> Self {
        let mut bench = Self::new();
        bench.open_document(num_pages);
        bench
    }

    pub(crate) fn open_document(&mut self, num_pages: usize) {
        self.chosen.replace(vec![PathBuf::from("/papers/tale.pdf")]);
        self.harness.get_by_label("Open…").click();
        self.settle();
        let job = self.last_job(|job| matches!(job, Job::Open { .. }));
        let info = DocumentInfo {
            id: DocumentId(1),
            name: "tale.pdf".to_owned(),
            path: Some(PathBuf::from("/papers/tale.pdf")),
            page_sizes: vec![PageSize { width_pt: 612.0, height_pt: 792.0 }; num_pages],
            title: None,
            is_image: false,
        };
        self.say(job, EventKind::Finished(Outcome::Opened(Arc::new(info))));
        self.settle();
    }

    /// Opens the sample that the program carries, and waits until what was made of it before has been looked for.
    pub(crate) fn open_sample(&mut self) {
        self.click("Try the sample");
        let job = self.last_job(|job| matches!(job, Job::Open { .. }));
        let info = DocumentInfo {
            id: DocumentId(1),
            name: "sample.pdf".to_owned(),
            path: None,
            page_sizes: vec![PageSize { width_pt: 612.0, height_pt: 792.0 }; 2],
            title: None,
            is_image: false,
        };
        self.say(job, EventKind::Finished(Outcome::Opened(Arc::new(info))));
        while !self.harness.state().state().document().unwrap().corrections.is_ready {
            std::thread::yield_now();
            self.settle();
        }
    }

    pub(crate) fn settle(&mut self) {
        self.harness.run_steps(6);
    }

    pub(crate) fn say(&mut self, job: JobId, kind: EventKind) {
        self.script.borrow_mut().events.push_back(Event { job, kind });
        self.settle();
    }

    /// The newest job of a kind.
    pub(crate) fn last_job(&self, is_wanted: impl Fn(&Job) -> bool) -> JobId {
        let script = self.script.borrow();
        let index = script.jobs.iter().rposition(is_wanted).unwrap_or_else(|| panic!("no such job"));
        JobId(index as u64 + 1)
    }

    pub(crate) fn job(&self, id: JobId) -> Job {
        self.script.borrow().jobs[usize::try_from(id.0).unwrap() - 1].clone()
    }

    pub(crate) fn requests(&self) -> Vec<RecognizeRequest> {
        let script = self.script.borrow();
        let requests = script.jobs.iter().filter_map(|job| match job {
            Job::Recognize(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    pub(crate) fn conversion(&self) -> JobId {
        self.last_job(|job| matches!(job, Job::Recognize(_)))
    }

    /// Converts the page in view to the end.
    pub(crate) fn convert(&mut self) {
        self.convert_to(MARKUP);
    }

    /// Converts the page in view to this markup.
    pub(crate) fn convert_to(&mut self, markup: &str) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        self.settle();
        let job = self.conversion();
        self.say(job, EventKind::Started);
        let request = self.requests().pop().unwrap();
        let recognition = recognition(request, markup, StopReason::End);
        self.say(job, EventKind::Finished(Outcome::Recognized(recognition)));
        // Boxes fade in.
        self.harness.run_steps(12);
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.settle();
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Where something with that name lies.
    pub(crate) fn rect(&self, label: &str) -> Rect {
        self.harness.get_by_label(label).rect()
    }

    pub(crate) fn hover_at(&mut self, pos: Pos2) {
        self.harness.hover_at(pos);
        self.settle();
    }

    pub(crate) fn click_at(&mut self, pos: Pos2, modifiers: Modifiers) {
        self.harness.hover_at(pos);
        self.harness.run_steps(2);
        for pressed in [true, false] {
            let event =
                egui::Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
            self.harness.event_modifiers(event, modifiers);
            self.harness.run_steps(1);
        }
        self.settle();
    }

    /// What the engine was asked to write, as soon as the thread that makes it is done.
    pub(crate) fn saved(&mut self) -> (JobId, PathBuf, Vec<u8>) {
        for _ in 0..200 {
            self.settle();
            if self.script.borrow().jobs.iter().any(|job| matches!(job, Job::Save { .. })) {
                break;
            }
            std::thread::yield_now();
        }
        let id = self.last_job(|job| matches!(job, Job::Save { .. }));
        let Job::Save { path, contents } = self.job(id) else { panic!("nothing was saved") };
        (id, path, contents.to_vec())
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    pub(crate) fn hovered(&self) -> Option<ElementRef> {
        self.harness.state().state().document().unwrap().hovered
    }

    pub(crate) fn selected(&self) -> Option<ElementRef> {
        self.harness.state().state().document().unwrap().selected
    }
}

pub(crate) fn recognition(
    request: RecognizeRequest,
    markup: &str,
    stop_reason: StopReason,
) -> Arc<PageRecognition> {
    Arc::new(PageRecognition {
        request,
        markup: markup.to_owned(),
        tree: Arc::new(markup::parse(markup)),
        engine: EngineChoice::TextLayer,
        engine_name: "Text layer".to_owned(),
        stop_reason,
        rescued: Vec::new(),
        tokens: Vec::new(),
        trust: trust_of_page(&PageEvidence {
            tree: &markup::parse(markup),
            tokens: &[],
            text_layer: None,
            engine: EngineChoice::Model,
            stop_reason,
        }),
        text_quality: Some(TextQuality::Good),
        timing: Timing { decoding: Duration::from_millis(12), ..Timing::default() },
        page_size: PageSize { width_pt: 612.0, height_pt: 792.0 },
    })
}

pub(crate) fn message(summary: &str) -> UserMessage {
    UserMessage {
        summary: summary.to_owned(),
        hint: Some("Try another one".to_owned()),
        details: Some("the chain of causes".to_owned()),
        needs_password: false,
    }
}

pub(crate) fn node(bench: &Bench, text: &str) -> ElementRef {
    let state = bench.harness.state().state();
    let (page, entry) = state.page().unwrap();
    let tree = entry.conversion.tree.as_ref().unwrap();
    let (node, _) = tree.nodes().find(|(_, node)| node.text == text).unwrap();
    ElementRef { page, node }
}

/// Where a text stands in the live pane, which is the right half of the window.
pub(crate) fn pane_text(bench: &Bench, text: &str) -> Rect {
    let nodes = bench.harness.query_all_by_label_contains(text);
    let rects: Vec<Rect> = nodes.map(|node| node.rect()).filter(|rect| rect.left() > 700.0).collect();
    *rects.first().unwrap_or_else(|| panic!("{text} is not in the pane"))
}

/// What was put on the clipboard in one of the next frames.
pub(crate) fn copied(bench: &mut Bench) -> String {
    for _ in 0..4 {
        for command in &bench.harness.output().platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                return text.clone();
            }
        }
        bench.harness.run_steps(1);
    }
    panic!("nothing was copied");
}
