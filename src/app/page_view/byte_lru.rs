//! A map with a budget in bytes that forgets what was used longest ago.

use std::collections::BTreeMap;

/// What is kept of one value.
#[derive(Debug)]
struct Entry<V> {
    value: V,
    num_bytes: usize,
    last_used: u64,
}

/// A map with a budget in bytes. What was used in the current frame is never forgotten, so that
/// a view larger than the budget is still drawn whole.
#[derive(Debug)]
pub(super) struct ByteLru<K, V> {
    entries: BTreeMap<K, Entry<V>>,
    budget_bytes: usize,
    used_bytes: usize,
    frame: u64,
}

impl<K: Ord + Clone, V> ByteLru<K, V> {
    pub(super) fn new(budget_bytes: usize) -> Self {
        Self { entries: BTreeMap::new(), budget_bytes, used_bytes: 0, frame: 0 }
    }

    /// Starts a frame: what is used from now on is newer than everything before.
    pub(super) fn begin_frame(&mut self) {
        self.frame += 1;
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// The value, marked as used in this frame.
    pub(super) fn use_value(&mut self, key: &K) -> Option<&V> {
        let entry = self.entries.get_mut(key)?;
        entry.last_used = self.frame;
        Some(&entry.value)
    }

    /// Keys in their order, from one on.
    pub(super) fn keys_in(
        &self,
        range: impl std::ops::RangeBounds<K>,
    ) -> impl DoubleEndedIterator<Item = &K> {
        self.entries.range(range).map(|(key, _)| key)
    }

    pub(super) fn insert(&mut self, key: K, value: V, num_bytes: usize) {
        let entry = Entry { value, num_bytes, last_used: self.frame };
        self.used_bytes += num_bytes;
        if let Some(old) = self.entries.insert(key, entry) {
            self.used_bytes -= old.num_bytes;
        }
        self.forget_beyond_budget();
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&K) -> bool) {
        self.entries.retain(|key, entry| {
            let is_kept = keeps(key);
            if !is_kept {
                self.used_bytes -= entry.num_bytes;
            }
            is_kept
        });
    }

    #[cfg(test)]
    fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    fn forget_beyond_budget(&mut self) {
        if self.used_bytes <= self.budget_bytes {
            return;
        }
        let mut by_age: Vec<(u64, K)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.last_used < self.frame)
            .map(|(key, entry)| (entry.last_used, key.clone()))
            .collect();
        by_age.sort();
        for (_, key) in by_age {
            if self.used_bytes <= self.budget_bytes {
                break;
            }
            if let Some(old) = self.entries.remove(&key) {
                self.used_bytes -= old.num_bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut cache = ByteLru::new(30);
        for key in ['a', 'b', 'c'] {
            cache.begin_frame();
            cache.insert(key, (), 10);
        }
        cache.begin_frame();
        cache.use_value(&'a');
        cache.begin_frame();
        cache.insert('d', (), 10);
        assert!(
            cache.contains(&'a') && !cache.contains(&'b') && cache.contains(&'c') && cache.contains(&'d')
        );
        assert_eq!(cache.used_bytes(), 30);
    }

    #[test]
    fn what_is_in_use_stays_even_beyond_the_budget() {
        let mut cache = ByteLru::new(15);
        cache.begin_frame();
        cache.insert('a', (), 10);
        cache.insert('b', (), 10);
        assert!(cache.contains(&'a') && cache.contains(&'b'));
        cache.begin_frame();
        cache.use_value(&'b');
        cache.insert('c', (), 5);
        assert!(!cache.contains(&'a'));
        assert_eq!(cache.used_bytes(), 15);
    }

    #[test]
    fn replacing_and_removing_keep_the_sum_right() {
        let mut cache = ByteLru::new(100);
        cache.insert('a', 1, 10);
        cache.insert('a', 2, 30);
        cache.insert('b', 3, 5);
        assert_eq!(cache.used_bytes(), 35);
        cache.retain(|key| *key == 'b');
        assert_eq!(cache.used_bytes(), 5);
        assert_eq!(cache.use_value(&'b'), Some(&3));
    }
}
