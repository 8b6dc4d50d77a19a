//! Trust of whole pages: what is read right is not doubted, what is read wrong is.

use std::sync::Arc;

use doclens::engine::event::PageRecognition;
use doclens::engine::job::EngineChoice;
use doclens::engine::scripted::ScriptedRecognizer;
use doclens::engine::trust::{Doubt, LEAST_AGREEMENT};
use doclens::engine::{Engine, Job};
use doclens::markup::NodeKind;

use crate::support::*;

/// A page of the sample, read from its own text.
fn by_text_layer(page: usize) -> Arc<PageRecognition> {
    let engine = start(with_recognizer(ScriptedRecognizer::new("none", "")));
    read(&engine, page, EngineChoice::TextLayer)
}

/// The same page, as if a model had written this.
fn by_model(page: usize, markup: &str) -> Arc<PageRecognition> {
    read(&start(with_recognizer(ScriptedRecognizer::new("model", markup))), page, EngineChoice::Model)
}

fn read(engine: &Engine, page: usize, choice: EngineChoice) -> Arc<PageRecognition> {
    let document = open(engine, sample_pdf());
    page_of(end_of(engine, engine.submit(Job::Recognize(recognize(document.id, page, choice)))))
}

fn num_pages() -> usize {
    let engine = start(with_recognizer(ScriptedRecognizer::new("none", "")));
    open(&engine, sample_pdf()).page_sizes.len()
}

#[test]
fn right_readings_are_not_doubted() {
    let mut agreements = Vec::new();
    for page in 0..num_pages() {
        let right = by_text_layer(page);
        assert!(right.trust.iter().all(|trust| trust.agreement.is_none()), "not compared with itself");
        let read = by_model(page, &right.markup);
        for ((_, node), trust) in read.tree.nodes().zip(&read.trust) {
            assert!(trust.doubts.is_empty(), "page {page}: {:?} {:?} {:?}", node.kind, node.text, trust);
        }
        agreements.extend(read.trust.iter().filter_map(|trust| trust.agreement));
    }
    let worst = agreements.iter().copied().fold(1.0, f32::min);
    assert!(agreements.len() >= NUM_COMPARED, "{}", agreements.len());
    assert!(worst >= LEAST_AGREEMENT, "{worst}");
}

/// Elements of the sample that have text in their box to be compared with.
const NUM_COMPARED: usize = 80;

#[test]
fn one_wrong_digit_on_a_page_is_found() {
    let right = by_text_layer(0);
    let (at, digit) = right
        .tree
        .nodes()
        .filter(|(_, node)| node.bbox.is_some() && node.children.is_empty() && !node.text.is_empty())
        .find_map(|(_, node)| {
            let text = right.markup.get(node.source.clone())?;
            let from = text.find(node.text.as_str())?;
            let within = node.text.find(|c: char| c.is_ascii_digit())?;
            let at = node.source.start + from + within;
            Some((at, right.markup[at..].chars().next()?))
        })
        .unwrap();
    let mut wrong = right.markup.clone();
    wrong.replace_range(at..=at, if digit == '3' { "8" } else { "3" });
    let read = by_model(0, &wrong);
    let doubts: Vec<&Doubt> = read.trust.iter().flat_map(|trust| &trust.doubts).collect();
    assert!(matches!(doubts.as_slice(), [Doubt::Numbers { .. }, ..]), "{doubts:?}");
}

/// The cells of all tables of the sample are found on the page; one that is read otherwise is the one that is told.
#[test]
fn cells_of_tables_are_found_on_the_page() {
    let mut num_tables = 0;
    for page in 0..num_pages() {
        let right = by_text_layer(page);
        for ((id, node), trust) in right.tree.nodes().zip(&right.trust) {
            let NodeKind::Table { grid, .. } = &node.kind else { continue };
            num_tables += 1;
            assert_eq!(trust.cells.len(), grid.cells.len(), "page {page}");
            for (cell, found) in grid.cells.iter().zip(&trust.cells) {
                assert_eq!(found.is_some(), !cell.text.is_empty(), "{cell:?} {found:?}");
                let Some(found) = found else { continue };
                assert!(found.is_as_read, "{cell:?} {found:?}");
                let (x, y) = found.bbox.center();
                assert!(node.bbox.unwrap().contains(x, y), "{found:?}");
            }
            let cell = grid.cells.iter().rfind(|cell| cell.text.parse::<f64>().is_ok());
            let Some(cell) = cell else { continue };
            let mut markup = right.markup.clone();
            markup.replace_range(cell.source.clone(), "<fcel>987");
            let read = by_model(page, &markup);
            let Some(Doubt::Cells(cells)) = read.trust[id.index()].doubts.first() else {
                panic!("{:?}", read.trust[id.index()])
            };
            let told: Vec<_> =
                cells.iter().map(|cell| (cell.row, cell.column, cell.on_page.as_str())).collect();
            assert_eq!(told, [(cell.row + 1, cell.col + 1, cell.text.as_str())]);
        }
    }
    assert_eq!(num_tables, 3);
}
