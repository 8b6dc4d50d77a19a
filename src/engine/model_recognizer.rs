//! A model of the `model` room, behind the one trait.

use std::fs;
use std::iter;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::document::page::Rotation;
use crate::engine::blank_page::is_blank;
use crate::engine::cancel::CancelToken;
use crate::engine::doctags_grammar::grammar_for;
use crate::engine::error::Error;
use crate::engine::event::ModelInfo;
use crate::engine::job::{DeviceChoice, DtypeChoice, ModelSettings, RecognizeRequest, Task};
use crate::engine::options::LoadedModel;
use crate::engine::page_boxes::Excerpt;
use crate::engine::recognizer::{PageInput, Recognizer};
use crate::engine::text_layer_recognizer::expected_markup;
use crate::engine::worker::check;
use crate::geometry::BBox;
use crate::model::{
    self, Drafts, GenerationOptions, GridBox, Instruction, LoadOptions, PageModel, Quantization, Step, Stop,
};

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
        // A part that somebody has marked is read in any case.
        if request.task == Task::Page && request.region.is_none() && is_blank(image) {
            return Box::new(iter::once(Ok(Step::Stopped(Stop::Blank))));
        }
        let mut options = generation_options(request);
        if let Some(drafts) = &mut options.drafts
            && request.task == Task::Page
        {
            drafts.expected = expected_markup(page, request).map(Into::into);
        }
        let steps = self.model.generate(image, &options);
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
        grammar: grammar_for(request.task).filter(|_| generation.follows_grammar),
        drafts: generation.guesses_ahead.then(Drafts::default),
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

/// Reads a checkpoint from its folder. The `model` room reads it in one go (a second for half a
/// gigabyte), so cancelling takes effect before and after.
///
/// # Errors
/// What the `model` room says, or [`Error::Cancelled`].
pub(super) fn load(
    folder: &Path,
    settings: &ModelSettings,
    token: &CancelToken,
    on_fraction: &mut dyn FnMut(f32),
) -> Result<LoadedModel, Error> {
    check(token)?;
    let model = model::load(folder, &load_options(*settings), &mut |progress| {
        on_fraction(progress.done_bytes as f32 / progress.total_bytes.max(1) as f32);
    })?;
    check(token)?;
    let report = model.report();
    let info = ModelInfo {
        name: report.name.clone(),
        folder: report.folder.clone(),
        num_parameters: report.num_parameters,
        device: report.device.clone(),
        dtype: match report.quantization.words() {
            Some(words) => format!("{}, {words}", report.dtype),
            None => report.dtype.clone(),
        },
        fallback: report.fallback.clone(),
        load_time: report.load_time,
        fingerprint: fingerprint(folder),
    };
    Ok(LoadedModel { recognizer: Box::new(ModelRecognizer { model: Box::new(model) }), info })
}

/// Digest of the names, sizes and times of a folder's files, in hexadecimal digits. Reading them through would take
/// longer than loading the model.
fn fingerprint(folder: &Path) -> String {
    let mut files: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            // Files of a cache are links; what they lead to counts.
            let metadata = fs::metadata(entry.path()).ok()?;
            let changed = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            let name = entry.file_name();
            Some(format!("{}\0{}\0{}", name.display(), metadata.len(), changed.as_nanos()))
        })
        .collect();
    files.sort_unstable();
    let digest = Sha256::digest(files.join("\n"));
    let start = digest.iter().take(8).fold(0_u64, |start, byte| start << 8 | u64::from(*byte));
    format!("{start:016x}")
}

fn load_options(settings: ModelSettings) -> LoadOptions {
    LoadOptions {
        device: match settings.device {
            DeviceChoice::Auto => model::DeviceChoice::Auto,
            DeviceChoice::Cpu => model::DeviceChoice::Cpu,
            DeviceChoice::Cuda(number) => model::DeviceChoice::Cuda(number),
            DeviceChoice::Metal => model::DeviceChoice::Metal(0),
        },
        dtype: match settings.dtype {
            DtypeChoice::Auto => model::DtypeChoice::Auto,
            DtypeChoice::F32 => model::DtypeChoice::F32,
            DtypeChoice::F16 => model::DtypeChoice::F16,
            DtypeChoice::Bf16 => model::DtypeChoice::Bf16,
        },
        kernels: model::KernelChoice::Auto,
        quantization: Quantization { vision_int16: settings.vision_int16, text_q8_0: settings.text_q8_0 },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::document::page::{PageIndex, PageSize};
    use crate::engine::job::{DocumentId, EngineChoice, GenerationSettings};
    use crate::model::ScriptedModel;

    fn request(task: Task, region: Option<BBox>, rotation: Rotation) -> RecognizeRequest {
        RecognizeRequest {
            document: DocumentId(1),
            page: PageIndex(0),
            rotation,
            engine: EngineChoice::Model,
            region,
            task,
            generation: GenerationSettings::default(),
            is_visible: false,
        }
    }

    #[test]
    fn a_table_is_cropped_and_a_place_is_named() {
        let region = BBox::from_corners(0.1, 0.2, 0.5, 0.4);
        let table = request(Task::Table, Some(region), Rotation::None);
        assert_eq!(excerpt_for_model(&table).region, Some(region));
        assert_eq!(instruction(&table).text(), "Convert table to OTSL.");
        let text = request(Task::Text, Some(region), Rotation::None);
        assert_eq!(excerpt_for_model(&text).region, None);
        let expected = "OCR the text in a specific location: <loc_50><loc_100><loc_250><loc_200>";
        assert_eq!(instruction(&text).text(), expected);
    }

    #[test]
    fn a_blank_page_is_not_given_to_the_model_but_a_marked_part_is() {
        let read = |gray: u8, region: Option<BBox>| {
            let model = ScriptedModel::from_text("demo", "<text>invented</text>");
            let mut image = RgbImage::from_pixel(100, 100, Rgb([255; 3]));
            (40..60).for_each(|x| image.put_pixel(x, 50, Rgb([gray; 3])));
            let page_size = PageSize { width_pt: 100.0, height_pt: 100.0 };
            let image = Some(Arc::new(image));
            let page = PageInput { page: PageIndex(0), page_size, image, text_layer: None, context: None };
            let request = request(Task::Page, region, Rotation::None);
            let mut recognizer = ModelRecognizer { model: Box::new(model.clone()) };
            let last = recognizer.recognize(&page, &request).last().unwrap().unwrap();
            (model.calls().len(), last)
        };
        assert_eq!(read(255, None), (0, Step::Stopped(Stop::Blank)));
        assert_eq!(read(255, Some(BBox::PAGE)), (1, Step::Stopped(Stop::End)));
        assert_eq!(read(0, None), (1, Step::Stopped(Stop::End)));
    }

    #[test]
    fn whole_pages_and_tables_follow_the_grammar_unless_told_not_to() {
        let check = |task: Task, follows_grammar: bool, expected: bool| {
            let mut request = request(task, None, Rotation::None);
            request.generation.follows_grammar = follows_grammar;
            assert_eq!(generation_options(&request).grammar.is_some(), expected, "{task:?}");
        };
        check(Task::Page, true, true);
        check(Task::Table, true, true);
        check(Task::Page, false, false);
        // The answer is a word.
        check(Task::Identify, true, false);
        let mut request = request(Task::Page, None, Rotation::None);
        assert!(generation_options(&request).drafts.is_some());
        request.generation.guesses_ahead = false;
        assert_eq!(generation_options(&request).drafts, None);
    }

    #[test]
    fn a_place_on_a_turned_page_is_where_the_model_sees_it() {
        let corner = BBox::from_corners(0.0, 0.0, 0.1, 0.2);
        let text = request(Task::Identify, Some(corner), Rotation::Quarter);
        let expected = "Identify element at: <loc_400><loc_0><loc_500><loc_50>";
        assert_eq!(instruction(&text).text(), expected);
    }
}
