//! Keeps what a model writes well-formed: says of a piece of markup, before it is written, whether it fits.
//!
//! In: the pieces of an answer, in order. Out: a [`Verdict`] on the next one, and the markup that closes
//! everything that is open. Not here: which other piece is taken instead (the `model` room).
//!
//! Well-formed is: each closing tag is that of the innermost open element, elements and text stand only where they
//! mean something, a box has its four numbers in a row, in range and in order, and the tokens of a table make a
//! rectangle by the rules of OTSL. A `<` that makes no known name is text, so nobody knows that a tag is wrong before
//! its `>`: until then the verdict on what can only become a wrong one is [`Verdict::Doubtful`], and whoever writes may
//! have to go back to where that began. That is the price for leaving every well-formed answer as it is.
//!
//! Source of the OTSL rules: Lysak et al. 2023, "Optimized Table Tokenization for Table Structure Recognition",
//! section 4.2.

mod rules;
mod table;

use crate::markup::dialect::doctags::names::{self, Meaning};
use crate::markup::dialect::doctags::scanner::Scanner;
use crate::markup::event::{Element, Event, EventKind, IgnoredToken};
use rules::Rules;

/// What a piece would do to the markup before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Fits,
    /// It begins something that is text or a tag in a wrong place; more of it will tell.
    Doubtful,
    /// It does not fit.
    Refused,
}

/// Watches one answer.
#[derive(Clone, Debug, Default)]
pub struct GrammarGuard {
    /// The answer so far, as it was taken.
    source: String,
    scanner: Scanner,
    rules: Rules,
    /// What is still to come, once nothing may come but what closes.
    closing: Option<String>,
}

impl GrammarGuard {
    /// What `piece` would do if it came next.
    pub fn verdict(&mut self, piece: &str) -> Verdict {
        if let Some(closing) = &self.closing {
            return if closing.starts_with(piece) { Verdict::Fits } else { Verdict::Refused };
        }
        let length = self.source.len();
        self.source.push_str(piece);
        let (mut scanner, mut rules) = (self.scanner.clone(), self.rules.clone());
        let fits = read(&mut scanner, &mut rules, &self.source);
        let verdict = if fits {
            verdict_on_start(&rules, self.source.get(scanner.position()..).unwrap_or_default())
        } else {
            Verdict::Refused
        };
        self.source.truncate(length);
        verdict
    }

    /// `piece` comes next, whatever the verdict on it.
    pub fn take(&mut self, piece: &str) {
        if let Some(closing) = &mut self.closing
            && let Some(rest) = closing.strip_prefix(piece)
        {
            *closing = rest.to_owned();
        }
        self.source.push_str(piece);
        read(&mut self.scanner, &mut self.rules, &self.source);
    }

    /// Whether the answer may end here: everything is closed.
    pub fn may_end(&self) -> bool {
        self.rules.is_closed() && self.pending().is_empty()
    }

    /// From here on nothing fits but what closes everything that is open. False where a tag has begun that is none of
    /// these: it has to be written first.
    pub fn close(&mut self) -> bool {
        let rest = [true, false].into_iter().find_map(|with_row_end| {
            let closing = self.rules.closing(with_row_end);
            match self.pending().strip_prefix('<') {
                // Text that only looks like a tag: the next `<` parts them.
                Some(name) if self.rules.allows_text() && !names::is_start_of_name(name) => Some(closing),
                _ => closing.strip_prefix(self.pending()).map(str::to_owned),
            }
        });
        let can_close = rest.is_some();
        self.closing = self.closing.take().or(rest);
        can_close
    }

    /// The beginning of something that may become a tag.
    fn pending(&self) -> &str {
        self.source.get(self.scanner.position()..).unwrap_or_default()
    }
}

/// Reads what is new. False as soon as something does not fit; what follows it is read all the same.
fn read(scanner: &mut Scanner, rules: &mut Rules, source: &str) -> bool {
    let mut fits = true;
    scanner.run(source, false, |event| fits &= rules.take(&event));
    fits
}

/// The verdict on markup that ends with `pending`, the beginning of a tag or of a text with a `<`.
fn verdict_on_start(rules: &Rules, pending: &str) -> Verdict {
    let Some(name) = pending.strip_prefix('<') else { return Verdict::Fits };
    let can_be_tag = can_become_tag(rules, pending, name);
    let can_be_text = rules.allows_text();
    match (can_be_tag, can_be_text) {
        (false, true) if names::is_start_of_name(name) => Verdict::Doubtful,
        (true, _) | (false, true) => Verdict::Fits,
        (false, false) => Verdict::Refused,
    }
}

/// Whether more characters can make a tag of it that fits.
fn can_become_tag(rules: &Rules, pending: &str, name: &str) -> bool {
    if rules.closing_tags().any(|tag| tag.starts_with(pending)) {
        return true;
    }
    if name.starts_with('/') {
        return false;
    }
    let fits = |kind| rules.allows(&Event { kind, raw: "", source: 0..0 });
    // The slash of the self-closing form, and the blank before it.
    let without_slash = name.strip_suffix('/').unwrap_or(name);
    let stem = without_slash.strip_suffix(' ').unwrap_or(without_slash);
    let is_whole = stem != name;
    if names::starting_with(stem).any(|(known, meaning)| match event_of(meaning) {
        _ if is_whole && known != stem => false,
        EventKind::Open(_) if is_whole => fits(EventKind::Ignored(IgnoredToken::EmptyElement)),
        kind => fits(kind),
    }) {
        return true;
    }
    let numbered = |prefix: &str| {
        let digits = match stem.strip_prefix(prefix) {
            Some(digits) if is_whole && digits.is_empty() => return None,
            Some(digits) => digits,
            None if !is_whole && prefix.starts_with(stem) => "",
            None => return None,
        };
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
    };
    numbered(names::LOCATION).is_some_and(|digits| rules.allows_location(digits, is_whole))
        || numbered(names::SECTION_HEADER)
            .is_some_and(|digits| digits.len() < 2 && fits(EventKind::Open(Element::Heading { level: 2 })))
        || numbered(names::KEY).is_some() && fits(EventKind::Open(Element::Key(0)))
        || numbered(names::VALUE).is_some() && fits(EventKind::Open(Element::Value(0)))
        || numbered(names::LINK).is_some() && fits(EventKind::Link(0))
        || !is_whole && names::is_start_of_language(stem) && fits(EventKind::Language(""))
}

fn event_of(meaning: Meaning) -> EventKind<'static> {
    match meaning {
        Meaning::Element(element) => EventKind::Open(element),
        Meaning::Cell(token) => EventKind::Cell(token),
        Meaning::RowEnd => EventKind::RowEnd,
        Meaning::PageBreak => EventKind::PageBreak,
        Meaning::Stop => EventKind::Stop,
        Meaning::Class(name) => EventKind::Class { name, rank: 0 },
        Meaning::UnreadClass => EventKind::Ignored(IgnoredToken::UnreadClass),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::markup::diagnostic::Severity;
    use crate::markup::tree::NodeKind;
    use crate::markup::{DocTree, parse};

    /// Where in the pieces something does not fit, by the number of the piece.
    fn refused(pieces: &[&str]) -> Option<usize> {
        let mut guard = GrammarGuard::default();
        pieces.iter().position(|piece| {
            let verdict = guard.verdict(piece);
            guard.take(piece);
            verdict == Verdict::Refused
        })
    }

    fn check(before: &str, piece: &str, expected: Verdict) {
        let mut guard = GrammarGuard::default();
        guard.take(before);
        assert_eq!(guard.verdict(piece), expected, "{before} | {piece}");
        assert_eq!(guard.verdict(piece), expected, "asked twice: {before} | {piece}");
    }

    #[test]
    fn closing_tags_are_those_of_what_is_open() {
        check("<doctag><text>a", "</text>", Verdict::Fits);
        check("<doctag><text>a", "</", Verdict::Fits);
        check("<doctag><text>a</", "te", Verdict::Fits);
        check("<doctag><text>a", "</title>", Verdict::Refused);
        check("<doctag><text>a</", "ti", Verdict::Doubtful);
        check("<doctag><text>a</title", ">", Verdict::Refused);
        check("<doctag><text>a</title", " ", Verdict::Fits);
        check("<doctag><text>a", "<title>", Verdict::Refused);
        check("<doctag><section_header_level_1>a", "</section_header_level_2>", Verdict::Refused);
        check("<doctag>", "</text>", Verdict::Refused);
        check("<doctag>", "a", Verdict::Refused);
        check("<doctag>\n", "</doctag>", Verdict::Fits);
        check("<doctag></doctag>", "<text>", Verdict::Refused);
    }

    #[test]
    fn a_box_has_four_numbers_in_range_and_in_order() {
        check("<text>", "<loc_500>", Verdict::Fits);
        check("<text>", "<loc_501>", Verdict::Refused);
        check("<text><loc_1>", "a", Verdict::Refused);
        check("<text><loc_1>", "< ", Verdict::Refused);
        check("<text><loc_1>", "<loc_2 ", Verdict::Fits);
        check("<text><loc_1>", "<loc_2/", Verdict::Fits);
        check("<text><loc_1>", "<loc_2//", Verdict::Refused);
        check("<text><loc_30><loc_1>", "<loc_2 ", Verdict::Refused);
        check("<text><loc_1>", "</text>", Verdict::Refused);
        check("<text><loc_300><loc_1>", "<loc_299>", Verdict::Refused);
        check("<text><loc_300><loc_1>", "<loc_300>", Verdict::Fits);
        // Nothing that begins so is large enough, and nothing but a coordinate may stand here.
        check("<text><loc_300><loc_1><loc_", "29", Verdict::Refused);
        check("<text><loc_300><loc_1><loc_", "3", Verdict::Fits);
        check("<text><loc_1><loc_1><loc_2><loc_2>", "<loc_3>", Verdict::Refused);
        check("<text><loc_1><loc_1><loc_2><loc_2>", "<loc", Verdict::Doubtful);
        check("<doctag>", "<loc_1>", Verdict::Refused);
    }

    #[test]
    fn a_table_is_a_rectangle() {
        check("<otsl><fcel>a<fcel>b<nl><fcel>c", "<nl>", Verdict::Refused);
        check("<otsl><fcel>a<fcel>b<nl><fcel>c", "</otsl>", Verdict::Refused);
        check("<otsl><fcel>a<fcel>b<nl><fcel>c<fcel>d", "<fcel>", Verdict::Refused);
        check("<otsl><fcel>a<fcel>b<nl><fcel>c<fcel>d", "</otsl>", Verdict::Fits);
        check("<otsl>", "<lcel>", Verdict::Refused);
        check("<otsl><ched>a<lcel><nl>", "</otsl>", Verdict::Fits);
        check("<text>", "<fcel>", Verdict::Refused);
    }

    #[test]
    fn text_that_looks_like_markup_stays() {
        let texts = ["a < b", "Vec<u8>", "</li>", "<td>", "x</te y", "<loc_9x>", "<fce l>"];
        for text in texts {
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let mut pieces = vec!["<doctag><text><loc_1><loc_1><loc_9><loc_9>"];
            pieces.extend(letters.iter().map(String::as_str));
            pieces.push("</text></doctag>");
            assert_eq!(refused(&pieces), if text == "<loc_9x>" { Some(8) } else { None }, "{text}");
        }
        let listing = "<code><loc_1><loc_1><loc_9><loc_9><_HTML_><text>a</text></code>";
        assert_eq!(refused(&[listing]), None);
    }

    #[test]
    fn everything_is_closed_on_request() {
        let check = |open: &str, expected: Option<&str>| {
            let mut guard = GrammarGuard::default();
            guard.take(open);
            assert_eq!(guard.close(), expected.is_some(), "{open}");
            let Some(expected) = expected else { return };
            assert!(!guard.may_end());
            for (at, _) in expected.char_indices().skip(1) {
                let (start, _) = expected.split_at(at);
                assert_eq!(guard.verdict(start), Verdict::Fits);
            }
            assert_eq!(guard.verdict("#"), Verdict::Refused);
            guard.take(expected);
            assert!(guard.may_end(), "{open}{expected}");
        };
        check("<doctag><text>a", Some("</text></doctag>"));
        check("<doctag><text>a</te", Some("xt></doctag>"));
        check("<doctag><text><loc_1><loc_2>", Some("<loc_500><loc_500></text></doctag>"));
        check("<doctag><otsl><fcel>a<fcel>b<nl><fcel>c", Some("<ecel><nl></otsl></doctag>"));
        check("<doctag><tex", None);
    }

    /// Pieces of markup, whole and in parts.
    const PIECES: &[&str] = &[
        "<doctag>",
        "</doctag>",
        "<text>",
        "</text>",
        "<title>",
        "</title>",
        "<otsl>",
        "</otsl>",
        "<fcel>",
        "<ecel>",
        "<lcel>",
        "<ucel>",
        "<xcel>",
        "<nl>",
        "<loc_10>",
        "<loc_20>",
        "<loc_3",
        "00>",
        "<",
        "loc",
        "_",
        "7",
        ">",
        "a",
        " ",
        "\n",
        "word",
        "<unordered_list>",
        "</unordered_list>",
        "<list_item>",
        "</list_item>",
        "</",
        "text",
        "<picture>",
        "</picture>",
        "<caption>",
        "</caption>",
        "<pie_chart>",
        "<code>",
        "</code>",
        "<_Rust_>",
        "<formula>",
        "</formula>",
        "<page_header>",
        "</page_header>",
        "<inline>",
        "</inline>",
        "<chart>",
        "</chart>",
        "<section_header_level_1>",
        "</section_header_level_1>",
        "fcel",
        "<list_",
        "item>",
    ];

    /// Writes what a model would that wants these pieces, and ends it.
    fn written(wanted: &[&str]) -> String {
        let (mut guard, mut markup) = (GrammarGuard::default(), String::new());
        let mut held: Option<(GrammarGuard, usize)> = None;
        for piece in wanted {
            match guard.verdict(piece) {
                Verdict::Fits => held = None,
                Verdict::Doubtful => {
                    held.get_or_insert((guard.clone(), markup.len()));
                }
                Verdict::Refused => {
                    if let Some((before, length)) = held.take() {
                        guard = before;
                        markup.truncate(length);
                    }
                    continue;
                }
            }
            guard.take(piece);
            markup.push_str(piece);
        }
        if let Some((before, length)) = held {
            guard = before;
            markup.truncate(length);
        }
        if !guard.may_end() {
            // What has begun and is no closing tag becomes text, or something that can be closed.
            for end in [
                "",
                " ",
                " a",
                "/>",
                ">",
                "page_break>",
                "tag>",
                "doctag>",
                "picture>",
                "0>",
                "9>",
                "99>",
                "loc_500>",
                "oc_500>",
                "c_500>",
                "_500>",
                "text>",
                "item>",
                "nl>",
            ] {
                let mut trial = guard.clone();
                if trial.verdict(end) == Verdict::Fits {
                    trial.take(end);
                    if trial.close() {
                        markup.push_str(end);
                        markup.push_str(trial.closing.as_deref().unwrap_or_default());
                        return markup;
                    }
                }
            }
            panic!("there is no way on from {markup}");
        }
        markup
    }

    fn faults(tree: &DocTree) -> Vec<&str> {
        let worse = tree.diagnostics().iter().filter(|diagnostic| diagnostic.severity > Severity::Note);
        worse.map(|diagnostic| diagnostic.message.as_str()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_needs_no_repair(wanted in prop::collection::vec(select(PIECES), 0..200)) {
            let markup = written(&wanted);
            let tree = parse(&markup);
            prop_assert_eq!(faults(&tree), Vec::<&str>::new(), "{}", markup);
            for (_, node) in tree.nodes() {
                if let NodeKind::Table { grid, .. } = &node.kind {
                    let num_slots: usize = grid.cells.iter().map(|cell| cell.row_span * cell.col_span).sum();
                    prop_assert_eq!(num_slots, grid.num_rows * grid.num_cols, "{}", markup);
                }
            }
            // What was let through once is let through again, however it is cut.
            let letters: Vec<String> = markup.chars().map(String::from).collect();
            prop_assert_eq!(refused(&letters.iter().map(String::as_str).collect::<Vec<_>>()), None, "{}", markup);
        }
    }
}
