//! The model room against recorded tensors of the reference (`transformers` 5.17, f32, Pillow 12.3),
//! from pixels to greedy tokens.
//!
//! `tiny-idefics3` is the main fixture; `tiny-r3-bf16` (untied, `rope_parameters`, omitted keys, own
//! `head_dim`, patches that do not fill the tile, `<loc_N>` by BPE) and `tiny-r1-f16` (tied, one key
//! head, no pixel shuffle) are made by the same script. `pocket-form` is a trained model with its own
//! answers. More reference folders can be named in `DOCLENS_REFERENCES`, separated as in `PATH`.
#![expect(clippy::unwrap_used, reason = "a test may stop at whatever it cannot read")]
#![expect(clippy::panic, reason = "as above")]

mod golden;
#[path = "model_parity/quantization.rs"]
mod quantization;
#[path = "model_parity/writing.rs"]
mod writing;

use std::path::{Path, PathBuf};

use doclens::model::inspect::{self, InspectInput, encode_masked_tile, resize_lanczos};
use doclens::model::{
    DeviceChoice, DtypeChoice, Error, GenerationOptions, Idefics3, Instruction, KernelChoice, LoadOptions,
    PageModel, Step, Stop, load,
};
use golden::{Numbers, cases, departures, fixture, largest_difference, read_json, read_tensors};
use image::RgbImage;

const FIXTURES: [&str; 3] = ["tiny-idefics3", "tiny-r3-bf16", "tiny-r1-f16"];

/// Everything that claims the accuracy of f32: our own kernels with and without the machine's special
/// instructions, and candle.
const KERNELS: [KernelChoice; 3] = [KernelChoice::Auto, KernelChoice::Baseline, KernelChoice::Candle];

fn load_with(folder: &Path, kernels: KernelChoice) -> Idefics3 {
    let exact = LoadOptions { device: DeviceChoice::Cpu, dtype: DtypeChoice::F32, ..LoadOptions::default() };
    let options = LoadOptions { kernels, ..exact };
    load(folder, &options, &mut |_progress| {}).unwrap()
}

fn load_exact(folder: &Path) -> Idefics3 {
    load_with(folder, KernelChoice::Auto)
}

fn check_folder(folder: &Path) {
    for kernels in KERNELS {
        check_folder_with(folder, kernels);
    }
}

fn check_folder_with(folder: &Path, kernels: KernelChoice) {
    let model = load_with(&folder.join("checkpoint"), kernels);
    let dumps = tempfile::tempdir().unwrap();
    let cases = cases(folder);
    assert!(!cases.is_empty(), "{} has no cases", folder.display());
    for case in cases {
        let input = InspectInput::read_case(&case).unwrap();
        let inspection = inspect::inspect(&model, &input, true).unwrap();
        let dump = dumps.path().join(case.file_name().unwrap());
        inspection.write(&dump.with_extension("safetensors")).unwrap();
        let departures = departures(&case, &dump);
        assert!(departures.is_empty(), "{} on {kernels:?}:\n{}", case.display(), departures.join("\n"));
    }
}

#[test]
fn every_stage_of_every_case_is_met() {
    for name in FIXTURES {
        check_folder(&fixture(name));
    }
}

#[test]
fn references_from_elsewhere_are_met() {
    let Some(folders) = std::env::var_os("DOCLENS_REFERENCES") else {
        eprintln!("DOCLENS_REFERENCES names no folders: only the fixtures were held against the reference");
        return;
    };
    std::env::split_paths(&folders).for_each(|folder| check_folder(&folder));
}

/// The comparer itself must be able to fail.
#[test]
fn a_departure_is_noticed() {
    let goldens = fixture("tiny-idefics3").join("goldens");
    assert_eq!(departures(&goldens.join("wide.json"), &goldens.join("wide.json")), Vec::<String>::new());
    assert!(departures(&goldens.join("wide.json"), &goldens.join("tall.json")).len() > 5);
}

/// The last normalisation of the vision encoder sees large numbers, where a usual epsilon is lost; so here
/// is one that is not.
#[test]
fn the_last_vision_norm_takes_its_epsilon_from_the_configuration() {
    const EPSILON: f64 = 0.5;
    let reference = fixture("tiny-idefics3");
    let checkpoint = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(reference.join("checkpoint")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, checkpoint.path().join(path.file_name().unwrap())).unwrap();
    }
    let mut config = read_json(&checkpoint.path().join("config.json"));
    config["vision_config"]["layer_norm_eps"] = serde_json::json!(EPSILON);
    std::fs::write(checkpoint.path().join("config.json"), config.to_string()).unwrap();
    let weights = read_tensors(&checkpoint.path().join("model.safetensors"));
    let [scale, shift] =
        ["weight", "bias"].map(|name| &weights[&format!("model.vision_model.post_layernorm.{name}")].values);
    for kernels in KERNELS {
        let model = load_with(checkpoint.path(), kernels);
        let input = InspectInput::read_case(&reference.join("goldens/wide.json")).unwrap();
        let dump = checkpoint.path().join("dump.safetensors");
        inspect::inspect(&model, &input, true).unwrap().write(&dump).unwrap();
        let tensors = read_tensors(&dump);
        let (last, _) =
            tensors.range("vision_layer_0".to_owned().."vision_layer_:".to_owned()).next_back().unwrap();
        let rows = tensors[last].values.chunks(scale.len());
        let normalised = rows.flat_map(|row| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
            let deviation = (variance + EPSILON).sqrt();
            let scaled = row.iter().zip(scale).map(move |(x, scale)| (x - mean) / deviation * scale);
            scaled.zip(shift).map(|(x, shift)| x + shift).collect::<Vec<_>>()
        });
        let expected: Vec<f64> = normalised.collect();
        // Layers are recorded of the last tile.
        let features = &tensors["vision_features"].values;
        let difference = largest_difference(&expected, &features[features.len() - expected.len()..]);
        assert!(difference < 4e-5, "{kernels:?}: off by {difference:.1e}");
    }
}

fn image_of(numbers: &Numbers) -> RgbImage {
    let bytes: Vec<u8> = numbers.values.iter().map(|value| format!("{value}").parse().unwrap()).collect();
    let [height, width, 3] = *numbers.shape.as_slice() else { panic!("{:?} is no image", numbers.shape) };
    RgbImage::from_raw(width.try_into().unwrap(), height.try_into().unwrap(), bytes).unwrap()
}

#[test]
fn resizes_are_equal_to_the_last_bit() {
    for name in FIXTURES {
        let tensors = read_tensors(&fixture(name).join("goldens/resize.safetensors"));
        let source = image_of(&tensors["source"]);
        assert_eq!(tensors.len(), 7);
        for (case, numbers) in tensors {
            let expected = image_of(&numbers);
            let resized = resize_lanczos(&source, expected.width(), expected.height());
            assert!(resized == expected, "{name}: {case} departs");
        }
    }
}

#[test]
fn texts_and_tokens_are_those_of_the_reference() {
    for name in FIXTURES {
        let model = load_exact(&fixture(name).join("checkpoint"));
        let probes = read_json(&fixture(name).join("goldens/tokenizer.json"));
        for probe in probes.as_array().unwrap() {
            let text = probe["text"].as_str().unwrap();
            let ids = model.tokenize(text).unwrap();
            assert_eq!(serde_json::json!(ids), probe["ids"], "{name}: {text:?}");
            assert_eq!(model.detokenize(&ids), probe["decoded"].as_str().unwrap(), "{name}: {text:?}");
        }
    }
}

#[test]
fn partly_valid_tiles_are_masked() {
    for (name, kernels) in FIXTURES.iter().flat_map(|name| KERNELS.map(|kernels| (*name, kernels))) {
        let model = load_with(&fixture(name).join("checkpoint"), kernels);
        let tensors = read_tensors(&fixture(name).join("goldens/vision_mask.safetensors"));
        let rows = |name: &str| {
            let numbers = &tensors[name];
            numbers.values.chunks(numbers.values.len() / numbers.shape[0])
        };
        let tiles = rows("pixel_values").zip(rows("pixel_attention_mask")).zip(rows("position_ids"));
        let results = rows("vision_features").zip(rows("connector"));
        for (((pixels, mask), ids), (features, connector)) in tiles.zip(results) {
            let pixels: Vec<f32> = pixels.iter().map(|pixel| format!("{pixel}").parse().unwrap()).collect();
            let mask: Vec<bool> = mask.iter().map(|valid| *valid > 0.5).collect();
            let tile = encode_masked_tile(&model, &pixels, &mask).unwrap();
            let found: Vec<f64> = tile.position_ids.iter().map(|id| f64::from(*id)).collect();
            assert_eq!(found, ids, "{name}");
            for (expected, actual) in [(features, tile.vision_features), (connector, tile.connector)] {
                let actual: Vec<f64> = actual.into_iter().map(f64::from).collect();
                let difference = largest_difference(expected, &actual);
                assert!(difference <= 4e-5, "{name}: off by {difference:.1e}");
            }
        }
    }
}

#[test]
fn a_trained_model_reads_its_pages_word_for_word() {
    let folder = fixture("pocket-form");
    for kernels in KERNELS {
        reads_its_pages(&folder, load_with(&folder.join("checkpoint"), kernels));
    }
}

fn reads_its_pages(folder: &Path, mut model: Idefics3) {
    for page in 0..8 {
        let image = inspect::read_image(&folder.join(format!("samples/form{page}.png"))).unwrap();
        let expected = std::fs::read_to_string(folder.join(format!("samples/form{page}.out.dt"))).unwrap();
        let steps = all_steps(&mut model, &image, &GenerationOptions::default());
        assert_eq!(text_of(&steps), expected, "form{page}");
        assert_eq!(steps.last(), Some(&Step::Stopped(Stop::End)), "form{page}");
    }
}

fn all_steps(model: &mut Idefics3, page: &RgbImage, options: &GenerationOptions) -> Vec<Step> {
    model.generate(page, options).collect::<Result<_, _>>().unwrap()
}

fn text_of(steps: &[Step]) -> String {
    let text = |step: &Step| match step {
        Step::Token { text, .. } => Some(text.clone()),
        Step::EncodedTiles { .. } | Step::Prefilled { .. } | Step::Undecided | Step::Stopped(_) => None,
    };
    steps.iter().filter_map(text).collect()
}

fn portrait() -> (Idefics3, RgbImage) {
    let folder = fixture("tiny-idefics3");
    (
        load_exact(&folder.join("checkpoint")),
        inspect::read_image(&folder.join("images/portrait.png")).unwrap(),
    )
}

/// The iterator that pages are read with says what the goldens say, in the promised order.
#[test]
fn steps_come_in_order_and_stop_at_the_limit() {
    let (mut model, page) = portrait();
    let golden = read_json(&fixture("tiny-idefics3").join("goldens/portrait.json"));
    let options = GenerationOptions { max_new_tokens: Some(20), ..Default::default() };
    let steps = all_steps(&mut model, &page, &options);
    let rank = |step: &Step| match step {
        Step::EncodedTiles { done, .. } => *done,
        Step::Prefilled { .. } => 100,
        Step::Undecided | Step::Token { .. } => 101,
        Step::Stopped(_) => 102,
    };
    assert_eq!(steps.first(), Some(&Step::EncodedTiles { done: 0, total: 17 }));
    assert!(steps.is_sorted_by_key(rank));
    let prompt_tokens = golden["input_ids"].as_array().unwrap().len();
    assert!(steps.contains(&Step::Prefilled { prompt_tokens }));
    assert_eq!(steps.last(), Some(&Step::Stopped(Stop::TokenLimit)));
    let ids: Vec<u32> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Token { id, log_probability, .. } => {
                assert!(*log_probability <= 0.0 && *log_probability > -12.0);
                Some(*id)
            }
            _ => None,
        })
        .collect();
    assert_eq!(serde_json::json!(ids), serde_json::json!(golden["generated_ids"].as_array().unwrap()[..20]));
}

/// No pull does more than half a layer on one tile, so that there are many places to stop at.
#[test]
fn work_can_be_dropped_between_any_two_steps() {
    let (mut model, page) = portrait();
    let options = GenerationOptions { max_new_tokens: Some(4), ..Default::default() };
    let whole = all_steps(&mut model, &page, &options);
    // Two layers in each tower, two halves each, and taking a tile in and out: 17 tiles.
    assert!(whole.len() > 17 * 6 + 4, "only {} steps", whole.len());
    for taken in [0, 1, 3, 60, whole.len() - 3] {
        model.forget_tiles();
        let some: Vec<Step> = model.generate(&page, &options).take(taken).map(Result::unwrap).collect();
        assert_eq!(some, whole[..taken]);
    }
    model.forget_tiles();
    assert_eq!(all_steps(&mut model, &page, &options), whole);
}

/// A tile is encoded once, wherever it stands, and what is written is the same.
#[test]
fn tiles_that_were_encoded_are_not_encoded_again() {
    let (mut model, page) = portrait();
    let options = GenerationOptions { max_new_tokens: Some(8), ..Default::default() };
    let encodings = |steps: &[Step]| {
        let is_encoding = |step: &&Step| matches!(step, Step::EncodedTiles { done, total } if done < total);
        steps.iter().filter(is_encoding).count()
    };
    let tokens = |steps: &[Step]| -> Vec<Step> {
        steps.iter().filter(|step| matches!(step, Step::Token { .. })).cloned().collect()
    };
    let first = all_steps(&mut model, &page, &options);
    let again = all_steps(&mut model, &page, &options);
    assert_eq!(tokens(&again), tokens(&first));
    assert_eq!(encodings(&again), 17, "the page is cut, and each tile but the last is found at once");
    // Of the 17 tiles of a page in one colour all are equal.
    let plain = RgbImage::from_pixel(page.width(), page.height(), image::Rgb([200; 3]));
    let blank = all_steps(&mut model, &plain, &options);
    assert!(encodings(&blank) < encodings(&first) / 4, "{} steps", encodings(&blank));
    model.forget_tiles();
    assert_eq!(all_steps(&mut model, &page, &options), first);
}

#[test]
fn prompt_and_answer_share_the_positions() {
    let folder = fixture("tiny-r1-f16");
    let copy = copy_with(&folder.join("checkpoint"), "config.json", |text| {
        text.replace("\"max_position_embeddings\": 1024", "\"max_position_embeddings\": 80")
    });
    let mut model = load_exact(copy.path());
    let page = inspect::read_image(&folder.join("images/wide.png")).unwrap();
    let instruction = Instruction::Custom("Convert table to OTSL.".into());
    let options = GenerationOptions { instruction, ..Default::default() };
    // The prompt has 73 tokens.
    let steps = all_steps(&mut model, &page, &options);
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::Token { .. })).count(), 7);
    assert_eq!(steps.last(), Some(&Step::Stopped(Stop::TokenLimit)));
    let long = GenerationOptions { instruction: Instruction::Custom("word ".repeat(40)), ..options };
    let results: Vec<_> = model.generate(&page, &long).collect();
    assert!(matches!(results.as_slice(), [Err(Error::PromptTooLong { .. })]));
}

#[test]
fn an_image_token_in_the_instruction_is_refused() {
    let (mut model, page) = portrait();
    let instruction = Instruction::Custom("look at <image> again".into());
    let options = GenerationOptions { instruction, ..Default::default() };
    let results: Vec<_> = model.generate(&page, &options).collect();
    assert!(matches!(results.as_slice(), [Err(Error::ImageSlots { slots: 2, images: 1 })]));
}

#[test]
fn sampling_depends_on_the_seed_alone() {
    let (mut model, page) = portrait();
    let mut read = |seed| {
        let options = GenerationOptions {
            temperature: 1.5,
            top_p: Some(0.95),
            repetition_penalty: Some(1.1),
            seed,
            max_new_tokens: Some(12),
            do_image_splitting: Some(false),
            ..Default::default()
        };
        model.forget_tiles();
        all_steps(&mut model, &page, &options)
    };
    assert_eq!(read(1), read(1));
    assert_ne!(read(1), read(2));
}

/// A copy of a checkpoint with one file changed.
fn copy_with(checkpoint: &Path, file: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(checkpoint).unwrap() {
        let from: PathBuf = entry.unwrap().path();
        std::fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    let target = copy.path().join(file);
    let text = std::fs::read_to_string(&target).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "nothing was changed in {file}");
    std::fs::write(target, changed).unwrap();
    copy
}
