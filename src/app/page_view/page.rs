//! One page of the canvas: paper, pixels, boxes, and what stands in its place when it fails.

use egui::emath::GuiRounding as _;
use egui::{
    Align, Color32, CornerRadius, Pos2, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, Ui, WidgetInfo,
    pos2, vec2,
};

use super::super::state::{AppState, DocumentState, PageEntry};
use super::super::theme;
use super::overlay::{Appearances, Overlay, spoken};
use super::textures::{PageLook, TILE_PX, TextureStore, needs_tiles, tile_rect};
use crate::document::page::PageIndex;
use crate::engine::job::RenderPriority;
use crate::geometry::BBox;
use crate::markup::NodeId;

/// Width of the image that is asked for first of a page that nothing is known of.
const FIRST_WIDTH_PX: u32 = 384;
/// Whole-page images beyond this width are not asked for: it lies under the tiles.
const UNDERLAY_WIDTH_PX: u32 = 1024;
/// Pages wider than this on the screen are not drawn any sharper.
const MAX_WIDTH_PX: u32 = 1 << 15;

/// What is needed to draw a page.
pub(super) struct PagePainter<'a> {
    pub(super) state: &'a AppState,
    pub(super) document: &'a DocumentState,
    pub(super) textures: &'a mut TextureStore,
    pub(super) appearances: &'a mut Appearances,
    /// The size of the pages is changing.
    pub(super) is_zooming: bool,
    pub(super) now_secs: f64,
}

impl PagePainter<'_> {
    /// Draws a page and returns the elements under the pointer, the smallest first.
    pub(super) fn page_ui(
        &mut self,
        ui: &Ui,
        page: PageIndex,
        rect: Rect,
        pointer: Option<Pos2>,
    ) -> Vec<NodeId> {
        let Some(entry) = self.document.page(page) else { return Vec::new() };
        // Whole pixels, so that an image of the page's own width is not resampled.
        let rect = rect.round_to_pixels(ui.pixels_per_point());
        let seen = rect.intersect(ui.clip_rect());
        if !seen.is_positive() {
            return Vec::new();
        }
        let id = ui.scope_id().with(("page", page.0));
        let response = ui.interact(seen, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Page {page}")));
        let settings = &self.state.settings;
        let paper = if settings.inverts_pages { theme::PAPER_INVERTED } else { theme::PAPER };
        ui.painter().rect_filled(rect, CornerRadius::ZERO, paper);
        let look = self.look(page, entry);
        let has_image = self.image_ui(ui, look, rect, RenderPriority::Visible);
        let edge = Stroke::new(1.0, theme::PAGE_EDGE);
        ui.painter().rect_stroke(rect, CornerRadius::ZERO, edge, StrokeKind::Outside);
        if !has_image {
            match self.textures.failure(look.document, page) {
                Some(message) => failure_ui(ui, rect, page, message),
                None => skeleton_ui(ui, rect),
            }
        }
        self.boxes_ui(ui, page, entry, rect, pointer)
    }

    fn look(&self, page: PageIndex, entry: &PageEntry) -> PageLook {
        PageLook {
            document: self.document.id(),
            page,
            rotation: entry.rotation,
            is_inverted: self.state.settings.inverts_pages,
        }
    }

    /// Draws the best pixels there are and wants the right ones. Returns whether there are any.
    fn image_ui(&mut self, ui: &Ui, look: PageLook, rect: Rect, priority: RenderPriority) -> bool {
        let ppp = ui.pixels_per_point();
        let (width_px, height_px) = (pixels(rect.width() * ppp), pixels(rect.height() * ppp));
        let fallback = self.textures.nearest(look, width_px).map(TextureHandle::id);
        if fallback.is_none() && width_px > 2 * FIRST_WIDTH_PX {
            self.textures.want(look.whole(FIRST_WIDTH_PX), priority);
        }
        if !needs_tiles(width_px, height_px) {
            let may_ask = !self.is_zooming || fallback.is_none();
            let sharp = may_ask
                .then(|| self.textures.want(look.whole(width_px), priority))
                .flatten()
                .map(TextureHandle::id);
            let Some(texture) = sharp.or(fallback) else { return false };
            paint_image(ui, texture, rect);
            return true;
        }
        self.textures.want(look.whole(UNDERLAY_WIDTH_PX), priority);
        if let Some(texture) = fallback {
            paint_image(ui, texture, rect);
        }
        if !self.is_zooming {
            self.tiles_ui(ui, look, rect, (width_px, height_px), priority);
        }
        fallback.is_some()
    }

    fn tiles_ui(
        &mut self,
        ui: &Ui,
        look: PageLook,
        rect: Rect,
        size_px: (u32, u32),
        priority: RenderPriority,
    ) {
        let ppp = ui.pixels_per_point();
        let seen = rect.intersect(ui.clip_rect());
        let tile_of = |from: f32, origin: f32| pixels((from - origin).max(0.0) * ppp) / TILE_PX;
        let columns = tile_of(seen.left(), rect.left())..=tile_of(seen.right(), rect.left());
        let rows = tile_of(seen.top(), rect.top())..=tile_of(seen.bottom(), rect.top());
        for row in rows {
            for column in columns.clone() {
                let Some(region) = tile_rect(column, row, size_px.0, size_px.1) else { continue };
                let key = look.part(size_px.0, region);
                if let Some(texture) = self.textures.want(key, priority).map(TextureHandle::id) {
                    let at = |x_px: u32, y_px: u32| rect.min + vec2(x_px as f32, y_px as f32) / ppp;
                    let tile = Rect::from_min_max(
                        at(region.x_px, region.y_px),
                        at(region.x_px + region.width_px, region.y_px + region.height_px),
                    );
                    paint_image(ui, texture, tile);
                }
            }
        }
    }

    /// Wants the pages just above and below the view, so that scrolling meets drawn pages.
    pub(super) fn want_neighbours(
        &mut self,
        ui: &Ui,
        visible: &std::ops::RangeInclusive<usize>,
        rect_of: impl Fn(PageIndex) -> Rect,
    ) {
        if self.is_zooming {
            return;
        }
        let before = visible.start().checked_sub(1);
        let after = Some(visible.end() + 1).filter(|&index| index < self.document.num_pages());
        for page in before.into_iter().chain(after).map(PageIndex) {
            let Some(entry) = self.document.page(page) else { continue };
            let look = self.look(page, entry);
            let size = rect_of(page).round_to_pixels(ui.pixels_per_point()).size() * ui.pixels_per_point();
            let (width_px, height_px) = (pixels(size.x), pixels(size.y));
            let width_px = if needs_tiles(width_px, height_px) { UNDERLAY_WIDTH_PX } else { width_px };
            self.textures.want(look.whole(width_px), RenderPriority::Nearby);
        }
    }

    /// The box of the cell under the pointer, on the upright page.
    fn hovered_cell(&self, page: PageIndex) -> Option<BBox> {
        let (element, cell) = self.document.hovered_cell.filter(|(element, _)| element.page == page)?;
        let trust = self.document.page(page)?.conversion.trust(element.node)?;
        trust.cells.get(cell)?.as_ref().map(|cell| cell.bbox)
    }

    fn boxes_ui(
        &mut self,
        ui: &Ui,
        page: PageIndex,
        entry: &PageEntry,
        rect: Rect,
        pointer: Option<Pos2>,
    ) -> Vec<NodeId> {
        let conversion = &entry.conversion;
        let Some(tree) = &conversion.tree else { return Vec::new() };
        let on_page = |element: &super::ElementRef| element.page == page;
        let overlay = Overlay {
            document: self.document.id(),
            page,
            tree,
            run: conversion.num_runs,
            page_rect: rect,
            rotation: entry.rotation,
            settings: &self.state.settings,
            hovered: self.document.hovered.filter(on_page).map(|element| element.node),
            hovered_cell: self.hovered_cell(page),
            selected: self.document.selected.filter(on_page).map(|element| element.node),
            is_streaming: conversion.is_streaming(),
            is_dark: self.textures.is_dark(self.document.id(), page),
            level: &|node| Some(conversion.trust(node)?.level()),
            remark: &|node| conversion.trust(node)?.words(),
        };
        let painter = ui.painter().with_clip_rect(ui.clip_rect());
        if overlay.paint(&painter, self.appearances, self.now_secs) {
            ui.ctx().request_repaint();
        }
        for (node, _, node_rect) in overlay.boxes() {
            let seen = node_rect.intersect(ui.clip_rect());
            if seen.is_positive() {
                let id = ui.scope_id().with(("element", page.0, node.index()));
                let response = ui.interact(seen, id, Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, spoken(tree, node)));
            }
        }
        pointer.filter(|pos| rect.contains(*pos)).map(|pos| overlay.stack_at(pos)).unwrap_or_default()
    }
}

/// A length on the screen in whole pixels, at least one, at most what a page is ever drawn at.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn pixels(length_px: f32) -> u32 {
    length_px.round().clamp(1.0, MAX_WIDTH_PX as f32) as u32
}

fn paint_image(ui: &Ui, texture: egui::TextureId, rect: Rect) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture, rect, whole, Color32::WHITE);
}

/// A page that is being drawn: grey bars where lines of text would stand.
fn skeleton_ui(ui: &Ui, rect: Rect) {
    const WIDTHS: [f32; 9] = [0.5, 0.0, 0.76, 0.78, 0.74, 0.6, 0.0, 0.77, 0.42];
    let line = rect.height() * 0.03;
    for (index, width) in WIDTHS.iter().enumerate().filter(|(_, width)| **width > 0.0) {
        let corner = pos2(
            rect.left() + rect.width() * 0.11,
            rect.top() + rect.height() * 0.09 + index as f32 * line * 1.5,
        );
        let bar = Rect::from_min_size(corner, vec2(rect.width() * width, line * 0.6));
        ui.painter().rect_filled(bar, CornerRadius::same(2), theme::SKELETON);
    }
}

/// Why a page cannot be drawn, in its place.
fn failure_ui(ui: &Ui, rect: Rect, page: PageIndex, message: &crate::engine::user_message::UserMessage) {
    let width = (rect.width() - 48.0).max(40.0);
    let mut job = egui::text::LayoutJob { halign: Align::Center, ..Default::default() };
    job.wrap.max_width = width;
    let format = |font_id, color| egui::TextFormat { font_id, color, ..Default::default() };
    job.append(super::super::icons::CIRCLE_ALERT, 0.0, format(theme::icon(28.0), theme::INK));
    job.append(&format!("\nPage {page} cannot be shown\n"), 0.0, format(theme::strong(15.0), theme::INK));
    job.append(&message.summary, 0.0, format(egui::FontId::proportional(13.0), theme::INK));
    if let Some(hint) = &message.hint {
        job.append(&format!("\n{hint}"), 0.0, format(egui::FontId::proportional(13.0), theme::INK));
    }
    let galley = ui.painter().layout_job(job);
    let center = rect.intersect(ui.clip_rect()).center();
    ui.painter().galley(pos2(center.x, center.y - galley.size().y / 2.0), galley, theme::INK);
}
