//! The model room: an RGB image in, a stream of [`Step`]s out.
//!
//! Loads any Idefics3 or SmolVLM checkpoint in the Hugging Face layout (SmolDocling,
//! granite-docling, SmolVLM, SmolVLM 2) and reads one image with it. What comes in: a folder, an
//! image, an [`Instruction`]. What goes out: tokens with text and log-probability. Deliberately not
//! here: pages, PDF, the grammar of DocTags, threads, downloads. Only this room names candle.
//!
//! The reference is `transformers` 5.17 in float32 with the Pillow image processor; the fixtures
//! under `tests/fixtures/tiny-idefics3` pin every stage.

mod config;
mod device;
mod error;
mod files;
mod generation;
mod grammar;
mod idefics3;
mod image_processor;
pub mod inspect;
mod instruction;
mod kernels;
mod load_options;
mod loaded;
pub mod measure;
mod memory;
mod native;
mod page_model;
mod prompt;
mod resample;
mod scripted;
pub mod step;
pub mod store;
mod tokenizer;
mod tokenizer_file;
mod weights;

pub use device::{DeviceChoice, DtypeChoice, KernelChoice, use_threads};
pub use error::Error;
pub use grammar::{Fit, Grammar, NewGrammar};
pub use image_processor::TilePlan;
pub use instruction::{GridBox, Instruction};
pub use load_options::{CheckReport, LoadOptions, LoadProgress, LoadReport, Quantization};
pub use loaded::{Idefics3, check, load};
pub use page_model::{Drafts, GenerationOptions, PageModel, Steps};
pub use prompt::{Message, Part};
pub use scripted::{ScriptedCall, ScriptedModel};
pub use step::{Step, Stop};
