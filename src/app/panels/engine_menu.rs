//! The chip that says what would read a page now, and its menu.

use egui::{Button, RichText, Ui, vec2};

use super::super::command::{Command, CommandSender, ModelCommand, SettingCommand};
use super::super::controls::{menu_entry, named, secondary};
use super::super::icons;
use super::super::settings::EnginePreference;
use super::super::state::{AppState, ModelState, Reader, SubWindow};
use super::super::theme::{self, Palette, TOUCH_HEIGHT};

/// Draws the chip.
pub(crate) fn ui(ui: &mut Ui, state: &AppState, is_narrow: bool, commands: &CommandSender) {
    let palette = Palette::of_ui(ui);
    let reader = state.reader();
    let (color, hover) = match &reader {
        Reader::TextLayer => (palette.success, "Pages are read from their own text"),
        Reader::Model(_) => (palette.success, "Pages are read by the model"),
        Reader::ModelLoading => (palette.warning, "The model is being loaded"),
        Reader::ModelMissing => (palette.danger, "The model is chosen, and none is loaded"),
    };
    let max_chars = if is_narrow { 12 } else { 26 };
    let dot = RichText::new("●").size(10.0).color(color);
    let chevron = RichText::new(icons::CHEVRON_DOWN).font(theme::icon(12.0));
    let button = Button::new((dot, shortened(reader.words(), max_chars), chevron))
        .min_size(vec2(0.0, TOUCH_HEIGHT))
        .gap(6.0);
    let (response, _) =
        egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| menu_ui(ui, state, commands));
    let response = response.on_hover_text(hover);
    named(response, &format!("Engine: {}", reader.words()), None);
}

fn menu_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    ui.set_min_width(260.0);
    let chosen = state.settings.engine;
    let check = |engine| (chosen == engine).then_some(icons::CHECK);
    heading(ui, "Pages are read by");
    let automatic = menu_entry(ui, check(EnginePreference::Auto), "Automatic", None);
    if automatic.on_hover_text("The model when one is loaded, else the page's own text").clicked() {
        commands.send(SettingCommand::UseEngine(EnginePreference::Auto));
    }
    let text_layer = menu_entry(ui, check(EnginePreference::TextLayer), "Text layer", None);
    if text_layer
        .on_hover_text("The text that the PDF itself carries: instant, and nothing on scans")
        .clicked()
    {
        commands.send(SettingCommand::UseEngine(EnginePreference::TextLayer));
    }
    let model = menu_entry(ui, check(EnginePreference::Model), "Model", None);
    if model.on_hover_text("Looks at the pixels: reads scans, formulas and tables").clicked() {
        commands.send(SettingCommand::UseEngine(EnginePreference::Model));
    }
    ui.separator();
    heading(ui, "Model");
    model_ui(ui, state, commands);
    ui.separator();
    if menu_entry(ui, Some(icons::SETTINGS), "Settings", None).clicked() {
        commands.send(Command::Open(SubWindow::Settings));
    }
}

fn model_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    match &state.model {
        ModelState::Ready(info) => {
            let words = format!(
                "{} · {:.0} M parameters\n{} · {} · loaded in {:.1} s",
                info.name,
                info.num_parameters as f64 / 1e6,
                info.device,
                info.dtype,
                info.load_time.as_secs_f64()
            );
            note(ui, &words);
            if menu_entry(ui, Some(icons::X), "Unload", None).on_hover_text("Gives its memory back").clicked()
            {
                commands.send(ModelCommand::Unload);
            }
        }
        ModelState::Loading { folder, progress } => {
            let percent = progress.as_ref().and_then(|progress| progress.fraction);
            let percent = percent.map(|fraction| format!(" · {:.0} %", 100.0 * fraction)).unwrap_or_default();
            note(ui, &format!("Loading {}{percent}", folder.display()));
        }
        ModelState::Recording { name } => note(ui, &format!("{name} is played in a model's place")),
        ModelState::Failed { message, .. } => note(ui, &message.summary),
        ModelState::Missing => {
            note(ui, "None is loaded");
            if let Some(folder) = &state.settings.model_folder {
                let name = folder
                    .file_name()
                    .map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
                if menu_entry(ui, Some(icons::CPU), &format!("Load {name}"), None).clicked() {
                    commands.send(ModelCommand::Load(folder.clone()));
                }
            }
        }
    }
    if menu_entry(ui, Some(icons::FOLDER_OPEN), "Load from folder…", None).clicked() {
        commands.send(ModelCommand::PickFolder);
    }
    if menu_entry(ui, Some(icons::HARD_DRIVE_DOWNLOAD), "Models…", None).clicked() {
        commands.send(Command::Open(SubWindow::Models));
    }
}

fn heading(ui: &mut Ui, words: &str) {
    let words = secondary(ui, words).font(theme::strong(11.5));
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.label(words);
    });
}

fn note(ui: &mut Ui, words: &str) {
    let words = secondary(ui, words);
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.vertical(|ui| ui.label(words));
    });
}

/// The first characters of a name that is too long for its place.
fn shortened(words: &str, max_chars: usize) -> String {
    if words.chars().count() <= max_chars {
        return words.to_owned();
    }
    let mut short: String = words.chars().take(max_chars.saturating_sub(1)).collect();
    short.push('…');
    short
}
