//! What the pane is told each frame, and what it asks for. Plain borrowed data in, a closed enum out.

use std::sync::Arc;

use egui::TextureHandle;

use crate::app::score::CorrectionScore;
use crate::document::page::PageIndex;
use crate::engine::event::{Progress, StopReason};
use crate::engine::trust::{CellOnPage, ElementTrust};
use crate::engine::user_message::UserMessage;
use crate::markup::{CellRange, DocTree, Label, NodeId};

/// Everything that the pane shows, borrowed for one frame.
pub struct PaneInput<'a> {
    /// Names what is shown (document, page, revision of neither): scroll positions and caches belong
    /// to it. A conversion that is run again keeps the key.
    pub view_key: u64,
    /// The page that is shown.
    pub page: PageIndex,
    /// Elements of any page that are doubted, page by page.
    pub review: &'a [ReviewItem<'a>],
    /// Pages of the document that somebody has corrected, and how right their readings were, once that was asked.
    pub corrected: (usize, Option<&'a CorrectionScore>),
    /// Where the conversion of the page stands.
    pub state: PageState<'a>,
    /// The document so far; kept while the page is converted again until the first part comes.
    pub tree: Option<&'a Arc<DocTree>>,
    /// The markup that `tree` was read from; its nodes' `source` are bytes of it.
    pub markup: &'a str,
    /// Name for people of the recognizer that made `tree`: "Text layer", "SmolDocling-256M-preview".
    pub engine_name: &'a str,
    /// Tokens that have been generated; `None` where tokens mean nothing (text layer).
    pub num_tokens: Option<usize>,
    /// The element under the pointer, wherever the pointer is.
    pub hovered: Option<NodeId>,
    /// The cell under the pointer, by its index in the table's grid, wherever the pointer is.
    pub hovered_cell: Option<(NodeId, usize)>,
    /// The cells of tables as the page's own text has them, of those tables that it has.
    pub cells_on_page: &'a [(NodeId, &'a [Option<CellOnPage>])],
    /// The element that is selected, wherever it was selected.
    pub selected: Option<NodeId>,
    /// Bring this element into view. Set it for one frame, when another side selected it.
    pub scroll_to: Option<NodeId>,
    /// Page headers and footers are shown.
    pub shows_furniture: bool,
    /// Crops of the page for pictures, where the app has drawn them.
    pub picture_crop: Option<&'a dyn Fn(NodeId) -> Option<TextureHandle>>,
    /// Keys of acts, as people read them ("Ctrl+Enter"), for buttons and tooltips.
    pub convert_key: &'a str,
}

/// An element that is doubted.
#[derive(Clone, Copy, Debug)]
pub struct ReviewItem<'a> {
    /// The page it stands on.
    pub page: PageIndex,
    /// The node of that page's tree.
    pub node: NodeId,
    /// What it is.
    pub label: Label,
    /// What it says; empty for tables and pictures.
    pub text: &'a str,
    /// Why it is doubted.
    pub trust: &'a ElementTrust,
}

/// Where the conversion of the page stands.
#[derive(Clone, Copy, Debug)]
pub enum PageState<'a> {
    /// No document is open, or its first page is not known yet: the pane stays quiet.
    NoPage,
    /// Nobody has asked for it.
    NotConverted {
        /// What would read it, or why nothing can.
        offer: Offer<'a>,
    },
    /// Asked for; other pages go first.
    Queued {
        /// Pages before it, when known.
        num_ahead: Option<usize>,
    },
    /// Being read now.
    Running {
        /// How far it is.
        progress: Option<&'a Progress>,
    },
    /// Read.
    Done {
        /// Why reading ended.
        stop_reason: StopReason,
        /// The recognizer can go on where it stopped.
        can_continue: bool,
        /// What it had not reached was read by itself.
        was_rescued: bool,
    },
    /// It could not be read. A tree from before is still shown below the message.
    Failed {
        /// In words for people.
        message: &'a UserMessage,
    },
}

/// What can be offered for a page that has not been converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer<'a> {
    /// This recognizer would read it.
    Convert {
        /// Name for people.
        engine_name: &'a str,
    },
    /// The page has no text of its own, and no model is installed.
    NeedsModel {
        /// The page's text exists but cannot be trusted (no Unicode mapping, mostly replacement
        /// characters); otherwise there is none.
        is_garbled: bool,
        /// Model that would be fetched: "SmolDocling". `None` when none can be fetched by the app.
        model_name: Option<&'a str>,
        /// How large it is, with its unit: "513 MB".
        model_size: Option<&'a str>,
    },
}

impl PageState<'_> {
    /// Markup is still being written.
    pub fn is_streaming(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// Something that the user asked for in the pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaneAction {
    /// The pointer is over this element, or over none any more. Sent when it changes.
    Hover(Option<NodeId>),
    /// The pointer is over this cell, by its index in the table's grid. Sent when it changes.
    HoverCell(Option<(NodeId, usize)>),
    /// This element was selected here: the page brings it into view. `None` deselects.
    Select(Option<NodeId>),
    /// An element of any page was chosen for review.
    Review(PageIndex, NodeId),
    /// Move an element just before another one, or to the end of the page.
    MoveBefore(NodeId, Option<NodeId>),
    /// Hold the readings of the corrected pages against what was made of them.
    Score,
    /// Ask where to, then write the corrected pages as ground truth.
    SaveGroundTruth,
    /// Put the whole document on the clipboard.
    CopyDocument(ExportFormat),
    /// Put one element on the clipboard.
    CopyElement(NodeId, ExportFormat),
    /// Put one table on the clipboard.
    CopyTable(NodeId, TableFormat),
    /// Put some cells of a table on the clipboard.
    CopyCells(NodeId, CellRange, TableFormat),
    /// Ask where to, then write the document.
    SaveAs(ExportFormat),
    /// Ask where to, then write one table.
    SaveTableAs(NodeId, TableFormat),
    /// Convert this page (again).
    ConvertPage,
    /// Stop the conversion of this page.
    Cancel,
    /// Go on after the token limit.
    Continue,
    /// Open the model manager.
    GetModel,
    /// Show page headers and footers, or no longer.
    ToggleFurniture,
}

/// What a document can be exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportFormat {
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// `DoclingDocument` JSON.
    Json,
    /// Text without any marks.
    PlainText,
    /// The markup itself.
    DocTags,
    /// All tables as a workbook, one sheet each. For files only.
    Xlsx,
    /// How far each element can be trusted. For files only.
    Trust,
}

impl ExportFormat {
    /// What can be put on the clipboard, in the order of menus.
    pub const COPIED: [Self; 5] = [Self::Markdown, Self::Html, Self::Json, Self::PlainText, Self::DocTags];
    /// What can be saved as a file, in the order of menus.
    pub const SAVED: [Self; 7] =
        [Self::Markdown, Self::Html, Self::Json, Self::PlainText, Self::DocTags, Self::Xlsx, Self::Trust];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::Html => "HTML",
            Self::Json => "DoclingDocument JSON",
            Self::PlainText => "Plain text",
            Self::DocTags => "DocTags",
            Self::Xlsx => "Tables as Excel workbook",
            Self::Trust => "Trust report (JSON)",
        }
    }

    /// Extension of files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Json => "json",
            Self::PlainText => "txt",
            Self::DocTags => "dt",
            Self::Xlsx => "xlsx",
            Self::Trust => "trust.json",
        }
    }
}

/// What a table can be copied or saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableFormat {
    /// For spreadsheets: HTML and TSV on the clipboard together; an XLSX workbook as a file.
    Spreadsheet,
    /// Tab-separated values.
    Tsv,
    /// Comma-separated values.
    Csv,
    /// An HTML table with spans.
    Html,
    /// A pipe table.
    Markdown,
    /// A `tabular`.
    Latex,
    /// `TableData` of a `DoclingDocument`.
    Json,
}

impl TableFormat {
    /// Every format, in the order of menus.
    pub const ALL: [Self; 7] =
        [Self::Spreadsheet, Self::Tsv, Self::Csv, Self::Html, Self::Markdown, Self::Latex, Self::Json];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Spreadsheet => "Spreadsheet cells",
            Self::Tsv => "TSV",
            Self::Csv => "CSV",
            Self::Html => "HTML",
            Self::Markdown => "Markdown",
            Self::Latex => "LaTeX",
            Self::Json => "JSON",
        }
    }

    /// As the name of a kind of files.
    pub fn file_words(self) -> &'static str {
        match self {
            Self::Spreadsheet => "Excel workbook",
            other => other.words(),
        }
    }

    /// Extension of files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Spreadsheet => "xlsx",
            Self::Tsv => "tsv",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Latex => "tex",
            Self::Json => "json",
        }
    }
}
