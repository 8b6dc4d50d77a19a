//! Keys and values of one layer, in the order in which attention reads them.

use super::packed::{PANEL, Packed};

/// The cache grows by this many positions, so that growing is rare and little memory is idle.
const GROWTH: usize = 512;

/// Keys and values of one layer for every position so far.
///
/// Keys are packed as weights `(positions, head_dim)`, values as weights `(head_dim, positions)`, so
/// both attention products are ordinary products with packed weights, and appending writes in place.
#[derive(Clone, Debug)]
pub(crate) struct KvCache {
    head_dim: usize,
    capacity: usize,
    len: usize,
    heads: Vec<(Packed<f32>, Packed<f32>)>,
}

impl KvCache {
    /// An empty cache.
    pub(crate) fn new(num_key_value_heads: usize, head_dim: usize) -> Self {
        let empty = || (Packed::zeros(head_dim, 0), Packed::zeros(0, head_dim));
        let heads = (0..num_key_value_heads).map(|_| empty()).collect();
        Self { head_dim, capacity: 0, len: 0, heads }
    }

    /// Positions that it holds.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends one position: `keys` and `values` are `(num_key_value_heads, head_dim)`.
    pub(crate) fn push(&mut self, keys: &[f32], values: &[f32]) {
        if self.len == self.capacity {
            self.grow();
        }
        let (position, head_dim) = (self.len, self.head_dim);
        let new = keys.chunks_exact(head_dim).zip(values.chunks_exact(head_dim));
        for ((head_keys, head_values), (key, value)) in self.heads.iter_mut().zip(new) {
            let lines = head_keys.panel_mut(position / PANEL);
            for (line, number) in lines.iter_mut().zip(key) {
                line[position % PANEL] = *number;
            }
            head_values.set_in(position, value);
        }
        self.len += 1;
    }

    /// Forgets the positions from `len` on; their room stays.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Keys and values of one head. Positions from [`KvCache::len`] on hold anything.
    pub(super) fn head(&self, index: usize) -> (&Packed<f32>, &Packed<f32>) {
        let (keys, values) = &self.heads[index];
        (keys, values)
    }

    fn grow(&mut self) {
        let capacity = self.capacity + GROWTH;
        for (keys, values) in &mut self.heads {
            keys.extend_out(capacity);
            *values = values.with_num_in(capacity);
        }
        self.capacity = capacity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_keeps_what_was_there() {
        let mut cache = KvCache::new(2, 20);
        let numbers = |position: usize, salt: f32| -> Vec<f32> {
            (0..40).map(|at| position as f32 * 100.0 + at as f32 + salt).collect()
        };
        let count = GROWTH + 3;
        for position in 0..count {
            cache.push(&numbers(position, 0.25), &numbers(position, 0.5));
        }
        assert_eq!(cache.len(), count);
        for position in [0, 15, 16, GROWTH - 1, GROWTH, count - 1] {
            for head in 0..2 {
                let (keys, values) = cache.head(head);
                for at in 0..20 {
                    let wanted = position as f32 * 100.0 + (head * 20 + at) as f32;
                    let stored = [
                        keys.panel(position / PANEL)[at][position % PANEL],
                        values.panel(at / PANEL)[position][at % PANEL],
                    ];
                    assert_eq!(stored.map(f32::to_bits), [wanted + 0.25, wanted + 0.5].map(f32::to_bits));
                }
            }
        }
    }
}
