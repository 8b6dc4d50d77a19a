//! The answer, token by token: what is chosen, what is said of it, and what is taken back.
//!
//! A token that may turn out not to fit is held: it is said only when what follows makes it right. Where that makes it
//! wrong, the answer goes back to before it and takes the likeliest token that fits at once.

use std::collections::VecDeque;
use std::time::Instant;

use super::draft::{DraftCounts, Foresight};
use super::sampler::{Choice, Sampler};
use super::stop::StopWatch;
use crate::model::error::Error;
use crate::model::grammar::{Fit, Grammar};
use crate::model::idefics3::{KvCache, TextModel};
use crate::model::step::{Step, Stop};
use crate::model::tokenizer::DecodeStream;

/// Tokens that are tried where the likeliest one does not fit, by their likelihood. Behind them is noise: then what is
/// open is closed.
const MAX_TRIED: usize = 2048;

/// Everything that writing an answer needs.
pub(super) struct Decoding<'m> {
    pub(super) cache: KvCache,
    /// Of the next token.
    pub(super) logits: Vec<f32>,
    /// Prompt and answer.
    pub(super) ids: Vec<u32>,
    pub(super) prompt_tokens: usize,
    pub(super) max_new_tokens: usize,
    pub(super) sampler: Sampler,
    /// `None` where tokens are not guessed.
    pub(super) foresight: Option<Foresight>,
    pub(super) answer: Answer<'m>,
    held: Option<Held<'m>>,
    /// Said with the next steps.
    due: VecDeque<Step>,
    stop: Option<Stop>,
}

/// What follows the answer as it is written.
#[derive(Clone, Debug)]
pub(super) struct Answer<'m> {
    pub(super) stop_watch: StopWatch,
    pub(super) text: DecodeStream<'m>,
    pub(super) grammar: Option<Box<dyn Grammar>>,
}

/// The answer before a token that may have to be taken back, and what is to be said if it stays.
struct Held<'m> {
    num_ids: usize,
    logits: Vec<f32>,
    answer: Answer<'m>,
    steps: Vec<Step>,
}

/// A step, or why there is none any more.
pub(super) enum Said {
    Step(Step),
    Stopped(Stop),
}

impl<'m> Decoding<'m> {
    /// Writing begins with the logits behind the prompt, `ids`.
    pub(super) fn new(
        (cache, logits, ids): (KvCache, Vec<f32>, Vec<u32>),
        max_new_tokens: usize,
        sampler: Sampler,
        foresight: Option<Foresight>,
        answer: Answer<'m>,
    ) -> Self {
        Self {
            cache,
            logits,
            prompt_tokens: ids.len(),
            ids,
            max_new_tokens,
            sampler,
            foresight,
            answer,
            held: None,
            due: VecDeque::new(),
            stop: None,
        }
    }

    /// How the guesses went; nothing where there were none.
    pub(super) fn draft_counts(&self) -> DraftCounts {
        self.foresight.as_ref().map(Foresight::counts).unwrap_or_default()
    }

    /// What is due, or else one more token.
    ///
    /// # Errors
    /// When a computation fails or nothing can be chosen.
    pub(super) fn step(&mut self, text_model: &TextModel) -> Result<Said, Error> {
        if self.due.is_empty() && self.stop.is_none() {
            self.write_token(text_model)?;
        }
        Ok(match (self.due.pop_front(), self.stop) {
            (Some(step), _) => Said::Step(step),
            (None, Some(stop)) => Said::Stopped(stop),
            (None, None) => Said::Step(Step::Undecided),
        })
    }

    fn write_token(&mut self, text_model: &TextModel) -> Result<(), Error> {
        if self.ids.len() > self.prompt_tokens {
            self.logits = self.next_logits(text_model)?;
        }
        let mut choice = self.sampler.choose(&self.logits, &self.ids)?;
        match self.fit(choice.id) {
            Fit::Fits => {}
            Fit::Doubtful => {
                if self.held.is_none() {
                    let answer = self.answer.clone();
                    let (num_ids, logits) = (self.ids.len(), self.logits.clone());
                    self.held = Some(Held { num_ids, logits, answer, steps: Vec::new() });
                }
                let step = self.take(choice);
                if let Some(held) = &mut self.held {
                    held.steps.push(step);
                }
                self.note_limit();
                return Ok(());
            }
            Fit::Refused => {
                self.go_back();
                choice = self.fitting(choice);
            }
        }
        let step = self.take(choice);
        self.release();
        self.due.push_back(step);
        self.note_limit();
        Ok(())
    }

    /// The logits behind the last token: known already where it was guessed.
    fn next_logits(&mut self, text_model: &TextModel) -> Result<Vec<f32>, Error> {
        let last = self.ids.last().copied().unwrap_or_default();
        if let Some(logits) = self.foresight.as_mut().and_then(|foresight| foresight.logits_behind(last)) {
            return Ok(logits);
        }
        let num_new_tokens = self.ids.len() - self.prompt_tokens;
        // Of guesses that were wrong, and of tokens that were taken back.
        self.cache.truncate(self.ids.len() - 1);
        let room = self.max_new_tokens.saturating_sub(num_new_tokens + 1);
        let answer = self.ids.get(self.prompt_tokens..).unwrap_or_default();
        let guesses =
            self.foresight.as_mut().map(|foresight| foresight.guess(answer, room)).unwrap_or_default();
        let read: Vec<u32> = std::iter::once(last).chain(guesses.iter().copied()).collect();
        let began = Instant::now();
        let mut rows = text_model.decode_steps(&read, &mut self.cache)?.into_iter();
        let took = began.elapsed();
        let logits = rows.next().unwrap_or_default();
        if let Some(foresight) = &mut self.foresight {
            foresight.keep(guesses, rows, took);
        }
        Ok(logits)
    }

    /// What a token would do to the answer.
    fn fit(&mut self, id: u32) -> Fit {
        let Answer { stop_watch, text, grammar: Some(grammar) } = &mut self.answer else { return Fit::Fits };
        if stop_watch.is_end(id) {
            return if grammar.may_end() { Fit::Fits } else { Fit::Refused };
        }
        grammar.fit(&text.preview(id))
    }

    /// Back to before the first token that is held.
    fn go_back(&mut self) {
        if let Some(held) = self.held.take() {
            self.ids.truncate(held.num_ids);
            self.logits = held.logits;
            self.answer = held.answer;
            if let Some(foresight) = &mut self.foresight {
                foresight.forget();
            }
        }
    }

    /// The likeliest token that fits at once, in place of one that does not.
    fn fitting(&mut self, refused: Choice) -> Choice {
        let ranked = self.sampler.ranked(&self.logits, &self.ids);
        let wants_end = ranked.first().is_some_and(|id| self.answer.stop_watch.is_end(*id));
        if wants_end && let Some(grammar) = &mut self.answer.grammar {
            grammar.close();
        }
        let mut found = ranked.iter().take(MAX_TRIED).copied().find(|id| self.fits_and_says(*id));
        if found.is_none()
            && let Some(grammar) = &mut self.answer.grammar
        {
            grammar.close();
            found = ranked.iter().copied().find(|id| self.fits_and_says(*id));
        }
        found.map_or(refused, |id| self.sampler.choice_of(&self.logits, id))
    }

    /// It fits, and is more than an id without a text.
    fn fits_and_says(&mut self, id: u32) -> bool {
        let says_something = self.answer.stop_watch.is_end(id) || !self.answer.text.preview(id).is_empty();
        says_something && self.fit(id) == Fit::Fits
    }

    /// The token is part of the answer.
    fn take(&mut self, choice: Choice) -> Step {
        let Answer { stop_watch, text, grammar } = &mut self.answer;
        self.ids.push(choice.id);
        let is_end = stop_watch.is_end(choice.id);
        let mut piece = if is_end { text.finish() } else { text.push(choice.id) };
        if let Some(grammar) = grammar {
            grammar.take(&piece);
        }
        self.stop = if is_end { Some(Stop::End) } else { stop_watch.push(&piece) };
        if self.stop.is_some() {
            piece.push_str(&text.finish());
        }
        Step::Token { id: choice.id, text: piece, log_probability: choice.log_probability }
    }

    /// The limit ends the answer, with everything that is held.
    fn note_limit(&mut self) {
        if self.stop.is_none() && self.ids.len() - self.prompt_tokens >= self.max_new_tokens {
            self.stop = Some(Stop::TokenLimit);
            let rest = self.answer.text.finish();
            let last = self.due.back_mut().or(self.held.as_mut().and_then(|held| held.steps.last_mut()));
            if let Some(Step::Token { text, .. }) = last {
                text.push_str(&rest);
            }
        }
        if self.stop.is_some() {
            self.release();
        }
    }

    /// What is held stays, and is said before what is due.
    fn release(&mut self) {
        for step in self.held.take().into_iter().flat_map(|held| held.steps) {
            self.due.push_back(step);
        }
    }
}
