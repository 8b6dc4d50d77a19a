//! The window without a document: where to drop one, how to open one, and what was open lately.

use std::path::Path;

use egui::{
    Align, Button, CentralPanel, CornerRadius, Layout, Rect, RichText, Role, ScrollArea, Stroke, Ui,
    UiBuilder, WidgetInfo, vec2,
};

use super::super::command::{Command, CommandSender};
use super::super::controls::{icon_button, icon_label, icon_text_button, primary_button, secondary};
use super::super::icons;
use super::super::shortcuts::key_of;
use super::super::state::{AppState, OpenFailure};
use super::super::theme::{self, Palette};

const WIDTH: f32 = 520.0;
const DROP_HEIGHT: f32 = 212.0;

/// Draws the screen into all of `ui`.
pub(crate) fn ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let frame = egui::Frame::new().fill(Palette::of_ui(ui).window);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        let room = ui.available_rect_before_wrap();
        let width = WIDTH.min(room.width() - 32.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let num_recent = state.settings.recent.len().min(6);
            let height = DROP_HEIGHT + if num_recent > 0 { 56.0 + 36.0 * num_recent as f32 } else { 0.0 };
            ui.add_space(((room.height() - height) * 0.42).max(24.0));
            ui.horizontal(|ui| {
                ui.add_space((room.width() - width) / 2.0);
                ui.vertical(|ui| {
                    ui.set_width(width);
                    if let Some(failure) = &state.open_failure {
                        failure_ui(ui, failure);
                        ui.add_space(theme::space::L);
                    }
                    drop_zone_ui(ui, state, commands);
                    recent_ui(ui, state, commands);
                });
            });
            ui.add_space(24.0);
        });
    });
}

fn drop_zone_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let palette = Palette::of_ui(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), DROP_HEIGHT), egui::Sense::hover());
    dashed_frame(ui, rect, palette);
    let inner = ui.new_child(
        UiBuilder::new().max_rect(rect.shrink(theme::space::XL)).layout(Layout::top_down(Align::Center)),
    );
    let mut ui = inner;
    let ui = &mut ui;
    ui.add_space(theme::space::S);
    ui.label(RichText::new(icons::FILE_TEXT).font(theme::icon(36.0)).color(palette.secondary));
    ui.add_space(theme::space::S);
    if let Some(name) = state.jobs.opening().next() {
        ui.label(RichText::new(format!("Opening {name}")).font(theme::strong(17.0)));
        ui.add_space(theme::space::M);
        ui.spinner();
        return;
    }
    ui.label(RichText::new("Drop a PDF or a scan, or open one").font(theme::strong(17.0)));
    ui.add_space(theme::space::XS);
    let words = secondary(ui, "It becomes Markdown, HTML, JSON or DocTags, and you watch it happen");
    ui.label(words);
    ui.add_space(theme::space::L);
    let middle = egui::pos2(rect.center().x, ui.cursor().top() + theme::TOUCH_HEIGHT / 2.0);
    let row = Rect::from_center_size(middle, vec2(buttons_width(ui), theme::TOUCH_HEIGHT));
    ui.scope_builder(UiBuilder::new().max_rect(row).layout(Layout::left_to_right(Align::Center)), |ui| {
        let key = key_of(ui.ctx(), "Open files");
        if primary_button(ui, Some(icons::FOLDER_OPEN), "Open…")
            .on_hover_text(key.unwrap_or_default())
            .clicked()
        {
            commands.send(Command::PickFiles);
        }
        if icon_text_button(ui, icons::FILE_TEXT, "Try the sample", None).clicked() {
            commands.send(Command::OpenSample);
        }
        if icon_text_button(ui, icons::IMAGE, "Try a scan", None).clicked() {
            commands.send(Command::OpenSampleScan);
        }
    });
}

/// Width of the three buttons with their icons, paddings and the space between.
fn buttons_width(ui: &Ui) -> f32 {
    let text = |words: &str| {
        let font = egui::TextStyle::Button.resolve(ui.style());
        ui.painter().layout_no_wrap(words.to_owned(), font, theme::INK).size().x
    };
    let around = 2.0 * ui.spacing().button_padding.x + ui.spacing().icon_spacing + 15.0;
    let words: f32 = ["Open…", "Try the sample", "Try a scan"].into_iter().map(text).sum();
    words + 3.0 * around + 2.0 * ui.spacing().item_spacing.x
}

fn dashed_frame(ui: &Ui, rect: Rect, palette: &Palette) {
    ui.painter().rect_filled(rect, CornerRadius::same(12), palette.pane);
    let rect = rect.shrink(0.5);
    let path = rounded_outline(rect, 12.0);
    let stroke = Stroke::new(1.5, palette.secondary.gamma_multiply(0.5));
    ui.painter().extend(egui::Shape::dashed_line(&path, stroke, 6.0, 5.0));
}

/// The outline of a rectangle with round corners, as a closed line.
fn rounded_outline(rect: Rect, radius: f32) -> Vec<egui::Pos2> {
    use std::f32::consts::{FRAC_PI_2, PI};
    let centers = [
        (rect.right_top() + vec2(-radius, radius), -FRAC_PI_2),
        (rect.right_bottom() + vec2(-radius, -radius), 0.0),
        (rect.left_bottom() + vec2(radius, -radius), FRAC_PI_2),
        (rect.left_top() + vec2(radius, radius), PI),
    ];
    let mut points: Vec<egui::Pos2> = centers
        .iter()
        .flat_map(|(center, from)| {
            (0..=6).map(move |step| {
                let angle = from + FRAC_PI_2 * step as f32 / 6.0;
                *center + radius * vec2(angle.cos(), angle.sin())
            })
        })
        .collect();
    points.extend(points.first().copied());
    points
}

fn failure_ui(ui: &mut Ui, failure: &OpenFailure) {
    let palette = Palette::of_ui(ui);
    egui::Frame::new()
        .fill(palette.danger_fill)
        .corner_radius(CornerRadius::same(8))
        .inner_margin(egui::Margin::symmetric(16, 12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                icon_label(ui, icons::CIRCLE_ALERT, palette.danger);
                ui.vertical(|ui| {
                    let is_named = failure.message.summary.contains(&failure.name);
                    if !is_named {
                        let title = RichText::new(format!("{} could not be opened", failure.name));
                        ui.add(egui::Label::new(title.font(theme::strong(13.0))).wrap());
                    }
                    let summary = RichText::new(&failure.message.summary);
                    let summary = if is_named { summary.font(theme::strong(13.0)) } else { summary };
                    ui.add(egui::Label::new(summary).wrap());
                    if let Some(hint) = &failure.message.hint {
                        let hint = secondary(ui, hint);
                        ui.add(egui::Label::new(hint).wrap());
                    }
                    if let Some(details) = &failure.message.details {
                        ui.collapsing("Details", |ui| {
                            let details = RichText::new(details).monospace().size(11.0);
                            ui.add(egui::Label::new(details).wrap().selectable(true));
                        });
                    }
                });
            });
        });
}

fn recent_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    if state.settings.recent.is_empty() {
        return;
    }
    ui.add_space(theme::space::XL);
    let words = secondary(ui, "Recent").font(theme::strong(12.0));
    ui.label(words);
    ui.add_space(theme::space::XS);
    ui.spacing_mut().item_spacing.y = 2.0;
    for path in &state.settings.recent {
        recent_row_ui(ui, path, commands);
    }
}

fn recent_row_ui(ui: &mut Ui, path: &Path, commands: &CommandSender) {
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let folder = path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
    let is_image = path.extension().is_some_and(|extension| !extension.eq_ignore_ascii_case("pdf"));
    let icon = if is_image { icons::IMAGE } else { icons::FILE_TEXT };
    ui.horizontal(|ui| {
        let width = ui.available_width() - 36.0;
        let folder = secondary(ui, shortened_folder(&folder)).text_style(theme::bar_text_style());
        let button = Button::new((RichText::new(icon).font(theme::icon(15.0)), name.as_str()))
            .shortcut_text(folder)
            .frame_when_inactive(false)
            .truncate()
            .min_size(vec2(width, 32.0));
        let response = ui.add_sized(vec2(width, 32.0), button);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Open {name}")));
        if response.on_hover_text(path.display().to_string()).clicked() {
            commands.send(Command::OpenFiles(vec![path.to_path_buf()]));
        }
        if icon_button(ui, icons::X, &format!("Forget {name}"), None).clicked() {
            commands.send(Command::ForgetRecent(path.to_path_buf()));
        }
    });
}

/// The end of a folder's path, which tells more than its beginning.
fn shortened_folder(folder: &str) -> String {
    const MAX_CHARS: usize = 36;
    let num_chars = folder.chars().count();
    if num_chars <= MAX_CHARS {
        return folder.to_owned();
    }
    let tail: String = folder.chars().skip(num_chars - MAX_CHARS + 1).collect();
    format!("…{tail}")
}
