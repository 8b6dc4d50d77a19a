//! Runs the commands that correct a page.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::App;
use super::command::{CorrectCommand, ViewCommand};
use super::keeper::{FoundPages, Keeper, Wanted};
use super::state::{ConversionStatus, DocumentState, ElementRef, JobPurpose, ModelState};
use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource, Job};
use crate::engine::kept::{KeptPage, reader_words};
use crate::engine::trust::ElementTrust;
use crate::engine::user_message::UserMessage;
use crate::geometry::BBox;
use crate::markup::{Node, NodeId, NodeKind};
use crate::revision::{CellEdit, Edit, Record};

impl App {
    /// Corrections are kept by this.
    pub fn use_keeper(&mut self, keeper: Keeper) {
        self.keeper = Some(keeper);
    }

    pub(super) fn execute_correction(&mut self, command: CorrectCommand) {
        match command {
            CorrectCommand::Find(document, source) => self.look_for(document, source),
            CorrectCommand::Edit(page, edit) => self.edit(page, &edit),
            CorrectCommand::EditSelected(edit) => {
                let Some(selected) = self.state.document().and_then(|document| document.selected) else {
                    return;
                };
                if let Some(edit) = self.edit_of(selected, edit) {
                    self.edit(selected.page, &edit);
                }
            }
            CorrectCommand::Accept => self.accept(),
            CorrectCommand::UseOwnText { whole_page } => self.use_own_text(whole_page),
            CorrectCommand::Step { forward } => self.step_in_history(forward),
            CorrectCommand::TookReading(document, page) => {
                let record =
                    self.state.document_of(document).and_then(|document| document.note_new_reading(page));
                self.keep(document, record);
                self.keep_reading(document, page);
            }
            CorrectCommand::Restore(document, page) => {
                if let Some(document) = self.state.document_of(document) {
                    document.show_state(page, None);
                }
            }
            CorrectCommand::Draw(is_armed) => {
                self.state.is_drawing = is_armed;
                self.state.is_grabbing = false;
            }
            CorrectCommand::EditText => {
                self.state.settings.shows_pane = true;
                self.editor.take_focus();
            }
        }
    }

    fn look_for(&mut self, id: DocumentId, source: DocumentSource) {
        let keeps_readings = self.state.settings.keeps_readings;
        let (Some(keeper), Some(document)) = (&self.keeper, self.state.document_of(id)) else {
            self.take_corrections(id, FoundPages::new());
            return;
        };
        let with_readings = keeps_readings && !document.is_protected;
        let name = document.info.name.clone();
        keeper.find(Wanted { document: id, name, source, with_readings }, self.background.reply());
    }

    fn edit(&mut self, page: PageIndex, edit: &Edit) {
        self.state.is_drawing = false;
        let Some(document) = self.state.document_mut() else { return };
        let id = document.id();
        match document.edit(page, edit, words_of(edit)) {
            Ok(records) => {
                self.state.reveal_in_pane = self.state.document().and_then(|document| document.selected);
                self.keep(id, records);
            }
            Err(error) => self.state.notices.error(
                UserMessage { summary: error.to_string(), hint: None, details: None, needs_password: false },
                None,
            ),
        }
    }

    /// What a key means for the element that is selected.
    fn edit_of(&self, element: ElementRef, edit: SelectedEdit) -> Option<Edit> {
        let document = self.state.document()?;
        let tree = document.page(element.page)?.conversion.tree.as_ref()?;
        let node = tree.nodes().nth(element.node.index())?.1;
        Some(match edit {
            SelectedEdit::Relabel(kind) => Edit::Relabel(element.node, kind),
            SelectedEdit::Delete => Edit::Delete(element.node),
            SelectedEdit::MergeWithNext => Edit::MergeWithNext(element.node),
            SelectedEdit::MoveUp => Edit::MoveBefore(element.node, Some(earlier(document, element)?)),
            SelectedEdit::MoveDown => later(document, element)?,
            SelectedEdit::Shift([left, top, right, bottom]) => {
                let bbox = node.bbox?;
                let grid = |steps: i16| f64::from(steps) / 500.0;
                Edit::SetBox(
                    element.node,
                    BBox::from_corners(
                        bbox.left + grid(left),
                        bbox.top + grid(top),
                        bbox.right + grid(right),
                        bbox.bottom + grid(bottom),
                    ),
                )
            }
        })
    }

    /// The characters of the page's own text in place of those that were read. Each element is a step.
    fn use_own_text(&mut self, whole_page: bool) {
        let Some(document) = self.state.document() else { return };
        let (page, selected) = (document.current, document.selected);
        let Some(conversion) = document.page(page).map(|entry| &entry.conversion) else { return };
        let Some(tree) = conversion.tree.clone() else { return };
        // Ids stay as they are: a text is changed, nothing moves.
        let edits: Vec<Edit> = tree
            .nodes()
            .filter(|(id, _)| whole_page || selected == Some(ElementRef { page, node: *id }))
            .filter_map(|(id, node)| own_text_edits(id, node, conversion.trust(id)?))
            .flatten()
            .collect();
        for edit in edits {
            self.edit(page, &edit);
        }
        if let Some(document) = self.state.document_mut() {
            document.selected = selected;
        }
    }

    /// The element is right; on to the next one that is doubted.
    fn accept(&mut self) {
        let Some(selected) = self.state.document().and_then(|document| document.selected) else {
            self.execute_in_view(ViewCommand::SelectDoubt(1));
            return;
        };
        self.edit(selected.page, &Edit::Accept(selected.node));
        self.execute_in_view(ViewCommand::SelectDoubt(1));
    }

    fn step_in_history(&mut self, forward: bool) {
        let Some(document) = self.state.document_mut() else { return };
        let (id, page) = (document.id(), document.current);
        if let Some(record) = document.step_in_history(page, forward) {
            self.keep(id, Some(record));
        } else {
            let words = if forward { "Nothing to redo on this page" } else { "Nothing to undo on this page" };
            self.state.notices.done(words, None);
        }
    }

    fn keep(&self, document: DocumentId, records: impl IntoIterator<Item = Record>) {
        if let Some(keeper) = &self.keeper {
            for record in records {
                keeper.keep(document, record, self.background.reply());
            }
        }
    }

    /// A page that a model has read is kept, unless the user has said no.
    fn keep_reading(&mut self, id: DocumentId, page: PageIndex) {
        let keeps = self.state.settings.keeps_readings;
        let model = match &self.state.model {
            ModelState::Ready(info) => info.identity(),
            ModelState::Recording { name } => name.clone(),
            ModelState::Missing | ModelState::Loading { .. } | ModelState::Failed { .. } => String::new(),
        };
        let document = self.state.document_of(id).filter(|document| keeps && !document.is_protected);
        let reading = document.and_then(|document| document.page(page)?.conversion.recognition.clone());
        if let (Some(keeper), Some(reading)) = (&self.keeper, reading)
            && let Some(kept) = KeptPage::of(&reading, &reader_words(&model, &reading.request.generation))
        {
            keeper.keep_reading(id, kept);
        }
    }

    /// Pages that were read before come back, the one in view first. A page that is being read is read anew.
    pub(super) fn restore_readings(&mut self, id: DocumentId, mut pages: BTreeMap<PageIndex, KeptPage>) {
        let Some(document) = self.state.document_of(id) else { return };
        let current = document.current;
        pages.retain(|page, _| {
            let conversion = document.page(*page).map(|entry| &entry.conversion);
            conversion.is_some_and(|conversion| matches!(conversion.status, ConversionStatus::None))
        });
        let num_pages = pages.len();
        let first = pages.remove_entry(&current);
        for (page, kept) in first.into_iter().chain(pages) {
            let rotation = kept.rotation;
            let job = self.backend.submit(Job::Restore { document: id, kept: Arc::new(kept) });
            if let Some(document) = self.state.document_of(id) {
                document.await_reading(page, rotation, job);
            }
            let purpose = JobPurpose::Recognize { document: id, page, is_restored: true };
            self.state.jobs.insert(job, purpose);
        }
        if num_pages > 0 {
            let (noun, verb) = if num_pages == 1 { ("page", "it was") } else { ("pages", "they were") };
            let is = if num_pages == 1 { "is" } else { "are" };
            self.state.notices.done(format!("{num_pages} {noun} {is} back as {verb} read"), None);
        }
    }

    /// Pages are kept from now on, or those that are kept are removed and no more are.
    pub(super) fn set_keeping(&mut self, keeps: bool) {
        self.state.settings.keeps_readings = keeps;
        if let Some(keeper) = self.keeper.as_ref().filter(|_| !keeps) {
            keeper.forget_readings();
        }
    }

    /// Corrections from before have been looked for.
    pub(super) fn take_corrections(&mut self, document: DocumentId, pages: FoundPages) {
        let num_pages = pages.len();
        if let Some(document) = self.state.document_of(document) {
            document.take_corrections(pages);
        }
        self.begin_previews(document);
        if num_pages > 0 {
            let noun = if num_pages == 1 { "page" } else { "pages" };
            self.state.notices.done(format!("Your corrections of {num_pages} {noun} are back"), None);
        }
    }

    /// Corrections cannot be kept; the user works on without.
    pub(super) fn take_not_kept(&mut self, document: DocumentId, message: UserMessage) {
        if let Some(document) = self.state.document_of(document) {
            document.corrections.is_ready = true;
        }
        self.state.notices.error(message, None);
        self.begin_previews(document);
    }

    /// Nothing from before stands in the way of a preview any more.
    fn begin_previews(&mut self, id: DocumentId) {
        if let Some(document) = self.state.document().filter(|document| document.id() == id) {
            self.page_came_into_view(document.current);
        }
    }
}

/// What makes an element's text that of the page; of a table each cell for itself.
fn own_text_edits(id: NodeId, node: &Node, trust: &ElementTrust) -> Option<Vec<Edit>> {
    let NodeKind::Table { grid, .. } = &node.kind else {
        return Some(vec![Edit::SetText(id, trust.own_text.clone()?)]);
    };
    let cells = grid.cells.iter().zip(&trust.cells).filter_map(|(cell, found)| {
        let found = found.as_ref().filter(|found| !found.is_as_read)?;
        let (row, col, text) = (cell.row, cell.col, found.text.clone());
        Some(Edit::Cells(id, CellEdit::SetText { row, col, text }))
    });
    Some(cells.collect())
}

/// An edit of the element that is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectedEdit {
    /// Another kind of element.
    Relabel(crate::revision::ElementKind),
    /// Away with it.
    Delete,
    /// One element of it and the next.
    MergeWithNext,
    /// One place earlier in reading order.
    MoveUp,
    /// One place later in reading order.
    MoveDown,
    /// Its edges move, left, top, right and bottom, in steps of the grid of 500.
    Shift([i16; 4]),
}

fn siblings(document: &DocumentState, element: ElementRef) -> Option<(&[NodeId], usize)> {
    let tree = document.page(element.page)?.conversion.tree.as_ref()?;
    let siblings: &[NodeId] = match tree.node(element.node).parent {
        Some(parent) => &tree.node(parent).children,
        None => tree
            .pages()
            .iter()
            .map(|page| page.children.as_slice())
            .find(|ids| ids.contains(&element.node))?,
    };
    let position = siblings.iter().position(|id| *id == element.node)?;
    Some((siblings, position))
}

/// Before which element it stands when it is one place earlier; the first one in a list moves before the list.
fn earlier(document: &DocumentState, element: ElementRef) -> Option<NodeId> {
    let (ids, position) = siblings(document, element)?;
    match position.checked_sub(1) {
        Some(before) => ids.get(before).copied(),
        None => parent(document, element),
    }
}

/// Puts the element one place later; the last one in a list goes behind the list.
fn later(document: &DocumentState, element: ElementRef) -> Option<Edit> {
    let (ids, position) = siblings(document, element)?;
    let parent = parent(document, element);
    let before = match (position + 2).cmp(&ids.len()) {
        Ordering::Less => ids.get(position + 2).copied(),
        // Behind the last of a list there is nothing to stand before.
        Ordering::Equal if parent.is_some() => return None,
        Ordering::Equal => None,
        Ordering::Greater => {
            let (ids, position) = siblings(document, ElementRef { node: parent?, ..element })?;
            ids.get(position + 1).copied()
        }
    };
    Some(Edit::MoveBefore(element.node, before))
}

fn parent(document: &DocumentState, element: ElementRef) -> Option<NodeId> {
    document.page(element.page)?.conversion.tree.as_ref()?.node(element.node).parent
}

/// What an edit is called where it can be undone.
fn words_of(edit: &Edit) -> &'static str {
    match edit {
        Edit::Accept(_) => "Accept",
        Edit::SetText(..) => "Edit text",
        Edit::SetBox(..) => "Move box",
        Edit::Relabel(..) => "Relabel",
        Edit::Cells(..) => "Edit table",
        Edit::Delete(_) => "Delete",
        Edit::Add(..) => "Add element",
        Edit::MoveBefore(..) => "Reorder",
        Edit::Split(..) => "Split",
        Edit::MergeWithNext(_) => "Merge",
    }
}
