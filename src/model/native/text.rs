//! One layer of the text decoder.
//!
//! Source: `transformers` 5.17, `models/llama/modeling_llama.py`: `RMSNorm`, rotary embedding with
//! half-split pairing, grouped-query attention, gated MLP, no biases.

use rayon::prelude::*;

use super::linear::Linear;
use crate::model::kernels::attention::{Heads, causal};
use crate::model::kernels::elementwise::{rms_norm, rotate, silu_times};
use crate::model::kernels::isa::Isa;
use crate::model::kernels::kv_cache::KvCache;
use crate::model::kernels::matmul::Then;

/// Rows that a thread takes at a time for what is not a product.
const ROWS_PER_TASK: usize = 32;

/// One decoder layer.
#[derive(Clone, Debug)]
pub(crate) struct TextLayer {
    pub(crate) isa: Isa,
    pub(crate) heads: Heads,
    pub(crate) rms_norm_eps: f32,
    pub(crate) input_layernorm: Vec<f32>,
    /// Queries, keys and values in one product.
    pub(crate) qkv: Linear,
    pub(crate) o_proj: Linear,
    pub(crate) post_attention_layernorm: Vec<f32>,
    /// Gate and up in one product.
    pub(crate) gate_up: Linear,
    pub(crate) down_proj: Linear,
}

impl TextLayer {
    /// `x + o_proj(attention(input_layernorm(x)))`, `(positions, hidden)`. The keys and values of the
    /// new positions are appended to the cache; `cos` and `sin` are `(positions, head_dim / 2)`.
    pub(crate) fn attention(&self, x: &[f32], cos: &[f32], sin: &[f32], cache: &mut KvCache) -> Vec<f32> {
        let mut qkv = self.product(&self.qkv, &self.norm(&self.input_layernorm, x));
        let queries = self.rotate_and_store(&mut qkv, cos, sin, cache);
        let mut attended = vec![0.0; queries.len()];
        causal(self.isa, self.heads, &queries, cache, &mut attended);
        let mut output = x.to_vec();
        self.o_proj.forward(self.isa, &attended, &mut output, Then::Add);
        output
    }

    /// `x + down(silu(gate(y)) · up(y))` with `y = post_attention_layernorm(x)`, `(positions, hidden)`.
    pub(crate) fn mlp(&self, x: &[f32]) -> Vec<f32> {
        let gate_up = self.product(&self.gate_up, &self.norm(&self.post_attention_layernorm, x));
        let width = self.down_proj.num_in();
        let mut inner = vec![0.0; gate_up.len() / 2];
        let tasks = inner.par_chunks_mut(ROWS_PER_TASK * width);
        tasks.zip(gate_up.par_chunks(ROWS_PER_TASK * 2 * width)).for_each(|(inner, gate_up)| {
            silu_times(self.isa, gate_up, inner, width);
        });
        let mut output = x.to_vec();
        self.down_proj.forward(self.isa, &inner, &mut output, Then::Add);
        output
    }

    /// Takes queries, keys and values apart, turns the first two, and stores the latter two. Returns
    /// the queries, `(positions, heads · head_dim)`.
    fn rotate_and_store(&self, qkv: &mut [f32], cos: &[f32], sin: &[f32], cache: &mut KvCache) -> Vec<f32> {
        let Heads { num_attention_heads, num_key_value_heads, head_dim } = self.heads;
        let (query_width, key_width) = (num_attention_heads * head_dim, num_key_value_heads * head_dim);
        let half = head_dim / 2;
        let angles = cos.chunks_exact(half).zip(sin.chunks_exact(half));
        let mut queries = Vec::with_capacity(qkv.len());
        for (row, (cos, sin)) in qkv.chunks_exact_mut(query_width + 2 * key_width).zip(angles) {
            let (turned, values) = row.split_at_mut(query_width + key_width);
            rotate(self.isa, turned, cos, sin);
            queries.extend_from_slice(&turned[..query_width]);
            cache.push(&turned[query_width..], values);
        }
        queries
    }

    fn product(&self, linear: &Linear, rows: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; rows.len() / linear.num_in() * linear.num_out()];
        linear.forward(self.isa, rows, &mut output, Then::Store);
        output
    }

    fn norm(&self, weight: &[f32], rows: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; rows.len()];
        let task = ROWS_PER_TASK * weight.len();
        output.par_chunks_mut(task).zip(rows.par_chunks(task)).for_each(|(output, rows)| {
            rms_norm(self.isa, rows, weight, self.rms_norm_eps, output);
        });
        output
    }
}
