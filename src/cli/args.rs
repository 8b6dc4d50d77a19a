//! What can be said on the command line, and `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::bench::BenchArgs;
use crate::cli::convert_doctags::{self, ArgumentError};
use crate::cli::inspect::{InspectArgs, InspectQuantization};
use crate::cli::model::ModelCommand;
use crate::cli::pages::PageRanges;
use crate::engine::job::{DeviceChoice, DtypeChoice, EngineChoice, ModelSettings};
use crate::engine::trust::Characters;
use crate::markup::export::PagePoints;

const WINDOW_HELP: &str = "\
Examples:
  doclens report.pdf                                   open it in the window
  doclens convert report.pdf                           write report.md here
  doclens convert *.pdf --to md,json --out converted   two files each, in a folder
  doclens model get smoldocling                        download a model, once
  doclens convert scan.png --engine model --out -      read a scan with it, print Markdown
  doclens convert-doctags --to html < page.dt          DocTags in, HTML out

To open a file that is called like a command, write ./convert.";

const CONVERT_HELP: &str = "\
Examples:
  doclens convert report.pdf --pages 1-3,7 --out -
  doclens convert invoices/*.pdf --to csv --out tables
  doclens convert scan.png --model ~/models/SmolDocling-256M-preview --to doctags

Files are named after the document: report.md, report.html, report.json, report.txt, report.dt,
report.xlsx with a sheet for each table, and report-table-1.csv for each table. What was there is
replaced; a document itself never is.

A run that does not come to its end is gone on with: give the same command again. Pages that a model has
read are kept until their document is written, but of encrypted PDFs.

Exit codes:
  0    everything was converted
  1    some pages or files failed; the others are written
  2    the command line does not make sense
  3    nothing could be converted
  130  stopped by Ctrl+C; documents that were finished are written";

const EVAL_HELP: &str = "\
A dataset is a folder with page.dt (or page.doctags) beside page.png, for each page; JPEG, WebP, BMP, TIFF
and PDF do too. Folders in it are categories with scores of their own.

Scores are those of the SmolDocling paper: text outside tables as Nougat scores it (edit distance, word
sets, BLEU, METEOR without synonyms), boxes of six classes as COCO does, TEDS of tables; and how often a
page looped, was cut short, or had to be repaired. ↑ is better when larger, ↓ when smaller.

Examples:
  doclens eval --model smoldocling pages             a table to paste into a report
  doclens eval --model DIR pages --per-page all.csv  every page, to find the worst
  doclens eval born-digital                          how right the pages' own text is";

const BENCH_HELP: &str = "\
Wall is the clock on the wall, median of the rounds; core-s is the time that the program had on all
processor cores together, which other programs disturb less.

Examples:
  doclens bench --model DIR                  on a page of the sample document
  doclens bench --model DIR scan.png --quick without the whole page";

const CORRECTIONS_HELP: &str = "\
A page counts as soon as something on it was changed or accepted in the window. Scores are those of
doclens eval, of the page as it was first read, with what it was corrected to as the truth. The
folder is a dataset of doclens eval.

Examples:
  doclens corrections scan.pdf                    the scores
  doclens corrections scan.pdf --out truth        and the ground truth
  doclens eval --model DIR truth                  another model on the same pages";

/// Turns pages of PDFs and scans into structured documents, where you can see it happen
#[derive(Debug, Parser)]
#[command(name = "doclens", version, after_help = WINDOW_HELP, args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) window: WindowArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Convert documents without opening the window
    #[command(after_help = CONVERT_HELP)]
    Convert(ConvertArguments),
    /// Convert DocTags on standard input, to standard output
    ConvertDoctags(ConvertDoctagsArguments),
    /// List, get, check and remove models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Read pages whose DocTags are known, and print how right the readings are
    #[command(after_help = EVAL_HELP)]
    Eval(EvalArguments),
    /// Measure how a document was read against your corrections of it, and write those as ground truth
    #[command(after_help = CORRECTIONS_HELP)]
    Corrections(CorrectionsArguments),
    /// Print what the model sees and says: tiles, prompt, tokens with their boxes, timings
    Inspect(InspectArgs),
    /// Time the stages of reading a page on this machine, as a table to paste into a report
    #[command(after_help = BENCH_HELP)]
    Bench(BenchArgs),
}

/// What the window opens with.
#[derive(Debug, Args)]
pub(super) struct WindowArguments {
    /// PDFs and images to open in the window
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Folder of the model to load, or the name of one that is here
    #[arg(long, value_name = "DIR|NAME")]
    pub(super) model: Option<PathBuf>,
    /// Play recorded DocTags instead of running a model
    #[arg(long, value_name = "FILE.dt", conflicts_with = "model")]
    pub(super) replay: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct ConvertArguments {
    /// PDFs and images; - for one on standard input
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Formats, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "md")]
    pub(super) to: Vec<Format>,
    /// Where to: a folder, a file (a name with an extension, for one document and format), or - for
    /// standard output
    #[arg(long, value_name = "DIR|FILE|-", default_value = ".")]
    pub(super) out: PathBuf,
    /// Pages, counted from 1: 1-3,7 or 5-
    #[arg(long, value_name = "RANGES", allow_hyphen_values = true)]
    pub(super) pages: Option<PageRanges>,
    /// What reads the pages; auto is the model when one is given, else the text layer
    #[arg(long, value_enum, default_value_t)]
    pub(super) engine: Engine,
    /// Folder of the model, in the Hugging Face layout, or the name of one that is here; --engine model
    /// without it takes the first one of doclens model list that is here
    #[arg(long, value_name = "DIR|NAME")]
    pub(super) model: Option<PathBuf>,
    /// Play recorded DocTags instead of running a model
    #[arg(long, value_name = "FILE.dt", conflicts_with = "model")]
    pub(super) replay: Option<PathBuf>,
    /// Password of encrypted PDFs
    #[arg(long)]
    pub(super) password: Option<String>,
    /// Most tokens a page [default: as many as the model has room for]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(super) tokens: Option<usize>,
    /// Whose characters the pages of a model show
    #[arg(long, value_enum, default_value_t)]
    pub(super) characters: CharactersOf,
    /// Read all pages again, also those that a run which did not come to its end has read
    #[arg(long)]
    pub(super) fresh: bool,
    /// Let the model repeat itself up to its last token, in place of keeping what it wrote before that
    #[arg(long)]
    pub(super) no_loop_guard: bool,
    /// Let the model write DocTags that are not well-formed, in place of the likeliest ones that are
    #[arg(long)]
    pub(super) no_grammar_guard: bool,
    /// Read one token at a time, in place of guessing some ahead; the answer is the same, and slower
    #[arg(long)]
    pub(super) no_drafts: bool,
    #[command(flatten)]
    pub(super) computing: Computing,
    /// Write page headers and footers too (JSON always has them)
    #[arg(long)]
    pub(super) furniture: bool,
    /// Join paragraphs, lists and tables that run over a page break
    #[arg(long)]
    pub(super) join_pages: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct CorrectionsArguments {
    /// PDF or image that was corrected in the window
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Write the corrected pages into this folder: page images, DocTags, DoclingDocument JSON, COCO boxes
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Password of an encrypted PDF
    #[arg(long)]
    pub(super) password: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    /// Folder of pages with their DocTags
    #[arg(value_name = "DATASET")]
    pub(super) dataset: PathBuf,
    /// Folder of the model, or the name of one that is here; without it pages are read from their own text
    #[arg(long, value_name = "DIR|NAME")]
    pub(super) model: Option<PathBuf>,
    /// Write the scores of each page to a CSV file
    #[arg(long, value_name = "FILE.csv")]
    pub(super) per_page: Option<PathBuf>,
    /// Most tokens a page [default: as many as the model has room for]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(super) tokens: Option<usize>,
    #[command(flatten)]
    pub(super) computing: Computing,
    /// Say nothing but errors and scores
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConvertDoctagsArguments {
    /// Format
    #[arg(long, value_enum, default_value = "md")]
    pub(super) to: Format,
    /// Page sizes in points, for the boxes of the JSON; the last one holds for the rest
    #[arg(long, value_name = "WxH,…", value_parser = parse_page_sizes)]
    pub(super) pages: Option<PageSizes>,
    /// Name of the document, for HTML and JSON
    #[arg(long, default_value = "")]
    pub(super) name: String,
    /// Write page headers and footers too (JSON always has them)
    #[arg(long)]
    pub(super) furniture: bool,
    /// Join paragraphs, lists and tables that run over a page break
    #[arg(long)]
    pub(super) join_pages: bool,
    /// Leave out tags that are none of DocTags, such as <td>, as docling does; else they are text
    #[arg(long)]
    pub(super) drop_unknown_tags: bool,
}

/// A list of sizes as one argument; clap would take a bare `Vec` for an argument that repeats.
#[derive(Clone, Debug)]
pub(super) struct PageSizes(pub(super) Vec<PagePoints>);

fn parse_page_sizes(text: &str) -> Result<PageSizes, ArgumentError> {
    convert_doctags::parse_page_sizes(text).map(PageSizes)
}

/// What a document is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Format {
    /// Markdown
    Md,
    /// HTML, with formulas as MathML
    Html,
    /// `DoclingDocument` JSON, with boxes in points
    Json,
    /// A CSV file for each table
    Csv,
    /// An Excel workbook with a sheet for each table
    Xlsx,
    /// Plain text
    Txt,
    /// The markup itself, as the model wrote it
    Doctags,
    /// How far each element can be trusted, as JSON: origin, probability, agreement, doubts
    Trust,
}

impl Format {
    /// Of the files of this format.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Txt => "txt",
            Self::Doctags => "dt",
            Self::Trust => "trust.json",
        }
    }
}

/// What reads the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// The model when one is given, else the text layer
    #[default]
    Auto,
    /// The page's own text
    TextLayer,
    /// The model
    Model,
}

impl From<Engine> for EngineChoice {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Auto => Self::Auto,
            Engine::TextLayer => Self::TextLayer,
            Engine::Model => Self::Model,
        }
    }
}

/// Whose characters a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CharactersOf {
    /// The page's own, where its text is sound and four of five were read alike, else the model's
    Auto,
    /// The page's own, wherever it has some
    TextLayer,
    /// Those that the model read
    #[default]
    Model,
}

impl From<CharactersOf> for Characters {
    fn from(of: CharactersOf) -> Self {
        match of {
            CharactersOf::Auto => Self::Auto,
            CharactersOf::TextLayer => Self::TextLayer,
            CharactersOf::Model => Self::Model,
        }
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Device {
    /// A GPU that this build can use, else the processor
    #[default]
    Auto,
    /// The processor
    Cpu,
    /// The first NVIDIA GPU
    Cuda,
    /// Apple's GPU
    Metal,
}

/// How exactly the model computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Dtype {
    /// What suits the device
    #[default]
    Auto,
    /// 32 bits, as the reference
    F32,
    /// 16 bits, more digits
    F16,
    /// 16 bits, more range
    Bf16,
}

/// Where and how exactly the model computes.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Computing {
    /// What computes
    #[arg(long, value_enum, default_value_t)]
    device: Device,
    /// How exactly the model computes
    #[arg(long, value_enum, default_value_t)]
    dtype: Dtype,
    #[command(flatten)]
    quantization: InspectQuantization,
}

impl Computing {
    /// In the engine's terms.
    pub(super) fn model_settings(self) -> ModelSettings {
        let device = match self.device {
            Device::Auto => DeviceChoice::Auto,
            Device::Cpu => DeviceChoice::Cpu,
            Device::Cuda => DeviceChoice::Cuda(0),
            Device::Metal => DeviceChoice::Metal,
        };
        let dtype = match self.dtype {
            Dtype::Auto => DtypeChoice::Auto,
            Dtype::F32 => DtypeChoice::F32,
            Dtype::F16 => DtypeChoice::F16,
            Dtype::Bf16 => DtypeChoice::Bf16,
        };
        let InspectQuantization { vision_int16, text_q8_0 } = self.quantization;
        ModelSettings { device, dtype, vision_int16, text_q8_0, idle_unload: None }
    }
}
