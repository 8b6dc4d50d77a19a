//! Draws one block that is laid out, and says what the pointer does to it.

use egui::{
    Align2, Color32, CornerRadius, FontId, Id, Pos2, Rect, Response, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, Ui, UiBuilder, pos2, vec2,
};

use super::block_layout::{Body, CODE_PADDING, InlineMath, KeyValueRow, Laid};
use super::blocks::{Block, BlockKind, Marker};
use super::element_menu::element_menu_ui;
use super::input::PaneAction;
use super::selectable_text::{SelectableText, selectable_text};
use super::table_grid::{TableLayout, TablePainter};
use super::typography;
use crate::app::icons;
use crate::app::theme::{self, Palette};
use crate::markup::{Diagnostic, DocTree, Label, Node, NodeId, NodeKind, Severity, TableGrid};

/// How a block is marked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub is_hovered: bool,
    pub is_selected: bool,
    /// Markup is still being written into it.
    pub has_caret: bool,
}

/// What the pointer did in this frame.
#[derive(Debug, Default)]
pub(super) struct PointerOutcome {
    pub hovered: Option<NodeId>,
    pub hovered_cell: Option<(NodeId, usize)>,
    pub clicked: Option<NodeId>,
}

/// Draws blocks; borrowed for one frame.
pub(super) struct BlockPainter<'a> {
    pub tree: &'a DocTree,
    pub palette: &'static Palette,
    pub pointer: &'a mut PointerOutcome,
    pub actions: &'a mut Vec<PaneAction>,
}

impl BlockPainter<'_> {
    /// Draws into an item of the list, `rect` being all of it.
    pub(super) fn draw(&mut self, ui: &mut Ui, block: &Block, laid: &Laid, marks: Marks, rect: Rect) {
        let content = Rect::from_min_size(
            pos2(rect.left() + laid.left, rect.top() + laid.above),
            vec2(laid.width, laid.height),
        );
        let id = ui.scope_id().with(("block", block.node));
        if let (BlockKind::PageBreak { .. }, Body::Rule(galley)) = (&block.kind, &laid.body) {
            let middle = content.center();
            let line = Stroke::new(1.0, self.palette.line);
            let gap = galley.size().x / 2.0 + 10.0;
            ui.painter().hline(content.left()..=middle.x - gap, middle.y, line);
            ui.painter().hline(middle.x + gap..=content.right(), middle.y, line);
            ui.painter().galley(middle - galley.size() / 2.0, galley.clone(), self.palette.secondary);
            return;
        }
        let node = self.tree.node(block.node);
        let label = node.kind.label();
        let color = theme::label_color_in(ui, label);
        let mut surround = content.expand2(vec2(8.0, 3.0));
        if matches!(block.kind, BlockKind::ListItem { .. }) {
            // The bullet belongs to the item.
            surround.min.x -= super::block_layout::INDENT - 4.0;
        }
        paint_marks(ui, surround, label, color, marks);

        let background = ui.interact(surround, id, Sense::click());
        if ui.rect_contains_pointer(surround) {
            self.pointer.hovered = Some(block.node);
        }
        self.answer(&background, block.node);
        self.draw_body(ui, id, block, node, laid, content);
        if marks.has_caret {
            paint_caret(ui, laid, content, self.palette.accent);
        }
    }

    fn draw_body(&mut self, ui: &mut Ui, id: Id, block: &Block, node: &Node, laid: &Laid, content: Rect) {
        match &laid.body {
            Body::Text(galley) => {
                let at = content.min + vec2(lead(&block.kind), 0.0);
                let place = Rect::from_min_max(pos2(content.left(), content.top()), content.max);
                self.paint_lead(ui, &block.kind, content);
                let text = SelectableText { id: id.with("text"), rect: place, at, color: self.palette.text };
                let response = selectable_text(ui, &text, galley.clone());
                self.answer(&response, block.node);
            }
            Body::Inline(galley, formulas) => {
                let text = SelectableText {
                    id: id.with("text"),
                    rect: content,
                    at: content.min,
                    color: self.palette.text,
                };
                let response = selectable_text(ui, &text, galley.clone());
                self.answer(&response, block.node);
                for formula in formulas {
                    paint_inline_math(ui, galley, formula, content.min, self.palette.text);
                }
            }
            Body::Math(math, font_size) => {
                let size = math.size(*font_size);
                let middle = pos2((content.center().x - size.x / 2.0).max(content.left()), content.top());
                let response = ui.interact(content, id.with("formula"), Sense::click());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &node.text));
                self.answer(&response, block.node);
                self.sideways(ui, id, content, size.x, |_, ui, origin| {
                    let at = if size.x > content.width() { origin } else { middle };
                    math.paint(ui.painter(), at, *font_size, self_text(ui));
                });
            }
            Body::Code(galley) => self.draw_code(ui, id, block, node, galley, content),
            Body::Table(layout) => {
                if let NodeKind::Table { grid, .. } = &node.kind {
                    self.draw_table(ui, id, block.node, grid, layout, content);
                }
            }
            Body::Picture { .. } => self.draw_picture(ui, id, block, node, laid, content),
            Body::KeyValues(rows) => self.draw_key_values(ui, id, block.node, rows, content),
            Body::Rule(_) => {}
        }
    }

    fn draw_table(
        &mut self,
        ui: &mut Ui,
        id: Id,
        node_id: NodeId,
        grid: &TableGrid,
        layout: &TableLayout,
        place: Rect,
    ) {
        let repairs = repairs_in(self.tree, self.tree.node(node_id));
        let painter = TablePainter {
            grid,
            layout,
            id: id.with("grid"),
            repairs: &repairs,
            palette: self.palette,
            selection: None,
            on_page: &[],
            hovered_cell: None,
        };
        let outcome = painter.draw(ui, place);
        if let Some(cell) = outcome.hovered_cell {
            self.pointer.hovered_cell = Some((node_id, cell));
        }
        if outcome.is_clicked {
            self.pointer.clicked = Some(node_id);
        }
        if let Some(response) = outcome.response {
            self.answer(&response, node_id);
        }
    }

    fn draw_code(
        &mut self,
        ui: &mut Ui,
        id: Id,
        block: &Block,
        node: &Node,
        galley: &std::sync::Arc<egui::Galley>,
        content: Rect,
    ) {
        let radius = CornerRadius::same(theme::RADIUS);
        ui.painter().rect_filled(content, radius, self.palette.code_fill);
        ui.painter().rect_stroke(content, radius, Stroke::new(1.0, self.palette.line), StrokeKind::Inside);
        let inner = content.shrink2(CODE_PADDING);
        let color = self.palette.text;
        let response = self.sideways(ui, id, inner, galley.size().x, |_, ui, origin| {
            let place = Rect::from_min_size(origin, galley.size().max(inner.size()));
            let text = SelectableText { id: id.with("text"), rect: place, at: origin, color };
            selectable_text(ui, &text, galley.clone())
        });
        self.answer(&response, block.node);
        if let NodeKind::Code { language: Some(language) } = &node.kind {
            let at = content.right_top() + vec2(-10.0, 6.0);
            ui.painter().text(
                at,
                Align2::RIGHT_TOP,
                language,
                FontId::proportional(11.0),
                self.palette.secondary,
            );
        }
    }

    /// Draws into a place that scrolls sideways when the content is wider.
    fn sideways<R>(
        &mut self,
        ui: &mut Ui,
        id: Id,
        place: Rect,
        content_width: f32,
        draw: impl FnOnce(&mut Self, &mut Ui, Pos2) -> R,
    ) -> R {
        if content_width <= place.width() + 0.5 {
            return draw(self, ui, place.min);
        }
        let mut child = ui.new_child(UiBuilder::new().id_salt(id).max_rect(place));
        let area = ScrollArea::horizontal().id_salt(id.with("sideways")).auto_shrink(false);
        let output = area.show(&mut child, |ui| {
            ui.set_width(content_width);
            ui.set_height(place.height());
            let origin = ui.max_rect().min;
            draw(self, ui, origin)
        });
        output.inner
    }

    fn draw_picture(&mut self, ui: &mut Ui, id: Id, block: &Block, node: &Node, laid: &Laid, content: Rect) {
        let (Body::Picture { crop, chart, note }, NodeKind::Picture(picture)) = (&laid.body, &node.kind)
        else {
            return;
        };
        let radius = CornerRadius::same(theme::RADIUS);
        let line = Stroke::new(1.0, self.palette.line);
        let words = picture_words(picture.class.as_deref(), picture.is_chart);
        let mut bottom = content.top();
        if let Some((texture, size)) = crop {
            let place = Rect::from_min_size(content.min, *size);
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter().image(*texture, place, whole, Color32::WHITE);
            ui.painter().rect_stroke(place, radius, line, StrokeKind::Outside);
            bottom = place.bottom() + 2.0;
        } else {
            let card =
                Rect::from_min_size(content.min, vec2(content.width(), super::block_layout::CARD_HEIGHT));
            ui.painter().rect_filled(card, radius, self.palette.code_fill);
            ui.painter().rect_stroke(card, radius, line, StrokeKind::Inside);
            let color = theme::label_color_in(ui, Label::Picture);
            let icon_at = card.left_center() + vec2(26.0, 1.5);
            let icon_font = FontId::new(20.0, theme::icon_family());
            ui.painter().text(icon_at, Align2::CENTER_CENTER, icons::IMAGE, icon_font, color);
            let text_at = card.left_center() + vec2(50.0, 0.0);
            let font = FontId::proportional(typography::BODY_SIZE);
            ui.painter().text(text_at, Align2::LEFT_CENTER, &words, font, self.palette.secondary);
            bottom = bottom.max(card.bottom());
        }
        let picture_rect = Rect::from_min_max(content.min, pos2(content.right(), bottom));
        let response = ui.interact(picture_rect, id.with("picture"), Sense::click());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &words));
        self.answer(&response, block.node);
        if let (Some(layout), Some(grid)) = (chart, &picture.chart_data) {
            let place = Rect::from_min_size(
                pos2(content.left(), bottom + 8.0),
                vec2(content.width(), layout.size().y),
            );
            self.draw_table(ui, id, block.node, grid, layout, place);
            bottom = place.bottom();
        }
        if let Some(note) = note {
            let at = pos2(content.left(), bottom + 6.0);
            let rect = Rect::from_min_size(at, note.size());
            let text = SelectableText { id: id.with("note"), rect, at, color: self.palette.secondary };
            selectable_text(ui, &text, note.clone());
        }
    }

    fn draw_key_values(&mut self, ui: &Ui, id: Id, node: NodeId, rows: &[KeyValueRow], content: Rect) {
        for (index, row) in rows.iter().enumerate() {
            let top = content.top() + row.top;
            let parts =
                [(&row.key, content.left(), "key"), (&row.value, content.left() + row.value_left, "value")];
            for (galley, left, part) in parts {
                let Some(galley) = galley else { continue };
                let at = pos2(left, top);
                let rect = Rect::from_min_size(at, galley.size());
                let text = SelectableText { id: id.with((part, index)), rect, at, color: self.palette.text };
                let response = selectable_text(ui, &text, galley.clone());
                self.answer(&response, node);
            }
        }
    }

    /// The bullet, number or box in front of the text.
    fn paint_lead(&self, ui: &Ui, kind: &BlockKind, content: Rect) {
        let first_line = content.top() + typography::BODY_LINE / 2.0;
        let ink = self.palette.secondary;
        match kind {
            BlockKind::ListItem { marker: Marker::Bullet(depth), .. } => {
                let at = pos2(content.left() - 12.0, first_line);
                match depth % 3 {
                    0 => ui.painter().circle_filled(at, 2.4, ink),
                    1 => ui.painter().circle_stroke(at, 2.3, Stroke::new(1.2, ink)),
                    _ => ui.painter().rect_filled(Rect::from_center_size(at, vec2(4.4, 4.4)), 0.0, ink),
                };
            }
            BlockKind::ListItem { marker: Marker::Text(marker), .. } => {
                let font = FontId::proportional(typography::BODY_SIZE);
                let at = pos2(content.left() - 7.0, first_line);
                ui.painter().text(at, Align2::RIGHT_CENTER, marker, font, ink);
            }
            BlockKind::Checkbox { is_selected } => {
                let place = Rect::from_center_size(pos2(content.left() + 7.5, first_line), vec2(13.0, 13.0));
                let color = if *is_selected { self.palette.accent } else { ink };
                if *is_selected {
                    ui.painter().rect_filled(place, 3.0, color);
                    let tick = vec![pos2(-3.2, 0.2), pos2(-0.9, 2.6), pos2(3.4, -2.4)];
                    let tick = tick.into_iter().map(|point| place.center() + point.to_vec2()).collect();
                    ui.painter().add(Shape::line(tick, Stroke::new(1.6, self.palette.on_accent)));
                } else {
                    ui.painter().rect_stroke(place, 3.0, Stroke::new(1.3, color), StrokeKind::Inside);
                }
            }
            _ => {}
        }
    }

    /// Click selects, the other button opens the element's menu.
    fn answer(&mut self, response: &Response, node: NodeId) {
        if response.clicked() {
            self.pointer.clicked = Some(node);
        }
        let is_table = matches!(self.tree.node(node).kind, NodeKind::Table { .. });
        let actions = &mut *self.actions;
        response.context_menu(|ui| element_menu_ui(ui, node, is_table, actions));
    }
}

/// Where the text begins after what stands in front of it inside the content.
fn lead(kind: &BlockKind) -> f32 {
    if matches!(kind, BlockKind::Checkbox { .. }) { super::block_layout::INDENT } else { 0.0 }
}

fn self_text(ui: &Ui) -> Color32 {
    Palette::of_ui(ui).text
}

/// Hover: a light tint. Selection: a stronger one, a bar and the label's two letters.
fn paint_marks(ui: &Ui, surround: Rect, label: Label, color: Color32, marks: Marks) {
    if !marks.is_hovered && !marks.is_selected {
        return;
    }
    let strength = if marks.is_selected { 0.13 } else { 0.07 };
    ui.painter().rect_filled(surround, CornerRadius::same(4), color.gamma_multiply(strength));
    if marks.is_selected {
        let bar = Rect::from_min_max(surround.min, pos2(surround.left() + 3.0, surround.bottom()));
        ui.painter().rect_filled(bar, CornerRadius { nw: 4, sw: 4, ne: 0, se: 0 }, color);
    }
    let at = pos2(surround.left() - 4.0, surround.top() + 3.0);
    if at.x > ui.clip_rect().left() + 12.0 {
        ui.painter().text(at, Align2::RIGHT_TOP, label.tag(), theme::strong(10.5), color);
    }
}

fn paint_inline_math(ui: &Ui, galley: &egui::Galley, formula: &InlineMath, origin: Pos2, ink: Color32) {
    let mut chars_before = 0;
    for row in &galley.rows {
        if let Some(glyph) = formula.char_index.checked_sub(chars_before).and_then(|at| row.glyphs.get(at)) {
            let baseline = origin + row.pos.to_vec2() + glyph.pos.to_vec2();
            let at = baseline - vec2(0.0, formula.math.ascent(formula.font_size));
            formula.math.paint(ui.painter(), at, formula.font_size, ink);
            return;
        }
        chars_before += row.glyphs.len() + usize::from(row.ends_with_newline);
    }
}

/// A caret where the next character will come.
fn paint_caret(ui: &Ui, laid: &Laid, content: Rect, color: Color32) {
    let caret = match &laid.body {
        Body::Text(galley) | Body::Inline(galley, _) => {
            let end = galley.pos_from_cursor(galley.end()).translate(content.min.to_vec2());
            Rect::from_min_size(
                pos2(end.left() + 2.0, end.top() + 3.0),
                vec2(2.0, (end.height() - 6.0).max(8.0)),
            )
        }
        _ => Rect::from_min_size(content.left_bottom() + vec2(0.0, -14.0), vec2(2.0, 14.0)),
    };
    ui.painter().rect_filled(caret, 1.0, color);
}

/// "Bar chart" from `bar_chart`.
pub(super) fn picture_words(class: Option<&str>, is_chart: bool) -> String {
    let plain = if is_chart { "chart" } else { "picture" };
    let words = class.filter(|class| !class.is_empty()).unwrap_or(plain).replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What was repaired inside an element's markup.
pub(super) fn repairs_in<'a>(tree: &'a DocTree, node: &Node) -> Vec<&'a Diagnostic> {
    let is_inside = |diagnostic: &&Diagnostic| {
        diagnostic.severity > Severity::Note
            && diagnostic.source.start >= node.source.start
            && diagnostic.source.end <= node.source.end
    };
    tree.diagnostics().iter().filter(is_inside).collect()
}
