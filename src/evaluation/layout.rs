//! Boxes against boxes, as COCO's `pycocotools` 2.0 does it.
//!
//! Boxes of one class on one page are matched greedily: the surest prediction first, each with the free box
//! of the truth that it overlaps most, at least by the threshold. Average precision is that of 101 recall
//! levels, its mean over thresholds 0.50 to 0.95 and over the classes that the truth has. Unlike COCO's
//! default, a page may have more than 100 boxes of a class.

use crate::evaluation::text::ratio;
use crate::geometry::BBox;

/// The six classes of the paper, common to models of different labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayoutClass {
    /// A paragraph.
    Text,
    /// A title or section header of any level.
    SectionHeading,
    /// An item of a list.
    ListItem,
    /// A table.
    Table,
    /// A picture or chart.
    Picture,
    /// A formula.
    Formula,
}

impl LayoutClass {
    /// All, in the order of tables.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::SectionHeading, Self::ListItem, Self::Table, Self::Picture, Self::Formula];
}

/// A box that somebody or something sees on a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayoutBox {
    /// What it holds.
    pub class: LayoutClass,
    /// Where it stands.
    pub bbox: BBox,
    /// How sure a model is of it; larger goes first. Of no meaning in the truth.
    pub score: f64,
}

/// One page, read and true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayoutPage {
    /// What was read.
    pub predicted: Vec<LayoutBox>,
    /// What is there.
    pub truth: Vec<LayoutBox>,
}

/// Scores of many pages.
#[derive(Clone, Debug, PartialEq)]
pub struct LayoutScore {
    /// Mean average precision over thresholds 0.50, 0.55 … 0.95 and over classes; `None` without any box
    /// in the truth.
    pub map: Option<f64>,
    /// The same for each class, by [`LayoutClass::ALL`]; `None` for a class that the truth has not.
    pub class_map: [Option<f64>; 6],
    /// F1 of all boxes at an overlap of 0.5: matched ones doubled, divided by those of both sides. `None`
    /// without any box at all.
    pub f1_50: Option<f64>,
    /// The same at 0.75.
    pub f1_75: Option<f64>,
}

impl LayoutScore {
    /// Scores pages. Equally sure boxes go in the order in which they come, as in COCO.
    pub fn of(pages: &[LayoutPage]) -> Self {
        let class_map = LayoutClass::ALL.map(|class| {
            let precisions: Option<Vec<f64>> =
                (0..10).map(|step| average_precision(pages, class, 0.5 + 0.05 * f64::from(step))).collect();
            precisions.and_then(|precisions| mean(&precisions))
        });
        let known: Vec<f64> = class_map.iter().flatten().copied().collect();
        Self { map: mean(&known), class_map, f1_50: f1(pages, 0.5), f1_75: f1(pages, 0.75) }
    }
}

pub(super) fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The predictions of one class with whether each is right, and how many there should be.
struct Verdicts {
    by_score: Vec<(f64, bool)>,
    num_wanted: usize,
}

fn verdicts(pages: &[LayoutPage], class: LayoutClass, threshold: f64) -> Verdicts {
    let mut verdicts = Verdicts { by_score: Vec::new(), num_wanted: 0 };
    for page in pages {
        let mut predicted: Vec<&LayoutBox> =
            page.predicted.iter().filter(|seen| seen.class == class).collect();
        predicted.sort_by(|a, b| b.score.total_cmp(&a.score));
        let wanted: Vec<BBox> =
            page.truth.iter().filter(|real| real.class == class).map(|real| real.bbox).collect();
        let boxes: Vec<BBox> = predicted.iter().map(|seen| seen.bbox).collect();
        let partners = match_boxes(&boxes, &wanted, threshold);
        let judged = predicted.iter().zip(partners).map(|(seen, partner)| (seen.score, partner.is_some()));
        verdicts.by_score.extend(judged);
        verdicts.num_wanted += wanted.len();
    }
    verdicts.by_score.sort_by(|a, b| b.0.total_cmp(&a.0));
    verdicts
}

/// For each prediction in turn the free box of the truth that it overlaps most, if by `threshold` or more.
/// Of two that it overlaps alike it takes the later, as COCO does.
pub fn match_boxes(predicted: &[BBox], truth: &[BBox], threshold: f64) -> Vec<Option<usize>> {
    let mut is_taken = vec![false; truth.len()];
    let partner = |seen: &BBox| {
        let mut best = None;
        // COCO's guard against a threshold of exactly 1.
        let mut best_iou = threshold.min(1.0 - 1e-10);
        for (at, real) in truth.iter().enumerate().filter(|(at, _)| !is_taken[*at]) {
            let iou = seen.iou(real);
            if iou >= best_iou {
                (best, best_iou) = (Some(at), iou);
            }
        }
        if let Some(at) = best {
            is_taken[at] = true;
        }
        best
    };
    predicted.iter().map(partner).collect()
}

fn average_precision(pages: &[LayoutPage], class: LayoutClass, threshold: f64) -> Option<f64> {
    let Verdicts { by_score, num_wanted } = verdicts(pages, class, threshold);
    if num_wanted == 0 {
        return None;
    }
    let mut num_right = 0;
    let mut curve: Vec<(f64, f64)> = Vec::with_capacity(by_score.len());
    for (position, (_, is_right)) in by_score.iter().enumerate() {
        num_right += usize::from(*is_right);
        curve.push((ratio(num_right, num_wanted), ratio(num_right, position + 1)));
    }
    // Precision at a recall is the best one at that recall or beyond.
    let mut best = 0.0_f64;
    for (_, precision) in curve.iter_mut().rev() {
        best = best.max(*precision);
        *precision = best;
    }
    let levels = (0..=100).map(|percent| {
        let level = f64::from(percent) / 100.0;
        let at = curve.partition_point(|(recall, _)| *recall < level);
        curve.get(at).map_or(0.0, |(_, precision)| *precision)
    });
    Some(levels.sum::<f64>() / 101.0)
}

fn f1(pages: &[LayoutPage], threshold: f64) -> Option<f64> {
    let (mut num_right, mut num_boxes) = (0, 0);
    for class in LayoutClass::ALL {
        let Verdicts { by_score, num_wanted } = verdicts(pages, class, threshold);
        num_right += by_score.iter().filter(|(_, is_right)| *is_right).count();
        num_boxes += by_score.len() + num_wanted;
    }
    (num_boxes > 0).then(|| ratio(2 * num_right, num_boxes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(left: f64, right: f64) -> LayoutBox {
        let bbox = BBox::from_corners(left, 0.0, right, 1.0);
        LayoutBox { class: LayoutClass::Text, bbox, score: 1.0 }
    }

    #[test]
    fn a_box_of_the_truth_is_found_once() {
        let page =
            LayoutPage { predicted: vec![seen(0.0, 0.5), seen(0.0, 0.5)], truth: vec![seen(0.0, 0.5)] };
        let score = LayoutScore::of(&[page]);
        assert!((score.f1_50.unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert!((score.map.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn pages_without_boxes_have_no_score() {
        let score = LayoutScore::of(&[LayoutPage::default()]);
        assert_eq!((score.map, score.f1_50), (None, None));
    }

    #[test]
    fn overlap_decides_between_the_thresholds() {
        let page = LayoutPage { predicted: vec![seen(0.0, 0.3)], truth: vec![seen(0.0, 0.5)] };
        let score = LayoutScore::of(&[page]);
        assert_eq!((score.f1_50, score.f1_75), (Some(1.0), Some(0.0)));
    }
}
