//! The heat map, the review list and the keys that go through it.

use std::path::PathBuf;

use doclens::app::background::DialogRequest;
use doclens::document::page::PageIndex;
use doclens::engine::event::{EventKind, Outcome, StopReason};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, node, recognition};

/// The second paragraph is closed by another name: a repair.
const FAULTY: &str = "<doctag><text><loc_50><loc_40><loc_450><loc_60>Fine</text>\
<text><loc_50><loc_80><loc_450><loc_160>Mended</caption>\
<text><loc_50><loc_180><loc_450><loc_200>Fine again</text></doctag>";

#[test]
fn n_goes_through_what_is_doubted_over_all_pages() {
    let mut bench = Bench::with_document(2);
    bench.press(Key::N);
    assert!(bench.shows("Nothing is doubted on the converted pages"));
    bench.convert_to(FAULTY);
    let first = node(&bench, "Mended");
    bench.press(Key::PageDown);
    bench.convert_to(FAULTY);
    let second = node(&bench, "Mended");
    assert_ne!(first.page, second.page);
    bench.press(Key::N);
    assert_eq!(bench.selected(), Some(second), "from the page in view on");
    bench.press(Key::N);
    assert_eq!(bench.selected(), Some(first), "round again");
    bench.harness.key_press_modifiers(Modifiers::SHIFT, Key::N);
    bench.settle();
    assert_eq!(bench.selected(), Some(second));
    assert_eq!(bench.harness.state().state().document().unwrap().current, PageIndex(1));
}

#[test]
fn the_review_list_shows_why_and_leads_to_the_place() {
    let mut bench = Bench::with_document(2);
    bench.convert_to(FAULTY);
    let mended = node(&bench, "Mended");
    bench.press(Key::PageDown);
    bench.click("Review");
    assert!(bench.shows("1 element to look at"), "also from a page that is not converted");
    let row = bench.harness.query_all_by_label_contains("Page 1, Text: Mended: ").next().unwrap();
    row.click();
    bench.settle();
    assert_eq!(bench.selected(), Some(mended));
}

#[test]
fn the_heat_map_counts_the_levels_of_the_page() {
    let mut bench = Bench::with_document(1);
    bench.convert_to(FAULTY);
    bench.press(Key::H);
    for words in ["No doubt 2", "Worth a look 1", "Doubtful 0"] {
        assert!(bench.shows(words), "{words}");
    }
    bench.press(Key::H);
    assert!(!bench.shows("Worth a look"));
}

#[test]
fn a_page_that_was_cut_off_is_doubted_at_its_end() {
    let mut bench = Bench::with_document(1);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    bench.settle();
    let request = bench.requests().pop().unwrap();
    let read = recognition(request, "<doctag><text>one</text><text>tw", StopReason::TokenLimit);
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(read)));
    bench.click("Review");
    assert!(bench.shows("The page ended here at the token limit"));
}

#[test]
fn the_trust_report_is_saved() {
    let mut bench = Bench::with_document(1);
    bench.convert_to(FAULTY);
    bench.chosen.replace(vec![PathBuf::from("/papers/tale.trust.json")]);
    bench.click("Save as…");
    bench.click("Trust report (JSON)…");
    let asked = bench.asked.borrow().last().cloned();
    assert!(matches!(asked, Some(DialogRequest::Save { file_name, .. }) if file_name == "tale.trust.json"));
    let (_, path, contents) = bench.saved();
    assert_eq!(path, PathBuf::from("/papers/tale.trust.json"));
    assert!(String::from_utf8_lossy(&contents).contains("\"schema\": \"doclens-trust/1\""));
}
