//! PDFium in a process of its own: what a hostile PDF can break is a child that holds nothing.
//!
//! [`PdfWorker`] says which program to start; `child.rs` asks it, one request at a time, for page sizes,
//! pixels and text layers, ends it when it takes too long, and starts it again when it is gone. `serve.rs`
//! is the child: the same program started with [`ARGUMENT`]. Before it sees the first byte of a document
//! it limits its memory and gives up what it does not need (`confine.rs`): on Linux it can then open no
//! socket, write no file, start no program and read nothing but fonts.
//!
//! ```text
//!   window, command line                          child, one per open PDF
//!   child.rs ── requests, parts of the file ──▶ stdin    serve.rs ──▶ pdf.rs ──▶ PDFium
//!            ◀── answers, wishes for parts ──── stdout
//!            ◀══ pixels: a file in memory ═════ stderr
//! ```
//!
//! The child never opens the document: it asks for parts of it, so a file that was renamed, deleted or
//! given as bytes is read alike. Passwords travel in the pipe only. Pixels are read from the shared file
//! by calls, not by mapping it: what a hostile child may change at any time must not be a slice here.
//!
//! Limits, each with its reason at its constant: time a request, memory, length of a message.

mod child;
mod codec;
mod confine;
mod message;
mod serve;
mod watchdog;

pub(super) use child::WorkerPdf;
pub use serve::serve_if_asked;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The first argument that makes the program a worker; the second is its memory in MiB.
pub const ARGUMENT: &str = "--pdf-worker";
/// Time for one request. The slowest honest page of our collection takes 3 s in a development build
/// on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Memory of the worker. A colour scan of A0 at 600 dpi is 1.6 GB decoded, of which PDFium may hold
/// two copies; a form that draws itself takes all that there is.
const MAX_MEMORY_MIB: u64 = 4096;

/// Who writes a message of the two processes' protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The window or the command line.
    Owner,
    /// The process that reads PDFs.
    Worker,
}

/// Reads one message of `sender` as the other side does, and writes it again. Public because `tests/fuzz` gives it
/// what neither side has written.
///
/// # Errors
/// When the bytes are no such message, or end before it does.
pub fn echo(sender: Sender, from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    match sender {
        Sender::Owner => message::send(&message::next::<message::Request>(from)?, to),
        Sender::Worker => message::send(&message::next::<message::Answer>(from)?, to),
    }
}

/// Where PDFs are read.
#[derive(Clone, Debug, Default)]
pub enum PdfReading {
    /// In this process: for tests, and programs that have no worker to start. A PDF on which PDFium
    /// crashes takes the process with it.
    #[default]
    InThisProcess,
    /// In a process for each open document.
    InWorker(PdfWorker),
}

/// How a worker is started and what it may use.
#[derive(Clone, Debug)]
pub struct PdfWorker {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Time for one request, after which the worker is ended.
    pub time_limit: Duration,
    /// Memory that the worker may use, where the platform can limit it.
    pub max_memory_mib: u64,
}

impl PdfWorker {
    /// This very program, whose `main` calls [`serve_if_asked`].
    ///
    /// # Errors
    /// When the system cannot say which file it runs.
    pub fn this_program() -> io::Result<Self> {
        // Names the running program even after an update has replaced or removed its file, so that
        // both sides are always of one build.
        let running = Path::new("/proc/self/exe");
        let program = if running.exists() { running.to_owned() } else { std::env::current_exe()? };
        Ok(Self::of_program(program))
    }

    /// Another program that serves as a worker. Tests name the built program, or a broken one.
    pub fn of_program(program: impl Into<PathBuf>) -> Self {
        let arguments = vec![ARGUMENT.into()];
        Self { program: program.into(), arguments, time_limit: TIME_LIMIT, max_memory_mib: MAX_MEMORY_MIB }
    }

    /// The program with these arguments in place of the usual ones.
    #[must_use]
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Self {
        self.arguments = arguments.into_iter().collect();
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(self.max_memory_mib.to_string());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::arg0(&mut command, "doclens");
        #[cfg(windows)]
        {
            /// No console window flashes up.
            const CREATE_NO_WINDOW: u32 = 0x0800_0000;
            std::os::windows::process::CommandExt::creation_flags(&mut command, CREATE_NO_WINDOW);
        }
        command
    }
}

/// How a worker ended before it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEnd {
    /// It crashed, was killed, or ended itself.
    Crashed {
        /// What the system says: "signal: 11 (SIGSEGV)".
        status: String,
    },
    /// It took too long and was ended.
    TimedOut {
        /// How long it had.
        limit: Duration,
    },
    /// It sent what no worker of this build sends, and was ended.
    Garbled,
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed { status } => write!(f, "it ended ({status})"),
            Self::TimedOut { limit } => write!(f, "it took more than {} s", limit.as_secs_f64()),
            Self::Garbled => f.write_str("its answer makes no sense"),
        }
    }
}
