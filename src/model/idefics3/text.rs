//! The decoder: a llama with grouped-query attention and rotary embedding, over a preallocated
//! cache.
//!
//! The prompt goes through in small steps (each layer's attention and MLP over all positions at
//! once), a token in one. Only the last position is turned into logits.

use candle_core::{D, DType, Device, Tensor};

use super::checkpoint::{LM_HEAD, TensorSource};
use super::kv_cache::KvCache;
use super::layers::{Linear, RmsNorm, merge_heads, on_numbers, on_pool, softmax, split_heads, to_f32};
use crate::model::config::TextConfig;
use crate::model::error::Error;
use crate::model::kernels::attention::Heads;
use crate::model::kernels::isa::Isa;
use crate::model::kernels::matmul::Then;
use crate::model::native::linear::{Form, Linear as PackedLinear};
use crate::model::native::text::TextLayer;

/// Query positions that are scored at once: it bounds the memory of long prompts, and later blocks
/// are all that need the later keys.
const QUERY_BLOCK: usize = 256;

/// `model.text_model` and `lm_head` of the checkpoint.
#[derive(Debug)]
pub(crate) struct TextModel {
    embed_tokens: Tensor,
    layers: Vec<Layer>,
    norm: RmsNorm,
    lm_head: Head,
    inv_freq: Vec<f32>,
    dtype: DType,
}

/// One layer, through candle or on our own kernels.
#[derive(Debug)]
enum Layer {
    Candle(DecoderLayer),
    Native(Box<TextLayer>),
}

/// The output projection, likewise.
#[derive(Debug)]
enum Head {
    Candle(Linear),
    Native(Isa, PackedLinear),
}

#[derive(Debug)]
struct DecoderLayer {
    input_layernorm: RmsNorm,
    self_attn: Attention,
    post_attention_layernorm: RmsNorm,
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
}

#[derive(Debug)]
struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    num_heads: usize,
    num_kv_heads: usize,
}

/// Cosines and sines of the positions that are being read, `(positions, head_dim / 2)` each.
#[derive(Debug)]
pub(crate) struct Rotary {
    cos: Tensor,
    sin: Tensor,
}

impl TextModel {
    pub(super) fn load(
        config: &TextConfig,
        source: &TensorSource<'_>,
        root: &TensorSource<'_>,
    ) -> Result<Self, Error> {
        let embeddings = source.pp("embed_tokens");
        // Rows are looked up, not multiplied: without a use as output projection the table may stay
        // in the format it is stored in.
        let (embed_tokens, lm_head) = match (root.kernels(), root.has(LM_HEAD)) {
            (None, true) => {
                let lm_head = Head::Candle(Linear::without_bias(root.get(LM_HEAD)?));
                (embeddings.get_as_stored("weight")?, lm_head)
            }
            (None, false) => {
                let table = embeddings.get("weight")?;
                (table.clone(), Head::Candle(Linear::without_bias(table)))
            }
            (Some(isa), has_head) => {
                let (num_in, form) = (config.hidden_size, form(root));
                let linear = if has_head {
                    root.packed(num_in, &["lm_head."], form)?
                } else {
                    embeddings.packed_again(num_in, form)?
                };
                (embeddings.get_as_stored("weight")?, Head::Native(isa, linear))
            }
        };
        let layers = source.pp("layers");
        Ok(Self {
            embed_tokens,
            layers: (0..config.num_hidden_layers)
                .map(|idx| Layer::load(config, &layers.pp(idx)))
                .collect::<Result<_, _>>()?,
            norm: RmsNorm::load(config.rms_norm_eps, &source.pp("norm"))?,
            lm_head,
            inv_freq: inverse_frequencies(config.head_dim, config.rope_theta),
            dtype: root.dtype(),
        })
    }

    /// An empty cache with room for `capacity` positions.
    pub(crate) fn new_cache(&self, config: &TextConfig, capacity: usize) -> candle_core::Result<KvCache> {
        match self.lm_head {
            Head::Candle(_) => KvCache::new(config, capacity, self.dtype, self.embed_tokens.device()),
            Head::Native(..) => Ok(KvCache::new_native(config)),
        }
    }

    /// Layers that a prompt goes through.
    pub(crate) fn num_layers(&self) -> usize {
        self.layers.len()
    }

    /// Rows of the embedding table: `(tokens, hidden)`.
    ///
    /// # Errors
    /// For an id outside the vocabulary.
    pub(crate) fn embed(&self, ids: &[u32]) -> Result<Tensor, Error> {
        let vocab_size = self.embed_tokens.dim(0)?;
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocab_size) {
            return Err(Error::TokenOutsideVocabulary { id: *id, vocab_size });
        }
        let ids = Tensor::new(ids, self.embed_tokens.device())?;
        Ok(self.embed_tokens.index_select(&ids, 0)?.to_dtype(self.dtype)?)
    }

    /// Angles for `count` positions from `start` on.
    pub(crate) fn rotary(&self, start: usize, count: usize) -> candle_core::Result<Rotary> {
        // Angles are products in f32, as in the reference, whatever the number format.
        let angles: Vec<f32> = (start..start + count)
            .flat_map(|position| self.inv_freq.iter().map(move |freq| position as f32 * freq))
            .collect();
        let angles = Tensor::from_vec(angles, (count, self.inv_freq.len()), &Device::Cpu)?;
        let on_device = |table: Tensor| table.to_dtype(self.dtype)?.to_device(self.embed_tokens.device());
        Ok(Rotary { cos: on_device(angles.cos()?)?, sin: on_device(angles.sin()?)? })
    }

    /// The first half of a layer: `x + o_proj(attention(input_layernorm(x)))`, `(positions,
    /// hidden)`. Writes the layer's part of the cache.
    pub(crate) fn attention(
        &self,
        layer_idx: usize,
        hidden: &Tensor,
        rotary: &Rotary,
        cache: &mut KvCache,
    ) -> candle_core::Result<Tensor> {
        match self.layers.get(layer_idx) {
            None => Ok(hidden.clone()),
            Some(Layer::Candle(layer)) => {
                let normed = layer.input_layernorm.forward(hidden)?;
                hidden + layer.self_attn.forward(layer_idx, &normed, rotary, cache)?
            }
            Some(Layer::Native(layer)) => {
                let (cos, sin) = rotary.to_numbers()?;
                let cache = cache.native(layer_idx)?;
                on_numbers(hidden, |x| layer.attention(x, &cos, &sin, cache))
            }
        }
    }

    /// The second half of a layer: `x + down(silu(gate(y)) · up(y))` with
    /// `y = post_attention_layernorm(x)`, `(positions, hidden)`.
    pub(crate) fn mlp(&self, layer_idx: usize, hidden: &Tensor) -> candle_core::Result<Tensor> {
        match self.layers.get(layer_idx) {
            None => Ok(hidden.clone()),
            Some(Layer::Candle(layer)) => {
                let y = layer.post_attention_layernorm.forward(hidden)?;
                let gated = (layer.gate_proj.forward(&y)?.silu()? * layer.up_proj.forward(&y)?)?;
                hidden + layer.down_proj.forward(&gated)?
            }
            Some(Layer::Native(layer)) => on_numbers(hidden, |x| layer.mlp(x)),
        }
    }

    /// The last norm, after all layers: `(positions, hidden)`.
    pub(crate) fn norm(&self, hidden: &Tensor) -> candle_core::Result<Tensor> {
        self.norm.forward(hidden)
    }

    /// Logits of the token that follows the last of these positions, which went through all layers
    /// but not through the norm: `(positions, hidden)` → one number a token of the vocabulary.
    pub(crate) fn last_logits(&self, hidden: &Tensor) -> candle_core::Result<Vec<f32>> {
        let last = hidden.narrow(0, hidden.dim(0)? - 1, 1)?;
        Ok(self.logits(&last)?.pop().unwrap_or_default())
    }

    /// The same of the token that follows each of these positions.
    fn logits(&self, hidden: &Tensor) -> candle_core::Result<Vec<Vec<f32>>> {
        let normed = self.norm.forward(hidden)?;
        match &self.lm_head {
            Head::Candle(linear) => linear.forward(&normed)?.to_dtype(DType::F32)?.to_vec2(),
            Head::Native(isa, linear) => {
                let mut logits = vec![0.0; hidden.dim(0)? * linear.num_out()];
                linear.forward(*isa, &normed.flatten_all()?.to_vec1::<f32>()?, &mut logits, Then::Store);
                Ok(logits.chunks_exact(linear.num_out()).map(<[f32]>::to_vec).collect())
            }
        }
    }

    /// A position's numbers are the same, to the last bit, whatever positions are computed along with it.
    pub(crate) fn rows_are_independent(&self) -> bool {
        matches!(self.lm_head, Head::Native(..))
    }

    /// Reads one token and gives the logits of the next.
    ///
    /// # Errors
    /// When the id lies outside the vocabulary or the cache is full.
    pub(crate) fn decode_step(&self, id: u32, cache: &mut KvCache) -> Result<Vec<f32>, Error> {
        Ok(self.decode_steps(&[id], cache)?.pop().unwrap_or_default())
    }

    /// Reads some tokens and gives the logits behind each.
    ///
    /// # Errors
    /// When an id lies outside the vocabulary or the cache is full.
    pub(crate) fn decode_steps(&self, ids: &[u32], cache: &mut KvCache) -> Result<Vec<Vec<f32>>, Error> {
        on_pool(|| self.decode_here(ids, cache))
    }

    fn decode_here(&self, ids: &[u32], cache: &mut KvCache) -> Result<Vec<Vec<f32>>, Error> {
        let rotary = self.rotary(cache.len(), ids.len())?;
        let mut hidden = self.embed(ids)?;
        for idx in 0..self.layers.len() {
            hidden = self.attention(idx, &hidden, &rotary, cache)?;
            hidden = self.mlp(idx, &hidden)?;
        }
        cache.advance(ids.len());
        Ok(self.logits(&hidden)?)
    }
}

/// `theta^(−2i / head_dim)`, rounded to f32 once.
fn inverse_frequencies(head_dim: usize, theta: f64) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps them in f32")]
    let frequency = |i: usize| theta.powf(-((2 * i) as f64) / head_dim as f64) as f32;
    (0..head_dim / 2).map(frequency).collect()
}

impl Layer {
    fn load(config: &TextConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        match source.kernels() {
            None => DecoderLayer::load(config, source).map(Self::Candle),
            Some(isa) => Ok(Self::Native(Box::new(native_layer(isa, config, source)?))),
        }
    }
}

/// How the decoder's weights are held.
fn form(source: &TensorSource<'_>) -> Form {
    if source.quantization().text_q8_0 { Form::Q8_0 } else { Form::AsStored }
}

/// The same layer with its weights packed for our own kernels.
fn native_layer(isa: Isa, config: &TextConfig, source: &TensorSource<'_>) -> Result<TextLayer, Error> {
    let (attention, mlp) = (source.pp("self_attn"), source.pp("mlp"));
    let norm = |name: &str| source.pp(name).numbers("weight");
    let form = form(source);
    let (narrow, inner) = (config.hidden_size, config.intermediate_size);
    Ok(TextLayer {
        isa,
        heads: Heads {
            num_attention_heads: config.num_attention_heads,
            num_key_value_heads: config.num_key_value_heads,
            head_dim: config.head_dim,
        },
        rms_norm_eps: to_f32(config.rms_norm_eps),
        input_layernorm: norm("input_layernorm")?,
        qkv: attention.packed(narrow, &["q_proj.", "k_proj.", "v_proj."], form)?,
        o_proj: attention.packed(config.num_attention_heads * config.head_dim, &["o_proj."], form)?,
        post_attention_layernorm: norm("post_attention_layernorm")?,
        gate_up: mlp.packed(narrow, &["gate_proj.", "up_proj."], form)?,
        down_proj: mlp.packed(inner, &["down_proj."], form)?,
    })
}

impl DecoderLayer {
    fn load(config: &TextConfig, source: &TensorSource<'_>) -> Result<Self, Error> {
        let eps = config.rms_norm_eps;
        let (attention, mlp) = (source.pp("self_attn"), source.pp("mlp"));
        Ok(Self {
            input_layernorm: RmsNorm::load(eps, &source.pp("input_layernorm"))?,
            self_attn: Attention {
                q_proj: Linear::load(&attention.pp("q_proj"))?,
                k_proj: Linear::load(&attention.pp("k_proj"))?,
                v_proj: Linear::load(&attention.pp("v_proj"))?,
                o_proj: Linear::load(&attention.pp("o_proj"))?,
                num_heads: config.num_attention_heads,
                num_kv_heads: config.num_key_value_heads,
            },
            post_attention_layernorm: RmsNorm::load(eps, &source.pp("post_attention_layernorm"))?,
            gate_proj: Linear::load(&mlp.pp("gate_proj"))?,
            up_proj: Linear::load(&mlp.pp("up_proj"))?,
            down_proj: Linear::load(&mlp.pp("down_proj"))?,
        })
    }
}

impl Attention {
    /// `(positions, hidden)` → the same.
    fn forward(
        &self,
        layer_idx: usize,
        x: &Tensor,
        rotary: &Rotary,
        cache: &mut KvCache,
    ) -> candle_core::Result<Tensor> {
        let q = rotary.apply(&split_heads(&self.q_proj.forward(x)?, self.num_heads)?)?;
        let k = rotary.apply(&split_heads(&self.k_proj.forward(x)?, self.num_kv_heads)?)?;
        let v = split_heads(&self.v_proj.forward(x)?, self.num_kv_heads)?;
        let start = cache.len();
        let (keys, values) = cache.append(layer_idx, &k, &v)?;
        let q = (&q * (q.dim(D::Minus1)? as f64).powf(-0.5))?;
        let positions = q.dim(1)?;
        let mut blocks = Vec::new();
        for from in (0..positions).step_by(QUERY_BLOCK) {
            let count = QUERY_BLOCK.min(positions - from);
            let seen = start + from + count;
            let block = q.narrow(1, from, count)?.contiguous()?;
            blocks.push(self.attend(&block, &keys.narrow(1, 0, seen)?, &values.narrow(1, 0, seen)?)?);
        }
        self.o_proj.forward(&merge_heads(&Tensor::cat(&blocks, 1)?)?)
    }

    /// The block's positions are the last of those seen. Query heads that share a key head lie side
    /// by side, so that they are one larger block of queries to it: nothing is repeated.
    ///
    /// `q`: `(heads, count, head_dim)` → the same.
    fn attend(&self, q: &Tensor, keys: &Tensor, values: &Tensor) -> candle_core::Result<Tensor> {
        let (num_heads, count, head_dim) = q.dims3()?;
        let seen = keys.dim(1)?;
        let group = num_heads / self.num_kv_heads;
        let grouped = q.reshape((self.num_kv_heads, group * count, head_dim))?;
        let mut scores = grouped.matmul(&keys.t()?)?;
        if count > 1 {
            let causal = causal_bias(count, seen, scores.dtype(), scores.device())?;
            scores = scores.reshape((num_heads, count, seen))?.broadcast_add(&causal)?;
        }
        let weights = softmax(&scores)?.reshape((self.num_kv_heads, group * count, seen))?;
        weights.matmul(values)?.reshape((num_heads, count, head_dim))
    }
}

/// `(count, seen)`: 0 where a position may look, −∞ where it would look ahead.
fn causal_bias(count: usize, seen: usize, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
    let before = seen - count;
    let bias: Vec<f32> = (0..count)
        .flat_map(|row| (0..seen).map(move |col| if col <= before + row { 0.0 } else { f32::NEG_INFINITY }))
        .collect();
    Tensor::from_vec(bias, (count, seen), device)?.to_dtype(dtype)
}

impl Rotary {
    /// Cosines and sines, `(positions, head_dim / 2)` each, row by row.
    fn to_numbers(&self) -> candle_core::Result<(Vec<f32>, Vec<f32>)> {
        Ok((self.cos.flatten_all()?.to_vec1()?, self.sin.flatten_all()?.to_vec1()?))
    }

    /// Turns each pair `(i, i + head_dim / 2)` by its angle. `(heads, positions, head_dim)` → the same.
    fn apply(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        // `rope` is the half-split form in candle; `rope_i` would pair neighbours.
        candle_nn::rotary_emb::rope(&x.unsqueeze(0)?, &self.cos, &self.sin)?.squeeze(0)
    }
}
