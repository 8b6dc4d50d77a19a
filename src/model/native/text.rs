//! The text decoder with its cache.
//!
//! Source: `transformers` 5.17, `models/llama/modeling_llama.py`: `RMSNorm`, rotary embedding with
//! half-split pairing, grouped-query attention, gated MLP, no biases.

use rayon::prelude::*;

use super::linear::{Linear, Numbers};
use crate::model::kernels::attention::{Heads, causal};
use crate::model::kernels::elementwise::{rms_norm, rotate, silu_times};
use crate::model::kernels::isa::Isa;
use crate::model::kernels::kv_cache::KvCache;
use crate::model::kernels::matmul::Then;

/// Rows that a thread takes at a time for what is not a product.
const ROWS_PER_TASK: usize = 32;

/// One decoder layer.
#[derive(Clone, Debug)]
pub(in crate::model) struct TextLayer {
    pub(in crate::model) input_layernorm: Vec<f32>,
    /// Queries, keys and values in one product.
    pub(in crate::model) qkv: Linear,
    pub(in crate::model) o_proj: Linear,
    pub(in crate::model) post_attention_layernorm: Vec<f32>,
    /// Gate and up in one product.
    pub(in crate::model) gate_up: Linear,
    pub(in crate::model) down_proj: Linear,
}

/// The decoder's weights.
#[derive(Clone, Debug)]
pub(in crate::model) struct TextDecoder {
    pub(in crate::model) isa: Isa,
    pub(in crate::model) heads: Heads,
    pub(in crate::model) rope_theta: f64,
    pub(in crate::model) rms_norm_eps: f32,
    /// `(vocabulary, hidden)`.
    pub(in crate::model) embed_tokens: Numbers,
    pub(in crate::model) layers: Vec<TextLayer>,
    pub(in crate::model) norm: Vec<f32>,
    pub(in crate::model) lm_head: Linear,
}

/// A conversation on its way through the decoder.
#[derive(Clone, Debug)]
pub(in crate::model) struct TextState {
    caches: Vec<KvCache>,
    /// `(new positions, hidden)`: the residual stream of the positions that are being read.
    pub(in crate::model) hidden: Vec<f32>,
    /// Cosines and sines of the new positions, `(new positions, head_dim / 2)` each.
    cos: Vec<f32>,
    sin: Vec<f32>,
    normed: Vec<f32>,
    wide: Vec<f32>,
    queries: Vec<f32>,
    attended: Vec<f32>,
}

impl TextDecoder {
    fn hidden_size(&self) -> usize {
        self.norm.len()
    }

    /// A conversation without any position.
    pub(in crate::model) fn start(&self) -> TextState {
        let cache = KvCache::new(self.heads.num_key_value_heads, self.heads.head_dim);
        TextState {
            caches: vec![cache; self.layers.len()],
            hidden: Vec::new(),
            cos: Vec::new(),
            sin: Vec::new(),
            normed: Vec::new(),
            wide: Vec::new(),
            queries: Vec::new(),
            attended: Vec::new(),
        }
    }

    /// The embedding of a token; `None` outside the vocabulary.
    pub(in crate::model) fn embedding(&self, id: u32) -> Option<Vec<f32>> {
        let width = self.hidden_size();
        let range = (id as usize).checked_mul(width)?..(id as usize + 1).checked_mul(width)?;
        match &self.embed_tokens {
            Numbers::F32(numbers) => numbers.get(range).map(<[f32]>::to_vec),
            Numbers::Bf16(numbers) => numbers.get(range).map(|row| row.iter().map(|n| n.to_f32()).collect()),
        }
    }

    /// Begins to read new positions: their embeddings, `(new positions, hidden)`.
    pub(in crate::model) fn begin(&self, state: &mut TextState, embeddings: &[f32]) {
        state.hidden.clear();
        state.hidden.extend_from_slice(embeddings);
        let first = state.len();
        let num_new = embeddings.len() / self.hidden_size();
        let half = self.heads.head_dim / 2;
        state.cos.clear();
        state.sin.clear();
        for position in first..first + num_new {
            for index in 0..half {
                // As the reference: the frequency and the angle are rounded to f32.
                let exponent = (2 * index) as f32 / self.heads.head_dim as f32;
                let frequency = 1.0 / (self.rope_theta as f32).powf(exponent);
                let angle = position as f32 * frequency;
                state.cos.push(angle.cos());
                state.sin.push(angle.sin());
            }
        }
    }

    /// One layer over the new positions.
    pub(in crate::model) fn layer(&self, index: usize, state: &mut TextState) {
        let isa = self.isa;
        let layer = &self.layers[index];
        let hidden_size = self.hidden_size();
        let TextState { caches, hidden, cos, sin, normed, wide, queries, attended } = state;
        let cache = &mut caches[index];
        let num_new = hidden.len() / hidden_size;
        self.norm(&layer.input_layernorm, hidden, normed);
        wide.resize(num_new * layer.qkv.num_out(), 0.0);
        layer.qkv.forward(isa, normed, wide, Then::Store);
        self.rotate_and_store(wide, cos, sin, cache, queries);
        attended.resize(queries.len(), 0.0);
        causal(isa, self.heads, queries, cache, attended);
        layer.o_proj.forward(isa, attended, hidden, Then::Add);
        self.norm(&layer.post_attention_layernorm, hidden, normed);
        let width = layer.gate_up.num_out() / 2;
        wide.resize(num_new * 2 * width, 0.0);
        layer.gate_up.forward(isa, normed, wide, Then::Store);
        attended.resize(num_new * width, 0.0);
        let tasks = attended.par_chunks_mut(ROWS_PER_TASK * width);
        tasks.zip(wide.par_chunks(ROWS_PER_TASK * 2 * width)).for_each(|(output, gate_up)| {
            silu_times(isa, gate_up, output, width);
        });
        layer.down_proj.forward(isa, attended, hidden, Then::Add);
    }

    /// Takes queries, keys and values apart, turns the first two, and stores the latter two.
    fn rotate_and_store(
        &self,
        qkv: &mut [f32],
        cos: &[f32],
        sin: &[f32],
        cache: &mut KvCache,
        queries: &mut Vec<f32>,
    ) {
        let Heads { num_attention_heads, num_key_value_heads, head_dim } = self.heads;
        let (query_width, key_width) = (num_attention_heads * head_dim, num_key_value_heads * head_dim);
        let half = head_dim / 2;
        queries.clear();
        let angles = cos.chunks_exact(half).zip(sin.chunks_exact(half));
        for (row, (cos, sin)) in qkv.chunks_exact_mut(query_width + 2 * key_width).zip(angles) {
            let (turned, values) = row.split_at_mut(query_width + key_width);
            rotate(self.isa, turned, cos, sin);
            queries.extend_from_slice(&turned[..query_width]);
            cache.push(&turned[query_width..], values);
        }
    }

    /// Final norm and logits of the new positions from `first` on: `(positions, vocabulary)`.
    pub(in crate::model) fn logits(&self, state: &TextState, first: usize) -> Vec<f32> {
        let hidden = &state.hidden[first * self.hidden_size()..];
        let mut normed = Vec::new();
        self.norm(&self.norm, hidden, &mut normed);
        let mut logits = vec![0.0; hidden.len() / self.hidden_size() * self.lm_head.num_out()];
        self.lm_head.forward(self.isa, &normed, &mut logits, Then::Store);
        logits
    }

    /// `RMSNorm` of rows of the hidden size.
    pub(in crate::model) fn norm(&self, weight: &[f32], rows: &[f32], output: &mut Vec<f32>) {
        output.resize(rows.len(), 0.0);
        let task = ROWS_PER_TASK * self.hidden_size();
        let tasks = output.par_chunks_mut(task).zip(rows.par_chunks(task));
        tasks.for_each(|(output, rows)| rms_norm(self.isa, rows, weight, self.rms_norm_eps, output));
    }
}

impl TextState {
    /// Positions that all layers have read.
    pub(in crate::model) fn len(&self) -> usize {
        self.caches.last().map_or(0, KvCache::len)
    }

    /// Forgets every position from `len` on.
    pub(in crate::model) fn truncate(&mut self, len: usize) {
        for cache in &mut self.caches {
            cache.truncate(len);
        }
    }
}
