//! The engine that needs no weights: a page's own text, as DocTags.
//!
//! In comes the [`TextLayer`] of a page, and what the other pages of the document tell
//! ([`DocumentContext`]). Out come pieces of DocTags, an element or a table row at a time, in
//! reading order and with boxes, as a model would write them. Pixels are never looked at, so a page
//! without usable text is an [`Error`].
//!
//! The steps, each in its file: characters → `glyph` → pieces of lines (`segment`, `underscore`, `spelling`) →
//! running heads (`furniture`) → ruled tables (`rules`, `grid`, `aligned`, `row`, `alignment`, `draft`) and pictures
//! (`picture`) → `columns` → in each column lines, tables without rules (`aligned`), tables of
//! `contents`, blocks (`paragraph`, `prose`) and what they are (`heading`, `marker`, `caption`,
//! `footnote`, `code`) → `writer`.

mod context;
mod error;

mod groups;
mod points;

mod glyph;
mod line;
mod segment;
mod spelling;
mod underscore;

mod furniture;

mod aligned;
mod alignment;
mod draft;
mod grid;
mod picture;
mod row;
mod rules;

mod columns;
mod flow;

mod caption;
mod code;
mod contents;
mod footnote;
mod heading;
mod marker;
mod paragraph;
mod prose;

mod element;
mod writer;

pub use context::DocumentContext;
pub use error::Error;
pub use line::is_leader_dot;

use crate::document::page::PageIndex;
use crate::document::text_layer::{TextLayer, TextQuality};
use crate::layout::columns::Item;
use crate::layout::element::{Element, Kind};
use crate::layout::flow::PageFacts;
use crate::layout::line::Line;
use crate::layout::points::{Frame, PtBox, Turn};
use crate::layout::prose::Vocabulary;
use crate::layout::rules::Rules;

/// A page in DocTags, an element or a table row at a time.
///
/// Joined, the pieces are one `<doctag>…</doctag>`. Owns all it needs.
#[derive(Clone, Debug)]
pub struct Pieces {
    pieces: std::vec::IntoIter<String>,
}

impl Iterator for Pieces {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.pieces.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.pieces.size_hint()
    }
}

impl ExactSizeIterator for Pieces {}

/// Why a page's text cannot be used; `None` when it can.
pub fn unavailable(layer: &TextLayer) -> Option<Error> {
    match layer.quality {
        TextQuality::Absent => Some(Error::NoTextLayer),
        TextQuality::Garbled => Some(Error::GarbledTextLayer),
        TextQuality::OcrLayer | TextQuality::Good if layer.chars.is_empty() => Some(Error::NoTextLayer),
        TextQuality::OcrLayer | TextQuality::Good => None,
    }
}

/// Turns a page's own text into DocTags.
///
/// The whole page is laid out at once, in milliseconds, because reading order needs all of it; the
/// pieces are handed out one by one so that the boxes can appear one by one. With the default
/// context the page is judged by itself: its title and running heads are then guesses.
///
/// # Errors
/// If the page has no text layer or a garbled one.
pub fn recognize(layer: &TextLayer, context: &DocumentContext) -> Result<Pieces, Error> {
    let (frame, elements) = laid_out(layer, context)?;
    Ok(Pieces { pieces: writer::write(&elements, &frame).into_iter() })
}

/// Turns a region's own text into `DocTags` when somebody has said that it is a table: where none is seen, all
/// of its text is taken for one whose columns line up. If they do not, it is what [`recognize`] makes of it.
///
/// # Errors
/// If the region has no text or a garbled one.
pub fn recognize_table(layer: &TextLayer, context: &DocumentContext) -> Result<Pieces, Error> {
    let (frame, mut elements) = laid_out(layer, context)?;
    if !elements.iter().any(|element| matches!(element.kind, Kind::Table(_))) {
        let lines = segment::segments(layer, &frame);
        let rules = Rules::new(layer, &frame);
        if let Some(draft) = aligned::as_one(&lines, &rules.horizontal) {
            elements = vec![draft.element(&Vocabulary::new(lines.iter()))];
        }
    }
    Ok(Pieces { pieces: writer::write(&elements, &frame).into_iter() })
}

fn laid_out(layer: &TextLayer, context: &DocumentContext) -> Result<(Frame, Vec<Element>), Error> {
    if let Some(error) = unavailable(layer) {
        return Err(error);
    }
    // A page by itself is a document of one page.
    let own_context;
    let context = if context.num_pages == 0 {
        own_context = DocumentContext::from_pages(&[(PageIndex(0), layer)]);
        &own_context
    } else {
        context
    };
    let frame = Frame::new(glyph::main_turn(layer), layer.page_size);
    let elements = elements(layer, &frame, context);
    Ok((frame, elements))
}

/// Body size of a page that says nothing about it, in points.
const DEFAULT_BODY_PT: f64 = 10.0;

/// The page's elements in reading order.
fn elements(layer: &TextLayer, frame: &Frame, context: &DocumentContext) -> Vec<Element> {
    let (_, page_height) = frame.size();
    let lines = segment::segments(layer, frame);
    let body_size = context.body_size.or_else(|| context::body_size(lines.iter())).unwrap_or(DEFAULT_BODY_PT);
    let sorted = furniture::sort(lines, page_height, body_size, context);
    let vocabulary = Vocabulary::new(sorted.body.iter());
    let rules = Rules::new(layer, frame);
    let mut body = sorted.body;
    let tables = ruled_tables(&mut body, &rules, body_size, &vocabulary);
    let table_boxes: Vec<PtBox> = tables.iter().map(|table| table.bbox).collect();
    let is_free = |rule: &&PtBox| !table_boxes.iter().any(|table| table.grown(2.0).holds_center_of(rule));
    let free_rules: Vec<PtBox> = rules.horizontal.iter().filter(is_free).copied().collect();
    let weak: Vec<PtBox> = rules.vertical.iter().filter(is_free).chain(&free_rules).copied().collect();
    let pictures = picture::find(layer, frame, &body, &table_boxes, &weak, body_size);
    let tables =
        tables.into_iter().filter(|table| !pictures.iter().any(|picture| picture.holds_table(&table.bbox)));
    let tables: Vec<Element> = tables.collect();
    take_out(&mut body, pictures.iter().flat_map(|picture| &picture.members));
    let facts =
        PageFacts { body_size, context, vocabulary: &vocabulary, page_height, free_rules: &free_rules };
    let pictures =
        pictures.into_iter().map(|picture| Element { kind: Kind::Picture(None), bbox: picture.bbox });
    let items: Vec<Item> = body
        .into_iter()
        .map(Item::Line)
        .chain(tables.into_iter().chain(pictures).map(Item::Element))
        .collect();
    let mut elements = sorted.headers;
    let mut footnotes = Vec::new();
    for column in columns::columns(items) {
        let (body, notes) = flow::elements(column, &facts);
        elements.extend(body);
        footnotes.extend(notes);
    }
    heading::demote_bylines(&mut elements);
    contents::name_index(&mut elements);
    caption::attach(&mut elements, body_size);
    elements.extend(turned_text(layer, frame, &elements));
    elements.extend(footnotes);
    elements.extend(sorted.footers);
    elements
}

/// Text that runs in another direction than the page's: stamps in the margin, turned labels. What
/// lies in a picture or table belongs to it.
fn turned_text(layer: &TextLayer, frame: &Frame, elements: &[Element]) -> Vec<Element> {
    let holders: Vec<PtBox> = elements
        .iter()
        .filter(|element| matches!(element.kind, Kind::Picture(_) | Kind::Table(_)))
        .map(|element| element.bbox)
        .collect();
    let mut turned = Vec::new();
    for turn in Turn::ALL.into_iter().filter(|turn| *turn != frame.turn) {
        let other = Frame::new(turn, layer.page_size);
        for line in flow::joined_lines(segment::segments(layer, &other)) {
            let bbox = frame.points_from_page(&other.page_from_points(&line.ink));
            if !holders.iter().any(|holder| holder.grown(line.size).holds_center_of(&bbox)) {
                turned.push(Element { kind: Kind::Text(prose::finish(&line.text())), bbox });
            }
        }
    }
    turned
}

/// Tables that rules show, taken out of the lines: grids first, then those with horizontal rules only.
fn ruled_tables(
    lines: &mut Vec<Line>,
    rules: &Rules,
    body_size: f64,
    vocabulary: &Vocabulary,
) -> Vec<Element> {
    let mut tables = Vec::new();
    for grid in grid::find(rules) {
        let inside = |line: &Line| grid.bbox.holds_center_of(&line.bbox);
        let (inner, outer): (Vec<Line>, Vec<Line>) =
            cut_at_edges(std::mem::take(lines), &grid.bbox).into_iter().partition(inside);
        *lines = outer;
        match grid.table(&inner) {
            Some(draft) => tables.push(draft.element(vocabulary)),
            None => lines.extend(inner),
        }
    }
    let is_free =
        |rule: &&PtBox| !tables.iter().any(|table: &Element| table.bbox.grown(2.0).holds_center_of(rule));
    let horizontal: Vec<PtBox> = rules.horizontal.iter().filter(is_free).copied().collect();
    let found = aligned::between_rules(lines, &horizontal, body_size);
    take_out(lines, found.iter().flat_map(|found| &found.members));
    tables.extend(found.into_iter().map(|found| found.draft.element(vocabulary)));
    tables
}

/// Lines that run into the box from beside it are cut at its sides.
fn cut_at_edges(lines: Vec<Line>, bbox: &PtBox) -> Vec<Line> {
    let mut cut = Vec::with_capacity(lines.len());
    for line in lines {
        let is_level = (bbox.top..bbox.bottom).contains(&line.bbox.center_y());
        let crosses = |line: &Line, x: f64| line.bbox.left < x && line.bbox.right > x;
        if !is_level || !(crosses(&line, bbox.left) || crosses(&line, bbox.right)) {
            cut.push(line);
            continue;
        }
        let (left, rest) = line.split_at(bbox.left);
        cut.extend(left);
        if let Some(rest) = rest {
            let (inside, right) = rest.split_at(bbox.right);
            cut.extend(inside);
            cut.extend(right);
        }
    }
    cut
}

/// Removes lines by their positions.
fn take_out<'m>(lines: &mut Vec<Line>, members: impl Iterator<Item = &'m usize>) {
    let mut keeps = vec![true; lines.len()];
    for &member in members {
        if let Some(keep) = keeps.get_mut(member) {
            *keep = false;
        }
    }
    let mut keeps = keeps.into_iter();
    lines.retain(|_| keeps.next().unwrap_or(true));
}
