//! What can be changed about a page, and changing it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cells::{CellEdit, change_cells};
use super::outline::{Item, Outline, Path, is_list};
use crate::geometry::BBox;
use crate::markup::location::{grid_from_page, page_from_grid};
use crate::markup::tree::TextKind;
use crate::markup::{DocTree, Layer, Node, NodeId, NodeKind, TableGrid, TextChange};

/// One change of a page. Nodes are those of the tree that it is applied to.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Somebody looked at the element and found it right.
    Accept(NodeId),
    /// Another text. For tables and pictures there is none.
    SetText(NodeId, String),
    /// Other texts of several elements and cells at a time.
    SetTexts {
        /// The texts.
        texts: Vec<TextChange>,
        /// Somebody has looked at each of these elements.
        is_checked: bool,
    },
    /// Another box, in page space; it comes to stand on the grid of 500 steps.
    SetBox(NodeId, BBox),
    /// Another kind of element.
    Relabel(NodeId, ElementKind),
    /// A table's cells.
    Cells(NodeId, CellEdit),
    /// Away with it and everything inside it.
    Delete(NodeId),
    /// A new element with an empty text, before what stands below it in reading order.
    Add(ElementKind, BBox),
    /// To another place in reading order, just before an element (of any depth), or to the end of the page.
    MoveBefore(NodeId, Option<NodeId>),
    /// Two elements of one: the text is cut at this byte, the box where that is by the share of characters.
    Split(NodeId, usize),
    /// One element of this and the one after it among those that lie in the same one.
    MergeWithNext(NodeId),
}

/// The kinds that an element can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ElementKind {
    /// The document's title.
    Title,
    /// A section header of the first level.
    SectionHeader,
    /// A paragraph.
    Text,
    /// An item of a list. One that stands behind a list is taken into it.
    ListItem,
    /// A caption; before it is moved into its table or picture, a paragraph.
    Caption,
    /// A footnote.
    Footnote,
    /// A page header.
    PageHeader,
    /// A page footer.
    PageFooter,
    /// A formula in LaTeX.
    Formula,
    /// Program text.
    Code,
    /// A table; a new one has one empty cell.
    Table,
    /// A picture.
    Picture,
}

impl ElementKind {
    /// Every kind, in the order of menus.
    pub const ALL: [Self; 12] = [
        Self::Title,
        Self::SectionHeader,
        Self::Text,
        Self::ListItem,
        Self::Caption,
        Self::Footnote,
        Self::PageHeader,
        Self::PageFooter,
        Self::Formula,
        Self::Code,
        Self::Table,
        Self::Picture,
    ];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::SectionHeader => "Section header",
            Self::Text => "Text",
            Self::ListItem => "List item",
            Self::Caption => "Caption",
            Self::Footnote => "Footnote",
            Self::PageHeader => "Page header",
            Self::PageFooter => "Page footer",
            Self::Formula => "Formula",
            Self::Code => "Code",
            Self::Table => "Table",
            Self::Picture => "Picture",
        }
    }

    /// The kind that a node is; `None` for those that an element cannot be made.
    pub fn of(kind: &NodeKind) -> Option<Self> {
        Some(match kind {
            NodeKind::Heading { level: 1 } => Self::Title,
            NodeKind::Heading { .. } => Self::SectionHeader,
            NodeKind::Text(_) => Self::Text,
            NodeKind::ListItem { .. } => Self::ListItem,
            NodeKind::Caption => Self::Caption,
            NodeKind::Footnote => Self::Footnote,
            NodeKind::PageHeader => Self::PageHeader,
            NodeKind::PageFooter => Self::PageFooter,
            NodeKind::Formula => Self::Formula,
            NodeKind::Code { .. } => Self::Code,
            NodeKind::Table { .. } => Self::Table,
            NodeKind::Picture(_) => Self::Picture,
            NodeKind::Checkbox { .. }
            | NodeKind::List { .. }
            | NodeKind::InlineGroup
            | NodeKind::KeyValueRegion(_) => return None,
        })
    }

    fn node_kind(self) -> NodeKind {
        match self {
            Self::Title => NodeKind::Heading { level: 1 },
            Self::SectionHeader => NodeKind::Heading { level: 2 },
            Self::Text => NodeKind::Text(TextKind::Text),
            Self::ListItem => NodeKind::ListItem { marker: None },
            Self::Caption => NodeKind::Caption,
            Self::Footnote => NodeKind::Footnote,
            Self::PageHeader => NodeKind::PageHeader,
            Self::PageFooter => NodeKind::PageFooter,
            Self::Formula => NodeKind::Formula,
            Self::Code => NodeKind::Code { language: None },
            Self::Table => NodeKind::Table { grid: one_cell(), is_document_index: false },
            Self::Picture => NodeKind::Picture(Box::default()),
        }
    }
}

/// Why an edit was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The element is not in the tree any more.
    #[error("The element is not there any more")]
    NoElement,
    /// Tables, pictures and groups have no text of their own, and only a table has cells.
    #[error("This element has no such part")]
    NoSuchPart,
    /// There is nothing after it, or something of another kind.
    #[error("There is nothing after it that it could be merged with")]
    NothingToMerge,
    /// An element cannot come to lie in itself.
    #[error("An element cannot be moved into itself")]
    IntoItself,
    /// Both parts of a text must say something.
    #[error("A text is split between two characters of it")]
    NothingToSplit,
    /// `DocTags` has no escaping: the text would be read as tags, or the elements as others.
    #[error("DocTags cannot say this: it would be read as something else")]
    NotExpressible,
}

/// A page after an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// Its markup.
    pub markup: String,
    /// The tree that the markup is read as.
    pub tree: DocTree,
    /// Nodes that somebody has looked at.
    pub checked: BTreeSet<NodeId>,
    /// What the edit was about; `None` when that is gone.
    pub subject: Option<NodeId>,
}

/// Makes an edit of one page. `checked` are the nodes of `tree` that somebody has looked at.
///
/// # Errors
/// When it cannot be made; then nothing is changed.
pub fn apply(tree: &DocTree, checked: &BTreeSet<NodeId>, edit: &Edit) -> Result<Edited, Refused> {
    let mut outline = Outline::of(tree, |id| checked.contains(&id));
    let path = |id: NodeId| Outline::path_of(tree, id).ok_or(Refused::NoElement);
    match edit {
        Edit::Accept(id) => {
            subject(&mut outline, &path(*id)?)?;
        }
        Edit::SetText(id, text) => set_text(subject(&mut outline, &path(*id)?)?, text)?,
        Edit::SetTexts { texts, is_checked } => {
            for TextChange { node, slot, text } in texts {
                let path = path(*node)?;
                let item =
                    if *is_checked { subject(&mut outline, &path)? } else { item(&mut outline, &path)? };
                match (slot, &mut item.node.kind) {
                    (None, _) => set_text(item, text)?,
                    (Some((row, col)), NodeKind::Table { grid, .. }) => {
                        change_cells(grid, &CellEdit::SetText { row: *row, col: *col, text: text.clone() })?;
                    }
                    (Some(_), _) => return Err(Refused::NoSuchPart),
                }
            }
        }
        Edit::SetBox(id, bbox) => {
            let item = subject(&mut outline, &path(*id)?)?;
            if is_list(&item.node) {
                return Err(Refused::NoSuchPart);
            }
            item.node.bbox = Some(on_grid(bbox));
        }
        Edit::Relabel(id, kind) => relabel(&mut outline, &path(*id)?, *kind)?,
        Edit::Cells(id, edit) => match &mut subject(&mut outline, &path(*id)?)?.node.kind {
            NodeKind::Table { grid, .. } => change_cells(grid, edit)?,
            _ => return Err(Refused::NoSuchPart),
        },
        Edit::Delete(id) => {
            outline.take(&path(*id)?).ok_or(Refused::NoElement)?;
        }
        Edit::Add(kind, bbox) => add(&mut outline, *kind, on_grid(bbox))?,
        Edit::MoveBefore(id, before) => {
            let to = before.map(path).transpose()?;
            move_before(&mut outline, &path(*id)?, to)?;
        }
        Edit::Split(id, at) => split(&mut outline, &path(*id)?, *at)?,
        Edit::MergeWithNext(id) => merge(&mut outline, &path(*id)?)?,
    }
    let built = outline.build();
    let (markup, tree) = built.read_again().ok_or(Refused::NotExpressible)?;
    let checked = tree
        .nodes()
        .zip(&built.checked)
        .filter(|(_, is_checked)| **is_checked)
        .map(|((id, _), _)| id)
        .collect();
    Ok(Edited { markup, tree, checked, subject: built.subject })
}

fn item<'a>(outline: &'a mut Outline, path: &[usize]) -> Result<&'a mut Item, Refused> {
    outline.get_mut(path).ok_or(Refused::NoElement)
}

/// Those of the texts that `DocTags` can say; the others would be read as something else.
pub fn expressible(tree: &DocTree, mut texts: Vec<TextChange>) -> Vec<TextChange> {
    let can = |texts: Vec<TextChange>| {
        apply(tree, &BTreeSet::new(), &Edit::SetTexts { texts, is_checked: false }).is_ok()
    };
    if !can(texts.clone()) {
        texts.retain(|text| can(vec![text.clone()]));
    }
    texts
}

/// The item that the edit is about, which is thereby checked.
fn subject<'a>(outline: &'a mut Outline, path: &[usize]) -> Result<&'a mut Item, Refused> {
    let item = item(outline, path)?;
    item.is_checked = true;
    item.is_subject = true;
    Ok(item)
}

fn on_grid(bbox: &BBox) -> BBox {
    let mut steps = grid_from_page(&bbox.clamped());
    // A box that nobody could grab again is made one step wide.
    steps[2] = steps[2].max((steps[0] + 1).min(499));
    steps[3] = steps[3].max((steps[1] + 1).min(499));
    page_from_grid(steps)
}

fn set_text(item: &mut Item, text: &str) -> Result<(), Refused> {
    if !item.node.kind.holds_text() {
        return Err(Refused::NoSuchPart);
    }
    item.node.text = text_for(&item.node.kind, text);
    item.node.runs.clear();
    Ok(())
}

/// As the parser would have it: trimmed, and only program text and formulas keep their line ends.
fn text_for(kind: &NodeKind, text: &str) -> String {
    match kind {
        NodeKind::Code { .. } => text.trim_matches('\n').trim_end().to_owned(),
        NodeKind::Formula => text.trim().to_owned(),
        _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn relabel(outline: &mut Outline, path: &[usize], kind: ElementKind) -> Result<(), Refused> {
    let item = subject(outline, path)?;
    let (was_item, becomes_item) =
        (matches!(item.node.kind, NodeKind::ListItem { .. }), kind == ElementKind::ListItem);
    if ElementKind::of(&item.node.kind) == Some(kind) {
        return Ok(());
    }
    item.node.kind = match (&item.node.kind, kind) {
        // A table's words become one cell rather than nothing.
        (_, ElementKind::Table) if !item.node.text.is_empty() => {
            let mut grid = one_cell();
            for cell in &mut grid.cells {
                cell.text.clone_from(&item.node.text);
            }
            NodeKind::Table { grid, is_document_index: false }
        }
        _ => {
            if let NodeKind::Table { grid, .. } = &item.node.kind {
                let words = grid.cells.iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty());
                item.node.text = words.collect::<Vec<_>>().join(" ");
            }
            kind.node_kind()
        }
    };
    item.node.layer = layer_of(kind);
    if item.node.kind.holds_text() {
        item.node.text = text_for(&item.node.kind, &item.node.text);
    } else {
        item.node.text.clear();
        item.node.runs.clear();
    }
    match (was_item, becomes_item) {
        (true, false) => out_of_list(outline, path),
        (false, true) => into_list(outline, path),
        _ => Ok(()),
    }
}

/// A list around the item, or the list before it, which takes it in.
fn into_list(outline: &mut Outline, path: &[usize]) -> Result<(), Refused> {
    let (index, parent) = path.split_last().ok_or(Refused::NoElement)?;
    let siblings = outline.siblings_mut(parent).ok_or(Refused::NoElement)?;
    if *index >= siblings.len() {
        return Err(Refused::NoElement);
    }
    let item = siblings.remove(*index);
    if let Some(list) = index.checked_sub(1).and_then(|before| siblings.get_mut(before))
        && is_list(&list.node)
    {
        list.children.push(item);
        return Ok(());
    }
    siblings.insert(*index, list_of(item));
    Ok(())
}

/// The item comes to stand behind its list; the items after it make a list of their own.
fn out_of_list(outline: &mut Outline, path: &[usize]) -> Result<(), Refused> {
    let (index, list_path) = path.split_last().ok_or(Refused::NoElement)?;
    let Some(list) = outline.get_mut(list_path).filter(|list| is_list(&list.node)) else { return Ok(()) };
    let rest = list.children.split_off(index + 1);
    let item = list.children.pop().ok_or(Refused::NoElement)?;
    let list_is_empty = list.children.is_empty();
    let behind = Item { children: rest, is_subject: false, ..list.clone() };
    let (list_index, parent) = list_path.split_last().ok_or(Refused::NoElement)?;
    let siblings = outline.siblings_mut(parent).ok_or(Refused::NoElement)?;
    let mut at = list_index + 1;
    if list_is_empty {
        siblings.remove(*list_index);
        at -= 1;
    }
    siblings.insert(at, item);
    if !behind.children.is_empty() {
        siblings.insert(at + 1, behind);
    }
    Ok(())
}

fn layer_of(kind: ElementKind) -> Layer {
    match kind {
        ElementKind::PageHeader | ElementKind::PageFooter => Layer::Furniture,
        _ => Layer::Body,
    }
}

fn bare_node(kind: NodeKind, bbox: BBox) -> Node {
    Node {
        kind,
        page_idx: 0,
        bbox: Some(bbox),
        source: 0..0,
        layer: Layer::Body,
        text: String::new(),
        runs: Vec::new(),
        parent: None,
        children: Vec::new(),
        is_complete: true,
    }
}

fn one_cell() -> TableGrid {
    let mut grid = TableGrid { num_rows: 1, num_cols: 1, cells: Vec::new() };
    grid.complete(0);
    grid
}

/// Before the first top-level element that begins below it, in the same half of the page.
fn add(outline: &mut Outline, kind: ElementKind, bbox: BBox) -> Result<(), Refused> {
    let node = Node { layer: layer_of(kind), ..bare_node(kind.node_kind(), bbox) };
    let shares_column = |other: &BBox| other.left < bbox.right && bbox.left < other.right;
    let place = outline.0.iter().position(|item| {
        area_of(item).is_some_and(|other| shares_column(&other) && other.top >= bbox.center().1)
    });
    let at = place.unwrap_or(outline.0.len());
    outline.0.insert(at, Item { is_subject: true, ..Item::new(node) });
    if kind == ElementKind::ListItem { into_list(outline, &[at]) } else { Ok(()) }
}

/// The box of an item, or of what lies in it.
fn area_of(item: &Item) -> Option<BBox> {
    let inside = item.children.iter().filter_map(area_of);
    item.node.bbox.or_else(|| inside.reduce(|a, b| a.union(&b)))
}

fn move_before(outline: &mut Outline, from: &[usize], before: Option<Path>) -> Result<(), Refused> {
    match before {
        Some(to) if to == from => return Ok(()),
        Some(to) if to.starts_with(from) => return Err(Refused::IntoItself),
        // Paths change when the item is taken out; the mark does not.
        Some(to) => outline.get_mut(&to).ok_or(Refused::NoElement)?.is_target = true,
        None => {}
    }
    subject(outline, from)?;
    let mut item = outline.take(from).ok_or(Refused::NoElement)?;
    let to = outline.take_target().unwrap_or_else(|| vec![outline.0.len()]);
    let (index, parent) = to.split_last().ok_or(Refused::NoElement)?;
    let goes_into_list = outline.get_mut(parent).is_some_and(|parent| is_list(&parent.node));
    let is_list_item = matches!(item.node.kind, NodeKind::ListItem { .. });
    if is_list_item && !goes_into_list {
        item = list_of(item);
    } else if goes_into_list && !is_list_item && item.node.kind.holds_text() {
        item.node.kind = NodeKind::ListItem { marker: None };
        item.node.layer = Layer::Body;
    }
    outline.siblings_mut(parent).ok_or(Refused::NoElement)?.insert(*index, item);
    Ok(())
}

/// A list with this item alone.
fn list_of(item: Item) -> Item {
    let node = Node { bbox: None, ..bare_node(NodeKind::List { is_ordered: false }, BBox::PAGE) };
    Item { children: vec![item], ..Item::new(node) }
}

fn split(outline: &mut Outline, path: &[usize], at: usize) -> Result<(), Refused> {
    let item = subject(outline, path)?;
    if !item.node.kind.holds_text() {
        return Err(Refused::NoSuchPart);
    }
    let (head, tail) = item.node.text.split_at_checked(at).ok_or(Refused::NothingToSplit)?;
    let (head, tail) = (text_for(&item.node.kind, head), text_for(&item.node.kind, tail));
    if head.is_empty() || tail.is_empty() {
        return Err(Refused::NothingToSplit);
    }
    let num_chars = |text: &str| text.chars().count() as f64;
    let share = num_chars(&head) / (num_chars(&head) + num_chars(&tail));
    let mut second = Item { is_subject: false, ..item.clone() };
    second.node.text = tail;
    second.node.runs.clear();
    item.node.text = head;
    item.node.runs.clear();
    item.children.clear();
    if let Some(bbox) = item.node.bbox {
        let edge = bbox.height().mul_add(share, bbox.top);
        item.node.bbox = Some(on_grid(&BBox { bottom: edge, ..bbox }));
        second.node.bbox = Some(on_grid(&BBox { top: edge, ..bbox }));
    }
    let (index, parent) = path.split_last().ok_or(Refused::NoElement)?;
    outline.siblings_mut(parent).ok_or(Refused::NoElement)?.insert(index + 1, second);
    Ok(())
}

fn merge(outline: &mut Outline, path: &[usize]) -> Result<(), Refused> {
    let (index, parent) = path.split_last().ok_or(Refused::NoElement)?;
    let siblings = outline.siblings_mut(parent).ok_or(Refused::NoElement)?;
    let may_merge =
        |at: usize| siblings.get(at).is_some_and(|item| item.node.kind.holds_text() || is_list(&item.node));
    let both_lists = [*index, index + 1]
        .iter()
        .filter(|at| siblings.get(**at).is_some_and(|item| is_list(&item.node)))
        .count();
    if !may_merge(*index) || !may_merge(index + 1) || both_lists == 1 {
        return Err(Refused::NothingToMerge);
    }
    let next = siblings.remove(index + 1);
    let item = subject(outline, path)?;
    if !item.node.text.is_empty() && !next.node.text.is_empty() {
        let keeps_lines = matches!(item.node.kind, NodeKind::Code { .. });
        item.node.text.push_str(if keeps_lines { "\n" } else { " " });
    }
    item.node.text.push_str(&next.node.text);
    item.node.runs.clear();
    item.node.bbox = match (item.node.bbox, next.node.bbox) {
        (Some(a), Some(b)) => Some(a.union(&b)),
        (a, b) => a.or(b),
    };
    item.children.extend(next.children);
    Ok(())
}
