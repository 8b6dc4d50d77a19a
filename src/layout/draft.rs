//! A table under construction: words in cells of a grid, however the grid was found.

use crate::layout::element::{Element, Header, Kind, Slot, Table};
use crate::layout::line::{Line, Word, is_leader_dot};
use crate::layout::points::PtBox;
use crate::layout::prose::{self, Vocabulary};

/// Rows and columns, with the words of each cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) num_rows: usize,
    pub(super) num_cols: usize,
    /// Row by row, each slot in at most one cell.
    pub(super) cells: Vec<DraftCell>,
    /// Rows at the top that head the columns, where rules or fills say so.
    pub(super) num_header_rows: Option<usize>,
    pub(super) bbox: Option<PtBox>,
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub(super) struct DraftCell {
    pub(super) row: usize,
    pub(super) col: usize,
    pub(super) row_span: usize,
    pub(super) col_span: usize,
    /// Lines from top to bottom.
    pub(super) lines: Vec<Line>,
}

impl DraftCell {
    pub(super) fn at(row: usize, col: usize) -> Self {
        Self { row, col, row_span: 1, col_span: 1, lines: Vec::new() }
    }

    /// Adds words that stand on one baseline; lines keep their order.
    pub(super) fn add(&mut self, words: Vec<Word>, baseline: f64, is_rtl: bool) {
        if words.is_empty() {
            return;
        }
        let line = Line::new(words, baseline, is_rtl);
        match self.lines.iter_mut().find(|other| (other.baseline - baseline).abs() < 0.35 * line.size) {
            Some(other) => other.join(line),
            None => self.lines.push(line),
        }
    }

    /// Without the dots that lead from it to the next column.
    fn text(&self, vocabulary: &Vocabulary) -> String {
        let mut text = prose::join(self.lines.iter(), vocabulary);
        text.truncate(without_leader(&text).len());
        text
    }

    fn is_bold(&self) -> bool {
        self.lines.iter().all(Line::is_bold)
    }
}

/// Header rows are few: more are data in bold.
const MAX_HEADER_ROWS: usize = 4;

/// Bounds for hostile pages.
pub(super) const MAX_SLOTS: usize = 20_000;

/// Dots at a cell's end that are a leader even where the first one stands at the word.
const MIN_LEADER_DOTS: usize = 4;

/// A cell's text without the leader at its end. A cell that is nothing but dots says "not known" and stays.
fn without_leader(text: &str) -> &str {
    let is_part = |character: char| is_leader_dot(character) || character.is_whitespace();
    let label = text.trim_end_matches(is_part);
    let num_dots = text[label.len()..].chars().filter(|&character| is_leader_dot(character)).count();
    if label.is_empty() {
        return text;
    }
    if num_dots >= MIN_LEADER_DOTS {
        return label;
    }
    // A short one stands apart from the word, which may end in a full stop of its own.
    let mut rest = text;
    while let Some(shorter) = rest.strip_suffix(is_leader_dot)
        && shorter.ends_with(char::is_whitespace)
    {
        rest = shorter.trim_end();
    }
    rest
}

impl Draft {
    /// How many cells have text.
    pub(super) fn num_filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.lines.is_empty()).count()
    }

    /// The table as an element.
    pub(super) fn element(mut self, vocabulary: &Vocabulary) -> Element {
        let mut bbox = self.bbox.unwrap_or(PtBox::EMPTY);
        for line in self.cells.iter().flat_map(|cell| &cell.lines) {
            bbox = bbox.union(&line.ink);
        }
        for cell in &mut self.cells {
            cell.lines.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
        }
        let num_header_rows = self.header_rows();
        let has_row_headers = self.has_row_headers(num_header_rows);
        let empty = || Slot::Cell { text: String::new(), header: Header::None };
        let mut rows: Vec<Vec<Slot>> =
            (0..self.num_rows).map(|_| (0..self.num_cols).map(|_| empty()).collect()).collect();
        for cell in &self.cells {
            let text = cell.text(vocabulary);
            let header = if cell.row < num_header_rows {
                Header::Column
            } else if cell.col_span == self.num_cols && self.num_cols > 1 && !text.is_empty() {
                Header::Section
            } else if cell.col == 0 && has_row_headers {
                Header::Row
            } else {
                Header::None
            };
            for row in cell.row..cell.row + cell.row_span {
                for col in cell.col..cell.col + cell.col_span {
                    let slot = match (row > cell.row, col > cell.col) {
                        (false, false) => Slot::Cell { text: text.clone(), header },
                        (false, true) => Slot::Left,
                        (true, false) => Slot::Up,
                        (true, true) => Slot::Inside,
                    };
                    if let Some(place) = rows.get_mut(row).and_then(|row| row.get_mut(col)) {
                        *place = slot;
                    }
                }
            }
        }
        Element { kind: Kind::Table(Table { rows, caption: None, is_index: false }), bbox }
    }

    fn filled_in_row(&self, row: usize) -> impl Iterator<Item = &DraftCell> {
        self.cells.iter().filter(move |cell| cell.row == row && !cell.lines.is_empty())
    }

    /// How many rows head the columns.
    fn header_rows(&self) -> usize {
        if self.num_rows < 2 {
            return 0;
        }
        let is_bold = |row: usize| {
            self.filled_in_row(row).count() > 0 && self.filled_in_row(row).all(DraftCell::is_bold)
        };
        let num_bold = (0..self.num_rows).take_while(|&row| is_bold(row)).count();
        let by_look = if num_bold < self.num_rows && num_bold <= MAX_HEADER_ROWS { num_bold } else { 0 };
        let mut num_rows = self.num_header_rows.filter(|&rows| rows < self.num_rows).unwrap_or(by_look);
        if num_rows == 0 && self.is_words_over_numbers() {
            num_rows = 1;
        }
        if num_rows == 0 {
            return 0;
        }
        // A header cell that reaches down takes its rows along; one over several columns has the
        // names of those columns below it.
        loop {
            let reach = self
                .cells
                .iter()
                .filter(|cell| cell.row < num_rows)
                .map(|cell| cell.row + cell.row_span)
                .max()
                .unwrap_or(num_rows);
            if reach <= num_rows || reach >= self.num_rows || reach > MAX_HEADER_ROWS {
                return num_rows;
            }
            num_rows = reach;
        }
    }

    /// The first row has no numbers and most columns below it are numbers.
    fn is_words_over_numbers(&self) -> bool {
        let is_number = |cell: &DraftCell| {
            let text: String = cell.lines.iter().map(Line::text).collect();
            text.chars().any(|character| character.is_ascii_digit())
                && text.chars().filter(|character| character.is_alphabetic()).count() <= 2
        };
        let first: Vec<&DraftCell> = self.filled_in_row(0).collect();
        if first.len() < 2 || first.iter().any(|cell| is_number(cell)) {
            return false;
        }
        let below =
            || self.cells.iter().filter(|cell| cell.row > 0 && cell.col > 0 && !cell.lines.is_empty());
        below().count() > 0 && below().filter(|cell| is_number(cell)).count() * 2 > below().count()
    }

    /// The first column is bold below the header and the others are not.
    fn has_row_headers(&self, num_header_rows: usize) -> bool {
        let below = |is_first: bool| {
            self.cells.iter().filter(move |cell| {
                cell.row >= num_header_rows && (cell.col == 0) == is_first && !cell.lines.is_empty()
            })
        };
        below(true).count() > 0
            && below(true).all(DraftCell::is_bold)
            && below(false).any(|cell| !cell.is_bold())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_are_left_out_and_full_stops_are_not() {
        for (text, label) in [
            ("Total. . . . . . .", "Total"),
            ("Fraud . . . .", "Fraud"),
            ("possessing, etc. . .", "possessing, etc."),
            ("and so on.", "and so on."),
            ("to be continued...", "to be continued..."),
            (". . . . .", ". . . . ."),
            ("1.0", "1.0"),
        ] {
            assert_eq!(without_leader(text), label);
        }
    }
}
