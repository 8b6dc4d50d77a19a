//! Arguments to the command line, the window, or the worker that reads PDFs; nothing else.

use std::process::ExitCode;

use doclens::cli::exit::Exit;
use doclens::cli::{self, Next};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if let Some(code) = doclens::document::pdf_worker::serve_if_asked(std::env::args_os()) {
        return code;
    }
    log_to_stderr();
    let exit = match cli::run(std::env::args_os()) {
        Next::End(exit) => exit,
        window @ Next::Window { .. } => open_window(window),
    };
    exit.into()
}

/// Silent but for errors, unless `RUST_LOG` says otherwise.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("doclens=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(feature = "gui")]
fn open_window(next: Next) -> Exit {
    use std::error::Error as _;

    let Next::Window { files, model_folder, replay } = next else { return Exit::Converted };
    match doclens::app::run(doclens::app::WindowOptions { files, model_folder, replay }) {
        Ok(()) => Exit::Converted,
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("doclens: {error}{cause}. `doclens convert` works without a window");
            Exit::NoWindow
        }
    }
}

#[cfg(not(feature = "gui"))]
fn open_window(_: Next) -> Exit {
    eprintln!("doclens: this build has no window. `doclens convert FILE` works without one");
    Exit::NoWindow
}
