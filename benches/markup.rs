//! How fast markup is read: real pages, floods that a looping model writes, and a page token by
//! token with a tree for the interface in between. `cargo bench --bench markup`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it does not expect")]

use divan::Bencher;
use divan::counter::BytesCount;
use doclens::markup::{Parser, export, parse};

fn main() {
    divan::main();
}

/// Pages of the docling ground truth, joined until they are about that long.
fn real_pages(min_bytes: usize) -> String {
    let corpus = include_str!("../tests/fixtures/markup/corpus.jsonl");
    let case = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let inputs: Vec<String> = corpus
        .lines()
        .filter(|line| line.starts_with("{\"name\":\"real-docling"))
        .map(|line| case(line)["input"].as_str().unwrap().to_owned())
        .collect();
    let num_bytes: usize = inputs.iter().map(String::len).sum();
    let pages = inputs.iter().cycle().take(inputs.len() * min_bytes.div_ceil(num_bytes));
    let mut markup = pages.map(String::as_str).collect::<Vec<_>>().join("\n<page_break>\n");
    // A small page is the beginning of them all.
    let end = (min_bytes..markup.len()).find(|end| markup.is_char_boundary(*end)).unwrap_or(markup.len());
    markup.truncate(end);
    markup
}

#[divan::bench(args = [5_000, 150_000, 10_000_000])]
fn real(bencher: Bencher<'_, '_>, num_bytes: usize) {
    let markup = real_pages(num_bytes);
    bencher.counter(BytesCount::of_str(&markup)).bench(|| parse(divan::black_box(&markup)));
}

/// Each in three sizes: the time must grow with the size, not faster.
#[divan::bench(
    args = ["<", "<loc_", "<unordered_list><list_item>", "<text>", "<text>a", "</text>", "<ecel><nl>", "<list_item></list_item><ordered_list></ordered_list>"],
    consts = [100_000, 1_000_000, 10_000_000],
    sample_count = 5
)]
fn flood<const NUM_BYTES: usize>(bencher: Bencher<'_, '_>, piece: &str) {
    let markup = piece.repeat(NUM_BYTES / piece.len());
    bencher.counter(BytesCount::of_str(&markup)).bench(|| parse(divan::black_box(&markup)));
}

#[divan::bench(consts = [100_000, 1_000_000, 10_000_000], sample_count = 5)]
fn flood_of_cells<const NUM_BYTES: usize>(bencher: Bencher<'_, '_>) {
    let markup = format!("<otsl><fcel>a{}", "<lcel>".repeat(NUM_BYTES / 6));
    bencher.counter(BytesCount::of_str(&markup)).bench(|| parse(divan::black_box(&markup)));
}

/// A page of about 8000 tokens that is one large table, the worst case of a snapshot: nothing but
/// the element that is being read has to be copied. At 30 trees a second and 50 tokens a second the
/// page takes 160 s to write.
#[divan::bench(args = [1, 4], sample_count = 10)]
fn token_by_token(bencher: Bencher<'_, '_>, tokens_per_tree: usize) {
    let cell = |(row, col)| format!("<fcel>{row}.{col}");
    let row = |row: usize| (0..10).map(|col| cell((row, col))).collect::<Vec<_>>().concat() + "<nl>";
    let markup: String = (0..200).map(row).collect();
    let markup = format!("<doctag><otsl><loc_1><loc_2><loc_3><loc_4>{markup}</otsl></doctag>");
    let tokens: Vec<&str> =
        (0..markup.len()).step_by(3).map(|at| &markup[at..markup.len().min(at + 3)]).collect();
    bencher.bench(|| {
        let mut parser = Parser::default();
        let mut shown = parser.snapshot();
        for (position, token) in tokens.iter().enumerate() {
            parser.push(token);
            if position % tokens_per_tree == 0 {
                shown = parser.snapshot();
            }
        }
        shown
    });
}

#[divan::bench]
fn markdown(bencher: Bencher<'_, '_>) {
    let tree = parse(&real_pages(150_000));
    bencher.bench(|| export::markdown(divan::black_box(&tree), &export::ExportOptions::default()));
}
