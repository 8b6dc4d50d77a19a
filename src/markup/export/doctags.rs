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
    let runs = Runs::new(grid);
    // Whether a continuation would reach the slot from the left, and by column, from above.
    let mut is_below_live = vec![false; grid.num_cols];
    for (row, slots) in grid.slots().iter().enumerate() {
        let mut is_left_live = false;
        for (col, (slot, is_above_live)) in slots.iter().zip(&mut is_below_live).enumerate() {
            let cell = slot.and_then(|index| grid.cells.get(index));
            let origin = cell.filter(|cell| (cell.row, cell.col) == (row, col));
            let (goes_right, goes_down) = (runs.goes_right(row, col), runs.goes_down(row, col));
            match (origin, cell) {
                (Some(cell), _) => write_origin(writer, cell),
                (None, None) => {
                    writer.cell(CellToken::Ecel);
                }
                (None, Some(_)) => {
                    writer.cell(continuation((goes_right, goes_down), (is_left_live, *is_above_live)));
                }
            }
            let starts = origin.is_some() || cell.is_none();
            is_left_live = starts || goes_right;
            *is_above_live = starts || goes_down;
        }
        writer.row_end();
    }
}

/// The token of a slot that other cells cover: it must lengthen those that run through it, and no
/// others that end beside it.
fn continuation(runs: (bool, bool), is_live: (bool, bool)) -> CellToken {
    match (runs, is_live) {
        ((true, false), _) | ((false, false), (false, true)) => CellToken::Lcel,
        ((false, true), _) | ((false, false), (true, _)) => CellToken::Ucel,
        ((true, true), _) | ((false, false), (false, false)) => CellToken::Xcel,
    }
}

fn write_origin(writer: &mut DocTagsWriter, cell: &Cell) {
    let token = match cell.header {
        CellHeader::Column => CellToken::Ched,
        CellHeader::Row => CellToken::Rhed,
        CellHeader::Section => CellToken::Srow,
        CellHeader::None if cell.text.is_empty() => CellToken::Ecel,
        CellHeader::None => CellToken::Fcel,
    };
    writer.cell(token).text(&cell.text);
}

/// The first row and the first column of each spanning cell: what its tokens say. Spans of bad
/// markup can cross, so a slot can be in both.
struct Runs {
    num_cols: usize,
    right: Vec<bool>,
    down: Vec<bool>,
}

impl Runs {
    fn new(grid: &TableGrid) -> Self {
        let num_slots = grid.num_rows * grid.num_cols;
        let mut runs =
            Self { num_cols: grid.num_cols, right: vec![false; num_slots], down: vec![false; num_slots] };
        for cell in &grid.cells {
            for col in cell.col + 1..(cell.col + cell.col_span).min(grid.num_cols) {
                if let Some(slot) = runs.right.get_mut(cell.row * grid.num_cols + col) {
                    *slot = true;
                }
            }
            for row in cell.row + 1..(cell.row + cell.row_span).min(grid.num_rows) {
                if let Some(slot) = runs.down.get_mut(row * grid.num_cols + cell.col) {
                    *slot = true;
                }
            }
        }
        runs
    }

    fn goes_right(&self, row: usize, col: usize) -> bool {
        self.right.get(row * self.num_cols + col).copied().unwrap_or_default()
    }

    fn goes_down(&self, row: usize, col: usize) -> bool {
        self.down.get(row * self.num_cols + col).copied().unwrap_or_default()
    }
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
        // Spans that cross: the last slot belongs to both.
        check("<otsl><fcel>a<fcel>b<nl><fcel>c<xcel><nl></otsl>");
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
