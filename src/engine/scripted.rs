//! Recorded pages in a model's place: for tests, demonstrations and `--replay`.

use std::iter;
use std::time::Duration;

use image::RgbImage;

use crate::engine::error::Error;
use crate::engine::job::RecognizeRequest;
use crate::engine::model_recognizer::generation_options;
use crate::engine::recognizer::{PageInput, Recognizer};
use crate::model::{PageModel, ScriptedModel, Step};

/// What stands between the pages of a recording.
const PAGE_BREAK: &str = "<page_break>";

/// Says what was recorded for each page, in pieces as a model would.
#[derive(Clone, Debug)]
pub struct ScriptedRecognizer {
    name: String,
    pages: Vec<ScriptedModel>,
    pace: Duration,
    nothing: RgbImage,
}

impl ScriptedRecognizer {
    /// Replays markup: its first page (up to `<page_break>`) for the document's first page, and so
    /// on; from the beginning again when the document is longer.
    pub fn new(name: impl Into<String>, markup: &str) -> Self {
        let name = name.into();
        let pages = markup
            .split(PAGE_BREAK)
            .map(|page| ScriptedModel::from_text(name.as_str(), page.trim()))
            .collect();
        Self { name, pages, pace: Duration::ZERO, nothing: RgbImage::new(0, 0) }
    }

    /// Waits this long before each token, so that people can watch. Tests do not.
    #[must_use]
    pub fn paced(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }
}

impl Recognizer for ScriptedRecognizer {
    fn name(&self) -> &str {
        &self.name
    }

    fn recognize<'r>(
        &'r mut self,
        page: &'r PageInput,
        request: &'r RecognizeRequest,
    ) -> Box<dyn Iterator<Item = Result<Step, Error>> + 'r> {
        let (pace, num_pages) = (self.pace, self.pages.len().max(1));
        let Some(script) = self.pages.get_mut(page.page.0 % num_pages) else {
            return Box::new(iter::empty());
        };
        let image = page.image.as_deref().unwrap_or(&self.nothing);
        let steps = script.generate(image, &generation_options(request));
        Box::new(steps.map(move |step| {
            if matches!(step, Ok(Step::Token { .. })) && !pace.is_zero() {
                std::thread::sleep(pace);
            }
            step.map_err(Error::from)
        }))
    }
}
