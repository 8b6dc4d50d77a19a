//! The network on our own kernels: the same numbers as the candle path to f32 accuracy, faster.
//!
//! Weights come in as rows of numbers with the checkpoint's names, activations are slices; a tensor
//! library is not known here. `idefics3` runs the same network through candle and stays the oracle.
//! One tile at a time, one layer a step, buffers are reused; bf16 checkpoints stay bf16 in memory.

pub(super) mod linear;

pub(super) mod vision;

pub(super) mod text;
