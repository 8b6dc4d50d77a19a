//! Runs the commands that write a document or one of its tables, and asks where to.

use std::path::PathBuf;
use std::sync::Arc;

use super::App;
use super::background::{DialogRequest, SaveSubject};
use super::command::Command;
use super::exports::{Export, stem, table_file};
use super::output_pane::{ExportFormat, TableFormat};
use super::state::{ElementRef, JobPurpose, NoticeAction};
use crate::engine::job::{DocumentId, Job};
use crate::engine::user_message::UserMessage;
use crate::markup::{DocTree, NodeId};

impl App {
    pub(super) fn save_as(&mut self, format: ExportFormat) {
        let Some(document) = self.state.document() else { return };
        if document.converted().next().is_none() {
            let action = NoticeAction { words: "Convert all pages", command: Command::ConvertAll };
            self.state.notices.done("Nothing to save: no page is converted yet", Some(action));
            return;
        }
        let stem = stem(&document.info.name);
        self.background.ask(DialogRequest::Save {
            file_name: format!("{stem}.{}", format.extension()),
            format_words: format.words(),
            extension: format.extension(),
            subject: SaveSubject::Document(document.id(), format),
        });
    }

    pub(super) fn save(&mut self) {
        let Some(document) = self.state.document() else { return };
        match document.export.clone() {
            Some((path, format)) => self.write_document(document.id(), path, format),
            None => self.save_as(ExportFormat::Markdown),
        }
    }

    pub(super) fn save_table_as(&mut self, element: ElementRef, format: TableFormat) {
        let Some(document) = self.state.document() else { return };
        let stem = stem(&document.info.name);
        let extension = format.extension();
        self.background.ask(DialogRequest::Save {
            file_name: format!("{stem}-page-{}-table.{extension}", element.page),
            format_words: format.file_words(),
            extension,
            subject: SaveSubject::Table(document.id(), element, format),
        });
    }

    pub(super) fn write_document(&mut self, id: DocumentId, path: PathBuf, format: ExportFormat) {
        let settings = &self.state.settings;
        let Some(document) = self.state.documents.iter_mut().find(|document| document.id() == id) else {
            return;
        };
        let Some(export) = Export::of_document(document, format, settings) else { return };
        document.export = Some((path.clone(), format));
        if let Err(error) = self.background.export(export, path) {
            let message = UserMessage {
                summary: "The document could not be saved".to_owned(),
                hint: Some("Close other programs and try again".to_owned()),
                details: Some(error.to_string()),
                needs_password: false,
            };
            self.state.notices.error(message, None);
        }
    }

    pub(super) fn write_table(
        &mut self,
        id: DocumentId,
        element: ElementRef,
        path: PathBuf,
        format: TableFormat,
    ) {
        let document = self.state.document_of(id);
        let tree = document
            .and_then(|document| document.page(element.page))
            .and_then(|page| page.conversion.tree.clone());
        self.write_table_of(tree.as_deref(), element.node, path, format);
    }

    pub(super) fn write_grabbed(&mut self, node: NodeId, path: PathBuf, format: TableFormat) {
        if let Some(read) = self.state.grab.as_ref().and_then(|grab| grab.status.read()).cloned() {
            self.write_table_of(Some(&read.tree), node, path, format);
        }
    }

    pub(super) fn write_table_of(
        &mut self,
        tree: Option<&DocTree>,
        node: NodeId,
        path: PathBuf,
        format: TableFormat,
    ) {
        match tree.and_then(|tree| table_file(tree, node, format)) {
            Some(Ok(contents)) => self.write(path, contents.into()),
            Some(Err(message)) => self.state.notices.error(message, None),
            None => {}
        }
    }

    pub(super) fn write(&mut self, path: PathBuf, contents: Arc<[u8]>) {
        let job = self.backend.submit(Job::Save { path: path.clone(), contents });
        self.state.jobs.insert(job, JobPurpose::Save { path });
    }
}
