//! Models on disk and how they get there: what can be had, what is there, checking, downloading.
//!
//! Comes in: the catalogue that is built into the program, environment variables, folders.
//! Goes out: checked folders in the Hugging Face layout that [`crate::model::load`] reads.
//! No network code runs unless [`download::download`] is called, and nothing calls it without the
//! user's yes. How a checkpoint is read is not known here.

pub mod catalogue;
pub mod error;
pub mod places;

pub mod download;
pub mod install;
pub mod pocket;

mod remote;

pub use catalogue::{Catalogue, CatalogueFile, CatalogueModel};
pub use download::{DownloadOptions, DownloadProgress, FileProgress, download};
pub use error::Error;
pub use install::{Receipt, Verification, folder_size_bytes, remove, unfinished_bytes, verify};
pub use places::{FoundModel, Origin, find_models, models_folder};
pub use pocket::{pocket_folder, pocket_size_bytes};
