//! How far each element of a page can be trusted: a page's tree, tokens and own text in, one
//! [`ElementTrust`] for each node out.
//!
//! Nothing is changed here, only told. Each [`Doubt`] has a threshold, which is a named constant
//! with its reason; the window shows that reason on hover.

mod cells;
mod characters;
mod doubt;
mod layer_text;
mod report;
mod table_checks;

use std::collections::BTreeMap;

use crate::document::text_layer::{TextLayer, TextQuality};
use crate::engine::event::{StopReason, TokenTrace};
use crate::engine::job::EngineChoice;
use crate::geometry::BBox;
use crate::markup::{DocTree, Node, NodeId, NodeKind, Severity};

pub use cells::{CellOnPage, cells_beside, difference};
pub use characters::{AsRead, Characters, ReadPage, trust_of_chosen};
pub use doubt::{CellDifference, Doubt, Level, percent};
pub use report::trust_json;

/// Below this mean probability of its tokens an element is doubted. If the model's probabilities are
/// as good as they claim, one token in ten is wrong there.
pub const LEAST_PROBABILITY: f32 = 0.9;

/// Below this agreement with the page's own text an element is doubted: one character in twenty is
/// another. Of the elements that the text-layer engine reads on the sample, which are right, none is
/// below it (`right_readings_are_not_doubted`).
pub const LEAST_AGREEMENT: f32 = 0.95;

/// Texts whose lengths multiply to more than this are compared word by word without their order,
/// as the edit distance would take seconds.
const MAX_EDIT_STEPS: usize = 4_000_000;

/// Where the characters of an element come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The page's own text.
    TextLayer,
    /// A model, or a recording of one.
    Model,
    /// Somebody has written or changed it.
    Edited,
}

/// What is known about one element.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementTrust {
    /// Where its characters come from.
    pub origin: Origin,
    /// Mean probability of the tokens it was written with; `None` when there are none.
    pub mean_probability: Option<f32>,
    /// How much of its text is that of the page's own text in its box, in `0.0..=1.0`: one minus the
    /// normalised edit distance, blanks ignored; for tables the share of words that both have, as a
    /// table has no one order. `None` when there is nothing to compare, or it came from there.
    pub agreement: Option<f32>,
    /// What the page's own text has in its box, where that was read as something else. Tables have none: theirs has
    /// no one order.
    pub own_text: Option<String>,
    /// A table's cells as the page's own text has them, by their index in the grid; `None` where it has nothing.
    /// Empty for other elements, and where the table's cells were not found there.
    pub cells: Vec<Option<CellOnPage>>,
    /// Why somebody should look at it; the gravest first.
    pub doubts: Vec<Doubt>,
}

impl ElementTrust {
    /// Trust in what comes from there, with nothing else known.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            mean_probability: None,
            agreement: None,
            own_text: None,
            cells: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// The trust in the element when it shows the page's own characters; `node` is the element with them.
    #[must_use]
    pub fn taken_from_page(&self, node: &Node) -> Self {
        let cells = match &node.kind {
            NodeKind::Table { grid, .. } => cells_beside(&self.cells, grid),
            _ => Vec::new(),
        };
        Self { cells, ..Self::new(Origin::TextLayer) }
    }

    /// The gravest of its doubts.
    pub fn level(&self) -> Level {
        self.doubts.iter().map(Doubt::level).max().unwrap_or(Level::Sure)
    }

    /// Orders elements for review: the larger, the more there is to look at.
    pub fn gravity(&self) -> (Level, usize) {
        (self.level(), self.doubts.len())
    }

    /// What is known, in words for people, the doubts last; `None` when there is nothing to say.
    pub fn words(&self) -> Option<String> {
        let sure = self.mean_probability.map(|mean| format!("{} sure", percent(mean)));
        let agreement = self.agreement.map(|part| format!("{} as the page's text", percent(part)));
        let is_news = |doubt: &&Doubt| !matches!(doubt, Doubt::Unsure(_) | Doubt::Disagrees(_));
        let doubts = self.doubts.iter().filter(is_news).map(Doubt::words);
        let parts: Vec<String> = sure.into_iter().chain(agreement).chain(doubts).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// What a page was read from, and how that ended.
#[derive(Clone, Copy, Debug)]
pub struct PageEvidence<'a> {
    /// The tree with its boxes on the upright page.
    pub tree: &'a DocTree,
    /// Tokens in the order of the markup; empty for the text layer.
    pub tokens: &'a [TokenTrace],
    /// The page's own text, where it could be read.
    pub text_layer: Option<&'a TextLayer>,
    /// Which recognizer read it.
    pub engine: EngineChoice,
    /// Why it ended.
    pub stop_reason: StopReason,
}

/// The trust in each node of the page, by [`NodeId::index`].
pub fn trust_of_page(page: &PageEvidence<'_>) -> Vec<ElementTrust> {
    let is_cut_off = match page.stop_reason {
        StopReason::End | StopReason::Blank => false,
        StopReason::TokenLimit | StopReason::Loop | StopReason::Cancelled => true,
    };
    let last = page.tree.nodes().max_by_key(|(id, node)| (node.source.end, *id)).map(|(id, _)| id);
    let mut trust: Vec<ElementTrust> = page.tree.nodes().map(|(id, node)| trust_of(page, id, node)).collect();
    for diagnostic in page.tree.diagnostics().iter().filter(|found| found.severity > Severity::Note) {
        // A fault beside all elements belongs to the one that was read before it.
        let before =
            || page.tree.nodes().filter(|(_, node)| node.source.start <= diagnostic.source.start).last();
        let owner = page.tree.node_at_source(diagnostic.source.start).or_else(|| before().map(|(id, _)| id));
        if let Some(trust) = owner.and_then(|owner| trust.get_mut(owner.index())) {
            let is_lost = diagnostic.severity == Severity::Dropped;
            trust.doubts.push(Doubt::Repaired { message: diagnostic.message.clone(), is_lost });
        }
    }
    if let Some(trust) = last.filter(|_| is_cut_off).and_then(|last| trust.get_mut(last.index())) {
        trust.doubts.push(Doubt::CutOff(page.stop_reason));
    }
    for trust in &mut trust {
        trust.doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.level()));
    }
    trust
}

fn trust_of(page: &PageEvidence<'_>, id: NodeId, node: &Node) -> ElementTrust {
    let mut doubts = Vec::new();
    if let NodeKind::Table { grid, is_document_index: false } = &node.kind {
        doubts.extend(table_checks::doubts(grid));
    }
    let layer = comparable(page.text_layer);
    let cells = layer.map(|layer| cells_of(node, layer)).unwrap_or_default();
    if page.engine == EngineChoice::TextLayer {
        return ElementTrust { cells, doubts, ..ElementTrust::new(Origin::TextLayer) };
    }
    let compared = layer.and_then(|layer| compare(page.tree, id, layer));
    let agreement = compared.as_ref().map(|compared| compared.agreement);
    let own_text = compared.as_ref().and_then(|compared| compared.own_text.clone());
    let differing = cells::differing(node, &cells);
    if !differing.is_empty() {
        doubts.push(Doubt::Cells(differing));
    } else if let Some(numbers) = compared.and_then(Compared::into_numbers) {
        doubts.push(numbers);
    }
    doubts.extend(agreement.filter(|agreement| *agreement < LEAST_AGREEMENT).map(Doubt::Disagrees));
    let mean_probability = mean_probability(page.tokens, node);
    doubts.extend(mean_probability.filter(|mean| *mean < LEAST_PROBABILITY).map(Doubt::Unsure));
    ElementTrust { origin: Origin::Model, mean_probability, agreement, own_text, cells, doubts }
}

/// A table's cells on the page, where they can be found.
fn cells_of(node: &Node, layer: &TextLayer) -> Vec<Option<CellOnPage>> {
    match (&node.kind, &node.bbox) {
        (NodeKind::Table { grid, .. }, Some(bbox)) => cells::find_cells(grid, bbox, layer),
        _ => Vec::new(),
    }
}

/// The page's own text, when it says anything about what was read.
fn comparable(layer: Option<&TextLayer>) -> Option<&TextLayer> {
    layer.filter(|layer| match layer.quality {
        TextQuality::Good | TextQuality::OcrLayer => true,
        TextQuality::Absent | TextQuality::Garbled => false,
    })
}

fn mean_probability(tokens: &[TokenTrace], node: &Node) -> Option<f32> {
    let first = tokens.partition_point(|token| token.end <= node.source.start);
    let end = tokens.partition_point(|token| token.end <= node.source.end);
    let own = tokens.get(first..end).filter(|own| !own.is_empty())?;
    let sum: f32 = own.iter().map(|token| token.log_probability.exp()).sum();
    Some((sum / own.len() as f32).clamp(0.0, 1.0))
}

/// An element beside what the page's own text has in its box.
struct Compared {
    agreement: f32,
    own_text: Option<String>,
    only_read: Vec<String>,
    only_on_page: Vec<String>,
}

impl Compared {
    /// The doubt about numbers. Where less than half agrees the box is another one's, and numbers
    /// say nothing more.
    fn into_numbers(self) -> Option<Doubt> {
        let differs = !self.only_read.is_empty() || !self.only_on_page.is_empty();
        (differs && self.agreement >= 0.5)
            .then_some(Doubt::Numbers { only_read: self.only_read, only_on_page: self.only_on_page })
    }
}

/// `None` for what has no text of its own, is not written as it is printed (formulas), or stands
/// where the page's own text has nothing.
fn compare(tree: &DocTree, id: NodeId, layer: &TextLayer) -> Option<Compared> {
    let node = tree.node(id);
    let bbox = node.bbox?;
    let (words, is_table) = words_read(node)?;
    if words.iter().any(|word| word.chars().any(is_right_to_left)) {
        return None;
    }
    let inner: Vec<BBox> = node.children.iter().filter_map(|child| tree.node(*child).bbox).collect();
    let mut on_page = layer_text::words_within(layer, &bbox, &inner);
    if let NodeKind::ListItem { marker } = &node.kind {
        drop_marker(&mut on_page, &words, marker.as_deref());
    }
    if on_page.is_empty() {
        return None;
    }
    let own_text = (!is_table && words != on_page).then(|| {
        let printed = layer_text::words_as_printed(layer, &bbox, &inner);
        // A marker that was dropped is not part of the text.
        let from = printed.len().saturating_sub(on_page.len());
        printed.get(from..).unwrap_or_default().join(" ")
    });
    let (read, there) = (words.concat(), on_page.concat());
    let num_steps = read.chars().count().saturating_mul(there.chars().count());
    #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
    let agreement = if is_table || num_steps > MAX_EDIT_STEPS {
        share_of_words(&words, &on_page)
    } else {
        strsim::normalized_levenshtein(&read, &there) as f32
    };
    let (numbers_read, numbers_there) = (numbers(&words), numbers(&on_page));
    let is_same = numbers_read.concat() == numbers_there.concat();
    let (only_read, only_on_page) =
        if is_same { (Vec::new(), Vec::new()) } else { differences(&numbers_read, &numbers_there) };
    Some(Compared { agreement, own_text, only_read, only_on_page })
}

/// The folded words of an element, and whether it is a table.
fn words_read(node: &Node) -> Option<(Vec<String>, bool)> {
    let split =
        |text: &str| layer_text::folded(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match &node.kind {
        NodeKind::Table { grid, .. } => {
            Some((grid.cells.iter().flat_map(|cell| split(&cell.text)).collect(), true))
        }
        NodeKind::Heading { .. }
        | NodeKind::Text(_)
        | NodeKind::Caption
        | NodeKind::Footnote
        | NodeKind::PageHeader
        | NodeKind::PageFooter
        | NodeKind::Code { .. }
        | NodeKind::Checkbox { .. }
        | NodeKind::ListItem { .. } => {
            Some((split(&node.text), false)).filter(|(words, _)| !words.is_empty())
        }
        NodeKind::Formula
        | NodeKind::List { .. }
        | NodeKind::Picture(_)
        | NodeKind::InlineGroup
        | NodeKind::KeyValueRegion(_) => None,
    }
}

/// Bullets and numbers of list items are on the page, but not always in the text.
fn drop_marker(on_page: &mut Vec<String>, read: &[String], marker: Option<&str>) {
    let Some(first) = on_page.first() else { return };
    let is_known = marker.is_some_and(|marker| layer_text::folded(marker).trim() == first);
    let is_bullet = first.chars().all(|c| !c.is_alphanumeric());
    if (is_known || is_bullet || is_enumerator(first)) && read.first() != Some(first) {
        on_page.remove(0);
    }
}

/// `3.`, `b)`, `(iv)`: at most four letters or digits, and a mark behind them.
fn is_enumerator(word: &str) -> bool {
    const LONGEST: usize = 4;
    let inner = word.strip_prefix('(').unwrap_or(word);
    inner.strip_suffix(['.', ')']).is_some_and(|inner| {
        (1..=LONGEST).contains(&inner.len()) && inner.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// Twice the words that both have over the words of both.
fn share_of_words(read: &[String], there: &[String]) -> f32 {
    let (only_read, only_there) = differences(read, there);
    let total = read.len() + there.len();
    1.0 - (only_read.len() + only_there.len()) as f32 / total.max(1) as f32
}

/// What only the first has and what only the second has, each as often as it has it more.
fn differences(first: &[String], second: &[String]) -> (Vec<String>, Vec<String>) {
    let mut counts: BTreeMap<&str, isize> = BTreeMap::new();
    for word in first {
        *counts.entry(word).or_default() += 1;
    }
    for word in second {
        *counts.entry(word).or_default() -= 1;
    }
    let mut only = (Vec::new(), Vec::new());
    for (word, count) in counts {
        let list = if count > 0 { &mut only.0 } else { &mut only.1 };
        list.extend(std::iter::repeat_n(word.to_owned(), count.unsigned_abs()));
    }
    only
}

/// The numbers in words: digits with marks between them, and a minus sign that no letter stands before.
fn numbers(words: &[String]) -> Vec<String> {
    let mut numbers = Vec::new();
    for word in words {
        let chars: Vec<char> = word.chars().collect();
        let at = |index: usize| chars.get(index).copied().unwrap_or_default();
        let mut index = 0;
        while index < chars.len() {
            if !at(index).is_numeric() {
                index += 1;
                continue;
            }
            let mut number = String::new();
            let is_negative =
                index > 0 && at(index - 1) == '-' && (index < 2 || !at(index - 2).is_alphanumeric());
            if is_negative {
                number.push('-');
            }
            while at(index).is_numeric() || (matches!(at(index), '.' | ',') && at(index + 1).is_numeric()) {
                number.push(at(index));
                index += 1;
            }
            numbers.push(number);
        }
    }
    numbers
}

/// Hebrew, Arabic and their presentation forms: their order on the page is not that of the text.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests;
