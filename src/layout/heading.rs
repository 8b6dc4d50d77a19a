//! Titles and section headers: by size, weight and numbering, with levels that hold over pages.

use std::collections::BTreeSet;

use crate::document::page::PageIndex;
use crate::layout::context::{DocumentContext, PageLines};
use crate::layout::element::{Element, Kind};
use crate::layout::line::Line;
use crate::layout::marker;
use crate::layout::points::PtBox;

/// How one kind of heading looks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeadingStyle {
    pub(super) size: f64,
    pub(super) is_bold: bool,
    /// Depth of its numbers, when it has numbers.
    pub(super) depth: Option<u8>,
    count: usize,
}

/// The document's title: its size and the lines of the first page in which it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TitleLook {
    size: f64,
    texts: BTreeSet<String>,
}

/// Larger than the body by this factor is large enough for a heading by size alone. LaTeX's first
/// step up is 1.2, word processors use 1.1 to 1.2.
const LARGER: f64 = 1.09;

/// From this factor on size alone says enough.
const MUCH_LARGER: f64 = 1.3;

/// A title is larger than the body by this factor at least.
const TITLE_LARGER: f64 = 1.25;

/// A title starts in this upper part of its page.
const TITLE_DEPTH: f64 = 0.6;

/// Sizes within this factor are the same look.
const SAME_LOOK: f64 = 0.04;

/// Longest heading, in characters and lines.
const MAX_CHARS: usize = 200;
const MAX_LINES: usize = 4;

/// A bold line of body size is a heading only up to this length, in characters: longer ones are
/// emphasised sentences.
const MAX_BOLD_CHARS: usize = 100;

/// Headings are rarely smaller than the body; some journals set them in bold or capitals at 0.9.
const SMALLEST: f64 = 0.85;

/// A block of lines that may be a heading.
pub(super) struct Candidate<'l> {
    pub(super) lines: &'l [Line],
    pub(super) text: &'l str,
    /// White above it, in line distances: 1 is none.
    pub(super) space_above: f64,
    /// It is set apart in its column: nothing else stands on its lines.
    pub(super) is_alone: bool,
}

/// What a heading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Title,
    Section(u8),
}

/// Collects the looks of headings and the title.
pub(super) fn learn(context: &mut DocumentContext, pages: &[(PageIndex, PageLines)]) {
    let Some(body_size) = context.body_size else { return };
    context.title = pages
        .iter()
        .min_by_key(|(page, _)| *page)
        .filter(|(page, _)| page.0 <= 1)
        .and_then(|(_, page)| title_look(page, body_size));
    let mut styles: Vec<HeadingStyle> = Vec::new();
    for line in pages.iter().flat_map(|(_, page)| &page.lines) {
        let text = line.text();
        let depth = marker::heading_depth(&text);
        let is_larger = line.size >= body_size * LARGER;
        let is_candidate = (is_larger || (line.is_bold() && depth.is_some()))
            && line.num_chars <= MAX_BOLD_CHARS
            && text.chars().any(char::is_alphabetic)
            && !is_title_line(context, line, &text);
        if !is_candidate {
            continue;
        }
        let is_bold = line.is_bold();
        let has_room = styles.len() < MAX_STYLES;
        match styles.iter_mut().find(|style| style.is_bold == is_bold && same_size(style.size, line.size)) {
            Some(style) => {
                style.count += 1;
                style.depth = style.depth.or(depth);
            }
            // Hostile pages have as many sizes as letters.
            None if has_room => {
                styles.push(HeadingStyle { size: line.size, is_bold, depth, count: 1 });
            }
            None => {}
        }
    }
    styles.sort_by(|a, b| b.size.total_cmp(&a.size).then(b.is_bold.cmp(&a.is_bold)));
    context.heading_styles = styles;
}

/// Looks of headings that are told apart.
const MAX_STYLES: usize = 24;

fn title_look(page: &PageLines, body_size: f64) -> Option<TitleLook> {
    let (_, height) = page.frame.size();
    let in_upper_part = |line: &&Line| line.baseline < height * TITLE_DEPTH;
    let is_words = |line: &&Line| {
        line.words.iter().any(|word| word.text.chars().filter(|c| c.is_alphabetic()).count() > 1)
    };
    let upper = || page.lines.iter().filter(in_upper_part).filter(is_words);
    let size = upper().map(|line| line.size).fold(0.0, f64::max);
    if size < body_size * TITLE_LARGER {
        return None;
    }
    let texts: BTreeSet<String> = upper().filter(|line| same_size(line.size, size)).map(Line::text).collect();
    (texts.len() <= MAX_LINES).then_some(TitleLook { size, texts })
}

fn same_size(one: f64, other: f64) -> bool {
    (one - other).abs() <= SAME_LOOK * one.max(other)
}

fn is_title_line(context: &DocumentContext, line: &Line, text: &str) -> bool {
    context.title.as_ref().is_some_and(|title| same_size(title.size, line.size) && title.texts.contains(text))
}

/// Whether a block is a heading, and which.
pub(super) fn rank(candidate: &Candidate<'_>, body_size: f64, context: &DocumentContext) -> Option<Rank> {
    let first = candidate.lines.first()?;
    let text = candidate.text.trim();
    let num_chars = text.chars().count();
    if candidate.lines.iter().any(|line| is_title_line(context, line, &line.text())) {
        // A numbered first line is a chapter's or section's.
        return Some(marker::heading_depth(text).map_or(Rank::Title, Rank::Section));
    }
    if num_chars > MAX_CHARS || candidate.lines.len() > MAX_LINES || !candidate.is_alone {
        return None;
    }
    let num_letters = text.chars().filter(|character| character.is_alphabetic()).count();
    if num_letters < 2 || num_letters * 2 < num_chars.saturating_sub(8) {
        return None;
    }
    let depth = marker::heading_depth(text);
    let is_bold = candidate.lines.iter().all(Line::is_bold);
    let is_larger = first.size >= body_size * LARGER;
    let is_set_off = candidate.space_above >= 1.15;
    let ends_openly = !text.ends_with(['.', ',', ';', ':']) || depth.is_some();
    let is_mono = candidate.lines.iter().all(Line::is_mono);
    let is_much_larger = first.size >= body_size * MUCH_LARGER;
    let is_heading = if is_larger {
        (ends_openly || is_bold)
            && (is_much_larger || (!is_mono && (is_bold || depth.is_some() || starts_like_title(text))))
    } else if first.size < body_size * SMALLEST {
        false
    } else if is_bold {
        num_chars <= MAX_BOLD_CHARS
            && ends_openly
            && (is_set_off || depth.is_some())
            && starts_like_title(text)
    } else {
        // Capitals, or a number with several parts, at body size and weight: only when set off.
        let is_caps = candidate.lines.iter().all(Line::is_caps) && num_letters >= 4;
        let is_marked = is_caps || (depth.is_some_and(|depth| depth >= 2) && num_chars <= MAX_BOLD_CHARS / 2);
        is_marked && candidate.lines.len() <= 2 && is_set_off && num_chars <= MAX_BOLD_CHARS && ends_openly
    };
    is_heading.then(|| Rank::Section(level(first.size, is_bold, depth, context)))
}

/// Subtitles, authors and addresses stand centred below the title in large type; they head nothing.
pub(super) fn demote_bylines(elements: &mut [Element]) {
    let Some(title) = elements.iter().position(|element| matches!(element.kind, Kind::Title(_))) else {
        return;
    };
    let middle = elements[title].bbox.center_x();
    let is_centered = |bbox: &PtBox| (bbox.center_x() - middle).abs() < 0.02 * bbox.width().max(200.0);
    let is_title_page = !elements
        .iter()
        .any(|element| matches!(&element.kind, Kind::Text(text) if text.chars().count() > MAX_BOLD_CHARS));
    for element in elements.iter_mut().skip(title + 1) {
        let is_byline = is_title_page || is_centered(&element.bbox);
        match &mut element.kind {
            Kind::Heading(_, text) if is_byline && marker::heading_depth(text).is_none() => {
                element.kind = Kind::Text(std::mem::take(text));
            }
            // Bylines and their addresses alternate; a paragraph ends them.
            Kind::Title(_) => {}
            Kind::Text(text) if is_byline || text.chars().count() <= MAX_BOLD_CHARS => {}
            _ => return,
        }
    }
}

/// At body size bold type is also used for commands and terms: those start small or hold signs.
fn starts_like_title(text: &str) -> bool {
    let starts_well = text.chars().next().is_some_and(|first| {
        first.is_uppercase() || first.is_numeric() || (first.is_alphabetic() && !first.is_lowercase())
    });
    starts_well && !text.contains(['|', '{', '}', '<', '>', '=', '\\', '$', '_', '~', '^'])
}

/// The level of a section header, from 1.
fn level(size: f64, is_bold: bool, depth: Option<u8>, context: &DocumentContext) -> u8 {
    if let Some(depth) = depth {
        return depth.clamp(1, 6);
    }
    let styles = &context.heading_styles;
    let own = styles.iter().find(|style| style.is_bold == is_bold && same_size(style.size, size));
    if let Some(depth) = own.and_then(|style| style.depth) {
        return depth.clamp(1, 6);
    }
    // Each larger size is a level above; numbered ones say which.
    let mut level = 1;
    let mut last_size = f64::INFINITY;
    for style in styles.iter().filter(|style| style.size > size * (1.0 + SAME_LOOK)) {
        if !same_size(style.size, last_size) {
            level = style.depth.map_or(level + 1, |depth| level.max(depth + 1));
            last_size = style.size;
        }
    }
    level.clamp(1, 6)
}
