//! What happens when an element ends: by its own tag, by a wrong one, or by a rule.

use crate::geometry::BBox;
use crate::markup::builder::Builder;
use crate::markup::builder::frame::{Frame, FrameKind};
use crate::markup::diagnostic::Severity;
use crate::markup::event::{Element, Event};
use crate::markup::tree::{Node, NodeId, NodeKind};

impl Builder {
    /// A closing tag.
    pub(super) fn close(&mut self, element: Element, event: &Event<'_>) {
        match element {
            Element::Document => {
                self.close_all(false);
                return;
            }
            Element::Wrapper => return,
            Element::List { .. } => {
                if self.lists_too_deep > 0 {
                    self.lists_too_deep -= 1;
                    return;
                }
                self.interrupted_list = None;
            }
            _ => {}
        }
        if let Some(position) = self.frames.iter().rposition(|frame| frame.element == element) {
            self.end_down_to(position, event.source.end);
        } else if self.frames.last().is_some_and(Frame::is_text_like) {
            self.note(
                Severity::Repaired,
                event.source.clone(),
                "A closing tag of another name ends this element",
            );
            self.end_top_with_tag(event.source.end);
        } else if matches!(element, Element::List { .. })
            && let Some(position) =
                self.frames.iter().rposition(|frame| matches!(frame.kind, FrameKind::List))
        {
            self.note(
                Severity::Repaired,
                event.source.clone(),
                "A closing tag of another kind ends this list",
            );
            self.end_down_to(position, event.source.end);
        } else {
            self.note(Severity::Note, event.source.clone(), "This closing tag closes nothing");
        }
    }

    /// Ends everything inside the element at `position`, then itself, by its tag.
    fn end_down_to(&mut self, position: usize, tag_end: usize) {
        while self.frames.len() > position + 1 {
            self.end_top(true);
        }
        self.end_top_with_tag(tag_end);
    }

    /// Ends everything on the page: the page is over, or with `is_end` the markup.
    pub(super) fn close_all(&mut self, is_end: bool) {
        while let Some(top) = self.frames.last() {
            let says_nothing = match top.kind {
                FrameKind::List | FrameKind::Table(_) => false,
                _ => self.is_blank(top),
            };
            if says_nothing {
                self.drop_top("The markup ends where this element was opened");
            } else {
                self.end_top(!is_end);
            }
        }
        self.lists_too_deep = 0;
    }

    fn end_top_with_tag(&mut self, tag_end: usize) {
        if let Some(top) = self.frames.last_mut() {
            top.source_end = tag_end;
        }
        self.finish_top(true);
    }

    /// Ends the innermost element without its tag. `is_complete` if something else ended it.
    pub(super) fn end_top(&mut self, is_complete: bool) {
        let is_own = self.frames.last().is_some_and(|top| !matches!(top.kind, FrameKind::Transparent { .. }));
        if is_own
            && is_complete
            && let Some(top) = self.frames.last()
        {
            let start = self.node(top.node).source.start;
            let source = start..top.source_end.max(start);
            self.note(Severity::Repaired, source, "This element was not closed");
        }
        self.finish_top(is_complete);
    }

    fn finish_top(&mut self, is_complete: bool) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.locations.extra > 0 {
            let source = self.node(frame.node).source.start..frame.source_end;
            self.note(Severity::Note, source, "Only the first four coordinates count");
        }
        match &frame.kind {
            FrameKind::Table(_) | FrameKind::Picture { .. } => self.complete_table(&frame),
            FrameKind::KeyValueRegion { links } => self.resolve_links(frame.node, links),
            FrameKind::KeyValueCell { index } => self.complete_key_value_cell(&frame, *index),
            FrameKind::Code(_) => self.place_captions_of_code(frame.node),
            _ => {}
        }
        if let Some(host) = self.frames.last_mut() {
            host.source_end = host.source_end.max(frame.source_end);
            if let (FrameKind::List, FrameKind::ListItem { .. }) = (&frame.kind, &host.kind)
                && host.pending.is_empty()
            {
                // If the item goes on behind the list, it goes on with a new word.
                host.pending.push(' ');
            }
        }
        if frame.is_wrapper() {
            let node = self.node_mut(frame.node);
            node.source.end = node.source.end.max(frame.source_end);
        } else if frame.has_own_node() {
            let node = self.node_mut(frame.node);
            node.source.end = frame.source_end;
            node.is_complete = is_complete;
        }
    }

    /// The cells are all there: slots without a cell get an empty one, cells without text head
    /// nothing, and a picture that is known to show something else has no molecule.
    fn complete_table(&mut self, frame: &Frame) {
        self.take_box_of_caption(frame);
        match &mut self.node_mut(frame.node).kind {
            NodeKind::Table { grid, .. } => grid.complete(frame.source_end),
            NodeKind::Picture(picture) => {
                if let Some(grid) = &mut picture.chart_data {
                    grid.complete(frame.source_end);
                }
                if picture.class.as_ref().is_some_and(|class| !class.starts_with("chemistry")) {
                    picture.smiles = None;
                }
            }
            _ => {}
        }
    }

    /// As the reference does: a table or picture without a box of its own has that of its caption.
    fn take_box_of_caption(&mut self, frame: &Frame) {
        let node = self.node(frame.node);
        if node.bbox.is_some() {
            return;
        }
        let found = node.children.iter().find_map(|child| self.node(*child).bbox);
        if found.is_some() {
            self.node_mut(frame.node).bbox = found;
        }
    }

    fn complete_key_value_cell(&mut self, frame: &Frame, index: usize) {
        if let NodeKind::KeyValueRegion(region) = &mut self.node_mut(frame.node).kind
            && let Some(cell) = region.cells.get_mut(index)
        {
            cell.source.end = frame.source_end;
        }
    }

    /// Inside code with a box, only its own box tells a caption from program text.
    fn place_captions_of_code(&mut self, id: NodeId) {
        let code = self.node(id);
        let captions = code.children.clone();
        let Some(bbox) = code.bbox else { return };
        for caption in captions {
            if self.node(caption).bbox.is_none() {
                self.node_mut(caption).bbox = Some(bbox);
            }
        }
    }

    fn resolve_links(&mut self, id: NodeId, links: &[(usize, u64)]) {
        if links.is_empty() {
            return;
        }
        if let NodeKind::KeyValueRegion(region) = &mut self.node_mut(id).kind {
            let positions: std::collections::HashMap<u64, usize> =
                region.cells.iter().enumerate().rev().map(|(position, cell)| (cell.id, position)).collect();
            region.links = links
                .iter()
                .filter_map(|(key, value)| positions.get(value).map(|position| (*key, *position)))
                .collect();
        }
    }

    /// Takes away the innermost element, which holds nothing.
    pub(super) fn drop_top(&mut self, message: &str) {
        let Some(frame) = self.frames.pop() else { return };
        if !frame.has_own_node() {
            return;
        }
        let source = self.node(frame.node).source.start..frame.source_end;
        self.remove_newest(frame.node);
        self.note(Severity::Note, source, message);
    }

    /// It has no coordinate, no text, nothing inside.
    pub(super) fn is_blank(&self, frame: &Frame) -> bool {
        let node: &Node = self.node(frame.node);
        let has_nothing_more = match &node.kind {
            NodeKind::Code { language } => language.is_none(),
            NodeKind::Picture(picture) => {
                picture.class.is_none()
                    && picture.smiles.is_none()
                    && picture.chart_data.as_ref().is_none_or(|grid| grid.cells.is_empty())
            }
            NodeKind::Table { grid, .. } => grid.num_rows == 0,
            NodeKind::InlineGroup | NodeKind::KeyValueRegion(_) => false,
            _ => true,
        };
        frame.has_own_node()
            && has_nothing_more
            && frame.locations.is_empty()
            && node.text.is_empty()
            && node.children.is_empty()
    }

    /// Gives a node its box: corners in any order.
    pub(super) fn set_box(&mut self, frame_position: usize, corners: [f64; 4], event: &Event<'_>) {
        let [x0, y0, x1, y1] = corners;
        if x0 > x1 || y0 > y1 {
            self.note(
                Severity::Repaired,
                event.source.clone(),
                "The corners of the box were in another order",
            );
        }
        let bbox = BBox::from_corners(x0, y0, x1, y1);
        let Some(frame) = self.frames.get(frame_position) else { return };
        let parts = &self.node(frame.node).children;
        if matches!(frame.kind, FrameKind::Inline) && parts.iter().any(|part| self.node(*part).bbox.is_some())
        {
            // The box of a group holds for its parts; it comes too late for these.
            return;
        }
        let cell = match frame.kind {
            FrameKind::KeyValueCell { index } => Some(index),
            _ => None,
        };
        let node = self.node_mut(frame.node);
        match (cell, &mut node.kind) {
            (Some(index), NodeKind::KeyValueRegion(region)) => {
                if let Some(cell) = region.cells.get_mut(index) {
                    cell.bbox = Some(bbox);
                }
            }
            _ => node.bbox = Some(bbox),
        }
    }
}
