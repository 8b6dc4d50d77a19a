//! The whole conformance corpus: every input through the parser and four exports, compared with
//! docling-core 2.104.0 or, where that loses content, with what a user would expect.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it does not expect")]

#[path = "markup_corpus/canon.rs"]
mod canon;

use std::collections::BTreeSet;

use doclens::markup::export::{self, ExportOptions, PagePoints};
use doclens::markup::{
    DocTree, GrammarGuard, LoopGuard, NodeKind, Parser, UnknownTags, Verdict, parse, parse_with,
};
use doclens::model::{GenerationOptions, PageModel as _, ScriptedModel, Step};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    pages: Vec<[f64; 2]>,
    input: String,
    #[serde(default)]
    disputed: Vec<String>,
    expected: Option<Outputs>,
    preferred: Option<Outputs>,
}

#[derive(Deserialize)]
struct Outputs {
    md: String,
    html: String,
    json: Value,
    csv: Vec<String>,
    headers_md: Option<String>,
    headers_html: Option<String>,
    header_flags: Option<canon::HeaderFlags>,
}

/// Where we differ from an output that nobody disputes, and why. Left out on request
/// ([`UnknownTags::Drop`]), unknown tags make no difference.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[
    // The text of the page says `<td>` and `<do>`. The reference deletes that; by the rules of the
    // same corpus (`text-angle-tag-lookalike`) it is text.
    ("md", "real-docling-2305-03393v1-p05"),
    ("html", "real-docling-2305-03393v1-p05"),
    ("json", "real-docling-2305-03393v1-p05"),
    ("md", "tag-checkbox-mix"),
    ("json", "tag-checkbox-mix"),
];

/// Where we differ from the preferred output, and why.
const NOT_AS_PREFERRED: &[(&str, &str)] = &[
    // A stray `</caption>` makes an empty caption there.
    ("html", "rand-mut-18"),
    ("json", "rand-mut-18"),
    // An empty caption makes an empty paragraph there.
    ("html", "trunc-page-0483"),
];

/// What is lost, and preferred not to be, where unknown tags are left out.
const LOST_WITH_UNKNOWN_TAGS: &[(&str, &str)] = &[
    ("md", "otsl-bad-html-tags-cell"),
    ("html", "otsl-bad-html-tags-cell"),
    ("json", "otsl-bad-html-tags-cell"),
    ("csv", "otsl-bad-html-tags-cell"),
    ("md", "otsl-bad-unknown-token"),
    ("html", "otsl-bad-unknown-token"),
    ("json", "otsl-bad-unknown-token"),
    ("csv", "otsl-bad-unknown-token"),
    ("md", "text-angle-close-lookalike"),
    ("html", "text-angle-close-lookalike"),
    ("json", "text-angle-close-lookalike"),
    ("md", "text-angle-generics"),
    ("html", "text-angle-generics"),
    ("json", "text-angle-generics"),
    ("md", "text-angle-tag-lookalike"),
    ("html", "text-angle-tag-lookalike"),
    ("json", "text-angle-tag-lookalike"),
];

fn cases() -> Vec<Case> {
    let corpus = include_str!("fixtures/markup/corpus.jsonl");
    corpus.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn options(case: &Case) -> ExportOptions {
    let page_sizes = case
        .pages
        .iter()
        .map(|[width_pt, height_pt]| PagePoints { width_pt: *width_pt, height_pt: *height_pt });
    ExportOptions { page_sizes: page_sizes.collect(), ..ExportOptions::default() }
}

/// What we write in one format, in comparable form.
fn written(tree: &DocTree, case: &Case, format: &str) -> String {
    let options = options(case);
    match format {
        "md" => canon::markdown(&export::markdown(tree, &options)),
        "html" => canon::html(&export::html(tree, &options)),
        "json" => canon::json(serde_json::from_str(&export::json(tree, &options)).unwrap()),
        "csv" => canon::csv(&export::csv::tables(tree, &options)),
        other => panic!("{other}"),
    }
}

/// The accepted outputs of one kind, in comparable form.
fn accepted(outputs: &Outputs, format: &str) -> Vec<String> {
    match format {
        "md" => [Some(&outputs.md), outputs.headers_md.as_ref()]
            .into_iter()
            .flatten()
            .map(|text| canon::markdown(text))
            .collect(),
        "html" => [Some(&outputs.html), outputs.headers_html.as_ref()]
            .into_iter()
            .flatten()
            .map(|text| canon::html(text))
            .collect(),
        "json" => {
            let flagged =
                outputs.header_flags.as_ref().map(|flags| canon::with_flags(outputs.json.clone(), flags));
            [Some(outputs.json.clone()), flagged].into_iter().flatten().map(canon::json).collect()
        }
        "csv" => vec![canon::csv(&outputs.csv)],
        other => panic!("{other}"),
    }
}

fn check_format(format: &str) {
    check_reading(format, UnknownTags::Keep, KNOWN_DIFFERENCES, NOT_AS_PREFERRED);
    let not_as_preferred = [NOT_AS_PREFERRED, LOST_WITH_UNKNOWN_TAGS].concat();
    check_reading(format, UnknownTags::Drop, &[], &not_as_preferred);
}

fn check_reading(
    format: &str,
    unknown_tags: UnknownTags,
    differences: &[(&str, &str)],
    others_preferred: &[(&str, &str)],
) {
    let mut different = BTreeSet::new();
    let mut not_as_preferred = BTreeSet::new();
    let mut num_preferred = 0;
    for case in cases() {
        let got = written(&parse_with(&case.input, unknown_tags), &case, format);
        let is_one_of = |outputs: &Outputs| accepted(outputs, format).contains(&got);
        if case.disputed.iter().any(|disputed| disputed == format) {
            if let Some(preferred) = &case.preferred {
                num_preferred += 1;
                if !is_one_of(preferred) {
                    not_as_preferred.insert(case.name.clone());
                }
            }
        } else if !case.expected.as_ref().is_some_and(is_one_of) {
            different.insert(case.name.clone());
        }
    }
    let known = |list: &[(&str, &str)]| -> BTreeSet<String> {
        list.iter().filter(|(of, _)| *of == format).map(|(_, name)| (*name).to_owned()).collect()
    };
    assert_eq!(different, known(differences), "{format}: undisputed cases that differ");
    assert_eq!(not_as_preferred, known(others_preferred), "{format}: of {num_preferred} preferred outputs");
}

#[test]
fn markdown_is_that_of_the_reference() {
    check_format("md");
}

#[test]
fn html_is_that_of_the_reference() {
    check_format("html");
}

#[test]
fn json_is_that_of_the_reference() {
    check_format("json");
}

#[test]
fn csv_is_that_of_the_reference() {
    check_format("csv");
}

#[test]
fn every_case_reads_the_same_by_characters() {
    for case in cases() {
        let mut parser = Parser::default();
        for character in case.input.chars() {
            parser.push(character.encode_utf8(&mut [0; 4]));
        }
        assert_eq!(parser.finish(), parse(&case.input), "{}", case.name);
    }
}

#[test]
fn every_case_is_written_and_read_again_as_the_same_document() {
    for case in cases() {
        let (tree, options) = (parse(&case.input), options(&case));
        let again = parse(&export::doctags(&tree));
        assert_eq!(export::json(&again, &options), export::json(&tree, &options), "{}", case.name);
    }
}

/// Of each loop of the corpus: where its second copy begins, and how long a copy is, in bytes.
const LOOPS: &[(&str, usize, usize)] = &[
    ("loop-block3", 258, 160),
    ("loop-char", 141, 3),
    ("loop-closers", 55, 8),
    ("loop-doctag-end", 66, 10),
    ("loop-lcel", 151, 6),
    ("loop-list-items", 179, 65),
    ("loop-locs", 113, 9),
    ("loop-picture", 152, 54),
    ("loop-text-identical", 157, 59),
    ("loop-word", 155, 5),
    ("real-vlm-granite-invoice-loop", 531, 59),
    ("real-vlm-granite-lcel-loop", 69, 6),
    // Made to be long: one word a hundred and twenty times, which no page says.
    ("text-long", 59, 12),
];

/// What the parser reads without a word and the grammar does not let through, with the reason.
const NOT_WELL_FORMED: &[&str] = &[
    // Boxes of two or three numbers.
    "box-three",
    "list-partial-loc",
    "mal-loc-garbage2",
    "real-vlm-granite-loc-garbage",
    // A document within a document.
    "mal-doc-restart",
    // Rows of several lengths, and rows without a cell.
    "chart-ragged",
    "otsl-bad-blank-row",
    "otsl-bad-leading-nl-span",
    "otsl-only-nl",
    // Text in a slot that goes on with another cell, and a cell with a corner missing.
    "otsl-bad-lcel-text",
    "otsl-bad-ucel-text",
    "otsl-bad-overlap",
    "otsl-bad-span-l-shape",
    "rand-mut-20",
    "rand-mut-21",
    "rand-mut-39",
];

/// Read without a word: nothing was repaired or left out, no slot of a table was filled up.
fn is_read_as_it_is(tree: &DocTree) -> bool {
    let is_whole = |kind: &NodeKind| match kind {
        NodeKind::Table { grid, .. } => grid.cells.iter().all(|cell| !cell.source.is_empty()),
        _ => true,
    };
    tree.diagnostics().is_empty() && tree.nodes().all(|(_, node)| node.is_complete && is_whole(&node.kind))
}

/// It comes letter by letter, the hardest way: no tag is whole before its last one.
fn passes_grammar_guard(markup: &str) -> bool {
    let mut guard = GrammarGuard::default();
    markup.chars().all(|letter| {
        let letter = letter.to_string();
        let verdict = guard.verdict(&letter);
        guard.take(&letter);
        verdict != Verdict::Refused
    })
}

#[test]
fn the_grammar_guard_lets_everything_pass_that_is_well_formed() {
    let cases: Vec<Case> = cases().into_iter().filter(|case| is_read_as_it_is(&parse(&case.input))).collect();
    let stopped = cases.iter().filter(|case| !passes_grammar_guard(&case.input));
    let stopped: BTreeSet<&str> = stopped.map(|case| case.name.as_str()).collect();
    assert_eq!(stopped, NOT_WELL_FORMED.iter().copied().collect());
    assert!(cases.len() > 300, "{}", cases.len());
}

/// What the guard says about a text that comes token by token: after which byte, and which byte the
/// second copy begins at.
fn guarded(markup: &str) -> Option<(usize, usize)> {
    let (mut guard, mut read) = (LoopGuard::default(), String::new());
    tokens(markup).into_iter().find_map(|token| {
        read.push_str(&token);
        Some((read.len(), guard.read(&read)?))
    })
}

/// The text as a model would write it. A tokenizer takes at least as many characters together.
fn tokens(markup: &str) -> Vec<String> {
    let mut model = ScriptedModel::from_text("corpus", markup);
    let page = image::RgbImage::new(1, 1);
    let steps = model.generate(&page, &GenerationOptions::default());
    let tokens = steps.filter_map(|step| match step.unwrap() {
        Step::Token { text, .. } => Some(text),
        Step::EncodedTiles { .. } | Step::Prefilled { .. } | Step::Undecided | Step::Stopped(_) => None,
    });
    tokens.collect()
}

#[test]
fn every_loop_is_stopped_within_200_tokens_and_nothing_else_is() {
    let mut num_loops = 0;
    for case in cases() {
        let found = guarded(&case.input);
        let Some((_, second_copy, len)) = LOOPS.iter().find(|(name, ..)| *name == case.name) else {
            assert_eq!(found, None, "{}: {:?}", case.name, found.map(|(at, _)| &case.input[..at]));
            continue;
        };
        num_loops += 1;
        let (seen_at, cut) = found.unwrap_or_else(|| panic!("{} goes on", case.name));
        let num_tokens = tokens(&case.input[*second_copy..seen_at]).len();
        assert!(num_tokens <= 200, "{}: {num_tokens} tokens", case.name);
        // What is kept holds the first copy and not the whole of the second.
        let kept = second_copy.saturating_sub(2)..second_copy + len;
        assert!(kept.contains(&cut), "{}: cut at {cut}, not in {kept:?}", case.name);
    }
    assert_eq!(num_loops, LOOPS.len());
}

fn check_honest(body: &str) {
    let markup = format!("<doctag>{body}</doctag>");
    assert_eq!(guarded(&markup), None, "{body}");
}

#[test]
fn pages_may_repeat_themselves() {
    let table = |row: &str, num_rows: usize| {
        format!("<otsl><loc_20><loc_20><loc_480><loc_480>{}</otsl>", format!("{row}<nl>").repeat(num_rows))
    };
    check_honest(&table(&"<fcel>0".repeat(30), 60));
    check_honest(&table(&"<ecel>".repeat(40), 90));
    check_honest(&table("<fcel>0.00<fcel>n/a<fcel>-", 100));
    check_honest(&table("<rhed>Monday<fcel>8:00<fcel>9:00<fcel>Mathematics", 8));
    let line =
        |y: usize, text: &str| format!("<text><loc_50><loc_{y}><loc_450><loc_{}>{text}</text>\n", y + 8);
    let lines = |text: &str, count: usize| (0..count).map(|i| line(20 + 10 * i, text)).collect::<String>();
    check_honest(&lines("", 40));
    check_honest(&lines("Yes", 40));
    check_honest(&lines("Signature and date: ________________", 6));
    check_honest(&line(10, &format!("1 Introduction {} 7", ". ".repeat(140))));
    check_honest(&line(10, &"_".repeat(200)));
    check_honest(&line(10, "no no no no no no no no, it goes on and on and on and on and on"));
    let boxes = |i: usize| {
        format!(
            "<checkbox_unselected><loc_50><loc_{}><loc_60><loc_{}></checkbox_unselected>\n",
            9 * i,
            9 * i + 7
        )
    };
    check_honest(&(0..50).map(boxes).collect::<String>());
    check_honest(&format!("<code><loc_1><loc_1><loc_9><loc_9><_C_>{}</code>", "0x00, ".repeat(120)));
    check_honest(&"<picture><loc_1><loc_1><loc_9><loc_9></picture>\n".repeat(2));
}

#[test]
fn loops_that_the_corpus_does_not_have_are_stopped_too() {
    let check = |body: &str| assert!(guarded(&format!("<doctag>{body}")).is_some(), "{body}");
    let row = "<rhed>Total amount<fcel>17<fcel>of all parts<nl>";
    check(&format!("<otsl><loc_20><loc_20><loc_480><loc_120>{}", row.repeat(40)));
    check(&format!("<otsl><loc_20><loc_20><loc_480><loc_120>{}", "<fcel>0<fcel>0<nl>".repeat(60)));
    let lines = (0..20).map(|i| {
        let (top, bottom) = (20 + 10 * i, 28 + 10 * i);
        format!("<text><loc_50><loc_{top}><loc_450><loc_{bottom}>All rights are reserved</text>")
    });
    check(&lines.collect::<String>());
    check(&format!("<text>{}", "0".repeat(600)));
    check(&format!("<text>{}", "the cat sat on the mat and ".repeat(20)));
    check(&format!("<text>{}", ".".repeat(400)));
    check(&"<text><loc_1><loc_1><loc_9><loc_9>never closed".repeat(4));
    check(&"\n".repeat(300));
}
