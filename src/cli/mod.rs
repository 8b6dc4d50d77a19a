//! The command line: arguments in; jobs, files and text on standard output out.
//!
//! `convert` works through the same engine as the window. What is shown is on standard error, so
//! that standard output holds nothing but results. The window itself is opened by `main.rs`, which
//! knows whether this build has one.

pub mod exit;

mod args;
mod convert;
mod export;
mod output;
mod pages;
mod progress;
mod stdout;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser as _;

use crate::cli::args::{Arguments, Command, ConvertArguments};
use crate::cli::convert::Conversion;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::engine::scripted::ScriptedRecognizer;
use crate::engine::{EngineOptions, UserMessage};

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

/// Ctrl+C was pressed. A process has one keyboard.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Does what the command line says. `--help`, `--version` and what clap refuses end the process.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Next {
    let arguments = Arguments::parse_from(words);
    match arguments.command {
        Some(Command::Convert(arguments)) => Next::End(convert(&arguments)),
        None => Next::Window {
            files: arguments.window.files,
            model_folder: arguments.window.model,
            replay: arguments.window.replay,
        },
    }
}

fn convert(arguments: &ConvertArguments) -> Exit {
    if arguments.engine == args::Engine::Model && arguments.model.is_none() && arguments.replay.is_none() {
        return refuse("--engine model needs a model: name its folder with --model DIR");
    }
    let output = match Output::of(arguments) {
        Ok(output) => output,
        Err(error) => return refuse(&error.to_string()),
    };
    let mut options = EngineOptions::default();
    if let Some(file) = &arguments.replay {
        match recording(file) {
            Ok(recognizer) => options.replay = Some(Box::new(recognizer)),
            Err(error) => return refuse(&format!("--replay {}: {error}", file.display())),
        }
    }
    listen_for_interrupts();
    match Conversion::new(arguments, output, options, &INTERRUPTED) {
        Ok(conversion) => conversion.run(),
        Err(error) => {
            eprintln!("doclens: {}", UserMessage::from(&error).summary);
            Exit::NothingConverted
        }
    }
}

fn refuse(reason: &str) -> Exit {
    eprintln!("error: {reason}\n\nFor more information, try 'doclens convert --help'.");
    Exit::WrongArguments
}

fn recording(file: &Path) -> std::io::Result<ScriptedRecognizer> {
    let markup = fs::read_to_string(file)?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    Ok(ScriptedRecognizer::new(name, &markup))
}

/// The first Ctrl+C stops the jobs and ends the run; a second one ends the process at once.
fn listen_for_interrupts() {
    let on_interrupt = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    if let Err(error) = ctrlc::set_handler(on_interrupt) {
        // Ctrl+C then ends the process as it always does.
        tracing::warn!(%error, "no handler for Ctrl+C");
    }
}
