//! Tables leave the window: to the clipboard as HTML and text together, to a file as a workbook.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use doclens::app::background::Answer;
use doclens::document::page::PageIndex;
use doclens::engine::event::{EventKind, Outcome, StopReason};
use doclens::engine::job::Job;
use doclens::engine::trust::{CellOnPage, Origin};
use doclens::geometry::BBox;
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, copied, recognition};

#[test]
fn a_table_is_copied_as_html_and_text_together_or_as_text_alone() {
    let mut bench = Bench::with_document(1);
    bench.convert_to(
        "<doctag><otsl><loc_50><loc_80><loc_450><loc_160><ched>a<lcel><nl><fcel>1<fcel>2<nl></otsl></doctag>",
    );
    bench.click("Tables");
    bench.harness.get_by_label("Copy for a spreadsheet, spans kept: table 1").click();
    bench.harness.run_steps(1);
    assert_eq!(copied(&mut bench), "a\ta\n1\t2\n", "there is no clipboard that takes HTML");

    let taken = Rc::new(RefCell::new(None));
    let taken_in = Rc::clone(&taken);
    bench.harness.state_mut().use_clipboard(Box::new(move |copied, reply| {
        taken_in.replace(Some((copied, reply)));
    }));
    bench.click("Copy for a spreadsheet, spans kept: table 1");
    let (both, reply) = taken.take().unwrap();
    assert_eq!(both.text, "a\ta\n1\t2\n");
    assert!(both.html.unwrap().contains("<th colspan=\"2\">a</th>"));
    reply.answer(Answer::NotCopied { text: both.text });
    assert_eq!(copied(&mut bench), "a\ta\n1\t2\n", "the clipboard refused");
}

/// A click gives the page the focus, which is no reason to keep the key from the pane.
#[test]
fn a_table_that_was_clicked_on_the_page_is_copied_by_the_key() {
    let mut bench = Bench::with_document(1);
    bench.convert_to(
        "<doctag><otsl><loc_50><loc_80><loc_450><loc_160><ched>a<lcel><nl><fcel>1<fcel>2<nl></otsl></doctag>",
    );
    let page = bench.rect("Page 1");
    bench.click_at(page.min + egui::vec2(0.5, 0.24) * page.size(), egui::Modifiers::NONE);
    bench.harness.event(egui::Event::Copy);
    bench.harness.run_steps(1);
    assert_eq!(copied(&mut bench), "a\ta\n1\t2\n");
}

#[test]
fn a_table_is_saved_as_a_workbook() {
    let mut bench = Bench::with_document(1);
    bench.convert_to("<doctag><otsl><loc_50><loc_80><loc_450><loc_160><fcel>1<fcel>2<nl></otsl></doctag>");
    bench.click("Tables");
    bench.chosen.replace(vec![PathBuf::from("/papers/table.xlsx")]);
    bench.click("More ways to copy table 1");
    bench.click("Save table as Excel workbook…");
    let Job::Save { path, contents } = bench.job(bench.last_job(|job| matches!(job, Job::Save { .. })))
    else {
        panic!()
    };
    assert_eq!(path, PathBuf::from("/papers/table.xlsx"));
    assert!(contents.starts_with(b"PK"));
}

/// A table whose cells stand on the page, where one of them was read otherwise.
#[test]
fn cells_are_shown_on_the_page_and_taken_from_its_own_text() {
    const MARKUP: &str = "<doctag><otsl><loc_50><loc_80><loc_450><loc_160>\
        <fcel>Tea<fcel>12.S0<nl><fcel>Milk<fcel>2.00<nl></otsl></doctag>";
    let on_page = |text: &str, left: f64, top: f64, is_as_read| {
        let bbox = BBox { left, top, right: left + 0.2, bottom: top + 0.05 };
        Some(CellOnPage { bbox, text: text.to_owned(), is_as_read })
    };
    let mut bench = Bench::with_document(1);
    bench.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    bench.settle();
    let mut read = (*recognition(bench.requests().pop().unwrap(), MARKUP, StopReason::End)).clone();
    read.trust[0].cells = vec![
        on_page("Tea", 0.15, 0.18, true),
        on_page("12.50", 0.6, 0.18, false),
        on_page("Milk", 0.15, 0.26, true),
        on_page("2.00", 0.6, 0.26, true),
    ];
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(Arc::new(read))));

    let hovered = |bench: &Bench| bench.harness.state().state().document().unwrap().hovered_cell;
    let page = bench.rect("Page 1");
    bench.hover_at(page.min + egui::vec2(0.7, 0.2) * page.size());
    bench.settle();
    assert_eq!(hovered(&bench).map(|(_, cell)| cell), Some(1), "from the page");
    bench.hover_at(page.min + egui::vec2(0.45, 0.24) * page.size());
    bench.settle();
    assert_eq!(hovered(&bench), None, "between the cells");
    bench.click("Tables");
    let cell = bench.rect("Milk");
    bench.hover_at(cell.center());
    bench.settle();
    assert_eq!(hovered(&bench).map(|(_, cell)| cell), Some(2), "from the table");

    bench.click_at(page.min + egui::vec2(0.5, 0.24) * page.size(), egui::Modifiers::NONE);
    assert!(bench.shows("1 cell differs from the page's own text"));
    bench.press(egui::Key::U);
    let document = bench.harness.state().state().document().unwrap();
    let conversion = &document.page(PageIndex(0)).unwrap().conversion;
    assert!(conversion.markup.contains("<fcel>12.50"), "{}", conversion.markup);
    let (id, _) = conversion.tree.as_ref().unwrap().nodes().next().unwrap();
    let trust = conversion.trust(id).unwrap();
    assert_eq!(trust.origin, Origin::TextLayer);
    assert!(trust.cells.iter().flatten().all(|cell| cell.is_as_read), "still on the page: {:?}", trust.cells);
}
