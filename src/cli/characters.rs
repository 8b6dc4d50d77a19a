//! `--characters`: pages of a model with the characters of the page's own text.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::event::PageRecognition;
use crate::engine::trust::{Characters, ReadPage, trust_of_chosen};
use crate::revision::{Edit, apply, expressible};

/// The page as the choice has it, and how many texts it leaves as they were read because `DocTags` cannot say them.
pub(super) fn with_characters(
    page: Arc<PageRecognition>,
    choice: Characters,
) -> (Arc<PageRecognition>, usize) {
    let read = ReadPage { tree: &page.tree, trust: &page.trust, quality: page.text_quality };
    let texts = read.changes(&page.tree, choice, |_| true, false);
    if texts.is_empty() {
        return (page, 0);
    }
    let num_all = texts.len();
    let texts = expressible(&page.tree, texts);
    let num_left = num_all - texts.len();
    let edit = Edit::SetTexts { texts, is_checked: false };
    let Ok(edited) = apply(&page.tree, &BTreeSet::new(), &edit) else { return (page, num_all) };
    let tree = Arc::new(edited.tree);
    let trust = trust_of_chosen(&read, &tree);
    (Arc::new(PageRecognition { markup: edited.markup, tree, trust, ..page.as_ref().clone() }), num_left)
}
