//! What can go wrong in the model room. Every message names the file, the tensor and both shapes
//! where there are any.

use std::path::PathBuf;

/// Why a model could not be loaded or a page not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the checkpoint is not there.
    #[error("{what} is missing: {}", file.display())]
    MissingFile {
        /// What the file holds, for people: "tokenizer".
        what: &'static str,
        /// Where it was looked for.
        file: PathBuf,
    },
    /// A file is there but cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", file.display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is larger than any honest one of its kind.
    #[error("{} has {bytes} bytes, more than the {limit} allowed for it", file.display())]
    FileTooLarge {
        /// Which file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A settings file is not the JSON it should be.
    #[error("{} is not valid", file.display())]
    Json {
        /// Which file.
        file: PathBuf,
        /// Line, column and what was expected there.
        source: serde_json::Error,
    },
    /// A settings file asks for something that this program does not do.
    #[error("{}: `{key}` is {value}, but only {supported} is supported", file.display())]
    UnsupportedSetting {
        /// Which file.
        file: PathBuf,
        /// The key, with its section: `text_config.model_type`.
        key: String,
        /// The value found.
        value: String,
        /// What would be understood.
        supported: &'static str,
    },
    /// A number in a settings file is missing, zero, too large or at odds with another one.
    #[error("{}: `{key}` is {value}, but {expected}", file.display())]
    InvalidSetting {
        /// Which file.
        file: PathBuf,
        /// The key, with its section.
        key: String,
        /// The value found, or "missing".
        value: String,
        /// What it has to be.
        expected: String,
    },
    /// A weight file does not start with a safetensors header.
    #[error("{} has no valid safetensors header: {problem}", file.display())]
    WeightsHeader {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A weight file is shorter than its header says.
    #[error("{} is cut short: it has {actual_bytes} bytes of {needed_bytes}", file.display())]
    WeightsTruncated {
        /// Which file.
        file: PathBuf,
        /// Size that the header asks for.
        needed_bytes: u64,
        /// Size of the file.
        actual_bytes: u64,
    },
    /// The checkpoint lacks a tensor that its configuration asks for.
    #[error("tensor `{tensor}` with shape {expected:?} is missing from {}", file.display())]
    MissingTensor {
        /// Name in the checkpoint.
        tensor: String,
        /// Shape that the configuration asks for.
        expected: Vec<usize>,
        /// Weight file, or the index of a sharded checkpoint.
        file: PathBuf,
    },
    /// A tensor has another shape than the configuration says.
    #[error("tensor `{tensor}` has shape {actual:?}, expected {expected:?}, in {}", file.display())]
    TensorShape {
        /// Name in the checkpoint.
        tensor: String,
        /// Shape that the configuration asks for.
        expected: Vec<usize>,
        /// Shape in the file.
        actual: Vec<usize>,
        /// Weight file.
        file: PathBuf,
    },
    /// A tensor is stored in a number format that is not f32, f16 or bf16.
    #[error("tensor `{tensor}` is stored as {dtype}; only F32, F16 and BF16 can be read, in {}", file.display())]
    TensorDtype {
        /// Name in the checkpoint.
        tensor: String,
        /// Format as the file names it.
        dtype: String,
        /// Weight file.
        file: PathBuf,
    },
    /// The tokenizer file does not hold a tokenizer that can be used.
    #[error("the tokenizer cannot be used: {}", file.display())]
    Tokenizer {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The chat template has a mistake or needs something unknown.
    #[error("the chat template cannot be used: {}", file.display())]
    ChatTemplate {
        /// The file it came from.
        file: PathBuf,
        /// Line and reason.
        source: minijinja::Error,
    },
    /// The prompt has another number of image slots than there are images: usually because the
    /// instruction itself contains `<image>`.
    #[error("the prompt has {slots} image slots for {images} images")]
    ImageSlots {
        /// Slots in the rendered prompt.
        slots: usize,
        /// Images given.
        images: usize,
    },
    /// The prompt has a token for which the model has no embedding.
    #[error("token {id} of the prompt lies outside the vocabulary of {vocab_size}")]
    TokenOutsideVocabulary {
        /// The token.
        id: u32,
        /// Rows of the embedding table.
        vocab_size: usize,
    },
    /// The prompt leaves no room for an answer.
    #[error("the prompt has {prompt_tokens} tokens; the model has {max_position_embeddings} positions")]
    PromptTooLong {
        /// Length of the prompt, image tokens included.
        prompt_tokens: usize,
        /// Positions of the model.
        max_position_embeddings: usize,
    },
    /// The page image has no pixels.
    #[error("the image is empty ({width} × {height} pixels)")]
    EmptyImage {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// An image file cannot be decoded.
    #[error("cannot read the image {}", file.display())]
    Image {
        /// Which file.
        file: PathBuf,
        /// What the decoder says.
        source: image::ImageError,
    },
    /// Not enough memory for the weights.
    #[error("not enough memory: {needed_bytes} bytes could not be had")]
    OutOfMemory {
        /// Size of the allocation that failed.
        needed_bytes: u64,
    },
    /// The device that was asked for cannot be used.
    #[error("{device} cannot be used")]
    Device {
        /// "CUDA 0", "Metal 0".
        device: String,
        /// What candle says.
        source: candle_core::Error,
    },
    /// A computation failed: a bug in this room, or the device.
    #[error("the computation failed")]
    Compute(#[from] candle_core::Error),
}
