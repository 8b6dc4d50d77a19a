//! The strip below the live pane that corrects the selected element: its kind, its text or cells, its place.

use egui::{
    Align, Button, ComboBox, FontId, Frame, Key, Layout, Margin, Panel, Role, ScrollArea, TextEdit, Ui,
    WidgetInfo, vec2,
};

use super::super::command::{CommandSender, CorrectCommand};
use super::super::controls::{icon_button, icon_button_if, menu_entry, named, secondary};
use super::super::corrections::SelectedEdit;
use super::super::icons;
use super::super::shortcuts::key_of;
use super::super::state::{AppState, DocumentState, ElementRef};
use super::super::theme::{Palette, space};
use super::characters;
use crate::engine::trust::CellOnPage;
use crate::markup::{Cell, CellHeader, CellRange, Node, NodeKind, TableGrid};
use crate::revision::{CellEdit, Edit, ElementKind};

/// What merging is called among the keys.
const MERGE: &str = "Merge with the next element";

/// Below this width the acts take several lines.
pub(super) const NARROW_WIDTH: f32 = 450.0;

/// Lines of text that are seen at once.
const NUM_LINES: usize = 3;

/// The strip's memory between frames: half-typed text.
#[derive(Debug, Default)]
pub(crate) struct ElementEditor {
    /// What the draft is a text of.
    subject: Option<Subject>,
    draft: String,
    wants_focus: bool,
    has_focus: bool,
}

/// A text that can be typed over.
#[derive(Clone, Debug, PartialEq)]
struct Subject {
    element: ElementRef,
    /// Row and column, for a cell of a table.
    slot: Option<(usize, usize)>,
    /// What it says now.
    text: String,
}

impl ElementEditor {
    /// The next frame puts the cursor into the text.
    pub(crate) fn take_focus(&mut self) {
        self.wants_focus = true;
    }

    /// Escape while the cursor is in the text drops what was typed, and does nothing else. To be asked before the other
    /// keys, because egui takes the focus away at the very begin of the frame.
    pub(crate) fn take_escape(&mut self, ui: &Ui) {
        if self.has_focus && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape)) {
            self.subject = None;
        }
    }

    /// Draws the strip at the bottom of `ui`, when an element of the page in view is selected.
    pub(crate) fn ui(
        &mut self,
        ui: &mut Ui,
        state: &AppState,
        cells: Option<(crate::markup::NodeId, CellRange)>,
        commands: &CommandSender,
    ) {
        let Some((document, node, element)) = selected(state) else {
            self.subject = None;
            return;
        };
        let palette = Palette::of_ui(ui);
        let frame = Frame::new().fill(palette.window).inner_margin(Margin::symmetric(12, 8));
        let cells = cells.filter(|(id, _)| *id == element.node).map(|(_, range)| range);
        Panel::bottom("element editor").resizable(false).frame(frame).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(space::XS, space::XS);
            acts_ui(ui, document, node, element, self.cursor(ui), commands);
            let conversion = document.page(element.page).map(|entry| &entry.conversion);
            let trust = conversion.and_then(|conversion| conversion.trust(element.node));
            let read = conversion.and_then(|conversion| conversion.as_read()?.of(node));
            if let NodeKind::Table { grid, .. } = &node.kind {
                let on_page = trust.map(|trust| trust.cells.as_slice()).unwrap_or_default();
                let Some(range) = cells else {
                    self.commit(commands);
                    match read {
                        Some(read) => characters::ui(ui, node, read, commands),
                        None => {
                            ui.label(secondary(ui, "Select cells of it in the Tables tab to change them"));
                        }
                    }
                    return;
                };
                let cell = grid.cell_at(range.row, range.col);
                cells_ui(ui, element, range, cell, commands);
                let text = cell.map(|cell| cell.text.clone()).unwrap_or_default();
                self.text_ui(ui, &Subject { element, slot: Some((range.row, range.col)), text }, commands);
                if let Some(found) = cell.and_then(|cell| on_page.get(position(grid, cell)?)?.as_ref()) {
                    own_cell_ui(ui, found);
                }
            } else if node.kind.holds_text() {
                self.text_ui(ui, &Subject { element, slot: None, text: node.text.clone() }, commands);
                if let Some(read) = read {
                    ui.add_space(space::XS);
                    characters::ui(ui, node, read, commands);
                }
            } else {
                self.commit(commands);
            }
        });
    }

    /// The text, which is taken over when the cursor leaves it or with Ctrl+Enter.
    fn text_ui(&mut self, ui: &mut Ui, subject: &Subject, commands: &CommandSender) {
        if self.subject.as_ref() != Some(subject) {
            self.commit(commands);
            self.draft.clone_from(&subject.text);
            self.subject = Some(subject.clone());
        }
        let is_cell = subject.slot.is_some();
        let mut edit = TextEdit::multiline(&mut self.draft)
            .id_salt("element text")
            .desired_width(f32::INFINITY)
            .desired_rows(if is_cell { 1 } else { NUM_LINES })
            .font(FontId::proportional(13.5));
        if is_cell {
            edit = edit.hint_text("Empty cell");
        }
        let max_height = 22.0 * NUM_LINES as f32;
        let response = ScrollArea::vertical()
            .max_height(max_height)
            .auto_shrink([false, true])
            .show(ui, |ui| ui.add(edit))
            .inner;
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Text of the element"));
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
        }
        let is_done = response.has_focus()
            && ui.input_mut(|input| {
                input.consume_key(egui::Modifiers::COMMAND, Key::Enter)
                    || (is_cell && input.consume_key(egui::Modifiers::NONE, Key::Enter))
            });
        if is_done {
            response.surrender_focus();
        }
        self.has_focus = response.has_focus() && !is_done;
        if is_done || response.lost_focus() {
            self.commit(commands);
        }
    }

    /// Sends what was typed, if it is another text.
    fn commit(&mut self, commands: &CommandSender) {
        let Some(Subject { element, slot, text }) = self.subject.take() else { return };
        if self.draft.trim() == text.trim() {
            return;
        }
        let text = std::mem::take(&mut self.draft);
        let edit = match slot {
            Some((row, col)) => Edit::Cells(element.node, CellEdit::SetText { row, col, text }),
            None => Edit::SetText(element.node, text),
        };
        commands.send(CorrectCommand::Edit(element.page, edit));
    }

    /// Where the cursor stands in the element's text, in bytes.
    fn cursor(&self, ui: &Ui) -> Option<usize> {
        let subject = self.subject.as_ref().filter(|subject| subject.slot.is_none())?;
        let id = ui.ctx().memory(egui::Memory::focused)?;
        let state = TextEdit::load_state(ui.ctx(), id).filter(|_| self.has_focus)?;
        let chars = state.cursor.char_range()?.primary.index;
        let at = self.draft.char_indices().nth(chars.into())?.0;
        (self.draft == subject.text).then_some(at)
    }
}

fn position(grid: &TableGrid, cell: &Cell) -> Option<usize> {
    grid.cells.iter().position(|other| std::ptr::eq(other, cell))
}

/// What the page has at the place of a cell that was read otherwise.
fn own_cell_ui(ui: &mut Ui, found: &CellOnPage) {
    if !found.is_as_read {
        ui.label(secondary(ui, format!("On the page: {}", found.text)));
    }
}

fn selected(state: &AppState) -> Option<(&DocumentState, &Node, ElementRef)> {
    let document = state.document()?;
    let element = document.selected.filter(|element| element.page == document.current)?;
    let conversion = &document.page(element.page)?.conversion;
    let tree = conversion.tree.as_ref().filter(|_| conversion.status.job().is_none())?;
    let node = tree.nodes().nth(element.node.index())?.1;
    Some((document, node, element))
}

/// Kind, order, parts and history of the element.
fn acts_ui(
    ui: &mut Ui,
    document: &DocumentState,
    node: &Node,
    element: ElementRef,
    cursor: Option<usize>,
    commands: &CommandSender,
) {
    if ui.available_width() < NARROW_WIDTH {
        ui.horizontal(|ui| {
            kind_ui(ui, node, 96.0, commands);
            place_ui(ui, commands);
            delete_ui(ui, commands);
        });
        ui.horizontal(|ui| {
            parts_ui(ui, node, element, cursor, commands);
            history_ui(ui, document, element, [false, true], commands);
        });
        return;
    }
    ui.horizontal(|ui| {
        kind_ui(ui, node, 128.0, commands);
        place_ui(ui, commands);
        parts_ui(ui, node, element, cursor, commands);
        delete_ui(ui, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            history_ui(ui, document, element, [true, false], commands);
        });
    });
}

/// Accepting the element, and its place in the order.
fn place_ui(ui: &mut Ui, commands: &CommandSender) {
    for (icon, words, command) in [
        (icons::CHECK, "Accept, then next doubt", CorrectCommand::Accept),
        (icons::ARROW_UP, "Earlier in reading order", CorrectCommand::EditSelected(SelectedEdit::MoveUp)),
        (icons::ARROW_DOWN, "Later in reading order", CorrectCommand::EditSelected(SelectedEdit::MoveDown)),
    ] {
        let key = key_of(ui.ctx(), words);
        if icon_button(ui, icon, words, key.as_deref()).clicked() {
            commands.send(command);
        }
    }
}

/// One element of two, or two of one.
fn parts_ui(ui: &mut Ui, node: &Node, element: ElementRef, cursor: Option<usize>, commands: &CommandSender) {
    if !node.kind.holds_text() && !matches!(node.kind, NodeKind::List { .. }) {
        return;
    }
    let merge = named(ui.button("Merge"), MERGE, key_of(ui.ctx(), MERGE).as_deref());
    if merge.clicked() {
        commands.send(CorrectCommand::EditSelected(SelectedEdit::MergeWithNext));
    }
    let split = ui.add_enabled(cursor.is_some(), Button::new("Split"));
    let split = named(split, "Split at the cursor", None);
    if let Some(at) = cursor.filter(|_| split.clicked()) {
        commands.send(CorrectCommand::Edit(element.page, Edit::Split(element.node, at)));
    }
}

fn delete_ui(ui: &mut Ui, commands: &CommandSender) {
    let words = "Delete the element";
    let key = key_of(ui.ctx(), words);
    if icon_button(ui, icons::TRASH_2, words, key.as_deref()).clicked() {
        commands.send(CorrectCommand::EditSelected(SelectedEdit::Delete));
    }
}

/// Undo (`false`) and redo (`true`), in this order.
fn history_ui(
    ui: &mut Ui,
    document: &DocumentState,
    element: ElementRef,
    order: [bool; 2],
    commands: &CommandSender,
) {
    let history = document.corrections.pages.get(&element.page);
    for forward in order {
        let (icon, words, step) = if forward {
            (icons::REDO_2, "Redo", history.and_then(|history| history.redoes()))
        } else {
            (icons::UNDO_2, "Undo", history.and_then(|history| history.undoes()))
        };
        let key = key_of(ui.ctx(), words);
        let name = step.map_or(words.to_owned(), |step| format!("{words}: {step}"));
        if icon_button_if(ui, step.is_some(), icon, &name, key.as_deref()).clicked() {
            commands.send(CorrectCommand::Step { forward });
        }
    }
}

fn kind_ui(ui: &mut Ui, node: &Node, width: f32, commands: &CommandSender) {
    let now = ElementKind::of(&node.kind);
    let words = now.map_or(node.kind.label().words(), ElementKind::words);
    let response = ComboBox::from_id_salt("element kind")
        .width(width)
        .selected_text(words)
        .height(400.0)
        .show_ui(ui, |ui| {
            for kind in ElementKind::ALL {
                let key = key_of(ui.ctx(), relabel_words(kind));
                let icon = (now == Some(kind)).then_some(icons::CHECK);
                if menu_entry(ui, icon, kind.words(), key.as_deref()).clicked() {
                    commands.send(CorrectCommand::EditSelected(SelectedEdit::Relabel(kind)));
                    ui.close();
                }
            }
        });
    response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Kind: {words}")));
}

/// What the key that makes an element of that kind is called.
pub(crate) const fn relabel_words(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Title => "Make it a title",
        ElementKind::SectionHeader => "Make it a section header",
        ElementKind::Text => "Make it text",
        ElementKind::ListItem => "Make it a list item",
        ElementKind::Caption => "Make it a caption",
        ElementKind::Footnote => "Make it a footnote",
        ElementKind::PageHeader => "Make it a page header",
        ElementKind::PageFooter => "Make it a page footer",
        ElementKind::Formula => "Make it a formula",
        ElementKind::Code => "Make it code",
        ElementKind::Table => "Make it a table",
        ElementKind::Picture => "Make it a picture",
    }
}

/// What can be done with the selected cells.
fn cells_ui(
    ui: &mut Ui,
    element: ElementRef,
    range: CellRange,
    cell: Option<&Cell>,
    commands: &CommandSender,
) {
    let is_one = cell.is_some_and(|cell| (cell.row_span, cell.col_span) == (range.num_rows, range.num_cols));
    let is_header = cell.is_some_and(|cell| cell.header == CellHeader::Column);
    let (row, col) = (range.row, range.col);
    let header = if is_header { CellHeader::None } else { CellHeader::Column };
    let is_span = is_one && range.num_rows * range.num_cols > 1;
    let acts = [
        ("Merge", !is_one, CellEdit::Merge(range)),
        ("Split", is_span, CellEdit::Split { row, col }),
        (if is_header { "No header" } else { "Header" }, true, CellEdit::SetHeader(range, header)),
        ("+ Row", true, CellEdit::InsertRow(row + range.num_rows)),
        ("+ Column", true, CellEdit::InsertColumn(col + range.num_cols)),
        ("− Row", true, CellEdit::DeleteRow(row)),
        ("− Column", true, CellEdit::DeleteColumn(col)),
    ];
    ui.horizontal_wrapped(|ui| {
        for (words, is_enabled, edit) in acts {
            if ui.add_enabled(is_enabled, Button::new(words)).clicked() {
                commands.send(CorrectCommand::Edit(element.page, Edit::Cells(element.node, edit)));
            }
        }
    });
}
