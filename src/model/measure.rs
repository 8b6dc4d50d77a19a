//! The stages of reading a page, each by itself and as often as one likes: what benchmarks time.
//!
//! A model and a page image come in; work is done and its result dropped. The passes are those of
//! generation. Not here: clocks, statistics, tables.

use image::RgbImage;

use super::error::Error;
use super::generation::{PrefillPass, Sampler, TilePass};
use super::idefics3::KvCache;
use super::instruction::Instruction;
use super::loaded::Idefics3;
use super::page_model::GenerationOptions;
use super::prompt::Message;

/// A page that is cut, with its prompt written.
pub struct PageStages<'m> {
    model: &'m Idefics3,
    page: RgbImage,
    first_tile: Option<RgbImage>,
    num_tiles: usize,
    prompt_ids: Vec<u32>,
}

/// A prompt that the decoder has read.
pub struct ReadPrompt<'m> {
    model: &'m Idefics3,
    cache: KvCache,
    logits: Vec<f32>,
}

impl<'m> PageStages<'m> {
    /// # Errors
    /// As for reading the page.
    pub fn new(model: &'m Idefics3, page: RgbImage) -> Result<Self, Error> {
        let (tiles, prompt_ids) = prepare(model, &page)?;
        let num_tiles = tiles.len();
        Ok(Self { model, page, first_tile: tiles.into_iter().next(), num_tiles, prompt_ids })
    }

    /// Tiles that the page is cut into, the global view included.
    pub fn num_tiles(&self) -> usize {
        self.num_tiles
    }

    /// Tokens of the prompt, image tokens included.
    pub fn num_prompt_tokens(&self) -> usize {
        self.prompt_ids.len()
    }

    /// Scales and cuts the page, writes the prompt, and makes numbers of all tiles.
    ///
    /// # Errors
    /// As for reading the page.
    pub fn preprocess(&self) -> Result<(), Error> {
        let (tiles, _ids) = prepare(self.model, &self.page)?;
        for tile in &tiles {
            std::hint::black_box(self.model.image_processor.pixel_values(tile));
        }
        Ok(())
    }

    /// Takes the first tile through the vision encoder and the connector.
    ///
    /// # Errors
    /// When a computation fails.
    pub fn encode_tile(&self) -> Result<(), Error> {
        let mut pass = TilePass::new(self.first_tile.iter().cloned().collect());
        while !pass.is_finished() {
            pass.step(self.model, |_name, _tensor| {})?;
        }
        Ok(())
    }

    /// Reads the prompt, up to the logits of the first token, with room for some more tokens.
    ///
    /// The image tokens keep their rows of the embedding table, so that no tile has to be encoded
    /// first: other numbers, the same arithmetic.
    ///
    /// # Errors
    /// When a computation fails.
    pub fn prefill(&self, num_new_tokens: usize) -> Result<ReadPrompt<'m>, Error> {
        let text_model = &self.model.network.text_model;
        let capacity = self.prompt_ids.len() + num_new_tokens;
        let mut cache = text_model.new_cache(&self.model.config.text, capacity)?;
        let mut pass = PrefillPass::new(text_model, text_model.embed(&self.prompt_ids)?, &cache, 0)?;
        while !pass.is_finished() {
            pass.step(text_model, &mut cache, |_name, _tensor| {})?;
        }
        let logits = text_model.last_logits(pass.hidden())?;
        Ok(ReadPrompt { model: self.model, cache, logits })
    }
}

impl ReadPrompt<'_> {
    /// Positions read so far: the depth at which the next token is written.
    pub fn depth(&self) -> usize {
        self.cache.len()
    }

    /// Reads tokens as guesses are read, so many a pass, and forgets them again: what a pass costs whose guesses are
    /// all wrong.
    ///
    /// # Errors
    /// When a computation fails.
    pub fn pass_over(&mut self, num_tokens: usize) -> Result<(), Error> {
        let depth = self.depth();
        let ids: Vec<u32> = (1..).take(num_tokens).collect();
        self.model.network.text_model.decode_steps(&ids, &mut self.cache)?;
        self.cache.truncate(depth);
        Ok(())
    }

    /// Writes tokens greedily, past any end token.
    ///
    /// # Errors
    /// When a computation fails.
    pub fn write(&mut self, num_tokens: usize) -> Result<(), Error> {
        let mut sampler = Sampler::new(&GenerationOptions::default());
        for _ in 0..num_tokens {
            let choice = sampler.choose(&self.logits, &[])?;
            self.logits = self.model.network.text_model.decode_step(choice.id, &mut self.cache)?;
        }
        Ok(())
    }
}

/// As generation does it: tiles and prompt.
fn prepare(model: &Idefics3, page: &RgbImage) -> Result<(Vec<RgbImage>, Vec<u32>), Error> {
    let tiles = model.image_processor.cut(page, None, None)?;
    let message = Message::about_image(&Instruction::default().text());
    let prompt = model.prompt(&[message], &[tiles.plan])?;
    Ok((tiles.images, prompt.ids))
}
