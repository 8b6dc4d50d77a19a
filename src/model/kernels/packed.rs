//! Weight matrices in the order in which the kernels read them.

use half::bf16;

use super::isa::{Instructions, Isa, for_each_isa};

/// Columns of the product that are computed together: two AVX2 or four NEON registers.
pub(crate) const PANEL: usize = 16;

/// How one weight is stored.
pub(crate) trait Stored: Copy + Default + Send + Sync + 'static {
    /// The exact values of a line.
    fn widen(line: &[Self; PANEL]) -> [f32; PANEL];

    /// The exact values of some lines: the lines themselves, or their widened copy in `room`, which
    /// is at least as long.
    fn widen_all<'a>(
        isa: Isa,
        lines: &'a [[Self; PANEL]],
        room: &'a mut [[f32; PANEL]],
    ) -> &'a [[f32; PANEL]];
}

impl Stored for f32 {
    #[inline(always)]
    fn widen(line: &[Self; PANEL]) -> [f32; PANEL] {
        *line
    }

    fn widen_all<'a>(_: Isa, lines: &'a [[Self; PANEL]], _: &'a mut [[f32; PANEL]]) -> &'a [[f32; PANEL]] {
        lines
    }
}

/// Half the memory traffic of `f32`, and exact for a checkpoint that is stored in bf16.
impl Stored for bf16 {
    #[inline(always)]
    fn widen(line: &[Self; PANEL]) -> [f32; PANEL] {
        line.map(|value| f32::from_bits(u32::from(value.to_bits()) << 16))
    }

    fn widen_all<'a>(
        isa: Isa,
        lines: &'a [[Self; PANEL]],
        room: &'a mut [[f32; PANEL]],
    ) -> &'a [[f32; PANEL]] {
        let room = &mut room[..lines.len()];
        widen_lines(isa, lines, room);
        room
    }
}

for_each_isa! {
    fn widen_lines(lines: &[[bf16; PANEL]], room: &mut [[f32; PANEL]]) = widen_each
}

#[inline(always)]
fn widen_each<I: Instructions>(lines: &[[bf16; PANEL]], room: &mut [[f32; PANEL]]) {
    for (wide, line) in room.iter_mut().zip(lines) {
        *wide = bf16::widen(line);
    }
}

/// A weight matrix `(num_out, num_in)`, packed once: panels of [`PANEL`] output columns, in each panel
/// the inner dimension runs slowest. The last panel is filled up with zeros.
#[derive(Clone, Debug)]
pub(crate) struct Packed<T> {
    num_in: usize,
    num_out: usize,
    /// `num_panels * num_in` lines.
    lines: Vec<[T; PANEL]>,
}

impl<T: Stored> Packed<T> {
    /// From a row-major matrix `(num_out, num_in)`, given as one iterator per output row.
    pub(crate) fn from_rows<R: IntoIterator<Item = T>>(
        num_in: usize,
        rows: impl ExactSizeIterator<Item = R>,
    ) -> Self {
        let mut packed = Self::zeros(num_in, rows.len());
        for (out, row) in rows.enumerate() {
            let first = (out / PANEL) * num_in;
            for (line, value) in packed.lines[first..first + num_in].iter_mut().zip(row) {
                line[out % PANEL] = value;
            }
        }
        packed
    }

    /// All zeros, to be filled in place.
    pub(crate) fn zeros(num_in: usize, num_out: usize) -> Self {
        let lines = vec![[T::default(); PANEL]; num_out.div_ceil(PANEL) * num_in];
        Self { num_in, num_out, lines }
    }

    /// Appends output columns of zeros until there are `num_out`.
    pub(super) fn extend_out(&mut self, num_out: usize) {
        self.num_out = num_out;
        self.lines.resize(num_out.div_ceil(PANEL) * self.num_in, [T::default(); PANEL]);
    }

    /// A copy with a longer inner dimension, filled up with zeros.
    pub(super) fn with_num_in(&self, num_in: usize) -> Self {
        let mut longer = Self::zeros(num_in, self.num_out);
        if self.num_in > 0 {
            let panels = longer.lines.chunks_exact_mut(num_in).zip(self.lines.chunks_exact(self.num_in));
            for (longer, panel) in panels {
                longer[..self.num_in].copy_from_slice(panel);
            }
        }
        longer
    }

    /// Writes what stands at one place of the inner dimension, for all output columns.
    pub(super) fn set_in(&mut self, place: usize, numbers: &[T]) {
        let (lines, rest) = numbers.as_chunks::<PANEL>();
        for (panel, line) in lines.iter().enumerate() {
            self.panel_mut(panel)[place] = *line;
        }
        if !rest.is_empty() {
            self.panel_mut(lines.len())[place][..rest.len()].copy_from_slice(rest);
        }
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
        size_of_val(self.lines.as_slice()) as u64
    }

    /// The lines of one panel, `num_in` of them.
    pub(super) fn panel(&self, index: usize) -> &[[T; PANEL]] {
        &self.lines[index * self.num_in..(index + 1) * self.num_in]
    }

    /// The lines of one panel, to be filled.
    pub(super) fn panel_mut(&mut self, index: usize) -> &mut [[T; PANEL]] {
        &mut self.lines[index * self.num_in..(index + 1) * self.num_in]
    }
}
