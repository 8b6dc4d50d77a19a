//! The numeric bisect: one run with every intermediate result written down by the name that the
//! reference's goldens use, so that any checkpoint can be held against any reference run.
//!
//! An image or a golden's JSON comes in; sizes, prompt, tokens, timings and tensors go out. It
//! drives the same passes as generation does, with an observer. Source of names and layout:
//! `FIELDS` in the fixtures' `make_reference.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use image::{ImageReader, RgbImage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::limits;
use super::error::Error;
use super::files::read_json;
use super::generation::{PrefillPass, Sampler, StopWatch, TilePass};
use super::idefics3::{KvCache, PatchMask};
use super::image_processor::{TilePlan, Tiles};
use super::instruction::Instruction;
use super::loaded::Idefics3;
use super::page_model::GenerationOptions;
use super::prompt::Message;
use super::step::Stop;

pub use super::resample::resize_lanczos;

/// Tokens of a case that does not say how many it has.
const DEFAULT_CASE_TOKENS: usize = 32;
/// Pixels of an image file that is read here: a page at 600 dpi has 34 million.
const MAX_IMAGE_BYTES: u64 = 1 << 30;

/// What to run.
#[derive(Clone, Debug)]
pub struct InspectInput {
    /// The conversation.
    pub messages: Vec<Message>,
    /// Its images, in order.
    pub images: Vec<RgbImage>,
    /// As in [`GenerationOptions`].
    pub do_image_splitting: Option<bool>,
    /// As in [`GenerationOptions`].
    pub longest_edge: Option<u32>,
    /// Greedy tokens to write.
    pub num_tokens: usize,
    /// Go on after an end token, as the goldens do.
    pub ignores_end: bool,
}

/// What came out.
#[derive(Debug)]
pub struct Inspection {
    /// How each image was cut.
    pub plans: Vec<TilePlan>,
    /// The chat template's output, with `<image>` for each image.
    pub prompt: String,
    /// With the tokens of all tiles; decoded from the ids.
    pub expanded_prompt: String,
    /// What the decoder read.
    pub input_ids: Vec<u32>,
    /// What it wrote.
    pub tokens: Vec<InspectedToken>,
    /// Why it ended; `None` when end tokens were to be ignored.
    pub stop: Option<Stop>,
    /// Where the time went.
    pub timings: Timings,
    tensors: HashMap<String, Tensor>,
}

/// One written token.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectedToken {
    /// Its id.
    pub id: u32,
    /// The text it completes.
    pub text: String,
    /// Natural logarithm of its probability.
    pub log_probability: f32,
}

/// Wall time of each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Scaling and cutting the images, writing the prompt.
    pub preparing: Duration,
    /// Vision encoder and connector, all tiles.
    pub encoding: Duration,
    /// The prompt through the decoder.
    pub prefilling: Duration,
    /// All tokens after the first.
    pub decoding: Duration,
}

/// The vision encoder's results on a tile that is partly padding.
#[derive(Clone, Debug)]
pub struct MaskedTile {
    /// Position of each patch.
    pub position_ids: Vec<u32>,
    /// `(patches, hidden)`, row by row.
    pub vision_features: Vec<f32>,
    /// `(tokens, text hidden)`, row by row.
    pub connector: Vec<f32>,
}

#[derive(Deserialize)]
struct RawCase {
    images: Vec<PathBuf>,
    messages: Vec<Message>,
    do_image_splitting: Option<bool>,
    longest_edge: Option<u32>,
    #[serde(default)]
    generated_ids: Vec<u32>,
}

impl InspectInput {
    /// An image and what to do with it.
    pub fn of_image(image: RgbImage, instruction: &Instruction, num_tokens: usize) -> Self {
        Self {
            messages: vec![Message::about_image(&instruction.text())],
            images: vec![image],
            do_image_splitting: None,
            longest_edge: None,
            num_tokens,
            ignores_end: false,
        }
    }

    /// Reads a golden's JSON. Its images are relative to the fixture folder, which holds the folder
    /// of the JSON.
    ///
    /// # Errors
    /// When the JSON or an image cannot be read.
    pub fn read_case(file: &Path) -> Result<Self, Error> {
        let raw: RawCase = read_json(file, "the case")?;
        let absolute =
            std::path::absolute(file).map_err(|source| Error::Read { file: file.to_owned(), source })?;
        let fixture = absolute.ancestors().nth(2).unwrap_or(Path::new("")).to_owned();
        let images = raw.images.iter().map(|image| read_image(&fixture.join(image)));
        let num_tokens =
            if raw.generated_ids.is_empty() { DEFAULT_CASE_TOKENS } else { raw.generated_ids.len() };
        Ok(Self {
            images: images.collect::<Result<_, _>>()?,
            messages: raw.messages,
            do_image_splitting: raw.do_image_splitting,
            longest_edge: raw.longest_edge,
            num_tokens,
            ignores_end: true,
        })
    }
}

/// Reads an image file: transparency is dropped, gray is replicated, as the reference does.
///
/// # Errors
/// When the file cannot be read or is no image.
pub fn read_image(file: &Path) -> Result<RgbImage, Error> {
    let failed = |source| Error::Read { file: file.to_owned(), source };
    let mut reader = ImageReader::open(file).map_err(failed)?.with_guessed_format().map_err(failed)?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_IMAGE_BYTES);
    reader.limits(limits);
    reader
        .decode()
        .map(image::DynamicImage::into_rgb8)
        .map_err(|source| Error::Image { file: file.to_owned(), source })
}

/// Runs a conversation greedily, keeping every stage's tensors when `keeps_tensors`.
///
/// # Errors
/// When the prompt does not fit the images or the model, or a computation fails.
pub fn inspect(model: &Idefics3, input: &InspectInput, keeps_tensors: bool) -> Result<Inspection, Error> {
    let mut recorder = Recorder { is_on: keeps_tensors, ..Recorder::default() };
    let started = Instant::now();
    let cut = |image| model.image_processor.cut(image, input.do_image_splitting, input.longest_edge);
    let cut_images = input.images.iter().map(cut).collect::<Result<Vec<Tiles>, _>>()?;
    let plans: Vec<TilePlan> = cut_images.iter().map(|tiles| tiles.plan).collect();
    let tiles: Vec<RgbImage> = cut_images.into_iter().flat_map(|tiles| tiles.images).collect();
    recorder.record_tiles(&tiles)?;
    let prompt = model.prompt(&input.messages, &plans)?;
    let room = model.room_for_answer(prompt.ids.len())?;
    let mut timings = Timings { preparing: started.elapsed(), ..Timings::default() };

    let started = Instant::now();
    let network = &model.network;
    let mut tile_pass = TilePass::new(tiles);
    while !tile_pass.is_finished() {
        tile_pass.step(model, |name, tensor| recorder.record_tile_stage(name, tensor))?;
    }
    timings.encoding = started.elapsed();

    let started = Instant::now();
    let embeds = network.inputs_embeds(&prompt.ids, tile_pass.image_features())?;
    recorder.record("inputs_embeds", &embeds);
    let num_tokens = input.num_tokens.min(room);
    let capacity = prompt.ids.len() + num_tokens;
    let mut cache = network.text_model.new_cache(&model.config.text, capacity)?;
    let mut pass = PrefillPass::new(&network.text_model, embeds, &cache, tile_pass.total())?;
    while !pass.is_finished() {
        pass.step(&network.text_model, &mut cache, |name, tensor| recorder.record(name, tensor))?;
    }
    if keeps_tensors {
        recorder.record("text_final_norm", &network.text_model.norm(pass.hidden())?);
    }
    let logits = network.text_model.last_logits(pass.hidden())?;
    recorder.record_row("logits", &logits)?;
    timings.prefilling = started.elapsed();

    let started = Instant::now();
    let (tokens, stop) = decode(model, input, num_tokens, logits, &mut cache, &mut recorder)?;
    timings.decoding = started.elapsed();
    let expanded_prompt = model.tokenizer.decode(&prompt.ids);
    let tensors = recorder.finish()?;
    let (prompt, input_ids) = (prompt.rendered, prompt.ids);
    Ok(Inspection { plans, prompt, expanded_prompt, input_ids, tokens, stop, timings, tensors })
}

/// Writes tokens greedily and keeps the logits that chose the last one.
fn decode(
    model: &Idefics3,
    input: &InspectInput,
    num_tokens: usize,
    mut logits: Vec<f32>,
    cache: &mut KvCache,
    recorder: &mut Recorder,
) -> Result<(Vec<InspectedToken>, Option<Stop>), Error> {
    let mut sampler = Sampler::new(&GenerationOptions::default());
    let mut stop_watch = StopWatch::new(model.end_token_ids.clone(), false);
    let mut stream = model.tokenizer.decode_stream();
    let mut tokens: Vec<InspectedToken> = Vec::new();
    let mut stop = None;
    while tokens.len() < num_tokens && stop.is_none() {
        if let Some(last) = tokens.last() {
            logits = model.network.text_model.decode_step(last.id, cache)?;
        }
        let choice = sampler.choose(&logits, &[])?;
        let text = stream.push(choice.id);
        let is_over = stop_watch.is_end(choice.id) || stop_watch.push(&text).is_some();
        stop = (is_over && !input.ignores_end).then_some(Stop::End);
        tokens.push(InspectedToken { id: choice.id, text, log_probability: choice.log_probability });
    }
    if let Some(last) = tokens.last_mut() {
        last.text.push_str(&stream.finish());
    }
    recorder.record_row("logits_step_last", &logits)?;
    let limit = (!input.ignores_end).then_some(Stop::TokenLimit);
    Ok((tokens, stop.or(limit)))
}

impl Inspection {
    /// What the model wrote, special tokens included.
    pub fn generated_text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }

    /// The part of a golden's JSON that a run can state.
    pub fn to_json(&self) -> Value {
        let geometry: Vec<Value> = self
            .plans
            .iter()
            .map(|plan| {
                json!({
                    "input": plan.input_px,
                    "resized": plan.resized_px,
                    "stretched": plan.stretched_px,
                    "rows": plan.rows,
                    "cols": plan.cols,
                })
            })
            .collect();
        json!({
            "prompt": self.prompt,
            "geometry": geometry,
            "n_tiles": self.plans.iter().map(TilePlan::num_tiles).sum::<usize>(),
            "expanded_prompt": self.expanded_prompt,
            "input_ids": self.input_ids,
            "generated_ids": self.tokens.iter().map(|token| token.id).collect::<Vec<_>>(),
            "generated_text": self.generated_text(),
        })
    }

    /// Writes the tensors as safetensors, and the JSON beside them (`OUT.safetensors`, `OUT.json`).
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), Error> {
        let failed = |file: &Path, source: std::io::Error| Error::Write { file: file.to_owned(), source };
        candle_core::safetensors::save(&self.tensors, file)
            .map_err(|error| failed(file, std::io::Error::other(error)))?;
        let beside = file.with_extension("json");
        let text = format!("{:#}\n", self.to_json());
        std::fs::write(&beside, text).map_err(|source| failed(&beside, source))
    }
}

/// Runs the vision encoder and the connector on a tile of which some pixels are padding.
///
/// `pixel_values`: channel by channel, row by row, normalised; `is_valid_pixel`: row by row.
///
/// # Errors
/// When the sizes are not those of a square tile of this model, or a computation fails.
pub fn encode_masked_tile(
    model: &Idefics3,
    pixel_values: &[f32],
    is_valid_pixel: &[bool],
) -> Result<MaskedTile, Error> {
    let network = &model.network;
    let vision_config = &model.config.vision;
    let side = is_valid_pixel.len().isqrt().min(limits::IMAGE_SIZE_PX);
    let pixels = Tensor::from_slice(pixel_values, (3, side, side), &network.device)?;
    let mask = PatchMask::from_pixels(is_valid_pixel, side, vision_config.patch_size);
    let vision = &network.vision_model;
    let mut hidden = vision.embed(&pixels.to_dtype(network.dtype)?, &mask)?;
    for layer_idx in 0..vision.num_layers() {
        hidden = vision.attention(layer_idx, &hidden, &mask)?;
        hidden = vision.mlp(layer_idx, &hidden)?;
    }
    let features = vision.finish(&hidden)?;
    let connector = network.connector.forward(&features)?;
    let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1();
    Ok(MaskedTile {
        position_ids: mask.position_ids(vision_config.patches_per_side()),
        vision_features: numbers(&features)?,
        connector: numbers(&connector)?,
    })
}

impl Idefics3 {
    /// Token ids of a text, special tokens in it included.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn tokenize(&self, text: &str) -> Result<Vec<u32>, Error> {
        self.tokenizer.encode(text)
    }

    /// The text of token ids, special tokens included.
    pub fn detokenize(&self, ids: &[u32]) -> String {
        self.tokenizer.decode(ids)
    }
}

/// Writes down stages as the goldens have them, in f32 on the CPU.
#[derive(Default)]
struct Recorder {
    is_on: bool,
    tensors: HashMap<String, Tensor>,
    /// Stages of which the goldens keep all tiles.
    per_tile: HashMap<String, Vec<Tensor>>,
    failure: Option<candle_core::Error>,
}

impl Recorder {
    fn record_tiles(&mut self, tiles: &[RgbImage]) -> Result<(), Error> {
        let Some(first) = tiles.first().filter(|_| self.is_on) else { return Ok(()) };
        let side = first.width() as usize;
        let channel_first: Vec<u8> = tiles
            .iter()
            .flat_map(|tile| (0..3).map(move |channel| (tile, channel)))
            .flat_map(|(tile, channel)| tile.as_raw().iter().skip(channel).step_by(3).copied())
            .collect();
        let tensor = Tensor::from_vec(channel_first, (tiles.len(), 3, side, side), &Device::Cpu)?;
        self.tensors.insert("tiles_u8".to_owned(), tensor);
        Ok(())
    }

    /// A stage of one tile: the goldens keep the first tile's pixels, all tiles' features, and the
    /// last tile's rest.
    fn record_tile_stage(&mut self, name: &str, tensor: &Tensor) {
        match name {
            "pixel_values" => {
                if !self.tensors.contains_key("pixel_values_first_tile") {
                    self.record("pixel_values_first_tile", tensor);
                }
            }
            "vision_features" | "connector" => {
                if let Some(tensor) = self.exact(tensor) {
                    self.per_tile.entry(name.to_owned()).or_default().push(tensor);
                }
            }
            _ => self.record(name, tensor),
        }
    }

    fn record(&mut self, name: &str, tensor: &Tensor) {
        if let Some(tensor) = self.exact(tensor) {
            self.tensors.insert(name.to_owned(), tensor);
        }
    }

    fn record_row(&mut self, name: &str, row: &[f32]) -> Result<(), Error> {
        self.record(name, &Tensor::new(row, &Device::Cpu)?);
        Ok(())
    }

    /// A copy that later steps cannot change. The first failure is kept for the end, since
    /// observers cannot fail.
    fn exact(&mut self, tensor: &Tensor) -> Option<Tensor> {
        if !self.is_on {
            return None;
        }
        let copy = || tensor.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous()?.copy();
        match copy() {
            Ok(tensor) => Some(tensor),
            Err(error) => {
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    fn finish(self) -> Result<HashMap<String, Tensor>, Error> {
        if let Some(error) = self.failure {
            return Err(error.into());
        }
        let mut tensors = self.tensors;
        for name in ["vision_features", "connector"] {
            if let Some(tiles) = self.per_tile.get(name) {
                tensors.insert(name.to_owned(), Tensor::stack(tiles, 0)?);
            }
        }
        Ok(tensors)
    }
}
