//! The whole window, driven by accessibility label over a scripted engine: open, convert, boxes
//! appear, hover and select on both sides, cancel, errors, passwords, saving.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not find")]
#![expect(clippy::panic, reason = "a test may stop at what it does not expect")]
#![cfg(feature = "gui")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use doclens::app::App;
use doclens::app::backend::Backend;
use doclens::app::background::{Answer, DialogRequest};
use doclens::app::state::{ConversionStatus, ElementRef, TextSupply};
use doclens::document::page::{PageImage, PageIndex, PageSize};
use doclens::document::text_layer::{TextLayer, TextQuality};
use doclens::engine::event::{
    DocumentInfo, Event, EventKind, ModelInfo, Outcome, PageRecognition, Progress, Stage, StopReason, Timing,
};
use doclens::engine::job::{DocumentId, DocumentSource, EngineChoice, Job, JobId, RecognizeRequest};
use doclens::engine::user_message::UserMessage;
use doclens::markup;
use egui::{Key, Modifiers, PointerButton, Pos2, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

const MARKUP: &str = "<doctag><section_header_level_1><loc_50><loc_40><loc_450><loc_60>A tall tale</section_header_level_1>\
<text><loc_50><loc_80><loc_450><loc_160>Once upon a time</text>\
<page_footer><loc_240><loc_480><loc_260><loc_490>7</page_footer></doctag>";

/// What the window has asked of the engine, and what the engine has yet to say.
#[derive(Default)]
struct Script {
    jobs: Vec<Job>,
    cancelled: Vec<JobId>,
    prioritized: Vec<JobId>,
    events: VecDeque<Event>,
}

struct ScriptedEngine(Rc<RefCell<Script>>);

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
struct Bench {
    harness: Harness<'static, App>,
    script: Rc<RefCell<Script>>,
    asked: Rc<RefCell<Vec<DialogRequest>>>,
    chosen: Rc<RefCell<Vec<PathBuf>>>,
}

impl Bench {
    fn new() -> Self {
        Self::sized(1280.0, 860.0)
    }

    fn sized(width: f32, height: f32) -> Self {
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
    fn with_document(num_pages: usize) -> Self {
        let mut bench = Self::new();
        bench.open_document(num_pages);
        bench
    }

    fn open_document(&mut self, num_pages: usize) {
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

    fn settle(&mut self) {
        self.harness.run_steps(6);
    }

    fn say(&mut self, job: JobId, kind: EventKind) {
        self.script.borrow_mut().events.push_back(Event { job, kind });
        self.settle();
    }

    /// The newest job of a kind.
    fn last_job(&self, is_wanted: impl Fn(&Job) -> bool) -> JobId {
        let script = self.script.borrow();
        let index = script.jobs.iter().rposition(is_wanted).unwrap_or_else(|| panic!("no such job"));
        JobId(index as u64 + 1)
    }

    fn job(&self, id: JobId) -> Job {
        self.script.borrow().jobs[usize::try_from(id.0).unwrap() - 1].clone()
    }

    fn requests(&self) -> Vec<RecognizeRequest> {
        let script = self.script.borrow();
        let requests = script.jobs.iter().filter_map(|job| match job {
            Job::Recognize(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    fn conversion(&self) -> JobId {
        self.last_job(|job| matches!(job, Job::Recognize(_)))
    }

    /// Converts the page in view to the end.
    fn convert(&mut self) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        self.settle();
        let job = self.conversion();
        self.say(job, EventKind::Started);
        let request = self.requests().pop().unwrap();
        let recognition = recognition(request, MARKUP, StopReason::End);
        self.say(job, EventKind::Finished(Outcome::Recognized(recognition)));
        // Boxes fade in.
        self.harness.run_steps(12);
    }

    fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.settle();
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Where something with that name lies.
    fn rect(&self, label: &str) -> Rect {
        self.harness.get_by_label(label).rect()
    }

    fn hover_at(&mut self, pos: Pos2) {
        self.harness.hover_at(pos);
        self.settle();
    }

    fn click_at(&mut self, pos: Pos2, modifiers: Modifiers) {
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

    fn shows(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    fn hovered(&self) -> Option<ElementRef> {
        self.harness.state().state().document().unwrap().hovered
    }

    fn selected(&self) -> Option<ElementRef> {
        self.harness.state().state().document().unwrap().selected
    }
}

fn recognition(request: RecognizeRequest, markup: &str, stop_reason: StopReason) -> Arc<PageRecognition> {
    Arc::new(PageRecognition {
        request,
        markup: markup.to_owned(),
        tree: Arc::new(markup::parse(markup)),
        engine: EngineChoice::TextLayer,
        engine_name: "Text layer".to_owned(),
        stop_reason,
        tokens: Vec::new(),
        text_quality: Some(TextQuality::Good),
        timing: Timing { decoding: Duration::from_millis(12), ..Timing::default() },
        page_size: PageSize { width_pt: 612.0, height_pt: 792.0 },
    })
}

fn message(summary: &str) -> UserMessage {
    UserMessage {
        summary: summary.to_owned(),
        hint: Some("Try another one".to_owned()),
        details: Some("the chain of causes".to_owned()),
        needs_password: false,
    }
}

fn node(bench: &Bench, text: &str) -> ElementRef {
    let state = bench.harness.state().state();
    let (page, entry) = state.page().unwrap();
    let tree = entry.conversion.tree.as_ref().unwrap();
    let (node, _) = tree.nodes().find(|(_, node)| node.text == text).unwrap();
    ElementRef { page, node }
}

#[test]
fn an_empty_window_says_what_to_do() {
    let bench = Bench::new();
    assert!(bench.shows("Drop a PDF or a scan, or open one"));
    assert!(bench.shows("Try the sample"));
}

#[test]
fn the_sample_is_opened_from_the_program_itself() {
    let mut bench = Bench::new();
    bench.click("Try the sample");
    let script = bench.script.borrow();
    let Some(Job::Open { source: DocumentSource::Bytes { bytes, .. }, .. }) = script.jobs.last() else {
        panic!("nothing was opened");
    };
    assert!(bytes.starts_with(b"%PDF"));
}

#[test]
fn an_opened_document_shows_its_pages_and_thumbnails() {
    let bench = Bench::with_document(3);
    assert!(bench.shows("Page 1"));
    assert!(bench.shows("Page 1 of 3"));
    assert!(bench.shows("Thumbnail of page 3"));
    assert!(bench.shows("Not converted yet"));
    assert_eq!(bench.harness.state().state().settings.recent, [PathBuf::from("/papers/tale.pdf")]);
}

#[test]
fn pages_are_turned_over_by_key_by_thumbnail_and_by_number() {
    let mut bench = Bench::with_document(12);
    let page = |bench: &Bench| bench.harness.state().state().document().unwrap().current.number();
    bench.press(Key::PageDown);
    assert_eq!(page(&bench), 2);
    bench.press(Key::End);
    assert_eq!(page(&bench), 12);
    bench.press(Key::Home);
    bench.click("Thumbnail of page 3");
    assert_eq!(page(&bench), 3);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::G);
    bench.settle();
    bench.harness.get_by_label("Page number").type_text("9");
    bench.settle();
    bench.press(Key::Enter);
    assert_eq!(page(&bench), 9);
    assert!(bench.shows("Page 9"));
}

#[test]
fn boxes_appear_while_a_page_is_converted() {
    let mut bench = Bench::with_document(1);
    bench.click("Convert page");
    let job = bench.conversion();
    assert!(bench.shows("Page 1: waiting its turn"));
    bench.say(job, EventKind::Started);
    let progress = Progress {
        stage: Stage::Decoding,
        fraction: Some(0.4),
        num_tokens: 41,
        tokens_per_sec: Some(20.0),
        remaining: Some(Duration::from_secs(3)),
    };
    bench.say(job, EventKind::Progress(progress));
    assert!(bench.shows("Page 1: reading · 41 tokens · 20 tok/s · about 3 s left"));
    let part = &MARKUP[..MARKUP.find("<text>").unwrap()];
    let tree = Arc::new(markup::parse(part));
    bench.say(job, EventKind::Partial { appended: part.to_owned(), tree });
    assert!(bench.shows("Section header: A tall tale"));
    assert!(!bench.shows("Text: Once upon a time"));
    let request = bench.requests().pop().unwrap();
    bench.say(job, EventKind::Finished(Outcome::Recognized(recognition(request, MARKUP, StopReason::End))));
    assert!(bench.shows("Text: Once upon a time"));
    assert!(bench.shows("Page 1: 3 elements"));
}

#[test]
fn hovering_a_box_marks_its_text_and_the_other_way_round() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    let on_page = bench.rect("Text: Once upon a time").center();
    bench.hover_at(on_page);
    assert_eq!(bench.hovered(), Some(node(&bench, "Once upon a time")));
    bench.hover_at(bench.rect("Page 1").left_bottom() + egui::vec2(30.0, -60.0));
    assert_eq!(bench.hovered(), None);
    let in_pane = pane_text(&bench, "A tall tale");
    bench.hover_at(in_pane.center());
    assert_eq!(bench.hovered(), Some(node(&bench, "A tall tale")));
}

/// Where a text stands in the live pane, which is the right half of the window.
fn pane_text(bench: &Bench, text: &str) -> Rect {
    let nodes = bench.harness.query_all_by_label_contains(text);
    let rects: Vec<Rect> = nodes.map(|node| node.rect()).filter(|rect| rect.left() > 700.0).collect();
    *rects.first().unwrap_or_else(|| panic!("{text} is not in the pane"))
}

#[test]
fn clicking_a_box_selects_it_and_escape_lets_go() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    let pos = bench.rect("Text: Once upon a time").center();
    bench.click_at(pos, Modifiers::NONE);
    assert_eq!(bench.selected(), Some(node(&bench, "Once upon a time")));
    bench.press(Key::Escape);
    assert_eq!(bench.selected(), None);
    bench.press(Key::J);
    assert_eq!(bench.selected(), Some(node(&bench, "A tall tale")));
    bench.press(Key::J);
    assert_eq!(bench.selected(), Some(node(&bench, "Once upon a time")));
    bench.press(Key::K);
    assert_eq!(bench.selected(), Some(node(&bench, "A tall tale")));
}

#[test]
fn selecting_text_scrolls_the_page_to_its_box() {
    let mut bench = Bench::sized(1280.0, 500.0);
    bench.open_document(1);
    bench.convert();
    let footer = node(&bench, "7");
    assert!(!bench.shows("Page header or footer: 7"), "the foot of the page is out of view");
    for _ in 0..3 {
        bench.press(Key::J);
    }
    assert_eq!(bench.selected(), Some(footer));
    assert!(bench.shows("Page header or footer: 7"));
}

#[test]
fn the_legend_hides_the_boxes_of_a_label() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    bench.click("Section header");
    assert!(!bench.shows("Section header: A tall tale"));
    bench.click("Section header");
    assert!(bench.shows("Section header: A tall tale"));
    bench.press(Key::L);
    assert!(bench.shows("Show legend"));
}

#[test]
fn cancelling_keeps_what_has_come() {
    let mut bench = Bench::with_document(1);
    bench.click("Convert page");
    let job = bench.conversion();
    bench.say(job, EventKind::Started);
    let part = &MARKUP[..MARKUP.find("<page_footer>").unwrap()];
    bench.say(job, EventKind::Partial { appended: part.to_owned(), tree: Arc::new(markup::parse(part)) });
    bench.press(Key::Escape);
    assert!(bench.script.borrow().cancelled.contains(&job));
    bench.say(job, EventKind::Cancelled);
    assert!(bench.shows("Text: Once upon a time"));
    assert!(bench.shows("cancelled"));
    assert!(bench.harness.query_by_label("Convert page").is_some());
}

#[test]
fn all_pages_are_converted_and_the_visible_one_goes_first() {
    let mut bench = Bench::with_document(5);
    bench.press(Key::PageDown);
    bench.harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Enter);
    bench.settle();
    let requests = bench.requests();
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| request.is_visible == (request.page == PageIndex(1))));
    bench.press(Key::End);
    let last = bench.conversion();
    assert_eq!(bench.script.borrow().prioritized.last(), Some(&last));
    bench.click("Cancel conversion");
    assert_eq!(bench.script.borrow().cancelled.iter().filter(|job| job.0 >= last.0 - 4).count(), 5);
}

#[test]
fn a_range_of_pages_is_converted() {
    let mut bench = Bench::with_document(9);
    bench.click("More ways to convert");
    bench.click("Convert pages…");
    bench.harness.get_by_label("Pages").type_text("2-3, 8");
    bench.settle();
    bench.press(Key::Enter);
    let pages: Vec<_> = bench.requests().iter().map(|request| request.page.number()).collect();
    assert_eq!(pages, [2, 3, 8]);
}

#[test]
fn a_failed_page_says_why_in_its_place() {
    let mut bench = Bench::with_document(2);
    bench.click("Convert page");
    let job = bench.conversion();
    bench.say(job, EventKind::Failed(message("The page has no text layer")));
    assert!(bench.shows("The page has no text layer"));
    assert!(bench.shows("1 error"));
    assert!(bench.shows("Thumbnail of page 1, failed"));
}

#[test]
fn a_scan_without_a_model_is_offered_one() {
    let mut bench = Bench::with_document(1);
    let job = bench.last_job(|job| matches!(job, Job::ReadTextLayer { .. }));
    let text_layer = TextLayer {
        page_size: PageSize { width_pt: 612.0, height_pt: 792.0 },
        chars: Vec::new(),
        fonts: Vec::new(),
        rules: Vec::new(),
        fills: Vec::new(),
        images: Vec::new(),
        drawings: Vec::new(),
        links: Vec::new(),
        quality: TextQuality::Absent,
    };
    let (document, page) = (DocumentId(1), PageIndex(0));
    let text_layer = Arc::new(text_layer);
    bench.say(job, EventKind::Finished(Outcome::TextLayer { document, page, text_layer }));
    let state = bench.harness.state().state();
    assert_eq!(state.page().unwrap().1.text, TextSupply::Absent);
    assert!(bench.shows("This page has no text of its own"));
}

#[test]
fn a_file_that_cannot_be_opened_leaves_the_start_screen_with_the_reason() {
    let mut bench = Bench::new();
    bench.chosen.replace(vec![PathBuf::from("/papers/broken.pdf")]);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    bench.settle();
    assert!(bench.shows("Opening broken.pdf"));
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    bench.say(job, EventKind::Failed(message("The file is cut off")));
    assert!(bench.shows("broken.pdf could not be opened"));
    assert!(bench.shows("The file is cut off"));
    assert!(bench.shows("Drop a PDF or a scan, or open one"));
}

#[test]
fn beside_an_open_document_a_failure_is_a_notice_that_stays() {
    let mut bench = Bench::with_document(1);
    bench.chosen.replace(vec![PathBuf::from("/papers/broken.pdf")]);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    bench.settle();
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    bench.say(job, EventKind::Failed(message("The file is cut off")));
    assert!(bench.shows("broken.pdf: The file is cut off"));
    bench.click("Details");
    assert!(bench.shows("the chain of causes"));
    bench.click("Dismiss");
    assert!(!bench.shows("The file is cut off"));
}

#[test]
fn an_encrypted_file_asks_for_its_password_until_it_fits() {
    let mut bench = Bench::new();
    bench.chosen.replace(vec![PathBuf::from("/papers/secret.pdf")]);
    bench.click("Open…");
    let needs_password = || EventKind::Failed(UserMessage { needs_password: true, ..message("Encrypted") });
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    bench.say(job, needs_password());
    assert!(bench.shows("This PDF is encrypted"));
    assert!(!bench.shows("That password does not fit"));
    bench.harness.get_by_label("Password").type_text("sesame");
    bench.settle();
    bench.press(Key::Enter);
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    let Job::Open { password, .. } = bench.job(job) else { panic!() };
    assert_eq!(password.as_deref(), Some("sesame"));
    bench.say(job, needs_password());
    assert!(bench.shows("That password does not fit"));
    bench.click("Cancel");
    assert!(!bench.shows("This PDF is encrypted"));
}

#[test]
fn where_no_dialog_can_be_shown_a_path_can_be_typed() {
    let mut bench = Bench::new();
    bench.click("Open…");
    assert_eq!(*bench.asked.borrow(), [DialogRequest::OpenFiles]);
    assert!(bench.shows("Open by path"));
    bench.harness.get_by_label("Path of a PDF or image").type_text("/papers/tale.pdf");
    bench.settle();
    bench.press(Key::Enter);
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    let Job::Open { source: DocumentSource::File(path), .. } = bench.job(job) else {
        panic!("no file was opened");
    };
    assert_eq!(path, PathBuf::from("/papers/tale.pdf"));
}

#[test]
fn the_document_is_saved_where_the_dialog_says() {
    let mut bench = Bench::with_document(2);
    bench.convert();
    bench.chosen.replace(vec![PathBuf::from("/papers/tale.md")]);
    bench.harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::S);
    // The export is made on a thread of its own.
    for _ in 0..200 {
        bench.settle();
        if bench.script.borrow().jobs.iter().any(|job| matches!(job, Job::Save { .. })) {
            break;
        }
        std::thread::yield_now();
    }
    let job = bench.last_job(|job| matches!(job, Job::Save { .. }));
    let Job::Save { path, contents } = bench.job(job) else { panic!() };
    assert_eq!(path, PathBuf::from("/papers/tale.md"));
    let text = String::from_utf8(contents.to_vec()).unwrap();
    assert!(text.contains("## A tall tale") && text.contains("Once upon a time"), "{text}");
    bench.say(job, EventKind::Finished(Outcome::Saved(path)));
    assert!(bench.shows("Saved tale.md"));
}

#[test]
fn copying_takes_the_selected_element_or_the_page() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    bench.harness.event(egui::Event::Copy);
    bench.harness.run_steps(1);
    let copied = copied(&mut bench);
    assert!(copied.contains("## A tall tale") && copied.contains("Once upon a time"), "{copied}");
}

/// What was put on the clipboard in one of the next frames.
fn copied(bench: &mut Bench) -> String {
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

#[test]
fn files_dropped_on_the_window_are_opened() {
    #[derive(Debug)]
    struct Dropped(PathBuf);
    impl egui::DroppedFile for Dropped {
        fn path(&self) -> &std::path::Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Ok(Vec::new())
        }
    }
    let mut bench = Bench::new();
    let file = Arc::new(Dropped(PathBuf::from("/papers/dropped.pdf")));
    bench.harness.input_mut().dropped_files.push(file);
    bench.settle();
    assert!(bench.shows("Opening dropped.pdf"));
}

#[test]
fn a_loaded_model_reads_the_pages_from_then_on() {
    let mut bench = Bench::with_document(1);
    bench.chosen.replace(vec![PathBuf::from("/models/small")]);
    bench.click("Engine: Text layer");
    bench.click("Load from folder…");
    let job = bench.last_job(|job| matches!(job, Job::LoadModel { .. }));
    assert!(bench.shows("Engine: Loading model…"));
    let info = ModelInfo {
        name: "Small".to_owned(),
        folder: PathBuf::from("/models/small"),
        num_parameters: 1_100_000,
        device: "CPU".to_owned(),
        dtype: "f32".to_owned(),
        fallback: None,
        load_time: Duration::from_millis(40),
    };
    bench.say(job, EventKind::Finished(Outcome::ModelLoaded(Arc::new(info))));
    assert!(bench.shows("Engine: Small"));
    assert!(bench.shows("Small is ready"));
}

#[test]
fn the_keys_and_the_settings_are_a_key_away() {
    let mut bench = Bench::with_document(1);
    bench.press(Key::F1);
    assert!(bench.shows("Alt+click"));
    bench.press(Key::Escape);
    assert!(!bench.shows("Alt+click"));
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    bench.settle();
    bench.click("Dark");
    assert_eq!(bench.harness.ctx.theme(), egui::Theme::Dark);
}

#[test]
fn a_turned_page_is_asked_for_and_converted_as_it_is_seen() {
    let mut bench = Bench::with_document(1);
    bench.press(Key::CloseBracket);
    bench.click("Convert page");
    let request = bench.requests().pop().unwrap();
    assert_eq!(request.rotation, doclens::document::page::Rotation::Quarter);
    let rect = bench.rect("Page 1");
    assert!(rect.width() > rect.height());
}

#[test]
fn only_visible_pages_of_a_long_document_are_drawn() {
    let mut bench = Bench::with_document(500);
    for _ in 0..20 {
        bench.press(Key::PageDown);
    }
    bench.press(Key::End);
    assert!(bench.shows("Page 500"));
    let pages = bench.harness.query_all_by_label_contains("Thumbnail of page").count();
    assert!(pages < 20, "{pages} thumbnails are laid out");
    let asked = bench.script.borrow().jobs.iter().filter(|job| matches!(job, Job::Render(_))).count();
    assert!(asked < 250, "{asked} renderings for 22 pages");
}

#[test]
fn nothing_is_repainted_while_nothing_happens() {
    let mut bench = Bench::with_document(3);
    bench.convert();
    bench.hover_at(Pos2::new(640.0, 845.0));
    bench.harness.run_steps(30);
    let delay = bench.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay > Duration::from_secs(1), "{delay:?}");
}

#[test]
fn a_narrow_window_keeps_everything_in_reach() {
    let mut bench = Bench::sized(860.0, 560.0);
    bench.open_document(3);
    bench.convert();
    for name in ["Open…", "Zoom in", "Next page", "Convert page", "More", "Engine: Text layer"] {
        let rect = bench.rect(name);
        assert!(rect.left() >= 0.0 && rect.right() <= 860.0, "{name}: {rect:?}");
    }
    let mut right = 0.0;
    for name in ["Open…", "Zoom out", "Zoom in", "Engine: Text layer", "Convert page", "More"] {
        let rect = bench.rect(name);
        assert!(rect.left() >= right - 0.5, "{name} overlaps what stands before it");
        right = rect.right();
    }
    let failed = matches!(
        bench.harness.state().state().page().unwrap().1.conversion.status,
        ConversionStatus::Failed(_)
    );
    assert!(!failed);
}
