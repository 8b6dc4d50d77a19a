//! `doclens inspect`: what the model sees and says, stage by stage. The first thing to reach for
//! when output looks wrong.
//!
//! Arguments come in, text for people goes out; the work is [`model::inspect`]'s.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::model::inspect::{InspectInput, InspectedToken, Inspection, inspect, read_image};
use crate::model::{
    self, DeviceChoice, DtypeChoice, GridBox, Instruction, KernelChoice, LoadOptions, LoadReport,
    Quantization,
};

/// Print what the model sees and says: tiles, prompt, tokens with their boxes, timings.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// Page image to read.
    #[arg(required_unless_present = "case")]
    pub image: Option<PathBuf>,
    /// Folder of a checkpoint in the Hugging Face layout, or the name of a model that is here.
    #[arg(long, value_name = "DIR|NAME")]
    pub model: PathBuf,
    /// What to read the image as.
    #[arg(long, value_enum, default_value_t = InspectTask::Page)]
    pub task: InspectTask,
    /// Ask for this instead of a task, word for word.
    #[arg(long, value_name = "TEXT", conflicts_with = "task")]
    pub instruction: Option<String>,
    /// Box for `text` and `identify`, in the models' grid: left,top,right,bottom from 0 to 500.
    #[arg(long, value_name = "L,T,R,B", value_delimiter = ',', num_args = 4)]
    pub location: Vec<u16>,
    /// Greedy tokens to write; a case has its own number.
    #[arg(long, value_name = "N")]
    pub tokens: Option<usize>,
    /// Read the image as one small global view, without tiles.
    #[arg(long)]
    pub no_split: bool,
    /// Scale the longest edge to this many pixels before cutting.
    #[arg(long, value_name = "PIXELS")]
    pub longest_edge: Option<u32>,
    /// Write the tensors of every stage here, and a JSON beside them.
    #[arg(long, value_name = "FILE.safetensors")]
    pub dump: Option<PathBuf>,
    /// Run the messages, images and settings of a golden's JSON, in f32.
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["image", "task", "instruction", "location", "no_split", "longest_edge"])]
    pub case: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = InspectDevice::Auto)]
    pub device: InspectDevice,
    /// In which number format.
    #[arg(long, value_enum, default_value_t = InspectDtype::Auto, conflicts_with = "case")]
    pub dtype: InspectDtype,
    /// On which arithmetic.
    #[arg(long, value_enum, default_value_t = InspectKernels::Auto)]
    pub kernels: InspectKernels,
    /// Which weights are held in fewer bits.
    #[command(flatten)]
    pub quantization: InspectQuantization,
}

/// What to read an image as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectTask {
    /// Everything on a page.
    Page,
    /// A crop of a table.
    Table,
    /// A crop of a formula.
    Formula,
    /// A crop of program text.
    Code,
    /// A crop of a chart.
    Chart,
    /// The text in a box.
    Text,
    /// The kind of element in a box.
    Identify,
    /// All section headers.
    SectionHeaders,
    /// All footers.
    Footers,
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectDevice {
    /// An accelerator when there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
    /// The first Metal device.
    Metal,
}

/// In which number format to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectDtype {
    /// f32 on the CPU, bf16 on an accelerator.
    Auto,
    /// As the reference.
    F32,
    /// 16 bits with the range of f32.
    Bf16,
    /// 16 bits with less range and more precision.
    F16,
}

/// What the layers run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectKernels {
    /// Our own kernels where they can run, else candle.
    Auto,
    /// candle everywhere.
    Candle,
    /// Our own kernels without the instructions that not every machine has.
    Baseline,
}

/// Which weights are held in fewer bits than they are stored in.
#[derive(Clone, Copy, Debug, Args)]
pub struct InspectQuantization {
    /// On a processor, compute the vision encoder in 16-bit fixed point: faster, about as exact as f16
    #[arg(long)]
    pub vision_int16: bool,
    /// On a processor, hold the text decoder's weights in 8 bits: faster, less exact
    #[arg(long)]
    pub text_q8_0: bool,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The model could not be loaded or run.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The task needs a box.
    #[error("--task {task} needs --location LEFT,TOP,RIGHT,BOTTOM")]
    MissingLocation {
        /// The task as it is typed.
        task: &'static str,
    },
    /// The text could not be written.
    #[error("cannot write the result")]
    Output(#[from] io::Error),
}

/// Greedy tokens of an image when nothing else is asked for.
const DEFAULT_TOKENS: usize = 64;

/// Runs the command.
///
/// # Errors
/// When the model, the image or the case cannot be read, or a file cannot be written.
pub fn run(args: &InspectArgs, out: &mut dyn Write) -> Result<(), InspectError> {
    let input = input_of(args)?;
    let dtype = if args.case.is_some() { DtypeChoice::F32 } else { args.dtype.choice() };
    let options = LoadOptions {
        device: args.device.choice(),
        dtype,
        kernels: args.kernels.choice(),
        quantization: args.quantization.choice(),
    };
    let model = model::load(&args.model, &options, &mut |_progress| {})?;
    write_model(model.report(), out)?;
    let inspection = inspect(&model, &input, args.dump.is_some())?;
    write_inspection(&inspection, out)?;
    if let Some(file) = &args.dump {
        inspection.write(file)?;
        writeln!(out, "tensors   {}", file.display())?;
        writeln!(out, "record    {}", file.with_extension("json").display())?;
    }
    Ok(())
}

fn input_of(args: &InspectArgs) -> Result<InspectInput, InspectError> {
    if let Some(case) = &args.case {
        let mut input = InspectInput::read_case(case)?;
        input.num_tokens = args.tokens.unwrap_or(input.num_tokens);
        return Ok(input);
    }
    let image = read_image(args.image.as_deref().unwrap_or_else(|| "".as_ref()))?;
    let instruction = instruction_of(args)?;
    let mut input = InspectInput::of_image(image, &instruction, args.tokens.unwrap_or(DEFAULT_TOKENS));
    input.do_image_splitting = args.no_split.then_some(false);
    input.longest_edge = args.longest_edge;
    Ok(input)
}

fn instruction_of(args: &InspectArgs) -> Result<Instruction, InspectError> {
    if let Some(text) = &args.instruction {
        return Ok(Instruction::Custom(text.clone()));
    }
    let location = |task| match args.location.as_slice() {
        &[left, top, right, bottom] => Ok(GridBox { left, top, right, bottom }),
        _ => Err(InspectError::MissingLocation { task }),
    };
    Ok(match args.task {
        InspectTask::Page => Instruction::Page,
        InspectTask::Table => Instruction::Table,
        InspectTask::Formula => Instruction::Formula,
        InspectTask::Code => Instruction::Code,
        InspectTask::Chart => Instruction::Chart,
        InspectTask::Text => Instruction::Text(location("text")?),
        InspectTask::Identify => Instruction::Identify(location("identify")?),
        InspectTask::SectionHeaders => Instruction::SectionHeaders,
        InspectTask::Footers => Instruction::Footers,
    })
}

impl InspectDevice {
    pub(super) fn choice(self) -> DeviceChoice {
        match self {
            Self::Auto => DeviceChoice::Auto,
            Self::Cpu => DeviceChoice::Cpu,
            Self::Cuda => DeviceChoice::Cuda(0),
            Self::Metal => DeviceChoice::Metal(0),
        }
    }
}

impl InspectKernels {
    pub(super) fn choice(self) -> KernelChoice {
        match self {
            Self::Auto => KernelChoice::Auto,
            Self::Candle => KernelChoice::Candle,
            Self::Baseline => KernelChoice::Baseline,
        }
    }
}

impl InspectQuantization {
    pub(super) fn choice(self) -> Quantization {
        Quantization { vision_int16: self.vision_int16, text_q8_0: self.text_q8_0 }
    }
}

impl InspectDtype {
    pub(super) fn choice(self) -> DtypeChoice {
        match self {
            Self::Auto => DtypeChoice::Auto,
            Self::F32 => DtypeChoice::F32,
            Self::Bf16 => DtypeChoice::Bf16,
            Self::F16 => DtypeChoice::F16,
        }
    }
}

fn write_model(report: &LoadReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "model     {} ({} parameters)", report.name, report.num_parameters)?;
    writeln!(
        out,
        "computes  on {} in {}{} (stored in {}), {} MiB of weights, loaded in {}",
        report.device,
        report.dtype,
        report.quantization.words().map(|words| format!(", {words}")).unwrap_or_default(),
        report.stored_dtype,
        report.weight_bytes >> 20,
        secs(report.load_time),
    )?;
    match &report.fallback {
        Some(fallback) => writeln!(out, "note      {fallback}"),
        None => Ok(()),
    }
}

fn write_inspection(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    for plan in &inspection.plans {
        let [input, resized, stretched] =
            [plan.input_px, plan.resized_px, plan.stretched_px].map(|(w, h)| format!("{w}×{h}"));
        writeln!(out, "image     {input} → {resized} → {stretched} px")?;
        let (rows, cols, tiles) = (plan.rows, plan.cols, plan.num_tiles());
        writeln!(out, "tiles     {rows} rows × {cols} columns, {tiles} with the global view")?;
    }
    writeln!(out, "prompt    {}", inspection.prompt.escape_debug())?;
    writeln!(out, "expanded  {}", inspection.expanded_prompt.escape_debug())?;
    writeln!(out, "ids       {} tokens: {:?}", inspection.input_ids.len(), inspection.input_ids)?;
    write_tokens(&inspection.tokens, out)?;
    if let Some(stop) = inspection.stop {
        writeln!(out, "stopped   {stop:?}")?;
    }
    writeln!(out, "text      {}", inspection.generated_text().escape_debug())?;
    let timings = inspection.timings;
    writeln!(
        out,
        "timings   preparing {}, encoding {}, prefilling {}, decoding {}{}",
        secs(timings.preparing),
        secs(timings.encoding),
        secs(timings.prefilling),
        secs(timings.decoding),
        // The first token falls out of the prompt.
        rate(inspection.tokens.len().saturating_sub(1), timings.decoding),
    )
}

/// One line a token; where one completes a box, the box in page space.
fn write_tokens(tokens: &[InspectedToken], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "tokens    index, id, probability, text, box")?;
    let mut edges = EdgeReader::default();
    for (idx, token) in tokens.iter().enumerate() {
        let probability = token.log_probability.exp();
        write!(out, "{idx:>7} {:>7} {probability:>7.4} {:?}", token.id, token.text)?;
        for edges in edges.push(&token.text) {
            let [left, top, right, bottom] = edges.map(|edge| f32::from(edge) / 500.0);
            write!(out, "  [{left:.3} {top:.3} {right:.3} {bottom:.3}]")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Picks boxes out of text that comes in pieces: four `<loc_…>` in a row.
#[derive(Default)]
struct EdgeReader {
    rest: String,
    edges: Vec<u16>,
}

impl EdgeReader {
    /// Boxes that this piece completes.
    fn push(&mut self, text: &str) -> Vec<[u16; 4]> {
        self.rest.push_str(text);
        let mut boxes = Vec::new();
        while let Some(end) = self.rest.find('>') {
            let tag: String = self.rest.drain(..=end).collect();
            let edge =
                tag.rsplit_once("<loc_").and_then(|(_, number)| number.trim_end_matches('>').parse().ok());
            match edge {
                // Anything but white space between two edges makes them edges of different boxes.
                Some(edge) if tag.trim_start().starts_with("<loc_") => self.edges.push(edge),
                Some(edge) => self.edges = vec![edge],
                None => self.edges.clear(),
            }
            if let &[left, top, right, bottom] = self.edges.as_slice() {
                boxes.push([left, top, right, bottom]);
                self.edges.clear();
            }
        }
        boxes
    }
}

fn secs(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

fn rate(num_tokens: usize, duration: Duration) -> String {
    if num_tokens == 0 {
        return String::new();
    }
    format!(" ({:.1} tokens/s)", num_tokens as f64 / duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_boxes(pieces: &[&str], expected: &[&[[u16; 4]]]) {
        let mut reader = EdgeReader::default();
        let boxes: Vec<Vec<[u16; 4]>> = pieces.iter().map(|piece| reader.push(piece)).collect();
        assert_eq!(boxes, expected);
    }

    #[test]
    fn boxes_are_found_however_their_text_is_cut() {
        check_boxes(
            &["<text>", "<loc_1>", "<loc_2>", "<loc_3>", "<loc_4>"],
            &[&[], &[], &[], &[], &[[1, 2, 3, 4]]],
        );
        check_boxes(
            &["<text><lo", "c_1", "0><loc_2><loc_3><", "loc_4>x"],
            &[&[], &[], &[], &[[10, 2, 3, 4]]],
        );
        check_boxes(&["<loc_1><loc_2><b><loc_3><loc_4>"], &[&[]]);
        check_boxes(&["<loc_1><loc_2> a<loc_3><loc_4><loc_5><loc_6>"], &[&[[3, 4, 5, 6]]]);
    }
}
