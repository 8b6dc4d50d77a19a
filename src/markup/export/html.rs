//! HTML as docling-core 2.104.0 writes it (`doctags.md` section 6), with the state of checkboxes
//! shown. Everything from the page is escaped; formulas are MathML.

use crate::markup::export::math;
use crate::markup::export::table::{is_header, rows_of};
use crate::markup::export::{ExportOptions, Furniture, captions_of, join, markdown};
use crate::markup::table::{Cell, TableGrid};
use crate::markup::tree::{DocTree, KeyValueRegion, Node, NodeId, NodeKind, Picture};

const STYLE: &str = "\
body { margin: 2rem; font-family: system-ui, sans-serif; line-height: 1.5; }
.page { max-width: 48rem; margin: 0 auto; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #999; padding: 0.25rem 0.5rem; text-align: start; vertical-align: top; }
th { background: #f2f2f2; }
pre { overflow-x: auto; padding: 0.75rem; background: #f6f6f6; }
figure { margin: 1rem 0; }
figure img { max-width: 100%; }
.caption { font-style: italic; }
.formula-not-decoded { color: #777; }";

/// The document as a page of HTML that stands on its own.
pub fn html(tree: &DocTree, options: &ExportOptions) -> String {
    let title = escape(options.name());
    let joined = join::for_export(tree, options);
    let writer = Writer { tree: &joined.tree, options, marks_checkboxes: false };
    let blocks = writer.blocks(joined.tree.pages().iter().flat_map(|page| &page.children).copied());
    let marks = checkbox_marks(&joined.tree, &blocks);
    let body = blocks.into_iter().map(|(_, block)| block).collect::<Vec<_>>().join("\n");
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"UTF-8\"/>\n<title>{title}</title>\n\
         <meta name=\"generator\" content=\"Doclens\"/>\n<style>\n{STYLE}{marks}\n</style>\n</head>\n<body>\n\
         <div class='page'>\n{body}\n</div>\n</body>\n</html>\n"
    )
}

/// The blocks of the document, without page, head and style around them.
pub fn html_fragment(tree: &DocTree, options: &ExportOptions) -> String {
    let joined = join::for_export(tree, options);
    let writer = Writer { tree: &joined.tree, options, marks_checkboxes: true };
    let blocks = writer.blocks(joined.tree.pages().iter().flat_map(|page| &page.children).copied());
    blocks.into_iter().map(|(_, block)| block).collect::<Vec<_>>().join("\n")
}

/// One element with everything inside it.
pub fn html_of_node(tree: &DocTree, id: NodeId, options: &ExportOptions) -> String {
    let everything = ExportOptions { furniture: Furniture::All, ..options.clone() };
    Writer { tree, options: &everything, marks_checkboxes: true }.block(id, false)
}

/// One table, without caption; empty if it has no rows.
pub fn html_of_table(grid: &TableGrid) -> String {
    table_with(grid, |_| String::new())
}

/// One table whose cells have further attributes, written as ` name="value"`; empty if it has no rows.
pub(super) fn table_with(grid: &TableGrid, attributes: impl Fn(&Cell) -> String) -> String {
    let body = table_body(grid, attributes);
    if body.is_empty() { body } else { format!("<table>{body}</table>") }
}

/// Whether a box is ticked, as style: the reference's body has no place for it. Every block is one
/// element of the page, so it can be told by its position.
fn checkbox_marks(tree: &DocTree, blocks: &[(NodeId, String)]) -> String {
    let marks = blocks.iter().enumerate().filter_map(|(position, (id, _))| {
        let NodeKind::Checkbox { is_selected } = tree.node(*id).kind else { return None };
        let mark = checkbox_mark(is_selected);
        Some(format!("\n.page > :nth-child({})::before {{ content: \"{mark} \"; }}", position + 1))
    });
    marks.collect()
}

fn checkbox_mark(is_selected: bool) -> char {
    if is_selected { '☑' } else { '☐' }
}

struct Writer<'t> {
    tree: &'t DocTree,
    options: &'t ExportOptions,
    /// Checkboxes say in their text whether they are ticked.
    marks_checkboxes: bool,
}

impl Writer<'_> {
    /// Each block is one element, or nothing at all and left out.
    fn blocks(&self, ids: impl IntoIterator<Item = NodeId>) -> Vec<(NodeId, String)> {
        let written = ids.into_iter().filter(|id| self.options.writes(self.tree.node(*id)));
        written.map(|id| (id, self.block(id, false))).filter(|(_, block)| !block.is_empty()).collect()
    }

    fn block(&self, id: NodeId, is_inline: bool) -> String {
        let node = self.tree.node(id);
        match &node.kind {
            NodeKind::Heading { level } => {
                let level = (*level).clamp(1, 6);
                format!("<h{level}>{}</h{level}>", text_of(node))
            }
            NodeKind::Text(_)
            | NodeKind::Caption
            | NodeKind::Footnote
            | NodeKind::PageHeader
            | NodeKind::PageFooter => {
                if is_inline {
                    text_of(node)
                } else {
                    format!("<p>{}</p>", text_of(node))
                }
            }
            NodeKind::Checkbox { .. } if is_inline => text_of(node),
            NodeKind::Checkbox { is_selected } if self.marks_checkboxes => {
                format!("<p>{} {}</p>", checkbox_mark(*is_selected), text_of(node))
            }
            NodeKind::Checkbox { .. } => format!("<p>{}</p>", text_of(node)),
            NodeKind::Formula => formula(&node.text, is_inline),
            NodeKind::Code { .. } if is_inline => format!("<code>{}</code>", escape(&node.text)),
            NodeKind::Code { .. } => {
                let code = format!("<pre><code>{}</code></pre>", escape(&node.text));
                let captions = self.captions(node);
                if captions.is_empty() {
                    code
                } else {
                    format!("<figure>{code}<figcaption>{captions}</figcaption></figure>")
                }
            }
            NodeKind::List { is_ordered } => self.list(node, *is_ordered),
            NodeKind::ListItem { .. } => self.list_item(node, None),
            NodeKind::Table { grid, .. } => self.table(node, grid),
            NodeKind::Picture(picture) => self.picture(id, node, picture),
            NodeKind::InlineGroup => {
                let parts = node.children.iter().map(|child| self.block(*child, true));
                let parts = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
                if parts.is_empty() { parts } else { format!("<span class='inline-group'>{parts}</span>") }
            }
            NodeKind::KeyValueRegion(region) => key_values(region),
        }
    }

    fn captions(&self, node: &Node) -> String {
        let captions = captions_of(self.tree, node).map(|(_, caption)| {
            format!(
                "<div class=\"caption\"{}>{}</div>",
                direction(&caption.text),
                escape_quotes(&caption.text)
            )
        });
        captions.collect::<Vec<_>>().join(" ")
    }

    fn list(&self, node: &Node, is_ordered: bool) -> String {
        let mut number = 0;
        let items = node.children.iter().map(|child| {
            let item = self.tree.node(*child);
            if !matches!(item.kind, NodeKind::ListItem { .. }) {
                return self.block(*child, false);
            }
            number += 1;
            self.list_item(item, is_ordered.then_some(number))
        });
        let items = items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join("\n");
        // As the reference: the first item decides, so a list that starts with a list has no numbers.
        let has_numbers = is_ordered
            && node
                .children
                .first()
                .is_some_and(|first| matches!(self.tree.node(*first).kind, NodeKind::ListItem { .. }));
        let tag = if has_numbers { "ol" } else { "ul" };
        if items.is_empty() { items } else { format!("<{tag}>\n{items}\n</{tag}>") }
    }

    fn list_item(&self, node: &Node, number: Option<usize>) -> String {
        let mut parts = vec![text_of(node)];
        parts.extend(node.children.iter().map(|child| self.block(*child, false)));
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            return String::new();
        }
        let text =
            if node.children.is_empty() { parts.concat() } else { format!("\n{}\n", parts.join("\n")) };
        let style =
            number.map_or_else(String::new, |number| format!(" style=\"list-style-type: '{number}. ';\""));
        format!("<li{style}>{text}</li>")
    }

    fn table(&self, node: &Node, grid: &TableGrid) -> String {
        let captions = self.captions(node);
        let caption = if captions.is_empty() { captions } else { format!("<caption>{captions}</caption>") };
        let content = caption + &table_body(grid, |_| String::new());
        if content.is_empty() { content } else { format!("<table>{content}</table>") }
    }

    fn picture(&self, id: NodeId, node: &Node, picture: &Picture) -> String {
        let captions = self.captions(node);
        let mut content =
            if captions.is_empty() { captions } else { format!("<figcaption>{captions}</figcaption>") };
        if let Some(image) = self.options.images.pictures.get(&id) {
            content.extend(["<img src=\"", &escape_quotes(&image.uri), "\">"]);
        }
        let class = picture.class.as_deref().map(|class| escape(&markdown::class_in_words(class)));
        let molecule = picture.smiles.as_deref().map(escape);
        let chart = picture.chart_data.as_ref().map(html_of_table).filter(|table| !table.is_empty());
        let fields = [("classification", class), ("molecule", molecule), ("tabular_chart", chart)];
        let fields: String = fields
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| meta_field(name, &value)))
            .collect();
        if !fields.is_empty() {
            content.extend([
                "<details class=\"docling-meta\"><summary>Meta</summary>",
                &fields,
                "</details>",
            ]);
        }
        if content.is_empty() { content } else { format!("<figure>{content}</figure>") }
    }
}

fn meta_field(name: &str, value: &str) -> String {
    format!(
        "<div class=\"docling-meta-field\" data-meta-name=\"{name}\">\
         <span class=\"docling-meta-field-label\">{name}:</span> \
         <span class=\"docling-meta-field-value\">{value}</span></div>"
    )
}

fn table_body(grid: &TableGrid, attributes: impl Fn(&Cell) -> String) -> String {
    let mut body = String::new();
    for (row, slots) in rows_of(grid).iter().enumerate() {
        body += "<tr>";
        for (col, slot) in slots.iter().enumerate() {
            match slot {
                Some(cell) if cell.row == row && cell.col == col => {
                    body += &table_cell(cell, &attributes(cell));
                }
                Some(_) => {}
                None => body += "<td></td>",
            }
        }
        body += "</tr>";
    }
    if body.is_empty() { body } else { format!("<tbody>{body}</tbody>") }
}

fn table_cell(cell: &Cell, attributes: &str) -> String {
    let tag = if is_header(cell) { "th" } else { "td" };
    let content = escape_quotes(cell.text.trim());
    let span =
        |name: &str, count: usize| if count > 1 { format!(" {name}=\"{count}\"") } else { String::new() };
    let (rows, cols) = (span("rowspan", cell.row_span), span("colspan", cell.col_span));
    format!("<{tag}{rows}{cols}{}{attributes}>{content}</{tag}>", direction(&content))
}

fn formula(latex: &str, is_inline: bool) -> String {
    if latex.is_empty() {
        let tag = if is_inline { "span" } else { "div" };
        return format!("<{tag} class=\"formula-not-decoded\">Formula not decoded</{tag}>");
    }
    let shown = escape(latex);
    let Some(math) = math::mathml(latex, is_inline) else { return format!("<pre>{shown}</pre>") };
    let Some((open, content)) = math.strip_suffix("</math>").and_then(|math| math.split_once('>')) else {
        return format!("<pre>{shown}</pre>");
    };
    let math = format!(
        "{open}><semantics><mrow>{content}</mrow><annotation encoding=\"TeX\">{shown}</annotation></semantics></math>"
    );
    if is_inline { math } else { format!("<div>{math}</div>") }
}

fn key_values(region: &KeyValueRegion) -> String {
    let mut items = String::new();
    for (position, cell) in region.cells.iter().enumerate() {
        let links = region.links.iter().filter(|(key, _)| *key == position);
        let values: Vec<String> = links
            .filter_map(|(_, value)| region.cells.get(*value))
            .map(|cell| escape_quotes(&cell.text))
            .collect();
        if !values.is_empty() {
            let (key, values) = (escape_quotes(&cell.text), values.join(", "));
            items.extend([
                "<li><strong>",
                &key,
                "</strong>: ",
                &values,
                "</li>
",
            ]);
        }
    }
    // Without any cell the reference writes an empty list of definitions.
    let tag = if region.cells.is_empty() { "dl" } else { "ul" };
    format!("<div class=\"key-value-region\">\n<{tag} class=\"key-value-region\">\n{items}</{tag}>\n</div>")
}

fn text_of(node: &Node) -> String {
    escape(&node.text).replace('\n', "<br>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn escape_quotes(text: &str) -> String {
    escape(text).replace('"', "&quot;").replace('\'', "&#x27;")
}

/// ` dir="rtl"` for a text that starts with, or mostly consists of, right-to-left letters.
fn direction(text: &str) -> &'static str {
    let num_right_to_left = text.chars().filter(|character| is_right_to_left(*character)).count();
    let starts = text.chars().next().is_some_and(is_right_to_left);
    if starts || num_right_to_left * 2 > text.chars().count() { " dir=\"rtl\"" } else { "" }
}

/// Letters of bidirectional class R or AL; digits and marks are of other classes.
fn is_right_to_left(character: char) -> bool {
    use unicode_bidi::BidiClass;
    matches!(unicode_bidi::bidi_class(character), BidiClass::R | BidiClass::AL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn check(input: &str, expected: &str) {
        assert_eq!(html_fragment(&parse(input), &ExportOptions::default()), expected);
    }

    #[test]
    fn spans_stand_once() {
        check(
            "<otsl><ched>a<lcel><nl><ucel><xcel><nl><fcel>\"<fcel>שלום<nl></otsl>",
            "<table><tbody><tr><th rowspan=\"2\" colspan=\"2\">a</th></tr><tr></tr>\
             <tr><td>&quot;</td><td dir=\"rtl\">שלום</td></tr></tbody></table>",
        );
    }

    #[test]
    fn text_of_the_page_is_never_markup() {
        let formula = "<formula>\\text{<script>x</script>} <script>y</formula>";
        for input in
            ["<text><script></text>", "<otsl><fcel><script><nl></otsl>", "<code><script></code>", formula]
        {
            let html = html_fragment(&parse(input), &ExportOptions::default());
            assert!(!html.contains("<script"), "{html}");
        }
    }

    #[test]
    fn ticked_boxes_can_be_seen() {
        let tree = parse("<text>a</text><checkbox_selected>b</checkbox_selected>");
        let page = html(&tree, &ExportOptions::default());
        assert!(page.contains(".page > :nth-child(2)::before { content: \"☑ \"; }"), "{page}");
        assert!(html_fragment(&tree, &ExportOptions::default()).contains("<p>☑ b</p>"));
    }

    #[test]
    fn lists_nest_inside_items() {
        check(
            "<ordered_list><list_item>A<unordered_list><list_item>B</list_item></unordered_list></list_item></ordered_list>",
            "<ol>\n<li style=\"list-style-type: '1. ';\">\nA\n<ul>\n<li>B</li>\n</ul>\n</li>\n</ol>",
        );
    }
}
