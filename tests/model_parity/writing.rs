//! What changes how an answer is written: guesses must never show in it, and a grammar only where it has to.

use std::sync::Arc;

use doclens::markup::{GrammarGuard, Verdict};
use doclens::model::inspect::read_image;
use doclens::model::{Drafts, GenerationOptions, Instruction, KernelChoice, NewGrammar, Step, Stop};

use super::{FIXTURES, all_steps, fixture, load_with, text_of};

/// Tokens with their probabilities to the last bit, and why there are no more.
pub(crate) fn said(steps: &[Step]) -> Vec<(u32, String, u32)> {
    let token = |step: &Step| match step {
        Step::Token { id, text, log_probability } => Some((*id, text.clone(), log_probability.to_bits())),
        Step::Stopped(stop) => Some((u32::MAX, format!("{stop:?}"), 0)),
        Step::EncodedTiles { .. } | Step::Prefilled { .. } | Step::Undecided => None,
    };
    steps.iter().filter_map(token).collect()
}

/// Texts of which some are like the answer, some mislead, and some have nothing to do with it.
fn expectations(answer: &str) -> Vec<Option<Arc<str>>> {
    let words: Vec<&str> = answer.split_inclusive('>').collect();
    let backwards: String = words.iter().rev().copied().collect();
    let without_every_third: String =
        words.iter().enumerate().filter(|(at, _)| at % 3 != 0).map(|(_, word)| *word).collect();
    let other_digits = answer.replace('1', "2").replace('5', "4");
    let texts = [
        answer.to_owned(),
        backwards,
        without_every_third,
        other_digits,
        answer.repeat(3),
        "<loc_1>".repeat(300),
        "\u{e9}\u{4e2d} <<<".to_owned(),
        String::new(),
    ];
    std::iter::once(None).chain(texts.map(|text| Some(text.into()))).collect()
}

#[test]
fn guesses_never_show_in_the_answer() {
    for kernels in [KernelChoice::Auto, KernelChoice::Baseline, KernelChoice::Candle] {
        let folder = fixture("pocket-form");
        let mut model = load_with(&folder.join("checkpoint"), kernels);
        let page = read_image(&folder.join("samples/form0.png")).unwrap();
        let plain = GenerationOptions { max_new_tokens: Some(400), ..GenerationOptions::default() };
        let alone = all_steps(&mut model, &page, &plain);
        for expected in expectations(&text_of(&alone)) {
            let options =
                GenerationOptions { drafts: Some(Drafts { expected: expected.clone() }), ..plain.clone() };
            assert_eq!(
                said(&all_steps(&mut model, &page, &options)),
                said(&alone),
                "{kernels:?} {expected:?}"
            );
        }
    }
}

#[test]
fn guesses_never_show_in_what_is_drawn_by_chance() {
    for name in FIXTURES {
        let folder = fixture(name);
        let mut model = load_with(&folder.join("checkpoint"), KernelChoice::Auto);
        let page = read_image(&fixture("tiny-idefics3").join("images/wide.png")).unwrap();
        for seed in 0..4 {
            let plain = GenerationOptions {
                temperature: 0.4 * seed as f32,
                repetition_penalty: (seed == 3).then_some(1.1),
                seed,
                max_new_tokens: Some(60),
                ..GenerationOptions::default()
            };
            let alone = all_steps(&mut model, &page, &plain);
            for expected in expectations(&text_of(&alone)) {
                let options = GenerationOptions { drafts: Some(Drafts { expected }), ..plain.clone() };
                assert_eq!(said(&all_steps(&mut model, &page, &options)), said(&alone), "{name} {seed}");
            }
        }
    }
}

fn with_grammar(options: &GenerationOptions) -> GenerationOptions {
    GenerationOptions { grammar: Some(NewGrammar(|| Box::new(GrammarGuard::default()))), ..options.clone() }
}

/// Whether a grammar lets a whole answer through.
fn is_well_formed(answer: &str) -> bool {
    let mut guard = GrammarGuard::default();
    let fits = answer.chars().all(|letter| {
        let letter = letter.to_string();
        let verdict = guard.verdict(&letter);
        guard.take(&letter);
        verdict != Verdict::Refused
    });
    fits && guard.may_end()
}

#[test]
fn a_grammar_leaves_well_formed_answers_as_they_are() {
    let folder = fixture("pocket-form");
    let mut model = load_with(&folder.join("checkpoint"), KernelChoice::Auto);
    let mut num_well_formed = 0;
    for page in 0..8 {
        let image = read_image(&folder.join(format!("samples/form{page}.png"))).unwrap();
        let plain = GenerationOptions::default();
        let alone = all_steps(&mut model, &image, &plain);
        let guarded = all_steps(&mut model, &image, &with_grammar(&plain));
        if is_well_formed(&text_of(&alone)) {
            num_well_formed += 1;
            assert_eq!(said(&guarded), said(&alone), "form{page}");
        }
        assert!(is_well_formed(&text_of(&guarded)), "form{page}: {}", text_of(&guarded));
    }
    assert!(num_well_formed >= 4, "{num_well_formed} of 8");
}

/// Random weights write noise, and noise in DocTags has everything that can be wrong with them.
#[test]
fn whatever_a_model_wants_to_write_is_well_formed_with_a_grammar() {
    for name in FIXTURES {
        let folder = fixture(name);
        let mut model = load_with(&folder.join("checkpoint"), KernelChoice::Auto);
        let page = read_image(&fixture("tiny-idefics3").join("images/wide.png")).unwrap();
        for seed in 0..6 {
            let plain = GenerationOptions {
                instruction: Instruction::Page,
                temperature: if seed == 0 { 0.0 } else { 1.5 },
                seed,
                max_new_tokens: Some(120),
                drafts: (seed % 2 == 0).then(Drafts::default),
                ..GenerationOptions::default()
            };
            let steps = all_steps(&mut model, &page, &with_grammar(&plain));
            let mut guard = GrammarGuard::default();
            for step in &steps {
                let Step::Token { text, .. } = step else { continue };
                assert_ne!(guard.verdict(text), Verdict::Refused, "{name} {seed}: {}", text_of(&steps));
                guard.take(text);
            }
            if steps.last() == Some(&Step::Stopped(Stop::End)) {
                assert!(guard.may_end(), "{name} {seed}: {}", text_of(&steps));
            }
        }
    }
}
