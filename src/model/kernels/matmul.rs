//! Rows times packed weights, with what follows a linear layer done on the way out.

use rayon::prelude::*;

use super::isa::Isa;
use super::packed::{PANEL, Packed, Stored};
use super::tile::row_block;

/// Rows that pass over a panel while it is in the cache. A multiple of what one kernel call computes.
const ROW_BLOCK: usize = 48;
/// Of rows that pass over all panels: they stay in the second-level cache.
const CACHED_BYTES: usize = 768 * 1024;

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

    pub(super) fn row(&self, index: usize, from: usize, length: usize) -> &'a [f32] {
        &self.data[index * self.stride + from..][..length]
    }

    /// The same rows, copied to `room` if they would fall on the same lines of the first-level cache.
    fn spread<'b>(self, width: usize, num_rows: usize, room: &'b mut Vec<f32>) -> Rows<'b>
    where
        'a: 'b,
    {
        let stride = spread_stride(self.stride);
        if stride == self.stride {
            return self;
        }
        room.resize(num_rows * stride, 0.0);
        for (row, place) in room.chunks_exact_mut(stride).enumerate() {
            place[..width].copy_from_slice(self.row(row, 0, width));
        }
        Rows { data: room, stride }
    }

    fn skip(&self, num_rows: usize) -> Self {
        Self { data: &self.data[(num_rows * self.stride).min(self.data.len())..], stride: self.stride }
    }
}

/// A distance between rows, at least this one, at which rows do not fall on the same lines of the first-level cache,
/// which holds no more than eight of them: numbers 4096 bytes apart do.
pub(super) fn spread_stride(stride: usize) -> usize {
    const SAME_LINE: usize = 1024;
    if stride.is_multiple_of(SAME_LINE) { stride + PANEL } else { stride }
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

    /// How many there are.
    pub(super) fn num_rows(&self) -> usize {
        (self.data.len() + self.stride - self.width) / self.stride
    }
}

/// The columns of the weights from `first_panel` on, and the first `num_in` of their inner dimension.
#[derive(Clone, Copy)]
pub(super) struct Part<'a, T> {
    pub(super) weights: &'a Packed<T>,
    pub(super) num_in: usize,
    pub(super) first_panel: usize,
}

/// `output = rows * weights`, `(num_rows, num_in) x (num_out, num_in)ᵀ → (num_rows, num_out)`, on the
/// threads of the current pool. The output has no gaps between its rows.
pub(crate) fn matmul<T: Stored>(
    isa: Isa,
    rows: Rows<'_>,
    weights: &Packed<T>,
    output: &mut [f32],
    then: Then<'_>,
) {
    let num_in = weights.num_in();
    on_threads(num_in * size_of::<f32>(), weights.num_out(), output, |share, output| {
        let num_rows = output.num_rows();
        let mut room = Vec::new();
        let rows = rows.skip(share.first_row);
        // Few rows are in the cache whatever their distance.
        let rows = if num_rows < ROW_BLOCK { rows } else { rows.spread(num_in, num_rows, &mut room) };
        let part = Part { weights, num_in, first_panel: share.first_panel };
        row_block(isa, rows, part, output, then);
    });
}

/// What one task computes of a product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Of the rows.
    pub(super) first_row: usize,
    /// Of the weights.
    pub(super) first_panel: usize,
}

/// Has the shares of a product computed on the threads of the current pool. The output is `(num_rows, num_out)`,
/// and each row has `row_bytes` that are multiplied.
///
/// Many rows are split by rows, few rows by output columns; the numbers have to be the same either way.
pub(super) fn on_threads(
    row_bytes: usize,
    num_out: usize,
    output: &mut [f32],
    compute: impl Fn(Share, RowsMut<'_>) + Sync,
) {
    let num_rows = output.len() / num_out.max(1);
    let num_threads = rayon::current_num_threads();
    if num_rows >= ROW_BLOCK * num_threads.min(2) {
        let rows_per_task = rows_per_task(num_rows, row_bytes, num_threads);
        output.par_chunks_mut(rows_per_task * num_out).enumerate().for_each(|(index, output)| {
            let share = Share { first_row: index * rows_per_task, first_panel: 0 };
            compute(share, RowsMut::dense(output, num_out));
        });
    } else if num_rows > 1 {
        // A few rows: each is cut into columns below, one row after the other would read the weights
        // again and again, so the columns are computed into their own buffers and then put in place.
        few_rows(num_out, output, compute);
    } else {
        let panels_per_task = panels_per_task(num_out, num_threads);
        output.par_chunks_mut(panels_per_task * PANEL).enumerate().for_each(|(index, output)| {
            let width = output.len();
            let share = Share { first_row: 0, first_panel: index * panels_per_task };
            compute(share, RowsMut::dense(output, width));
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

/// As many rows as stay in the second-level cache, in equal shares for the threads.
fn rows_per_task(num_rows: usize, row_bytes: usize, num_threads: usize) -> usize {
    let share = num_rows.div_ceil(num_threads);
    let num_tasks = (share * row_bytes).div_ceil(CACHED_BYTES).clamp(1, share.div_ceil(ROW_BLOCK));
    num_rows.div_ceil(num_threads * num_tasks)
}

fn panels_per_task(num_out: usize, num_threads: usize) -> usize {
    // Two tasks a thread: a thread that the system takes away does not hold up the rest for long.
    num_out.div_ceil(PANEL).div_ceil(2 * num_threads).max(1)
}

/// Splits the columns over threads; each computes its columns of all rows.
fn few_rows(num_out: usize, output: &mut [f32], compute: impl Fn(Share, RowsMut<'_>) + Sync) {
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
            let share = Share { first_row: 0, first_panel: task * panels_per_task };
            compute(share, RowsMut::dense(&mut part, count));
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

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let number = |at: usize| ((at * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
        (0..count).map(number).collect()
    }

    fn packed(weights: &[f32], num_in: usize) -> Packed<f32> {
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
        let (num_in, num_out) = (1024, 70);
        let (rows, weights) = (numbers(120 * num_in, 3), packed(&numbers(num_out * num_in, 4), num_in));
        for isa in Isa::all() {
            let mut together = vec![0.0; 120 * num_out];
            matmul(isa, Rows::dense(&rows, num_in), &weights, &mut together, Then::Store);
            for count in [1, 2, 3, 8, 13, 50] {
                let mut alone = vec![0.0; count * num_out];
                let rows = Rows::dense(&rows[7 * num_in..], num_in);
                matmul(isa, rows, &weights, &mut alone, Then::Store);
                assert!(alone == together[7 * num_out..(7 + count) * num_out], "{count} rows, {isa:?}");
            }
        }
    }

    #[test]
    fn instruction_sets_with_a_fused_multiply_add_give_the_same_bits() {
        let (num_in, num_out) = (400, 70);
        let (rows, weights) = (numbers(50 * num_in, 3), packed(&numbers(num_out * num_in, 4), num_in));
        let products = |isa: &Isa| {
            let mut output = vec![0.0; 50 * num_out];
            matmul(*isa, Rows::dense(&rows, num_in), &weights, &mut output, Then::Store);
            output
        };
        let all = Isa::all();
        let fused: Vec<_> = all.iter().filter(|isa| **isa != Isa::baseline()).map(products).collect();
        assert!(fused.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    }

    #[test]
    fn bf16_is_exact_where_the_weights_are() {
        let (num_in, num_out) = (96, 33);
        let rounded: Vec<bf16> = numbers(num_out * num_in, 5).into_iter().map(bf16::from_f32).collect();
        let wide: Vec<f32> = rounded.iter().map(|weight| weight.to_f32()).collect();
        let narrow = Packed::from_rows(num_in, rounded.chunks_exact(num_in).map(|row| row.iter().copied()));
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
