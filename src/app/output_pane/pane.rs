//! The pane as a whole: which view is shown, what the pointer and the keys do in it.

use std::collections::HashMap;
use std::sync::Arc;

use egui::text_selection::LabelSelectionState;
use egui::{Event, FontId, Key, Modifiers, Rect, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use super::block_view::PointerOutcome;
use super::doctags_view::{DocTagsStyle, Owners};
use super::document_view::DocumentView;
use super::header::header_ui;
use super::input::{ExportFormat, PaneAction, PaneInput, TableFormat};
use super::markdown_text::MarkdownText;
use super::markdown_view::MarkdownStyle;
use super::review_view::ReviewView;
use super::source_view::{SourceFrame, SourceView};
use super::states::{empty_ui, message_ui, ribbon_ui};
use super::tables_view::TablesView;
use super::virtual_list::Anchor;
use crate::app::icons;
use crate::app::theme::{self, Palette};
use crate::markup::{CellRange, DocTree, NodeId, NodeKind};

/// Pages whose scroll positions are remembered.
const MAX_REMEMBERED: usize = 2000;

/// Which view of the document the pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PaneTab {
    /// Rendered, one widget an element.
    #[default]
    Document,
    /// Markdown source.
    Markdown,
    /// Markup, coloured by label.
    DocTags,
    /// All tables.
    Tables,
    /// What is doubted, on all pages.
    Review,
}

impl PaneTab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 5] = [Self::Document, Self::Markdown, Self::DocTags, Self::Tables, Self::Review];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::Markdown => "Markdown",
            Self::DocTags => "DocTags",
            Self::Tables => "Tables",
            Self::Review => "Review",
        }
    }
}

/// The pane's own memory between frames.
#[derive(Default)]
pub struct OutputPane {
    tab: PaneTab,
    view_key: Option<u64>,
    document: DocumentView,
    markdown: SourceView,
    doctags: SourceView,
    tables: TablesView,
    review: ReviewView,
    remembered: HashMap<u64, [Option<Anchor>; 4]>,
    markdown_text: MarkdownText,
    owners: OwnersOfTree,
    hovered: Option<NodeId>,
    hovered_cell: Option<(NodeId, usize)>,
    /// Selected by the keyboard here: to be brought into view by the pane itself.
    reveal: Option<NodeId>,
}

#[derive(Default)]
struct OwnersOfTree {
    tree: Option<Arc<DocTree>>,
    owners: Owners,
}

impl OutputPane {
    /// Which view is shown.
    pub fn tab(&self) -> PaneTab {
        self.tab
    }

    /// Show another view.
    pub fn set_tab(&mut self, tab: PaneTab) {
        self.tab = tab;
    }

    /// The cells that are selected in the Tables tab.
    pub fn selected_cells(&self) -> Option<(NodeId, CellRange)> {
        self.tables.selected_cells().filter(|_| self.tab == PaneTab::Tables)
    }

    /// Draws the pane into all of `ui` and returns what the user asked for in this frame.
    ///
    /// Takes the keys J and K (next and previous element) and the copy command while an element is
    /// selected and no text is, unless a text field has the keyboard.
    pub fn ui(&mut self, ui: &mut Ui, input: &PaneInput<'_>) -> Vec<PaneAction> {
        let mut actions = Vec::new();
        let palette = Palette::of_ui(ui);
        ui.painter().rect_filled(ui.max_rect(), 0.0, palette.pane);
        ui.spacing_mut().item_spacing.y = 0.0;
        self.change_view(input.view_key);
        if let Some(tree) = input.tree {
            self.tables.sync(tree);
            self.document.sync(ui, tree, input.shows_furniture);
        }
        let num_tables = if input.tree.is_some() { self.tables.len() } else { 0 };
        header_ui(ui, &mut self.tab, input, num_tables, &mut actions);
        let tree = input.tree.filter(|tree| !tree.is_empty());
        let mut pointer = PointerOutcome::default();
        match tree {
            // What is doubted stands on any page, also where this one is not converted.
            _ if self.tab == PaneTab::Review && (!input.review.is_empty() || input.corrected.0 > 0) => {
                self.review.ui(ui, input, &mut actions);
            }
            None => {
                let mut body = ui.new_child(
                    UiBuilder::new().id_salt("pane state").max_rect(ui.available_rect_before_wrap()),
                );
                body.spacing_mut().item_spacing.y = theme::space::XS;
                empty_ui(&mut body, input, &mut actions);
            }
            Some(tree) => {
                ribbon_ui(ui, input, &mut actions);
                match self.tables.copied(ui, tree).filter(|_| self.tab == PaneTab::Tables) {
                    Some(copy) => actions.push(copy),
                    None => self.keys(ui, tree, input, &mut actions),
                }
                let id = ui.scope_id().with("pane ground");
                let ground = ui.interact(ui.available_rect_before_wrap(), id, Sense::click());
                self.view_ui(ui, tree, input, &mut pointer, &mut actions);
                if ground.clicked() && input.selected.is_some() {
                    actions.push(PaneAction::Select(None));
                }
                self.follow_pill_ui(ui, input);
            }
        }
        forget_empty_text_selection(ui, &pointer);
        self.report_pointer(&pointer, input, &mut actions);
        actions
    }

    fn view_ui(
        &mut self,
        ui: &mut Ui,
        tree: &Arc<DocTree>,
        input: &PaneInput<'_>,
        pointer: &mut PointerOutcome,
        actions: &mut Vec<PaneAction>,
    ) {
        let scroll_to = input.scroll_to.or(self.reveal.take());
        let input = &PaneInput { scroll_to, ..*input };
        let theme = if ui.visuals().dark_mode { egui::Theme::Dark } else { egui::Theme::Light };
        let palette = Palette::of_ui(ui);
        let style = MarkdownStyle { tree, markdown: &MarkdownText::default(), theme, palette };
        let frame = SourceFrame {
            id_salt: "doctags",
            text: input.markup,
            style: &style,
            is_streaming: input.state.is_streaming(),
            hovered: input.hovered,
            selected: input.selected,
            scroll_to,
        };
        match self.tab {
            PaneTab::Document if self.document.is_empty() && !input.state.is_streaming() => {
                let words = "They are hidden";
                let title = "Only page headers and footers on this page";
                message_ui(ui, icons::LAYERS, palette.secondary, title, words, |ui| {
                    if ui.button("Show them").clicked() {
                        actions.push(PaneAction::ToggleFurniture);
                    }
                });
            }
            PaneTab::Document => self.document.ui(ui, tree, input, pointer, actions),
            PaneTab::Markdown => {
                self.markdown_text.update(tree, input.shows_furniture);
                let markdown = &self.markdown_text;
                let style = MarkdownStyle { tree, markdown, theme, palette };
                let frame =
                    SourceFrame { id_salt: "markdown", text: markdown.text(), style: &style, ..frame };
                self.markdown.ui(ui, &frame, pointer);
            }
            PaneTab::DocTags => {
                self.owners.update(tree);
                let owners = &self.owners.owners;
                let style = DocTagsStyle { tree: Some(tree), markup: input.markup, owners, theme, palette };
                self.doctags.ui(ui, &SourceFrame { style: &style, ..frame }, pointer);
            }
            PaneTab::Tables if self.tables.is_empty() => {
                let words = "Drag a rectangle around one on the page with Shift held, to read it as a table";
                let words = if input.state.is_streaming() { "The page is still being read" } else { words };
                message_ui(ui, icons::TABLE, palette.secondary, "No tables on this page", words, |_| {});
            }
            PaneTab::Tables => self.tables.ui(ui, tree, input, pointer, actions),
            PaneTab::Review => {
                let words = "What a model reads is compared with the page's own text, and shown here where \
                             it differs, was mended or is not sure";
                message_ui(ui, icons::CIRCLE_CHECK, palette.success, "Nothing is doubted", words, |_| {});
            }
        }
    }

    /// Scroll positions belong to a page: another page brings its own.
    fn change_view(&mut self, view_key: u64) {
        if self.view_key == Some(view_key) {
            return;
        }
        if let Some(old) = self.view_key {
            if self.remembered.len() >= MAX_REMEMBERED {
                self.remembered.clear();
            }
            let anchors =
                [self.document.anchor(), self.markdown.anchor(), self.doctags.anchor(), self.tables.anchor()];
            self.remembered.insert(old, anchors);
        }
        let [document, markdown, doctags, tables] =
            self.remembered.get(&view_key).copied().unwrap_or_default();
        self.document.restart(document);
        self.markdown.restart(markdown);
        self.doctags.restart(doctags);
        self.tables.restart(tables);
        self.view_key = Some(view_key);
    }

    fn keys(&mut self, ui: &Ui, tree: &DocTree, input: &PaneInput<'_>, actions: &mut Vec<PaneAction>) {
        if ui.ctx().text_edit_focused() {
            return;
        }
        for (key, step) in [(Key::J, 1), (Key::K, -1)] {
            let is_pressed = ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            let next = is_pressed.then(|| self.document.neighbour(tree, input.selected, step)).flatten();
            if let Some(next) = next {
                self.reveal = Some(next);
                actions.push(PaneAction::Select(Some(next)));
            }
        }
        let Some(selected) = input.selected.filter(|id| id.index() < tree.len()) else { return };
        let copies = ui.input(|input| input.events.contains(&Event::Copy));
        let has_text = ui.ctx().plugin::<LabelSelectionState>().lock().has_selection();
        if copies && !has_text {
            actions.push(match tree.node(selected).kind {
                NodeKind::Table { .. } => PaneAction::CopyTable(selected, TableFormat::Spreadsheet),
                _ => PaneAction::CopyElement(selected, ExportFormat::Markdown),
            });
        }
    }

    fn report_pointer(
        &mut self,
        pointer: &PointerOutcome,
        input: &PaneInput<'_>,
        actions: &mut Vec<PaneAction>,
    ) {
        if pointer.hovered != self.hovered {
            self.hovered = pointer.hovered;
            actions.push(PaneAction::Hover(pointer.hovered));
        }
        if pointer.hovered_cell != self.hovered_cell {
            self.hovered_cell = pointer.hovered_cell;
            actions.push(PaneAction::HoverCell(pointer.hovered_cell));
        }
        if let Some(clicked) = pointer.clicked.filter(|clicked| input.selected != Some(*clicked)) {
            actions.push(PaneAction::Select(Some(clicked)));
        }
    }

    /// While text comes and the reader is elsewhere: a way back to the end.
    fn follow_pill_ui(&mut self, ui: &mut Ui, input: &PaneInput<'_>) {
        let is_at_tail = match self.tab {
            PaneTab::Document => self.document.is_at_tail(),
            PaneTab::Markdown => self.markdown.is_at_tail(),
            PaneTab::DocTags => self.doctags.is_at_tail(),
            PaneTab::Tables | PaneTab::Review => true,
        };
        if !input.state.is_streaming() || is_at_tail {
            return;
        }
        let palette = Palette::of_ui(ui);
        let icon = RichText::new(icons::ARROW_DOWN).font(FontId::new(14.0, theme::icon_family()));
        let words = RichText::new("Follow").font(theme::strong(13.0));
        let button = egui::Button::new((icon.color(palette.on_accent), words.color(palette.on_accent)));
        let button = button.fill(palette.accent).stroke(egui::Stroke::NONE).corner_radius(14);
        let size = vec2(86.0, theme::TOUCH_HEIGHT);
        let place = Rect::from_min_size(ui.max_rect().right_bottom() - size - vec2(20.0, 16.0), size);
        let response = ui.put(place, button).on_hover_text("Go to the end and stay there while text comes");
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Follow"));
        if response.clicked() {
            match self.tab {
                PaneTab::Document => self.document.follow(),
                PaneTab::Markdown => self.markdown.follow(),
                PaneTab::DocTags => self.doctags.follow(),
                PaneTab::Tables | PaneTab::Review => {}
            }
        }
    }
}

/// A click leaves a text selection of nothing behind, for which egui would keep the copy command.
fn forget_empty_text_selection(ui: &Ui, pointer: &PointerOutcome) {
    let is_plain = ui.input(|input| {
        let button = egui::PointerButton::Primary;
        let is_repeated =
            input.pointer.button_double_clicked(button) || input.pointer.button_triple_clicked(button);
        !input.modifiers.shift && !is_repeated
    });
    if pointer.clicked.is_some() && is_plain {
        ui.ctx().plugin::<LabelSelectionState>().lock().clear_selection();
    }
}

impl OwnersOfTree {
    fn update(&mut self, tree: &Arc<DocTree>) {
        let is_same = self.tree.as_ref().is_some_and(|known| Arc::ptr_eq(known, tree));
        if !is_same {
            self.owners = Owners::of(tree);
            self.tree = Some(Arc::clone(tree));
        }
    }
}
