//! What may stand where: the open elements, and what each of them can take.

use super::table::TableRules;
use crate::markup::dialect::doctags::names::name_of_cell;
use crate::markup::event::{Element, Event, EventKind, IgnoredToken};
use crate::markup::location::GRID;

/// The open elements of one answer, from the page inwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    open: Vec<Frame>,
    /// The document has been closed.
    is_over: bool,
    /// Another dialect has been recognised: nothing is said of it.
    is_foreign: bool,
    has_begun: bool,
}

/// An open element.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
struct Frame {
    /// As its tag says it.
    name: String,
    element: Element,
    /// Its box so far, on the grid; whole with four.
    corners: Vec<u16>,
    /// It is part of the text around it, and nothing starts in it.
    is_part: bool,
    /// Whether it may have a box. That of a part is the box of what is around it.
    takes_box: bool,
    /// The group around it has a box, which is that of all its parts.
    is_in_placed_group: bool,
    has_content: bool,
    has_class: bool,
    /// Its cells stand in a table of their own inside it.
    has_table: bool,
    table: TableRules,
    /// Elements that program text shows, which are text as long as their closing tags are.
    shown: Vec<(Element, String)>,
    /// The last thing read is a tag that program text shows; a box behind it says that it is meant.
    has_just_shown: bool,
}

impl Rules {
    /// Takes the event in and says whether it fits.
    pub(super) fn take(&mut self, event: &Event<'_>) -> bool {
        let fits = self.allows(event);
        self.has_begun |= !is_blank(event);
        self.apply(event);
        fits
    }

    /// Nothing is open.
    pub(super) fn is_closed(&self) -> bool {
        self.open.is_empty() || self.is_foreign
    }

    /// The tags that may close something here.
    pub(super) fn closing_tags(&self) -> impl Iterator<Item = String> + '_ {
        let top = self.open.last().filter(|top| top.may_close());
        let shown = self.open.last().into_iter().flat_map(|top| &top.shown);
        let shown = shown.map(|(_, name)| name.as_str());
        top.map(|top| top.name.as_str()).into_iter().chain(shown).map(|name| format!("</{name}>"))
    }

    /// Everything that closes what is open, and what is missing of a box and of a row before it. Rows that are long
    /// enough are ended on request.
    pub(super) fn closing(&self, with_row_end: bool) -> String {
        let mut closing = String::new();
        for frame in self.open.iter().rev() {
            if frame.is_in_box() {
                closing.push_str(&"<loc_500>".repeat(4 - frame.corners.len()));
            }
            let missing = frame.table.missing();
            for token in &missing {
                closing.push('<');
                closing.push_str(name_of_cell(*token));
                closing.push('>');
            }
            if !missing.is_empty() || with_row_end && frame.table.is_in_row() {
                closing.push_str("<nl>");
            }
            closing.push_str("</");
            closing.push_str(&frame.name);
            closing.push('>');
        }
        closing
    }

    /// Whether text other than white space means something here.
    pub(super) fn allows_text(&self) -> bool {
        if self.is_foreign {
            return true;
        }
        let Some(top) = self.open.last().filter(|top| !top.is_in_box()) else { return false };
        match top.element {
            Element::Document
            | Element::Wrapper
            | Element::List { .. }
            | Element::Inline
            | Element::KeyValueRegion => false,
            Element::Table | Element::Picture | Element::Chart => top.table.has_open_cell(),
            Element::DocumentIndex => top.table.has_open_cell() || !top.has_content,
            _ => true,
        }
    }

    /// Whether a coordinate of these digits can fit, or one that begins so.
    pub(super) fn allows_location(&self, digits: &str, is_whole: bool) -> bool {
        let Some(least) = self.least_coordinate() else { return false };
        let digits = digits.trim_start_matches('0');
        (least..=GRID).any(|coordinate| match coordinate.to_string() {
            coordinate if is_whole => coordinate == digits || coordinate == "0" && digits.is_empty(),
            coordinate => coordinate.starts_with(digits),
        })
    }

    /// Whether the event fits here.
    pub(super) fn allows(&self, event: &Event<'_>) -> bool {
        if self.is_foreign || is_blank(event) {
            return true;
        }
        if self.is_over {
            return matches!(event.kind, EventKind::Stop | EventKind::PageBreak);
        }
        let Some(top) = self.open.last() else {
            return match event.kind {
                EventKind::Open(element) => may_stand_alone(element) || element == Element::Document,
                EventKind::ForeignDialect => !self.has_begun,
                EventKind::PageBreak | EventKind::Stop => true,
                _ => false,
            };
        };
        if let EventKind::Location { fraction, is_clamped } = event.kind {
            let coordinate = on_grid(fraction);
            return !is_clamped && self.least_coordinate().is_some_and(|least| coordinate >= least);
        }
        if top.is_in_box() {
            return false;
        }
        match event.kind {
            EventKind::Text(_) => self.allows_text(),
            EventKind::Open(element) => self.allows_open(top, element),
            EventKind::Close(element) => {
                top.shows_open(element) || top.may_close() && top.is_closed_by(event.raw)
            }
            EventKind::Cell(token) => top.has_cells() && top.table.allows(token),
            EventKind::RowEnd => top.has_cells() && top.table.allows_row_end(),
            EventKind::Class { .. } => top.is_code() || top.is_picture() && !top.has_class,
            EventKind::Ignored(IgnoredToken::UnreadClass) => top.is_code() || top.is_picture(),
            EventKind::Ignored(IgnoredToken::ClassClose | IgnoredToken::EmptyElement)
            | EventKind::Language(_) => top.is_code(),
            EventKind::Link(_) => matches!(top.element, Element::Key(_) | Element::Value(_)),
            EventKind::PageBreak => top.element == Element::Document,
            EventKind::Ignored(_)
            | EventKind::Stop
            | EventKind::ForeignDialect
            | EventKind::Location { .. } => false,
        }
    }

    /// The least value that the next coordinate may have; `None` where none may stand.
    fn least_coordinate(&self) -> Option<u16> {
        let top = self.open.last()?;
        if top.shows_caption() {
            return Some(0);
        }
        match (top.takes_box, top.corners.as_slice()) {
            (false, _) | (true, [_, _, _, _, ..]) => None,
            (true, [left, _]) => Some(*left),
            (true, [_, top, _]) => Some(*top),
            (true, _) => Some(0),
        }
    }

    fn allows_open(&self, top: &Frame, element: Element) -> bool {
        match top.element {
            // Words of a sentence, or of a cell.
            _ if top.is_part => false,
            Element::Document | Element::Wrapper => may_stand_alone(element),
            Element::List { .. } => matches!(element, Element::ListItem | Element::List { .. }),
            Element::ListItem => matches!(
                element,
                Element::List { .. }
                    | Element::Text(_)
                    | Element::Formula
                    | Element::Code
                    | Element::Inline
                    | Element::Checkbox { .. }
            ),
            Element::Inline | Element::Key(_) | Element::Value(_) => element.is_text_leaf(),
            Element::Table | Element::DocumentIndex => {
                if element == Element::Caption {
                    !top.table.is_in_row()
                } else {
                    top.table.has_open_cell() && element.is_text_leaf()
                }
            }
            Element::Picture | Element::Chart => match element {
                Element::Caption | Element::Smiles => !top.table.is_in_row(),
                Element::Table => !top.has_table && top.table.is_empty(),
                _ => false,
            },
            Element::KeyValueRegion => matches!(element, Element::Key(_) | Element::Value(_)),
            Element::Code => element == Element::Caption || top.shows(element),
            Element::Formula | Element::Smiles => false,
            Element::Heading { .. }
            | Element::Text(_)
            | Element::Caption
            | Element::Footnote
            | Element::PageHeader
            | Element::PageFooter
            | Element::Checkbox { .. } => {
                let around = self.open.iter().rev().nth(1).map(|around| around.element);
                around != Some(Element::Inline)
                    && (matches!(element, Element::Formula | Element::Code)
                        || element == Element::Inline && top.element != Element::Caption)
            }
        }
    }

    /// What the event does, whether it fits or not.
    fn apply(&mut self, event: &Event<'_>) {
        if event.kind == EventKind::PageBreak {
            self.is_over = false;
        }
        if matches!(event.kind, EventKind::Location { .. }) {
            self.mean_shown_caption();
        }
        let Some(top) = self.open.last_mut() else {
            match event.kind {
                EventKind::Open(element) => self.push(element, event.raw, (false, true)),
                EventKind::ForeignDialect => self.is_foreign = true,
                _ => {}
            }
            return;
        };
        top.has_just_shown &= is_blank(event);
        match event.kind {
            EventKind::Open(element) if top.shows(element) => {
                top.shown.push((element, name_in(event.raw)));
                top.has_just_shown = true;
            }
            EventKind::Open(element) => {
                let is_part = top.makes_part_of_itself(element);
                let only_wraps =
                    top.element == Element::ListItem && !top.has_content && top.corners.is_empty();
                top.has_content = true;
                top.has_table |= element == Element::Table;
                self.push(element, event.raw, (is_part, !is_part || only_wraps));
            }
            EventKind::Close(element) => {
                if let Some(shown) = top.shown.iter().rposition(|(shown, _)| *shown == element) {
                    top.shown.remove(shown);
                } else {
                    self.is_over = element == Element::Document;
                    self.open.pop();
                }
            }
            EventKind::Location { fraction, .. } => top.corners.push(on_grid(fraction)),
            EventKind::Cell(token) => top.table.push(token),
            EventKind::RowEnd => top.table.end_row(),
            EventKind::Class { .. } => top.has_class |= top.is_picture(),
            EventKind::Text(_) if is_blank(event) => {}
            EventKind::Text(_)
            | EventKind::Ignored(_)
            | EventKind::Language(_)
            | EventKind::Link(_)
            | EventKind::PageBreak
            | EventKind::Stop
            | EventKind::ForeignDialect => top.has_content = true,
        }
        if let Some(top) = self.open.last_mut() {
            top.has_content |= top.table.is_in_row();
        }
    }

    /// A box says that a caption in program text is one.
    fn mean_shown_caption(&mut self) {
        let Some(top) = self.open.last_mut().filter(|top| top.shows_caption()) else { return };
        top.has_just_shown = false;
        if let Some((element, name)) = top.shown.pop() {
            self.push(element, &name, (false, true));
        }
    }

    fn push(&mut self, element: Element, raw: &str, (is_part, takes_box): (bool, bool)) {
        let around = self.open.last();
        self.open.push(Frame {
            name: name_in(raw),
            element,
            corners: Vec::new(),
            is_part,
            takes_box: takes_box
                && !matches!(element, Element::Document | Element::Wrapper | Element::Smiles),
            is_in_placed_group: around
                .is_some_and(|around| around.element == Element::Inline && around.corners.len() == 4),
            has_content: false,
            has_class: false,
            has_table: false,
            table: TableRules::default(),
            shown: Vec::new(),
            has_just_shown: false,
        });
    }
}

impl Frame {
    /// A box has begun and is not whole.
    fn is_in_box(&self) -> bool {
        matches!(self.corners.len(), 1..=3)
    }

    fn may_close(&self) -> bool {
        !self.is_in_box() && self.table.num_missing().unwrap_or_default() == 0
    }

    fn is_closed_by(&self, raw: &str) -> bool {
        raw.strip_prefix("</").and_then(|raw| raw.strip_suffix('>')) == Some(&self.name)
    }

    /// Program text shows such an element that has not been closed.
    fn shows_open(&self, element: Element) -> bool {
        self.shown.iter().any(|(shown, _)| *shown == element)
    }

    fn is_code(&self) -> bool {
        self.element == Element::Code && !self.is_part
    }

    /// A caption has just been opened in program text, or is shown by it.
    fn shows_caption(&self) -> bool {
        self.has_just_shown && self.shown.last().is_some_and(|(element, _)| *element == Element::Caption)
    }

    fn is_picture(&self) -> bool {
        matches!(self.element, Element::Picture | Element::Chart)
    }

    fn has_cells(&self) -> bool {
        match self.element {
            Element::Table | Element::DocumentIndex => true,
            Element::Picture | Element::Chart => !self.has_table,
            _ => false,
        }
    }

    /// Program text with a box that shows such a tag.
    fn shows(&self, element: Element) -> bool {
        self.is_code() && self.corners.len() == 4 && !self.is_in_placed_group && element.is_common_word()
    }

    /// What is opened inside is words of this one.
    fn makes_part_of_itself(&self, element: Element) -> bool {
        match self.element {
            Element::ListItem => !matches!(element, Element::List { .. }),
            Element::Table | Element::DocumentIndex => element != Element::Caption,
            Element::Picture | Element::Chart => element == Element::Table,
            _ => self.element.is_text_leaf() || matches!(self.element, Element::Key(_) | Element::Value(_)),
        }
    }
}

/// The name in a tag.
fn name_in(raw: &str) -> String {
    raw.trim_matches(['<', '>', '/']).to_owned()
}

fn is_blank(event: &Event<'_>) -> bool {
    matches!(event.kind, EventKind::Text(text) if text.trim().is_empty())
}

/// On a page, or as the whole answer about a part of one.
fn may_stand_alone(element: Element) -> bool {
    !matches!(
        element,
        Element::Document | Element::Smiles | Element::Key(_) | Element::Value(_) | Element::ListItem
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction from 0 to 1")]
fn on_grid(fraction: f64) -> u16 {
    (fraction * f64::from(GRID)).round() as u16
}
