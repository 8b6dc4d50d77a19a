//! A page's tree taken apart, so that elements can be changed, moved and removed.

use std::sync::Arc;

use crate::markup::export::doctags::doctags;
use crate::markup::{DocTree, Node, NodeId, NodeKind, PageNode, parse};

/// An element with everything inside it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The element; its links to others mean nothing here.
    pub(super) node: Node,
    /// Somebody has looked at it: edited or accepted.
    pub(super) is_checked: bool,
    /// The edit is about it: it is selected afterwards.
    pub(super) is_subject: bool,
    /// Something is to be put before it.
    pub(super) is_target: bool,
    /// What lies in it, in reading order.
    pub(super) children: Vec<Self>,
}

impl Item {
    pub(super) fn new(node: Node) -> Self {
        Self { node, is_checked: true, is_subject: false, is_target: false, children: Vec::new() }
    }
}

/// The top level of a page.
#[derive(Clone, Debug)]
pub(super) struct Outline(pub(super) Vec<Item>);

/// Where an item is: an index for each level, from the top.
pub(super) type Path = Vec<usize>;

impl Outline {
    /// Takes a tree apart. All its pages become one.
    pub(super) fn of(tree: &DocTree, is_checked: impl Fn(NodeId) -> bool) -> Self {
        fn item(tree: &DocTree, id: NodeId, is_checked: &impl Fn(NodeId) -> bool) -> Item {
            let node = tree.node(id);
            let children = node.children.iter().map(|child| item(tree, *child, is_checked)).collect();
            Item {
                node: node.clone(),
                is_checked: is_checked(id),
                is_subject: false,
                is_target: false,
                children,
            }
        }
        let top = tree.pages().iter().flat_map(|page| &page.children);
        Self(top.map(|id| item(tree, *id, &is_checked)).collect())
    }

    /// Where a node of the tree is.
    pub(super) fn path_of(tree: &DocTree, id: NodeId) -> Option<Path> {
        let node = tree.nodes().nth(id.index())?.1;
        let Some(parent) = node.parent else {
            let mut top = tree.pages().iter().flat_map(|page| &page.children);
            return Some(vec![top.position(|child| *child == id)?]);
        };
        let mut path = Self::path_of(tree, parent)?;
        path.push(tree.node(parent).children.iter().position(|child| *child == id)?);
        Some(path)
    }

    pub(super) fn get_mut(&mut self, path: &[usize]) -> Option<&mut Item> {
        let (index, parent) = path.split_last()?;
        self.siblings_mut(parent)?.get_mut(*index)
    }

    /// The items that lie in the one at `parent`; the top level for an empty path.
    pub(super) fn siblings_mut(&mut self, parent: &[usize]) -> Option<&mut Vec<Item>> {
        let mut items = &mut self.0;
        for index in parent {
            items = &mut items.get_mut(*index)?.children;
        }
        Some(items)
    }

    /// Takes an item out. A list that is left empty goes with its last item.
    pub(super) fn take(&mut self, path: &[usize]) -> Option<Item> {
        let (index, parent) = path.split_last()?;
        let siblings = self.siblings_mut(parent)?;
        let item = (*index < siblings.len()).then(|| siblings.remove(*index))?;
        if siblings.is_empty() && self.get_mut(parent).is_some_and(|parent| is_list(&parent.node)) {
            self.take(parent);
        }
        Some(item)
    }

    /// Where the item is that something is to be put before; it is no target any more.
    pub(super) fn take_target(&mut self) -> Option<Path> {
        fn find(items: &mut [Item], path: &mut Path) -> bool {
            items.iter_mut().enumerate().any(|(index, item)| {
                path.push(index);
                let is_here = std::mem::take(&mut item.is_target) || find(&mut item.children, path);
                if !is_here {
                    path.pop();
                }
                is_here
            })
        }
        let mut path = Path::new();
        find(&mut self.0, &mut path).then_some(path)
    }

    /// The tree of the outline, with the ids that it has when its markup is read again, and which of its nodes are
    /// checked and are what the edit was about.
    pub(super) fn build(self) -> Built {
        let mut built = Built { tree: DocTree::default(), checked: Vec::new(), subject: None };
        let mut page = PageNode::default();
        for item in self.0 {
            page.children.push(built.push(item, None));
        }
        built.tree.pages.push(page);
        built
    }
}

/// The kind with nothing that says where in the markup it stood.
fn without_sources(kind: &NodeKind) -> NodeKind {
    let mut kind = kind.clone();
    let grid = match &mut kind {
        NodeKind::Table { grid, .. } => Some(grid),
        NodeKind::Picture(picture) => picture.chart_data.as_mut(),
        NodeKind::KeyValueRegion(region) => {
            region.cells.iter_mut().for_each(|cell| cell.source = 0..0);
            None
        }
        _ => None,
    };
    if let Some(grid) = grid {
        grid.cells.iter_mut().for_each(|cell| cell.source = 0..0);
    }
    kind
}

/// A list has no box of its own, and is nothing without items.
pub(super) fn is_list(node: &Node) -> bool {
    matches!(node.kind, NodeKind::List { .. })
}

pub(super) struct Built {
    tree: DocTree,
    pub(super) checked: Vec<bool>,
    pub(super) subject: Option<NodeId>,
}

impl Built {
    fn push(&mut self, item: Item, parent: Option<NodeId>) -> NodeId {
        let index = self.tree.nodes.len();
        let id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
        self.tree.nodes.push(Arc::new(Node { parent, children: Vec::new(), ..item.node }));
        self.checked.push(item.is_checked);
        if item.is_subject {
            self.subject = Some(id);
        }
        let children: Vec<NodeId> =
            item.children.into_iter().map(|child| self.push(child, Some(id))).collect();
        if let Some(node) = self.tree.nodes.get_mut(index) {
            Arc::make_mut(node).children = children;
        }
        id
    }

    /// The markup, and the tree that it is read as; `None` when that is another one.
    pub(super) fn read_again(&self) -> Option<(String, DocTree)> {
        let markup = doctags(&self.tree);
        let read = parse(&markup);
        let is_same = read.len() == self.tree.len()
            && read.nodes().zip(self.tree.nodes()).all(|((_, read), (_, meant))| {
                without_sources(&read.kind) == without_sources(&meant.kind)
                    && read.text == meant.text
                    && read.bbox == meant.bbox
                    && read.parent == meant.parent
                    && read.children == meant.children
            });
        is_same.then_some((markup, read))
    }
}
