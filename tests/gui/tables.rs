//! Tables leave the window: to the clipboard as HTML and text together, to a file as a workbook.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use doclens::app::background::Answer;
use doclens::engine::job::Job;
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, copied};

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
