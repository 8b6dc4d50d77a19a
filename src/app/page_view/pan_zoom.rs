//! Where pages lie on the screen: one column of pages, scrolled and zoomed.
//!
//! Three spaces meet here. *Page space*: fractions of a page. *Content*: points of the window, from
//! the top left of the whole column, as `f64`, because a column of thousands of pages is too long
//! for the precision of `f32`. *Ui*: egui points on the screen.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::document::page::{PageIndex, PageSize};
use crate::geometry::BBox;

/// Space around and between pages, in window points, at every zoom.
pub(crate) const GAP: f64 = 16.0;
/// Room below the last page, where the legend stands.
const FOOT: f64 = 40.0;
/// Window points per PDF point at 100 %: a PDF point is 1/72 inch, a window point 1/96.
pub(crate) const SCALE_AT_100: f64 = 96.0 / 72.0;
/// Zooms beyond these show nothing that helps anybody.
const ZOOM_RANGE: std::ops::RangeInclusive<f64> = 0.02..=32.0;
/// Steps of the zoom buttons, as factors of the size on paper.
const STEPS: [f64; 17] =
    [0.05, 0.1, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0];

/// The column of pages at scale 1, in PDF points.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageColumn {
    sizes: Vec<PageSize>,
    /// Sum of the heights of all pages before; one more entry than pages.
    tops_pt: Vec<f64>,
    max_width_pt: f64,
    /// Width and height that the fits go by: those of an ordinary page, so that one fold-out does
    /// not make all others tiny.
    reference_pt: (f64, f64),
}

impl PageColumn {
    /// The column of pages of these sizes, already turned.
    pub(crate) fn new(sizes: Vec<PageSize>) -> Self {
        let mut tops_pt = Vec::with_capacity(sizes.len() + 1);
        let mut top_pt = 0.0;
        tops_pt.push(top_pt);
        for size in &sizes {
            top_pt += size.height_pt;
            tops_pt.push(top_pt);
        }
        let max_width_pt = sizes.iter().map(|size| size.width_pt).fold(0.0, f64::max);
        let reference_pt = (
            ordinary(sizes.iter().map(|size| size.width_pt)),
            ordinary(sizes.iter().map(|size| size.height_pt)),
        );
        Self { sizes, tops_pt, max_width_pt, reference_pt }
    }

    /// How many pages there are.
    pub(crate) fn num_pages(&self) -> usize {
        self.sizes.len()
    }

    /// Size of a page at scale 1.
    pub(crate) fn size(&self, page: PageIndex) -> Option<PageSize> {
        self.sizes.get(page.0).copied()
    }

    fn top_pt(&self, page: PageIndex) -> f64 {
        self.tops_pt.get(page.0).or(self.tops_pt.last()).copied().unwrap_or(0.0)
    }
}

/// The largest value that is at most half as large again as the median.
fn ordinary(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(1.0);
    sorted.iter().rev().copied().find(|&value| value <= 1.5 * median).unwrap_or(median)
}

/// What decides the scale when the window changes its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ZoomMode {
    /// Pages are as wide as the view.
    #[default]
    FitWidth,
    /// A whole page fits into the view.
    FitPage,
    /// The user has chosen a scale.
    Free,
}

/// How the column is scrolled and zoomed.
#[derive(Clone, Debug)]
pub(crate) struct PanZoom {
    /// What decides the scale.
    pub mode: ZoomMode,
    /// Window points per PDF point.
    pub scale: f64,
    /// Content point at the view's top left corner.
    pub offset: (f64, f64),
    /// Size of the view when it was last shown, in window points.
    view: (f64, f64),
}

impl Default for PanZoom {
    fn default() -> Self {
        Self { mode: ZoomMode::FitWidth, scale: SCALE_AT_100, offset: (0.0, 0.0), view: (0.0, 0.0) }
    }
}

/// A point of a page, in page space. May lie beside the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PagePoint {
    /// Which page.
    pub page: PageIndex,
    /// Fraction of its width.
    pub x: f64,
    /// Fraction of its height.
    pub y: f64,
}

impl PanZoom {
    /// Adapts to the view's size, keeping what is read in place: the point at the top of the view.
    pub(crate) fn set_view(&mut self, column: &PageColumn, size_in_ui: Vec2) {
        let view = (f64::from(size_in_ui.x).max(1.0), f64::from(size_in_ui.y).max(1.0));
        if view != self.view {
            let is_first = self.view == (0.0, 0.0);
            let anchor = self.page_from_content(column, (self.offset.0 + self.view.0 / 2.0, self.offset.1));
            self.view = view;
            let before = self.scale;
            self.fit(column);
            self.center(column);
            if is_first {
                self.offset.1 = 0.0;
            } else if (before - self.scale).abs() > 1e-9
                && let Some(anchor) = anchor
            {
                self.offset.1 = self.content_from_page(column, anchor).1;
            }
        }
        self.clamp(column);
    }

    /// Follows a change of the column itself (a page was turned), keeping `page` in view.
    pub(crate) fn set_column(&mut self, column: &PageColumn, page: PageIndex) {
        self.fit(column);
        self.go_to(column, page);
    }

    fn fit(&mut self, column: &PageColumn) {
        let (width_pt, height_pt) = column.reference_pt;
        let by_width = (self.view.0 - 2.0 * GAP) / width_pt;
        let by_height = (self.view.1 - GAP - FOOT) / height_pt;
        match self.mode {
            ZoomMode::FitWidth => self.scale = by_width,
            ZoomMode::FitPage => self.scale = by_width.min(by_height),
            ZoomMode::Free => {}
        }
        self.scale = self.scale.clamp(ZOOM_RANGE.start() * SCALE_AT_100, ZOOM_RANGE.end() * SCALE_AT_100);
    }

    /// Fits show the middle of the column, where ordinary pages stand.
    fn center(&mut self, column: &PageColumn) {
        if self.mode != ZoomMode::Free {
            self.offset.0 = (self.content_size(column).0 - self.view.0) / 2.0;
        }
    }

    /// How many times as large as on paper.
    pub(crate) fn zoom(&self) -> f64 {
        self.scale / SCALE_AT_100
    }

    /// Fits the pages into the view, keeping the page at its middle.
    pub(crate) fn set_mode(&mut self, column: &PageColumn, mode: ZoomMode) {
        let page = self.page_in_view(column);
        let anchor = self.page_from_content(column, (self.offset.0 + self.view.0 / 2.0, self.offset.1));
        self.mode = mode;
        self.fit(column);
        self.center(column);
        match (mode, anchor) {
            (ZoomMode::FitPage, _) | (_, None) => self.go_to(column, page),
            (_, Some(anchor)) => self.offset.1 = self.content_from_page(column, anchor).1,
        }
        self.clamp(column);
    }

    /// Zooms so that the page point under `anchor` (relative to the view's top left) stays there.
    pub(crate) fn zoom_to(&mut self, column: &PageColumn, zoom: f64, anchor: Vec2) {
        let anchor = (f64::from(anchor.x), f64::from(anchor.y));
        let held = self.page_from_content(column, (self.offset.0 + anchor.0, self.offset.1 + anchor.1));
        self.mode = ZoomMode::Free;
        self.scale = zoom.clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end()) * SCALE_AT_100;
        if let Some(held) = held {
            let content = self.content_from_page(column, held);
            self.offset = (content.0 - anchor.0, content.1 - anchor.1);
        }
        self.clamp(column);
    }

    /// The next larger step (1) or the next smaller one (-1).
    pub(crate) fn next_step(&self, direction: i8) -> f64 {
        let zoom = self.zoom();
        let step = if direction > 0 {
            STEPS.iter().find(|&&step| step > zoom * 1.01)
        } else {
            STEPS.iter().rev().find(|&&step| step < zoom * 0.99)
        };
        step.copied().unwrap_or(zoom)
    }

    /// Moves the view over the content.
    pub(crate) fn scroll_by(&mut self, column: &PageColumn, delta: Vec2) {
        self.offset.0 += f64::from(delta.x);
        self.offset.1 += f64::from(delta.y);
        self.clamp(column);
    }

    /// Brings the top of a page to the top of the view.
    pub(crate) fn go_to(&mut self, column: &PageColumn, page: PageIndex) {
        self.offset.1 = self.content_top(column, page) - GAP;
        self.clamp(column);
    }

    /// Scrolls just far enough to show a box of a page with some air around it; does nothing when
    /// all of it is in view.
    pub(crate) fn reveal(&mut self, column: &PageColumn, page: PageIndex, bbox: &BBox) {
        let (left, top) = self.content_from_page(column, PagePoint { page, x: bbox.left, y: bbox.top });
        let (right, bottom) =
            self.content_from_page(column, PagePoint { page, x: bbox.right, y: bbox.bottom });
        self.offset.0 = revealed(self.offset.0, self.view.0, left, right);
        self.offset.1 = revealed(self.offset.1, self.view.1, top, bottom);
        self.clamp(column);
    }

    /// The page that holds most of the reader's attention: the one a third down the view.
    pub(crate) fn page_in_view(&self, column: &PageColumn) -> PageIndex {
        self.page_at(column, self.offset.1 + self.view.1 / 3.0)
    }

    /// Pages that can be seen, first and last.
    pub(crate) fn visible_pages(&self, column: &PageColumn) -> std::ops::RangeInclusive<usize> {
        // The gap above a page is half the earlier page's; of that one nothing can be seen there.
        let first = self.page_at(column, self.offset.1 + GAP / 2.0 + 0.5).0;
        let last = self.page_at(column, self.offset.1 + self.view.1).0;
        first..=last
    }

    /// Where a page lies, relative to the view's top left corner.
    pub(crate) fn page_rect_in_view(&self, column: &PageColumn, page: PageIndex) -> Rect {
        let (left, top) = self.content_from_page(column, PagePoint { page, x: 0.0, y: 0.0 });
        let (right, bottom) = self.content_from_page(column, PagePoint { page, x: 1.0, y: 1.0 });
        Rect::from_min_max(self.view_from_content((left, top)), self.view_from_content((right, bottom)))
    }

    /// Height and width of the whole column with its margins, in window points.
    pub(crate) fn content_size(&self, column: &PageColumn) -> (f64, f64) {
        let num_gaps = column.num_pages() as f64 + 1.0;
        let height = column.tops_pt.last().copied().unwrap_or(0.0) * self.scale + num_gaps * GAP + FOOT;
        (column.max_width_pt * self.scale + 2.0 * GAP, height)
    }

    /// Size of the view, in window points.
    pub(crate) fn view_size(&self) -> (f64, f64) {
        self.view
    }

    fn content_top(&self, column: &PageColumn, page: PageIndex) -> f64 {
        column.top_pt(page) * self.scale + (page.0 as f64 + 1.0) * GAP
    }

    fn page_at(&self, column: &PageColumn, y_in_content: f64) -> PageIndex {
        let last = column.num_pages().saturating_sub(1);
        // The first page whose bottom gap ends below the point.
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.content_top(column, PageIndex(middle + 1)) - GAP / 2.0 > y_in_content {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        PageIndex(low)
    }

    fn content_from_page(&self, column: &PageColumn, point: PagePoint) -> (f64, f64) {
        let Some(size) = column.size(point.page) else { return (0.0, 0.0) };
        let (width, height) = (size.width_pt * self.scale, size.height_pt * self.scale);
        let left = (self.content_size(column).0 - width) / 2.0;
        (left + point.x * width, self.content_top(column, point.page) + point.y * height)
    }

    fn page_from_content(&self, column: &PageColumn, content: (f64, f64)) -> Option<PagePoint> {
        let page = self.page_at(column, content.1);
        let size = column.size(page)?;
        let (left, top) = self.content_from_page(column, PagePoint { page, x: 0.0, y: 0.0 });
        Some(PagePoint {
            page,
            x: (content.0 - left) / (size.width_pt * self.scale),
            y: (content.1 - top) / (size.height_pt * self.scale),
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is in view is small")]
    fn view_from_content(&self, content: (f64, f64)) -> Pos2 {
        pos2((content.0 - self.offset.0) as f32, (content.1 - self.offset.1) as f32)
    }

    fn clamp(&mut self, column: &PageColumn) {
        let (width, height) = self.content_size(column);
        self.offset.0 = clamped(self.offset.0, width, self.view.0);
        self.offset.1 = clamped(self.offset.1, height, self.view.1);
    }
}

/// An offset at which the content fills the view, or stands in its middle when it is smaller.
fn clamped(offset: f64, content: f64, view: f64) -> f64 {
    if content <= view { (content - view) / 2.0 } else { offset.clamp(0.0, content - view) }
}

/// The offset nearest to `offset` at which `from..to` is in view.
fn revealed(offset: f64, view: f64, from: f64, to: f64) -> f64 {
    let air = (view / 8.0).min(48.0);
    if from >= offset && to <= offset + view {
        offset
    } else if to - from + 2.0 * air > view || from < offset {
        from - air
    } else {
        to + air - view
    }
}

/// The rectangle of a box of a page that lies at `page_rect` on the screen.
#[expect(clippy::cast_possible_truncation, reason = "fractions")]
pub(crate) fn ui_from_page(page_rect: Rect, bbox: &BBox) -> Rect {
    let at =
        |x: f64, y: f64| page_rect.min + vec2(x as f32 * page_rect.width(), y as f32 * page_rect.height());
    Rect::from_min_max(at(bbox.left, bbox.top), at(bbox.right, bbox.bottom))
}

/// The point of a page that lies at `page_rect` on the screen, in fractions. May lie outside.
pub(crate) fn page_from_ui(page_rect: Rect, pos: Pos2) -> (f64, f64) {
    let from = pos - page_rect.min;
    (f64::from(from.x / page_rect.width().max(1e-3)), f64::from(from.y / page_rect.height().max(1e-3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(num_pages: usize) -> PageColumn {
        PageColumn::new(vec![PageSize { width_pt: 612.0, height_pt: 792.0 }; num_pages])
    }

    fn shown(column: &PageColumn) -> PanZoom {
        let mut pan_zoom = PanZoom::default();
        pan_zoom.set_view(column, vec2(800.0, 600.0));
        pan_zoom
    }

    /// Which point of which page lies at a point relative to the view's top left corner.
    fn page_from_view(pan_zoom: &PanZoom, column: &PageColumn, in_view: Vec2) -> Option<PagePoint> {
        let (x, y) = (f64::from(in_view.x), f64::from(in_view.y));
        pan_zoom.page_from_content(column, (pan_zoom.offset.0 + x, pan_zoom.offset.1 + y))
    }

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-3, "{a} is not {b}");
    }

    #[test]
    fn every_page_point_comes_back_from_the_screen() {
        let column = letter(5000);
        let mut pan_zoom = shown(&column);
        for (page, zoom) in [(0, 1.0), (17, 0.3), (4999, 8.0), (2500, 31.0)] {
            pan_zoom.zoom_to(&column, zoom, vec2(400.0, 300.0));
            pan_zoom.go_to(&column, PageIndex(page));
            let rect = pan_zoom.page_rect_in_view(&column, PageIndex(page));
            for (x, y) in [(0.0, 0.0), (0.25, 0.01), (0.9, 0.002)] {
                let bbox = BBox::from_corners(x, y, 1.0, 1.0);
                let on_screen = ui_from_page(rect, &bbox).min;
                let (x_back, y_back) = page_from_ui(rect, on_screen);
                assert_near(x, x_back);
                assert_near(y, y_back);
                let point = page_from_view(&pan_zoom, &column, on_screen.to_vec2()).unwrap();
                assert_eq!(point.page, PageIndex(page));
                assert_near(x, point.x);
                assert_near(y, point.y);
            }
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_cursor() {
        let column = letter(40);
        let mut pan_zoom = shown(&column);
        pan_zoom.go_to(&column, PageIndex(20));
        let cursor = vec2(333.0, 222.0);
        let before = page_from_view(&pan_zoom, &column, cursor).unwrap();
        for zoom in [2.0, 5.5, 1.9] {
            pan_zoom.zoom_to(&column, zoom, cursor);
            let after = page_from_view(&pan_zoom, &column, cursor).unwrap();
            assert_eq!(before.page, after.page);
            assert_near(before.x, after.x);
            assert_near(before.y, after.y);
        }
    }

    #[test]
    fn fitting_the_width_leaves_a_gap_on_both_sides() {
        let column = letter(3);
        let pan_zoom = shown(&column);
        let rect = pan_zoom.page_rect_in_view(&column, PageIndex(0));
        assert_near(f64::from(rect.left()), GAP);
        assert_near(f64::from(rect.right()), 800.0 - GAP);
    }

    #[test]
    fn fitting_a_page_shows_all_of_it() {
        let column = letter(3);
        let mut pan_zoom = shown(&column);
        pan_zoom.go_to(&column, PageIndex(1));
        pan_zoom.set_mode(&column, ZoomMode::FitPage);
        let rect = pan_zoom.page_rect_in_view(&column, PageIndex(1));
        assert!(rect.top() >= 0.0 && rect.bottom() <= 600.0, "{rect:?}");
        assert_eq!(pan_zoom.page_in_view(&column), PageIndex(1));
    }

    #[test]
    fn a_narrower_window_keeps_the_line_at_the_top() {
        let column = letter(40);
        let mut pan_zoom = shown(&column);
        pan_zoom.go_to(&column, PageIndex(30));
        pan_zoom.scroll_by(&column, vec2(0.0, 200.0));
        let before = page_from_view(&pan_zoom, &column, vec2(400.0, 0.0)).unwrap();
        pan_zoom.set_view(&column, vec2(500.0, 600.0));
        let after = page_from_view(&pan_zoom, &column, vec2(250.0, 0.0)).unwrap();
        assert_eq!(before.page, after.page);
        assert_near(before.y, after.y);
    }

    #[test]
    fn only_the_pages_in_view_are_named() {
        let column = letter(500);
        let mut pan_zoom = shown(&column);
        pan_zoom.go_to(&column, PageIndex(250));
        assert_eq!(pan_zoom.visible_pages(&column), 250..=250);
        pan_zoom.scroll_by(&column, vec2(0.0, 600.0));
        assert_eq!(pan_zoom.visible_pages(&column), 250..=251);
    }

    #[test]
    fn one_fold_out_does_not_make_the_others_tiny() {
        let mut sizes = vec![PageSize { width_pt: 600.0, height_pt: 800.0 }; 9];
        sizes.push(PageSize { width_pt: 6000.0, height_pt: 800.0 });
        let column = PageColumn::new(sizes);
        let pan_zoom = shown(&column);
        assert_near(f64::from(pan_zoom.page_rect_in_view(&column, PageIndex(0)).width()), 800.0 - 2.0 * GAP);
    }

    #[test]
    fn a_box_out_of_view_is_brought_in_and_one_in_view_is_left_alone() {
        let column = letter(10);
        let mut pan_zoom = shown(&column);
        let bbox = BBox::from_corners(0.1, 0.5, 0.9, 0.6);
        pan_zoom.reveal(&column, PageIndex(7), &bbox);
        let rect = ui_from_page(pan_zoom.page_rect_in_view(&column, PageIndex(7)), &bbox);
        assert!(rect.top() >= 0.0 && rect.bottom() <= 600.0);
        let offset = pan_zoom.offset;
        pan_zoom.reveal(&column, PageIndex(7), &bbox);
        assert_eq!(offset, pan_zoom.offset);
    }

    #[test]
    fn an_empty_column_is_harmless() {
        let column = PageColumn::new(Vec::new());
        let mut pan_zoom = shown(&column);
        pan_zoom.zoom_to(&column, 3.0, vec2(1.0, 1.0));
        assert_eq!(page_from_view(&pan_zoom, &column, vec2(5.0, 5.0)), None);
    }
}
