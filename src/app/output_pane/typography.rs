//! How each kind of text looks in the pane: sizes, line heights, faces, formatting runs.
//!
//! Sizes are points. Body text is 14.5 pt on lines of 22 pt, in columns of about 72 characters.

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat, TextWrapping};
use egui::{Align, Color32, FontId, Stroke};

use super::blocks::BlockKind;
use crate::app::theme::{self, Palette};
use crate::markup::tree::{Node, Run, Script};

/// Font size of body text.
pub(super) const BODY_SIZE: f32 = 14.5;
/// Line height of body text.
pub(super) const BODY_LINE: f32 = 22.0;
/// Font size of code and markup.
pub(super) const MONO_SIZE: f32 = 12.5;
/// Line height of code and markup.
pub(super) const MONO_LINE: f32 = 18.0;
/// Width of the text column: Inter averages 8 pt a character at this size (measured on English
/// prose), so 72 of them.
pub(super) const COLUMN_WIDTH: f32 = 576.0;

/// The face, colour and line height of a kind of block's text.
pub(super) fn block_format(kind: &BlockKind, palette: &Palette) -> TextFormat {
    let plain = |size: f32, line: f32, color: Color32| format(FontId::proportional(size), line, color);
    match kind {
        BlockKind::Heading { level } => {
            let (size, line) = match level {
                0 | 1 => (24.0, 31.0),
                2 => (19.0, 26.0),
                3 => (16.5, 24.0),
                _ => (BODY_SIZE, BODY_LINE),
            };
            let color = if *level > 4 { palette.secondary } else { palette.text };
            format(theme::strong(size), line, color)
        }
        BlockKind::Caption => plain(13.0, 19.0, palette.secondary),
        BlockKind::Footnote => plain(12.5, 18.0, palette.secondary),
        BlockKind::Furniture | BlockKind::PageBreak { .. } => plain(12.0, 18.0, palette.secondary),
        BlockKind::Code => mono(palette.text),
        BlockKind::Paragraph
        | BlockKind::Formula
        | BlockKind::Checkbox { .. }
        | BlockKind::ListItem { .. }
        | BlockKind::Table
        | BlockKind::Picture
        | BlockKind::Inline
        | BlockKind::KeyValues => body(palette.text),
    }
}

/// Body text in a colour.
pub(super) fn body(color: Color32) -> TextFormat {
    format(FontId::proportional(BODY_SIZE), BODY_LINE, color)
}

/// Code and markup in a colour.
pub(super) fn mono(color: Color32) -> TextFormat {
    format(FontId::monospace(MONO_SIZE), MONO_LINE, color)
}

/// Text of table cells; headers are semibold.
pub(super) fn cell(is_header: bool, color: Color32) -> TextFormat {
    let font_id = if is_header { theme::strong(13.0) } else { FontId::proportional(13.0) };
    format(font_id, 19.0, color)
}

/// Any face with a fixed line height.
pub(super) fn format(font_id: FontId, line_height: f32, color: Color32) -> TextFormat {
    TextFormat { font_id, color, line_height: Some(line_height), ..TextFormat::default() }
}

/// One stretch of text in one format, wrapped at a width (infinite for no wrapping).
pub(super) fn job(text: &str, format: TextFormat, wrap_width: f32) -> LayoutJob {
    let mut job = LayoutJob { wrap: wrap(wrap_width), ..LayoutJob::default() };
    job.append(text, 0.0, format);
    job
}

/// Wrapping at a width, words whole where they fit.
pub(super) fn wrap(width: f32) -> TextWrapping {
    TextWrapping { max_width: width.max(16.0), ..TextWrapping::default() }
}

/// A node's text with its formatting runs.
pub(super) fn node_job(node: &Node, base: &TextFormat, palette: &Palette, wrap_width: f32) -> LayoutJob {
    let mut job = LayoutJob { wrap: wrap(wrap_width), ..LayoutJob::default() };
    let text = display_text(&node.text);
    if node.runs.is_empty() || text.len() != node.text.len() {
        job.append(text, 0.0, base.clone());
        return job;
    }
    let mut from = 0;
    for run in &node.runs {
        let (Some(before), Some(inside)) = (text.get(from..run.range.start), text.get(run.range.clone()))
        else {
            continue;
        };
        job.append(before, 0.0, base.clone());
        job.append(inside, 0.0, run_format(run, base, palette));
        from = run.range.end;
    }
    job.append(text.get(from..).unwrap_or_default(), 0.0, base.clone());
    if job.sections.is_empty() {
        job.sections.push(LayoutSection {
            leading_space: 0.0,
            byte_range: ByteIndex(0)..ByteIndex(0),
            format: base.clone(),
        });
    }
    job
}

/// A text without line ends at its end, which would show as an empty line.
fn display_text(text: &str) -> &str {
    text.trim_end_matches(['\n', '\r'])
}

fn run_format(run: &Run, base: &TextFormat, palette: &Palette) -> TextFormat {
    let mut format = base.clone();
    if run.style.is_bold {
        format.font_id = theme::strong(base.font_id.size);
    }
    format.italics = run.style.is_italic;
    if run.link.is_some() {
        format.color = palette.accent;
    }
    if run.style.is_underlined || run.link.is_some() {
        format.underline = Stroke::new(1.0, format.color);
    }
    if run.style.is_struck {
        format.strikethrough = Stroke::new(1.0, format.color);
    }
    match run.style.script {
        Script::Baseline => {}
        Script::Super => (format.font_id.size, format.valign) = (base.font_id.size * 0.72, Align::TOP),
        Script::Sub => (format.font_id.size, format.valign) = (base.font_id.size * 0.72, Align::BOTTOM),
    }
    if run.style.script != Script::Baseline {
        // With a line height of its own, egui would centre it instead of raising it.
        format.line_height = None;
    }
    format
}
