//! Whose characters an element shows: those that a model read, or those of the page's own text where it stands.
//!
//! The reading says which elements and cells there are; this only says what they are to say. Nothing is changed here:
//! out come texts for whoever changes the page.

use super::{CellOnPage, ElementTrust, difference};
use crate::document::text_layer::TextQuality;
use crate::markup::{DocTree, Node, NodeId, NodeKind, TableGrid, TextChange};

/// So much of an element must be as in the page's own text before [`Characters::Auto`] takes the rest from there: four
/// characters of five. Below that the box is likely to be another one's, and its text would replace a right one.
const LEAST_SAME: f32 = 0.8;

/// Whose characters an element shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Characters {
    /// The page's own, where its text layer is good and four characters of five were read alike; else those that were
    /// read.
    Auto,
    /// The page's own, wherever it has some.
    TextLayer,
    /// Those that were read.
    Model,
}

impl Characters {
    /// Every choice, in the order of menus.
    pub const ALL: [Self; 3] = [Self::Auto, Self::TextLayer, Self::Model];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Auto => "Automatic",
            Self::TextLayer => "Text layer",
            Self::Model => "Model",
        }
    }

    /// What it means, in words for people.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Auto => {
                "The page's own characters where its text is sound and four of five were read alike, else those \
                 that the model read"
            }
            Self::TextLayer => "The page's own characters wherever it has some",
            Self::Model => "The characters that the model read",
        }
    }

    /// What an element says by this choice in place of what was read; `None` for that.
    fn own_text(self, trust: &ElementTrust, quality: Option<TextQuality>) -> Option<&str> {
        let is_taken = match self {
            Self::Auto => {
                quality == Some(TextQuality::Good)
                    && trust.agreement.is_some_and(|agreement| agreement >= LEAST_SAME)
            }
            Self::TextLayer => true,
            Self::Model => false,
        };
        trust.own_text.as_deref().filter(|_| is_taken)
    }

    /// The same of a cell. That a table's cells were found at all says that most were read alike.
    fn own_cell(self, found: Option<&CellOnPage>, quality: Option<TextQuality>) -> Option<&str> {
        let is_taken = match self {
            Self::Auto => quality == Some(TextQuality::Good),
            Self::TextLayer => true,
            Self::Model => false,
        };
        found.filter(|found| is_taken && !found.is_as_read).map(|found| found.text.as_str())
    }
}

/// A page as it was read.
#[derive(Clone, Copy, Debug)]
pub struct ReadPage<'a> {
    /// Its tree.
    pub tree: &'a DocTree,
    /// The trust in each node of the tree.
    pub trust: &'a [ElementTrust],
    /// How sound the page's own text is.
    pub quality: Option<TextQuality>,
}

/// An element as it was read, and what the page's own text has there.
#[derive(Clone, Copy, Debug)]
pub struct AsRead<'a> {
    /// The element of the reading.
    pub node: &'a Node,
    /// How far it can be trusted.
    pub trust: &'a ElementTrust,
}

impl<'a> ReadPage<'a> {
    /// The element of the reading that `shown`, an element of the page as it is now, comes from; `None` when that is
    /// another one by now, or the page's own text has nothing beside it.
    pub fn of(&self, shown: &Node) -> Option<AsRead<'a>> {
        let candidates = || {
            let nodes = self.tree.nodes().map(|(_, node)| node).zip(self.trust);
            let is_here = |(read, trust): &(&Node, &ElementTrust)| {
                shown.bbox.is_some() && read.bbox == shown.bbox && has_own(shown, read, trust)
            };
            nodes.filter(is_here).map(|(node, trust)| AsRead { node, trust })
        };
        let is_unchanged = |read: &AsRead<'_>| !read.is_by_hand(shown);
        candidates().find(is_unchanged).or_else(|| candidates().next())
    }

    /// The trust in an element as it is now, where every character of it that the page has is the page's; `None` where
    /// a hand has written something, or something is still as it was misread.
    pub fn taken(&self, shown: &Node) -> Option<ElementTrust> {
        let read = self.of(shown).filter(|read| !read.is_by_hand(shown))?;
        let taken = read.trust.taken_from_page(shown);
        let is_own = match &shown.kind {
            NodeKind::Table { .. } => taken.cells.iter().flatten().all(|cell| cell.is_as_read),
            _ => read.trust.own_text.as_ref() == Some(&shown.text),
        };
        is_own.then_some(taken)
    }

    /// What of the page as it is now (`shown`) is to say something else by a choice. Elements that somebody has written
    /// are left as they are, unless `with_edited`.
    pub fn changes(
        &self,
        shown: &DocTree,
        choice: Characters,
        is_meant: impl Fn(NodeId) -> bool,
        with_edited: bool,
    ) -> Vec<TextChange> {
        let mut changes = Vec::new();
        for (id, node) in shown.nodes().filter(|(id, _)| is_meant(*id)) {
            let Some(read) = self.of(node).filter(|read| with_edited || !read.is_by_hand(node)) else {
                continue;
            };
            if let (NodeKind::Table { grid, .. }, NodeKind::Table { grid: before, .. }) =
                (&node.kind, &read.node.kind)
            {
                for ((now, cell), found) in grid.cells.iter().zip(&before.cells).zip(&read.trust.cells) {
                    let text = choice.own_cell(found.as_ref(), self.quality).unwrap_or(&cell.text);
                    if now.text != text {
                        let (slot, text) = (Some((now.row, now.col)), text.to_owned());
                        changes.push(TextChange { node: id, slot, text });
                    }
                }
            } else {
                let text = choice.own_text(read.trust, self.quality).unwrap_or(&read.node.text);
                if node.text != text {
                    changes.push(TextChange { node: id, slot: None, text: text.to_owned() });
                }
            }
        }
        changes
    }
}

impl AsRead<'_> {
    /// Whose characters the element, `shown` as it is now, shows; `None` when a hand has written some or they are of
    /// both. Where the page has the same, they are [`Characters::Model`].
    pub fn characters_of(&self, shown: &Node) -> Option<Characters> {
        let (is_read, is_own) = match (&shown.kind, &self.node.kind) {
            (NodeKind::Table { grid, .. }, NodeKind::Table { grid: before, .. }) => {
                let cells = || grid.cells.iter().zip(&before.cells).zip(&self.trust.cells);
                (
                    cells().all(|((now, cell), _)| now.text == cell.text),
                    cells().all(|((now, cell), found)| {
                        let on_page = difference(cell, found.as_ref()).filter(|text| !text.is_empty());
                        now.text == on_page.unwrap_or(&cell.text)
                    }),
                )
            }
            _ => (shown.text == self.node.text, self.trust.own_text.as_ref() == Some(&shown.text)),
        };
        match (is_read, is_own) {
            (true, _) => Some(Characters::Model),
            (false, true) => Some(Characters::TextLayer),
            (false, false) => None,
        }
    }

    /// Something that the element says is neither what was read nor what the page has.
    fn is_by_hand(&self, shown: &Node) -> bool {
        match (&shown.kind, &self.node.kind) {
            (NodeKind::Table { grid, .. }, NodeKind::Table { grid: before, .. }) => {
                let mut cells = grid.cells.iter().zip(&before.cells).zip(&self.trust.cells);
                cells.any(|((now, cell), found)| {
                    now.text != cell.text && Some(&now.text) != found.as_ref().map(|found| &found.text)
                })
            }
            _ => shown.text != self.node.text && Some(&shown.text) != self.trust.own_text.as_ref(),
        }
    }
}

/// The page's own text has something to say about the element, and it is still the same one.
fn has_own(shown: &Node, read: &Node, trust: &ElementTrust) -> bool {
    match (&shown.kind, &read.kind) {
        (NodeKind::Table { grid, .. }, NodeKind::Table { grid: before, .. }) => {
            !trust.cells.is_empty() && slots(grid) == slots(before)
        }
        (NodeKind::Table { .. }, _) | (_, NodeKind::Table { .. }) => false,
        _ => trust.own_text.is_some() && shown.kind.holds_text(),
    }
}

/// Which slots each cell covers: two tables with the same ones have the same cells, whatever these say.
fn slots(grid: &TableGrid) -> Vec<[usize; 4]> {
    grid.cells.iter().map(|cell| [cell.row, cell.col, cell.row_span, cell.col_span]).collect()
}

/// The trust in a page whose characters were chosen, `tree` being the page with the texts of the choice. What the page
/// had its say in is no longer doubted for what the model read.
pub fn trust_of_chosen(read: &ReadPage<'_>, tree: &DocTree) -> Vec<ElementTrust> {
    let nodes = tree.nodes().zip(read.tree.nodes()).zip(read.trust);
    let chosen = nodes.map(|(((_, node), (_, before)), trust)| {
        let has_changed = match (&node.kind, &before.kind) {
            (NodeKind::Table { grid, .. }, NodeKind::Table { grid: before, .. }) => {
                grid.cells.iter().zip(&before.cells).any(|(now, cell)| now.text != cell.text)
            }
            _ => node.text != before.text,
        };
        if has_changed { trust.taken_from_page(node) } else { trust.clone() }
    });
    chosen.collect()
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;
    use crate::geometry::BBox;
    use crate::markup::parse;

    const MARKUP: &str = "<doctag><text><loc_1><loc_1><loc_90><loc_9>Once upon a tirne</text>\
        <text><loc_1><loc_11><loc_90><loc_19>Something else</text>\
        <text><loc_1><loc_21><loc_90><loc_29>As it is</text>\
        <otsl><loc_1><loc_31><loc_90><loc_49><fcel>Tea<fcel>12.S0<nl><fcel>Milk<ecel><nl></otsl></doctag>";

    fn trust(agreement: f32, own_text: Option<&str>) -> ElementTrust {
        let own_text = own_text.map(str::to_owned);
        ElementTrust { agreement: Some(agreement), own_text, ..ElementTrust::new(Origin::Model) }
    }

    /// Two texts that the page has otherwise, one alike, a table with one cell otherwise and one that nothing is beside.
    fn read_trust() -> Vec<ElementTrust> {
        let found =
            |text: &str, is_as_read| Some(CellOnPage { bbox: BBox::PAGE, text: text.to_owned(), is_as_read });
        let cells = vec![found("Tea", true), found("12.50", false), found("Milk", true), None];
        vec![
            trust(0.94, Some("Once upon a time")),
            trust(0.2, Some("Nothing alike")),
            trust(1.0, None),
            ElementTrust { cells, ..ElementTrust::new(Origin::Model) },
        ]
    }

    /// The texts that a page, now as in `markup`, gets.
    fn check(
        markup: &str,
        choice: Characters,
        quality: TextQuality,
        with_edited: bool,
        expected: &[(usize, &str)],
    ) {
        let (read, shown, trust) = (parse(MARKUP), parse(markup), read_trust());
        let page = ReadPage { tree: &read, trust: &trust, quality: Some(quality) };
        let changes = page.changes(&shown, choice, |_| true, with_edited);
        let found: Vec<_> =
            changes.iter().map(|change| (change.node.index(), change.text.as_str())).collect();
        assert_eq!(found, expected, "{choice:?} {quality:?} {markup}");
    }

    #[test]
    fn each_choice_takes_what_it_says() {
        use TextQuality::{Good, OcrLayer};
        let (time, nothing, cell) = ((0, "Once upon a time"), (1, "Nothing alike"), (3, "12.50"));
        check(MARKUP, Characters::Model, Good, false, &[]);
        check(MARKUP, Characters::TextLayer, Good, false, &[time, nothing, cell]);
        check(MARKUP, Characters::TextLayer, OcrLayer, false, &[time, nothing, cell]);
        check(MARKUP, Characters::Auto, Good, false, &[time, cell]);
        check(MARKUP, Characters::Auto, OcrLayer, false, &[]);
    }

    #[test]
    fn a_choice_can_be_taken_back_and_leaves_the_work_of_hands() {
        use TextQuality::Good;
        let taken = MARKUP.replace("tirne", "time").replace("12.S0", "12.50");
        check(&taken, Characters::Auto, Good, false, &[]);
        check(&taken, Characters::Model, Good, false, &[(0, "Once upon a tirne"), (3, "12.S0")]);
        let by_hand = MARKUP.replace("tirne", "TIME");
        check(&by_hand, Characters::TextLayer, Good, false, &[(1, "Nothing alike"), (3, "12.50")]);
        check(&by_hand, Characters::Auto, Good, true, &[(0, "Once upon a time"), (3, "12.50")]);
        // Another box or other cells: another element.
        let moved = MARKUP.replace("<loc_9>", "<loc_8>").replace("<fcel>Milk<ecel>", "<fcel>Milk<lcel>");
        check(&moved, Characters::TextLayer, Good, true, &[(1, "Nothing alike")]);
    }

    #[test]
    fn what_was_taken_is_the_page_s_and_not_doubted() {
        let (read, trust) = (parse(MARKUP), read_trust());
        let page = ReadPage { tree: &read, trust: &trust, quality: Some(TextQuality::Good) };
        let chosen =
            trust_of_chosen(&page, &parse(&MARKUP.replace("tirne", "time").replace("12.S0", "12.50")));
        let origins: Vec<Origin> = chosen.iter().map(|trust| trust.origin).collect();
        assert_eq!(origins, [Origin::TextLayer, Origin::Model, Origin::Model, Origin::TextLayer]);
        assert!(chosen[3].cells.iter().flatten().all(|cell| cell.is_as_read));
    }
}
