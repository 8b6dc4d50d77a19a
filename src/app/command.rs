//! Everything the user can do, and the way there.
//!
//! Drawing never changes the world: a widget sends a [`Command`], and the window runs the commands
//! of a frame, in order, before it draws the next one.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::corrections::SelectedEdit;
use super::output_pane::{ExportFormat, PaneTab, TableFormat};
use super::settings::{DevicePreference, EnginePreference, Precision, ThemeChoice};
use super::state::{ElementRef, NoticeId, SubWindow};
use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource};
use crate::engine::trust::Characters;
use crate::geometry::BBox;
use crate::markup::{CellRange, Label, NodeId};
use crate::revision::Edit;

/// Something the user asked for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Show the dialog that picks documents.
    PickFiles,
    /// Open these files.
    OpenFiles(Vec<PathBuf>),
    /// Open an image from the clipboard.
    OpenPastedImage(Arc<egui::ColorImage>),
    /// Open the sample document that the program carries.
    OpenSample,
    /// Open the sample scan that the program carries.
    OpenSampleScan,
    /// Try the password for the encrypted file that waits for one.
    SubmitPassword(String),
    /// Do not open the encrypted file.
    DropPasswordRequest,
    /// Forget a document.
    CloseDocument(DocumentId),
    /// Show another open document.
    ShowDocument(DocumentId),
    /// Take a file out of the recent ones.
    ForgetRecent(PathBuf),

    /// Look at another part of the document, or at it in another way.
    View(ViewCommand),

    /// Convert one page.
    ConvertPage(PageIndex),
    /// Convert all pages that have not been; all of them when none is left.
    ConvertAll,
    /// Convert these pages.
    ConvertPages(Vec<PageIndex>),
    /// Stop converting this page.
    CancelPage(PageIndex),
    /// Stop all conversions.
    CancelAll,
    /// Escape: close what is open, else cancel conversions, else deselect.
    StepBack,

    /// Read a part of a page as a table.
    Grab(GrabCommand),

    /// Correct a page.
    Correct(CorrectCommand),

    /// Put something on the clipboard.
    Copy(CopyCommand),
    /// Ask where to, then write the converted pages.
    SaveAs(ExportFormat),
    /// Write the document as it was last saved, or ask.
    Save,
    /// Ask where to, then write one table.
    SaveTableAs(ElementRef, TableFormat),
    /// Show a file in the desktop's way.
    OpenInDesktop(PathBuf),

    /// Get, load, check or remove models.
    Model(ModelCommand),

    /// Change what is remembered.
    Set(SettingCommand),

    /// Open a window over the document.
    Open(SubWindow),
    /// Close that window.
    CloseSubWindow,
    /// Take away a notice.
    DismissNotice(NoticeId),
    /// Unfold or fold a notice's details.
    ToggleNoticeDetails(NoticeId),
    /// Close the program.
    Quit,
}

/// Where the user looks, and what is marked there. All of it is about the document that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewCommand {
    /// Bring a page to the top of the view.
    GoToPage(PageIndex),
    /// The view has been scrolled to this page.
    PageInView(PageIndex),
    /// Change the size of the pages on the screen.
    Zoom(ZoomStep),
    /// Turn the page a quarter clockwise, or back.
    RotatePage(PageIndex, Turn),
    /// The pointer is over this element, or over none any more.
    Hover {
        /// Which.
        element: Option<ElementRef>,
        /// Which side says so.
        from: Side,
    },
    /// The pointer is over this cell of a table, by its index in the grid, or over none any more.
    HoverCell {
        /// Which.
        cell: Option<(ElementRef, usize)>,
        /// Which side says so.
        from: Side,
    },
    /// Select an element, or nothing.
    Select {
        /// Which.
        element: Option<ElementRef>,
        /// Where it was selected; the other sides bring it into view.
        from: Side,
    },
    /// Select the next element in reading order (1) or the one before (-1).
    SelectNeighbour(isize),
    /// Select the next doubted element of the document (1) or the one before (-1).
    SelectDoubt(isize),
    /// Select an element of any page and bring it into view.
    Show(ElementRef),
}

/// What is put on the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyCommand {
    /// A page.
    CopyPage(PageIndex, ExportFormat),
    /// An element.
    CopyElement(ElementRef, ExportFormat),
    /// A table.
    CopyTable(ElementRef, TableFormat),
    /// Some cells of a table.
    CopyCells(ElementRef, CellRange, TableFormat),
    /// A table that was grabbed, or some of its cells.
    CopyGrabbed(NodeId, Option<CellRange>, TableFormat),
    /// An element that was grabbed.
    CopyGrabbedElement(NodeId, ExportFormat),
    /// What is selected, or else the page in view.
    CopySelection,
}

/// Something about models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelCommand {
    /// Show the dialog that picks a model's folder.
    PickFolder,
    /// Load a model.
    Load(PathBuf),
    /// Load the loaded model again, after its settings have changed.
    Reload,
    /// Free the model's memory.
    Unload,
    /// Look for models on this machine.
    List,
    /// Download a model, or go on with a download: the user's yes.
    Download(String),
    /// Stop the download and keep what has come.
    PauseDownload,
    /// Stop the download and remove what has come.
    DiscardDownload,
    /// Compare a model's files with their digests.
    Verify(PathBuf),
    /// Ask whether this model is to be removed, or no longer.
    AskToRemove(Option<String>),
    /// Remove a model that Doclens has downloaded.
    Remove(String),
    /// Take a folder out of the list; the folder stays.
    ForgetFolder(PathBuf),
    /// A download is there.
    Downloaded {
        /// Of the model.
        id: String,
        /// Where it lies.
        folder: PathBuf,
    },
    /// Load the first model that is here, if none has ever been chosen.
    UseFirst,
}

/// What is done about a table that is read from a region of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GrabCommand {
    /// Let the next drag over a page grab, or no longer.
    Arm(bool),
    /// Read this part of the upright page.
    Grab {
        /// Of which page.
        page: PageIndex,
        /// Which part.
        region: BBox,
    },
    /// Take away what was grabbed.
    Close,
    /// Ask where to, then write a grabbed table.
    SaveAs(NodeId, TableFormat),
}

/// What a choice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The selected element.
    Element,
    /// All elements of the page in view.
    Page,
    /// All elements of the pages that are converted.
    Document,
}

/// What is corrected about a page.
#[derive(Clone, Debug)]
pub enum CorrectCommand {
    /// Look for corrections from before; the document has just been opened.
    Find(DocumentId, DocumentSource),
    /// Change a page of the document that is shown.
    Edit(PageIndex, Edit),
    /// Change the selected element.
    EditSelected(SelectedEdit),
    /// The selected element is right: on to the next doubt.
    Accept,
    /// Show the characters that were read, or those of the page's own text.
    UseCharacters(Characters, Scope),
    /// Take the last step of the page in view back, or make it again.
    Step {
        /// Make it again.
        forward: bool,
    },
    /// A page has been read.
    TookReading(DocumentId, PageIndex),
    /// A reading of a page came to nothing.
    Restore(DocumentId, PageIndex),
    /// Let the next drag over a page draw a new element, or no longer.
    Draw(bool),
    /// Put the cursor into the text of the selected element.
    EditText,
    /// Hold the readings of the corrected pages against what was made of them.
    Score,
    /// Ask where to, then write the corrected pages as ground truth.
    SaveGroundTruth,
}

/// A change of what is remembered from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingCommand {
    /// Choose which recognizer converts.
    UseEngine(EnginePreference),
    /// Show the boxes of a label, or no longer.
    ToggleLabel(Label),
    /// Fold or unfold the legend.
    ToggleLegend,
    /// Show the reading order, or no longer.
    ToggleReadingOrder,
    /// Colour the boxes by how far they can be trusted, or by label.
    ToggleHeat,
    /// Show two-letter tags at each box, or no longer.
    ToggleTags,
    /// Show pages light on dark, or no longer.
    ToggleInvertedPages,
    /// Show or hide the thumbnails.
    ToggleThumbnails,
    /// Show or hide the live pane.
    TogglePane,
    /// Give page and pane the same width.
    EqualisePane,
    /// The divider was dragged: the pane's part of the width.
    ResizePane(f32),
    /// Show page headers and footers in the pane and in exports, or no longer.
    ToggleFurniture,
    /// Another view of the pane was chosen.
    ShowPaneTab(PaneTab),
    /// Choose the colours of the window.
    UseTheme(ThemeChoice),
    /// Let things move and fade, or not.
    SetReducedMotion(bool),
    /// Preview pages by their own text, or not.
    SetTextPreview(bool),
    /// Keep pages that were read, or remove those that are kept.
    KeepReadings(bool),
    /// Load the last model when the window opens, or not.
    SetLoadModelAtStart(bool),
    /// Limit the tokens of a page.
    SetTokenLimit(Option<usize>),
    /// Choose what computes.
    UseDevice(DevicePreference),
    /// Choose how exactly numbers are kept.
    UsePrecision(Precision),
    /// Choose what a processor computes with fewer bits. A loaded model is loaded again.
    Quantize {
        /// The vision encoder, in 16-bit fixed point.
        vision_int16: bool,
        /// The text decoder's weights, in 8 bits.
        text_q8_0: bool,
    },
    /// Choose how many threads compute, from the next start on.
    SetThreads(Option<usize>),
    /// Free the model's memory after so many minutes without a page.
    SetIdleUnload(Option<u32>),
    /// Do not offer a model again, or do.
    SetModelOffer(bool),
}

impl From<ModelCommand> for Command {
    fn from(command: ModelCommand) -> Self {
        Self::Model(command)
    }
}

impl From<ViewCommand> for Command {
    fn from(command: ViewCommand) -> Self {
        Self::View(command)
    }
}

impl From<CopyCommand> for Command {
    fn from(command: CopyCommand) -> Self {
        Self::Copy(command)
    }
}

impl From<GrabCommand> for Command {
    fn from(command: GrabCommand) -> Self {
        Self::Grab(command)
    }
}

impl From<CorrectCommand> for Command {
    fn from(command: CorrectCommand) -> Self {
        Self::Correct(command)
    }
}

impl From<SettingCommand> for Command {
    fn from(command: SettingCommand) -> Self {
        Self::Set(command)
    }
}

/// A change of the pages' size on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ZoomStep {
    /// One step larger.
    In,
    /// One step smaller.
    Out,
    /// As large as on paper.
    Actual,
    /// This many times as large as on paper.
    To(f64),
    /// As wide as the view.
    FitWidth,
    /// A whole page in the view.
    FitPage,
}

/// A quarter turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To the right.
    Clockwise,
    /// To the left.
    Anticlockwise,
}

/// Where an element was pointed at or selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On the page.
    Page,
    /// In the live pane.
    Pane,
    /// By a key.
    Keyboard,
}

/// More than a person can do between two frames; dropping beyond it is logged.
const MAX_WAITING: usize = 256;

/// The widgets' end of the command queue.
#[derive(Clone, Debug)]
pub struct CommandSender {
    sender: Sender<Command>,
    ctx: egui::Context,
}

impl CommandSender {
    /// The queue's two ends. Sending asks `ctx` for another frame, in which the command runs.
    pub fn queue(ctx: &egui::Context) -> (Self, Receiver<Command>) {
        let (sender, receiver) = crossbeam_channel::bounded(MAX_WAITING);
        (Self { sender, ctx: ctx.clone() }, receiver)
    }

    /// Queues a command for the next frame.
    pub fn send(&self, command: impl Into<Command>) {
        match self.sender.try_send(command.into()) {
            Ok(()) => self.ctx.request_repaint(),
            Err(TrySendError::Full(command) | TrySendError::Disconnected(command)) => {
                tracing::warn!(?command, "the command queue is full");
            }
        }
    }
}

/// Pages written as people write them: `1-3, 7`, `5-`, `-2`, counted from 1.
///
/// `None` when it is not a list of pages of a document of `num_pages`. The pages come sorted, each
/// once.
pub fn parse_page_range(text: &str, num_pages: usize) -> Option<Vec<PageIndex>> {
    let mut pages = std::collections::BTreeSet::new();
    for part in text.split([',', ';', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = match part.split_once(['-', '–']) {
            Some((first, last)) => (first.trim(), last.trim()),
            None => (part, part),
        };
        let first = if first.is_empty() { 1 } else { first.parse().ok()? };
        let last = if last.is_empty() { num_pages } else { last.parse().ok()? };
        if first < 1 || last > num_pages || first > last {
            return None;
        }
        pages.extend((first - 1..last).map(PageIndex));
    }
    (!pages.is_empty()).then(|| pages.into_iter().collect())
}

/// What a command about a node of the pane means for the page it stands on.
pub fn element_on(page: PageIndex, node: Option<NodeId>) -> Option<ElementRef> {
    node.map(|node| ElementRef { page, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[usize]>) {
        let pages = parse_page_range(text, 12);
        let numbers = pages.map(|pages| pages.iter().map(|page| page.number()).collect::<Vec<_>>());
        assert_eq!(numbers.as_deref(), expected, "{text}");
    }

    #[test]
    fn page_ranges_are_read_as_people_write_them() {
        check("1-3, 7", Some(&[1, 2, 3, 7]));
        check("10-", Some(&[10, 11, 12]));
        check("-2", Some(&[1, 2]));
        check("7,3 3", Some(&[3, 7]));
        check("2–4", Some(&[2, 3, 4]));
        check("0", None);
        check("13", None);
        check("4-2", None);
        check("two", None);
        check("", None);
        check("99999999999999999999", None);
    }

    #[test]
    fn a_full_queue_drops_instead_of_waiting() {
        let (sender, receiver) = CommandSender::queue(&egui::Context::default());
        for _ in 0..MAX_WAITING + 5 {
            sender.send(Command::CancelAll);
        }
        assert_eq!(receiver.try_iter().count(), MAX_WAITING);
    }
}
