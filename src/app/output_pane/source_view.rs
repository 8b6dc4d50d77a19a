//! Source text in a fixed-width face: wrapped, selectable, with the ranges of elements marked.
//!
//! What colour a piece of text has, and which element it belongs to, is said by a [`SourceStyle`];
//! the Markdown and the markup tab differ in nothing else.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{CCursor, CharIndex, LayoutJob};
use egui::{Color32, CornerRadius, Galley, Pos2, Rect, Ui, pos2, vec2};

use super::block_view::PointerOutcome;
use super::selectable_text::{SelectableText, selectable_text};
use super::source_chunks::Chunks;
use super::typography::{self, MONO_LINE, MONO_SIZE};
use super::virtual_list::{Anchor, Rows, VirtualList};
use crate::app::theme::Palette;
use crate::markup::NodeId;

/// Free space left and right of the text.
const MARGIN: f32 = 20.0;
/// Free space above and below the text.
const EDGE: f32 = 10.0;

/// What a source text looks like and means.
pub(super) trait SourceStyle {
    /// Appends the bytes to the job, in colours.
    fn append(&self, job: &mut LayoutJob, range: Range<usize>);
    /// The element whose source holds the byte.
    fn element_at(&self, byte: usize) -> Option<NodeId>;
    /// The bytes of an element, and its colour.
    fn range_of(&self, node: NodeId) -> Option<(Range<usize>, Color32)>;
}

/// The view's memory between frames.
#[derive(Default)]
pub(super) struct SourceView {
    list: VirtualList,
    chunks: Chunks,
    scrolled_to: Option<NodeId>,
}

/// What is shown in one frame.
pub(super) struct SourceFrame<'a> {
    pub id_salt: &'static str,
    pub text: &'a str,
    pub style: &'a dyn SourceStyle,
    pub is_streaming: bool,
    pub hovered: Option<NodeId>,
    pub selected: Option<NodeId>,
    pub scroll_to: Option<NodeId>,
}

impl SourceView {
    /// Starts over with another text, where its reader was.
    pub(super) fn restart(&mut self, anchor: Option<Anchor>) {
        *self = Self { list: VirtualList::at(anchor), ..Self::default() };
    }

    /// Where the reader is.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.list.anchor()
    }

    /// The end is in view.
    pub(super) fn is_at_tail(&self) -> bool {
        self.list.is_at_tail()
    }

    /// Go to the end and stay there while more comes.
    pub(super) fn follow(&mut self) {
        self.list.go_to_tail();
    }

    /// Draws the text into all of `ui`.
    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &SourceFrame<'_>, pointer: &mut PointerOutcome) {
        if self.chunks.update(frame.text) {
            let chars = ((ui.available_width() - 2.0 * MARGIN) / (MONO_SIZE * 0.6)).max(20.0);
            self.list.set_items(self.chunks.specs(chars, MONO_LINE));
        }
        let palette = Palette::of_ui(ui);
        let mut rows = SourceRows { chunks: &self.chunks, frame, palette, pointer };
        if frame.scroll_to != self.scrolled_to {
            let range = frame.scroll_to.and_then(|node| frame.style.range_of(node)).map(|(range, _)| range);
            if let Some((key, part)) = range.and_then(|range| rows.part_of(ui, &range)) {
                self.list.go_to_part(key, part);
            }
        }
        self.scrolled_to = frame.scroll_to;
        self.list.show(ui, frame.id_salt, frame.is_streaming, &mut rows);
    }
}

struct SourceRows<'a> {
    chunks: &'a Chunks,
    frame: &'a SourceFrame<'a>,
    palette: &'static Palette,
    pointer: &'a mut PointerOutcome,
}

impl SourceRows<'_> {
    fn galley(&self, ui: &Ui, index: usize, width: f32) -> Option<Arc<Galley>> {
        let chunk = self.chunks.list().get(index)?;
        let mut job = LayoutJob { wrap: typography::wrap(width - 2.0 * MARGIN), ..LayoutJob::default() };
        self.frame.style.append(&mut job, chunk.range.clone());
        Some(ui.fonts_mut(|fonts| fonts.layout_job(job)))
    }

    /// Height of a piece, with free space above the first and below the last.
    fn height(&self, index: usize, galley: &Galley) -> f32 {
        let is_last = index + 1 == self.chunks.list().len();
        let num_edges = u8::from(index == 0) + u8::from(is_last);
        galley.size().y + EDGE * f32::from(num_edges)
    }

    /// The piece in which a range begins, and between which heights of it the range lies.
    fn part_of(&self, ui: &Ui, range: &Range<usize>) -> Option<(u64, (f32, f32))> {
        let index = self.chunks.index_at_byte(range.start)?;
        let piece = &self.chunks.list().get(index)?.range;
        let galley = self.galley(ui, index, ui.available_width())?;
        let height =
            |byte: usize| galley.pos_from_cursor(self.cursor(piece, byte.clamp(piece.start, piece.end)));
        Some((piece.start as u64, (height(range.start).top(), height(range.end).bottom())))
    }

    fn cursor(&self, piece: &Range<usize>, byte: usize) -> CCursor {
        let text = self.frame.text.get(piece.start..byte).unwrap_or_default();
        CCursor::new(CharIndex(text.chars().count()))
    }

    /// Tints the part of an element that lies in this piece.
    fn mark(&self, ui: &Ui, galley: &Galley, piece: &Range<usize>, at: Pos2, node: NodeId, strength: f32) {
        let Some((range, color)) = self.frame.style.range_of(node) else { return };
        let (start, end) = (range.start.max(piece.start), range.end.min(piece.end));
        if start >= end {
            return;
        }
        let [first, last] = [start, end].map(|byte| galley.pos_from_cursor(self.cursor(piece, byte)));
        let fill = color.gamma_multiply(strength);
        for row in &galley.rows {
            let row_rect = row.rect();
            if row_rect.bottom() <= first.top() + 1.0 || row_rect.top() >= last.bottom() - 1.0 {
                continue;
            }
            let left =
                if row_rect.contains(pos2(row_rect.left(), first.center().y)) { first.left() } else { 0.0 };
            let is_last = row_rect.top() <= last.center().y && last.center().y <= row_rect.bottom();
            let right = if is_last { last.left() } else { row_rect.right() };
            let rect =
                Rect::from_min_max(pos2(left - 1.0, row_rect.top()), pos2(right + 1.0, row_rect.bottom()));
            ui.painter().rect_filled(rect.translate(at.to_vec2()), CornerRadius::same(2), fill);
        }
    }
}

impl Rows for SourceRows<'_> {
    fn measure(&mut self, ui: &mut Ui, index: usize, width: f32) -> f32 {
        self.galley(ui, index, width).map_or(0.0, |galley| self.height(index, &galley))
    }

    fn draw(&mut self, ui: &mut Ui, index: usize, rect: Rect) -> f32 {
        let (Some(galley), Some(chunk)) =
            (self.galley(ui, index, rect.width()), self.chunks.list().get(index))
        else {
            return 0.0;
        };
        let height = self.height(index, &galley);
        let at = rect.min + vec2(MARGIN, if index == 0 { EDGE } else { 0.0 });
        for (node, strength) in [(self.frame.hovered, 0.10), (self.frame.selected, 0.18)] {
            if let Some(node) = node {
                self.mark(ui, &galley, &chunk.range, at, node, strength);
            }
        }
        let place = Rect::from_min_size(at, galley.size());
        let id = ui.scope_id().with((self.frame.id_salt, chunk.range.start));
        let text = SelectableText { id, rect: place, at, color: self.palette.text };
        let response = selectable_text(ui, &text, Arc::clone(&galley));
        let Some(over) = response.hover_pos().filter(|over| place.contains(*over)) else { return height };
        let cursor = galley.cursor_from_pos(over - at);
        let piece = self.frame.text.get(chunk.range.clone()).unwrap_or_default();
        let byte = piece
            .char_indices()
            .nth(cursor.index.0)
            .map_or(chunk.range.end, |(byte, _)| chunk.range.start + byte);
        let element = self.frame.style.element_at(byte);
        self.pointer.hovered = element;
        if response.clicked() {
            self.pointer.clicked = element;
        }
        height
    }
}
