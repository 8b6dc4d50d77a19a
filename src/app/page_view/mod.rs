//! The page canvas: one column of pages, scrolled, zoomed and turned, with the boxes over them.
//!
//! In: the state of the document and the textures. Out: shapes, commands and wishes for textures.
//! Scroll position and zoom are the view's own and live here, one set a document.

mod byte_lru;
mod handles;
mod overlay;
mod page;
pub(crate) mod pan_zoom;
mod rectangle;
mod scroll_bar;
pub(crate) mod textures;

use std::collections::BTreeMap;

use egui::{CursorIcon, PointerButton, Rect, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::command::{CommandSender, Side, ViewCommand, ZoomStep};
use super::state::{AppState, DocumentState, ElementRef};
use super::theme::Palette;
use crate::document::page::PageIndex;
use crate::engine::job::DocumentId;
use crate::geometry::BBox;
use handles::BoxDrag;
use overlay::Appearances;
use pan_zoom::{PageColumn, PanZoom, ZoomMode};
use rectangle::GrabDrag;
use textures::TextureStore;

/// The canvas and what it remembers between frames.
#[derive(Default)]
pub(crate) struct PageView {
    documents: BTreeMap<DocumentId, DocumentView>,
    appearances: Appearances,
    grab_drag: GrabDrag,
    box_drag: BoxDrag,
    /// The element that this view last called hovered.
    hover_said: Option<ElementRef>,
    /// The cell of a table that it last called so.
    hovered_cell_said: Option<(ElementRef, usize)>,
    /// When the size of the pages last changed, in the context's seconds.
    zoomed_at_secs: f64,
}

/// How one document is scrolled and zoomed.
struct DocumentView {
    column: PageColumn,
    /// Turns of pages that `column` knows of.
    num_turns: u64,
    pan_zoom: PanZoom,
}

/// While the zoom changes faster than this, sharp images would be drawn for nothing.
const ZOOM_REST_SECS: f64 = 0.12;
/// How far an arrow key moves the view, in points.
const ARROW_STEP: f32 = 48.0;

impl PageView {
    /// How many times as large as on paper the document's pages are, and what decides it.
    pub(crate) fn zoom(&self, document: DocumentId) -> Option<(f64, ZoomMode)> {
        let view = self.documents.get(&document)?;
        Some((view.pan_zoom.zoom(), view.pan_zoom.mode))
    }

    /// Changes the size of the pages, keeping the middle of the view in place.
    pub(crate) fn apply_zoom(&mut self, document: DocumentId, step: ZoomStep) {
        let Some(DocumentView { column, pan_zoom, .. }) = self.documents.get_mut(&document) else { return };
        let view = pan_zoom.view_size();
        let middle = small(view.0 / 2.0, view.1 / 2.0);
        match step {
            ZoomStep::In => pan_zoom.zoom_to(column, pan_zoom.next_step(1), middle),
            ZoomStep::Out => pan_zoom.zoom_to(column, pan_zoom.next_step(-1), middle),
            ZoomStep::Actual => pan_zoom.zoom_to(column, 1.0, middle),
            ZoomStep::To(zoom) => pan_zoom.zoom_to(column, zoom, middle),
            ZoomStep::FitWidth => pan_zoom.set_mode(column, ZoomMode::FitWidth),
            ZoomStep::FitPage => pan_zoom.set_mode(column, ZoomMode::FitPage),
        }
    }

    /// Brings a page to the top of the view.
    pub(crate) fn go_to(&mut self, document: DocumentId, page: PageIndex) {
        if let Some(DocumentView { column, pan_zoom, .. }) = self.documents.get_mut(&document) {
            pan_zoom.go_to(column, page);
        }
    }

    /// Forgets a closed document.
    pub(crate) fn forget_document(&mut self, document: DocumentId) {
        self.documents.remove(&document);
        self.appearances.forget_document(document);
    }

    /// Draws the canvas into all of `ui`.
    pub(crate) fn ui(
        &mut self,
        ui: &mut Ui,
        state: &AppState,
        textures: &mut TextureStore,
        commands: &CommandSender,
    ) {
        let Some(document) = state.document() else { return };
        let rect = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        let name = &document.info.name;
        response.widget_info(|| WidgetInfo::labeled(Role::ScrollView, true, format!("Pages of {name}")));
        let ui = &mut ui.new_child(egui::UiBuilder::new().max_rect(rect));
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.painter().rect_filled(rect, 0.0, Palette::of_ui(ui).canvas);

        let view = self.documents.entry(document.id()).or_insert_with(|| DocumentView {
            column: column_of(document),
            num_turns: document.num_turns,
            pan_zoom: PanZoom::default(),
        });
        if view.num_turns != document.num_turns {
            view.column = column_of(document);
            view.num_turns = document.num_turns;
            view.pan_zoom.set_column(&view.column, document.current);
        }
        let scale_before = view.pan_zoom.scale;
        view.pan_zoom.set_view(&view.column, rect.size());
        if let Some(element) = state.reveal_on_page {
            reveal(view, document, element);
        }
        let place = |page| view.pan_zoom.page_rect_in_view(&view.column, page).translate(rect.min.to_vec2());
        self.box_drag.begin(ui, state, document, &response, place);
        let may_pan = !self.grab_drag.is_going_on(ui, state, &response) && !self.box_drag.is_going_on();
        move_view(ui, view, &response, rect, may_pan);
        let now_secs = ui.input(|input| input.time);
        if (view.pan_zoom.scale - scale_before).abs() > 1e-9 {
            self.zoomed_at_secs = now_secs;
        }
        let is_zooming = now_secs - self.zoomed_at_secs < ZOOM_REST_SECS && self.zoomed_at_secs > 0.0;
        if is_zooming {
            ui.ctx().request_repaint_after_secs(0.13);
        }

        let mut pages = page::PagePainter {
            state,
            document,
            textures,
            appearances: &mut self.appearances,
            is_zooming,
            now_secs,
        };
        let column = &view.column;
        let pan_zoom = &view.pan_zoom;
        let visible = pan_zoom.visible_pages(column);
        let (mut hovered, mut hovered_cell) = (None, None);
        let mut places = Vec::new();
        let pointer = response.hover_pos().filter(|_| response.contains_pointer());
        for index in visible.clone() {
            let page = PageIndex(index);
            let page_rect = pan_zoom.page_rect_in_view(column, page).translate(rect.min.to_vec2());
            places.push((page, page_rect));
            let stack = pages.page_ui(ui, page, page_rect, pointer);
            if let Some(&node) = stack.first() {
                let element = ElementRef { page, node };
                hovered_cell = pointer.and_then(|pos| cell_under(document, element, page_rect, pos));
                hovered = Some((page, stack));
            }
        }
        pages.want_neighbours(ui, &visible, |page| pan_zoom.page_rect_in_view(column, page));
        rectangle::outline_ui(ui, state, document, &places);
        self.grab_drag.follow(ui, state, document, &response, &places, commands);
        self.box_drag.follow(ui, document, &response, &places, commands);
        scroll_bar::ui(ui, rect, view, document.num_pages());

        let in_view = view.pan_zoom.page_in_view(&view.column);
        if in_view != document.current {
            commands.send(ViewCommand::PageInView(in_view));
        }
        if hovered_cell != self.hovered_cell_said {
            self.hovered_cell_said = hovered_cell;
            commands.send(ViewCommand::HoverCell { cell: hovered_cell, from: Side::Page });
        }
        self.say_hover(ui, document, hovered, &response, commands);
    }

    /// Turns what lies under the pointer into commands.
    fn say_hover(
        &mut self,
        ui: &Ui,
        document: &DocumentState,
        hovered: Option<(PageIndex, Vec<crate::markup::NodeId>)>,
        response: &egui::Response,
        commands: &CommandSender,
    ) {
        let is_alt = ui.input(|input| input.modifiers.alt);
        let element = hovered.as_ref().and_then(|(page, stack)| {
            let node = if is_alt { below_selected(document, *page, stack) } else { stack.first().copied() };
            node.map(|node| ElementRef { page: *page, node })
        });
        if element.is_some() && !response.dragged() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        }
        // Only what changes here is said: the pane may have called something hovered meanwhile.
        let topmost = hovered.and_then(|(page, stack)| stack.first().map(|&node| ElementRef { page, node }));
        if topmost != self.hover_said {
            self.hover_said = topmost;
            commands.send(ViewCommand::Hover { element: topmost, from: Side::Page });
        }
        if response.clicked_by(PointerButton::Primary) {
            response.request_focus();
            commands.send(ViewCommand::Select { element, from: Side::Page });
        }
    }
}

/// The element under the selected one at the same point, round again at the bottom.
fn below_selected(
    document: &DocumentState,
    page: PageIndex,
    stack: &[crate::markup::NodeId],
) -> Option<crate::markup::NodeId> {
    let selected = document.selected.filter(|element| element.page == page)?;
    let position = stack.iter().position(|&node| node == selected.node);
    position.and_then(|position| stack.get((position + 1) % stack.len())).or_else(|| stack.first()).copied()
}

/// The cell of a table under the pointer, where cells are known.
fn cell_under(
    document: &DocumentState,
    element: ElementRef,
    page_rect: Rect,
    pos: egui::Pos2,
) -> Option<(ElementRef, usize)> {
    let (x, y) = pan_zoom::page_from_ui(page_rect, pos);
    let turn = document.page(element.page)?.rotation.inverse();
    let at = turn.turned_bbox(&BBox::from_corners(x, y, x, y)).center();
    Some((element, document.cell_at(element, at)?))
}

fn column_of(document: &DocumentState) -> PageColumn {
    PageColumn::new(
        (0..document.num_pages()).filter_map(|index| document.turned_size(PageIndex(index))).collect(),
    )
}

fn reveal(view: &mut DocumentView, document: &DocumentState, element: ElementRef) {
    let Some(entry) = document.page(element.page) else { return };
    let bbox = entry
        .conversion
        .tree
        .as_ref()
        .and_then(|tree| tree.nodes().nth(element.node.index()))
        .and_then(|(_, node)| node.bbox);
    if let Some(bbox) = bbox {
        let turned = entry.rotation.turned_bbox(&bbox.clamped());
        view.pan_zoom.reveal(&view.column, element.page, &turned);
    }
}

/// Wheel, pinch, drags and arrow keys.
fn move_view(ui: &Ui, view: &mut DocumentView, response: &egui::Response, rect: Rect, may_pan: bool) {
    let DocumentView { column, pan_zoom, .. } = view;
    if response.contains_pointer() {
        let (scroll, zoom, pos) =
            ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta(), input.pointer.hover_pos()));
        if (zoom - 1.0).abs() > f32::EPSILON {
            let anchor = pos.unwrap_or(rect.center()) - rect.min;
            pan_zoom.zoom_to(column, pan_zoom.zoom() * f64::from(zoom), anchor);
        } else if scroll != Vec2::ZERO {
            pan_zoom.scroll_by(column, -scroll);
        }
    }
    let is_space_down = ui.input(|input| input.key_down(egui::Key::Space)) && !ui.ctx().text_edit_focused();
    let pans = may_pan && response.dragged_by(PointerButton::Primary);
    if pans || response.dragged_by(PointerButton::Middle) {
        pan_zoom.scroll_by(column, -response.drag_delta());
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    } else if is_space_down && response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Grab);
    }
    if !ui.ctx().text_edit_focused()
        && !egui::Popup::is_any_open(ui.ctx())
        && (response.has_focus() || !has_focus(ui))
    {
        let arrows = ui.input_mut(|input| {
            let mut count = |key| input.count_and_consume_key(egui::Modifiers::NONE, key) as f32;
            vec2(
                count(egui::Key::ArrowRight) - count(egui::Key::ArrowLeft),
                count(egui::Key::ArrowDown) - count(egui::Key::ArrowUp),
            )
        });
        if arrows != Vec2::ZERO {
            pan_zoom.scroll_by(column, arrows * ARROW_STEP);
            ui.ctx().request_repaint();
        }
    }
}

fn has_focus(ui: &Ui) -> bool {
    ui.ctx().memory(|memory| memory.focused().is_some())
}

/// A vector on the screen from numbers that are small by nature.
#[expect(clippy::cast_possible_truncation, reason = "what is in view is small")]
fn small(x: f64, y: f64) -> Vec2 {
    vec2(x as f32, y as f32)
}
