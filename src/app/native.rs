//! The window on a desktop: the engine, the icon, the event loop.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eframe::NativeOptions;
use egui::ViewportBuilder;

use super::App;
use super::backend::Backend;
use super::background::desktop_dialogs;
use super::clipboard::desktop_clipboard;
use super::keeper::Keeper;
use crate::engine::event::Event;
use crate::engine::job::{Job, JobId};
use crate::engine::kept::readings_folder;
use crate::engine::scripted::ScriptedRecognizer;
use crate::engine::{self, Engine, EngineOptions};
use crate::revision::revisions_folder;

/// What the command line asks of the window.
#[derive(Clone, Debug, Default)]
pub struct WindowOptions {
    /// Documents to open at once.
    pub files: Vec<PathBuf>,
    /// Folder of the model to load.
    pub model_folder: Option<PathBuf>,
    /// A recorded page to play instead of running a model.
    pub replay: Option<PathBuf>,
}

/// Why the window could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The recording cannot be read.
    #[error("cannot read the recording {}", path.display())]
    Recording {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The workers could not be started.
    #[error("the engine could not be started")]
    Engine(#[source] engine::Error),
    /// No display, or no way to draw on it.
    #[error("the window could not be opened: is there a display?")]
    Window(#[source] eframe::Error),
}

/// Time between two tokens of a recording: about what a small model takes on a laptop.
const REPLAY_PACE: Duration = Duration::from_millis(12);
/// Name under which the window is known to the desktop; that of the desktop entry.
const APP_ID: &str = "doclens";
const ICON_PNG: &[u8] = include_bytes!("../../icons/doclens-128.png");

impl Backend for Engine {
    fn submit(&mut self, job: Job) -> JobId {
        Engine::submit(self, job)
    }

    fn cancel(&mut self, job: JobId) {
        Engine::cancel(self, job);
    }

    fn prioritize(&mut self, job: JobId) {
        Engine::prioritize(self, job);
    }

    fn try_recv(&mut self) -> Option<Event> {
        Engine::try_recv(self)
    }
}

/// Shows the window and returns when it is closed.
///
/// # Errors
/// If the recording cannot be read, or there is no display or no way to draw on it.
pub fn run(options: WindowOptions) -> Result<(), Error> {
    let WindowOptions { files, model_folder, replay } = options;
    let recording = replay.as_deref().map(recording).transpose()?;
    let recording_name = replay.as_deref().map(name_of);
    let mut viewport = ViewportBuilder::default()
        .with_title("Doclens")
        .with_app_id(APP_ID)
        .with_inner_size([1280.0, 860.0])
        .with_min_inner_size([640.0, 420.0])
        .with_drag_and_drop(true);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON_PNG) {
        viewport = viewport.with_icon(icon);
    }
    let native_options = NativeOptions { viewport, centered: true, ..NativeOptions::default() };
    let engine_options = EngineOptions {
        replay: recording.map(|recognizer| Box::new(recognizer) as _),
        ..EngineOptions::of_this_program().map_err(Error::Engine)?
    };
    eframe::run_native(
        "Doclens",
        native_options,
        Box::new(move |cc| {
            let ctx = cc.egui_ctx.clone();
            let engine =
                Engine::start(engine_options, move || ctx.request_repaint()).map_err(Error::Engine)?;
            let mut app = App::new(cc, Box::new(engine), desktop_dialogs());
            app.use_clipboard(desktop_clipboard());
            match revisions_folder()
                .map_err(io::Error::other)
                .and_then(|folder| Keeper::start(folder, readings_folder()))
            {
                Ok(keeper) => app.use_keeper(keeper),
                Err(error) => tracing::error!(%error, "corrections cannot be kept"),
            }
            if let Some(name) = recording_name {
                app.plays_recording(name);
            } else {
                app.load_model_at_start(model_folder);
            }
            app.open_at_start(files);
            Ok(Box::new(app))
        }),
    )
    .map_err(Error::Window)
}

fn recording(path: &Path) -> Result<ScriptedRecognizer, Error> {
    let markup =
        fs::read_to_string(path).map_err(|source| Error::Recording { path: path.to_path_buf(), source })?;
    Ok(ScriptedRecognizer::new(name_of(path), &markup).paced(REPLAY_PACE))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
