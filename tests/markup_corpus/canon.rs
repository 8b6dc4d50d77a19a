//! Outputs in a form in which only differences that matter are left: what `check.py` of the
//! conformance corpus compares.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// By table or chart: row, column and flag of its header cells.
pub(crate) type HeaderFlags = BTreeMap<String, Vec<(u64, u64, String)>>;

/// Without the padding of table cells.
pub(crate) fn markdown(text: &str) -> String {
    let line = |line: &str| {
        let inside = line.strip_prefix('|').and_then(|rest| rest.trim_end().strip_suffix('|'));
        let Some(inside) = inside else { return line.to_owned() };
        let mut cells: Vec<&str> = inside.split('|').map(str::trim).collect();
        if cells
            .iter()
            .all(|cell| !cell.is_empty() && cell.trim_matches(':').bytes().all(|byte| byte == b'-'))
        {
            cells.fill("-");
        }
        format!("| {} |", cells.join(" | "))
    };
    text.trim_end_matches('\n').split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The records of all tables.
pub(crate) fn csv(tables: &[String]) -> String {
    let records = |table: &String| -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    let tables: Vec<_> = tables.iter().map(records).filter(|table| !table.is_empty()).collect();
    format!("{tables:#?}")
}

/// Without defaults, images, names and computed parts; boxes on the page and rounded.
pub(crate) fn json(mut document: Value) -> String {
    let pages = document.get("pages").cloned().unwrap_or_default();
    clamp_boxes(&mut document, &pages);
    serde_json::to_string_pretty(&tidied(document)).unwrap()
}

fn clamp_boxes(value: &mut Value, pages: &Value) {
    match value {
        Value::Object(fields) => {
            let size = fields
                .get("page_no")
                .and_then(|page| pages.get(page.to_string()))
                .map(|page| page["size"].clone());
            if let (Some(size), Some(Value::Object(bbox))) = (size, fields.get_mut("bbox")) {
                for (edge, limit) in [("l", "width"), ("r", "width"), ("t", "height"), ("b", "height")] {
                    if let (Some(edge), Some(limit)) = (bbox.get_mut(edge), size[limit].as_f64()) {
                        *edge = edge.as_f64().unwrap().clamp(0.0, limit).into();
                    }
                }
            }
            fields.values_mut().for_each(|field| clamp_boxes(field, pages));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clamp_boxes(item, pages)),
        _ => {}
    }
}

const DROPPED: &[&str] = &["image", "name", "origin", "version", "grid", "furniture", "created_by"];

fn is_default(key: &str, value: &Value) -> bool {
    match key {
        "content_layer" => value == "body",
        "coord_origin" => value == "TOPLEFT",
        "orientation" => value == "rot_0",
        "row_span" | "col_span" | "confidence" => value.as_f64() == Some(1.0),
        "column_header" | "row_header" | "row_section" | "fillable" | "enumerated" => value == false,
        _ => false,
    }
}

fn tidied(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            if fields.get("label").is_some_and(|label| label == "code")
                && let Some(Value::Array(places)) = fields.get_mut("prov")
            {
                for place in places {
                    place.as_object_mut().unwrap().remove("charspan");
                }
            }
            if let Some(Value::Array(cells)) = fields.get_mut("table_cells") {
                cells.retain(|cell| !is_empty_cell(cell));
            }
            let mut sorted: Vec<(String, Value)> = fields
                .into_iter()
                .filter(|(key, value)| {
                    !DROPPED.contains(&key.as_str()) || (key == "name" && value.is_object())
                })
                .map(|(key, value)| (key, tidied(value)))
                .filter(|(key, value)| !is_nothing(value) && !is_default(key, value))
                .collect();
            sorted.sort_by(|before, after| before.0.cmp(&after.0));
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidied).collect()),
        Value::Number(number) => ((number.as_f64().unwrap() * 100.0).round() / 100.0 + 0.0).into(),
        other => other,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn is_empty_cell(cell: &Value) -> bool {
    let span = |key: &str| cell.get(key).and_then(Value::as_u64).unwrap_or(1);
    let flag = |key: &str| cell.get(key) == Some(&Value::Bool(true));
    cell.get("text").and_then(Value::as_str).unwrap_or_default().is_empty()
        && span("row_span") == 1
        && span("col_span") == 1
        && !["column_header", "row_header", "row_section"].into_iter().any(flag)
}

/// The document with the listed cells flagged as headers.
pub(crate) fn with_flags(mut document: Value, flags: &HeaderFlags) -> Value {
    for (reference, marks) in flags {
        let (kind, index) = reference.split_once('/').unwrap();
        let item = &mut document[kind][index.parse::<usize>().unwrap()];
        let data = if kind == "tables" {
            &mut item["data"]
        } else {
            &mut item["meta"]["tabular_chart"]["chart_data"]
        };
        for cell in data["table_cells"].as_array_mut().unwrap() {
            let at = (
                cell["start_row_offset_idx"].as_u64().unwrap(),
                cell["start_col_offset_idx"].as_u64().unwrap(),
            );
            for (_, _, flag) in marks.iter().filter(|(row, col, _)| (*row, *col) == at) {
                cell[flag.as_str()] = true.into();
            }
        }
    }
    document
}

/// The inside of the page as one line for each tag and each text. Formulas count by their TeX.
pub(crate) fn html(text: &str) -> String {
    let body = text.split_once("<div class='page'>").map_or(text, |(_, rest)| {
        rest.rsplit_once("</body>").map_or(rest, |(page, _)| page).trim().strip_suffix("</div>").unwrap()
    });
    let mut lines: Vec<String> = Vec::new();
    let mut num_pre = 0;
    let text = with_formulas(body.trim());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let tag = rest.strip_prefix('<').and_then(|tag| tag.split_once('>'));
        let (line, after) = if let Some((tag, after)) = tag {
            num_pre += usize::from(tag == "pre");
            num_pre -= usize::from(tag == "/pre");
            (format!("<{}>", sorted_attributes(tag)), after)
        } else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            let text = unescaped(text);
            let words = || text.split([' ', '\t', '\r', '\n', '\u{c}']).filter(|word| !word.is_empty());
            let shown = if num_pre > 0 { text.clone() } else { words().collect::<Vec<_>>().join(" ") };
            (shown, after)
        };
        if !line.trim().is_empty() {
            lines.push(line);
        }
        rest = after;
    }
    lines.join("\n")
}

fn with_formulas(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    loop {
        let math = rest.find("<math");
        let pre = rest
            .match_indices("<pre>")
            .map(|(at, _)| at)
            .find(|at| !rest[at + 5..].trim_start().starts_with("<code"));
        let Some(at) = [math, pre].into_iter().flatten().min() else { break };
        let (before, formula) = rest.split_at(at);
        let (tex, after) = if let Some(shown) = formula.strip_prefix("<pre>") {
            shown.split_once("</pre>").unwrap()
        } else {
            let (inside, after) = formula.split_once("</math>").unwrap();
            let (_, annotation) = inside.split_once("<annotation").unwrap();
            (annotation.split_once('>').unwrap().1.split_once("</annotation>").unwrap().0, after)
        };
        let is_block = before.trim_end().ends_with("<div>");
        shown += if is_block { before.trim_end().strip_suffix("<div>").unwrap() } else { before };
        shown.extend(["<formula>", tex, "</formula>"]);
        rest = if is_block { after.trim_start().strip_prefix("</div>").unwrap() } else { after };
    }
    shown + rest
}

fn sorted_attributes(tag: &str) -> String {
    let Some((name, rest)) = tag.split_once(' ') else { return tag.to_owned() };
    let mut attributes = Vec::new();
    let mut rest = rest;
    while let Some((key, quoted)) = rest.split_once('=') {
        let quote = quoted.chars().next().unwrap();
        let (value, after) = quoted[1..].split_once(quote).unwrap();
        attributes.push(format!("{}=\"{}\"", key.trim(), unescaped(value)));
        rest = after;
    }
    attributes.sort();
    format!("{name} {}", attributes.join(" "))
}

fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
    named.into_iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character))
}
