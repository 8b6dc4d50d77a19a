//! A long column of items of unequal height of which only the visible ones are laid out.
//!
//! In: keys and estimated heights of all items, and a [`Rows`] that can measure and draw one. Out:
//! what is on screen. Heights that have been measured are kept until the item or the width changes.
//! The item at the top of the view is the anchor: whatever is measured, added or removed elsewhere,
//! it stays where the reader sees it. While `is_streaming`, the tail is followed as long as the
//! reader is at the tail.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use egui::{Rect, ScrollArea, Ui, pos2, vec2};

/// Time a frame may spend on measuring what is not visible yet, for a truer scroll bar.
const MEASURE_BUDGET: Duration = Duration::from_micros(1200);
/// Laid out beyond the edges of the view, so that a slow scroll meets nothing unmeasured.
const OVERSCAN: f32 = 160.0;
/// Within this distance from the end the reader is "at the tail".
const TAIL_SLACK: f32 = 24.0;

/// What the list must know of an item without laying it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ItemSpec {
    /// Names the item for as long as it exists.
    pub key: u64,
    /// Changes when its height may have changed.
    pub stamp: u64,
    /// A guess of its height in points until it is measured.
    pub estimate: f32,
}

/// Lays out and draws single items.
pub(super) trait Rows {
    /// Exact height of the item in points at that width.
    fn measure(&mut self, ui: &mut Ui, index: usize, width: f32) -> f32;
    /// Draws the item into `rect`, which has the measured height; returns the height that it would
    /// like to have now (a picture may have come in the meantime).
    fn draw(&mut self, ui: &mut Ui, index: usize, rect: Rect) -> f32;
}

#[derive(Clone, Copy, Debug)]
struct Item {
    key: u64,
    stamp: u64,
    height: f32,
    is_measured: bool,
}

/// What stands at the top edge of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anchor {
    key: u64,
    /// From the item's top down to the edge of the view, in points.
    delta: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    Tail,
    /// An item, or the part of it between two heights.
    Item(u64, Option<(f32, f32)>),
}

/// The list's own memory between frames.
#[derive(Default)]
pub(super) struct VirtualList {
    items: Vec<Item>,
    /// Top of each item, and the bottom of the last: one more than `items`.
    tops: Vec<f32>,
    width: f32,
    pixels_per_point: f32,
    view_height: f32,
    /// Where the scroll area stood at the end of the last frame; `None` before the first.
    offset: Option<f32>,
    anchor: Option<Anchor>,
    goal: Option<Goal>,
    is_at_tail: bool,
}

impl VirtualList {
    /// Where the reader is, to come back to later.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.anchor
    }

    /// A list of something else, scrolled to where its reader was.
    pub(super) fn at(anchor: Option<Anchor>) -> Self {
        Self { anchor, is_at_tail: anchor.is_none(), ..Self::default() }
    }

    /// The end is in view.
    pub(super) fn is_at_tail(&self) -> bool {
        self.is_at_tail
    }

    /// Bring the end into view, and stay there while more comes.
    pub(super) fn go_to_tail(&mut self) {
        self.goal = Some(Goal::Tail);
        self.is_at_tail = true;
    }

    /// Bring the item into view, unless it is there already.
    pub(super) fn go_to(&mut self, key: u64) {
        self.goal = Some(Goal::Item(key, None));
    }

    /// Bring a part of the item into view: from and to, in points below the item's top.
    pub(super) fn go_to_part(&mut self, key: u64, part: (f32, f32)) {
        self.goal = Some(Goal::Item(key, Some(part)));
    }

    /// Heights may have changed for a reason that no stamp tells.
    pub(super) fn measure_again(&mut self) {
        for item in &mut self.items {
            item.is_measured = false;
        }
    }

    /// Says what the items are now. Heights of items with the same key and stamp are kept.
    pub(super) fn set_items(&mut self, specs: impl Iterator<Item = ItemSpec>) {
        let old = std::mem::take(&mut self.items);
        let mut index_of_key: Option<HashMap<u64, usize>> = None;
        self.items = specs
            .enumerate()
            .map(|(index, spec)| {
                let same_place = old.get(index).filter(|item| item.key == spec.key);
                let before = same_place.or_else(|| {
                    let by_key = index_of_key.get_or_insert_with(|| {
                        old.iter().enumerate().map(|(index, item)| (item.key, index)).collect()
                    });
                    old.get(*by_key.get(&spec.key)?)
                });
                match before {
                    Some(item) if item.stamp == spec.stamp => *item,
                    // A changed item is near its last height more often than near the guess.
                    Some(item) => Item { stamp: spec.stamp, is_measured: false, ..*item },
                    None => {
                        Item { key: spec.key, stamp: spec.stamp, height: spec.estimate, is_measured: false }
                    }
                }
            })
            .collect();
        self.sum_up();
    }

    /// Measures what is needed, draws what is visible.
    pub(super) fn show(&mut self, ui: &mut Ui, id_salt: &str, is_streaming: bool, rows: &mut dyn Rows) {
        let width = ui.available_width();
        let pixels_per_point = ui.pixels_per_point();
        if (width - self.width).abs() > 0.5 || (pixels_per_point - self.pixels_per_point).abs() > 1e-3 {
            (self.width, self.pixels_per_point) = (width, pixels_per_point);
            self.measure_again();
        }
        self.view_height = ui.available_height();
        if is_streaming && self.is_at_tail && self.goal.is_none() {
            self.goal = Some(Goal::Tail);
        }
        let wanted = self.place(ui, rows);
        let mut area = ScrollArea::vertical().id_salt(id_salt).auto_shrink(false);
        let kinetic = ui.spacing().scroll.kinetic;
        if self.offset.is_none_or(|offset| (wanted - offset).abs() > 0.2) {
            area = area.vertical_scroll_offset(wanted);
            // The scroll area knows the length of the last frame only and would spring back from
            // what it takes for overscroll.
            ui.spacing_mut().scroll.kinetic.rubber_band = false;
        }
        let total = self.total();
        let mut drawn_offset = wanted;
        let output = area.show_viewport(ui, |ui, viewport| {
            ui.set_height(total);
            ui.set_width(width);
            drawn_offset = viewport.min.y;
            let origin = ui.max_rect().min;
            for index in self.visible(viewport.min.y, viewport.max.y) {
                self.measure_one(ui, rows, index);
                let (Some(&top), Some(item)) = (self.tops.get(index), self.items.get(index)) else {
                    continue;
                };
                let rect = Rect::from_min_size(pos2(origin.x, origin.y + top), vec2(width, item.height));
                let height = rows.draw(ui, index, rect);
                if let Some(item) =
                    self.items.get_mut(index).filter(|item| (item.height - height).abs() > 0.5)
                {
                    item.height = height;
                    ui.ctx().request_repaint();
                }
            }
        });
        ui.spacing_mut().scroll.kinetic = kinetic;
        self.after_scroll(output.state.clamped_offset().y, drawn_offset, total);
    }

    /// Decides where the view stands in this frame and measures what will be seen there.
    fn place(&mut self, ui: &mut Ui, rows: &mut dyn Rows) -> f32 {
        let deadline = Instant::now() + MEASURE_BUDGET;
        let offset = self.anchored_offset();
        self.measure_view(ui, rows, offset);
        if let Some(index) = self.items.iter().position(|item| !item.is_measured) {
            for index in index..self.items.len() {
                if Instant::now() > deadline {
                    break;
                }
                self.measure_one(ui, rows, index);
            }
        }
        self.sum_up();
        let offset = self.anchored_offset();
        let Some(goal) = self.goal else { return offset };
        let wanted = match goal {
            Goal::Tail => {
                self.measure_tail(ui, rows);
                self.max_offset()
            }
            Goal::Item(key, part) => match self.items.iter().position(|item| item.key == key) {
                None => {
                    self.goal = None;
                    offset
                }
                Some(index) => {
                    let top = self.tops.get(index).copied().unwrap_or_default();
                    self.measure_view(ui, rows, top - self.view_height / 3.0);
                    self.sum_up();
                    self.offset_that_shows(index, part, offset)
                }
            },
        };
        self.glide(ui, offset, wanted)
    }

    /// Moves towards the goal: smoothly over a short way, at once over a long one.
    fn glide(&mut self, ui: &Ui, offset: f32, wanted: f32) -> f32 {
        let way = wanted - offset;
        let is_short = way.abs() < 1.5 * self.view_height;
        if way.abs() < 1.0 || !is_short || ui.style().animation_time <= 0.0 {
            self.goal = None;
            return wanted;
        }
        let secs = ui.input(|input| input.stable_dt).min(0.05);
        ui.ctx().request_repaint();
        // Nine tenths of the way in about 130 ms.
        offset + way * (1.0 - (-18.0 * secs).exp())
    }

    /// The nearest offset at which the item, or a part of it, is in view with some room around it.
    fn offset_that_shows(&self, index: usize, part: Option<(f32, f32)>, offset: f32) -> f32 {
        let (Some(&top), Some(&bottom)) = (self.tops.get(index), self.tops.get(index + 1)) else {
            return offset;
        };
        let (top, bottom) = part.map_or((top, bottom), |(from, to)| (top + from, (top + to).min(bottom)));
        let room = (self.view_height / 6.0).min(80.0);
        let is_visible = top >= offset && bottom <= offset + self.view_height;
        if is_visible {
            offset
        } else if bottom - top + 2.0 * room > self.view_height || top - room < offset {
            (top - room).clamp(0.0, self.max_offset())
        } else {
            (bottom + room - self.view_height).clamp(0.0, self.max_offset())
        }
    }

    fn after_scroll(&mut self, offset: f32, drawn_offset: f32, total: f32) {
        let max_offset = (total - self.view_height).max(0.0);
        if (offset - drawn_offset).abs() > 0.5 {
            // Somebody scrolled: that wins over wherever the view was going.
            self.goal = None;
        }
        self.offset = Some(offset);
        let reaches_end = offset >= max_offset - TAIL_SLACK;
        self.is_at_tail = reaches_end || (self.is_at_tail && self.goal == Some(Goal::Tail));
        // At the very top the anchor is the top: what is put above everything is seen.
        let is_at_top = offset < 1.0;
        let first = self.visible(offset, offset + 1.0).next().filter(|_| !is_at_top);
        self.anchor = first.and_then(|index| {
            let (item, top) = (self.items.get(index)?, self.tops.get(index)?);
            Some(Anchor { key: item.key, delta: offset - top })
        });
    }

    /// The offset that leaves the anchor where the reader saw it.
    fn anchored_offset(&self) -> f32 {
        let offset = self.offset.unwrap_or_default();
        let Some(anchor) = self.anchor else { return 0.0 };
        let index = self.items.iter().position(|item| item.key == anchor.key);
        let top = index.and_then(|index| self.tops.get(index)).copied();
        top.map_or(offset, |top| top + anchor.delta).clamp(0.0, self.max_offset())
    }

    fn measure_view(&mut self, ui: &mut Ui, rows: &mut dyn Rows, offset: f32) {
        let first = self.visible(offset - OVERSCAN, offset).next().unwrap_or(0);
        let Some(&top) = self.tops.get(first) else { return };
        let mut y = top - offset;
        for index in first..self.items.len() {
            if y > self.view_height + OVERSCAN {
                break;
            }
            self.measure_one(ui, rows, index);
            y += self.items.get(index).map_or(0.0, |item| item.height);
        }
        self.sum_up();
    }

    fn measure_tail(&mut self, ui: &mut Ui, rows: &mut dyn Rows) {
        let mut height = 0.0;
        for index in (0..self.items.len()).rev() {
            if height > self.view_height + OVERSCAN {
                break;
            }
            self.measure_one(ui, rows, index);
            height += self.items.get(index).map_or(0.0, |item| item.height);
        }
        self.sum_up();
    }

    fn measure_one(&mut self, ui: &mut Ui, rows: &mut dyn Rows, index: usize) {
        if let Some(item) = self.items.get_mut(index).filter(|item| !item.is_measured) {
            item.height = rows.measure(ui, index, self.width);
            item.is_measured = true;
        }
    }

    fn sum_up(&mut self) {
        self.tops.clear();
        let mut y = 0.0;
        self.tops.push(y);
        self.tops.extend(self.items.iter().map(|item| {
            y += item.height;
            y
        }));
    }

    /// The items that reach into `from..to`.
    fn visible(&self, from: f32, to: f32) -> std::ops::Range<usize> {
        let bottoms = self.tops.get(1..).unwrap_or_default();
        let first = bottoms.partition_point(|&bottom| bottom <= from);
        let end = self.tops.partition_point(|&top| top < to).min(self.items.len());
        first..end.max(first)
    }

    fn total(&self) -> f32 {
        self.tops.last().copied().unwrap_or_default()
    }

    fn max_offset(&self) -> f32 {
        (self.total() - self.view_height).max(0.0)
    }
}
