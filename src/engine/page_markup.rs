//! Pages of markup as one document.

const OPEN: &str = "<doctag>";
const CLOSE: &str = "</doctag>";
const PAGE_BREAK: &str = "<page_break>";

/// Joins the markup of pages, as DocTags writes documents of several pages: one `<doctag>` around
/// all, `<page_break>` between them. A single page stays as it is, to the last byte. An empty page
/// keeps its place, so that page numbers stay right.
pub fn join_pages<'m>(pages: impl IntoIterator<Item = &'m str>) -> String {
    let pages: Vec<&str> = pages.into_iter().collect();
    if let [page] = pages.as_slice() {
        return (*page).to_owned();
    }
    let bodies: Vec<&str> = pages.into_iter().map(body).collect();
    let separator = format!("\n{PAGE_BREAK}\n");
    format!("{OPEN}{}\n{CLOSE}", bodies.join(&separator))
}

/// A page without what wraps it.
pub(super) fn body(page: &str) -> &str {
    let page = page.trim();
    let page = page.strip_prefix(OPEN).unwrap_or(page);
    page.strip_suffix(CLOSE).unwrap_or(page).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pages: &[&str], expected: &str) {
        assert_eq!(join_pages(pages.iter().copied()), expected);
    }

    #[test]
    fn one_page_is_left_alone() {
        check(&["<doctag><text>a</text>\n</doctag>\n"], "<doctag><text>a</text>\n</doctag>\n");
    }

    #[test]
    fn several_share_one_wrapper() {
        check(
            &["<doctag><text>a</text>\n</doctag>", "", "<doctag><text>b</text>"],
            "<doctag><text>a</text>\n<page_break>\n\n<page_break>\n<text>b</text>\n</doctag>",
        );
    }
}
