//! All tables of the document, one below the other, each with its caption and ways to copy it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use egui::text_selection::LabelSelectionState;
use egui::{Event, EventFilter, FontId, Id, Rect, RichText, Sense, Ui, UiBuilder, pos2, vec2};

use super::block_view::{PointerOutcome, repairs_in};
use super::cell_selection::CellSelection;
use super::element_menu::element_menu_ui;
use super::input::{PaneAction, PaneInput, ReviewItem, TableFormat};
use super::review_view::doubts_ui;
use super::selectable_text::{SelectableText, selectable_text};
use super::table_grid::{CellWidths, TableLayout, TablePainter, TablePointer};
use super::typography;
use super::virtual_list::{Anchor, ItemSpec, Rows, VirtualList};
use crate::app::icons;
use crate::app::theme::{self, Palette, space};
use crate::engine::trust::{CellOnPage, Level};
use crate::markup::{CellRange, DocTree, Label, Node, NodeId, NodeKind, TableGrid};

/// Free space left and right of the tables.
const MARGIN: f32 = 20.0;
/// Height of the line with number, size and buttons.
const HEAD_HEIGHT: f32 = 30.0;
/// Above a table's head.
const GAP: f32 = 18.0;

/// The view's memory between frames.
#[derive(Default)]
pub(super) struct TablesView {
    list: VirtualList,
    tree: Option<Arc<DocTree>>,
    tables: Vec<NodeId>,
    layouts: HashMap<NodeId, Kept>,
    scrolled_to: Option<NodeId>,
    selection: Option<CellSelection>,
    /// A drag began in this cell and has not ended.
    drag: Option<CellSelection>,
}

#[derive(Default)]
struct Kept {
    /// The node as it was; held, so that no other can take its address.
    node: Option<Arc<Node>>,
    width: f32,
    widths: CellWidths,
    layout: Rc<TableLayout>,
}

/// The grid of a table, or the numbers of a chart.
pub(super) fn grid_of(kind: &NodeKind) -> Option<&TableGrid> {
    let grid = match kind {
        NodeKind::Table { grid, .. } => Some(grid),
        NodeKind::Picture(picture) => picture.chart_data.as_ref(),
        _ => None,
    };
    grid.filter(|grid| grid.num_cols > 0 && grid.num_rows > 0)
}

impl TablesView {
    /// Starts over with another document, where its reader was.
    pub(super) fn restart(&mut self, anchor: Option<Anchor>) {
        *self = Self { list: VirtualList::at(anchor), ..Self::default() };
    }

    /// Where the reader is.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.list.anchor()
    }

    /// The cells that are selected.
    pub(super) fn selected_cells(&self) -> Option<(NodeId, CellRange)> {
        let selection = self.selection?;
        let node = self.tree.as_ref()?.nodes().nth(selection.table.index())?.1;
        Some((selection.table, selection.range(grid_of(&node.kind)?)))
    }

    /// Takes in the tree of this frame. Cheap when it is that of the last.
    pub(super) fn sync(&mut self, tree: &Arc<DocTree>) {
        if self.tree.as_ref().is_some_and(|known| Arc::ptr_eq(known, tree)) {
            return;
        }
        self.tables = tree.reading_order();
        self.tables.retain(|&id| grid_of(&tree.node(id).kind).is_some());
        let specs = self.tables.iter().map(|&id| ItemSpec {
            key: id.index() as u64,
            stamp: stamp(tree, id) as u64,
            estimate: GAP
                + HEAD_HEIGHT
                + 27.0 * grid_of(&tree.node(id).kind).map_or(1.0, |grid| grid.num_rows as f32),
        });
        self.list.set_items(specs);
        self.tree = Some(Arc::clone(tree));
        // A table that is corrected keeps its selection.
        self.drag = None;
        self.selection = self.selection.filter(|selection| {
            let grid =
                self.tables.contains(&selection.table).then(|| grid_of(&tree.node(selection.table).kind));
            let (row, col) = selection.focus();
            grid.flatten().is_some_and(|grid| row < grid.num_rows && col < grid.num_cols)
        });
    }

    /// How many tables there are.
    pub(super) fn len(&self) -> usize {
        self.tables.len()
    }

    /// There is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Selected cells are on their way to the clipboard: what the copy command means here.
    pub(super) fn copied(&self, ui: &Ui, tree: &DocTree) -> Option<PaneAction> {
        let selection = self.selection.filter(|_| ui.input(|input| input.events.contains(&Event::Copy)))?;
        let grid = grid_of(&tree.node(selection.table).kind)?;
        let cells = selection.range(grid);
        Some(PaneAction::CopyCells(selection.table, cells, TableFormat::Spreadsheet))
    }

    /// Draws the tables into all of `ui`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        tree: &Arc<DocTree>,
        input: &PaneInput<'_>,
        pointer: &mut PointerOutcome,
        actions: &mut Vec<PaneAction>,
    ) {
        let goal = input.scroll_to.filter(|_| input.scroll_to != self.scrolled_to);
        if let Some(id) = goal.filter(|id| self.tables.contains(id)) {
            self.list.go_to(id.index() as u64);
        }
        self.scrolled_to = input.scroll_to;
        let palette = Palette::of_ui(ui);
        if !ui.input(|input| input.pointer.primary_down()) {
            self.drag = None;
        }
        let (tables, layouts) = (&self.tables, &mut self.layouts);
        let (selection, drag) = (&mut self.selection, &mut self.drag);
        let mut rows = TableRows { tree, tables, layouts, selection, drag, input, palette, pointer, actions };
        self.list.show(ui, "tables", input.state.is_streaming(), &mut rows);
    }
}

/// Changes when the table does, as long as the tree before is held.
fn stamp(tree: &DocTree, id: NodeId) -> usize {
    tree.nodes.get(id.index()).map_or(0, |node| Arc::as_ptr(node) as usize)
}

struct TableRows<'a> {
    tree: &'a DocTree,
    tables: &'a [NodeId],
    layouts: &'a mut HashMap<NodeId, Kept>,
    selection: &'a mut Option<CellSelection>,
    drag: &'a mut Option<CellSelection>,
    input: &'a PaneInput<'a>,
    palette: &'static Palette,
    pointer: &'a mut PointerOutcome,
    actions: &'a mut Vec<PaneAction>,
}

impl TableRows<'_> {
    fn layout(&mut self, ui: &Ui, id: NodeId, width: f32) -> Rc<TableLayout> {
        let Some(grid) = grid_of(&self.tree.node(id).kind) else { return Rc::default() };
        let kept = self.layouts.entry(id).or_default();
        let node = self.tree.nodes.get(id.index());
        let is_same = kept.node.as_ref().zip(node).is_some_and(|(known, node)| Arc::ptr_eq(known, node));
        if !is_same || (kept.width - width).abs() > 0.5 {
            kept.layout = Rc::new(TableLayout::of(ui, grid, width, &mut kept.widths));
            (kept.node, kept.width) = (node.cloned(), width);
        }
        Rc::clone(&kept.layout)
    }

    /// The cells as the page's own text has them; empty where nothing is known.
    fn on_page(&self, id: NodeId) -> &[Option<CellOnPage>] {
        let found = self.input.cells_on_page.iter().find(|(table, _)| *table == id);
        found.map(|(_, cells)| *cells).unwrap_or_default()
    }

    fn caption(&self, id: NodeId) -> String {
        let children = self.tree.node(id).children.iter().map(|&child| self.tree.node(child));
        let captions = children.filter(|node| node.kind == NodeKind::Caption).map(|node| node.text.as_str());
        captions.collect::<Vec<_>>().join(" ")
    }

    fn caption_galley(&self, ui: &Ui, id: NodeId, width: f32) -> Option<Arc<egui::Galley>> {
        let caption = self.caption(id);
        let format = typography::format(FontId::proportional(13.0), 19.0, self.palette.secondary);
        let job = typography::job(&caption, format, width);
        (!caption.is_empty()).then(|| ui.fonts_mut(|fonts| fonts.layout_job(job)))
    }

    /// What is selected in this table, when that is more than one cell.
    fn range(&self, id: NodeId, grid: &TableGrid) -> Option<CellRange> {
        let selection = self.selection.filter(|selection| selection.table == id)?;
        selection.is_range(grid).then(|| selection.range(grid))
    }

    /// The selected cells where there are several, else the table.
    fn copy(&self, id: NodeId, grid: &TableGrid, format: TableFormat) -> PaneAction {
        match self.range(id, grid) {
            Some(cells) => PaneAction::CopyCells(id, cells, format),
            None => PaneAction::CopyTable(id, format),
        }
    }

    /// Clicks choose a cell, with Shift they extend; a drag that leaves its cell selects cells
    /// instead of text. Arrow keys work while the table has the keyboard.
    fn select(&mut self, ui: &Ui, id: NodeId, grid: &TableGrid, widget: Id, pointed: &TablePointer) {
        let slot =
            |cell: Option<usize>| cell.and_then(|cell| grid.cells.get(cell)).map(|cell| (cell.row, cell.col));
        if let Some(slot) = slot(pointed.dragged_cell) {
            *self.drag = Some(CellSelection::at(id, slot));
            *self.selection = None;
        }
        let is_extended = ui.input(|input| input.modifiers.shift);
        let own = |selection: &Option<CellSelection>| selection.filter(|selection| selection.table == id);
        if let Some(slot) = slot(pointed.clicked_cell) {
            *self.selection = Some(match own(self.selection).filter(|_| is_extended) {
                Some(selection) => selection.to(slot),
                None => CellSelection::at(id, slot),
            });
            clear_text_selection(ui);
            ui.memory_mut(|memory| memory.request_focus(widget));
        }
        if let (Some(drag), Some(slot)) = (own(self.drag), slot(pointed.hovered_cell))
            && (self.selection.is_some() || slot != drag.focus())
        {
            *self.selection = Some(drag.to(slot));
            ui.memory_mut(|memory| memory.request_focus(widget));
        }
        if let Some(selection) = own(self.selection).filter(|_| ui.memory(|memory| memory.has_focus(widget)))
        {
            let filter =
                EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(widget, filter));
            *self.selection = Some(selection.after_keys(ui, grid));
        }
    }

    fn head_ui(&mut self, ui: &mut Ui, index: usize, id: NodeId, rect: Rect) {
        let Some(grid) = grid_of(&self.tree.node(id).kind) else { return };
        let mut words = format!("{} × {}", grid.num_rows, grid.num_cols);
        if let Some(range) = self.range(id, grid) {
            words = format!("{} × {} of {words} selected", range.num_rows, range.num_cols);
        }
        let mut ui = ui.new_child(UiBuilder::new().id_salt(("head", id)).max_rect(rect));
        ui.horizontal_centered(|ui| {
            let title = RichText::new(format!("Table {}", index + 1)).font(theme::strong(13.0));
            ui.label(title.color(theme::label_color_in(ui, Label::Table)));
            let size =
                ui.label(RichText::new(words).font(FontId::proportional(12.0)).color(self.palette.secondary));
            size.on_hover_text("Rows × columns");
            self.doubts_ui(ui, id);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                let name = format!("More ways to copy table {}", index + 1);
                let more = ui.menu_button(RichText::new(icons::ELLIPSIS).font(icon_font()), |ui| {
                    let is_table = matches!(self.tree.node(id).kind, NodeKind::Table { .. });
                    element_menu_ui(ui, id, is_table, self.actions);
                });
                more.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                more.response.on_hover_text("More formats");
                let room_for = if ui.available_width() < 300.0 { 1 } else { 3 };
                let copies = [
                    ("Copy", TableFormat::Spreadsheet, "Copy for a spreadsheet, spans kept"),
                    ("CSV", TableFormat::Csv, "Copy as comma-separated values"),
                    ("Markdown", TableFormat::Markdown, "Copy as a Markdown table"),
                ];
                for (words, format, hint) in copies.into_iter().take(room_for).rev() {
                    let button = ui.button(words).on_hover_text(hint);
                    let name = format!("{hint}: table {}", index + 1);
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                    if button.clicked() {
                        self.actions.push(self.copy(id, grid, format));
                    }
                }
            });
        });
    }
}

impl TableRows<'_> {
    /// How many doubts there are about the table, and which on hover.
    fn doubts_ui(&self, ui: &mut Ui, id: NodeId) {
        let is_it = |item: &&ReviewItem<'_>| item.page == self.input.page && item.node == id;
        let Some(item) = self.input.review.iter().find(is_it) else { return };
        let doubts = &item.trust.doubts;
        let words = if doubts.len() == 1 { "1 doubt".to_owned() } else { format!("{} doubts", doubts.len()) };
        let color = match item.trust.level() {
            Level::Doubtful => self.palette.danger,
            Level::Look | Level::Sure => self.palette.warning,
        };
        let label = ui.label(RichText::new(words).font(FontId::proportional(12.0)).color(color));
        label.on_hover_ui(|ui| doubts_ui(ui, doubts));
    }
}

fn clear_text_selection(ui: &Ui) {
    ui.ctx().plugin::<LabelSelectionState>().lock().clear_selection();
}

fn icon_font() -> FontId {
    FontId::new(15.0, theme::icon_family())
}

impl Rows for TableRows<'_> {
    fn measure(&mut self, ui: &mut Ui, index: usize, width: f32) -> f32 {
        let Some(&id) = self.tables.get(index) else { return 0.0 };
        let inner = width - 2.0 * MARGIN;
        let caption = self.caption_galley(ui, id, inner).map_or(0.0, |galley| galley.size().y + 6.0);
        GAP + HEAD_HEIGHT + 6.0 + caption + self.layout(ui, id, inner).size().y + 8.0
    }

    fn draw(&mut self, ui: &mut Ui, index: usize, rect: Rect) -> f32 {
        let Some(&id) = self.tables.get(index) else { return 0.0 };
        let inner =
            Rect::from_min_max(pos2(rect.left() + MARGIN, rect.top() + GAP), rect.max - vec2(MARGIN, 0.0));
        let color = theme::label_color_in(ui, Label::Table);
        if self.input.selected == Some(id) || self.input.hovered == Some(id) {
            let strength = if self.input.selected == Some(id) { 0.11 } else { 0.05 };
            let surround = inner.expand2(vec2(10.0, 4.0));
            ui.painter().rect_filled(surround, 6.0, color.gamma_multiply(strength));
        }
        if ui.rect_contains_pointer(inner) {
            self.pointer.hovered = Some(id);
        }
        let head = Rect::from_min_size(inner.min, vec2(inner.width(), HEAD_HEIGHT));
        self.head_ui(ui, index, id, head);
        let mut top = head.bottom() + 6.0;
        if let Some(galley) = self.caption_galley(ui, id, inner.width()) {
            let at = pos2(inner.left(), top);
            let rect = Rect::from_min_size(at, galley.size());
            let id = ui.scope_id().with(("caption", id));
            top += galley.size().y + 6.0;
            selectable_text(ui, &SelectableText { id, rect, at, color: self.palette.secondary }, galley);
        }
        let layout = self.layout(ui, id, inner.width());
        let place = Rect::from_min_size(pos2(inner.left(), top), vec2(inner.width(), layout.size().y));
        if let Some(grid) = grid_of(&self.tree.node(id).kind) {
            let repairs = repairs_in(self.tree, self.tree.node(id));
            let widget_id = ui.scope_id().with(("table", id));
            let selection = self.selection.filter(|selection| selection.table == id);
            let painter = TablePainter {
                grid,
                layout: &layout,
                id: widget_id,
                repairs: &repairs,
                palette: self.palette,
                selection: selection.map(|selection| selection.range(grid)),
                on_page: self.on_page(id),
                hovered_cell: self.input.hovered_cell.filter(|(of, _)| *of == id).map(|(_, cell)| cell),
            };
            // Dragged over cells: what egui would select meanwhile is not wanted.
            if self.drag.is_some() && selection.is_some() {
                clear_text_selection(ui);
            }
            let cells_id = widget_id.with("cells");
            ui.interact(place, cells_id, Sense::focusable_noninteractive());
            let pointed = painter.draw(ui, place);
            self.select(ui, id, grid, cells_id, &pointed);
            if let Some(cell) = pointed.hovered_cell {
                self.pointer.hovered_cell = Some((id, cell));
            }
            if pointed.is_clicked {
                self.pointer.clicked = Some(id);
            }
        }
        place.bottom() + 8.0 - rect.top()
    }
}
