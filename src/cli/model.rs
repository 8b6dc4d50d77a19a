//! `doclens model`: what models are here, getting, checking and removing them.
//!
//! Results go to standard output, progress and complaints to standard error.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Subcommand;

use crate::cli::exit::Exit;
use crate::cli::print_message;
use crate::cli::progress::Reporter;
use crate::engine::model_library::{self, ModelEntry, ModelOrigin};
use crate::engine::user_message::display_bytes;
use crate::engine::{Error, UserMessage};

const GET_HELP: &str = "\
Examples:
  doclens model get smoldocling
  doclens model get someone/their-model@v1.0

Ctrl+C pauses: the same command goes on from there. HF_TOKEN, HF_ENDPOINT and HTTPS_PROXY are heeded;
with HF_HUB_OFFLINE set nothing is downloaded.";

/// What is to be done with models.
#[derive(Debug, Subcommand)]
pub(super) enum ModelCommand {
    /// Models that are here, and models that can be had
    List,
    /// Download a model, or go on with a download that was stopped
    #[command(after_help = GET_HELP)]
    Get {
        /// A name from the list, or owner/name[@revision] of a repository on the hub
        #[arg(value_name = "NAME")]
        name: String,
        /// Say nothing but errors
        #[arg(long, short)]
        quiet: bool,
    },
    /// Check a model's settings, tensors and, where they are known, checksums
    Check {
        /// A folder, or the name of a model that is here
        #[arg(value_name = "DIR|NAME")]
        model: PathBuf,
    },
    /// Remove a model that Doclens has downloaded, or what a stopped download has left
    Remove {
        /// A name from the list, or owner/name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Print the folder for downloads, or that of a model
    Path {
        /// A name from the list
        #[arg(value_name = "NAME")]
        name: Option<PathBuf>,
    },
}

/// Why a command ends without its result.
enum Failure {
    Engine(Error),
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Does what the command says.
pub(super) fn run(command: &ModelCommand, interrupted: &Arc<AtomicBool>) -> Exit {
    let mut out = io::stdout().lock();
    let result = match command {
        ModelCommand::List => list(&mut out),
        ModelCommand::Get { name, quiet } => get(name, *quiet, interrupted, &mut out),
        ModelCommand::Check { model } => check(model, &mut out),
        ModelCommand::Remove { name } => remove(name, &mut out),
        ModelCommand::Path { name } => path(name.as_deref(), &mut out),
    };
    match result {
        Ok(exit) => exit,
        Err(Failure::Engine(Error::Cancelled)) => Exit::Interrupted,
        Err(Failure::Engine(error)) => {
            print_message(&UserMessage::from(&error));
            Exit::NothingConverted
        }
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Converted,
        Err(Failure::Output(error)) => {
            eprintln!("standard output: {error}");
            Exit::NothingConverted
        }
    }
}

fn list(out: &mut dyn Write) -> Result<Exit, Failure> {
    for entry in model_library::list(&[])? {
        writeln!(out, "{}", entry_words(&entry))?;
    }
    Ok(Exit::Converted)
}

/// A few lines about a model: what it is, whether it is here, and where.
fn entry_words(entry: &ModelEntry) -> String {
    let mut words = format!("{:<16} {}", entry.id, entry.name);
    let facts = [
        (entry.num_parameters > 0).then(|| format!("{:.0} M parameters", entry.num_parameters as f64 / 1e6)),
        (!entry.licence.is_empty()).then(|| entry.licence.clone()),
        (!entry.languages.is_empty()).then(|| entry.languages.join(", ")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    let mut line = |text: &str| {
        // Writing to a String cannot fail.
        write!(words, "\n                 {text}").ok();
    };
    if !entry.summary.is_empty() {
        line(&entry.summary);
    }
    if !facts.is_empty() {
        line(&facts.join(" · "));
    }
    match &entry.installed {
        Some(installed) => {
            let origin = match installed.origin {
                ModelOrigin::Downloaded => "downloaded",
                ModelOrigin::HubCache => "in the shared cache",
                ModelOrigin::Folder => "a folder of yours",
                ModelOrigin::Carried => "comes with Doclens",
            };
            line(&format!(
                "here: {} · {origin} · {}",
                display_bytes(installed.size_bytes),
                installed.folder.display()
            ));
            if let Some(problem) = &installed.problem {
                line(&format!("cannot be used: {}", problem.summary));
            }
        }
        None if entry.unfinished_bytes > 0 => line(&format!(
            "not here yet: {} of {} downloaded; go on with doclens model get {}",
            display_bytes(entry.unfinished_bytes),
            display_bytes(entry.download_bytes),
            entry.id
        )),
        None => line(&format!("not here: {} to download", display_bytes(entry.download_bytes))),
    }
    words
}

fn get(name: &str, is_quiet: bool, interrupted: &AtomicBool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let reporter = Reporter::new(is_quiet);
    reporter.wait_for(format!("asking for {name}"));
    let is_stopped = || interrupted.load(Ordering::Relaxed);
    let mut has_begun = false;
    let result = model_library::download(name, &is_stopped, &mut |progress| {
        if !std::mem::replace(&mut has_begun, true) {
            reporter.start_download(name);
        }
        reporter.download_progress(progress);
    });
    reporter.finish();
    if matches!(result, Err(Error::Cancelled)) {
        reporter.say(&format!("paused; doclens model get {name} goes on from here"));
    }
    writeln!(out, "{}", result?.display())?;
    Ok(Exit::Converted)
}

fn check(model: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = model_library::resolve(model)?;
    let verification = model_library::verify(&folder)?;
    writeln!(out, "{}", folder.display())?;
    writeln!(out, "settings, tokenizer and the shape of every tensor are right")?;
    let lists = [
        (&verification.published, "as its publisher states"),
        (&verification.recorded, "as it was when it was downloaded"),
        (&verification.damaged, "DAMAGED or missing"),
    ];
    for (files, words) in lists {
        for file in files {
            writeln!(out, "{file}: {words}")?;
        }
    }
    if verification.damaged.is_empty() {
        return Ok(Exit::Converted);
    }
    eprintln!("doclens: the model is damaged\n  Remove it with doclens model remove, and get it again");
    Ok(Exit::SomeFailed)
}

fn remove(name: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let freed_bytes = model_library::remove(name)?;
    writeln!(out, "{} freed", display_bytes(freed_bytes))?;
    Ok(Exit::Converted)
}

fn path(name: Option<&Path>, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = match name {
        Some(name) => model_library::resolve(name)?,
        None => model_library::folder()?,
    };
    writeln!(out, "{}", folder.display())?;
    Ok(Exit::Converted)
}
