//! What one block consists of, laid out for a width: the same for measuring and for drawing.
//!
//! Text is laid out anew each time it is asked for; egui keeps what was on screen in the last frame,
//! so that costs a hash of the text. Tables keep their columns in [`Caches`].

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Galley, Ui, Vec2, vec2};

use super::blocks::{Block, BlockKind};
use super::highlight::Highlighter;
use super::math::{MathBox, MathCache};
use super::table_grid::{CellWidths, TableLayout};
use super::typography::{self, COLUMN_WIDTH};
use crate::app::theme::Palette;
use crate::markup::tree::{KeyValueRegion, Picture};
use crate::markup::{DocTree, Node, NodeId, NodeKind, TableGrid};

/// Space that a block keeps at the left and right of the pane.
pub(super) const MARGIN: f32 = 26.0;
/// Each level of lists moves this far to the right.
pub(super) const INDENT: f32 = 22.0;
/// Around code in its box.
pub(super) const CODE_PADDING: Vec2 = vec2(12.0, 9.0);
/// Height of a picture's card without its crop.
pub(super) const CARD_HEIGHT: f32 = 60.0;
/// A crop is not shown higher than this.
const MAX_CROP_HEIGHT: f32 = 340.0;
/// Between keys and values.
pub(super) const KEY_GAP: f32 = 16.0;

/// What is laid out once and kept.
#[derive(Default)]
pub(super) struct Caches {
    pub math: MathCache,
    pub highlighter: Highlighter,
    tables: HashMap<NodeId, CachedTable>,
    /// Formulas can be set in this frame: their fonts are there.
    pub has_math_fonts: bool,
}

struct CachedTable {
    /// The node as it was; held, so that no other can take its address.
    node: Arc<Node>,
    width: f32,
    widths: CellWidths,
    layout: Rc<TableLayout>,
}

/// A block laid out.
pub(super) struct Laid {
    pub body: Body,
    /// From the left edge of the pane to the content.
    pub left: f32,
    /// Width that the content may take.
    pub width: f32,
    /// Free space above the content.
    pub above: f32,
    /// Height of the content alone.
    pub height: f32,
}

/// The content of a block.
pub(super) enum Body {
    Text(Arc<Galley>),
    /// Text in which formulas stand at the places of blanks.
    Inline(Arc<Galley>, Vec<InlineMath>),
    Math(Arc<MathBox>, f32),
    Code(Arc<Galley>),
    Table(Rc<TableLayout>),
    Picture {
        crop: Option<(egui::TextureId, Vec2)>,
        chart: Option<Rc<TableLayout>>,
        note: Option<Arc<Galley>>,
    },
    KeyValues(Vec<KeyValueRow>),
    Rule(Arc<Galley>),
}

/// A formula in a line of text.
pub(super) struct InlineMath {
    /// The first character of the galley that holds its place.
    pub char_index: usize,
    pub math: Arc<MathBox>,
    pub font_size: f32,
}

/// A key with its value; either may be missing.
pub(super) struct KeyValueRow {
    pub key: Option<Arc<Galley>>,
    pub value: Option<Arc<Galley>>,
    pub top: f32,
    pub value_left: f32,
}

impl Laid {
    /// Height of the block with the space around it.
    pub(super) fn total_height(&self) -> f32 {
        self.above + self.height + 5.0
    }
}

/// Lays blocks out; borrowed for one frame.
pub(super) struct BlockLayouter<'a> {
    pub tree: &'a DocTree,
    pub caches: &'a mut Caches,
    pub palette: &'static Palette,
    pub picture_crop: Option<&'a dyn Fn(NodeId) -> Option<egui::TextureHandle>>,
}

impl BlockLayouter<'_> {
    /// The block for a pane of that width.
    pub(super) fn lay_out(&mut self, ui: &Ui, block: &Block, is_first: bool, pane_width: f32) -> Laid {
        let room = (pane_width - 2.0 * MARGIN).max(120.0);
        let column = room.min(COLUMN_WIDTH);
        let indent = block.indent as f32 * INDENT;
        let column_left = MARGIN + ((room - column) / 2.0).round();
        let width = (column - indent).max(120.0);
        let node = self.tree.node(block.node);
        let (body, size) = self.body(ui, block, node, width, room);
        // What is wider than the column grows into the margins of a wide pane, to both sides alike.
        let extra = (size.x - width).clamp(0.0, room - column);
        let left = (column_left + indent - extra / 2.0).max(MARGIN.min(column_left + indent));
        let above = if is_first { 10.0 } else { space_above(&block.kind) };
        Laid { body, left, width: (width + extra).min(pane_width - left), above, height: size.y }
    }

    fn body(&mut self, ui: &Ui, block: &Block, node: &Node, width: f32, room: f32) -> (Body, Vec2) {
        let format = typography::block_format(&block.kind, self.palette);
        let galley_of = |job: LayoutJob| ui.fonts_mut(|fonts| fonts.layout_job(job));
        match (&block.kind, &node.kind) {
            (BlockKind::PageBreak { page }, _) => {
                let galley = galley_of(typography::job(&format!("Page {page}"), format, f32::INFINITY));
                let size = galley.size();
                (Body::Rule(galley), vec2(0.0, size.y))
            }
            (BlockKind::Table, NodeKind::Table { grid, .. }) if grid.num_cols > 0 => {
                let layout = self.table(ui, block.node, grid, room);
                let size = layout.size();
                (Body::Table(layout), size)
            }
            (BlockKind::Code, NodeKind::Code { language }) => {
                let galley = galley_of(self.code_job(ui, block.node, &node.text, language.as_deref()));
                let size = galley.size() + 2.0 * CODE_PADDING;
                (Body::Code(galley), size)
            }
            (BlockKind::Formula, _) => self.formula(ui, node, width),
            (BlockKind::Inline, _) => self.inline(ui, node, width),
            (BlockKind::Picture, NodeKind::Picture(picture)) => self.picture(ui, block, picture, width, room),
            (BlockKind::KeyValues, NodeKind::KeyValueRegion(region)) => self.key_values(ui, region, width),
            (BlockKind::Checkbox { .. }, _) => {
                let galley = galley_of(typography::node_job(node, &format, self.palette, width - INDENT));
                let size = galley.size();
                (Body::Text(galley), vec2(width.min(size.x + INDENT), size.y))
            }
            _ => {
                let galley = galley_of(typography::node_job(node, &format, self.palette, width));
                let size = galley.size();
                (Body::Text(galley), vec2(size.x.min(width), size.y))
            }
        }
    }

    /// Columns of a table, kept for as long as neither it nor the width changes.
    fn table(&mut self, ui: &Ui, id: NodeId, grid: &TableGrid, room: f32) -> Rc<TableLayout> {
        let Some(node) = self.tree.nodes.get(id.index()) else { return Rc::default() };
        let cached = self.caches.tables.remove(&id);
        let mut widths = match cached {
            Some(cached) if Arc::ptr_eq(&cached.node, node) && (cached.width - room).abs() < 0.5 => {
                let layout = Rc::clone(&cached.layout);
                self.caches.tables.insert(id, cached);
                return layout;
            }
            Some(cached) => cached.widths,
            None => CellWidths::default(),
        };
        let layout = Rc::new(TableLayout::of(ui, grid, room, &mut widths));
        let cached = CachedTable { node: Arc::clone(node), width: room, widths, layout: Rc::clone(&layout) };
        self.caches.tables.insert(id, cached);
        layout
    }

    fn code_job(&mut self, ui: &Ui, id: NodeId, text: &str, language: Option<&str>) -> LayoutJob {
        let text = text.trim_end();
        let plain = typography::job(text, typography::mono(self.palette.text), f32::INFINITY);
        let is_dark = ui.visuals().dark_mode;
        let Some(coloured) = self.caches.highlighter.get(ui.ctx(), id, text, language, is_dark) else {
            return plain;
        };
        let mut job = LayoutJob { wrap: plain.wrap, ..LayoutJob::default() };
        for section in &coloured.sections {
            let range = section.byte_range.start.0..section.byte_range.end.0;
            let format =
                TextFormat { italics: section.format.italics, ..typography::mono(section.format.color) };
            job.append(text.get(range).unwrap_or_default(), 0.0, format);
        }
        // What was written since then has no colours yet.
        let rest = text.get(job.text.len()..).unwrap_or_default();
        job.append(rest, 0.0, typography::mono(self.palette.text));
        job
    }

    fn formula(&mut self, ui: &Ui, node: &Node, width: f32) -> (Body, Vec2) {
        if let Some(math) = self.math(&node.text, true) {
            let natural = math.size(typography::BODY_SIZE * 1.2);
            let shrink = (width / natural.x.max(1.0)).clamp(0.62, 1.0);
            let font_size = typography::BODY_SIZE * 1.2 * shrink;
            let size = math.size(font_size);
            return (Body::Math(math, font_size), size);
        }
        let job = typography::job(node.text.trim(), typography::mono(self.palette.text), width);
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let size = galley.size();
        (Body::Text(galley), size)
    }

    fn math(&mut self, latex: &str, is_display: bool) -> Option<Arc<MathBox>> {
        if !self.caches.has_math_fonts {
            return None;
        }
        self.caches.math.get(latex, is_display)
    }

    /// Runs of text, code and formulas as one flowing text. Blanks that do not break hold the place
    /// of a formula; all lines are as high as the highest formula asks for, so that baselines agree.
    fn inline(&mut self, ui: &Ui, group: &Node, width: f32) -> (Body, Vec2) {
        let mut job = LayoutJob { wrap: typography::wrap(width), ..LayoutJob::default() };
        let mut base = typography::body(self.palette.text);
        let font_size = typography::BODY_SIZE * 1.1;
        let nodes: Vec<&Node> = group.children.iter().map(|&child| self.tree.node(child)).collect();
        let is_formula = |node: &&&Node| node.kind == NodeKind::Formula;
        let highest = nodes.iter().filter(is_formula).filter_map(|node| self.math(&node.text, false));
        let highest = highest.map(|math| math.size(font_size).y).fold(0.0, f32::max);
        base.line_height = Some(typography::BODY_LINE.max(highest + 2.0));
        let blank = ui.fonts_mut(|fonts| fonts.glyph_width(&base.font_id, '\u{a0}')).max(1.0);
        let mut formulas = Vec::new();
        for node in nodes {
            if !job.text.is_empty() && !node.text.starts_with([',', '.', ';', ':', ')', ']']) {
                job.append(" ", 0.0, base.clone());
            }
            match &node.kind {
                NodeKind::Formula => match self.math(&node.text, false) {
                    Some(math) => {
                        let size = math.size(font_size);
                        let mut format = base.clone();
                        // As many blanks as come nearest, in a size at which they fit exactly.
                        let blanks = (size.x / blank).round().max(1.0);
                        format.font_id.size *= size.x / (blanks * blank);
                        formulas.push(InlineMath { char_index: job.text.chars().count(), math, font_size });
                        job.append(&"\u{a0}".repeat(whole(blanks)), 0.0, format);
                    }
                    None => job.append(node.text.trim(), 0.0, typography::mono(self.palette.text)),
                },
                NodeKind::Code { .. } => {
                    let mut format = typography::mono(self.palette.text);
                    format.line_height = base.line_height;
                    format.background = self.palette.code_fill;
                    job.append(node.text.trim(), 0.0, format);
                }
                _ => {
                    let part = typography::node_job(node, &base, self.palette, width);
                    for section in &part.sections {
                        let range = section.byte_range.start.0..section.byte_range.end.0;
                        job.append(part.text.get(range).unwrap_or_default(), 0.0, section.format.clone());
                    }
                }
            }
        }
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let size = galley.size();
        (Body::Inline(galley, formulas), size)
    }

    fn picture(&mut self, ui: &Ui, block: &Block, picture: &Picture, width: f32, room: f32) -> (Body, Vec2) {
        let crop = self.picture_crop.and_then(|crop_of| crop_of(block.node)).map(|texture| {
            let natural = texture.size_vec2() / ui.pixels_per_point();
            let scale = (width / natural.x).min(MAX_CROP_HEIGHT / natural.y).min(1.0);
            (texture.id(), natural * scale)
        });
        let mut height = crop.map_or(CARD_HEIGHT, |(_, size)| size.y + 2.0);
        let mut wide = width.min(COLUMN_WIDTH);
        let chart = picture.chart_data.as_ref().filter(|grid| grid.num_cols > 0).map(|grid| {
            let layout = self.table(ui, block.node, grid, room);
            height += layout.size().y + 8.0;
            wide = wide.max(layout.size().x);
            layout
        });
        let note = picture.smiles.as_ref().map(|smiles| {
            let job = typography::job(smiles, typography::mono(self.palette.secondary), width);
            let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
            height += galley.size().y + 6.0;
            galley
        });
        (Body::Picture { crop, chart, note }, vec2(wide, height))
    }

    fn key_values(&mut self, ui: &Ui, region: &KeyValueRegion, width: f32) -> (Body, Vec2) {
        let key_format = typography::format(egui::FontId::proportional(13.0), 20.0, self.palette.secondary);
        let value_format = typography::format(egui::FontId::proportional(13.5), 20.0, self.palette.text);
        let galley_of = |text: &str, format: &TextFormat, width: f32| {
            ui.fonts_mut(|fonts| fonts.layout_job(typography::job(text, format.clone(), width)))
        };
        let pairs = key_value_pairs(region);
        let text_of = |index: Option<usize>| {
            index.and_then(|index| region.cells.get(index)).map(|cell| cell.text.as_str())
        };
        let keys: Vec<_> = pairs
            .iter()
            .map(|&(key, _)| text_of(key).map(|text| galley_of(text, &key_format, width * 0.45)))
            .collect();
        let key_width = keys.iter().flatten().map(|galley| galley.size().x).fold(0.0, f32::max);
        let value_left = if key_width > 0.0 { (key_width + KEY_GAP).ceil() } else { 0.0 };
        let mut top = 0.0;
        let rows = keys.into_iter().zip(&pairs).map(|(key, &(_, value))| {
            let value = text_of(value).map(|text| galley_of(text, &value_format, width - value_left));
            let height =
                [&key, &value].into_iter().flatten().map(|galley| galley.size().y).fold(20.0, f32::max);
            let row = KeyValueRow { key, value, top, value_left };
            top += height + 4.0;
            row
        });
        let rows = rows.collect();
        (Body::KeyValues(rows), vec2(width, top.max(20.0)))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, rounded before")]
fn whole(count: f32) -> usize {
    count as usize
}

/// Keys with their values in reading order; what is linked to nothing stands alone.
fn key_value_pairs(region: &KeyValueRegion) -> Vec<(Option<usize>, Option<usize>)> {
    let mut is_placed = vec![false; region.cells.len()];
    let mut pairs = Vec::new();
    for (index, cell) in region.cells.iter().enumerate() {
        if is_placed.get(index).copied().unwrap_or_default() {
            continue;
        }
        if !cell.is_key {
            let is_linked = region.links.iter().any(|&(_, value)| value == index);
            if !is_linked {
                pairs.push((None, Some(index)));
            }
            continue;
        }
        let mut values = region.links.iter().filter(|(key, _)| *key == index).map(|&(_, value)| value);
        pairs.push((Some(index), values.next()));
        pairs.extend(values.map(|value| (None, Some(value))));
        if let Some(placed) = is_placed.get_mut(index) {
            *placed = true;
        }
    }
    pairs
}

/// A guess of a block's height before it is laid out, from the length of its text.
pub(super) fn estimated_height(block: &Block, node: &Node, pane_width: f32) -> f32 {
    let column = (pane_width - 2.0 * MARGIN).clamp(120.0, COLUMN_WIDTH);
    let chars_a_line = (column / 8.0).max(10.0);
    let lines = (node.text.chars().count() as f32 / chars_a_line).ceil().max(1.0);
    let content = match (&block.kind, &node.kind) {
        (BlockKind::Table, NodeKind::Table { grid, .. }) => 28.0 * grid.num_rows as f32,
        (BlockKind::Code, _) => typography::MONO_LINE * node.text.lines().count() as f32 + 20.0,
        (BlockKind::Picture, _) => CARD_HEIGHT,
        (BlockKind::Formula, _) => 48.0,
        _ => lines * typography::BODY_LINE,
    };
    space_above(&block.kind) + content + 5.0
}

fn space_above(kind: &BlockKind) -> f32 {
    match kind {
        BlockKind::Heading { level: 0..=1 } => 18.0,
        BlockKind::Heading { level: 2 } => 20.0,
        BlockKind::Heading { .. } => 14.0,
        BlockKind::ListItem { is_first: false, .. } | BlockKind::Checkbox { .. } => 1.0,
        BlockKind::PageBreak { .. } => 22.0,
        BlockKind::Formula | BlockKind::Table | BlockKind::Picture | BlockKind::Code => 9.0,
        BlockKind::Footnote | BlockKind::Furniture | BlockKind::Caption => 4.0,
        BlockKind::ListItem { is_first: true, .. }
        | BlockKind::Paragraph
        | BlockKind::Inline
        | BlockKind::KeyValues => 6.0,
    }
}
