//! Pieces of DocTags text in, events with source spans out.
//!
//! The scanner can stop anywhere and go on when more has come: a `<` that may still become a token
//! is held back. It only knows single tokens; what they mean together is the builder's matter.
//! Names are recognised exactly; every other `<` is text (`P < 0.05`, `Vec<u8>`).

use crate::markup::dialect::doctags::names::{self, Meaning};
use crate::markup::event::{Element, Event, EventKind, IgnoredToken};
use crate::markup::location::GRID;

/// No token is longer; a `<` with more behind it is text. Bounds what is read again per piece.
const LONGEST_TOKEN: usize = 48;

/// How far the markup has been read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scanner {
    position: usize,
    /// End of a `<doctag>` behind which only whitespace has been seen.
    document_start: Option<usize>,
    /// The markup is docling's XML form of DocTags: a `<version>` stands right behind `<doctag>`.
    /// The reference reads its elements, but not its self-closing boxes and cells; so do we, and
    /// say so. Without a version, self-closing tokens are what some models write for plain ones.
    is_xml_form: bool,
    unknown_tags: UnknownTags,
}

/// What becomes of tags that are none of the dialect's, as in a page about HTML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownTags {
    /// They are text: the page has them, since `DocTags` has no escaping.
    #[default]
    Keep,
    /// They are left out, as docling-core does, and each is reported.
    Drop,
}

/// What stands at a `<`.
enum Found<'s> {
    Token(EventKind<'s>, usize),
    Text,
    Incomplete,
}

impl Scanner {
    /// At the beginning of some markup.
    pub(crate) fn new(unknown_tags: UnknownTags) -> Self {
        Self { unknown_tags, ..Self::default() }
    }

    /// First byte that has not become part of an event.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Reads what is new in `source`, which holds everything that was read before and more.
    /// With `is_end`, nothing follows: what was held back is decided.
    pub(crate) fn run<'s>(&mut self, source: &'s str, is_end: bool, mut emit: impl FnMut(Event<'s>)) {
        let mut text_start = self.position;
        let mut search_from = self.position;
        loop {
            let Some(offset) = source.get(search_from..).and_then(|rest| rest.find('<')) else {
                emit_text(source, text_start..source.len(), &mut emit);
                self.position = source.len();
                return;
            };
            let start = search_from + offset;
            match token_at(source, start) {
                Found::Token(mut kind, end) => {
                    emit_text(source, text_start..start, &mut emit);
                    self.document_start = (kind == EventKind::Open(Element::Document)).then_some(end);
                    if self.is_xml_form && source.get(..end).is_some_and(|read| read.ends_with("/>")) {
                        kind = EventKind::Ignored(IgnoredToken::XmlForm);
                    }
                    emit(Event { kind, raw: source.get(start..end).unwrap_or_default(), source: start..end });
                    text_start = end;
                    search_from = end;
                }
                Found::Text => {
                    search_from = start + 1;
                    if let Some(document_start) = self.document_start.take() {
                        let is_first = source
                            .get(document_start..start)
                            .is_some_and(|between| between.trim().is_empty());
                        let rest = source.get(start..).unwrap_or_default();
                        self.is_xml_form = is_first && rest.starts_with("<version>");
                    }
                    if self.unknown_tags == UnknownTags::Drop
                        && let Some(end) = unknown_tag_at(source, start)
                    {
                        emit_text(source, text_start..start, &mut emit);
                        let kind = EventKind::Ignored(IgnoredToken::UnknownTag);
                        emit(Event {
                            kind,
                            raw: source.get(start..end).unwrap_or_default(),
                            source: start..end,
                        });
                        (text_start, search_from) = (end, end);
                    }
                }
                Found::Incomplete if !is_end => {
                    emit_text(source, text_start..start, &mut emit);
                    self.position = start;
                    return;
                }
                Found::Incomplete => {
                    let rest = source.get(start + 1..).unwrap_or_default();
                    if names::is_start_of_name(rest) {
                        emit_text(source, text_start..start, &mut emit);
                        emit(Event {
                            kind: EventKind::Ignored(IgnoredToken::HalfToken),
                            raw: source.get(start..).unwrap_or_default(),
                            source: start..source.len(),
                        });
                        self.position = source.len();
                        return;
                    }
                    search_from = start + 1;
                }
            }
        }
    }
}

fn emit_text<'s>(source: &'s str, range: std::ops::Range<usize>, emit: &mut impl FnMut(Event<'s>)) {
    if let Some(raw) = source.get(range.clone()).filter(|raw| !raw.is_empty()) {
        emit(Event { kind: EventKind::Text(raw), raw, source: range });
    }
}

/// Looks at the `<` at `start`.
fn token_at(source: &str, start: usize) -> Found<'_> {
    let rest = source.as_bytes().get(start + 1..).unwrap_or_default();
    for (offset, byte) in rest.iter().enumerate().take(LONGEST_TOKEN) {
        match byte {
            b'>' => {
                let end = start + 1 + offset + 1;
                let inside = source.get(start + 1..end - 1).unwrap_or_default();
                return match event_of(inside) {
                    Some(kind) => Found::Token(kind, end),
                    None => Found::Text,
                };
            }
            // `<loc_1 />`: one space before the slash, and nothing else with a space.
            b' ' if rest.get(offset + 1).is_none_or(|next| *next == b'/')
                && rest.get(offset + 2).is_none_or(|next| *next == b'>') => {}
            b' ' | b'\n' | b'\t' if is_doclang(rest.get(..offset).unwrap_or_default()) => {
                return Found::Token(EventKind::ForeignDialect, start + 1 + offset);
            }
            b'!'..=b';' | b'=' | b'?'..=b'~' => {}
            _ => return Found::Text,
        }
    }
    if rest.len() < LONGEST_TOKEN { Found::Incomplete } else { Found::Text }
}

/// Where a tag that begins at `start` ends: `<td>`, `</td>`, `<br/>`. A name begins with a letter, so `a<1>b` is none.
fn unknown_tag_at(source: &str, start: usize) -> Option<usize> {
    let rest = source.as_bytes().get(start + 1..)?;
    let len = rest.iter().take(LONGEST_TOKEN).position(|byte| *byte == b'>')?;
    let inside = source.get(start + 1..start + 1 + len)?;
    let name = inside.strip_prefix('/').or_else(|| inside.strip_suffix('/')).unwrap_or(inside);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_name.then_some(start + 1 + len + 1)
}

fn is_doclang(name: &[u8]) -> bool {
    name == b"doclang"
}

/// What the characters between the brackets mean; `None` if they are text.
fn event_of(inside: &str) -> Option<EventKind<'_>> {
    if let Some(digits) = inside.strip_prefix(names::LOCATION) {
        return Some(location(digits));
    }
    if let Some(name) = inside.strip_prefix('/') {
        return closing(name);
    }
    if let Some(name) = inside.strip_suffix('/') {
        let kind = opening(name.strip_suffix(' ').unwrap_or(name))?;
        let says_nothing = matches!(kind, EventKind::Open(_) | EventKind::Language(_));
        return Some(if says_nothing { EventKind::Ignored(IgnoredToken::EmptyElement) } else { kind });
    }
    opening(inside)
}

fn location(digits: &str) -> EventKind<'_> {
    let digits = digits.strip_suffix('/').unwrap_or(digits);
    let digits = digits.strip_suffix(' ').unwrap_or(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return EventKind::Ignored(IgnoredToken::BadLocation);
    }
    let steps = digits.bytes().fold(0u32, |steps, digit| {
        steps.saturating_mul(10).saturating_add(u32::from(digit.saturating_sub(b'0')))
    });
    let fraction = f64::from(steps) / f64::from(GRID);
    EventKind::Location { fraction: fraction.min(1.0), is_clamped: fraction > 1.0 }
}

fn opening(name: &str) -> Option<EventKind<'_>> {
    match names::meaning(name) {
        Some(Meaning::Element(element)) => return Some(EventKind::Open(element)),
        Some(Meaning::Cell(token)) => return Some(EventKind::Cell(token)),
        Some(Meaning::RowEnd) => return Some(EventKind::RowEnd),
        Some(Meaning::PageBreak) => return Some(EventKind::PageBreak),
        Some(Meaning::Stop) => return Some(EventKind::Stop),
        Some(Meaning::Class(class)) => {
            return Some(EventKind::Class { name: class, rank: class_rank(name) });
        }
        Some(Meaning::UnreadClass) => return Some(EventKind::Ignored(IgnoredToken::UnreadClass)),
        None => {}
    }
    if is_doclang(name.as_bytes()) {
        return Some(EventKind::ForeignDialect);
    }
    if let Some(language) = name.strip_prefix('_').and_then(|rest| rest.strip_suffix('_')) {
        return (!language.is_empty()).then_some(EventKind::Language(language));
    }
    if let Some(id) = number_after(name, names::LINK) {
        return Some(EventKind::Link(id));
    }
    numbered_element(name).map(EventKind::Open)
}

fn closing(name: &str) -> Option<EventKind<'_>> {
    match names::meaning(name) {
        Some(Meaning::Element(element)) => Some(EventKind::Close(element)),
        Some(Meaning::Class(_) | Meaning::UnreadClass) => Some(EventKind::Ignored(IgnoredToken::ClassClose)),
        Some(_) => Some(EventKind::Ignored(IgnoredToken::VoidClose)),
        None if number_after(name, names::LOCATION).is_some()
            || number_after(name, names::LINK).is_some() =>
        {
            Some(EventKind::Ignored(IgnoredToken::VoidClose))
        }
        None => numbered_element(name).map(EventKind::Close),
    }
}

/// Section headers, keys and values.
fn numbered_element(name: &str) -> Option<Element> {
    if let Some(level) = number_after(name, names::SECTION_HEADER) {
        // The token list has level 0 too, and a model may go past 6; both are kept as the nearest.
        let level = u8::try_from(level.clamp(1, 6)).unwrap_or(6);
        return Some(Element::Heading { level: level + 1 });
    }
    if let Some(id) = number_after(name, names::KEY) {
        return Some(Element::Key(id));
    }
    number_after(name, names::VALUE).map(Element::Value)
}

fn number_after(name: &str, stem: &str) -> Option<u64> {
    let digits = name.strip_prefix(stem)?;
    // `parse` alone would take a plus sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn class_rank(token: &str) -> u8 {
    let position = names::CLASS_PRIORITY.iter().position(|known| *known == token);
    position.and_then(|rank| u8::try_from(rank).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_of(pieces: &[&str]) -> Vec<String> {
        let (mut scanner, mut source, mut seen) = (Scanner::default(), String::new(), Vec::new());
        for piece in pieces {
            source.push_str(piece);
            scanner
                .run(&source, false, |event| seen.push((event.source.clone(), format!("{:?}", event.kind))));
        }
        scanner.run(&source, true, |event| seen.push((event.source.clone(), format!("{:?}", event.kind))));
        seen.into_iter().map(|(range, kind)| format!("{range:?} {kind}")).collect()
    }

    fn check(input: &str, expected: &[&str]) {
        let (mut scanner, mut kinds) = (Scanner::default(), Vec::new());
        scanner.run(input, true, |event| kinds.push(format!("{:?}", event.kind)));
        assert_eq!(kinds, expected, "{input}");
    }

    #[test]
    fn names_are_exact_and_everything_else_is_text() {
        check("P < 0.05 <b>x</b>", &["Text(\"P < 0.05 <b>x</b>\")"]);
        check("<TEXT>", &["Text(\"<TEXT>\")"]);
        check("<text id=\"1\">", &["Text(\"<text id=\\\"1\\\">\")"]);
        check("a<<fcel>b", &["Text(\"a<\")", "Cell(Fcel)", "Text(\"b\")"]);
    }

    #[test]
    fn locations_are_fractions_of_the_page() {
        check("<loc_250>", &["Location { fraction: 0.5, is_clamped: false }"]);
        check("<loc_0250/>", &["Location { fraction: 0.5, is_clamped: false }"]);
        check("<loc_99999999999>", &["Location { fraction: 1.0, is_clamped: true }"]);
        check("<loc_-5>", &["Ignored(BadLocation)"]);
        check("<loc_1.5>", &["Ignored(BadLocation)"]);
    }

    #[test]
    fn unknown_tags_are_left_out_on_request() {
        let mut kinds = Vec::new();
        let input = "a <td> & </td><br/> P < 0.05 > x <1> <a b> Vec<u8>";
        Scanner::new(UnknownTags::Drop).run(input, true, |event| kinds.push(format!("{:?}", event.kind)));
        let gone = "Ignored(UnknownTag)";
        let rest = "Text(\" P < 0.05 > x <1> <a b> Vec\")";
        assert_eq!(kinds, ["Text(\"a \")", gone, "Text(\" & \")", gone, gone, rest, gone]);
    }

    #[test]
    fn a_half_token_at_the_end_is_told_from_text() {
        check("a</te", &["Text(\"a\")", "Ignored(HalfToken)"]);
        check("a<", &["Text(\"a\")", "Ignored(HalfToken)"]);
        check("i<j", &["Text(\"i<j\")"]);
    }

    #[test]
    fn self_closing_tokens_are_read() {
        check("<fcel/>a<nl />", &["Cell(Fcel)", "Text(\"a\")", "RowEnd"]);
        check("<picture/>", &["Ignored(EmptyElement)"]);
    }

    #[test]
    fn the_xml_form_has_a_version() {
        let xml_form = "Ignored(XmlForm)";
        check("<doctag> <version><fcel/>", &["Open(Document)", "Text(\" <version>\")", xml_form]);
        check("<doctag>a<version><fcel/>", &["Open(Document)", "Text(\"a<version>\")", "Cell(Fcel)"]);
    }

    #[test]
    fn doclang_is_recognised() {
        check("<doclang version=\"1\">", &["ForeignDialect", "Text(\" version=\\\"1\\\">\")"]);
    }

    #[test]
    fn pieces_give_the_same_tokens() {
        let input = "<text><loc_1>a<b</te></text>";
        for cut in 0..input.len() {
            let (before, after) = input.split_at(cut);
            let pieces = events_of(&[before, after]);
            // Text may come in more events, tokens may not.
            let tokens = |events: &[String]| -> Vec<String> {
                events.iter().filter(|event| !event.contains("Text(\"")).cloned().collect()
            };
            assert_eq!(tokens(&pieces), tokens(&events_of(&[input])), "{cut}");
        }
    }
}
