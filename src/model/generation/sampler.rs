//! From logits to a token: greedy, or drawn by temperature and top-p; the repetition penalty.
//!
//! Logits come in, a token and its log-probability go out. Drawing is candle's; the penalty follows the
//! logits processors of `transformers` 5.17 (`generation/logits_process.py`), and greedy choosing is our
//! own because the reference takes the lowest of several equal ones.

use candle_core::{Device, Tensor};
use candle_transformers::generation::LogitsProcessor;

use crate::model::error::Error;
use crate::model::page_model::GenerationOptions;

/// Chooses tokens for one page.
pub(crate) struct Sampler {
    is_greedy: bool,
    repetition_penalty: Option<f32>,
    processor: LogitsProcessor,
}

/// A token and how sure the model was of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) id: u32,
    /// Natural logarithm of its probability under the model, before penalty and temperature.
    pub(crate) log_probability: f32,
}

impl Sampler {
    pub(crate) fn new(options: &GenerationOptions) -> Self {
        Self {
            is_greedy: options.temperature <= 0.0,
            repetition_penalty: options.repetition_penalty.filter(|penalty| *penalty > 0.0),
            processor: LogitsProcessor::new(
                options.seed,
                Some(f64::from(options.temperature)),
                options.top_p.filter(|p| *p < 1.0).map(f64::from),
            ),
        }
    }

    /// Chooses the next token. `seen` are the tokens of the prompt and of the answer so far.
    ///
    /// # Errors
    /// When nothing can be drawn, because no logit is a finite number.
    pub(crate) fn choose(&mut self, logits: &[f32], seen: &[u32]) -> Result<Choice, Error> {
        let adjusted = self.adjusted(logits, seen);
        let idx = if self.is_greedy { argmax(&adjusted) } else { self.draw(adjusted)? };
        Ok(self.choice_of(logits, u32::try_from(idx).unwrap_or(u32::MAX)))
    }

    /// All tokens, the likeliest first, whatever the temperature.
    pub(crate) fn ranked(&self, logits: &[f32], seen: &[u32]) -> Vec<u32> {
        let adjusted = self.adjusted(logits, seen);
        let mut ids: Vec<u32> = (0..=u32::MAX).take(adjusted.len()).collect();
        let logit = |id: &u32| adjusted.get(*id as usize).copied().unwrap_or(f32::NEG_INFINITY);
        ids.sort_by(|a, b| logit(b).total_cmp(&logit(a)));
        ids
    }

    /// A token and how sure the model was of it.
    #[expect(clippy::unused_self, reason = "a choice is the sampler's to make")]
    pub(crate) fn choice_of(&self, logits: &[f32], id: u32) -> Choice {
        let logit = logits.get(id as usize).copied();
        let log_probability = logit.map_or(f32::NEG_INFINITY, |logit| logit - log_sum_exp(logits));
        Choice { id, log_probability }
    }

    fn adjusted(&self, logits: &[f32], seen: &[u32]) -> Vec<f32> {
        let mut adjusted = logits.to_vec();
        if let Some(penalty) = self.repetition_penalty {
            penalize(&mut adjusted, seen, penalty);
        }
        adjusted
    }

    fn draw(&mut self, logits: Vec<f32>) -> Result<usize, Error> {
        let drawn = self.processor.sample(&Tensor::new(logits, &Device::Cpu)?)?;
        Ok(drawn as usize)
    }
}

/// The index of the highest logit; the lowest index of several equal ones.
fn argmax(logits: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (idx, logit) in logits.iter().enumerate() {
        if *logit > best.1 {
            best = (idx, *logit);
        }
    }
    best.0
}

fn log_sum_exp(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a sum over a vocabulary")]
    let log = sum.ln() as f32;
    highest + log
}

/// Makes each seen token less likely, once however often it was seen.
fn penalize(logits: &mut [f32], seen: &[u32], penalty: f32) {
    let mut seen = seen.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for id in seen {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = if *logit < 0.0 { *logit * penalty } else { *logit / penalty };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(temperature: f32, top_p: Option<f32>, repetition_penalty: Option<f32>) -> Sampler {
        Sampler::new(&GenerationOptions {
            temperature,
            top_p,
            repetition_penalty,
            seed: 7,
            ..Default::default()
        })
    }

    #[test]
    fn greedy_takes_the_lower_id_of_two_equal_ones() {
        let choice = sampler(0.0, None, None).choose(&[0.0, 2.0, 2.0], &[]).unwrap();
        assert_eq!(choice.id, 1);
        let expected = 2.0 - (1.0 + 2.0 * 2.0_f32.exp()).ln();
        assert!((choice.log_probability - expected).abs() < 1e-6);
    }

    #[test]
    fn seen_tokens_become_less_likely_but_keep_their_own_probability() {
        let mut sampler = sampler(0.0, None, Some(2.0));
        let choice = sampler.choose(&[1.0, 1.5, -1.0], &[1, 1]).unwrap();
        assert_eq!(choice.id, 0);
        assert_eq!(sampler.choose(&[-3.0, -1.6, -1.0], &[2]).unwrap().id, 1);
    }

    #[test]
    fn a_draw_follows_the_probabilities_and_the_seed() {
        let logits = [0.0, 3.0_f32.ln(), f32::NEG_INFINITY];
        let draw = |mut sampler: Sampler| -> Vec<u32> {
            (0..4000).map(|_| sampler.choose(&logits, &[]).unwrap().id).collect()
        };
        let drawn = draw(sampler(1.0, None, None));
        assert_eq!(drawn, draw(sampler(1.0, None, None)));
        let ones = drawn.iter().filter(|id| **id == 1).count();
        assert!((2900..3100).contains(&ones), "{ones} of 4000 instead of about 3000");
        assert!(!drawn.contains(&2));
        assert!(draw(sampler(1.0, Some(0.7), None)).iter().all(|id| *id == 1));
        assert!(draw(sampler(0.01, None, None)).iter().all(|id| *id == 1));
    }
}
