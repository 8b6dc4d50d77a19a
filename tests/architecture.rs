//! The house rules that the compiler does not know, checked on the text of `src/`: which room may
//! name what, which names belong to one place, how long files are, what they are called, and that
//! each begins by saying what it is for. The map they follow is the head of `src/lib.rs`.
//!
//! Comments and string literals are blanked first, so prose may name anything. Paths are found by
//! tokens, not by a parser: a name hidden in a macro's argument is seen, one assembled by a macro
//! is not.
#![expect(clippy::unwrap_used, reason = "a test may stop at a file it cannot read")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the guarded names it may use; a name listed for others only is forbidden to it.
///
/// A new arrow needs its own commit that edits this table and the map in `src/lib.rs`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("geometry", &[]),
    ("markup", &["geometry", "csv", "rust_xlsxwriter"]),
    (
        "document",
        &["geometry", "image", "tiff", "pdfium_render", "landlock", "seccompiler", "libc", "rustix"],
    ),
    ("layout", &["geometry", "markup", "document"]),
    (
        "model",
        &[
            "image",
            "candle_core",
            "candle_nn",
            "candle_transformers",
            "tokenizers",
            "minijinja",
            "safetensors",
            "memmap2",
            "half",
            "rayon",
            "hf_hub",
            "tokio",
            "futures_util",
            "fs4",
        ],
    ),
    ("revision", &["geometry", "markup"]),
    ("evaluation", &["geometry", "markup", "rust_stemmers"]),
    ("engine", &["geometry", "markup", "document", "layout", "model", "image", "crossbeam_channel"]),
    (
        "app",
        &[
            "geometry",
            "markup",
            "document",
            "engine",
            "revision",
            "evaluation",
            "egui",
            "eframe",
            "egui_extras",
            "rfd",
            "arboard",
            "crossbeam_channel",
            "image",
        ],
    ),
    (
        "cli",
        &["geometry", "markup", "document", "engine", "revision", "evaluation", "clap", "indicatif", "csv"],
    ),
];

/// Single files with one arrow more than their room, each with its reason.
const ALSO_MAY_USE: &[(&str, &str)] = &[
    ("cli/inspect.rs", "model"), // shows what happens inside the model, which no engine event tells
    ("cli/bench.rs", "model"),   // times what happens inside the model
];

/// Names that only the files whose path under `src/` begins so may use.
const BELONGS_TO: &[(&str, &[&str])] = &[
    ("pdfium_render", &["document/pdf.rs"]),
    ("hf_hub", &["model/store/"]),
    ("tokio", &["model/store/"]),
    ("landlock", &["document/pdf_worker/"]),
    ("seccompiler", &["document/pdf_worker/"]),
    ("libc", &["document/pdf_worker/"]),
    ("unsafe", &["model/"]),
    ("println", &["cli/"]),
];

/// Rooms may switch on a cargo feature only here, so that every build has the same shape.
const FEATURE_SWITCHES: &[&str] = &["lib.rs", "main.rs", "model/device.rs"];

const MAX_LINES: usize = 600;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "misc", "types", "stuff", "shared"];

#[test]
fn rooms_name_only_what_the_map_allows() {
    report(&sources(), forbidden_names);
}

#[test]
fn guarded_names_stay_in_their_place() {
    report(&sources(), displaced_names);
}

#[test]
fn features_are_switched_in_few_places() {
    report(&sources(), displaced_feature_switches);
}

#[test]
fn files_are_short_and_say_what_they_hold() {
    report(&sources(), shape_faults);
}

#[test]
fn every_folder_and_module_of_the_root_is_on_the_map() {
    let known = |name: &str| MAY_USE.iter().any(|(room, _)| *room == name);
    let strangers: Vec<_> = sources()
        .iter()
        .map(|source| source.room().to_owned())
        .filter(|room| !matches!(room.as_str(), "lib" | "main") && !known(room))
        .collect();
    assert!(strangers.is_empty(), "not in MAY_USE: {strangers:?}");
}

/// The rules must be able to fail: each of these lines breaks one.
#[test]
fn planted_faults_are_found() {
    let found = |path: &str, text: &str| {
        let source = Source::new(path, text);
        let rules = [forbidden_names, displaced_names, displaced_feature_switches, shape_faults];
        rules.iter().flat_map(|rule| rule(&source)).count()
    };
    let check = |path: &str, text: &str, expected: usize| {
        let text = format!("//! A head.\n{text}\n");
        assert_eq!(found(path, &text), expected, "{path}: {text}");
    };

    check("engine/job.rs", "use crate::app::App;", 1);
    check("engine/job.rs", "use crate::{markup::DocTree, app::App};", 1);
    check("engine/job.rs", "use crate::{markup::{self, tree}, geometry::BBox};", 0);
    check("engine/job.rs", "fn paint(ui: &mut egui::Ui) {}", 1);
    check("markup/tree.rs", "use std::sync::Arc; use crossbeam_channel as channel;", 1);
    check("markup/mod.rs", "use super::engine::Job;", 1);
    check("markup/dialect/mod.rs", "use super::super::document::PageIndex;", 1);
    check("markup/dialect/mod.rs", "use super::tree::NodeId; use super::super::geometry::BBox;", 0);
    check("app/mod.rs", "let tensor = candle_core::Tensor::zeros(());", 1);
    check("app/mod.rs", "let document = engine.document; self.model::<f32>(); canvas::model::draw();", 0);
    check(
        "app/mod.rs",
        "// candle_core::Tensor\n/* crate::model /* nested */ */ let s = \"crate::model::X\";",
        0,
    );
    check("app/mod.rs", "let s = r#\"crate::model \"quoted\" \"#; let c = '\"'; crate::model::load();", 1);
    check("app/mod.rs", "fn f<'a>(x: &'a str) -> char { '\\'' } use crate::layout::Line;", 1);
    check("cli/inspect.rs", "use crate::model::Step;", 0);
    check("cli/convert.rs", "use crate::model::Step;", 1);
    check("cli/convert.rs", "println!();", 0);
    check("engine/job.rs", "println!();", 1);
    check("document/text_layer.rs", "use pdfium_render::prelude::*;", 1);
    check("document/pdf.rs", "use pdfium_render::prelude::*;", 0);
    check("layout/table.rs", "unsafe { read() }", 1);
    check("layout/table.rs", "#[cfg(feature = \"gui\")] mod x;", 1);
    check("layout/table.rs", "#[cfg(test)] mod tests {}", 0);
    check("layout/utils.rs", "", 1);
    check("layout/long.rs", &"\n".repeat(MAX_LINES), 1);
    assert_eq!(found("layout/headless.rs", "fn f() {}\n"), 1);
}

/// A file of `src/` as the rules see it.
struct Source {
    /// Relative to `src/`, with forward slashes.
    path: String,
    text: String,
    tokens: Vec<Token>,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), tokens: tokenize(text) }
    }

    /// The first part of the path, without the extension.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super`s lead from this file's module to the crate root.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.text.as_str())
    }

    fn fault(&self, index: usize, what: &str) -> String {
        let line = self.tokens.get(index).map_or(1, |token| token.line);
        format!("src/{}:{line}: {what}", self.path)
    }
}

/// An identifier, `::`, or any other single character, outside comments and literals.
struct Token {
    text: String,
    line: usize,
}

/// Names of the map that `source` uses and may not.
fn forbidden_names(source: &Source) -> Vec<String> {
    let Some((room, allowed)) = MAY_USE.iter().find(|(room, _)| *room == source.room()) else {
        return Vec::new(); // lib.rs and main.rs join the rooms and may name all
    };
    let mut faults = Vec::new();
    let mut check = |index: usize, name: &str| {
        let is_guarded = MAY_USE.iter().any(|(other, names)| *other == name || names.contains(&name));
        let is_exempt = ALSO_MAY_USE.contains(&(source.path.as_str(), name));
        if is_guarded && name != *room && !allowed.contains(&name) && !is_exempt {
            faults.push(source.fault(index, &format!("`{room}` may not name `{name}`")));
        }
    };
    let is_room = |name: &str| MAY_USE.iter().any(|(room, _)| *room == name);
    let mut supers = 0;
    for index in 0..source.tokens.len() {
        let word = source.word(index);
        let follows_path = index > 0 && source.word(index - 1) == "::";
        if word == "super" {
            supers = if follows_path { supers + 1 } else { 1 };
        }
        let leads_to_root = word == "crate" || word == "super" && supers == source.depth();
        if leads_to_root && source.word(index + 1) == "::" {
            for (at, name) in first_names(source, index + 2) {
                if is_room(&name) {
                    check(at, &name);
                }
            }
        }
        // `::name` with nothing before it is a path too, but `thing::name` and `thing.name` are not.
        let is_inner = index > 0 && source.word(index - 1) == "."
            || follows_path && index > 1 && is_identifier(source.word(index - 2))
            || follows_path && index > 1 && source.word(index - 2) == ">";
        let starts_path =
            source.word(index + 1) == "::" || index > 0 && source.word(index - 1) == "use" && word != "crate";
        if !is_inner && starts_path && !is_room(word) {
            check(index, word);
        }
    }
    faults
}

/// The names that can follow `crate::` at `index`: one, or one for each entry of a `{…}` list.
fn first_names(source: &Source, index: usize) -> Vec<(usize, String)> {
    if source.word(index) != "{" {
        return vec![(index, source.word(index).to_owned())];
    }
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for at in index..source.tokens.len() {
        match source.word(at) {
            "{" => depth += 1,
            "}" => depth -= 1,
            word if depth == 1 && matches!(source.word(at - 1), "{" | ",") => {
                names.push((at, word.to_owned()));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn displaced_names(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, homes) in BELONGS_TO {
        if homes.iter().any(|home| source.path.starts_with(home)) {
            continue;
        }
        let uses = (0..source.tokens.len()).filter(|index| source.word(*index) == *name);
        faults.extend(uses.map(|index| source.fault(index, &format!("`{name}` belongs to {homes:?}"))));
    }
    faults
}

fn displaced_feature_switches(source: &Source) -> Vec<String> {
    if FEATURE_SWITCHES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    (0..source.tokens.len())
        .filter(|index| source.word(*index) == "feature" && source.word(index + 1) == "=")
        .map(|index| source.fault(index, &format!("features are switched in {FEATURE_SWITCHES:?}")))
        .collect()
}

fn shape_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let num_lines = source.text.lines().count();
    if num_lines > MAX_LINES {
        faults.push(source.fault(0, &format!("{num_lines} lines, at most {MAX_LINES}")));
    }
    let parts = source.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    if let Some(name) = parts.into_iter().find(|part| EMPTY_NAMES.contains(part)) {
        faults.push(source.fault(0, &format!("`{name}` says nothing about what the file holds")));
    }
    if !source.text.starts_with("//!") {
        faults.push(source.fault(0, "begins without a `//!` head"));
    }
    faults
}

fn report(sources: &[Source], rule: fn(&Source) -> Vec<String>) {
    let faults: Vec<_> = sources.iter().flat_map(rule).collect();
    assert!(faults.is_empty(), "{} fault(s):\n{}", faults.len(), faults.join("\n"));
}

/// All Rust files under `src/`, in a fixed order.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect_rust_files(&root, &mut files);
    files.sort();
    assert!(files.len() > 20, "found only {} files under {}", files.len(), root.display());
    let source = |file: &PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Source::new(&path, &fs::read_to_string(file).unwrap())
    };
    files.iter().map(source).collect()
}

fn collect_rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Cuts Rust text into tokens, leaving out white space, comments and literals.
fn tokenize(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let start = index;
        index = match at(index) {
            '/' if at(index + 1) == '/' => after(&chars, index, |i| at(i) == '\n'),
            '/' if at(index + 1) == '*' => end_of_block_comment(&chars, index),
            '"' => end_of_string(&chars, index),
            'r' if opens_raw_string(&chars, index) => end_of_raw_string(&chars, index + 1),
            'b' | 'c' if at(index + 1) == 'r' && opens_raw_string(&chars, index + 1) => {
                end_of_raw_string(&chars, index + 2)
            }
            '\'' if at(index + 1) == '\\' => after(&chars, index + 3, |i| at(i) == '\'') + 1,
            '\'' if at(index + 2) == '\'' => index + 3,
            c if c.is_alphanumeric() || c == '_' => {
                let end = after(&chars, index, |i| !(at(i).is_alphanumeric() || at(i) == '_'));
                tokens.push(Token { text: chars[index..end].iter().collect(), line });
                end
            }
            ':' if at(index + 1) == ':' => {
                tokens.push(Token { text: "::".to_owned(), line });
                index + 2
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token { text: c.to_string(), line });
                }
                index + 1
            }
        };
        index = index.min(chars.len());
        line += chars[start..index].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

/// The first index from `index` on that satisfies `stop`, or the end.
fn after(chars: &[char], index: usize, stop: impl Fn(usize) -> bool) -> usize {
    (index..chars.len()).find(|i| stop(*i)).unwrap_or(chars.len())
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let (mut index, mut depth) = (start, 0_usize);
    while index < chars.len() {
        match chars.get(index..index + 2) {
            Some(['/', '*']) => (index, depth) = (index + 2, depth + 1),
            Some(['*', '/']) if depth == 1 => return index + 2,
            Some(['*', '/']) => (index, depth) = (index + 2, depth - 1),
            _ => index += 1,
        }
    }
    index
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// Whether an `r` at `index` begins a raw string, rather than a name such as `row` or `r#type`.
fn opens_raw_string(chars: &[char], index: usize) -> bool {
    let quote = after(chars, index + 1, |i| chars[i] != '#');
    chars.get(quote) == Some(&'"')
}

/// The end of a raw string whose `#`s or quote begin at `index`.
fn end_of_raw_string(chars: &[char], index: usize) -> usize {
    let quote = after(chars, index, |i| chars[i] != '#');
    let num_hashes = quote - index;
    let closes =
        |i: usize| chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= num_hashes;
    after(chars, quote + 1, closes) + 1 + num_hashes
}
