//! Runs the commands about grabbed tables.

use super::App;
use super::background::{DialogRequest, SaveSubject};
use super::clipboard::ClipboardText;
use super::command::GrabCommand;
use super::exports::{element_text, stem, table_text};
use super::output_pane::{ExportFormat, TableFormat};
use super::state::{Grab, GrabStatus, JobPurpose};
use crate::document::page::PageIndex;
use crate::engine::job::{Job, RecognizeRequest, Task};
use crate::geometry::BBox;
use crate::markup::{CellRange, NodeId};

impl App {
    pub(super) fn execute_grab(&mut self, command: GrabCommand) {
        match command {
            GrabCommand::Arm(is_armed) => self.state.is_grabbing = is_armed,
            GrabCommand::Grab { page, region } => self.grab(page, region),
            GrabCommand::Close => self.close_grab(),
            GrabCommand::SaveAs(node, format) => self.save_grabbed_as(node, format),
        }
    }

    /// Reads a region as a table, by whatever would read the page.
    fn grab(&mut self, page: PageIndex, region: BBox) {
        self.close_grab();
        self.state.is_grabbing = false;
        let (engine, generation) = (self.state.settings.engine_choice(), self.state.settings.generation());
        let Some(document) = self.state.document() else { return };
        let Some(entry) = document.page(page) else { return };
        let (id, rotation) = (document.id(), entry.rotation);
        let job = self.backend.submit(Job::Recognize(RecognizeRequest {
            document: id,
            page,
            rotation,
            engine,
            region: Some(region),
            task: Task::Table,
            generation,
            is_visible: true,
        }));
        self.state.jobs.insert(job, JobPurpose::Grab);
        self.state.grab = Some(Grab { document: id, page, region, status: GrabStatus::Reading(job) });
    }

    /// Takes the grabbed table away; its reading stops.
    pub(super) fn close_grab(&mut self) {
        if let Some(job) = self.state.grab.take().and_then(|grab| grab.status.job()) {
            self.backend.cancel(job);
        }
    }

    /// A grabbed table or some of its cells.
    pub(super) fn grabbed_text(
        &self,
        node: NodeId,
        cells: Option<CellRange>,
        format: TableFormat,
    ) -> Option<ClipboardText> {
        table_text(&self.state.grab.as_ref()?.status.read()?.tree, node, cells, format)
    }

    /// A grabbed element.
    pub(super) fn grabbed_element_text(&self, node: NodeId, format: ExportFormat) -> Option<ClipboardText> {
        let read = self.state.grab.as_ref()?.status.read()?;
        let text = element_text(&read.tree, &read.markup, node, format)?;
        Some(ClipboardText { text, html: None })
    }

    fn save_grabbed_as(&mut self, node: NodeId, format: TableFormat) {
        let Some((document, grab)) = self.state.document().zip(self.state.grab.as_ref()) else { return };
        let extension = format.extension();
        self.background.ask(DialogRequest::Save {
            file_name: format!("{}-page-{}-region.{extension}", stem(&document.info.name), grab.page),
            format_words: format.file_words(),
            extension,
            subject: SaveSubject::Grabbed(node, format),
        });
    }
}
