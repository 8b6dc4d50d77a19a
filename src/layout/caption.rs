//! Captions: how they start, and which table or picture they belong to.

use crate::layout::element::{Caption, Element, Kind, ListItem, Marker};
use crate::layout::line::Line;
use crate::layout::points::PtBox;

/// What a caption is about, by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Table,
    Picture,
}

const TABLE_WORDS: [&str; 6] = ["table", "tab.", "tabelle", "tableau", "tabla", "таблица"];
const PICTURE_WORDS: [&str; 17] = [
    "figure",
    "fig.",
    "fig",
    "scheme",
    "chart",
    "plate",
    "exhibit",
    "listing",
    "algorithm",
    "abbildung",
    "abb.",
    "figura",
    "рис.",
    "рисунок",
    "diagram",
    "image",
    "photo",
];

/// Furthest distance of a caption from what it describes, in body sizes: some three lines.
const MAX_DISTANCE_EM: f64 = 4.5;

/// Whether the text is a caption: a known word, a number, and then punctuation or a new style, not
/// the middle of a sentence ("Figure 3 shows").
pub(super) fn is_caption(text: &str, lines: &[Line]) -> bool {
    subject(text).is_some_and(|(_, rest)| {
        rest.is_empty() || rest.starts_with([':', '.', '|', '—', '–']) || label_stands_out(lines)
    })
}

/// The subject and what follows the number.
fn subject(text: &str) -> Option<(Subject, &str)> {
    let (word, rest) = text.trim_start().split_once(char::is_whitespace)?;
    let word = word.to_lowercase();
    let subject = if TABLE_WORDS.contains(&word.as_str()) {
        Subject::Table
    } else if PICTURE_WORDS.contains(&word.as_str()) {
        Subject::Picture
    } else {
        return None;
    };
    let rest = rest.trim_start();
    let number_end = rest
        .find(|character: char| !(character.is_alphanumeric() || ".-".contains(character)))
        .unwrap_or(rest.len());
    let number = rest.get(..number_end)?.trim_end_matches('.');
    let is_number = number.len() <= 8
        && (number.chars().any(|character| character.is_ascii_digit())
            || (!number.is_empty() && number.chars().all(|character| "IVXLC".contains(character))));
    let after = rest.get(number.len()..)?.trim_start();
    is_number.then_some((subject, after))
}

/// "**Figure 3** Shows …": the label is bold or in capitals and the rest is not.
fn label_stands_out(lines: &[Line]) -> bool {
    let Some(line) = lines.first() else { return false };
    let is_bold = |index: usize| line.words.get(index).is_some_and(|word| word.style.is_bold);
    is_bold(0) && is_bold(1) && !is_bold(3)
}

/// Moves each caption into the table or picture it belongs to, where there is one.
pub(super) fn attach(elements: &mut Vec<Element>, body_size: f64) {
    name_parts(elements);
    let mut taken: Vec<usize> = Vec::new();
    for index in 0..elements.len() {
        let Some((text, bbox)) = elements.get(index).and_then(|element| match &element.kind {
            Kind::Caption(text) => Some((text.clone(), element.bbox)),
            _ => None,
        }) else {
            continue;
        };
        let subject = subject(&text).map(|(subject, _)| subject);
        let Some(owner) = nearest_owner(elements, index, &bbox, subject, body_size * MAX_DISTANCE_EM) else {
            continue;
        };
        let caption = Some(Caption { text, bbox });
        match elements.get_mut(owner).map(|element| &mut element.kind) {
            Some(Kind::Table(table)) => table.caption = caption,
            Some(Kind::Picture(slot)) => *slot = caption,
            _ => continue,
        }
        taken.push(index);
    }
    let mut index = 0;
    elements.retain(|_| {
        index += 1;
        taken.binary_search(&(index - 1)).is_err()
    });
}

/// "(a) Brown bear" right below a picture is its caption, not an item of a list.
fn name_parts(elements: &mut [Element]) {
    let pictures: Vec<PtBox> = elements
        .iter()
        .filter(|element| matches!(element.kind, Kind::Picture(_)))
        .map(|element| element.bbox)
        .collect();
    for element in elements {
        let Kind::ListItem(ListItem { marker: Marker::Ordinal(label), text, size, .. }) = &element.kind
        else {
            continue;
        };
        let is_letter = label.trim_matches(['(', ')', '.']).chars().all(char::is_alphabetic);
        let bbox = &element.bbox;
        let is_below = |picture: &PtBox| {
            (-0.5 * size..2.0 * size).contains(&(bbox.top - picture.bottom))
                && (picture.left..picture.right).contains(&bbox.center_x())
        };
        if is_letter && pictures.iter().any(is_below) {
            element.kind = Kind::Caption(format!("{label} {text}"));
        }
    }
}

/// The nearest table or picture without a caption, preferring the kind that the caption names.
fn nearest_owner(
    elements: &[Element],
    caption: usize,
    bbox: &PtBox,
    subject: Option<Subject>,
    reach: f64,
) -> Option<usize> {
    // Captions lie next to what they describe in reading order too, or nearly so.
    let nearby = caption.saturating_sub(NEARBY)..(caption + NEARBY + 1).min(elements.len());
    nearby
        .filter_map(|index| {
            let element = elements.get(index)?;
            let kind = match &element.kind {
                Kind::Table(table) if table.caption.is_none() && !table.is_index => Subject::Table,
                Kind::Picture(None) => Subject::Picture,
                _ => return None,
            };
            let distance = (bbox.top - element.bbox.bottom).max(element.bbox.top - bbox.bottom).max(0.0);
            let shares_column = bbox.overlap_x(&element.bbox) > 0.3 * bbox.width().min(element.bbox.width());
            let beside = bbox.overlap_y(&element.bbox) > 0.5 * bbox.height().min(element.bbox.height());
            let is_near = (shares_column && distance <= reach) || beside;
            // A table can be a picture in the file, so the other kind is the second choice.
            let penalty = if subject == Some(kind) { 0.0 } else { reach };
            is_near.then_some((index, distance + penalty))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index)
}

/// How many elements away in reading order an owner is looked for.
const NEARBY: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_start_with_a_label() {
        for text in
            ["Figure 3: A page", "Table 2. Results", "Fig. 1 | Overview", "TABLE IV", "Figure A.1: More"]
        {
            assert!(is_caption(text, &[]), "{text}");
        }
        for text in ["Figure 3 shows a page", "Table manners", "Figures are nice", "figure skating 1999"] {
            assert!(!is_caption(text, &[]), "{text}");
        }
    }
}
