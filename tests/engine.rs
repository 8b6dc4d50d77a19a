//! The engine by its face: jobs in, events out, with recognizers that do what a test says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/support.rs"]
mod support;
#[path = "engine/trust.rs"]
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use doclens::document::page::{PageIndex, Rotation};
use doclens::engine::event::StopReason;
use doclens::engine::job::{DocumentSource, EngineChoice, ModelSettings, RecognizeRequest, RenderPriority};
use doclens::engine::options::LoadedModel;
use doclens::engine::recognizer::PageInput;
use doclens::engine::scripted::ScriptedRecognizer;
use doclens::engine::trust::Doubt;
use doclens::engine::{DocumentId, Engine, EngineOptions, Error, EventKind, Job, JobId, Outcome};
use doclens::markup::location::{grid_from_page, page_from_grid};
use doclens::model::{Step, Stop};

use crate::support::*;

#[test]
fn a_page_is_told_from_start_to_end() {
    let engine = start(with_recognizer(ScriptedRecognizer::new("demo", PAGE)));
    let document = open(&engine, png()).id;
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Auto)));
    let events = until_ended(&engine, &[job]);
    let story = story(&events, job);
    assert_eq!(story.first(), Some(&"started"));
    assert_eq!(story.last(), Some(&"finished"));
    assert!(story.contains(&"partial"));
    assert_eq!(appended(&events, job), PAGE);

    let page = page_of(events.last().unwrap().kind.clone());
    assert_eq!(
        (page.markup.as_str(), page.engine, page.engine_name.as_str()),
        (PAGE, EngineChoice::Model, "demo")
    );
    assert_eq!(page.stop_reason, StopReason::End);
    assert_eq!(page.tokens.last().map(|token| token.end), Some(PAGE.len()));
    assert_eq!(
        page.tree.nodes().map(|(_, node)| node.text.as_str()).collect::<Vec<_>>(),
        ["Hello", "Two words"]
    );
    let last_partial = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Partial { tree, .. } => Some(Arc::clone(tree)),
        _ => None,
    });
    assert_eq!(last_partial.unwrap().len(), page.tree.len());
}

#[test]
fn partials_are_throttled_and_nothing_is_lost() {
    let options = EngineOptions {
        partial_interval: Duration::from_hours(1),
        ..with_recognizer(ScriptedRecognizer::new("demo", PAGE))
    };
    let engine = start(options);
    let document = open(&engine, png()).id;
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Auto)));
    let events = until_ended(&engine, &[job]);
    let num_partials = events.iter().filter(|event| matches!(event.kind, EventKind::Partial { .. })).count();
    assert_eq!(num_partials, 2, "the first piece at once, the rest before the end");
    assert_eq!(appended(&events, job), PAGE);
}

#[test]
fn the_token_limit_is_told() {
    let engine = start(with_recognizer(ScriptedRecognizer::new("demo", PAGE)));
    let document = open(&engine, png()).id;
    let mut request = recognize(document, 0, EngineChoice::Auto);
    request.generation.max_new_tokens = Some(3);
    let page = page_of(end_of(&engine, engine.submit(Job::Recognize(request))));
    assert_eq!((page.stop_reason, page.tokens.len()), (StopReason::TokenLimit, 3));
}

#[test]
fn a_model_that_repeats_itself_is_stopped_and_the_rest_is_kept() {
    let good = "<doctag><title><loc_10><loc_20><loc_300><loc_40>Hello</title>\n";
    let again = "<text><loc_10><loc_60><loc_490><loc_90>Two words</text>\n";
    let markup = format!("{good}{}", again.repeat(50));
    let engine = start(with_recognizer(ScriptedRecognizer::new("demo", &markup)));
    let document = open(&engine, png()).id;
    let mut request = recognize(document, 0, EngineChoice::Model);
    let page = page_of(end_of(&engine, engine.submit(Job::Recognize(request.clone()))));
    assert_eq!(page.stop_reason, StopReason::Loop);
    assert_eq!(page.markup, format!("{good}{again}"));
    assert_eq!(page.tokens.last().map(|token| token.end), Some(page.markup.len()));
    let texts: Vec<&str> = page.tree.nodes().map(|(_, node)| node.text.as_str()).collect();
    assert_eq!(texts, ["Hello", "Two words"]);

    request.generation.stops_loops = false;
    let page = page_of(end_of(&engine, engine.submit(Job::Recognize(request))));
    assert_eq!((page.stop_reason, page.markup.as_str()), (StopReason::End, markup.trim_end()));
}

/// A page with ink at its top and in two blocks below, of which the model reaches the first one.
fn page_with_a_rest() -> DocumentSource {
    let mut image = image::RgbImage::from_pixel(600, 600, image::Rgb([255; 3]));
    for (rows, columns) in [(60..90, 60..540), (300..340, 60..300), (500..540, 60..540)] {
        for (y, x) in rows.flat_map(|y| columns.clone().map(move |x| (y, x))) {
            image.put_pixel(x, y, image::Rgb([0; 3]));
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    DocumentSource::Bytes { name: "page.png".to_owned(), bytes: bytes.into_inner().into() }
}

#[test]
fn what_a_loop_kept_from_being_read_is_read_by_itself() {
    for rotation in [Rotation::None, Rotation::Quarter, Rotation::Half] {
        check_rescue(rotation);
    }
}

/// The user has turned the page, and the model sees it so.
fn check_rescue(rotation: Rotation) {
    let text = |corners: [u16; 4], words: &str| {
        let seen = grid_from_page(&rotation.turned_bbox(&page_from_grid(corners)));
        let [left, top, right, bottom] = seen;
        format!("<text><loc_{left}><loc_{top}><loc_{right}><loc_{bottom}>{words}</text>\n")
    };
    let again = text([40, 40, 460, 90], "At the top");
    let looping = format!("<doctag>{}", again.repeat(50));
    let (middle, end) = (text([0, 0, 250, 100], "In the middle"), text([0, 400, 500, 500], "At the end"));
    let rest = format!("<doctag>{middle}{end}</doctag>");
    let (sizes, seen) = bounded(9);
    let recognizer = Puppet(move |input: &PageInput| {
        let size = input.image.as_ref().unwrap().dimensions();
        sizes.send(size).unwrap();
        let is_page = size == (600, 600);
        let markup = if is_page { looping.clone() } else { rest.clone() };
        let tokens = markup.split_inclusive('>').map(token).chain([Step::Stopped(Stop::End)]);
        let steps: Steps<'static> = Box::new(tokens.map(Ok).collect::<Vec<_>>().into_iter());
        steps
    });
    let engine = start(with_recognizer(recognizer));
    let document = open(&engine, page_with_a_rest()).id;
    let request = RecognizeRequest { rotation, ..recognize(document, 0, EngineChoice::Model) };
    let job = engine.submit(Job::Recognize(request.clone()));
    let events = until_ended(&engine, &[job]);
    let page = page_of(events.last().unwrap().kind.clone());
    assert_eq!((page.stop_reason, page.rescued.len()), (StopReason::Loop, 1));
    let texts: Vec<&str> = page.tree.nodes().map(|(_, node)| node.text.as_str()).collect();
    assert_eq!(texts, ["At the top", "In the middle", "At the end"]);
    // Written markup has the boxes of the image that was seen.
    let written = doclens::markup::parse(&page.markup);
    assert_eq!(written.nodes().count(), 3);
    for ((_, written), (_, node)) in written.nodes().zip(page.tree.nodes()) {
        let upright = rotation.inverse().turned_bbox(&written.bbox.unwrap());
        assert!(upright.iou(&node.bbox.unwrap()) > 0.9, "{rotation:?} {upright:?} {:?}", node.bbox);
    }
    // The boxes stand on the page, below what was reached.
    let part = page.rescued[0];
    assert!(part.top > 0.18 && part.top < 0.5 && part.bottom > 0.9, "{part:?}");
    let (_, last) = page.tree.nodes().last().unwrap();
    assert!(last.bbox.unwrap().bottom > 0.88, "{:?}", last.bbox);
    // Nothing is missing any more, and what was read by itself is to be looked at.
    let doubts: Vec<_> = page.trust.iter().map(|trust| trust.doubts.as_slice()).collect();
    let is_marked = |doubts: &[Doubt]| doubts.contains(&Doubt::Rescued);
    assert_eq!(doubts.iter().map(|doubts| is_marked(doubts)).collect::<Vec<_>>(), [false, true, true]);
    assert!(!doubts[0].contains(&Doubt::CutOff(StopReason::Loop)), "{:?}", doubts[0]);
    // The parts that were shown are of the page.
    assert!(!appended(&events, job).contains("In the middle"));
    assert_eq!(seen.try_iter().count(), 2);

    let mut request = request;
    request.region = Some(doclens::geometry::BBox::PAGE);
    let page = page_of(end_of(&engine, engine.submit(Job::Recognize(request))));
    assert!(page.rescued.is_empty(), "a part of a page has no rest");
}

/// Cancels when the recognizer is about to give step `at`.
fn check_cancel_at(at: usize) {
    let (waits, waiting) = bounded(16);
    let (open_gate, gate) = bounded(16);
    let engine =
        start(with_recognizer(Puppet(move |_: &PageInput| gated(short_page(), waits.clone(), gate.clone()))));
    let document = open(&engine, png()).id;
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    for step in 0..=at {
        assert_eq!(waiting.recv_timeout(PATIENCE), Ok(step));
        if step < at {
            open_gate.send(()).unwrap();
        }
    }
    engine.cancel(job);
    let mut events = settle(&engine);
    open_gate.send(()).unwrap();
    events.extend(until_ended(&engine, &[job]));

    assert_eq!(story(&events, job).last(), Some(&"cancelled"));
    let texts: String = short_page()
        .into_iter()
        .take(at + 1)
        .filter_map(|step| if let Step::Token { text, .. } = step { Some(text) } else { None })
        .collect();
    assert_eq!(appended(&events, job), texts);
    assert!(waiting.try_recv().is_err(), "no step after the one that was under way");
}

#[test]
fn cancelling_takes_effect_at_the_next_step_and_keeps_what_was_read() {
    // The last step ends the page; by then it is done.
    for at in 0..short_page().len() - 1 {
        check_cancel_at(at);
    }
}

#[test]
fn a_panic_is_reported_and_survived() {
    let mut num_pages = 0;
    let engine = start(with_recognizer(Puppet(move |_: &PageInput| -> Steps<'static> {
        num_pages += 1;
        let panics = num_pages == 1;
        Box::new(short_page().into_iter().enumerate().map(move |(idx, step)| {
            assert!(!(panics && idx == 5), "broken on purpose");
            Ok(step)
        }))
    })));
    let document = open(&engine, png()).id;
    let first = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    let second = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    let events = until_ended(&engine, &[first, second]);
    let end = events.iter().rfind(|event| event.job == first).unwrap();
    let message = message_of(end.kind.clone());
    assert_eq!(message.summary, "A fault in Doclens stopped this job");
    assert!(message.details.unwrap().contains("broken on purpose"));
    assert_eq!(story(&events, second).last(), Some(&"finished"));
}

#[test]
fn a_model_that_panicked_is_loaded_again() {
    let num_loads = Arc::new(AtomicUsize::new(0));
    let loads = Arc::clone(&num_loads);
    let load_model = Box::new(
        move |folder: &std::path::Path, _: &ModelSettings, _: &_, on_fraction: &mut dyn FnMut(f32)| {
            let is_first = loads.fetch_add(1, Ordering::SeqCst) == 0;
            on_fraction(0.5);
            let recognizer = Box::new(Puppet(move |_: &PageInput| -> Steps<'static> {
                assert!(!is_first, "broken on purpose");
                Box::new(short_page().into_iter().map(Ok))
            }));
            Ok(LoadedModel { recognizer, info: model_info(folder) })
        },
    );
    let engine = start(EngineOptions { load_model, ..every_step() });
    let document = open(&engine, png()).id;
    let (folder, settings) = (PathBuf::from("some/model"), ModelSettings::default());
    let load = engine.submit(Job::LoadModel { folder, settings });
    assert!(matches!(end_of(&engine, load), EventKind::Finished(Outcome::ModelLoaded(_))));
    let request = recognize(document, 0, EngineChoice::Auto);
    message_of(end_of(&engine, engine.submit(Job::Recognize(request.clone()))));
    page_of(end_of(&engine, engine.submit(Job::Recognize(request.clone()))));
    page_of(end_of(&engine, engine.submit(Job::Recognize(request))));
    assert_eq!(num_loads.load(Ordering::SeqCst), 2);
}

#[test]
fn a_page_fails_with_the_recognizers_reason_and_keeps_what_was_read() {
    let engine = start(with_recognizer(Puppet(|_: &PageInput| -> Steps<'static> {
        let failure = Err(Error::Model(doclens::model::Error::OutOfMemory { needed_bytes: 513_000_000 }));
        Box::new([Ok(token("<text>half")), failure].into_iter())
    })));
    let document = open(&engine, png()).id;
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    let events = until_ended(&engine, &[job]);
    assert_eq!(appended(&events, job), "<text>half");
    assert_eq!(message_of(events.last().unwrap().kind.clone()).summary, "Not enough memory for the model");
}

#[test]
fn a_full_channel_stops_nothing_but_the_workers() {
    let options =
        EngineOptions { num_waiting_events: 1, ..with_recognizer(ScriptedRecognizer::new("demo", PAGE)) };
    let engine = start(options);
    let document = open(&engine, png()).id;
    // Nobody takes events now; submitting and cancelling go on.
    let jobs: Vec<JobId> = (0..3000)
        .map(|_| engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model))))
        .collect();
    for job in &jobs[5..] {
        engine.cancel(*job);
    }
    let events = until_ended(&engine, &jobs);
    for job in &jobs {
        let num_ends = events.iter().filter(|event| event.job == *job && is_end(&event.kind)).count();
        assert_eq!(num_ends, 1);
    }
    assert_eq!(appended(&events, jobs[0]), PAGE);
    assert_eq!(story(&events, jobs[0]).last(), Some(&"finished"));
    assert_eq!(story(&events, jobs[2999]), ["cancelled"]);
}

/// An engine whose page worker is stuck with a first rendering, because nobody takes its events.
fn stuck(source: DocumentSource) -> (Engine, DocumentId, JobId) {
    let (rings, bell) = bounded(64);
    let options = EngineOptions { num_waiting_events: 1, ..every_step() };
    let engine = Engine::start(options, move || {
        rings.try_send(()).ok();
    })
    .unwrap();
    let document = open(&engine, source).id;
    let first = engine.submit(render(document, 0, 50, RenderPriority::Thumbnail));
    // One ring an event: the opening started and finished, the rendering started. The last may ring late.
    for _ in 0..3 {
        bell.recv_timeout(PATIENCE).unwrap();
    }
    (engine, document, first)
}

#[test]
fn the_latest_rendering_of_a_page_wins() {
    let (engine, document, first) = stuck(pdf(2));
    let stale = engine.submit(render(document, 0, 100, RenderPriority::Visible));
    let other = engine.submit(render(document, 1, 100, RenderPriority::Visible));
    let latest = engine.submit(render(document, 0, 120, RenderPriority::Visible));
    let events = until_ended(&engine, &[first, stale, other, latest]);
    assert_eq!(story(&events, stale), ["cancelled"]);
    assert_eq!(story(&events, other), ["started", "finished"]);
    match &events.iter().rfind(|event| event.job == latest).unwrap().kind {
        EventKind::Finished(Outcome::Rendered { request, image }) => {
            assert_eq!((request.width_px, image.width_px, image.height_px), (120, 120, 60));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_looked_at_goes_first() {
    let (engine, document, first) = stuck(pdf(4));
    let text = engine.submit(Job::ReadTextLayer { document, page: PageIndex(0) });
    let thumbnail = engine.submit(render(document, 1, 50, RenderPriority::Thumbnail));
    let nearby = engine.submit(render(document, 1, 100, RenderPriority::Nearby));
    let visible = engine.submit(render(document, 2, 100, RenderPriority::Visible));
    let newest = engine.submit(render(document, 3, 100, RenderPriority::Visible));
    let jobs = [first, text, thumbnail, nearby, visible, newest];
    let events = until_ended(&engine, &jobs);
    let started = events.iter().filter(|event| matches!(event.kind, EventKind::Started));
    let order: Vec<JobId> = started.map(|event| event.job).collect();
    assert_eq!(order, [first, newest, visible, nearby, thumbnail, text]);
}

#[test]
fn the_visible_page_jumps_the_queue() {
    let (waits, waiting) = bounded(64);
    let (open_gate, gate) = bounded::<()>(0);
    let engine =
        start(with_recognizer(Puppet(move |_: &PageInput| gated(short_page(), waits.clone(), gate.clone()))));
    let document = open(&engine, pdf(4)).id;
    let mut jobs: Vec<JobId> = (0..3)
        .map(|page| engine.submit(Job::Recognize(recognize(document, page, EngineChoice::Model))))
        .collect();
    waiting.recv_timeout(PATIENCE).unwrap();
    let request = RecognizeRequest { is_visible: true, ..recognize(document, 3, EngineChoice::Model) };
    jobs.push(engine.submit(Job::Recognize(request)));
    let mut events = settle(&engine);
    drop(open_gate);
    events.extend(until_ended(&engine, &jobs));
    let order: Vec<JobId> =
        events.iter().filter(|event| is_end(&event.kind)).map(|event| event.job).collect();
    assert_eq!(order, [jobs[0], jobs[3], jobs[1], jobs[2]]);
}

#[test]
fn a_text_layer_preview_does_not_wait_for_the_model() {
    let (waits, waiting) = bounded(64);
    let (open_gate, gate) = bounded::<()>(0);
    let engine =
        start(with_recognizer(Puppet(move |_: &PageInput| gated(short_page(), waits.clone(), gate.clone()))));
    let document = open(&engine, sample_pdf()).id;
    let slow = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    waiting.recv_timeout(PATIENCE).unwrap();
    let preview = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::TextLayer)));
    let page = page_of(end_of(&engine, preview));
    assert_eq!((page.engine, page.engine_name.as_str()), (EngineChoice::TextLayer, "Text layer"));
    assert!(page.tree.len() > 2 && page.tokens.is_empty());
    drop(open_gate);
    page_of(end_of(&engine, slow));
}

#[test]
fn a_scan_without_a_model_says_what_is_needed() {
    let engine = start(every_step());
    let document = open(&engine, png()).id;
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Auto)));
    let message = message_of(end_of(&engine, job));
    assert_eq!(message.summary, "No text layer on this page: a model is needed");
    assert!(message.hint.is_some());
    let job = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Model)));
    assert_eq!(message_of(end_of(&engine, job)).summary, "No model is loaded");
}

#[test]
fn without_a_model_the_text_layer_answers() {
    let load_model = Box::new(|_: &std::path::Path, _: &ModelSettings, _: &_, _: &mut dyn FnMut(f32)| {
        Err(Error::Model(doclens::model::Error::OutOfMemory { needed_bytes: 1 }))
    });
    let engine = start(EngineOptions { load_model, ..every_step() });
    let document = open(&engine, sample_pdf()).id;
    let (folder, settings) = (PathBuf::from("some/model"), ModelSettings::default());
    let load = engine.submit(Job::LoadModel { folder, settings });
    let page = engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Auto)));
    let events = until_ended(&engine, &[load, page]);
    assert_eq!(story(&events, load).last(), Some(&"failed"));
    let end = events.iter().rfind(|event| event.job == page).unwrap();
    assert_eq!(page_of(end.kind.clone()).engine, EngineChoice::TextLayer);
    let num_starts =
        events.iter().filter(|event| event.job == page && matches!(event.kind, EventKind::Started)).count();
    assert_eq!(num_starts, 1);
}

#[test]
fn a_file_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let engine = start(every_step());
    let path = folder.path().join("page.md");
    let save = Job::Save { path: path.clone(), contents: Arc::from(&b"# Hello"[..]) };
    assert!(matches!(end_of(&engine, engine.submit(save)), EventKind::Finished(Outcome::Saved(_))));
    assert_eq!(std::fs::read(&path).unwrap(), b"# Hello");
    let save = Job::Save { path: path.join("below a file"), contents: Arc::from(&b"x"[..]) };
    message_of(end_of(&engine, engine.submit(save)));
}

#[test]
fn a_document_is_gone_once_it_is_closed() {
    let engine = start(every_step());
    let document = open(&engine, png()).id;
    let closed = end_of(&engine, engine.submit(Job::Close(document)));
    assert!(matches!(closed, EventKind::Finished(Outcome::Closed(id)) if id == document));
    let job = engine.submit(render(document, 0, 10, RenderPriority::Visible));
    assert_eq!(message_of(end_of(&engine, job)).summary, "The document is not open any more");
}

#[test]
fn a_page_that_is_not_there_fails() {
    let engine = start(every_step());
    let document = open(&engine, png()).id;
    let job = engine.submit(render(document, 1, 10, RenderPriority::Visible));
    let message = message_of(end_of(&engine, job));
    assert_eq!(message.summary, "There is no page 2");
}

#[test]
fn dropping_a_busy_engine_with_a_full_channel_ends_all_threads() {
    let options = EngineOptions {
        num_waiting_events: 1,
        ..with_recognizer(Puppet(|_: &PageInput| -> Steps<'static> {
            Box::new(std::iter::repeat_with(|| Ok(token("and so on "))))
        }))
    };
    let engine = start(options);
    let document = open(&engine, pdf(3)).id;
    for page in 0..3 {
        engine.submit(Job::Recognize(recognize(document, page, EngineChoice::Model)));
        engine.submit(render(document, page, 100, RenderPriority::Visible));
    }
    next(&engine);
    let began = Instant::now();
    drop(engine);
    assert!(began.elapsed() < PATIENCE);
}

#[test]
fn the_bell_rings_for_events_and_may_be_broken() {
    let engine = Engine::start(every_step(), || panic!("a broken bell")).unwrap();
    assert_eq!(open(&engine, png()).page_sizes.len(), 1);
}

/// Says when it is dropped.
struct Guard(Sender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.send(()).unwrap();
    }
}

#[test]
fn a_model_that_nobody_uses_rests_and_is_read_again_before_the_next_page() {
    let num_loads = Arc::new(AtomicUsize::new(0));
    let loads = Arc::clone(&num_loads);
    let (drops, dropped) = bounded(8);
    let load_model =
        Box::new(move |folder: &std::path::Path, _: &ModelSettings, _: &_, _: &mut dyn FnMut(f32)| {
            loads.fetch_add(1, Ordering::SeqCst);
            let guard = Guard(drops.clone());
            let recognizer = Box::new(Puppet(move |_: &PageInput| -> Steps<'static> {
                let _held = &guard;
                Box::new(short_page().into_iter().map(Ok))
            }));
            Ok(LoadedModel { recognizer, info: model_info(folder) })
        });
    let engine = start(EngineOptions { load_model, ..every_step() });
    let document = open(&engine, png()).id;
    let settings = ModelSettings { idle_unload: Some(Duration::ZERO), ..ModelSettings::default() };
    let load = engine.submit(Job::LoadModel { folder: PathBuf::from("some/model"), settings });
    end_of(&engine, load);
    dropped.recv_timeout(PATIENCE).unwrap();
    page_of(end_of(&engine, engine.submit(Job::Recognize(recognize(document, 0, EngineChoice::Auto)))));
    assert_eq!(num_loads.load(Ordering::SeqCst), 2);
}
