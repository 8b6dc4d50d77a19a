//! What can be asked of the engine, in the user's terms.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document::page::{PageIndex, PixelRect, Rotation};
use crate::engine::kept::KeptPage;
use crate::geometry::BBox;

/// Names one job for as long as the engine lives. Later jobs have larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Names one opened document for as long as the engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u64);

/// One piece of work. Every job ends with exactly one of `Finished`, `Cancelled`, `Failed`.
#[derive(Clone, Debug)]
pub enum Job {
    /// Open a document; ends with [`Outcome::Opened`](super::event::Outcome::Opened).
    Open {
        /// File or bytes.
        source: DocumentSource,
        /// Tried when the file is encrypted.
        password: Option<String>,
    },
    /// Forget a document and free what it holds.
    Close(DocumentId),
    /// Draw a page or a part of it; ends with [`Outcome::Rendered`](super::event::Outcome::Rendered).
    Render(RenderJob),
    /// Draw a page and write it as a PNG file; ends with [`Outcome::Saved`](super::event::Outcome::Saved).
    SavePageImage {
        /// What to draw; its priority does not count, as everything that somebody looks at goes first.
        render: RenderJob,
        /// Where to.
        path: PathBuf,
    },
    /// Read the page's own text; ends with [`Outcome::TextLayer`](super::event::Outcome::TextLayer).
    ReadTextLayer {
        /// Which document.
        document: DocumentId,
        /// Which page.
        page: PageIndex,
    },
    /// Turn a page into markup; ends with [`Outcome::Recognized`](super::event::Outcome::Recognized).
    Recognize(RecognizeRequest),
    /// Take up a page again that was read before; ends with
    /// [`Outcome::Recognized`](super::event::Outcome::Recognized).
    Restore {
        /// Which document.
        document: DocumentId,
        /// The page as it was kept.
        kept: Arc<KeptPage>,
    },
    /// Load a model from a folder, replacing the one that is loaded.
    LoadModel {
        /// Folder in the Hugging Face layout.
        folder: PathBuf,
        /// Where and how exactly it computes.
        settings: ModelSettings,
    },
    /// Free the model's memory.
    UnloadModel,
    /// Look for models on this machine; ends with [`Outcome::ModelsListed`](super::event::Outcome::ModelsListed).
    ListModels {
        /// Folders that the user has named, listed as well.
        added_folders: Vec<PathBuf>,
    },
    /// Download a model, going on from what an earlier try has left. The only job that uses the network:
    /// submit it when the user has said yes. Cancelling it is pausing it.
    DownloadModel {
        /// Of the catalogue, or `owner/name[@revision]`.
        name: String,
    },
    /// Read a model's files again and compare them with their digests.
    VerifyModel {
        /// Folder in the Hugging Face layout.
        folder: PathBuf,
    },
    /// Remove a model that Doclens has downloaded, and what an unfinished download has left.
    RemoveModel {
        /// Of the catalogue, or `owner/name`.
        name: String,
    },
    /// Write a file so that it is either whole or not there: temporary file, then rename.
    Save {
        /// Where to.
        path: PathBuf,
        /// What.
        contents: Arc<[u8]>,
    },
}

/// Where and how exactly a model computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelSettings {
    /// What computes.
    pub device: DeviceChoice,
    /// How exactly numbers are kept.
    pub dtype: DtypeChoice,
    /// On a processor, the vision encoder computes in 16-bit fixed point: faster, about as exact as f16.
    pub vision_int16: bool,
    /// On a processor, the text decoder's weights are held in 8 bits: faster, less exact.
    pub text_q8_0: bool,
    /// Free its memory after so long without a page, and read it again before the next one.
    pub idle_unload: Option<Duration>,
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU that this build can use, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The NVIDIA GPU of that number.
    Cuda(usize),
    /// Apple's GPU.
    Metal,
}

/// How exactly numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DtypeChoice {
    /// What suits the device: f32 on a processor.
    #[default]
    Auto,
    /// 32 bits; what the reference computes with.
    F32,
    /// 16 bits, more digits.
    F16,
    /// 16 bits, more range.
    Bf16,
}

/// Where a document comes from.
#[derive(Clone, Debug)]
pub enum DocumentSource {
    /// A file on disk; never written to.
    File(PathBuf),
    /// Bytes that came by clipboard, standard input or from the program itself.
    Bytes {
        /// Shown in place of a file name.
        name: String,
        /// The file's contents.
        bytes: Arc<[u8]>,
    },
}

impl DocumentSource {
    /// Its bytes from the beginning.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Bytes { bytes, .. } => Box::new(bytes.as_ref()),
        })
    }
}

/// Draw one page.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderJob {
    /// Which document.
    pub document: DocumentId,
    /// Which page.
    pub page: PageIndex,
    /// Width of the *whole* upright page in pixels, after `rotation`.
    pub width_px: u32,
    /// Extra turn by the user.
    pub rotation: Rotation,
    /// Draw only this part of the page image that `width_px` describes.
    pub region: Option<PixelRect>,
    /// What goes first when several wait.
    pub priority: RenderPriority,
}

/// What goes first when several renderings wait; earlier variants go first. Within one priority
/// the newest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RenderPriority {
    /// The page somebody looks at.
    Visible,
    /// A page that may come into view next.
    Nearby,
    /// A thumbnail.
    Thumbnail,
}

/// Turn one page, or a region of it, into markup.
#[derive(Clone, Debug, PartialEq)]
pub struct RecognizeRequest {
    /// Which document.
    pub document: DocumentId,
    /// Which page.
    pub page: PageIndex,
    /// Extra turn by the user, applied before recognizing.
    pub rotation: Rotation,
    /// Which recognizer.
    pub engine: EngineChoice,
    /// Only this part of the page.
    pub region: Option<BBox>,
    /// What to read it as.
    pub task: Task,
    /// How the model generates; the text-layer engine ignores it.
    pub generation: GenerationSettings,
    /// This page is being looked at: it jumps the queue.
    pub is_visible: bool,
}

/// Which recognizer reads the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The model when one is loaded, else the text layer.
    #[default]
    Auto,
    /// The page's own text.
    TextLayer,
    /// The loaded model.
    Model,
}

/// What a page or region is read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Everything on it.
    #[default]
    Page,
    /// A table, to OTSL.
    Table,
    /// A formula, to LaTeX.
    Formula,
    /// Program text.
    Code,
    /// A chart, to a table.
    Chart,
    /// The text at the region.
    Text,
    /// What kind of element stands at the region.
    Identify,
    /// All section headers of the page.
    SectionHeaders,
}

/// How a model generates, in the user's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationSettings {
    /// Stop after this many tokens; `None` for as many as the model has room for.
    pub max_new_tokens: Option<usize>,
    /// 0 is greedy.
    pub temperature: f32,
    /// Keep only the likeliest tokens that make up this probability.
    pub top_p: Option<f32>,
    /// Above 1 makes repeated tokens less likely.
    pub repetition_penalty: Option<f32>,
    /// Seed for sampling.
    pub seed: u64,
    /// Stop when the model repeats itself, and keep what it wrote before.
    pub stops_loops: bool,
    /// Write only what is well-formed, where a model would write what is not. Answers that are well-formed anyway are
    /// the same.
    pub follows_grammar: bool,
    /// Guess tokens ahead to read several at once. Answers are the same; it is only faster.
    pub guesses_ahead: bool,
}

impl Default for GenerationSettings {
    fn default() -> Self {
        Self {
            max_new_tokens: None,
            temperature: 0.0,
            top_p: None,
            repetition_penalty: None,
            seed: 0,
            stops_loops: true,
            follows_grammar: true,
            guesses_ahead: true,
        }
    }
}
