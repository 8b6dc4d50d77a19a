//! Pages: which one, how large, and their pixels.

use std::fmt;

use image::{Rgb, RgbImage};

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
    fn people_count_pages_from_one() {
        assert_eq!(PageIndex(0).to_string(), "1");
    }
}
