//! What is known about the trust in a document as JSON, beside its export: a `DoclingDocument` has
//! no fields for it, and its readers refuse unknown ones.
//!
//! One object: `schema`, the thresholds, and `pages`, each with `elements` in the order of its
//! markup. Boxes are fractions of the upright page: left, top, right, bottom.

use serde::Serialize;

use super::{CellOnPage, Doubt, ElementTrust, LEAST_AGREEMENT, LEAST_PROBABILITY, Level, Origin, difference};
use crate::document::page::PageIndex;
use crate::document::text_layer::TextQuality;
use crate::engine::event::{PageRecognition, StopReason};
use crate::geometry::BBox;
use crate::markup::{Cell, Node, NodeKind};

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    least_probability: f32,
    least_agreement: f32,
    pages: Vec<PageReport<'a>>,
}

#[derive(Serialize)]
struct PageReport<'a> {
    page: usize,
    engine: &'a str,
    stop_reason: &'static str,
    /// Parts that were read by themselves after a loop: left, top, right, bottom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rescued: Vec<[f64; 4]>,
    text_quality: Option<&'static str>,
    elements: Vec<Element<'a>>,
}

#[derive(Serialize)]
struct Element<'a> {
    label: &'static str,
    bbox: Option<[f64; 4]>,
    /// Bytes of the page's markup.
    source: [usize; 2],
    text: &'a str,
    origin: &'static str,
    mean_probability: Option<f32>,
    agreement: Option<f32>,
    level: &'static str,
    doubts: Vec<String>,
    /// A table's cells as the page's own text has them, where they were found there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cells: Vec<CellReport<'a>>,
}

#[derive(Serialize)]
struct CellReport<'a> {
    /// Its top left slot, from 0.
    row: usize,
    column: usize,
    bbox: Option<[f64; 4]>,
    read: &'a str,
    on_page: &'a str,
    /// Where its characters come from.
    origin: &'static str,
    agrees: bool,
}

/// The report on these pages, in their order, indented; ends with a newline.
pub fn trust_json<'a>(pages: impl IntoIterator<Item = (PageIndex, &'a PageRecognition)>) -> String {
    let pages = pages.into_iter().map(|(index, page)| PageReport {
        page: index.number(),
        engine: &page.engine_name,
        stop_reason: match page.stop_reason {
            StopReason::End => "end",
            StopReason::TokenLimit => "token_limit",
            StopReason::Loop => "loop",
            StopReason::Blank => "blank",
            StopReason::Cancelled => "cancelled",
        },
        rescued: page.rescued.iter().map(four).collect(),
        text_quality: page.text_quality.map(|quality| match quality {
            TextQuality::Absent => "absent",
            TextQuality::Garbled => "garbled",
            TextQuality::OcrLayer => "ocr_layer",
            TextQuality::Good => "good",
        }),
        elements: page.tree.nodes().zip(&page.trust).map(|((_, node), trust)| element(node, trust)).collect(),
    });
    let report = Report {
        schema: "doclens-trust/1",
        least_probability: LEAST_PROBABILITY,
        least_agreement: LEAST_AGREEMENT,
        pages: pages.collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn element<'a>(node: &'a Node, trust: &'a ElementTrust) -> Element<'a> {
    Element {
        label: node.kind.label().words(),
        bbox: node.bbox.as_ref().map(four),
        source: [node.source.start, node.source.end],
        text: &node.text,
        origin: origin_name(trust.origin),
        mean_probability: trust.mean_probability,
        agreement: trust.agreement,
        level: match trust.level() {
            Level::Sure => "sure",
            Level::Look => "look",
            Level::Doubtful => "doubtful",
        },
        doubts: trust.doubts.iter().map(Doubt::words).collect(),
        cells: cells(node, trust),
    }
}

fn cells<'a>(node: &'a Node, trust: &'a ElementTrust) -> Vec<CellReport<'a>> {
    let NodeKind::Table { grid, .. } = &node.kind else { return Vec::new() };
    let cells = grid.cells.iter().zip(&trust.cells).map(|(cell, found)| CellReport {
        row: cell.row,
        column: cell.col,
        bbox: found.as_ref().map(|found| four(&found.bbox)),
        read: &cell.text,
        on_page: found.as_ref().map_or("", |found| &found.text),
        origin: cell_origin(cell, found.as_ref(), trust.origin),
        agrees: difference(cell, found.as_ref()).is_none(),
    });
    cells.collect()
}

/// In a table that shows the page's own characters, a cell beside which the page has none says what was read.
fn cell_origin(cell: &Cell, found: Option<&CellOnPage>, of_table: Origin) -> &'static str {
    let is_read = of_table == Origin::TextLayer && found.is_none() && !cell.text.is_empty();
    origin_name(if is_read { Origin::Model } else { of_table })
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::TextLayer => "text_layer",
        Origin::Model => "model",
        Origin::Edited => "edited",
    }
}

fn four(bbox: &BBox) -> [f64; 4] {
    [bbox.left, bbox.top, bbox.right, bbox.bottom]
}
