//! The window over the real engine, and the true path: a scan's pixels, the model that the program carries, the pane.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use doclens::app::App;
use doclens::app::state::{Conversion, ConversionStatus, DocumentState, ModelState};
use doclens::document::page::PageIndex;
use doclens::engine::event::StopReason;
use doclens::engine::recognizer::Recognizer;
use doclens::engine::scripted::ScriptedRecognizer;
use doclens::engine::{Engine, EngineOptions};
use egui::{Key, Modifiers};
use egui_kittest::Harness;

/// Far beyond what any of this takes, even on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct RealBench {
    pub(crate) harness: Harness<'static, App>,
    bell: Receiver<()>,
}

impl RealBench {
    pub(crate) fn open(path: &str, recognizer: Option<ScriptedRecognizer>) -> Self {
        let (ring, bell) = bounded(1);
        let replay = recognizer.map(|recognizer| Box::new(recognizer) as Box<dyn Recognizer>);
        let options = EngineOptions { replay, ..EngineOptions::default() };
        let engine = Engine::start(options, move || {
            ring.try_send(()).ok();
        });
        let engine = engine.unwrap();
        let harness = Harness::builder()
            .with_size([1280.0, 860.0])
            // The sample has signs that only the system's fonts draw, which tests do not use.
            .allow_missing_glyphs()
            .build_eframe(move |cc| App::new(cc, Box::new(engine), Box::new(|_, _| {})));
        let mut bench = Self { harness, bell };
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
        bench.harness.state_mut().open_at_start(vec![path]);
        bench.wait(|app| app.state().document().is_some());
        bench
    }

    pub(crate) fn wait(&mut self, is_there: impl Fn(&App) -> bool) {
        let began = Instant::now();
        while !is_there(self.harness.state()) {
            assert!(began.elapsed() < PATIENCE, "it never came");
            self.bell.recv_timeout(Duration::from_millis(50)).ok();
            self.harness.run_steps(2);
        }
        self.harness.run_steps(4);
    }

    pub(crate) fn document(&self) -> &DocumentState {
        self.harness.state().state().document().unwrap()
    }

    /// Loads the model that the program carries.
    pub(crate) fn load_carried_model(&mut self) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/pocket");
        self.harness.state_mut().load_model_at_start(Some(folder));
        self.wait(|app| matches!(app.state().model, ModelState::Ready(_)));
    }

    fn convert(&mut self) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        self.harness.run_steps(2);
    }
}

fn conversion(app: &App) -> &Conversion {
    &app.state().document().unwrap().page(PageIndex(0)).unwrap().conversion
}

fn ended(app: &App) -> Option<StopReason> {
    match conversion(app).status {
        ConversionStatus::Done(stop_reason) => Some(stop_reason),
        _ => None,
    }
}

#[test]
fn the_sample_scan_is_read_in_the_window_as_it_was_recorded() {
    let recorded = include_str!("../fixtures/sample-scan/sample-scan.dt");
    let mut bench = RealBench::open("assets/sample-scan.png", None);
    bench.load_carried_model();

    // Cancelled in the middle, what was read stays.
    bench.convert();
    bench.wait(|app| !conversion(app).markup.is_empty());
    bench.harness.key_press(Key::Escape);
    bench.wait(|app| ended(app).is_some());
    assert_eq!(ended(bench.harness.state()), Some(StopReason::Cancelled));
    let kept = conversion(bench.harness.state()).markup.clone();
    assert!(kept.len() < recorded.len() && recorded.starts_with(&kept), "{kept}");

    bench.convert();
    bench.wait(|app| ended(app) == Some(StopReason::End));
    assert_eq!(conversion(bench.harness.state()).markup.trim_end(), recorded.trim_end());
}
