//! Text scores as Nougat's `metrics.py` (v0.1.17) takes them from nltk.
//!
//! - Precision, recall and F1 are over the *sets* of distinct words, as there; how often a word occurs
//!   does not count.
//! - BLEU is nltk's `sentence_bleu`: up to four words, equal weights, no smoothing.
//! - METEOR is nltk's `meteor_score` with exact and stemmed matches, the Snowball stemmer for English
//!   and *without* `WordNet`'s synonyms, which would be data of 10 MB. It is thus at most what nltk gives
//!   with `WordNet`, and equal where a page has no synonym in place of a word.
//!
//! Nougat leaves pages of fewer than four characters out of its means; here they count.

use std::collections::{BTreeMap, BTreeSet};

use rust_stemmers::{Algorithm, Stemmer};

use crate::evaluation::edit_distance;

/// How near one text is to another. Every score but the first is better when larger; all lie in
/// `0.0..=1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextScore {
    /// Edit distance of the characters, divided by the length of the longer text.
    pub edit_distance: f64,
    /// Distinct words of the prediction that the truth has.
    pub precision: f64,
    /// Distinct words of the truth that the prediction has.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// BLEU of the whole text as one sentence.
    pub bleu: f64,
    /// METEOR without synonyms.
    pub meteor: f64,
}

impl TextScore {
    /// Scores a text. Two texts without a word are a perfect match.
    pub fn of(predicted: &str, truth: &str) -> Self {
        let hypothesis: Vec<&str> = predicted.split_whitespace().collect();
        let reference: Vec<&str> = truth.split_whitespace().collect();
        let edit_distance = edit_distance::normalised(predicted, truth);
        if hypothesis.is_empty() && reference.is_empty() {
            return Self { edit_distance, precision: 1.0, recall: 1.0, f1: 1.0, bleu: 1.0, meteor: 1.0 };
        }
        let found: BTreeSet<&str> = hypothesis.iter().copied().collect();
        let wanted: BTreeSet<&str> = reference.iter().copied().collect();
        let num_shared = found.intersection(&wanted).count();
        Self {
            edit_distance,
            precision: ratio(num_shared, found.len()),
            recall: ratio(num_shared, wanted.len()),
            f1: ratio(2 * num_shared, found.len() + wanted.len()),
            bleu: bleu(&hypothesis, &reference),
            meteor: meteor(&hypothesis, &reference),
        }
    }
}

/// 0 when there is nothing to divide by.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// BLEU of one sentence.
fn bleu(hypothesis: &[&str], reference: &[&str]) -> f64 {
    const LONGEST: usize = 4;
    let mut log_mean = 0.0;
    for length in 1..=LONGEST {
        let wanted = ngrams(reference, length);
        let shared: usize = ngrams(hypothesis, length)
            .iter()
            .map(|(ngram, count)| wanted.get(ngram).map_or(0, |limit| *count.min(limit)))
            .sum();
        if shared == 0 && length == 1 {
            return 0.0;
        }
        let total = (hypothesis.len() + 1).saturating_sub(length).max(1);
        // nltk puts the smallest number where nothing is shared, so that its logarithm exists.
        let precision = if shared == 0 { f64::MIN_POSITIVE } else { ratio(shared, total) };
        log_mean += precision.ln() / LONGEST as f64;
    }
    let (found, wanted) = (hypothesis.len() as f64, reference.len() as f64);
    let brevity = if found > wanted { 1.0 } else { (1.0 - wanted / found).exp() };
    brevity * log_mean.exp()
}

fn ngrams<'w, 's>(words: &'w [&'s str], length: usize) -> BTreeMap<&'w [&'s str], usize> {
    let mut counts = BTreeMap::new();
    for ngram in words.windows(length) {
        *counts.entry(ngram).or_insert(0) += 1;
    }
    counts
}

/// METEOR with nltk's parameters: alpha 0.9, beta 3, gamma 0.5.
fn meteor(hypothesis: &[&str], reference: &[&str]) -> f64 {
    let lower = |words: &[&str]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
    let (hypothesis, reference) = (lower(hypothesis), lower(reference));
    let mut partners = vec![None; hypothesis.len()];
    let mut is_taken = vec![false; reference.len()];
    pair_up(&hypothesis, &reference, &mut partners, &mut is_taken);
    let stemmer = Stemmer::create(Algorithm::English);
    let stems = |words: &[String]| words.iter().map(|word| stemmer.stem(word).into_owned()).collect();
    let (stems_found, stems_wanted): (Vec<String>, Vec<String>) = (stems(&hypothesis), stems(&reference));
    pair_up(&stems_found, &stems_wanted, &mut partners, &mut is_taken);

    let matches: Vec<(usize, usize)> =
        partners.iter().enumerate().filter_map(|(at, partner)| Some((at, (*partner)?))).collect();
    if matches.is_empty() {
        return 0.0;
    }
    let (precision, recall) = (ratio(matches.len(), hypothesis.len()), ratio(matches.len(), reference.len()));
    let mean = precision * recall / (0.9 * precision + 0.1 * recall);
    let goes_on = |pair: &&[(usize, usize)]| pair[1].0 == pair[0].0 + 1 && pair[1].1 == pair[0].1 + 1;
    let num_chunks = matches.len() - matches.windows(2).filter(goes_on).count();
    let penalty = 0.5 * ratio(num_chunks, matches.len()).powi(3);
    (1.0 - penalty) * mean
}

/// Pairs words that are still free, from the last to the first, each with the last equal one, as nltk does.
fn pair_up(
    hypothesis: &[String],
    reference: &[String],
    partners: &mut [Option<usize>],
    is_taken: &mut [bool],
) {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, word) in reference.iter().enumerate().filter(|(at, _)| !is_taken[*at]) {
        places.entry(word).or_default().push(at);
    }
    for (word, partner) in hypothesis.iter().zip(partners).rev().filter(|(_, partner)| partner.is_none()) {
        *partner = places.get_mut(word.as_str()).and_then(Vec::pop);
        if let Some(at) = *partner {
            is_taken[at] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn nothing_read_scores_nothing() {
        let score = TextScore::of("", "some words here");
        near(score.edit_distance, 1.0);
        for number in [score.precision, score.recall, score.f1, score.bleu, score.meteor] {
            near(number, 0.0);
        }
    }

    #[test]
    fn an_empty_page_read_as_empty_is_right() {
        let score = TextScore::of("", "");
        near(score.edit_distance, 0.0);
        near(score.f1, 1.0);
    }

    #[test]
    fn repeating_a_word_does_not_raise_recall() {
        let score = TextScore::of("a a a b", "a b c d");
        near(score.precision, 1.0);
        near(score.recall, 0.5);
    }
}
