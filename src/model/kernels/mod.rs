//! The arithmetic of the fast path: matrix products, attention and what goes between them.
//!
//! Slices of `f32` come in and go out, rows one after the other; nothing here knows a tensor, a
//! model or a page. Every kernel is one function that is compiled once for the machine's baseline (NEON on
//! 64-bit Arm), once for AVX2 with FMA and once for AVX-512, chosen at run time ([`isa::Isa`]). Most are plain
//! loops that the compiler turns into vector code; those of matrix products use a few operations that are
//! spelled out for x86 ([`lanes`]). `unsafe` are only those, reads in their inner loops, and the calls into the
//! copies. Each kernel has a plain twin in its tests.
//!
//! Sums over the inner dimension always run from first to last in one accumulator per output (in fixed point: over
//! exact sums of blocks), so a row's result does not depend on how many rows are computed together, on blocking or
//! on the number of threads. Verifying drafted tokens and resuming a prompt rest on that.

#![expect(
    clippy::inline_always,
    reason = "a kernel becomes vector code only inside the copy that has the instruction set"
)]

pub(super) mod isa;
mod lanes;
mod whole_lanes;

pub(super) mod packed;

pub(super) mod attention;
pub(super) mod elementwise;
pub(super) mod kv_cache;
pub(super) mod matmul;
mod tile;

pub(super) mod fixed_point;
pub(super) mod int16;
pub(super) mod q8_0;
