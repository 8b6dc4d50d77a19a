//! Keys and values of everything the decoder has read, in memory that is set aside once.

use candle_core::{DType, Device, Result, Tensor};

use crate::model::config::TextConfig;
use crate::model::kernels::kv_cache as native;

/// The cache of one page: written by [`TextModel`](super::TextModel), thrown away with the page.
#[derive(Debug)]
pub(crate) struct KvCache {
    layers: Layers,
    /// Positions that every layer has seen.
    len: usize,
}

/// As the layers that write them need it.
#[derive(Debug)]
enum Layers {
    Candle(Vec<LayerCache>),
    Native(Vec<native::KvCache>),
}

/// `(kv heads, capacity, head_dim)` each.
#[derive(Debug)]
struct LayerCache {
    keys: Tensor,
    values: Tensor,
}

impl KvCache {
    /// Room for `capacity` positions. The system hands out the memory as it is written, so that an
    /// answer that ends early costs only what it used.
    pub(super) fn new(config: &TextConfig, capacity: usize, dtype: DType, device: &Device) -> Result<Self> {
        let shape = (config.num_key_value_heads, capacity, config.head_dim);
        let layer = || {
            let keys = Tensor::zeros(shape, dtype, device)?;
            Ok(LayerCache { keys, values: Tensor::zeros(shape, dtype, device)? })
        };
        let layers = (0..config.num_hidden_layers).map(|_| layer()).collect::<Result<_>>()?;
        Ok(Self { layers: Layers::Candle(layers), len: 0 })
    }

    /// For layers on our own kernels; it grows as it is written.
    pub(super) fn new_native(config: &TextConfig) -> Self {
        let layer = native::KvCache::new(config.num_key_value_heads, config.head_dim);
        Self { layers: Layers::Native(vec![layer; config.num_hidden_layers]), len: 0 }
    }

    /// One layer's part, for our own kernels.
    pub(super) fn native(&mut self, layer_idx: usize) -> Result<&mut native::KvCache> {
        match &mut self.layers {
            Layers::Native(layers) => {
                layers.get_mut(layer_idx).ok_or_else(|| candle_core::Error::msg("a layer without a cache"))
            }
            Layers::Candle(_) => candle_core::bail!("the cache belongs to other layers"),
        }
    }

    /// Positions read so far: the position of the next token.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Writes a layer's keys and values for the next positions and gives all of them back, the new
    /// ones included: `(kv heads, positions, head_dim)` each. The length grows only with
    /// [`advance`](Self::advance), after the last layer.
    pub(super) fn append(&mut self, layer_idx: usize, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
        let Layers::Candle(layers) = &self.layers else {
            candle_core::bail!("the cache belongs to other layers")
        };
        let Some(layer) = layers.get(layer_idx) else {
            candle_core::bail!("the cache has no layer {layer_idx}")
        };
        layer.keys.slice_set(k, 1, self.len)?;
        layer.values.slice_set(v, 1, self.len)?;
        let len = self.len + k.dim(1)?;
        Ok((layer.keys.narrow(1, 0, len)?, layer.values.narrow(1, 0, len)?))
    }

    /// Forgets the positions from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        if let Layers::Native(layers) = &mut self.layers {
            for layer in layers {
                layer.truncate(len);
            }
        }
    }

    /// All layers have seen this many more positions.
    pub(crate) fn advance(&mut self, positions: usize) {
        self.len += positions;
    }
}
