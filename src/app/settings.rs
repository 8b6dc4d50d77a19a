//! What is remembered from one run to the next: the only saved type of the window.
//!
//! Every field has a default, so that settings of an older version still load. The saved words are
//! this file's own; they are converted to the engine's types here and nowhere else.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::output_pane::PaneTab;
use crate::engine::job::{DeviceChoice, DtypeChoice, EngineChoice, GenerationSettings, ModelSettings};
use crate::markup::Label;

/// Key under which eframe keeps the settings.
pub const STORAGE_KEY: &str = "doclens-settings";

/// How many recent documents are remembered.
const MAX_RECENT: usize = 12;
/// More threads are not started, whatever the file says: no desktop has as many cores, and each takes a stack.
const MAX_THREADS: usize = 256;
/// What the live pane may take of the width.
const PANE_FRACTIONS: std::ops::RangeInclusive<f32> = 0.1..=0.9;

/// What the user has chosen, and what a new window starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each a checkbox of the settings window"
)]
pub struct Settings {
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// Which recognizer converts.
    pub engine: EnginePreference,
    /// Folder of the model that was loaded last, loaded again on request.
    pub model_folder: Option<PathBuf>,
    /// Folders with models that the user has named.
    pub model_folders: Vec<PathBuf>,
    /// What computes.
    pub device: DevicePreference,
    /// How exactly the model's numbers are kept.
    pub precision: Precision,
    /// On a processor, the vision encoder computes in 16-bit fixed point.
    pub vision_int16: bool,
    /// On a processor, the text decoder's weights are held in 8 bits.
    pub text_q8_0: bool,
    /// How many threads compute; `None` for one a core.
    pub num_threads: Option<usize>,
    /// Free the model's memory after so many minutes without a page; `None` for never. It is read again
    /// before the next page.
    pub idle_unload_minutes: Option<u32>,
    /// Offer to download a model while there is none.
    pub offers_model: bool,
    /// Load that model when the window opens.
    pub loads_model_at_start: bool,
    /// Stop a page after this many tokens; `None` for as many as the model has room for.
    pub max_new_tokens: Option<usize>,
    /// Convert a page from its own text as soon as it is looked at.
    ///
    /// Off by default: opening a file to look at it should not start work, and a preview by the
    /// text layer would stand where the user expects the model's result. The pane offers it.
    pub previews_text_layer: bool,
    /// Pages that a model has read are kept, and are there again when their document is opened again.
    pub keeps_readings: bool,
    /// Thumbnails are shown.
    pub shows_thumbnails: bool,
    /// The live pane is shown.
    pub shows_pane: bool,
    /// Part of the width beside the thumbnails that belongs to the live pane.
    pub pane_fraction: f32,
    /// View of the live pane.
    pub pane_tab: PaneTab,
    /// Page headers and footers are shown in the live pane and exported.
    pub shows_furniture: bool,
    /// The legend on the page is unfolded.
    pub shows_legend: bool,
    /// The discs of the reading order are shown.
    pub shows_reading_order: bool,
    /// Boxes are coloured by how far their elements can be trusted.
    pub shows_heat: bool,
    /// Two-letter tags stand at each box, not only at the one under the pointer.
    pub shows_tags: bool,
    /// Labels whose boxes are hidden, by their two-letter tag.
    pub hidden_labels: BTreeSet<String>,
    /// Pages are shown light on dark.
    pub inverts_pages: bool,
    /// Nothing moves or fades by itself.
    pub reduces_motion: bool,
    /// Documents opened lately, the newest first.
    pub recent: Vec<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            engine: EnginePreference::Auto,
            model_folder: None,
            model_folders: Vec::new(),
            device: DevicePreference::Auto,
            precision: Precision::Auto,
            vision_int16: false,
            text_q8_0: false,
            num_threads: None,
            idle_unload_minutes: Some(15),
            offers_model: true,
            loads_model_at_start: true,
            max_new_tokens: None,
            previews_text_layer: false,
            keeps_readings: true,
            shows_thumbnails: true,
            shows_pane: true,
            pane_fraction: 0.5,
            pane_tab: PaneTab::Document,
            shows_furniture: false,
            shows_legend: true,
            shows_reading_order: false,
            shows_heat: false,
            shows_tags: true,
            hidden_labels: BTreeSet::new(),
            inverts_pages: false,
            reduces_motion: false,
            recent: Vec::new(),
        }
    }
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// As the desktop is set.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Which recognizer converts, as saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnginePreference {
    /// The model when one is loaded, else the text layer.
    #[default]
    Auto,
    /// The page's own text.
    TextLayer,
    /// The loaded model.
    Model,
}

/// What computes, as saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DevicePreference {
    /// A GPU that this build can use, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
    /// Apple's GPU.
    Metal,
}

/// How exactly a model's numbers are kept, as saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// What suits the device.
    #[default]
    Auto,
    /// 32 bits, as the reference.
    F32,
    /// 16 bits, more digits.
    F16,
    /// 16 bits, more range.
    Bf16,
}

impl DevicePreference {
    /// Every choice, in the order of menus.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Cpu, Self::Cuda, Self::Metal];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Auto => "Automatic",
            Self::Cpu => "Processor",
            Self::Cuda => "NVIDIA GPU",
            Self::Metal => "Apple GPU",
        }
    }
}

impl Precision {
    /// Every choice, in the order of menus.
    pub const ALL: [Self; 4] = [Self::Auto, Self::F32, Self::F16, Self::Bf16];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Auto => "Automatic",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}

impl Settings {
    /// What a file says, which may have been written by hand or be damaged: numbers that nobody can choose are those
    /// next to them.
    #[must_use]
    pub fn within_limits(mut self) -> Self {
        let (least, most) = (*PANE_FRACTIONS.start(), *PANE_FRACTIONS.end());
        // Not `clamp`, which leaves what is no number as it is.
        self.pane_fraction = self.pane_fraction.max(least).min(most);
        self.num_threads = self.num_threads.map(|num_threads| num_threads.clamp(1, MAX_THREADS));
        self.recent.truncate(MAX_RECENT);
        self
    }

    /// Where and how exactly the model computes, in the engine's terms.
    pub fn model_settings(&self) -> ModelSettings {
        ModelSettings {
            device: match self.device {
                DevicePreference::Auto => DeviceChoice::Auto,
                DevicePreference::Cpu => DeviceChoice::Cpu,
                DevicePreference::Cuda => DeviceChoice::Cuda(0),
                DevicePreference::Metal => DeviceChoice::Metal,
            },
            dtype: match self.precision {
                Precision::Auto => DtypeChoice::Auto,
                Precision::F32 => DtypeChoice::F32,
                Precision::F16 => DtypeChoice::F16,
                Precision::Bf16 => DtypeChoice::Bf16,
            },
            vision_int16: self.vision_int16,
            text_q8_0: self.text_q8_0,
            idle_unload: self.idle_unload_minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes))),
        }
    }

    /// Lists a folder with a model from now on.
    pub fn remember_model_folder(&mut self, folder: PathBuf) {
        if !self.model_folders.contains(&folder) {
            self.model_folders.push(folder);
        }
    }

    /// The engine's word for the chosen recognizer.
    pub fn engine_choice(&self) -> EngineChoice {
        match self.engine {
            EnginePreference::Auto => EngineChoice::Auto,
            EnginePreference::TextLayer => EngineChoice::TextLayer,
            EnginePreference::Model => EngineChoice::Model,
        }
    }

    /// How a model generates.
    pub fn generation(&self) -> GenerationSettings {
        GenerationSettings { max_new_tokens: self.max_new_tokens, ..GenerationSettings::default() }
    }

    /// Boxes of the label are shown.
    pub fn shows_label(&self, label: Label) -> bool {
        !self.hidden_labels.contains(label.tag())
    }

    /// Shows the boxes of a label, or no longer.
    pub fn toggle_label(&mut self, label: Label) {
        if !self.hidden_labels.remove(label.tag()) {
            self.hidden_labels.insert(label.tag().to_owned());
        }
    }

    /// Puts a document at the head of the recent ones.
    pub fn remember_recent(&mut self, path: PathBuf) {
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(MAX_RECENT);
    }
}

impl ThemeChoice {
    /// Every choice, in the order of menus.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Egui's word for it.
    pub fn preference(self) -> egui::ThemePreference {
        match self {
            Self::System => egui::ThemePreference::System,
            Self::Light => egui::ThemePreference::Light,
            Self::Dark => egui::ThemePreference::Dark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_an_older_version_still_load() {
        let old: Settings = serde_json::from_str(r#"{"theme":"Dark","unknown":3}"#).unwrap();
        assert_eq!(old, Settings { theme: ThemeChoice::Dark, ..Settings::default() });
    }

    #[test]
    fn numbers_that_nobody_can_choose_are_mended() {
        let check = |json: &str, expected: Settings| {
            let settings: Settings = serde_json::from_str(json).unwrap();
            assert_eq!(settings.within_limits(), expected, "{json}");
        };
        let threads = |num_threads| Settings { num_threads: Some(num_threads), ..Settings::default() };
        check(r#"{"num_threads":18446744073709551615}"#, threads(MAX_THREADS));
        check(r#"{"num_threads":0}"#, threads(1));
        let pane = |pane_fraction| Settings { pane_fraction, ..Settings::default() };
        check(r#"{"pane_fraction":-1e300}"#, pane(0.1));
        assert_eq!(pane(f32::NAN).within_limits(), pane(0.1));
        assert_eq!(pane(0.3).within_limits(), pane(0.3));
    }

    #[test]
    fn recent_documents_are_few_distinct_and_newest_first() {
        let mut settings = Settings::default();
        for number in 0..20 {
            settings.remember_recent(PathBuf::from(format!("{number}.pdf")));
        }
        settings.remember_recent(PathBuf::from("15.pdf"));
        assert_eq!(settings.recent.len(), MAX_RECENT);
        assert_eq!(settings.recent[0], PathBuf::from("15.pdf"));
        assert_eq!(settings.recent[1], PathBuf::from("19.pdf"));
        assert_eq!(settings.recent.iter().filter(|path| path.ends_with("15.pdf")).count(), 1);
    }

    #[test]
    fn a_label_is_hidden_and_shown_again() {
        let mut settings = Settings::default();
        settings.toggle_label(Label::Table);
        assert!(!settings.shows_label(Label::Table) && settings.shows_label(Label::Text));
        settings.toggle_label(Label::Table);
        assert!(settings.shows_label(Label::Table));
    }
}
