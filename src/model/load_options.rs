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
    /// Which weights are held in fewer bits.
    pub quantization: Quantization,
}

/// Which weights our own kernels hold in fewer bits than they are stored in. Faster, and not quite the reference's
/// numbers; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantization {
    /// Linear layers of the vision encoder: weights and activations in 16-bit block fixed point, about as exact as f16.
    pub vision_int16: bool,
    /// Linear layers of the text decoder: weights in 8 bits, as llama.cpp's `Q8_0`, activations in 16.
    pub text_q8_0: bool,
}

impl Quantization {
    /// Nothing: as the reference.
    pub const NONE: Self = Self { vision_int16: false, text_q8_0: false };

    /// What is held in fewer bits, for reports: `vision int16, text Q8_0`.
    pub fn words(self) -> Option<&'static str> {
        match (self.vision_int16, self.text_q8_0) {
            (false, false) => None,
            (true, false) => Some("vision int16"),
            (false, true) => Some("text Q8_0"),
            (true, true) => Some("vision int16, text Q8_0"),
        }
    }
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
    /// Which weights are held in fewer bits than they are stored in.
    pub quantization: Quantization,
    /// Threads that the layers are spread over.
    pub num_threads: usize,
    /// Number format of the weight files.
    pub stored_dtype: String,
    /// Why device, format or weights are not what was asked for.
    pub fallback: Option<String>,
    /// How long loading took.
    pub load_time: Duration,
    /// Memory that the weights take on the device.
    pub weight_bytes: u64,
}
