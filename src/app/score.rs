//! What a model's reading is worth, by the pages that somebody has corrected.

use std::thread;

use super::background::{Answer, Reply};
use crate::engine::job::DocumentId;
use crate::evaluation::{Ending, PageReading, Summary};

/// The first readings of corrected pages, held against what was made of them. `None` where the pages have nothing of
/// the kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorrectionScore {
    /// Pages.
    pub num_pages: usize,
    /// Normalised edit distance of the text outside tables: 0 where nothing was wrong, 1 where all was.
    pub edit_distance: Option<f64>,
    /// F1 of boxes at an overlap of 0.5.
    pub box_f1_50: Option<f64>,
    /// F1 of boxes at an overlap of 0.75.
    pub box_f1_75: Option<f64>,
    /// Tree edit distance similarity of tables: 1 where nothing was wrong.
    pub teds: Option<f64>,
}

impl CorrectionScore {
    /// Scores pages of markup: as read, and as corrected.
    pub fn of(pages: &[(String, String)]) -> Self {
        let readings: Vec<PageReading> = pages
            .iter()
            .map(|(read, corrected)| PageReading::of(read, corrected, Ending::Whole, None))
            .collect();
        let summary = Summary::of(&readings);
        Self {
            num_pages: summary.num_pages,
            edit_distance: summary.text.map(|text| text.edit_distance),
            box_f1_50: summary.layout.f1_50,
            box_f1_75: summary.layout.f1_75,
            teds: summary.teds,
        }
    }
}

/// Scores pages on a thread of their own; tables take a while. `version` comes back with the answer.
///
/// # Errors
/// When the system has no thread to give.
pub(super) fn score(
    document: DocumentId,
    version: usize,
    pages: Vec<(String, String)>,
    reply: Reply,
) -> std::io::Result<()> {
    thread::Builder::new().name("score".to_owned()).spawn(move || {
        reply.answer(Answer::Scored { document, version, score: CorrectionScore::of(&pages) });
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_nobody_changed_is_right_and_a_moved_box_is_not() {
        let page = "<doctag><text><loc_10><loc_10><loc_110><loc_20>Once upon a time</text></doctag>";
        let score = CorrectionScore::of(&[(page.to_owned(), page.to_owned())]);
        assert_eq!(
            (score.edit_distance, score.box_f1_50, score.box_f1_75),
            (Some(0.0), Some(1.0), Some(1.0))
        );
        assert_eq!(score.teds, None);
        // Two thirds of both together.
        let moved = page.replace("<loc_10><loc_10><loc_110>", "<loc_30><loc_10><loc_130>");
        let score = CorrectionScore::of(&[(page.to_owned(), moved)]);
        assert_eq!((score.box_f1_50, score.box_f1_75), (Some(1.0), Some(0.0)));
    }
}
