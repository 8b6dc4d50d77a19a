//! Page ranges as people write them: `1-3,7`, `5-`, `-2`.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::document::page::PageIndex;

/// Ranges of pages, counted from 1, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRanges(Vec<(usize, Option<usize>)>);

/// What is wrong with a range.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PageRangesError {
    #[error("`{0}` is not a page or a range of pages; write 1-3,7 or 5-")]
    NotARange(String),
    #[error("pages are counted from 1")]
    PageZero,
    #[error("`{0}` runs backwards")]
    Backwards(String),
}

impl FromStr for PageRanges {
    type Err = PageRangesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(str::trim).map(range).collect::<Result<_, _>>().map(Self)
    }
}

fn range(text: &str) -> Result<(usize, Option<usize>), PageRangesError> {
    let wrong = || PageRangesError::NotARange(text.to_owned());
    let number = |digits: &str| match digits.trim().parse::<usize>() {
        Ok(0) => Err(PageRangesError::PageZero),
        Ok(number) => Ok(number),
        Err(_) => Err(wrong()),
    };
    let (first, last) = match text.split_once('-') {
        None => (number(text)?, Some(number(text)?)),
        Some(("", "")) => return Err(wrong()),
        Some(("", last)) => (1, Some(number(last)?)),
        Some((first, "")) => (number(first)?, None),
        Some((first, last)) => (number(first)?, Some(number(last)?)),
    };
    if last.is_some_and(|last| last < first) {
        return Err(PageRangesError::Backwards(text.to_owned()));
    }
    Ok((first, last))
}

/// Pages of one document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// To be converted, in order.
    pub(super) pages: Vec<PageIndex>,
    /// The first number asked for beyond the document's end.
    pub(super) beyond_end: Option<usize>,
}

impl Selection {
    /// All pages.
    pub(super) fn all(num_pages: usize) -> Self {
        Self { pages: (0..num_pages).map(PageIndex).collect(), beyond_end: None }
    }

    /// Those that the ranges name, each once.
    pub(super) fn of(ranges: &PageRanges, num_pages: usize) -> Self {
        let mut numbers = BTreeSet::new();
        let mut beyond_end = None;
        for (first, last) in &ranges.0 {
            numbers.extend(*first..=last.unwrap_or(num_pages).min(num_pages));
            // An open range that begins beyond the end names a page that is not there too.
            let farthest = last.unwrap_or(*first);
            if farthest > num_pages {
                let missing = (*first).max(num_pages + 1);
                beyond_end = Some(beyond_end.map_or(missing, |known: usize| known.min(missing)));
            }
        }
        Self { pages: numbers.into_iter().map(|number| PageIndex(number - 1)).collect(), beyond_end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, num_pages: usize, expected: &[usize], beyond_end: Option<usize>) {
        let selection = Selection::of(&text.parse().unwrap(), num_pages);
        let numbers: Vec<usize> = selection.pages.iter().map(|page| page.number()).collect();
        assert_eq!((numbers.as_slice(), selection.beyond_end), (expected, beyond_end));
    }

    fn check_wrong(text: &str, message: &str) {
        assert_eq!(text.parse::<PageRanges>().unwrap_err().to_string(), message);
    }

    #[test]
    fn ranges_name_pages_in_order_and_once() {
        check("1-3,7", 9, &[1, 2, 3, 7], None);
        check("7, 1-2 ,2", 9, &[1, 2, 7], None);
        check("8-", 9, &[8, 9], None);
        check("-2", 9, &[1, 2], None);
    }

    #[test]
    fn pages_beyond_the_end_are_named() {
        check("2-5", 3, &[2, 3], Some(4));
        check("7,9", 3, &[], Some(7));
        check("5-", 3, &[], Some(5));
        check("1-18446744073709551615", 2, &[1, 2], Some(3));
    }

    #[test]
    fn what_is_wrong_is_said() {
        check_wrong("a", "`a` is not a page or a range of pages; write 1-3,7 or 5-");
        check_wrong("", "`` is not a page or a range of pages; write 1-3,7 or 5-");
        check_wrong("-", "`-` is not a page or a range of pages; write 1-3,7 or 5-");
        check_wrong("0-2", "pages are counted from 1");
        check_wrong("3-1", "`3-1` runs backwards");
    }
}
