//! What weights in fewer bits do to the numbers and to the answer, on every checkpoint at hand. The table is printed:
//! `cargo test --test model_parity quantization -- --nocapture`. Folders of further checkpoints with their cases can be
//! named in `DOCLENS_REFERENCES`.

use std::path::{Path, PathBuf};

use doclens::model::inspect::{self, InspectInput, read_image};
use doclens::model::{
    DeviceChoice, Drafts, DtypeChoice, GenerationOptions, Idefics3, Instruction, KernelChoice, LoadOptions,
    Quantization, load,
};

use super::golden::{cases, fixture, read_tensors};
use super::{FIXTURES, all_steps, text_of};

const INT16: Quantization = Quantization { vision_int16: true, text_q8_0: false };
const Q8_0: Quantization = Quantization { vision_int16: false, text_q8_0: true };
const BOTH: Quantization = Quantization { vision_int16: true, text_q8_0: true };

fn load_quantized(folder: &Path, quantization: Quantization) -> Idefics3 {
    let (device, dtype) = (DeviceChoice::Cpu, DtypeChoice::F32);
    let options = LoadOptions { device, dtype, kernels: KernelChoice::Auto, quantization };
    let model = load(folder, &options, &mut |_progress| {}).unwrap();
    assert_eq!(model.report().quantization, quantization);
    model
}

/// What is compared of one run.
struct Run {
    /// Of the last tile: what the decoder is given of it.
    embeddings: Vec<f64>,
    /// Of the first token.
    logits: Vec<f64>,
    tokens: Vec<u32>,
}

fn run(model: &Idefics3, input: &InspectInput) -> Run {
    let inspection = inspect::inspect(model, input, true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.safetensors");
    inspection.write(&file).unwrap();
    let mut tensors = read_tensors(&file);
    // A conversation without images has no embeddings of tiles.
    let mut values = |name: &str| tensors.remove(name).map(|numbers| numbers.values).unwrap_or_default();
    Run {
        embeddings: values("connector"),
        logits: values("logits"),
        tokens: inspection.tokens.iter().map(|token| token.id).collect(),
    }
}

/// The size of the difference, relative to the size of the numbers.
fn relative(exact: &[f64], got: &[f64]) -> f64 {
    let size = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let difference = size(&mut exact.iter().zip(got).map(|(exact, got)| exact - got));
    if difference == 0.0 { 0.0 } else { difference / size(&mut exact.iter().copied()) }
}

fn inputs_of_cases(folder: &Path) -> Vec<InspectInput> {
    cases(folder).iter().map(|case| InspectInput::read_case(case).unwrap()).collect()
}

fn input_of_page(image: &Path) -> InspectInput {
    InspectInput::of_image(read_image(image).unwrap(), &Instruction::Page, 400)
}

/// Every checkpoint at hand, with what it reads.
fn checkpoints() -> Vec<(PathBuf, Vec<InspectInput>)> {
    let mut all: Vec<_> = FIXTURES
        .iter()
        .map(|name| (fixture(name).join("checkpoint"), inputs_of_cases(&fixture(name))))
        .collect();
    let form = fixture("pocket-form");
    let forms = (0..8).map(|page| input_of_page(&form.join(format!("samples/form{page}.png"))));
    all.push((form.join("checkpoint"), forms.collect()));
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    all.push((assets.join("pocket"), vec![input_of_page(&assets.join("sample-scan.png"))]));
    if let Some(folders) = std::env::var_os("DOCLENS_REFERENCES") {
        all.extend(std::env::split_paths(&folders).map(|f| (f.join("checkpoint"), inputs_of_cases(&f))));
    }
    all
}

/// Largest errors over all inputs, and how many tokens come before the first that departs, of how many.
#[derive(Default)]
struct Effect {
    embeddings: f64,
    logits: f64,
    equal_tokens: usize,
    num_tokens: usize,
}

fn effect(model: &Idefics3, exact: &[Run], inputs: &[InspectInput]) -> Effect {
    let mut effect = Effect::default();
    for (exact, input) in exact.iter().zip(inputs) {
        let got = run(model, input);
        effect.embeddings = effect.embeddings.max(relative(&exact.embeddings, &got.embeddings));
        effect.logits = effect.logits.max(relative(&exact.logits, &got.logits));
        let equal = exact.tokens.iter().zip(&got.tokens).take_while(|(exact, got)| exact == got).count();
        effect.equal_tokens += equal;
        effect.num_tokens += exact.tokens.len();
    }
    effect
}

#[test]
fn weights_in_fewer_bits_stay_near_the_exact_ones() {
    eprintln!(
        "checkpoint       | weights                 | embeddings | first logits | tokens until one departs"
    );
    for (folder, inputs) in checkpoints() {
        let exact = load_quantized(&folder, Quantization::NONE);
        let exact: Vec<Run> = inputs.iter().map(|input| run(&exact, input)).collect();
        for quantization in [INT16, Q8_0, BOTH] {
            let effect = effect(&load_quantized(&folder, quantization), &exact, &inputs);
            let name =
                folder.ancestors().find_map(|part| part.file_name().filter(|name| *name != "checkpoint"));
            eprintln!(
                "{:<16} | {:<23} | {:>10.1e} | {:>12.1e} | {} of {}",
                name.unwrap_or_default().display(),
                quantization.words().unwrap_or_default(),
                effect.embeddings,
                effect.logits,
                effect.equal_tokens,
                effect.num_tokens,
            );
            // f16 in the vision encoder would do about the same; the decoder does not touch the embeddings.
            let most = if quantization.vision_int16 { 1e-3 } else { 1e-12 };
            assert!(effect.embeddings <= most, "embeddings are off by {:.1e}", effect.embeddings);
            let most = if quantization.text_q8_0 { 0.1 } else { 1e-2 };
            assert!(effect.logits <= most, "logits are off by {:.1e}", effect.logits);
        }
    }
}

#[test]
fn guesses_do_not_show_with_weights_in_fewer_bits() {
    let folder = fixture("pocket-form");
    let mut model = load_quantized(&folder.join("checkpoint"), BOTH);
    let page = read_image(&folder.join("samples/form0.png")).unwrap();
    let plain = GenerationOptions { max_new_tokens: Some(400), ..GenerationOptions::default() };
    let alone = all_steps(&mut model, &page, &plain);
    let answer = text_of(&alone);
    for expected in [None, Some(answer.as_str().into()), Some(answer.replace('1', "2").into())] {
        let options = GenerationOptions { drafts: Some(Drafts { expected }), ..plain.clone() };
        assert_eq!(
            super::writing::said(&all_steps(&mut model, &page, &options)),
            super::writing::said(&alone)
        );
    }
}
