//! Weights in 8 bits with an f16 scale for each 32 of them: what llama.cpp calls `Q8_0`.
//!
//! A weight is a whole number from -127 to 127 times its block's scale; for normally distributed weights that is a
//! relative error of 6e-3. Activations have 16 bits (llama.cpp rounds them to 8), which adds 4e-5 to it: nothing.

use half::f16;

use super::fixed_point::{FixedPoint, WeightBlock, nearest};
use super::lanes::Lanes;
use super::packed::PANEL;
use super::whole_lanes::WholeLanes;

/// Weights in 8 bits.
pub(crate) type Q8_0 = FixedPoint<Q8Block, PAIRS>;

/// Pairs of a block.
const PAIRS: usize = 16;
/// The largest magnitude of a weight, in multiples of its scale.
const MAX_WEIGHT: f32 = 127.0;

/// A block of weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Q8Block {
    scales: [f16; PANEL],
    lines: [[[i8; 2]; PANEL]; PAIRS],
}

impl WeightBlock<PAIRS> for Q8Block {
    const ZERO: Self = Self { scales: [f16::ZERO; PANEL], lines: [[[0; 2]; PANEL]; PAIRS] };
    /// A sum is at most 32 · 127 · 32767, a sixteenth of 2³¹.
    const MAX_ACTIVATION: f32 = 32767.0;

    fn set(&mut self, lane: usize, weights: &[f32]) {
        let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        self.scales[lane] = f16::from_f32(largest / MAX_WEIGHT);
        let scale = self.scales[lane].to_f32();
        for (line, weights) in self.lines.iter_mut().zip(weights.chunks(2)) {
            for (place, weight) in line[lane].iter_mut().zip(weights) {
                *place = if scale > 0.0 { whole(weight / scale) } else { 0 };
            }
        }
    }

    #[inline(always)]
    fn scales<L: Lanes>(&self) -> L {
        L::load_f16(&self.scales)
    }

    #[inline(always)]
    fn line<W: WholeLanes>(&self, pair: usize) -> W {
        W::load_i8(&self.lines[pair])
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before the cast")]
fn whole(weight: f32) -> i8 {
    nearest(weight.clamp(-MAX_WEIGHT, MAX_WEIGHT)) as i8
}
