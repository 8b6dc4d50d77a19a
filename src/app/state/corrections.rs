//! Corrections of a document's pages: what an edit, an undo or a new reading changes here, and what is to be kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::score::CorrectionScore;
use super::document::{Conversion, ConversionStatus, DocumentState, ElementRef};
use crate::document::page::PageIndex;
use crate::engine::event::{PageRecognition, StopReason};
use crate::engine::trust::{Characters, ElementTrust, Origin, ReadPage};
use crate::markup::{self, DocTree, Node, NodeId, NodeKind};
use crate::revision::{self, Edit, PageHistory, PageState, Record, Refused};

/// The corrections of an open document.
#[derive(Debug, Default)]
pub struct Corrections {
    /// The pages that somebody has corrected.
    pub pages: BTreeMap<PageIndex, PageHistory>,
    /// Nobody is looking for corrections from before any more.
    pub is_ready: bool,
    /// How right the readings were, once that has been asked; nothing any more when something changes.
    score: Option<CorrectionScore>,
    /// Changes so far.
    version: usize,
}

impl Corrections {
    /// How right the readings of the corrected pages were, if that is known.
    pub fn score(&self) -> Option<&CorrectionScore> {
        self.score.as_ref()
    }

    /// Names the corrections as they are now.
    pub fn version(&self) -> usize {
        self.version
    }

    /// The pages that somebody has changed.
    pub fn corrected(&self) -> impl Iterator<Item = (PageIndex, &PageHistory)> {
        let pages = self.pages.iter().filter(|(_, history)| history.undoes().is_some());
        pages.map(|(page, history)| (*page, history))
    }

    /// How many those are.
    pub fn num_corrected(&self) -> usize {
        self.corrected().count()
    }

    /// Those pages as they were read, and as they were corrected.
    pub fn to_score(&self) -> Vec<(String, String)> {
        let pair = |history: &PageHistory| (history.first().markup.clone(), history.state().markup.clone());
        self.corrected().map(|(_, history)| pair(history)).collect()
    }

    /// The score of a version has been worked out; it is void if something has changed meanwhile.
    pub fn take_score(&mut self, version: usize, score: CorrectionScore) {
        if version == self.version {
            self.score = Some(score);
        }
    }

    fn note_change(&mut self) {
        self.version += 1;
        self.score = None;
    }
}

/// Why a page cannot be changed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotEdit {
    /// It has not been read, or is being read.
    #[error("This page is not converted yet")]
    NotConverted,
    /// Corrections from before are being looked for.
    #[error("Corrections from before are still being looked for")]
    NotReady,
    /// The edit itself is the reason.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl DocumentState {
    /// Changes a page, and returns what is to be kept of it. What the edit was about is selected.
    ///
    /// # Errors
    /// When it cannot be changed; then nothing is.
    pub fn edit(&mut self, page: PageIndex, edit: &Edit, words: &str) -> Result<Vec<Record>, CannotEdit> {
        let conversion = &self.page(page).ok_or(CannotEdit::NotConverted)?.conversion;
        let tree = conversion.tree.as_ref().filter(|_| conversion.status.job().is_none());
        let tree = Arc::clone(tree.ok_or(CannotEdit::NotConverted)?);
        if !self.corrections.is_ready {
            return Err(CannotEdit::NotReady);
        }
        let history = self.corrections.pages.get(&page);
        let checked = history.map(|history| checked_of(&tree, &history.state().checked)).unwrap_or_default();
        let edited = revision::apply(&tree, &checked, edit)?;
        let mut records = Vec::new();
        if history.is_none() {
            let first = PageState { markup: conversion.markup.clone(), checked: BTreeSet::new() };
            records.push(Record::Begin { page: page.0, state: first.clone() });
            self.corrections.pages.insert(page, PageHistory::new(first));
        }
        self.corrections.note_change();
        let state = PageState {
            markup: edited.markup,
            checked: edited.checked.iter().map(|id| id.index()).collect(),
        };
        if let Some(history) = self.corrections.pages.get_mut(&page) {
            history.push(words, state.clone());
        }
        records.push(Record::Step { page: page.0, step: words.to_owned(), state });
        self.show_state(page, Some(Arc::new(edited.tree)));
        self.selected = edited.subject.map(|node| ElementRef { page, node });
        Ok(records)
    }

    /// The edit that makes a page, or one element of it, show the characters of a choice, and how many texts it leaves
    /// because `DocTags` cannot say them. `None` when nothing is to be changed.
    pub fn characters(
        &self,
        page: PageIndex,
        choice: Characters,
        element: Option<NodeId>,
    ) -> Option<(Edit, usize)> {
        let conversion = &self.page(page)?.conversion;
        let tree = conversion.tree.as_ref()?;
        let is_meant = |id| element.is_none_or(|element| element == id);
        let texts = conversion.as_read()?.changes(tree, choice, is_meant, element.is_some());
        if texts.is_empty() {
            return None;
        }
        let num_all = texts.len();
        let texts = revision::expressible(tree, texts);
        let num_left = num_all - texts.len();
        Some((Edit::SetTexts { texts, is_checked: element.is_some() }, num_left))
    }

    /// Takes the last step of a page back (or makes it again), and returns what is to be kept of that.
    pub fn step_in_history(&mut self, page: PageIndex, forward: bool) -> Option<Record> {
        let is_busy = self.page(page)?.conversion.status.job().is_some();
        self.corrections.note_change();
        let history = self.corrections.pages.get_mut(&page).filter(|_| !is_busy)?;
        let record = if forward {
            history.redo()?;
            Record::Redo { page: page.0 }
        } else {
            history.undo()?;
            Record::Undo { page: page.0 }
        };
        self.show_state(page, None);
        Some(record)
    }

    /// A page that has been corrected was read anew: that is a step like any other, which can be undone.
    pub fn note_new_reading(&mut self, page: PageIndex) -> Option<Record> {
        let markup = self.page(page)?.conversion.markup.clone();
        self.corrections.note_change();
        let history = self.corrections.pages.get_mut(&page)?;
        let state = PageState { markup, checked: BTreeSet::new() };
        let step = "Convert again".to_owned();
        history.push(&step, state.clone());
        Some(Record::Step { page: page.0, step, state })
    }

    /// Corrections from before have been found.
    pub fn take_corrections(&mut self, pages: BTreeMap<PageIndex, (PageHistory, Arc<DocTree>)>) {
        self.corrections.is_ready = true;
        self.corrections.note_change();
        for (page, (history, tree)) in pages {
            let Some(entry) = self.page(page) else { continue };
            // What is read by now is the newer reading; it becomes a step when it is whole.
            let is_free = entry.conversion.status.job().is_none();
            self.corrections.pages.insert(page, history);
            if is_free {
                self.show_state(page, Some(tree));
            }
        }
    }

    /// Shows a page as its corrections have it; after a reading that came to nothing, too.
    pub fn show_state(&mut self, page: PageIndex, tree: Option<Arc<DocTree>>) {
        let Some(history) = self.corrections.pages.get(&page) else { return };
        let state = history.state().clone();
        let tree = tree.unwrap_or_else(|| Arc::new(markup::parse(&state.markup)));
        self.forget_elements_of(page);
        if let Some(entry) = self.page_mut(page) {
            entry.conversion.show_state(tree, state);
        }
    }

    /// Somebody has corrected the page.
    pub fn is_corrected(&self, page: PageIndex) -> bool {
        self.corrections.pages.get(&page).is_some_and(|history| history.undoes().is_some())
    }
}

impl Conversion {
    /// The last result as it is shown: with the corrections, where the page has been corrected.
    pub fn as_shown(&self) -> Option<Arc<PageRecognition>> {
        let read = self.recognition.as_ref()?;
        let Some(tree) = self.tree.as_ref().filter(|_| !self.corrected_trust.is_empty()) else {
            return Some(Arc::clone(read));
        };
        let unknown = || ElementTrust::new(Origin::Edited);
        let trust = self.corrected_trust.iter().map(|trust| trust.clone().unwrap_or_else(unknown)).collect();
        let (tree, markup) = (Arc::clone(tree), self.markup.clone());
        Some(Arc::new(PageRecognition { markup, tree, trust, ..read.as_ref().clone() }))
    }

    /// The page as it was read, beside what is shown of it.
    pub fn as_read(&self) -> Option<ReadPage<'_>> {
        let read = self.recognition.as_deref()?;
        Some(ReadPage { tree: &read.tree, trust: &read.trust, quality: read.text_quality })
    }

    fn show_state(&mut self, tree: Arc<DocTree>, state: PageState) {
        if !matches!(self.status, ConversionStatus::Done(_) | ConversionStatus::Failed(_)) {
            self.status = ConversionStatus::Done(StopReason::End);
        }
        self.corrected_trust = trust_of(self.as_read(), &tree, &state.checked);
        self.tree = Some(tree);
        self.markup = state.markup;
    }
}

fn checked_of(tree: &DocTree, checked: &BTreeSet<usize>) -> BTreeSet<NodeId> {
    tree.nodes().map(|(id, _)| id).filter(|id| checked.contains(&id.index())).collect()
}

/// How far the elements of a corrected page can be trusted. What is as it was read keeps what was known about it; what
/// somebody has looked at is not doubted; what was changed comes from a hand.
fn trust_of(
    base: Option<ReadPage<'_>>,
    tree: &DocTree,
    checked: &BTreeSet<usize>,
) -> Vec<Option<ElementTrust>> {
    let mut unused: Vec<(&Node, &ElementTrust)> = match &base {
        Some(base) => base.tree.nodes().map(|(_, node)| node).zip(base.trust).collect(),
        None => Vec::new(),
    };
    let of_node = |(id, node): (NodeId, &Node)| {
        let position = unused.iter().position(|(read, _)| is_as_read(read, node));
        let read = position.map(|position| unused.remove(position).1);
        let is_checked = checked.contains(&id.index());
        match read {
            Some(trust) if is_checked => {
                Some(ElementTrust { doubts: Vec::new(), own_text: None, ..trust.clone() })
            }
            Some(trust) => Some(trust.clone()),
            None => base.and_then(|base| base.taken(node)).or_else(|| {
                let before = base.and_then(|base| base.of(node)).filter(|_| is_checked);
                let cells = before.map(|read| read.trust.taken_from_page(node).cells).unwrap_or_default();
                is_checked.then(|| ElementTrust { cells, ..ElementTrust::new(Origin::Edited) })
            }),
        }
    };
    tree.nodes().map(of_node).collect()
}

fn is_as_read(read: &Node, node: &Node) -> bool {
    read.bbox == node.bbox
        && read.text == node.text
        && read.kind.label() == node.kind.label()
        && match (&read.kind, &node.kind) {
            (NodeKind::Table { grid: a, .. }, NodeKind::Table { grid: b, .. }) => {
                let cells = |grid: &markup::TableGrid| {
                    let cells = grid.cells.iter();
                    cells.map(|cell| (cell.row, cell.col, cell.header, cell.text.clone())).collect::<Vec<_>>()
                };
                cells(a) == cells(b)
            }
            _ => true,
        }
}
