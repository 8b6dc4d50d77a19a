//! The bar at the bottom: what is being done, how far it is, how long still, and how to stop it.

use std::time::Duration;

use egui::{Align, Button, Layout, Panel, ProgressBar, RichText, Ui, vec2};

use super::super::command::{Command, CommandSender};
use super::super::controls::{named, secondary};
use super::super::icons;
use super::super::state::{AppState, ConversionStatus, DocumentState, ModelState, PageEntry};
use super::super::theme::{self, Palette};
use crate::document::page::PageIndex;
use crate::engine::event::{Progress, Stage, StopReason};
use crate::engine::user_message::display_wait;

const HEIGHT: f32 = 28.0;

/// Draws the bar.
pub(crate) fn ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let frame =
        egui::Frame::new().fill(Palette::of_ui(ui).window).inner_margin(egui::Margin::symmetric(12, 0));
    Panel::bottom("status bar").exact_size(HEIGHT).resizable(false).frame(frame).show(ui, |ui| {
        ui.style_mut().override_text_style = Some(theme::bar_text_style());
        ui.horizontal_centered(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(document) = state.document() {
                    summary_ui(ui, document);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| left_ui(ui, state, commands));
            });
        });
    });
}

fn left_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    if let Some(name) = state.jobs.opening().next() {
        ui.label(format!("Opening {name}"));
        return;
    }
    if let Some((page, running, progress)) = state.document().and_then(running) {
        conversion_ui(ui, page, running, progress, commands);
        return;
    }
    if let ModelState::Loading { folder, progress } = &state.model {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        ui.label(format!("Loading {name}"));
        if let Some(fraction) = progress.as_ref().and_then(|progress| progress.fraction) {
            bar(ui, fraction);
        }
        return;
    }
    if let Some((page, entry)) = state.page() {
        let words = secondary(ui, resting_words(page, entry));
        ui.add(egui::Label::new(words).truncate());
    }
}

/// The page that is being converted, how many are unfinished, and how far it is.
fn running(document: &DocumentState) -> Option<(PageIndex, usize, Option<&Progress>)> {
    let num_unfinished = document.unfinished().count();
    let running = document.unfinished().map(|(page, _)| page).find(|page| {
        document
            .page(*page)
            .is_some_and(|entry| matches!(entry.conversion.status, ConversionStatus::Running { .. }))
    });
    let page = running.or_else(|| document.unfinished().map(|(page, _)| page).next())?;
    let progress = document.page(page).and_then(|entry| entry.conversion.status.progress());
    Some((page, num_unfinished, progress))
}

fn conversion_ui(
    ui: &mut Ui,
    page: PageIndex,
    num_unfinished: usize,
    progress: Option<&Progress>,
    commands: &CommandSender,
) {
    ui.label(progress_words(page, progress));
    if let Some(fraction) = progress.and_then(|progress| progress.fraction) {
        bar(ui, fraction);
    }
    let atoms = (RichText::new(icons::X).font(theme::icon(12.0)), "Cancel");
    let button = Button::new(atoms).frame_when_inactive(false).min_size(vec2(0.0, 22.0)).gap(4.0);
    let response = ui.scope(|ui| {
        ui.spacing_mut().button_padding = vec2(6.0, 1.0);
        ui.spacing_mut().interact_size.y = 22.0;
        ui.add(button)
    });
    if named(response.inner, "Cancel", Some("Esc")).clicked() {
        commands.send(Command::CancelAll);
    }
    if num_unfinished > 1 {
        let words = secondary(ui, format!("{} more in line", num_unfinished - 1));
        ui.label(words);
    }
}

fn bar(ui: &mut Ui, fraction: f32) {
    let palette = Palette::of_ui(ui);
    ui.visuals_mut().extreme_bg_color = palette.pressed;
    let bar = ProgressBar::new(fraction)
        .desired_width(140.0)
        .desired_height(5.0)
        .corner_radius(3)
        .fill(palette.accent);
    let response = ui.add(bar);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Progress"));
}

/// What is being done to a page, as one line.
pub(crate) fn progress_words(page: PageIndex, progress: Option<&Progress>) -> String {
    let Some(progress) = progress else { return format!("Page {page}: waiting its turn") };
    let mut parts = vec![match progress.stage {
        Stage::LoadingModel => "loading the model".to_owned(),
        Stage::Rendering => "drawing".to_owned(),
        Stage::Encoding { done, total } => format!("looking at tile {} of {total}", (done + 1).min(total)),
        Stage::Prefilling => "preparing".to_owned(),
        Stage::Decoding => "reading".to_owned(),
    }];
    if progress.num_tokens > 0 {
        parts.push(format!("{} tokens", progress.num_tokens));
    }
    if let Some(rate) = progress.tokens_per_sec.filter(|rate| *rate > 0.0) {
        let rate = if rate < 9.95 { format!("{rate:.1}") } else { format!("{rate:.0}") };
        parts.push(format!("{rate} tok/s"));
    }
    if let Some(remaining) = progress.remaining {
        parts.push(format!("about {} left", display_wait(remaining)));
    }
    format!("Page {page}: {}", parts.join(" · "))
}

/// What is known about a page that nobody works on.
fn resting_words(page: PageIndex, entry: &PageEntry) -> String {
    let conversion = &entry.conversion;
    match &conversion.status {
        ConversionStatus::None | ConversionStatus::Queued(_) | ConversionStatus::Running { .. } => {
            format!("Page {page}: not converted")
        }
        ConversionStatus::Failed(message) => format!("Page {page}: {}", message.summary),
        ConversionStatus::Done(reason) => {
            let num_elements = conversion.tree.as_ref().map_or(0, |tree| tree.len());
            let how = match reason {
                StopReason::End => "",
                StopReason::TokenLimit => " · stopped at the token limit",
                StopReason::Loop => " · stopped repeating itself",
                StopReason::Blank => " · blank, so the model was not asked",
                StopReason::Cancelled => " · cancelled",
            };
            let by = conversion.recognition.as_ref().map(|recognition| {
                let total = recognition.timing.total();
                let time = if total < Duration::from_secs(1) {
                    format!("{} ms", total.as_millis().max(1))
                } else {
                    format!("{:.1} s", total.as_secs_f64())
                };
                let tokens = if recognition.tokens.is_empty() {
                    String::new()
                } else {
                    format!(" · {} tokens", recognition.tokens.len())
                };
                format!(" · {} · {time}{tokens}", recognition.engine_name)
            });
            let plural = if num_elements == 1 { "" } else { "s" };
            format!("Page {page}: {num_elements} element{plural}{}{how}", by.unwrap_or_default())
        }
    }
}

/// How far the whole document is.
fn summary_ui(ui: &mut Ui, document: &DocumentState) {
    let palette = Palette::of_ui(ui);
    let num_failed = document.num_failed();
    if num_failed > 0 {
        let plural = if num_failed == 1 { "" } else { "s" };
        ui.label(RichText::new(format!("{num_failed} error{plural}")).color(palette.danger));
        let dot = secondary(ui, "·");
        ui.label(dot);
    }
    let (num_done, num_pages) = (document.num_done(), document.num_pages());
    let plural = if num_pages == 1 { "" } else { "s" };
    let words = if num_done == 0 {
        format!("{num_pages} page{plural}")
    } else {
        format!("{num_done} of {num_pages} page{plural} converted")
    };
    let words = secondary(ui, words);
    ui.label(words);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(progress: Option<&Progress>, expected: &str) {
        assert_eq!(progress_words(PageIndex(1), progress), expected);
    }

    #[test]
    fn progress_is_said_in_one_line() {
        check(None, "Page 2: waiting its turn");
        check(
            Some(&Progress {
                stage: Stage::Decoding,
                fraction: Some(0.5),
                num_tokens: 412,
                tokens_per_sec: Some(61.2),
                remaining: Some(Duration::from_secs(9)),
            }),
            "Page 2: reading · 412 tokens · 61 tok/s · about 9 s left",
        );
        check(
            Some(&Progress {
                stage: Stage::Encoding { done: 3, total: 13 },
                fraction: None,
                num_tokens: 0,
                tokens_per_sec: None,
                remaining: Some(Duration::from_secs(150)),
            }),
            "Page 2: looking at tile 4 of 13 · about 3 min left",
        );
    }
}
