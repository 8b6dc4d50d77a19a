//! The menu of one element: ways to copy it.

use egui::Ui;

use super::input::{ExportFormat, PaneAction, TableFormat};
use crate::markup::NodeId;

/// Draws the entries of an element's menu.
pub(super) fn element_menu_ui(ui: &mut Ui, node: NodeId, is_table: bool, actions: &mut Vec<PaneAction>) {
    ui.set_min_width(180.0);
    if is_table {
        for format in TableFormat::ALL {
            if ui.button(format!("Copy table as {}", format.words())).clicked() {
                actions.push(PaneAction::CopyTable(node, format));
            }
        }
        for format in [TableFormat::Spreadsheet, TableFormat::Csv] {
            if ui.button(format!("Save table as {}…", format.file_words())).clicked() {
                actions.push(PaneAction::SaveTableAs(node, format));
            }
        }
        ui.separator();
    }
    for format in [ExportFormat::PlainText, ExportFormat::Markdown, ExportFormat::Html, ExportFormat::DocTags]
    {
        let words = if format == ExportFormat::PlainText { "text" } else { format.words() };
        if ui.button(format!("Copy element as {words}")).clicked() {
            actions.push(PaneAction::CopyElement(node, format));
        }
    }
}
