//! The work on one page as an iterator: each pull does a small piece of it.
//!
//! A page image and options come in; [`Step`]s go out. Not here: how a layer computes
//! (`idefics3`), what DocTags mean, threads and cancelling (not pulling any more is all it takes).

mod decoding;
mod draft;
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
use super::page_model::{Drafts, GenerationOptions};
use super::prompt::Message;
use super::step::{Step, Stop};
use decoding::{Answer, Decoding, Said};
use draft::{DraftCounts, Foresight};

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
    /// At most one token a step.
    Decoding(Box<Decoding<'m>>),
    /// The answer is complete but for saying so.
    Stopping(Stop),
    /// Nothing follows.
    Over,
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
            let answer = Answer {
                stop_watch: StopWatch::new(
                    self.model.end_token_ids.clone(),
                    self.options.stops_on_repetition,
                ),
                text: self.model.tokenizer.decode_stream(),
                grammar: self.options.grammar.map(|new_grammar| new_grammar.0()),
            };
            let logits = text_model.last_logits(pass.hidden())?;
            let sampler = Sampler::new(&self.options);
            let foresight = self.foresight()?;
            let decoding = Decoding::new((cache, logits, ids), max_new_tokens, sampler, foresight, answer);
            Stage::Decoding(Box::new(decoding))
        };
        Ok((stage, Step::Prefilled { prompt_tokens }))
    }

    /// Tokens are guessed where rows are computed as if each were alone; elsewhere a guess could change the answer.
    fn foresight(&self) -> Result<Option<Foresight>, Error> {
        let Some(Drafts { expected }) = &self.options.drafts else { return Ok(None) };
        if !self.model.network.text_model.rows_are_independent() {
            return Ok(None);
        }
        let expected = match expected.as_deref() {
            Some(expected) => self.model.tokenizer.encode(expected)?,
            None => Vec::new(),
        };
        Ok(Some(Foresight::new(expected)))
    }

    /// One token more, or what was held until now.
    fn decode(&self, mut decoding: Box<Decoding<'m>>) -> Result<(Stage<'m>, Step), Error> {
        Ok(match decoding.step(&self.model.network.text_model)? {
            Said::Step(step) => (Stage::Decoding(decoding), step),
            Said::Stopped(stop) => {
                let DraftCounts { passes, guessed, right } = decoding.draft_counts();
                tracing::debug!(passes, guessed, right, "guessed tokens");
                (Stage::Over, Step::Stopped(stop))
            }
        })
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
