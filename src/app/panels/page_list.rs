//! The thumbnails: one a page, with its number and where its conversion stands.

use std::collections::BTreeMap;

use egui::emath::GuiRounding as _;
use egui::{
    Align2, Color32, CornerRadius, Panel, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle,
    Ui, WidgetInfo, pos2, vec2,
};

use super::super::command::{CommandSender, ViewCommand};
use super::super::icons;
use super::super::page_view::textures::{PageLook, TextureStore};
use super::super::state::{AppState, ConversionStatus, DocumentState, PageEntry};
use super::super::theme::{self, Palette};
use crate::document::page::PageIndex;
use crate::engine::event::StopReason;
use crate::engine::job::{DocumentId, RenderPriority};

const WIDTH: f32 = 132.0;
const THUMB: egui::Vec2 = vec2(84.0, 110.0);
const ROW_HEIGHT: f32 = THUMB.y + 30.0;

/// The list and what it remembers between frames.
#[derive(Default)]
pub(crate) struct PageList {
    /// The page that was last brought into view, for each document.
    followed: BTreeMap<DocumentId, PageIndex>,
}

impl PageList {
    /// Forgets a closed document.
    pub(crate) fn forget_document(&mut self, document: DocumentId) {
        self.followed.remove(&document);
    }

    /// Draws the list as a panel at the left of `ui`.
    pub(crate) fn ui(
        &mut self,
        ui: &mut Ui,
        state: &AppState,
        textures: &mut TextureStore,
        commands: &CommandSender,
    ) {
        let Some(document) = state.document() else { return };
        let frame = egui::Frame::new().fill(Palette::of_ui(ui).window);
        Panel::left("page list").exact_size(WIDTH).resizable(false).frame(frame).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = ScrollArea::vertical().auto_shrink(false).id_salt(("thumbnails", document.id().0));
            let has_moved = self.followed.insert(document.id(), document.current) != Some(document.current);
            area.show_viewport(ui, |ui, viewport| {
                ui.set_height(ROW_HEIGHT * document.num_pages() as f32);
                let top = ui.min_rect().top();
                if has_moved {
                    let row_top = top + ROW_HEIGHT * document.current.0 as f32;
                    let row = Rect::from_x_y_ranges(ui.max_rect().x_range(), row_top..=row_top + ROW_HEIGHT);
                    ui.scroll_to_rect(row, None);
                }
                let (first, last) = (row_at(viewport.top()), row_at(viewport.bottom()));
                let from = pos2(ui.max_rect().left(), top + ROW_HEIGHT * first as f32);
                let rows = Rect::from_min_size(from, vec2(ui.max_rect().width(), ROW_HEIGHT));
                let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rows));
                for index in first..=last.min(document.num_pages().saturating_sub(1)) {
                    thumbnail_ui(&mut ui, state, document, PageIndex(index), textures, commands);
                }
            });
        });
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row of the list, from 0")]
fn row_at(y: f32) -> usize {
    (y / ROW_HEIGHT).floor().max(0.0) as usize
}

fn thumbnail_ui(
    ui: &mut Ui,
    state: &AppState,
    document: &DocumentState,
    page: PageIndex,
    textures: &mut TextureStore,
    commands: &CommandSender,
) {
    let Some(entry) = document.page(page) else { return };
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let is_current = document.current == page;
    let status = status_words(entry);
    let name = match status {
        "" => format!("Thumbnail of page {page}"),
        status => format!("Thumbnail of page {page}, {status}"),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_current, &name));
    if response.clicked() {
        commands.send(ViewCommand::GoToPage(page));
    }
    if !ui.is_rect_visible(row) {
        return;
    }
    let palette = Palette::of_ui(ui);
    if is_current || response.hovered() {
        let fill = if is_current { palette.accent_fill } else { palette.hover };
        ui.painter().rect_filled(row.shrink2(vec2(8.0, 2.0)), CornerRadius::same(theme::RADIUS), fill);
    }
    let paper = paper_rect(document, page, row).round_to_pixels(ui.pixels_per_point());
    paint_page(ui, state, document, entry, page, paper, textures);
    let ink = if is_current { palette.text } else { palette.secondary };
    let baseline = pos2(row.center().x, row.bottom() - 13.0);
    ui.painter().text(baseline, Align2::CENTER_CENTER, page.to_string(), theme::strong(11.5), ink);
    badge_ui(ui, entry, pos2(row.center().x + 24.0, baseline.y));
    if !status.is_empty() {
        response.on_hover_text(format!("Page {page}: {status}"));
    }
}

fn paper_rect(document: &DocumentState, page: PageIndex, row: Rect) -> Rect {
    let size = document.turned_size(page);
    let aspect = size.map_or(0.75, |size| small(size.width_pt / size.height_pt)).clamp(0.05, 20.0);
    let fitted = if aspect > THUMB.x / THUMB.y {
        vec2(THUMB.x, (THUMB.x / aspect).max(4.0))
    } else {
        vec2((THUMB.y * aspect).max(4.0), THUMB.y)
    };
    Rect::from_center_size(pos2(row.center().x, row.top() + 8.0 + THUMB.y / 2.0 - 2.0), fitted)
}

fn paint_page(
    ui: &Ui,
    state: &AppState,
    document: &DocumentState,
    entry: &PageEntry,
    page: PageIndex,
    paper: Rect,
    textures: &mut TextureStore,
) {
    let is_inverted = state.settings.inverts_pages;
    let fill = if is_inverted { theme::PAPER_INVERTED } else { theme::PAPER };
    ui.painter().rect_filled(paper, CornerRadius::ZERO, fill);
    let look = PageLook { document: document.id(), page, rotation: entry.rotation, is_inverted };
    let width_px = pixels(paper.width() * ui.pixels_per_point());
    let own = textures.want(look.whole(width_px), RenderPriority::Thumbnail).map(TextureHandle::id);
    if let Some(texture) = own.or_else(|| textures.nearest(look, width_px).map(TextureHandle::id)) {
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture, paper, whole, Color32::WHITE);
    }
    let edge = Stroke::new(1.0, theme::PAGE_EDGE);
    ui.painter().rect_stroke(paper, CornerRadius::ZERO, edge, StrokeKind::Outside);
}

/// Where a page's conversion stands, in words.
fn status_words(entry: &PageEntry) -> &'static str {
    match &entry.conversion.status {
        ConversionStatus::None => "",
        ConversionStatus::Queued(_) => "in line",
        ConversionStatus::Running { .. } => "being converted",
        ConversionStatus::Done(StopReason::End) => "converted",
        ConversionStatus::Done(StopReason::TokenLimit) => "stopped at the token limit",
        ConversionStatus::Done(StopReason::Loop) => "stopped repeating itself",
        ConversionStatus::Done(StopReason::Blank) => "blank",
        ConversionStatus::Done(StopReason::Cancelled) => "cancelled half-way",
        ConversionStatus::Failed(_) => "failed",
    }
}

fn badge_ui(ui: &Ui, entry: &PageEntry, center: egui::Pos2) {
    let palette = Palette::of_ui(ui);
    let (icon, color) = match &entry.conversion.status {
        ConversionStatus::None => return,
        ConversionStatus::Queued(_) => (icons::CLOCK, palette.secondary),
        ConversionStatus::Running { progress, .. } => {
            let fraction = progress.as_ref().and_then(|progress| progress.fraction).unwrap_or(0.0);
            ring(ui, center, fraction, palette);
            return;
        }
        ConversionStatus::Done(StopReason::End | StopReason::Blank) => (icons::CHECK, palette.success),
        ConversionStatus::Done(StopReason::TokenLimit | StopReason::Loop | StopReason::Cancelled) => {
            (icons::TRIANGLE_ALERT, palette.warning)
        }
        ConversionStatus::Failed(_) => (icons::CIRCLE_ALERT, palette.danger),
    };
    ui.painter().text(center, Align2::CENTER_CENTER, icon, theme::icon(13.0), color);
}

/// A ring that closes clockwise.
fn ring(ui: &Ui, center: egui::Pos2, fraction: f32, palette: &Palette) {
    const RADIUS: f32 = 5.0;
    ui.painter().circle_stroke(center, RADIUS, Stroke::new(2.0, palette.pressed));
    let angle = fraction.clamp(0.03, 1.0) * std::f32::consts::TAU;
    let points = (0..=24)
        .map(|step| {
            let at = angle * step as f32 / 24.0 - std::f32::consts::FRAC_PI_2;
            center + RADIUS * vec2(at.cos(), at.sin())
        })
        .collect();
    ui.painter().add(egui::Shape::line(points, Stroke::new(2.0, palette.accent)));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the width of a thumbnail")]
fn pixels(length_px: f32) -> u32 {
    length_px.round().clamp(1.0, 1024.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "an aspect ratio")]
fn small(ratio: f64) -> f32 {
    ratio as f32
}
