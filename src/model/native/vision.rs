//! The vision encoder and the connector for one whole tile.
//!
//! Source: `transformers` 5.17, `models/idefics3/modeling_idefics3.py`: pre-norm encoder with biases
//! and tanh GELU, then pixel shuffle and one bias-free projection. Only tiles that are filled with
//! patches come here: with padding the attention would need a mask, and no page has any.

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
pub(in crate::model) struct Norm {
    pub(in crate::model) weight: Vec<f32>,
    pub(in crate::model) bias: Vec<f32>,
}

/// A linear layer with a bias.
#[derive(Clone, Debug)]
pub(in crate::model) struct Biased {
    pub(in crate::model) linear: Linear,
    pub(in crate::model) bias: Vec<f32>,
}

/// One encoder layer.
#[derive(Clone, Debug)]
pub(in crate::model) struct VisionLayer {
    pub(in crate::model) layer_norm1: Norm,
    /// Queries, keys and values in one product.
    pub(in crate::model) qkv: Biased,
    pub(in crate::model) out_proj: Biased,
    pub(in crate::model) layer_norm2: Norm,
    pub(in crate::model) fc1: Biased,
    pub(in crate::model) fc2: Biased,
}

/// The encoder, from pixels to image features.
#[derive(Clone, Debug)]
pub(in crate::model) struct VisionTower {
    pub(in crate::model) isa: Isa,
    pub(in crate::model) num_attention_heads: usize,
    pub(in crate::model) patch_size: usize,
    pub(in crate::model) patches_per_side: usize,
    pub(in crate::model) scale_factor: usize,
    pub(in crate::model) layer_norm_eps: f32,
    /// The patch embedding's convolution as a product: rows are patches of `3 * patch_size²` pixels.
    pub(in crate::model) patch_embedding: Biased,
    /// `(patches, hidden)`.
    pub(in crate::model) position_embedding: Vec<f32>,
    pub(in crate::model) layers: Vec<VisionLayer>,
    pub(in crate::model) post_layernorm: Norm,
    pub(in crate::model) modality_projection: Linear,
}

/// One tile on its way through the encoder.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct TileState {
    /// `(patches, hidden)`: the residual stream.
    pub(in crate::model) hidden: Vec<f32>,
    normed: Vec<f32>,
    wide: Vec<f32>,
    attended: Vec<f32>,
}

impl VisionTower {
    fn hidden_size(&self) -> usize {
        self.post_layernorm.weight.len()
    }

    fn num_patches(&self) -> usize {
        self.patches_per_side * self.patches_per_side
    }

    /// Starts a tile: `pixels` are normalised, `(3, size, size)`. The state's buffers are reused.
    pub(in crate::model) fn embed(&self, pixels: &[f32], state: &mut TileState) {
        let (side, patch, hidden) = (self.patches_per_side, self.patch_size, self.hidden_size());
        let size = side * patch;
        let patch_pixels = 3 * patch * patch;
        state.wide.resize(self.num_patches() * patch_pixels, 0.0);
        for (index, row) in state.wide.chunks_exact_mut(patch_pixels).enumerate() {
            let (top, left) = (index / side * patch, index % side * patch);
            for (line, place) in row.chunks_exact_mut(patch).enumerate() {
                let (channel, y) = (line / patch, top + line % patch);
                place.copy_from_slice(&pixels[(channel * size + y) * size + left..][..patch]);
            }
        }
        state.hidden.clear();
        state.hidden.extend_from_slice(&self.position_embedding);
        debug_assert_eq!(state.hidden.len(), self.num_patches() * hidden);
        let then = Then::BiasAdd(&self.patch_embedding.bias);
        self.patch_embedding.linear.forward(self.isa, &state.wide, &mut state.hidden, then);
    }

    /// One encoder layer.
    pub(in crate::model) fn layer(&self, index: usize, state: &mut TileState) {
        let (isa, hidden) = (self.isa, self.hidden_size());
        let layer = &self.layers[index];
        let TileState { hidden: stream, normed, wide, attended } = state;
        self.norm(&layer.layer_norm1, stream, normed);
        resize(wide, self.num_patches() * 3 * hidden);
        layer.qkv.linear.forward(isa, normed, wide, Then::Bias(&layer.qkv.bias));
        resize(attended, stream.len());
        let heads = self.num_attention_heads;
        let heads =
            Heads { num_attention_heads: heads, num_key_value_heads: heads, head_dim: hidden / heads };
        full(isa, heads, wide, attended);
        layer.out_proj.linear.forward(isa, attended, stream, Then::BiasAdd(&layer.out_proj.bias));
        self.norm(&layer.layer_norm2, stream, normed);
        resize(wide, self.num_patches() * layer.fc1.linear.num_out());
        layer.fc1.linear.forward(isa, normed, wide, Then::BiasGelu(&layer.fc1.bias));
        layer.fc2.linear.forward(isa, wide, stream, Then::BiasAdd(&layer.fc2.bias));
    }

    /// The features of a tile that has passed all layers: `(patches, hidden)`.
    pub(in crate::model) fn features(&self, state: &TileState) -> Vec<f32> {
        let mut features = Vec::new();
        self.norm(&self.post_layernorm, &state.hidden, &mut features);
        features
    }

    /// Image features to image tokens: pixel shuffle, then the projection.
    ///
    /// `(patches, hidden)` → `(patches / scale_factor², text hidden)`. Each token is the concatenation
    /// of a `scale_factor`² block of patches, rows of the block slowest.
    pub(in crate::model) fn connect(&self, features: &[f32]) -> Vec<f32> {
        let (side, factor, hidden) = (self.patches_per_side, self.scale_factor, self.hidden_size());
        let tokens_per_side = side / factor;
        let mut shuffled = Vec::with_capacity(features.len());
        for token in 0..tokens_per_side * tokens_per_side {
            let (row, column) = (token / tokens_per_side * factor, token % tokens_per_side * factor);
            for line in row..row + factor {
                let from = (line * side + column) * hidden;
                shuffled.extend_from_slice(&features[from..from + factor * hidden]);
            }
        }
        let mut tokens = vec![0.0; tokens_per_side * tokens_per_side * self.modality_projection.num_out()];
        self.modality_projection.forward(self.isa, &shuffled, &mut tokens, Then::Store);
        tokens
    }

    fn norm(&self, norm: &Norm, rows: &[f32], output: &mut Vec<f32>) {
        resize(output, rows.len());
        let task = ROWS_PER_TASK * self.hidden_size();
        let tasks = output.par_chunks_mut(task).zip(rows.par_chunks(task));
        tasks.for_each(|(output, rows)| {
            layer_norm(self.isa, rows, &norm.weight, &norm.bias, self.layer_norm_eps, output);
        });
    }
}

/// Sets the length; what is in it is overwritten by whoever asked.
fn resize(buffer: &mut Vec<f32>, length: usize) {
    buffer.resize(length, 0.0);
}
