//! One open document on the page worker: drawing, text layers, and what recognizers read.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::document::page::{PageImage, PageIndex, PageSize, Rotation, pixels_from_page};
use crate::document::text_layer::TextLayer;
use crate::document::{self, Document, PdfReading, Source};
use crate::engine::error::Error;
use crate::engine::event::DocumentInfo;
use crate::engine::job::{DocumentId, DocumentSource, RecognizeRequest, RenderJob};
use crate::engine::model_recognizer::excerpt_for_model;
use crate::engine::page_boxes::Excerpt;
use crate::engine::recognizer::PageInput;
use crate::engine::tasks::LaneKind;
use crate::layout::DocumentContext;

/// Pixels a point of a page drawn for a model: 144 dpi, as docling does and the models were
/// trained on.
const MODEL_SCALE: f64 = 2.0;
/// Pixels a point of a region drawn for a model: 150 dpi.
const MODEL_REGION_SCALE: f64 = 150.0 / 72.0;
/// Pages that tell what repeats over the document. Reading one takes up to 20 ms.
const NUM_CONTEXT_PAGES: usize = 16;
/// Text layers that are kept. A dense page takes about half a megabyte.
const NUM_KEPT_TEXT_LAYERS: usize = 16;

/// A document with what has been read from it.
pub(super) struct OpenDocument {
    source: DocumentSource,
    password: Option<String>,
    pdf_reading: PdfReading,
    info: Arc<DocumentInfo>,
    /// `None` after a panic, until it is needed again.
    document: Option<Document>,
    context: Option<Arc<DocumentContext>>,
    /// The latest used last.
    text_layers: VecDeque<(PageIndex, Arc<TextLayer>)>,
}

impl OpenDocument {
    /// # Errors
    /// What the `document` room says.
    pub(super) fn open(
        id: DocumentId,
        source: DocumentSource,
        password: Option<String>,
        pdf_reading: PdfReading,
    ) -> Result<Self, Error> {
        let document = open(&source, password.as_deref(), &pdf_reading)?;
        let info = DocumentInfo {
            id,
            name: document.name().to_owned(),
            path: match &source {
                DocumentSource::File(path) => Some(path.clone()),
                DocumentSource::Bytes { .. } => None,
            },
            page_sizes: document.page_sizes().to_vec(),
            title: document.title(),
            is_image: document.is_image(),
        };
        let info = Arc::new(info);
        let text_layers = VecDeque::new();
        Ok(Self { source, password, pdf_reading, info, document: Some(document), context: None, text_layers })
    }

    pub(super) fn info(&self) -> &Arc<DocumentInfo> {
        &self.info
    }

    /// After a panic, nothing that the document held can be trusted.
    pub(super) fn forget_state(&mut self) {
        self.document = None;
        self.context = None;
        self.text_layers.clear();
    }

    /// Draws what a view asks for.
    pub(super) fn render(&mut self, request: &RenderJob) -> Result<PageImage, Error> {
        self.page_size(request.page)?;
        let document = self.document()?;
        Ok(document.render(request.page, request.width_px, request.rotation, request.region)?)
    }

    /// The page's own text; empty for images.
    pub(super) fn text_layer(&mut self, page: PageIndex) -> Result<Arc<TextLayer>, Error> {
        self.page_size(page)?;
        if let Some(idx) = self.text_layers.iter().position(|(kept, _)| *kept == page)
            && let Some(entry) = self.text_layers.remove(idx)
        {
            let text_layer = Arc::clone(&entry.1);
            self.text_layers.push_back(entry);
            return Ok(text_layer);
        }
        let text_layer = Arc::new(self.document()?.text_layer(page)?);
        self.text_layers.push_back((page, Arc::clone(&text_layer)));
        if self.text_layers.len() > NUM_KEPT_TEXT_LAYERS {
            self.text_layers.pop_front();
        }
        Ok(text_layer)
    }

    /// What the lane's recognizer reads for the request, and what of the page that is.
    pub(super) fn prepare(
        &mut self,
        request: &RecognizeRequest,
        lane: LaneKind,
    ) -> Result<(PageInput, Excerpt), Error> {
        let page = request.page;
        let page_size = self.page_size(page)?;
        match lane {
            LaneKind::TextLayer => {
                let context = Some(self.context());
                let text_layer = Some(self.text_layer(page)?);
                let excerpt = Excerpt { region: None, rotation: Rotation::None };
                Ok((PageInput { page, page_size, image: None, text_layer, context }, excerpt))
            }
            LaneKind::Model => {
                let excerpt = excerpt_for_model(request);
                let image = self.model_image(page, page_size, &excerpt)?;
                // The model does not need it, but progress and checks of its text do; a page whose
                // text cannot be read can still be seen.
                let text_layer = self.text_layer(page).ok();
                let image = Some(Arc::new(image.to_rgb_image()));
                Ok((PageInput { page, page_size, image, text_layer, context: None }, excerpt))
            }
        }
    }

    /// Images come with the pixels that they have, PDFs as docling draws them.
    fn model_image(
        &mut self,
        page: PageIndex,
        page_size: PageSize,
        excerpt: &Excerpt,
    ) -> Result<PageImage, Error> {
        let rotation = excerpt.rotation;
        let native_px = self.document()?.native_pixels(page);
        let width_px = if let Some((width_px, height_px)) = native_px {
            if rotation.swaps_sides() { height_px } else { width_px }
        } else {
            let scale = if excerpt.region.is_some() { MODEL_REGION_SCALE } else { MODEL_SCALE };
            page_size.turned(rotation).width_px_at(scale)
        };
        let region = excerpt.region.map(|region| {
            let (width_px, height_px) = page_size.pixels_at_width(width_px, rotation);
            pixels_from_page(&rotation.turned_bbox(&region), width_px, height_px)
        });
        Ok(self.document()?.render(page, width_px, rotation, region)?)
    }

    /// What repeats over the document; worked out when a page first asks.
    fn context(&mut self) -> Arc<DocumentContext> {
        if let Some(context) = &self.context {
            return Arc::clone(context);
        }
        let sample = context_pages(self.info.page_sizes.len()).into_iter();
        // A page that cannot be read tells nothing about the others.
        let layers: Vec<(PageIndex, Arc<TextLayer>)> =
            sample.filter_map(|page| Some((page, self.text_layer(page).ok()?))).collect();
        let pages: Vec<(PageIndex, &TextLayer)> =
            layers.iter().map(|(page, layer)| (*page, layer.as_ref())).collect();
        let context = Arc::new(DocumentContext::from_pages(&pages));
        self.context = Some(Arc::clone(&context));
        context
    }

    pub(super) fn page_size(&self, page: PageIndex) -> Result<PageSize, Error> {
        let num_pages = self.info.page_sizes.len();
        let no_such_page = Error::NoSuchPage { page: page.number(), num_pages };
        self.info.page_sizes.get(page.0).copied().ok_or(no_such_page)
    }

    fn document(&mut self) -> Result<&mut Document, Error> {
        let document = match self.document.take() {
            Some(document) => document,
            None => open(&self.source, self.password.as_deref(), &self.pdf_reading)?,
        };
        Ok(self.document.insert(document))
    }
}

fn open(
    source: &DocumentSource,
    password: Option<&str>,
    pdf_reading: &PdfReading,
) -> Result<Document, document::Error> {
    let source = match source {
        DocumentSource::File(path) => Source::File(path.clone()),
        DocumentSource::Bytes { name, bytes } => {
            Source::Bytes { name: name.clone(), bytes: Arc::clone(bytes) }
        }
    };
    Document::open_with(source, password, pdf_reading)
}

/// The pages that tell what repeats over a document of so many: all of a short one, else its
/// beginning and pairs of neighbours (left and right pages differ) from all over it. The same
/// whichever page asks first, so that a page's markup does not depend on the order of conversion.
fn context_pages(num_pages: usize) -> Vec<PageIndex> {
    if num_pages <= NUM_CONTEXT_PAGES {
        return (0..num_pages).map(PageIndex).collect();
    }
    let num_pairs = NUM_CONTEXT_PAGES / 2;
    let pair_at = |pair: usize| pair * (num_pages - 2) / (num_pairs - 1);
    (0..num_pairs).flat_map(|pair| [pair_at(pair), pair_at(pair) + 1]).map(PageIndex).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(num_pages: usize, expected: &[usize]) {
        let pages: Vec<usize> = context_pages(num_pages).into_iter().map(|page| page.0).collect();
        assert_eq!(pages, expected);
    }

    #[test]
    fn short_documents_are_known_whole_and_long_ones_from_all_over() {
        check(1, &[0]);
        check(3, &[0, 1, 2]);
        check(16, &(0..16).collect::<Vec<_>>());
        check(17, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16]);
        check(500, &[0, 1, 71, 72, 142, 143, 213, 214, 284, 285, 355, 356, 426, 427, 498, 499]);
    }
}
