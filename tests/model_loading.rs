//! Checkpoints that are sharded, laid out differently, incomplete or damaged: the first two load, the
//! others say what is wrong, by file and tensor.
#![expect(clippy::unwrap_used, reason = "a test may stop at whatever it cannot read")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use doclens::model::inspect::{InspectInput, inspect};
use doclens::model::{KernelChoice, LoadOptions, LoadProgress, check, load};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The smallest family of the parity tests.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny-r1-f16");

/// A copy of the smallest checkpoint, to be spoilt.
fn checkpoint() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(FIXTURE).join("checkpoint")).unwrap() {
        let from: PathBuf = entry.unwrap().path();
        fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    copy
}

/// What loading says, with the causes, and with the folder left out. [`check`] has to say the same.
fn complaint(folder: &Path) -> String {
    let with_causes = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text.replace(&format!("{}/", folder.display()), "")
    };
    let loaded = load(folder, &LoadOptions::default(), &mut |_progress| {});
    let complaint = loaded.err().map(|error| with_causes(&error)).unwrap_or_default();
    assert_eq!(check(folder).err().map(|error| with_causes(&error)).unwrap_or_default(), complaint);
    complaint
}

fn check_complaint(spoil: impl Fn(&Path), expected: &str) {
    let folder = checkpoint();
    spoil(folder.path());
    assert_eq!(complaint(folder.path()), expected);
}

fn edit_json(folder: &Path, file: &str, edit: impl Fn(&mut Value)) {
    let file = folder.join(file);
    let mut json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    edit(&mut json);
    fs::write(&file, json.to_string()).unwrap();
}

fn edit_bytes(folder: &Path, file: &str, edit: impl Fn(&mut Vec<u8>)) {
    let file = folder.join(file);
    let mut bytes = fs::read(&file).unwrap();
    edit(&mut bytes);
    fs::write(&file, bytes).unwrap();
}

const WEIGHTS: &str = "model.safetensors";

#[test]
fn damaged_weights_are_named() {
    check_complaint(
        |folder| fs::remove_file(folder.join(WEIGHTS)).unwrap(),
        "the weight file is missing: model.safetensors",
    );
    check_complaint(
        |folder| edit_bytes(folder, WEIGHTS, |bytes| bytes[8] = b'['),
        "model.safetensors has no valid safetensors header: invalid type: sequence, \
         expected a map at line 1 column 0",
    );
    check_complaint(
        |folder| edit_bytes(folder, WEIGHTS, |bytes| bytes[7] = 0xff),
        "model.safetensors has no valid safetensors header: it would be 18374686479671630384 bytes long",
    );
    check_complaint(
        |folder| edit_bytes(folder, WEIGHTS, |bytes| bytes.truncate(bytes.len() - 10)),
        "model.safetensors is cut short: it has 126190 bytes of 126200",
    );
    check_complaint(
        |folder| edit_bytes(folder, WEIGHTS, Vec::clear),
        "model.safetensors has no valid safetensors header: the file has only 0 bytes",
    );
}

#[test]
fn weights_that_do_not_fit_the_configuration_are_named() {
    check_complaint(
        |folder| edit_json(folder, "config.json", |json| json["text_config"]["num_hidden_layers"] = json!(3)),
        "tensor `model.text_model.layers.2.self_attn.q_proj.weight` with shape [32, 32] is missing from \
         model.safetensors",
    );
    check_complaint(
        |folder| {
            edit_json(folder, "config.json", |json| json["text_config"]["intermediate_size"] = json!(60));
        },
        "tensor `model.text_model.layers.0.mlp.gate_proj.weight` has shape [64, 32], expected [60, 32], in \
         model.safetensors",
    );
}

#[test]
fn missing_files_are_named() {
    for (file, expected) in [
        ("config.json", "the model configuration is missing: config.json"),
        ("tokenizer.json", "the tokenizer is missing: tokenizer.json"),
        ("chat_template.jinja", "the chat template is missing: chat_template.jinja"),
        (
            "preprocessor_config.json",
            "the image processor's configuration is missing: preprocessor_config.json",
        ),
    ] {
        check_complaint(|folder| fs::remove_file(folder.join(file)).unwrap(), expected);
    }
    // These two only say what can be had from elsewhere.
    for file in ["generation_config.json", "tokenizer_config.json", "processor_config.json"] {
        check_complaint(|folder| fs::remove_file(folder.join(file)).unwrap(), "");
    }
}

#[test]
fn other_architectures_are_refused_by_name() {
    let check = |edit: fn(&mut Value), expected: &str| {
        check_complaint(|folder| edit_json(folder, "config.json", edit), expected);
    };
    check(
        |json| json["model_type"] = json!("qwen2_vl"),
        "config.json: `model_type` is qwen2_vl, but only idefics3 or smolvlm is supported",
    );
    check(
        |json| json["text_config"]["model_type"] = json!("granite"),
        "config.json: `text_config.model_type` is granite, but only a llama text model is supported",
    );
    check(
        |json| json["text_config"]["embedding_multiplier"] = json!(12.0),
        "config.json: `text_config.embedding_multiplier` is 12.0, but only a llama without multipliers is \
         supported",
    );
    check(
        |json| json["text_config"]["rope_parameters"] = json!({"rope_type": "yarn", "rope_theta": 1e4}),
        "config.json: `text_config.rope_parameters.rope_type` is yarn, but only default is supported",
    );
    check(
        |json| json["vision_config"]["hidden_act"] = json!("gelu"),
        "config.json: `vision_config.hidden_act` is gelu, but only gelu_pytorch_tanh is supported",
    );
}

#[test]
fn hostile_numbers_are_refused_before_anything_is_made_of_them() {
    let check = |edit: fn(&mut Value), expected: &str| {
        check_complaint(|folder| edit_json(folder, "config.json", edit), expected);
    };
    check(
        |json| json["text_config"]["num_hidden_layers"] = json!(u64::MAX),
        "config.json: `text_config.num_hidden_layers` is 18446744073709551615, but it has to be from 1 to 256",
    );
    check(
        |json| json["vision_config"]["patch_size"] = json!(0),
        "config.json: `vision_config.patch_size` is 0, but it has to be from 1 to 4096",
    );
    check(
        |json| json["text_config"]["num_key_value_heads"] = json!(3),
        "config.json: `text_config.num_key_value_heads` is 3, but it has to divide num_attention_heads (4)",
    );
    check(
        |json| json["scale_factor"] = json!(2),
        "config.json: `scale_factor` is 2, but it has to divide the patches on a side (3)",
    );
    check(
        |json| json["text_config"]["rms_norm_eps"] = json!(-1.0),
        "config.json: `text_config.rms_norm_eps` is -1, but it has to be above 0",
    );
    check_complaint(
        |folder| {
            edit_json(folder, "preprocessor_config.json", |json| {
                json["max_image_size"] = json!({"longest_edge": 96});
            });
        },
        "preprocessor_config.json: `max_image_size.longest_edge` is 96, but the vision encoder reads tiles of \
         48 pixels",
    );
    check_complaint(
        |folder| {
            edit_json(folder, "preprocessor_config.json", |json| {
                json["size"] = json!({"longest_edge": 48 * 32 + 1});
            });
        },
        "preprocessor_config.json: `size.longest_edge` is 1537, but it has to be from 1 to 1536",
    );
    check_complaint(
        |folder| fs::write(folder.join("tokenizer.json"), "{}").unwrap(),
        "the tokenizer cannot be used: tokenizer.json: missing field `model` at line 1 column 2",
    );
}

/// Cuts the single weight file into two shards with an index.
fn shard(folder: &Path) {
    let bytes = fs::read(folder.join(WEIGHTS)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<(String, TensorView<'_>)> = tensors.tensors();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let second = all.split_off(all.len() / 2);
    let mut weight_map = BTreeMap::new();
    for (shard, number) in [(all, 1), (second, 2)] {
        let name = format!("model-0000{number}-of-00002.safetensors");
        weight_map.extend(shard.iter().map(|(tensor, _)| (tensor.clone(), name.clone())));
        fs::write(folder.join(&name), safetensors::serialize(shard, None).unwrap()).unwrap();
    }
    let index = json!({"metadata": {}, "weight_map": weight_map}).to_string();
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    fs::remove_file(folder.join(WEIGHTS)).unwrap();
}

fn tokens_of(folder: &Path) -> Vec<u32> {
    let case = Path::new(FIXTURE).join("goldens/wide.json");
    let model = load(folder, &LoadOptions::default(), &mut |_progress| {}).unwrap();
    let inspection = inspect(&model, &InspectInput::read_case(&case).unwrap(), false).unwrap();
    inspection.tokens.iter().map(|token| token.id).collect()
}

#[test]
fn shards_are_one_checkpoint() {
    let folder = checkpoint();
    let whole = tokens_of(folder.path());
    shard(folder.path());
    assert_eq!(tokens_of(folder.path()), whole);
    let second = folder.path().join("model-00002-of-00002.safetensors");
    fs::remove_file(second).unwrap();
    assert_eq!(complaint(folder.path()), "a weight file is missing: model-00002-of-00002.safetensors");
}

#[test]
fn an_index_cannot_lead_out_of_the_folder() {
    check_complaint(
        |folder| {
            shard(folder);
            edit_json(folder, "model.safetensors.index.json", |json| {
                json["weight_map"]["lm_head.weight"] = json!("../elsewhere.safetensors");
            });
        },
        "model.safetensors.index.json: `weight_map` is ../elsewhere.safetensors, but it has to be the name of a \
         file in the same folder",
    );
}

/// The three places of a chat template and the two of the image processor's settings.
#[test]
fn settings_are_found_wherever_they_are_stored() {
    let folder = checkpoint();
    let whole = tokens_of(folder.path());
    let template_file = folder.path().join("chat_template.jinja");
    let template = fs::read_to_string(&template_file).unwrap();
    fs::remove_file(&template_file).unwrap();
    edit_json(folder.path(), "tokenizer_config.json", |json| json["chat_template"] = json!(template));
    assert_eq!(tokens_of(folder.path()), whole);
    let named = json!([{"name": "other", "template": ""}, {"name": "default", "template": template}]);
    edit_json(folder.path(), "tokenizer_config.json", |json| json["chat_template"] = named.clone());
    assert_eq!(tokens_of(folder.path()), whole);
    edit_json(folder.path(), "tokenizer_config.json", |json| json["chat_template"] = json!("wrong"));
    fs::write(folder.path().join("chat_template.json"), json!({"chat_template": template}).to_string())
        .unwrap();
    assert_eq!(tokens_of(folder.path()), whole);

    let settings_file = folder.path().join("preprocessor_config.json");
    let settings: Value = serde_json::from_slice(&fs::read(&settings_file).unwrap()).unwrap();
    fs::remove_file(settings_file).unwrap();
    edit_json(folder.path(), "processor_config.json", |json| json["image_processor"] = settings.clone());
    assert_eq!(tokens_of(folder.path()), whole);
}

#[test]
fn loading_tells_how_far_it_is_and_what_it_has() {
    let folder = checkpoint();
    let mut heard: Vec<LoadProgress> = Vec::new();
    let options = LoadOptions { kernels: KernelChoice::Candle, ..LoadOptions::default() };
    let model = load(folder.path(), &options, &mut |progress| heard.push(progress)).unwrap();
    assert!(heard.is_sorted_by_key(|progress| progress.done_bytes));
    let last = heard.last().unwrap();
    assert_eq!(last.done_bytes, last.total_bytes);
    let report = model.report();
    // From the fixture's manifest; stored in two bytes each, computed in four.
    assert_eq!(report.num_parameters, 59_744);
    assert_eq!((last.total_bytes, report.weight_bytes), (2 * 59_744, 4 * 59_744));
    assert_eq!((report.device.as_str(), report.dtype.as_str()), ("CPU", "f32"));
    assert_eq!((report.stored_dtype.as_str(), report.kernels.as_str()), ("f16", "candle"));

    let mut last = None;
    let model = load(folder.path(), &LoadOptions::default(), &mut |progress| last = Some(progress)).unwrap();
    let last = last.unwrap();
    assert_eq!(last.done_bytes, last.total_bytes);
    // Our own kernels want the tied table a second time, packed; rows are looked up as they are stored.
    assert!(model.report().weight_bytes > 4 * 59_744);
    assert_ne!(model.report().kernels, "candle");
}
