//! Levenshtein distance: fewest insertions, deletions and substitutions of characters, each of cost 1.

/// The distance between the characters of two texts.
pub fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(a, b)
}

/// The distance divided by the length of the longer text: 0 for equal texts, 1 for texts that share nothing.
pub fn normalised(a: &str, b: &str) -> f64 {
    1.0 - strsim::normalized_levenshtein(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: usize) {
        assert_eq!(distance(a, b), expected);
        assert_eq!(distance(b, a), expected);
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
