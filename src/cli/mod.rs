//! The command line: arguments in; jobs, files and text on standard output out.
//!
//! `convert` works through the same engine as the window. What is shown is on standard error, so
//! that standard output holds nothing but results. The window itself is opened by `main.rs`, which
//! knows whether this build has one.

pub mod exit;

pub mod bench;
pub mod convert_doctags;
pub mod inspect;

mod args;
mod characters;
mod convert;
mod corrections;
mod dataset;
mod eval;
mod export;
mod jobs;
mod model;
mod output;
mod pages;
mod process_clock;
mod progress;
mod score_table;
mod stdout;
mod unfinished;

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser as _;
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::cli::args::{
    Arguments, Command, ConvertArguments, ConvertDoctagsArguments, CorrectionsArguments, EvalArguments,
    Format,
};
use crate::cli::bench::{BenchArgs, BenchError};
use crate::cli::convert::Conversion;
use crate::cli::convert_doctags::{ConvertDoctagsArgs, ConvertDoctagsError, DoctagsFormat};
use crate::cli::corrections::CorrectionsError;
use crate::cli::eval::EvalError;
use crate::cli::exit::{Exit, INTERRUPTED_CODE};
use crate::cli::inspect::{InspectArgs, InspectError};
use crate::cli::output::Output;
use crate::engine::model_library;
use crate::engine::scripted::ScriptedRecognizer;
use crate::engine::{EngineOptions, Error, UserMessage};
use crate::markup::UnknownTags;
use crate::revision::ContentKey;

/// What is left to do when the command line has done its part.
#[derive(Debug)]
pub enum Next {
    /// Nothing: end with this.
    End(Exit),
    /// Open the window.
    Window {
        /// Documents to open at once.
        files: Vec<PathBuf>,
        /// Folder of the model to load.
        model_folder: Option<PathBuf>,
        /// A recorded page to play instead of running a model.
        replay: Option<PathBuf>,
    },
}

/// Does what the command line says. `--help`, `--version` and what clap refuses end the process.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Next {
    let arguments = Arguments::parse_from(words);
    match arguments.command {
        Some(Command::Convert(arguments)) => Next::End(convert(&arguments)),
        Some(Command::ConvertDoctags(arguments)) => Next::End(convert_markup(arguments)),
        Some(Command::Model(command)) => Next::End(model::run(&command, &listen_for_interrupts())),
        Some(Command::Eval(arguments)) => Next::End(evaluate(&arguments)),
        Some(Command::Corrections(arguments)) => Next::End(score_corrections(&arguments)),
        Some(Command::Inspect(arguments)) => Next::End(look_into_model(arguments)),
        Some(Command::Bench(arguments)) => Next::End(time_stages(arguments)),
        None => match arguments.window.model.as_deref().map(model_library::resolve).transpose() {
            Ok(model_folder) => {
                Next::Window { files: arguments.window.files, model_folder, replay: arguments.window.replay }
            }
            Err(error) => Next::End(complain(&error)),
        },
    }
}

fn convert(arguments: &ConvertArguments) -> Exit {
    let model_folder = match model_folder(arguments) {
        Ok(folder) => folder,
        Err(error) => return complain(&error),
    };
    let output = match Output::of(arguments) {
        Ok(output) => output,
        Err(error) => return refuse(&error.to_string()),
    };
    let mut options = match EngineOptions::of_this_program() {
        Ok(options) => options,
        Err(error) => return complain(&error),
    };
    let mut reader = None;
    if let Some(file) = &arguments.replay {
        match recording(file) {
            Ok((recognizer, identity)) => {
                options.replay = Some(Box::new(recognizer));
                reader = Some(identity);
            }
            Err(error) => return refuse(&format!("--replay {}: {error}", file.display())),
        }
    }
    match Conversion::new(arguments, model_folder, reader, output, options, listen_for_interrupts()) {
        Ok(conversion) => conversion.run(),
        Err(error) => complain(&error),
    }
}

/// The model that is to read the pages: the one that is named, or, where only a model will do, the first
/// that is here. The sample scan alone is read by the model that comes with the program.
fn model_folder(arguments: &ConvertArguments) -> Result<Option<PathBuf>, Error> {
    match (&arguments.model, arguments.engine) {
        (_, args::Engine::TextLayer) => Ok(None),
        (Some(model), _) => model_library::resolve(model).map(Some),
        (None, _) if arguments.replay.is_none() && is_sample_scan(arguments) => {
            model_library::pocket().map(Some)
        }
        (None, args::Engine::Model) if arguments.replay.is_none() => model_library::first_usable().map(Some),
        (None, _) => Ok(None),
    }
}

fn is_sample_scan(arguments: &ConvertArguments) -> bool {
    arguments.files.iter().all(|file| model_library::is_sample_scan(file))
}

fn convert_markup(arguments: ConvertDoctagsArguments) -> Exit {
    let conversion = ConvertDoctagsArgs {
        format: match arguments.to {
            Format::Md => DoctagsFormat::Markdown,
            Format::Html => DoctagsFormat::Html,
            Format::Json => DoctagsFormat::Json,
            Format::Csv => DoctagsFormat::Csv,
            Format::Xlsx => DoctagsFormat::Xlsx,
            Format::Txt => DoctagsFormat::Text,
            Format::Doctags => DoctagsFormat::DocTags,
            Format::Trust => {
                eprintln!("doclens: trust is known where a page is read: doclens convert FILE --to trust");
                return Exit::WrongArguments;
            }
        },
        pages: arguments.pages.map_or_else(Vec::new, |sizes| sizes.0),
        name: arguments.name,
        with_furniture: arguments.furniture,
        join_pages: arguments.join_pages,
        unknown_tags: if arguments.drop_unknown_tags { UnknownTags::Drop } else { UnknownTags::Keep },
    };
    match convert_doctags::run(&conversion, io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Exit::Converted,
        Err(ConvertDoctagsError::Write { source }) if source.kind() == io::ErrorKind::BrokenPipe => {
            Exit::Converted
        }
        Err(error) => complain_plainly(&error),
    }
}

fn look_into_model(mut arguments: InspectArgs) -> Exit {
    arguments.model = match model_library::resolve(&arguments.model) {
        Ok(folder) => folder,
        Err(error) => return complain(&error),
    };
    match inspect::run(&arguments, &mut io::stdout().lock()) {
        Ok(()) => Exit::Converted,
        Err(InspectError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Converted,
        Err(InspectError::Model(error)) => complain(&Error::from(error)),
        Err(error @ InspectError::MissingLocation { .. }) => refuse(&error.to_string()),
        Err(error @ InspectError::Output(_)) => complain_plainly(&error),
    }
}

fn evaluate(arguments: &EvalArguments) -> Exit {
    let model_folder = match arguments.model.as_deref().map(model_library::resolve).transpose() {
        Ok(folder) => folder,
        Err(error) => return complain(&error),
    };
    let options = match EngineOptions::of_this_program() {
        Ok(options) => options,
        Err(error) => return complain(&error),
    };
    let mut out = io::stdout().lock();
    match eval::run(arguments, model_folder, options, listen_for_interrupts(), &mut out) {
        Ok(exit) => exit,
        Err(EvalError::Interrupted) => Exit::Interrupted,
        Err(EvalError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Converted,
        Err(EvalError::Engine(error)) => complain(&error),
        Err(EvalError::Model(message)) => {
            print_message(&message);
            Exit::NothingConverted
        }
        Err(error) => complain_plainly(&error),
    }
}

fn score_corrections(arguments: &CorrectionsArguments) -> Exit {
    let options = match EngineOptions::of_this_program() {
        Ok(options) => options,
        Err(error) => return complain(&error),
    };
    let mut out = io::stdout().lock();
    match corrections::run(arguments, options, listen_for_interrupts(), &mut out) {
        Ok(exit) => exit,
        Err(CorrectionsError::Interrupted) => Exit::Interrupted,
        Err(CorrectionsError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Converted,
        Err(CorrectionsError::Engine(error)) => complain(&error),
        Err(CorrectionsError::Document(message)) => {
            print_message(&message);
            Exit::NothingConverted
        }
        Err(error) => complain_plainly(&error),
    }
}

fn complain(error: &Error) -> Exit {
    print_message(&UserMessage::from(error));
    Exit::NothingConverted
}

/// For what has no user message: the error and its cause.
fn complain_plainly(error: &dyn StdError) -> Exit {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    eprintln!("doclens: {error}{cause}");
    Exit::NothingConverted
}

fn time_stages(mut arguments: BenchArgs) -> Exit {
    match model_library::resolve(&arguments.model) {
        Ok(folder) => arguments.model = folder,
        Err(error) => return complain(&error),
    }
    match bench::run(&arguments, &mut io::stdout().lock()) {
        Ok(()) => Exit::Converted,
        Err(BenchError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Converted,
        Err(error @ BenchError::Output(_)) => complain_plainly(&error),
        Err(BenchError::Engine(error)) => complain(&error),
    }
}

fn print_message(message: &UserMessage) {
    eprintln!("doclens: {}", message.summary);
    for line in message.hint.iter().chain(&message.details) {
        eprintln!("  {line}");
    }
}

fn refuse(reason: &str) -> Exit {
    eprintln!("error: {reason}\n\nFor more information, try '--help'.");
    Exit::WrongArguments
}

/// The recording, and what tells it from another one.
fn recording(file: &Path) -> io::Result<(ScriptedRecognizer, String)> {
    let markup = fs::read_to_string(file)?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let identity = format!("recording {}", ContentKey::of_bytes(markup.as_bytes()).as_str());
    Ok((ScriptedRecognizer::new(name, &markup), identity))
}

/// The first Ctrl+C sets the flag, which stops the jobs and ends the run; a second one ends the process
/// at once.
fn listen_for_interrupts() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    // In this order: the flag that the first one sets is what the second one finds set.
    let at_once =
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED_CODE.into(), Arc::clone(&interrupted));
    let stopping = flag::register(SIGINT, Arc::clone(&interrupted));
    if let Err(error) = at_once.and(stopping) {
        // Ctrl+C then ends the process as it always does.
        tracing::warn!(%error, "no handler for Ctrl+C");
    }
    interrupted
}
