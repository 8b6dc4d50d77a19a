//! The metrics of the `evaluation` room against the reference implementations, on small pairs.
//!
//! The numbers are in `tests/fixtures/evaluation/*.json`; `make_reference.py` beside them writes them with
//! nltk, rapidfuzz, pycocotools and apted.
#![expect(clippy::unwrap_used, reason = "a test may stop at a fixture it cannot read")]

use std::fs;
use std::path::Path;

use doclens::evaluation::layout::{LayoutBox, LayoutClass, LayoutPage, LayoutScore};
use doclens::evaluation::table::TableScore;
use doclens::evaluation::text::TextScore;
use doclens::geometry::BBox;
use doclens::markup::{TableGrid, parse};
use serde::Deserialize;
use serde::de::DeserializeOwned;

fn cases<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/evaluation");
    let cases: Vec<T> = serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    assert!(cases.len() >= 20);
    cases
}

fn near(what: &str, case: usize, found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "case {case}: {what} is {found}, the reference has {expected}");
}

fn near_option(what: &str, case: usize, found: Option<f64>, expected: Option<f64>) {
    assert_eq!(found.is_some(), expected.is_some(), "case {case}: {what}");
    near(what, case, found.unwrap_or(0.0), expected.unwrap_or(0.0));
}

#[derive(Deserialize)]
struct TextCase {
    predicted: String,
    truth: String,
    edit_distance: f64,
    precision: f64,
    recall: f64,
    f1: f64,
    bleu: f64,
    meteor: f64,
}

#[test]
fn text_scores_are_those_of_nltk_and_rapidfuzz() {
    for (at, case) in cases::<TextCase>("text.json").into_iter().enumerate() {
        let score = TextScore::of(&case.predicted, &case.truth);
        near("edit distance", at, score.edit_distance, case.edit_distance);
        near("precision", at, score.precision, case.precision);
        near("recall", at, score.recall, case.recall);
        near("F1", at, score.f1, case.f1);
        near("BLEU", at, score.bleu, case.bleu);
        near("METEOR", at, score.meteor, case.meteor);
    }
}

#[derive(Deserialize)]
struct LayoutCase {
    pages: Vec<LayoutCasePage>,
    map: f64,
    class_map: [Option<f64>; 6],
    f1_50: f64,
    f1_75: f64,
}

#[derive(Deserialize)]
struct LayoutCasePage {
    /// Class, then the box in 500ths of the page.
    truth: Vec<(usize, f64, f64, f64, f64)>,
    /// Class and score, then the box.
    predicted: Vec<(usize, f64, f64, f64, f64, f64)>,
}

impl LayoutCasePage {
    fn page(&self) -> LayoutPage {
        let layout_box = |class: usize, score, edges: [f64; 4]| {
            let [left, top, right, bottom] = edges.map(|edge| edge / 500.0);
            let bbox = BBox::from_corners(left, top, right, bottom);
            LayoutBox { class: LayoutClass::ALL[class], bbox, score }
        };
        let truth = self.truth.iter().map(|(class, l, t, r, b)| layout_box(*class, 1.0, [*l, *t, *r, *b]));
        let predicted =
            self.predicted.iter().map(|(class, s, l, t, r, b)| layout_box(*class, *s, [*l, *t, *r, *b]));
        LayoutPage { truth: truth.collect(), predicted: predicted.collect() }
    }
}

#[test]
fn layout_scores_are_those_of_pycocotools() {
    for (at, case) in cases::<LayoutCase>("layout.json").into_iter().enumerate() {
        let pages: Vec<LayoutPage> = case.pages.iter().map(LayoutCasePage::page).collect();
        let score = LayoutScore::of(&pages);
        near_option("mAP", at, score.map, Some(case.map));
        for (found, expected) in score.class_map.into_iter().zip(case.class_map) {
            near_option("mAP of a class", at, found, expected);
        }
        near_option("F1 at 0.5", at, score.f1_50, Some(case.f1_50));
        near_option("F1 at 0.75", at, score.f1_75, Some(case.f1_75));
    }
}

#[derive(Deserialize)]
struct TableCase {
    predicted: String,
    truth: String,
    teds: f64,
    structure: f64,
}

fn grid(otsl: &str) -> TableGrid {
    let tree = parse(otsl);
    let tables = doclens::evaluation::tables(&tree);
    tables.first().unwrap().0.clone()
}

#[test]
fn table_scores_are_those_of_apted() {
    for (at, case) in cases::<TableCase>("tables.json").into_iter().enumerate() {
        let score = TableScore::of(&grid(&case.predicted), &grid(&case.truth)).unwrap();
        near("TEDS", at, score.teds, case.teds);
        near("TEDS of the structure", at, score.structure, case.structure);
    }
}
