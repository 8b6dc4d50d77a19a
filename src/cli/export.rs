//! A document's pages as the files of one format or several.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::args::{ConvertArguments, Format};
use crate::document::PageIndex;
use crate::engine::event::{DocumentInfo, PageRecognition};
use crate::engine::join_pages;
use crate::engine::trust::trust_json;
use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{self, DocTree};

/// Contents of one file.
#[derive(Debug)]
pub(super) struct Export {
    /// What the file's name has behind the document's: `-table-1`.
    pub(super) suffix: String,
    pub(super) format: Format,
    /// Why there is none, where the format cannot hold the document.
    pub(super) contents: Result<Vec<u8>, export::xlsx::Error>,
}

/// The document in all formats that were asked for.
pub(super) fn exports(
    arguments: &ConvertArguments,
    info: &DocumentInfo,
    pages: &BTreeMap<PageIndex, Arc<PageRecognition>>,
) -> Vec<Export> {
    let tree = markup::parse(&placed_pages(pages));
    let options = options(arguments, info);
    let mut formats = arguments.to.clone();
    formats.sort_unstable();
    formats.dedup();
    formats.into_iter().flat_map(|format| of_format(format, &tree, &options, pages)).collect()
}

fn of_format(
    format: Format,
    tree: &DocTree,
    options: &ExportOptions,
    pages: &BTreeMap<PageIndex, Arc<PageRecognition>>,
) -> Vec<Export> {
    let text = match format {
        Format::Md => export::markdown(tree, options),
        Format::Html => export::html(tree, options),
        Format::Json => export::json(tree, options),
        Format::Txt => export::plain_text(tree, options),
        Format::Doctags => join_pages(pages.values().map(|page| page.markup.as_str())),
        Format::Trust => trust_json(pages.iter().map(|(index, page)| (*index, page.as_ref()))),
        Format::Xlsx => {
            let made = export::xlsx::xlsx(tree, options).transpose();
            let named = |contents| Export { suffix: String::new(), format, contents };
            return made.map(named).into_iter().collect();
        }
        Format::Csv => {
            let tables = export::csv::tables(tree, options).into_iter().zip(1..);
            let named = |(text, number): (String, usize)| {
                let contents = Ok(text.into_bytes());
                Export { suffix: format!("-table-{number}"), format, contents }
            };
            return tables.map(named).collect();
        }
    };
    let is_verbatim = format == Format::Doctags;
    let text = if is_verbatim || text.ends_with('\n') { text } else { text + "\n" };
    vec![Export { suffix: String::new(), format, contents: Ok(text.into_bytes()) }]
}

/// The pages at their places in the document: those that were not converted are empty, so that a
/// page number in an export is that of the document.
fn placed_pages(pages: &BTreeMap<PageIndex, Arc<PageRecognition>>) -> String {
    let num_places = pages.keys().next_back().map_or(0, |last| last.0 + 1);
    join_pages((0..num_places).map(|idx| pages.get(&PageIndex(idx)).map_or("", |page| page.markup.as_str())))
}

fn options(arguments: &ConvertArguments, info: &DocumentInfo) -> ExportOptions {
    let size =
        |size: &crate::document::PageSize| PagePoints { width_pt: size.width_pt, height_pt: size.height_pt };
    ExportOptions {
        name: std::path::Path::new(&info.name)
            .file_stem()
            .map_or_else(|| info.name.clone(), |stem| stem.to_string_lossy().into_owned()),
        page_sizes: info.page_sizes.iter().map(size).collect(),
        furniture: if arguments.furniture { Furniture::All } else { Furniture::None },
        join_pages: arguments.join_pages,
        ..ExportOptions::default()
    }
}
