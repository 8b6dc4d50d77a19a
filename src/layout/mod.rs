//! The engine that needs no weights: a page's own text, as DocTags.
//!
//! In comes the [`TextLayer`] of a page, and what the other pages of the document tell
//! ([`DocumentContext`]). Out come pieces of DocTags, an element or a table row at a time, in
//! reading order and with boxes, as a model would write them. Pixels are never looked at, so a page
//! without usable text is an [`Error`].
//!
//! The steps, each in its file: characters → `glyph` → pieces of lines (`segment`, `spelling`) →
//! running heads (`furniture`) → pictures and ruled tables (`graphics`, `grid`) → `columns` → in each
//! column lines, tables without rules (`aligned`), blocks (`paragraph`) and what they are (`heading`,
//! `marker`, `caption`, `footnote`, `code`) → `writer`.

mod context;
mod error;

mod points;

mod glyph;
mod line;
mod segment;
mod spelling;

mod furniture;

mod columns;
mod flow;

mod caption;
mod code;
mod footnote;
mod heading;
mod marker;
mod paragraph;
mod prose;

mod element;
mod writer;

pub use context::DocumentContext;
pub use error::Error;

use crate::document::page::PageIndex;
use crate::document::text_layer::{TextLayer, TextQuality};
use crate::layout::columns::Item;
use crate::layout::element::Element;
use crate::layout::flow::PageFacts;
use crate::layout::points::Frame;
use crate::layout::prose::Vocabulary;

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
    Ok(Pieces { pieces: writer::write(&elements, &frame).into_iter() })
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
    let facts = PageFacts { body_size, context, vocabulary: &vocabulary, page_height, free_rules: &[] };
    let items = sorted.body.into_iter().map(Item::Line).collect();
    let mut elements = sorted.headers;
    let mut footnotes = Vec::new();
    for column in columns::columns(items) {
        let (body, notes) = flow::elements(column, &facts);
        elements.extend(body);
        footnotes.extend(notes);
    }
    caption::attach(&mut elements);
    elements.extend(footnotes);
    elements.extend(sorted.footers);
    elements
}
