//! Norms, activations, softmax and rotary embedding on rows of numbers.

use super::isa::{Instructions, for_each_isa, multiply_add};

/// Numbers that are worked on together; partial sums are kept in as many lanes.
const LANES: usize = 16;

/// eˣ to about 1e-7 relative, for x from -87 to 88; clamped outside.
///
/// The power of two is taken off by adding 1.5·2²³, which leaves the rounded exponent in the low bits;
/// the rest is the degree-5 polynomial of Cephes' `expf`.
#[inline(always)]
fn exp<I: Instructions>(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = multiply_add::<I>(x, std::f32::consts::LOG2_E, SHIFT);
    let exponent = shifted - SHIFT;
    // ln 2 in two parts, so that the product with the first is exact.
    let rest = multiply_add::<I>(exponent, -0.693_359_4, x);
    let rest = multiply_add::<I>(exponent, 2.121_944_4e-4, rest);
    let mut sum = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = multiply_add::<I>(sum, rest, coefficient);
    }
    let fraction = multiply_add::<I>(sum, rest * rest, rest) + 1.0;
    fraction * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// GELU, tanh form, written with the logistic function: `x / (1 + e^(-2u))`.
#[inline(always)]
pub(super) fn gelu<I: Instructions>(x: f32) -> f32 {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769_2;
    let u = x * multiply_add::<I>(x * x, 0.044_715 * TWICE_SQRT_2_OVER_PI, TWICE_SQRT_2_OVER_PI);
    x / (1.0 + exp::<I>(-u))
}

for_each_isa! {
    /// `silu(gate) * up` for rows that hold first all gates, then all ups: `(rows, 2 * width)` →
    /// `(rows, width)`.
    pub(crate) fn silu_times(gate_up: &[f32], output: &mut [f32], width: usize) = silu_times_each
}

#[inline(always)]
fn silu_times_each<I: Instructions>(gate_up: &[f32], output: &mut [f32], width: usize) {
    for (row, output) in gate_up.chunks_exact(2 * width).zip(output.chunks_exact_mut(width)) {
        let (gate, up) = row.split_at(width);
        for ((output, gate), up) in output.iter_mut().zip(gate).zip(up) {
            *output = gate / (1.0 + exp::<I>(-gate)) * up;
        }
    }
}

for_each_isa! {
    /// `LayerNorm` of every row: mean and variance over the row, then weight and bias.
    pub(crate) fn layer_norm(rows: &[f32], weight: &[f32], bias: &[f32], eps: f32, output: &mut [f32]) = layer_norm_each
}

#[inline(always)]
fn layer_norm_each<I: Instructions>(
    rows: &[f32],
    weight: &[f32],
    bias: &[f32],
    eps: f32,
    output: &mut [f32],
) {
    let width = weight.len();
    for (row, output) in rows.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
        let mean = lane_sum(row, |value| value) / width as f32;
        // The variance around the mean, not the difference of squares: the latter loses digits where
        // the mean is large, as it is in deep layers.
        let variance = lane_sum(row, |value| (value - mean) * (value - mean)) / width as f32;
        let scale = 1.0 / (variance + eps).sqrt();
        for (((output, value), weight), bias) in output.iter_mut().zip(row).zip(weight).zip(bias) {
            *output = multiply_add::<I>((value - mean) * scale, *weight, *bias);
        }
    }
}

for_each_isa! {
    /// `RMSNorm` of every row: root mean square over the row, then the weight.
    pub(crate) fn rms_norm(rows: &[f32], weight: &[f32], eps: f32, output: &mut [f32]) = rms_norm_each
}

#[inline(always)]
fn rms_norm_each<I: Instructions>(rows: &[f32], weight: &[f32], eps: f32, output: &mut [f32]) {
    let width = weight.len();
    for (row, output) in rows.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
        let scale = 1.0 / (lane_sum(row, |value| value * value) / width as f32 + eps).sqrt();
        for ((output, value), weight) in output.iter_mut().zip(row).zip(weight) {
            *output = value * scale * weight;
        }
    }
}

for_each_isa! {
    /// `e^(scale * (x - max))` of one row in place; the sum of the results goes to `sum`, so that the
    /// division can be done once, after the product with the values.
    pub(crate) fn softmax_numerators(row: &mut [f32], scale: f32, sum: &mut f32) = softmax_each
}

#[inline(always)]
fn softmax_each<I: Instructions>(row: &mut [f32], scale: f32, sum: &mut f32) {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let rest = chunks.remainder().iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = lanes.into_iter().fold(rest, f32::max);
    for value in row.iter_mut() {
        *value = exp::<I>((*value - largest) * scale);
    }
    *sum = lane_sum(row, |value| value);
}

/// A sum in [`LANES`] lanes, always in the same order.
#[inline(always)]
fn lane_sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += term(*value);
        }
    }
    let rest: f32 = chunks.remainder().iter().map(|value| term(*value)).sum();
    lanes.iter().sum::<f32>() + rest
}

for_each_isa! {
    /// Rotary embedding of the heads of one row, half-split pairing: `i` turns with `i + d/2` by the
    /// angle whose cosine and sine stand at `i`.
    pub(crate) fn rotate(heads: &mut [f32], cos: &[f32], sin: &[f32]) = rotate_each
}

#[inline(always)]
fn rotate_each<I: Instructions>(heads: &mut [f32], cos: &[f32], sin: &[f32]) {
    let half = cos.len();
    for head in heads.chunks_exact_mut(2 * half) {
        let (first, second) = head.split_at_mut(half);
        for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
            // Not fused: the reference rounds each product.
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::isa::{Baseline, Isa};
    use super::super::lanes::PlainLanes;
    use super::super::whole_lanes::PlainWholeLanes;
    use super::*;

    /// Slow where the machine has no fused multiply-add, but right.
    struct Fused;

    impl Instructions for Fused {
        const FMA: bool = true;
        type Lanes = PlainLanes;
        type WholeLanes = PlainWholeLanes;
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|at| ((at * 7919) % 2003) as f32 / 200.0 - 5.0).collect()
    }

    fn close(got: f32, wanted: f64, tolerance: f64) {
        let error = (f64::from(got) - wanted).abs() / wanted.abs().max(1.0);
        assert!(error < tolerance, "{got} instead of {wanted}");
    }

    #[test]
    fn the_exponential_is_good_to_seven_digits() {
        for step in -8_600..8_700_i16 {
            let x = f32::from(step) / 100.0;
            let wanted = f64::from(x).exp();
            for got in [exp::<Fused>(x), exp::<Baseline>(x)] {
                assert!((f64::from(got) / wanted - 1.0).abs() < 3e-7, "e^{x} = {got}, not {wanted}");
            }
        }
        assert!(exp::<Fused>(-1000.0) < 1e-37, "far below, it is nothing");
        assert!(exp::<Fused>(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn activations_agree_with_their_formulas() {
        for number in numbers(40) {
            let x = f64::from(number);
            let tanh = (0.797_884_560_802_865_4 * (x + 0.044_715 * x * x * x)).tanh();
            for got in [gelu::<Fused>(number), gelu::<Baseline>(number)] {
                close(got, 0.5 * x * (1.0 + tanh), 1e-6);
            }
        }
        let gate_up = numbers(2 * 2 * 37);
        let mut output = vec![0.0; 2 * 37];
        silu_times(Isa::detect(), &gate_up, &mut output, 37);
        for (at, got) in output.into_iter().enumerate() {
            let row = at / 37 * 74 + at % 37;
            let (gate, up) = (f64::from(gate_up[row]), f64::from(gate_up[row + 37]));
            close(got, gate / (1.0 + (-gate).exp()) * up, 1e-6);
        }
    }

    #[test]
    fn norms_agree_with_their_formulas() {
        let (width, rows) = (75, numbers(3 * 75));
        let (weight, bias) = (numbers(width), numbers(2 * width)[width..].to_vec());
        let (mut layer, mut rms) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
        layer_norm(Isa::detect(), &rows, &weight, &bias, 1e-6, &mut layer);
        rms_norm(Isa::detect(), &rows, &weight, 1e-5, &mut rms);
        for (index, row) in rows.chunks_exact(width).enumerate() {
            let row: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
            let mean = row.iter().sum::<f64>() / width as f64;
            let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / width as f64;
            let square = row.iter().map(|value| value * value).sum::<f64>() / width as f64;
            for (at, value) in row.iter().enumerate() {
                let normal = (value - mean) / (variance + 1e-6).sqrt();
                close(layer[index * width + at], normal * f64::from(weight[at]) + f64::from(bias[at]), 1e-5);
                close(rms[index * width + at], value / (square + 1e-5).sqrt() * f64::from(weight[at]), 1e-5);
            }
        }
    }

    #[test]
    fn softmax_sums_to_one() {
        for length in [1, 15, 16, 17, 1000] {
            let before = numbers(length);
            let (mut row, mut sum) = (before.clone(), 0.0);
            softmax_numerators(Isa::detect(), &mut row, 0.125, &mut sum);
            let largest = before.iter().copied().fold(f32::MIN, f32::max);
            let wanted: Vec<f64> = before.iter().map(|x| (f64::from(x - largest) * 0.125).exp()).collect();
            close(sum, wanted.iter().sum(), 1e-6);
            for (got, wanted) in row.iter().zip(wanted) {
                close(*got, wanted, 1e-6);
            }
        }
    }

    #[test]
    fn a_quarter_turn_swaps_the_halves() {
        let mut heads = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        rotate(Isa::detect(), &mut heads, &[0.0, 1.0], &[1.0, 0.0]);
        assert_eq!(heads, [-3.0, 2.0, 1.0, 4.0, -7.0, 6.0, 5.0, 8.0]);
    }
}
