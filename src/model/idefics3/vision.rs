//! The vision encoder: one tile in, one token a patch out. A `SigLIP` tower with position ids that
//! know how much of a tile is page.
//!
//! A tile goes through in small steps (embed, then each layer's attention and MLP), so that whoever
//! drives it can stop in between. Tiles are not batched: one fits the caches better than many.

use candle_core::{DType, Device, Tensor};

use super::checkpoint::TensorSource;
use super::layers::{LayerNorm, Linear, merge_heads, on_numbers, softmax, split_heads, to_f32};
use crate::model::config::VisionConfig;
use crate::model::error::Error;
use crate::model::kernels::isa::Isa;
use crate::model::native::linear::Form;
use crate::model::native::vision::{Biased, Norm, VisionLayer};

/// `model.vision_model` of the checkpoint.
#[derive(Debug)]
pub(crate) struct VisionModel {
    embeddings: VisionEmbeddings,
    layers: Vec<Layer>,
    post_layernorm: LayerNorm,
}

#[derive(Debug)]
struct VisionEmbeddings {
    /// The convolution with kernel = stride is a product with the flattened patches.
    patch_embedding: Linear,
    position_embedding: Tensor,
    patch_size: usize,
    positions_per_side: usize,
}

/// One layer, through candle or on our own kernels.
#[derive(Debug)]
enum Layer {
    Candle(EncoderLayer),
    Native(Box<VisionLayer>),
}

#[derive(Debug)]
struct EncoderLayer {
    layer_norm1: LayerNorm,
    self_attn: Attention,
    layer_norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
}

#[derive(Debug)]
struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    num_heads: usize,
}

/// Which patches of a tile are page and which are padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatchMask {
    /// Row by row.
    is_valid: Vec<bool>,
    patches_per_side: usize,
}

impl PatchMask {
    /// An ordinary tile: all page.
    pub(crate) fn full(patches_per_side: usize) -> Self {
        Self { is_valid: vec![true; patches_per_side * patches_per_side], patches_per_side }
    }

    /// From a mask of pixels, row by row: a patch is valid when any of its pixels is.
    pub(crate) fn from_pixels(is_valid_pixel: &[bool], tile_size: usize, patch_size: usize) -> Self {
        let patches_per_side = tile_size / patch_size;
        let mut is_valid = vec![false; patches_per_side * patches_per_side];
        for (y, row) in is_valid_pixel.chunks(tile_size).enumerate() {
            for (x, is_valid_pixel) in row.iter().enumerate() {
                let (i, j) = (y / patch_size, x / patch_size);
                // Pixels beyond the last whole patch belong to none.
                if i < patches_per_side && j < patches_per_side && *is_valid_pixel {
                    is_valid[i * patches_per_side + j] = true;
                }
            }
        }
        Self { is_valid, patches_per_side }
    }

    /// Ids into the position embedding, row by row: a patch at a fraction of the valid part takes
    /// the position at the same fraction of the full tile. Padding takes 0.
    pub(crate) fn position_ids(&self, positions_per_side: usize) -> Vec<u32> {
        let side = self.patches_per_side;
        let count = |valid: &mut dyn Iterator<Item = &bool>| valid.filter(|is_valid| **is_valid).count();
        let num_rows = count(&mut self.is_valid.iter().step_by(side.max(1)));
        let num_cols = count(&mut self.is_valid.iter().take(side));
        let rows = buckets(side, num_rows, positions_per_side);
        let cols = buckets(side, num_cols, positions_per_side);
        let ids = rows.iter().flat_map(|row| cols.iter().map(move |col| row * positions_per_side + col));
        ids.zip(&self.is_valid)
            .map(|(id, is_valid)| if *is_valid { u32::try_from(id).unwrap_or_default() } else { 0 })
            .collect()
    }

    /// An ordinary tile: all page.
    fn is_full(&self) -> bool {
        self.is_valid.iter().all(|is_valid| *is_valid)
    }

    /// What to add to attention scores, `(1, patches)`; nothing for an ordinary tile.
    fn bias(&self, dtype: DType, device: &Device) -> candle_core::Result<Option<Tensor>> {
        if self.is_full() {
            return Ok(None);
        }
        // The reference adds the lowest finite number, so that a row of nothing but padding has no NaN.
        let bias: Vec<f32> = self.is_valid.iter().map(|v| if *v { 0.0 } else { f32::MIN }).collect();
        let patches = bias.len();
        Tensor::from_vec(bias, (1, patches), device)?.to_dtype(dtype).map(Some)
    }
}

/// For each patch of a side, the number of boundaries that its fraction of the valid part reaches.
///
/// All in f32, as in the reference: the fraction is `i · (1 / n)`, below 1 − 1e-6.
fn buckets(num_patches: usize, num_valid: usize, positions: usize) -> Vec<usize> {
    let boundaries = boundaries(positions);
    let step = 1.0 / num_valid as f32;
    (0..num_patches)
        .map(|i| (i as f32 * step).min(1.0 - 1e-6))
        .map(|fraction| boundaries.partition_point(|boundary| *boundary <= fraction))
        .collect()
}

/// `torch.arange(1 / n, 1, 1 / n)` in f32, to the last bit.
///
/// `PyTorch` fills whole blocks of 16 by vectors of 8, whose lanes count from a base that is already
/// rounded to f32, and the rest one by one. For 19, 25, 29 or 31 positions a side (no published
/// model) it decides whether a patch falls one position lower; the tests have what 2.15 gives.
#[expect(clippy::cast_possible_truncation, reason = "the reference holds boundaries in f32")]
fn boundaries(positions: usize) -> Vec<f32> {
    const BLOCK: usize = 16;
    const LANES: usize = 8;
    let step = 1.0 / positions as f64;
    // With rounding, the end itself may or may not be among them; no fraction reaches it.
    let count = if (1.0 - step) / step > (positions - 1) as f64 { positions } else { positions - 1 };
    (0..count)
        .map(|k| {
            let lane = k % LANES;
            if k - k % BLOCK + BLOCK > count {
                return (step + step * k as f64) as f32;
            }
            let base = (step + step * (k - lane) as f64) as f32;
            (f64::from(base) + lane as f64 * step) as f32
        })
        .collect()
}

impl VisionModel {
    pub(super) fn load(config: &VisionConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        let encoder = source.pp("encoder").pp("layers");
        Ok(Self {
            embeddings: VisionEmbeddings::load(config, &source.pp("embeddings"))?,
            layers: (0..config.num_hidden_layers)
                .map(|idx| Layer::load(config, &encoder.pp(idx)))
                .collect::<Result<_, _>>()?,
            post_layernorm: LayerNorm::load(config.layer_norm_eps, &source.pp("post_layernorm"))?,
        })
    }

    /// Layers that a tile goes through.
    pub(crate) fn num_layers(&self) -> usize {
        self.layers.len()
    }

    /// Patch embedding plus position embedding.
    ///
    /// `pixel_values`: `(3, side, side)`, normalised → `(patches, hidden)`.
    pub(crate) fn embed(&self, pixel_values: &Tensor, mask: &PatchMask) -> candle_core::Result<Tensor> {
        self.embeddings.forward(pixel_values, mask)
    }

    /// The first half of a layer: `x + out_proj(attention(layer_norm1(x)))`, `(patches, hidden)`.
    pub(crate) fn attention(
        &self,
        layer_idx: usize,
        hidden: &Tensor,
        mask: &PatchMask,
    ) -> candle_core::Result<Tensor> {
        match self.layers.get(layer_idx) {
            None => Ok(hidden.clone()),
            Some(Layer::Candle(layer)) => {
                let bias = mask.bias(hidden.dtype(), hidden.device())?;
                hidden + layer.self_attn.forward(&layer.layer_norm1.forward(hidden)?, bias.as_ref())?
            }
            Some(Layer::Native(layer)) => {
                let is_seen = (!mask.is_full()).then_some(mask.is_valid.as_slice());
                on_numbers(hidden, |x| layer.attention(x, is_seen))
            }
        }
    }

    /// The second half of a layer: `x + fc2(gelu(fc1(layer_norm2(x))))`, `(patches, hidden)`.
    pub(crate) fn mlp(&self, layer_idx: usize, hidden: &Tensor) -> candle_core::Result<Tensor> {
        match self.layers.get(layer_idx) {
            None => Ok(hidden.clone()),
            Some(Layer::Candle(layer)) => {
                // `gelu` is the tanh form in candle, as `gelu_pytorch_tanh` asks for.
                let inner = layer.fc1.forward(&layer.layer_norm2.forward(hidden)?)?.gelu()?;
                hidden + layer.fc2.forward(&inner)?
            }
            Some(Layer::Native(layer)) => on_numbers(hidden, |x| layer.mlp(x)),
        }
    }

    /// The last norm, after all layers: `(patches, hidden)`.
    pub(crate) fn finish(&self, hidden: &Tensor) -> candle_core::Result<Tensor> {
        self.post_layernorm.forward(hidden)
    }
}

impl VisionEmbeddings {
    fn load(config: &VisionConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        let kernel = source.pp("patch_embedding");
        let weight = kernel.get("weight")?.flatten_from(1)?;
        Ok(Self {
            patch_embedding: Linear::with_bias(weight, kernel.get("bias")?),
            position_embedding: source.pp("position_embedding").get("weight")?,
            patch_size: config.patch_size,
            positions_per_side: config.patches_per_side(),
        })
    }

    fn forward(&self, pixel_values: &Tensor, mask: &PatchMask) -> candle_core::Result<Tensor> {
        let (_channels, height, width) = pixel_values.dims3()?;
        let size = self.patch_size;
        let (rows, cols) = (height / size, width / size);
        // Pixels beyond the last whole patch are not looked at (384 pixels hold 27 patches of 14).
        let patches = pixel_values
            .narrow(1, 0, rows * size)?
            .narrow(2, 0, cols * size)?
            .contiguous()?
            .reshape((3, rows, size, cols, size))?
            .permute((1, 3, 0, 2, 4))?
            .contiguous()?
            .reshape((rows * cols, 3 * size * size))?;
        let ids = mask.position_ids(self.positions_per_side);
        let ids = Tensor::from_vec(ids, rows * cols, pixel_values.device())?;
        self.patch_embedding.forward(&patches)? + self.position_embedding.index_select(&ids, 0)?
    }
}

impl Layer {
    fn load(config: &VisionConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        match source.kernels() {
            None => EncoderLayer::load(config, source).map(Self::Candle),
            Some(isa) => Ok(Self::Native(Box::new(native_layer(isa, config, source)?))),
        }
    }
}

/// The same layer with its weights packed for our own kernels.
fn native_layer(isa: Isa, config: &VisionConfig, source: &TensorSource<'_>) -> Result<VisionLayer, Error> {
    let (wide, inner) = (config.hidden_size, config.intermediate_size);
    let norm = |name: &str| -> Result<Norm, Error> {
        let source = source.pp(name);
        let (weight, bias) = (source.numbers("weight")?, source.numbers("bias")?);
        Ok(Norm { weight, bias, eps: to_f32(config.layer_norm_eps) })
    };
    let form = if source.quantization().vision_int16 { Form::Int16 } else { Form::AsStored };
    let biased = |num_in: usize, names: &[&str]| -> Result<Biased, Error> {
        let biases = names.iter().map(|name| source.numbers(&format!("{name}bias")));
        let bias = biases.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(Biased { linear: source.packed(num_in, names, form)?, bias })
    };
    Ok(VisionLayer {
        isa,
        num_attention_heads: config.num_attention_heads,
        layer_norm1: norm("layer_norm1")?,
        qkv: biased(wide, &["self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj."])?,
        out_proj: biased(wide, &["self_attn.out_proj."])?,
        layer_norm2: norm("layer_norm2")?,
        fc1: biased(wide, &["mlp.fc1."])?,
        fc2: biased(inner, &["mlp.fc2."])?,
    })
}

impl EncoderLayer {
    fn load(config: &VisionConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        let eps = config.layer_norm_eps;
        let attention = source.pp("self_attn");
        Ok(Self {
            layer_norm1: LayerNorm::load(eps, &source.pp("layer_norm1"))?,
            self_attn: Attention {
                q_proj: Linear::load(&attention.pp("q_proj"))?,
                k_proj: Linear::load(&attention.pp("k_proj"))?,
                v_proj: Linear::load(&attention.pp("v_proj"))?,
                out_proj: Linear::load(&attention.pp("out_proj"))?,
                num_heads: config.num_attention_heads,
            },
            layer_norm2: LayerNorm::load(eps, &source.pp("layer_norm2"))?,
            fc1: Linear::load(&source.pp("mlp").pp("fc1"))?,
            fc2: Linear::load(&source.pp("mlp").pp("fc2"))?,
        })
    }
}

impl Attention {
    /// Every patch looks at every other one. `(patches, hidden)` → the same.
    fn forward(&self, x: &Tensor, bias: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let head_dim = x.dim(1)? / self.num_heads;
        let q = split_heads(&(self.q_proj.forward(x)? * (head_dim as f64).powf(-0.5))?, self.num_heads)?;
        let k = split_heads(&self.k_proj.forward(x)?, self.num_heads)?;
        let v = split_heads(&self.v_proj.forward(x)?, self.num_heads)?;
        let mut scores = q.matmul(&k.t()?)?;
        if let Some(bias) = bias {
            scores = scores.broadcast_add(bias)?;
        }
        self.out_proj.forward(&merge_heads(&softmax(&scores)?.matmul(&v)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_tile_of_a_published_model_numbers_its_patches_in_order() {
        for side in [1, 2, 4, 7, 8, 14, 16, 24, 26, 27, 28, 30, 32, 64] {
            let ids = PatchMask::full(side).position_ids(side);
            let expected: Vec<u32> = (0..).take(side * side).collect();
            assert_eq!(ids, expected, "{side} patches a side");
        }
    }

    /// Recorded from `torch.bucketize` with `torch` 2.15 on x86.
    #[test]
    fn rounding_of_the_reference_is_followed() {
        let one_lower = |lower: &[usize], side: usize| -> Vec<usize> {
            (0..side).map(|i| if lower.contains(&i) { i - 1 } else { i }).collect()
        };
        assert_eq!(buckets(19, 19, 19), one_lower(&[12], 19));
        assert_eq!(buckets(25, 25, 25), one_lower(&[5, 9, 10, 11, 12, 13, 15, 18, 20, 23], 25));
        let part = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 18, 18];
        assert_eq!(buckets(19, 16, 19), part);
    }

    #[test]
    fn a_partly_valid_tile_spreads_its_patches_over_all_positions() {
        assert_eq!(buckets(4, 2, 4), [0, 2, 3, 3]);
        assert_eq!(buckets(4, 3, 4), [0, 1, 2, 3]);
        let pixels: Vec<bool> = (0..64).map(|i| i % 8 < 3 && i / 8 < 8).collect();
        let mask = PatchMask::from_pixels(&pixels, 8, 2);
        let valid = [true, true, false, false].repeat(4);
        assert_eq!(mask.is_valid, valid);
        assert_eq!(mask.position_ids(4), [0, 2, 0, 0, 4, 6, 0, 0, 8, 10, 0, 0, 12, 14, 0, 0]);
    }
}
