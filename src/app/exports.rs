//! What is copied and saved: the converted pages of a document in one format.
//!
//! An [`Export`] is plain shared data, so that a large one can be made on a thread of its own.

use std::sync::Arc;

use super::clipboard::ClipboardText;
use super::output_pane::{ExportFormat, TableFormat};
use super::settings::Settings;
use super::state::DocumentState;
use crate::document::page::PageIndex;
use crate::engine::event::PageRecognition;
use crate::engine::join_pages;
use crate::engine::trust::trust_json;
use crate::engine::user_message::UserMessage;
use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{self, CellRange, DocTree, NodeId, NodeKind, TableGrid};

/// Pages to be exported, in order, and how.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    /// Markup of each page; empty for those that have not been converted.
    markups: Vec<String>,
    format: ExportFormat,
    options: ExportOptions,
    /// What the pages were read as, for the format that tells of it.
    recognitions: Vec<Arc<PageRecognition>>,
}

impl Export {
    /// The whole document. Pages that have not been converted are empty, so that a page number in
    /// the export is that of the document. `None` when no page has been converted.
    pub(crate) fn of_document(
        document: &DocumentState,
        format: ExportFormat,
        settings: &Settings,
    ) -> Option<Self> {
        let last = document.converted().map(|(page, _)| page).last()?;
        let markup = |index| {
            let conversion = &document.page(PageIndex(index))?.conversion;
            conversion.tree.as_ref().map(|_| conversion.markup.clone())
        };
        let markups = (0..=last.0).map(|index| markup(index).unwrap_or_default()).collect();
        let sizes = document.info.page_sizes.iter();
        let page_sizes =
            sizes.map(|size| PagePoints { width_pt: size.width_pt, height_pt: size.height_pt }).collect();
        let options =
            ExportOptions { name: stem(&document.info.name).to_owned(), page_sizes, ..options(settings) };
        let recognitions = document.converted().filter_map(|(_, conversion)| conversion.as_shown()).collect();
        Some(Self { markups, format, options, recognitions })
    }

    /// One page; `None` when it has not been converted.
    pub(crate) fn of_page(
        document: &DocumentState,
        page: PageIndex,
        format: ExportFormat,
        settings: &Settings,
    ) -> Option<Self> {
        let conversion = &document.page(page)?.conversion;
        conversion.tree.as_ref()?;
        let size = document.info.page_sizes.get(page.0)?;
        let options = ExportOptions {
            name: stem(&document.info.name).to_owned(),
            page_sizes: vec![PagePoints { width_pt: size.width_pt, height_pt: size.height_pt }],
            ..options(settings)
        };
        let recognitions = conversion.as_shown().into_iter().collect();
        Some(Self { markups: vec![conversion.markup.clone()], format, options, recognitions })
    }

    /// The contents of the file.
    ///
    /// # Errors
    /// If the format cannot hold the document.
    pub(crate) fn contents(&self) -> Result<Vec<u8>, UserMessage> {
        if self.format != ExportFormat::Xlsx {
            return Ok(self.text().into_bytes());
        }
        let tree = markup::parse(&join_pages(self.markups.iter().map(String::as_str)));
        workbook(export::xlsx::xlsx(&tree, &self.options))
    }

    /// The document as text; a workbook has none.
    pub(crate) fn text(&self) -> String {
        let joined = join_pages(self.markups.iter().map(String::as_str));
        let tree = || markup::parse(&joined);
        let mut text = match self.format {
            ExportFormat::Markdown => export::markdown(&tree(), &self.options),
            ExportFormat::Html => export::html(&tree(), &self.options),
            ExportFormat::Json => export::json(&tree(), &self.options),
            ExportFormat::PlainText => export::plain_text(&tree(), &self.options),
            ExportFormat::DocTags => return joined,
            ExportFormat::Xlsx => return String::new(),
            ExportFormat::Trust => {
                trust_json(self.recognitions.iter().map(|page| (page.request.page, page.as_ref())))
            }
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

fn options(settings: &Settings) -> ExportOptions {
    let furniture = if settings.shows_furniture { Furniture::All } else { Furniture::None };
    ExportOptions { furniture, ..ExportOptions::default() }
}

/// A file's name without its extension.
pub(crate) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// One element of a tree. `markup` is what the tree was read from.
pub(crate) fn element_text(tree: &DocTree, markup: &str, id: NodeId, format: ExportFormat) -> Option<String> {
    let options = ExportOptions { furniture: Furniture::All, ..ExportOptions::default() };
    Some(match format {
        ExportFormat::Markdown => export::markdown::markdown_of_node(tree, id, &options),
        ExportFormat::Html => export::html::html_of_node(tree, id, &options),
        ExportFormat::PlainText => export::plain_text::plain_text_of_node(tree, id),
        ExportFormat::DocTags => export::doctags::doctags_of_node(tree, id),
        ExportFormat::Json => {
            let markup = markup.get(tree.node(id).source.clone())?;
            export::json(&markup::parse(markup), &options)
        }
        ExportFormat::Xlsx | ExportFormat::Trust => return None,
    })
}

/// One table of a tree, or some of its cells; `None` when the element is none.
pub(crate) fn table_text(
    tree: &DocTree,
    id: NodeId,
    cells: Option<CellRange>,
    format: TableFormat,
) -> Option<ClipboardText> {
    let grid = grid_of(tree, id)?;
    let part = cells.map(|cells| grid.part(cells));
    let grid = part.as_ref().unwrap_or(grid);
    let text = match format {
        TableFormat::Spreadsheet | TableFormat::Tsv => export::csv::tsv_of_table(grid),
        TableFormat::Csv => export::csv::csv_of_table(grid),
        TableFormat::Html => export::html::html_of_table(grid),
        TableFormat::Markdown => export::markdown::markdown_of_table(grid),
        TableFormat::Latex => export::latex::latex_of_table(grid),
        TableFormat::Json => export::json::json_of_table(grid),
    };
    let html = (format == TableFormat::Spreadsheet).then(|| export::spreadsheet::clipboard_html(grid));
    Some(ClipboardText { text, html })
}

/// One table of a tree as a file; `None` when the element is none.
pub(crate) fn table_file(
    tree: &DocTree,
    id: NodeId,
    format: TableFormat,
) -> Option<Result<Vec<u8>, UserMessage>> {
    if format == TableFormat::Spreadsheet {
        return Some(workbook(export::xlsx::xlsx_of_table(grid_of(tree, id)?)));
    }
    table_text(tree, id, None, format).map(|copied| Ok(copied.text.into_bytes()))
}

/// The grid of a table, or the numbers of a chart.
fn grid_of(tree: &DocTree, id: NodeId) -> Option<&TableGrid> {
    match &tree.nodes().nth(id.index())?.1.kind {
        NodeKind::Table { grid, .. } => Some(grid),
        NodeKind::Picture(picture) => picture.chart_data.as_ref(),
        _ => None,
    }
}

fn workbook(made: Result<Option<Vec<u8>>, export::xlsx::Error>) -> Result<Vec<u8>, UserMessage> {
    let message = |summary: &str, details| UserMessage {
        summary: summary.to_owned(),
        hint: Some("Save the tables as CSV instead, or convert more pages".to_owned()),
        details,
        needs_password: false,
    };
    match made {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(message("There are no tables to save", None)),
        Err(error) => Err(message("The tables do not fit a workbook", Some(error.to_string()))),
    }
}
