//! Weights in 16-bit block fixed point: about the accuracy of f16, at twice the speed of f32.
//!
//! A block has 128 weights of an output column. Activations stay below 2¹³ multiples of their scale, and a column's
//! scale is chosen so that the magnitudes of a block's weights add up to less than 2¹⁸ multiples of it: no sum of
//! products can overflow. (Bounding each weight alone instead would cost two bits, because a block has few large
//! weights.) For normally distributed numbers the relative error of a product is 1.4e-4; rounding both factors
//! to f16 would give 2e-4.

use super::fixed_point::{FixedPoint, SMALLEST_SCALE, WeightBlock, nearest};
use super::lanes::Lanes;
use super::packed::PANEL;
use super::whole_lanes::{Pair, WholeLanes, pair};

/// Weights in 16 bits.
pub(crate) type Int16 = FixedPoint<Int16Block, PAIRS>;

/// Pairs of a block.
const PAIRS: usize = 64;
/// The largest magnitude of a weight, in multiples of its scale.
const MAX_WEIGHT: f32 = 32767.0;
/// The largest sum of the magnitudes of a block's weights before rounding, which adds at most half for each.
const MAX_WEIGHT_SUM: f32 = 262_144.0 - PAIRS as f32;

/// A block of weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Int16Block {
    scales: [f32; PANEL],
    lines: [[Pair; PANEL]; PAIRS],
}

impl WeightBlock<PAIRS> for Int16Block {
    const ZERO: Self = Self { scales: [0.0; PANEL], lines: [[0; PANEL]; PAIRS] };
    const MAX_ACTIVATION: f32 = 8191.0;

    fn set(&mut self, lane: usize, weights: &[f32]) {
        let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        let sum: f32 = weights.iter().map(|weight| weight.abs()).sum();
        let scale = (largest / MAX_WEIGHT).max(sum / MAX_WEIGHT_SUM);
        self.scales[lane] = scale;
        let whole = |weight: &f32| if scale < SMALLEST_SCALE { 0 } else { nearest(weight / scale) };
        for (line, weights) in self.lines.iter_mut().zip(weights.chunks(2)) {
            line[lane] = pair(weights.first().map_or(0, whole), weights.get(1).map_or(0, whole));
        }
    }

    #[inline(always)]
    fn scales<L: Lanes>(&self) -> L {
        L::load(&self.scales)
    }

    #[inline(always)]
    fn line<W: WholeLanes>(&self, pair: usize) -> W {
        W::load(&self.lines[pair])
    }
}
