//! The markup tab's colours: tags in the colour of their element, places dimmed, text as text.

use std::ops::Range;

use egui::Color32;
use egui::text::LayoutJob;

use super::source_view::SourceStyle;
use super::typography;
use crate::app::theme::{self, Palette};
use crate::markup::dialect::doctags::names;
use crate::markup::{DocTree, NodeId};

/// Longest tag of the dialect, with room.
const MAX_TAG_BYTES: usize = 48;
/// Names that end in a number.
const NUMBERED: &[&str] = &["loc_", "key_", "value_", "link_", "section_header_level_"];

/// Which element each byte of the markup belongs to.
#[derive(Default)]
pub(super) struct Owners {
    /// From this byte on (up to the next entry), the innermost element.
    from: Vec<(usize, Option<NodeId>)>,
}

impl Owners {
    /// Innermost elements by byte; linear in the number of elements but for sorting.
    pub(super) fn of(tree: &DocTree) -> Self {
        let mut nodes: Vec<(usize, usize, NodeId)> = tree
            .nodes()
            .filter(|(_, node)| !node.source.is_empty())
            .map(|(id, node)| (node.source.start, node.source.end, id))
            .collect();
        nodes.sort_by_key(|&(start, end, id)| (start, std::cmp::Reverse(end), id));
        let mut from: Vec<(usize, Option<NodeId>)> = vec![(0, None)];
        let mut open: Vec<(usize, NodeId)> = Vec::new();
        for (start, end, id) in nodes {
            close_until(&mut open, &mut from, start);
            from.push((start, Some(id)));
            open.push((end, id));
        }
        close_until(&mut open, &mut from, usize::MAX);
        Self { from }
    }

    /// The innermost element at the byte.
    pub(super) fn at(&self, byte: usize) -> Option<NodeId> {
        let index = self.from.partition_point(|&(start, _)| start <= byte).checked_sub(1)?;
        self.from.get(index).and_then(|&(_, node)| node)
    }
}

fn close_until(open: &mut Vec<(usize, NodeId)>, from: &mut Vec<(usize, Option<NodeId>)>, byte: usize) {
    while let Some(&(end, _)) = open.last().filter(|(end, _)| *end <= byte) {
        open.pop();
        from.push((end, open.last().map(|&(_, id)| id)));
    }
}

/// Colours of the markup of one tree.
pub(super) struct DocTagsStyle<'a> {
    pub tree: Option<&'a DocTree>,
    pub markup: &'a str,
    pub owners: &'a Owners,
    pub theme: egui::Theme,
    pub palette: &'static Palette,
}

impl DocTagsStyle<'_> {
    fn tag_color(&self, tag: &str, at: usize) -> Color32 {
        if tag.starts_with("<loc_") {
            return self.palette.secondary.gamma_multiply(0.62);
        }
        let node = self.owners.at(at).and_then(|id| self.tree?.nodes.get(id.index()));
        node.map_or(self.palette.secondary, |node| theme::label_color(node.kind.label(), self.theme))
    }
}

impl SourceStyle for DocTagsStyle<'_> {
    fn append(&self, job: &mut LayoutJob, range: Range<usize>) {
        let Some(text) = self.markup.get(range.clone()) else { return };
        let mut plain_from = 0;
        let mut at = 0;
        while let Some(open) = text.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
            let tag = text.get(open..).and_then(tag_at);
            let Some(tag) = tag else {
                at = open + 1;
                continue;
            };
            push(job, text.get(plain_from..open), self.palette.text);
            push(job, Some(tag), self.tag_color(tag, range.start + open));
            at = open + tag.len();
            plain_from = at;
        }
        push(job, text.get(plain_from..), self.palette.text);
    }

    fn element_at(&self, byte: usize) -> Option<NodeId> {
        self.owners.at(byte)
    }

    fn range_of(&self, node: NodeId) -> Option<(Range<usize>, Color32)> {
        let node = self.tree?.nodes.get(node.index())?;
        Some((node.source.clone(), theme::label_color(node.kind.label(), self.theme)))
    }
}

fn push(job: &mut LayoutJob, text: Option<&str>, color: Color32) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        job.append(text, 0.0, typography::mono(color));
    }
}

/// The tag at the start of the text. As in the dialect, only what has a known name is one.
fn tag_at(text: &str) -> Option<&str> {
    let end = text.bytes().take(MAX_TAG_BYTES).position(|byte| byte == b'>')?;
    let tag = text.get(..=end)?;
    let name = tag.get(1..end)?.trim_start_matches('/').trim_end_matches('/');
    (is_numbered(name) || is_language(name) || names::meaning(name).is_some()).then_some(tag)
}

/// `loc_12`, `key_3`: names of which there is one for each number.
fn is_numbered(name: &str) -> bool {
    let number = NUMBERED.iter().find_map(|prefix| name.strip_prefix(prefix));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `_C++_`: the language of code.
fn is_language(name: &str) -> bool {
    name.len() > 2 && name.starts_with('_') && name.ends_with('_') && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(tag_at(text), expected, "{text}");
    }

    #[test]
    fn tags_are_told_from_other_angle_brackets() {
        check("<text>Hello", Some("<text>"));
        check("</text>", Some("</text>"));
        check("<loc_12><loc_3>", Some("<loc_12>"));
        check("<loc_12/>", Some("<loc_12/>"));
        check("<_C++_>", Some("<_C++_>"));
        check("< 0.05 and > 0", None);
        check("<ada@example.org>", None);
        check("<text", None);
        check("<u8>", None);
        check("<loc_x>", None);
        check("<key_4>", Some("<key_4>"));
    }
}
