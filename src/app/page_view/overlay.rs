//! The boxes over a page: strokes, fills, tags, the caret of what is being written, reading order.
//!
//! In: a page's tree and where the page lies on the screen. Out: shapes, and which element lies
//! under the pointer. Boxes of hidden labels are neither drawn nor hit.

use std::collections::BTreeMap;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, CornerRadius, Painter, Pos2, Rect, Stroke, StrokeKind, Theme, pos2, vec2};

use super::super::settings::Settings;
use super::super::theme::{self, label_color, level_color};
use super::pan_zoom::{page_from_ui, ui_from_page};
use crate::document::page::{PageIndex, Rotation};
use crate::engine::job::DocumentId;
use crate::engine::trust::Level;
use crate::geometry::BBox;
use crate::markup::{DocTree, Label, Layer, NodeId};

/// How long a new box takes to come in.
const FADE_IN_SECS: f64 = 0.15;
/// Air between an element's ink and its stroke.
const AIR: f32 = 1.0;
/// On pages that are shown smaller than this, tags would cover what they name.
const MIN_WIDTH_FOR_TAGS: f32 = 380.0;
/// Opacity of the other boxes while one is selected.
const FADED: f32 = 0.45;

/// When boxes were first seen, so that new ones can fade in.
#[derive(Debug, Default)]
pub(super) struct Appearances {
    pages: BTreeMap<(DocumentId, PageIndex), PageAppearances>,
}

/// When the boxes of one page were first seen.
#[derive(Debug, Default)]
struct PageAppearances {
    /// The run that made its tree.
    run: u64,
    /// In the context's seconds, for each node; `None` while it has no box.
    seen_secs: Vec<Option<f64>>,
}

impl Appearances {
    /// Notes the boxes of a page, and returns when each was first seen. The boxes of a new run come
    /// in anew.
    fn note(&mut self, overlay: &Overlay<'_>, now_secs: f64) -> &[Option<f64>] {
        let PageAppearances { run, seen_secs: times } =
            self.pages.entry((overlay.document, overlay.page)).or_default();
        if *run != overlay.run {
            *run = overlay.run;
            times.clear();
        }
        times.resize(overlay.tree.len(), None);
        for (time, (_, node)) in times.iter_mut().zip(overlay.tree.nodes()) {
            if node.bbox.is_some() {
                time.get_or_insert(now_secs);
            }
        }
        times
    }

    pub(super) fn forget_document(&mut self, document: DocumentId) {
        self.pages.retain(|(of, _), _| *of != document);
    }
}

/// A page's boxes and what is to be seen of them.
pub(super) struct Overlay<'a> {
    pub(super) document: DocumentId,
    pub(super) page: PageIndex,
    pub(super) tree: &'a DocTree,
    /// Counts the runs that have put a tree here.
    pub(super) run: u64,
    pub(super) page_rect: Rect,
    pub(super) rotation: Rotation,
    pub(super) settings: &'a Settings,
    pub(super) hovered: Option<NodeId>,
    /// The cell of a table under the pointer, on the upright page.
    pub(super) hovered_cell: Option<BBox>,
    pub(super) selected: Option<NodeId>,
    /// Its last element is still being written.
    pub(super) is_streaming: bool,
    /// The page is a dark scan: strokes need a halo.
    pub(super) is_dark: bool,
    /// How grave the doubts about an element are; `None` where nothing is known.
    pub(super) level: &'a dyn Fn(NodeId) -> Option<Level>,
    /// What is said about an element beside its label: how far it can be trusted.
    pub(super) remark: &'a dyn Fn(NodeId) -> Option<String>,
}

impl Overlay<'_> {
    /// The elements that have a box and whose label is shown.
    pub(super) fn boxes(&self) -> impl Iterator<Item = (NodeId, Label, Rect)> {
        self.tree.nodes().filter_map(|(id, node)| {
            let label = node.kind.label();
            let bbox = node.bbox.filter(|_| self.settings.shows_label(label))?;
            let turned = self.rotation.turned_bbox(&bbox.clamped());
            Some((id, label, ui_from_page(self.page_rect, &turned)))
        })
    }

    /// The elements under a point of the screen, the smallest first.
    pub(super) fn stack_at(&self, pos: Pos2) -> Vec<NodeId> {
        let (x, y) = page_from_ui(self.page_rect, pos);
        if !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
            return Vec::new();
        }
        let mut stack: Vec<(f32, NodeId)> = self
            .boxes()
            .filter(|(_, _, rect)| rect.expand(AIR).contains(pos))
            .map(|(id, _, rect)| (rect.area(), id))
            .collect();
        // Of equal boxes the inner element, which was opened later, comes first.
        stack.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        stack.into_iter().map(|(_, id)| id).collect()
    }

    /// By label, or in the heat map by how far the element can be trusted.
    fn color(&self, id: NodeId, label: Label) -> Color32 {
        let theme = if self.settings.inverts_pages { Theme::Dark } else { Theme::Light };
        if !self.settings.shows_heat {
            return label_color(label, theme);
        }
        // What is still being written is of no level.
        (self.level)(id).map_or(label_color(Label::Furniture, theme), |level| level_color(level, theme))
    }

    /// How far the box covers the page: in the heat map doubts stand out.
    fn fill_opacity(&self, id: NodeId) -> f32 {
        match (self.level)(id).filter(|_| self.settings.shows_heat) {
            Some(Level::Doubtful) => 0.3,
            Some(Level::Look) => 0.2,
            Some(Level::Sure) | None if self.hovered == Some(id) => 0.18,
            Some(Level::Sure) | None => 0.08,
        }
    }

    /// Draws everything. Returns whether a box is still coming in.
    pub(super) fn paint(&self, painter: &Painter, appearances: &mut Appearances, now_secs: f64) -> bool {
        let times = appearances.note(self, now_secs);
        let mut is_moving = false;
        for (id, label, rect) in self.boxes() {
            let age = times.get(id.index()).copied().flatten().map_or(0.0, |seen| now_secs - seen);
            let mut opacity = 1.0;
            if !self.settings.reduces_motion && age < FADE_IN_SECS {
                is_moving = true;
                opacity = fade(age);
            }
            if self.selected.is_some_and(|selected| selected != id) && self.hovered != Some(id) {
                opacity *= FADED;
            }
            self.paint_box(painter, id, label, rect.expand(AIR), opacity);
        }
        if let Some(cell) = self.hovered_cell.filter(|_| self.settings.shows_label(Label::Table)) {
            let turned = self.rotation.turned_bbox(&cell.clamped());
            let rect = ui_from_page(self.page_rect, &turned).expand(2.0 * AIR);
            let theme = if self.settings.inverts_pages { Theme::Dark } else { Theme::Light };
            let color = label_color(Label::Table, theme);
            let (fill, stroke) = (color.gamma_multiply(0.25), Stroke::new(2.0, color));
            painter.rect(rect, CornerRadius::same(2), fill, stroke, StrokeKind::Outside);
        }
        if self.settings.shows_reading_order {
            self.paint_reading_order(painter);
        }
        self.paint_caret(painter);
        if let Some((id, label, rect)) = self.boxes().find(|(id, _, _)| self.hovered == Some(*id)) {
            self.paint_name(painter, id, label, rect.expand(AIR));
        }
        is_moving
    }

    fn paint_box(&self, painter: &Painter, id: NodeId, label: Label, rect: Rect, opacity: f32) {
        if !painter.clip_rect().intersects(rect) {
            return;
        }
        let color = self.color(id, label);
        let is_selected = self.selected == Some(id);
        let fill = color.gamma_multiply(self.fill_opacity(id) * opacity);
        let stroke = Stroke::new(if is_selected { 2.5 } else { 1.5 }, color.gamma_multiply(opacity));
        let radius = CornerRadius::same(2);
        if self.is_dark {
            let halo = Stroke::new(1.0, theme::HALO.gamma_multiply(opacity));
            painter.rect_stroke(rect.expand(stroke.width), radius, halo, StrokeKind::Outside);
        }
        painter.rect(rect, radius, fill, stroke, StrokeKind::Outside);
        if is_selected {
            for corner in [rect.left_top(), rect.right_top(), rect.left_bottom(), rect.right_bottom()] {
                let handle = Rect::from_center_size(corner, vec2(8.0, 8.0));
                painter.rect(
                    handle,
                    CornerRadius::same(2),
                    theme::PAPER,
                    Stroke::new(1.5, color),
                    StrokeKind::Inside,
                );
            }
        }
        let has_tags = self.settings.shows_tags && !self.settings.shows_reading_order;
        if has_tags && self.hovered != Some(id) && self.page_rect.width() > MIN_WIDTH_FOR_TAGS {
            self.paint_tag(painter, id, label, rect, opacity);
        }
    }

    /// The two letters of a label, hung outside the box's left edge, where they cover no text.
    fn paint_tag(&self, painter: &Painter, id: NodeId, label: Label, rect: Rect, opacity: f32) {
        if rect.height() < 9.0 || rect.width() < 14.0 {
            return;
        }
        let color = self.color(id, label).gamma_multiply(opacity);
        let size = vec2(14.0, 11.0);
        let corner = pos2(rect.left() - 1.5 - size.x, rect.top() - 1.5);
        let tag = Rect::from_min_size(corner, size);
        painter.rect_filled(tag, CornerRadius { nw: 3, sw: 3, ne: 0, se: 0 }, color);
        let ink = self.on_label().gamma_multiply(opacity);
        painter.text(tag.center(), Align2::CENTER_CENTER, label.tag(), theme::strong(8.5), ink);
    }

    fn on_label(&self) -> Color32 {
        if self.settings.inverts_pages { theme::PAPER_INVERTED } else { theme::ON_LABEL }
    }

    /// Label and trust in words, at the corner of the box that is free.
    fn paint_name(&self, painter: &Painter, id: NodeId, label: Label, rect: Rect) {
        let words = match (self.remark)(id) {
            Some(remark) => format!("{} · {remark}", label.words()),
            None => label.words().to_owned(),
        };
        let mut job = LayoutJob::simple(words, theme::strong(11.5), self.on_label(), f32::INFINITY);
        job.wrap = TextWrapping::truncate_at_width(painter.clip_rect().width() - 24.0);
        let text = painter.layout_job(job);
        let size = text.size() + vec2(12.0, 6.0);
        let view = painter.clip_rect();
        let above = rect.top() - size.y - 1.5;
        let y = if above >= view.top() { above } else { (rect.bottom() + 1.5).min(view.bottom() - size.y) };
        // At the right, because what stands above a box is often a short heading.
        let x = (rect.right() + 1.5 - size.x).clamp(view.left(), (view.right() - size.x).max(view.left()));
        let tag = Rect::from_min_size(pos2(x, y), size);
        painter.rect_filled(tag, CornerRadius::same(3), self.color(id, label));
        painter.galley(tag.min + vec2(6.0, 3.0), text, self.on_label());
    }

    /// A caret at the end of the element that is being written.
    fn paint_caret(&self, painter: &Painter) {
        if !self.is_streaming {
            return;
        }
        let written = self.tree.nodes().filter(|(_, node)| !node.is_complete).last().map(|(id, _)| id);
        let Some((id, label, rect)) = self.boxes().find(|(id, _, _)| Some(*id) == written) else { return };
        let height = rect.height().clamp(6.0, 16.0);
        let caret = Rect::from_min_max(
            pos2(rect.right() - 3.0, rect.bottom() - height),
            pos2(rect.right(), rect.bottom()),
        );
        painter.rect_filled(caret, CornerRadius::same(1), self.color(id, label));
    }

    fn paint_reading_order(&self, painter: &Painter) {
        let rects: BTreeMap<NodeId, (Label, Rect)> =
            self.boxes().map(|(id, label, rect)| (id, (label, rect))).collect();
        let stops: Vec<(Color32, Pos2)> = self
            .tree
            .reading_order()
            .into_iter()
            .filter(|&id| self.tree.node(id).layer == Layer::Body)
            .filter_map(|id| {
                let (label, rect) = rects.get(&id)?;
                Some((self.color(id, *label), rect.left_top() + vec2(-11.0, 6.0)))
            })
            .collect();
        let line = Stroke::new(1.0, theme::INK.gamma_multiply(0.55));
        for pair in stops.windows(2) {
            if let [(_, from), (_, to)] = pair {
                painter.line_segment([*from, *to], line);
            }
        }
        for (index, (color, center)) in stops.iter().enumerate() {
            painter.circle(*center, 8.5, *color, Stroke::new(1.5, theme::PAPER));
            let number = (index + 1).to_string();
            painter.text(*center, Align2::CENTER_CENTER, number, theme::strong(9.5), self.on_label());
        }
    }
}

/// Opacity of a box of that age.
#[expect(clippy::cast_possible_truncation, reason = "a fraction")]
fn fade(age_secs: f64) -> f32 {
    (age_secs / FADE_IN_SECS).clamp(0.0, 1.0) as f32
}

/// What a screen reader says of an element.
pub(super) fn spoken(tree: &DocTree, id: NodeId) -> String {
    const MAX_CHARS: usize = 80;
    let node = tree.node(id);
    let words = node.kind.label().words();
    if node.text.is_empty() {
        return words.to_owned();
    }
    let text: String = node.text.chars().take(MAX_CHARS).collect();
    format!("{words}: {text}")
}
