//! One page beside its truth, and the means over many.

use crate::evaluation::contents::{boxes, characters, labelled_boxes, tables, text_outside_tables};
use crate::evaluation::edit_distance;
use crate::evaluation::layout::{LayoutPage, LayoutScore, match_boxes, mean};
use crate::evaluation::table::TableScore;
use crate::evaluation::text::{TextScore, ratio};
use crate::geometry::BBox;
use crate::markup::{DocTree, Label, Severity, TableGrid, parse};

/// Why a page's markup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The reader came to the end of the page.
    Whole,
    /// It was cut short by a limit.
    Truncated,
    /// It repeated itself and was stopped.
    Looped,
}

/// One page that was read, beside its truth.
#[derive(Clone, Debug, PartialEq)]
pub struct PageReading {
    /// Words outside tables.
    pub text: TextScore,
    /// Characters to be inserted, deleted and substituted, cells included.
    pub num_character_errors: usize,
    /// Characters of the truth.
    pub num_characters: usize,
    /// Boxes of the six classes.
    pub layout: LayoutPage,
    /// Elements of the truth, of any label, that have a box.
    pub num_boxes: usize,
    /// Those that an element of the same label overlaps by more than half.
    pub num_boxes_found: usize,
    /// A score for each table of the truth; `None` for one too large to compare.
    pub tables: Vec<Option<TableScore>>,
    /// Why it ended.
    pub ending: Ending,
    /// The parser had to repair or drop something.
    pub is_repaired: bool,
    /// Seconds that it took, when somebody has counted.
    pub secs: Option<f64>,
}

impl PageReading {
    /// Compares a reading with its truth, both in DocTags.
    pub fn of(predicted: &str, truth: &str, ending: Ending, secs: Option<f64>) -> Self {
        let (seen, real) = (parse(predicted), parse(truth));
        let (found, wanted) = (characters(predicted), characters(truth));
        let (num_boxes, num_boxes_found) = count_boxes(&seen, &real);
        Self {
            text: TextScore::of(&text_outside_tables(&seen), &text_outside_tables(&real)),
            num_character_errors: edit_distance::distance(&found, &wanted),
            num_characters: wanted.chars().count(),
            layout: LayoutPage { predicted: boxes(&seen), truth: boxes(&real) },
            num_boxes,
            num_boxes_found,
            tables: table_scores(&seen, &real),
            ending,
            is_repaired: seen
                .diagnostics()
                .iter()
                .any(|diagnostic| diagnostic.severity >= Severity::Repaired),
            secs,
        }
    }
}

fn count_boxes(seen: &DocTree, real: &DocTree) -> (usize, usize) {
    let (seen, real) = (labelled_boxes(seen), labelled_boxes(real));
    let of = |boxes: &[(Label, BBox)], label: Label| -> Vec<BBox> {
        boxes.iter().filter(|(other, _)| *other == label).map(|(_, bbox)| *bbox).collect()
    };
    let found = Label::ALL.iter().map(|label| {
        let partners = match_boxes(&of(&seen, *label), &of(&real, *label), MORE_THAN_HALF);
        partners.iter().flatten().count()
    });
    (real.len(), found.sum())
}

/// The least threshold above one half.
const MORE_THAN_HALF: f64 = 0.5 + f64::EPSILON;

/// Tables are paired by their boxes, the others by their order; one of the truth without partner is missed.
fn table_scores(seen: &DocTree, real: &DocTree) -> Vec<Option<TableScore>> {
    let (seen, real) = (tables(seen), tables(real));
    let mut partners: Vec<Option<&TableGrid>> = vec![None; real.len()];
    let mut overlaps: Vec<(f64, usize, usize)> = Vec::new();
    for (seen_at, (_, seen_box)) in seen.iter().enumerate() {
        for (real_at, (_, real_box)) in real.iter().enumerate() {
            if let (Some(seen_box), Some(real_box)) = (seen_box, real_box) {
                overlaps.push((seen_box.iou(real_box), seen_at, real_at));
            }
        }
    }
    overlaps.retain(|(iou, ..)| *iou > 0.0);
    overlaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut is_taken = vec![false; seen.len()];
    for (_, seen_at, real_at) in overlaps {
        if !is_taken[seen_at] && partners[real_at].is_none() {
            is_taken[seen_at] = true;
            partners[real_at] = Some(seen[seen_at].0);
        }
    }
    let mut free = seen.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken).map(|((grid, _), _)| *grid);
    for partner in partners.iter_mut().filter(|partner| partner.is_none()) {
        *partner = free.next();
    }
    let score = |(partner, (truth, _)): (Option<&TableGrid>, &(&TableGrid, Option<BBox>))| {
        partner.map_or(Some(TableScore::MISSED), |grid| TableScore::of(grid, truth))
    };
    partners.into_iter().zip(&real).map(score).collect()
}

/// What many pages come to. `None` where no page has what would be scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Pages.
    pub num_pages: usize,
    /// Means over the pages.
    pub text: Option<TextScore>,
    /// Wrong characters of all pages, divided by the characters of the truth; can pass 1.
    pub character_error_rate: Option<f64>,
    /// Boxes of the six classes.
    pub layout: LayoutScore,
    /// Share of the truth's boxes, of any label, that were found by more than half.
    pub boxes_found: Option<f64>,
    /// Tables of the truth that were compared, missed ones included.
    pub num_tables: usize,
    /// Tables too large to compare; in no score.
    pub num_tables_too_large: usize,
    /// Mean over the tables.
    pub teds: Option<f64>,
    /// Mean over the tables, without what the cells say.
    pub teds_structure: Option<f64>,
    /// Share of tables with the very rows, columns, spans and header flags.
    pub exact_tables: Option<f64>,
    /// Share of pages that were stopped because they repeated themselves.
    pub looped: f64,
    /// Share of pages that were cut short by a limit.
    pub truncated: f64,
    /// Share of pages in which the parser had to repair or drop something.
    pub repaired: f64,
    /// Mean time of a page.
    pub secs_per_page: Option<f64>,
}

impl Summary {
    /// Sums up pages, in their order.
    pub fn of<'p>(pages: impl IntoIterator<Item = &'p PageReading>) -> Self {
        let pages: Vec<&PageReading> = pages.into_iter().collect();
        let share =
            |is: fn(&PageReading) -> bool| ratio(pages.iter().filter(|page| is(page)).count(), pages.len());
        let text = |number: fn(&TextScore) -> f64| {
            mean(&pages.iter().map(|page| number(&page.text)).collect::<Vec<_>>())
        };
        let all_tables = || pages.iter().flat_map(|page| &page.tables);
        let scores: Vec<&TableScore> = all_tables().flatten().collect();
        let of_tables = |number: fn(&TableScore) -> f64| {
            mean(&scores.iter().map(|score| number(score)).collect::<Vec<_>>())
        };
        let sum = |count: fn(&PageReading) -> usize| pages.iter().map(|page| count(page)).sum::<usize>();
        let quotient = |part: usize, whole: usize| (whole > 0).then(|| ratio(part, whole));
        let layouts: Vec<LayoutPage> = pages.iter().map(|page| page.layout.clone()).collect();
        Self {
            num_pages: pages.len(),
            text: text(|score| score.edit_distance).and_then(|edit_distance| {
                Some(TextScore {
                    edit_distance,
                    precision: text(|score| score.precision)?,
                    recall: text(|score| score.recall)?,
                    f1: text(|score| score.f1)?,
                    bleu: text(|score| score.bleu)?,
                    meteor: text(|score| score.meteor)?,
                })
            }),
            character_error_rate: quotient(
                sum(|page| page.num_character_errors),
                sum(|page| page.num_characters),
            ),
            layout: LayoutScore::of(&layouts),
            boxes_found: quotient(sum(|page| page.num_boxes_found), sum(|page| page.num_boxes)),
            num_tables: scores.len(),
            num_tables_too_large: all_tables().filter(|score| score.is_none()).count(),
            teds: of_tables(|score| score.teds),
            teds_structure: of_tables(|score| score.structure),
            exact_tables: of_tables(|score| f64::from(u8::from(score.is_structure_exact))),
            looped: share(|page| page.ending == Ending::Looped),
            truncated: share(|page| page.ending == Ending::Truncated),
            repaired: share(|page| page.is_repaired),
            secs_per_page: mean(&pages.iter().filter_map(|page| page.secs).collect::<Vec<_>>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: &str = "<doctag><text><loc_0><loc_0><loc_100><loc_50>Some words</text>\n<otsl><loc_0><loc_60><loc_100><loc_90><fcel>1<fcel>2<nl></otsl>\n</doctag>";

    #[test]
    fn a_page_read_right_is_perfect() {
        let summary = Summary::of(&[PageReading::of(TRUTH, TRUTH, Ending::Whole, Some(2.0))]);
        assert_eq!(summary.character_error_rate, Some(0.0));
        assert_eq!(summary.layout.map, Some(1.0));
        assert_eq!(
            (summary.boxes_found, summary.exact_tables, summary.teds),
            (Some(1.0), Some(1.0), Some(1.0))
        );
        assert_eq!((summary.looped, summary.truncated, summary.repaired), (0.0, 0.0, 0.0));
        assert_eq!(summary.secs_per_page, Some(2.0));
    }

    #[test]
    fn nothing_read_loses_all() {
        let page = PageReading::of("", TRUTH, Ending::Looped, None);
        let summary = Summary::of(&[page]);
        assert_eq!(summary.character_error_rate, Some(1.0));
        assert_eq!((summary.boxes_found, summary.teds, summary.looped), (Some(0.0), Some(0.0), 1.0));
        assert_eq!(summary.layout.f1_50, Some(0.0));
    }

    #[test]
    fn tables_meet_by_their_boxes_first() {
        let one = "<otsl><loc_0><loc_0><loc_100><loc_40><fcel>1<nl></otsl>";
        let two = "<otsl><loc_0><loc_60><loc_100><loc_90><fcel>2<fcel>3<nl></otsl>";
        let page = PageReading::of(&format!("{two}{one}"), &format!("{one}{two}"), Ending::Whole, None);
        assert!(page.tables.iter().all(|score| score.is_some_and(|score| score.is_structure_exact)));
    }

    #[test]
    fn a_tag_of_another_name_is_a_repair() {
        let is_repaired = |read| PageReading::of(read, "<text>a</text>", Ending::Whole, None).is_repaired;
        assert!(is_repaired("<text>a</caption>") && !is_repaired("<text>a</text>"));
    }

    #[test]
    fn no_pages_have_no_scores() {
        let summary = Summary::of(&[]);
        assert_eq!((summary.text, summary.character_error_rate, summary.secs_per_page), (None, None, None));
    }
}
