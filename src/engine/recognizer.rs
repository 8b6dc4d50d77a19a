//! The one seam behind which every recognizer works: text layer, model, scripted replay.
//!
//! What reads the text layer is given the page's own text, what stands in a model's place is given
//! pixels as well.

use std::sync::Arc;

use image::RgbImage;

use crate::document::page::{PageIndex, PageSize};
use crate::document::text_layer::TextLayer;
use crate::engine::error::Error;
use crate::engine::job::RecognizeRequest;
use crate::layout::DocumentContext;
use crate::model::Step;

/// What a recognizer may look at. Fields that it does not ask for stay `None`.
#[derive(Clone, Debug)]
pub struct PageInput {
    /// Which page.
    pub page: PageIndex,
    /// Size of the upright page.
    pub page_size: PageSize,
    /// The page or region drawn for the model.
    pub image: Option<Arc<RgbImage>>,
    /// The page's own text.
    pub text_layer: Option<Arc<TextLayer>>,
    /// What repeats over the document's pages.
    pub context: Option<Arc<DocumentContext>>,
}

/// Something that turns a page into DocTags, step by step.
pub trait Recognizer: Send {
    /// Name for people.
    fn name(&self) -> &str;

    /// Starts reading a page. Nothing runs before the first `next()`; each `next()` is a step after
    /// which cancelling takes effect; dropping the iterator stops the work. The last item of a page
    /// that came to its end is [`Step::Stopped`].
    fn recognize<'r>(
        &'r mut self,
        page: &'r PageInput,
        request: &'r RecognizeRequest,
    ) -> Box<dyn Iterator<Item = Result<Step, Error>> + 'r>;
}
