//! The whole window, driven by accessibility label over a scripted engine: open, convert, boxes
//! appear, hover and select on both sides, cancel, errors, passwords, saving.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not find")]
#![expect(clippy::panic, reason = "a test may stop at what it does not expect")]
#![cfg(feature = "gui")]

#[path = "gui/bench.rs"]
mod bench;
#[path = "gui/corrections.rs"]
mod corrections;
#[path = "gui/grab.rs"]
mod grab;
#[path = "gui/models.rs"]
mod models;
#[path = "gui/readings.rs"]
mod readings;
#[path = "gui/real.rs"]
mod real;
#[path = "gui/tables.rs"]
mod tables;
#[path = "gui/trust.rs"]
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doclens::app::background::DialogRequest;
use doclens::app::state::{ConversionStatus, TextSupply};
use doclens::document::page::{PageIndex, PageSize};
use doclens::document::text_layer::{TextLayer, TextQuality};
use doclens::engine::event::{EventKind, ModelInfo, Outcome, Progress, Stage, StopReason};
use doclens::engine::job::{DocumentId, DocumentSource, Job};
use doclens::engine::user_message::UserMessage;
use doclens::markup;
use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable as _;

use bench::{Bench, MARKUP, copied, message, node, pane_text, recognition};

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

#[test]
fn the_hover_survives_the_pointer_crossing_over() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    let (title, text) = (node(&bench, "A tall tale"), node(&bench, "Once upon a time"));
    let in_pane = pane_text(&bench, "A tall tale").center();
    let on_page = bench.rect("Text: Once upon a time").center();
    for _ in 0..2 {
        bench.hover_at(in_pane);
        assert_eq!(bench.hovered(), Some(title));
        bench.hover_at(on_page);
        assert_eq!(bench.hovered(), Some(text));
    }
}

#[test]
fn escape_closes_a_menu_and_nothing_else() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    bench.press(Key::J);
    bench.click("More");
    assert!(bench.shows("Close the document"));
    bench.press(Key::Escape);
    assert!(!bench.shows("Close the document"));
    assert_eq!(bench.selected(), Some(node(&bench, "A tall tale")));
    bench.press(Key::Escape);
    assert_eq!(bench.selected(), None);
}

#[test]
fn a_prompt_has_the_keyboard_from_its_first_frame() {
    let mut bench = Bench::with_document(12);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::G);
    bench.harness.run_steps(2);
    bench.harness.event(egui::Event::Text("7".to_owned()));
    bench.harness.key_press(Key::Enter);
    bench.settle();
    assert_eq!(bench.harness.state().state().document().unwrap().current.number(), 7);
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

/// Winit on X11 takes no more input when a text field is focused before the window is.
#[test]
fn a_prompt_takes_the_focus_only_when_the_window_has_it() {
    let mut bench = Bench::new();
    bench.chosen.replace(vec![PathBuf::from("/papers/secret.pdf")]);
    bench.click("Open…");
    bench.harness.input_mut().focused = false;
    let job = bench.last_job(|job| matches!(job, Job::Open { .. }));
    bench.say(job, EventKind::Failed(UserMessage { needs_password: true, ..message("Encrypted") }));
    assert_eq!(bench.harness.ctx.memory(egui::Memory::focused), None);
    bench.harness.input_mut().focused = true;
    bench.settle();
    assert!(bench.harness.get_by_label("Password").is_focused());
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
    let (job, path, contents) = bench.saved();
    assert_eq!(path, PathBuf::from("/papers/tale.md"));
    let text = String::from_utf8(contents).unwrap();
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
        fingerprint: String::new(),
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
