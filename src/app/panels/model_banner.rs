//! The quiet bar below the top bar: a model is offered while there is none, and how its download goes.

use egui::{Align, Layout, Margin, Panel, ProgressBar, RichText, Ui};

use super::super::command::{Command, CommandSender, ModelCommand, SettingCommand};
use super::super::controls::{icon_button, icon_label, primary_button, secondary};
use super::super::icons;
use super::super::state::{AppState, Download, DownloadState, SubWindow};
use super::super::theme::{self, Palette};
use crate::engine::model_library::{DownloadProgress, ModelEntry};
use crate::engine::user_message::{UserMessage, display_bytes, display_wait};

const OFFLINE_HINT: &str = "Without a network: copy the model's folder from another computer, then choose it under \
Models or drop it on this window";

/// Draws the bar while there is something to say.
pub(crate) fn ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let offered =
        state.models.offered().filter(|_| state.settings.offers_model && state.models.are_none_here());
    if state.models.download.is_none() && offered.is_none() {
        return;
    }
    let palette = Palette::of_ui(ui);
    let has_failed = matches!(&state.models.download, Some(Download { state: DownloadState::Failed(_), .. }));
    let fill = if has_failed { palette.danger_fill } else { palette.pane };
    let frame = egui::Frame::new().fill(fill).inner_margin(Margin::symmetric(12, 8));
    Panel::top("model banner").resizable(false).frame(frame).show(ui, |ui| {
        // The acts stand at the right, so that words are cut where there is no room for both.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_height(theme::TOUCH_HEIGHT);
            match (&state.models.download, offered) {
                (Some(download), _) => download_ui(ui, state, download, commands),
                (None, Some(entry)) => offer_ui(ui, state, entry, commands),
                (None, None) => {}
            }
        });
    });
}

fn offer_ui(ui: &mut Ui, state: &AppState, entry: &ModelEntry, commands: &CommandSender) {
    if icon_button(ui, icons::X, "Do not offer this again", None).clicked() {
        commands.send(SettingCommand::SetModelOffer(false));
    }
    if ui.button("Other models…").clicked() {
        commands.send(Command::Open(SubWindow::Models));
    }
    let size = display_bytes(entry.download_bytes);
    if primary_button(ui, None, &format!("Download {size}")).on_hover_text(OFFLINE_HINT).clicked() {
        commands.send(ModelCommand::Download(entry.id.clone()));
    }
    let folder = state.models.folder.as_ref().map(|folder| format!("to {}", folder.display()));
    let facts = [Some(entry.licence.clone()), Some("stays on this computer".to_owned()), folder];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    words_ui(ui, icons::HARD_DRIVE_DOWNLOAD, |ui| {
        let title = format!("{} reads scans, tables, formulas and code", entry.name);
        ui.add(egui::Label::new(RichText::new(title).font(theme::strong(13.0))).truncate());
        let facts = secondary(ui, facts).text_style(theme::bar_text_style());
        ui.add(egui::Label::new(facts).truncate()).on_hover_text(OFFLINE_HINT);
    });
}

fn download_ui(ui: &mut Ui, state: &AppState, download: &Download, commands: &CommandSender) {
    let name = state.models.entry(&download.id).map_or(download.id.as_str(), |entry| entry.name.as_str());
    match &download.state {
        DownloadState::Running(_) => {
            if ui.button("Cancel").on_hover_text("Removes what has come").clicked() {
                commands.send(ModelCommand::DiscardDownload);
            }
            if ui
                .button("Pause")
                .on_hover_text("What has come is kept, also when Doclens is closed")
                .clicked()
            {
                commands.send(ModelCommand::PauseDownload);
            }
            words_ui(ui, icons::DOWNLOAD, |ui| {
                progress_ui(ui, download, &format!("Downloading {name}"), running_words(download));
            });
        }
        DownloadState::Stopping { .. } => words_ui(ui, icons::DOWNLOAD, |ui| {
            progress_ui(ui, download, &format!("Downloading {name}"), "stopping".to_owned());
        }),
        DownloadState::Paused => {
            rest_ui(ui, download, "Go on", commands);
            words_ui(ui, icons::CLOCK, |ui| {
                progress_ui(ui, download, &format!("Download of {name} paused"), amount_words(download));
            });
        }
        DownloadState::Failed(message) => {
            rest_ui(ui, download, "Try again", commands);
            if ui.button("Choose folder…").on_hover_text(OFFLINE_HINT).clicked() {
                commands.send(ModelCommand::PickFolder);
            }
            words_ui(ui, icons::CIRCLE_ALERT, |ui| failure_ui(ui, message));
        }
    }
}

fn rest_ui(ui: &mut Ui, download: &Download, words: &str, commands: &CommandSender) {
    if ui.button("Discard").on_hover_text("Removes what has come").clicked() {
        commands.send(ModelCommand::DiscardDownload);
    }
    if primary_button(ui, None, words).clicked() {
        commands.send(ModelCommand::Download(download.id.clone()));
    }
}

/// An icon and words at the left, in what room the acts have left.
fn words_ui(ui: &mut Ui, icon: &str, words: impl FnOnce(&mut Ui)) {
    let palette = Palette::of_ui(ui);
    let color = if icon == icons::CIRCLE_ALERT { palette.danger } else { palette.accent };
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        icon_label(ui, icon, color);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            words(ui);
        });
    });
}

fn failure_ui(ui: &mut Ui, message: &UserMessage) {
    let summary = RichText::new(&message.summary).font(theme::strong(13.0));
    let response = ui.add(egui::Label::new(summary).wrap());
    if let Some(details) = &message.details {
        response.on_hover_text(details);
    }
    if let Some(hint) = &message.hint {
        let hint = secondary(ui, hint).text_style(theme::bar_text_style());
        ui.add(egui::Label::new(hint).wrap());
    }
}

/// A name, a bar and numbers; also for the model manager.
pub(crate) fn progress_ui(ui: &mut Ui, download: &Download, title: &str, numbers: String) {
    let palette = Palette::of_ui(ui);
    ui.add(egui::Label::new(RichText::new(title).font(theme::strong(13.0))).truncate());
    ui.spacing_mut().interact_size.y = 16.0;
    ui.horizontal(|ui| {
        ui.visuals_mut().extreme_bg_color = palette.pressed;
        let bar = ProgressBar::new(download.fraction().unwrap_or_default())
            .desired_width(180.0)
            .desired_height(5.0)
            .corner_radius(3)
            .fill(palette.accent);
        let name = "Progress of the download";
        ui.add(bar).widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, name));
        let numbers = secondary(ui, numbers).text_style(theme::bar_text_style());
        let response = ui.add(egui::Label::new(numbers).truncate());
        if let Some(progress) = &download.progress {
            response.on_hover_ui(|ui| files_ui(ui, progress));
        }
    });
}

/// Each file and how much of it has come.
fn files_ui(ui: &mut Ui, progress: &DownloadProgress) {
    egui::Grid::new("files of the download").num_columns(2).show(ui, |ui| {
        for file in &progress.files {
            ui.label(&file.path);
            let size = file.size_bytes.map(|size| format!(" of {}", display_bytes(size))).unwrap_or_default();
            let words = secondary(ui, format!("{}{size}", display_bytes(file.done_bytes)));
            ui.label(words);
            ui.end_row();
        }
    });
}

/// "212 MB of 517 MB".
pub(crate) fn amount_words(download: &Download) -> String {
    download.progress.as_ref().map_or_else(String::new, |progress| {
        format!("{} of {}", display_bytes(progress.done_bytes), display_bytes(progress.total_bytes))
    })
}

/// "212 MB of 517 MB · 8.2 MB/s · about 40 s left".
pub(crate) fn running_words(download: &Download) -> String {
    let Some(progress) = &download.progress else { return "asking the server".to_owned() };
    if progress.failed_tries > 0 {
        return format!("{} · the connection broke, trying again", amount_words(download));
    }
    let speed = progress.bytes_per_sec.map(|speed| format!("{:.1} MB/s", speed / 1e6));
    let left = progress.remaining.map(|remaining| format!("about {} left", display_wait(remaining)));
    let parts = std::iter::once(amount_words(download)).chain(speed).chain(left);
    parts.collect::<Vec<_>>().join(" · ")
}
