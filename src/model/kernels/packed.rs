//! Weight matrices in the order in which the kernels read them.

use half::bf16;

use super::isa::for_each_isa;

/// Columns of the product that are computed together: two AVX2 or four NEON registers.
pub(crate) const PANEL: usize = 16;

/// Weights of [`PANEL`] output columns for one number of the row, exact.
pub(crate) type F32Line = [f32; PANEL];
/// Half the memory traffic of `f32`, and exact for a checkpoint that is stored in bf16.
pub(crate) type Bf16Line = [bf16; PANEL];

/// Some lines of a panel, as they are stored.
pub(crate) trait Stored: Copy + Send + Sync + 'static {
    /// What a matrix is made of before it is packed.
    type Number: Copy;
    /// See [`Stored::scales`].
    type Scales;
    /// Lines that are stored together. It divides every block of the inner dimension.
    const LINES: usize;
    /// All zeros.
    const ZERO: Self;

    /// What all its lines need to be widened.
    fn scales(&self) -> Self::Scales;

    /// The exact values of one of its lines.
    fn line(&self, index: usize, scales: &Self::Scales) -> [f32; PANEL];

    /// Fills one column of as many of these as the row needs.
    fn put_row(column: usize, row: impl Iterator<Item = Self::Number>, to: &mut [Self]);

    /// The lines themselves, where they are stored as they are used.
    fn as_lines(stored: &[Self]) -> Option<&[[f32; PANEL]]> {
        let _ = stored;
        None
    }
}

impl Stored for F32Line {
    type Number = f32;
    type Scales = ();
    const LINES: usize = 1;
    const ZERO: Self = [0.0; PANEL];

    #[inline(always)]
    fn scales(&self) {}

    #[inline(always)]
    fn line(&self, _: usize, (): &()) -> [f32; PANEL] {
        *self
    }

    fn put_row(column: usize, row: impl Iterator<Item = f32>, to: &mut [Self]) {
        put_numbers(column, row, to);
    }

    fn as_lines(stored: &[Self]) -> Option<&[[f32; PANEL]]> {
        Some(stored)
    }
}

impl Stored for Bf16Line {
    type Number = bf16;
    type Scales = ();
    const LINES: usize = 1;
    const ZERO: Self = [bf16::ZERO; PANEL];

    #[inline(always)]
    fn scales(&self) {}

    #[inline(always)]
    fn line(&self, _: usize, (): &()) -> [f32; PANEL] {
        self.map(|value| f32::from_bits(u32::from(value.to_bits()) << 16))
    }

    fn put_row(column: usize, row: impl Iterator<Item = bf16>, to: &mut [Self]) {
        put_numbers(column, row, to);
    }
}

fn put_numbers<N>(column: usize, row: impl Iterator<Item = N>, lines: &mut [[N; PANEL]]) {
    for (line, number) in lines.iter_mut().zip(row) {
        line[column] = number;
    }
}

for_each_isa! {
    /// The exact values of stored lines; `wide` is as long as they.
    pub(super) fn widen[T: Stored](stored: &[T], wide: &mut [[f32; PANEL]]) = widen_each::<T>
}

#[inline(always)]
fn widen_each<const FMA: bool, T: Stored>(stored: &[T], wide: &mut [[f32; PANEL]]) {
    for (stored, wide) in stored.iter().zip(wide.chunks_mut(T::LINES)) {
        let scales = stored.scales();
        for (index, wide) in wide.iter_mut().enumerate() {
            *wide = stored.line(index, &scales);
        }
    }
}

/// A weight matrix `(num_out, num_in)`, packed once: panels of [`PANEL`] output columns, in each panel
/// the inner dimension runs slowest. The last panel is filled up with zeros, and so is the last `T`.
#[derive(Clone, Debug)]
pub(crate) struct Packed<T> {
    num_in: usize,
    num_out: usize,
    /// `num_panels * num_in / T::LINES`, rounded up in each panel.
    stored: Vec<T>,
}

impl<T: Stored> Packed<T> {
    /// From a row-major matrix `(num_out, num_in)`, given as one iterator per output row.
    pub(crate) fn from_rows<R: IntoIterator<Item = T::Number>>(
        num_in: usize,
        rows: impl ExactSizeIterator<Item = R>,
    ) -> Self {
        let mut packed = Self::zeros(num_in, rows.len());
        for (out, row) in rows.enumerate() {
            T::put_row(out % PANEL, row.into_iter(), packed.panel_mut(out / PANEL));
        }
        packed
    }

    /// All zeros, to be filled in place.
    pub(crate) fn zeros(num_in: usize, num_out: usize) -> Self {
        let stored = vec![T::ZERO; num_out.div_ceil(PANEL) * num_in.div_ceil(T::LINES)];
        Self { num_in, num_out, stored }
    }

    /// Appends output columns of zeros until there are `num_out`.
    pub(super) fn extend_out(&mut self, num_out: usize) {
        self.num_out = num_out;
        self.stored.resize(num_out.div_ceil(PANEL) * self.panel_len(), T::ZERO);
    }

    /// A copy with a longer inner dimension, filled up with zeros.
    pub(super) fn with_num_in(&self, num_in: usize) -> Self {
        let mut longer = Self::zeros(num_in, self.num_out);
        if self.num_in > 0 {
            let length = longer.panel_len();
            let panels =
                longer.stored.chunks_exact_mut(length).zip(self.stored.chunks_exact(self.panel_len()));
            for (longer, panel) in panels {
                longer[..panel.len()].copy_from_slice(panel);
            }
        }
        longer
    }

    /// Length of the rows that it is multiplied with.
    pub(crate) fn num_in(&self) -> usize {
        self.num_in
    }

    /// Length of the rows that come out.
    pub(crate) fn num_out(&self) -> usize {
        self.num_out
    }

    /// One panel: `num_in` lines.
    pub(super) fn panel(&self, index: usize) -> &[T] {
        &self.stored[index * self.panel_len()..(index + 1) * self.panel_len()]
    }

    /// One panel, to be filled.
    pub(super) fn panel_mut(&mut self, index: usize) -> &mut [T] {
        let length = self.panel_len();
        &mut self.stored[index * length..(index + 1) * length]
    }

    fn panel_len(&self) -> usize {
        self.num_in.div_ceil(T::LINES)
    }
}
