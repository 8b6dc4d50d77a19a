//! Last step: elements into DocTags, one element or table row at a time.
//!
//! DocTags has no escaping: text that looks like a tag would be read as one. A space after its `<`
//! makes it text again (`reference/doctags.md`, section 1).

use crate::layout::element::{Caption, Element, Header, Kind, ListItem, Marker, Slot, Table};
use crate::layout::points::{Frame, PtBox};

/// Size of the DocTags location grid.
const GRID: f64 = 500.0;

/// Markers nearer than this, in font sizes, stand on one level of a list.
const LEVEL_EM: f64 = 0.9;

/// Deepest nesting of lists that is written.
const MAX_LIST_DEPTH: usize = 8;

/// The page in DocTags. Joined, the pieces are one `<doctag>…</doctag>`.
pub(super) fn write(elements: &[Element], frame: &Frame) -> Vec<String> {
    let mut writer = Writer { frame, pieces: vec!["<doctag>".to_owned()], lists: Vec::new() };
    for element in elements {
        if let Kind::ListItem(item) = &element.kind {
            writer.list_item(item, &element.bbox);
            continue;
        }
        writer.close_lists(0);
        writer.element(element);
    }
    writer.close_lists(0);
    writer.pieces.push("</doctag>".to_owned());
    writer.pieces
}

struct Writer<'p> {
    frame: &'p Frame,
    pieces: Vec<String>,
    /// The open lists: where their markers stand, and whether they are ordered.
    lists: Vec<OpenList>,
}

struct OpenList {
    indent: f64,
    is_ordered: bool,
    num_items: usize,
}

impl OpenList {
    fn tag(&self) -> &'static str {
        if self.is_ordered { "ordered_list" } else { "unordered_list" }
    }
}

impl Writer<'_> {
    fn element(&mut self, element: &Element) {
        let bbox = &element.bbox;
        match &element.kind {
            Kind::Title(text) => self.text("title", bbox, text),
            Kind::Heading(level, text) => {
                self.text(&format!("section_header_level_{}", (*level).clamp(1, 6)), bbox, text);
            }
            Kind::Text(text) => self.text("text", bbox, text),
            Kind::Code(text) => self.text("code", bbox, text),
            Kind::Formula(text) => self.text("formula", bbox, text),
            Kind::Caption(text) => self.text("caption", bbox, text),
            Kind::Footnote(text) => self.text("footnote", bbox, text),
            Kind::PageHeader(text) => self.text("page_header", bbox, text),
            Kind::PageFooter(text) => self.text("page_footer", bbox, text),
            Kind::Table(table) => self.table(table, bbox),
            Kind::Picture(caption) => {
                let caption = self.caption(caption.as_ref());
                let place = self.place(bbox);
                self.pieces.push(format!("<picture>{place}{caption}</picture>\n"));
            }
            Kind::ListItem(_) => {}
        }
    }

    fn text(&mut self, tag: &str, bbox: &PtBox, text: &str) {
        let place = self.place(bbox);
        self.pieces.push(format!("<{tag}>{place}{}</{tag}>\n", plain(text)));
    }

    fn caption(&self, caption: Option<&Caption>) -> String {
        caption.map_or_else(String::new, |caption| {
            // The reference finds captions only when they are on one line.
            let text = plain(&caption.text).replace('\n', " ");
            format!("<caption>{}{text}</caption>", self.place(&caption.bbox))
        })
    }

    fn table(&mut self, table: &Table, bbox: &PtBox) {
        let tag = if table.is_index { "document_index" } else { "otsl" };
        let (place, caption) = (self.place(bbox), self.caption(table.caption.as_ref()));
        self.pieces.push(format!("<{tag}>{place}{caption}"));
        for row in &table.rows {
            let mut piece: String = row.iter().map(slot).collect();
            piece.push_str("<nl>");
            self.pieces.push(piece);
        }
        self.pieces.push(format!("</{tag}>\n"));
    }

    /// DocTags numbers the items of an ordered list by itself. So a list is ordered when its printed
    /// numbers are 1, 2, 3 …, and these are left out; any other label is kept as text of its item.
    fn list_item(&mut self, item: &ListItem, bbox: &PtBox) {
        let reach = LEVEL_EM * item.size;
        while self.lists.last().is_some_and(|list| list.indent > item.indent + reach) {
            self.close_lists(self.lists.len() - 1);
        }
        let is_deeper = self.lists.last().is_none_or(|list| list.indent + reach < item.indent);
        let is_deeper = is_deeper && self.lists.len() < MAX_LIST_DEPTH;
        let place = self.lists.last().filter(|_| !is_deeper).map_or(0, |list| list.num_items);
        let goes_on =
            self.lists.last().is_some_and(|list| list.is_ordered) && number(&item.marker) == Some(place + 1);
        let is_ordered = goes_on || number(&item.marker) == Some(1);
        let mut piece = String::new();
        if !is_deeper
            && self.lists.last().is_some_and(|list| list.is_ordered != is_ordered || (is_ordered && !goes_on))
        {
            self.close_lists(self.lists.len() - 1);
        }
        if is_deeper
            || self.lists.last().is_none_or(|list| list.indent + reach < item.indent)
            || self.lists.is_empty()
        {
            let list = OpenList { indent: item.indent, is_ordered, num_items: 0 };
            // A list in a list lies in an item of its own, as the reference writes it.
            let wrapper = if self.lists.is_empty() { "" } else { "<list_item>" };
            piece = format!("{wrapper}<{}>", list.tag());
            self.lists.push(list);
        }
        if let Some(list) = self.lists.last_mut() {
            list.num_items += 1;
        }
        let text = match &item.marker {
            Marker::Ordinal(label) if !is_ordered => plain(&format!("{label} {}", item.text)),
            Marker::Bullet | Marker::Ordinal(_) => plain(&item.text),
        };
        self.pieces.push(format!("{piece}<list_item>{}{text}</list_item>\n", self.place(bbox)));
    }

    /// Closes the innermost lists until `depth` are left.
    fn close_lists(&mut self, depth: usize) {
        while self.lists.len() > depth {
            let Some(list) = self.lists.pop() else { return };
            let wrapper = if self.lists.is_empty() { "" } else { "</list_item>" };
            self.pieces.push(format!("</{}>{wrapper}\n", list.tag()));
        }
    }

    /// The four location tokens of a box.
    fn place(&self, bbox: &PtBox) -> String {
        let page = self.frame.page_from_points(bbox);
        let tokens = [page.left, page.top, page.right, page.bottom].map(|edge| {
            let grid = (edge * GRID).round().clamp(0.0, GRID - 1.0);
            format!("<loc_{grid}>")
        });
        tokens.concat()
    }
}

/// The number of a label such as `3.`, `3)` or `(3)`; labels in brackets name what texts refer to.
fn number(marker: &Marker) -> Option<usize> {
    match marker {
        Marker::Ordinal(label) if !label.starts_with('[') => label.trim_matches(['(', ')', '.']).parse().ok(),
        Marker::Ordinal(_) | Marker::Bullet => None,
    }
}

fn slot(slot: &Slot) -> String {
    match slot {
        Slot::Cell { text, header } => {
            let token = match header {
                Header::Column => "ched",
                Header::Row => "rhed",
                Header::Section => "srow",
                Header::None if text.is_empty() => "ecel",
                Header::None => "fcel",
            };
            let token = if text.is_empty() { "ecel" } else { token };
            format!("<{token}>{}", plain(text))
        }
        Slot::Left => "<lcel>".to_owned(),
        Slot::Up => "<ucel>".to_owned(),
        Slot::Inside => "<xcel>".to_owned(),
    }
}

/// Text in which nothing is a tag.
fn plain(text: &str) -> String {
    if !text.contains('<') {
        return text.trim_matches(|character: char| character == '\n').to_owned();
    }
    let mut plain = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tail) = rest.split_at(start + 1);
        plain.push_str(before);
        if is_tag(tail) {
            plain.push(' ');
        }
        rest = tail;
    }
    plain.push_str(rest);
    plain
}

/// What follows a `<` would be read as a tag of DocTags.
fn is_tag(after_bracket: &str) -> bool {
    let Some((inside, _)) = after_bracket.split_once('>') else { return false };
    if inside.starts_with('_') && inside.ends_with('_') {
        return true;
    }
    let name = inside.trim_start_matches('/').trim_end_matches('/');
    let name = name.trim_end_matches(|character: char| character.is_ascii_digit());
    TAG_NAMES.contains(&name)
}

/// Names that the grammar knows, without the numbers at their ends.
const TAG_NAMES: [&str; 49] = [
    "doctag",
    "page_break",
    "title",
    "section_header_level_",
    "text",
    "paragraph",
    "reference",
    "handwritten_text",
    "caption",
    "page_header",
    "page_footer",
    "footnote",
    "formula",
    "code",
    "checkbox_selected",
    "checkbox_unselected",
    "ordered_list",
    "unordered_list",
    "list_item",
    "otsl",
    "picture",
    "chart",
    "inline",
    "key_value_region",
    "document_index",
    "smiles",
    "form",
    "group",
    "key_value_map",
    "table",
    "loc_",
    "fcel",
    "ecel",
    "ched",
    "rhed",
    "srow",
    "lcel",
    "ucel",
    "xcel",
    "nl",
    "key_",
    "value_",
    "link_",
    "other",
    "logo",
    "photograph",
    "icon",
    "end_of_utterance",
    "end_of_text",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check_plain(text: &str, expected: &str) {
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn text_that_looks_like_a_tag_is_kept_apart() {
        check_plain("Vec<u8> and p < 0.05", "Vec<u8> and p < 0.05");
        check_plain("the </text> tag and <loc_12>", "the < /text> tag and < loc_12>");
        check_plain("<_Rust_> starts code", "< _Rust_> starts code");
    }
}
