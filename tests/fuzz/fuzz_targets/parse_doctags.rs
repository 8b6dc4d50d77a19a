//! Any text: whole and in two pieces gives one tree, and no export panics.

#![no_main]

use doclens::markup::export::{self, ExportOptions};
use doclens::markup::{Parser, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u16, &str)| {
    let (cut, markup) = data;
    let whole = parse(markup);
    let mut cut = usize::from(cut) % (markup.len() + 1);
    while !markup.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut parser = Parser::default();
    parser.push(&markup[..cut]);
    drop(parser.snapshot());
    parser.push(&markup[cut..]);
    assert_eq!(parser.finish(), whole);

    for join_pages in [false, true] {
        let options = ExportOptions { join_pages, ..ExportOptions::default() };
        export::markdown(&whole, &options);
        export::html(&whole, &options);
        export::json(&whole, &options);
        export::csv(&whole, &options);
        export::plain_text(&whole, &options);
    }
    parse(&export::doctags(&whole));
});
