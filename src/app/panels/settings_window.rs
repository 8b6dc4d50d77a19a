//! The settings.

use egui::{Id, Modal, RichText, ScrollArea, Ui, vec2};

use super::super::command::{Command, CommandSender, SettingCommand};
use super::super::controls::{icon_button, modal_frame, secondary};
use super::super::icons;
use super::super::settings::{EnginePreference, ThemeChoice};
use super::super::state::{AppState, SubWindow};
use super::super::theme;

/// Limits that can be chosen for the tokens of a page.
const TOKEN_LIMITS: [Option<usize>; 5] = [None, Some(1024), Some(2048), Some(4096), Some(8192)];

/// Draws the settings when they are open.
pub(crate) fn ui(ui: &Ui, state: &AppState, commands: &CommandSender) {
    if state.sub_window != Some(SubWindow::Settings) {
        return;
    }
    let modal = Modal::new(Id::unique("settings")).frame(modal_frame(ui)).show(ui.ctx(), |ui| {
        let room = ui.ctx().content_rect().size() - vec2(120.0, 140.0);
        ui.set_width(520.0_f32.min(room.x));
        let mut closes = false;
        ui.horizontal(|ui| {
            ui.label(RichText::new("Settings").font(theme::strong(17.0)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                closes = icon_button(ui, icons::X, "Close", Some("Esc")).clicked();
            });
        });
        let height = room.y.max(200.0);
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            window_ui(ui, state, commands);
            convert_ui(ui, state, commands);
            page_ui(ui, state, commands);
        });
        closes
    });
    if modal.inner || modal.should_close() {
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
    let words = "Takes a few seconds and some hundred megabytes of memory; the window stays usable meanwhile";
    check(ui, settings.loads_model_at_start, "Load the last model at start", words, |is_on| {
        commands.send(SettingCommand::SetLoadModelAtStart(is_on));
    });
    row(ui, "Tokens a page at most", |ui| {
        let words =
            |limit: Option<usize>| limit.map_or("As many as fit".to_owned(), |limit| limit.to_string());
        let combo = egui::ComboBox::from_id_salt("token limit").selected_text(words(settings.max_new_tokens));
        let response = combo.show_ui(ui, |ui| {
            for limit in TOKEN_LIMITS {
                if ui.selectable_label(settings.max_new_tokens == limit, words(limit)).clicked() {
                    commands.send(SettingCommand::SetTokenLimit(limit));
                }
            }
        });
        let named = response.response;
        named.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Tokens a page at most"));
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
