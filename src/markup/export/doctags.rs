//! DocTags from a tree, so that it reads back as the same tree, and the writing of single tags for
//! those who make DocTags themselves (the text-layer engine).

use std::fmt::Write as _;

use crate::geometry::BBox;
use crate::markup::dialect::doctags::names;
use crate::markup::event::{CellToken, Element};
use crate::markup::location::grid_from_page;
use crate::markup::table::{Cell, CellHeader, TableGrid};
use crate::markup::tree::{DocTree, KeyValueRegion, Node, NodeId, NodeKind, Picture};

/// Writes tags one after another into a string.
#[derive(Clone, Debug, Default)]
pub struct DocTagsWriter {
    text: String,
}

impl DocTagsWriter {
    /// `<text>` and the like.
    pub fn open(&mut self, element: Element) -> &mut Self {
        self.push(&["<", &names::name_of(element), ">"])
    }

    /// `</text>` and the like.
    pub fn close(&mut self, element: Element) -> &mut Self {
        self.push(&["</", &names::name_of(element), ">"])
    }

    /// The four coordinates of a box on the grid, 0 to 499 as the reference writes them.
    pub fn location(&mut self, bbox: &BBox) -> &mut Self {
        for steps in grid_from_page(bbox) {
            self.step(steps);
        }
        self
    }

    /// Text as it is; DocTags has no escaping.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.push(&[text])
    }

    /// `<fcel>` and the like; the text of the cell follows.
    pub fn cell(&mut self, token: CellToken) -> &mut Self {
        self.push(&["<", names::name_of_cell(token), ">"])
    }

    /// `<nl>`, the end of a table row.
    pub fn row_end(&mut self) -> &mut Self {
        self.push(&["<nl>"])
    }

    /// The language of code, right behind its box.
    pub fn language(&mut self, language: &str) -> &mut Self {
        self.push(&["<_", language, "_>"])
    }

    /// The class of a picture, in snake case.
    pub fn class(&mut self, class: &str) -> &mut Self {
        self.push(&["<", class, ">"])
    }

    /// `<page_break>`.
    pub fn page_break(&mut self) -> &mut Self {
        self.push(&["<page_break>"])
    }

    /// What has been written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What has been written.
    pub fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, parts: &[&str]) -> &mut Self {
        self.text.extend(parts.iter().copied());
        self
    }

    fn step(&mut self, steps: u16) {
        // Writing to a string cannot fail.
        write!(self.text, "<{}{steps}>", names::LOCATION).ok();
    }

    /// The box to the last step: models write 500, too, and it must come back.
    fn exact_location(&mut self, bbox: Option<&BBox>) {
        let Some(bbox) = bbox else { return };
        let grid = grid_from_page(bbox);
        for (steps, edge) in grid.into_iter().zip([bbox.left, bbox.top, bbox.right, bbox.bottom]) {
            self.step(if edge >= 1.0 { 500 } else { steps });
        }
    }
}

/// The document in DocTags: one page after the other between `<doctag>` and `</doctag>`, elements
/// line by line. Read again, it is the same tree.
pub fn doctags(tree: &DocTree) -> String {
    let mut writer = DocTagsWriter::default();
    writer.open(Element::Document);
    for (page_idx, page) in tree.pages().iter().enumerate() {
        if page_idx > 0 {
            writer.page_break().text("\n");
        }
        for child in &page.children {
            write_node(&mut writer, tree, *child);
            writer.text("\n");
        }
    }
    writer.close(Element::Document);
    writer.text.push('\n');
    writer.finish()
}

/// One element with everything inside it.
pub fn doctags_of_node(tree: &DocTree, id: NodeId) -> String {
    let mut writer = DocTagsWriter::default();
    write_node(&mut writer, tree, id);
    writer.finish()
}

fn write_node(writer: &mut DocTagsWriter, tree: &DocTree, id: NodeId) {
    let node = tree.node(id);
    let element = element_of(&node.kind);
    writer.open(element);
    if !matches!(node.kind, NodeKind::List { .. }) {
        writer.exact_location(node.bbox.as_ref());
    }
    match &node.kind {
        NodeKind::Code { language } => {
            if let Some(language) = language {
                writer.language(language);
            }
            writer.text(&node.text);
            write_children(writer, tree, node);
        }
        NodeKind::Table { grid, .. } => {
            write_children(writer, tree, node);
            write_grid(writer, grid);
        }
        NodeKind::Picture(picture) => {
            write_picture(writer, tree, node, picture);
        }
        NodeKind::KeyValueRegion(region) => write_region(writer, region),
        NodeKind::Heading { .. }
        | NodeKind::Text(_)
        | NodeKind::Caption
        | NodeKind::Footnote
        | NodeKind::PageHeader
        | NodeKind::PageFooter
        | NodeKind::Formula
        | NodeKind::Checkbox { .. }
        | NodeKind::List { .. }
        | NodeKind::ListItem { .. }
        | NodeKind::InlineGroup => {
            writer.text(&node.text);
            write_children(writer, tree, node);
        }
    }
    writer.close(element);
}

fn write_children(writer: &mut DocTagsWriter, tree: &DocTree, node: &Node) {
    let is_list = matches!(node.kind, NodeKind::List { .. });
    for child in &node.children {
        write_node(writer, tree, *child);
        if is_list {
            writer.text("\n");
        }
    }
}

fn write_picture(writer: &mut DocTagsWriter, tree: &DocTree, node: &Node, picture: &Picture) {
    if let Some(class) = &picture.class {
        writer.class(class);
    }
    write_children(writer, tree, node);
    if let Some(smiles) = &picture.smiles {
        writer.open(Element::Smiles).text(smiles).close(Element::Smiles);
    }
    if let Some(grid) = &picture.chart_data {
        write_grid(writer, grid);
    }
}

fn write_region(writer: &mut DocTagsWriter, region: &KeyValueRegion) {
    for (position, cell) in region.cells.iter().enumerate() {
        let element = if cell.is_key { Element::Key(cell.id) } else { Element::Value(cell.id) };
        writer.open(element);
        writer.exact_location(cell.bbox.as_ref());
        writer.text(&cell.text);
        for (_, value) in region.links.iter().filter(|(key, _)| *key == position) {
            if let Some(value) = region.cells.get(*value) {
                let id = value.id.to_string();
                writer.push(&["<", names::LINK, &id, ">"]);
            }
        }
        writer.close(element);
    }
}

fn write_grid(writer: &mut DocTagsWriter, grid: &TableGrid) {
    for (row, slots) in grid.slots().iter().enumerate() {
        for (col, slot) in slots.iter().enumerate() {
            match slot.and_then(|index| grid.cells.get(index)) {
                Some(cell) => write_slot(writer, cell, row, col),
                None => {
                    writer.cell(CellToken::Ecel);
                }
            }
        }
        writer.row_end();
    }
}

fn write_slot(writer: &mut DocTagsWriter, cell: &Cell, row: usize, col: usize) {
    let token = match (cell.row == row, cell.col == col) {
        (true, true) => {
            let token = match cell.header {
                CellHeader::Column => CellToken::Ched,
                CellHeader::Row => CellToken::Rhed,
                CellHeader::Section => CellToken::Srow,
                CellHeader::None if cell.text.is_empty() => CellToken::Ecel,
                CellHeader::None => CellToken::Fcel,
            };
            writer.cell(token).text(&cell.text);
            return;
        }
        (true, false) => CellToken::Lcel,
        (false, true) => CellToken::Ucel,
        (false, false) => CellToken::Xcel,
    };
    writer.cell(token);
}

fn element_of(kind: &NodeKind) -> Element {
    match kind {
        NodeKind::Heading { level } => Element::Heading { level: *level },
        NodeKind::Text(kind) => Element::Text(*kind),
        NodeKind::Caption => Element::Caption,
        NodeKind::Footnote => Element::Footnote,
        NodeKind::PageHeader => Element::PageHeader,
        NodeKind::PageFooter => Element::PageFooter,
        NodeKind::Formula => Element::Formula,
        NodeKind::Code { .. } => Element::Code,
        NodeKind::Checkbox { is_selected } => Element::Checkbox { is_selected: *is_selected },
        NodeKind::List { is_ordered } => Element::List { is_ordered: *is_ordered },
        NodeKind::ListItem { .. } => Element::ListItem,
        NodeKind::Table { is_document_index: false, .. } => Element::Table,
        NodeKind::Table { is_document_index: true, .. } => Element::DocumentIndex,
        NodeKind::Picture(picture) if picture.is_chart => Element::Chart,
        NodeKind::Picture(_) => Element::Picture,
        NodeKind::InlineGroup => Element::Inline,
        NodeKind::KeyValueRegion(_) => Element::KeyValueRegion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn check(markup: &str) {
        let written = doctags(&parse(markup));
        assert_eq!(doctags(&parse(&written)), written, "{markup}");
        assert_eq!(written.trim_end(), format!("<doctag>{markup}\n</doctag>"));
    }

    #[test]
    fn well_formed_markup_is_written_as_it_was() {
        check("<text><loc_1><loc_2><loc_30><loc_500>A < b</text>");
        check("<otsl><ched>a<lcel><nl><ucel><xcel><nl><ecel><fcel>1<nl></otsl>");
        check("<code><loc_0><loc_0><loc_9><loc_9><_Rust_>  let a = 1;</code>");
        check("<key_value_region><key_0>K<link_1></key_0><value_1>V</value_1></key_value_region>");
        check("<inline><loc_1><loc_2><loc_3><loc_4><text>a</text><formula>b</formula></inline>");
    }

    #[test]
    fn the_writer_puts_boxes_on_the_grid() {
        let mut writer = DocTagsWriter::default();
        writer.open(Element::Caption).location(&BBox::PAGE).text("x").close(Element::Caption);
        assert_eq!(writer.finish(), "<caption><loc_0><loc_0><loc_499><loc_499>x</caption>");
    }
}
