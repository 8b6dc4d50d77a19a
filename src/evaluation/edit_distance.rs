//! Levenshtein distance: fewest insertions, deletions and substitutions, each of cost 1.

/// The distance between two sequences, in time of their lengths multiplied and memory of the shorter one.
pub fn distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    // What both begin and end with costs nothing; a good reading shares most of it.
    let num_shared = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[num_shared..], &b[num_shared..]);
    let num_shared = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - num_shared], &b[..b.len() - num_shared]);
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };

    let mut costs: Vec<usize> = (0..=short.len()).collect();
    for (row, x) in long.iter().enumerate() {
        let mut diagonal = row;
        let mut left = row + 1;
        costs[0] = left;
        for (cost, y) in costs[1..].iter_mut().zip(short) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cost;
            left = substituted.min(diagonal + 1).min(left + 1);
            *cost = left;
        }
    }
    costs[short.len()]
}

/// The distance between the characters of two texts, divided by the length of the longer one: 0 for
/// equal texts, 1 for texts that share nothing.
pub fn normalised(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    match a.len().max(b.len()) {
        0 => 0.0,
        longest => distance(&a, &b) as f64 / longest as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: usize) {
        for (a, b) in [(a, b), (b, a)] {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&a, &b), expected);
        }
    }

    #[test]
    fn edits_are_counted() {
        check("", "", 0);
        check("", "äöü", 3);
        check("kitten", "sitting", 3);
        check("same", "same", 0);
        check("abcab", "ab", 3);
        check("intention", "execution", 5);
    }

    #[test]
    fn the_longer_text_is_the_measure() {
        assert!((normalised("ab", "abcd") - 0.5).abs() < 1e-12);
        assert!(normalised("", "").abs() < 1e-12);
    }
}
