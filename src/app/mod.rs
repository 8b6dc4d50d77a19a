//! The window: events of the engine in, pixels out; input in, commands out.
//!
//! A frame has two halves. [`eframe::App::logic`] takes in what the engine and the dialogs say and
//! runs the queued commands; [`eframe::App::ui`] draws from the state and sends commands. The
//! interface thread never opens files, decodes images or waits for a worker, and it repaints only
//! when something has changed: the engine wakes it by a callback.
//!
//! | file | what |
//! |---|---|
//! | `state/` | what the window knows; `apply_event` |
//! | `command.rs`, `execute.rs` | what the user can ask for, and what it does |
//! | `settings.rs` | what is saved |
//! | `page_view/` | the canvas: pan, zoom, textures, boxes |
//! | `output_pane/` | the live pane |
//! | `panels/` | bars, lists, windows |
//! | `theme.rs`, `fonts.rs`, `icons.rs`, `controls.rs` | how it looks |
//! | `shortcuts.rs` | keys |
//! | `grab.rs` | tables read from a region |
//! | `corrections.rs`, `keeper.rs` | edits of a page, and the thread that keeps them |
//! | `background.rs`, `exports.rs`, `clipboard.rs` | dialogs, exports, the clipboard, on threads of their own |

pub mod backend;
pub mod background;
pub mod clipboard;
pub mod command;
pub mod controls;
pub mod corrections;
pub mod icons;
pub mod keeper;
pub mod output_pane;
pub mod score;
pub mod settings;
pub mod shortcuts;
pub mod state;
pub mod theme;

mod bitmap;
mod execute;
mod exports;
mod fonts;
mod grab;
mod ground_truth;
mod models;
mod native;
mod page_view;
mod panels;

use std::path::PathBuf;

use crossbeam_channel::Receiver;
use egui::{Context, Rect, Ui};

use backend::Backend;
use background::{Background, ShowDialog};
use clipboard::SetClipboard;
use command::{Command, CommandSender, ModelCommand};
use keeper::Keeper;
use output_pane::{GrabbedTables, OutputPane};
use page_view::PageView;
use page_view::textures::TextureStore;
use panels::{ElementEditor, ModelsWindow, PageList, Prompts};
use settings::{STORAGE_KEY, Settings};
use state::{AppState, ModelState};
use theme::Palette;

use crate::engine;

pub use native::{Error, WindowOptions, run};

/// Name of the program for people.
const APP_NAME: &str = "Doclens";

/// The window's program.
pub struct App {
    state: AppState,
    backend: Box<dyn Backend>,
    background: Background,
    /// Where there is none, text alone is copied, by egui.
    set_clipboard: Option<SetClipboard>,
    commands: CommandSender,
    queue: Receiver<Command>,
    textures: TextureStore,
    page_view: PageView,
    page_list: PageList,
    pane: OutputPane,
    grabbed: GrabbedTables,
    prompts: Prompts,
    editor: ElementEditor,
    /// Where there is none, corrections last as long as the window.
    keeper: Option<Keeper>,
    models_window: ModelsWindow,
    /// What stands in the window's title bar.
    title: String,
}

impl App {
    /// A window over an engine. Settings come from `cc`'s storage; dialogs are shown by
    /// `show_dialog`. Must be called before the first frame.
    pub fn new(cc: &eframe::CreationContext<'_>, backend: Box<dyn Backend>, show_dialog: ShowDialog) -> Self {
        let ctx = &cc.egui_ctx;
        theme::install(ctx);
        // These keys zoom the page, not the interface.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let settings: Settings =
            cc.storage.and_then(|storage| eframe::get_value(storage, STORAGE_KEY)).unwrap_or_default();
        let settings = settings.within_limits();
        if let Some(num_threads) = settings.num_threads {
            engine::use_threads(num_threads);
        }
        ctx.set_theme(settings.theme.preference());
        let (commands, queue) = CommandSender::queue(ctx);
        Self {
            state: AppState { settings, ..AppState::default() },
            backend,
            background: Background::new(ctx, show_dialog),
            set_clipboard: None,
            commands,
            queue,
            textures: TextureStore::default(),
            page_view: PageView::default(),
            page_list: PageList::default(),
            pane: OutputPane::default(),
            grabbed: GrabbedTables::default(),
            prompts: Prompts::default(),
            editor: ElementEditor::default(),
            keeper: None,
            models_window: ModelsWindow::default(),
            title: APP_NAME.to_owned(),
        }
    }

    /// Opens documents, as if they had been dropped on the window.
    pub fn open_at_start(&self, files: Vec<PathBuf>) {
        if !files.is_empty() {
            self.commands.send(Command::OpenFiles(files));
        }
    }

    /// Loads the model of that folder; without one, the last one if the settings say so. Then looks what
    /// models are here, so that one can be used or offered.
    pub fn load_model_at_start(&mut self, folder: Option<PathBuf>) {
        let settings = &self.state.settings;
        self.commands.send(ModelCommand::List);
        let remembered = settings.model_folder.clone().filter(|_| settings.loads_model_at_start);
        if let Some(folder) = folder.or(remembered) {
            self.commands.send(ModelCommand::Load(folder));
        }
    }

    /// Copies tables as HTML and text together.
    pub fn use_clipboard(&mut self, set_clipboard: SetClipboard) {
        self.set_clipboard = Some(set_clipboard);
    }

    /// A recording stands in for the model.
    pub fn plays_recording(&mut self, name: String) {
        self.state.model = ModelState::Recording { name };
    }

    /// What the window knows, for tests.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    fn take_in(&mut self, ctx: &Context) {
        while let Some(event) = self.backend.try_recv() {
            if let Some(event) = self.textures.take_event(event) {
                for command in self.state.apply_event(event) {
                    self.execute(ctx, command);
                }
            }
        }
        while let Some(answer) = self.background.try_recv() {
            self.take_answer(ctx, answer);
        }
        // Collected first: a command may send others, which wait for the next frame.
        let commands: Vec<Command> = self.queue.try_iter().collect();
        for command in commands {
            self.execute(ctx, command);
        }
        self.name_window(ctx);
        self.textures.upload(ctx);
        if self.textures.is_waiting() {
            ctx.request_repaint();
        }
        if let Some(secs) = self.state.notices.tick(ctx.input(|input| input.time)) {
            ctx.request_repaint_after_secs(small(secs));
        }
    }

    /// The document's name goes into the title bar, where window lists show it.
    fn name_window(&mut self, ctx: &Context) {
        let title = match self.state.document() {
            Some(document) => format!("{} – {APP_NAME}", document.info.name),
            None => APP_NAME.to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn draw(&mut self, ui: &mut Ui) {
        self.textures.begin_frame();
        self.editor.take_escape(ui);
        shortcuts::handle(ui.ctx(), &self.state, &self.commands);
        take_dropped(ui.ctx(), &self.commands);
        let zoom = self.state.document().and_then(|document| self.page_view.zoom(document.id()));
        panels::top_bar::ui(ui, &self.state, zoom, &self.commands);
        panels::model_banner::ui(ui, &self.state, &self.commands);
        if self.state.document().is_some() {
            panels::status_bar::ui(ui, &self.state, &self.commands);
            if self.state.settings.shows_thumbnails {
                self.page_list.ui(ui, &self.state, &mut self.textures, &self.commands);
            }
            let frame = egui::Frame::new().fill(Palette::of_ui(ui).pane);
            egui::CentralPanel::default().frame(frame).show(ui, |ui| self.document_ui(ui));
        } else {
            panels::start_screen::ui(ui, &self.state, &self.commands);
        }
        self.models_window.ui(ui, &self.state, &self.commands);
        panels::settings_window::ui(ui, &self.state, &self.commands);
        panels::shortcuts_window::ui(ui, &self.state, &self.commands);
        self.prompts.ui(ui, &self.state, &self.commands);
        panels::notifications::ui(ui, &self.state, &self.commands);
        drop_hint_ui(ui);
        self.textures.flush(self.backend.as_mut());
        self.state.end_frame();
    }

    fn document_ui(&mut self, ui: &mut Ui) {
        let whole = ui.available_rect_before_wrap();
        let settings = &self.state.settings;
        let (page_rect, pane_rect) = if settings.shows_pane {
            let (page, pane) = panels::split::halves(whole, settings.pane_fraction);
            (page, Some(pane))
        } else {
            (whole, None)
        };
        let mut page_ui = child(ui, page_rect, "page view");
        self.page_view.ui(&mut page_ui, &self.state, &mut self.textures, &self.commands);
        panels::legend::ui(ui, &self.state, page_rect, &self.commands);
        panels::grab_window::ui(ui, &self.state, &mut self.grabbed, page_rect, &self.commands);
        if let Some(pane_rect) = pane_rect {
            let mut pane_ui = child(ui, pane_rect, "live pane");
            self.editor.ui(&mut pane_ui, &self.state, self.pane.selected_cells(), &self.commands);
            let rest = pane_ui.available_rect_before_wrap();
            let mut pane_ui = child(&mut pane_ui, rest, "live pane views");
            let textures = &mut self.textures;
            panels::live_pane::ui(&mut pane_ui, &mut self.pane, &self.state, textures, &self.commands);
            panels::split::ui(ui, whole, page_rect, &self.commands);
        }
    }
}

fn child(ui: &mut Ui, rect: Rect, name: &str) -> Ui {
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(name));
    child.set_clip_rect(rect.intersect(ui.clip_rect()));
    child
}

/// Files dropped on the window are opened; a folder is taken for a model's.
fn take_dropped(ctx: &Context, commands: &CommandSender) {
    let dropped = ctx.input(|input| input.raw.dropped_files.clone());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        dropped.iter().map(|file| file.path().to_path_buf()).partition(|path| path.extension().is_none());
    if !files.is_empty() {
        commands.send(Command::OpenFiles(files));
    }
    if let Some(folder) = folders.into_iter().next() {
        commands.send(ModelCommand::Load(folder));
    }
}

/// What dropping will do, over everything while files hover over the window.
fn drop_hint_ui(ui: &Ui) {
    let ctx = ui.ctx();
    let num_hovered = ctx.input(|input| input.raw.hovered_files.len());
    if num_hovered == 0 {
        return;
    }
    let palette = Palette::of_ui(ui);
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("drop hint"));
    let painter = ctx.layer_painter(layer);
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, palette.window.gamma_multiply(0.85));
    let edge = egui::Stroke::new(2.0, palette.accent);
    painter.rect_stroke(rect.shrink(8.0), 10.0, edge, egui::StrokeKind::Inside);
    let words = if num_hovered == 1 {
        "Drop to open".to_owned()
    } else {
        format!("Drop to open {num_hovered} files")
    };
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, words, theme::strong(20.0), palette.text);
}

#[expect(clippy::cast_possible_truncation, reason = "some seconds")]
fn small(secs: f64) -> f32 {
    secs as f32
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.take_in(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, STORAGE_KEY, &self.state.settings);
    }

    fn persist_egui_memory(&self) -> bool {
        // Scroll positions and open menus of the last run would only surprise.
        false
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
