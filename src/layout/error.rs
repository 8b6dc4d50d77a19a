//! Why a page's own text cannot be used.

/// Why there is nothing to recognize in a page's text layer. A model can still read its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No characters at all: a scan, a photograph, text drawn as outlines.
    #[error("no text layer on this page")]
    NoTextLayer,
    /// Characters without a meaning: the file does not say which letters its glyphs are.
    #[error("the text layer of this page is garbled")]
    GarbledTextLayer,
}
