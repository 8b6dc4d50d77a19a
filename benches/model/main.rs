//! How fast a page is read: the stages by themselves and the whole, over a checkpoint of SmolDocling's
//! shape with random weights. It is written to the target folder once; speed depends on shapes only, so
//! what such a checkpoint says means nothing.
//!
//! `cargo bench --bench model` for all, three times each but for the whole page;
//! `cargo bench --bench model -- --sample-count 1 stage` for the stages once, in less than a minute.
//! Columns are wall time: on a machine that is busy, compare only what ran side by side.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it does not expect")]

mod checkpoint;

use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use doclens::document::{Document, PageIndex, PdfReading, PdfWorker, Rotation};
use doclens::engine::job::{DocumentSource, EngineChoice, GenerationSettings, RecognizeRequest, Task};
use doclens::engine::{DocumentId, Engine, EngineOptions, EventKind, Job, JobId, Outcome};
use doclens::model::measure::PageStages;
use doclens::model::{GenerationOptions, Idefics3, LoadOptions, PageModel, load};
use image::RgbImage;

/// Tokens that the decoder is timed over.
const DECODED_TOKENS: usize = 16;
/// Width of a page of A4 at 144 dpi, as models are shown it.
const PAGE_WIDTH_PX: u32 = 1190;

static MODEL: LazyLock<Mutex<Idefics3>> = LazyLock::new(|| {
    let folder = checkpoint::write_once(Path::new(env!("CARGO_TARGET_TMPDIR")));
    Mutex::new(load(&folder, &LoadOptions::default(), &mut |_progress| {}).unwrap())
});

fn main() {
    divan::main();
}

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.pdf");
/// Where the program reads PDFs, beside what that costs.
const PLACES: [&str; 2] = ["in this process", "in a worker"];

fn sample() -> Document {
    Document::open(Path::new(SAMPLE), None).unwrap()
}

fn reading_in(place: &str) -> PdfReading {
    let worker = PdfWorker::of_program(env!("CARGO_BIN_EXE_doclens"));
    if place == PLACES[0] { PdfReading::InThisProcess } else { PdfReading::InWorker(worker) }
}

fn sample_in(place: &str) -> Document {
    Document::open_with(Path::new(SAMPLE), None, &reading_in(place)).unwrap()
}

/// The end of a job, whatever it made on the way.
fn end_of(engine: &Engine, job: JobId) -> EventKind {
    loop {
        let event = engine.recv_timeout(Duration::from_mins(1)).unwrap();
        let is_end =
            matches!(event.kind, EventKind::Finished(_) | EventKind::Cancelled | EventKind::Failed(_));
        if event.job == job && is_end {
            return event.kind;
        }
    }
}

fn by_its_text(document: DocumentId, page: PageIndex) -> Job {
    Job::Recognize(RecognizeRequest {
        document,
        page,
        rotation: Rotation::None,
        engine: EngineChoice::TextLayer,
        region: None,
        task: Task::Page,
        generation: GenerationSettings::default(),
        is_visible: false,
    })
}

fn page() -> RgbImage {
    sample().render(PageIndex(0), PAGE_WIDTH_PX, Rotation::None, None).unwrap().to_rgb_image()
}

/// One stage after the other.
#[divan::bench_group(sample_count = 3, sample_size = 1)]
mod stage {
    use super::{
        Bencher, DECODED_TOKENS, DocumentSource, Engine, EngineOptions, EventKind, ItemsCount, Job, JobId,
        MODEL, Outcome, PAGE_WIDTH_PX, PLACES, PageIndex, PageStages, Rotation, SAMPLE, by_its_text, end_of,
        page, reading_in, sample_in,
    };

    /// All four pages, drawn and their text read. `--sample-count 50` for what the worker costs.
    #[divan::bench(args = PLACES)]
    fn a_render(bencher: Bencher<'_, '_>, place: &str) {
        let mut document = sample_in(place);
        bencher.counter(ItemsCount::new(4_usize)).bench_local(|| {
            for page in (0..4).map(PageIndex) {
                divan::black_box(document.render(page, PAGE_WIDTH_PX, Rotation::None, None).unwrap());
                divan::black_box(document.text_layer(page).unwrap());
            }
        });
    }

    /// The whole document converted by its own text, from opening it on.
    #[divan::bench(args = PLACES)]
    fn a_convert(bencher: Bencher<'_, '_>, place: &str) {
        let options = EngineOptions { pdf_reading: reading_in(place), ..EngineOptions::default() };
        let engine = Engine::start(options, || {}).unwrap();
        bencher.counter(ItemsCount::new(4_usize)).bench_local(|| {
            let source = DocumentSource::File(SAMPLE.into());
            let opened = end_of(&engine, engine.submit(Job::Open { source, password: None }));
            let opened = match opened {
                EventKind::Finished(Outcome::Opened(info)) => Some(info),
                _ => None,
            };
            let info = opened.unwrap();
            let jobs: Vec<JobId> =
                (0..4).map(|page| engine.submit(by_its_text(info.id, PageIndex(page)))).collect();
            let last = jobs.into_iter().map(|job| end_of(&engine, job)).last();
            assert!(matches!(last, Some(EventKind::Finished(Outcome::Recognized(_)))), "{last:?}");
            end_of(&engine, engine.submit(Job::Close(info.id)));
        });
    }

    #[divan::bench]
    fn b_preprocess(bencher: Bencher<'_, '_>) {
        let model = MODEL.lock().unwrap();
        let stages = PageStages::new(&model, page()).unwrap();
        bencher.counter(ItemsCount::new(stages.num_tiles())).bench_local(|| stages.preprocess().unwrap());
    }

    #[divan::bench]
    fn c_vision_per_tile(bencher: Bencher<'_, '_>) {
        let model = MODEL.lock().unwrap();
        let stages = PageStages::new(&model, page()).unwrap();
        bencher.bench_local(|| stages.encode_tile().unwrap());
    }

    #[divan::bench]
    fn d_prefill(bencher: Bencher<'_, '_>) {
        let model = MODEL.lock().unwrap();
        let stages = PageStages::new(&model, page()).unwrap();
        bencher
            .counter(ItemsCount::new(stages.num_prompt_tokens()))
            .bench_local(|| stages.prefill(0).unwrap());
    }

    /// The prompt has about a thousand tokens, so this is a depth of a thousand.
    #[divan::bench]
    fn e_decode(bencher: Bencher<'_, '_>) {
        let model = MODEL.lock().unwrap();
        let stages = PageStages::new(&model, page()).unwrap();
        bencher
            .counter(ItemsCount::new(DECODED_TOKENS))
            .with_inputs(|| stages.prefill(DECODED_TOKENS).unwrap())
            .bench_local_refs(|prompt| prompt.write(DECODED_TOKENS).unwrap());
    }
}

/// Everything after drawing, with 256 tokens.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn whole_page(bencher: Bencher<'_, '_>) {
    let mut model = MODEL.lock().unwrap();
    let page = page();
    let options = GenerationOptions { max_new_tokens: Some(256), ..GenerationOptions::default() };
    bencher.bench_local(|| {
        model.forget_tiles();
        model.generate(&page, &options).map(Result::unwrap).count()
    });
}
