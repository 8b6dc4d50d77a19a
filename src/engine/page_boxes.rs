//! Boxes between a page and what a recognizer was shown of it: a turned page, a region, or both.
//!
//! A recognizer's boxes are fractions of the image it saw. What leaves the engine is in page space
//! of the upright page before the user's turn, so that every view can place it.

use std::sync::Arc;

use crate::document::page::Rotation;
use crate::geometry::BBox;
use crate::markup::{DocTree, NodeKind};

/// What a recognizer was shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Excerpt {
    /// Of the upright page; `None` for all of it.
    pub(super) region: Option<BBox>,
    /// The user's turn.
    pub(super) rotation: Rotation,
}

impl Excerpt {
    /// It is the page as it is.
    fn is_page(&self) -> bool {
        self.region.is_none() && self.rotation == Rotation::None
    }

    /// A box of the excerpt on the upright page.
    pub(super) fn page_from_excerpt(&self, bbox: &BBox) -> BBox {
        let region = self.rotation.turned_bbox(&self.region.unwrap_or(BBox::PAGE));
        let on_turned_page = BBox {
            left: region.left + bbox.left * region.width(),
            top: region.top + bbox.top * region.height(),
            right: region.left + bbox.right * region.width(),
            bottom: region.top + bbox.bottom * region.height(),
        };
        self.rotation.inverse().turned_bbox(&on_turned_page)
    }

    /// The tree with its boxes on the upright page.
    pub(super) fn place(&self, tree: Arc<DocTree>) -> Arc<DocTree> {
        if self.is_page() {
            return tree;
        }
        let mut tree = Arc::unwrap_or_clone(tree);
        for node in &mut tree.nodes {
            let node = Arc::make_mut(node);
            self.move_box(&mut node.bbox);
            match &mut node.kind {
                NodeKind::Table { grid, .. } => {
                    grid.cells.iter_mut().for_each(|cell| self.move_box(&mut cell.bbox));
                }
                NodeKind::KeyValueRegion(region) => {
                    region.cells.iter_mut().for_each(|cell| self.move_box(&mut cell.bbox));
                }
                NodeKind::Picture(picture) => {
                    let cells = picture.chart_data.iter_mut().flat_map(|grid| &mut grid.cells);
                    cells.for_each(|cell| self.move_box(&mut cell.bbox));
                }
                NodeKind::Heading { .. }
                | NodeKind::Text(_)
                | NodeKind::Caption
                | NodeKind::Footnote
                | NodeKind::PageHeader
                | NodeKind::PageFooter
                | NodeKind::Formula
                | NodeKind::Code { .. }
                | NodeKind::Checkbox { .. }
                | NodeKind::List { .. }
                | NodeKind::ListItem { .. }
                | NodeKind::InlineGroup => {}
            }
        }
        Arc::new(tree)
    }

    fn move_box(&self, bbox: &mut Option<BBox>) {
        *bbox = bbox.map(|bbox| self.page_from_excerpt(&bbox));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROTATIONS: [Rotation; 4] =
        [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

    fn assert_close(actual: &BBox, expected: &BBox) {
        let differences = [
            actual.left - expected.left,
            actual.top - expected.top,
            actual.right - expected.right,
            actual.bottom - expected.bottom,
        ];
        assert!(differences.iter().all(|difference| difference.abs() < 1e-12), "{actual:?} {expected:?}");
    }

    #[test]
    fn all_of_an_excerpt_is_its_region() {
        let region = BBox::from_corners(0.2, 0.3, 0.6, 0.5);
        for rotation in ROTATIONS {
            let excerpt = Excerpt { region: Some(region), rotation };
            assert_close(&excerpt.page_from_excerpt(&BBox::PAGE), &region);
        }
        let excerpt = Excerpt { region: Some(region), rotation: Rotation::None };
        let quarter = excerpt.page_from_excerpt(&BBox::from_corners(0.0, 0.0, 0.5, 0.5));
        assert_close(&quarter, &BBox::from_corners(0.2, 0.3, 0.4, 0.4));
    }
}
