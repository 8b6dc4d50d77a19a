//! Correcting a page by keys, by the strip below the pane and by the mouse, and having it back.

use std::path::PathBuf;
use std::sync::Arc;

use doclens::app::keeper::Keeper;
use doclens::document::page::PageIndex;
use doclens::engine::event::{EventKind, Outcome, StopReason};
use doclens::engine::job::{Job, JobId};
use doclens::engine::trust::Origin;
use doclens::markup::location::grid_from_page;
use doclens::markup::{DocTree, NodeKind};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, message, node, recognition};

const PAGE: &str = "<doctag><section_header_level_1><loc_50><loc_40><loc_450><loc_60>A tall tale</section_header_level_1>\
<text><loc_50><loc_80><loc_450><loc_160>Once upon a tirne</text>\
<text><loc_50><loc_170><loc_450><loc_200>there was a king</text>\
<otsl><loc_50><loc_210><loc_450><loc_300><ched>a<ched>b<nl><fcel>1<fcel>2<nl></otsl></doctag>";

fn read() -> Bench {
    let mut bench = Bench::with_document(1);
    bench.convert_to(PAGE);
    bench
}

fn tree(bench: &Bench) -> Arc<DocTree> {
    let (_, entry) = bench.harness.state().state().page().unwrap();
    Arc::clone(entry.conversion.tree.as_ref().unwrap())
}

/// Kind and text of each element, in reading order.
fn outline(bench: &Bench) -> Vec<String> {
    let tree = tree(bench);
    let line = |id| {
        let node = tree.node(id);
        match &node.kind {
            NodeKind::Table { grid, .. } => {
                let cells: Vec<_> = grid.cells.iter().map(|cell| cell.text.as_str()).collect();
                format!("Table: {}", cells.join("|"))
            }
            kind => format!("{}: {}", kind.label().words(), node.text),
        }
    };
    tree.reading_order().into_iter().map(line).collect()
}

pub(crate) fn select(bench: &mut Bench, text: &str) {
    let wanted = node(bench, text);
    for _ in 0..9 {
        if bench.selected() == Some(wanted) {
            return;
        }
        bench.press(Key::J);
    }
    panic!("{text} is not reached");
}

fn key(bench: &mut Bench, modifiers: Modifiers, key: Key) {
    bench.harness.key_press_modifiers(modifiers, key);
    bench.settle();
}

#[test]
fn a_text_is_corrected_undone_and_made_again_without_the_mouse() {
    let mut bench = read();
    let before = outline(&bench);
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::E);
    key(&mut bench, Modifiers::COMMAND, Key::A);
    bench.harness.event(Event::Text("Once upon a time".to_owned()));
    bench.settle();
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    assert_eq!(outline(&bench)[1], "Text: Once upon a time");
    assert_eq!(bench.selected(), Some(node(&bench, "Once upon a time")), "it stays selected");
    assert_eq!(bench.requests().len(), 1, "Ctrl+Enter in the text converts nothing");
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert_eq!(outline(&bench), before);
    key(&mut bench, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(outline(&bench)[1], "Text: Once upon a time");
    let conversion = &bench.harness.state().state().page().unwrap().1.conversion;
    let trust = conversion.trust(node(&bench, "Once upon a time").node).unwrap();
    assert_eq!((trust.origin, trust.doubts.len()), (Origin::Edited, 0));
    assert_eq!(conversion.trust(node(&bench, "there was a king").node).unwrap().origin, Origin::Model);
}

#[test]
fn escape_drops_what_was_typed() {
    let mut bench = read();
    let before = outline(&bench);
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::E);
    bench.harness.event(Event::Text("xyz".to_owned()));
    bench.settle();
    bench.press(Key::Escape);
    bench.settle();
    assert_eq!(outline(&bench), before);
}

#[test]
fn keys_relabel_move_merge_and_delete() {
    let mut bench = read();
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::M);
    assert_eq!(outline(&bench)[1], "Text: Once upon a tirne there was a king");
    bench.press(Key::Num1);
    assert_eq!(outline(&bench)[1], "Title: Once upon a tirne there was a king");
    key(&mut bench, Modifiers::ALT, Key::ArrowUp);
    assert_eq!(outline(&bench)[0], "Title: Once upon a tirne there was a king");
    key(&mut bench, Modifiers::ALT, Key::ArrowDown);
    key(&mut bench, Modifiers::ALT, Key::ArrowDown);
    assert_eq!(outline(&bench)[2], "Title: Once upon a tirne there was a king");
    bench.press(Key::Num4);
    assert_eq!(outline(&bench)[3], "List item: Once upon a tirne there was a king");
    bench.press(Key::Delete);
    assert_eq!(outline(&bench), ["Section header: A tall tale", "Table: a|b|1|2"]);
    for _ in 0..7 {
        key(&mut bench, Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(tree(&bench), Arc::new(doclens::markup::parse(PAGE)));
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert!(bench.shows("Nothing to undo on this page"));
}

#[test]
fn cells_are_corrected_where_they_are_selected() {
    let mut bench = read();
    bench.click("Tables");
    let cell = bench.harness.get_all_by_label("2").map(|node| node.rect()).next_back().unwrap();
    bench.click_at(cell.center(), Modifiers::NONE);
    bench.press(Key::E);
    key(&mut bench, Modifiers::COMMAND, Key::A);
    bench.harness.event(Event::Text("3.5".to_owned()));
    bench.settle();
    bench.press(Key::Enter);
    assert_eq!(outline(&bench).last().unwrap(), "Table: a|b|1|3.5");
    bench.click("+ Row");
    assert_eq!(outline(&bench).last().unwrap(), "Table: a|b|1|3.5||");
    bench.click("Header");
    bench.click("− Column");
    assert_eq!(outline(&bench).last().unwrap(), "Table: a|1|");
}

fn drag(bench: &mut Bench, from: Pos2, to: Pos2) {
    let modifiers = Modifiers::NONE;
    let button =
        |pos, pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
    bench.hover_at(from);
    for event in [
        button(from, true),
        Event::PointerMoved(from.lerp(to, 0.5)),
        Event::PointerMoved(to),
        button(to, false),
    ] {
        bench.harness.event(event);
        bench.harness.run_steps(1);
    }
    bench.settle();
}

#[test]
fn a_handle_resizes_the_frame_moves_and_a_drawn_box_is_a_new_element() {
    let mut bench = read();
    select(&mut bench, "there was a king");
    let page = bench.rect("Page 1");
    let at = |x: f32, y: f32| page.min + vec2(x / 500.0, y / 500.0) * page.size();
    drag(&mut bench, at(450.0, 200.0), at(400.0, 205.0));
    let steps =
        |bench: &Bench, text: &str| grid_from_page(&tree(bench).node(node(bench, text).node).bbox.unwrap());
    assert_eq!(steps(&bench, "there was a king"), [50, 170, 400, 205]);
    drag(&mut bench, at(130.0, 170.0), at(140.0, 180.0));
    assert_eq!(steps(&bench, "there was a king"), [60, 180, 410, 215]);
    key(&mut bench, Modifiers::COMMAND, Key::ArrowLeft);
    assert_eq!(steps(&bench, "there was a king"), [58, 180, 408, 215]);

    bench.press(Key::D);
    drag(&mut bench, at(50.0, 320.0), at(250.0, 340.0));
    assert_eq!(outline(&bench).last().unwrap(), "Text: ");
    bench.press(Key::E);
    bench.harness.event(Event::Text("The end".to_owned()));
    bench.settle();
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    assert_eq!(steps(&bench, "The end"), [50, 320, 250, 340]);
    drag(&mut bench, at(300.0, 400.0), at(300.0, 420.0));
    assert_eq!(outline(&bench).len(), 5, "one drag draws one element");
}

#[test]
fn exports_and_the_trust_report_have_the_corrected_page() {
    let mut bench = read();
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::Delete);
    select(&mut bench, "there was a king");
    bench.press(Key::Num6);
    bench.chosen.replace(vec!["/papers/tale.trust.json".into()]);
    bench.click("Save as…");
    bench.click("Trust report (JSON)…");
    let (_, _, contents) = bench.saved();
    let report: serde_json::Value = serde_json::from_slice(&contents).unwrap();
    let elements = report["pages"][0]["elements"].as_array().unwrap();
    let origins: Vec<_> = elements.iter().map(|element| element["origin"].as_str().unwrap()).collect();
    assert_eq!(origins, ["model", "edited", "model"]);
    bench.script.borrow_mut().jobs.clear();
    bench.chosen.replace(vec!["/papers/tale.dt".into()]);
    bench.click("Save as…");
    bench.click("DocTags…");
    let (_, _, contents) = bench.saved();
    let saved = String::from_utf8(contents).unwrap();
    assert!(saved.contains("<footnote>") && !saved.contains("tirne"), "{saved}");
}

#[test]
fn a_text_that_would_be_read_as_tags_is_refused() {
    let mut bench = read();
    let before = outline(&bench);
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::E);
    bench.harness.event(Event::Text("</text><otsl>".to_owned()));
    bench.settle();
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    assert_eq!(outline(&bench), before);
    assert!(bench.shows("DocTags cannot say this"));
}

#[test]
fn converting_again_can_be_undone() {
    let mut bench = read();
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::Delete);
    let corrected = tree(&bench);
    bench.convert_to(PAGE);
    assert_eq!(outline(&bench).len(), 4);
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert_eq!(tree(&bench), corrected);
    // Stopped before it came to anything.
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    bench.say(bench.conversion(), EventKind::Started);
    bench.say(bench.conversion(), EventKind::Cancelled);
    assert_eq!(tree(&bench), corrected);
}

#[test]
fn a_doubted_element_is_accepted_and_the_next_one_selected() {
    let mut bench = Bench::with_document(1);
    let wrong = "<otsl><ched>a<ched>b<nl><fcel>x<fcel>1<nl><fcel>y<fcel>2<nl><fcel>Total<fcel>9<nl></otsl>";
    bench.convert_to(&format!("<doctag><text>fine</text>{wrong}{wrong}</doctag>"));
    let doubted = |bench: &Bench| bench.harness.state().state().document().unwrap().doubted().count();
    let selected = |bench: &Bench| bench.selected().unwrap().node.index();
    assert_eq!(doubted(&bench), 2);
    bench.press(Key::A);
    assert_eq!((doubted(&bench), selected(&bench)), (2, 1), "first it goes there");
    bench.press(Key::A);
    assert_eq!((doubted(&bench), selected(&bench)), (1, 2));
    bench.press(Key::A);
    assert_eq!(doubted(&bench), 0);
    assert!(bench.shows("Nothing is doubted"));
}

#[test]
fn the_page_s_own_text_is_shown_beside_what_was_read_and_taken_by_a_key() {
    let mut bench = read();
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    bench.settle();
    let mut again = (*recognition(bench.requests().pop().unwrap(), PAGE, StopReason::End)).clone();
    again.trust[1].own_text = Some("Once upon a time".to_owned());
    again.trust[2].own_text = Some("there was a queen".to_owned());
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(Arc::new(again))));
    select(&mut bench, "Once upon a tirne");
    assert!(bench.shows("On the page: Once upon a time"));
    bench.press(Key::U);
    assert_eq!(outline(&bench)[1], "Text: Once upon a time");
    assert!(!bench.shows("On the page:"));
    assert!(bench.shows("As read: Once upon a tirne"));
    let conversion = &bench.harness.state().state().page().unwrap().1.conversion;
    let trust = conversion.trust(node(&bench, "Once upon a time").node).unwrap();
    assert_eq!(trust.origin, Origin::TextLayer);
    key(&mut bench, Modifiers::SHIFT, Key::U);
    assert_eq!(outline(&bench)[2], "Text: there was a queen");
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert_eq!(outline(&bench)[1], "Text: Once upon a tirne");
}

/// Whose characters a page shows is chosen for all of it, in one step, and leaves what a hand has written.
#[test]
fn the_characters_of_a_page_are_chosen() {
    let mut bench = read();
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    bench.settle();
    let mut again = (*recognition(bench.requests().pop().unwrap(), PAGE, StopReason::End)).clone();
    let own = [(0.9, "A taII tale"), (0.95, "Once upon a time"), (0.1, "something else")];
    for (trust, (agreement, text)) in again.trust.iter_mut().zip(own) {
        (trust.agreement, trust.own_text) = (Some(agreement), Some(text.to_owned()));
    }
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(Arc::new(again))));
    let read = outline(&bench);
    // A hand writes the first element.
    select(&mut bench, "A tall tale");
    bench.press(Key::E);
    key(&mut bench, Modifiers::COMMAND, Key::A);
    bench.harness.event(Event::Text("By hand".to_owned()));
    bench.settle();
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    let by_hand = outline(&bench);

    let choose = |bench: &mut Bench, choice: &str, scope: usize| {
        bench.click("More ways to convert");
        bench.click("Characters of pages");
        let heading = bench.rect("On this page");
        let in_menu = |rect: &egui::Rect| {
            rect.top() > heading.top() && rect.intersects(heading.expand2(vec2(0.0, 400.0)))
        };
        let entries: Vec<Pos2> = bench
            .harness
            .query_all_by_label(choice)
            .map(|entry| entry.rect())
            .filter(in_menu)
            .map(|rect| rect.center())
            .collect();
        bench.click_at(entries[scope], Modifiers::NONE);
    };
    choose(&mut bench, "Automatic", 0);
    assert!(bench.shows("1 text is now as in the page's own text"));
    let outlined = outline(&bench);
    assert_eq!(outlined[0], by_hand[0]);
    assert_eq!(outlined[1], "Text: Once upon a time");
    assert_eq!(outlined[2], read[2]);
    choose(&mut bench, "Text layer", 1);
    assert_eq!(outline(&bench)[1..3], ["Text: Once upon a time", "Text: something else"]);
    choose(&mut bench, "Model", 0);
    assert!(bench.shows("2 texts are now as in what the model read"));
    assert_eq!(outline(&bench), by_hand);
    choose(&mut bench, "Model", 1);
    assert!(bench.shows("Nothing else is to be had from what the model read"));
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert_eq!(outline(&bench)[1..3], ["Text: Once upon a time", "Text: something else"]);
    // For one element a hand's work is given up, too.
    select(&mut bench, "By hand");
    bench.click("Characters: Model");
    assert_eq!(outline(&bench)[0], read[0]);
}

#[test]
fn corrections_are_back_when_the_document_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let keeping = || {
        let mut bench = Bench::new();
        bench.harness.state_mut().use_keeper(Keeper::start(folder.path().to_owned(), None).unwrap());
        bench.open_sample();
        bench
    };
    let mut bench = keeping();
    bench.convert_to(PAGE);
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::Delete);
    select(&mut bench, "there was a king");
    bench.press(Key::Num2);
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    let corrected = tree(&bench);
    // Closing the window waits until all is on the disk.
    drop(bench);

    let mut bench = keeping();
    assert!(bench.shows("Your corrections of 1 page are back"));
    assert_eq!(tree(&bench), corrected);
    key(&mut bench, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(outline(&bench)[1], "Section header: there was a king");
    for _ in 0..2 {
        key(&mut bench, Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(outline(&bench).len(), 4);

    // A second window on the same document works, and says that it keeps nothing.
    let mut second = Bench::new();
    second.harness.state_mut().use_keeper(Keeper::start(folder.path().to_owned(), None).unwrap());
    second.open_sample();
    assert!(second.shows("Corrections of this document cannot be kept"));
    second.convert_to(PAGE);
    select(&mut second, "Once upon a tirne");
    second.press(Key::Delete);
    assert_eq!(outline(&second).len(), 3);
}

#[test]
fn a_page_that_is_being_converted_is_not_changed() {
    let mut bench = read();
    select(&mut bench, "Once upon a tirne");
    key(&mut bench, Modifiers::COMMAND, Key::Enter);
    bench.press(Key::Delete);
    assert!(bench.shows("This page is not converted yet"));
    assert_eq!(outline(&bench).len(), 4);
    let request = bench.requests().pop().unwrap();
    assert_eq!(request.page, PageIndex(0));
    let read = recognition(request, PAGE, StopReason::End);
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(read)));
}

#[test]
fn a_reading_is_scored_against_its_corrections_until_something_changes() {
    let mut bench = Bench::with_document(1);
    bench.convert_to(PAGE);
    bench.click("Review");
    assert!(!bench.shows("Score the reading"), "nothing is corrected");
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::Delete);
    bench.click("Score the reading");
    while bench.harness.state().state().document().unwrap().corrections.score().is_none() {
        std::thread::yield_now();
        bench.settle();
    }
    assert!(bench.shows("1 corrected page"));
    assert!(bench.shows("Edit distance"));
    let score = *bench.harness.state().state().document().unwrap().corrections.score().unwrap();
    assert!(score.edit_distance.unwrap() > 0.1 && score.box_f1_50.unwrap() < 1.0, "{score:?}");
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    bench.settle();
    assert!(!bench.shows("Edit distance"), "it is of another page now");
}

#[test]
fn corrected_pages_are_saved_as_ground_truth() {
    let mut bench = Bench::with_document(2);
    bench.convert_to(PAGE);
    select(&mut bench, "Once upon a tirne");
    bench.press(Key::Delete);
    bench.click("Review");
    bench.chosen.replace(vec![PathBuf::from("/papers/truth")]);
    bench.click("Save as ground truth…");
    let written = |bench: &Bench| -> Vec<(JobId, PathBuf)> {
        let script = bench.script.borrow();
        let files = script.jobs.iter().zip(1..).filter_map(|(job, id)| match job {
            Job::Save { path, .. } | Job::SavePageImage { path, .. } => Some((JobId(id), path.clone())),
            _ => None,
        });
        files.collect()
    };
    while written(&bench).is_empty() {
        std::thread::yield_now();
        bench.settle();
    }
    let files = written(&bench);
    let names = ["page-0001.png", "page-0001.dt", "page-0001.json", "coco.json"];
    let expected = names.map(|name| PathBuf::from("/papers/truth").join(name));
    assert_eq!(files.iter().map(|(_, path)| path.clone()).collect::<Vec<_>>(), expected);
    let Job::Save { contents, .. } = bench.job(files[1].0) else { panic!("no DocTags") };
    let doctags = String::from_utf8(contents.to_vec()).unwrap();
    assert!(doctags.contains("A tall tale") && !doctags.contains("tirne"), "{doctags}");
    for (job, path) in files {
        assert!(!bench.shows("Saved"), "not all is there");
        bench.say(job, EventKind::Finished(Outcome::Saved(path)));
    }
    assert!(bench.shows("Saved 1 corrected page"));

    // One file that cannot be written is told of, once.
    bench.click("Save as ground truth…");
    while written(&bench).len() < 8 {
        std::thread::yield_now();
        bench.settle();
    }
    let files = written(&bench);
    for (job, path) in &files[4..] {
        bench.say(*job, EventKind::Failed(message(&format!("No room for {}", path.display()))));
    }
    assert!(bench.shows("No room for /papers/truth/page-0001.png"));
    assert!(!bench.shows("No room for /papers/truth/coco.json"), "the same reason a second time");
}

#[test]
fn a_block_is_dragged_to_another_place() {
    let mut bench = read();
    let place = |bench: &Bench, text: &str| {
        let nodes: Vec<_> = bench.harness.query_all_by_label_contains(text).collect();
        nodes.iter().map(egui_kittest::Node::rect).max_by(|a, b| a.left().total_cmp(&b.left())).unwrap()
    };
    let (heading, king) = (place(&bench, "A tall tale"), place(&bench, "there was a king"));
    assert!(bench.harness.query_by_label_contains("Move: ").is_none(), "nothing is under the pointer");
    bench.hover_at(king.center());
    let grip = bench.harness.get_by_label("Move: there was a king").rect();
    drag(&mut bench, grip.center(), heading.center_top());
    let order: Vec<String> = outline(&bench);
    assert!(order[0].contains("there was a king") && order[1].contains("A tall tale"), "{order:?}");
    key(&mut bench, Modifiers::COMMAND, Key::Z);
    assert!(outline(&bench)[0].contains("A tall tale"));

    // Below the last block, which is a table, is the end of the page; the page itself is no place.
    for (to, position) in
        [(Pos2::new(king.center().x, king.bottom() + 300.0), 3), (Pos2::new(300.0, 300.0), 2)]
    {
        bench.hover_at(king.center());
        let grip = bench.harness.get_by_label("Move: there was a king").rect();
        drag(&mut bench, grip.center(), to);
        let order = outline(&bench);
        assert!(order[position].contains("there was a king"), "{order:?}");
        if position == 3 {
            key(&mut bench, Modifiers::COMMAND, Key::Z);
        }
    }
}
