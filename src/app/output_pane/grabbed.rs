//! The tables of a region that was read by itself: the same grids as in the Tables tab.

use egui::text_selection::LabelSelectionState;
use egui::{Event, Ui};

use super::block_view::PointerOutcome;
use super::input::{PageState, PaneAction, PaneInput, ReviewItem, TableFormat};
use super::tables_view::TablesView;
use crate::engine::event::{PageRecognition, StopReason};
use crate::markup::{DocTree, NodeKind};

/// The grids' memory between frames.
#[derive(Default)]
pub struct GrabbedTables {
    tables: TablesView,
}

impl GrabbedTables {
    /// Draws the tables that were read into all of `ui` and returns what the user asked for: copies
    /// and saves only, of nodes of that tree. Without selected cells the copy command takes the first
    /// table.
    pub fn ui(&mut self, ui: &mut Ui, read: &PageRecognition) -> Vec<PaneAction> {
        let mut actions = Vec::new();
        let PageRecognition { tree, markup, trust, .. } = read;
        let page = read.request.page;
        let doubted = tree.nodes().zip(trust).filter(|(_, trust)| !trust.doubts.is_empty());
        let review: Vec<ReviewItem<'_>> = doubted
            .map(|((node, of_tree), trust)| ReviewItem {
                page,
                node,
                label: of_tree.kind.label(),
                text: &of_tree.text,
                trust,
            })
            .collect();
        self.tables.sync(tree);
        match self.tables.copied(ui, tree) {
            Some(copy) => actions.push(copy),
            None => actions.extend(copy_of_first(ui, tree)),
        }
        let input = PaneInput {
            view_key: 0,
            page,
            review: &review,
            corrected: (0, None),
            state: PageState::Done { stop_reason: StopReason::End, can_continue: false, was_rescued: false },
            tree: Some(tree),
            markup,
            engine_name: "",
            num_tokens: None,
            hovered: None,
            hovered_cell: None,
            cells_on_page: &[],
            selected: None,
            scroll_to: None,
            shows_furniture: true,
            picture_crop: None,
            convert_key: "",
        };
        self.tables.ui(ui, tree, &input, &mut PointerOutcome::default(), &mut actions);
        actions
    }
}

fn copy_of_first(ui: &Ui, tree: &DocTree) -> Option<PaneAction> {
    let is_text = ui.ctx().plugin::<LabelSelectionState>().lock().has_selection();
    let is_asked = ui.input(|input| input.events.contains(&Event::Copy)) && !is_text;
    let is_typing = ui.ctx().text_edit_focused();
    let (first, _) = tree.nodes().find(|(_, node)| matches!(node.kind, NodeKind::Table { .. }))?;
    (is_asked && !is_typing).then_some(PaneAction::CopyTable(first, TableFormat::Spreadsheet))
}
