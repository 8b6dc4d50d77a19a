//! A checkpoint of SmolDocling-256M's shape with random weights in bf16, as the published one is stored.
//!
//! The tokenizer and the chat template are those of the tiny fixture, whose special tokens have the same
//! names; the rest of the vocabulary is never spoken to.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use half::bf16;
use serde_json::{Map, Value, json};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny-idefics3/checkpoint");
/// Goes up whenever what is written changes.
const FOLDER: &str = "random-smoldocling-1";

const VISION: usize = 768;
const VISION_INNER: usize = 3072;
const VISION_LAYERS: usize = 12;
const PATCHES: usize = 1024;
const PATCH_SIZE: usize = 16;
const SCALE_FACTOR: usize = 4;
const TEXT: usize = 576;
const TEXT_INNER: usize = 1536;
const TEXT_LAYERS: usize = 30;
const KEYS: usize = 192;
const VOCABULARY: usize = 49280;

/// Writes the checkpoint under `parent` unless it is there, and gives its folder.
pub(crate) fn write_once(parent: &Path) -> PathBuf {
    let folder = parent.join(FOLDER);
    if folder.join("model.safetensors").exists() {
        return folder;
    }
    fs::create_dir_all(&folder).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"] {
        fs::copy(Path::new(FIXTURE).join(name), folder.join(name)).unwrap();
    }
    write_changed(&folder, "config.json", |config| {
        config["scale_factor"] = json!(SCALE_FACTOR);
        config["tie_word_embeddings"] = json!(false);
        config["vocab_size"] = json!(VOCABULARY);
        let text = &mut config["text_config"];
        for (key, value) in [
            ("hidden_size", TEXT),
            ("intermediate_size", TEXT_INNER),
            ("num_hidden_layers", TEXT_LAYERS),
            ("num_attention_heads", 9),
            ("num_key_value_heads", 3),
            ("head_dim", 64),
            ("max_position_embeddings", 8192),
            ("vocab_size", VOCABULARY),
        ] {
            text[key] = json!(value);
        }
        let vision = &mut config["vision_config"];
        for (key, value) in [
            ("hidden_size", VISION),
            ("intermediate_size", VISION_INNER),
            ("num_hidden_layers", VISION_LAYERS),
            ("num_attention_heads", 12),
            ("image_size", 512),
            ("patch_size", PATCH_SIZE),
        ] {
            vision[key] = json!(value);
        }
    });
    write_changed(&folder, "preprocessor_config.json", |config| {
        config["max_image_size"]["longest_edge"] = json!(512);
        config["size"]["longest_edge"] = json!(2048);
    });
    write_changed(&folder, "processor_config.json", |config| config["image_seq_len"] = json!(64));
    write_weights(&folder);
    folder
}

fn write_changed(folder: &Path, name: &str, change: impl Fn(&mut Value)) {
    let text = fs::read_to_string(Path::new(FIXTURE).join(name)).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    change(&mut value);
    fs::write(folder.join(name), value.to_string()).unwrap();
}

/// One tensor: uniform around `mean` within `spread`.
struct Spec {
    name: String,
    shape: Vec<usize>,
    mean: f32,
    spread: f32,
}

/// Weights that keep the size of what goes through them; norms at one, biases small.
fn specs() -> Vec<Spec> {
    let mut specs = Vec::new();
    let mut add = |name: String, shape: &[usize], mean: f32, spread: f32| {
        specs.push(Spec { name, shape: shape.to_vec(), mean, spread });
    };
    let of_inputs = |inputs: usize| (3.0 / inputs as f32).sqrt() * 0.5;

    let root = "model.vision_model";
    let patch = [VISION, 3, PATCH_SIZE, PATCH_SIZE];
    add(format!("{root}.embeddings.patch_embedding.weight"), &patch, 0.0, of_inputs(VISION));
    add(format!("{root}.embeddings.patch_embedding.bias"), &[VISION], 0.0, 0.02);
    add(format!("{root}.embeddings.position_embedding.weight"), &[PATCHES, VISION], 0.0, 0.05);
    for layer in (0..VISION_LAYERS).map(|idx| format!("{root}.encoder.layers.{idx}")) {
        for (name, outputs, inputs) in [
            ("self_attn.q_proj", VISION, VISION),
            ("self_attn.k_proj", VISION, VISION),
            ("self_attn.v_proj", VISION, VISION),
            ("self_attn.out_proj", VISION, VISION),
            ("mlp.fc1", VISION_INNER, VISION),
            ("mlp.fc2", VISION, VISION_INNER),
        ] {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs], 0.0, of_inputs(inputs));
            add(format!("{layer}.{name}.bias"), &[outputs], 0.0, 0.02);
        }
        for name in ["layer_norm1", "layer_norm2"] {
            add(format!("{layer}.{name}.weight"), &[VISION], 1.0, 0.1);
            add(format!("{layer}.{name}.bias"), &[VISION], 0.0, 0.02);
        }
    }
    add(format!("{root}.post_layernorm.weight"), &[VISION], 1.0, 0.1);
    add(format!("{root}.post_layernorm.bias"), &[VISION], 0.0, 0.02);
    let shuffled = VISION * SCALE_FACTOR * SCALE_FACTOR;
    let projection = "model.connector.modality_projection.proj.weight";
    add(projection.to_owned(), &[TEXT, shuffled], 0.0, of_inputs(shuffled));

    let root = "model.text_model";
    add(format!("{root}.embed_tokens.weight"), &[VOCABULARY, TEXT], 0.0, 0.5);
    for layer in (0..TEXT_LAYERS).map(|idx| format!("{root}.layers.{idx}")) {
        for (name, outputs, inputs) in [
            ("self_attn.q_proj", TEXT, TEXT),
            ("self_attn.k_proj", KEYS, TEXT),
            ("self_attn.v_proj", KEYS, TEXT),
            ("self_attn.o_proj", TEXT, TEXT),
            ("mlp.gate_proj", TEXT_INNER, TEXT),
            ("mlp.up_proj", TEXT_INNER, TEXT),
            ("mlp.down_proj", TEXT, TEXT_INNER),
        ] {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs], 0.0, of_inputs(inputs));
        }
        add(format!("{layer}.input_layernorm.weight"), &[TEXT], 1.0, 0.1);
        add(format!("{layer}.post_attention_layernorm.weight"), &[TEXT], 1.0, 0.1);
    }
    add(format!("{root}.norm.weight"), &[TEXT], 1.0, 0.1);
    add("lm_head.weight".to_owned(), &[VOCABULARY, TEXT], 0.0, of_inputs(TEXT));
    specs
}

/// Safetensors: the header's length, the header, the numbers. Under another name until it is whole.
fn write_weights(folder: &Path) {
    let specs = specs();
    let mut header = Map::new();
    let mut end = 0;
    for Spec { name, shape, .. } in &specs {
        let start = end;
        end += 2 * shape.iter().product::<usize>();
        header.insert(name.clone(), json!({ "dtype": "BF16", "shape": shape, "data_offsets": [start, end] }));
    }
    let header = Value::Object(header).to_string();
    let unfinished = folder.join("model.safetensors.part");
    let mut file = BufWriter::new(File::create(&unfinished).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let mut state = 1_u32;
    for Spec { shape, mean, spread, .. } in &specs {
        for _ in 0..shape.iter().product::<usize>() {
            // xorshift32: any numbers will do, as long as they are the same each time.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let fraction = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            file.write_all(&bf16::from_f32(mean + spread * fraction).to_le_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
    fs::rename(unfinished, folder.join("model.safetensors")).unwrap();
}
