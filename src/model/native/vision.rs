//! One layer of the vision encoder.
//!
//! Source: `transformers` 5.17, `models/idefics3/modeling_idefics3.py`: pre-norm, biases everywhere,
//! full attention, tanh GELU.

use rayon::prelude::*;

use super::linear::Linear;
use crate::model::kernels::attention::{Heads, full};
use crate::model::kernels::elementwise::layer_norm;
use crate::model::kernels::isa::Isa;
use crate::model::kernels::matmul::Then;

/// Rows that a thread takes at a time for what is not a product.
const ROWS_PER_TASK: usize = 64;

/// Weight and bias of a `LayerNorm`.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) eps: f32,
}

/// A linear layer with a bias.
#[derive(Clone, Debug)]
pub(crate) struct Biased {
    pub(crate) linear: Linear,
    pub(crate) bias: Vec<f32>,
}

/// One encoder layer.
#[derive(Clone, Debug)]
pub(crate) struct VisionLayer {
    pub(crate) isa: Isa,
    pub(crate) num_attention_heads: usize,
    pub(crate) layer_norm1: Norm,
    /// Queries, keys and values in one product.
    pub(crate) qkv: Biased,
    pub(crate) out_proj: Biased,
    pub(crate) layer_norm2: Norm,
    pub(crate) fc1: Biased,
    pub(crate) fc2: Biased,
}

impl VisionLayer {
    /// `x + out_proj(attention(layer_norm1(x)))`, `(patches, hidden)`. `is_seen` says which patches are
    /// page, when not all are.
    pub(crate) fn attention(&self, x: &[f32], is_seen: Option<&[bool]>) -> Vec<f32> {
        let width = self.layer_norm1.weight.len();
        let qkv = self.qkv.forward(self.isa, &self.norm(&self.layer_norm1, x), Then::Bias);
        let (heads, head_dim) = (self.num_attention_heads, width / self.num_attention_heads);
        let heads = Heads { num_attention_heads: heads, num_key_value_heads: heads, head_dim };
        let mut attended = vec![0.0; x.len()];
        full(self.isa, heads, &qkv, is_seen, &mut attended);
        let mut output = x.to_vec();
        self.out_proj.linear.forward(self.isa, &attended, &mut output, Then::BiasAdd(&self.out_proj.bias));
        output
    }

    /// `x + fc2(gelu(fc1(layer_norm2(x))))`, `(patches, hidden)`.
    pub(crate) fn mlp(&self, x: &[f32]) -> Vec<f32> {
        let inner = self.fc1.forward(self.isa, &self.norm(&self.layer_norm2, x), Then::BiasGelu);
        let mut output = x.to_vec();
        self.fc2.linear.forward(self.isa, &inner, &mut output, Then::BiasAdd(&self.fc2.bias));
        output
    }

    fn norm(&self, norm: &Norm, rows: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; rows.len()];
        let task = ROWS_PER_TASK * norm.weight.len();
        output.par_chunks_mut(task).zip(rows.par_chunks(task)).for_each(|(output, rows)| {
            layer_norm(self.isa, rows, &norm.weight, &norm.bias, norm.eps, output);
        });
        output
    }
}

impl Biased {
    fn forward<'a>(&'a self, isa: Isa, rows: &[f32], then: impl FnOnce(&'a [f32]) -> Then<'a>) -> Vec<f32> {
        let num_rows = rows.len() / self.linear.num_in();
        let mut output = vec![0.0; num_rows * self.linear.num_out()];
        self.linear.forward(isa, rows, &mut output, then(&self.bias));
        output
    }
}
