//! Pages: which one, how large, and their pixels.

use std::fmt;
use std::io;

use image::{Rgb, RgbImage};

use crate::document::error::Error;
use crate::geometry::BBox;

/// Which page of a document, counted from 0. Shown to people counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageIndex(pub usize);

impl PageIndex {
    /// The number people see: 1 for the first page.
    pub fn number(self) -> usize {
        self.0 + 1
    }
}

impl fmt::Display for PageIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// Size of the upright page (after the file's own rotation) in PDF points, 1/72 inch.
///
/// For image files one pixel counts as 72/144 points unless the file states its resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageSize {
    /// Width in points, always finite and positive.
    pub width_pt: f64,
    /// Height in points, always finite and positive.
    pub height_pt: f64,
}

impl PageSize {
    /// The size after a turn: a quarter turn swaps width and height.
    #[must_use]
    pub fn turned(self, rotation: Rotation) -> Self {
        if rotation.swaps_sides() {
            Self { width_pt: self.height_pt, height_pt: self.width_pt }
        } else {
            self
        }
    }

    /// Size in pixels of the whole page, turned by `rotation`, when it is `width_px` wide.
    ///
    /// Both sides are between 1 and [`MAX_PAGE_SIDE_PX`]. Only pages that are more than that many
    /// times as long as wide (or the other way round) lose their shape.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 1..=MAX_PAGE_SIDE_PX before the cast"
    )]
    pub fn pixels_at_width(self, width_px: u32, rotation: Rotation) -> (u32, u32) {
        let size = self.turned(rotation);
        let limit = f64::from(MAX_PAGE_SIDE_PX);
        let width = f64::from(width_px).clamp(1.0, limit);
        let height = width * size.height_pt / size.width_pt;
        let shrink = (limit / height).min(1.0);
        let whole = |side: f64| side.round().clamp(1.0, limit) as u32;
        (whole(width * shrink), whole(height * shrink))
    }

    /// Size in pixels of what a request for the whole page at `width_px` draws: that of
    /// [`pixels_at_width`](Self::pixels_at_width), or smaller where that would be too much to draw.
    pub fn drawn_pixels(self, width_px: u32, rotation: Rotation) -> (u32, u32) {
        within_render_limit(self.pixels_at_width(width_px, rotation))
    }

    /// Width in pixels at so many pixels a point, at least 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
    pub fn width_px_at(self, pixels_per_point: f64) -> u32 {
        (self.width_pt * pixels_per_point).round().clamp(1.0, f64::from(u32::MAX)) as u32
    }
}

impl PageSize {
    /// What to draw for a request: the size of the whole page image and the part of it.
    pub(super) fn render_target(
        self,
        width_px: u32,
        rotation: Rotation,
        region: Option<PixelRect>,
    ) -> Result<RenderTarget, Error> {
        let full_px = self.pixels_at_width(width_px, rotation);
        let Some(region) = region else {
            let full_px = self.drawn_pixels(width_px, rotation);
            let whole = PixelRect { x_px: 0, y_px: 0, width_px: full_px.0, height_px: full_px.1 };
            return Ok(RenderTarget { full_px, region: whole });
        };
        let region = region.within(full_px);
        let (width_px, height_px) = (region.width_px, region.height_px);
        if u64::from(width_px) * u64::from(height_px) > MAX_RENDER_PIXELS {
            return Err(Error::RenderTooLarge {
                width_px,
                height_px,
                max_megapixels: MAX_RENDER_PIXELS >> 20,
            });
        }
        Ok(RenderTarget { full_px, region })
    }
}

/// A size of the same shape with at most `MAX_RENDER_PIXELS`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shrinks a size that fits")]
fn within_render_limit((width, height): (u32, u32)) -> (u32, u32) {
    let shrink = (MAX_RENDER_PIXELS as f64 / (f64::from(width) * f64::from(height))).sqrt().min(1.0);
    let side = |side: u32| ((f64::from(side) * shrink).floor() as u32).max(1);
    (side(width), side(height))
}

/// A checked request to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RenderTarget {
    /// Size of the image of the whole turned page.
    pub(super) full_px: (u32, u32),
    /// The part of it, inside it and not empty.
    pub(super) region: PixelRect,
}

/// How many pixels are given out at once: 64 megapixels are 256 MiB, or A4 at 800 dpi.
pub const MAX_RENDER_PIXELS: u64 = 64 << 20;

/// The longest side of a virtual page image, of which regions are rendered: an A4 page at 110 times
/// its size. PDFium's rasteriser clamps coordinates to 32 000 pixels around the rendered region, so
/// on larger images long lines would bend.
pub const MAX_PAGE_SIDE_PX: u32 = 1 << 16;

/// Extra clockwise turn that the user gave a page, on top of the file's own rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// As the file says.
    #[default]
    None,
    /// A quarter turn clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// A quarter turn counter-clockwise.
    ThreeQuarters,
}

impl Rotation {
    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }

    /// This turn and then another.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match (self.quarter_turns() + next.quarter_turns()) % 4 {
            0 => Self::None,
            1 => Self::Quarter,
            2 => Self::Half,
            _ => Self::ThreeQuarters,
        }
    }

    /// The turn that undoes this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Quarter => Self::ThreeQuarters,
            Self::Half => Self::Half,
            Self::ThreeQuarters => Self::Quarter,
        }
    }

    /// Where a point of the page lies once the page is turned; both in fractions, y down.
    pub fn turned_from_upright(self, x: f64, y: f64) -> (f64, f64) {
        match self {
            Self::None => (x, y),
            Self::Quarter => (1.0 - y, x),
            Self::Half => (1.0 - x, 1.0 - y),
            Self::ThreeQuarters => (y, 1.0 - x),
        }
    }

    /// Where a box of the page lies once the page is turned. `self.inverse()` brings it back.
    pub fn turned_bbox(self, bbox: &BBox) -> BBox {
        let (x0, y0) = self.turned_from_upright(bbox.left, bbox.top);
        let (x1, y1) = self.turned_from_upright(bbox.right, bbox.bottom);
        BBox::from_corners(x0, y0, x1, y1)
    }

    fn quarter_turns(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Quarter => 1,
            Self::Half => 2,
            Self::ThreeQuarters => 3,
        }
    }
}

/// A rectangle of pixels in a page image. Origin top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// Left edge in pixels.
    pub x_px: u32,
    /// Top edge in pixels.
    pub y_px: u32,
    /// Width in pixels, at least 1.
    pub width_px: u32,
    /// Height in pixels, at least 1.
    pub height_px: u32,
}

impl PixelRect {
    /// The part inside an image of this size, at least one pixel.
    fn within(self, (width, height): (u32, u32)) -> Self {
        let span = |start: u32, length: u32, size: u32| {
            let start = start.min(size.saturating_sub(1));
            (start, length.clamp(1, size.saturating_sub(start).max(1)))
        };
        let (x_px, width_px) = span(self.x_px, self.width_px, width);
        let (y_px, height_px) = span(self.y_px, self.height_px, height);
        Self { x_px, y_px, width_px, height_px }
    }
}

/// A rendered page or a part of it: 8-bit RGBA, opaque, rows from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct PageImage {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// `4 * width_px * height_px` bytes, red first, alpha always 255.
    pub rgba: Vec<u8>,
}

impl PageImage {
    /// The same pixels without alpha, as the model wants them.
    pub fn to_rgb_image(&self) -> RgbImage {
        RgbImage::from_fn(self.width_px, self.height_px, |x, y| {
            let start = 4 * (y as usize * self.width_px as usize + x as usize);
            Rgb([self.rgba[start], self.rgba[start + 1], self.rgba[start + 2]])
        })
    }

    /// The image as a PNG file.
    ///
    /// # Errors
    /// When it has no pixels.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let mut file = io::Cursor::new(Vec::new());
        self.to_rgb_image().write_to(&mut file, image::ImageFormat::Png).map_err(io::Error::other)?;
        Ok(file.into_inner())
    }
}

impl fmt::Debug for PageImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageImage({} x {} px)", self.width_px, self.height_px)
    }
}

/// The pixels that a box of page space covers in an image of `width_px` x `height_px`,
/// rounded outwards, clamped to the image and at least one pixel in each direction.
pub fn pixels_from_page(bbox: &BBox, width_px: u32, height_px: u32) -> PixelRect {
    let bbox = bbox.clamped();
    let (x0, x1) = outward(bbox.left, bbox.right, width_px);
    let (y0, y1) = outward(bbox.top, bbox.bottom, height_px);
    PixelRect { x_px: x0, y_px: y0, width_px: x1 - x0, height_px: y1 - y0 }
}

/// The box of page space that a rectangle of pixels covers.
pub fn page_from_pixels(rect: &PixelRect, width_px: u32, height_px: u32) -> BBox {
    let (width, height) = (f64::from(width_px.max(1)), f64::from(height_px.max(1)));
    BBox::from_corners(
        f64::from(rect.x_px) / width,
        f64::from(rect.y_px) / height,
        f64::from(rect.x_px + rect.width_px) / width,
        f64::from(rect.y_px + rect.height_px) / height,
    )
}

/// Edges `from..to` (fractions, clamped) as whole pixels, rounded outwards.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the operands are clamped to 0..=size_px"
)]
fn outward(from: f64, to: f64, size_px: u32) -> (u32, u32) {
    let size = f64::from(size_px);
    // A hair of tolerance, so that an edge computed from pixels gives that pixel back.
    let start = ((from * size + 1e-6).floor() as u32).min(size_px.saturating_sub(1));
    let end = ((to * size - 1e-6).ceil().max(0.0) as u32).clamp(start + 1, size_px.max(1));
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixel_edges_survive_the_way_through_page_space() {
        let rect = PixelRect { x_px: 17, y_px: 3, width_px: 100, height_px: 1 };
        let there = page_from_pixels(&rect, 331, 97);
        assert_eq!(pixels_from_page(&there, 331, 97), rect);
    }

    #[test]
    fn an_empty_box_still_covers_a_pixel() {
        let rect = pixels_from_page(&BBox::from_corners(1.0, 1.0, 1.0, 1.0), 10, 20);
        assert_eq!(rect, PixelRect { x_px: 9, y_px: 19, width_px: 1, height_px: 1 });
    }

    #[test]
    fn a_page_image_keeps_the_shape_of_the_page() {
        let check = |width_pt, height_pt, width_px, rotation, expected| {
            let size = PageSize { width_pt, height_pt };
            assert_eq!(size.pixels_at_width(width_px, rotation), expected);
        };
        check(612.0, 792.0, 1000, Rotation::None, (1000, 1294));
        check(612.0, 792.0, 1000, Rotation::Quarter, (1000, 773));
        check(100_000.0, 10.0, 1024, Rotation::None, (1024, 1));
        check(100_000.0, 10.0, 1024, Rotation::Quarter, (7, 65_536));
        check(595.0, 2_147_483_648.0, 1000, Rotation::None, (1, MAX_PAGE_SIDE_PX));
        check(612.0, 792.0, 0, Rotation::None, (1, 1));
    }

    #[test]
    fn a_quarter_turn_takes_the_top_left_corner_to_the_top_right() {
        let corner = BBox::from_corners(0.0, 0.0, 0.2, 0.1);
        assert_eq!(Rotation::Quarter.turned_bbox(&corner), BBox::from_corners(0.9, 0.0, 1.0, 0.2));
    }

    #[test]
    fn four_turns_and_their_inverses_come_back() {
        let bbox = BBox::from_corners(0.125, 0.25, 0.5, 0.375);
        for turn in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            assert_eq!(turn.inverse().turned_bbox(&turn.turned_bbox(&bbox)), bbox);
            assert_eq!(turn.then(turn).then(turn).then(turn), Rotation::None);
            assert_eq!(turn.then(turn.inverse()), Rotation::None);
        }
    }

    #[test]
    fn people_count_pages_from_one() {
        assert_eq!(PageIndex(0).to_string(), "1");
    }
}
