//! `doclens convert-doctags`: DocTags on stdin, a document on stdout, nothing else.

use std::io::{Read, Write};
use std::str::FromStr;

use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{self, DocTree, UnknownTags};

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertDoctagsArgs {
    /// The format to write.
    pub format: DoctagsFormat,
    /// Page sizes in points, one for each page; the last one holds for the rest.
    pub pages: Vec<PagePoints>,
    /// Name of the document in HTML and JSON.
    pub name: String,
    /// Writes page headers and footers, too.
    pub with_furniture: bool,
    /// Joins what runs over a page break.
    pub join_pages: bool,
    /// What becomes of tags that are none of `DocTags`.
    pub unknown_tags: UnknownTags,
}

/// A format that DocTags can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoctagsFormat {
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// A `DoclingDocument`.
    Json,
    /// All tables.
    Csv,
    /// All tables as a workbook, one sheet each.
    Xlsx,
    /// Plain text.
    Text,
    /// DocTags, repaired.
    DocTags,
}

/// Why nothing could be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertDoctagsError {
    /// The markup could not be read.
    #[error("the markup on standard input could not be read")]
    Read {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no table to make a workbook of.
    #[error("there are no tables")]
    NoTables,
    /// The tables do not fit a workbook.
    #[error(transparent)]
    Xlsx(#[from] export::xlsx::Error),
    /// The document could not be written.
    #[error("the document could not be written to standard output")]
    Write {
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// An argument that is neither a format nor a list of page sizes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArgumentError {
    /// No such format.
    #[error("\"{name}\" is no format: expected md, html, json, csv, xlsx, txt or doctags")]
    UnknownFormat {
        /// What was given.
        name: String,
    },
    /// Not a size.
    #[error("\"{text}\" is no page size: expected WIDTHxHEIGHT in points, as in 612x792")]
    BadPageSize {
        /// What was given.
        text: String,
    },
}

impl FromStr for DoctagsFormat {
    type Err = ArgumentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "md" | "markdown" => Self::Markdown,
            "html" => Self::Html,
            "json" => Self::Json,
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "txt" | "text" => Self::Text,
            "doctags" => Self::DocTags,
            _ => return Err(ArgumentError::UnknownFormat { name: name.to_owned() }),
        })
    }
}

/// Page sizes such as `612x792,595.3x841.9`.
///
/// # Errors
/// If a part is not two positive numbers with an `x` between them.
pub fn parse_page_sizes(text: &str) -> Result<Vec<PagePoints>, ArgumentError> {
    let size = |part: &str| {
        let (width, height) = part.trim().split_once('x')?;
        let points =
            |number: &str| number.parse::<f64>().ok().filter(|points| points.is_finite() && *points > 0.0);
        Some(PagePoints { width_pt: points(width)?, height_pt: points(height)? })
    };
    text.split(',')
        .map(|part| size(part).ok_or_else(|| ArgumentError::BadPageSize { text: part.to_owned() }))
        .collect()
}

/// Reads DocTags from `stdin` and writes the document to `stdout`. Bytes that are no UTF-8 are
/// replaced; bad markup is repaired.
///
/// # Errors
/// If reading or writing fails, or no workbook can be made.
pub fn run(
    args: &ConvertDoctagsArgs,
    mut stdin: impl Read,
    mut stdout: impl Write,
) -> Result<(), ConvertDoctagsError> {
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes).map_err(|source| ConvertDoctagsError::Read { source })?;
    let tree = markup::parse_with(&String::from_utf8_lossy(&bytes), args.unknown_tags);
    let contents = converted(args, &tree)?;
    let written = stdout.write_all(&contents).and_then(|()| stdout.flush());
    written.map_err(|source| ConvertDoctagsError::Write { source })
}

fn converted(args: &ConvertDoctagsArgs, tree: &DocTree) -> Result<Vec<u8>, ConvertDoctagsError> {
    let options = ExportOptions {
        name: args.name.clone(),
        page_sizes: args.pages.clone(),
        furniture: if args.with_furniture { Furniture::All } else { Furniture::None },
        join_pages: args.join_pages,
        ..ExportOptions::default()
    };
    let text = match args.format {
        DoctagsFormat::Markdown => export::markdown(tree, &options),
        DoctagsFormat::Html => export::html(tree, &options),
        DoctagsFormat::Json => export::json(tree, &options),
        DoctagsFormat::Csv => export::csv(tree, &options),
        DoctagsFormat::Xlsx => {
            return export::xlsx::xlsx(tree, &options)?.ok_or(ConvertDoctagsError::NoTables);
        }
        DoctagsFormat::Text => export::plain_text(tree, &options),
        DoctagsFormat::DocTags => export::doctags(tree),
    };
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_bytes_to_every_format() {
        for name in ["md", "html", "json", "csv", "txt", "doctags"] {
            let args = ConvertDoctagsArgs {
                format: name.parse().unwrap(),
                pages: Vec::new(),
                name: String::new(),
                with_furniture: false,
                join_pages: false,
                unknown_tags: UnknownTags::Keep,
            };
            let mut written = Vec::new();
            run(&args, &b"<text>caf\xc3\xa9 \xff</text><otsl><fcel>a<nl></otsl>"[..], &mut written).unwrap();
            assert!(String::from_utf8(written).unwrap().contains('a'), "{name}");
        }
    }

    #[test]
    fn a_workbook_needs_a_table() {
        let args = ConvertDoctagsArgs {
            format: DoctagsFormat::Xlsx,
            pages: Vec::new(),
            name: String::new(),
            with_furniture: false,
            join_pages: false,
            unknown_tags: UnknownTags::Keep,
        };
        let mut written = Vec::new();
        run(&args, &b"<otsl><fcel>a<nl></otsl>"[..], &mut written).unwrap();
        assert!(written.starts_with(b"PK"));
        let error = run(&args, &b"<text>a</text>"[..], &mut Vec::new()).unwrap_err();
        assert!(matches!(error, ConvertDoctagsError::NoTables));
    }

    #[test]
    fn page_sizes_are_read_strictly() {
        assert_eq!(parse_page_sizes("612x792,100.5x50").unwrap().len(), 2);
        for bad in ["", "612", "0x5", "ax5", "1x2,", "infx1"] {
            assert!(parse_page_sizes(bad).is_err(), "{bad}");
        }
    }
}
