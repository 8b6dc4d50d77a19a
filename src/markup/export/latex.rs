//! One table as a LaTeX `tabular`, for those who paste tables into papers. Needs `multirow` only
//! where cells span rows.

use crate::markup::export::table::{num_header_rows, rows_of};
use crate::markup::table::{Cell, TableGrid};

/// The table as a `tabular` environment; cell texts are escaped, formulas between dollars too.
pub fn latex_of_table(grid: &TableGrid) -> String {
    let rows = rows_of(grid);
    let num_headers = num_header_rows(&rows);
    let mut text = format!("\\begin{{tabular}}{{{}}}\n\\hline\n", "l".repeat(grid.num_cols));
    for (row, slots) in rows.iter().enumerate() {
        let mut cells = Vec::new();
        let mut col = 0;
        while let Some(slot) = slots.get(col) {
            let (written, width) = slot.map_or((String::new(), 1), |cell| written_cell(cell, row, col));
            cells.push(written);
            col += width.max(1);
        }
        text.push_str(&cells.join(" & "));
        text.push_str(" \\\\\n");
        if row + 1 == num_headers {
            text.push_str("\\hline\n");
        }
    }
    text.push_str("\\hline\n\\end{tabular}\n");
    text
}

/// What stands in a slot, and how many columns it takes.
fn written_cell(cell: &Cell, row: usize, col: usize) -> (String, usize) {
    if cell.col != col {
        return (String::new(), 1);
    }
    let mut text = if cell.row == row { escaped(&cell.text) } else { String::new() };
    if cell.row == row && cell.row_span > 1 {
        text = format!("\\multirow{{{}}}{{*}}{{{text}}}", cell.row_span);
    }
    if cell.col_span > 1 {
        text = format!("\\multicolumn{{{}}}{{l}}{{{text}}}", cell.col_span);
    }
    (text, cell.col_span)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '\n' => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;
    use crate::markup::tree::NodeKind;

    #[test]
    fn spans_and_special_characters() {
        let tree = parse("<otsl><ched>a_b<lcel><nl><fcel>tall<fcel>5 %<nl><ucel><fcel>x<nl></otsl>");
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        let expected = "\\begin{tabular}{ll}\n\\hline\n\\multicolumn{2}{l}{a\\_b} \\\\\n\\hline\n\
                        \\multirow{2}{*}{tall} & 5 \\% \\\\\n & x \\\\\n\\hline\n\\end{tabular}\n";
        assert_eq!(latex_of_table(grid), expected);
    }
}
