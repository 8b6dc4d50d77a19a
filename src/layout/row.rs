//! Rows of chunks: what stands on one baseline, cut at wide gaps. The units of tables by alignment.

use crate::layout::line::{Line, Word};
use crate::layout::points::PtBox;

/// A gap between chunks is wider than the usual space by this factor.
const CHUNK_GAP_SPACES: f64 = 1.5;

/// In a chunk that reaches over a strip, a gap at the strip is wider than the narrowest by this factor.
const WIDER_THAN_SPACE: f64 = 1.25;

/// A usual gap wider than this is not a space, in font sizes: monospaced type has 0.6.
const WIDEST_SPACE_EM: f64 = 0.7;

/// A run of words without a wide gap.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) words: Vec<Word>,
    pub(super) bbox: PtBox,
}

/// What stands on one baseline.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) chunks: Vec<Chunk>,
    pub(super) bbox: PtBox,
    pub(super) baseline: f64,
    pub(super) size: f64,
    pub(super) is_rtl: bool,
}

impl Row {
    pub(super) fn new(pieces: &[&Line], gap_em: f64) -> Self {
        let mut words: Vec<Word> = pieces.iter().flat_map(|piece| piece.words.iter().cloned()).collect();
        words.sort_by(|a, b| a.bbox.left.total_cmp(&b.bbox.left));
        let size = pieces.iter().map(|piece| piece.size).fold(0.0, f64::max);
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut bbox = PtBox::EMPTY;
        for word in words {
            bbox = bbox.union(&word.bbox);
            match chunks.last_mut() {
                Some(chunk) if word.bbox.left - chunk.bbox.right < gap_em * size => {
                    chunk.bbox = chunk.bbox.union(&word.bbox);
                    chunk.words.push(word);
                }
                _ => chunks.push(Chunk { bbox: word.bbox, words: vec![word] }),
            }
        }
        let baseline = pieces.first().map_or(0.0, |piece| piece.baseline);
        let is_rtl = pieces.iter().any(|piece| piece.is_rtl);
        Self { chunks, bbox, baseline, size, is_rtl }
    }
}

impl Row {
    /// It is larger than the table's rows, or bold where they are not: a heading ends the table.
    pub(super) fn heads_more_than(&self, row: &Self) -> bool {
        let is_bold =
            |row: &Self| row.chunks.iter().flat_map(|chunk| &chunk.words).all(|word| word.style.is_bold);
        self.size > 1.08 * row.size || (is_bold(self) && !is_bold(row))
    }

    /// Cuts chunks at strips where their words are further apart than elsewhere in them. A header of two
    /// words may be centred over two columns, so it is left whole.
    pub(super) fn cut_at(&self, strips: &[f64], is_header: bool) -> Self {
        let mut chunks: Vec<Chunk> = Vec::new();
        for chunk in &self.chunks {
            let gaps = || chunk.words.windows(2).map(|pair| pair[1].bbox.left - pair[0].bbox.right);
            let narrowest = gaps().filter(|&gap| gap > 0.05 * self.size).fold(f64::INFINITY, f64::min);
            let mut right = f64::NEG_INFINITY;
            let mut is_first = true;
            for word in &chunk.words {
                let gap = word.bbox.left - right;
                let is_cut = strips.iter().any(|&strip| right <= strip && strip <= word.bbox.left)
                    && (gap > WIDER_THAN_SPACE * narrowest
                        || !is_header && chunk.words.len() == 2 && gap > 0.45 * self.size);
                right = word.bbox.right;
                match chunks.last_mut() {
                    Some(last) if !is_first && !is_cut => {
                        last.bbox = last.bbox.union(&word.bbox);
                        last.words.push(word.clone());
                    }
                    _ => chunks.push(Chunk { bbox: word.bbox, words: vec![word.clone()] }),
                }
                is_first = false;
            }
        }
        Self { chunks, ..self.clone() }
    }
}

/// Groups pieces of lines, sorted by baseline, into rows of positions.
pub(super) fn rows_of(pieces: &[Line]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by(|&a, &b| pieces[a].baseline.total_cmp(&pieces[b].baseline));
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for index in order {
        let shares_row = rows.last().and_then(|row| row.first()).is_some_and(|&first| {
            pieces[index].baseline - pieces[first].baseline
                < 0.35 * pieces[first].size.min(pieces[index].size)
        });
        match rows.last_mut() {
            Some(row) if shares_row => row.push(index),
            _ => rows.push(vec![index]),
        }
    }
    rows
}

pub(super) fn row(pieces: &[Line], members: &[usize], gap_em: f64) -> Row {
    let members: Vec<&Line> = members.iter().filter_map(|&index| pieces.get(index)).collect();
    Row::new(&members, gap_em)
}

pub(super) fn rows_of_members(pieces: &[Line], members: &[usize], least_gap_em: f64) -> Vec<Row> {
    let inside: Vec<Line> = members.iter().filter_map(|&index| pieces.get(index).cloned()).collect();
    let gap_em = least_gap_em.max(CHUNK_GAP_SPACES * usual_space_em(&inside));
    rows_of(&inside).iter().map(|members| row(&inside, members, gap_em)).collect()
}

/// The usual space between words, in font sizes; 0 when it cannot be told.
pub(super) fn usual_space_em(lines: &[Line]) -> f64 {
    let mut gaps: Vec<f64> = lines
        .iter()
        .flat_map(|line| {
            line.words.windows(2).map(|pair| (pair[1].bbox.left - pair[0].bbox.right) / line.size.max(1.0))
        })
        .filter(|&gap| gap > 0.05)
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 3).copied().filter(|&gap| gap < WIDEST_SPACE_EM).unwrap_or(0.0)
}
