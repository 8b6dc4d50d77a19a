//! After a loop: the part of the page that was not reached is read by itself.
//!
//! A model that begins to repeat itself seldom comes out of it, but mostly reads the rest of the page when it sees
//! nothing else. What stands before the loop is kept; the largest part with ink that no box covers is cut out and read
//! as a page of its own, and its elements are put behind those that are there. Each part is read once, and there are few
//! of them, so that a page which makes the model loop everywhere comes to its end.

use std::ops::Range;
use std::sync::Arc;

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::document::page::Rotation;
use crate::engine::error::Error;
use crate::engine::event::{PageRecognition, StopReason};
use crate::engine::job::Task;
use crate::engine::model_recognizer::excerpt_for_model;
use crate::engine::page_boxes::Excerpt;
use crate::engine::page_markup::body;
use crate::engine::recognizer::PageInput;
use crate::engine::tasks::{Prepared, Recognition};
use crate::engine::trust::Doubt;
use crate::geometry::BBox;
use crate::markup::location::grid_from_page;
use crate::markup::{self, DocTree, export};

/// Parts of one page that are read by themselves. Two are the rest of a column and the next column.
const MAX_PARTS: usize = 2;
/// Tokens of a part: half a dense page.
const MAX_PART_TOKENS: usize = 2048;
/// The page is looked at as so many cells in a row and in a column; on A4 one is 9 by 13 points, a line of text.
const GRID: usize = 64;
/// Pixels of a cell's side.
const CELL_PX: u32 = 8;
/// Steps of brightness, of 255, by which ink differs from the page's middle brightness.
const CONTRAST: u8 = 40;
/// Pixels of ink, of the 64 of a cell, that make it one with ink: a letter or two, more than grain.
const INK_PX: usize = 3;
/// A part with fewer such cells is not worth a reading: it is a page number, or the edge of a box.
const LEAST_CELLS: usize = 10;

/// The page with what could be read of the rest. `read` reads a part as it reads a page.
///
/// # Errors
/// [`Error::Cancelled`] when somebody stops it. A part that cannot be read is left out, and the log says why.
pub(super) fn rescue(
    mut page: PageRecognition,
    recognition: &Recognition,
    mut read: impl FnMut(&Recognition) -> Result<PageRecognition, Error>,
) -> Result<PageRecognition, Error> {
    let request = &recognition.request;
    let is_whole_page = request.task == Task::Page && request.region.is_none();
    let image = recognition.prepared.input.image.clone().filter(|_| is_whole_page);
    let Some(image) = image.filter(|_| page.stop_reason == StopReason::Loop) else { return Ok(page) };
    let ink = Ink::of(&image);
    for _ in 0..MAX_PARTS {
        let Some(region) = ink.uncovered(&page, request.rotation) else { break };
        match read(&part_of(recognition, &image, region)) {
            Ok(part) => page = joined(page, &part, region),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                tracing::warn!(%error, "the rest of a page cannot be read");
                break;
            }
        }
    }
    if !page.rescued.is_empty() && ink.uncovered(&page, request.rotation).is_none() {
        // Nothing is missing behind the element where it began to repeat itself.
        for trust in &mut page.trust {
            trust.doubts.retain(|doubt| *doubt != Doubt::CutOff(StopReason::Loop));
        }
    }
    Ok(page)
}

/// The task of reading a region of the page, which is in page space.
fn part_of(recognition: &Recognition, image: &RgbImage, region: BBox) -> Recognition {
    let mut request = recognition.request.clone();
    let most = request.generation.max_new_tokens.unwrap_or(MAX_PART_TOKENS);
    request.generation.max_new_tokens = Some(most.min(MAX_PART_TOKENS));
    request.region = Some(region);
    let excerpt = excerpt_for_model(&request);
    let seen = request.rotation.turned_bbox(&region).clamped();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a u32")]
    let px = |fraction: f64, side: u32| (fraction * f64::from(side)).round() as u32;
    let (width, height) = image.dimensions();
    let (x, y) = (px(seen.left, width), px(seen.top, height));
    let (right, bottom) = (px(seen.right, width), px(seen.bottom, height));
    let cut =
        imageops::crop_imm(image, x, y, right.saturating_sub(x).max(1), bottom.saturating_sub(y).max(1));
    let input = PageInput { image: Some(Arc::new(cut.to_image())), ..recognition.prepared.input.clone() };
    let prepared = Prepared { input, excerpt, took: std::time::Duration::ZERO };
    Recognition { request, prepared, is_announced: true }
}

/// The page with the elements of the part behind its own, in its markup too, whose boxes are those of the image that
/// the recognizer saw.
fn joined(mut page: PageRecognition, part: &PageRecognition, region: BBox) -> PageRecognition {
    let rotation = page.request.rotation;
    let on_page = Excerpt { region: None, rotation };
    let in_image = Excerpt { region: None, rotation: rotation.inverse() };
    let image_markup = |tree: &Arc<DocTree>| export::doctags(&in_image.place(Arc::clone(tree)));
    page.rescued.push(region);
    page.timing.preparing += part.timing.preparing;
    page.timing.encoding += part.timing.encoding;
    page.timing.prefilling += part.timing.prefilling;
    page.timing.decoding += part.timing.decoding;
    let num_nodes = page.tree.nodes().count() + part.tree.nodes().count();
    if num_nodes == page.tree.nodes().count() {
        return page;
    }
    let behind = image_markup(&part.tree);
    let behind = body(&behind);
    // Where the loop broke off inside an element, what follows would be read into it: then all elements are closed.
    let candidates = [page.markup.clone(), image_markup(&page.tree)].map(|before| {
        let before = before.trim_end().strip_suffix("</doctag>").unwrap_or(before.trim_end()).to_owned();
        format!("{before}\n{behind}\n</doctag>")
    });
    for markup in candidates {
        let tree = on_page.place(Arc::new(markup::parse(&markup)));
        if tree.nodes().count() == num_nodes && begins_alike(&tree, &page.tree) {
            let mut of_part = part.trust.clone();
            for trust in &mut of_part {
                trust.doubts.push(Doubt::Rescued);
            }
            page.trust.append(&mut of_part);
            (page.markup, page.tree) = (markup, tree);
            return page;
        }
    }
    tracing::warn!("the rest of a page cannot be put behind the page");
    page.rescued.pop();
    page
}

/// Boxes may differ by the step that the grid of written markup costs.
fn begins_alike(tree: &DocTree, start: &DocTree) -> bool {
    let is_near = |a: BBox, b: BBox| {
        grid_from_page(&a).into_iter().zip(grid_from_page(&b)).all(|(a, b)| a.abs_diff(b) <= 1)
    };
    tree.nodes().zip(start.nodes()).all(|((_, a), (_, b))| {
        a.text == b.text
            && match (a.bbox, b.bbox) {
                (Some(a), Some(b)) => is_near(a, b),
                (a, b) => a == b,
            }
    })
}

/// Where a page image has ink, as cells of a grid, row by row.
struct Ink(Vec<bool>);

impl Ink {
    fn of(image: &RgbImage) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "64")]
        let side = GRID as u32 * CELL_PX;
        let small = imageops::resize(image, side, side, FilterType::Triangle);
        let luma = imageops::grayscale(&small);
        let mut sorted: Vec<u8> = luma.pixels().map(|pixel| pixel.0[0]).collect();
        sorted.sort_unstable();
        let paper = sorted.get(sorted.len() / 2).copied().unwrap_or(255);
        let mut num_dark = vec![0_usize; GRID * GRID];
        for (x, y, pixel) in luma.enumerate_pixels() {
            let cell = (y / CELL_PX) as usize * GRID + (x / CELL_PX) as usize;
            if pixel.0[0].abs_diff(paper) >= CONTRAST
                && let Some(count) = num_dark.get_mut(cell)
            {
                *count += 1;
            }
        }
        Self(num_dark.into_iter().map(|count| count >= INK_PX).collect())
    }

    /// The region with the most ink that no element covers, in page space; `None` when what is left is not worth it.
    /// Regions that were read again count as covered, whatever came of them.
    fn uncovered(&self, page: &PageRecognition, rotation: Rotation) -> Option<BBox> {
        let boxes = page.tree.nodes().filter_map(|(_, node)| node.bbox).chain(page.rescued.iter().copied());
        let seen: Vec<BBox> = boxes.map(|bbox| rotation.turned_bbox(&bbox)).collect();
        let is_covered = |row: usize, col: usize| {
            let middle = |index: usize| (index as f64 + 0.5) / GRID as f64;
            seen.iter().any(|bbox| bbox.contains(middle(col), middle(row)))
        };
        let cells: Vec<(bool, bool)> = (0..GRID * GRID)
            .map(|cell| {
                let is_covered = is_covered(cell / GRID, cell % GRID);
                (is_covered, !is_covered && self.0.get(cell).copied().unwrap_or_default())
            })
            .collect();
        let [left, top, right, bottom] = emptiest(&cells)?;
        let edge = |index: usize| index as f64 / GRID as f64;
        let region = BBox { left: edge(left), top: edge(top), right: edge(right), bottom: edge(bottom) };
        Some(rotation.inverse().turned_bbox(&region).clamped())
    }
}

/// The rectangle of cells, none of them covered, with the most cells of ink: left, top, right, bottom, the last two one
/// beyond it. A cell is said as covered and inked.
fn emptiest(cells: &[(bool, bool)]) -> Option<[usize; 4]> {
    let (mut best, mut found) = (LEAST_CELLS - 1, None);
    for top in 0..GRID {
        // Of each column, from `top` down: a covered cell, and cells of ink.
        let mut columns = [(false, 0_usize); GRID];
        for bottom in top..GRID {
            let (mut start, mut sum) = (0, 0);
            for (col, column) in columns.iter_mut().enumerate() {
                let (is_covered, is_ink) = cells.get(bottom * GRID + col).copied().unwrap_or((true, false));
                column.0 |= is_covered;
                column.1 += usize::from(is_ink);
                if column.0 {
                    (start, sum) = (col + 1, 0);
                    continue;
                }
                sum += column.1;
                if sum > best {
                    (best, found) = (sum, Some([start, top, col + 1, bottom + 1]));
                }
            }
        }
    }
    Some(framed(cells, found?))
}

/// A rectangle cut down to its ink, with a cell of white around it where none is covered, so that no letter is cut.
fn framed(cells: &[(bool, bool)], [mut left, mut top, mut right, mut bottom]: [usize; 4]) -> [usize; 4] {
    let at = |row: usize, col: usize| cells.get(row * GRID + col).copied().unwrap_or((true, false));
    let is_white = |rows: Range<usize>, cols: Range<usize>| {
        !rows.clone().any(|row| cols.clone().any(|col| at(row, col).1))
    };
    let is_free = |rows: Range<usize>, cols: Range<usize>| {
        !rows.clone().any(|row| cols.clone().any(|col| at(row, col).0))
    };
    while top < bottom && is_white(top..top + 1, left..right) {
        top += 1;
    }
    while top < bottom && is_white(bottom - 1..bottom, left..right) {
        bottom -= 1;
    }
    while left < right && is_white(top..bottom, left..left + 1) {
        left += 1;
    }
    while left < right && is_white(top..bottom, right - 1..right) {
        right -= 1;
    }
    if top > 0 && is_free(top - 1..top, left..right) {
        top -= 1;
    }
    if bottom < GRID && is_free(bottom..bottom + 1, left..right) {
        bottom += 1;
    }
    if left > 0 && is_free(top..bottom, left - 1..left) {
        left -= 1;
    }
    if right < GRID && is_free(top..bottom, right..right + 1) {
        right += 1;
    }
    [left, top, right, bottom]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of rows of text, `#` for a cell of ink and `o` for a covered one, each letter four cells wide and high.
    fn check(rows: &[&str], expected: Option<[usize; 4]>) {
        let at = |row: usize, col: usize| {
            rows.get(row / 4).and_then(|row| row.as_bytes().get(col / 4)).copied().unwrap_or(b' ')
        };
        let cells: Vec<(bool, bool)> = (0..GRID * GRID)
            .map(|cell| {
                let letter = at(cell / GRID, cell % GRID);
                (letter == b'o', letter == b'#')
            })
            .collect();
        assert_eq!(emptiest(&cells), expected, "{rows:#?}");
    }

    #[test]
    fn the_rest_below_or_beside_what_was_read_is_found() {
        check(&["", " oooo", " oooo", " ####", " ####"], Some([3, 12, 21, 21]));
        // A column that was read, and one beside it; what is left of the first one is smaller.
        check(&["", " oo ###", " oo ###", " ## ###"], Some([15, 3, 29, 17]));
        check(&["", " oooo", " oooo"], None);
        check(&[], None);
        // White parts that stand around count for nothing.
        check(&["oooo", "oooo", "", "", "  ##"], Some([7, 15, 17, 21]));
    }

    #[test]
    fn a_line_of_the_edge_of_a_box_is_not_worth_it() {
        let mut cells = vec![(false, false); GRID * GRID];
        for cell in cells.iter_mut().take(LEAST_CELLS - 1) {
            cell.1 = true;
        }
        assert_eq!(emptiest(&cells), None);
        cells[LEAST_CELLS - 1].1 = true;
        assert_eq!(emptiest(&cells), Some([0, 0, LEAST_CELLS + 1, 2]));
    }
}
