//! A linear layer with its weights packed in the format in which they are stored.

use half::bf16;

use crate::model::kernels::isa::Isa;
use crate::model::kernels::matmul::{Rows, Then, matmul};
use crate::model::kernels::packed::{Bf16Line, F32Line, Packed};

/// The numbers of one tensor, row-major, as the checkpoint stores them.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// Also f16, widened: there is no exact shorter form that is quick to read.
    F32(Vec<f32>),
    /// As stored.
    Bf16(Vec<bf16>),
}

impl Numbers {
    /// Bytes that they take in memory.
    pub(crate) fn size_bytes(&self) -> u64 {
        match self {
            Self::F32(numbers) => size_of_val(numbers.as_slice()) as u64,
            Self::Bf16(numbers) => size_of_val(numbers.as_slice()) as u64,
        }
    }

    /// Widened, for norms and biases.
    pub(crate) fn to_f32(&self) -> Vec<f32> {
        match self {
            Self::F32(numbers) => numbers.clone(),
            Self::Bf16(numbers) => numbers.iter().map(|number| number.to_f32()).collect(),
        }
    }
}

/// Packed weights `(num_out, num_in)`.
#[derive(Clone, Debug)]
pub(crate) enum Linear {
    F32(Packed<F32Line>),
    Bf16(Packed<Bf16Line>),
}

impl Linear {
    /// From matrices `(num_out, num_in)` that lie one below the other: queries, keys and values, or
    /// gate and up, become one product. Mixed formats are widened.
    pub(crate) fn new(num_in: usize, matrices: &[Numbers]) -> Self {
        let stored: Option<Vec<&[bf16]>> = matrices
            .iter()
            .map(|matrix| match matrix {
                Numbers::Bf16(numbers) => Some(numbers.as_slice()),
                Numbers::F32(_) => None,
            })
            .collect();
        if let Some(matrices) = stored {
            let rows: Vec<&[bf16]> = matrices.iter().flat_map(|matrix| matrix.chunks_exact(num_in)).collect();
            return Self::Bf16(Packed::from_rows(num_in, rows.iter().map(|row| row.iter().copied())));
        }
        let wide: Vec<Vec<f32>> = matrices.iter().map(Numbers::to_f32).collect();
        let rows: Vec<&[f32]> = wide.iter().flat_map(|matrix| matrix.chunks_exact(num_in)).collect();
        Self::F32(Packed::from_rows(num_in, rows.iter().map(|row| row.iter().copied())))
    }

    /// `(rows, num_in)` → `(rows, num_out)`, rows without gaps.
    pub(crate) fn forward(&self, isa: Isa, rows: &[f32], output: &mut [f32], then: Then<'_>) {
        match self {
            Self::F32(weights) => matmul(isa, Rows::dense(rows, weights.num_in()), weights, output, then),
            Self::Bf16(weights) => matmul(isa, Rows::dense(rows, weights.num_in()), weights, output, then),
        }
    }

    /// Length of the rows that go in.
    pub(crate) fn num_in(&self) -> usize {
        match self {
            Self::F32(weights) => weights.num_in(),
            Self::Bf16(weights) => weights.num_in(),
        }
    }

    /// Length of the rows that come out.
    pub(crate) fn num_out(&self) -> usize {
        match self {
            Self::F32(weights) => weights.num_out(),
            Self::Bf16(weights) => weights.num_out(),
        }
    }
}
