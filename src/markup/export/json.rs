//! A `DoclingDocument`, schema 1.10.0, as docling-core 2.104.0 makes it from DocTags (`doctags.md`
//! section 8).
//!
//! The wire types in `json/wire.rs` mirror the schema; this file walks the tree and numbers items.
//! Unknown fields are refused by readers, so none are added.

mod wire;

use std::collections::BTreeMap;

use crate::geometry::BBox;
use crate::markup::dialect::doctags::names::LANGUAGES;
use crate::markup::export::join::{self, ForExport};
use crate::markup::export::{ExportOptions, ImageLink, captions_of};
use crate::markup::table::{CellHeader, TableGrid};
use crate::markup::tree::{DocTree, KeyValueRegion, Layer, Node, NodeId, NodeKind, Picture, TextKind};

use wire::{
    Annotations, Box as WireBox, Chart, Classification, Document, Graph, GraphCell, GraphLink, Group, Image,
    KeyValueItem, Meta, Molecule, Page, PictureItem, Prediction, Prov, Ref, Root, Size, TableCell, TableData,
    TableItem, TextItem,
};

/// The document as JSON on one line, ending with a newline.
pub fn json(tree: &DocTree, options: &ExportOptions) -> String {
    let document = document(tree, options);
    let mut text = serde_json::to_string(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// One table as the schema's table data, indented, for those who copy a single table.
pub fn json_of_table(grid: &TableGrid) -> String {
    serde_json::to_string_pretty(&table_data(grid)).unwrap_or_default()
}

fn document(tree: &DocTree, options: &ExportOptions) -> Document {
    let joined = join::for_export(tree, options);
    let mut writer = Writer { options, source: &joined, document: Document::new(options.name()) };
    let roots: Vec<NodeId> = joined.tree.pages().iter().flat_map(|page| &page.children).copied().collect();
    for id in roots {
        let item = writer.item(id, &Ref::body());
        writer.document.body.children.extend(item);
    }
    writer.pages(tree.pages().len().max(1));
    writer.document
}

struct Writer<'t> {
    options: &'t ExportOptions,
    source: &'t ForExport<'t>,
    document: Document,
}

impl Writer<'_> {
    fn node(&self, id: NodeId) -> &Node {
        self.source.tree.node(id)
    }

    fn pages(&mut self, num_pages: usize) {
        for page_idx in 0..num_pages {
            let size = self.options.page_size(page_idx);
            let page = Page {
                size: Size { width: size.width_pt, height: size.height_pt },
                image: self.options.images.pages.get(&page_idx).map(image),
                page_no: page_idx + 1,
            };
            self.document.pages.insert(page_idx + 1, page);
        }
    }

    /// Adds the element with everything inside it; gives the references for its parent's children:
    /// its own, and before it those of its captions, which belong to the body.
    fn item(&mut self, id: NodeId, parent: &Ref) -> Vec<Ref> {
        match &self.node(id).kind {
            NodeKind::List { .. } => vec![self.group(id, parent, "list", "list")],
            NodeKind::InlineGroup => vec![self.group(id, parent, "group", "inline")],
            NodeKind::Table { .. } | NodeKind::Picture(_) | NodeKind::Code { .. } => {
                self.floating(id, parent)
            }
            NodeKind::KeyValueRegion(region) => {
                let graph = self.graph(id, &region.as_ref().clone());
                let reference = Ref::new("key_value_items", self.document.key_value_items.len());
                let item = KeyValueItem {
                    self_ref: reference.to_string(),
                    parent: parent.clone(),
                    children: Vec::new(),
                    content_layer: "body",
                    label: "key_value_region",
                    prov: self.prov(id, 0),
                    captions: Vec::new(),
                    references: Vec::new(),
                    footnotes: Vec::new(),
                    graph,
                };
                self.document.key_value_items.push(item);
                vec![reference]
            }
            NodeKind::Heading { .. }
            | NodeKind::Text(_)
            | NodeKind::Caption
            | NodeKind::Footnote
            | NodeKind::PageHeader
            | NodeKind::PageFooter
            | NodeKind::Formula
            | NodeKind::Checkbox { .. }
            | NodeKind::ListItem { .. } => vec![self.text(id, parent, None)],
        }
    }

    fn group(&mut self, id: NodeId, parent: &Ref, name: &'static str, label: &'static str) -> Ref {
        let position = self.document.groups.len();
        let reference = Ref::new("groups", position);
        self.document.groups.push(Group {
            self_ref: reference.to_string(),
            parent: parent.clone(),
            children: Vec::new(),
            content_layer: "body",
            name,
            label,
        });
        let is_ordered = matches!(self.node(id).kind, NodeKind::List { is_ordered: true });
        let mut number = 0;
        let mut children = Vec::new();
        for child in self.node(id).children.clone() {
            if matches!(self.node(child).kind, NodeKind::ListItem { .. }) {
                number += 1;
                children.push(self.text(child, &reference, is_ordered.then_some(number)));
            } else {
                children.extend(self.item(child, &reference));
            }
        }
        if let Some(group) = self.document.groups.get_mut(position) {
            group.children = children;
        }
        reference
    }

    fn text(&mut self, id: NodeId, parent: &Ref, number: Option<usize>) -> Ref {
        let position = self.document.texts.len();
        let reference = Ref::new("texts", position);
        let node = self.node(id);
        let mut item = TextItem {
            self_ref: reference.to_string(),
            parent: parent.clone(),
            content_layer: if node.layer == Layer::Furniture { "furniture" } else { "body" },
            label: label_of(&node.kind),
            prov: self.prov(id, node.text.chars().count()),
            orig: node.text.clone(),
            text: node.text.clone(),
            ..TextItem::default()
        };
        match &node.kind {
            NodeKind::Heading { level } if *level > 1 => item.level = Some(level - 1),
            NodeKind::ListItem { marker } => {
                item.enumerated = Some(number.is_some());
                let number = number.map(|number| format!("{number}."));
                item.marker = Some(marker.clone().or(number).unwrap_or_default());
            }
            NodeKind::Code { language } => {
                item.code_language = Some(code_language(language.as_deref()));
                item.captions = Some(Vec::new());
                item.references = Some(Vec::new());
                item.footnotes = Some(Vec::new());
            }
            _ => {}
        }
        self.document.texts.push(item);
        let has_items = matches!(node_kind(self.source, id), NodeKind::ListItem { .. });
        if has_items {
            let mut children = Vec::new();
            for child in self.node(id).children.clone() {
                children.extend(self.item(child, &reference));
            }
            if let Some(item) = self.document.texts.get_mut(position) {
                item.children = children;
            }
        }
        reference
    }

    /// Tables, pictures and code: their captions are items of the body that come before them.
    fn floating(&mut self, id: NodeId, parent: &Ref) -> Vec<Ref> {
        let linked: Vec<NodeId> =
            captions_of(&self.source.tree, self.node(id)).map(|(caption, _)| caption).collect();
        let mut before = Vec::new();
        let mut captions = Vec::new();
        for child in self.node(id).children.clone() {
            let caption = self.text(child, parent, None);
            if linked.contains(&child) {
                captions.push(caption.clone());
            }
            before.push(caption);
        }
        let reference = match self.node(id).kind.clone() {
            NodeKind::Table { grid, is_document_index } => {
                let reference = Ref::new("tables", self.document.tables.len());
                let item = TableItem {
                    self_ref: reference.to_string(),
                    parent: parent.clone(),
                    children: Vec::new(),
                    content_layer: "body",
                    label: if is_document_index { "document_index" } else { "table" },
                    prov: self.prov(id, 0),
                    captions,
                    references: Vec::new(),
                    footnotes: Vec::new(),
                    data: table_data(&grid),
                    annotations: Annotations,
                };
                self.document.tables.push(item);
                reference
            }
            NodeKind::Picture(picture) => {
                let reference = Ref::new("pictures", self.document.pictures.len());
                let item = PictureItem {
                    self_ref: reference.to_string(),
                    parent: parent.clone(),
                    children: Vec::new(),
                    content_layer: "body",
                    meta: meta(&picture),
                    label: "picture",
                    prov: self.prov(id, 0),
                    captions,
                    references: Vec::new(),
                    footnotes: Vec::new(),
                    image: self.options.images.pictures.get(&id).map(image),
                    annotations: Annotations,
                };
                self.document.pictures.push(item);
                reference
            }
            _ => {
                let reference = self.text(id, parent, None);
                if let Some(item) = self.document.texts.last_mut() {
                    item.captions = Some(captions);
                }
                reference
            }
        };
        before.push(reference);
        before
    }

    fn graph(&self, id: NodeId, region: &KeyValueRegion) -> Graph {
        let page_idx = self.node(id).page_idx;
        let cells = region.cells.iter().map(|cell| GraphCell {
            label: if cell.is_key { "key" } else { "value" },
            cell_id: cell.id,
            text: cell.text.clone(),
            orig: cell.text.clone(),
            prov: cell.bbox.map(|bbox| self.place(page_idx, &bbox, [0, 0])),
        });
        let id_at = |position: usize| region.cells.get(position).map(|cell| cell.id);
        let links = region.links.iter().filter_map(|(key, value)| {
            Some(GraphLink {
                label: "to_value",
                source_cell_id: id_at(*key)?,
                target_cell_id: id_at(*value)?,
            })
        });
        Graph { cells: cells.collect(), links: links.collect() }
    }

    /// Where the element stands; one place a page for what runs over pages.
    fn prov(&self, id: NodeId, num_chars: usize) -> Vec<Prov> {
        let node = self.node(id);
        let in_group =
            node.parent.map(|parent| self.node(parent)).filter(|parent| parent.kind == NodeKind::InlineGroup);
        let bbox = node.bbox.or_else(|| in_group.and_then(|group| group.bbox));
        let mut places: Vec<Prov> =
            bbox.map(|bbox| self.place(node.page_idx, &bbox, [0, num_chars])).into_iter().collect();
        for part in self.source.parts.get(&id).into_iter().flatten() {
            let part = self.node(*part);
            let start = num_chars.saturating_sub(part.text.chars().count());
            places.extend(
                part.bbox.map(|bbox| self.place(part.page_idx, &bbox, [start.min(num_chars), num_chars])),
            );
        }
        places
    }

    fn place(&self, page_idx: usize, bbox: &BBox, charspan: [usize; 2]) -> Prov {
        let size = self.options.page_size(page_idx);
        Prov {
            page_no: page_idx + 1,
            bbox: WireBox {
                l: bbox.left * size.width_pt,
                t: bbox.top * size.height_pt,
                r: bbox.right * size.width_pt,
                b: bbox.bottom * size.height_pt,
                coord_origin: "TOPLEFT",
            },
            charspan,
        }
    }
}

fn node_kind<'t>(source: &'t ForExport<'_>, id: NodeId) -> &'t NodeKind {
    &source.tree.node(id).kind
}

fn label_of(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Heading { level: 1 } => "title",
        NodeKind::Heading { .. } => "section_header",
        NodeKind::Text(TextKind::Paragraph) => "paragraph",
        NodeKind::Text(TextKind::Reference) => "reference",
        NodeKind::Text(TextKind::Handwritten) => "handwritten_text",
        NodeKind::Caption => "caption",
        NodeKind::Footnote => "footnote",
        NodeKind::PageHeader => "page_header",
        NodeKind::PageFooter => "page_footer",
        NodeKind::Formula => "formula",
        NodeKind::Code { .. } => "code",
        NodeKind::Checkbox { is_selected: true } => "checkbox_selected",
        NodeKind::Checkbox { is_selected: false } => "checkbox_unselected",
        NodeKind::ListItem { .. } => "list_item",
        NodeKind::Text(TextKind::Text)
        | NodeKind::List { .. }
        | NodeKind::Table { .. }
        | NodeKind::Picture(_)
        | NodeKind::InlineGroup
        | NodeKind::KeyValueRegion(_) => "text",
    }
}

/// The label of the language; what the schema has no label for is unknown.
fn code_language(language: Option<&str>) -> String {
    let known = language.filter(|language| LANGUAGES.contains(language));
    known.unwrap_or("unknown").to_owned()
}

fn meta(picture: &Picture) -> Option<Meta> {
    let classification = picture.class.as_ref().map(|class| Classification {
        predictions: vec![Prediction { confidence: 1.0, created_by: "doclens", class_name: class.clone() }],
    });
    let molecule = picture.smiles.as_ref().map(|smiles| Molecule { smi: smiles.clone() });
    let tabular_chart = picture.chart_data.as_ref().map(|grid| Chart {
        title: picture.class.clone().unwrap_or_else(|| "other".to_owned()),
        chart_data: table_data(grid),
    });
    let is_empty = classification.is_none() && molecule.is_none() && tabular_chart.is_none();
    (!is_empty).then_some(Meta { classification, molecule, tabular_chart })
}

fn table_data(grid: &TableGrid) -> TableData {
    let cells = grid.cells.iter().map(|cell| TableCell {
        row_span: cell.row_span,
        col_span: cell.col_span,
        start_row_offset_idx: cell.row,
        end_row_offset_idx: cell.row + cell.row_span,
        start_col_offset_idx: cell.col,
        end_col_offset_idx: cell.col + cell.col_span,
        text: cell.text.clone(),
        column_header: cell.header == CellHeader::Column,
        row_header: cell.header == CellHeader::Row,
        row_section: cell.header == CellHeader::Section,
        fillable: false,
    });
    TableData {
        table_cells: cells.collect(),
        num_rows: grid.num_rows,
        num_cols: grid.num_cols,
        orientation: "rot_0",
    }
}

fn image(link: &ImageLink) -> Image {
    Image {
        mimetype: link.mime_type.clone(),
        dpi: link.dpi,
        size: Size { width: f64::from(link.width_px), height: f64::from(link.height_px) },
        uri: link.uri.clone(),
    }
}

impl Document {
    fn new(name: &str) -> Self {
        let root = |self_ref: &'static str, layer: &'static str| Root {
            self_ref,
            children: Vec::new(),
            content_layer: layer,
            name: "_root_",
            label: "unspecified",
        };
        Self {
            schema_name: "DoclingDocument",
            version: "1.10.0",
            name: name.to_owned(),
            furniture: root("#/furniture", "furniture"),
            body: root("#/body", "body"),
            groups: Vec::new(),
            texts: Vec::new(),
            pictures: Vec::new(),
            tables: Vec::new(),
            key_value_items: Vec::new(),
            form_items: Vec::new(),
            pages: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::export::PagePoints;
    use crate::markup::parse;

    fn value(markup: &str, options: &ExportOptions) -> serde_json::Value {
        serde_json::from_str(&json(&parse(markup), options)).unwrap()
    }

    #[test]
    fn captions_come_before_their_table_and_belong_to_the_body() {
        let value = value("<otsl><fcel>a<nl><caption>C</caption></otsl>", &ExportOptions::default());
        assert_eq!(value["body"]["children"][0]["$ref"], "#/texts/0");
        assert_eq!(value["body"]["children"][1]["$ref"], "#/tables/0");
        assert_eq!(value["tables"][0]["captions"][0]["$ref"], "#/texts/0");
    }

    #[test]
    fn boxes_are_in_points() {
        let page_sizes = vec![PagePoints { width_pt: 100.0, height_pt: 50.0 }];
        let options = ExportOptions { page_sizes, ..ExportOptions::default() };
        let value = value("<text><loc_50><loc_100><loc_250><loc_500>ä</text>", &options);
        let prov = &value["texts"][0]["prov"][0];
        assert_eq!(prov["bbox"]["l"], 10.0);
        assert_eq!(prov["bbox"]["b"], 50.0);
        assert_eq!(prov["charspan"], serde_json::json!([0, 1]));
    }

    #[test]
    fn joined_text_stands_in_two_places() {
        let options = ExportOptions { join_pages: true, ..ExportOptions::default() };
        let markup = "<text><loc_1><loc_1><loc_2><loc_2>one</text><page_break><text><loc_3><loc_3><loc_4><loc_4>two</text>";
        let value = value(markup, &options);
        assert_eq!(value["texts"].as_array().unwrap().len(), 1);
        assert_eq!(value["texts"][0]["prov"][1]["page_no"], 2);
        assert_eq!(value["texts"][0]["prov"][1]["charspan"], serde_json::json!([4, 7]));
    }
}
