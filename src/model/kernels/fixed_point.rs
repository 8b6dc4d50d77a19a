//! Products in block fixed point: whole numbers of 16 bits that share a scale.
//!
//! Along the inner dimension, blocks of numbers share a scale: those of a row of activations one, those of an output
//! column another ([`int16`](super::int16), [`q8_0`](super::q8_0)). The products of a block are summed exactly in 32
//! bits, the blocks' sums are scaled and added in f32, from first to last. So a row's result does not depend on how
//! many rows are computed together.

use rayon::prelude::*;

use super::isa::{Instructions, Isa, for_each_isa};
use super::lanes::Lanes;
use super::matmul::{Rows, RowsMut, Share, Then, on_threads};
use super::packed::PANEL;
use super::tile::{Place, finish, with_constant_count};
use super::whole_lanes::{Pair, WholeLanes, pair};

/// Scales below it are taken for zero: their reciprocal would not be finite.
pub(super) const SMALLEST_SCALE: f32 = 1e-30;
/// Rows that a thread takes at a time to bring them into fixed point.
const ROWS_PER_TASK: usize = 32;

/// The weights of a block: `2 * PAIRS` of the inner dimension, for [`PANEL`] output columns.
pub(crate) trait WeightBlock<const PAIRS: usize>: Copy + Send + Sync {
    /// Filled up with zeros.
    const ZERO: Self;
    /// The largest magnitude of an activation, in multiples of its scale: a sum of products stays below 2³¹.
    const MAX_ACTIVATION: f32;

    /// Takes in the weights of one output column; what is missing at the end is zero.
    fn set(&mut self, lane: usize, weights: &[f32]);

    /// The columns' scales.
    fn scales<L: Lanes>(&self) -> L;

    /// The weights of one pair of the inner dimension, in multiples of their columns' scales.
    fn line<W: WholeLanes>(&self, pair: usize) -> W;
}

/// A weight matrix `(num_out, num_in)` in blocks: panels of [`PANEL`] output columns, in each panel the inner
/// dimension runs slowest. The last panel and the last block are filled up with zeros.
#[derive(Clone, Debug)]
pub(crate) struct FixedPoint<B, const PAIRS: usize> {
    num_in: usize,
    num_out: usize,
    blocks: Vec<B>,
}

impl<B: WeightBlock<PAIRS>, const PAIRS: usize> FixedPoint<B, PAIRS> {
    /// From a row-major matrix `(num_out, num_in)`, given as one iterator per output row.
    pub(crate) fn from_rows<R: IntoIterator<Item = f32>>(
        num_in: usize,
        rows: impl ExactSizeIterator<Item = R>,
    ) -> Self {
        let (num_out, num_blocks) = (rows.len(), num_in.div_ceil(2 * PAIRS));
        let mut blocks = vec![B::ZERO; num_out.div_ceil(PANEL) * num_blocks];
        let mut weights = Vec::with_capacity(num_in);
        for (out, row) in rows.enumerate() {
            weights.clear();
            weights.extend(row);
            let panel = &mut blocks[out / PANEL * num_blocks..][..num_blocks];
            for (block, weights) in panel.iter_mut().zip(weights.chunks(2 * PAIRS)) {
                block.set(out % PANEL, weights);
            }
        }
        Self { num_in, num_out, blocks }
    }

    /// Length of the rows that it is multiplied with.
    pub(crate) fn num_in(&self) -> usize {
        self.num_in
    }

    /// Length of the rows that come out.
    pub(crate) fn num_out(&self) -> usize {
        self.num_out
    }

    /// Bytes that it takes in memory.
    pub(crate) fn size_bytes(&self) -> u64 {
        size_of_val(self.blocks.as_slice()) as u64
    }

    fn panel(&self, index: usize) -> &[B] {
        let num_blocks = self.num_in.div_ceil(2 * PAIRS);
        &self.blocks[index * num_blocks..][..num_blocks]
    }
}

/// The nearest whole number of one that is below 2²² in magnitude: adding 1.5·2²³ leaves it in the low bits.
#[inline(always)]
pub(super) fn nearest(number: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (number + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()).cast_signed()
}

/// A row of activations: the blocks' numbers, and their scales.
type FixedRow<'a, const PAIRS: usize> = (&'a [[Pair; PAIRS]], &'a [f32]);

/// Rows of activations in block fixed point: `(num_rows, num_in)`.
struct FixedRows<const PAIRS: usize> {
    blocks: Vec<[Pair; PAIRS]>,
    scales: Vec<f32>,
    num_blocks: usize,
}

impl<const PAIRS: usize> FixedRows<PAIRS> {
    fn new(isa: Isa, rows: Rows<'_>, num_in: usize, num_rows: usize, max_activation: f32) -> Self {
        let num_blocks = num_in.div_ceil(2 * PAIRS);
        let mut blocks = vec![[0; PAIRS]; num_rows * num_blocks];
        let mut scales = vec![0.0; num_rows * num_blocks];
        let task = ROWS_PER_TASK * num_blocks;
        let tasks = blocks.par_chunks_mut(task).zip(scales.par_chunks_mut(task)).enumerate();
        tasks.for_each(|(index, (blocks, scales))| {
            let places = blocks.chunks_exact_mut(num_blocks).zip(scales.chunks_exact_mut(num_blocks));
            for (offset, (blocks, scales)) in places.enumerate() {
                let row = rows.row(index * ROWS_PER_TASK + offset, 0, num_in);
                fix(isa, row, max_activation, blocks, scales);
            }
        });
        Self { blocks, scales, num_blocks }
    }

    fn row(&self, index: usize) -> FixedRow<'_, PAIRS> {
        let from = index * self.num_blocks;
        (&self.blocks[from..][..self.num_blocks], &self.scales[from..][..self.num_blocks])
    }
}

for_each_isa! {
    fn fix[const PAIRS: usize](
        row: &[f32],
        max_activation: f32,
        blocks: &mut [[Pair; PAIRS]],
        scales: &mut [f32],
    ) = fix_blocks::<PAIRS>
}

#[inline(always)]
fn fix_blocks<I: Instructions, const PAIRS: usize>(
    row: &[f32],
    max_activation: f32,
    blocks: &mut [[Pair; PAIRS]],
    scales: &mut [f32],
) {
    for ((numbers, pairs), scale) in row.chunks(2 * PAIRS).zip(blocks).zip(scales) {
        let mut largest = 0.0_f32;
        for number in numbers {
            largest = if number.abs() > largest { number.abs() } else { largest };
        }
        *scale = largest / max_activation;
        let per_scale = if *scale < SMALLEST_SCALE { 0.0 } else { 1.0 / *scale };
        let (whole_pairs, rest) = numbers.as_chunks::<2>();
        for (place, [first, second]) in pairs.iter_mut().zip(whole_pairs) {
            *place = pair(nearest(first * per_scale), nearest(second * per_scale));
        }
        if let ([number], Some(place)) = (rest, pairs.get_mut(whole_pairs.len())) {
            *place = pair(nearest(number * per_scale), 0);
        }
    }
}

/// `output = rows * weights`, `(num_rows, num_in) x (num_out, num_in)ᵀ → (num_rows, num_out)`, on the
/// threads of the current pool. The output has no gaps between its rows.
pub(crate) fn matmul<B: WeightBlock<PAIRS>, const PAIRS: usize>(
    isa: Isa,
    rows: Rows<'_>,
    weights: &FixedPoint<B, PAIRS>,
    output: &mut [f32],
    then: Then<'_>,
) {
    let num_rows = output.len() / weights.num_out.max(1);
    let rows = FixedRows::<PAIRS>::new(isa, rows, weights.num_in, num_rows, B::MAX_ACTIVATION);
    on_threads(weights.num_in * size_of::<i16>(), weights.num_out, output, |share, output| {
        let row = |index: usize| rows.row(share.first_row + index);
        match (isa.has_wide_registers(), output.num_rows()) {
            (true, 1..=4) => row_block::<B, PAIRS, 4, 4>(isa, row, weights, share, output, then),
            (true, _) => row_block::<B, PAIRS, 2, 12>(isa, row, weights, share, output, then),
            (false, 1) => row_block::<B, PAIRS, 4, 1>(isa, row, weights, share, output, then),
            (false, 2..=3) => row_block::<B, PAIRS, 2, 3>(isa, row, weights, share, output, then),
            (false, _) => row_block::<B, PAIRS, 1, 6>(isa, row, weights, share, output, then),
        }
    });
}

/// `P` panels at a time, and for them at most `N` rows at a time: their sums stay in registers.
fn row_block<'r, B: WeightBlock<PAIRS>, const PAIRS: usize, const P: usize, const N: usize>(
    isa: Isa,
    row: impl Fn(usize) -> FixedRow<'r, PAIRS>,
    weights: &FixedPoint<B, PAIRS>,
    share: Share,
    output: RowsMut<'_>,
    then: Then<'_>,
) {
    let num_rows = output.num_rows();
    let RowsMut { data, stride, width } = output;
    let num_panels = width.div_ceil(PANEL);
    for first_panel in (0..num_panels).step_by(P) {
        // A panel that is not there is computed as a copy of the last one and not stored.
        let panels: [&[B]; P] = std::array::from_fn(|index| {
            weights.panel(share.first_panel + (first_panel + index).min(num_panels - 1))
        });
        let place =
            Place { column: first_panel * PANEL, bias_from: (share.first_panel + first_panel) * PANEL };
        let mut first = 0;
        while first < num_rows {
            // Equal groups: one of a row or two would not keep the multipliers busy.
            let count = (num_rows - first).div_ceil((num_rows - first).div_ceil(N));
            let mut sums = [[[0.0; PANEL]; P]; N];
            tile(isa, |index| row(first + index), &panels, &mut sums[..count]);
            let mut output = RowsMut { data: &mut data[first * stride..], stride, width };
            finish(isa, &mut sums[..count], &mut output, place, then);
            first += count;
        }
    }
}

/// The products of some rows: the number of rows becomes a constant.
fn tile<'r, B: WeightBlock<PAIRS>, const PAIRS: usize, const P: usize>(
    isa: Isa,
    row: impl Fn(usize) -> FixedRow<'r, PAIRS>,
    panels: &[&[B]; P],
    sums: &mut [[[f32; PANEL]; P]],
) {
    with_constant_count!(sums => accumulate(isa, &std::array::from_fn(row), panels, sums));
}

for_each_isa! {
    fn accumulate[B: WeightBlock<PAIRS>, const PAIRS: usize, const P: usize, const N: usize](
        rows: &[FixedRow<'_, PAIRS>; N],
        panels: &[&[B]; P],
        sums: &mut [[[f32; PANEL]; P]; N],
    ) = accumulate_blocks::<B, PAIRS, P, N>
}

#[inline(always)]
fn accumulate_blocks<
    I: Instructions,
    B: WeightBlock<PAIRS>,
    const PAIRS: usize,
    const P: usize,
    const N: usize,
>(
    rows: &[FixedRow<'_, PAIRS>; N],
    panels: &[&[B]; P],
    sums: &mut [[[f32; PANEL]; P]; N],
) {
    for block in 0..panels[0].len() {
        let mut blocks = [&panels[0][block]; P];
        for (block_of_panel, panel) in blocks.iter_mut().zip(panels) {
            *block_of_panel = &panel[block];
        }
        let mut numbers = [&rows[0].0[block]; N];
        for (numbers, (row, _)) in numbers.iter_mut().zip(rows) {
            *numbers = &row[block];
        }
        let mut whole = [[I::WholeLanes::splat(0); P]; N];
        for pair in 0..PAIRS {
            let mut lines = [I::WholeLanes::splat(0); P];
            for (line, block) in lines.iter_mut().zip(blocks) {
                *line = block.line(pair);
            }
            for (whole, numbers) in whole.iter_mut().zip(numbers) {
                let number = I::WholeLanes::splat(numbers[pair]);
                for (whole, line) in whole.iter_mut().zip(lines) {
                    *whole = whole.add_products(number, line);
                }
            }
        }
        let mut scales = [I::Lanes::splat(0.0); P];
        for (scales, block) in scales.iter_mut().zip(blocks) {
            *scales = block.scales();
        }
        for ((sums, whole), (_, row_scales)) in sums.iter_mut().zip(whole).zip(rows) {
            let row_scale = I::Lanes::splat(row_scales[block]);
            for ((sum, whole), scale) in sums.iter_mut().zip(whole).zip(scales) {
                let scaled = whole.to_lanes().multiply_add(scale.multiply(row_scale), I::Lanes::load(sum));
                scaled.store(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::int16::{Int16, Int16Block};
    use super::super::lanes::PlainLanes;
    use super::super::q8_0::{Q8_0, Q8Block};
    use super::super::whole_lanes::PlainWholeLanes;
    use super::*;

    /// Near a normal distribution.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / 16_777_216.0 - 0.5
        };
        (0..count).map(|_| uniform() + uniform() + uniform() + uniform()).collect()
    }

    fn product<B: WeightBlock<PAIRS>, const PAIRS: usize>(
        isa: Isa,
        rows: &[f32],
        weights: &FixedPoint<B, PAIRS>,
    ) -> Vec<f32> {
        let num_rows = rows.len() / weights.num_in();
        let mut output = vec![0.0; num_rows * weights.num_out()];
        matmul(isa, Rows::dense(rows, weights.num_in()), weights, &mut output, Then::Store);
        output
    }

    /// The plain twin, in f64: what the product would be without rounding.
    fn exact(rows: &[f32], weights: &[f32], num_in: usize) -> Vec<f64> {
        let dot = |row: &[f32], weight: &[f32]| -> f64 {
            row.iter().zip(weight).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let products = |row: &[f32]| weights.chunks_exact(num_in).map(|w| dot(row, w)).collect::<Vec<_>>();
        rows.chunks_exact(num_in).flat_map(products).collect()
    }

    /// The plain twin in the same whole numbers: only the sums over blocks, in f32 here, round.
    fn whole<B: WeightBlock<PAIRS>, const PAIRS: usize>(
        rows: &[f32],
        weights: &FixedPoint<B, PAIRS>,
    ) -> Vec<f64> {
        let mut products = Vec::new();
        for row in rows.chunks_exact(weights.num_in()) {
            let num_blocks = row.len().div_ceil(2 * PAIRS);
            let (mut blocks, mut scales) = (vec![[0; PAIRS]; num_blocks], vec![0.0; num_blocks]);
            fix(Isa::baseline(), row, B::MAX_ACTIVATION, &mut blocks, &mut scales);
            for out in 0..weights.num_out() {
                let block_sum = |(index, block): (usize, &B)| {
                    let mut weight_scales = [0.0; PANEL];
                    block.scales::<PlainLanes>().store(&mut weight_scales);
                    let sum: i64 = (0..PAIRS)
                        .map(|pair| {
                            product_of(
                                blocks[index][pair],
                                block.line::<PlainWholeLanes>(pair).lane(out % PANEL),
                            )
                        })
                        .sum();
                    sum as f64 * f64::from(weight_scales[out % PANEL]) * f64::from(scales[index])
                };
                products.push(weights.panel(out / PANEL).iter().enumerate().map(block_sum).sum());
            }
        }
        products
    }

    fn product_of(a: Pair, b: Pair) -> i64 {
        let [a_low, b_low] = [a, b].map(|pair| i64::from(pair << 16 >> 16));
        a_low * b_low + i64::from(a >> 16) * i64::from(b >> 16)
    }

    /// The error of all numbers together, relative to their size.
    fn relative_error(got: &[f32], wanted: &[f64]) -> f64 {
        let error: f64 = got.iter().zip(wanted).map(|(got, wanted)| (f64::from(*got) - wanted).powi(2)).sum();
        (error / wanted.iter().map(|wanted| wanted * wanted).sum::<f64>()).sqrt()
    }

    fn check_shape<B: WeightBlock<PAIRS>, const PAIRS: usize>(
        [num_rows, num_in, num_out]: [usize; 3],
        tolerance: f64,
    ) {
        let (rows, numbers) = (numbers(num_rows * num_in, 1), numbers(num_out * num_in, 2));
        let weights = FixedPoint::<B, PAIRS>::from_rows(
            num_in,
            numbers.chunks_exact(num_in).map(|row| row.iter().copied()),
        );
        for isa in Isa::all() {
            let got = product(isa, &rows, &weights);
            let shape = format!("{num_rows}x{num_in}x{num_out} on {}", isa.name());
            let rounding = relative_error(&got, &whole(&rows, &weights));
            assert!(rounding < 1e-6, "{shape}: {rounding:.1e} from the plain twin");
            let error = relative_error(&got, &exact(&rows, &numbers, num_in));
            assert!(error < tolerance, "{shape}: {error:.1e}");
        }
    }

    #[test]
    fn products_agree_with_the_plain_twin_on_odd_shapes() {
        let sizes = [16, 1, 2, 5, 6, 7, 12, 13, 33, 48, 100, 385];
        for (index, num_rows) in sizes.into_iter().enumerate() {
            let shape = [num_rows, sizes[(index * 5 + 3) % 12] + 30, sizes[(index * 7 + 1) % 12]];
            check_shape::<Int16Block, 64>(shape, 3e-4);
            check_shape::<Q8Block, 16>(shape, 1.2e-2);
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_company() {
        let (num_in, num_out) = (400, 70);
        let (rows, weights) = (numbers(120 * num_in, 3), numbers(num_out * num_in, 4));
        let weights = || weights.chunks_exact(num_in).map(|row| row.iter().copied());
        let (int16, q8_0) = (Int16::from_rows(num_in, weights()), Q8_0::from_rows(num_in, weights()));
        for isa in Isa::all() {
            let together = [product(isa, &rows, &int16), product(isa, &rows, &q8_0)];
            for count in [1, 2, 3, 4, 5, 8, 13, 50] {
                let rows = &rows[7 * num_in..(7 + count) * num_in];
                let alone = [product(isa, rows, &int16), product(isa, rows, &q8_0)];
                for (together, alone) in together.iter().zip(alone) {
                    assert!(alone == together[7 * num_out..(7 + count) * num_out], "{count} rows, {isa:?}");
                }
            }
        }
    }

    /// The largest sums that there can be: nothing wraps around, whatever the weights' distribution.
    #[test]
    fn sums_do_not_overflow() {
        let num_in = 256;
        let shapes: [&dyn Fn(usize) -> f32; 4] =
            [&|_| 1.0, &|_| -1.0, &|at| if at % 128 == 5 { 3.0 } else { 0.0 }, &|at| {
                1.0 / (1 + at % 7) as f32
            }];
        for (row, weight) in shapes.iter().flat_map(|row| shapes.iter().map(move |weight| (row, weight))) {
            let row: Vec<f32> = (0..num_in).map(row).collect();
            let weight: Vec<f32> = (0..num_in).map(weight).collect();
            let wanted = exact(&row, &weight, num_in);
            for isa in Isa::all() {
                let int16 = product(isa, &row, &Int16::from_rows(num_in, rows_of_one(&weight)));
                let q8_0 = product(isa, &row, &Q8_0::from_rows(num_in, rows_of_one(&weight)));
                assert!(relative_error(&int16, &wanted) < 1e-3, "{int16:?} {wanted:?}");
                assert!(relative_error(&q8_0, &wanted) < 1e-2, "{q8_0:?} {wanted:?}");
            }
        }
    }

    fn rows_of_one(weights: &[f32]) -> std::array::IntoIter<Vec<f32>, 1> {
        [weights.to_vec()].into_iter()
    }

    #[test]
    fn zeros_and_numbers_next_to_nothing_give_zero() {
        let tiny = [0.0, 1e-38, -1e-40, 0.0];
        for isa in Isa::all() {
            assert_eq!(product(isa, &tiny, &Int16::from_rows(4, rows_of_one(&[1.0; 4]))), [0.0]);
            assert_eq!(product(isa, &[1.0; 4], &Int16::from_rows(4, rows_of_one(&tiny))), [0.0]);
            assert_eq!(product(isa, &[1.0; 4], &Q8_0::from_rows(4, rows_of_one(&tiny))), [0.0]);
        }
    }
}
