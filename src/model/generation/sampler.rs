//! From logits to a token: greedy, or drawn by temperature and top-p; the repetition penalty.
//!
//! Logits come in, a token and its log-probability go out. Source: the logits processors of
//! `transformers` 5.17 (`generation/logits_process.py`).

use crate::model::page_model::GenerationOptions;

/// Chooses tokens for one page.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    temperature: f32,
    top_p: Option<f32>,
    repetition_penalty: Option<f32>,
    random: SplitMix64,
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
            temperature: options.temperature,
            top_p: options.top_p.filter(|p| *p < 1.0),
            repetition_penalty: options.repetition_penalty.filter(|penalty| *penalty > 0.0),
            random: SplitMix64(options.seed),
        }
    }

    /// Chooses the next token. `seen` are the tokens of the prompt and of the answer so far.
    pub(crate) fn choose(&mut self, logits: &[f32], seen: &[u32]) -> Choice {
        let mut adjusted = logits.to_vec();
        if let Some(penalty) = self.repetition_penalty {
            penalize(&mut adjusted, seen, penalty);
        }
        let idx = if self.temperature > 0.0 { self.draw(&adjusted) } else { argmax(&adjusted) };
        let log_probability = logits.get(idx).map_or(f32::NEG_INFINITY, |logit| logit - log_sum_exp(logits));
        Choice { id: u32::try_from(idx).unwrap_or(u32::MAX), log_probability }
    }

    fn draw(&mut self, logits: &[f32]) -> usize {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |logit: &f32| f64::from((logit - highest) / self.temperature).exp();
        let mut candidates: Vec<(usize, f64)> = logits.iter().map(weight).enumerate().collect();
        // Likeliest first; the lower id of two equal ones, so that a seed means one answer.
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let kept = f64::from(self.top_p.unwrap_or(1.0)) * total;
        let mut mass = 0.0;
        // A token is kept while those before it do not make up the probability yet: at least one.
        let nucleus: Vec<(usize, f64)> = candidates
            .into_iter()
            .enumerate()
            .take_while(|(rank, (_, weight))| {
                let is_kept = *rank == 0 || mass < kept;
                mass += weight;
                is_kept
            })
            .map(|(_, candidate)| candidate)
            .collect();
        let kept_mass: f64 = nucleus.iter().map(|(_, weight)| weight).sum();
        let mut left = self.random.next_fraction() * kept_mass;
        for (idx, weight) in &nucleus {
            left -= weight;
            if left < 0.0 {
                return *idx;
            }
        }
        nucleus.last().map_or(0, |(idx, _)| *idx)
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

/// A small generator of random numbers: sampling needs no more than that its bits are mixed, and
/// that a seed gives the same numbers on every machine. Source: Steele, Lea, Flood 2014.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1, in steps of 2⁻⁵³.
    fn next_fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
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
        let choice = sampler(0.0, None, None).choose(&[0.0, 2.0, 2.0], &[]);
        assert_eq!(choice.id, 1);
        let expected = 2.0 - (1.0 + 2.0 * 2.0_f32.exp()).ln();
        assert!((choice.log_probability - expected).abs() < 1e-6);
    }

    #[test]
    fn seen_tokens_become_less_likely_but_keep_their_own_probability() {
        let mut sampler = sampler(0.0, None, Some(2.0));
        let choice = sampler.choose(&[1.0, 1.5, -1.0], &[1, 1]);
        assert_eq!(choice.id, 0);
        assert_eq!(sampler.choose(&[-3.0, -1.6, -1.0], &[2]).id, 1);
    }

    #[test]
    fn a_draw_follows_the_probabilities_and_the_seed() {
        let logits = [0.0, 3.0_f32.ln(), f32::NEG_INFINITY];
        let draw = |mut sampler: Sampler| -> Vec<u32> {
            (0..4000).map(|_| sampler.choose(&logits, &[]).id).collect()
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
