//! Where the cells of a table stand on the page, and what the page's own text has there.
//!
//! A recognizer says which cells there are, not where. Words that the table and the page share, in their
//! order, say where its columns lie; then words of each column say where its rows lie. A cut between two
//! columns or rows is put where it parts the shared words best, so that a few words that were paired
//! wrongly do not move it. In the end every word of the page in the table's box belongs to the cell whose
//! slot it stands in.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::doubt::CellDifference;
use super::layer_text::{PlacedWord, folded, join_parted, placed_words};
use super::numbers;
use crate::document::text_layer::TextLayer;
use crate::geometry::BBox;
use crate::layout::is_leader_dot;
use crate::markup::{Cell, Node, NodeKind, TableGrid};

/// Tables with more words than this, here or there, are not compared cell by cell.
const MAX_WORDS: usize = 6_000;

/// Tables with more slots than this are not compared cell by cell: a page has no room for their words.
const MAX_SLOTS: usize = 20_000;

/// A cell as the page's own text has it.
#[derive(Clone, Debug, PartialEq)]
pub struct CellOnPage {
    /// Around its ink, in page space.
    pub bbox: BBox,
    /// What it says there, as it is printed.
    pub text: String,
    /// It was read as that, but for blanks and the shapes of quotes and dashes.
    pub is_as_read: bool,
}

/// The cells of a table in a box on the page, in the order of `grid.cells`; `None` for those where the page's
/// own text has nothing. Empty when the table cannot be found there.
pub(super) fn find_cells(grid: &TableGrid, bbox: &BBox, layer: &TextLayer) -> Vec<Option<CellOnPage>> {
    let words = without_leaders(&placed_words(layer, bbox));
    let cells: Vec<&Cell> = grid.cells.iter().collect();
    let read = words_of(&cells);
    let is_too_large =
        read.len().max(words.len()) > MAX_WORDS || grid.num_rows.saturating_mul(grid.num_cols) > MAX_SLOTS;
    if read.is_empty() || is_too_large {
        return Vec::new();
    }
    let lines = line_extents(&words);
    let line_of = |word: &PlacedWord| lines.get(word.line).copied().unwrap_or_default();
    let all: Vec<&PlacedWord> = words.iter().collect();
    let pairs = shared(&read, &all);
    let of_one_column = pairs.iter().filter(|(cell, _)| cell.col_span == 1);
    let column_cuts = cuts(
        grid.num_cols,
        &of_one_column
            .map(|(cell, word)| Placed { index: cell.col, start: word.bbox.left, end: word.bbox.right })
            .collect::<Vec<_>>(),
    );
    let placed_in_row = |(cell, word): &(&Cell, &PlacedWord)| {
        let (start, end) = line_of(word);
        (cell.row_span == 1).then_some(Placed { index: cell.row, start, end })
    };
    // Of cells over several columns only the order of the whole table tells the row.
    let spanning = pairs.iter().filter(|(cell, _)| cell.col_span > 1);
    let mut rows: Vec<Placed> = spanning.filter_map(placed_in_row).collect();
    let columns: Vec<usize> = words.iter().map(|word| slot(&column_cuts, word.bbox.center().0)).collect();
    let mut by_column: Vec<(Vec<&Cell>, Vec<&PlacedWord>)> = vec![Default::default(); grid.num_cols];
    for cell in cells.iter().filter(|cell| cell.col_span == 1) {
        by_column.get_mut(cell.col).into_iter().for_each(|(cells, _)| cells.push(cell));
    }
    for (word, column) in words.iter().zip(&columns) {
        by_column.get_mut(*column).into_iter().for_each(|(_, words)| words.push(word));
    }
    for (of_column, there) in &by_column {
        let pairs = shared(&words_of(of_column), there);
        rows.extend(pairs.iter().filter_map(placed_in_row));
    }
    let row_cuts = cuts(grid.num_rows, &rows);
    let slots = grid.slots();
    let mut found: Vec<Vec<&PlacedWord>> = vec![Vec::new(); cells.len()];
    for (word, column) in words.iter().zip(&columns) {
        let (top, bottom) = line_of(word);
        let row = slot(&row_cuts, f64::midpoint(top, bottom));
        let cell = slots.get(row).and_then(|row| row.get(*column)).copied().flatten();
        if let Some(words) = cell.and_then(|cell| found.get_mut(cell)) {
            words.push(word);
        }
    }
    let found: Vec<Option<CellOnPage>> =
        cells.iter().zip(&found).map(|(cell, words)| cell_on_page(cell, words)).collect();
    let num_as_read = found.iter().flatten().filter(|cell| cell.is_as_read).count();
    let num_filled = cells.iter().filter(|cell| !cell.text.is_empty()).count();
    // Where most cells are others, this is not the table, or not its grid.
    if 2 * num_as_read < num_filled { Vec::new() } else { found }
}

/// Dots in a row that lead from a label to its numbers and are no part of a cell.
const MIN_LEADER_DOTS: usize = 4;

/// The words without the dots that lead from one cell to the next. The first dot may stand at the word before.
fn without_leaders(words: &[PlacedWord]) -> Vec<PlacedWord> {
    let num_dots = |text: &str| text.chars().rev().take_while(|&c| is_leader_dot(c)).count();
    let is_leader = |word: &PlacedWord| word.printed.chars().all(is_leader_dot);
    let mut kept: Vec<PlacedWord> = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| a.line == b.line && is_leader(a) && is_leader(b)) {
        let before = kept.last_mut().filter(|word| run.first().is_some_and(|first| first.line == word.line));
        let in_run: usize = run.iter().map(|word| num_dots(&word.printed)).sum();
        let at_word = before.as_ref().map_or(0, |word| num_dots(&word.printed));
        let is_leader = run.first().is_some_and(is_leader) && in_run + at_word >= MIN_LEADER_DOTS;
        // Without a word before it, it says that something is not known.
        match before {
            Some(word) if is_leader => {
                word.printed.truncate(word.printed.trim_end_matches(is_leader_dot).len());
            }
            _ => kept.extend_from_slice(run),
        }
    }
    kept
}

fn cell_on_page(cell: &Cell, words: &[&PlacedWord]) -> Option<CellOnPage> {
    let bbox = words.iter().map(|word| word.bbox).reduce(|a, b| a.union(&b))?;
    let mut text: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let is_new_line = before.is_some_and(|before| before.line != word.line);
        let is_joined = is_new_line && text.last_mut().is_some_and(|end| join_parted(end, &word.printed));
        if !is_joined {
            text.push(word.printed.clone());
        }
    }
    // What is left of a leader where the word before nearly fills the column. Dots alone say that something is not known.
    while text.len() > 1 && text.last().is_some_and(|word| word.chars().all(is_leader_dot)) {
        text.pop();
    }
    let text = text.join(" ");
    let is_as_read = without_blanks(&text) == without_blanks(&cell.text);
    Some(CellOnPage { bbox, text, is_as_read })
}

/// The same places on the page beside what the cells of the table say now. `found` are those of a table with the
/// same cells.
pub fn cells_beside(found: &[Option<CellOnPage>], grid: &TableGrid) -> Vec<Option<CellOnPage>> {
    let beside = found.iter().zip(&grid.cells).map(|(found, cell)| {
        let found = found.as_ref()?;
        let is_as_read = without_blanks(&found.text) == without_blanks(&cell.text);
        Some(CellOnPage { is_as_read, ..found.clone() })
    });
    beside.collect()
}

/// What the page has where a cell was read otherwise; nothing where the cell has words and the page none.
pub fn difference<'f>(cell: &Cell, found: Option<&'f CellOnPage>) -> Option<&'f str> {
    match found {
        Some(found) if found.is_as_read => None,
        Some(found) => Some(&found.text),
        None if cell.text.is_empty() => None,
        None => Some(""),
    }
}

/// The cells that were read otherwise, those with other numbers first.
pub(super) fn differing(node: &Node, on_page: &[Option<CellOnPage>]) -> Vec<CellDifference> {
    let NodeKind::Table { grid, .. } = &node.kind else { return Vec::new() };
    let numbers_of = |text: &str| {
        let words: Vec<String> = folded(text).split_whitespace().map(str::to_owned).collect();
        numbers(&words).concat()
    };
    let differing = grid.cells.iter().zip(on_page).filter_map(|(cell, found)| {
        let text = difference(cell, found.as_ref())?;
        Some(CellDifference {
            row: cell.row + 1,
            column: cell.col + 1,
            read: cell.text.clone(),
            on_page: text.to_owned(),
            differs_in_numbers: numbers_of(&cell.text) != numbers_of(text),
        })
    });
    let mut differing: Vec<CellDifference> = differing.collect();
    differing.sort_by_key(|cell| !cell.differs_in_numbers);
    differing
}

fn without_blanks(text: &str) -> String {
    folded(text).split_whitespace().collect()
}

/// The folded words of cells, each with its cell, in the order of the cells.
fn words_of<'c>(cells: &[&'c Cell]) -> Vec<(&'c Cell, String)> {
    cells
        .iter()
        .flat_map(|cell| {
            let text = folded(&cell.text);
            text.split_whitespace().map(|word| (*cell, word.to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

/// Words that both have, in the same order.
fn shared<'c, 'w>(read: &[(&'c Cell, String)], there: &[&'w PlacedWord]) -> Vec<(&'c Cell, &'w PlacedWord)> {
    let words: Vec<&str> = read.iter().map(|(_, word)| word.as_str()).collect();
    let printed: Vec<String> = there.iter().map(|word| folded(&word.printed)).collect();
    let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &words, &printed) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            let of_table = read.iter().skip(old_index).map(|(cell, _)| *cell);
            let of_page = there.iter().skip(new_index).copied();
            pairs.extend(of_table.zip(of_page).take(len));
        }
    }
    pairs
}

/// Top and bottom of each line.
fn line_extents(words: &[PlacedWord]) -> Vec<(f64, f64)> {
    let num_lines = words.iter().map(|word| word.line + 1).max().unwrap_or_default();
    let mut lines = vec![(f64::INFINITY, f64::NEG_INFINITY); num_lines];
    for word in words {
        if let Some((top, bottom)) = lines.get_mut(word.line) {
            *top = top.min(word.bbox.top);
            *bottom = bottom.max(word.bbox.bottom);
        }
    }
    lines
}

/// A word that is known to stand in the row or column of this index.
#[derive(Clone, Copy)]
struct Placed {
    index: usize,
    start: f64,
    end: f64,
}

impl Placed {
    fn middle(&self) -> f64 {
        f64::midpoint(self.start, self.end)
    }
}

/// Of the words of the smaller of two neighbours, one in so many may have been paired wrongly.
const PAIRED_WRONGLY: usize = 8;

/// The places between `count` rows or columns: each in the widest gap of those where about the fewest words are on
/// the wrong side.
fn cuts(count: usize, words: &[Placed]) -> Vec<f64> {
    let mut words = words.to_vec();
    words.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    // How far what stands before or after a place reaches.
    let mut ends = vec![f64::NEG_INFINITY];
    ends.extend(words.iter().scan(f64::NEG_INFINITY, |end, word| {
        *end = end.max(word.end);
        Some(*end)
    }));
    let mut starts: Vec<f64> = words
        .iter()
        .rev()
        .scan(f64::INFINITY, |start, word| {
            *start = start.min(word.start);
            Some(*start)
        })
        .collect();
    starts.reverse();
    starts.push(f64::INFINITY);
    let cut_after = |index: usize| {
        let num_before = words.iter().filter(|word| word.index <= index).count();
        let of = |wanted: usize| words.iter().filter(|word| word.index == wanted).count();
        let tolerated = of(index).min(of(index + 1)) / PAIRED_WRONGLY;
        // At the first place, every word that belongs before the cut stands after it.
        let mut wrong = num_before;
        let mut places = Vec::with_capacity(ends.len());
        for (place, (end, start)) in ends.iter().zip(&starts).enumerate() {
            if let Some(passed) = place.checked_sub(1).and_then(|before| words.get(before)) {
                if passed.index <= index { wrong -= 1 } else { wrong += 1 }
            }
            let gap = if end.is_finite() && start.is_finite() { start - end } else { f64::NEG_INFINITY };
            places.push((wrong, gap, middle_of(*end, *start)));
        }
        let fewest = places.iter().map(|place| place.0).min().unwrap_or_default();
        let good = places.into_iter().filter(|place| place.0 <= fewest + tolerated);
        let best =
            good.reduce(|best, place| if (-place.1, place.0) < (-best.1, best.0) { place } else { best });
        best.map_or(0.0, |best| best.2)
    };
    (1..count).map(|next| cut_after(next - 1)).collect()
}

fn middle_of(end: f64, start: f64) -> f64 {
    if end.is_finite() && start.is_finite() {
        f64::midpoint(end, start)
    } else if end.is_finite() {
        f64::INFINITY
    } else {
        f64::NEG_INFINITY
    }
}

/// Which row or column a place lies in.
fn slot(cuts: &[f64], at: f64) -> usize {
    cuts.iter().filter(|cut| **cut < at).count()
}

#[cfg(test)]
mod tests {
    use super::super::tests::layer;
    use super::*;
    use crate::markup::{NodeKind, parse};

    /// The cells of the markup as the page has them, `-` for none, with a `!` where they were read otherwise.
    fn check(otsl: &str, lines: &[(f64, f64, &str)], expected: &[&str]) {
        let tree = parse(&format!("<otsl>{otsl}</otsl>"));
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        let found = find_cells(grid, &BBox::PAGE, &layer(lines));
        let words: Vec<String> = found
            .iter()
            .map(|cell| match cell {
                Some(cell) if cell.is_as_read => cell.text.clone(),
                Some(cell) => format!("{}!", cell.text),
                None => "-".to_owned(),
            })
            .collect();
        assert_eq!(words, expected, "{otsl}");
    }

    #[test]
    fn a_cell_that_was_read_otherwise_is_found_by_its_place() {
        let lines = [
            (100.0, 100.0, "Name"),
            (300.0, 100.0, "Price"),
            (100.0, 120.0, "Tea"),
            (310.0, 120.0, "12.50"),
            (100.0, 140.0, "Milk"),
            (310.0, 140.0, "2.00"),
        ];
        let otsl = "<ched>Name<ched>Price<nl><fcel>Tea<fcel>12.S0<nl><fcel>Milk<fcel>2.00<nl>";
        check(otsl, &lines, &["Name", "Price", "Tea", "12.50!", "Milk", "2.00"]);
        let missing = "<ched>Name<ched>Price<nl><fcel>Tea<ecel><nl><fcel>Milk<fcel>2.00<nl>";
        check(missing, &lines, &["Name", "Price", "Tea", "12.50!", "Milk", "2.00"]);
    }

    #[test]
    fn cells_of_several_lines_keep_their_words() {
        let lines = [
            (100.0, 100.0, "A long"),
            (300.0, 100.0, "Another"),
            (100.0, 112.0, "name of two"),
            (300.0, 112.0, "long name"),
            (100.0, 140.0, "x"),
            (300.0, 140.0, "y"),
        ];
        let otsl = "<fcel>A long name of two<fcel>Another long name<nl><fcel>x<fcel>y<nl>";
        check(otsl, &lines, &["A long name of two", "Another long name", "x", "y"]);
    }

    /// The first line of the header has the words of the second column in another order than its cells.
    #[test]
    fn leaders_are_no_text_and_a_header_over_two_lines_moves_no_column() {
        let mut lines = vec![
            (200.0, 88.0, "Under 18"),
            (262.0, 88.0, "18 years"),
            (210.0, 100.0, "years"),
            (262.0, 100.0, "and over"),
        ];
        let rows = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let (first, second): (Vec<String>, Vec<String>) =
            (10..19).map(|number| (format!("{number}.5"), format!("7{number}"))).unzip();
        let leaders = [". . . . . .", " . .", " ."];
        let labels: Vec<String> =
            rows.iter().zip(leaders.iter().cycle()).map(|(row, leader)| format!("{row}{leader}")).collect();
        let mut otsl = "<ecel><ched>Under 18 years<ched>18 years and over<nl>".to_owned();
        let mut expected = vec!["-", "Under 18 years", "18 years and over"];
        for (index, row) in rows.iter().enumerate() {
            let y = 120.0 + 12.0 * index as f64;
            lines.push((100.0, y, labels[index].as_str()));
            lines.push((215.0, y, first[index].as_str()));
            lines.push((285.0, y, second[index].as_str()));
            otsl = format!("{otsl}<fcel>{row}<fcel>{}<fcel>{}<nl>", first[index], second[index]);
            expected.extend([*row, first[index].as_str(), second[index].as_str()]);
        }
        check(&otsl, &lines, &expected);
    }

    #[test]
    fn spans_equal_values_and_empty_cells_do_not_confuse() {
        let lines = [
            (220.0, 100.0, "Both years"),
            (200.0, 120.0, "2023"),
            (300.0, 120.0, "2024"),
            (100.0, 140.0, "a"),
            (200.0, 140.0, "0"),
            (300.0, 140.0, "0"),
            (100.0, 160.0, "b"),
            (300.0, 160.0, "0"),
        ];
        let otsl = "<ecel><ched>Both years<lcel><nl><ecel><ched>2023<ched>2024<nl>\
                    <fcel>a<fcel>0<fcel>0<nl><fcel>b<ecel><fcel>0<nl>";
        check(otsl, &lines, &["-", "Both years", "-", "2023", "2024", "a", "0", "0", "b", "-", "0"]);
    }

    #[test]
    fn a_row_that_repeats_itself_is_left() {
        let lines = [(100.0, 100.0, "Tea"), (300.0, 100.0, "1"), (100.0, 120.0, "Milk"), (300.0, 120.0, "2")];
        let otsl = "<fcel>Tea<fcel>1<nl><fcel>Milk<fcel>2<nl><fcel>Milk<fcel>2<nl>";
        check(otsl, &lines, &["Tea", "1", "Milk", "2", "-", "-"]);
    }

    #[test]
    fn words_parted_at_the_end_of_a_line_are_joined() {
        let lines = [
            (100.0, 80.0, "Name of it"),
            (300.0, 80.0, "Term"),
            (100.0, 100.0, "Pay-"),
            (300.0, 100.0, "12 -"),
            (100.0, 112.0, "ment in"),
            (300.0, 112.0, "months"),
            (100.0, 124.0, "Anglo-"),
            (100.0, 136.0, "Saxony"),
        ];
        let otsl = "<ched>Name of it<ched>Term<nl><fcel>Payment in Anglo-Saxony<fcel>12 - months<nl>";
        check(otsl, &lines, &["Name of it", "Term", "Payment in Anglo-Saxony", "12 - months"]);
    }

    #[test]
    fn another_table_is_not_found() {
        check("<fcel>one<fcel>two<nl><fcel>three<fcel>four<nl>", &[(100.0, 100.0, "one word")], &[]);
        check("<fcel>one<nl>", &[], &[]);
        check("<ecel><nl>", &[(100.0, 100.0, "word")], &[]);
    }
}
