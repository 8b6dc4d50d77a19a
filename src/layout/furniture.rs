//! Page headers, page footers and page numbers, which are not part of the text.
//!
//! Over several pages they are what repeats at one height; numbers may vary. A page by itself gives
//! weaker signs: a number alone, or small type set apart at the very edge.

use std::collections::BTreeMap;

use crate::layout::context::{DocumentContext, PageLines};
use crate::layout::element::{Element, Kind};
use crate::layout::line::Line;
use crate::layout::marker;
use crate::layout::points::PtBox;

/// Which end of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Zone {
    Top,
    Bottom,
}

/// How deep each zone is, as a fraction of the page's height. Margins are rarely above an eighth.
const ZONE_DEPTH: f64 = 0.14;

/// How deep it is for signs that one page gives by itself.
const LONE_ZONE_DEPTH: f64 = 0.085;

/// How deep a page number that stands alone can be.
const LONE_NUMBER_DEPTH: f64 = 0.25;

/// Rows of each zone that can be furniture: a running title, an address, a page number.
const MAX_ROWS: usize = 4;

/// Heights nearer than this are one height, as a fraction of the page's height: 2 points on A4.
const SAME_HEIGHT: f64 = 0.0025;

/// A text is repeated when it stands on this many pages at least.
const MIN_REPEATS: usize = 2;

/// The same for a text with a section's number, without page number.
const MIN_HEADING_REPEATS: usize = 5;

/// Share of the pages on which a line stands at the same height, set apart, to make that height one
/// of furniture.
const MIN_HEIGHT_SHARE: f64 = 0.5;

/// White between furniture and text, in font sizes, that sets it apart: more than a line is skipped.
const APART_EM: f64 = 2.0;

/// The same for page numbers.
const APART_NUMBER_EM: f64 = 1.45;

/// The same where a context says that furniture stands at that height.
const APART_AT_KNOWN_HEIGHT_EM: f64 = 1.6;

/// Pieces of a row further apart than this are elements of their own, in font sizes.
const PIECE_GAP_EM: f64 = 3.0;

/// Without page numbers, single-page signs need type at most this large against the body.
const SMALL_PRINT: f64 = 0.95;

/// What a page keeps and what its furniture is.
pub(super) struct Sorted {
    pub(super) headers: Vec<Element>,
    pub(super) body: Vec<Line>,
    pub(super) footers: Vec<Element>,
}

/// Finds what repeats over pages.
pub(super) fn learn<'p>(context: &mut DocumentContext, pages: impl Iterator<Item = &'p PageLines>) {
    let mut heights: BTreeMap<(Zone, i64), usize> = BTreeMap::new();
    for page in pages {
        for zone in [Zone::Top, Zone::Bottom] {
            let rows = rows_of_zone(&page.lines, zone, page.frame.size().1, ZONE_DEPTH);
            for row in rows.iter().take(MAX_ROWS) {
                *context.repeated.entry((zone, key(&row.text))).or_default() += 1;
                if row.white_em >= APART_AT_KNOWN_HEIGHT_EM {
                    *heights.entry((zone, height_class(row.height))).or_default() += 1;
                }
            }
        }
    }
    context.repeated.retain(|(_, text), count| *count >= MIN_REPEATS && !text.is_empty());
    let enough = (context.num_pages as f64 * MIN_HEIGHT_SHARE).max(3.0);
    context.furniture_heights = heights
        .into_iter()
        .filter(|&(_, count)| count as f64 >= enough)
        .map(|((zone, class), _)| (zone, class as f64 * SAME_HEIGHT))
        .collect();
}

/// Sorts a page's lines into furniture and body.
pub(super) fn sort(lines: Vec<Line>, page_height: f64, body_size: f64, context: &DocumentContext) -> Sorted {
    let mut is_taken = vec![false; lines.len()];
    let mut furniture: [Vec<Element>; 2] = [Vec::new(), Vec::new()];
    for (zone, elements) in [Zone::Top, Zone::Bottom].into_iter().zip(&mut furniture) {
        let rows = rows_of_zone(&lines, zone, page_height, ZONE_DEPTH);
        let judge = Judge { zone, body_size, context };
        // From the edge inwards; the last row that is furniture takes those outside of it along.
        let depth =
            rows.iter().take(MAX_ROWS).rposition(|row| judge.is_furniture(row)).map_or(0, |row| row + 1);
        // A page that is nothing but furniture is a short page, not furniture.
        let num_taken: usize = rows.iter().take(depth).map(|row| row.members.len()).sum();
        if num_taken == lines.len()
            && context.num_pages < 2
            && rows.first().is_some_and(|row| !is_page_number(&row.text))
        {
            continue;
        }
        let mut taken: Vec<Row> = rows.into_iter().take(depth).collect();
        taken.sort_by(|a, b| a.height.total_cmp(&b.height));
        for row in taken {
            for &member in &row.members {
                is_taken[member] = true;
            }
            elements.extend(row.elements(&lines, zone));
        }
    }
    let [headers, footers] = furniture;
    let mut keeps = is_taken.into_iter().map(|is_taken| !is_taken);
    let body = lines.into_iter().filter(|_| keeps.next().unwrap_or(true)).collect();
    Sorted { headers, body, footers }
}

/// A row of lines across the page.
struct Row {
    /// Positions in the page's lines, from left to right.
    members: Vec<usize>,
    text: String,
    /// y of the baseline as a fraction of the page's height.
    height: f64,
    size: f64,
    is_bold: bool,
    /// White towards the middle of the page, in font sizes.
    white_em: f64,
    /// Distance from the nearer edge of the page, as a fraction.
    depth: f64,
}

impl Row {
    fn elements(&self, lines: &[Line], zone: Zone) -> Vec<Element> {
        let mut pieces: Vec<(String, PtBox)> = Vec::new();
        for line in self.members.iter().filter_map(|&member| lines.get(member)) {
            match pieces.last_mut() {
                Some((text, bbox)) if line.bbox.left - bbox.right < PIECE_GAP_EM * line.size => {
                    text.push(' ');
                    text.push_str(&line.text());
                    *bbox = bbox.union(&line.ink);
                }
                _ => pieces.push((line.text(), line.ink)),
            }
        }
        let kind = |text| match zone {
            Zone::Top => Kind::PageHeader(text),
            Zone::Bottom => Kind::PageFooter(text),
        };
        pieces.into_iter().map(|(text, bbox)| Element { kind: kind(text), bbox }).collect()
    }
}

struct Judge<'c> {
    zone: Zone,
    body_size: f64,
    context: &'c DocumentContext,
}

impl Judge<'_> {
    fn is_furniture(&self, row: &Row) -> bool {
        let depth = if row.white_em >= APART_EM { LONE_NUMBER_DEPTH } else { LONE_ZONE_DEPTH * 1.4 };
        if row.depth <= depth && is_page_number(&row.text) && row.white_em >= APART_NUMBER_EM {
            return true;
        }
        if self.context.num_pages >= 2 {
            // A section that starts at the top of its page stands at one height too.
            let is_heading = self.zone == Zone::Top
                && marker::heading_depth(&row.text).is_some()
                && (row.is_bold || row.size >= self.body_size)
                && !ends_in_number(row.text.trim_start_matches(|character: char| character.is_ascii_digit()));
            let num_repeats = self.context.repeated.get(&(self.zone, key(&row.text))).copied().unwrap_or(0);
            let is_repeated = num_repeats >= if is_heading { MIN_HEADING_REPEATS } else { MIN_REPEATS };
            if row.size <= self.body_size * 1.3 && is_repeated {
                return true;
            }
            return !is_heading
                && row.white_em >= APART_AT_KNOWN_HEIGHT_EM
                && self.context.furniture_heights.iter().any(|&(zone, height)| {
                    zone == self.zone && (height - row.height).abs() <= 1.5 * SAME_HEIGHT
                })
                && row.size <= self.body_size * 1.15;
        }
        row.depth <= LONE_ZONE_DEPTH
            && row.white_em >= APART_EM
            && (row.size <= self.body_size * SMALL_PRINT || ends_in_number(&row.text))
            && row.size <= self.body_size * 1.1
    }
}

/// The rows of a zone, from the edge of the page inwards.
fn rows_of_zone(lines: &[Line], zone: Zone, page_height: f64, zone_depth: f64) -> Vec<Row> {
    let depth = |line: &Line| match zone {
        Zone::Top => line.baseline / page_height,
        Zone::Bottom => 1.0 - line.baseline / page_height,
    };
    // One more line's worth than the zone, to see the white before the text begins.
    let mut members: Vec<usize> = (0..lines.len())
        .filter(|&index| depth(&lines[index]) <= zone_depth.max(LONE_NUMBER_DEPTH) * 1.5)
        .collect();
    members.sort_by(|&a, &b| depth(&lines[a]).total_cmp(&depth(&lines[b])));
    let mut rows: Vec<Row> = Vec::new();
    let mut bounds: Vec<PtBox> = Vec::new();
    for member in members {
        let line = &lines[member];
        let shares_row = bounds.last().is_some_and(|bounds| {
            bounds.overlap_y(&line.bbox) > 0.5 * bounds.height().min(line.bbox.height())
        });
        if let (true, Some(row), Some(bounds)) = (shares_row, rows.last_mut(), bounds.last_mut()) {
            row.members.push(member);
            *bounds = bounds.union(&line.bbox);
            row.size = row.size.max(line.size);
        } else if rows.len() <= MAX_ROWS {
            rows.push(Row {
                members: vec![member],
                text: String::new(),
                height: line.baseline / page_height,
                size: line.size,
                is_bold: false,
                white_em: f64::INFINITY,
                depth: depth(line),
            });
            bounds.push(line.bbox);
        } else {
            break;
        }
    }
    for (index, row) in rows.iter_mut().enumerate() {
        row.members.sort_by(|&a, &b| lines[a].bbox.left.total_cmp(&lines[b].bbox.left));
        let texts: Vec<String> = row.members.iter().map(|&member| lines[member].text()).collect();
        row.text = texts.join(" ");
        row.is_bold = row.members.iter().all(|&member| lines[member].is_bold());
        if let (Some(this), Some(next)) = (bounds.get(index), bounds.get(index + 1)) {
            let white = (next.top - this.bottom).max(this.top - next.bottom);
            row.white_em = white / row.size.max(1.0) + LINE_WHITE_EM;
        }
    }
    // A number alone at the end of the page counts it, however wide the margin is.
    let is_number =
        |row: &Row| row.depth <= LONE_NUMBER_DEPTH && row.white_em >= APART_EM && is_page_number(&row.text);
    let mut index = 0;
    rows.retain(|row| {
        index += 1;
        row.depth <= zone_depth || (index == 1 && is_number(row))
    });
    rows
}

/// Nominal boxes of neighbouring lines leave this much white between them, in font sizes, when the
/// lines are set solid; added so that distances read as line distances.
const LINE_WHITE_EM: f64 = 1.0;

#[expect(clippy::cast_possible_truncation, reason = "a fraction of a page's height in 400 classes")]
fn height_class(height: f64) -> i64 {
    (height / SAME_HEIGHT).round() as i64
}

/// The text without what varies: numbers, and letters' case.
fn key(text: &str) -> String {
    let mut key = String::new();
    for word in text.split_whitespace() {
        let is_number = word.chars().all(|character| character.is_ascii_digit()) || is_roman(word);
        if !key.is_empty() {
            key.push(' ');
        }
        if is_number {
            key.push('#');
        } else {
            key.extend(
                word.chars().map(|character| if character.is_ascii_digit() { '#' } else { character }),
            );
        }
    }
    // Odd and even pages put the number on either side.
    key.trim_matches(|character: char| character == '#' || character == ' ').to_owned()
}

/// A page number and nothing else: `7`, `- 7 -`, `Page 3 of 10`, `xii`.
pub(super) fn is_page_number(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|character: char| character.is_whitespace() || "-–—[]|/".contains(character))
        .filter(|word| !word.is_empty())
        .collect();
    let is_word = |word: &&str| ["page", "of", "p", "seite", "von", "página", "de", "sur"].contains(word);
    let is_count = |word: &&str| {
        (word.len() <= 4 && word.chars().all(|character| character.is_ascii_digit())) || is_roman(word)
    };
    let num_counts = words.iter().filter(|word| is_count(word)).count();
    (1..=2).contains(&num_counts) && words.iter().all(|word| is_word(word) || is_count(word))
}

fn ends_in_number(text: &str) -> bool {
    let is_number = |word: Option<&str>| {
        word.is_some_and(|word| word.len() <= 4 && word.chars().all(|character| character.is_ascii_digit()))
    };
    is_number(text.split_whitespace().next()) || is_number(text.split_whitespace().next_back())
}

fn is_roman(word: &str) -> bool {
    (1..=7).contains(&word.len()) && word.chars().all(|character| "ivxlc".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_come_in_many_shapes() {
        for text in ["7", "- 7 -", "Page 3 of 10", "xii", "3/10", "[ 4 ]", "Seite 12"] {
            assert!(is_page_number(text), "{text}");
        }
        for text in ["", "7 Results", "2021-2022 Report", "12345", "Page"] {
            assert!(!is_page_number(text), "{text}");
        }
    }

    #[test]
    fn numbers_do_not_make_running_titles_differ() {
        assert_eq!(key("12 Chapter 1. Shells"), key("Chapter 2. Shells 13"));
    }
}
