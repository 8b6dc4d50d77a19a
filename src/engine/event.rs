//! What the engine says while it works. Plain data; large parts are shared.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document::page::{PageImage, PageIndex, PageSize};
use crate::document::text_layer::{TextLayer, TextQuality};
use crate::engine::job::{DocumentId, EngineChoice, JobId, RecognizeRequest, RenderJob};
use crate::engine::model_library::{DownloadProgress, ModelEntry, Verification};
use crate::engine::trust::ElementTrust;
use crate::engine::user_message::UserMessage;
use crate::geometry::BBox;
use crate::markup::DocTree;

/// Something happened to a job.
#[derive(Clone, Debug)]
pub struct Event {
    /// Which job.
    pub job: JobId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a job. The last three end it; nothing follows them.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A worker has taken it up.
    Started,
    /// How far it is.
    Progress(Progress),
    /// How far a download is. About ten a second.
    Downloading(Arc<DownloadProgress>),
    /// More markup of a page. At most about 30 a second, however fast tokens come.
    Partial {
        /// What has been added to the markup since the last `Partial`.
        appended: String,
        /// The document so far.
        tree: Arc<DocTree>,
    },
    /// Done.
    Finished(Outcome),
    /// Stopped because somebody asked for it. A page keeps what its last `Partial` said.
    Cancelled,
    /// It could not be done.
    Failed(UserMessage),
}

/// What a finished job made.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A document is open.
    Opened(Arc<DocumentInfo>),
    /// A document is forgotten.
    Closed(DocumentId),
    /// Pixels, for the request they answer.
    Rendered {
        /// What was asked.
        request: RenderJob,
        /// The pixels of the page or region.
        image: Arc<PageImage>,
    },
    /// The page's own text.
    TextLayer {
        /// Which document.
        document: DocumentId,
        /// Which page.
        page: PageIndex,
        /// Its text.
        text_layer: Arc<TextLayer>,
    },
    /// A page in markup.
    Recognized(Arc<PageRecognition>),
    /// A model is ready.
    ModelLoaded(Arc<ModelInfo>),
    /// No model is loaded any more.
    ModelUnloaded,
    /// The models that are here or can be had.
    ModelsListed(Arc<[ModelEntry]>),
    /// A model is here, verified and checked.
    ModelDownloaded {
        /// As it was asked for.
        name: String,
        /// Where it lies.
        folder: PathBuf,
    },
    /// A model's files have been compared with their digests.
    ModelVerified {
        /// Where it lies.
        folder: PathBuf,
        /// What was found.
        verification: Verification,
    },
    /// A model is gone.
    ModelRemoved {
        /// As it was asked for.
        name: String,
        /// Bytes that became free.
        freed_bytes: u64,
    },
    /// A file is written.
    Saved(PathBuf),
}

/// What is known about a document once it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentInfo {
    /// Names it in later jobs.
    pub id: DocumentId,
    /// File name, or the name its bytes came with.
    pub name: String,
    /// Where it lies, when it is a file.
    pub path: Option<PathBuf>,
    /// Sizes of all pages, upright. At least one page.
    pub page_sizes: Vec<PageSize>,
    /// Title from the file's metadata.
    pub title: Option<String>,
    /// It is an image file: there is no text layer on any page.
    pub is_image: bool,
}

/// How far a recognition is, for status bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What it is doing now.
    pub stage: Stage,
    /// Fraction of the whole page, when it can be told, in `0.0..=1.0`.
    pub fraction: Option<f32>,
    /// Tokens generated so far.
    pub num_tokens: usize,
    /// Tokens per second over the last seconds of decoding.
    pub tokens_per_sec: Option<f32>,
    /// Time left by what has been measured so far.
    pub remaining: Option<Duration>,
}

/// What a recognition is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A model is being read from disk.
    LoadingModel,
    /// The page image is drawn for the model.
    Rendering,
    /// The vision encoder works on tiles.
    Encoding {
        /// Tiles done.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
    /// The decoder reads the prompt.
    Prefilling,
    /// Markup is being written.
    Decoding,
}

/// A page in markup: what is kept and exported.
#[derive(Clone, Debug)]
pub struct PageRecognition {
    /// What was asked.
    pub request: RecognizeRequest,
    /// The markup as it came, without the end token.
    pub markup: String,
    /// The document it means; its diagnostics say what was repaired.
    pub tree: Arc<DocTree>,
    /// Which recognizer made it (never `Auto`).
    pub engine: EngineChoice,
    /// The recognizer's name for people: "Text layer", "SmolDocling-256M-preview".
    pub engine_name: String,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// Parts of the page, in page space, that were read by themselves after a loop; what came of them stands last.
    pub rescued: Vec<BBox>,
    /// Tokens with their place in `markup` and log-probability; empty for the text layer.
    pub tokens: Vec<TokenTrace>,
    /// How far each node of `tree` can be trusted, by [`NodeId::index`](crate::markup::NodeId::index).
    pub trust: Vec<ElementTrust>,
    /// How trustworthy the page's own text is, when it has been read.
    pub text_quality: Option<TextQuality>,
    /// Where time went.
    pub timing: Timing,
    /// Size of the upright page.
    pub page_size: PageSize,
}

/// One generated token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenTrace {
    /// Its id in the vocabulary.
    pub id: u32,
    /// First byte after its text in the markup: a token's text ends here.
    pub end: usize,
    /// Natural logarithm of its probability when it was chosen.
    pub log_probability: f32,
}

/// Why a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The text layer has been read to its end, or the model wrote its end token.
    End,
    /// As many tokens as were allowed, or as the model has room for.
    TokenLimit,
    /// It repeated itself. The markup ends where the second copy began.
    Loop,
    /// The page shows nothing. The model was not asked, since it would have invented something.
    Blank,
    /// Somebody stopped it.
    Cancelled,
}

/// Where the time of a page went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// Drawing the page and cutting tiles.
    pub preparing: Duration,
    /// Vision encoder and connector.
    pub encoding: Duration,
    /// Reading the prompt.
    pub prefilling: Duration,
    /// Writing tokens.
    pub decoding: Duration,
}

impl Timing {
    /// The whole time. A page that was kept may say anything, so what is too long to be counted is the longest time.
    pub fn total(&self) -> Duration {
        let Self { preparing, encoding, prefilling, decoding } = *self;
        preparing.saturating_add(encoding).saturating_add(prefilling).saturating_add(decoding)
    }
}

/// What is known about a loaded model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Name for people, from the folder or the catalogue.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// Number of parameters.
    pub num_parameters: u64,
    /// "CPU", "CUDA 0", "Metal".
    pub device: String,
    /// "f32", "bf16", "f16", and what is held in fewer bits: "f32, vision int16".
    pub dtype: String,
    /// Why device or dtype are not what was asked for.
    pub fallback: Option<String>,
    /// How long loading took.
    pub load_time: Duration,
    /// Digest of the names, sizes and times of its files: another one after any of them was replaced.
    pub fingerprint: String,
}

impl ModelInfo {
    /// What the model is and how it computes: the same words for the same markup.
    pub fn identity(&self) -> String {
        format!("{} {}, {} {}", self.name, self.fingerprint, self.device, self.dtype)
    }
}
