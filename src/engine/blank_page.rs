//! Whether a page image shows nothing: such a page makes a model invent text.
//!
//! What counts as a mark is small, so that a page with one digit is still read; paper grain, print that
//! shines through from the back, and the shadow at a scan's edge are none.

use image::RgbImage;
use image::imageops::thumbnail;

/// Pages are looked at in this size: a digit of 10 points is then 8 pixels high, and grain averages out.
const LONGEST_EDGE_PX: u32 = 1000;
/// Share of the width and height at each edge where scanners leave shadows.
const EDGE: f64 = 0.02;
/// Side of the square whose middle brightness is the paper's.
const PAPER_PX: u32 = 48;
/// Side of the square that is searched for a mark.
const MARK_PX: u32 = 12;
/// Steps of brightness, of 255, by which a pixel differs from the paper. Grain has 10, print shining
/// through 20, and light grey text that is thinner than a pixel 40.
const CONTRAST: u8 = 28;
/// Pixels of the smallest mark: a thin "1" has 8, and a speck of dust fewer than a full stop.
const MARK_PIXELS: usize = 6;

/// Whether there is nothing to read.
pub(super) fn is_blank(image: &RgbImage) -> bool {
    let (width, height) = image.dimensions();
    let longest = width.max(height);
    if longest <= LONGEST_EDGE_PX {
        return has_no_mark(image);
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(LONGEST_EDGE_PX) / u64::from(longest);
        u32::try_from(side).unwrap_or(LONGEST_EDGE_PX).max(1)
    };
    has_no_mark(&thumbnail(image, scaled(width), scaled(height)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a u32")]
fn has_no_mark(image: &RgbImage) -> bool {
    let luma = image::imageops::grayscale(image);
    let margin = |side: u32| (f64::from(side) * EDGE).ceil() as u32;
    let (left, top) = (margin(luma.width()), margin(luma.height()));
    let (right, bottom) = (luma.width().saturating_sub(left), luma.height().saturating_sub(top));
    let blocks = |from: u32, to: u32, side: u32| {
        (from..to).step_by(side as usize).map(move |start| start..to.min(start + side))
    };
    blocks(top, bottom, PAPER_PX).all(|rows| {
        blocks(left, right, PAPER_PX).all(|columns| {
            let pixels = |rows: std::ops::Range<u32>, columns: std::ops::Range<u32>| {
                let luma = &luma;
                rows.flat_map(move |y| columns.clone().map(move |x| luma.get_pixel(x, y).0[0]))
            };
            let paper = middle(pixels(rows.clone(), columns.clone()));
            blocks(rows.start, rows.end, MARK_PX).all(|rows| {
                blocks(columns.start, columns.end, MARK_PX).all(|columns| {
                    let is_mark = |pixel: &u8| pixel.abs_diff(paper) >= CONTRAST;
                    pixels(rows.clone(), columns).filter(is_mark).count() < MARK_PIXELS
                })
            })
        })
    })
}

/// The brightness that half of the pixels do not exceed.
fn middle(pixels: impl Iterator<Item = u8>) -> u8 {
    let mut counts = [0_usize; 256];
    let mut num_pixels = 0;
    for pixel in pixels {
        if let Some(count) = counts.get_mut(usize::from(pixel)) {
            *count += 1;
        }
        num_pixels += 1;
    }
    let mut seen = 0;
    let middle = (0..=u8::MAX).zip(counts).find(|(_, count)| {
        seen += count;
        2 * seen >= num_pixels
    });
    middle.map_or(u8::MAX, |(brightness, _)| brightness)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// A page of 200 dpi.
    fn page(paper: u8, mut change: impl FnMut(u32, u32) -> Option<u8>) -> RgbImage {
        RgbImage::from_fn(1654, 2339, |x, y| Rgb([change(x, y).unwrap_or(paper); 3]))
    }

    fn check(image: &RgbImage, expected: bool, what: &str) {
        assert_eq!(is_blank(image), expected, "{what}");
    }

    /// Some number from 0 to `most`, always the same for a place.
    fn grain(x: u32, y: u32, most: u32) -> u8 {
        let mixed = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
        u8::try_from((mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D) % (most + 1)).unwrap()
    }

    #[test]
    fn paper_is_blank_whatever_its_colour() {
        check(&page(255, |_, _| None), true, "white");
        check(&page(0, |_, _| None), true, "black");
        check(&page(0, |x, y| Some(200 + grain(x, y, 40))), true, "grain");
        check(&page(250, |x, _| (x < 25).then_some(30)), true, "a shadow at the edge");
        let shines = |x: u32, y: u32| (y % 40 < 18 && x % 23 < 15).then_some(232);
        check(&page(250, shines), true, "print from the back");
        check(&page(255, |x, y| (x / 3 == 300 && y / 3 == 300).then_some(0)), true, "a speck");
        check(&page(0, |_, y| Some(u8::try_from(y / 12).unwrap())), true, "a slow change of light");
        check(&RgbImage::from_pixel(1, 1, Rgb([9; 3])), true, "one pixel");
    }

    #[test]
    fn one_small_mark_is_worth_reading() {
        // The stem of a "1" of 10 points: 2 by 20 pixels.
        let one = |x: u32, y: u32| (800..803).contains(&x) && (2200..2220).contains(&y);
        check(&page(255, |x, y| one(x, y).then_some(0)), false, "a page number");
        check(&page(255, |x, y| one(x, y).then_some(150)), false, "a grey one");
        check(&page(20, |x, y| one(x, y).then_some(255)), false, "a light one on a dark page");
        check(&page(255, |x, y| (y == 900 || x == 700).then_some(0)), false, "thin lines");
        check(&page(255, |x, y| (x > 500 && y > 500).then_some(100)), false, "a picture");
    }
}
