//! The bar at the top: documents, pages, zoom, engine, convert, more.

use egui::{Align, Button, Layout, Panel, RichText, Ui, vec2};

use super::super::command::{
    Command, CommandSender, CorrectCommand, GrabCommand, SettingCommand, Turn, ViewCommand, ZoomStep,
};
use super::super::controls::{
    bar_divider, icon_button, icon_button_if, icon_text_button, icon_toggle, menu_entry, named,
    paint_primary, secondary,
};
use super::super::icons;
use super::super::output_pane::ExportFormat;
use super::super::page_view::pan_zoom::ZoomMode;
use super::super::settings::ThemeChoice;
use super::super::shortcuts::key_of;
use super::super::state::{AppState, DocumentState, SubWindow};
use super::super::theme::{self, Palette, TOUCH_HEIGHT};
use super::engine_menu;
use crate::document::page::PageIndex;

/// What drawing an element is called among the keys.
const DRAW: &str = "Draw a new element";

const HEIGHT: f32 = 44.0;
/// Below this width words give way to icons.
const NARROW: f32 = 1000.0;

/// Draws the bar. `zoom` is that of the document that is shown.
pub(crate) fn ui(ui: &mut Ui, state: &AppState, zoom: Option<(f64, ZoomMode)>, commands: &CommandSender) {
    let palette = Palette::of_ui(ui);
    let frame = egui::Frame::new().fill(palette.window).inner_margin(egui::Margin::symmetric(8, 0));
    Panel::top("top bar").exact_size(HEIGHT).resizable(false).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = theme::space::XS;
        let is_narrow = ui.available_width() < NARROW;
        ui.horizontal_centered(|ui| {
            if let Some(document) = state.document() {
                document_ui(ui, state, document, zoom, is_narrow, commands);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                more_menu(ui, state, commands);
                if let Some(document) = state.document() {
                    let key = key_of(ui.ctx(), "Grab a table");
                    let is_on = state.is_grabbing;
                    if icon_toggle(ui, is_on, icons::TABLE, "Grab a table", key.as_deref()).clicked() {
                        commands.send(GrabCommand::Arm(!is_on));
                    }
                    if !is_narrow && document.converted().any(|(page, _)| page == document.current) {
                        let key = key_of(ui.ctx(), DRAW);
                        let is_on = state.is_drawing;
                        if icon_toggle(ui, is_on, icons::PENCIL, DRAW, key.as_deref()).clicked() {
                            commands.send(CorrectCommand::Draw(!is_on));
                        }
                    }
                    let key = key_of(ui.ctx(), "Show or hide the live pane");
                    let is_on = state.settings.shows_pane;
                    if icon_toggle(ui, is_on, icons::PANEL_RIGHT, "Live pane", key.as_deref()).clicked() {
                        commands.send(SettingCommand::TogglePane);
                    }
                    convert_button(ui, document, is_narrow, commands);
                }
                engine_menu::ui(ui, state, is_narrow, commands);
                title_ui(ui, state, commands);
            });
        });
    });
}

fn open_button(ui: &mut Ui, is_narrow: bool, commands: &CommandSender) {
    let key = key_of(ui.ctx(), "Open files");
    let response = if is_narrow {
        icon_button(ui, icons::FOLDER_OPEN, "Open…", key.as_deref())
    } else {
        icon_text_button(ui, icons::FOLDER_OPEN, "Open…", key.as_deref())
    };
    if response.clicked() {
        commands.send(Command::PickFiles);
    }
}

fn document_ui(
    ui: &mut Ui,
    state: &AppState,
    document: &DocumentState,
    zoom: Option<(f64, ZoomMode)>,
    is_narrow: bool,
    commands: &CommandSender,
) {
    let key = key_of(ui.ctx(), "Show or hide thumbnails");
    if icon_toggle(ui, state.settings.shows_thumbnails, icons::PANEL_LEFT, "Thumbnails", key.as_deref())
        .clicked()
    {
        commands.send(SettingCommand::ToggleThumbnails);
    }
    open_button(ui, is_narrow, commands);
    bar_divider(ui);
    pages_ui(ui, document, commands);
    bar_divider(ui);
    if let Some((zoom, mode)) = zoom {
        zoom_ui(ui, zoom, mode, commands);
    }
    if !is_narrow {
        let key = key_of(ui.ctx(), "Turn the page clockwise");
        if icon_button(ui, icons::ROTATE_CW, "Turn the page clockwise", key.as_deref()).clicked() {
            commands.send(ViewCommand::RotatePage(document.current, Turn::Clockwise));
        }
    }
}

fn pages_ui(ui: &mut Ui, document: &DocumentState, commands: &CommandSender) {
    let (page, num_pages) = (document.current, document.num_pages());
    let key = key_of(ui.ctx(), "Previous page");
    if icon_button_if(ui, page.0 > 0, icons::CHEVRON_LEFT, "Previous page", key.as_deref()).clicked() {
        commands.send(ViewCommand::GoToPage(PageIndex(page.0.saturating_sub(1))));
    }
    let words = format!("{page} / {num_pages}");
    let width = 26.0 + 14.0 * num_pages.to_string().len() as f32;
    let button = Button::new(words).frame_when_inactive(false).min_size(vec2(width, TOUCH_HEIGHT));
    let key = key_of(ui.ctx(), "Go to page…");
    let response = named(ui.add(button), "Go to page…", key.as_deref());
    let name = format!("Page {page} of {num_pages}, go to page…");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if response.clicked() {
        commands.send(Command::Open(SubWindow::GoToPage));
    }
    let key = key_of(ui.ctx(), "Next page");
    let has_next = page.0 + 1 < num_pages;
    if icon_button_if(ui, has_next, icons::CHEVRON_RIGHT, "Next page", key.as_deref()).clicked() {
        commands.send(ViewCommand::GoToPage(PageIndex(page.0 + 1)));
    }
}

fn zoom_ui(ui: &mut Ui, zoom: f64, mode: ZoomMode, commands: &CommandSender) {
    let key = key_of(ui.ctx(), "Zoom out");
    if icon_button(ui, icons::MINUS, "Zoom out", key.as_deref()).clicked() {
        commands.send(ViewCommand::Zoom(ZoomStep::Out));
    }
    let percent = format!("{:.0} %", 100.0 * zoom);
    let chevron = RichText::new(icons::CHEVRON_DOWN).font(theme::icon(12.0));
    let button = Button::new((percent, chevron))
        .frame_when_inactive(false)
        .min_size(vec2(74.0, TOUCH_HEIGHT))
        .gap(4.0);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        let ctx = ui.ctx().clone();
        for (words, step, shown_mode) in [
            ("Fit width", ZoomStep::FitWidth, ZoomMode::FitWidth),
            ("Fit page", ZoomStep::FitPage, ZoomMode::FitPage),
        ] {
            let icon = (mode == shown_mode).then_some(icons::CHECK);
            if menu_entry(ui, icon, words, key_of(&ctx, words).as_deref()).clicked() {
                commands.send(ViewCommand::Zoom(step));
            }
        }
        ui.separator();
        for percent in [50, 75, 100, 150, 200, 400] {
            let step = f64::from(percent) / 100.0;
            let is_now = mode == ZoomMode::Free && (zoom - step).abs() < 0.005;
            let key = if percent == 100 { key_of(&ctx, "Size on paper, 100 %") } else { None };
            let icon = is_now.then_some(icons::CHECK);
            if menu_entry(ui, icon, &format!("{percent} %"), key.as_deref()).clicked() {
                commands.send(ViewCommand::Zoom(ZoomStep::To(step)));
            }
        }
    });
    named(response, "Zoom", None);
    let key = key_of(ui.ctx(), "Zoom in");
    if icon_button(ui, icons::PLUS, "Zoom in", key.as_deref()).clicked() {
        commands.send(ViewCommand::Zoom(ZoomStep::In));
    }
}

/// The document's name in what is left of the middle; a menu when several are open.
fn title_ui(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let Some(document) = state.document() else { return };
    let room = ui.available_width();
    if room < 90.0 {
        return;
    }
    ui.with_layout(Layout::top_down(Align::Center).with_main_align(Align::Center), |ui| {
        ui.set_max_width(room);
        ui.add_space((ui.available_height() - TOUCH_HEIGHT) / 2.0);
        let name = RichText::new(&document.info.name).font(theme::strong(13.0));
        if state.documents.len() < 2 {
            let response = ui.add(Button::new(name).frame(false).truncate().sense(egui::Sense::hover()));
            response.on_hover_text(hover_words(document));
            return;
        }
        let chevron = RichText::new(icons::CHEVRON_DOWN).font(theme::icon(12.0));
        let button =
            Button::new((name, chevron)).frame_when_inactive(false).min_size(vec2(0.0, TOUCH_HEIGHT));
        let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
            for open in &state.documents {
                let icon = (open.id() == document.id()).then_some(icons::CHECK);
                if menu_entry(ui, icon, &open.info.name, None).clicked() {
                    commands.send(Command::ShowDocument(open.id()));
                }
            }
            ui.separator();
            let key = key_of(ui.ctx(), "Close the document");
            if menu_entry(ui, Some(icons::X), "Close the document", key.as_deref()).clicked() {
                commands.send(Command::CloseDocument(document.id()));
            }
        });
        named(response, "Open documents", None);
    });
}

fn hover_words(document: &DocumentState) -> String {
    let mut words = document.info.title.clone().unwrap_or_else(|| document.info.name.clone());
    if let Some(path) = &document.info.path {
        words.push('\n');
        words.push_str(&path.display().to_string());
    }
    words
}

/// *Convert* with its menu; *Cancel* while something is being converted.
fn convert_button(ui: &mut Ui, document: &DocumentState, is_narrow: bool, commands: &CommandSender) {
    let num_unfinished = document.unfinished().count();
    if num_unfinished > 0 {
        let words = if is_narrow { "Cancel" } else { "Cancel conversion" };
        let response = icon_text_button(
            ui,
            icons::SQUARE,
            words,
            key_of(ui.ctx(), "Cancel, then deselect, then close").as_deref(),
        );
        if response.clicked() {
            commands.send(Command::CancelAll);
        }
        return;
    }
    ui.scope(|ui| {
        paint_primary(ui);
        ui.spacing_mut().item_spacing.x = 1.0;
        let chevron = RichText::new(icons::CHEVRON_DOWN).font(theme::icon(14.0));
        let more = Button::new(chevron)
            .min_size(vec2(22.0, TOUCH_HEIGHT))
            .corner_radius(egui::CornerRadius { nw: 0, sw: 0, ne: theme::RADIUS, se: theme::RADIUS });
        ui.spacing_mut().button_padding.x = 4.0;
        let config = egui::containers::menu::MenuConfig::new();
        let (response, _) =
            egui::containers::menu::MenuButton::from_button(more).config(config).ui(ui, |ui| {
                ui.reset_style();
                egui::containers::menu::menu_style(ui.style_mut());
                convert_menu(ui, document, commands);
            });
        named(response, "More ways to convert", None);
        ui.spacing_mut().button_padding.x = 10.0;
        let words = if is_narrow { "Convert" } else { "Convert page" };
        let button = Button::new((RichText::new(icons::PLAY).font(theme::icon(14.0)), words))
            .min_size(vec2(0.0, TOUCH_HEIGHT))
            .corner_radius(egui::CornerRadius { nw: theme::RADIUS, sw: theme::RADIUS, ne: 0, se: 0 });
        let key = key_of(ui.ctx(), "Convert this page");
        if named(ui.add(button), "Convert page", key.as_deref()).clicked() {
            commands.send(Command::ConvertPage(document.current));
        }
    });
}

fn convert_menu(ui: &mut Ui, document: &DocumentState, commands: &CommandSender) {
    let ctx = ui.ctx().clone();
    let this = key_of(&ctx, "Convert this page");
    if menu_entry(ui, Some(icons::PLAY), "Convert this page", this.as_deref()).clicked() {
        commands.send(Command::ConvertPage(document.current));
    }
    let all = key_of(&ctx, "Convert all pages");
    let words = if document.num_pages() == 1 {
        "Convert all pages".to_owned()
    } else {
        format!("Convert all {} pages", document.num_pages())
    };
    if menu_entry(ui, Some(icons::LIST_VIDEO), &words, all.as_deref()).clicked() {
        commands.send(Command::ConvertAll);
    }
    if menu_entry(ui, None, "Convert pages…", None).clicked() {
        commands.send(Command::Open(SubWindow::ConvertRange));
    }
    if document.converted().next().is_some() {
        ui.separator();
        ui.menu_button("Characters of pages", |ui| super::characters::scope_entries(ui, commands));
    }
}

fn more_menu(ui: &mut Ui, state: &AppState, commands: &CommandSender) {
    let button = Button::new(RichText::new(icons::ELLIPSIS).font(theme::icon(16.0)))
        .frame_when_inactive(false)
        .min_size(vec2(TOUCH_HEIGHT, TOUCH_HEIGHT));
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        let ctx = ui.ctx().clone();
        let key = |words: &str| key_of(&ctx, words);
        if let Some(document) = state.document() {
            ui.menu_button("Save as", |ui| save_menu(ui, commands));
            ui.separator();
            view_entries(ui, state, document, commands);
            ui.separator();
            if menu_entry(ui, Some(icons::PENCIL), DRAW, key(DRAW).as_deref()).clicked() {
                commands.send(CorrectCommand::Draw(true));
            }
            if menu_entry(ui, Some(icons::X), "Close the document", key("Close the document").as_deref())
                .clicked()
            {
                commands.send(Command::CloseDocument(document.id()));
            }
            ui.separator();
        }
        ui.menu_button("Theme", |ui| {
            for theme in ThemeChoice::ALL {
                let icon = match theme {
                    ThemeChoice::System => icons::MONITOR,
                    ThemeChoice::Light => icons::SUN,
                    ThemeChoice::Dark => icons::MOON,
                };
                let is_now = state.settings.theme == theme;
                let icon = if is_now { icons::CHECK } else { icon };
                if menu_entry(ui, Some(icon), theme.words(), None).clicked() {
                    commands.send(SettingCommand::UseTheme(theme));
                }
            }
        });
        if menu_entry(ui, Some(icons::SETTINGS), "Settings", key("Settings").as_deref()).clicked() {
            commands.send(Command::Open(SubWindow::Settings));
        }
        if menu_entry(ui, Some(icons::KEYBOARD), "Keys", key("This sheet").as_deref()).clicked() {
            commands.send(Command::Open(SubWindow::Shortcuts));
        }
        let version = secondary(ui, format!("Doclens {}", env!("CARGO_PKG_VERSION")));
        ui.add_space(theme::space::XS);
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            ui.label(version.text_style(egui::TextStyle::Small));
        });
    });
    named(response, "More", None);
}

fn view_entries(ui: &mut Ui, state: &AppState, document: &DocumentState, commands: &CommandSender) {
    let ctx = ui.ctx().clone();
    let settings = &state.settings;
    let check = |is_on: bool| is_on.then_some(icons::CHECK);
    let entries: [(Option<&str>, &str, Command); 7] = [
        (check(settings.shows_legend), "Legend", SettingCommand::ToggleLegend.into()),
        (check(settings.shows_reading_order), "Reading order", SettingCommand::ToggleReadingOrder.into()),
        (check(settings.shows_heat), "Heat map of doubts", SettingCommand::ToggleHeat.into()),
        (check(settings.shows_tags), "Two-letter tags", SettingCommand::ToggleTags.into()),
        (check(settings.inverts_pages), "Pages light on dark", SettingCommand::ToggleInvertedPages.into()),
        (
            Some(icons::ROTATE_CW),
            "Turn the page clockwise",
            ViewCommand::RotatePage(document.current, Turn::Clockwise).into(),
        ),
        (
            Some(icons::ROTATE_CCW),
            "Turn the page anticlockwise",
            ViewCommand::RotatePage(document.current, Turn::Anticlockwise).into(),
        ),
    ];
    for (icon, words, command) in entries {
        if menu_entry(ui, icon, words, key_of(&ctx, words).as_deref()).clicked() {
            commands.send(command);
        }
    }
}

fn save_menu(ui: &mut Ui, commands: &CommandSender) {
    for format in ExportFormat::SAVED {
        if menu_entry(ui, None, &format!("{}…", format.words()), None).clicked() {
            commands.send(Command::SaveAs(format));
        }
    }
}
