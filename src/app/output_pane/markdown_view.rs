//! The Markdown tab's colours: marks stand back, headings and text stand out.

use std::ops::Range;

use egui::Color32;
use egui::text::LayoutJob;

use super::markdown_text::MarkdownText;
use super::source_view::SourceStyle;
use super::typography;
use crate::app::theme::{self, Palette};
use crate::markup::{DocTree, Label, NodeId};

/// Colours of Markdown source, and which top-level element it comes from.
pub(super) struct MarkdownStyle<'a> {
    pub tree: &'a DocTree,
    pub markdown: &'a MarkdownText,
    pub theme: egui::Theme,
    pub palette: &'static Palette,
}

impl MarkdownStyle<'_> {
    fn line_color(&self, line: &str) -> Color32 {
        let label = match line.trim_start() {
            line if line.starts_with("# ") => Label::Title,
            line if line.starts_with('#') => Label::SectionHeader,
            line if line.starts_with("$$") => Label::Formula,
            line if line.starts_with("```") => Label::Code,
            line if line.starts_with("<!--") => Label::Picture,
            line if line.starts_with("|-") => Label::Furniture,
            _ => return self.palette.text,
        };
        theme::label_color(label, self.theme)
    }

    fn push_line(&self, job: &mut LayoutJob, line: &str) {
        let color = self.line_color(line);
        let is_table_row = line.starts_with('|') && color == self.palette.text;
        if !is_table_row {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            let marker = list_marker(rest);
            job.append(indent, 0.0, typography::mono(color));
            job.append(marker, 0.0, typography::mono(theme::label_color(Label::ListItem, self.theme)));
            job.append(rest.get(marker.len()..).unwrap_or_default(), 0.0, typography::mono(color));
            return;
        }
        for piece in line.split_inclusive('|') {
            let (text, bar) = piece.split_at(piece.len() - usize::from(piece.ends_with('|')));
            job.append(text, 0.0, typography::mono(color));
            job.append(bar, 0.0, typography::mono(theme::label_color(Label::Table, self.theme)));
        }
    }
}

impl SourceStyle for MarkdownStyle<'_> {
    fn append(&self, job: &mut LayoutJob, range: Range<usize>) {
        let Some(text) = self.markdown.text().get(range) else { return };
        for line in text.split_inclusive('\n') {
            self.push_line(job, line);
        }
    }

    fn element_at(&self, byte: usize) -> Option<NodeId> {
        self.markdown.element_at(byte)
    }

    fn range_of(&self, node: NodeId) -> Option<(Range<usize>, Color32)> {
        let label = self.tree.nodes.get(node.index())?.kind.label();
        Some((self.markdown.range_of(node)?, theme::label_color(label, self.theme)))
    }
}

/// `- `, `* `, `12. ` at the start of a line, else nothing.
fn list_marker(line: &str) -> &str {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let after = line.get(digits..).unwrap_or_default();
    let is_marker = match digits {
        0 => after.starts_with("- ") || after.starts_with("* "),
        1..=4 => after.starts_with(". "),
        _ => false,
    };
    if is_marker { line.get(..digits + 2).unwrap_or_default() } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_markers_are_found() {
        for (line, marker) in [("- x", "- "), ("12. x", "12. "), ("1.5", ""), ("-x", ""), ("x", ""), ("", "")]
        {
            assert_eq!(list_marker(line), marker, "{line}");
        }
    }
}
