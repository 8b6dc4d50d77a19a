//! A linear layer with its weights packed: in the format in which they are stored, or in fewer bits.

use half::bf16;

use crate::model::kernels::fixed_point;
use crate::model::kernels::int16::Int16;
use crate::model::kernels::isa::Isa;
use crate::model::kernels::matmul::{Rows, Then, matmul};
use crate::model::kernels::packed::Packed;
use crate::model::kernels::q8_0::Q8_0;

/// The numbers of one tensor, row-major, as the checkpoint stores them.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// Also f16, widened: there is no exact shorter form that is quick to read.
    F32(Vec<f32>),
    /// As stored.
    Bf16(Vec<bf16>),
}

impl Numbers {
    /// Widened, for norms and biases.
    pub(crate) fn to_f32(&self) -> Vec<f32> {
        match self {
            Self::F32(numbers) => numbers.clone(),
            Self::Bf16(numbers) => numbers.iter().map(|number| number.to_f32()).collect(),
        }
    }
}

/// How weights are to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Exactly.
    AsStored,
    /// In 16-bit block fixed point.
    Int16,
    /// In 8 bits.
    Q8_0,
}

/// Packed weights `(num_out, num_in)`.
#[derive(Clone, Debug)]
pub(crate) enum Linear {
    F32(Packed<f32>),
    Bf16(Packed<bf16>),
    Int16(Int16),
    Q8_0(Q8_0),
}

impl Linear {
    /// From matrices `(num_out, num_in)` that lie one below the other: queries, keys and values, or
    /// gate and up, become one product. Of mixed formats, those that are kept exactly are widened.
    pub(crate) fn new(num_in: usize, matrices: &[Numbers], form: Form) -> Self {
        let stored: Option<Vec<&[bf16]>> = matrices
            .iter()
            .map(|matrix| match matrix {
                Numbers::Bf16(numbers) => Some(numbers.as_slice()),
                Numbers::F32(_) => None,
            })
            .collect();
        if let (Some(matrices), Form::AsStored) = (stored, form) {
            let rows: Vec<&[bf16]> = matrices.iter().flat_map(|matrix| matrix.chunks_exact(num_in)).collect();
            return Self::Bf16(Packed::from_rows(num_in, rows.iter().map(|row| row.iter().copied())));
        }
        let wide: Vec<Vec<f32>> = matrices.iter().map(Numbers::to_f32).collect();
        let rows: Vec<&[f32]> = wide.iter().flat_map(|matrix| matrix.chunks_exact(num_in)).collect();
        let rows = rows.iter().map(|row| row.iter().copied());
        match form {
            Form::AsStored => Self::F32(Packed::from_rows(num_in, rows)),
            Form::Int16 => Self::Int16(Int16::from_rows(num_in, rows)),
            Form::Q8_0 => Self::Q8_0(Q8_0::from_rows(num_in, rows)),
        }
    }

    /// `(rows, num_in)` → `(rows, num_out)`, rows without gaps.
    pub(crate) fn forward(&self, isa: Isa, rows: &[f32], output: &mut [f32], then: Then<'_>) {
        let rows = Rows::dense(rows, self.num_in());
        match self {
            Self::F32(weights) => matmul(isa, rows, weights, output, then),
            Self::Bf16(weights) => matmul(isa, rows, weights, output, then),
            Self::Int16(weights) => fixed_point::matmul(isa, rows, weights, output, then),
            Self::Q8_0(weights) => fixed_point::matmul(isa, rows, weights, output, then),
        }
    }

    /// Length of the rows that go in.
    pub(crate) fn num_in(&self) -> usize {
        match self {
            Self::F32(weights) => weights.num_in(),
            Self::Bf16(weights) => weights.num_in(),
            Self::Int16(weights) => weights.num_in(),
            Self::Q8_0(weights) => weights.num_in(),
        }
    }

    /// Length of the rows that come out.
    pub(crate) fn num_out(&self) -> usize {
        match self {
            Self::F32(weights) => weights.num_out(),
            Self::Bf16(weights) => weights.num_out(),
            Self::Int16(weights) => weights.num_out(),
            Self::Q8_0(weights) => weights.num_out(),
        }
    }

    /// Bytes that it takes in memory.
    pub(crate) fn size_bytes(&self) -> u64 {
        match self {
            Self::F32(weights) => weights.size_bytes(),
            Self::Bf16(weights) => weights.size_bytes(),
            Self::Int16(weights) => weights.size_bytes(),
            Self::Q8_0(weights) => weights.size_bytes(),
        }
    }
}
