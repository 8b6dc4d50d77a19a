//! Pages that a model has read are there again when the document is opened again.

use std::path::Path;
use std::sync::Arc;

use doclens::app::keeper::Keeper;
use doclens::app::state::ConversionStatus;
use doclens::document::page::PageIndex;
use doclens::engine::event::{EventKind, Outcome, PageRecognition, StopReason};
use doclens::engine::job::{EngineChoice, Job};
use doclens::engine::kept::{KeptPage, KeptPages};
use doclens::revision::ContentKey;
use egui::{Key, Modifiers};

use crate::bench::{Bench, MARKUP, recognition};
use crate::corrections::select;

const SAMPLE: &[u8] = include_bytes!("../../assets/sample.pdf");

/// A window that keeps what is read in the folder.
fn window(folder: &Path) -> Bench {
    let mut bench = Bench::new();
    let keeper = Keeper::start(folder.join("revisions"), Some(folder.join("readings"))).unwrap();
    bench.harness.state_mut().use_keeper(keeper);
    bench
}

/// A window with the sample, as it is shown when everything from before has come back.
fn window_with_sample(folder: &Path) -> Bench {
    let mut bench = window(folder);
    bench.open_sample();
    bench
}

/// Converts the page in view as a model does.
fn convert(bench: &mut Bench, markup: &str) {
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    bench.settle();
    let request = bench.requests().pop().unwrap();
    let read = recognition(request, markup, StopReason::End);
    let read = PageRecognition { engine: EngineChoice::Model, ..read.as_ref().clone() };
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(Arc::new(read))));
}

/// What the engine was asked to bring back, in order.
fn restored(bench: &Bench) -> Vec<Arc<KeptPage>> {
    let script = bench.script.borrow();
    let kept = script.jobs.iter().filter_map(|job| match job {
        Job::Restore { kept, .. } => Some(Arc::clone(kept)),
        _ => None,
    });
    kept.collect()
}

/// The engine brings a page back.
fn bring_back(bench: &mut Bench, kept: &KeptPage) {
    let job =
        bench.last_job(|job| matches!(job, Job::Restore { kept: asked, .. } if asked.page == kept.page));
    let Job::Restore { document, .. } = bench.job(job) else { unreachable!() };
    let request = doclens::engine::job::RecognizeRequest {
        document,
        page: kept.page,
        rotation: kept.rotation,
        engine: EngineChoice::Model,
        region: None,
        task: doclens::engine::job::Task::Page,
        generation: doclens::engine::job::GenerationSettings::default(),
        is_visible: false,
    };
    let read = recognition(request, &kept.markup, kept.stop_reason);
    bench.say(job, EventKind::Finished(Outcome::Recognized(read)));
}

fn kept(folder: &Path) -> KeptPages {
    KeptPages::of_document(&folder.join("readings"), ContentKey::of_bytes(SAMPLE).as_str())
}

#[test]
fn a_page_that_was_read_is_back_with_its_corrections() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = window_with_sample(folder.path());
    convert(&mut bench, MARKUP);
    select(&mut bench, "Once upon a time");
    bench.press(Key::Delete);
    // Closing the window waits until all is on the disk.
    drop(bench);

    let mut bench = window_with_sample(folder.path());
    assert!(bench.shows("Your corrections of 1 page are back"));
    let pages = restored(&bench);
    assert_eq!(pages.iter().map(|page| page.markup.as_str()).collect::<Vec<_>>(), [MARKUP]);
    bring_back(&mut bench, &pages[0]);
    assert!(bench.shows("A tall tale"));
    assert!(!bench.shows("Once upon a time"));
    // The one step is that of the hand: coming back is none.
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    bench.settle();
    assert!(bench.shows("Once upon a time"));
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    bench.settle();
    assert!(bench.shows("Nothing to undo on this page"));
}

#[test]
fn only_what_a_model_has_read_is_kept_and_the_page_in_view_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = window_with_sample(folder.path());
    bench.convert();
    drop(bench);
    assert!(kept(folder.path()).all().is_empty());

    let mut bench = window_with_sample(folder.path());
    assert!(!bench.shows("back as it was read"));
    convert(&mut bench, MARKUP);
    bench.press(Key::PageDown);
    convert(&mut bench, "<text>The second page</text>");
    drop(bench);
    assert_eq!(kept(folder.path()).all().len(), 2);

    let mut bench = window_with_sample(folder.path());
    assert!(bench.shows("2 pages are back as they were read"));
    let pages = restored(&bench);
    assert_eq!(pages.iter().map(|page| page.page).collect::<Vec<_>>(), [PageIndex(0), PageIndex(1)]);
    for page in &pages {
        bring_back(&mut bench, page);
    }
    // Nothing is left to convert.
    let document = bench.harness.state().state().document().unwrap();
    let is_done = |page: usize| {
        matches!(document.pages[page].conversion.status, ConversionStatus::Done(StopReason::End))
    };
    assert!(is_done(0) && is_done(1));
}

#[test]
fn whoever_says_no_has_nothing_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = window_with_sample(folder.path());
    convert(&mut bench, MARKUP);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    bench.settle();
    bench.click("Keep pages that were read");
    assert!(!bench.harness.state().state().settings.keeps_readings);
    bench.press(Key::Escape);
    convert(&mut bench, MARKUP);
    drop(bench);
    assert!(!folder.path().join("readings").exists());
}

#[test]
fn a_page_that_was_read_again_from_its_own_text_does_not_come_back_as_the_model_had_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = window_with_sample(folder.path());
    convert(&mut bench, MARKUP);
    bench.convert();
    drop(bench);
    assert!(kept(folder.path()).all().is_empty());
}

#[test]
fn whoever_says_yes_again_has_pages_kept_of_a_document_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = window_with_sample(folder.path());
    for keeps in [false, true] {
        bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
        bench.settle();
        bench.click("Keep pages that were read");
        assert_eq!(bench.harness.state().state().settings.keeps_readings, keeps);
        bench.press(Key::Escape);
    }
    convert(&mut bench, MARKUP);
    drop(bench);
    assert_eq!(kept(folder.path()).all().len(), 1);
}
