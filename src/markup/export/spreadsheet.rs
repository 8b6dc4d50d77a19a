//! What a cell is to a spreadsheet: a number where that loses nothing of what the page says, else
//! the very text. Used by XLSX, and by the HTML that is put on the clipboard.
//!
//! Left to itself a spreadsheet guesses by its own language: `007` becomes 7, `1,234` becomes 1.234
//! in half of the world, `3-4` becomes a date. So every cell is told what it is.

use crate::markup::export::html::table_with;
use crate::markup::table::TableGrid;

/// A double holds 15 decimal digits exactly; longer numbers stay texts.
const MAX_DIGITS: usize = 15;

/// A number, and the format under which a spreadsheet shows what the page shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// In the language of spreadsheets: `#,##0.00`, `0.0%`, `$#,##0`, `#,##0.00 €`.
    pub(crate) format: String,
}

impl Number {
    /// Digits behind the decimal mark, as written.
    pub(crate) fn num_decimals(&self) -> usize {
        self.format.rsplit_once('.').map_or(0, |(_, decimals)| decimals.matches('0').count())
    }

    /// It was written with a percent sign.
    pub(crate) fn is_percentage(&self) -> bool {
        self.format.ends_with('%')
    }
}

/// How a table writes its numbers, as far as its cells leave no doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberStyle {
    decimal_mark: Option<char>,
}

impl NumberStyle {
    /// Reads the decimal mark off the cells that can be read in one way only (`12.5`, `1.234,50`).
    /// When they contradict each other none is known.
    pub(crate) fn of(grid: &TableGrid) -> Self {
        let mut marks = grid.cells.iter().filter_map(|cell| Written::of(&cell.text)?.certain_mark());
        let first = marks.next();
        Self { decimal_mark: first.filter(|first| marks.all(|mark| mark == *first)) }
    }

    /// The number that a cell's text is; `None` when a number would lose or change something:
    /// leading zeros, a plus sign, a unit, too many digits, a separator that can be read in two ways.
    pub(crate) fn number(self, text: &str) -> Option<Number> {
        let written = Written::of(text)?;
        let (whole, fraction, is_grouped) = match written.separators.as_slice() {
            [] => (written.digits.concat(), String::new(), false),
            separators => {
                let mark = self.decimal_mark?;
                let (last, groups) = separators.split_last()?;
                let (groups, fraction) = if *last == mark {
                    (groups, written.digits.last()?.clone())
                } else {
                    (separators, String::new())
                };
                let whole = written.digits.get(..=groups.len())?;
                let is_grouped = !groups.is_empty();
                let is_regular = groups.iter().all(|separator| *separator != mark && *separator == groups[0])
                    && (!is_grouped || are_groups(whole));
                (is_regular.then(|| whole.concat())?, fraction, is_grouped)
            }
        };
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        let is_zero_below = written.is_negative && whole.chars().chain(fraction.chars()).all(|c| c == '0');
        if has_leading_zero || is_zero_below || whole.len() + fraction.len() > MAX_DIGITS {
            return None;
        }
        let sign = if written.is_negative { "-" } else { "" };
        let exponent = if written.is_percent { "e-2" } else { "" };
        let value = format!("{sign}{whole}.{fraction}0{exponent}").parse().ok()?;
        let mut format = if is_grouped { "#,##0".to_owned() } else { "0".to_owned() };
        if !fraction.is_empty() {
            format = format!("{format}.{}", "0".repeat(fraction.len()));
        }
        if written.is_percent {
            format.push('%');
        }
        // Spreadsheets show signs of currencies, and spaces, without being told to.
        format = format!("{}{format}{}", written.before, written.after);
        Some(Number { value, format })
    }
}

/// A text that is nothing but digits, separators, a minus sign, and a percent sign or that of a currency.
#[derive(Debug)]
struct Written {
    is_negative: bool,
    /// At least one, none empty.
    digits: Vec<String>,
    /// Between the digits: one less.
    separators: Vec<char>,
    is_percent: bool,
    /// The sign of a currency before or after the number, with the space between.
    before: String,
    after: String,
}

const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

impl Written {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let unsigned = text.strip_prefix(['-', '\u{2212}']);
        let (is_negative, rest) = unsigned.map_or((false, text), |rest| (true, rest));
        let (is_percent, rest) = rest
            .strip_suffix('%')
            .map_or((false, rest), |rest| (true, rest.trim_end_matches([' ', '\u{a0}'])));
        let after_sign = rest.strip_prefix(CURRENCIES).map(|rest| rest.trim_start_matches([' ', '\u{a0}']));
        let before_sign = rest.strip_suffix(CURRENCIES).map(|rest| rest.trim_end_matches([' ', '\u{a0}']));
        let (before, rest, after) = match (after_sign, before_sign) {
            (Some(number), _) => (&rest[..rest.len() - number.len()], number, ""),
            (None, Some(number)) => ("", number, &rest[number.len()..]),
            (None, None) => ("", rest, ""),
        };
        let is_separator = |c: char| matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}' | '\u{2009}');
        let digits: Vec<String> = rest.split(is_separator).map(str::to_owned).collect();
        let is_number =
            digits.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        let separators = rest.chars().filter(|c| is_separator(*c)).collect();
        let is_one_kind = !(is_percent && before.len() + after.len() > 0);
        (is_number && is_one_kind).then(|| Self {
            is_negative,
            digits,
            separators,
            is_percent,
            before: before.replace('\u{a0}', " "),
            after: after.replace('\u{a0}', " "),
        })
    }

    /// The decimal mark, when the text can be read in one way only.
    fn certain_mark(&self) -> Option<char> {
        let (last, before) = self.separators.split_last()?;
        if !matches!(last, '.' | ',') {
            return None;
        }
        let other = if *last == '.' { ',' } else { '.' };
        let is_fraction = match before {
            // One separator: three digits behind it and up to three before it may be a group.
            [] => !are_groups(&self.digits) || self.digits.first()? == "0",
            [first, ..] if first == last => {
                // 1,234,567
                return (before.iter().all(|mark| mark == last) && are_groups(&self.digits)).then_some(other);
            }
            _ => true, // 1,234.5
        };
        is_fraction.then_some(*last)
    }
}

/// One to three digits, then three each.
fn are_groups(digits: &[String]) -> bool {
    let (Some(first), rest) = (digits.first(), digits.get(1..).unwrap_or_default()) else { return false };
    first.len() <= 3 && rest.iter().all(|group| group.len() == 3)
}

/// One table as a page of HTML for the clipboard: spans and headers, numbers with their value and
/// format, what could be mistaken for a number marked as text, in the words of `LibreOffice` (`sdval`,
/// `sdnum`) and of Excel (`x:num`, `mso-number-format`). Empty if the table has no rows.
pub fn clipboard_html(grid: &TableGrid) -> String {
    let style = NumberStyle::of(grid);
    let table = table_with(grid, |cell| match style.number(&cell.text) {
        Some(Number { value, format }) => {
            let mso_format = format.replace('#', "\\#").replace(',', "\\,").replace('.', "\\.");
            // 1033: the format is in the terms of US English, whatever the spreadsheet speaks.
            format!(
                " sdval=\"{value}\" sdnum=\"1033;0;{format}\" x:num=\"{value}\" \
                 style=\"mso-number-format:'{mso_format}'\""
            )
        }
        None if could_be_mistaken(&cell.text) => {
            " sdnum=\"1033;0;@\" style=\"mso-number-format:'\\@'\"".to_owned()
        }
        None => String::new(),
    });
    if table.is_empty() {
        return table;
    }
    format!(
        "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><head><meta charset=\"utf-8\"></head>\
         <body>{table}</body></html>"
    )
}

/// A spreadsheet that guesses could take the text for a number, a date, a truth value or a formula.
fn could_be_mistaken(text: &str) -> bool {
    let text = text.trim();
    text.contains(|c: char| c.is_ascii_digit())
        || text.starts_with(['=', '+', '-', '@'])
        || ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{NodeKind, parse};

    fn grid(cells: &[&str]) -> TableGrid {
        let cells: String = cells.iter().flat_map(|cell| ["<fcel>", cell]).collect();
        let tree = parse(&format!("<otsl>{cells}<nl></otsl>"));
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        grid.clone()
    }

    /// What `text` is in a table that also has `others`.
    fn check(text: &str, others: &[&str], expected: Option<(f64, &str)>) {
        let mut cells = vec![text];
        cells.extend(others);
        let number = NumberStyle::of(&grid(&cells)).number(text);
        let expected = expected.map(|(value, format)| Number { value, format: format.to_owned() });
        assert_eq!(number, expected, "{text} beside {others:?}");
    }

    #[test]
    fn numbers_are_numbers_where_nothing_is_lost() {
        check("42", &[], Some((42.0, "0")));
        check("$62,567,000", &[], Some((62_567_000.0, "$#,##0")));
        check("-$0.50", &[], Some((-0.5, "$0.00")));
        check("1.234,50\u{a0}€", &[], Some((1234.5, "#,##0.00 €")));
        check("£ 12", &[], Some((12.0, "£ 0")));
        check("$5$", &[], None);
        check("5 €%", &[], None);
        check("$", &[], None);
        check(" 0 ", &[], Some((0.0, "0")));
        check("12.50", &[], Some((12.5, "0.00")));
        check("−3.5", &[], Some((-3.5, "0.0")));
        check("1,234.5", &[], Some((1234.5, "#,##0.0")));
        check("1,234,567", &[], Some((1_234_567.0, "#,##0")));
        check("12.5 %", &[], Some((0.125, "0.0%")));
        check("7%", &[], Some((0.07, "0%")));
        check("1.234,50", &[], Some((1234.5, "#,##0.00")));
    }

    #[test]
    fn what_a_number_would_change_stays_text() {
        for text in
            ["", "007", "+5", "-0", "12 kg", "3-4", "1e5", "12345678901234567", "1.2.3", "(5)", ".5", "5."]
        {
            check(text, &[], None);
        }
        check("1,23,456", &[], None);
        check("1.234.5", &["0.5"], None);
        check("01,234", &["0.5"], None);
    }

    #[test]
    fn a_lone_separator_before_three_digits_is_read_by_its_neighbours() {
        check("1,234", &[], None);
        check("1,234", &["12.5"], Some((1234.0, "#,##0")));
        check("1,234", &["12,5"], Some((1.234, "0.000")));
        check("1.234", &["1,234,567"], Some((1.234, "0.000")));
        check("1.234", &["12,5"], Some((1234.0, "#,##0")));
        check("1,234", &["12.5", "12,5"], None);
        check("0,125", &[], Some((0.125, "0.000")));
    }

    #[test]
    fn the_clipboard_tells_spreadsheets_what_each_cell_is() {
        let html = clipboard_html(&grid(&["1,234.5", "007", "a & b"]));
        let expected = "<td sdval=\"1234.5\" sdnum=\"1033;0;#,##0.0\" x:num=\"1234.5\" \
                        style=\"mso-number-format:'\\#\\,\\#\\#0\\.0'\">1,234.5</td>\
                        <td sdnum=\"1033;0;@\" style=\"mso-number-format:'\\@'\">007</td><td>a &amp; b</td>";
        assert!(html.contains(expected), "{html}");
        assert_eq!(clipboard_html(&TableGrid::default()), "");
    }
}
