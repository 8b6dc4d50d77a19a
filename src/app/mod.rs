//! The window: events of the engine in, pixels out; input in, commands out.
//!
//! A frame has two halves. [`eframe::App::logic`] takes in what the engine and the file dialogs say
//! and runs the queued commands; [`eframe::App::ui`] draws from the state and sends commands.
//! The interface thread never opens files, decodes images or waits for a worker.

pub mod theme;

mod fonts;

use std::path::PathBuf;

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
    /// No display, or no way to draw on it.
    #[error("the window could not be opened")]
    Window(#[source] eframe::Error),
}

struct App {}

impl App {
    fn new(cc: &eframe::CreationContext<'_>) -> Self {
        theme::install(&cc.egui_ctx);
        Self {}
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        egui::CentralPanel::default().show(ui, |_ui| ());
    }
}

/// Shows the window and returns when it is closed.
///
/// # Errors
/// If there is no display or no way to draw on it.
pub fn run(_options: WindowOptions) -> Result<(), Error> {
    eframe::run_native("Doclens", eframe::NativeOptions::default(), Box::new(|cc| Ok(Box::new(App::new(cc)))))
        .map_err(Error::Window)
}
