//! The model manager: what is here, what can be had, which one is in use.

use egui::{Align, CornerRadius, Layout, Margin, RichText, ScrollArea, TextEdit, Ui};

use super::super::command::{Command, CommandSender, ModelCommand};
use super::super::controls::{dot, icon_button, primary_button, secondary, titled_window};
use super::super::icons;
use super::super::state::{AppState, Check, Download, DownloadState, ModelState, SubWindow};
use super::super::theme::{self, Palette};
use super::model_banner::{amount_words, progress_ui, running_words};
use crate::engine::event::ModelInfo;
use crate::engine::model_library::{InstalledModel, ModelEntry, ModelOrigin, Verification};
use crate::engine::user_message::display_bytes;

/// The window and what is half typed in it.
#[derive(Debug, Default)]
pub(crate) struct ModelsWindow {
    repository: String,
}

impl ModelsWindow {
    /// Draws the window when it is open.
    pub(crate) fn ui(&mut self, ui: &Ui, state: &AppState, commands: &CommandSender) {
        if state.sub_window != Some(SubWindow::Models) {
            return;
        }
        let acts = |ui: &mut Ui| {
            if icon_button(ui, icons::REFRESH_CW, "Look again", None).clicked() {
                commands.send(ModelCommand::List);
            }
        };
        let content = |ui: &mut Ui, room: f32| {
            ui.add_space(theme::space::S);
            let height = (room - 120.0).max(160.0);
            ScrollArea::vertical().max_height(height).show(ui, |ui| list_ui(ui, state, commands));
            ui.add_space(theme::space::M);
            self.others_ui(ui, state, commands);
        };
        if titled_window(ui, "Models", 640.0, acts, content) {
            commands.send(Command::CloseSubWindow);
        }
    }

    /// Models that are not in the list: a folder, or a repository on the hub.
    fn others_ui(&mut self, ui: &mut Ui, state: &AppState, commands: &CommandSender) {
        ui.horizontal(|ui| {
            if ui.button("Choose folder…").on_hover_text("A folder in the Hugging Face layout").clicked() {
                commands.send(ModelCommand::PickFolder);
            }
            let name = self.repository.trim().to_owned();
            let field = TextEdit::singleline(&mut self.repository)
                .hint_text("owner/name of a repository")
                .margin(Margin::symmetric(8, 6))
                .desired_width(220.0);
            let response = ui.add(field);
            response.widget_info(|| {
                let mut info =
                    egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Repository on the hub");
                info.current_text_value = Some(self.repository.clone());
                info
            });
            let is_ready = name.contains('/');
            if ui.add_enabled(is_ready, egui::Button::new("Download")).clicked() {
                commands.send(ModelCommand::Download(name));
                self.repository.clear();
            }
        });
        if let Some(folder) = &state.models.folder {
            ui.add_space(theme::space::XS);
            let words = secondary(ui, format!("Downloads go to {}", folder.display()));
            ui.add(egui::Label::new(words.text_style(theme::bar_text_style())).truncate());
        }
    }
}

fn list_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let Some(entries) = &state.models.entries else {
        ui.vertical_centered(|ui| {
            ui.add_space(theme::space::XL);
            ui.spinner();
            let words = secondary(ui, "Looking for models on this computer");
            ui.label(words);
            ui.add_space(theme::space::XL);
        });
        return;
    };
    if let Some(download) = &state.models.download
        && state.models.entry(&download.id).is_none()
    {
        frame_ui(ui, |ui| download_ui(ui, download, &download.id, commands));
        ui.add_space(theme::space::S);
    }
    for entry in entries.iter() {
        card_ui(ui, state, entry, commands);
        ui.add_space(theme::space::S);
    }
}

fn frame_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let palette = Palette::of_ui(ui);
    egui::Frame::new()
        .fill(palette.pane)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            content(ui);
        });
}

fn card_ui(ui: &mut Ui, state: &AppState, entry: &ModelEntry, commands: &CommandSender) {
    frame_ui(ui, |ui| {
        let in_use = entry.installed.as_ref().and_then(|installed| in_use(state, installed));
        ui.horizontal(|ui| {
            ui.label(RichText::new(&entry.name).font(theme::strong(14.0)));
            if entry.is_default {
                let words = secondary(ui, "recommended").text_style(theme::bar_text_style());
                ui.label(words);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                status_ui(ui, state, entry, in_use.is_some());
            });
        });
        if !entry.summary.is_empty() {
            ui.add(egui::Label::new(&entry.summary).wrap());
        }
        let facts = secondary(ui, facts(entry)).text_style(theme::bar_text_style());
        ui.add(egui::Label::new(facts).wrap());
        if let Some(installed) = &entry.installed {
            installed_ui(ui, state, entry, installed, in_use, commands);
        }
        let download = state.models.download.as_ref().filter(|download| download.id == entry.id);
        match (download, &entry.installed) {
            (Some(download), _) => download_ui(ui, download, &entry.name, commands),
            (None, None) => offer_ui(ui, entry, commands),
            (None, Some(_)) => {}
        }
    });
}

/// Size, memory, languages and licence, as far as they are known.
fn facts(entry: &ModelEntry) -> String {
    let facts = [
        (entry.num_parameters > 0).then(|| format!("{:.0} M parameters", entry.num_parameters as f64 / 1e6)),
        entry.weight_memory_bytes().map(|bytes| format!("{} of memory in f32", display_bytes(bytes))),
        (!entry.languages.is_empty()).then(|| entry.languages.join(", ")),
        (!entry.licence.is_empty()).then(|| entry.licence.clone()),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What is known about the model if it is the one that is loaded.
fn in_use<'a>(state: &'a AppState, installed: &InstalledModel) -> Option<&'a ModelInfo> {
    match &state.model {
        ModelState::Ready(info) if info.folder == installed.folder => Some(info),
        _ => None,
    }
}

fn is_loading(state: &AppState, installed: &InstalledModel) -> bool {
    matches!(&state.model, ModelState::Loading { folder, .. } if *folder == installed.folder)
}

/// A dot and a word: in use, loading, installed, unusable, not here.
fn status_ui(ui: &mut Ui, state: &AppState, entry: &ModelEntry, is_in_use: bool) {
    let palette = Palette::of_ui(ui);
    let (color, words) = match &entry.installed {
        Some(_) if is_in_use => (palette.success, "in use".to_owned()),
        Some(installed) if is_loading(state, installed) => (palette.warning, "loading".to_owned()),
        Some(installed) if installed.problem.is_some() => (palette.danger, "cannot be used".to_owned()),
        Some(installed) => (palette.accent, format!("installed, {}", display_bytes(installed.size_bytes))),
        None if entry.unfinished_bytes > 0 => {
            (palette.warning, format!("{} of it here", display_bytes(entry.unfinished_bytes)))
        }
        None => (palette.edge, "not installed".to_owned()),
    };
    let words = secondary(ui, words).text_style(theme::bar_text_style());
    ui.label(words);
    dot(ui, color);
}

fn installed_ui(
    ui: &mut Ui,
    state: &AppState,
    entry: &ModelEntry,
    installed: &InstalledModel,
    in_use: Option<&ModelInfo>,
    commands: &CommandSender,
) {
    let origin = match installed.origin {
        ModelOrigin::Downloaded => "Downloaded to",
        ModelOrigin::HubCache => "In the cache that the hub's programs share,",
        ModelOrigin::Folder => "Your folder",
        ModelOrigin::Carried => "Comes with Doclens, unpacked to",
    };
    let place = secondary(ui, format!("{origin} {}", installed.folder.display()));
    ui.add(egui::Label::new(place.text_style(theme::bar_text_style())).truncate());
    if let Some(info) = in_use {
        let words = format!(
            "Computes on {} in {}, loaded in {:.1} s",
            info.device,
            info.dtype,
            info.load_time.as_secs_f64()
        );
        let words = secondary(ui, words).text_style(theme::bar_text_style());
        ui.label(words);
    }
    if let Some(problem) = &installed.problem {
        let words = RichText::new(&problem.summary).color(Palette::of_ui(ui).danger);
        let response = ui.add(egui::Label::new(words).wrap());
        if let Some(details) = &problem.details {
            response.on_hover_text(details);
        }
    }
    if let Some(check) = state.models.checks.get(&installed.folder) {
        check_ui(ui, check);
    }
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        if state.models.removal.as_ref() == Some(&entry.id) {
            removal_ui(ui, entry, installed, commands);
            return;
        }
        if in_use.is_some() {
            if ui.button("Unload").on_hover_text("Gives its memory back").clicked() {
                commands.send(ModelCommand::Unload);
            }
        } else if installed.problem.is_none() {
            let is_free = !is_loading(state, installed);
            ui.add_enabled_ui(is_free, |ui| {
                if primary_button(ui, None, "Use").clicked() {
                    commands.send(ModelCommand::Load(installed.folder.clone()));
                }
            });
        }
        let is_checking = matches!(state.models.checks.get(&installed.folder), Some(Check::Running));
        let verify = egui::Button::new("Verify");
        let verify = ui.add_enabled(!is_checking, verify);
        if verify.on_hover_text("Reads every file again and compares it with its checksum").clicked() {
            commands.send(ModelCommand::Verify(installed.folder.clone()));
        }
        match installed.origin {
            ModelOrigin::Downloaded => {
                if ui.button("Remove…").clicked() {
                    commands.send(ModelCommand::AskToRemove(Some(entry.id.clone())));
                }
            }
            ModelOrigin::Folder => {
                if ui.button("Forget").on_hover_text("Takes it out of this list; the folder stays").clicked()
                {
                    commands.send(ModelCommand::ForgetFolder(installed.folder.clone()));
                }
            }
            ModelOrigin::HubCache | ModelOrigin::Carried => {}
        }
    });
}

fn removal_ui(ui: &mut Ui, entry: &ModelEntry, installed: &InstalledModel, commands: &CommandSender) {
    ui.label(format!("Remove it and free {}?", display_bytes(installed.size_bytes)));
    if ui.button("Remove").clicked() {
        commands.send(ModelCommand::Remove(entry.id.clone()));
    }
    if ui.button("Keep").clicked() {
        commands.send(ModelCommand::AskToRemove(None));
    }
}

fn check_ui(ui: &mut Ui, check: &Check) {
    let palette = Palette::of_ui(ui);
    let (color, words) = match check {
        Check::Running => {
            ui.horizontal(|ui| {
                ui.spinner();
                let words = secondary(ui, "Reading every file again");
                ui.label(words);
            });
            return;
        }
        Check::Failed(message) => (palette.danger, message.summary.clone()),
        Check::Done(found) if !found.damaged.is_empty() => {
            let words =
                format!("Damaged: {}. Remove the model and download it again", found.damaged.join(", "));
            (palette.danger, words)
        }
        Check::Done(found) => (palette.success, verified_words(found)),
    };
    ui.add(egui::Label::new(RichText::new(words).color(color)).wrap());
}

fn verified_words(found: &Verification) -> String {
    match (found.published.len(), found.recorded.len()) {
        (0, 0) => "Settings, tokenizer and every tensor are right; its place keeps no checksums".to_owned(),
        (published, 0) => format!("Verified: all {published} files are as published"),
        (published, recorded) => format!(
            "Verified: {published} files are as published, {recorded} as they were when they were downloaded"
        ),
    }
}

fn offer_ui(ui: &mut Ui, entry: &ModelEntry, commands: &CommandSender) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        let words = match (entry.unfinished_bytes, entry.download_bytes) {
            (0, 0) => "Download".to_owned(),
            (0, bytes) => format!("Download {}", display_bytes(bytes)),
            _ => "Go on downloading".to_owned(),
        };
        if ui.button(words).clicked() {
            commands.send(ModelCommand::Download(entry.id.clone()));
        }
        if entry.unfinished_bytes > 0 && ui.button("Discard").clicked() {
            commands.send(ModelCommand::Remove(entry.id.clone()));
        }
    });
}

fn download_ui(ui: &mut Ui, download: &Download, name: &str, commands: &CommandSender) {
    ui.add_space(2.0);
    match &download.state {
        DownloadState::Running(_) => {
            progress_ui(ui, download, &format!("Downloading {name}"), running_words(download));
        }
        DownloadState::Stopping { .. } => {
            progress_ui(ui, download, &format!("Downloading {name}"), "stopping".to_owned());
        }
        DownloadState::Paused => progress_ui(ui, download, "Paused", amount_words(download)),
        DownloadState::Failed(message) => {
            let color = Palette::of_ui(ui).danger;
            ui.add(egui::Label::new(RichText::new(&message.summary).color(color)).wrap());
            if let Some(hint) = &message.hint {
                let hint = secondary(ui, hint);
                ui.add(egui::Label::new(hint).wrap());
            }
        }
    }
    ui.horizontal(|ui| match &download.state {
        DownloadState::Running(_) => {
            if ui.button("Pause").clicked() {
                commands.send(ModelCommand::PauseDownload);
            }
            if ui.button("Cancel").on_hover_text("Removes what has come").clicked() {
                commands.send(ModelCommand::DiscardDownload);
            }
        }
        DownloadState::Stopping { .. } => {}
        DownloadState::Paused | DownloadState::Failed(_) => {
            let words = if matches!(download.state, DownloadState::Paused) { "Go on" } else { "Try again" };
            if primary_button(ui, None, words).clicked() {
                commands.send(ModelCommand::Download(download.id.clone()));
            }
            if ui.button("Discard").on_hover_text("Removes what has come").clicked() {
                commands.send(ModelCommand::DiscardDownload);
            }
        }
    });
}
