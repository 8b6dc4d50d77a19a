//! Every name of DocTags, in one table, for reading and for writing.

use std::borrow::Cow;

use crate::markup::event::{CellToken, Element};
use crate::markup::tree::TextKind;

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Opens with `<name>`, closes with `</name>`.
    Element(Element),
    /// Starts a cell.
    Cell(CellToken),
    /// Ends a row.
    RowEnd,
    /// Starts a page.
    PageBreak,
    /// The model is done.
    Stop,
    /// The class of a picture, by its present name.
    Class(&'static str),
    /// A class that exists as a token but that no reader uses.
    UnreadClass,
}

use Meaning::{Cell, Class, Element as El, PageBreak, RowEnd, Stop, UnreadClass};

/// Sorted by name, so that it can be searched by halves and asked for prefixes.
///
/// `table` is both a picture class and a wrapper; the builder tells them apart by where it stands.
const NAMES: &[(&str, Meaning)] = &[
    ("bar_chart", Class("bar_chart")),
    ("bar_code", Class("bar_code")),
    ("box_plot", Class("box_plot")),
    ("cad_drawing", UnreadClass),
    ("calendar", Class("calendar")),
    ("caption", El(Element::Caption)),
    ("chart", El(Element::Chart)),
    ("checkbox_selected", El(Element::Checkbox { is_selected: true })),
    ("checkbox_unselected", El(Element::Checkbox { is_selected: false })),
    ("ched", Cell(CellToken::Ched)),
    ("chemistry_markush_structure", Class("chemistry_markush_structure")),
    ("chemistry_molecular_structure", Class("chemistry_molecular_structure")),
    ("chemistry_structure", Class("chemistry_structure")),
    ("code", El(Element::Code)),
    ("crossword_puzzle", Class("crossword_puzzle")),
    ("decoration", UnreadClass),
    ("doctag", El(Element::Document)),
    ("document_index", El(Element::DocumentIndex)),
    ("dot_line", Class("line_chart")),
    ("ecel", Cell(CellToken::Ecel)),
    ("electrical_diagram", UnreadClass),
    ("end_of_utterance", Stop),
    ("engineering_drawing", Class("engineering_drawing")),
    ("fcel", Cell(CellToken::Fcel)),
    ("flow_chart", Class("flow_chart")),
    ("footnote", El(Element::Footnote)),
    ("form", El(Element::Wrapper)),
    ("formula", El(Element::Formula)),
    ("full_page_image", Class("full_page_image")),
    ("geographical_map", Class("geographical_map")),
    ("group", El(Element::Wrapper)),
    ("handwritten_text", El(Element::Text(TextKind::Handwritten))),
    ("hbar_categorical", Class("bar_chart")),
    ("heatmap", Class("heatmap")),
    ("icon", Class("icon")),
    ("illustration", UnreadClass),
    ("infographic", UnreadClass),
    ("inline", El(Element::Inline)),
    ("key_value_map", El(Element::KeyValueRegion)),
    ("key_value_region", El(Element::KeyValueRegion)),
    ("lcel", Cell(CellToken::Lcel)),
    ("line", Class("line_chart")),
    ("line_chart", Class("line_chart")),
    ("list_item", El(Element::ListItem)),
    ("logo", Class("logo")),
    ("map", UnreadClass),
    ("music", Class("music")),
    ("natural_image", Class("natural_image")),
    ("nl", RowEnd),
    ("ordered_list", El(Element::List { is_ordered: true })),
    ("other", Class("other")),
    ("otsl", El(Element::Table)),
    ("page_break", PageBreak),
    ("page_footer", El(Element::PageFooter)),
    ("page_header", El(Element::PageHeader)),
    ("page_thumbnail", Class("page_thumbnail")),
    ("paragraph", El(Element::Text(TextKind::Paragraph))),
    ("person", UnreadClass),
    ("photograph", Class("photograph")),
    ("picture", El(Element::Picture)),
    ("picture_group", Class("picture_group")),
    ("pie_chart", Class("pie_chart")),
    ("qr_code", Class("qr_code")),
    ("reference", El(Element::Text(TextKind::Reference))),
    ("remote_sensing", Class("remote_sensing")),
    ("rhed", Cell(CellToken::Rhed)),
    ("scatter_chart", Class("scatter_chart")),
    ("scatter_plot", Class("scatter_plot")),
    ("screenshot", Class("screenshot")),
    ("screenshot_from_computer", Class("screenshot_from_computer")),
    ("screenshot_from_manual", Class("screenshot_from_manual")),
    ("signature", Class("signature")),
    ("smiles", El(Element::Smiles)),
    ("srow", Cell(CellToken::Srow)),
    ("stacked_bar_chart", Class("stacked_bar_chart")),
    ("stamp", Class("stamp")),
    ("stratigraphic_chart", UnreadClass),
    ("table", Class("table")),
    ("text", El(Element::Text(TextKind::Text))),
    ("title", El(Element::Heading { level: 1 })),
    ("topographical_map", Class("topographical_map")),
    ("ucel", Cell(CellToken::Ucel)),
    ("ui_element", UnreadClass),
    ("unordered_list", El(Element::List { is_ordered: false })),
    ("vbar_categorical", Class("bar_chart")),
    ("xcel", Cell(CellToken::Xcel)),
    ("|end_of_text|", Stop),
    ("|endoftext|", Stop),
    ("|im_end|", Stop),
];

/// Start of a coordinate: the number follows.
pub(crate) const LOCATION: &str = "loc_";
/// Start of a section header: its level follows.
pub(crate) const SECTION_HEADER: &str = "section_header_level_";
/// Start of a key: its number follows.
pub(crate) const KEY: &str = "key_";
/// Start of a value: its number follows.
pub(crate) const VALUE: &str = "value_";
/// Start of a link: the value's number follows.
pub(crate) const LINK: &str = "link_";

/// What the name between the angle brackets means, without those that carry a number.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let position = NAMES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    NAMES.get(position).map(|(_, meaning)| *meaning)
}

/// The names that begin so, without those that carry a number.
pub(crate) fn starting_with(start: &str) -> impl Iterator<Item = (&'static str, Meaning)> {
    let from = NAMES.partition_point(|(known, _)| *known < start);
    let names = NAMES.get(from..).unwrap_or_default();
    names.iter().copied().take_while(move |(known, _)| known.starts_with(start))
}

/// Whether more characters could make a known name of it. A closing tag comes with its slash.
pub(crate) fn is_start_of_name(partial: &str) -> bool {
    let name = partial.strip_prefix('/').unwrap_or(partial);
    let position = NAMES.partition_point(|(known, _)| *known < name);
    let starts_table = NAMES.get(position).is_some_and(|(known, _)| known.starts_with(name))
        || position.checked_sub(1).and_then(|before| NAMES.get(before)).is_some_and(|(known, _)| {
            // A whole name may still lack its bracket or the slash of the self-closing form.
            name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest == "/")
        });
    starts_table
        || "doclang".starts_with(name)
        || (!partial.starts_with('/') && is_start_of_language(name))
        || [LOCATION, SECTION_HEADER, KEY, VALUE, LINK].iter().any(|stem| {
            stem.starts_with(name)
                || name
                    .strip_prefix(stem)
                    .is_some_and(|rest| rest.trim_end_matches('/').bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// Whether more characters could make the token of a language of it.
pub(crate) fn is_start_of_language(name: &str) -> bool {
    name.strip_prefix('_').is_some_and(|rest| {
        let rest = rest.strip_suffix('_').unwrap_or(rest);
        LANGUAGES.iter().any(|language| language.starts_with(rest))
    })
}

/// Languages of code that have a token or a label.
pub(crate) const LANGUAGES: &[&str] = &[
    "Ada",
    "Awk",
    "Bash",
    "bc",
    "C",
    "C#",
    "C++",
    "CMake",
    "COBOL",
    "CSS",
    "Ceylon",
    "Clojure",
    "Crystal",
    "Cuda",
    "Cython",
    "D",
    "Dart",
    "dc",
    "DocLang",
    "Dockerfile",
    "Elixir",
    "Erlang",
    "FORTRAN",
    "Forth",
    "Go",
    "HTML",
    "Haskell",
    "Haxe",
    "JSON",
    "Java",
    "JavaScript",
    "Julia",
    "Kotlin",
    "Latex",
    "Lisp",
    "Lua",
    "Matlab",
    "MoonScript",
    "Nim",
    "OCaml",
    "ObjectiveC",
    "Octave",
    "PHP",
    "Pascal",
    "Perl",
    "Prolog",
    "Python",
    "Racket",
    "Ruby",
    "Rust",
    "SML",
    "SQL",
    "Scala",
    "Scheme",
    "Swift",
    "Tikz",
    "TypeScript",
    "unknown",
    "VisualBasic",
    "XML",
    "YAML",
];

/// The order in which the reference looks for the tokens of picture classes: with two, the earlier
/// one counts.
pub(crate) const CLASS_PRIORITY: &[&str] = &[
    "logo",
    "photograph",
    "icon",
    "engineering_drawing",
    "line_chart",
    "bar_chart",
    "other",
    "table",
    "flow_chart",
    "screenshot_from_computer",
    "signature",
    "screenshot_from_manual",
    "geographical_map",
    "pie_chart",
    "page_thumbnail",
    "stamp",
    "music",
    "calendar",
    "qr_code",
    "bar_code",
    "full_page_image",
    "scatter_plot",
    "chemistry_structure",
    "topographical_map",
    "crossword_puzzle",
    "box_plot",
    "stacked_bar_chart",
    "scatter_chart",
    "heatmap",
    "natural_image",
    "remote_sensing",
    "screenshot",
    "chemistry_molecular_structure",
    "chemistry_markush_structure",
    "picture_group",
    "line",
    "dot_line",
    "vbar_categorical",
    "hbar_categorical",
];

/// The name that the writer uses for an element.
pub(crate) fn name_of(element: Element) -> Cow<'static, str> {
    let fixed = match element {
        Element::Heading { level: 1 } => "title",
        Element::Heading { level } => return format!("{SECTION_HEADER}{}", level.clamp(2, 7) - 1).into(),
        Element::Key(id) => return format!("{KEY}{id}").into(),
        Element::Value(id) => return format!("{VALUE}{id}").into(),
        Element::KeyValueRegion => "key_value_region",
        Element::Wrapper => "group",
        other => {
            return NAMES
                .iter()
                .find(|(_, meaning)| *meaning == El(other))
                .map_or(Cow::Borrowed("text"), |(name, _)| Cow::Borrowed(*name));
        }
    };
    Cow::Borrowed(fixed)
}

/// The name that the writer uses for a cell.
pub(crate) fn name_of_cell(token: CellToken) -> &'static str {
    match token {
        CellToken::Fcel => "fcel",
        CellToken::Ecel => "ecel",
        CellToken::Lcel => "lcel",
        CellToken::Ucel => "ucel",
        CellToken::Xcel => "xcel",
        CellToken::Ched => "ched",
        CellToken::Rhed => "rhed",
        CellToken::Srow => "srow",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(NAMES.is_sorted_by(|before, after| before.0 < after.0));
    }

    #[test]
    fn written_names_are_read_back() {
        for (_, meaning) in NAMES {
            if let El(element) = *meaning
                && element != Element::Wrapper
            {
                assert_eq!(super::meaning(&name_of(element)), Some(El(element)));
            }
        }
    }

    #[test]
    fn prefixes_of_names_are_told_from_text() {
        for prefix in
            ["", "/", "t", "/te", "loc_", "loc_12", "text", "/text", "section_header_level_", "_Pyth", "|en"]
        {
            assert!(is_start_of_name(prefix), "{prefix}");
        }
        for text in ["tex_", "loc_x", " ", "texts", "div", "/pa_", "j"] {
            assert!(!is_start_of_name(text), "{text}");
        }
    }
}
