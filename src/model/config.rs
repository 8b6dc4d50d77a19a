//! `config.json` and `generation_config.json` of a checkpoint, with every variation that occurs:
//! what comes in is the JSON as published, what goes out are numbers that are known to fit.
//!
//! Source: `transformers` 5.17 (`models/idefics3/configuration_idefics3.py`, `models/llama`), and
//! the published files of SmolDocling, granite-docling and SmolVLM. Unknown keys occur and are
//! skipped; keys that would change the computation are refused by name.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::Error;
use super::files::{read_json, read_json_if_present};

/// Bounds on what a configuration may ask for: a few times the largest published model (2.2B), and
/// small enough that no product of them overflows or fills a memory by mistake.
pub(crate) mod limits {
    pub(crate) const LAYERS: usize = 256;
    pub(crate) const WIDTH: usize = 32_768;
    pub(crate) const HEADS: usize = 512;
    pub(crate) const VOCABULARY: usize = 1 << 20;
    /// A prompt may fill them. Idefics3-8B has 131 072.
    pub(crate) const POSITIONS: usize = 1 << 18;
    pub(crate) const IMAGE_SIZE_PX: usize = 4096;
    /// Patches of one tile: attention over them is quadratic.
    pub(crate) const PATCHES: usize = 16_384;
    pub(crate) const SCALE_FACTOR: usize = 64;
    /// Tiles on a side of an image: published settings have 4 or 5.
    pub(crate) const TILES_ON_A_SIDE: u32 = 32;
}

/// The network's shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) vision: VisionConfig,
    pub(crate) text: TextConfig,
    /// Side of the square of patches that becomes one image token.
    pub(crate) scale_factor: usize,
    pub(crate) image_token_id: u32,
    /// End tokens named here; `generation_config.json` takes precedence.
    eos_token_ids: Vec<u32>,
}

/// The vision encoder's shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VisionConfig {
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) image_size: usize,
    pub(crate) patch_size: usize,
    pub(crate) layer_norm_eps: f64,
}

/// The decoder's shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextConfig {
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) num_key_value_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) vocab_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) rms_norm_eps: f64,
    pub(crate) rope_theta: f64,
}

/// When generation ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GenerationConfig {
    pub(crate) eos_token_ids: BTreeSet<u32>,
    pub(crate) max_new_tokens: Option<usize>,
}

impl VisionConfig {
    /// Positions (and patches of an ordinary tile) on one side.
    pub(crate) fn patches_per_side(&self) -> usize {
        self.image_size / self.patch_size
    }
}

#[derive(Deserialize)]
struct RawConfig {
    model_type: Option<String>,
    text_config: Option<RawText>,
    vision_config: Option<RawVision>,
    scale_factor: Option<u64>,
    image_token_id: Option<u32>,
    vocab_size: Option<u64>,
    eos_token_id: Option<OneOrMany>,
}

#[derive(Deserialize)]
struct RawVision {
    hidden_size: Option<u64>,
    intermediate_size: Option<u64>,
    num_hidden_layers: Option<u64>,
    num_attention_heads: Option<u64>,
    num_channels: Option<u64>,
    image_size: Option<u64>,
    patch_size: Option<u64>,
    layer_norm_eps: Option<f64>,
    hidden_act: Option<String>,
}

#[derive(Deserialize)]
struct RawText {
    model_type: Option<String>,
    hidden_size: Option<u64>,
    intermediate_size: Option<u64>,
    num_hidden_layers: Option<u64>,
    num_attention_heads: Option<u64>,
    num_key_value_heads: Option<u64>,
    head_dim: Option<u64>,
    vocab_size: Option<u64>,
    max_position_embeddings: Option<u64>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    rope_parameters: Option<RawRope>,
    rope_scaling: Option<RawRope>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    eos_token_id: Option<OneOrMany>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct RawRope {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f64>,
    partial_rotary_factor: Option<f64>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(u32),
    Many(Vec<u32>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Many(ids) => ids,
        }
    }
}

/// Keys of a granite decoder that scale activations. A llama decoder has none of them.
const MULTIPLIERS: [&str; 4] =
    ["embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"];

impl Config {
    /// Reads `config.json`.
    ///
    /// # Errors
    /// When the file is missing or not JSON, when it asks for another architecture, or when its
    /// numbers do not fit each other or the bounds in [`limits`].
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let file = folder.join("config.json");
        let raw: RawConfig = read_json(&file, "the model configuration")?;
        let check = Check { file: &file };
        check.one_of(
            "model_type",
            raw.model_type.as_deref(),
            &["idefics3", "smolvlm"],
            "idefics3 or smolvlm",
        )?;
        let raw_text = raw.text_config.ok_or_else(|| check.missing("text_config"))?;
        let raw_vision = raw.vision_config.ok_or_else(|| check.missing("vision_config"))?;
        let eos_token_ids = raw
            .eos_token_id
            .or_else(|| raw_text.eos_token_id.clone())
            .map_or_else(Vec::new, OneOrMany::into_vec);
        let vision = vision(&check, &raw_vision)?;
        let text = text(&check, &raw_text, raw.vocab_size)?;
        let scale_factor = check.count("scale_factor", raw.scale_factor, 2, limits::SCALE_FACTOR)?;
        check.divides("scale_factor", scale_factor, "the patches on a side", vision.patches_per_side())?;
        let image_token_id = raw.image_token_id.ok_or_else(|| check.missing("image_token_id"))?;
        Ok(Self { vision, text, scale_factor, image_token_id, eos_token_ids })
    }
}

impl GenerationConfig {
    /// Reads `generation_config.json`, or takes what `config.json` says when there is none.
    ///
    /// # Errors
    /// When the file is there but not what it should be.
    pub(crate) fn read(folder: &Path, config: &Config) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Raw {
            eos_token_id: Option<OneOrMany>,
            max_new_tokens: Option<usize>,
        }
        let raw: Option<Raw> = read_json_if_present(&folder.join("generation_config.json"))?;
        let max_new_tokens = raw.as_ref().and_then(|raw| raw.max_new_tokens);
        let eos_token_ids = raw
            .and_then(|raw| raw.eos_token_id)
            .map_or_else(|| config.eos_token_ids.clone(), OneOrMany::into_vec);
        Ok(Self { eos_token_ids: eos_token_ids.into_iter().collect(), max_new_tokens })
    }
}

/// Defaults of keys that SmolVLM 2 leaves out: `Idefics3VisionConfig` of the reference.
fn vision(check: &Check<'_>, raw: &RawVision) -> Result<VisionConfig, Error> {
    let key = |name: &str| format!("vision_config.{name}");
    check.one_of(
        &key("hidden_act"),
        raw.hidden_act.as_deref().or(Some("gelu_pytorch_tanh")),
        &["gelu_pytorch_tanh"],
        "gelu_pytorch_tanh",
    )?;
    let channels = check.count(&key("num_channels"), raw.num_channels, 3, 3)?;
    if channels != 3 {
        return Err(check.invalid(&key("num_channels"), channels, "it has to be 3"));
    }
    let config = VisionConfig {
        hidden_size: check.count(&key("hidden_size"), raw.hidden_size, 1152, limits::WIDTH)?,
        intermediate_size: check.count(
            &key("intermediate_size"),
            raw.intermediate_size,
            3072,
            limits::WIDTH,
        )?,
        num_hidden_layers: check.count(
            &key("num_hidden_layers"),
            raw.num_hidden_layers,
            12,
            limits::LAYERS,
        )?,
        num_attention_heads: check.count(
            &key("num_attention_heads"),
            raw.num_attention_heads,
            16,
            limits::HEADS,
        )?,
        image_size: check.count(&key("image_size"), raw.image_size, 224, limits::IMAGE_SIZE_PX)?,
        patch_size: check.count(&key("patch_size"), raw.patch_size, 32, limits::IMAGE_SIZE_PX)?,
        layer_norm_eps: check.positive(&key("layer_norm_eps"), raw.layer_norm_eps, 1e-6)?,
    };
    check.divides(
        &key("num_attention_heads"),
        config.num_attention_heads,
        "hidden_size",
        config.hidden_size,
    )?;
    let patches = config.patches_per_side().pow(2);
    if patches == 0 || patches > limits::PATCHES {
        let expected = format!("an image of {} pixels has {patches} such patches", config.image_size);
        return Err(check.invalid(&key("patch_size"), config.patch_size, &expected));
    }
    Ok(config)
}

/// Defaults of missing keys: `LlamaConfig` of the reference.
fn text(check: &Check<'_>, raw: &RawText, top_vocab_size: Option<u64>) -> Result<TextConfig, Error> {
    let key = |name: &str| format!("text_config.{name}");
    refuse_other_decoders(check, raw)?;
    let hidden_size = check.count(&key("hidden_size"), raw.hidden_size, 4096, limits::WIDTH)?;
    let heads = check.count(&key("num_attention_heads"), raw.num_attention_heads, 32, limits::HEADS)?;
    let kv_heads = check.count(&key("num_key_value_heads"), raw.num_key_value_heads, heads, limits::HEADS)?;
    check.divides(&key("num_key_value_heads"), kv_heads, "num_attention_heads", heads)?;
    if raw.head_dim.is_none() {
        check.divides(&key("num_attention_heads"), heads, "hidden_size", hidden_size)?;
    }
    let head_dim = check.count(&key("head_dim"), raw.head_dim, hidden_size / heads, limits::WIDTH)?;
    if !head_dim.is_multiple_of(2) {
        return Err(check.invalid(&key("head_dim"), head_dim, "rotary embedding needs an even number"));
    }
    let rope = raw.rope_parameters.as_ref();
    let theta = rope.and_then(|rope| rope.rope_theta).or(raw.rope_theta);
    Ok(TextConfig {
        hidden_size,
        intermediate_size: check.count(
            &key("intermediate_size"),
            raw.intermediate_size,
            11_008,
            limits::WIDTH * 4,
        )?,
        num_hidden_layers: check.count(
            &key("num_hidden_layers"),
            raw.num_hidden_layers,
            32,
            limits::LAYERS,
        )?,
        num_attention_heads: heads,
        num_key_value_heads: kv_heads,
        head_dim,
        vocab_size: check.count(
            &key("vocab_size"),
            raw.vocab_size.or(top_vocab_size),
            32_000,
            limits::VOCABULARY,
        )?,
        max_position_embeddings: check.count(
            &key("max_position_embeddings"),
            raw.max_position_embeddings,
            2048,
            limits::POSITIONS,
        )?,
        rms_norm_eps: check.positive(&key("rms_norm_eps"), raw.rms_norm_eps, 1e-6)?,
        rope_theta: check.positive(&key("rope_theta"), theta, 10_000.0)?,
    })
}

fn refuse_other_decoders(check: &Check<'_>, raw: &RawText) -> Result<(), Error> {
    let key = |name: &str| format!("text_config.{name}");
    check.one_of(
        &key("model_type"),
        raw.model_type.as_deref().or(Some("llama")),
        &["llama"],
        "a llama text model",
    )?;
    for name in MULTIPLIERS {
        if let Some(value) = raw.other.get(name).filter(|value| !value.is_null()) {
            return Err(check.unsupported(&key(name), &value.to_string(), "a llama without multipliers"));
        }
    }
    let hidden_act = raw.hidden_act.as_deref().or(Some("silu"));
    check.one_of(&key("hidden_act"), hidden_act, &["silu"], "silu")?;
    for (name, flag) in [("attention_bias", raw.attention_bias), ("mlp_bias", raw.mlp_bias)] {
        if flag == Some(true) {
            return Err(check.unsupported(&key(name), "true", "false"));
        }
    }
    for (name, rope) in
        [("rope_parameters", raw.rope_parameters.as_ref()), ("rope_scaling", raw.rope_scaling.as_ref())]
    {
        let Some(rope) = rope else { continue };
        let kind = rope.rope_type.as_deref().or(Some("default"));
        check.one_of(&key(&format!("{name}.rope_type")), kind, &["default"], "default")?;
        if let Some(part) = rope.partial_rotary_factor.filter(|part| (part - 1.0).abs() > f64::EPSILON) {
            let name = key(&format!("{name}.partial_rotary_factor"));
            return Err(check.unsupported(&name, &part.to_string(), "1.0"));
        }
    }
    Ok(())
}

/// Turns what a file says into numbers that can be relied on, or into an error that names the key.
struct Check<'f> {
    file: &'f Path,
}

impl Check<'_> {
    fn missing(&self, key: &str) -> Error {
        self.invalid(key, "missing", "it is needed")
    }

    fn invalid(&self, key: &str, value: impl Display, expected: &str) -> Error {
        Error::InvalidSetting {
            file: self.file.to_owned(),
            key: key.to_owned(),
            value: value.to_string(),
            expected: expected.to_owned(),
        }
    }

    fn unsupported(&self, key: &str, value: &str, supported: &'static str) -> Error {
        let (key, value) = (key.to_owned(), value.to_owned());
        Error::UnsupportedSetting { file: self.file.to_owned(), key, value, supported }
    }

    fn one_of(
        &self,
        key: &str,
        value: Option<&str>,
        known: &[&str],
        supported: &'static str,
    ) -> Result<(), Error> {
        match value {
            Some(value) if known.contains(&value) => Ok(()),
            Some(value) => Err(self.unsupported(key, value, supported)),
            None => Err(self.missing(key)),
        }
    }

    /// A number from 1 to `limit`.
    fn count(&self, key: &str, value: Option<u64>, default: usize, limit: usize) -> Result<usize, Error> {
        let Some(value) = value else { return Ok(default) };
        usize::try_from(value)
            .ok()
            .filter(|value| (1..=limit).contains(value))
            .ok_or_else(|| self.invalid(key, value, &format!("it has to be from 1 to {limit}")))
    }

    fn positive(&self, key: &str, value: Option<f64>, default: f64) -> Result<f64, Error> {
        let value = value.unwrap_or(default);
        let is_fine = value.is_finite() && value > 0.0;
        if is_fine { Ok(value) } else { Err(self.invalid(key, value, "it has to be above 0")) }
    }

    fn divides(&self, key: &str, divisor: usize, of: &str, number: usize) -> Result<(), Error> {
        if number.is_multiple_of(divisor) {
            return Ok(());
        }
        Err(self.invalid(key, divisor, &format!("it has to divide {of} ({number})")))
    }
}
