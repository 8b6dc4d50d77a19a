//! What a `tokenizer.json` may hold, looked at before the `tokenizers` crate reads it.
//!
//! That crate trusts its files: a merge that is longer than every token and a normalizer without its table are panics
//! there, sequences in sequences take it a time that doubles with each, and steps that lengthen the text multiply. So
//! only the parts that published checkpoints have are let through. Source: its version 0.23.

use std::collections::HashMap;
use std::error::Error;
use std::slice;

use serde::Deserialize;
use serde::de::IgnoredAny;

const NORMALIZERS: &[&str] = &["NFC", "NFD", "NFKC", "NFKD", "Lowercase"];
const PRE_TOKENIZERS: &[&str] = &["ByteLevel", "Digits", "Punctuation", "Split"];
const POST_PROCESSORS: &[&str] = &["ByteLevel", "TemplateProcessing"];
/// Steps of a sequence. Published ones have two; a byte-level one makes the text up to twice as long.
const MAX_STEPS: usize = 8;
/// Parts of a template around the text: each may be the text itself. Published ones have two.
const MAX_TEMPLATE_PARTS: usize = 16;
/// Of a regular expression that cuts text. The longest published has 200, and long ones can be slow ones.
const MAX_PATTERN_BYTES: usize = 2048;
/// A model can write its longest token all the time. The longest published is 128 blanks.
const MAX_TOKEN_BYTES: usize = 1024;

#[derive(Deserialize)]
struct RawTokenizer {
    #[serde(default)]
    added_tokens: Vec<RawToken>,
    normalizer: Option<Step>,
    pre_tokenizer: Option<Step>,
    post_processor: Option<Step>,
    decoder: Option<Step>,
    model: RawModel,
}

#[derive(Deserialize)]
struct RawToken {
    content: String,
}

/// A step on the way from text to ids, or a sequence of such.
#[derive(Deserialize)]
struct Step {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, alias = "normalizers", alias = "pretokenizers", alias = "processors")]
    steps: Vec<Step>,
    /// `String` or `Regex`, and what that is.
    #[serde(default)]
    pattern: HashMap<String, String>,
    #[serde(default)]
    single: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawModel {
    #[serde(rename = "type")]
    kind: String,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    /// Both with a blank between them.
    Line(String),
}

/// What is wrong with a file.
type Problem = Box<dyn Error + Send + Sync>;

/// Holds a file against what is known.
///
/// # Errors
/// When it is no tokenizer, or has a part that no published checkpoint has.
pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let raw: RawTokenizer = serde_json::from_slice(bytes)?;
    if raw.decoder.is_none_or(|decoder| decoder.kind != "ByteLevel") {
        return Err("its decoder is not a byte-level one".into());
    }
    check_steps("normalizer", raw.normalizer.as_ref(), NORMALIZERS)?;
    check_steps("pre-tokenizer", raw.pre_tokenizer.as_ref(), PRE_TOKENIZERS)?;
    check_steps("post-processor", raw.post_processor.as_ref(), POST_PROCESSORS)?;
    check_model(&raw.model)?;
    let tokens = raw.model.vocab.keys().chain(raw.added_tokens.iter().map(|token| &token.content));
    match tokens.map(String::len).max() {
        Some(longest) if longest > MAX_TOKEN_BYTES => {
            Err(format!("a token of {longest} bytes; at most {MAX_TOKEN_BYTES} are read").into())
        }
        _ => Ok(()),
    }
}

fn check_steps(what: &str, step: Option<&Step>, known: &[&str]) -> Result<(), Problem> {
    let Some(step) = step else { return Ok(()) };
    let steps = if step.kind == "Sequence" { step.steps.as_slice() } else { slice::from_ref(step) };
    if steps.len() > MAX_STEPS {
        return Err(format!("its {what} has {} steps; at most {MAX_STEPS} are taken", steps.len()).into());
    }
    for step in steps {
        if !known.contains(&step.kind.as_str()) {
            return Err(format!("its {what} has a step of the kind `{:.40}`", step.kind).into());
        }
        if step.single.len() > MAX_TEMPLATE_PARTS {
            return Err(format!("its {what} has a template of {} parts", step.single.len()).into());
        }
        if step.pattern.values().any(|pattern| pattern.len() > MAX_PATTERN_BYTES) {
            return Err(format!("its {what} has a pattern of more than {MAX_PATTERN_BYTES} bytes").into());
        }
    }
    Ok(())
}

fn check_model(model: &RawModel) -> Result<(), Problem> {
    let is_set = |affix: &Option<String>| affix.as_ref().is_some_and(|affix| !affix.is_empty());
    if model.kind != "BPE" || is_set(&model.continuing_subword_prefix) || is_set(&model.end_of_word_suffix) {
        return Err("its model is not byte pair encoding without affixes".into());
    }
    let longest = model.vocab.keys().map(String::len).max().unwrap_or_default();
    let is_too_long = |merge: &&Merge| match merge {
        Merge::Pair(first, second) => first.len() + second.len() > longest,
        Merge::Line(line) => line.len() > longest + 1 && !line.starts_with("#version"),
    };
    if model.merges.iter().any(|merge| is_too_long(&merge)) {
        return Err("its merges make a token that is not in its vocabulary".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As small as one can be.
    fn tokenizer() -> Value {
        json!({
            "version": "1.0",
            "added_tokens": [],
            "normalizer": null,
            "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true },
            "post_processor": null,
            "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true },
            "model": { "type": "BPE", "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": ["a b"] },
        })
    }

    fn complaint(key: &str, value: Value) -> String {
        let mut json = tokenizer();
        json[key] = value;
        check(json.to_string().as_bytes()).err().map(|problem| problem.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_published_checkpoints_have_is_let_through() {
        let byte_level = json!({ "type": "ByteLevel" });
        let split = json!({ "type": "Split", "pattern": { "Regex": "\\p{N}{1,3}" } });
        let template = json!({ "type": "TemplateProcessing", "single": [{}, {}], "pair": [] });
        assert_eq!(
            complaint("normalizer", json!({ "type": "Sequence", "normalizers": [{ "type": "NFC" }] })),
            ""
        );
        assert_eq!(
            complaint("pre_tokenizer", json!({ "type": "Sequence", "pretokenizers": [split, byte_level] })),
            ""
        );
        assert_eq!(complaint("post_processor", template), "");
        let model = json!({ "type": "BPE", "vocab": { "a": 0, "aa": 1 }, "merges": [["a", "a"]] });
        assert_eq!(complaint("model", model), "");
    }

    #[test]
    fn what_makes_its_reader_panic_is_refused() {
        assert_eq!(
            complaint("normalizer", json!({ "type": "Precompiled" })),
            "its normalizer has a step of the kind `Precompiled`"
        );
        for merge in [json!(["a", "b"]), json!("a b")] {
            assert_eq!(
                complaint("model", json!({ "type": "BPE", "vocab": { "a": 0, "b": 1 }, "merges": [merge] })),
                "its merges make a token that is not in its vocabulary"
            );
        }
        let prefixed = json!({ "type": "BPE", "continuing_subword_prefix": "##", "vocab": {}, "merges": [] });
        assert_eq!(complaint("model", prefixed), "its model is not byte pair encoding without affixes");
    }

    #[test]
    fn what_grows_without_bound_is_refused() {
        let doubling = json!({ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" });
        let normalizers: Vec<&Value> = std::iter::repeat_n(&doubling, 8).collect();
        assert_eq!(
            complaint("normalizer", json!({ "type": "Sequence", "normalizers": normalizers })),
            "its normalizer has a step of the kind `Replace`"
        );
        let byte_levels = vec![json!({ "type": "ByteLevel" }); 9];
        assert_eq!(
            complaint("pre_tokenizer", json!({ "type": "Sequence", "pretokenizers": byte_levels })),
            "its pre-tokenizer has 9 steps; at most 8 are taken"
        );
        let nested = json!({ "type": "Sequence", "pretokenizers": [] });
        assert_eq!(
            complaint("pre_tokenizer", json!({ "type": "Sequence", "pretokenizers": [nested] })),
            "its pre-tokenizer has a step of the kind `Sequence`"
        );
        assert_eq!(
            complaint(
                "post_processor",
                json!({ "type": "TemplateProcessing", "single": vec![json!({}); 17] })
            ),
            "its post-processor has a template of 17 parts"
        );
        let pattern = json!({ "type": "Split", "pattern": { "Regex": "a".repeat(2049) } });
        assert_eq!(
            complaint("pre_tokenizer", pattern),
            "its pre-tokenizer has a pattern of more than 2048 bytes"
        );
        assert_eq!(
            complaint("added_tokens", json!([{ "content": "a".repeat(1025) }])),
            "a token of 1025 bytes; at most 1024 are read"
        );
    }
}
