//! Opens PDFs and images and hands out page images and text layers.

pub mod page;
pub mod text_layer;

pub use page::{PageImage, PageIndex, PageSize, PixelRect, Rotation};
pub use text_layer::{TextLayer, TextQuality};
