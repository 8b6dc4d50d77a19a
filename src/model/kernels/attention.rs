//! Attention over one tile, over a prompt and for one more token.
//!
//! Scores of a block of rows stay in the cache; the softmax is left unnormalised and the division done
//! once on the result. Rows of the same key-value head are computed together, so keys and values are
//! read once for all the query heads that share them.

use rayon::prelude::*;

use super::elementwise::softmax_numerators;
use super::isa::Isa;
use super::kv_cache::KvCache;
use super::matmul::{Rows, RowsMut, Then, block, spread_stride};
use super::packed::Packed;

/// Query rows whose scores are held at once: 48 rows of 1024 scores are 192 KiB.
const QUERY_BLOCK: usize = 48;

/// Sizes of one attention, by the names of the published configuration.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the names can be searched for in the checkpoint's files")]
pub(crate) struct Heads {
    /// Query heads.
    pub(crate) num_attention_heads: usize,
    /// Heads of keys and values; each serves a block of query heads.
    pub(crate) num_key_value_heads: usize,
    /// Numbers in a head.
    pub(crate) head_dim: usize,
}

impl Heads {
    fn query_width(&self) -> usize {
        self.num_attention_heads * self.head_dim
    }

    fn group(&self) -> usize {
        self.num_attention_heads / self.num_key_value_heads
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }
}

/// Every token attends to every token: `qkv` is `(tokens, 3 * heads * head_dim)` with queries, keys and
/// values side by side, `output` is `(tokens, heads * head_dim)`. `is_seen` says which tokens are looked
/// at, when not all are. Parallel over heads and blocks of rows; a head's keys and values stay in the cache.
pub(crate) fn full(isa: Isa, heads: Heads, qkv: &[f32], is_seen: Option<&[bool]>, output: &mut [f32]) {
    let (width, head_dim) = (heads.query_width(), heads.head_dim);
    let num_tokens = output.len() / width;
    let tokens = |kind: usize, head: usize| {
        qkv.chunks_exact(3 * width).map(move |row| head_of(&row[kind * width..], head, head_dim))
    };
    let parts: Vec<Vec<f32>> = (0..heads.num_attention_heads)
        .into_par_iter()
        .map(|head| {
            let (keys, values) =
                (pack_keys(head_dim, tokens(1, head)), pack_values(head_dim, tokens(2, head)));
            let mut part = vec![0.0; num_tokens * head_dim];
            part.par_chunks_mut(QUERY_BLOCK * head_dim).enumerate().for_each(|(index, part)| {
                let num_rows = part.len() / head_dim;
                let mut scores = Scores::new(num_rows, num_tokens);
                let from = index * QUERY_BLOCK * 3 * width + head * head_dim;
                let queries = Rows { data: &qkv[from..], stride: 3 * width };
                block(isa, queries, &keys, head_dim, scores.rows_mut(), Then::Store);
                if let Some(is_seen) = is_seen {
                    scores.hide(is_seen);
                }
                let output = RowsMut::dense(part, head_dim);
                scores.weigh(isa, heads.scale(), |_| num_tokens, &values, output);
            });
            part
        })
        .collect();
    output.par_chunks_mut(width).enumerate().for_each(|(token, output)| {
        for (output, part) in output.chunks_exact_mut(head_dim).zip(&parts) {
            output.copy_from_slice(head_of(part, token, head_dim));
        }
    });
}

fn head_of(row: &[f32], head: usize, head_dim: usize) -> &[f32] {
    &row[head * head_dim..(head + 1) * head_dim]
}

fn pack_keys<'a>(head_dim: usize, rows: impl ExactSizeIterator<Item = &'a [f32]>) -> Packed<f32> {
    Packed::from_rows(head_dim, rows.map(|row| row.iter().copied()))
}

fn pack_values<'a>(head_dim: usize, rows: impl ExactSizeIterator<Item = &'a [f32]>) -> Packed<f32> {
    let mut packed = Packed::zeros(rows.len(), head_dim);
    for (position, row) in rows.enumerate() {
        packed.set_in(position, row);
    }
    packed
}

/// Each new token attends to the tokens before it and itself. The cache already holds the keys and
/// values of the new tokens, which are the last ones: `queries` and `output` are
/// `(new tokens, heads * head_dim)`. Parallel over key-value heads and blocks of rows.
pub(crate) fn causal(isa: Isa, heads: Heads, queries: &[f32], cache: &KvCache, output: &mut [f32]) {
    let width = heads.query_width();
    let first_position = cache.len() - output.len() / width;
    if output.len() / width < QUERY_BLOCK {
        few_tokens(isa, heads, queries, cache, output);
        return;
    }
    output.par_chunks_mut(QUERY_BLOCK * width).enumerate().for_each(|(index, output)| {
        let first = first_position + index * QUERY_BLOCK;
        let last = first + output.len() / width;
        for head in 0..heads.num_attention_heads {
            let (keys, values) = cache.head(head / heads.group());
            let from = index * QUERY_BLOCK * width + head * heads.head_dim;
            let queries = Rows { data: &queries[from..], stride: width };
            let mut scores = Scores::new(output.len() / width, last);
            block(isa, queries, keys, heads.head_dim, scores.rows_mut(), Then::Store);
            let output =
                RowsMut { data: &mut output[head * heads.head_dim..], stride: width, width: heads.head_dim };
            scores.weigh(isa, heads.scale(), |row| first + row + 1, values, output);
        }
    });
}

/// One new token, or a few drafted ones: parallel over key-value heads, whose query heads lie side by
/// side in each token's row.
fn few_tokens(isa: Isa, heads: Heads, queries: &[f32], cache: &KvCache, output: &mut [f32]) {
    let (width, group_width) = (heads.query_width(), heads.group() * heads.head_dim);
    let num_tokens = output.len() / width;
    let (first, last) = (cache.len() - num_tokens, cache.len());
    let parts: Vec<Vec<f32>> = (0..heads.num_key_value_heads)
        .into_par_iter()
        .map(|group| {
            let (keys, values) = cache.head(group);
            let rows: Vec<f32> = queries
                .chunks_exact(width)
                .flat_map(|row| &row[group * group_width..(group + 1) * group_width])
                .copied()
                .collect();
            let mut scores = Scores::new(num_tokens * heads.group(), last);
            let mut part = vec![0.0; rows.len()];
            let queries = Rows::dense(&rows, heads.head_dim);
            block(isa, queries, keys, heads.head_dim, scores.rows_mut(), Then::Store);
            let seen = |row: usize| first + row / heads.group() + 1;
            scores.weigh(isa, heads.scale(), seen, values, RowsMut::dense(&mut part, heads.head_dim));
            part
        })
        .collect();
    for (group, part) in parts.iter().enumerate() {
        for (row, part) in output.chunks_exact_mut(width).zip(part.chunks_exact(group_width)) {
            row[group * group_width..(group + 1) * group_width].copy_from_slice(part);
        }
    }
}

/// Scores of some rows: how much each looks at each position.
struct Scores {
    /// `(rows, positions)`, with a gap between rows.
    numbers: Vec<f32>,
    stride: usize,
    num_positions: usize,
}

impl Scores {
    fn new(num_rows: usize, num_positions: usize) -> Self {
        let stride = spread_stride(num_positions);
        Self { numbers: vec![0.0; num_rows * stride], stride, num_positions }
    }

    fn rows_mut(&mut self) -> RowsMut<'_> {
        RowsMut { data: &mut self.numbers, stride: self.stride, width: self.num_positions }
    }

    fn each_row(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.numbers.chunks_exact_mut(self.stride).map(|row| &mut row[..self.num_positions])
    }

    /// Lowers the scores of tokens that are not seen. As in the reference the number is finite, so that a
    /// row that sees nothing looks at everything alike instead of having no sum.
    fn hide(&mut self, is_seen: &[bool]) {
        const FAR_BELOW: f32 = -1e30;
        for row in self.each_row() {
            for (score, is_seen) in row.iter_mut().zip(is_seen) {
                if !is_seen {
                    *score = FAR_BELOW;
                }
            }
        }
    }

    /// Softmax of each row over the positions that it may see, then the weighted sum of values.
    fn weigh(
        mut self,
        isa: Isa,
        scale: f32,
        num_seen: impl Fn(usize) -> usize,
        values: &Packed<f32>,
        output: RowsMut<'_>,
    ) {
        let softmax = |(row, scores): (usize, &mut [f32])| {
            let (seen, unseen) = scores.split_at_mut(num_seen(row));
            let mut sum = 0.0;
            softmax_numerators(isa, seen, scale, &mut sum);
            unseen.fill(0.0);
            sum
        };
        let sums: Vec<f32> = self.each_row().enumerate().map(softmax).collect();
        let RowsMut { data, stride, width } = output;
        let rows = Rows { data: &self.numbers, stride: self.stride };
        block(isa, rows, values, self.num_positions, RowsMut { data, stride, width }, Then::Store);
        for (row, sum) in data.chunks_mut(stride).zip(sums) {
            for number in &mut row[..width] {
                *number /= sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let number = |at: usize| ((at * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
        (0..count).map(number).collect()
    }

    /// The plain twin, in f64: one query against the first `num_seen` positions.
    fn plain(query: &[f32], keys: &[&[f32]], values: &[&[f32]]) -> Vec<f64> {
        let dot = |key: &&[f32]| -> f64 {
            let sum: f64 = query.iter().zip(*key).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            sum / (query.len() as f64).sqrt()
        };
        let scores: Vec<f64> = keys.iter().map(dot).collect();
        let largest = scores.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let weighted =
            |at: usize| values.iter().zip(&weights).map(|(v, w)| f64::from(v[at]) * w).sum::<f64>() / sum;
        (0..query.len()).map(weighted).collect()
    }

    fn assert_close(got: &[f32], wanted: &[f64]) {
        for (got, wanted) in got.iter().zip(wanted) {
            assert!((f64::from(*got) - wanted).abs() < 5e-6, "{got} instead of {wanted}");
        }
    }

    #[test]
    fn full_attention_agrees_with_the_plain_twin() {
        for (num_tokens, num_heads, head_dim) in [(16, 2, 16), (65, 3, 12), (100, 1, 64)] {
            let heads = Heads { num_attention_heads: num_heads, num_key_value_heads: num_heads, head_dim };
            let width = num_heads * head_dim;
            let qkv = numbers(num_tokens * 3 * width, 1);
            for isa in Isa::all() {
                let mut output = vec![0.0; num_tokens * width];
                full(isa, heads, &qkv, None, &mut output);
                for (token, output) in output.chunks_exact(width).enumerate() {
                    for head in 0..num_heads {
                        let part = |row: usize, kind: usize| {
                            head_of(&qkv[(row * 3 + kind) * width..], head, head_dim)
                        };
                        let keys: Vec<_> = (0..num_tokens).map(|row| part(row, 1)).collect();
                        let values: Vec<_> = (0..num_tokens).map(|row| part(row, 2)).collect();
                        assert_close(head_of(output, head, head_dim), &plain(part(token, 0), &keys, &values));
                    }
                }
            }
        }
    }

    #[test]
    fn a_prompt_read_at_once_or_token_by_token_gives_the_same_bits() {
        let heads = Heads { num_attention_heads: 6, num_key_value_heads: 2, head_dim: 20 };
        let (num_tokens, width, kv_width) = (130, 120, 40);
        let (queries, keys, values) = (
            numbers(num_tokens * width, 2),
            numbers(num_tokens * kv_width, 3),
            numbers(num_tokens * kv_width, 4),
        );
        let isa = Isa::detect();
        let push = |cache: &mut KvCache, token: usize| {
            let at = token * kv_width..(token + 1) * kv_width;
            cache.push(&keys[at.clone()], &values[at]);
        };
        let mut whole = KvCache::new(2, 20);
        (0..num_tokens).for_each(|token| push(&mut whole, token));
        let mut at_once = vec![0.0; num_tokens * width];
        causal(isa, heads, &queries, &whole, &mut at_once);

        for (token, wanted) in at_once.chunks_exact(width).enumerate() {
            for head in 0..6 {
                let part = |rows: &'_ [f32]| -> Vec<Vec<f32>> {
                    rows.chunks_exact(kv_width).map(|row| head_of(row, head / 3, 20).to_vec()).collect()
                };
                let (keys, values) =
                    (part(&keys[..(token + 1) * kv_width]), part(&values[..(token + 1) * kv_width]));
                let keys: Vec<&[f32]> = keys.iter().map(Vec::as_slice).collect();
                let values: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
                let query = head_of(&queries[token * width..], head, 20);
                assert_close(head_of(wanted, head, 20), &plain(query, &keys, &values));
            }
        }

        for step in [1, 3, 7] {
            let mut cache = KvCache::new(2, 20);
            let mut output = Vec::new();
            for first in (0..num_tokens).step_by(step) {
                let tokens = first..(first + step).min(num_tokens);
                tokens.clone().for_each(|token| push(&mut cache, token));
                let mut part = vec![0.0; tokens.len() * width];
                causal(isa, heads, &queries[first * width..tokens.end * width], &cache, &mut part);
                output.extend(part);
            }
            assert!(output == at_once, "{step} at a time");
        }
    }
}
