//! A model is offered, fetched, used and removed.

use std::path::PathBuf;
use std::sync::Arc;

use doclens::app::state::ModelState;
use doclens::document::page::PageSize;
use doclens::engine::event::{DocumentInfo, EventKind, ModelInfo, Outcome};
use doclens::engine::job::{DocumentId, EngineChoice, Job};
use doclens::engine::model_library::{
    DownloadProgress, FileProgress, InstalledModel, ModelEntry, ModelOrigin, Verification,
};
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, message};

const FOLDER: &str = "/models/tiny";

fn entry() -> ModelEntry {
    ModelEntry {
        id: "tiny".to_owned(),
        name: "Tiny".to_owned(),
        summary: "Reads small pages".to_owned(),
        languages: vec!["English".to_owned()],
        licence: "MIT".to_owned(),
        num_parameters: 256_000_000,
        download_bytes: 517_000_000,
        is_default: true,
        installed: None,
        unfinished_bytes: 0,
    }
}

fn installed(origin: ModelOrigin) -> ModelEntry {
    let installed = InstalledModel {
        folder: PathBuf::from(FOLDER),
        origin,
        size_bytes: 517_000_000,
        revision: Some("main".to_owned()),
        problem: None,
    };
    ModelEntry { installed: Some(installed), ..entry() }
}

fn progress(done_bytes: u64) -> EventKind {
    let file =
        FileProgress { path: "model.safetensors".to_owned(), done_bytes, size_bytes: Some(517_000_000) };
    EventKind::Downloading(Arc::new(DownloadProgress {
        files: vec![file],
        done_bytes,
        total_bytes: 517_000_000,
        bytes_per_sec: Some(8.2e6),
        remaining: Some(std::time::Duration::from_secs(40)),
        failed_tries: 0,
    }))
}

/// A window that has looked for models.
fn listed(mut bench: Bench, entries: Vec<ModelEntry>) -> Bench {
    bench.harness.state_mut().load_model_at_start(None);
    bench.settle();
    list(&mut bench, entries);
    bench
}

fn list(bench: &mut Bench, entries: Vec<ModelEntry>) {
    let job = bench.last_job(|job| matches!(job, Job::ListModels { .. }));
    bench.say(job, EventKind::Finished(Outcome::ModelsListed(entries.into())));
}

fn downloads(bench: &Bench) -> usize {
    bench.script.borrow().jobs.iter().filter(|job| matches!(job, Job::DownloadModel { .. })).count()
}

fn load(bench: &mut Bench) {
    let job = bench.last_job(|job| matches!(job, Job::LoadModel { .. }));
    let info = ModelInfo {
        name: "Tiny".to_owned(),
        folder: PathBuf::from(FOLDER),
        num_parameters: 256_000_000,
        device: "CPU".to_owned(),
        dtype: "f32".to_owned(),
        fallback: None,
        fingerprint: String::new(),
        load_time: std::time::Duration::from_secs(1),
    };
    bench.say(job, EventKind::Finished(Outcome::ModelLoaded(Arc::new(info))));
}

#[test]
fn nothing_is_downloaded_before_the_users_yes_and_the_page_in_view_is_read_after_it() {
    let mut bench = listed(Bench::with_document(2), vec![entry()]);
    assert!(bench.shows("Tiny reads scans, tables, formulas and code"));
    assert_eq!(downloads(&bench), 0);
    bench.click("Download 517 MB");
    let job = bench.last_job(|job| matches!(job, Job::DownloadModel { name } if name == "tiny"));
    bench.say(job, progress(212_000_000));
    assert!(bench.shows("212 MB of 517 MB · 8.2 MB/s · about 40 s left"));
    let folder = PathBuf::from(FOLDER);
    bench.say(job, EventKind::Finished(Outcome::ModelDownloaded { name: "tiny".to_owned(), folder }));
    list(&mut bench, vec![installed(ModelOrigin::Downloaded)]);
    load(&mut bench);
    assert!(!bench.shows("Downloading Tiny"));
    assert_eq!(bench.requests().len(), 1, "the page that was in view is converted");
}

#[test]
fn a_download_is_paused_gone_on_with_and_discarded() {
    let mut bench = listed(Bench::new(), vec![entry()]);
    bench.click("Download 517 MB");
    let job = bench.last_job(|job| matches!(job, Job::DownloadModel { .. }));
    bench.say(job, progress(100_000_000));
    bench.click("Pause");
    assert_eq!(bench.script.borrow().cancelled, [job]);
    bench.say(job, EventKind::Cancelled);
    assert!(bench.shows("Download of Tiny paused") && bench.shows("100 MB of 517 MB"));
    bench.click("Go on");
    assert_eq!(downloads(&bench), 2);
    bench.click("Cancel");
    let job = bench.last_job(|job| matches!(job, Job::DownloadModel { .. }));
    bench.say(job, EventKind::Cancelled);
    bench.last_job(|job| matches!(job, Job::RemoveModel { name } if name == "tiny"));
    assert!(bench.shows("Download 517 MB"), "it is offered again");
}

#[test]
fn a_failed_download_says_why_and_can_be_tried_again() {
    let mut bench = listed(Bench::new(), vec![entry()]);
    bench.click("Download 517 MB");
    let job = bench.last_job(|job| matches!(job, Job::DownloadModel { .. }));
    bench.say(job, EventKind::Failed(message("The connection broke")));
    assert!(bench.shows("The connection broke") && bench.shows("Try another one"));
    bench.click("Try again");
    assert_eq!(downloads(&bench), 2);
    let job = bench.last_job(|job| matches!(job, Job::DownloadModel { .. }));
    bench.say(job, EventKind::Failed(message("No network")));
    bench.click("Discard");
    let has_removed = bench.script.borrow().jobs.iter().any(|job| matches!(job, Job::RemoveModel { .. }));
    assert!(!has_removed && bench.shows("Download 517 MB"), "nothing had come, so nothing is removed");
}

#[test]
fn the_offer_goes_when_it_is_declined_or_a_model_is_here() {
    let mut bench = listed(Bench::new(), vec![entry()]);
    bench.click("Do not offer this again");
    assert!(!bench.shows("Tiny reads scans"));
    let bench = listed(Bench::new(), vec![installed(ModelOrigin::HubCache)]);
    assert!(!bench.shows("Tiny reads scans"));
    assert!(matches!(bench.harness.state().state().model, ModelState::Loading { .. }), "it is used at once");
}

#[test]
fn the_manager_verifies_switches_and_removes_after_asking() {
    let mut bench = listed(Bench::with_document(1), vec![installed(ModelOrigin::Downloaded)]);
    load(&mut bench);
    bench.click("Engine: Tiny");
    bench.click("Models…");
    list(&mut bench, vec![installed(ModelOrigin::Downloaded)]);
    assert!(bench.shows("in use") && bench.shows("Computes on CPU in f32"));
    bench.click("Verify");
    let job = bench.last_job(|job| matches!(job, Job::VerifyModel { .. }));
    let verification =
        Verification { published: vec!["model.safetensors".to_owned()], ..Verification::default() };
    let folder = PathBuf::from(FOLDER);
    bench.say(job, EventKind::Finished(Outcome::ModelVerified { folder, verification }));
    assert!(bench.shows("Verified: all 1 files are as published"));
    bench.click("Remove…");
    let is_removal = |job: &Job| matches!(job, Job::RemoveModel { .. });
    assert!(!bench.script.borrow().jobs.iter().any(is_removal), "it asks first");
    bench.click("Remove");
    bench.last_job(is_removal);
    bench.last_job(|job| matches!(job, Job::UnloadModel));
}

#[test]
fn another_model_is_fetched_by_its_repository() {
    let mut bench = listed(Bench::with_document(1), vec![installed(ModelOrigin::HubCache)]);
    load(&mut bench);
    bench.click("Engine: Tiny");
    bench.click("Models…");
    let field = bench.harness.get_by_label("Repository on the hub");
    field.focus();
    bench.settle();
    bench.harness.get_by_label("Repository on the hub").type_text("someone/other");
    bench.settle();
    bench.click("Download");
    bench.last_job(|job| matches!(job, Job::DownloadModel { name } if name == "someone/other"));
}

fn pocket() -> ModelEntry {
    ModelEntry {
        id: "pocket".to_owned(),
        name: "Pocket (demonstration)".to_owned(),
        is_default: false,
        ..installed(ModelOrigin::Carried)
    }
}

/// Opens a document that came as bytes under a name.
fn open_bytes(bench: &mut Bench, number: u64, name: &str) {
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    let info = DocumentInfo {
        id: DocumentId(number),
        name: name.to_owned(),
        path: None,
        page_sizes: vec![PageSize { width_pt: 384.0, height_pt: 512.0 }],
        title: None,
        is_image: true,
    };
    bench.say(job, EventKind::Finished(Outcome::Opened(Arc::new(info))));
}

#[test]
fn the_carried_model_reads_the_sample_scan_and_no_other_page_unasked() {
    let mut bench = listed(Bench::new(), vec![entry(), pocket()]);
    bench.click("Try a scan");
    open_bytes(&mut bench, 1, "sample-scan.png");
    assert!(!bench.script.borrow().jobs.iter().any(|job| matches!(job, Job::LoadModel { .. })));
    bench.click("Convert this page");
    load(&mut bench);
    assert_eq!(bench.requests().last().unwrap().engine, EngineChoice::Auto);
    assert_eq!(bench.harness.state().state().settings.model_folder, None, "it is not remembered");

    bench.chosen.replace(vec![PathBuf::from("/papers/mine.png")]);
    bench.click("Open…");
    open_bytes(&mut bench, 2, "mine.png");
    assert!(bench.shows("This page has no text of its own"));
    bench.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    bench.settle();
    assert_eq!(bench.requests().last().unwrap().engine, EngineChoice::TextLayer);
}
