//! Text that is laid out already, put at a place, selectable and known to screen readers.

use std::sync::Arc;

use egui::text_selection::LabelSelectionState;
use egui::{Color32, Galley, Id, Pos2, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo};

/// Where a text stands.
pub(super) struct SelectableText {
    /// Names the text for as long as it is shown.
    pub id: Id,
    /// Where it can be clicked.
    pub rect: Rect,
    /// Its top left corner.
    pub at: Pos2,
    /// Colour of what has none of its own.
    pub color: Color32,
}

/// Paints the text and lets it be selected and clicked.
pub(super) fn selectable_text(ui: &Ui, text: &SelectableText, galley: Arc<Galley>) -> Response {
    let mut sense = Sense::click_and_drag();
    // The tabulator key goes to buttons, not through every paragraph.
    sense -= Sense::FOCUSABLE;
    let response = ui.interact(text.rect, text.id, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, galley.text()));
    LabelSelectionState::label_text_selection(ui, &response, text.at, galley, text.color, Stroke::NONE);
    response
}
