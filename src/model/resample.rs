//! Pillow's LANCZOS resize of 8-bit RGB, equal to the last bit.
//!
//! Pillow (up to 12.3) filters horizontally first, rounds to 8 bits, then vertically, with weights
//! of 22 fraction bits. Other crates filter in another order or keep the intermediate in float,
//! which moves values by up to 49 levels. Source: `Resample.c` of Pillow 12.3.

use image::RgbImage;
use rayon::prelude::*;

/// Fraction bits of a weight: 32 − 8 for the pixel − 2 for overshoot, as in Pillow.
const PRECISION_BITS: u32 = 32 - 8 - 2;
/// Half width of the filter in source pixels when enlarging.
const LANCZOS_SUPPORT: f64 = 3.0;
const CHANNELS: usize = 3;

/// Resizes an image; a side that keeps its length is not filtered.
pub fn resize_lanczos(source: &RgbImage, width_px: u32, height_px: u32) -> RgbImage {
    let mut image = source.clone();
    if width_px != image.width() {
        image = resize_horizontally(&image, width_px);
    }
    if height_px != image.height() {
        image = resize_vertically(&image, height_px);
    }
    image
}

/// The weights of all output positions along one axis.
struct Kernel {
    /// Where each output position starts reading.
    starts: Vec<usize>,
    /// Each output position's weights.
    weights: Vec<Vec<i32>>,
}

impl Kernel {
    fn new(from: u32, to: u32) -> Self {
        let scale = f64::from(from) / f64::from(to);
        let filter_scale = scale.max(1.0);
        let support = LANCZOS_SUPPORT * filter_scale;
        let per_pixel = 1.0 / filter_scale;
        let (mut starts, mut weights) = (Vec::new(), Vec::new());
        for x in 0..to {
            let center = (f64::from(x) + 0.5) * scale;
            let low = (center - support + 0.5).max(0.0).trunc();
            let high = (center + support + 0.5).trunc().min(f64::from(from));
            let exact: Vec<f64> = std::iter::successors(Some(low), |i| Some(i + 1.0))
                .take_while(|i| *i < high)
                .map(|i| lanczos((i - center + 0.5) * per_pixel))
                .collect();
            // Added one by one in this order, as Pillow does: floating sums depend on it.
            let sum = exact.iter().fold(0.0, |sum, weight| sum + weight);
            let fixed = exact.iter().map(|weight| to_fixed(if sum == 0.0 { *weight } else { weight / sum }));
            weights.push(fixed.collect());
            starts.push(to_index(low));
        }
        Self { starts, weights }
    }
}

fn lanczos(x: f64) -> f64 {
    if (-LANCZOS_SUPPORT..LANCZOS_SUPPORT).contains(&x) { sinc(x) * sinc(x / LANCZOS_SUPPORT) } else { 0.0 }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    x.sin() / x
}

#[expect(clippy::cast_possible_truncation, reason = "weights are within ±2; Pillow truncates here too")]
fn to_fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1_u32 << PRECISION_BITS);
    (if weight < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number between 0 and the image's side"
)]
fn to_index(position: f64) -> usize {
    position as usize
}

/// Back from fixed point, rounded, into the range of a pixel.
fn to_pixel(sum: i32) -> u8 {
    u8::try_from((sum >> PRECISION_BITS).clamp(0, 255)).unwrap_or(u8::MAX)
}

const HALF: i32 = 1 << (PRECISION_BITS - 1);

fn resize_horizontally(source: &RgbImage, width_px: u32) -> RgbImage {
    let kernel = Kernel::new(source.width(), width_px);
    let mut target = RgbImage::new(width_px, source.height());
    let source_row = source.width() as usize * CHANNELS;
    let target_row = width_px as usize * CHANNELS;
    target.par_chunks_mut(target_row).zip(source.par_chunks(source_row)).for_each(|(to, from)| {
        let from = from.as_chunks::<CHANNELS>().0;
        let to = to.as_chunks_mut::<CHANNELS>().0;
        for ((to, start), weights) in to.iter_mut().zip(&kernel.starts).zip(&kernel.weights) {
            let mut sums = [HALF; CHANNELS];
            for (pixel, weight) in from.iter().skip(*start).zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * weight;
                }
            }
            *to = sums.map(to_pixel);
        }
    });
    target
}

fn resize_vertically(source: &RgbImage, height_px: u32) -> RgbImage {
    let kernel = Kernel::new(source.height(), height_px);
    let mut target = RgbImage::new(source.width(), height_px);
    let row = source.width() as usize * CHANNELS;
    let columns = kernel.starts.par_iter().zip(&kernel.weights);
    target.par_chunks_mut(row).zip(columns).for_each_init(
        || vec![HALF; row],
        |sums, (to, (start, weights))| {
            sums.fill(HALF);
            for (from, weight) in source.chunks_exact(row).skip(*start).zip(weights) {
                for (sum, value) in sums.iter_mut().zip(from) {
                    *sum += i32::from(*value) * weight;
                }
            }
            for (to, sum) in to.iter_mut().zip(sums.iter()) {
                *to = to_pixel(*sum);
            }
        },
    );
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sizes_are_copied_and_flat_images_stay_flat() {
        let flat = RgbImage::from_pixel(7, 5, image::Rgb([9, 200, 255]));
        assert_eq!(resize_lanczos(&flat, 7, 5), flat);
        for (width, height) in [(3, 2), (40, 31), (1, 1), (7, 1)] {
            let resized = resize_lanczos(&flat, width, height);
            assert_eq!(resized, RgbImage::from_pixel(width, height, image::Rgb([9, 200, 255])));
        }
    }

    #[test]
    fn weights_of_a_position_add_up_to_one() {
        for (from, to) in [(2550, 1582), (40, 2048), (1, 512), (2048, 512)] {
            for weights in Kernel::new(from, to).weights {
                let sum: i64 = weights.iter().map(|weight| i64::from(*weight)).sum();
                let off = (sum - (1 << PRECISION_BITS)).unsigned_abs();
                assert!(off <= weights.len() as u64, "{from} to {to}: off by {off}");
            }
        }
    }
}
