//! Any bytes as a file of a model's folder, or in it: the model is loaded and begins to read a page, or is refused.
//!
//! The first byte says which file, the second how. An even one puts the other bytes in the file's place; an odd one
//! changes the file: three bytes say where, one how many bytes go, and the rest comes in.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use doclens::model::{GenerationOptions, LoadOptions, PageModel as _, load};
use image::RgbImage;
use libfuzzer_sys::fuzz_target;

/// The smallest checkpoint of the fixtures.
const CHECKPOINT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/tiny-r1-f16/checkpoint");

const FILES: [&str; 8] = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "tokenizer.json",
    "model.safetensors",
];

/// Steps of reading a page: through the tiles and the prompt to the first tokens.
const NUM_STEPS: usize = 64;

/// A copy to be spoilt, and each file as it was.
static COPY: LazyLock<(PathBuf, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("doclens-fuzz-checkpoint-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("room on the disk");
    let copy = |name: &&str| {
        let bytes = fs::read(Path::new(CHECKPOINT).join(name)).expect("the fixture is there");
        fs::write(folder.join(name), &bytes).expect("room on the disk");
        bytes
    };
    let files = FILES.iter().map(copy).collect();
    (folder, files)
});

fn spoilt(file: &[u8], how: u8, bytes: &[u8]) -> Vec<u8> {
    let (true, Some(([high, middle, low, num_gone], bytes))) = (how % 2 == 1, bytes.split_first_chunk())
    else {
        return bytes.to_vec();
    };
    let start = u32::from_be_bytes([0, *high, *middle, *low]) as usize % (file.len() + 1);
    let (before, after) = file.split_at(start);
    let after = after.get(usize::from(*num_gone)..).unwrap_or_default();
    [before, bytes, after].concat()
}

fuzz_target!(|data: &[u8]| {
    let [which, how, bytes @ ..] = data else { return };
    let (folder, files) = &*COPY;
    let idx = usize::from(*which) % FILES.len();
    fs::write(folder.join(FILES[idx]), spoilt(&files[idx], *how, bytes)).expect("room on the disk");
    match load(folder, &LoadOptions::default(), &mut |_progress| {}) {
        Ok(mut model) => {
            let page = RgbImage::new(30, 40);
            let options = GenerationOptions { max_new_tokens: Some(3), ..GenerationOptions::default() };
            model.generate(&page, &options).take(NUM_STEPS).for_each(drop);
        }
        Err(error) => {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                assert!(!error.to_string().is_empty());
                cause = error.source();
            }
        }
    }
    fs::write(folder.join(FILES[idx]), &files[idx]).expect("room on the disk");
});
