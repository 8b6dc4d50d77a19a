//! Runs the commands that correct a page.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::App;
use super::command::{CorrectCommand, Scope, ViewCommand};
use super::keeper::{FoundPages, Keeper, Wanted};
use super::score::score;
use super::state::{CannotEdit, ConversionStatus, DocumentState, ElementRef, JobPurpose, ModelState};
use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource, EngineChoice, Job};
use crate::engine::kept::{KeptPage, reader_words};
use crate::engine::trust::Characters;
use crate::engine::user_message::UserMessage;
use crate::geometry::BBox;
use crate::markup::NodeId;
use crate::revision::{Edit, Record};

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
            CorrectCommand::UseCharacters(choice, scope) => self.use_characters(choice, scope),
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
            CorrectCommand::Score => self.score(),
            CorrectCommand::SaveGroundTruth => self.ask_for_ground_truth_folder(),
            CorrectCommand::EditText => {
                self.state.settings.shows_pane = true;
                self.editor.take_focus();
            }
        }
    }

    fn score(&self) {
        let Some(document) = self.state.document() else { return };
        let (version, pages) = (document.corrections.version(), document.corrections.to_score());
        if let Err(error) = score(document.id(), version, pages, self.background.reply()) {
            tracing::error!(%error, "no thread for the score");
        }
    }

    fn look_for(&mut self, id: DocumentId, source: DocumentSource) {
        let keeps_readings = self.state.settings.keeps_readings;
        let (Some(keeper), Some(document)) = (&self.keeper, self.state.document_of(id)) else {
            self.take_corrections(id, FoundPages::new());
            return;
        };
        let (with_readings, is_protected) = (keeps_readings, document.is_protected);
        let name = document.info.name.clone();
        let wanted = Wanted { document: id, name, source, with_readings, is_protected };
        keeper.find(wanted, self.background.reply());
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
            Err(error) => self.state.notices.error(plain(error), None),
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

    /// Shows other characters. What is chosen for a page is one step of it.
    fn use_characters(&mut self, choice: Characters, scope: Scope) {
        let Some(document) = self.state.document_mut() else { return };
        let (id, current, selected) = (document.id(), document.current, document.selected);
        let pages: Vec<PageIndex> = match scope {
            Scope::Element | Scope::Page => vec![current],
            Scope::Document => document.converted().map(|(page, _)| page).collect(),
        };
        let element = match (scope, selected) {
            (Scope::Element, Some(selected)) if selected.page == current => Some(selected.node),
            (Scope::Element, _) => return,
            (Scope::Page | Scope::Document, _) => None,
        };
        let (mut num_changed, mut num_left) = (0, 0);
        let (mut all_records, mut refused) = (Vec::new(), None);
        for page in pages {
            let Some((edit, left)) = document.characters(page, choice, element) else { continue };
            num_left += left;
            let num_texts = match &edit {
                Edit::SetTexts { texts, .. } => texts.len(),
                _ => 0,
            };
            if num_texts == 0 {
                continue;
            }
            match document.edit(page, &edit, words_of(&edit)) {
                Ok(records) => {
                    num_changed += num_texts;
                    all_records.extend(records);
                }
                Err(error) => refused = Some(error),
            }
        }
        document.selected = selected;
        if let Some(error) = refused {
            self.state.notices.error(plain(error), None);
        }
        self.keep(id, all_records);
        if refused.is_none() && (scope != Scope::Element || num_left > 0 || num_changed == 0) {
            self.state.notices.done(words_of_change(choice, num_changed, num_left), None);
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

    /// A page that a model has read is kept, unless the user has said no. Where the page's own text takes its place,
    /// it is kept no longer.
    fn keep_reading(&mut self, id: DocumentId, page: PageIndex) {
        let keeps = self.state.settings.keeps_readings;
        let model = match &self.state.model {
            ModelState::Ready(info) => info.identity(),
            ModelState::Recording { name } => name.clone(),
            ModelState::Missing | ModelState::Loading { .. } | ModelState::Failed { .. } => String::new(),
        };
        let document = self.state.document_of(id).filter(|document| keeps && !document.is_protected);
        let reading = document.and_then(|document| document.page(page)?.conversion.recognition.clone());
        let (Some(keeper), Some(reading)) = (&self.keeper, reading) else { return };
        if let Some(kept) = KeptPage::of(&reading, &reader_words(&model, &reading.request.generation)) {
            keeper.keep_reading(id, kept);
        } else if reading.engine == EngineChoice::TextLayer {
            keeper.forget_reading(id, page);
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

fn plain(error: CannotEdit) -> UserMessage {
    UserMessage { summary: error.to_string(), hint: None, details: None, needs_password: false }
}

/// What a choice of characters has come to.
fn words_of_change(choice: Characters, num_changed: usize, num_left: usize) -> String {
    let of = match choice {
        Characters::Auto | Characters::TextLayer => "the page's own text",
        Characters::Model => "what the model read",
    };
    let changed = match num_changed {
        0 => format!("Nothing else is to be had from {of}"),
        1 => format!("1 text is now as in {of}"),
        _ => format!("{num_changed} texts are now as in {of}"),
    };
    if num_left == 0 {
        changed
    } else {
        format!("{changed}; {num_left} are left, as DocTags cannot say them")
    }
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
        Edit::SetTexts { .. } => "Characters",
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
