//! Checks of a table by itself: columns of numbers with something else in them, totals that are not
//! the sum. They are hints; nothing is changed by them.

use super::Doubt;
use crate::markup::export::spreadsheet::{Number, NumberStyle};
use crate::markup::{Cell, CellHeader, TableGrid};

/// A column of fewer cells than this says nothing about what its cells should be.
const LEAST_CELLS: usize = 4;
/// This part of a column's cells are numbers in a column of numbers.
const NUMERIC_PART: f32 = 0.75;
/// What total rows begin with, in lower case.
const TOTAL_WORDS: &[&str] = &["total", "sum", "summe", "gesamt", "totaal", "totale", "somme", "suma"];

/// What does not fit in the table.
pub(super) fn doubts(grid: &TableGrid) -> Vec<Doubt> {
    let style = NumberStyle::of(grid);
    let mut doubts: Vec<Doubt> = (0..grid.num_cols).flat_map(|col| odd_cells(grid, style, col)).collect();
    doubts.extend(wrong_sums(grid, style));
    doubts
}

/// The plain cells of a column that say something and stand in it alone.
fn column(grid: &TableGrid, col: usize) -> impl Iterator<Item = &Cell> {
    let is_plain = move |cell: &&Cell| {
        cell.col == col
            && cell.col_span == 1
            && cell.header == CellHeader::None
            && !cell.text.trim().is_empty()
    };
    grid.cells.iter().filter(is_plain)
}

/// Cells of a column of numbers that were meant for one and are none: they have a digit, or nothing
/// but letters that are mistaken for digits.
fn odd_cells(grid: &TableGrid, style: NumberStyle, col: usize) -> Vec<Doubt> {
    let cells: Vec<&Cell> = column(grid, col).collect();
    let is_number = |cell: &&Cell| style.number(&cell.text).is_some();
    let num_numbers = cells.iter().filter(|cell| is_number(cell)).count();
    if cells.len() < LEAST_CELLS || (num_numbers as f32) < NUMERIC_PART * cells.len() as f32 {
        return Vec::new();
    }
    let odd = cells.into_iter().filter(|cell| !is_number(cell) && is_misread_number(&cell.text));
    odd.map(|cell| Doubt::NoNumber { column: col + 1, text: cell.text.trim().to_owned() }).collect()
}

fn is_misread_number(text: &str) -> bool {
    let is_like_digit =
        |c: char| matches!(c, 'O' | 'o' | 'l' | 'I' | '|' | 'S' | 'B' | 'Z' | '.' | ',' | '-');
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    let is_spelled = text.chars().any(char::is_alphabetic) && text.trim().chars().all(is_like_digit);
    has_digit || is_spelled
}

/// Totals of the last row that are not the sum of what stands above them. As a total can also be a
/// mean or of something else, a column is doubted only where another one adds up, or it is the only
/// column of numbers; tables with subtotals and columns of percentages are left alone.
fn wrong_sums(grid: &TableGrid, style: NumberStyle) -> Vec<Doubt> {
    let Some(last) = grid.num_rows.checked_sub(1) else { return Vec::new() };
    let total_rows: Vec<usize> = (0..grid.num_rows).filter(|row| is_total(grid, *row)).collect();
    if total_rows != [last] {
        return Vec::new();
    }
    let sums: Vec<(usize, Sum)> =
        (0..grid.num_cols).filter_map(|col| Some((col, sum_of(grid, style, col, last)?))).collect();
    let adds_up = |(_, sum): &&(usize, Sum)| sum.is_right();
    if sums.len() > 1 && !sums.iter().any(|sum| adds_up(&sum)) {
        return Vec::new();
    }
    let wrong = sums.iter().filter(|sum| !adds_up(sum));
    wrong
        .map(|(col, sum)| Doubt::Sum {
            column: col + 1,
            sum: format!("{:.*}", sum.num_decimals, sum.value),
            total: sum.total_text.clone(),
        })
        .collect()
}

fn is_total(grid: &TableGrid, row: usize) -> bool {
    let label = grid.cells.iter().find(|cell| cell.row == row && !cell.text.trim().is_empty());
    label.is_some_and(|cell| {
        let words = cell.text.trim().to_lowercase();
        let begins = |word: &&str| {
            let rest = words.strip_prefix(*word);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
        };
        cell.header != CellHeader::Column && TOTAL_WORDS.iter().any(begins)
    })
}

/// A column's sum beside its total.
struct Sum {
    value: f64,
    total: f64,
    total_text: String,
    num_decimals: usize,
    num_addends: usize,
}

impl Sum {
    /// Each number may have been rounded by half a unit of its last place.
    fn is_right(&self) -> bool {
        let decimals = i32::try_from(self.num_decimals).unwrap_or(i32::MAX);
        let half_unit = 0.5 * 10f64.powi(-decimals);
        (self.value - self.total).abs() <= half_unit * (self.num_addends as f64 + 1.0)
    }
}

/// `None` when the column's total is no number, or something above it that is not blank is none.
fn sum_of(grid: &TableGrid, style: NumberStyle, col: usize, last: usize) -> Option<Sum> {
    let total_cell = column(grid, col).find(|cell| cell.row == last)?;
    let total = style.number(&total_cell.text).filter(|number| !number.is_percentage())?;
    let addends: Option<Vec<Number>> =
        column(grid, col).filter(|cell| cell.row < last).map(|cell| style.number(&cell.text)).collect();
    let addends = addends.filter(|addends| addends.len() >= 2)?;
    let num_decimals = addends.iter().map(Number::num_decimals).chain([total.num_decimals()]).max()?;
    let value = addends.iter().map(|number| number.value).sum();
    Some(Sum {
        value,
        total: total.value,
        total_text: total_cell.text.trim().to_owned(),
        num_decimals,
        num_addends: addends.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{NodeKind, parse};

    fn check(rows: &[&[&str]], expected: &[&str]) {
        let row = |(index, cells): (usize, &&[&str])| {
            let tag = if index == 0 { "<ched>" } else { "<fcel>" };
            cells.iter().flat_map(|cell| [tag, cell]).chain(["<nl>"]).collect::<String>()
        };
        let rows: String = rows.iter().enumerate().map(row).collect();
        let tree = parse(&format!("<otsl>{rows}</otsl>"));
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        let words: Vec<String> = doubts(grid).iter().map(Doubt::words).collect();
        assert_eq!(words, expected, "{rows}");
    }

    #[test]
    fn letters_among_numbers_are_found_and_words_are_left_alone() {
        let with = |odd: &str, expected: &[&str]| {
            let rows: [&[&str]; 5] = [&["a"], &["1.5"], &["22.0"], &[odd], &["4.1"]];
            check(&rows, expected);
        };
        with("l2.S", &["Column 1: “l2.S” is no number"]);
        with("O", &["Column 1: “O” is no number"]);
        with("any", &[]);
        with("–", &[]);
        with("3.3", &[]);
        check(&[&["a"], &["1"], &["x2"], &["y3"], &["z4"]], &[]);
    }

    #[test]
    fn a_total_that_is_not_the_sum_is_found_where_another_one_is() {
        let rows = |second: &'static str| {
            [vec!["", "a", "b"], vec!["x", "1.5", "10"], vec!["y", "2.5", "20"], vec!["Total", "4.0", second]]
        };
        let checked = |second, expected: &[&str]| {
            let rows = rows(second);
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            check(&rows, expected);
        };
        checked("30", &[]);
        checked("38", &["Column 3 adds up to 30, its total is 38"]);
    }

    #[test]
    fn what_need_not_add_up_is_not_doubted() {
        check(&[&["", "a"], &["x", "1"], &["y", "2"], &["Mean", "1.5"]], &[]);
        check(&[&["", "a", "b"], &["x", "1", "5"], &["y", "2", "7"], &["Total", "9", "6"]], &[]);
        check(&[&["", "a"], &["x", "50%"], &["y", "60%"], &["Total", "55%"]], &[]);
        check(&[&["", "a"], &["x", "1"], &["Total", "1"], &["y", "2"], &["Total", "9"]], &[]);
        check(&[&["", "a"], &["Totally", "1"], &["y", "2"], &["Totals of b", "9"]], &[]);
        // Rounded addends.
        check(&[&["", "a"], &["x", "0.3"], &["y", "0.3"], &["z", "0.3"], &["Total", "1.0"]], &[]);
    }
}
