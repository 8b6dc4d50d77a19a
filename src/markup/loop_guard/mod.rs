//! Sees, token by token, that a model has begun to repeat itself without end.
//!
//! Markup as far as it has come goes in; the place where the second copy begins comes out, once it is
//! beyond doubt that no page says this. Not here: what is done about it.
//!
//! Models loop in five ways, and each is looked for among its own kind of units: words in an element,
//! elements in equal or evenly stepping places, cells of a row, rows of a table, and tags without text.
//! Pages repeat themselves too (tables full of zeros, forms, dotted leaders, dumps in code), so each kind
//! has its own measure of what a page can honestly hold; `tests/markup_corpus.rs` holds them against
//! every page of the conformance corpus.

mod elements;
mod repetition;
mod table;
mod words;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::markup::dialect::doctags::scanner::Scanner;
use crate::markup::event::{Event, EventKind};
use elements::Elements;
use repetition::Repetition;
use table::Table;
use words::Words;

/// Tags in a row without text: copies that make a loop. Elements with boxes are judged sooner, by their
/// boxes; a page of icons without boxes has fewer than this.
const NUM_TAG_COPIES: usize = 16;
/// The longest repeated sequence of tags that is looked for: elements within elements.
const LONGEST_TAG_PERIOD: usize = 8;
/// White space in a row. Program text is indented by less.
const MAX_BLANK_CHARS: usize = 256;

/// Watches one answer.
#[derive(Clone, Debug)]
pub struct LoopGuard {
    scanner: Scanner,
    watch: Watch,
    second_copy: Option<usize>,
}

#[derive(Clone, Debug)]
struct Watch {
    words: Words,
    elements: Elements,
    table: Table,
    tags: Repetition,
    /// Where the white space began that the markup now ends with, and its length in characters.
    blank: (usize, usize),
}

impl Default for LoopGuard {
    fn default() -> Self {
        let watch = Watch {
            words: Words::default(),
            elements: Elements::default(),
            table: Table::default(),
            tags: Repetition::new(LONGEST_TAG_PERIOD),
            blank: (0, 0),
        };
        Self { scanner: Scanner::default(), watch, second_copy: None }
    }
}

impl LoopGuard {
    /// Reads what is new in `markup`, which holds everything that was read before and more. Gives the
    /// byte at which the second copy begins if this is a loop: what stands before it is good.
    pub fn read(&mut self, markup: &str) -> Option<usize> {
        let Self { scanner, watch, second_copy } = self;
        scanner.run(markup, false, |event| {
            let found = watch.take(&event);
            *second_copy = second_copy.or(found);
        });
        self.second_copy
    }
}

impl Watch {
    fn take(&mut self, event: &Event<'_>) -> Option<usize> {
        let start = event.source.start;
        if let EventKind::Text(text) = event.kind {
            return self.take_text(text, start);
        }
        self.blank.1 = 0;
        let word = self.words.end();
        let tag = hash_of(event.raw);
        let in_tags = match event.kind {
            // Cells are counted by their table, which knows how many it has room for.
            EventKind::Cell(_) | EventKind::RowEnd => {
                self.tags.clear();
                None
            }
            EventKind::Text(_)
            | EventKind::Open(_)
            | EventKind::Close(_)
            | EventKind::Location { .. }
            | EventKind::Class { .. }
            | EventKind::Ignored(_)
            | EventKind::Language(_)
            | EventKind::Link(_)
            | EventKind::PageBreak
            | EventKind::Stop
            | EventKind::ForeignDialect => self.tags.push(tag, start, |period| NUM_TAG_COPIES * period),
        };
        let in_table = self.table.take(event, tag);
        let in_elements = self.elements.take(event, tag);
        word.or(in_table).or(in_elements).or(in_tags)
    }

    fn take_text(&mut self, text: &str, start: usize) -> Option<usize> {
        let mut found = None;
        let weight = self.elements.patience();
        for (offset, char) in text.char_indices() {
            if char.is_whitespace() {
                if self.blank.1 == 0 {
                    self.blank.0 = start + offset;
                }
                self.blank.1 += 1;
                if self.blank.1 > MAX_BLANK_CHARS {
                    found = found.or(Some(self.blank.0));
                }
            } else {
                self.blank.1 = 0;
                self.tags.clear();
                self.table.take_char(char);
                self.elements.take_char(char);
            }
            found = found.or(self.words.take(char, start + offset, weight));
        }
        found
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A hash that grows by one more value.
fn chained(hash: u64, value: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (hash, value).hash(&mut hasher);
    hasher.finish()
}
