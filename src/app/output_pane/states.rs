//! What the pane says when there is no document to show, and the ribbons above one that ended early.

use egui::{
    Align, Color32, CornerRadius, FontId, Frame, Layout, Margin, RichText, Sense, Ui, WidgetInfo, vec2,
};

use super::input::{Offer, PageState, PaneAction, PaneInput};
use crate::app::icons;
use crate::app::theme::{self, Palette, space};
use crate::engine::event::{Progress, Stage, StopReason};
use crate::engine::user_message::{UserMessage, display_wait};

/// Widest line of a message in the middle of the pane.
const MESSAGE_WIDTH: f32 = 380.0;

/// Fills the pane while there is nothing to read.
pub(super) fn empty_ui(ui: &mut Ui, input: &PaneInput<'_>, actions: &mut Vec<PaneAction>) {
    let palette = Palette::of_ui(ui);
    match input.state {
        PageState::NoPage => {}
        PageState::NotConverted { offer: Offer::Convert { engine_name } } => {
            let words =
                format!("{engine_name} would read it: its headings, lists and tables, to copy and to save");
            message_ui(ui, icons::SCAN_TEXT, palette.secondary, "Not converted yet", &words, |ui| {
                button_with_key_ui(
                    ui,
                    "Convert this page",
                    input.convert_key,
                    PaneAction::ConvertPage,
                    actions,
                );
            });
        }
        PageState::NotConverted { offer: Offer::NeedsModel { is_garbled, model_name, model_size } } => {
            needs_model_ui(ui, input, is_garbled, model_name, model_size, actions);
        }
        PageState::Queued { num_ahead } => {
            let words = match num_ahead {
                Some(1) => "One page goes first".to_owned(),
                Some(pages @ 2..) => format!("{pages} pages go first"),
                Some(0) | None => "It is next".to_owned(),
            };
            message_ui(ui, icons::CLOCK, palette.secondary, "Waiting to be converted", &words, |ui| {
                if ui.button("Cancel").clicked() {
                    actions.push(PaneAction::Cancel);
                }
            });
        }
        PageState::Running { progress } => working_ui(ui, progress, actions),
        PageState::Done { stop_reason: StopReason::Blank, .. } => {
            let words = "It shows nothing, so the model was not asked";
            message_ui(ui, icons::FILE_TEXT, palette.secondary, "This page is blank", words, |_ui| {});
        }
        PageState::Done { .. } => {
            let words =
                format!("{} found nothing to read on it", nonempty(input.engine_name, "The recognizer"));
            message_ui(ui, icons::FILE_TEXT, palette.secondary, "This page is empty", &words, |ui| {
                if ui.button("Convert again").clicked() {
                    actions.push(PaneAction::ConvertPage);
                }
            });
        }
        PageState::Failed { message } => {
            let words = message.hint.as_deref().unwrap_or_default();
            message_ui(ui, icons::CIRCLE_ALERT, palette.danger, &message.summary, words, |ui| {
                if primary_button(ui, "Try again") {
                    actions.push(PaneAction::ConvertPage);
                }
                if let Some(details) = &message.details {
                    ui.add_space(space::S);
                    ui.collapsing("Details", |ui| {
                        ui.add(egui::Label::new(RichText::new(details).monospace()).wrap().selectable(true));
                    });
                }
            });
        }
    }
}

fn needs_model_ui(
    ui: &mut Ui,
    input: &PaneInput<'_>,
    is_garbled: bool,
    model_name: Option<&str>,
    model_size: Option<&str>,
    actions: &mut Vec<PaneAction>,
) {
    let palette = Palette::of_ui(ui);
    let title =
        if is_garbled { "This page's text cannot be trusted" } else { "This page has no text of its own" };
    let why = if is_garbled {
        "Its characters carry no meaning in the file, only shapes."
    } else {
        "It is a scan or a picture."
    };
    let words = format!(
        "{why} A model reads what can be seen: headings, lists, tables, formulas and code, each with its place on the page"
    );
    message_ui(ui, icons::SCAN, palette.secondary, title, &words, |ui| {
        match model_name {
            Some(name) => {
                if primary_button(ui, &format!("Get {name}")) {
                    actions.push(PaneAction::GetModel);
                }
                if let Some(size) = model_size {
                    secondary_ui(ui, &format!("{size}, kept on this computer"));
                }
            }
            None => {
                if primary_button(ui, "Choose a model…") {
                    actions.push(PaneAction::GetModel);
                }
            }
        }
        if is_garbled {
            ui.add_space(space::S);
            if ui.button("Convert anyway").on_hover_text(input.convert_key).clicked() {
                actions.push(PaneAction::ConvertPage);
            }
        }
    });
}

fn working_ui(ui: &mut Ui, progress: Option<&Progress>, actions: &mut Vec<PaneAction>) {
    let palette = Palette::of_ui(ui);
    let words = progress.map_or_else(|| "Starting".to_owned(), |progress| stage_words(progress.stage));
    message_ui(ui, icons::LOADER_CIRCLE, palette.accent, "Reading this page", &words, |ui| {
        let fraction = progress.and_then(|progress| progress.fraction);
        if let Some(fraction) = fraction {
            progress_ui(ui, fraction);
        }
        if let Some(remaining) = progress.and_then(|progress| progress.remaining) {
            secondary_ui(ui, &format!("About {} left", display_wait(remaining)));
        }
        ui.add_space(space::S);
        if ui.button("Cancel").clicked() {
            actions.push(PaneAction::Cancel);
        }
    });
}

/// A quiet bar in the middle of its line.
fn progress_ui(ui: &mut Ui, fraction: f32) {
    let palette = Palette::of_ui(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(220.0, 6.0), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Progress of this page"));
    ui.painter().rect_filled(rect, 3.0, palette.pressed);
    let mut done = rect;
    done.set_width((rect.width() * fraction.clamp(0.0, 1.0)).max(6.0));
    ui.painter().rect_filled(done, 3.0, palette.accent);
}

/// What a recognition is doing, for people.
pub(super) fn stage_words(stage: Stage) -> String {
    match stage {
        Stage::LoadingModel => "Loading the model".to_owned(),
        Stage::Rendering => "Drawing the page".to_owned(),
        Stage::Encoding { done, total } => {
            format!("Looking at the page, part {} of {total}", (done + 1).min(total))
        }
        Stage::Prefilling => "Preparing to write".to_owned(),
        Stage::Decoding => "Writing".to_owned(),
    }
}

/// Says why the document below may not be all of the page, and what can be done.
pub(super) fn ribbon_ui(ui: &mut Ui, input: &PaneInput<'_>, actions: &mut Vec<PaneAction>) {
    match input.state {
        PageState::Done { stop_reason: StopReason::TokenLimit, can_continue, .. } => {
            let act = can_continue.then_some(("Continue", PaneAction::Continue));
            warning_ui(ui, "Stopped at the token limit: the rest of the page is missing", act, actions);
        }
        PageState::Done { stop_reason: StopReason::Loop, was_rescued, .. } => {
            let words = if was_rescued {
                "The model repeated itself: what it had not reached was read by itself"
            } else {
                "The model repeated itself and was stopped: the rest of the page may be missing"
            };
            warning_ui(ui, words, None, actions);
        }
        PageState::Done { stop_reason: StopReason::Cancelled, .. } => {
            let act = Some(("Convert again", PaneAction::ConvertPage));
            warning_ui(ui, "Cancelled: this is what had been read", act, actions);
        }
        PageState::Failed { message } => failure_ui(ui, message, actions),
        PageState::Queued { .. } => {
            let palette = Palette::of_ui(ui);
            let look = RibbonLook { icon: icons::CLOCK, ink: palette.secondary, fill: palette.code_fill };
            ribbon(
                ui,
                &look,
                "Waiting to be converted again",
                Some(("Cancel", PaneAction::Cancel)),
                None,
                actions,
            );
        }
        PageState::NoPage
        | PageState::NotConverted { .. }
        | PageState::Running { .. }
        | PageState::Done { stop_reason: StopReason::End | StopReason::Blank, .. } => {}
    }
}

fn warning_ui(ui: &mut Ui, words: &str, act: Option<(&str, PaneAction)>, actions: &mut Vec<PaneAction>) {
    let palette = Palette::of_ui(ui);
    let look = RibbonLook { icon: icons::TRIANGLE_ALERT, ink: palette.warning, fill: palette.warning_fill };
    ribbon(ui, &look, words, act, None, actions);
}

fn failure_ui(ui: &mut Ui, message: &UserMessage, actions: &mut Vec<PaneAction>) {
    let palette = Palette::of_ui(ui);
    let look = RibbonLook { icon: icons::CIRCLE_ALERT, ink: palette.danger, fill: palette.danger_fill };
    let hover =
        [message.hint.as_deref(), message.details.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let hover = (!hover.is_empty()).then(|| hover.join("\n\n"));
    let act = Some(("Try again", PaneAction::ConvertPage));
    ribbon(ui, &look, &message.summary, act, hover.as_deref(), actions);
}

struct RibbonLook {
    icon: &'static str,
    ink: Color32,
    fill: Color32,
}

fn ribbon(
    ui: &mut Ui,
    look: &RibbonLook,
    words: &str,
    act: Option<(&str, PaneAction)>,
    hover: Option<&str>,
    actions: &mut Vec<PaneAction>,
) {
    let frame = Frame::NONE.fill(look.fill).inner_margin(Margin::symmetric(14, 4));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.set_min_height(theme::TOUCH_HEIGHT);
            ui.label(RichText::new(look.icon).font(FontId::new(15.0, theme::icon_family())).color(look.ink));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let action = act.and_then(|(verb, action)| ui.button(verb).clicked().then_some(action));
                actions.extend(action);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let label = ui.add(egui::Label::new(words).wrap());
                    if let Some(hover) = hover {
                        label.on_hover_text(hover);
                    }
                });
            });
        });
    });
}

/// A drawing, a title, a sentence and what can be done, in the middle of the pane.
pub(super) fn message_ui(
    ui: &mut Ui,
    icon: &str,
    icon_color: Color32,
    title: &str,
    words: &str,
    add_acts: impl FnOnce(&mut Ui),
) {
    let palette = Palette::of_ui(ui);
    let width = (ui.available_width() - 2.0 * space::XL).min(MESSAGE_WIDTH);
    let above = (ui.available_height() * 0.28).min(220.0);
    ui.add_space(above);
    ui.vertical_centered(|ui| {
        ui.set_max_width(width);
        ui.spacing_mut().item_spacing.y = space::S;
        ui.label(RichText::new(icon).font(FontId::new(34.0, theme::icon_family())).color(icon_color));
        ui.add_space(space::XS);
        ui.add(egui::Label::new(RichText::new(title).font(theme::strong(17.0))).wrap());
        if !words.is_empty() {
            let text = RichText::new(words).font(FontId::proportional(14.0)).color(palette.secondary);
            ui.add(egui::Label::new(text.line_height(Some(21.0))).wrap());
        }
        ui.add_space(space::S);
        add_acts(ui);
    });
}

fn button_with_key_ui(
    ui: &mut Ui,
    words: &str,
    key: &str,
    action: PaneAction,
    actions: &mut Vec<PaneAction>,
) {
    if primary_button(ui, words) {
        actions.push(action);
    }
    if !key.is_empty() {
        secondary_ui(ui, key);
    }
}

fn secondary_ui(ui: &mut Ui, words: &str) {
    let color = Palette::of_ui(ui).secondary;
    ui.label(RichText::new(words).font(FontId::proportional(12.0)).color(color));
}

/// The one button of a state that is the obvious next step.
fn primary_button(ui: &mut Ui, words: &str) -> bool {
    let palette = Palette::of_ui(ui);
    let text = RichText::new(words).font(theme::strong(13.5)).color(palette.on_accent);
    let button = egui::Button::new(text)
        .fill(palette.accent)
        .stroke(egui::Stroke::NONE)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .min_size(vec2(140.0, 34.0));
    ui.add(button).clicked()
}

fn nonempty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
