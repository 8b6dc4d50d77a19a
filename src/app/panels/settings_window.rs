//! The settings.

use egui::{RichText, ScrollArea, Ui};

use super::super::command::{Command, CommandSender, ModelCommand, SettingCommand};
use super::super::controls::{secondary, titled_window};
use super::super::settings::{DevicePreference, EnginePreference, Precision, ThemeChoice};
use super::super::state::{AppState, SubWindow};
use super::super::theme;
use crate::engine::model_library::ModelEntry;

/// Limits that can be chosen for the tokens of a page.
const TOKEN_LIMITS: [Option<usize>; 5] = [None, Some(1024), Some(2048), Some(4096), Some(8192)];

/// Draws the settings when they are open.
pub(crate) fn ui(ui: &Ui, state: &AppState, commands: &CommandSender) {
    if state.sub_window != Some(SubWindow::Settings) {
        return;
    }
    let content = |ui: &mut Ui, room: f32| {
        let height = room.max(200.0);
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            // The scroll bar floats over the right edge.
            ui.set_max_width(ui.available_width() - theme::space::M);
            window_ui(ui, state, commands);
            convert_ui(ui, state, commands);
            model_ui(ui, state, commands);
            page_ui(ui, state, commands);
        });
    };
    if titled_window(ui, "Settings", 520.0, |_| {}, content) {
        commands.send(Command::CloseSubWindow);
    }
}

fn window_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let settings = &state.settings;
    section(ui, "Window");
    row(ui, "Theme", |ui| {
        for theme in ThemeChoice::ALL.into_iter().rev() {
            if ui.selectable_label(settings.theme == theme, theme.words()).clicked() {
                commands.send(SettingCommand::UseTheme(theme));
            }
        }
    });
    check(
        ui,
        settings.reduces_motion,
        "Reduce motion",
        "Boxes appear at once instead of fading in",
        |is_on| {
            commands.send(SettingCommand::SetReducedMotion(is_on));
        },
    );
}

fn convert_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let settings = &state.settings;
    section(ui, "Converting");
    row(ui, "Pages are read by", |ui| {
        for (engine, words) in [
            (EnginePreference::Model, "Model"),
            (EnginePreference::TextLayer, "Text layer"),
            (EnginePreference::Auto, "Automatic"),
        ] {
            if ui.selectable_label(settings.engine == engine, words).clicked() {
                commands.send(SettingCommand::UseEngine(engine));
            }
        }
    });
    let words = "Each page is read from its own text as soon as you look at it. The model's result replaces the preview";
    check(ui, settings.previews_text_layer, "Preview pages by their text layer", words, |is_on| {
        commands.send(SettingCommand::SetTextPreview(is_on));
    });
    let words = "What the model has read is there again when you open the document again, on this computer only. Unchecking this removes everything that is kept";
    check(ui, settings.keeps_readings, "Keep pages that were read", words, |is_on| {
        commands.send(SettingCommand::KeepReadings(is_on));
    });
}

fn model_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let settings = &state.settings;
    section(ui, "Model");
    model_choice_ui(ui, state, commands);
    let words = "Takes a few seconds and some hundred megabytes of memory; the window stays usable meanwhile";
    check(ui, settings.loads_model_at_start, "Load the model at start", words, |is_on| {
        commands.send(SettingCommand::SetLoadModelAtStart(is_on));
    });
    let words = |limit: Option<usize>| limit.map_or("As many as fit".to_owned(), |limit| limit.to_string());
    let hover = "A page that is not finished by then keeps what it has. Ordinary pages take 500 to 3000";
    choice(ui, "Tokens a page at most", hover, &TOKEN_LIMITS, settings.max_new_tokens, words, |limit| {
        commands.send(SettingCommand::SetTokenLimit(limit));
    });
    let hover =
        "Automatic takes a GPU that this build can use, else the processor. A loaded model is loaded again";
    choice(ui, "Computes on", hover, &DevicePreference::ALL, settings.device, words_of_device, |device| {
        commands.send(SettingCommand::UseDevice(device));
    });
    let hover = "f32 computes as the reference does. f16 and bf16 take half the memory, and are slower on most processors and faster on GPUs. Automatic: f32 on a processor, bf16 on a GPU";
    let words = |precision: Precision| precision.words().to_owned();
    choice(ui, "Numbers", hover, &Precision::ALL, settings.precision, words, |precision| {
        commands.send(SettingCommand::UsePrecision(precision));
    });
    quantization_ui(ui, state, commands);
    let num_cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads: Vec<Option<usize>> = std::iter::once(None).chain((1..num_cores).map(Some)).collect();
    let words =
        |threads: Option<usize>| threads.map_or("One a core".to_owned(), |threads| threads.to_string());
    let hover = "Fewer leave room for other programs. Holds from the next start of Doclens";
    choice(ui, "Threads", hover, &threads, settings.num_threads, words, |num_threads| {
        commands.send(SettingCommand::SetThreads(num_threads));
    });
    let words = |minutes: Option<u32>| minutes.map_or("Never".to_owned(), |minutes| format!("{minutes} min"));
    let hover = "A model that nobody uses gives its memory back, and is read again before the next page";
    let choices = [None, Some(5), Some(15), Some(60)];
    choice(ui, "Free its memory after", hover, &choices, settings.idle_unload_minutes, words, |minutes| {
        commands.send(SettingCommand::SetIdleUnload(minutes));
    });
    let words = "A line below the top bar while no model is on this computer. Nothing is downloaded unasked";
    check(ui, settings.offers_model, "Offer a model", words, |is_on| {
        commands.send(SettingCommand::SetModelOffer(is_on));
    });
}

/// Which weights are held in fewer bits: each with what that was measured to do.
fn quantization_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let settings = &state.settings;
    let words = "16-bit fixed point: two thirds of the time, about as exact as f16. Models that were measured wrote the same tokens, with embeddings off by 0.02 %";
    let (vision_int16, text_q8_0) = (settings.vision_int16, settings.text_q8_0);
    check(ui, vision_int16, "Faster vision on a processor", words, |vision_int16| {
        commands.send(SettingCommand::Quantize { vision_int16, text_q8_0 });
    });
    let words = "Weights in 8 bits: half the memory for them. Trained models that were measured wrote the same tokens, with the first logits off by up to 2 %";
    check(ui, text_q8_0, "Faster writing on a processor", words, |text_q8_0| {
        commands.send(SettingCommand::Quantize { vision_int16, text_q8_0 });
    });
}

/// Which of the models that are here is loaded, now and at the next start.
fn model_choice_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    row(ui, "Default model", |ui| {
        if ui.button("Models…").clicked() {
            commands.send(Command::Open(SubWindow::Models));
        }
        let entries = state.models.entries.as_deref().unwrap_or_default();
        let usable = || entries.iter().filter(|entry| entry.is_usable());
        let folder_of =
            |entry: &ModelEntry| entry.installed.as_ref().map(|installed| installed.folder.clone());
        let chosen = usable().find(|entry| folder_of(entry) == state.settings.model_folder);
        let words = chosen.map_or("None", |entry| entry.name.as_str());
        let combo = egui::ComboBox::from_id_salt("default model").selected_text(words);
        let response = combo.show_ui(ui, |ui| {
            for entry in usable() {
                let is_chosen = chosen.is_some_and(|chosen| chosen.id == entry.id);
                if ui.selectable_label(is_chosen, &entry.name).clicked()
                    && let Some(folder) = folder_of(entry)
                {
                    commands.send(ModelCommand::Load(folder));
                }
            }
        });
        let name = "Default model";
        response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
    });
}

fn words_of_device(device: DevicePreference) -> String {
    device.words().to_owned()
}

/// A name at the left, explained on hover, and a list of choices at the right.
fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    hover: &str,
    choices: &[T],
    chosen: T,
    words: impl Fn(T) -> String,
    on_choice: impl Fn(T),
) {
    ui.horizontal(|ui| {
        ui.label(name).on_hover_text(hover);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let combo = egui::ComboBox::from_id_salt(name).selected_text(words(chosen));
            let response = combo.show_ui(ui, |ui| {
                for &choice in choices {
                    if ui.selectable_label(choice == chosen, words(choice)).clicked() {
                        on_choice(choice);
                    }
                }
            });
            let response = response.response.on_hover_text(hover);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
        });
    });
}

fn page_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let settings = &state.settings;
    section(ui, "Page");
    check(
        ui,
        settings.shows_tags,
        "Two-letter tags at the boxes",
        "Labels can be told without their colours",
        |_| {
            commands.send(SettingCommand::ToggleTags);
        },
    );
    check(ui, settings.shows_reading_order, "Reading order", "Numbered discs joined by a line", |_| {
        commands.send(SettingCommand::ToggleReadingOrder);
    });
    check(ui, settings.shows_heat, "Heat map of doubts", "Boxes by how far they can be trusted", |_| {
        commands.send(SettingCommand::ToggleHeat);
    });
    check(
        ui,
        settings.inverts_pages,
        "Pages light on dark",
        "The page is inverted, not the document",
        |_| {
            commands.send(SettingCommand::ToggleInvertedPages);
        },
    );
    let words = "In the live pane and in what is saved as Markdown, HTML or text";
    check(ui, settings.shows_furniture, "Page headers and footers", words, |_| {
        commands.send(SettingCommand::ToggleFurniture);
    });
}

fn section(ui: &mut Ui, words: &str) {
    ui.add_space(theme::space::L);
    ui.label(RichText::new(words).font(theme::strong(13.0)));
    ui.separator();
}

/// A name at the left and its controls at the right, drawn from right to left.
fn row(ui: &mut Ui, name: &str, controls: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.label(name);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), controls);
    });
}

fn check(ui: &mut Ui, is_on: bool, name: &str, explanation: &str, on_change: impl FnOnce(bool)) {
    let mut is_now_on = is_on;
    if ui.checkbox(&mut is_now_on, name).changed() {
        on_change(is_now_on);
    }
    ui.horizontal_top(|ui| {
        ui.add_space(24.0);
        let words = secondary(ui, explanation).text_style(theme::bar_text_style());
        ui.add(egui::Label::new(words).wrap());
    });
    ui.add_space(theme::space::XS);
}
