//! The keys: one table for what they do, for the tooltips and for the help sheet.

use egui::text_selection::LabelSelectionState;
use egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

use super::command::{
    Command, CommandSender, CopyCommand, CorrectCommand, GrabCommand, Scope, SettingCommand, Turn,
    ViewCommand, ZoomStep,
};
use super::corrections::SelectedEdit;
use super::output_pane::ExportFormat;
use super::panels::element_editor::relabel_words;
use super::state::{AppState, SubWindow};
use crate::document::page::PageIndex;
use crate::engine::trust::Characters;
use crate::revision::ElementKind;

/// One act and its keys.
pub struct Shortcut {
    /// Any of these does it; the first one is shown.
    pub keys: &'static [KeyboardShortcut],
    /// What it does, for the help sheet.
    pub words: &'static str,
    /// Where it stands in the help sheet.
    pub group: Group,
    /// The command; `None` when there is nothing to do now.
    pub command: fn(&AppState) -> Option<Command>,
}

/// Headings of the help sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Opening, saving, the program.
    Document,
    /// Moving and zooming.
    View,
    /// Converting.
    Convert,
    /// Elements.
    Elements,
    /// Correcting.
    Correct,
}

impl Group {
    /// Every heading, in the order of the sheet.
    pub const ALL: [Self; 5] = [Self::Document, Self::View, Self::Convert, Self::Elements, Self::Correct];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::View => "View",
            Self::Convert => "Convert",
            Self::Elements => "Elements",
            Self::Correct => "Correct",
        }
    }
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}

const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn command_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

fn with_document(state: &AppState, command: impl Into<Command>) -> Option<Command> {
    state.document().map(|_| command.into())
}

fn with_selected(state: &AppState, command: impl Into<Command>) -> Option<Command> {
    state.document()?.selected.map(|_| command.into())
}

fn relabels(state: &AppState, kind: ElementKind) -> Option<Command> {
    with_selected(state, CorrectCommand::EditSelected(SelectedEdit::Relabel(kind)))
}

const fn relabel(
    keys: &'static [KeyboardShortcut],
    kind: ElementKind,
    command: fn(&AppState) -> Option<Command>,
) -> Shortcut {
    Shortcut { keys, words: relabel_words(kind), group: Group::Correct, command }
}

fn shifts(state: &AppState, edges: [i16; 4]) -> Option<Command> {
    with_selected(state, CorrectCommand::EditSelected(SelectedEdit::Shift(edges)))
}

const fn nudge(
    keys: &'static [KeyboardShortcut],
    words: &'static str,
    command: fn(&AppState) -> Option<Command>,
) -> Shortcut {
    Shortcut { keys, words, group: Group::Correct, command }
}

fn go(state: &AppState, page: impl Fn(usize, usize) -> Option<usize>) -> Option<Command> {
    let document = state.document()?;
    let index = page(document.current.0, document.num_pages())?;
    (index < document.num_pages()).then(|| ViewCommand::GoToPage(PageIndex(index)).into())
}

/// All keys. Longer modifier combinations come before shorter ones of the same key.
pub const SHORTCUTS: &[Shortcut] = &[
    Shortcut {
        keys: &[command(Key::O)],
        words: "Open files",
        group: Group::Document,
        command: |_| Some(Command::PickFiles),
    },
    Shortcut {
        keys: &[command_shift(Key::S)],
        words: "Save as…",
        group: Group::Document,
        command: |state| with_document(state, Command::SaveAs(ExportFormat::Markdown)),
    },
    Shortcut {
        keys: &[command(Key::S)],
        words: "Save again, or save as…",
        group: Group::Document,
        command: |state| with_document(state, Command::Save),
    },
    Shortcut {
        keys: &[command(Key::W)],
        words: "Close the document",
        group: Group::Document,
        command: |state| Some(Command::CloseDocument(state.document()?.id())),
    },
    Shortcut {
        keys: &[command(Key::Comma)],
        words: "Settings",
        group: Group::Document,
        command: |_| Some(Command::Open(SubWindow::Settings)),
    },
    Shortcut {
        keys: &[plain(Key::F1), plain(Key::Questionmark)],
        words: "This sheet",
        group: Group::Document,
        command: |_| Some(Command::Open(SubWindow::Shortcuts)),
    },
    Shortcut {
        keys: &[command(Key::Q)],
        words: "Quit",
        group: Group::Document,
        command: |_| Some(Command::Quit),
    },
    Shortcut {
        keys: &[plain(Key::PageDown)],
        words: "Next page",
        group: Group::View,
        command: |state| go(state, |page, _| Some(page + 1)),
    },
    Shortcut {
        keys: &[plain(Key::PageUp)],
        words: "Previous page",
        group: Group::View,
        command: |state| go(state, |page, _| page.checked_sub(1)),
    },
    Shortcut {
        keys: &[plain(Key::Home)],
        words: "First page",
        group: Group::View,
        command: |state| go(state, |_, _| Some(0)),
    },
    Shortcut {
        keys: &[plain(Key::End)],
        words: "Last page",
        group: Group::View,
        command: |state| go(state, |_, num_pages| num_pages.checked_sub(1)),
    },
    Shortcut {
        keys: &[command(Key::G)],
        words: "Go to page…",
        group: Group::View,
        command: |state| with_document(state, Command::Open(SubWindow::GoToPage)),
    },
    Shortcut {
        keys: &[command(Key::Plus), command(Key::Equals), plain(Key::Plus), plain(Key::Equals)],
        words: "Zoom in",
        group: Group::View,
        command: |state| with_document(state, ViewCommand::Zoom(ZoomStep::In)),
    },
    Shortcut {
        keys: &[command(Key::Minus), plain(Key::Minus)],
        words: "Zoom out",
        group: Group::View,
        command: |state| with_document(state, ViewCommand::Zoom(ZoomStep::Out)),
    },
    Shortcut {
        keys: &[command(Key::Num0), plain(Key::Num0)],
        words: "Size on paper, 100 %",
        group: Group::View,
        command: |state| with_document(state, ViewCommand::Zoom(ZoomStep::Actual)),
    },
    Shortcut {
        keys: &[plain(Key::W)],
        words: "Fit width",
        group: Group::View,
        command: |state| with_document(state, ViewCommand::Zoom(ZoomStep::FitWidth)),
    },
    Shortcut {
        keys: &[plain(Key::P)],
        words: "Fit page",
        group: Group::View,
        command: |state| with_document(state, ViewCommand::Zoom(ZoomStep::FitPage)),
    },
    Shortcut {
        keys: &[plain(Key::CloseBracket)],
        words: "Turn the page clockwise",
        group: Group::View,
        command: |state| Some(ViewCommand::RotatePage(state.document()?.current, Turn::Clockwise).into()),
    },
    Shortcut {
        keys: &[plain(Key::OpenBracket)],
        words: "Turn the page anticlockwise",
        group: Group::View,
        command: |state| Some(ViewCommand::RotatePage(state.document()?.current, Turn::Anticlockwise).into()),
    },
    Shortcut {
        keys: &[command(Key::B)],
        words: "Show or hide thumbnails",
        group: Group::View,
        command: |_| Some(SettingCommand::ToggleThumbnails.into()),
    },
    Shortcut {
        keys: &[command(Key::Backslash)],
        words: "Show or hide the live pane",
        group: Group::View,
        command: |_| Some(SettingCommand::TogglePane.into()),
    },
    Shortcut {
        keys: &[plain(Key::I)],
        words: "Pages light on dark",
        group: Group::View,
        command: |state| with_document(state, SettingCommand::ToggleInvertedPages),
    },
    Shortcut {
        keys: &[command_shift(Key::Enter)],
        words: "Convert all pages",
        group: Group::Convert,
        command: |state| with_document(state, Command::ConvertAll),
    },
    Shortcut {
        keys: &[command(Key::Enter)],
        words: "Convert this page",
        group: Group::Convert,
        command: |state| Some(Command::ConvertPage(state.document()?.current)),
    },
    Shortcut {
        keys: &[plain(Key::Escape)],
        words: "Cancel, then deselect, then close",
        group: Group::Convert,
        command: |_| Some(Command::StepBack),
    },
    Shortcut {
        keys: &[plain(Key::J)],
        words: "Next element",
        group: Group::Elements,
        command: |state| with_document(state, ViewCommand::SelectNeighbour(1)),
    },
    Shortcut {
        keys: &[plain(Key::K)],
        words: "Previous element",
        group: Group::Elements,
        command: |state| with_document(state, ViewCommand::SelectNeighbour(-1)),
    },
    Shortcut {
        keys: &[shift(Key::N)],
        words: "Previous doubted element",
        group: Group::Elements,
        command: |state| with_document(state, ViewCommand::SelectDoubt(-1)),
    },
    Shortcut {
        keys: &[plain(Key::N)],
        words: "Next doubted element",
        group: Group::Elements,
        command: |state| with_document(state, ViewCommand::SelectDoubt(1)),
    },
    Shortcut {
        keys: &[plain(Key::H)],
        words: "Heat map of doubts",
        group: Group::Elements,
        command: |state| with_document(state, SettingCommand::ToggleHeat),
    },
    Shortcut {
        keys: &[shift(Key::G)],
        words: "Read the selected element as a table",
        group: Group::Elements,
        command: |state| {
            let element = state.document()?.selected?;
            let conversion = &state.document()?.page(element.page)?.conversion;
            let region = conversion.tree.as_ref()?.nodes().nth(element.node.index())?.1.bbox?;
            Some(GrabCommand::Grab { page: element.page, region }.into())
        },
    },
    Shortcut {
        keys: &[plain(Key::G)],
        words: "Grab a table",
        group: Group::Elements,
        command: |state| with_document(state, GrabCommand::Arm(!state.is_grabbing)),
    },
    Shortcut {
        keys: &[plain(Key::A)],
        words: "Accept, then next doubt",
        group: Group::Correct,
        command: |state| with_document(state, CorrectCommand::Accept),
    },
    Shortcut {
        keys: &[plain(Key::E), plain(Key::F2)],
        words: "Edit the text",
        group: Group::Correct,
        command: |state| with_selected(state, CorrectCommand::EditText),
    },
    Shortcut {
        keys: &[shift(Key::U)],
        words: "Use the page's own text everywhere on it",
        group: Group::Correct,
        command: |state| {
            with_document(state, CorrectCommand::UseCharacters(Characters::TextLayer, Scope::Page))
        },
    },
    Shortcut {
        keys: &[plain(Key::U)],
        words: "Use the page's own text",
        group: Group::Correct,
        command: |state| {
            with_selected(state, CorrectCommand::UseCharacters(Characters::TextLayer, Scope::Element))
        },
    },
    Shortcut {
        keys: &[plain(Key::D)],
        words: "Draw a new element",
        group: Group::Correct,
        command: |state| with_document(state, CorrectCommand::Draw(!state.is_drawing)),
    },
    Shortcut {
        keys: &[plain(Key::Delete), plain(Key::Backspace)],
        words: "Delete the element",
        group: Group::Correct,
        command: |state| with_selected(state, CorrectCommand::EditSelected(SelectedEdit::Delete)),
    },
    Shortcut {
        keys: &[plain(Key::M)],
        words: "Merge with the next element",
        group: Group::Correct,
        command: |state| with_selected(state, CorrectCommand::EditSelected(SelectedEdit::MergeWithNext)),
    },
    Shortcut {
        keys: &[alt(Key::ArrowUp)],
        words: "Earlier in reading order",
        group: Group::Correct,
        command: |state| with_selected(state, CorrectCommand::EditSelected(SelectedEdit::MoveUp)),
    },
    Shortcut {
        keys: &[alt(Key::ArrowDown)],
        words: "Later in reading order",
        group: Group::Correct,
        command: |state| with_selected(state, CorrectCommand::EditSelected(SelectedEdit::MoveDown)),
    },
    relabel(&[plain(Key::Num1)], ElementKind::Title, |state| relabels(state, ElementKind::Title)),
    relabel(&[plain(Key::Num2)], ElementKind::SectionHeader, |state| {
        relabels(state, ElementKind::SectionHeader)
    }),
    relabel(&[plain(Key::Num3)], ElementKind::Text, |state| relabels(state, ElementKind::Text)),
    relabel(&[plain(Key::Num4)], ElementKind::ListItem, |state| relabels(state, ElementKind::ListItem)),
    relabel(&[plain(Key::Num5)], ElementKind::Caption, |state| relabels(state, ElementKind::Caption)),
    relabel(&[plain(Key::Num6)], ElementKind::Footnote, |state| relabels(state, ElementKind::Footnote)),
    relabel(&[plain(Key::Num7)], ElementKind::Table, |state| relabels(state, ElementKind::Table)),
    relabel(&[plain(Key::Num8)], ElementKind::Picture, |state| relabels(state, ElementKind::Picture)),
    relabel(&[plain(Key::Num9)], ElementKind::Formula, |state| relabels(state, ElementKind::Formula)),
    Shortcut {
        keys: &[command_shift(Key::Z), command(Key::Y)],
        words: "Redo",
        group: Group::Correct,
        command: |state| with_document(state, CorrectCommand::Step { forward: true }),
    },
    Shortcut {
        keys: &[command(Key::Z)],
        words: "Undo",
        group: Group::Correct,
        command: |state| with_document(state, CorrectCommand::Step { forward: false }),
    },
    nudge(&[command_shift(Key::ArrowLeft)], "Make the box narrower", |state| shifts(state, [0, 0, -2, 0])),
    nudge(&[command_shift(Key::ArrowRight)], "Make the box wider", |state| shifts(state, [0, 0, 2, 0])),
    nudge(&[command_shift(Key::ArrowUp)], "Make the box lower", |state| shifts(state, [0, 0, 0, -2])),
    nudge(&[command_shift(Key::ArrowDown)], "Make the box higher", |state| shifts(state, [0, 0, 0, 2])),
    nudge(&[command(Key::ArrowLeft)], "Move the box left", |state| shifts(state, [-2, 0, -2, 0])),
    nudge(&[command(Key::ArrowRight)], "Move the box right", |state| shifts(state, [2, 0, 2, 0])),
    nudge(&[command(Key::ArrowUp)], "Move the box up", |state| shifts(state, [0, -2, 0, -2])),
    nudge(&[command(Key::ArrowDown)], "Move the box down", |state| shifts(state, [0, 2, 0, 2])),
    Shortcut {
        keys: &[plain(Key::L)],
        words: "Legend",
        group: Group::Elements,
        command: |state| with_document(state, SettingCommand::ToggleLegend),
    },
    Shortcut {
        keys: &[plain(Key::O)],
        words: "Reading order",
        group: Group::Elements,
        command: |state| with_document(state, SettingCommand::ToggleReadingOrder),
    },
    Shortcut {
        keys: &[plain(Key::T)],
        words: "Two-letter tags",
        group: Group::Elements,
        command: |state| with_document(state, SettingCommand::ToggleTags),
    },
];

/// Acts of the mouse and of keys that are no commands, for the help sheet.
pub const GESTURES: &[(Group, &str, &str)] = &[
    (Group::Document, "Ctrl+V", "Open an image from the clipboard"),
    (Group::Document, "Drop", "Open files"),
    (Group::View, "Wheel", "Scroll"),
    (Group::View, "Ctrl+wheel, pinch", "Zoom at the pointer"),
    (Group::View, "Drag, Space+drag", "Move the page"),
    (Group::Elements, "Click", "Select an element"),
    (Group::Elements, "Shift+drag", "Grab a table"),
    (Group::Elements, "Alt+click", "Select what lies below"),
    (Group::Elements, "Ctrl+C", "Copy the element, or the page"),
    (Group::Correct, "Drag a handle", "Resize the box"),
    (Group::Correct, "Drag its frame", "Move the box"),
];

/// The key of a command as people read it, for tooltips: the first of its entry.
pub fn key_of(ctx: &Context, words: &str) -> Option<String> {
    let shortcut = SHORTCUTS.iter().find(|shortcut| shortcut.words == words)?;
    shortcut.keys.first().map(|key| key_words(ctx, key))
}

/// A key as it is printed on keyboards, with the modifiers as the system writes them.
pub fn key_words(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let key = match shortcut.logical_key {
        Key::Plus => "+",
        Key::Equals => "=",
        Key::Minus => "−",
        Key::Comma => ",",
        Key::Questionmark => "?",
        Key::Backslash => "\\",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::PageDown => "Page Down",
        Key::PageUp => "Page Up",
        Key::Escape => "Esc",
        other => other.name(),
    };
    let modifiers = ctx.format_modifiers(shortcut.modifiers);
    match modifiers.as_str() {
        "" => key.to_owned(),
        modifiers if modifiers.is_ascii() => format!("{modifiers}+{key}"),
        // The symbols of macOS stand without a plus.
        symbols => format!("{symbols}{key}"),
    }
}

/// Turns the keys of this frame into commands. Keys that text is typed with are left alone while a
/// text field has the focus.
pub fn handle(ctx: &Context, state: &AppState, commands: &CommandSender) {
    let is_typing = ctx.text_edit_focused();
    // Not `Context::any_popup_open`, which knows only the popups drawn so far in this frame.
    let is_elsewhere = egui::Popup::is_any_open(ctx);
    let has_window = state.sub_window.is_some() || state.password.is_some();
    for shortcut in SHORTCUTS {
        let is_escape = shortcut.keys.iter().any(|key| key.logical_key == Key::Escape);
        // A window over the document has the keys to itself, except the one that closes it.
        let is_blocked = if is_escape { is_elsewhere } else { has_window };
        if is_blocked {
            continue;
        }
        let is_pressed = shortcut.keys.iter().any(|key| {
            // In a text these are the text's own.
            let is_of_text = key.modifiers.command
                && matches!(
                    key.logical_key,
                    Key::Z
                        | Key::Y
                        | Key::ArrowLeft
                        | Key::ArrowRight
                        | Key::ArrowUp
                        | Key::ArrowDown
                        | Key::Enter
                );
            let may_fire = !is_typing || (key.modifiers.command && !is_of_text) || is_escape;
            may_fire && ctx.input_mut(|input| input.consume_shortcut(key))
        });
        if is_pressed && let Some(command) = (shortcut.command)(state) {
            commands.send(command);
        }
    }
    if is_typing || has_window {
        return;
    }
    let (is_copy, pasted) = ctx.input(|input| {
        let is_copy = input.events.iter().any(|event| matches!(event, Event::Copy));
        let pasted = input.events.iter().find_map(|event| match event {
            Event::PasteImage(image) => Some(image.clone()),
            _ => None,
        });
        (is_copy, pasted)
    });
    // The live pane and the grabbed table copy their selected element, or cells of it, and egui selected text.
    let is_selected = state.settings.shows_pane && state.document().is_some_and(|it| it.selected.is_some());
    let is_for_pane = is_selected || state.grab.is_some();
    let is_text = ctx.plugin::<LabelSelectionState>().lock().has_selection();
    if is_copy && state.document().is_some() && !is_for_pane && !is_text {
        commands.send(CopyCommand::CopySelection);
    }
    if let Some(image) = pasted {
        commands.send(Command::OpenPastedImage(image));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let keys: Vec<_> = SHORTCUTS.iter().flat_map(|shortcut| shortcut.keys).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{key:?}");
        }
    }

    #[test]
    fn without_a_document_nothing_is_done_to_one() {
        let state = AppState::default();
        let alive: Vec<_> = SHORTCUTS
            .iter()
            .filter(|shortcut| (shortcut.command)(&state).is_some())
            .map(|shortcut| shortcut.words)
            .collect();
        let expected = [
            "Open files",
            "Settings",
            "This sheet",
            "Quit",
            "Show or hide thumbnails",
            "Show or hide the live pane",
            "Cancel, then deselect, then close",
        ];
        assert_eq!(alive, expected);
    }
}
