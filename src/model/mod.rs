//! The model room: an RGB image in, a stream of [`Step`]s out.

pub mod step;

pub use step::{Step, Stop};
