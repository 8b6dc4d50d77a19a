//! The live pane: what has been read, as a document, as Markdown, as markup and as tables.
//!
//! In comes a [`PaneInput`] each frame, out go [`PaneAction`]s; [`OutputPane`] itself holds only
//! what is visual (tab, scroll positions, laid-out text). Nothing here opens files, exports to disk
//! or knows of jobs.

mod input;

pub use input::{ExportFormat, Offer, PageState, PaneAction, PaneInput, TableFormat};

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
}

impl PaneTab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 4] = [Self::Document, Self::Markdown, Self::DocTags, Self::Tables];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::Markdown => "Markdown",
            Self::DocTags => "DocTags",
            Self::Tables => "Tables",
        }
    }
}

/// The pane's own memory between frames.
#[derive(Default)]
pub struct OutputPane {
    tab: PaneTab,
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

    /// Draws the pane into all of `ui` and returns what the user asked for in this frame.
    pub fn ui(&mut self, ui: &mut egui::Ui, input: &PaneInput<'_>) -> Vec<PaneAction> {
        let mut actions = Vec::new();
        ui.horizontal(|ui| {
            for tab in PaneTab::ALL {
                ui.selectable_value(&mut self.tab, tab, tab.words());
            }
        });
        egui::ScrollArea::vertical().id_salt(input.view_key).auto_shrink(false).show(ui, |ui| {
            match (input.tree, self.tab) {
                (None, _) => {
                    if ui.button("Convert this page").clicked() {
                        actions.push(PaneAction::ConvertPage);
                    }
                }
                (Some(_), PaneTab::DocTags) => {
                    ui.add(egui::Label::new(egui::RichText::new(input.markup).monospace()).wrap());
                }
                (Some(tree), _) => {
                    for id in tree.reading_order() {
                        let row = ui.label(&tree.node(id).text);
                        if row.clicked() {
                            actions.push(PaneAction::Select(Some(id)));
                        }
                        if row.hovered() && input.hovered != Some(id) {
                            actions.push(PaneAction::Hover(Some(id)));
                        }
                    }
                }
            }
        });
        actions
    }
}
