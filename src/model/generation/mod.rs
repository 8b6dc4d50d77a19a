//! The work on one page as an iterator: each pull does a small piece of it.
//!
//! A page image and options come in; [`Step`]s go out. Not here: how a layer computes
//! (`idefics3`), what DocTags mean, threads and cancelling (not pulling any more is all it takes).

mod prefill;
mod sampler;
mod stop;
mod tile_memory;

pub(super) use prefill::{PrefillPass, TilePass};
pub(super) use sampler::Sampler;
pub(super) use stop::StopWatch;
pub(super) use tile_memory::TileMemory;

use image::RgbImage;

use super::error::Error;
use super::idefics3::KvCache;
use super::loaded::Idefics3;
use super::page_model::GenerationOptions;
use super::prompt::Message;
use super::step::{Step, Stop};
use super::tokenizer::DecodeStream;

/// The work on one page.
pub(super) struct Generation<'m> {
    model: &'m Idefics3,
    options: GenerationOptions,
    stage: Stage<'m>,
}

/// What comes next. Large parts are boxed, since the stage moves with every step.
enum Stage<'m> {
    /// Nothing has been done.
    Waiting(&'m RgbImage),
    /// The vision encoder and the connector work on tiles.
    Encoding(Box<TilePass>, Vec<u32>),
    /// The decoder reads the prompt.
    Prefilling(Box<PrefillPass>, KvCache, Vec<u32>),
    /// One token a step.
    Decoding(Box<Decoding<'m>>),
    /// The answer is complete but for saying so.
    Stopping(Stop),
    /// Nothing follows.
    Over,
}

/// Everything that writing an answer needs.
struct Decoding<'m> {
    cache: KvCache,
    /// Of the next token.
    logits: Vec<f32>,
    /// Prompt and answer.
    ids: Vec<u32>,
    prompt_tokens: usize,
    max_new_tokens: usize,
    sampler: Sampler,
    stop_watch: StopWatch,
    text: DecodeStream<'m>,
}

impl<'m> Generation<'m> {
    pub(super) fn new(model: &'m Idefics3, page: &'m RgbImage, options: GenerationOptions) -> Self {
        Self { model, options, stage: Stage::Waiting(page) }
    }

    /// Does the next piece of work. `Ok(None)` when there is none left.
    fn advance(&mut self) -> Result<Option<Step>, Error> {
        // An error leaves the stage over: nothing can be said to follow it.
        let (stage, step) = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Waiting(page) => self.start(page)?,
            Stage::Encoding(pass, ids) => self.encode(pass, ids)?,
            Stage::Prefilling(pass, cache, ids) => self.prefill(pass, cache, ids)?,
            Stage::Decoding(decoding) => self.decode(decoding)?,
            Stage::Stopping(stop) => (Stage::Over, Step::Stopped(stop)),
            Stage::Over => return Ok(None),
        };
        self.stage = stage;
        Ok(Some(step))
    }

    /// Cuts the page and writes the prompt.
    fn start(&self, page: &RgbImage) -> Result<(Stage<'m>, Step), Error> {
        let splits = self.options.do_image_splitting;
        let tiles = self.model.image_processor.cut(page, splits, self.options.longest_edge)?;
        let message = Message::about_image(&self.options.instruction.text());
        let prompt = self.model.prompt(&[message], &[tiles.plan])?;
        self.model.room_for_answer(prompt.ids.len())?;
        let total = tiles.images.len();
        let pass = TilePass::remembering(tiles.images);
        Ok((Stage::Encoding(Box::new(pass), prompt.ids), Step::EncodedTiles { done: 0, total }))
    }

    /// Half a layer of the vision encoder on one tile.
    fn encode(&self, mut pass: Box<TilePass>, ids: Vec<u32>) -> Result<(Stage<'m>, Step), Error> {
        pass.step(self.model, |_name, _tensor| {})?;
        let step = Step::EncodedTiles { done: pass.done(), total: pass.total() };
        if !pass.is_finished() {
            return Ok((Stage::Encoding(pass, ids), step));
        }
        let network = &self.model.network;
        let embeds = network.inputs_embeds(&ids, pass.image_features())?;
        let capacity = ids.len() + self.max_new_tokens(ids.len())?;
        let cache = network.text_model.new_cache(&self.model.config.text, capacity)?;
        let prefill = PrefillPass::new(&network.text_model, embeds, &cache, pass.total())?;
        Ok((Stage::Prefilling(Box::new(prefill), cache, ids), step))
    }

    /// Half a layer of the decoder on the prompt.
    fn prefill(
        &self,
        mut pass: Box<PrefillPass>,
        mut cache: KvCache,
        ids: Vec<u32>,
    ) -> Result<(Stage<'m>, Step), Error> {
        let text_model = &self.model.network.text_model;
        pass.step(text_model, &mut cache, |_name, _tensor| {})?;
        if !pass.is_finished() {
            let total = pass.num_tiles();
            return Ok((Stage::Prefilling(pass, cache, ids), Step::EncodedTiles { done: total, total }));
        }
        let prompt_tokens = ids.len();
        let max_new_tokens = self.max_new_tokens(prompt_tokens)?;
        let stage = if max_new_tokens == 0 {
            Stage::Stopping(Stop::TokenLimit)
        } else {
            Stage::Decoding(Box::new(Decoding {
                logits: text_model.last_logits(pass.hidden())?,
                cache,
                ids,
                prompt_tokens,
                max_new_tokens,
                sampler: Sampler::new(&self.options),
                stop_watch: StopWatch::new(
                    self.model.end_token_ids.clone(),
                    self.options.stops_on_repetition,
                ),
                text: self.model.tokenizer.decode_stream(),
            }))
        };
        Ok((stage, Step::Prefilled { prompt_tokens }))
    }

    /// Chooses a token, and works out the logits of the one after it in the next step.
    fn decode(&self, mut decoding: Box<Decoding<'m>>) -> Result<(Stage<'m>, Step), Error> {
        let num_new_tokens = decoding.ids.len() - decoding.prompt_tokens;
        if num_new_tokens > 0 {
            let last = decoding.ids.last().copied().unwrap_or_default();
            let text_model = &self.model.network.text_model;
            decoding.logits = text_model.decode_step(last, &mut decoding.cache)?;
        }
        let choice = decoding.sampler.choose(&decoding.logits, &decoding.ids)?;
        decoding.ids.push(choice.id);
        let is_end = decoding.stop_watch.is_end(choice.id);
        let mut text = if is_end { decoding.text.finish() } else { decoding.text.push(choice.id) };
        let is_last = num_new_tokens + 1 >= decoding.max_new_tokens;
        let stop = if is_end { Some(Stop::End) } else { decoding.stop_watch.push(&text) };
        let stop = stop.or(is_last.then_some(Stop::TokenLimit));
        if stop.is_some() {
            text.push_str(&decoding.text.finish());
        }
        let step = Step::Token { id: choice.id, text, log_probability: choice.log_probability };
        Ok((stop.map_or(Stage::Decoding(decoding), Stage::Stopping), step))
    }

    /// Tokens that this answer may have: as asked, or as the checkpoint says, and never more than
    /// there are positions.
    fn max_new_tokens(&self, prompt_tokens: usize) -> Result<usize, Error> {
        let room = self.model.room_for_answer(prompt_tokens)?;
        let wanted = self.options.max_new_tokens.or(self.model.max_new_tokens);
        Ok(wanted.map_or(room, |wanted| wanted.min(room)))
    }
}

impl Iterator for Generation<'_> {
    type Item = Result<Step, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
