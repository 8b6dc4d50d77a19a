//! A checkpoint in memory, ready to read pages.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Instant;

use image::RgbImage;

use super::config::{Config, GenerationConfig};
use super::device::{ComputeTarget, KernelChoice};
use super::error::Error;
use super::generation::{Generation, TileMemory};
use super::idefics3::{Network, Root, tensor_shapes};
use super::image_processor::{ImageProcessor, TilePlan};
use super::kernels::isa::Isa;
use super::load_options::{CheckReport, LoadOptions, LoadProgress, LoadReport};
use super::memory::GivesMemoryBack;
use super::page_model::{GenerationOptions, PageModel, Steps};
use super::prompt::{ChatTemplate, Message, expand_images};
use super::tokenizer::TextTokenizer;
use super::weights::Weights;

/// Ends a turn in the SmolVLM templates; an end token even where the configuration forgets it.
const END_OF_UTTERANCE: &str = "<end_of_utterance>";

/// Any Idefics3 or SmolVLM checkpoint: SmolDocling, granite-docling, SmolVLM, SmolVLM 2.
pub struct Idefics3 {
    pub(super) config: Config,
    pub(super) tokenizer: TextTokenizer,
    pub(super) image_processor: ImageProcessor,
    pub(super) network: Network,
    pub(super) end_token_ids: BTreeSet<u32>,
    pub(super) tile_memory: TileMemory,
    /// The checkpoint's own limit for an answer.
    pub(super) max_new_tokens: Option<usize>,
    chat_template: ChatTemplate,
    report: LoadReport,
    _memory: GivesMemoryBack,
}

/// A prompt before and after the tokenizer.
pub(super) struct Prompt {
    /// With `<image>` for each image.
    pub(super) rendered: String,
    /// With the tokens of all tiles.
    pub(super) ids: Vec<u32>,
}

/// Loads a model from a folder in the Hugging Face layout.
///
/// Weights are mapped and converted tensor by tensor; `progress` is told after each. Nothing is
/// read before every tensor's shape has been held against the configuration.
///
/// # Errors
/// When a file is missing, damaged or asks for something that is not done here: the error names the
/// file, and the tensor with both shapes where there is one.
pub fn load(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Idefics3, Error> {
    let started = Instant::now();
    let parts = Parts::read(folder)?;
    let target = ComputeTarget::choose(options.device, options.dtype)?;
    let weights = &parts.weights;
    let total_bytes = parts.shapes.iter().map(|(name, _)| weights.stored_bytes(name)).sum();
    let done_bytes = Cell::new(0);
    let progress = RefCell::new(progress);
    let on_bytes = |bytes: u64| {
        done_bytes.set(done_bytes.get() + bytes);
        (progress.borrow_mut())(LoadProgress { done_bytes: done_bytes.get(), total_bytes });
    };
    let kernels = options.kernels.choose(&target);
    let (quantization, not_quantized) = KernelChoice::quantize(kernels, options.quantization);
    let root = Root::new(weights, &target, kernels, quantization, &on_bytes);
    let network = Network::load(&parts.config, &root.source())?;
    let report = LoadReport {
        name: name_of(folder),
        folder: folder.to_owned(),
        num_parameters: parts.num_parameters(),
        device: target.device_name(),
        dtype: target.dtype.as_str().to_owned(),
        kernels: kernels.map_or("candle", Isa::name).to_owned(),
        quantization,
        num_threads: rayon::current_num_threads(),
        stored_dtype: weights.stored_dtype().to_owned(),
        weight_bytes: root.device_bytes(),
        fallback: target.fallback.clone().or(not_quantized),
        load_time: started.elapsed(),
    };
    tracing::info!(
        name = report.name,
        device = report.device,
        secs = report.load_time.as_secs_f32(),
        "loaded"
    );
    Ok(Idefics3 {
        end_token_ids: parts.end_token_ids(),
        tile_memory: TileMemory::default(),
        max_new_tokens: parts.generation.max_new_tokens,
        config: parts.config,
        tokenizer: parts.tokenizer,
        image_processor: parts.image_processor,
        chat_template: parts.chat_template,
        network,
        report,
        _memory: GivesMemoryBack,
    })
}

/// Checks a folder as [`load`] would, without reading any weights: all settings, the tokenizer, the
/// chat template, and every tensor's name, format and shape.
///
/// # Errors
/// As for [`load`].
pub fn check(folder: &Path) -> Result<CheckReport, Error> {
    let parts = Parts::read(folder)?;
    Ok(CheckReport {
        num_parameters: parts.num_parameters(),
        stored_dtype: parts.weights.stored_dtype().to_owned(),
    })
}

/// Everything of a checkpoint but its weights' numbers.
struct Parts {
    config: Config,
    generation: GenerationConfig,
    tokenizer: TextTokenizer,
    chat_template: ChatTemplate,
    image_processor: ImageProcessor,
    weights: Weights,
    shapes: Vec<(String, Vec<usize>)>,
}

impl Parts {
    fn read(folder: &Path) -> Result<Self, Error> {
        let config = Config::read(folder)?;
        let generation = GenerationConfig::read(folder, &config)?;
        let image_processor = ImageProcessor::read(folder)?;
        check_tiles(folder, &config, &image_processor)?;
        let tokenizer = TextTokenizer::read(folder)?;
        let chat_template = ChatTemplate::read(folder)?;
        let weights = Weights::open(folder)?;
        let shapes = tensor_shapes(&config, &weights);
        weights.check(&shapes)?;
        Ok(Self { config, generation, tokenizer, chat_template, image_processor, weights, shapes })
    }

    /// Numbers in the weight files.
    fn num_parameters(&self) -> u64 {
        self.shapes.iter().map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    /// End tokens of the configuration, and the end of a turn where the vocabulary has it: some
    /// tokenizers list it beyond the last row of the embedding table.
    fn end_token_ids(&self) -> BTreeSet<u32> {
        let end_of_turn = self.tokenizer.id_of(END_OF_UTTERANCE);
        let in_vocabulary = |id: &u32| (*id as usize) < self.config.text.vocab_size;
        self.generation.eos_token_ids.iter().copied().chain(end_of_turn.filter(in_vocabulary)).collect()
    }
}

/// The tiles that are cut have to fit the vision encoder.
fn check_tiles(folder: &Path, config: &Config, image_processor: &ImageProcessor) -> Result<(), Error> {
    let side = image_processor.tile_size() as usize / config.vision.patch_size;
    if side == 0 || side > config.vision.patches_per_side() || !side.is_multiple_of(config.scale_factor) {
        return Err(Error::InvalidSetting {
            file: folder.join("preprocessor_config.json"),
            key: "max_image_size.longest_edge".to_owned(),
            value: image_processor.tile_size().to_string(),
            expected: format!("the vision encoder reads tiles of {} pixels", config.vision.image_size),
        });
    }
    let tokens_per_tile = (side / config.scale_factor).pow(2);
    match ImageProcessor::read_image_seq_len(folder)? {
        Some(stated) if stated != tokens_per_tile => Err(Error::InvalidSetting {
            file: folder.join("processor_config.json"),
            key: "image_seq_len".to_owned(),
            value: stated.to_string(),
            expected: format!("a tile has {tokens_per_tile} image tokens by config.json"),
        }),
        _ => Ok(()),
    }
}

impl Idefics3 {
    /// What is known about it.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Image tokens that a tile takes in the prompt.
    pub(super) fn tokens_per_tile(&self) -> usize {
        let side = self.image_processor.tile_size() as usize / self.config.vision.patch_size;
        (side / self.config.scale_factor).pow(2)
    }

    /// Writes a prompt: chat template, image tokens, ids.
    ///
    /// # Errors
    /// When the template fails, when text or vocabulary do not fit the images, or when these alone are too long.
    pub(super) fn prompt(&self, messages: &[Message], plans: &[TilePlan]) -> Result<Prompt, Error> {
        let rendered = self.chat_template.render(messages)?;
        // Before the tokens of the images are written: there may be millions of them.
        let image_tokens = plans.iter().map(TilePlan::num_tiles).sum::<usize>() * self.tokens_per_tile();
        self.room_for_answer(image_tokens)?;
        let expanded = expand_images(&rendered, plans, self.tokens_per_tile())?;
        let ids = self.tokenizer.encode(&expanded)?;
        Ok(Prompt { rendered, ids })
    }

    /// Forgets the tiles that have been encoded, so that the next page is encoded anew: for benchmarks.
    pub fn forget_tiles(&self) {
        self.tile_memory.clear();
    }

    /// Tokens that fit behind a prompt of this length.
    ///
    /// # Errors
    /// When not one does.
    pub(super) fn room_for_answer(&self, prompt_tokens: usize) -> Result<usize, Error> {
        let max_position_embeddings = self.config.text.max_position_embeddings;
        max_position_embeddings
            .checked_sub(prompt_tokens)
            .filter(|room| *room > 0)
            .ok_or(Error::PromptTooLong { prompt_tokens, max_position_embeddings })
    }
}

impl PageModel for Idefics3 {
    fn name(&self) -> &str {
        &self.report.name
    }

    fn generate<'m>(&'m mut self, page: &'m RgbImage, options: &GenerationOptions) -> Steps<'m> {
        Box::new(Generation::new(self, page, options.clone()))
    }
}

impl fmt::Debug for Idefics3 {
    /// The report: nobody wants to see the weights.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idefics3").field("report", &self.report).finish_non_exhaustive()
    }
}

/// The folder's name; in the Hugging Face cache (`models--org--name/snapshots/revision`) and among our
/// own downloads (`org--name`) the name of the repository.
fn name_of(folder: &Path) -> String {
    let names = || folder.iter().rev().filter_map(|part| part.to_str());
    names()
        .find_map(|part| part.strip_prefix("models--"))
        .or_else(|| names().next())
        .and_then(|repository| repository.rsplit("--").next())
        .unwrap_or("model")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_after_its_folder_or_repository() {
        assert_eq!(name_of(Path::new("/models/SmolDocling-256M-preview")), "SmolDocling-256M-preview");
        let cached = Path::new("/hub/models--ds4sd--SmolDocling-256M-preview/snapshots/ce51f56");
        assert_eq!(name_of(cached), "SmolDocling-256M-preview");
        let downloaded = Path::new("/doclens/models/docling-project--SmolDocling-256M-preview");
        assert_eq!(name_of(downloaded), "SmolDocling-256M-preview");
    }
}
