//! How to load a model, and what is known once it is there.

use std::path::PathBuf;
use std::time::Duration;

use super::device::{DeviceChoice, DtypeChoice, KernelChoice};

/// Where and how to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Where.
    pub device: DeviceChoice,
    /// In which number format.
    pub dtype: DtypeChoice,
    /// On which arithmetic.
    pub kernels: KernelChoice,
}

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes of weights taken in.
    pub done_bytes: u64,
    /// Bytes of weights in all.
    pub total_bytes: u64,
}

/// What is known about a checkpoint that could be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Number of parameters in the weight files.
    pub num_parameters: u64,
    /// Number format of the weight files.
    pub stored_dtype: String,
}

/// What is known about a loaded model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadReport {
    /// Name for people, from the folder.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// Number of parameters in the weight files.
    pub num_parameters: u64,
    /// "CPU", "CUDA 0", "Metal 0".
    pub device: String,
    /// Number format that is computed in: "f32", "bf16", "f16".
    pub dtype: String,
    /// What the layers run on: "AVX-512", "AVX2", "NEON", "baseline" are our own kernels, "candle" is candle.
    pub kernels: String,
    /// Threads that the layers are spread over.
    pub num_threads: usize,
    /// Number format of the weight files.
    pub stored_dtype: String,
    /// Why device or format are not what was asked for.
    pub fallback: Option<String>,
    /// How long loading took.
    pub load_time: Duration,
    /// Memory that the weights take on the device.
    pub weight_bytes: u64,
}
