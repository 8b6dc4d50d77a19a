//! A document tree in; Markdown, HTML, JSON, CSV, XLSX, plain text and DocTags out.
//!
//! With default options the output is that of docling-core 2.104.0 (checked by
//! `tests/markup_corpus.rs`), except where that loses or garbles content. No file, no image codec
//! and no clock is touched here: pictures come as ready links or data URIs.

pub mod csv;
pub mod doctags;
pub mod html;
pub mod join;
pub mod json;
pub mod latex;
pub mod markdown;
mod math;
pub mod plain_text;
pub mod spreadsheet;
mod table;
pub mod xlsx;

use std::collections::BTreeMap;

use crate::markup::tree::{DocTree, Layer, Node, NodeId, NodeKind};

pub use csv::csv;
pub use doctags::doctags;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use plain_text::plain_text;

/// What an export should look like. The default matches the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportOptions {
    /// Name of the document: title of the HTML, `name` of the JSON. Empty: "document".
    pub name: String,
    /// Sizes of the pages in points, for the boxes of the JSON. Missing ones are as the last one
    /// given, or US letter.
    pub page_sizes: Vec<PagePoints>,
    /// Whether page headers and footers are written.
    pub furniture: Furniture,
    /// Joins paragraphs, lists and tables that run over a page break.
    pub join_pages: bool,
    /// Pictures to show. Without them placeholders are written.
    pub images: Images,
}

/// Size of an upright page in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PagePoints {
    /// Points from left to right.
    pub width_pt: f64,
    /// Points from top to bottom.
    pub height_pt: f64,
}

/// Whether page headers and footers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Furniture {
    /// Left out of Markdown, HTML and text. The JSON always has them, in their own layer.
    #[default]
    None,
    /// Written where they stand.
    All,
}

/// Links to pictures, made by the caller: data URIs to embed them, relative paths to refer to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// Images of whole pages, by page counted from 0.
    pub pages: BTreeMap<usize, ImageLink>,
    /// Crops of pictures, by their node.
    pub pictures: BTreeMap<NodeId, ImageLink>,
}

/// A link to one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageLink {
    /// A data URI, or a path relative to the exported file, as a URI.
    pub uri: String,
    /// For example `image/png`.
    pub mime_type: String,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Pixels per inch of the page.
    pub dpi: u32,
}

/// The captions of a table, picture or code. As in the reference, a picture's caption that says
/// nothing and stands nowhere is not one.
fn captions_of<'t>(tree: &'t DocTree, node: &'t Node) -> impl Iterator<Item = (NodeId, &'t Node)> {
    let is_picture = matches!(node.kind, NodeKind::Picture(_));
    node.children.iter().map(|child| (*child, tree.node(*child))).filter(move |(_, child)| {
        child.kind == NodeKind::Caption && !(is_picture && child.text.is_empty() && child.bbox.is_none())
    })
}

impl ExportOptions {
    /// Size of the page, counted from 0.
    pub fn page_size(&self, page_idx: usize) -> PagePoints {
        let given = self.page_sizes.get(page_idx).or(self.page_sizes.last());
        given.copied().unwrap_or(PagePoints { width_pt: 612.0, height_pt: 792.0 })
    }

    fn name(&self) -> &str {
        if self.name.is_empty() { "document" } else { &self.name }
    }

    fn writes(&self, node: &Node) -> bool {
        node.layer == Layer::Body || self.furniture == Furniture::All
    }
}
