//! A table as a grid: column widths, spans, headers, numbers to the right.
//!
//! In: a [`TableGrid`] and the width there is. Out: a [`TableLayout`], and its picture. Only rows in
//! view are drawn; a table wider than its place scrolls sideways.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align2, Color32, CornerRadius, Galley, Id, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui,
    UiBuilder, Vec2, pos2, vec2,
};

use super::selectable_text::{SelectableText, selectable_text};
use super::typography;
use crate::app::theme::{self, Palette};
use crate::engine::trust::{CellOnPage, difference};
use crate::markup::{Cell, CellHeader, CellRange, Diagnostic, Label, TableGrid};

/// Around the text of a cell.
const CELL_PADDING: Vec2 = vec2(9.0, 4.0);
/// A column of prose is not squeezed below this; shorter texts go down to two lines.
const SQUEEZED_WIDTH: f32 = 120.0;
/// A column of prose does not grow beyond this.
const WIDEST_COLUMN: f32 = 340.0;

/// Where the rows and columns of one table stand, in points from its top left corner.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct TableLayout {
    /// Left edges of the columns, and the right edge of the last.
    lefts: Vec<f32>,
    /// Top edges of the rows, and the bottom edge of the last.
    tops: Vec<f32>,
    /// Columns whose data are numbers.
    is_numeric: Vec<bool>,
}

/// Widths of cells as measured before: text does not change its width while a table grows.
#[derive(Debug, Default, Clone)]
pub(super) struct CellWidths {
    measured: Vec<(u64, Width)>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Width {
    /// All on one line.
    natural: f32,
    /// Its longest word.
    word: f32,
}

/// What the pointer does in a table.
#[derive(Debug, Default)]
pub(super) struct TablePointer {
    /// Index of the cell under it.
    pub hovered_cell: Option<usize>,
    /// Index of the cell that was clicked once.
    pub clicked_cell: Option<usize>,
    /// Index of the cell in which a drag began in this frame.
    pub dragged_cell: Option<usize>,
    /// The table was clicked.
    pub is_clicked: bool,
    /// Asked for the menu.
    pub response: Option<egui::Response>,
}

impl TableLayout {
    /// Width and height in points.
    pub(super) fn size(&self) -> Vec2 {
        vec2(self.lefts.last().copied().unwrap_or_default(), self.tops.last().copied().unwrap_or_default())
    }

    /// Finds a place for everything; words are broken only where a column would get absurdly wide.
    pub(super) fn of(ui: &Ui, grid: &TableGrid, available: f32, widths: &mut CellWidths) -> Self {
        widths.update(ui, grid);
        let columns = column_widths(grid, available, widths);
        let lefts = running_sums(&columns);
        let is_numeric = numeric_columns(grid);
        let mut layout = Self { lefts, tops: vec![0.0; grid.num_rows + 1], is_numeric };
        let mut heights =
            vec![typography::cell(false, Color32::BLACK).line_height.unwrap_or(19.0); grid.num_rows];
        // Cells of one row first; what a span needs beyond that goes to its last row.
        for wants_span in [false, true] {
            for (index, cell) in
                grid.cells.iter().enumerate().filter(|(_, cell)| (cell.row_span > 1) == wants_span)
            {
                let text_height = layout.text_height(ui, cell, widths.natural(index));
                let end = (cell.row + cell.row_span).min(grid.num_rows);
                let has: f32 = heights.get(cell.row..end).unwrap_or_default().iter().sum();
                let has = has + 2.0 * CELL_PADDING.y * (end.saturating_sub(cell.row + 1)) as f32;
                if let Some(last) = end.checked_sub(1).and_then(|row| heights.get_mut(row)) {
                    *last += (text_height - has).max(0.0);
                }
            }
        }
        for height in &mut heights {
            *height = (*height + 2.0 * CELL_PADDING.y).round();
        }
        layout.tops = running_sums(&heights);
        layout
    }

    /// The cell's place, from the table's top left corner.
    pub(super) fn cell_rect(&self, cell: &Cell) -> Option<Rect> {
        let (last_row, last_col) = (self.tops.len().checked_sub(1)?, self.lefts.len().checked_sub(1)?);
        let min = pos2(*self.lefts.get(cell.col)?, *self.tops.get(cell.row)?);
        let right = *self.lefts.get((cell.col + cell.col_span).min(last_col))?;
        let bottom = *self.tops.get((cell.row + cell.row_span).min(last_row))?;
        Some(Rect::from_min_max(min, pos2(right, bottom)))
    }

    /// The place of a range of cells, from the table's top left corner.
    fn range_rect(&self, range: CellRange) -> Option<Rect> {
        let min = pos2(*self.lefts.get(range.col)?, *self.tops.get(range.row)?);
        let right = *self.lefts.get((range.col + range.num_cols).min(self.lefts.len() - 1))?;
        let bottom = *self.tops.get((range.row + range.num_rows).min(self.tops.len() - 1))?;
        Some(Rect::from_min_max(min, pos2(right, bottom)))
    }

    fn text_height(&self, ui: &Ui, cell: &Cell, natural: f32) -> f32 {
        let Some(rect) = self.cell_rect(cell) else { return 0.0 };
        let inner = rect.width() - 2.0 * CELL_PADDING.x;
        let line = typography::cell(false, Color32::BLACK).line_height.unwrap_or(19.0);
        if natural <= inner + 0.5 && !cell.text.contains('\n') {
            return line;
        }
        ui.fonts_mut(|fonts| fonts.layout_job(cell_job(cell, inner, Color32::BLACK))).size().y
    }
}

impl CellWidths {
    fn natural(&self, index: usize) -> f32 {
        self.measured.get(index).map_or(f32::MAX, |(_, width)| width.natural)
    }

    fn update(&mut self, ui: &Ui, grid: &TableGrid) {
        self.measured.truncate(grid.cells.len());
        for (index, cell) in grid.cells.iter().enumerate() {
            let mut hasher = DefaultHasher::new();
            (&cell.text, cell.header != CellHeader::None).hash(&mut hasher);
            let hash = hasher.finish();
            match self.measured.get_mut(index) {
                Some(known) if known.0 == hash => {}
                Some(known) => *known = (hash, Width::of(ui, cell)),
                None => self.measured.push((hash, Width::of(ui, cell))),
            }
        }
    }
}

impl Width {
    fn of(ui: &Ui, cell: &Cell) -> Self {
        let natural =
            ui.fonts_mut(|fonts| fonts.layout_job(cell_job(cell, f32::INFINITY, Color32::BLACK))).size().x;
        let longest =
            cell.text.split_whitespace().max_by_key(|word| word.chars().count()).unwrap_or_default();
        let chars = cell.text.chars().count().max(1) as f32;
        // One layout a cell is enough: a word's width from its share of the characters, with room.
        let word = (natural * longest.chars().count() as f32 / chars * 1.15).min(natural);
        Self { natural: natural.ceil() + 1.0, word: word.ceil() + 1.0 }
    }
}

fn cell_job(cell: &Cell, wrap_width: f32, color: Color32) -> LayoutJob {
    typography::job(&cell.text, typography::cell(cell.header != CellHeader::None, color), wrap_width)
}

/// Natural widths where they fit, else the widest columns give.
fn column_widths(grid: &TableGrid, available: f32, widths: &CellWidths) -> Vec<f32> {
    let padding = 2.0 * CELL_PADDING.x;
    let mut natural = vec![28.0_f32; grid.num_cols];
    let mut least = vec![28.0_f32; grid.num_cols];
    for wants_span in [false, true] {
        let cells = grid.cells.iter().zip(&widths.measured);
        for (cell, (_, width)) in cells.filter(|(cell, _)| (cell.col_span > 1) == wants_span) {
            let end = (cell.col + cell.col_span).min(grid.num_cols);
            let squeezed = width.word.max((width.natural * 0.5).min(SQUEEZED_WIDTH));
            let wanted = width.natural.min(WIDEST_COLUMN.max(width.word)) + padding;
            widen(natural.get_mut(cell.col..end).unwrap_or_default(), wanted);
            widen(least.get_mut(cell.col..end).unwrap_or_default(), squeezed.min(WIDEST_COLUMN) + padding);
        }
    }
    let (sum_natural, sum_least): (f32, f32) = (natural.iter().sum(), least.iter().sum());
    if sum_natural <= available {
        return natural;
    }
    let room = ((available - sum_least) / (sum_natural - sum_least).max(1.0)).clamp(0.0, 1.0);
    natural.iter().zip(&least).map(|(natural, least)| (least + (natural - least) * room).round()).collect()
}

/// Makes the columns together as wide as asked for, each by the same share.
fn widen(columns: &mut [f32], wanted: f32) {
    let missing = wanted - columns.iter().sum::<f32>();
    if missing > 0.0 && !columns.is_empty() {
        let share = missing / columns.len() as f32;
        for column in columns {
            *column += share;
        }
    }
}

fn running_sums(lengths: &[f32]) -> Vec<f32> {
    let mut at = 0.0;
    let ends = lengths.iter().map(|length| {
        at += length;
        at
    });
    std::iter::once(0.0).chain(ends).collect()
}

/// A column counts as numbers when all its data that are not empty are.
fn numeric_columns(grid: &TableGrid) -> Vec<bool> {
    // Of the data cells of each column: numbers, and all.
    let mut counts = vec![(0, 0); grid.num_cols];
    let data = grid.cells.iter().enumerate().filter(|(_, cell)| {
        let is_head = cell.header != CellHeader::None || (cell.row == 0 && grid.num_rows > 1);
        !is_head && cell.col_span == 1 && !is_blank(&cell.text)
    });
    for (_, cell) in data {
        if let Some((numbers, all)) = counts.get_mut(cell.col) {
            *numbers += usize::from(is_number(&cell.text));
            *all += 1;
        }
    }
    // Here and there something stands in a number's place: "(X)", "a", "not known".
    counts.into_iter().map(|(numbers, all)| all > 0 && numbers * 8 >= all * 7).collect()
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || "-–—·".contains(c)) || text.eq_ignore_ascii_case("n/a")
}

/// Digits with signs, separators, brackets, a unit sign or an error: `−1 234.5`, `$12.3`, `(4.2%)`.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_allowed =
        |c: char| c.is_ascii_digit() || " \u{a0}\u{202f}.,'’+-−–±%‰$€£¥()[]<>≤≥~≈*†‡/:×^eE".contains(c);
    digits > 0 && text.chars().all(is_allowed)
}

/// Draws tables; borrowed for one frame.
pub(super) struct TablePainter<'a> {
    pub grid: &'a TableGrid,
    pub layout: &'a TableLayout,
    /// Names the table's widgets.
    pub id: Id,
    /// Repairs inside the table's markup; their cells are marked.
    pub repairs: &'a [&'a Diagnostic],
    pub palette: &'a Palette,
    /// Cells that are selected.
    pub selection: Option<CellRange>,
    /// The cells as the page's own text has them; empty where nothing is known.
    pub on_page: &'a [Option<CellOnPage>],
    /// The pointer is over this cell on the page.
    pub hovered_cell: Option<usize>,
}

impl TablePainter<'_> {
    /// Draws into a place that is as high as the layout; scrolls sideways where it is narrower.
    pub(super) fn draw(&self, ui: &mut Ui, rect: Rect) -> TablePointer {
        let size = self.layout.size();
        if size.x <= rect.width() + 0.5 {
            return self.draw_cells(ui, rect.min);
        }
        let mut child = ui.new_child(UiBuilder::new().id_salt(self.id).max_rect(rect));
        let area = ScrollArea::horizontal().id_salt(self.id.with("sideways")).auto_shrink(false);
        let output = area.show_viewport(&mut child, |ui, _| {
            ui.set_width(size.x);
            ui.set_height(size.y);
            self.draw_cells(ui, ui.max_rect().min)
        });
        output.inner
    }

    fn draw_cells(&self, ui: &mut Ui, origin: Pos2) -> TablePointer {
        let frame = Rect::from_min_size(origin, self.layout.size());
        let radius = CornerRadius::same(theme::RADIUS);
        let line = Stroke::new(1.0, self.palette.line);
        let painter = ui.painter().clone();
        painter.rect_filled(frame, radius, self.palette.pane);
        let visible = ui.clip_rect();
        let mut pointer = TablePointer::default();
        for (index, cell) in self.grid.cells.iter().enumerate() {
            let Some(rect) = self.layout.cell_rect(cell) else { continue };
            let rect = rect.translate(origin.to_vec2());
            if !visible.intersects(rect) {
                continue;
            }
            self.draw_cell(ui, frame, rect, index, cell, &mut pointer);
        }
        // Lines after all fills, which would cover half of them.
        for cell in &self.grid.cells {
            let Some(rect) = self.layout.cell_rect(cell) else { continue };
            let rect = rect.translate(origin.to_vec2());
            if !visible.intersects(rect) {
                continue;
            }
            if rect.bottom() < frame.bottom() - 0.5 {
                painter.hline(rect.x_range(), rect.bottom(), line);
            }
            if rect.right() < frame.right() - 0.5 {
                painter.vline(rect.right(), rect.y_range(), line);
            }
        }
        painter.rect_stroke(frame, radius, line, StrokeKind::Middle);
        if let Some(selected) = self.selection.and_then(|range| self.layout.range_rect(range)) {
            let edge = Stroke::new(2.0, self.palette.accent);
            painter.rect_stroke(selected.translate(origin.to_vec2()), 2.0, edge, StrokeKind::Middle);
        }
        pointer
    }

    fn draw_cell(
        &self,
        ui: &mut Ui,
        frame: Rect,
        rect: Rect,
        index: usize,
        cell: &Cell,
        pointer: &mut TablePointer,
    ) {
        let has_pointer = ui.rect_contains_pointer(rect);
        let is_hovered = has_pointer || self.hovered_cell == Some(index);
        let fill = match cell.header {
            CellHeader::None => is_hovered.then_some(self.palette.hover),
            _ if self.hovered_cell == Some(index) => Some(self.palette.hover),
            CellHeader::Column | CellHeader::Row => Some(self.palette.code_fill),
            CellHeader::Section => Some(theme::label_color_in(ui, Label::Table).gamma_multiply(0.10)),
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, corners(frame, rect), fill);
        }
        if self.selection.is_some_and(|range| range.contains(cell.row, cell.col)) {
            ui.painter().rect_filled(rect, corners(frame, rect), self.palette.accent.gamma_multiply(0.14));
        }
        if has_pointer {
            pointer.hovered_cell = Some(index);
        }
        let inner = rect.shrink2(CELL_PADDING);
        let alignment = self.alignment(cell);
        let mut job = cell_job(cell, inner.width() + 0.5, self.palette.text);
        job.halign = alignment.x();
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let place = alignment.align_size_within_rect(galley.size(), inner);
        // A galley's origin is at its left, middle or right, as its lines are aligned.
        let at = pos2(alignment.x().to_factor() * place.width() + place.left(), place.top());
        self.mark_repairs(ui, rect, index, cell);
        self.mark_difference(ui, rect, index, cell);
        let text = SelectableText { id: self.id.with(index), rect, at, color: self.palette.text };
        let response = selectable_text(ui, &text, Arc::<Galley>::clone(&galley));
        pointer.is_clicked |= response.clicked();
        if response.clicked() && !response.double_clicked() && !response.triple_clicked() {
            pointer.clicked_cell = Some(index);
        }
        if response.drag_started_by(egui::PointerButton::Primary) {
            pointer.dragged_cell = Some(index);
        }
        if response.secondary_clicked() || response.context_menu_opened() {
            pointer.response = Some(response);
        }
    }

    fn alignment(&self, cell: &Cell) -> Align2 {
        let is_numeric = self.layout.is_numeric.get(cell.col).copied().unwrap_or_default();
        match cell.header {
            CellHeader::Column if cell.col_span > 1 => Align2::CENTER_CENTER,
            CellHeader::Column if is_numeric => Align2::RIGHT_CENTER,
            CellHeader::None if is_numeric => Align2::RIGHT_TOP,
            CellHeader::None if cell.row_span == 1 => Align2::LEFT_TOP,
            CellHeader::None | CellHeader::Column | CellHeader::Row | CellHeader::Section => {
                Align2::LEFT_CENTER
            }
        }
    }

    /// A corner in the warning colour on a repaired cell; the reason on hover.
    fn mark_repairs(&self, ui: &Ui, rect: Rect, index: usize, cell: &Cell) {
        let overlaps = |repair: &&&Diagnostic| {
            repair.source.start < cell.source.end
                && cell.source.start < repair.source.end.max(repair.source.start + 1)
        };
        let mut reasons = self.repairs.iter().filter(overlaps).map(|repair| repair.message.as_str());
        let Some(first) = reasons.next() else { return };
        let corner = rect.right_top();
        let points = vec![corner, corner + vec2(-7.0, 0.0), corner + vec2(0.0, 7.0)];
        ui.painter().add(Shape::convex_polygon(points, self.palette.warning, Stroke::NONE));
        let words = reasons.fold(format!("Repaired: {first}"), |words, reason| format!("{words}\n{reason}"));
        let spot = Rect::from_min_max(corner + vec2(-14.0, 0.0), corner + vec2(0.0, 14.0));
        ui.interact(spot, self.id.with(("repair", index)), Sense::hover()).on_hover_text(words);
    }
}

impl TablePainter<'_> {
    /// A cell that was read otherwise than the page's own text has it is tinted, with a bar at its left; what the page
    /// says on hover.
    fn mark_difference(&self, ui: &Ui, rect: Rect, index: usize, cell: &Cell) {
        let found = self.on_page.get(index);
        let Some(on_page) = found.and_then(|found| difference(cell, found.as_ref())) else { return };
        let on_page = if on_page.is_empty() { "nothing" } else { on_page };
        let bar = Rect::from_min_max(rect.left_top(), pos2(rect.left() + 3.0, rect.bottom()));
        ui.painter().rect_filled(rect, CornerRadius::ZERO, self.palette.warning.gamma_multiply(0.14));
        ui.painter().rect_filled(bar, CornerRadius::ZERO, self.palette.warning);
        ui.interact(rect, self.id.with(("difference", index)), Sense::hover())
            .on_hover_text(format!("On the page: {on_page}"));
    }
}

/// Rounded where the cell fills a corner of the table.
fn corners(frame: Rect, cell: Rect) -> CornerRadius {
    let at = |corner: Pos2, own: Pos2| if corner.distance(own) < 1.0 { theme::RADIUS } else { 0 };
    CornerRadius {
        nw: at(frame.left_top(), cell.left_top()),
        ne: at(frame.right_top(), cell.right_top()),
        sw: at(frame.left_bottom(), cell.left_bottom()),
        se: at(frame.right_bottom(), cell.right_bottom()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_words() {
        for number in ["1", "−1 234.5", "$12.30", "(4.2%)", "0.95 ± 0.02", "1.5e-3", "12/31"] {
            assert!(is_number(number), "{number}");
        }
        for word in ["", "abc", "n/a", "A1", "12 kg"] {
            assert!(!is_number(word), "{word}");
        }
        assert!(is_blank("–") && is_blank("") && !is_blank("0"));
    }

    #[test]
    fn columns_share_what_a_span_needs() {
        let mut columns = [10.0, 20.0, 30.0];
        let widened = [20.0_f32, 30.0, 30.0].map(f32::to_bits);
        widen(&mut columns[..2], 50.0);
        assert_eq!(columns.map(f32::to_bits), widened);
        widen(&mut columns[..2], 40.0);
        assert_eq!(columns.map(f32::to_bits), widened);
    }
}
