//! The small windows that ask for one thing: a password, a page, pages, a path.

use std::path::PathBuf;

use egui::{Id, Modal, RichText, TextEdit, Ui};

use super::super::command::{Command, CommandSender, ViewCommand, parse_page_range};
use super::super::controls::{modal_frame, primary_button, secondary};
use super::super::icons;
use super::super::state::{AppState, PasswordRequest, SubWindow};
use super::super::theme::{self, Palette};
use crate::document::page::PageIndex;

const WIDTH: f32 = 360.0;

/// What has been typed so far.
#[derive(Default)]
pub(crate) struct Prompts {
    text: String,
    /// What `text` was typed for.
    subject: Option<Subject>,
    /// What was typed cannot be understood; said after the first try.
    is_wrong: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Password,
    Window(SubWindow),
}

impl Prompts {
    /// Draws the prompt that is open, if any.
    pub(crate) fn ui(&mut self, ui: &Ui, state: &AppState, commands: &CommandSender) {
        let subject = match (&state.password, state.sub_window) {
            (Some(_), _) => Some(Subject::Password),
            (
                None,
                Some(window @ (SubWindow::GoToPage | SubWindow::ConvertRange | SubWindow::OpenByPath)),
            ) => Some(Subject::Window(window)),
            (None, Some(SubWindow::Settings | SubWindow::Shortcuts | SubWindow::Models) | None) => None,
        };
        if subject != self.subject {
            // A password never stays in memory longer than its prompt.
            self.text = String::new();
            self.is_wrong = false;
            self.subject = subject;
        }
        match (subject, &state.password) {
            (Some(Subject::Password), Some(request)) => self.password_ui(ui, request, commands),
            (Some(Subject::Window(window)), _) => self.window_ui(ui, state, window, commands),
            _ => {}
        }
    }

    fn password_ui(&mut self, ui: &Ui, request: &PasswordRequest, commands: &CommandSender) {
        let modal = Modal::new(Id::unique("password")).frame(modal_frame(ui)).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH);
            ui.horizontal(|ui| {
                ui.label(RichText::new(icons::LOCK).font(theme::icon(18.0)));
                ui.label(RichText::new("This PDF is encrypted").font(theme::strong(15.0)));
            });
            ui.add_space(theme::space::XS);
            let words = secondary(ui, format!("Enter the password of {}", request.name));
            ui.add(egui::Label::new(words).wrap());
            ui.add_space(theme::space::S);
            let has_entered = self.field_ui(ui, "Password", "", true);
            if request.was_wrong && !request.is_trying {
                let color = Palette::of_ui(ui).danger;
                ui.label(RichText::new("That password does not fit").color(color));
            }
            ui.add_space(theme::space::S);
            let is_ready = !self.text.is_empty() && !request.is_trying;
            let words = if request.is_trying { "Opening…" } else { "Open" };
            let (goes, stops) = buttons_ui(ui, words, is_ready);
            if (goes || has_entered) && is_ready {
                commands.send(Command::SubmitPassword(std::mem::take(&mut self.text)));
            }
            stops
        });
        if modal.inner || modal.should_close() {
            commands.send(Command::DropPasswordRequest);
        }
    }

    fn window_ui(&mut self, ui: &Ui, state: &AppState, window: SubWindow, commands: &CommandSender) {
        let num_pages = state.document().map_or(0, super::super::state::DocumentState::num_pages);
        let (title, label, hint, action) = match window {
            SubWindow::GoToPage => ("Go to page", "Page number", format!("1 to {num_pages}"), "Go"),
            SubWindow::ConvertRange => ("Convert pages", "Pages", "1-3, 7".to_owned(), "Convert"),
            SubWindow::OpenByPath => {
                ("Open by path", "Path of a PDF or image", "/home/me/paper.pdf".to_owned(), "Open")
            }
            SubWindow::Settings | SubWindow::Shortcuts | SubWindow::Models => return,
        };
        let modal = Modal::new(Id::unique(title)).frame(modal_frame(ui)).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH);
            ui.label(RichText::new(title).font(theme::strong(15.0)));
            ui.add_space(theme::space::XS);
            let words = match window {
                SubWindow::OpenByPath => {
                    "This desktop shows no file dialog. Type where the file is, or drop it on the window"
                        .to_owned()
                }
                SubWindow::ConvertRange => format!("Of {num_pages} pages, as in 1-3, 7"),
                _ => format!("From 1 to {num_pages}"),
            };
            let words = secondary(ui, words);
            ui.add(egui::Label::new(words).wrap());
            ui.add_space(theme::space::S);
            let has_entered = self.field_ui(ui, label, &hint, false);
            if self.is_wrong {
                let color = Palette::of_ui(ui).danger;
                let words = match window {
                    SubWindow::OpenByPath => "Type a path",
                    _ => "There are no such pages",
                };
                ui.label(RichText::new(words).color(color));
            }
            ui.add_space(theme::space::S);
            let (goes, stops) = buttons_ui(ui, action, !self.text.trim().is_empty());
            if goes || has_entered {
                match meaning(&self.text, window, num_pages) {
                    Some(command) => {
                        commands.send(command);
                        commands.send(Command::CloseSubWindow);
                    }
                    None => self.is_wrong = true,
                }
            }
            stops
        });
        if modal.inner || modal.should_close() {
            commands.send(Command::CloseSubWindow);
        }
    }

    /// The text field, focused when it appears. Returns whether Enter was pressed.
    fn field_ui(&mut self, ui: &mut Ui, label: &str, hint: &str, is_password: bool) -> bool {
        let id = Id::unique("prompt field");
        let field = TextEdit::singleline(&mut self.text)
            .id(id)
            .password(is_password)
            .hint_text(hint)
            .margin(egui::Margin::symmetric(8, 6))
            .desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, label);
            if !is_password {
                info.current_text_value = Some(self.text.clone());
            }
            info
        });
        if response.changed() {
            self.is_wrong = false;
        }
        let has_entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        // On X11 a field that is focused before its window keeps winit busy: no key, click or focus comes
        // through any more. A file given at the start can ask for its password that early.
        let can_type = ui.input(|input| input.focused);
        if can_type && !response.has_focus() && !has_entered {
            response.request_focus();
        }
        has_entered
    }
}

/// The act and *Cancel*, at the right. Returns which was clicked.
fn buttons_ui(ui: &mut Ui, action: &str, is_ready: bool) -> (bool, bool) {
    let buttons = ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
        let goes = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, None, action).clicked()).inner;
        let stops = ui.button("Cancel").clicked();
        (goes, stops)
    });
    buttons.inner
}

fn meaning(text: &str, window: SubWindow, num_pages: usize) -> Option<Command> {
    match window {
        SubWindow::GoToPage => {
            let number: usize = text.trim().parse().ok()?;
            (1..=num_pages).contains(&number).then(|| ViewCommand::GoToPage(PageIndex(number - 1)).into())
        }
        SubWindow::ConvertRange => parse_page_range(text, num_pages).map(Command::ConvertPages),
        SubWindow::OpenByPath => {
            let path = text.trim().trim_matches('"').trim_start_matches("file://");
            (!path.is_empty()).then(|| Command::OpenFiles(vec![PathBuf::from(path)]))
        }
        SubWindow::Settings | SubWindow::Shortcuts | SubWindow::Models => None,
    }
}
