//! The engine that needs no weights, behind the one trait.

use std::iter;

use crate::document::text_layer::{TextLayer, TextQuality};
use crate::engine::error::Error;
use crate::engine::job::{RecognizeRequest, Task};
use crate::engine::recognizer::{PageInput, Recognizer};
use crate::geometry::BBox;
use crate::layout::{self, DocumentContext};
use crate::model::{Step, Stop};

/// Reads a page from its own text. Holds nothing; everything is in the input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextLayerRecognizer;

impl Recognizer for TextLayerRecognizer {
    fn name(&self) -> &'static str {
        "Text layer"
    }

    fn recognize<'r>(
        &'r mut self,
        page: &'r PageInput,
        request: &'r RecognizeRequest,
    ) -> Box<dyn Iterator<Item = Result<Step, Error>> + 'r> {
        // The page is laid out as a whole, but not before the first pull.
        Box::new(iter::once_with(|| laid_out(page, request)).flat_map(|laid_out| match laid_out {
            Ok(pieces) => steps(pieces),
            Err(error) => Box::new(iter::once(Err(error))),
        }))
    }
}

/// What the page's own text has, where it is sound: the answer that a model is expected to give, more or less.
pub(super) fn expected_markup(page: &PageInput, request: &RecognizeRequest) -> Option<String> {
    let is_sound = page.text_layer.as_deref().is_some_and(|layer| layer.quality == TextQuality::Good);
    let pieces = is_sound.then(|| laid_out(page, request).ok())??;
    Some(pieces.collect())
}

type Steps = Box<dyn Iterator<Item = Result<Step, Error>>>;

fn steps(pieces: layout::Pieces) -> Steps {
    // Nothing was generated: there are no ids, and nothing is uncertain.
    let tokens = pieces.map(|text| Step::Token { id: 0, text, log_probability: 0.0 });
    Box::new(tokens.chain([Step::Stopped(Stop::End)]).map(Ok))
}

fn laid_out(page: &PageInput, request: &RecognizeRequest) -> Result<layout::Pieces, Error> {
    let number = page.page.number();
    let unusable = |source| Error::TextLayer { page: number, source };
    let layer = page.text_layer.as_deref().ok_or_else(|| unusable(layout::Error::NoTextLayer))?;
    let alone = DocumentContext::default();
    let context = page.context.as_deref().unwrap_or(&alone);
    let Some(region) = &request.region else {
        return layout::recognize(layer, context).map_err(unusable);
    };
    if let Some(error) = layout::unavailable(layer) {
        return Err(unusable(error));
    }
    let layer = within(layer, region);
    if layer.chars.is_empty() {
        return Err(Error::EmptyRegion { page: number });
    }
    let recognize = if request.task == Task::Table { layout::recognize_table } else { layout::recognize };
    recognize(&layer, context).map_err(unusable)
}

/// The part of the text layer in a region: characters whose middle lies in it, everything else where
/// it touches it. Boxes stay those of the page.
fn within(layer: &TextLayer, region: &BBox) -> TextLayer {
    let holds = |bbox: &BBox| {
        let (x, y) = bbox.center();
        region.contains(x, y)
    };
    let touches = |bbox: &BBox| region.intersection(bbox).is_some();
    TextLayer {
        page_size: layer.page_size,
        chars: layer.chars.iter().filter(|char| holds(&char.loose)).cloned().collect(),
        fonts: layer.fonts.clone(),
        rules: layer.rules.iter().filter(|rule| touches(&rule.bbox)).copied().collect(),
        fills: layer.fills.iter().filter(|fill| touches(&fill.bbox)).copied().collect(),
        images: layer.images.iter().filter(|image| touches(image)).copied().collect(),
        drawings: layer.drawings.iter().filter(|drawing| touches(drawing)).copied().collect(),
        links: layer.links.iter().filter(|link| touches(&link.bbox)).cloned().collect(),
        quality: layer.quality,
    }
}
