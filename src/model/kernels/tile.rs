//! A block of rows times a part of the weights, in tiles of accumulators that stay in registers.

use super::elementwise::gelu;
use super::isa::{Instructions, Isa, for_each_isa};
use super::lanes::Lanes;
use super::matmul::{Part, Rows, RowsMut, Then};
use super::packed::{PANEL, Stored};

/// Numbers of weights that stay in the first-level cache: 24 KiB of its 32.
const CACHED_WEIGHTS: usize = 24 * 1024 / size_of::<f32>();

/// Some rows times a part of the weights.
///
/// For few rows, several panels are computed together: a single row has only two chains of additions
/// to keep the multipliers busy with, which would make it slower than the memory is.
pub(super) fn row_block<T: Stored>(
    isa: Isa,
    rows: Rows<'_>,
    part: Part<'_, T>,
    output: RowsMut<'_>,
    then: Then<'_>,
) {
    let num_rows = output.num_rows();
    // Accumulators and a line of weights for each panel fill the registers: thirty-two of a line each in AVX-512,
    // sixteen of half a line in AVX2.
    if isa.has_wide_registers() {
        match num_rows {
            1 => few_rows::<T, 4, 1>(isa, rows, part, output, then),
            2 => few_rows::<T, 4, 2>(isa, rows, part, output, then),
            3 => few_rows::<T, 4, 3>(isa, rows, part, output, then),
            4 => few_rows::<T, 4, 4>(isa, rows, part, output, then),
            5 => few_rows::<T, 2, 5>(isa, rows, part, output, then),
            6 => few_rows::<T, 2, 6>(isa, rows, part, output, then),
            7 => few_rows::<T, 2, 7>(isa, rows, part, output, then),
            8 => few_rows::<T, 2, 8>(isa, rows, part, output, then),
            9 => few_rows::<T, 2, 9>(isa, rows, part, output, then),
            10 => few_rows::<T, 2, 10>(isa, rows, part, output, then),
            11 => few_rows::<T, 2, 11>(isa, rows, part, output, then),
            12 => few_rows::<T, 2, 12>(isa, rows, part, output, then),
            _ => many_rows::<T, 2, 12>(isa, rows, part, output, then),
        }
    } else {
        match num_rows {
            1 => few_rows::<T, 4, 1>(isa, rows, part, output, then),
            2 => few_rows::<T, 2, 2>(isa, rows, part, output, then),
            3 => few_rows::<T, 2, 3>(isa, rows, part, output, then),
            4 => few_rows::<T, 1, 4>(isa, rows, part, output, then),
            5 => few_rows::<T, 1, 5>(isa, rows, part, output, then),
            6 => few_rows::<T, 1, 6>(isa, rows, part, output, then),
            _ => many_rows::<T, 1, 6>(isa, rows, part, output, then),
        }
    }
}

/// `P` panels at a time, and for them `N` rows at a time.
fn many_rows<T: Stored, const P: usize, const N: usize>(
    isa: Isa,
    rows: Rows<'_>,
    part: Part<'_, T>,
    mut output: RowsMut<'_>,
    then: Then<'_>,
) {
    let num_rows = output.num_rows();
    let num_panels = output.width.div_ceil(PANEL);
    let mut sums = vec![[[0.0f32; PANEL]; P]; num_rows];
    let inner_block = CACHED_WEIGHTS / PANEL / P;
    let mut room = vec![[0.0f32; PANEL]; inner_block * P];
    for first in (0..num_panels).step_by(P) {
        // A panel that is not there is computed as a copy of the last one and not stored.
        let panel = |index: usize| part.weights.panel(part.first_panel + (first + index).min(num_panels - 1));
        sums.fill([[0.0; PANEL]; P]);
        for from in (0..part.num_in).step_by(inner_block) {
            let length = inner_block.min(part.num_in - from);
            let mut rooms = room.chunks_exact_mut(inner_block);
            let lines: [&[[f32; PANEL]]; P] = std::array::from_fn(|index| {
                T::widen_all(isa, &panel(index)[from..from + length], rooms.next().unwrap_or_default())
            });
            let mut rest = sums.as_mut_slice();
            while !rest.is_empty() {
                // Equal groups: one of a row or two would not keep the multipliers busy.
                let first = num_rows - rest.len();
                let count = rest.len().div_ceil(rest.len().div_ceil(N));
                let (sums, after) = rest.split_at_mut(count);
                tile::<P>(isa, |index| rows.row(first + index, from, length), &lines, sums);
                rest = after;
            }
        }
        let place = Place { column: first * PANEL, bias_from: (part.first_panel + first) * PANEL };
        finish(isa, &mut sums, &mut output, place, then);
    }
}

/// Evaluates the expression with the slice of sums as an array, so that the number of rows is a constant in it; for one
/// to twelve rows, as many as there are registers for.
macro_rules! with_constant_count {
    ($sums:ident => $call:expr) => {
        $crate::model::kernels::tile::with_constant_count!($sums => $call, 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    ($sums:ident => $call:expr, $($count:literal)+) => {
        match $sums.len() {
            $($count => {
                if let Some($sums) = $sums.as_mut_array::<$count>() {
                    $call;
                }
            })+
            _ => {}
        }
    };
}
pub(super) use with_constant_count;

/// Adds the products of one inner block to the sums of some rows: the number of rows becomes a constant.
fn tile<'a, const P: usize>(
    isa: Isa,
    row: impl Fn(usize) -> &'a [f32],
    lines: &[&[[f32; PANEL]]; P],
    sums: &mut [[[f32; PANEL]; P]],
) {
    with_constant_count!(sums => accumulate_for(isa, &std::array::from_fn(row), lines, sums));
}

/// `N` rows, `P` panels at a time; what is left over of the panels one at a time. Weights are widened
/// as they are read.
fn few_rows<T: Stored, const P: usize, const N: usize>(
    isa: Isa,
    rows: Rows<'_>,
    part: Part<'_, T>,
    mut output: RowsMut<'_>,
    then: Then<'_>,
) {
    let num_panels = output.width.div_ceil(PANEL);
    let together = num_panels / P * P;
    let rows: [&[f32]; N] = std::array::from_fn(|index| rows.row(index, 0, part.num_in));
    let panel = |index: usize| &part.weights.panel(part.first_panel + index)[..part.num_in];
    let place = |first: usize| Place { column: first * PANEL, bias_from: (part.first_panel + first) * PANEL };
    for first in (0..together).step_by(P) {
        let mut sums = [[[0.0f32; PANEL]; P]; N];
        let panels: [&[[T; PANEL]]; P] = std::array::from_fn(|index| panel(first + index));
        accumulate_for(isa, &rows, &panels, &mut sums);
        finish(isa, &mut sums, &mut output, place(first), then);
    }
    for index in together..num_panels {
        let mut sums = [[[0.0f32; PANEL]; 1]; N];
        accumulate_for(isa, &rows, &[panel(index)], &mut sums);
        finish(isa, &mut sums, &mut output, place(index), then);
    }
}

for_each_isa! {
    fn accumulate_for[T: Stored, const P: usize, const N: usize](
        rows: &[&[f32]; N],
        panels: &[&[[T; PANEL]]; P],
        sums: &mut [[[f32; PANEL]; P]; N],
    ) = accumulate::<T, P, N>
}

/// Adds `row * line` for every line of the panels to the sums of every row and panel.
#[inline(always)]
fn accumulate<I: Instructions, T: Stored, const P: usize, const N: usize>(
    rows: &[&[f32]; N],
    panels: &[&[[T; PANEL]]; P],
    sums: &mut [[[f32; PANEL]; P]; N],
) {
    // One length for all, so that nothing is checked in the loop.
    let length = panels[0].len();
    assert!(rows.iter().all(|row| row.len() == length) && panels.iter().all(|lines| lines.len() == length));
    let mut accumulators = [[I::Lanes::splat(0.0); P]; N];
    for (accumulators, sums) in accumulators.iter_mut().zip(sums.iter()) {
        for (accumulator, sum) in accumulators.iter_mut().zip(sums) {
            *accumulator = I::Lanes::load(sum);
        }
    }
    for inner in 0..length {
        let mut lines = [I::Lanes::splat(0.0); P];
        for (line, panel) in lines.iter_mut().zip(panels) {
            #[expect(unsafe_code, reason = "the length has been looked at")]
            let stored = unsafe { panel.get_unchecked(inner) };
            *line = I::Lanes::load(&T::widen(stored));
        }
        for (accumulators, row) in accumulators.iter_mut().zip(rows) {
            #[expect(unsafe_code, reason = "the length has been looked at")]
            let number = I::Lanes::splat(unsafe { *row.get_unchecked(inner) });
            for (accumulator, line) in accumulators.iter_mut().zip(lines) {
                *accumulator = number.multiply_add(line, *accumulator);
            }
        }
    }
    for (accumulators, sums) in accumulators.into_iter().zip(sums) {
        for (accumulator, sum) in accumulators.into_iter().zip(sums) {
            accumulator.store(sum);
        }
    }
}

/// Where sums go.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Of the output.
    pub(super) column: usize,
    /// Of the weights: where their bias stands.
    pub(super) bias_from: usize,
}

for_each_isa! {
    /// Does what follows the product, and stores.
    pub(super) fn finish[const P: usize](
        sums: &mut [[[f32; PANEL]; P]],
        output: &mut RowsMut<'_>,
        place: Place,
        then: Then<'_>,
    ) = finish_each::<P>
}

#[inline(always)]
fn finish_each<I: Instructions, const P: usize>(
    sums: &mut [[[f32; PANEL]; P]],
    output: &mut RowsMut<'_>,
    place: Place,
    then: Then<'_>,
) {
    for (sums, row) in sums.iter_mut().zip(output.data.chunks_mut(output.stride)) {
        for (panel, sums) in sums.iter_mut().enumerate() {
            let column = place.column + panel * PANEL;
            let Some(rest) = row.get_mut(column..output.width).filter(|rest| !rest.is_empty()) else { break };
            let bias_from = place.bias_from + panel * PANEL;
            // Whole lines have a length that the compiler knows.
            if let Some(line) = rest.first_chunk_mut::<PANEL>() {
                finish_line::<I>(sums, line, bias_from, then);
            } else {
                finish_line::<I>(&mut sums[..rest.len()], rest, bias_from, then);
            }
        }
    }
}

#[inline(always)]
fn finish_line<I: Instructions>(sums: &mut [f32], line: &mut [f32], bias_from: usize, then: Then<'_>) {
    match then {
        Then::Store | Then::Add => {}
        Then::Bias(bias) | Then::BiasAdd(bias) | Then::BiasGelu(bias) => {
            for (sum, bias) in sums.iter_mut().zip(&bias[bias_from..][..line.len()]) {
                *sum += bias;
            }
        }
    }
    for (number, sum) in line.iter_mut().zip(sums) {
        match then {
            Then::Store | Then::Bias(_) => *number = *sum,
            Then::BiasGelu(_) => *number = gelu::<I>(*sum),
            Then::Add | Then::BiasAdd(_) => *number += *sum,
        }
    }
}
