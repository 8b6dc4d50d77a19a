//! What happens when an element starts: what ends before it, and where it goes.

use crate::markup::builder::frame::{CodeState, Frame, FrameKind, MaybeOpen};
use crate::markup::builder::{Builder, MAX_DEPTH};
use crate::markup::diagnostic::Severity;
use crate::markup::event::{Element, Event, EventKind, IgnoredToken};
use crate::markup::table::TableGrid;
use crate::markup::tree::{KeyValueRegion, Layer, NodeId, NodeKind, Picture};

/// How many neighbours are asked; more are only there when a model loops.
const NEAR: usize = 32;

/// Where an element that starts should go.
enum Place {
    /// On the page or in that node.
    In(Option<NodeId>),
    /// In the item that is open, or in the one before if this one only wraps a list.
    InItem,
    /// Nowhere: it means nothing at this place, its text goes to what is open.
    Through { is_promotable: bool },
    /// The list is deeper than we go; its items go on in the list that is open.
    TooDeep,
    /// Left out.
    Out,
}

impl Builder {
    /// An element starts. With `may_nest` it may be taken for a part of the text around it.
    pub(super) fn open(&mut self, element: Element, event: &Event<'_>, may_nest: bool) {
        match element {
            Element::Document => {
                self.close_all(false);
                return;
            }
            Element::Wrapper => return,
            _ => {}
        }
        match self.make_room(element, may_nest) {
            Place::In(parent) => self.open_in(parent, element, event),
            Place::InItem => {
                let item = self.item_for_list();
                self.open_in(item, element, event);
            }
            Place::Through { is_promotable } => {
                if let Some(host) = self.frames.last() {
                    let source = event.source.clone();
                    let is_in_cell = self.is_in_cell();
                    let kind = FrameKind::Transparent { is_fresh: true, is_promotable, source };
                    self.frames.push(Frame::new(kind, element, host.node, event.source.end));
                    if is_in_cell {
                        // Parts of a cell are words of it.
                        self.text(" ", event.source.clone());
                    }
                }
            }
            Place::TooDeep => {
                self.lists_too_deep += 1;
                self.note(
                    Severity::Repaired,
                    event.source.clone(),
                    "Lists are nested too deep to be kept apart",
                );
            }
            Place::Out => {
                self.note(Severity::Dropped, event.source.clone(), "This element means nothing here");
            }
        }
    }

    /// Ends what cannot hold the element, from the innermost outwards.
    fn make_room(&mut self, element: Element, may_nest: bool) -> Place {
        loop {
            let Some(top) = self.frames.last() else {
                return match element {
                    Element::Smiles | Element::Key(_) | Element::Value(_) => Place::Out,
                    _ => Place::In(None),
                };
            };
            let place = match &top.kind {
                FrameKind::Transparent { .. } => {
                    (may_nest && element != Element::Caption && self.is_in_cell())
                        .then_some(Place::Through { is_promotable: true })
                }
                FrameKind::Smiles => None,
                FrameKind::Leaf => (may_nest && self.nests_in_text(element))
                    .then_some(Place::Through { is_promotable: true }),
                FrameKind::Code(_) => (element == Element::Caption).then_some(Place::In(Some(top.node))),
                FrameKind::ListItem { .. } => self.place_in_item(element, may_nest),
                FrameKind::List => self.place_in_list(element),
                // An index that is a paragraph so far.
                FrameKind::Table(_) if matches!(self.node(top.node).kind, NodeKind::Text(_)) => None,
                FrameKind::Table(grid) => place_in_table(element, top, grid.has_open_cell(), may_nest),
                FrameKind::Picture { grid, .. } => place_in_picture(element, top, grid.is_empty(), may_nest),
                FrameKind::Inline => element.is_text_leaf().then_some(Place::In(Some(top.node))),
                FrameKind::KeyValueRegion { .. } => matches!(element, Element::Key(_) | Element::Value(_))
                    .then_some(Place::In(Some(top.node))),
                FrameKind::KeyValueCell { .. } => {
                    (element.is_text_leaf() && may_nest).then_some(Place::Through { is_promotable: false })
                }
            };
            if let Some(place) = place {
                return place;
            }
            if let Element::List { is_ordered } = top.element {
                self.interrupted_list = Some(is_ordered);
            }
            self.end_for_next(element);
        }
    }

    /// Formulas, code and their groups are part of a sentence, unless each part is its own element.
    fn nests_in_text(&self, element: Element) -> bool {
        let mut inner_first = self.frames.iter().rev();
        let host = inner_first.next().map(|frame| frame.element);
        let around = inner_first.next().map(|frame| &frame.kind);
        let is_in_group = matches!(around, Some(FrameKind::Inline));
        if host == Some(Element::Caption) && matches!(around, Some(FrameKind::Table(_))) {
            // More than a caption would have to start here; without a box it does not.
            return element.is_text_leaf() && element != Element::Caption;
        }
        matches!(element, Element::Formula | Element::Code | Element::Inline)
            && host != Some(Element::Formula)
            && !is_in_group
    }

    /// The innermost element that is not transparent is a table, and a cell of it is open.
    fn is_in_cell(&self) -> bool {
        self.host().and_then(|position| self.frames.get(position)).is_some_and(|frame| match &frame.kind {
            FrameKind::Table(grid) => grid.has_open_cell(),
            _ => false,
        })
    }

    fn place_in_item(&self, element: Element, may_nest: bool) -> Option<Place> {
        let top = self.frames.last()?;
        match element {
            Element::List { .. } if self.is_too_deep() => Some(Place::TooDeep),
            Element::List { .. } => Some(Place::InItem),
            Element::Text(_)
            | Element::Formula
            | Element::Code
            | Element::Inline
            | Element::Checkbox { .. } => {
                let is_wrapping = self.node(top.node).text.is_empty();
                (may_nest || is_wrapping).then_some(Place::Through { is_promotable: !is_wrapping })
            }
            _ => None,
        }
    }

    /// The open item, or, if it has no text and only wraps a list, the item before it.
    fn item_for_list(&mut self) -> Option<NodeId> {
        let top = self.frames.last()?;
        let (id, is_wrapper) = (top.node, matches!(top.kind, FrameKind::ListItem { is_wrapper: true }));
        let node = self.node(id);
        if is_wrapper || !node.text.is_empty() || !node.children.is_empty() {
            return Some(id);
        }
        let before = node.parent.and_then(|list| {
            // The item itself is the last child.
            self.item_before(list, self.node(list).children.len().saturating_sub(1))
        });
        let Some(before) = before else { return Some(id) };
        self.remove_newest(id);
        if let Some(top) = self.frames.last_mut() {
            top.kind = FrameKind::ListItem { is_wrapper: true };
            top.node = before;
        }
        Some(before)
    }

    /// The item that a list belongs to which stands behind the first `num_children` of `list`: the
    /// nearest one that says something, or else the first.
    fn item_before(&self, list: NodeId, num_children: usize) -> Option<NodeId> {
        let children = self.node(list).children.get(..num_children)?;
        let is_item = |child: &NodeId| matches!(self.node(*child).kind, NodeKind::ListItem { .. });
        let says_something = |child: &NodeId| {
            let node = self.node(*child);
            is_item(child) && (!node.text.is_empty() || !node.children.is_empty())
        };
        let near = children.iter().rev().take(NEAR).copied().find(says_something);
        near.or_else(|| children.iter().take(NEAR).copied().find(is_item))
    }

    fn place_in_list(&self, element: Element) -> Option<Place> {
        let top = self.frames.last()?;
        match element {
            Element::ListItem => Some(Place::In(Some(top.node))),
            Element::List { .. } if self.is_too_deep() => Some(Place::TooDeep),
            Element::List { .. } => {
                let before = self.item_before(top.node, self.node(top.node).children.len());
                Some(Place::In(Some(before.unwrap_or(top.node))))
            }
            _ => None,
        }
    }

    fn is_too_deep(&self) -> bool {
        self.frames.len() >= MAX_DEPTH
    }

    /// Ends the innermost open element because `next` starts.
    fn end_for_next(&mut self, next: Element) {
        let Some(top) = self.frames.last() else { return };
        let says_nothing = match top.kind {
            FrameKind::List => self.node(top.node).children.is_empty(),
            FrameKind::Table(_) => is_table(next) && self.is_blank(top),
            _ => self.is_blank(top),
        };
        if says_nothing {
            self.drop_top("This element was opened and holds nothing");
        } else {
            self.end_top(true);
        }
    }

    fn open_in(&mut self, parent: Option<NodeId>, element: Element, event: &Event<'_>) {
        let start = event.source.clone();
        if let Element::Key(id) | Element::Value(id) = element {
            self.open_key_value_cell(id, matches!(element, Element::Key(_)), element, event);
            return;
        }
        let parent = match (element, parent) {
            (Element::ListItem, None) => {
                let is_ordered = self.interrupted_list.unwrap_or_default();
                self.note(Severity::Repaired, start.clone(), "This item stands outside of a list");
                let source = start.start..start.start;
                let list = self.add_node(NodeKind::List { is_ordered }, Layer::Body, None, source);
                let frame = Frame::new(FrameKind::List, Element::List { is_ordered }, list, start.start);
                self.frames.push(frame);
                Some(list)
            }
            (Element::List { .. }, None) => {
                self.interrupted_list = None;
                None
            }
            _ => parent,
        };
        if element == Element::Smiles {
            if let Some(picture) = parent {
                self.frames.push(Frame::new(FrameKind::Smiles, element, picture, start.end));
            }
            return;
        }
        let Some((kind, frame_kind)) = node_and_frame(element) else { return };
        let layer = match element {
            Element::PageHeader | Element::PageFooter => Layer::Furniture,
            _ => Layer::Body,
        };
        let id = self.add_node(kind, layer, parent, start.clone());
        self.frames.push(Frame::new(frame_kind, element, id, start.end));
    }

    /// Program code shows markup, too: there, a tag is meant only if a box follows it or if no
    /// other language has such a name. True if the event has become part of the code.
    pub(super) fn code_takes(&mut self, event: &Event<'_>) -> bool {
        let Some(Frame { kind: FrameKind::Code(state), locations, .. }) = self.frames.last_mut() else {
            return false;
        };
        let has_box = locations.is_full();
        let maybe_open = match event.kind {
            // Whitespace between a tag and its box does not part them.
            EventKind::Text(text) if text.trim().is_empty() => return false,
            _ => state.maybe_open.take(),
        };
        match event.kind {
            EventKind::Location { .. } => {
                if let Some(open) = maybe_open {
                    state.shown.pop();
                    self.take_back(open);
                }
                false
            }
            EventKind::Open(element) if element.is_common_word() && has_box => {
                let Some(top) = self.frames.last() else { return false };
                let open = MaybeOpen {
                    element,
                    source: event.source.clone(),
                    text_len: self.node(top.node).text.len(),
                    pending: top.pending.clone(),
                };
                self.text(event.raw, event.source.clone());
                if let Some(Frame { kind: FrameKind::Code(state), .. }) = self.frames.last_mut() {
                    state.maybe_open = Some(open);
                    state.shown.push(element);
                }
                true
            }
            EventKind::Close(element) => {
                let Some(shown) = state.shown.iter().rposition(|shown| *shown == element) else {
                    return false;
                };
                state.shown.remove(shown);
                self.text(event.raw, event.source.clone());
                true
            }
            EventKind::Class { .. }
            | EventKind::Ignored(
                IgnoredToken::UnreadClass
                | IgnoredToken::ClassClose
                | IgnoredToken::EmptyElement
                | IgnoredToken::UnknownTag,
            ) => {
                self.text(event.raw, event.source.clone());
                true
            }
            _ => false,
        }
    }

    /// A tag that was taken as part of the code was meant.
    fn take_back(&mut self, open: MaybeOpen) {
        let Some(id) = self.frames.last().map(|top| top.node) else { return };
        self.node_mut(id).text.truncate(open.text_len);
        if let Some(top) = self.frames.last_mut() {
            top.pending = open.pending;
            top.source_end = open.source.start;
        }
        let event = Event { kind: EventKind::Open(open.element), raw: "", source: open.source };
        self.open(open.element, &event, false);
    }

    /// A box follows a tag that had been taken as part of the text: it stands on its own.
    pub(super) fn promote(&mut self) {
        if let Some(Frame { kind: FrameKind::Transparent { source, .. }, element, .. }) = self.frames.pop() {
            let event = Event { kind: EventKind::Open(element), raw: "", source };
            self.open(element, &event, false);
        }
    }
}

fn place_in_table(element: Element, top: &Frame, has_open_cell: bool, may_nest: bool) -> Option<Place> {
    match element {
        Element::Caption => Some(Place::In(Some(top.node))),
        Element::Picture | Element::Chart | Element::KeyValueRegion | Element::DocumentIndex => None,
        _ => (has_open_cell && may_nest).then_some(Place::Through { is_promotable: true }),
    }
}

fn place_in_picture(element: Element, top: &Frame, has_no_cells: bool, may_nest: bool) -> Option<Place> {
    let is_chart = top.element == Element::Chart;
    match element {
        Element::Caption | Element::Smiles => Some(Place::In(Some(top.node))),
        Element::Table if is_chart && has_no_cells => Some(Place::Through { is_promotable: false }),
        Element::Table if may_nest => Some(Place::Through { is_promotable: true }),
        _ => None,
    }
}

fn is_table(element: Element) -> bool {
    matches!(element, Element::Table | Element::DocumentIndex)
}

fn node_and_frame(element: Element) -> Option<(NodeKind, FrameKind)> {
    Some(match element {
        Element::Heading { level } => (NodeKind::Heading { level }, FrameKind::Leaf),
        Element::Text(kind) => (NodeKind::Text(kind), FrameKind::Leaf),
        Element::Caption => (NodeKind::Caption, FrameKind::Leaf),
        Element::Footnote => (NodeKind::Footnote, FrameKind::Leaf),
        Element::PageHeader => (NodeKind::PageHeader, FrameKind::Leaf),
        Element::PageFooter => (NodeKind::PageFooter, FrameKind::Leaf),
        Element::Formula => (NodeKind::Formula, FrameKind::Leaf),
        Element::Code => (NodeKind::Code { language: None }, FrameKind::Code(Box::<CodeState>::default())),
        Element::Checkbox { is_selected } => (NodeKind::Checkbox { is_selected }, FrameKind::Leaf),
        Element::List { is_ordered } => (NodeKind::List { is_ordered }, FrameKind::List),
        Element::ListItem => (NodeKind::ListItem { marker: None }, FrameKind::ListItem { is_wrapper: false }),
        Element::Table | Element::DocumentIndex => (
            NodeKind::Table {
                grid: TableGrid::default(),
                is_document_index: element == Element::DocumentIndex,
            },
            FrameKind::Table(Box::default()),
        ),
        Element::Picture | Element::Chart => {
            let is_chart = element == Element::Chart;
            let picture =
                Picture { is_chart, chart_data: is_chart.then(TableGrid::default), ..Picture::default() };
            let frame = FrameKind::Picture { grid: Box::default(), class_rank: u8::MAX };
            (NodeKind::Picture(Box::new(picture)), frame)
        }
        Element::Inline => (NodeKind::InlineGroup, FrameKind::Inline),
        Element::KeyValueRegion => (
            NodeKind::KeyValueRegion(Box::<KeyValueRegion>::default()),
            FrameKind::KeyValueRegion { links: Vec::new() },
        ),
        Element::Document | Element::Wrapper | Element::Key(_) | Element::Value(_) | Element::Smiles => {
            return None;
        }
    })
}
