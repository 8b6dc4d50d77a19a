//! What goes into the open elements: text, boxes, cells, classes, languages, links.

use std::ops::Range;

use crate::markup::builder::Builder;
use crate::markup::builder::frame::{Frame, FrameKind};
use crate::markup::builder::grid::{is_space, split_trailing_space};
use crate::markup::diagnostic::Severity;
use crate::markup::event::{CellToken, Element, Event};
use crate::markup::table::TableGrid;
use crate::markup::tree::{KeyValueCell, NodeKind, TextKind};

impl Builder {
    /// Text goes to the innermost element that holds text; outside of any it is left out.
    pub(super) fn text(&mut self, text: &str, source: Range<usize>) {
        let is_blank = text.chars().all(is_space);
        if !is_blank {
            self.mark_used();
        }
        let Some(position) = self.host() else {
            self.stray(text, &source);
            return;
        };
        if self.index_takes(position, text) {
            return;
        }
        let Some(frame) = self.frames.get_mut(position) else { return };
        let node = frame.node;
        match &mut frame.kind {
            FrameKind::Table(grid) | FrameKind::Picture { grid, .. } => {
                let mut grid = std::mem::take(grid);
                let is_taken = match &mut self.node_mut(node).kind {
                    NodeKind::Table { grid: table, .. } => grid.text(table, text, source.end),
                    NodeKind::Picture(picture) => {
                        picture.chart_data.as_mut().is_some_and(|data| grid.text(data, text, source.end))
                    }
                    _ => false,
                };
                if let Some(FrameKind::Table(slot) | FrameKind::Picture { grid: slot, .. }) =
                    self.frames.get_mut(position).map(|frame| &mut frame.kind)
                {
                    *slot = grid;
                }
                if !is_taken {
                    self.stray(text, &source);
                }
            }
            FrameKind::List | FrameKind::Inline | FrameKind::KeyValueRegion { .. } => {
                self.stray(text, &source);
            }
            _ => self.append(position, text, source.end),
        }
    }

    /// The innermost open element that is not transparent.
    pub(super) fn host(&self) -> Option<usize> {
        self.frames.iter().rposition(|frame| !matches!(frame.kind, FrameKind::Transparent { .. }))
    }

    /// A transparent element that has got something can no longer stand on its own.
    fn mark_used(&mut self) {
        if let Some(Frame { kind: FrameKind::Transparent { is_fresh, .. }, .. }) = self.frames.last_mut() {
            *is_fresh = false;
        }
    }

    /// Text outside of elements is reported once for each stretch, however it was cut.
    fn stray(&mut self, text: &str, source: &Range<usize>) {
        let (body, _) = split_trailing_space(text);
        if body.is_empty() {
            return;
        }
        let start = source.start + text.len() - text.trim_start_matches(is_space).len();
        let end = source.start + body.len();
        match &mut self.stray_text {
            Some(stray) => stray.end = end,
            None => self.stray_text = Some(start..end),
        }
    }

    fn append(&mut self, position: usize, text: &str, source_end: usize) {
        let Some(frame) = self.frames.get_mut(position) else { return };
        frame.source_end = source_end;
        let keeps_leading = matches!(&frame.kind, FrameKind::Code(state) if state.keeps_leading);
        let (body, trailing) = split_trailing_space(text);
        if body.is_empty() {
            frame.pending.push_str(trailing);
            return;
        }
        let pending = std::mem::take(&mut frame.pending);
        frame.pending.push_str(trailing);
        let (kind, id) = (frame.kind.clone_target(), frame.node);
        let node = self.node_mut(id);
        let target = match (&kind, &mut node.kind) {
            (Target::KeyValueCell(index), NodeKind::KeyValueRegion(region)) => {
                match region.cells.get_mut(*index) {
                    Some(cell) => {
                        cell.source.end = source_end.saturating_sub(trailing.len());
                        &mut cell.text
                    }
                    None => return,
                }
            }
            (Target::Smiles, NodeKind::Picture(picture)) => picture.smiles.get_or_insert_default(),
            _ => &mut node.text,
        };
        if target.is_empty() && !keeps_leading {
            target.push_str(body.trim_start_matches(is_space));
        } else {
            target.push_str(&pending);
            target.push_str(body);
        }
    }

    /// An index without cells is a paragraph. True if the text has gone into it.
    fn index_takes(&mut self, position: usize, text: &str) -> bool {
        let Some(Frame { kind: FrameKind::Table(grid), node, element, .. }) = self.frames.get(position)
        else {
            return false;
        };
        if *element != Element::DocumentIndex || !grid.is_empty() {
            return false;
        }
        let id = *node;
        if !self.node(id).children.is_empty() {
            return false;
        }
        if !text.chars().all(is_space) {
            self.node_mut(id).kind = NodeKind::Text(TextKind::Text);
        }
        let end = self.frames.get(position).map_or(0, |frame| frame.source_end);
        self.append(position, text, end);
        true
    }

    /// Whether a token that means nothing here is text: page text can show markup.
    pub(super) fn takes_literal_text(&self) -> bool {
        let Some(frame) = self.host().and_then(|position| self.frames.get(position)) else { return false };
        match &frame.kind {
            FrameKind::Table(grid) | FrameKind::Picture { grid, .. } => grid.has_open_cell(),
            _ => frame.is_text_like(),
        }
    }

    /// One coordinate.
    pub(super) fn location(&mut self, fraction: f64, is_clamped: bool, event: &Event<'_>) {
        if is_clamped {
            self.note(
                Severity::Repaired,
                event.source.clone(),
                "The coordinate is off the page and was clamped",
            );
        }
        let may_promote = matches!(
            self.frames.last(),
            Some(Frame { kind: FrameKind::Transparent { is_fresh: true, is_promotable: true, .. }, .. })
        );
        if may_promote {
            self.promote();
        }
        let Some(position) = self.host() else {
            self.note(Severity::Note, event.source.clone(), "This coordinate stands in no element");
            return;
        };
        let is_in_placed_group =
            position.checked_sub(1).and_then(|group| self.frames.get(group)).is_some_and(|group| {
                matches!(group.kind, FrameKind::Inline) && self.node(group.node).bbox.is_some()
            });
        let Some(frame) = self.frames.get_mut(position) else { return };
        let has_no_box = matches!(
            frame.kind,
            FrameKind::List | FrameKind::Smiles | FrameKind::ListItem { is_wrapper: true }
        );
        // Of a group on one line, the first box holds for every part.
        if has_no_box || is_in_placed_group {
            return;
        }
        if let Some(corners) = frame.locations.push(fraction) {
            self.set_box(position, corners, event);
        }
    }

    /// The innermost table or chart that takes cells; what is open inside it ends.
    fn table_for_cells(&mut self) -> Option<usize> {
        let position = self
            .frames
            .iter()
            .rposition(|frame| matches!(frame.kind, FrameKind::Table(_) | FrameKind::Picture { .. }))?;
        while self.frames.len() > position + 1 {
            let is_nested_table = self.frames.last().is_some_and(|top| {
                matches!(top.kind, FrameKind::Transparent { .. }) && top.element == Element::Table
            });
            if is_nested_table {
                self.mark_used();
                break;
            }
            self.end_top(true);
        }
        Some(position)
    }

    /// A cell starts.
    pub(super) fn cell(&mut self, token: CellToken, event: &Event<'_>) {
        let Some(position) = self.table_for_cells() else {
            self.note(Severity::Dropped, event.source.clone(), "This cell stands in no table");
            return;
        };
        let Some(frame) = self.frames.get_mut(position) else { return };
        let id = frame.node;
        let (FrameKind::Table(state) | FrameKind::Picture { grid: state, .. }) = &mut frame.kind else {
            return;
        };
        let mut state = std::mem::take(state);
        frame.source_end = event.source.end;
        let node = self.node_mut(id);
        if matches!(node.kind, NodeKind::Text(_)) {
            // A paragraph so far; the index has cells after all.
            node.kind = NodeKind::Table { grid: TableGrid::default(), is_document_index: true };
            node.text.clear();
        }
        let has_room = match &mut node.kind {
            NodeKind::Table { grid, .. } => state.push(grid, token, event.source.clone()),
            NodeKind::Picture(picture) => {
                state.push(picture.chart_data.get_or_insert_default(), token, event.source.clone())
            }
            _ => false,
        };
        self.put_back(position, state);
        if !has_room {
            self.note(Severity::Dropped, event.source.clone(), "The table has more cells than can be kept");
        }
    }

    /// A row ends.
    pub(super) fn row_end(&mut self, event: &Event<'_>) {
        let Some(position) = self.table_for_cells() else {
            self.note(Severity::Note, event.source.clone(), "This row end stands in no table");
            return;
        };
        if let Some(Frame {
            kind: FrameKind::Table(state) | FrameKind::Picture { grid: state, .. }, ..
        }) = self.frames.get_mut(position)
        {
            state.end_row();
        }
    }

    fn put_back(&mut self, position: usize, state: Box<crate::markup::builder::grid::GridState>) {
        if let Some(FrameKind::Table(slot) | FrameKind::Picture { grid: slot, .. }) =
            self.frames.get_mut(position).map(|frame| &mut frame.kind)
        {
            *slot = state;
        }
    }

    /// The class of a picture; elsewhere the word stands for itself.
    pub(super) fn class(&mut self, name: &'static str, rank: u8, event: &Event<'_>) {
        let picture = self.frames.iter().rposition(|frame| matches!(frame.kind, FrameKind::Picture { .. }));
        if let Some(position) = picture
            && let Some(Frame { kind: FrameKind::Picture { class_rank, .. }, node, .. }) =
                self.frames.get_mut(position)
        {
            let (is_first, is_better) = (*class_rank == u8::MAX, rank < *class_rank);
            *class_rank = (*class_rank).min(rank);
            let id = *node;
            if (is_first || is_better)
                && let NodeKind::Picture(picture) = &mut self.node_mut(id).kind
            {
                picture.class = Some(name.to_owned());
            }
            if !is_first {
                self.note(Severity::Note, event.source.clone(), "The picture has more than one class");
            }
        } else {
            self.note(Severity::Dropped, event.source.clone(), "This class stands in no picture");
        }
    }

    /// The language of code, if it stands at its start; elsewhere text.
    pub(super) fn language(&mut self, language: &str, event: &Event<'_>) {
        if let Some(top) = self.frames.last()
            && let node = top.node
            && let NodeKind::Code { language: None } = self.node(node).kind
            && matches!(top.kind, FrameKind::Code(_))
            && self.node(node).text.is_empty()
        {
            self.node_mut(node).kind = NodeKind::Code { language: Some(language.to_owned()) };
            if let Some(Frame { kind: FrameKind::Code(state), pending, .. }) = self.frames.last_mut() {
                state.keeps_leading = true;
                pending.clear();
            }
        } else if self.takes_literal_text() {
            self.text(event.raw, event.source.clone());
        } else {
            self.note(Severity::Note, event.source.clone(), "This language stands in no code");
        }
    }

    /// A key points to a value.
    pub(super) fn link(&mut self, id: u64, event: &Event<'_>) {
        let cell = self.frames.iter().rev().find_map(|frame| match frame.kind {
            FrameKind::KeyValueCell { index } => Some(index),
            _ => None,
        });
        let region = self.frames.iter_mut().rev().find_map(|frame| match &mut frame.kind {
            FrameKind::KeyValueRegion { links } => Some(links),
            _ => None,
        });
        match (cell, region) {
            (Some(cell), Some(links)) => links.push((cell, id)),
            _ => self.note(Severity::Note, event.source.clone(), "This link stands in no key"),
        }
    }

    /// A key or value starts in the innermost region.
    pub(super) fn open_key_value_cell(&mut self, id: u64, is_key: bool, element: Element, event: &Event<'_>) {
        let Some(region) = self.frames.last().map(|top| top.node) else { return };
        if let NodeKind::KeyValueRegion(region_cells) = &mut self.node_mut(region).kind {
            let index = region_cells.cells.len();
            region_cells.cells.push(KeyValueCell {
                id,
                is_key,
                text: String::new(),
                bbox: None,
                source: event.source.clone(),
            });
            let kind = FrameKind::KeyValueCell { index };
            self.frames.push(Frame::new(kind, element, region, event.source.end));
        }
    }
}

/// Which string of a node the text of an open element is.
enum Target {
    Node,
    KeyValueCell(usize),
    Smiles,
}

impl FrameKind {
    fn clone_target(&self) -> Target {
        match self {
            Self::KeyValueCell { index } => Target::KeyValueCell(*index),
            Self::Smiles => Target::Smiles,
            _ => Target::Node,
        }
    }
}
