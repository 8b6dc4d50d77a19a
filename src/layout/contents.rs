//! Tables of contents: titles, dot leaders, page numbers.

use crate::layout::element::{Element, Header, Kind, Slot, Table};
use crate::layout::furniture;
use crate::layout::line::{Line, is_leader_dot};
use crate::layout::points::PtBox;
use crate::layout::prose::{self, Vocabulary};

/// Dots in a row that are a leader.
const MIN_DOTS: usize = 4;

/// Lines with leaders that make a table of contents.
const MIN_ENTRIES: usize = 3;

/// Other lines (parts, wrapped titles) between two entries.
const MAX_BETWEEN: usize = 2;

/// An entry's title and page.
fn entry(line: &Line) -> Option<(String, String)> {
    let text = line.text();
    let last = line.words.last()?.text.trim_start_matches(is_leader_dot);
    let is_page = !last.is_empty()
        && last.chars().count() <= 8
        && last.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    let before = text.trim_end().strip_suffix(last)?;
    let without_spaces = |text: &str| {
        text.chars()
            .rev()
            .filter(|character| !character.is_whitespace())
            .take_while(|&c| is_leader_dot(c))
            .count()
    };
    let num_dots = without_spaces(before);
    let title =
        before.trim_end_matches(|character: char| is_leader_dot(character) || character.is_whitespace());
    (is_page && num_dots >= MIN_DOTS).then(|| (title.to_owned(), last.to_owned()))
}

/// The first run of entries among lines sorted from top to bottom, as a range of positions.
pub(super) fn find(lines: &[Line]) -> Option<std::ops::Range<usize>> {
    let mut start = None;
    let (mut end, mut num_entries) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        if entry(line).is_some() {
            if start.is_none() || index > end + MAX_BETWEEN {
                if num_entries >= MIN_ENTRIES {
                    break;
                }
                start = Some(index);
                num_entries = 0;
            }
            num_entries += 1;
            end = index + 1;
        }
    }
    start.filter(|_| num_entries >= MIN_ENTRIES).map(|start| start..end)
}

/// A table right below the heading "Contents" whose last column are page numbers is an index.
pub(super) fn name_index(elements: &mut [Element]) {
    let mut is_below_contents = false;
    for element in elements {
        match &mut element.kind {
            Kind::Heading(_, text) | Kind::Title(text) => {
                is_below_contents = CONTENTS.contains(&text.to_lowercase().as_str());
            }
            Kind::Table(table) if is_below_contents => {
                let is_page = |row: &Vec<Slot>| matches!(row.last(), Some(Slot::Cell { text, .. }) if text.is_empty() || furniture::is_page_number(text));
                table.is_index = table.rows.iter().all(is_page);
            }
            _ => {}
        }
    }
}

/// Headings over a table of contents, in lower case.
const CONTENTS: [&str; 9] = [
    "contents",
    "table of contents",
    "inhalt",
    "inhaltsverzeichnis",
    "sommaire",
    "table des matières",
    "índice",
    "index",
    "list of figures",
];

/// The lines of a run as a table of titles and pages. Lines without a page of their own start the
/// title of the next entry when they are wrapped; in the contents they read as titles without page.
pub(super) fn element(lines: &[Line], vocabulary: &Vocabulary) -> Element {
    let mut bbox = PtBox::EMPTY;
    let mut rows: Vec<Vec<Slot>> = Vec::new();
    let mut last: Option<&Line> = None;
    let mut pending: Option<String> = None;
    let cell = |text: String| Slot::Cell { text, header: Header::None };
    for line in lines {
        bbox = bbox.union(&line.ink);
        match entry(line) {
            Some((title, page)) => {
                let mut text = pending.take().unwrap_or_default();
                // A title that starts where the line above did is a new one.
                let is_wrapped = !text.is_empty()
                    && last.is_some_and(|last| {
                        line.baseline - last.baseline < 1.6 * line.size
                            && line.bbox.left > last.bbox.left + 0.5 * line.size
                    });
                if !text.is_empty() && !is_wrapped {
                    rows.push(vec![cell(std::mem::take(&mut text)), cell(String::new())]);
                }
                prose::append(&mut text, &title, vocabulary);
                rows.push(vec![cell(prose::finish(&text)), cell(page)]);
            }
            None => {
                if let Some(title) = pending.replace(line.text()) {
                    rows.push(vec![cell(title), cell(String::new())]);
                }
            }
        }
        last = Some(line);
    }
    if let Some(title) = pending {
        rows.push(vec![cell(title), cell(String::new())]);
    }
    Element { kind: Kind::Table(Table { rows, caption: None, is_index: true }), bbox }
}
