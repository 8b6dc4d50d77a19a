//! What is copied and saved: the converted pages of a document in one format.
//!
//! An [`Export`] is plain shared data, so that a large one can be made on a thread of its own.

use super::output_pane::{ExportFormat, TableFormat};
use super::settings::Settings;
use super::state::{Conversion, DocumentState};
use crate::document::page::PageIndex;
use crate::engine::join_pages;
use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{self, NodeId, NodeKind};

/// Pages to be exported, in order, and how.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    /// Markup of each page; empty for those that have not been converted.
    markups: Vec<String>,
    format: ExportFormat,
    options: ExportOptions,
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
        Some(Self { markups, format, options })
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
        Some(Self { markups: vec![conversion.markup.clone()], format, options })
    }

    /// The contents of the file.
    pub(crate) fn contents(&self) -> String {
        let joined = join_pages(self.markups.iter().map(String::as_str));
        let tree = || markup::parse(&joined);
        let mut text = match self.format {
            ExportFormat::Markdown => export::markdown(&tree(), &self.options),
            ExportFormat::Html => export::html(&tree(), &self.options),
            ExportFormat::Json => export::json(&tree(), &self.options),
            ExportFormat::PlainText => export::plain_text(&tree(), &self.options),
            ExportFormat::DocTags => return joined,
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

/// One element of a page.
pub(crate) fn element_text(conversion: &Conversion, id: NodeId, format: ExportFormat) -> Option<String> {
    let tree = conversion.tree.as_ref()?;
    let options = ExportOptions { furniture: Furniture::All, ..ExportOptions::default() };
    Some(match format {
        ExportFormat::Markdown => export::markdown::markdown_of_node(tree, id, &options),
        ExportFormat::Html => export::html::html_of_node(tree, id, &options),
        ExportFormat::PlainText => export::plain_text::plain_text_of_node(tree, id),
        ExportFormat::DocTags => export::doctags::doctags_of_node(tree, id),
        ExportFormat::Json => {
            let markup = conversion.markup.get(tree.node(id).source.clone())?;
            export::json(&markup::parse(markup), &options)
        }
    })
}

/// One table of a page; `None` when the element is none.
pub(crate) fn table_text(conversion: &Conversion, id: NodeId, format: TableFormat) -> Option<String> {
    let NodeKind::Table { grid, .. } = &conversion.tree.as_ref()?.node(id).kind else { return None };
    Some(match format {
        TableFormat::Spreadsheet | TableFormat::Tsv => export::csv::tsv_of_table(grid),
        TableFormat::Csv => export::csv::csv_of_table(grid),
        TableFormat::Html => export::html::html_of_table(grid),
        TableFormat::Markdown => export::markdown::markdown_of_table(grid),
    })
}

/// Extension of a table's file, without the dot.
pub(crate) fn table_extension(format: TableFormat) -> &'static str {
    match format {
        TableFormat::Spreadsheet | TableFormat::Tsv => "tsv",
        TableFormat::Csv => "csv",
        TableFormat::Html => "html",
        TableFormat::Markdown => "md",
    }
}
