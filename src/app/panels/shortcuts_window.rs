//! The sheet of keys.

use egui::{Grid, RichText, ScrollArea, Ui, vec2};

use super::super::command::{Command, CommandSender};
use super::super::controls::{secondary, titled_window};
use super::super::shortcuts::{GESTURES, Group, SHORTCUTS, key_words};
use super::super::state::{AppState, SubWindow};
use super::super::theme::{self, Palette};

/// Draws the sheet when it is open.
pub(crate) fn ui(ui: &Ui, state: &AppState, commands: &CommandSender) {
    if state.sub_window != Some(SubWindow::Shortcuts) {
        return;
    }
    let content = |ui: &mut Ui, room: f32| {
        ui.add_space(theme::space::S);
        let height = room.max(200.0);
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            if ui.available_width() < 620.0 {
                for group in Group::ALL {
                    group_ui(ui, group);
                }
                return;
            }
            ui.columns(2, |columns| {
                if let [left, right] = columns {
                    group_ui(left, Group::View);
                    group_ui(left, Group::Convert);
                    group_ui(right, Group::Document);
                    group_ui(right, Group::Elements);
                }
            });
        });
    };
    if titled_window(ui, "Keys", 760.0, |_| {}, content) {
        commands.send(Command::CloseSubWindow);
    }
}

fn group_ui(ui: &mut Ui, group: Group) {
    ui.label(RichText::new(group.words()).font(theme::strong(13.0)).color(Palette::of_ui(ui).accent));
    // Lines of text, not controls: no touch height.
    ui.spacing_mut().interact_size.y = 18.0;
    Grid::new(group.words()).num_columns(2).spacing(vec2(16.0, 6.0)).min_col_width(130.0).show(ui, |ui| {
        for shortcut in SHORTCUTS.iter().filter(|shortcut| shortcut.group == group) {
            let keys: Vec<String> =
                shortcut.keys.iter().take(2).map(|key| key_words(ui.ctx(), key)).collect();
            row_ui(ui, &keys.join(" or "), shortcut.words);
        }
        for (_, keys, words) in GESTURES.iter().filter(|(of, _, _)| *of == group) {
            row_ui(ui, keys, words);
        }
    });
    ui.add_space(theme::space::L);
}

fn row_ui(ui: &mut Ui, keys: &str, words: &str) {
    let keys = secondary(ui, keys);
    ui.label(keys);
    ui.label(words);
    ui.end_row();
}
