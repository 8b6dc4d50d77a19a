//! A model of the `model` room, behind the one trait.

use std::iter;
use std::path::Path;

use crate::document::page::Rotation;
use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::job::{ModelSettings, RecognizeRequest, Task};
use crate::engine::options::LoadedModel;
use crate::engine::page_boxes::Excerpt;
use crate::engine::recognizer::{PageInput, Recognizer};
use crate::geometry::BBox;
use crate::model::{GenerationOptions, GridBox, Instruction, PageModel, Step};

/// Gives each page to a model, with the task in the words it was trained on.
pub(super) struct ModelRecognizer {
    pub(super) model: Box<dyn PageModel>,
}

impl Recognizer for ModelRecognizer {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn recognize<'r>(
        &'r mut self,
        page: &'r PageInput,
        request: &'r RecognizeRequest,
    ) -> Box<dyn Iterator<Item = Result<Step, Error>> + 'r> {
        let Some(image) = page.image.as_deref() else { return Box::new(iter::empty()) };
        let steps = self.model.generate(image, &generation_options(request));
        Box::new(steps.map(|step| step.map_err(Error::from)))
    }
}

/// The part of the page that the model is shown for a request. Crops for what is read by itself;
/// the whole page where the instruction names the place.
pub(super) fn excerpt_for_model(request: &RecognizeRequest) -> Excerpt {
    let region = match request.task {
        Task::Page | Task::Table | Task::Formula | Task::Code | Task::Chart => request.region,
        Task::Text | Task::Identify | Task::SectionHeaders => None,
    };
    Excerpt { region, rotation: request.rotation }
}

/// The request in the model's terms.
pub(super) fn generation_options(request: &RecognizeRequest) -> GenerationOptions {
    let generation = &request.generation;
    GenerationOptions {
        instruction: instruction(request),
        max_new_tokens: generation.max_new_tokens,
        temperature: generation.temperature,
        top_p: generation.top_p,
        repetition_penalty: generation.repetition_penalty,
        seed: generation.seed,
        ..GenerationOptions::default()
    }
}

fn instruction(request: &RecognizeRequest) -> Instruction {
    let grid_box = || grid_box(&request.region.unwrap_or(BBox::PAGE), request.rotation);
    match request.task {
        Task::Page => Instruction::Page,
        Task::Table => Instruction::Table,
        Task::Formula => Instruction::Formula,
        Task::Code => Instruction::Code,
        Task::Chart => Instruction::Chart,
        Task::Text => Instruction::Text(grid_box()),
        Task::Identify => Instruction::Identify(grid_box()),
        Task::SectionHeaders => Instruction::SectionHeaders,
    }
}

/// A region of the upright page on the grid of the image that the model sees.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=500 before the cast"
)]
fn grid_box(region: &BBox, rotation: Rotation) -> GridBox {
    let seen = rotation.turned_bbox(region).clamped();
    let on_grid = |edge: f64| (edge * 500.0).round().clamp(0.0, 500.0) as u16;
    GridBox {
        left: on_grid(seen.left),
        top: on_grid(seen.top),
        right: on_grid(seen.right),
        bottom: on_grid(seen.bottom),
    }
}

/// Reads a checkpoint from its folder.
///
/// # Errors
/// What the `model` room says; [`Error::Cancelled`] between its parts.
pub(super) fn load(
    folder: &Path,
    settings: &ModelSettings,
    token: &CancelToken,
    on_fraction: &mut dyn FnMut(f32),
) -> Result<LoadedModel, Error> {
    Err(Error::NoModel)
}
