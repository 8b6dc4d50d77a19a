//! Scores as a Markdown table and as CSV.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cli::eval::ScoredPage;
use crate::evaluation::layout::LayoutClass;
use crate::evaluation::text::TextScore;
use crate::evaluation::{Ending, Summary};

/// A score of a summary, if it has it.
type Number = Box<dyn Fn(&Summary) -> Option<f64>>;

/// A row of the table.
struct Row {
    words: &'static str,
    show: fn(f64) -> String,
    number: Number,
}

fn row(
    words: &'static str,
    show: fn(f64) -> String,
    number: impl Fn(&Summary) -> Option<f64> + 'static,
) -> Row {
    Row { words, show, number: Box::new(number) }
}

fn count(number: f64) -> String {
    format!("{number:.0}")
}

fn score(number: f64) -> String {
    format!("{number:.3}")
}

fn percent(number: f64) -> String {
    format!("{:.2} %", 100.0 * number)
}

fn seconds(number: f64) -> String {
    format!("{number:.2} s")
}

/// The scores that the `SmolDocling` paper reports, and ours.
fn rows() -> Vec<Row> {
    let text = |number: fn(&TextScore) -> f64| move |summary: &Summary| summary.text.as_ref().map(number);
    let mut rows = vec![
        row("pages", count, |summary| Some(summary.num_pages as f64)),
        row("text: edit distance ↓", score, text(|text| text.edit_distance)),
        row("text: F1 ↑", score, text(|text| text.f1)),
        row("text: precision ↑", score, text(|text| text.precision)),
        row("text: recall ↑", score, text(|text| text.recall)),
        row("text: BLEU ↑", score, text(|text| text.bleu)),
        row("text: METEOR ↑", score, text(|text| text.meteor)),
        row("character error rate ↓", percent, |summary| summary.character_error_rate),
        row("layout: mAP ↑", score, |summary| summary.layout.map),
    ];
    for (at, class) in LayoutClass::ALL.into_iter().enumerate() {
        rows.push(row(class_words(class), score, move |summary| {
            summary.layout.class_map.get(at).copied().flatten()
        }));
    }
    rows.extend([
        row("layout: F1 at 0.5 ↑", score, |summary| summary.layout.f1_50),
        row("layout: F1 at 0.75 ↑", score, |summary| summary.layout.f1_75),
        row("boxes found, IoU > 0.5 ↑", percent, |summary| summary.boxes_found),
        row("tables", count, |summary| Some(summary.num_tables as f64)),
        row("tables: TEDS ↑", score, |summary| summary.teds),
        row("tables: TEDS of structure ↑", score, |summary| summary.teds_structure),
        row("tables: structure exact ↑", percent, |summary| summary.exact_tables),
        row("looped ↓", percent, |summary| Some(summary.looped)),
        row("cut short ↓", percent, |summary| Some(summary.truncated)),
        row("repaired ↓", percent, |summary| Some(summary.repaired)),
        row("time a page ↓", seconds, |summary| summary.secs_per_page),
    ]);
    rows
}

fn class_words(class: LayoutClass) -> &'static str {
    match class {
        LayoutClass::Text => "layout: mAP of text ↑",
        LayoutClass::SectionHeading => "layout: mAP of headings ↑",
        LayoutClass::ListItem => "layout: mAP of list items ↑",
        LayoutClass::Table => "layout: mAP of tables ↑",
        LayoutClass::Picture => "layout: mAP of pictures ↑",
        LayoutClass::Formula => "layout: mAP of formulas ↑",
    }
}

/// Writes one column for each category and one for all of them.
pub(super) fn write_table(
    reader: &str,
    pages: &[ScoredPage],
    num_failed: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "Doclens {}, read by {reader}\n", env!("CARGO_PKG_VERSION"))?;
    let categories: BTreeSet<&str> = pages.iter().map(|page| page.category.as_str()).collect();
    let mut columns: Vec<(&str, Summary)> = Vec::new();
    if categories.len() > 1 {
        columns.extend(categories.into_iter().map(|category| {
            let of_category = pages.iter().filter(|page| page.category == category);
            let words = if category.is_empty() { "(no folder)" } else { category };
            (words, Summary::of(of_category.map(|page| &page.reading)))
        }));
    }
    columns.push(("all", Summary::of(pages.iter().map(|page| &page.reading))));

    let rows = rows();
    let shown: Vec<(&str, Vec<String>)> = rows
        .iter()
        .map(|Row { words, show, number }| {
            let cells = columns.iter().map(|(_, summary)| number(summary).map_or("–".to_owned(), *show));
            (*words, cells.collect::<Vec<_>>())
        })
        .filter(|(_, cells)| cells.iter().any(|cell| cell != "–"))
        .collect();
    let first = shown.iter().map(|(words, _)| words.chars().count()).max().unwrap_or_default();
    let width = |at: usize, head: &str| {
        let cells = shown.iter().filter_map(|(_, cells)| cells.get(at)).map(|cell| cell.chars().count());
        cells.chain([head.chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(|(at, (head, _))| width(at, head)).collect();
    let heads: Vec<String> = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    write_row("", first, &heads, &widths, out)?;
    let rule: Vec<String> = widths.iter().map(|width| format!("{}:", "-".repeat(width - 1))).collect();
    write_row(&format!(":{}", "-".repeat(first.saturating_sub(1))), first, &rule, &widths, out)?;
    for (words, cells) in &shown {
        write_row(words, first, cells, &widths, out)?;
    }
    if num_failed > 0 {
        writeln!(out, "\n{num_failed} of the pages could not be read and are in no score.")?;
    }
    out.flush()
}

fn write_row(
    words: &str,
    first: usize,
    cells: &[String],
    widths: &[usize],
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "| {words:<first$} |")?;
    for (cell, width) in cells.iter().zip(widths) {
        write!(out, " {cell:>width$} |")?;
    }
    writeln!(out)
}

/// Writes a line for each page, so that the worst ones can be found.
pub(super) fn write_pages(pages: &[ScoredPage], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "category",
        "page",
        "characters",
        "character errors",
        "edit distance",
        "boxes",
        "boxes found",
        "tables",
        "tables exact",
        "TEDS",
        "ending",
        "repaired",
        "seconds",
    ])?;
    for ScoredPage { category, name, reading } in pages {
        let scores = || reading.tables.iter().flatten();
        let teds = scores().map(|score| score.teds).sum::<f64>() / scores().count().max(1) as f64;
        let ending = match reading.ending {
            Ending::Whole => "whole",
            Ending::Truncated => "cut short",
            Ending::Looped => "looped",
        };
        csv.write_record([
            category.clone(),
            name.clone(),
            reading.num_characters.to_string(),
            reading.num_character_errors.to_string(),
            score(reading.text.edit_distance),
            reading.num_boxes.to_string(),
            reading.num_boxes_found.to_string(),
            scores().count().to_string(),
            scores().filter(|score| score.is_structure_exact).count().to_string(),
            if scores().count() == 0 { String::new() } else { score(teds) },
            ending.to_owned(),
            reading.is_repaired.to_string(),
            reading.secs.map_or(String::new(), |secs| format!("{secs:.3}")),
        ])?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::PageReading;

    fn page(category: &str, read: &str) -> ScoredPage {
        let reading = PageReading::of(read, "<text>ab</text>", Ending::Whole, Some(1.5));
        ScoredPage { category: category.to_owned(), name: "1".to_owned(), reading }
    }

    fn table(pages: &[ScoredPage], num_failed: usize) -> String {
        let mut out = Vec::new();
        write_table("a model", pages, num_failed, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn categories_stand_beside_each_other_and_line_up() {
        let table = table(&[page("clean", "<text>ab</text>"), page("noisy", "<text>a</text>")], 1);
        assert!(table.contains("clean |   noisy |     all |\n"), "{table}");
        assert!(table.contains("| character error rate ↓ | 0.00 % | 50.00 % | 25.00 % |\n"), "{table}");
        assert!(!table.contains("mAP"), "no page has boxes: {table}");
        assert!(table.contains("1 of the pages could not be read"));
        let lengths: BTreeSet<usize> =
            table.lines().filter(|line| line.starts_with('|')).map(|line| line.chars().count()).collect();
        assert_eq!(lengths.len(), 1, "{table}");
    }

    #[test]
    fn one_category_is_all() {
        let table = table(&[page("", "<text>ab</text>")], 0);
        assert!(table.contains("| pages ") && !table.contains("(no folder)"), "{table}");
    }

    #[test]
    fn every_page_is_a_line_of_csv() {
        let mut out = Vec::new();
        write_pages(&[page("clean", "<text>a</text>")], &mut out).unwrap();
        let csv = String::from_utf8(out).unwrap();
        assert_eq!(csv.lines().nth(1), Some("clean,1,2,1,0.500,0,0,0,0,,whole,false,1.500"));
    }
}
