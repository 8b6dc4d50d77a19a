//! The network's layers on our own kernels: the numbers of the candle path to f32 accuracy, faster.
//!
//! Weights come in as numbers with the checkpoint's names, activations as slices; no tensor library
//! is known here. `idefics3` puts these layers in the place of its own ones when it may; its own ones,
//! through candle, stay the oracle. Checkpoints that are stored in bf16 stay so in memory, exactly.

pub(super) mod linear;

pub(super) mod vision;

pub(super) mod text;
