//! The door of the room for reading: markup in pieces, a tree at any moment.

use std::ops::Range;
use std::sync::Arc;

use crate::markup::builder::Builder;
use crate::markup::diagnostic::{Diagnostic, Severity};
use crate::markup::dialect::Dialect;
use crate::markup::dialect::doctags::scanner::{Scanner, UnknownTags};
use crate::markup::event::EventKind;
use crate::markup::tree::DocTree;

/// Reads markup as it comes. How it is cut into pieces never shows in the result, every input gives
/// a tree, and the work of a piece is in proportion to the piece.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    dialect: Dialect,
    source: String,
    scanner: Scanner,
    builder: Builder,
    /// Another dialect has been recognised; nothing more is read.
    is_foreign: bool,
}

/// Reads a whole document.
pub fn parse(markup: &str) -> DocTree {
    parse_with(markup, UnknownTags::Keep)
}

/// Reads a whole document as [`parse`] does, and says what becomes of tags that are none of the dialect's.
pub fn parse_with(markup: &str, unknown_tags: UnknownTags) -> DocTree {
    let mut parser = Parser::default().with_unknown_tags(unknown_tags);
    parser.push(markup);
    parser.finish()
}

impl Parser {
    /// A parser for what a model of that dialect writes.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// Says what becomes of tags that are none of the dialect's; to be called before anything is read.
    #[must_use]
    pub fn with_unknown_tags(self, unknown_tags: UnknownTags) -> Self {
        Self { scanner: Scanner::new(unknown_tags), ..self }
    }

    /// Reads on. A tag may be cut anywhere; it shows once it is whole.
    pub fn push(&mut self, piece: &str) {
        self.source.push_str(piece);
        self.read(false);
        self.builder.cover(self.scanner.position());
    }

    /// The document so far. Elements still open have [`is_complete`](crate::markup::Node) false.
    pub fn tree(&self) -> &DocTree {
        self.builder.tree()
    }

    /// The document so far, to keep or send: costs a reference count for each node.
    pub fn snapshot(&self) -> Arc<DocTree> {
        Arc::new(self.builder.tree().clone())
    }

    /// Everything pushed so far. Source ranges of the tree are bytes of it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dialect that is read, or that was recognised.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The markup is over. Elements still open end here; half a tag at the end is left out.
    pub fn finish(mut self) -> DocTree {
        self.read(true);
        self.builder.finish(self.source.len())
    }

    fn read(&mut self, is_end: bool) {
        let Self { dialect, source, scanner, builder, is_foreign } = self;
        if *dialect == Dialect::DocLang && !*is_foreign {
            *is_foreign = true;
            builder.report(not_supported(0..source.len()));
        }
        scanner.run(source, is_end, |event| {
            if *is_foreign {
                return;
            }
            if event.kind == EventKind::ForeignDialect {
                if builder.has_no_elements() {
                    *is_foreign = true;
                    *dialect = Dialect::DocLang;
                    builder.report(not_supported(event.source.clone()));
                }
                return;
            }
            builder.apply(&event);
        });
    }
}

fn not_supported(source: Range<usize>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Dropped,
        source,
        message: "This is DocLang markup, which Doclens cannot read yet".to_owned(),
        hint: Some("Use a model that writes DocTags".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::tree::NodeKind;

    fn pieces(markup: &str, cut: usize) -> DocTree {
        let mut parser = Parser::default();
        let (before, after) = markup.split_at(cut);
        parser.push(before);
        parser.push(after);
        parser.finish()
    }

    #[test]
    fn cutting_a_tag_does_not_show() {
        let markup = "<text><loc_1><loc_2><loc_3><loc_4>A < B</text><otsl><fcel>a<lcel><nl></otsl>";
        for cut in 0..=markup.len() {
            assert_eq!(pieces(markup, cut), parse(markup), "{cut}");
        }
    }

    #[test]
    fn a_snapshot_is_the_document_so_far() {
        let mut parser = Parser::default();
        parser.push("<title>He");
        let before = parser.snapshot();
        parser.push("llo</ti");
        parser.push("tle>");
        let texts =
            |tree: &DocTree| -> Vec<String> { tree.nodes().map(|(_, node)| node.text.clone()).collect() };
        assert_eq!(texts(&before), ["He"]);
        assert_eq!(texts(parser.tree()), ["Hello"]);
        assert!(parser.tree().nodes().all(|(_, node)| node.is_complete));
    }

    #[test]
    fn doclang_is_named_not_shown_as_empty() {
        let mut parser = Parser::default();
        parser.push("<docl");
        parser.push("ang version=\"0.4\"><text>A</text></doclang>");
        assert_eq!(parser.dialect(), Dialect::DocLang);
        let tree = parser.finish();
        assert!(tree.is_empty());
        assert!(tree.diagnostics()[0].message.contains("DocLang"));
        // Inside of DocTags it is text like any other unknown name.
        let tree = parse("<text>the <doclang> tag</text>");
        assert!(matches!(tree.nodes().next(), Some((_, node)) if matches!(node.kind, NodeKind::Text(_))));
    }
}
