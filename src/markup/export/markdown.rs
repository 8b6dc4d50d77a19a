//! Markdown, block by block, as docling-core 2.104.0 writes it (`doctags.md` section 5).

use crate::markup::export::join;
use crate::markup::export::table::{num_header_rows, rows_of, text_of};
use crate::markup::export::{ExportOptions, ImageLink, captions_of};
use crate::markup::table::{Cell, TableGrid};
use crate::markup::tree::{DocTree, Node, NodeId, NodeKind, Picture};

/// The document in Markdown, ending with a newline.
pub fn markdown(tree: &DocTree, options: &ExportOptions) -> String {
    let joined = join::for_export(tree, options);
    let writer = Writer { tree: &joined.tree, options };
    let roots = joined.tree.pages().iter().flat_map(|page| &page.children);
    finished(&writer.blocks(roots.copied()))
}

/// One element with everything inside it.
pub fn markdown_of_node(tree: &DocTree, id: NodeId, options: &ExportOptions) -> String {
    let everything = ExportOptions { furniture: super::Furniture::All, ..options.clone() };
    let writer = Writer { tree, options: &everything };
    let node = tree.node(id);
    if let NodeKind::ListItem { .. } = node.kind {
        return finished(&[writer.list_item(id, "-", 0)]);
    }
    finished(&[writer.block(id, false)])
}

/// One table as a pipe table, ending with a newline; empty if it has no rows.
pub fn markdown_of_table(grid: &TableGrid) -> String {
    finished(&[pipe_table(grid)])
}

fn finished(blocks: &[String]) -> String {
    let mut text = blocks.iter().filter(|block| !block.is_empty()).cloned().collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

struct Writer<'t> {
    tree: &'t DocTree,
    options: &'t ExportOptions,
}

impl Writer<'_> {
    fn blocks(&self, ids: impl IntoIterator<Item = NodeId>) -> Vec<String> {
        ids.into_iter()
            .filter(|id| self.options.writes(self.tree.node(*id)))
            .map(|id| self.block(id, false))
            .collect()
    }

    fn block(&self, id: NodeId, is_inline: bool) -> String {
        let node = self.tree.node(id);
        match &node.kind {
            NodeKind::Heading { level } => {
                let hashes = "#".repeat(usize::from(*level).clamp(1, 6));
                format!("{hashes} {}", escape(&node.text.replace('\n', " ")))
            }
            NodeKind::Text(_)
            | NodeKind::Caption
            | NodeKind::Footnote
            | NodeKind::PageHeader
            | NodeKind::PageFooter => paragraph(&node.text),
            NodeKind::Checkbox { is_selected } => {
                let mark = if *is_selected { 'x' } else { ' ' };
                escape(&line_breaks(&format!("- [{mark}] {}", node.text)))
            }
            NodeKind::Formula if node.text.is_empty() => String::new(),
            NodeKind::Formula if is_inline => format!("${}$", node.text),
            NodeKind::Formula => format!("$${}$$", node.text),
            NodeKind::Code { .. } => self.code(node, is_inline),
            NodeKind::List { .. } => self.list(id, 0),
            NodeKind::ListItem { .. } => self.list_item(id, "-", 0),
            NodeKind::Table { grid, .. } => join_blocks([self.captions(node), pipe_table(grid)]),
            NodeKind::Picture(picture) => self.picture(id, node, picture),
            NodeKind::InlineGroup => {
                let parts = node.children.iter().map(|child| self.block(*child, true));
                parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            NodeKind::KeyValueRegion(_) => "<!-- missing-key-value-item -->".to_owned(),
        }
    }

    fn captions(&self, node: &Node) -> String {
        let texts = captions_of(self.tree, node).map(|(_, caption)| escape(&caption.text));
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn code(&self, node: &Node, is_inline: bool) -> String {
        if is_inline {
            return code_span(&node.text);
        }
        let fence = "`".repeat(longest_backtick_run(&node.text).saturating_add(1).max(3));
        join_blocks([format!("{fence}\n{}\n{fence}", node.text), self.captions(node)])
    }

    fn list(&self, id: NodeId, depth: usize) -> String {
        let node = self.tree.node(id);
        let is_ordered = matches!(node.kind, NodeKind::List { is_ordered: true });
        let mut number = 0;
        let parts = node.children.iter().map(|child| match &self.tree.node(*child).kind {
            NodeKind::ListItem { .. } => {
                number += 1;
                let marker = if is_ordered { format!("{number}.") } else { "-".to_owned() };
                self.list_item(*child, &marker, depth)
            }
            NodeKind::List { .. } => self.list(*child, depth + 1),
            _ => self.block(*child, true),
        });
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn list_item(&self, id: NodeId, marker: &str, depth: usize) -> String {
        let node = self.tree.node(id);
        let mut text = format!("{}{marker} {}", " ".repeat(4 * depth), paragraph(&node.text));
        for child in &node.children {
            let nested = match self.tree.node(*child).kind {
                NodeKind::List { .. } => self.list(*child, depth + 1),
                _ => self.block(*child, true),
            };
            if !nested.is_empty() {
                text.push('\n');
                text.push_str(&nested);
            }
        }
        text
    }

    fn picture(&self, id: NodeId, node: &Node, picture: &Picture) -> String {
        let image = match self.options.images.pictures.get(&id) {
            Some(ImageLink { uri, .. }) => format!("![Image]({uri})"),
            None => "<!-- image -->".to_owned(),
        };
        join_blocks([
            self.captions(node),
            image,
            picture.class.as_deref().map(class_in_words).unwrap_or_default(),
            picture.smiles.clone().unwrap_or_default(),
            picture.chart_data.as_ref().map(pipe_table).unwrap_or_default(),
        ])
    }
}

fn join_blocks<const N: usize>(blocks: [String; N]) -> String {
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn paragraph(text: &str) -> String {
    escape(&line_breaks(text))
}

/// A single line end is a hard break; blank lines stay.
fn line_breaks(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', "  \n")).collect::<Vec<_>>().join("\n\n")
}

/// `bar_chart` as "Bar chart".
pub(super) fn class_in_words(class: &str) -> String {
    let spaced = class.replace("__", "_").replace('_', " ");
    let mut characters = spaced.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters.flat_map(char::to_lowercase)).collect()
    })
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, image)) = next_image(rest) {
        escape_underscores(before, &mut escaped);
        escaped.push_str(image);
        rest = rest.get(before.len() + image.len()..).unwrap_or_default();
    }
    escape_underscores(rest, &mut escaped);
    escaped.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What stands before the next `![…](…)`, and that itself.
fn next_image(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("![")?;
        let line = text.get(start + 2..)?.split('\n').next().unwrap_or_default();
        if let Some(link) = line.find("](")
            && let Some(end) = line.get(link + 2..).and_then(|rest| rest.find(')'))
        {
            let image_end = start + 2 + link + 2 + end + 1;
            return Some((text.get(..start)?, text.get(start..image_end)?));
        }
        // Nothing on this line can be an image any more.
        from = start + 2 + line.len();
    }
}

fn escape_underscores(text: &str, escaped: &mut String) {
    let mut before = None;
    for character in text.chars() {
        if character == '_' && before != Some('\\') {
            escaped.push('\\');
        }
        escaped.push(character);
        before = Some(character);
    }
}

fn longest_backtick_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

fn code_span(text: &str) -> String {
    let ticks = "`".repeat(longest_backtick_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

fn pipe_table(grid: &TableGrid) -> String {
    let rows = rows_of(grid);
    let texts: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|slot| cell_text(*slot)).collect()).collect();
    let num_headers = num_header_rows(&rows);
    let (headers, body) = texts.split_at_checked(num_headers).unwrap_or((&[], &texts));
    if texts.is_empty() {
        return String::new();
    }
    let header: Vec<String> = (0..grid.num_cols).map(|col| stacked_header(headers, col)).collect();
    let columns: Vec<Column> =
        header.iter().enumerate().map(|(col, text)| Column::new(text, body, col)).collect();
    let mut lines = vec![table_line(&header, &columns)];
    lines
        .push(columns.iter().fold("|".to_owned(), |line, column| line + &"-".repeat(column.width + 2) + "|"));
    lines.extend(body.iter().map(|row| table_line(row, &columns)));
    lines.join("\n")
}

fn cell_text(slot: Option<&Cell>) -> String {
    text_of(slot).replace('\n', " ").replace('|', "&#124;")
}

/// The texts of the header rows in one column; what repeats is said once.
fn stacked_header(headers: &[Vec<String>], col: usize) -> String {
    let mut parts: Vec<&str> = headers.iter().filter_map(|row| row.get(col)).map(String::as_str).collect();
    parts.retain(|part| !part.is_empty());
    parts.dedup();
    parts.join(" - ")
}

struct Column {
    width: usize,
    is_number: bool,
}

impl Column {
    fn new(header: &str, body: &[Vec<String>], col: usize) -> Self {
        let texts = || body.iter().filter_map(|row| row.get(col));
        let widest = texts().map(|text| text.chars().count()).max().unwrap_or(0);
        // The reference's table writer leaves two columns more for a header.
        let width = widest.max(header.chars().count() + 2);
        let is_number =
            texts().any(|text| !text.is_empty()) && texts().all(|text| text.is_empty() || is_number(text));
        Self { width, is_number }
    }
}

/// Integers, decimals, thousands with commas, and the words for no number.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    let words = ["inf", "-inf", "nan"];
    if words.contains(&text.to_lowercase().as_str()) {
        return true;
    }
    let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let has_groups = whole.contains(',');
    let are_groups = !has_groups || ((1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3));
    let digits = whole.bytes().chain(fraction.bytes()).filter(|byte| *byte != b',');
    (are_groups
        && plain.bytes().any(|byte| byte.is_ascii_digit())
        && digits.clone().all(|byte| byte.is_ascii_digit()))
        || (!plain.is_empty()
            && plain.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.')
            && plain.parse::<f64>().is_ok_and(f64::is_finite))
}

fn table_line(texts: &[String], columns: &[Column]) -> String {
    let cells = columns.iter().enumerate().map(|(col, column)| {
        let text = texts.get(col).map_or("", String::as_str);
        let space = " ".repeat(column.width.saturating_sub(text.chars().count()));
        if column.is_number { format!(" {space}{text} |") } else { format!(" {text}{space} |") }
    });
    cells.fold("|".to_owned(), |line, cell| line + &cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn check(input: &str, expected: &str) {
        assert_eq!(markdown(&parse(input), &ExportOptions::default()), expected);
    }

    #[test]
    fn escapes_underscores_and_angles_but_not_image_links() {
        check("<text>a_b \\_ ![x_y](z_w) < & ></text>", "a\\_b \\_ ![x_y](z_w) &lt; &amp; &gt;\n");
    }

    #[test]
    fn stacked_headers_become_one_row() {
        check(
            "<otsl><ched>G<lcel><nl><ched>a<ched>b<nl><fcel>1<fcel>x|y<nl></otsl>",
            "|   G - a | G - b    |\n|---------|----------|\n|       1 | x&#124;y |\n",
        );
    }

    #[test]
    fn lists_nest_by_four_spaces() {
        check(
            "<ordered_list><list_item>A<unordered_list><list_item>B</list_item></unordered_list></list_item><list_item>C</list_item></ordered_list>",
            "1. A\n    - B\n2. C\n",
        );
    }

    #[test]
    fn numbers_are_told_from_words() {
        for number in ["1", "-0.25", "1,274", "224,141,304", "inf", "1e5", "007"] {
            assert!(is_number(number), "{number}");
        }
        for word in ["$1,000", "5%", "12,34", "", "a", "1.2.3", "e5"] {
            assert!(!is_number(word), "{word}");
        }
    }
}
