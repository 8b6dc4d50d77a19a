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

use divan::Bencher;
use divan::counter::ItemsCount;
use doclens::document::{Document, PageIndex, PdfReading, PdfWorker, Rotation};
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

fn sample_in(place: &str) -> Document {
    let worker = PdfWorker::of_program(env!("CARGO_BIN_EXE_doclens"));
    let reading = if place == PLACES[0] { PdfReading::InThisProcess } else { PdfReading::InWorker(worker) };
    Document::open_with(Path::new(SAMPLE), None, &reading).unwrap()
}

fn page() -> RgbImage {
    sample().render(PageIndex(0), PAGE_WIDTH_PX, Rotation::None, None).unwrap().to_rgb_image()
}

/// One stage after the other.
#[divan::bench_group(sample_count = 3, sample_size = 1)]
mod stage {
    use super::{
        Bencher, DECODED_TOKENS, ItemsCount, MODEL, PAGE_WIDTH_PX, PLACES, PageIndex, PageStages, Rotation,
        page, sample_in,
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
