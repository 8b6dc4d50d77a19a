//! One column of lines and finished elements into elements in reading order.

use crate::layout::columns::Item;
use crate::layout::context::DocumentContext;
use crate::layout::element::{Element, Kind, ListItem};
use crate::layout::heading::{self, Candidate, Rank};
use crate::layout::line::Line;
use crate::layout::paragraph::{self, Block, Class, Column};
use crate::layout::prose::{self, Vocabulary};
use crate::layout::{aligned, caption, code, contents, footnote};

/// What every column of a page is judged by.
pub(super) struct PageFacts<'p> {
    pub(super) body_size: f64,
    pub(super) context: &'p DocumentContext,
    pub(super) vocabulary: &'p Vocabulary,
    pub(super) page_height: f64,
    /// Horizontal rules that are nothing else: one may part text from footnotes.
    pub(super) free_rules: &'p [crate::layout::points::PtBox],
}

/// Pieces of lines whose baselines are nearer than this are one line, in font sizes.
const SAME_LINE_EM: f64 = 0.35;

/// The elements of a column, footnotes apart.
pub(super) fn elements(items: Vec<Item>, facts: &PageFacts<'_>) -> (Vec<Element>, Vec<Element>) {
    let (mut lines, mut others) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Line(line) => lines.push(line),
            Item::Element(element) => others.push(element),
        }
    }
    let ignores_mono = facts.context.is_body_mono;
    let tables = aligned::in_the_open(&lines, ignores_mono);
    super::take_out(&mut lines, tables.iter().flat_map(|table| &table.members));
    others.extend(tables.into_iter().map(|table| table.draft.element(facts.vocabulary)));
    let mut lines = joined_lines(lines);
    while let Some(range) = contents::find(&lines) {
        let entries: Vec<Line> = lines.drain(range).collect();
        others.push(contents::element(&entries, facts.vocabulary));
    }
    let column = Column::new(&lines.iter().collect::<Vec<_>>(), ignores_mono);
    let (lines, notes) = footnote::split(lines, facts);
    others.sort_by(|a, b| a.bbox.top.total_cmp(&b.bbox.top));
    let mut elements = Vec::new();
    let mut pending: Vec<Line> = Vec::new();
    let mut others = others.into_iter().peekable();
    for line in lines {
        while let Some(other) = others.next_if(|other| other.bbox.center_y() < line.bbox.center_y()) {
            elements.extend(text_elements(std::mem::take(&mut pending), &column, facts));
            elements.push(other);
        }
        pending.push(line);
    }
    elements.extend(text_elements(pending, &column, facts));
    elements.extend(others);
    (elements, footnote::elements(notes, facts))
}

/// Lines from top to bottom, the pieces of each joined.
pub(super) fn joined_lines(mut pieces: Vec<Line>) -> Vec<Line> {
    pieces.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut lines: Vec<Line> = Vec::new();
    let mut row: Vec<Line> = Vec::new();
    for piece in pieces {
        let shares_row = row.last().is_some_and(|last: &Line| {
            piece.baseline - row[0].baseline < SAME_LINE_EM * last.size.min(piece.size)
        });
        if !shares_row {
            lines.extend(join_row(std::mem::take(&mut row)));
        }
        row.push(piece);
    }
    lines.extend(join_row(row));
    lines
}

fn join_row(mut row: Vec<Line>) -> Option<Line> {
    let num_rtl = row.iter().filter(|line| line.is_rtl).count();
    row.sort_by(|a, b| a.bbox.left.total_cmp(&b.bbox.left));
    if num_rtl * 2 > row.len() {
        row.reverse();
    }
    let mut pieces = row.into_iter();
    let mut line = pieces.next()?;
    pieces.for_each(|piece| line.join(piece));
    Some(line)
}

fn text_elements(lines: Vec<Line>, column: &Column, facts: &PageFacts<'_>) -> Vec<Element> {
    paragraph::blocks(lines, column).iter().map(|block| element(block, facts)).collect()
}

fn element(block: &Block, facts: &PageFacts<'_>) -> Element {
    let bbox = block.bbox();
    let text = || prose::join(block.lines.iter(), facts.vocabulary);
    let kind = match &block.class {
        Class::Code => Kind::Code(code::text(&block.lines)),
        Class::Formula => Kind::Formula(text()),
        Class::Item { marker, indent } => {
            let (plain, printed) = (text(), with_marker(marker, &text()));
            match heading_rank(block, &printed, facts) {
                Some(rank) if heading_beats_item(&printed) => heading_kind(rank, printed),
                _ => {
                    let size = block.lines.first().map_or(facts.body_size, |line| line.size);
                    Kind::ListItem(ListItem { marker: marker.clone(), text: plain, indent: *indent, size })
                }
            }
        }
        Class::Prose => {
            let text = text();
            if caption::is_caption(&text, &block.lines) {
                Kind::Caption(text)
            } else if let Some(rank) = heading_rank(block, &text, facts) {
                heading_kind(rank, text)
            } else {
                Kind::Text(text)
            }
        }
    };
    Element { kind, bbox }
}

/// An item in heading type is a heading only when it is numbered like one.
fn heading_beats_item(printed: &str) -> bool {
    crate::layout::marker::heading_depth(printed).is_some()
}

fn with_marker(marker: &crate::layout::element::Marker, text: &str) -> String {
    match marker {
        crate::layout::element::Marker::Bullet => text.to_owned(),
        crate::layout::element::Marker::Ordinal(label) => format!("{label} {text}"),
    }
}

fn heading_rank(block: &Block, text: &str, facts: &PageFacts<'_>) -> Option<Rank> {
    let candidate = Candidate { lines: &block.lines, text, space_above: block.space_above, is_alone: true };
    heading::rank(&candidate, facts.body_size, facts.context)
}

fn heading_kind(rank: Rank, text: String) -> Kind {
    match rank {
        Rank::Title => Kind::Title(text),
        Rank::Section(level) => Kind::Heading(level, text),
    }
}
