//! What repeats over the pages of a document.

use std::collections::BTreeMap;

use crate::document::page::PageIndex;
use crate::document::text_layer::TextLayer;
use crate::layout::furniture::{self, Zone};
use crate::layout::glyph;
use crate::layout::heading::{self, HeadingStyle, TitleLook};
use crate::layout::line::{Line, SAME_SIZE_PT};
use crate::layout::points::Frame;
use crate::layout::segment;

/// What repeats over the pages of a document: running headers and footers, the size of body text,
/// the looks of its headings.
///
/// The default knows nothing: pages are then judged by themselves. A sample of some twenty pages
/// tells nearly as much as all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentContext {
    /// Font size of most characters, in points; `None` without pages.
    pub(super) body_size: Option<f64>,
    /// Most characters are monospaced (a typescript), so that says nothing about code.
    pub(super) is_body_mono: bool,
    /// Texts that stand at the top or bottom of several pages, digits replaced by `#`.
    pub(super) repeated: BTreeMap<(Zone, String), usize>,
    /// y of lines that stand apart at the same height on most pages, as fractions of the height.
    pub(super) furniture_heights: Vec<(Zone, f64)>,
    /// Looks of headings, the highest level first.
    pub(super) heading_styles: Vec<HeadingStyle>,
    /// The title, when the first page is known and has one.
    pub(super) title: Option<TitleLook>,
    pub(super) num_pages: usize,
}

impl DocumentContext {
    /// Looks at several pages of one document, best in order and with the first among them.
    /// Pages without usable text say nothing.
    pub fn from_pages(pages: &[(PageIndex, &TextLayer)]) -> Self {
        let pages: Vec<(PageIndex, PageLines)> = pages
            .iter()
            .filter(|(_, layer)| super::unavailable(layer).is_none())
            .map(|&(page, layer)| (page, PageLines::new(layer)))
            .collect();
        let mut context = Self { num_pages: pages.len(), ..Self::default() };
        context.body_size = body_size(pages.iter().flat_map(|(_, page)| &page.lines));
        context.is_body_mono = is_mostly_mono(pages.iter().flat_map(|(_, page)| &page.lines));
        furniture::learn(&mut context, pages.iter().map(|(_, page)| page));
        heading::learn(&mut context, &pages);
        context
    }
}

/// The lines of one page, as far as a context needs them.
pub(super) struct PageLines {
    pub(super) frame: Frame,
    pub(super) lines: Vec<Line>,
}

impl PageLines {
    fn new(layer: &TextLayer) -> Self {
        let frame = Frame::new(glyph::main_turn(layer), layer.page_size);
        Self { frame, lines: segment::segments(layer, &frame) }
    }
}

/// The font size of most characters.
pub(super) fn body_size<'l>(lines: impl Iterator<Item = &'l Line>) -> Option<f64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for word in lines.flat_map(|line| &line.words) {
        *counts.entry(size_class(word.size)).or_default() += word.num_chars;
    }
    let (class, _) = counts.into_iter().max_by_key(|&(class, count)| (count, class))?;
    Some(class as f64 * SIZE_CLASS_PT)
}

/// Width of a class of sizes, in points.
const SIZE_CLASS_PT: f64 = SAME_SIZE_PT;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are 1..=1000 points")]
fn size_class(size: f64) -> u64 {
    (size / SIZE_CLASS_PT).round() as u64
}

/// More than four fifths of all characters are monospaced.
pub(super) fn is_mostly_mono<'l>(lines: impl Iterator<Item = &'l Line>) -> bool {
    let (mut num_mono, mut num_chars) = (0, 0);
    for word in lines.flat_map(|line| &line.words) {
        num_chars += word.num_chars;
        num_mono += if word.style.is_mono { word.num_chars } else { 0 };
    }
    num_mono * 5 > num_chars * 4
}
