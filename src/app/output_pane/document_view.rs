//! The rendered document: one block an element, drawn from the tree.

use std::sync::Arc;

use egui::{Rect, Ui};

use super::block_layout::{BlockLayouter, Caches, estimated_height};
use super::block_view::{BlockPainter, Marks, PointerOutcome};
use super::blocks::{Block, BlockKind, Blocks};
use super::input::{PaneAction, PaneInput};
use super::math_fonts;
use super::reorder::{Row, reorder_ui};
use super::virtual_list::{Anchor, ItemSpec, Rows, VirtualList};
use crate::app::theme::Palette;
use crate::markup::{DocTree, NodeId, NodeKind};

/// The view's memory between frames.
#[derive(Default)]
pub(super) struct DocumentView {
    list: VirtualList,
    blocks: Blocks,
    tree: Option<Arc<DocTree>>,
    shows_furniture: bool,
    is_dark: bool,
    caches: Caches,
    scrolled_to: Option<NodeId>,
    has_formulas: bool,
}

impl DocumentView {
    /// Starts over with another document, where its reader was.
    pub(super) fn restart(&mut self, anchor: Option<Anchor>) {
        let caches = std::mem::take(&mut self.caches);
        *self = Self { list: VirtualList::at(anchor), caches, ..Self::default() };
    }

    /// Where the reader is.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.list.anchor()
    }

    /// Nothing is shown of the document.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.list().is_empty()
    }

    /// The end is in view.
    pub(super) fn is_at_tail(&self) -> bool {
        self.list.is_at_tail()
    }

    /// Go to the end and stay there while more comes.
    pub(super) fn follow(&mut self) {
        self.list.go_to_tail();
    }

    /// The next or previous element in reading order.
    pub(super) fn neighbour(&self, tree: &DocTree, from: Option<NodeId>, step: isize) -> Option<NodeId> {
        self.blocks.neighbour(tree, from, step)
    }

    /// Takes in the tree of this frame. Cheap when it is that of the last.
    pub(super) fn sync(&mut self, ui: &Ui, tree: &Arc<DocTree>, shows_furniture: bool) {
        let is_dark = ui.visuals().dark_mode;
        let is_same = self.tree.as_ref().is_some_and(|known| Arc::ptr_eq(known, tree));
        if is_same && self.shows_furniture == shows_furniture && self.is_dark == is_dark {
            return;
        }
        self.blocks = Blocks::of(tree, shows_furniture);
        self.has_formulas = tree.nodes().any(|(_, node)| node.kind == NodeKind::Formula);
        let width = ui.available_width();
        let specs = self.blocks.list().iter().map(|block| ItemSpec {
            key: block_key(block),
            stamp: block.stamp,
            estimate: estimated_height(block, tree.node(block.node), width),
        });
        self.list.set_items(specs);
        (self.tree, self.shows_furniture, self.is_dark) = (Some(Arc::clone(tree)), shows_furniture, is_dark);
    }

    /// Draws the document into all of `ui`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        tree: &Arc<DocTree>,
        input: &PaneInput<'_>,
        pointer: &mut PointerOutcome,
        actions: &mut Vec<PaneAction>,
    ) {
        self.sync(ui, tree, input.shows_furniture);
        // Asked for in every frame: whoever sets fonts anew takes ours away.
        let has_math_fonts = self.has_formulas && math_fonts::are_ready(ui.ctx());
        if has_math_fonts != self.caches.has_math_fonts {
            self.caches.has_math_fonts = has_math_fonts;
            self.list.measure_again();
        }
        let goal = input.scroll_to.filter(|_| input.scroll_to != self.scrolled_to);
        let goal = goal.and_then(|node| self.blocks.position(tree, node));
        if let Some(block) = goal.and_then(|index| self.blocks.list().get(index)) {
            self.list.go_to(block_key(block));
        }
        self.scrolled_to = input.scroll_to;
        let position = |node: Option<NodeId>| node.and_then(|node| self.blocks.position(tree, node));
        let is_streaming = input.state.is_streaming();
        let mut rows = DocumentRows {
            blocks: &self.blocks,
            hovered: position(input.hovered),
            selected: position(input.selected),
            caret: caret_block(tree, &self.blocks).filter(|_| is_streaming),
            tree,
            input,
            palette: Palette::of_ui(ui),
            caches: &mut self.caches,
            pointer,
            actions,
        };
        self.list.show(ui, "document", is_streaming, &mut rows);
    }
}

/// The last block, when markup is still being written into it.
fn caret_block(tree: &DocTree, blocks: &Blocks) -> Option<usize> {
    let index = blocks.list().len().checked_sub(1)?;
    let block = blocks.list().get(index)?;
    (!tree.node(block.node).is_complete).then_some(index)
}

fn block_key(block: &Block) -> u64 {
    // A page break shares its node with the first block after it.
    (block.node.index() as u64) << 1 | u64::from(is_break(block))
}

fn is_break(block: &Block) -> bool {
    matches!(block.kind, BlockKind::PageBreak { .. })
}

struct DocumentRows<'a> {
    blocks: &'a Blocks,
    hovered: Option<usize>,
    selected: Option<usize>,
    caret: Option<usize>,
    tree: &'a DocTree,
    input: &'a PaneInput<'a>,
    palette: &'static Palette,
    caches: &'a mut Caches,
    pointer: &'a mut PointerOutcome,
    actions: &'a mut Vec<PaneAction>,
}

impl DocumentRows<'_> {
    fn layouter(&mut self) -> BlockLayouter<'_> {
        BlockLayouter {
            tree: self.tree,
            caches: self.caches,
            palette: self.palette,
            picture_crop: self.input.picture_crop,
        }
    }
}

impl Rows for DocumentRows<'_> {
    fn measure(&mut self, ui: &mut Ui, index: usize, width: f32) -> f32 {
        let Some(block) = self.blocks.list().get(index) else { return 0.0 };
        self.layouter().lay_out(ui, block, index == 0, width).total_height()
    }

    fn draw(&mut self, ui: &mut Ui, index: usize, rect: Rect) -> f32 {
        let Some(block) = self.blocks.list().get(index) else { return 0.0 };
        let laid = self.layouter().lay_out(ui, block, index == 0, rect.width());
        let marks = Marks {
            is_hovered: self.hovered == Some(index),
            is_selected: self.selected == Some(index),
            has_caret: self.caret == Some(index),
        };
        let (tree, palette) = (self.tree, self.palette);
        BlockPainter { tree, palette, pointer: self.pointer, actions: self.actions }
            .draw(ui, block, &laid, marks, rect);
        if !self.input.state.is_streaming() && !is_break(block) {
            let following = self.blocks.list().get(index + 1..).unwrap_or_default();
            let next = following.iter().find(|block| !is_break(block)).map(|block| block.node);
            let text = &self.tree.node(block.node).text;
            let top = rect.top() + laid.above;
            let row = Row { page: self.input.page, node: block.node, next, text, rect, top };
            reorder_ui(ui, &row, self.actions);
        }
        laid.total_height()
    }
}
