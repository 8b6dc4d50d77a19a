//! The comparer: holds a dump against a golden, stage by stage, in absolute tolerances.
//!
//! Both are a pair of files with one name: `.safetensors` with the tensors, `.json` with prompt, ids
//! and text. Tolerances are those of the reference notes: an honest f32 run stays several times
//! below them, every common mistake goes several times above.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

/// What of a golden's JSON a run has to repeat.
const RECORDED: [&str; 7] =
    ["prompt", "expanded_prompt", "input_ids", "generated_ids", "generated_text", "geometry", "n_tiles"];

/// A tensor with its numbers as f64, whatever it is stored as.
pub(crate) struct Numbers {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

/// The folder of a fixture in `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The JSON files of all cases in a fixture folder, sorted.
pub(crate) fn cases(fixture: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture.join("goldens")).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .filter(|file| file.file_stem().is_some_and(|stem| stem != "tokenizer"))
        .collect();
    files.sort();
    files
}

pub(crate) fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// All tensors of a file.
pub(crate) fn read_tensors(file: &Path) -> BTreeMap<String, Numbers> {
    let bytes = std::fs::read(file).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |view: safetensors::tensor::TensorView<'_>| {
        let data = view.data();
        let values = match view.dtype() {
            Dtype::U8 => data.iter().map(|byte| f64::from(*byte)).collect(),
            Dtype::F32 => {
                data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
            }
            // Ids: far below 2⁵³.
            Dtype::I64 => data.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect(),
            other => panic!("{}: no golden has {other:?}", file.display()),
        };
        Numbers { shape: view.shape().to_vec(), values }
    };
    tensors.tensors().into_iter().map(|(name, view)| (name, numbers(view))).collect()
}

/// The largest difference that an honest run may show.
pub(crate) fn tolerance(name: &str) -> f64 {
    match name {
        "tiles_u8" | "pixel_values_first_tile" => 0.0,
        "logits" | "logits_step_last" => 2e-4,
        _ if name.starts_with("text_") => 3e-4,
        // Vision encoder, connector and what the decoder is given.
        _ => 4e-5,
    }
}

pub(crate) fn largest_difference(expected: &[f64], actual: &[f64]) -> f64 {
    assert_eq!(expected.len(), actual.len());
    // A NaN is the largest difference of all, which `f64::max` would skip.
    expected.iter().zip(actual).map(|(a, b)| (a - b).abs()).fold(0.0, |worst, difference| {
        if difference.is_nan() || difference > worst { difference } else { worst }
    })
}

/// Everything in which a dump departs from a golden; empty when it does not. Both are named by their
/// JSON files.
pub(crate) fn departures(golden: &Path, dump: &Path) -> Vec<String> {
    let mut departures = Vec::new();
    let (expected, actual) = (read_json(golden), read_json(dump));
    for key in RECORDED.iter().filter(|key| expected.get(key).is_some()) {
        if expected.get(key) != actual.get(key) {
            departures.push(format!("{key}: {} instead of {}", actual[key], expected[key]));
        }
    }
    let expected = read_tensors(&golden.with_extension("safetensors"));
    let actual = read_tensors(&dump.with_extension("safetensors"));
    let names = |tensors: &BTreeMap<String, Numbers>| tensors.keys().cloned().collect::<Vec<_>>();
    if names(&expected) != names(&actual) {
        departures.push(format!("tensors {:?} instead of {:?}", names(&actual), names(&expected)));
    }
    for (name, expected) in &expected {
        let Some(actual) = actual.get(name) else { continue };
        if expected.shape != actual.shape {
            departures.push(format!("{name}: shape {:?} instead of {:?}", actual.shape, expected.shape));
            continue;
        }
        let (difference, allowed) = (largest_difference(&expected.values, &actual.values), tolerance(name));
        if difference.is_nan() || difference > allowed {
            departures.push(format!("{name}: off by {difference:.1e}, allowed {allowed:.0e}"));
        }
    }
    departures
}
