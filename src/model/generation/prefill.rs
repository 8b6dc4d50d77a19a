//! Tiles through the vision encoder and the prompt through the decoder, half a layer at a time.
//!
//! Both passes tell an observer every stage's result by the name that the reference's goldens use.
//! Generation looks away; `inspect` writes them down. So there is one forward pass, not two.

use std::collections::VecDeque;

use candle_core::Tensor;
use image::RgbImage;

use super::tile_memory::TileKey;
use crate::model::error::Error;
use crate::model::idefics3::{KvCache, PatchMask, Rotary, TextModel};
use crate::model::loaded::Idefics3;

/// All tiles of a page on their way to image features.
pub(crate) struct TilePass {
    waiting: VecDeque<RgbImage>,
    total: usize,
    current: Option<CurrentTile>,
    image_features: Vec<Tensor>,
    remembers: bool,
}

/// The tile that is in the encoder.
struct CurrentTile {
    hidden: Tensor,
    mask: PatchMask,
    half_layers_done: usize,
    /// Its name in the model's memory, when it is to be kept there.
    key: Option<TileKey>,
}

impl TilePass {
    /// Every tile is encoded.
    pub(crate) fn new(tiles: Vec<RgbImage>) -> Self {
        Self {
            total: tiles.len(),
            waiting: tiles.into(),
            current: None,
            image_features: Vec::new(),
            remembers: false,
        }
    }

    /// Tiles that the model has encoded before are not encoded again.
    pub(crate) fn remembering(tiles: Vec<RgbImage>) -> Self {
        Self { remembers: true, ..Self::new(tiles) }
    }

    /// Tiles that have become image features.
    pub(crate) fn done(&self) -> usize {
        self.image_features.len()
    }

    /// Tiles in all.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.done() == self.total
    }

    /// One tensor a tile, `(tokens, text hidden)`, in prompt order.
    pub(crate) fn image_features(&self) -> &[Tensor] {
        &self.image_features
    }

    /// Takes in a tile, or moves the current one on by half a layer, or takes it out.
    ///
    /// # Errors
    /// When a computation fails.
    pub(crate) fn step(
        &mut self,
        model: &Idefics3,
        mut observe: impl FnMut(&str, &Tensor),
    ) -> Result<(), Error> {
        let network = &model.network;
        let vision = &network.vision_model;
        let Some(mut tile) = self.current.take() else {
            let Some(tile) = self.waiting.pop_front() else { return Ok(()) };
            let key = self.remembers.then(|| TileKey::of(&tile));
            if let Some(known) = key.and_then(|key| model.tile_memory.find(&key)) {
                self.image_features.push(known);
                return Ok(());
            }
            let side = tile.width() as usize;
            let pixels = model.image_processor.pixel_values(&tile);
            let pixels = Tensor::from_vec(pixels, (3, side, side), &network.device)?;
            observe("pixel_values", &pixels);
            let mask = PatchMask::full(side / model.config.vision.patch_size);
            let hidden = vision.embed(&pixels.to_dtype(network.dtype)?, &mask)?;
            observe("vision_embeddings", &hidden);
            self.current = Some(CurrentTile { hidden, mask, half_layers_done: 0, key });
            return Ok(());
        };
        let layer_idx = tile.half_layers_done / 2;
        if layer_idx == vision.num_layers() {
            let features = vision.finish(&tile.hidden)?;
            observe("vision_features", &features);
            let image_features = network.connector.forward(&features)?;
            observe("connector", &image_features);
            if let Some(key) = tile.key {
                model.tile_memory.keep(key, image_features.clone());
            }
            self.image_features.push(image_features);
            return Ok(());
        }
        if tile.half_layers_done.is_multiple_of(2) {
            tile.hidden = vision.attention(layer_idx, &tile.hidden, &tile.mask)?;
        } else {
            tile.hidden = vision.mlp(layer_idx, &tile.hidden)?;
            observe(&format!("vision_layer_{layer_idx}"), &tile.hidden);
        }
        tile.half_layers_done += 1;
        self.current = Some(tile);
        Ok(())
    }
}

/// A prompt on its way through the decoder.
pub(crate) struct PrefillPass {
    hidden: Tensor,
    rotary: Rotary,
    num_tiles: usize,
    half_layers_done: usize,
    num_half_layers: usize,
}

impl PrefillPass {
    /// `embeds`: `(prompt, hidden)`. `num_tiles` is only remembered, for progress.
    pub(crate) fn new(
        text_model: &TextModel,
        embeds: Tensor,
        cache: &KvCache,
        num_tiles: usize,
    ) -> Result<Self, Error> {
        let rotary = text_model.rotary(cache.len(), embeds.dim(0)?)?;
        let num_half_layers = 2 * text_model.num_layers();
        Ok(Self { hidden: embeds, rotary, num_tiles, half_layers_done: 0, num_half_layers })
    }

    pub(crate) fn num_tiles(&self) -> usize {
        self.num_tiles
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.half_layers_done == self.num_half_layers
    }

    /// `(prompt, hidden)`, after all layers and before the norm once it is finished.
    pub(crate) fn hidden(&self) -> &Tensor {
        &self.hidden
    }

    /// Moves the prompt on by half a layer.
    ///
    /// # Errors
    /// When a computation fails.
    pub(crate) fn step(
        &mut self,
        text_model: &TextModel,
        cache: &mut KvCache,
        mut observe: impl FnMut(&str, &Tensor),
    ) -> Result<(), Error> {
        let layer_idx = self.half_layers_done / 2;
        if self.half_layers_done.is_multiple_of(2) {
            self.hidden = text_model.attention(layer_idx, &self.hidden, &self.rotary, cache)?;
        } else {
            self.hidden = text_model.mlp(layer_idx, &self.hidden)?;
            observe(&format!("text_layer_{layer_idx}"), &self.hidden);
        }
        self.half_layers_done += 1;
        if self.is_finished() {
            cache.advance(self.hidden.dim(0)?);
        }
        Ok(())
    }
}
