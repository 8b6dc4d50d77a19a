//! Disjoint groups of things that were found to belong together, as a forest of parents.
//!
//! `group[i]` is the parent of `i`; every thing starts as its own. Nothing is known here of what the
//! things are.

/// The one that stands for the group of `index`. Paths are halved on the way.
pub(super) fn root(group: &mut [usize], mut index: usize) -> usize {
    while group[index] != index {
        group[index] = group[group[index]];
        index = group[index];
    }
    index
}

/// Makes one group of two.
pub(super) fn unite(group: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(group, one), root(group, other));
    group[one] = other;
}
