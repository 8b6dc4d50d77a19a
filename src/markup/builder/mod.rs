//! Events in, a document tree out; every rule of repair is here, and no tag name.
//!
//! The builder never fails. It keeps the tree right after each event: texts are trimmed, spans are
//! grown, boxes are sorted. Repairs follow one policy, that of `doctags.md` section 4: an open text
//! ends where the next element starts, a wrong closing tag ends the innermost text, a container
//! ends when something starts that cannot be inside it, and what was read is kept. Each repair
//! leaves a [`Diagnostic`].
//!
//! Not here: characters and names (`dialect`), joining over pages (`export::join`).

mod close;
mod content;
mod frame;
mod grid;
mod open;

use std::ops::Range;
use std::sync::Arc;

use crate::markup::builder::frame::Frame;
use crate::markup::diagnostic::{Diagnostic, Severity};
use crate::markup::event::{Event, EventKind, IgnoredToken};
use crate::markup::tree::{DocTree, Layer, Node, NodeId, NodeKind, PageNode};

/// Elements inside elements; deeper lists go on at this depth. Real pages have below ten.
const MAX_DEPTH: usize = 100;

/// Later ones are left out: a page that needs more is noise, and memory must stay bounded.
const MAX_DIAGNOSTICS: usize = 1000;

/// The tree so far and what is open in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    tree: DocTree,
    /// From the page inwards.
    frames: Vec<Frame>,
    /// The kind of the list that something else interrupted.
    interrupted_list: Option<bool>,
    /// Lists that were opened beyond the depth limit and are not yet closed.
    lists_too_deep: usize,
    /// Text that stands in no element and has not been reported yet.
    stray_text: Option<Range<usize>>,
    /// It has been said once that this form of the dialect is not wholly read.
    is_xml_form_reported: bool,
    /// An end token has been read; what follows on this page is left out.
    is_stopped: bool,
}

impl Builder {
    /// The tree of everything read so far.
    pub(crate) fn tree(&self) -> &DocTree {
        &self.tree
    }

    /// Nothing but whitespace and text outside of elements has been read.
    pub(crate) fn has_no_elements(&self) -> bool {
        self.tree.is_empty() && self.tree.pages.len() <= 1
    }

    /// Takes one event. Events come in the order of the markup.
    pub(crate) fn apply(&mut self, event: &Event<'_>) {
        self.ensure_page(event.source.start);
        if self.is_stopped && event.kind != EventKind::PageBreak {
            return;
        }
        if !matches!(event.kind, EventKind::Text(_)) {
            self.report_stray_text();
        }
        if self.code_takes(event) {
            self.extend(event.source.end);
            return;
        }
        match event.kind {
            EventKind::Open(element) => self.open(element, event, true),
            EventKind::Close(element) => self.close(element, event),
            EventKind::Location { fraction, is_clamped } => self.location(fraction, is_clamped, event),
            EventKind::Text(text) => self.text(text, event.source.clone()),
            EventKind::Cell(token) => self.cell(token, event),
            EventKind::RowEnd => self.row_end(event),
            EventKind::Class { name, rank } => self.class(name, rank, event),
            EventKind::Language(language) => self.language(language, event),
            EventKind::Link(id) => self.link(id, event),
            EventKind::Ignored(why) => self.ignored(why, event),
            EventKind::PageBreak => self.page_break(event.source.clone()),
            EventKind::Stop => {
                self.close_all(false);
                self.is_stopped = true;
            }
            EventKind::ForeignDialect => {}
        }
        self.extend(event.source.end);
    }

    /// Makes the source ranges of everything open reach to `end`, so that a tree in the middle of
    /// the markup can be asked what stands at a byte.
    pub(crate) fn cover(&mut self, end: usize) {
        self.ensure_page(0);
        for position in 0..self.frames.len() {
            // What has no node of its own may add to one that is already whole.
            let open = self.frames.get(position).filter(|frame| frame.has_own_node());
            if let Some(id) = open.map(|frame| frame.node)
                && self.node(id).source.end < end
            {
                self.node_mut(id).source.end = end;
            }
        }
        if let Some(page) = self.tree.pages.last_mut() {
            page.source.end = end;
        }
    }

    /// Adds what somebody else has to say about the markup.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.tree.diagnostics.push(diagnostic);
    }

    /// The markup is over.
    pub(crate) fn finish(mut self, source_end: usize) -> DocTree {
        self.ensure_page(0);
        self.report_stray_text();
        self.close_all(true);
        if let Some(page) = self.tree.pages.last_mut() {
            page.source.end = source_end;
        }
        self.tree
    }

    fn page_break(&mut self, source: Range<usize>) {
        self.close_all(false);
        self.interrupted_list = None;
        self.lists_too_deep = 0;
        self.is_stopped = false;
        if let Some(page) = self.tree.pages.last_mut() {
            page.source.end = source.start;
        }
        self.tree.pages.push(PageNode { children: Vec::new(), source: source.end..source.end });
    }

    fn ensure_page(&mut self, start: usize) {
        if self.tree.pages.is_empty() {
            self.tree.pages.push(PageNode { children: Vec::new(), source: start..start });
        }
    }

    /// The innermost open element has taken the markup up to `end`.
    fn extend(&mut self, end: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.source_end = end;
        }
    }

    fn ignored(&mut self, why: IgnoredToken, event: &Event<'_>) {
        let (severity, message) = match why {
            IgnoredToken::BadLocation => (Severity::Dropped, "This is not a coordinate"),
            IgnoredToken::UnreadClass => (Severity::Note, "This picture class is not in use"),
            IgnoredToken::XmlForm if self.is_xml_form_reported => return,
            IgnoredToken::XmlForm => {
                self.is_xml_form_reported = true;
                (Severity::Dropped, "This is the XML form of DocTags, whose boxes and cells are not read")
            }
            IgnoredToken::VoidClose | IgnoredToken::ClassClose => {
                (Severity::Note, "This token has no closing tag")
            }
            IgnoredToken::EmptyElement => (Severity::Note, "This element holds nothing"),
            IgnoredToken::UnknownTag => (Severity::Dropped, "This is no tag of DocTags"),
            IgnoredToken::HalfToken => (Severity::Dropped, "The markup ends inside a tag"),
        };
        self.note(severity, event.source.clone(), message);
    }

    fn node(&self, id: NodeId) -> &Node {
        self.tree.node(id)
    }

    /// The node to change; a snapshot that shares it keeps its own state of it.
    #[expect(
        clippy::indexing_slicing,
        reason = "ids are made here and only the newest node is ever taken away"
    )]
    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        Arc::make_mut(&mut self.tree.nodes[id.index()])
    }

    fn add_node(
        &mut self,
        kind: NodeKind,
        layer: Layer,
        parent: Option<NodeId>,
        source: Range<usize>,
    ) -> NodeId {
        let id = NodeId(u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX));
        self.tree.nodes.push(Arc::new(Node {
            kind,
            page_idx: self.tree.pages.len().saturating_sub(1),
            bbox: None,
            source,
            layer,
            text: String::new(),
            runs: Vec::new(),
            parent,
            children: Vec::new(),
            is_complete: false,
        }));
        match parent {
            Some(parent) => self.node_mut(parent).children.push(id),
            None => {
                if let Some(page) = self.tree.pages.last_mut() {
                    page.children.push(id);
                }
            }
        }
        id
    }

    /// Takes away a node that says nothing. Only the newest one can go, so that ids stay.
    fn remove_newest(&mut self, id: NodeId) {
        if id.index() + 1 != self.tree.nodes.len() {
            return;
        }
        let Some(node) = self.tree.nodes.pop() else { return };
        let siblings = match node.parent {
            Some(parent) => Some(&mut self.node_mut(parent).children),
            None => self.tree.pages.last_mut().map(|page| &mut page.children),
        };
        if let Some(siblings) = siblings
            && siblings.last() == Some(&id)
        {
            siblings.pop();
        }
    }

    fn report_stray_text(&mut self) {
        if let Some(source) = self.stray_text.take() {
            self.note(Severity::Dropped, source, "This text stands in no element");
        }
    }

    fn note(&mut self, severity: Severity, source: Range<usize>, message: &str) {
        let diagnostics = &mut self.tree.diagnostics;
        if let Some(last) = diagnostics.last_mut()
            && last.message == message
            && last.source.end == source.start
        {
            last.source.end = source.end;
            return;
        }
        let message = match diagnostics.len() {
            0..MAX_DIAGNOSTICS => message,
            MAX_DIAGNOSTICS => "There is more like this; it is not listed",
            _ => return,
        };
        diagnostics.push(Diagnostic { severity, source, message: message.to_owned(), hint: None });
    }
}
