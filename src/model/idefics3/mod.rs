//! The network: what joins the vision encoder, the connector and the decoder.
//!
//! Fields and modules have the names of the published configuration and checkpoint, so that either
//! can be searched for. Source: `models/idefics3/modeling_idefics3.py` and
//! `models/llama/modeling_llama.py` of `transformers` 5.17. Not here: sampling, stopping, text.

mod checkpoint;
mod connector;
mod kv_cache;
mod layers;
mod text;
mod vision;

pub(crate) use checkpoint::{Root, TensorSource, tensor_shapes};
pub(crate) use kv_cache::KvCache;
pub(crate) use text::{Rotary, TextModel};
pub(crate) use vision::{PatchMask, VisionModel};

use candle_core::{DType, Device, Tensor};

use self::connector::Connector;
use super::config::Config;
use super::error::Error;

/// All weights, ready to compute.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) vision_model: VisionModel,
    pub(crate) connector: Connector,
    pub(crate) text_model: TextModel,
    image_token_id: u32,
    pub(crate) device: Device,
    pub(crate) dtype: DType,
}

impl Network {
    /// Takes in all weights.
    ///
    /// # Errors
    /// When a tensor cannot be read or there is no memory for it. Shapes have been checked before.
    pub(crate) fn load(config: &Config, source: &TensorSource<'_>) -> Result<Self, Error> {
        let model = source.pp("model");
        Ok(Self {
            vision_model: VisionModel::load(&config.vision, &model.pp("vision_model"))?,
            connector: Connector::load(config.scale_factor, &model.pp("connector"))?,
            text_model: TextModel::load(&config.text, &model.pp("text_model"), source)?,
            image_token_id: config.image_token_id,
            device: source.device().clone(),
            dtype: source.dtype(),
        })
    }

    /// Embeds a prompt, with the n-th row of image features in the place of the n-th image token.
    ///
    /// `image_features`, one tensor a tile: `(tokens, hidden)` → `(prompt, hidden)`.
    ///
    /// # Errors
    /// When the counts differ.
    pub(crate) fn inputs_embeds(&self, ids: &[u32], image_features: &[Tensor]) -> Result<Tensor, Error> {
        let embeds = self.text_model.embed(ids)?;
        let slots = ids.iter().filter(|id| **id == self.image_token_id).count();
        let num_rows = image_features.iter().map(|rows| rows.dim(0)).sum::<candle_core::Result<usize>>()?;
        if slots != num_rows {
            return Err(Error::ImageSlots { slots, images: num_rows });
        }
        if num_rows == 0 {
            return Ok(embeds);
        }
        let features = Tensor::cat(image_features, 0)?;
        let (mut position, mut row) = (0, 0);
        for run in ids.chunk_by(|a, b| (*a == self.image_token_id) == (*b == self.image_token_id)) {
            if run.first() == Some(&self.image_token_id) {
                embeds.slice_set(&features.narrow(0, row, run.len())?.contiguous()?, 0, position)?;
                row += run.len();
            }
            position += run.len();
        }
        Ok(embeds)
    }
}
