//! Rows times packed weights, with what follows a linear layer done on the way out.

use rayon::prelude::*;

use super::elementwise::gelu_line;
use super::isa::{Isa, for_each_isa, multiply_add};
use super::packed::{PANEL, Packed, Stored, widen};

/// Lines that stay in the first-level cache: 24 KiB.
const INNER_BLOCK: usize = 384;
/// Rows that pass over a panel while it is in the cache. A multiple of the rows of any kernel call.
const ROW_BLOCK: usize = 96;

/// What happens to a product before it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then<'a> {
    /// Nothing.
    Store,
    /// Added to what the output holds: a residual connection.
    Add,
    /// Plus the bias.
    Bias(&'a [f32]),
    /// Plus the bias, added to what the output holds.
    BiasAdd(&'a [f32]),
    /// Plus the bias, through GELU (tanh form).
    BiasGelu(&'a [f32]),
}

/// Rows of numbers that lie `stride` apart: `(num_rows, width)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// The numbers; the last row may end before its stride does.
    pub(crate) data: &'a [f32],
    /// From the start of one row to that of the next.
    pub(crate) stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows without gaps.
    pub(crate) fn dense(data: &'a [f32], width: usize) -> Self {
        Self { data, stride: width }
    }

    fn row(&self, index: usize, from: usize, length: usize) -> &'a [f32] {
        &self.data[index * self.stride + from..][..length]
    }

    fn skip(&self, num_rows: usize) -> Self {
        Self { data: &self.data[(num_rows * self.stride).min(self.data.len())..], stride: self.stride }
    }
}

/// Rows of numbers to be filled, `stride` apart: `(num_rows, width)`.
#[derive(Debug)]
pub(crate) struct RowsMut<'a> {
    /// The numbers; the last row may end before its stride does.
    pub(crate) data: &'a mut [f32],
    /// From the start of one row to that of the next.
    pub(crate) stride: usize,
    /// How much of each row is filled.
    pub(crate) width: usize,
}

impl<'a> RowsMut<'a> {
    /// Rows without gaps.
    pub(crate) fn dense(data: &'a mut [f32], width: usize) -> Self {
        Self { data, stride: width, width }
    }
}

/// The columns of the weights from `first_panel` on, and the first `num_in` of their inner dimension.
#[derive(Clone, Copy)]
struct Part<'a, T> {
    weights: &'a Packed<T>,
    num_in: usize,
    first_panel: usize,
}

/// `output = rows * weights`, `(num_rows, num_in) x (num_out, num_in)ᵀ → (num_rows, num_out)`, on the
/// threads of the current pool. The output has no gaps between its rows.
///
/// Many rows are split by rows, few rows by output columns; the numbers are the same either way.
pub(crate) fn matmul<T: Stored>(
    isa: Isa,
    rows: Rows<'_>,
    weights: &Packed<T>,
    output: &mut [f32],
    then: Then<'_>,
) {
    let num_out = weights.num_out();
    let num_rows = output.len() / num_out.max(1);
    let num_threads = rayon::current_num_threads();
    if num_rows >= ROW_BLOCK * num_threads.min(2) {
        let chunks = output.par_chunks_mut(ROW_BLOCK * num_out).enumerate();
        chunks.for_each(|(index, output)| {
            let part = Part { weights, num_in: weights.num_in(), first_panel: 0 };
            row_block(isa, rows.skip(index * ROW_BLOCK), part, RowsMut::dense(output, num_out), then);
        });
    } else if num_rows > 1 {
        // A few rows: each is cut into columns below, one row after the other would read the weights
        // again and again, so the columns are computed into their own buffers and then put in place.
        few_rows(isa, rows, weights, output, then);
    } else {
        let panels_per_task = panels_per_task(num_out, num_threads);
        let chunks = output.par_chunks_mut(panels_per_task * PANEL).enumerate();
        chunks.for_each(|(index, output)| {
            let part = Part { weights, num_in: weights.num_in(), first_panel: index * panels_per_task };
            let width = output.len();
            row_block(isa, rows, part, RowsMut::dense(output, width), then);
        });
    }
}

/// The same on the calling thread alone and for a part of the weights: the first `num_in` of their
/// inner dimension and as many output columns as the output's rows are wide.
pub(crate) fn block<T: Stored>(
    isa: Isa,
    rows: Rows<'_>,
    weights: &Packed<T>,
    num_in: usize,
    output: RowsMut<'_>,
    then: Then<'_>,
) {
    let part = Part { weights, num_in, first_panel: 0 };
    let RowsMut { data, stride, width } = output;
    for (index, data) in data.chunks_mut(ROW_BLOCK * stride).enumerate() {
        let output = RowsMut { data, stride, width };
        row_block(isa, rows.skip(index * ROW_BLOCK), part, output, then);
    }
}

fn panels_per_task(num_out: usize, num_threads: usize) -> usize {
    // Two tasks a thread: a thread that the system takes away does not hold up the rest for long.
    num_out.div_ceil(PANEL).div_ceil(2 * num_threads).max(1)
}

/// Splits the columns over threads; each computes its columns of all rows.
fn few_rows<T: Stored>(isa: Isa, rows: Rows<'_>, weights: &Packed<T>, output: &mut [f32], then: Then<'_>) {
    let num_out = weights.num_out();
    let num_rows = output.len() / num_out;
    let panels_per_task = panels_per_task(num_out, rayon::current_num_threads());
    let width = panels_per_task * PANEL;
    let source = &*output;
    let parts: Vec<Vec<f32>> = (0..num_out.div_ceil(width))
        .into_par_iter()
        .map(|task| {
            let from = task * width;
            let count = width.min(num_out - from);
            let mut part = vec![0.0; num_rows * count];
            for (part, row) in part.chunks_exact_mut(count).zip(source.chunks_exact(num_out)) {
                part.copy_from_slice(&row[from..from + count]);
            }
            let panels = Part { weights, num_in: weights.num_in(), first_panel: task * panels_per_task };
            row_block(isa, rows, panels, RowsMut::dense(&mut part, count), then);
            part
        })
        .collect();
    for (task, part) in parts.iter().enumerate() {
        let from = task * width;
        let count = part.len() / num_rows;
        for (part, row) in part.chunks_exact(count).zip(output.chunks_exact_mut(num_out)) {
            row[from..from + count].copy_from_slice(part);
        }
    }
}

/// Some rows (at most [`ROW_BLOCK`] keep the cache warm) times a part of the weights.
///
/// A kernel call computes `N` rows of `P` panels, as many as fill the registers. Few rows are computed
/// with more panels: a single row has only one chain of additions a panel to keep the multipliers busy
/// with, which would make it slower than the memory is.
fn row_block<T: Stored>(isa: Isa, rows: Rows<'_>, part: Part<'_, T>, output: RowsMut<'_>, then: Then<'_>) {
    let num_rows = (output.data.len() + output.stride - output.width) / output.stride;
    match num_rows {
        1 => few_rows_block::<T, 4, 1>(isa, rows, part, output, then),
        2 => few_rows_block::<T, 2, 2>(isa, rows, part, output, then),
        3 => few_rows_block::<T, 2, 3>(isa, rows, part, output, then),
        4 => few_rows_block::<T, 1, 4>(isa, rows, part, output, then),
        5 => few_rows_block::<T, 1, 5>(isa, rows, part, output, then),
        _ if isa.is_wide() => many_rows_block::<T, 2, 8>(isa, rows, part, output, num_rows, then),
        _ => many_rows_block::<T, 1, 6>(isa, rows, part, output, num_rows, then),
    }
}

/// Over parts of the inner dimension whose weights stay in the cache while all rows pass.
fn many_rows_block<T: Stored, const P: usize, const N: usize>(
    isa: Isa,
    rows: Rows<'_>,
    part: Part<'_, T>,
    output: RowsMut<'_>,
    num_rows: usize,
    then: Then<'_>,
) {
    let RowsMut { data: output, stride, width } = output;
    let num_panels = width.div_ceil(PANEL);
    let groups = interleave::<N>(rows, num_rows, part.num_in);
    let mut sums = vec![[[[0.0f32; PANEL]; P]; N]; num_rows.div_ceil(N)];
    let inner_block = INNER_BLOCK / P;
    let mut room = vec![[0.0f32; PANEL]; INNER_BLOCK];
    for first in (0..num_panels).step_by(P) {
        sums.fill([[[0.0; PANEL]; P]; N]);
        // Where the panels do not come out even, the last one is computed twice and stored once.
        let panels: [&[T]; P] = std::array::from_fn(|index| {
            part.weights.panel(part.first_panel + (first + index).min(num_panels - 1))
        });
        for from in (0..part.num_in).step_by(inner_block) {
            let length = inner_block.min(part.num_in - from);
            let mut rooms = room.chunks_mut(inner_block);
            let lines: [&[[f32; PANEL]]; P] = panels.map(|panel| {
                let stored = &panel[from / T::LINES..(from + length).div_ceil(T::LINES)];
                let room = rooms.next().unwrap_or_default();
                T::as_lines(stored).unwrap_or_else(|| {
                    widen(isa, stored, room);
                    &room[..length]
                })
            });
            for (rows, sums) in groups.chunks_exact(part.num_in).zip(&mut sums) {
                accumulate_for(isa, &rows[from..from + length], &lines, sums);
            }
        }
        for (row, sums) in sums.iter_mut().flatten().take(num_rows).enumerate() {
            for (sums, column) in sums.iter_mut().zip((first * PANEL..width).step_by(PANEL)) {
                let place = &mut output[row * stride + column..][..PANEL.min(width - column)];
                store(isa, sums, place, part.first_panel * PANEL + column, then);
            }
        }
    }
}

/// Groups of `N` rows, number by number, so that a kernel call reads them in one stream. The last group
/// is filled up with zeros.
fn interleave<const N: usize>(rows: Rows<'_>, num_rows: usize, width: usize) -> Vec<[f32; N]> {
    let mut groups = vec![[0.0; N]; num_rows.div_ceil(N) * width];
    for (index, group) in groups.chunks_exact_mut(width).enumerate() {
        for row in 0..N.min(num_rows - index * N) {
            for (numbers, number) in group.iter_mut().zip(rows.row(index * N + row, 0, width)) {
                numbers[row] = *number;
            }
        }
    }
    groups
}

/// `N` rows, `P` panels at a time; what is left over of the panels one at a time. Weights are widened
/// as they are read.
fn few_rows_block<T: Stored, const P: usize, const N: usize>(
    isa: Isa,
    rows: Rows<'_>,
    part: Part<'_, T>,
    output: RowsMut<'_>,
    then: Then<'_>,
) {
    let RowsMut { data: output, stride, width } = output;
    let num_panels = width.div_ceil(PANEL);
    let together = num_panels / P * P;
    let rows = interleave::<N>(rows, N, part.num_in);
    let panel =
        |index: usize| &part.weights.panel(part.first_panel + index)[..part.num_in.div_ceil(T::LINES)];
    let mut finish = |panel_idx: usize, row: usize, sums: &mut [f32; PANEL]| {
        let column = panel_idx * PANEL;
        let count = PANEL.min(width - column);
        let place = &mut output[row * stride + column..][..count];
        store(isa, sums, place, part.first_panel * PANEL + column, then);
    };
    for first in (0..together).step_by(P) {
        let mut sums = [[[0.0f32; PANEL]; P]; N];
        let panels: [&[T]; P] = std::array::from_fn(|index| panel(first + index));
        accumulate_for(isa, &rows, &panels, &mut sums);
        for (row, sums) in sums.iter_mut().enumerate() {
            for (index, sums) in sums.iter_mut().enumerate() {
                finish(first + index, row, sums);
            }
        }
    }
    for index in together..num_panels {
        let mut sums = [[[0.0f32; PANEL]; 1]; N];
        accumulate_for(isa, &rows, &[panel(index)], &mut sums);
        for (row, [sums]) in sums.iter_mut().enumerate() {
            finish(index, row, sums);
        }
    }
}

for_each_isa! {
    fn accumulate_for[T: Stored, const P: usize, const N: usize](
        rows: &[[f32; N]],
        panels: &[&[T]; P],
        sums: &mut [[[f32; PANEL]; P]; N],
    ) = accumulate::<T, P, N>
}

/// Adds `number * line` for every number of the rows and every line of up to four panels.
///
/// Everything is walked by iterators: with an index into several slices, the compiler leaves a check of
/// each inside the loop.
#[inline(always)]
fn accumulate<const FMA: bool, T: Stored, const P: usize, const N: usize>(
    rows: &[[f32; N]],
    panels: &[&[T]; P],
    sums: &mut [[[f32; PANEL]; P]; N],
) {
    const { assert!(P > 0 && P <= 4) }
    let mut accumulators = *sums;
    let [a, b, c, d] = [panels[0], panels[1 % P], panels[2 % P], panels[3 % P]];
    let stored = a.iter().zip(b).zip(c.iter().zip(d));
    if T::LINES == 1 {
        for (row, ((a, b), (c, d))) in rows.iter().zip(stored) {
            let lines = [a, b, c, d].map(|stored| stored.line(0, &stored.scales()));
            add_row::<FMA, P, N>(row, &lines, &mut accumulators);
        }
    } else {
        for (rows, ((a, b), (c, d))) in rows.chunks(T::LINES).zip(stored) {
            let scales = [a, b, c, d].map(T::scales);
            for (index, row) in rows.iter().enumerate() {
                let [a_scales, b_scales, c_scales, d_scales] = &scales;
                let lines = [
                    a.line(index, a_scales),
                    b.line(index, b_scales),
                    c.line(index, c_scales),
                    d.line(index, d_scales),
                ];
                add_row::<FMA, P, N>(row, &lines, &mut accumulators);
            }
        }
    }
    *sums = accumulators;
}

/// Written out instead of in loops: the compiler would make vectors across the rows, not along the lines.
#[inline(always)]
fn add_row<const FMA: bool, const P: usize, const N: usize>(
    row: &[f32; N],
    lines: &[[f32; PANEL]; 4],
    sums: &mut [[[f32; PANEL]; P]; N],
) {
    const { assert!(N <= 8) }
    macro_rules! add_line {
        ($row:literal: $($panel:literal)+) => {
            $(if $row < N && $panel < P {
                for (sum, weight) in sums[$row][$panel].iter_mut().zip(lines[$panel]) {
                    *sum = multiply_add::<FMA>(row[$row], weight, *sum);
                }
            })+
        };
    }
    add_line!(0: 0 1 2 3);
    add_line!(1: 0 1 2 3);
    add_line!(2: 0 1 2 3);
    add_line!(3: 0 1 2 3);
    add_line!(4: 0 1 2 3);
    add_line!(5: 0 1 2 3);
    add_line!(6: 0 1 2 3);
    add_line!(7: 0 1 2 3);
}

fn store(isa: Isa, sums: &mut [f32; PANEL], place: &mut [f32], column: usize, then: Then<'_>) {
    let biased = |sums: &mut [f32; PANEL], bias: &[f32]| {
        for (sum, bias) in sums.iter_mut().zip(&bias[column..]) {
            *sum += bias;
        }
    };
    match then {
        Then::Store | Then::Add => {}
        Then::Bias(bias) | Then::BiasAdd(bias) => biased(sums, bias),
        Then::BiasGelu(bias) => {
            biased(sums, bias);
            gelu_line(isa, sums);
        }
    }
    match then {
        Then::Store | Then::Bias(_) | Then::BiasGelu(_) => place.copy_from_slice(&sums[..place.len()]),
        Then::Add | Then::BiasAdd(_) => {
            for (place, sum) in place.iter_mut().zip(sums) {
                *place += *sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;
    use crate::model::kernels::packed::{Bf16Line, F32Line};

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let number = |at: usize| ((at * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
        (0..count).map(number).collect()
    }

    fn packed(weights: &[f32], num_in: usize) -> Packed<F32Line> {
        Packed::from_rows(num_in, weights.chunks_exact(num_in).map(|row| row.iter().copied()))
    }

    /// The plain twin, in f64.
    fn plain(rows: &[f32], weights: &[f32], num_in: usize) -> Vec<f64> {
        let dot = |row: &[f32], weight: &[f32]| -> f64 {
            row.iter().zip(weight).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let products = rows
            .chunks_exact(num_in)
            .flat_map(|row| weights.chunks_exact(num_in).map(move |weight| dot(row, weight)));
        products.collect()
    }

    fn check(isa: Isa, num_rows: usize, num_in: usize, num_out: usize) {
        let (rows, weights) = (numbers(num_rows * num_in, 1), numbers(num_out * num_in, 2));
        let mut output = vec![0.0; num_rows * num_out];
        matmul(isa, Rows::dense(&rows, num_in), &packed(&weights, num_in), &mut output, Then::Store);
        for (got, wanted) in output.iter().zip(plain(&rows, &weights, num_in)) {
            // One part in 2^23 for each of num_in roundings, which mostly cancel, of sums up to num_in.
            let tolerance = 1e-6 + 1.2e-7 * num_in as f64;
            assert!(
                (f64::from(*got) - wanted).abs() < tolerance * 2.0,
                "{num_rows}x{num_in}x{num_out}: {got} {wanted}"
            );
        }
    }

    #[test]
    fn products_agree_with_the_plain_twin_on_odd_shapes() {
        for isa in Isa::all() {
            let sizes = [1, 2, 5, 6, 7, 12, 16, 17, 48, 49, 100, 385];
            for (index, num_rows) in sizes.into_iter().enumerate() {
                let (num_in, num_out) = (sizes[(index * 5 + 3) % 12], sizes[(index * 7 + 1) % 12]);
                check(isa, num_rows, num_in, num_out);
                check(isa, num_rows, num_out, num_in);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_company() {
        let (num_in, num_out) = (400, 70);
        let (rows, weights) = (numbers(120 * num_in, 3), packed(&numbers(num_out * num_in, 4), num_in));
        let isa = Isa::detect();
        let mut together = vec![0.0; 120 * num_out];
        matmul(isa, Rows::dense(&rows, num_in), &weights, &mut together, Then::Store);
        for count in [1, 2, 3, 8, 50] {
            let mut alone = vec![0.0; count * num_out];
            let rows = Rows::dense(&rows[7 * num_in..], num_in);
            matmul(isa, rows, &weights, &mut alone, Then::Store);
            assert!(alone == together[7 * num_out..(7 + count) * num_out], "{count} rows");
        }
    }

    #[test]
    fn bf16_is_exact_where_the_weights_are() {
        let (num_in, num_out) = (96, 33);
        let rounded: Vec<bf16> = numbers(num_out * num_in, 5).into_iter().map(bf16::from_f32).collect();
        let wide: Vec<f32> = rounded.iter().map(|weight| weight.to_f32()).collect();
        let narrow: Packed<Bf16Line> =
            Packed::from_rows(num_in, rounded.chunks_exact(num_in).map(|row| row.iter().copied()));
        let rows = numbers(9 * num_in, 6);
        let (mut a, mut b) = (vec![0.0; 9 * num_out], vec![0.0; 9 * num_out]);
        matmul(Isa::detect(), Rows::dense(&rows, num_in), &packed(&wide, num_in), &mut a, Then::Store);
        matmul(Isa::detect(), Rows::dense(&rows, num_in), &narrow, &mut b, Then::Store);
        assert!(a == b);
    }

    #[test]
    fn what_follows_a_product_is_done_once_for_each_number() {
        let (num_in, num_out, num_rows) = (20, 37, 60);
        let (rows, weights) = (numbers(num_rows * num_in, 7), numbers(num_out * num_in, 8));
        let (bias, before) = (numbers(num_out, 9), numbers(num_rows * num_out, 10));
        let products = plain(&rows, &weights, num_in);
        let gelu = |x: f64| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x * x * x)).tanh());
        let check = |then: Then<'_>, wanted: &dyn Fn(usize) -> f64| {
            let mut output = before.clone();
            matmul(Isa::detect(), Rows::dense(&rows, num_in), &packed(&weights, num_in), &mut output, then);
            for (at, got) in output.iter().enumerate() {
                assert!(
                    (f64::from(*got) - wanted(at)).abs() < 1e-5,
                    "{then:?} at {at}: {got} {}",
                    wanted(at)
                );
            }
        };
        let bias_at = |at: usize| f64::from(bias[at % num_out]);
        check(Then::Add, &|at| products[at] + f64::from(before[at]));
        check(Then::Bias(&bias), &|at| products[at] + bias_at(at));
        check(Then::BiasAdd(&bias), &|at| products[at] + bias_at(at) + f64::from(before[at]));
        check(Then::BiasGelu(&bias), &|at| gelu(products[at] + bias_at(at)));
    }
}
