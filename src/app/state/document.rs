//! One open document: its pages, their turns, conversions and what is selected.

use std::sync::Arc;

use super::super::command::Side;
use super::corrections::Corrections;
use crate::document::page::{PageIndex, PageSize, Rotation};
use crate::engine::event::{DocumentInfo, PageRecognition, Progress, StopReason};
use crate::engine::job::{DocumentId, JobId};
use crate::engine::trust::ElementTrust;
use crate::engine::user_message::UserMessage;
use crate::markup::{DocTree, Node, NodeId};

/// Name that the sample scan is opened under.
pub const SAMPLE_SCAN_NAME: &str = "sample-scan.png";

/// An element of a converted page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ElementRef {
    /// The page it stands on.
    pub page: PageIndex,
    /// The node of that page's tree.
    pub node: NodeId,
}

/// An open document.
#[derive(Debug)]
pub struct DocumentState {
    /// What the engine said when it opened it.
    pub info: Arc<DocumentInfo>,
    /// It needs a password: what stands in it is kept nowhere but in corrections.
    pub is_protected: bool,
    /// One entry a page.
    pub pages: Vec<PageEntry>,
    /// The page in view.
    pub current: PageIndex,
    /// The element under the pointer, wherever the pointer is.
    pub hovered: Option<ElementRef>,
    /// The cell of a table under the pointer, by its index in the grid.
    pub hovered_cell: Option<(ElementRef, usize)>,
    /// The side that called them so.
    hovered_on: Side,
    /// The selected element.
    pub selected: Option<ElementRef>,
    /// Counts turns of pages, so that layouts know when they are stale.
    pub num_turns: u64,
    /// What has been corrected.
    pub corrections: Corrections,
    /// Where it was last exported to.
    pub export: Option<(std::path::PathBuf, super::super::output_pane::ExportFormat)>,
}

/// A page of an open document.
#[derive(Debug, Default)]
pub struct PageEntry {
    /// How the user has turned it.
    pub rotation: Rotation,
    /// What is known about its own text.
    pub text: TextSupply,
    /// Where its conversion stands, and what came of it.
    pub conversion: Conversion,
}

/// What is known about a page's own text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextSupply {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// Somebody is looking.
    Asked,
    /// It has text.
    Present,
    /// It has none.
    Absent,
    /// It has text that means nothing.
    Garbled,
}

/// A page's way into markup.
#[derive(Debug, Default)]
pub struct Conversion {
    /// Where it stands.
    pub status: ConversionStatus,
    /// The document so far. While a page is converted again, the old one until the first part comes.
    pub tree: Option<Arc<DocTree>>,
    /// The markup that `tree` was read from.
    pub markup: String,
    /// The last result that came to an end.
    pub recognition: Option<Arc<PageRecognition>>,
    /// How far the elements of `tree` can be trusted, once it has been corrected.
    pub(super) corrected_trust: Vec<Option<ElementTrust>>,
    /// Counts the runs that have put a tree here, so that views know when it is a new one.
    pub num_runs: u64,
    /// Parts of the run that is going on have come.
    has_fresh_parts: bool,
}

/// Where a conversion stands.
#[derive(Debug, Default)]
pub enum ConversionStatus {
    /// Nobody has asked.
    #[default]
    None,
    /// Asked for.
    Queued(JobId),
    /// Going on.
    Running {
        /// The job.
        job: JobId,
        /// How far it is.
        progress: Option<Progress>,
    },
    /// Ended with a result.
    Done(StopReason),
    /// Ended with none.
    Failed(UserMessage),
}

impl DocumentState {
    /// A document that has just been opened.
    pub fn new(info: Arc<DocumentInfo>) -> Self {
        let pages = info.page_sizes.iter().map(|_| PageEntry::default()).collect();
        Self {
            info,
            is_protected: false,
            pages,
            current: PageIndex(0),
            hovered: None,
            hovered_cell: None,
            hovered_on: Side::Page,
            selected: None,
            num_turns: 0,
            corrections: Corrections::default(),
            export: None,
        }
    }

    /// Its id.
    pub fn id(&self) -> DocumentId {
        self.info.id
    }

    /// It is the sample scan that the program carries.
    pub fn is_sample_scan(&self) -> bool {
        self.info.path.is_none() && self.info.name == SAMPLE_SCAN_NAME
    }

    /// How many pages it has.
    pub fn num_pages(&self) -> usize {
        self.pages.len()
    }

    /// One of its pages.
    pub fn page(&self, page: PageIndex) -> Option<&PageEntry> {
        self.pages.get(page.0)
    }

    /// One of its pages.
    pub fn page_mut(&mut self, page: PageIndex) -> Option<&mut PageEntry> {
        self.pages.get_mut(page.0)
    }

    /// The size of a page as the user has turned it.
    pub fn turned_size(&self, page: PageIndex) -> Option<PageSize> {
        let size = self.info.page_sizes.get(page.0)?;
        Some(size.turned(self.page(page)?.rotation))
    }

    /// Pages whose conversion is queued or going on, with their jobs.
    pub fn unfinished(&self) -> impl Iterator<Item = (PageIndex, JobId)> {
        self.pages
            .iter()
            .enumerate()
            .filter_map(|(index, page)| Some((PageIndex(index), page.conversion.status.job()?)))
    }

    /// Pages that have been converted, with what is shown of them.
    pub fn converted(&self) -> impl Iterator<Item = (PageIndex, &Conversion)> {
        self.pages
            .iter()
            .enumerate()
            .filter(|(_, page)| page.conversion.tree.is_some())
            .map(|(index, page)| (PageIndex(index), &page.conversion))
    }

    /// How many pages have been converted, to their end or until something stopped it.
    pub fn num_done(&self) -> usize {
        self.pages.iter().filter(|page| matches!(page.conversion.status, ConversionStatus::Done(_))).count()
    }

    /// How many pages could not be converted.
    pub fn num_failed(&self) -> usize {
        self.pages.iter().filter(|page| matches!(page.conversion.status, ConversionStatus::Failed(_))).count()
    }

    /// The element `step` places further in reading order than the selected one, on the page in
    /// view; the first or last one when nothing is selected there. Only elements with a box count.
    pub fn neighbour(&self, step: isize) -> Option<ElementRef> {
        let tree = self.page(self.current)?.conversion.tree.as_ref()?;
        let order: Vec<NodeId> =
            tree.reading_order().into_iter().filter(|&id| tree.node(id).bbox.is_some()).collect();
        let selected = self.selected.filter(|element| element.page == self.current);
        let position = selected.and_then(|element| order.iter().position(|&id| id == element.node));
        let index = match position {
            Some(position) => position.checked_add_signed(step)?,
            None if step >= 0 => 0,
            None => order.len().checked_sub(1)?,
        };
        order.get(index).map(|&node| ElementRef { page: self.current, node })
    }

    /// The elements of all pages that are doubted, page by page.
    pub fn doubted(&self) -> impl Iterator<Item = (ElementRef, &Node, &ElementTrust)> {
        self.converted().flat_map(|(page, conversion)| {
            conversion.tree.iter().flat_map(|tree| tree.nodes()).filter_map(move |(node, of_tree)| {
                let trust = conversion.trust(node).filter(|trust| !trust.doubts.is_empty())?;
                Some((ElementRef { page, node }, of_tree, trust))
            })
        })
    }

    /// The doubted element after the selected one (1) or before it (-1), round again at the end; where
    /// nothing is selected, from the page in view on.
    pub fn next_doubt(&self, step: isize) -> Option<ElementRef> {
        let place = |element: &ElementRef| (element.page, element.node);
        let from = self.selected.as_ref().map(place);
        let all = || self.doubted().map(|(element, _, _)| element);
        if step >= 0 {
            let is_later = |element: &ElementRef| match from {
                Some(from) => place(element) > from,
                None => element.page >= self.current,
            };
            all().find(is_later).or_else(|| all().next())
        } else {
            let is_earlier = |element: &ElementRef| match from {
                Some(from) => place(element) < from,
                None => element.page < self.current,
            };
            all().filter(is_earlier).last().or_else(|| all().last())
        }
    }

    /// A side says what the pointer is over there. That it is over nothing counts only from the side that
    /// it was on: when it crosses over, that word may come after the other side's.
    pub fn hover(&mut self, element: Option<ElementRef>, from: Side) {
        if element.is_some() || from == self.hovered_on {
            self.hovered = element;
            self.hovered_on = from;
        }
    }

    /// As [`Self::hover`], of a table's cell.
    pub fn hover_cell(&mut self, cell: Option<(ElementRef, usize)>, from: Side) {
        if cell.is_some() || from == self.hovered_on {
            self.hovered_cell = cell;
            self.hovered_on = from;
        }
    }

    /// The cell of a table at a place on the page, by its index in the grid, where cells are known.
    pub fn cell_at(&self, element: ElementRef, (x, y): (f64, f64)) -> Option<usize> {
        let trust = self.page(element.page)?.conversion.trust(element.node)?;
        trust.cells.iter().position(|cell| cell.as_ref().is_some_and(|cell| cell.bbox.contains(x, y)))
    }

    /// Forgets what points into the tree of a page, because that tree is being replaced.
    pub(super) fn forget_elements_of(&mut self, page: PageIndex) {
        self.hovered = self.hovered.filter(|element| element.page != page);
        self.hovered_cell = self.hovered_cell.filter(|(element, _)| element.page != page);
        self.selected = self.selected.filter(|element| element.page != page);
    }

    /// A part of a page's markup has come.
    pub fn take_part(&mut self, page: PageIndex, job: JobId, appended: &str, tree: Arc<DocTree>) {
        let Some(conversion) = self.page_mut(page).map(|page| &mut page.conversion) else { return };
        if conversion.status.job() != Some(job) {
            return;
        }
        let is_first = !conversion.has_fresh_parts;
        if is_first {
            conversion.markup.clear();
            conversion.corrected_trust.clear();
            conversion.num_runs += 1;
            conversion.has_fresh_parts = true;
        }
        conversion.markup.push_str(appended);
        conversion.tree = Some(tree);
        if is_first {
            self.forget_elements_of(page);
        }
    }

    /// A page that was read before, with the turn that it had then, comes back by this job.
    pub fn await_reading(&mut self, page: PageIndex, rotation: Rotation, job: JobId) {
        let Some(entry) = self.page_mut(page) else { return };
        entry.conversion.queue(job);
        if entry.rotation != rotation {
            entry.rotation = rotation;
            self.num_turns += 1;
        }
    }

    /// A page has been converted.
    pub fn take_recognition(&mut self, job: JobId, recognition: Arc<PageRecognition>) {
        let page = recognition.request.page;
        let Some(conversion) = self.page_mut(page).map(|page| &mut page.conversion) else { return };
        if conversion.status.job() != Some(job) {
            return;
        }
        let was_replaced = !conversion.has_fresh_parts;
        conversion.num_runs += u64::from(was_replaced);
        conversion.status = ConversionStatus::Done(recognition.stop_reason);
        conversion.corrected_trust.clear();
        conversion.markup.clone_from(&recognition.markup);
        conversion.tree = Some(Arc::clone(&recognition.tree));
        conversion.recognition = Some(recognition);
        conversion.has_fresh_parts = false;
        if was_replaced {
            self.forget_elements_of(page);
        }
    }
}

impl Conversion {
    /// A job has been queued for it.
    pub fn queue(&mut self, job: JobId) {
        self.status = ConversionStatus::Queued(job);
        self.has_fresh_parts = false;
    }

    /// The job has been taken up, or says how far it is.
    pub fn run(&mut self, job: JobId, progress: Option<Progress>) {
        if self.status.job() != Some(job) {
            return;
        }
        let progress = progress.or_else(|| self.status.progress().cloned());
        self.status = ConversionStatus::Running { job, progress };
    }

    /// The job was cancelled: what came stays; where nothing came, all is as before.
    pub fn cancel(&mut self, job: JobId) {
        if self.status.job() != Some(job) {
            return;
        }
        self.status = if self.has_fresh_parts {
            self.recognition = None;
            ConversionStatus::Done(StopReason::Cancelled)
        } else {
            match (&self.recognition, &self.tree) {
                (Some(recognition), _) => ConversionStatus::Done(recognition.stop_reason),
                (None, Some(_)) => ConversionStatus::Done(StopReason::Cancelled),
                (None, None) => ConversionStatus::None,
            }
        };
        self.has_fresh_parts = false;
    }

    /// The job failed.
    pub fn fail(&mut self, job: JobId, message: UserMessage) {
        if self.status.job() == Some(job) {
            self.status = ConversionStatus::Failed(message);
            self.has_fresh_parts = false;
        }
    }

    /// Markup is being written now: its last element is not complete.
    pub fn is_streaming(&self) -> bool {
        self.has_fresh_parts && self.status.job().is_some()
    }

    /// How far an element can be trusted; `None` while it is being written.
    pub fn trust(&self, node: NodeId) -> Option<&ElementTrust> {
        if !self.corrected_trust.is_empty() {
            return self.corrected_trust.get(node.index())?.as_ref();
        }
        let recognition = self.recognition.as_ref()?;
        let is_of_tree = self.tree.as_ref().is_some_and(|tree| Arc::ptr_eq(tree, &recognition.tree));
        recognition.trust.get(node.index()).filter(|_| is_of_tree)
    }
}

impl ConversionStatus {
    /// The job that works on it.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Queued(job) | Self::Running { job, .. } => Some(*job),
            Self::None | Self::Done(_) | Self::Failed(_) => None,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Running { progress, .. } => progress.as_ref(),
            Self::None | Self::Queued(_) | Self::Done(_) | Self::Failed(_) => None,
        }
    }
}
