//! The fields of a `DoclingDocument` 1.10.0 that DocTags can fill, as they stand in the file.

use std::collections::BTreeMap;

use serde::Serialize;

/// A reference to an item: `{"$ref": "#/texts/0"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Ref {
    #[serde(rename = "$ref")]
    target: String,
}

impl Ref {
    pub(super) fn new(list: &str, position: usize) -> Self {
        Self { target: format!("#/{list}/{position}") }
    }

    pub(super) fn body() -> Self {
        Self { target: "#/body".to_owned() }
    }
}

impl std::fmt::Display for Ref {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.target)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) schema_name: &'static str,
    pub(super) version: &'static str,
    pub(super) name: String,
    pub(super) furniture: Root,
    pub(super) body: Root,
    pub(super) groups: Vec<Group>,
    pub(super) texts: Vec<TextItem>,
    pub(super) pictures: Vec<PictureItem>,
    pub(super) tables: Vec<TableItem>,
    pub(super) key_value_items: Vec<KeyValueItem>,
    pub(super) form_items: Vec<()>,
    pub(super) pages: BTreeMap<usize, Page>,
}

#[derive(Debug, Serialize)]
pub(super) struct Root {
    pub(super) self_ref: &'static str,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    pub(super) name: &'static str,
    pub(super) label: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) self_ref: String,
    pub(super) parent: Ref,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    pub(super) name: &'static str,
    pub(super) label: &'static str,
}

/// Titles, headers, paragraphs, list items, code, formulas, checkboxes, captions, footnotes.
#[derive(Debug, Default, Serialize)]
pub(super) struct TextItem {
    pub(super) self_ref: String,
    pub(super) parent: Ref,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    pub(super) label: &'static str,
    pub(super) prov: Vec<Prov>,
    pub(super) orig: String,
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enumerated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) captions: Option<Vec<Ref>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) references: Option<Vec<Ref>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) footnotes: Option<Vec<Ref>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code_language: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct PictureItem {
    pub(super) self_ref: String,
    pub(super) parent: Ref,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<Meta>,
    pub(super) label: &'static str,
    pub(super) prov: Vec<Prov>,
    pub(super) captions: Vec<Ref>,
    pub(super) references: Vec<Ref>,
    pub(super) footnotes: Vec<Ref>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<Image>,
    pub(super) annotations: Annotations,
}

#[derive(Debug, Serialize)]
pub(super) struct TableItem {
    pub(super) self_ref: String,
    pub(super) parent: Ref,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    pub(super) label: &'static str,
    pub(super) prov: Vec<Prov>,
    pub(super) captions: Vec<Ref>,
    pub(super) references: Vec<Ref>,
    pub(super) footnotes: Vec<Ref>,
    pub(super) data: TableData,
    pub(super) annotations: Annotations,
}

#[derive(Debug, Serialize)]
pub(super) struct KeyValueItem {
    pub(super) self_ref: String,
    pub(super) parent: Ref,
    pub(super) children: Vec<Ref>,
    pub(super) content_layer: &'static str,
    pub(super) label: &'static str,
    pub(super) prov: Vec<Prov>,
    pub(super) captions: Vec<Ref>,
    pub(super) references: Vec<Ref>,
    pub(super) footnotes: Vec<Ref>,
    pub(super) graph: Graph,
}

/// An old field that is always there and always empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Annotations;

impl Serialize for Annotations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::empty::<()>())
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Prov {
    pub(super) page_no: usize,
    pub(super) bbox: Box,
    pub(super) charspan: [usize; 2],
}

/// In points.
#[derive(Debug, Serialize)]
pub(super) struct Box {
    pub(super) l: f64,
    pub(super) t: f64,
    pub(super) r: f64,
    pub(super) b: f64,
    pub(super) coord_origin: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) classification: Option<Classification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) molecule: Option<Molecule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tabular_chart: Option<Chart>,
}

#[derive(Debug, Serialize)]
pub(super) struct Classification {
    pub(super) predictions: Vec<Prediction>,
}

#[derive(Debug, Serialize)]
pub(super) struct Prediction {
    pub(super) confidence: f64,
    pub(super) created_by: &'static str,
    pub(super) class_name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Molecule {
    pub(super) smi: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) chart_data: TableData,
}

#[derive(Debug, Serialize)]
pub(super) struct TableData {
    pub(super) table_cells: Vec<TableCell>,
    pub(super) num_rows: usize,
    pub(super) num_cols: usize,
    pub(super) orientation: &'static str,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the schema has four flags")]
pub(super) struct TableCell {
    pub(super) row_span: usize,
    pub(super) col_span: usize,
    pub(super) start_row_offset_idx: usize,
    pub(super) end_row_offset_idx: usize,
    pub(super) start_col_offset_idx: usize,
    pub(super) end_col_offset_idx: usize,
    pub(super) text: String,
    pub(super) column_header: bool,
    pub(super) row_header: bool,
    pub(super) row_section: bool,
    pub(super) fillable: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Graph {
    pub(super) cells: Vec<GraphCell>,
    pub(super) links: Vec<GraphLink>,
}

#[derive(Debug, Serialize)]
pub(super) struct GraphCell {
    pub(super) label: &'static str,
    pub(super) cell_id: u64,
    pub(super) text: String,
    pub(super) orig: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prov: Option<Prov>,
}

#[derive(Debug, Serialize)]
pub(super) struct GraphLink {
    pub(super) label: &'static str,
    pub(super) source_cell_id: u64,
    pub(super) target_cell_id: u64,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "as in the schema")]
pub(super) struct Page {
    pub(super) size: Size,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<Image>,
    pub(super) page_no: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Image {
    pub(super) mimetype: String,
    pub(super) dpi: u32,
    pub(super) size: Size,
    pub(super) uri: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}
