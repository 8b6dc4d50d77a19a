//! `doclens bench`: the stages of reading a page, timed on this machine with this model.
//!
//! Arguments come in, a Markdown table goes out that can be pasted into a report. The stages are
//! [`model::measure`]'s; drawing the page is the `document` room's.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::inspect::{InspectDevice, InspectDtype, InspectKernels, InspectQuantization};
use crate::cli::process_clock::{cpu_time, peak_memory_bytes};
use crate::document::{self, Document, PageImage, PageIndex, Rotation, Source};
use crate::engine;
use crate::model::measure::{PageStages, ReadPrompt};
use crate::model::{self, Drafts, GenerationOptions, Idefics3, LoadOptions, PageModel, Step};

/// The page that is read when none is named.
const SAMPLE: &[u8] = include_bytes!("../../assets/sample.pdf");
/// Pixels a point: what models are shown, 144 dpi.
const PIXELS_PER_POINT: f64 = 2.0;
/// Tokens that the decoder is timed over.
const DECODED_TOKENS: usize = 32;
/// Guesses of a pass that are timed, and passes that are timed together.
const GUESSES: [usize; 3] = [1, 5, 11];
const NUM_PASSES: usize = 8;

/// Time the stages of reading a page on this machine, as a table to paste into a report.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// PDF (its first page) or page image to read [default: a page of the sample document]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Folder of the model, or the name of one that is here
    #[arg(long, value_name = "DIR|NAME")]
    pub model: PathBuf,
    /// Times that each stage is run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Most tokens of the whole page, which is read once
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub tokens: usize,
    /// One round, and not the whole page
    #[arg(long)]
    pub quick: bool,
    /// What computes
    #[arg(long, value_enum, default_value_t = InspectDevice::Auto)]
    pub device: InspectDevice,
    /// How exactly the model computes
    #[arg(long, value_enum, default_value_t = InspectDtype::Auto)]
    pub dtype: InspectDtype,
    /// On which arithmetic
    #[arg(long, value_enum, default_value_t = InspectKernels::Auto)]
    pub kernels: InspectKernels,
    /// Which weights are held in fewer bits.
    #[command(flatten)]
    pub quantization: InspectQuantization,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The page or the model cannot be read.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The table could not be written.
    #[error("cannot write the result")]
    Output(#[from] io::Error),
}

impl From<model::Error> for BenchError {
    fn from(error: model::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl From<document::Error> for BenchError {
    fn from(error: document::Error) -> Self {
        Self::Engine(error.into())
    }
}

/// Runs the command.
///
/// # Errors
/// When the page or the model cannot be read, or the table cannot be written.
pub fn run(args: &BenchArgs, out: &mut dyn Write) -> Result<(), BenchError> {
    let num_rounds = if args.quick { 1 } else { usize::from(args.rounds) };
    let mut document = Document::open(source_of(args), None)?;
    let mut model = model::load(&args.model, &load_options(args), &mut |_progress| {})?;
    write_head(&model, out)?;

    let (time, page) = timed(num_rounds, || draw(&mut document))?;
    write_row(out, "render the page", time, "")?;
    let stages = PageStages::new(&model, page.to_rgb_image())?;
    let (num_tiles, num_prompt_tokens) = (stages.num_tiles(), stages.num_prompt_tokens());
    let (time, ()) = timed(num_rounds, || stages.preprocess())?;
    write_row(out, &format!("preprocess, {num_tiles} tiles"), time, "")?;
    let (time, ()) = timed(num_rounds, || stages.encode_tile())?;
    write_row(out, "vision, one tile", time, &format!("{:.2} tiles/s", 1.0 / time.wall.as_secs_f64()))?;
    let (time, mut prompt) = timed(num_rounds, || stages.prefill((num_rounds + 1) * DECODED_TOKENS))?;
    write_row(out, &format!("prefill, {num_prompt_tokens} tokens"), time, &rate(num_prompt_tokens, time))?;
    let depth = prompt.depth();
    let (time, ()) = timed(num_rounds, || prompt.write(DECODED_TOKENS))?;
    write_row(
        out,
        &format!("decode {DECODED_TOKENS} tokens at depth {depth}"),
        time,
        &rate(DECODED_TOKENS, time),
    )?;
    write_passes(out, &mut prompt, num_rounds)?;
    drop(prompt);
    if !args.quick {
        write_whole_pages(out, &mut model, &page, args.tokens)?;
    }
    if let Some(bytes) = peak_memory_bytes() {
        writeln!(out, "\nPeak memory {} MB.", bytes / 1_000_000)?;
    }
    Ok(())
}

/// What a pass costs that reads guessed tokens along: guesses pay where more come true than the last column says.
fn write_passes(
    out: &mut dyn Write,
    prompt: &mut ReadPrompt<'_>,
    num_rounds: usize,
) -> Result<(), BenchError> {
    let mut pass = |num_tokens: usize| {
        let passes = || (0..NUM_PASSES).try_for_each(|_| prompt.pass_over(num_tokens));
        timed(num_rounds, passes)
    };
    let alone = pass(1)?.0.wall.as_secs_f64();
    for num_guesses in GUESSES {
        let (time, ()) = pass(num_guesses + 1)?;
        let break_even = time.wall.as_secs_f64() / alone - 1.0;
        let stage = format!("{NUM_PASSES} passes with {num_guesses} guesses");
        write_row(out, &stage, time, &format!("pays from {break_even:.2}"))?;
    }
    Ok(())
}

fn source_of(args: &BenchArgs) -> Source {
    match &args.file {
        Some(file) => Source::File(file.clone()),
        None => Source::Bytes { name: "sample.pdf".to_owned(), bytes: Arc::from(SAMPLE) },
    }
}

fn load_options(args: &BenchArgs) -> LoadOptions {
    LoadOptions {
        device: args.device.choice(),
        dtype: args.dtype.choice(),
        kernels: args.kernels.choice(),
        quantization: args.quantization.choice(),
    }
}

/// The first page as a model is shown it.
fn draw(document: &mut Document) -> Result<PageImage, document::Error> {
    let first = PageIndex(0);
    let width_pt = document.page_sizes().first().map_or(1.0, |size| size.width_pt);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
    let drawn_px = (width_pt * PIXELS_PER_POINT).round().clamp(1.0, f64::from(u16::MAX)) as u32;
    let width_px = document.native_pixels(first).map_or(drawn_px, |(width_px, _)| width_px);
    document.render(first, width_px, Rotation::None, None)
}

/// The page without guesses, with those that the answer itself allows, and with right ones, as the page's own text
/// gives them in the best case. Tiles that are encoded already would hide what that costs: they are forgotten.
fn write_whole_pages(
    out: &mut dyn Write,
    model: &mut Idefics3,
    page: &PageImage,
    max_tokens: usize,
) -> Result<(), BenchError> {
    let mut read = |drafts: Option<Drafts>| {
        model.forget_tiles();
        timed(1, || whole_page(model, page, max_tokens, drafts.clone()))
    };
    let (alone, (num_tokens, answer)) = read(None)?;
    write_row(out, &format!("whole page, {num_tokens} tokens"), alone, "")?;
    let answer: Arc<str> = answer.into();
    for (stage, expected) in
        [("the same, guessed from itself", None), ("the same, all guessed", Some(answer))]
    {
        let (time, _) = read(Some(Drafts { expected }))?;
        let gain = alone.wall.as_secs_f64() / time.wall.as_secs_f64();
        write_row(out, stage, time, &format!("{gain:.2} x"))?;
    }
    Ok(())
}

/// Reads the page as `convert` does; how many tokens it wrote, and which text.
fn whole_page(
    model: &mut Idefics3,
    page: &PageImage,
    max_tokens: usize,
    drafts: Option<Drafts>,
) -> Result<(usize, String), model::Error> {
    let options =
        GenerationOptions { max_new_tokens: Some(max_tokens), drafts, ..GenerationOptions::default() };
    let image = page.to_rgb_image();
    let (mut num_tokens, mut answer) = (0, String::new());
    for step in model.generate(&image, &options) {
        if let Step::Token { text, .. } = step? {
            num_tokens += 1;
            answer.push_str(&text);
        }
    }
    Ok((num_tokens, answer))
}

/// What a stage took.
#[derive(Clone, Copy, Debug)]
struct StageTime {
    wall: Duration,
    /// On all cores together; not every system tells.
    cores: Option<Duration>,
}

/// Medians over some rounds, and the last round's result.
fn timed<T, E>(num_rounds: usize, mut stage: impl FnMut() -> Result<T, E>) -> Result<(StageTime, T), E> {
    let (mut walls, mut cores) = (Vec::new(), Vec::new());
    loop {
        let (started, cores_before) = (Instant::now(), cpu_time());
        let result = stage()?;
        walls.push(started.elapsed());
        cores.extend(cpu_time().zip(cores_before).map(|(after, before)| after.saturating_sub(before)));
        if walls.len() >= num_rounds {
            let time = StageTime { wall: median(walls).unwrap_or_default(), cores: median(cores) };
            return Ok((time, result));
        }
    }
}

/// The lower of the two in the middle of an even number.
fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied()
}

fn write_head(model: &Idefics3, out: &mut dyn Write) -> io::Result<()> {
    let report = model.report();
    writeln!(
        out,
        "Doclens {}, {}: {}{} on {} ({}), {} threads, {} {}, {} MB of weights, loaded in {}\n",
        env!("CARGO_PKG_VERSION"),
        report.name,
        report.dtype,
        report.quantization.words().map(|words| format!(", {words},")).unwrap_or_default(),
        report.device,
        report.kernels,
        report.num_threads,
        std::env::consts::OS,
        std::env::consts::ARCH,
        report.weight_bytes / 1_000_000,
        seconds(report.load_time),
    )?;
    if let Some(fallback) = &report.fallback {
        writeln!(out, "{fallback}\n")?;
    }
    writeln!(out, "| {:<32} | {:>9} | {:>9} | {:<14} |", "stage", "wall", "core-s", "rate")?;
    writeln!(out, "|:{:-<32}-|-{:->9}:|-{:->9}:|:{:-<14}-|", "", "", "", "")
}

fn write_row(out: &mut dyn Write, stage: &str, time: StageTime, rate: &str) -> io::Result<()> {
    let cores = time.cores.map_or_else(|| "–".to_owned(), seconds);
    writeln!(out, "| {stage:<32} | {:>9} | {cores:>9} | {rate:<14} |", seconds(time.wall))?;
    out.flush()
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

fn rate(num_tokens: usize, time: StageTime) -> String {
    format!("{:.1} tokens/s", num_tokens as f64 / time.wall.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_with_their_head() {
        let mut table = Vec::new();
        let time = |wall, cores: Option<u64>| StageTime {
            wall: Duration::from_millis(wall),
            cores: cores.map(Duration::from_millis),
        };
        write_row(&mut table, "vision, one tile", time(1532, Some(3010)), "0.65 tiles/s").unwrap();
        write_row(&mut table, "prefill", time(12, None), "").unwrap();
        let expected = "\
            | vision, one tile                 |   1.532 s |   3.010 s | 0.65 tiles/s   |\n\
            | prefill                          |   0.012 s |         – |                |\n";
        assert_eq!(String::from_utf8(table).unwrap(), expected);
    }

    #[test]
    fn every_round_counts_and_the_last_result_stays() {
        let mut round = 0;
        let (_time, last) = timed(4, || {
            round += 1;
            Ok::<_, ()>(round)
        })
        .unwrap();
        assert_eq!(last, 4);
        assert_eq!(timed(3, || Err::<(), _>("no")).unwrap_err(), "no");
    }

    #[test]
    fn the_median_is_one_of_the_times() {
        let median = |millis: &[u64]| median(millis.iter().copied().map(Duration::from_millis).collect());
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3, 1, 2]), Some(Duration::from_millis(2)));
        assert_eq!(median(&[4, 1, 2, 3]), Some(Duration::from_millis(2)));
    }
}
