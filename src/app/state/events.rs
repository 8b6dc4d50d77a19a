//! What the engine's events change.

use std::path::Path;
use std::sync::Arc;

use super::super::command::{Command, CorrectCommand, ModelCommand, ViewCommand};
use super::notices::NoticeAction;
use super::{
    AppState, Check, DocumentState, Download, DownloadState, GrabStatus, JobPurpose, ModelState, OpenFailure,
    PasswordRequest, SubWindow, TextSupply,
};
use crate::document::page::PageIndex;
use crate::document::text_layer::TextQuality;
use crate::engine::event::{DocumentInfo, Event, EventKind, Outcome};
use crate::engine::job::{DocumentId, JobId};
use crate::engine::user_message::{UserMessage, display_bytes};

impl AppState {
    /// Takes in an event, and returns what is to be done because of it. Events of unknown jobs are
    /// dropped: their job is no longer current.
    pub fn apply_event(&mut self, event: Event) -> Vec<Command> {
        let Event { job, kind } = event;
        match kind {
            EventKind::Started => {
                if let Some(&JobPurpose::Recognize { document, page, .. }) = self.jobs.get(job)
                    && let Some(entry) =
                        self.document_of(document).and_then(|document| document.page_mut(page))
                {
                    entry.conversion.run(job, None);
                }
            }
            EventKind::Progress(progress) => match self.jobs.get(job) {
                Some(&JobPurpose::Recognize { document, page, .. }) => {
                    if let Some(entry) =
                        self.document_of(document).and_then(|document| document.page_mut(page))
                    {
                        entry.conversion.run(job, Some(progress));
                    }
                }
                Some(JobPurpose::LoadModel { folder }) => {
                    self.model = ModelState::Loading { folder: folder.clone(), progress: Some(progress) };
                }
                Some(
                    JobPurpose::Open { .. }
                    | JobPurpose::Close
                    | JobPurpose::Grab
                    | JobPurpose::ReadTextLayer { .. }
                    | JobPurpose::UnloadModel
                    | JobPurpose::ListModels
                    | JobPurpose::DownloadModel { .. }
                    | JobPurpose::VerifyModel { .. }
                    | JobPurpose::RemoveModel
                    | JobPurpose::Save { .. }
                    | JobPurpose::SaveGroundTruth { .. },
                )
                | None => {}
            },
            EventKind::Downloading(progress) => {
                if let Some(download) = self.download_of(job) {
                    download.progress = Some(progress);
                }
            }
            EventKind::Partial { appended, tree } => {
                if let Some(&JobPurpose::Recognize { document, page, .. }) = self.jobs.get(job)
                    && let Some(document) = self.document_of(document)
                {
                    document.take_part(page, job, &appended, tree);
                }
            }
            EventKind::Finished(outcome) => {
                let purpose = self.jobs.remove(job);
                return self.finish(job, purpose.as_ref(), outcome);
            }
            EventKind::Cancelled => {
                if let Some(purpose) = self.jobs.remove(job) {
                    return self.cancelled(job, &purpose);
                }
            }
            EventKind::Failed(message) => {
                if let Some(purpose) = self.jobs.remove(job) {
                    self.failed(job, purpose, message);
                }
            }
        }
        Vec::new()
    }

    fn finish(&mut self, job: JobId, purpose: Option<&JobPurpose>, outcome: Outcome) -> Vec<Command> {
        match outcome {
            Outcome::Opened(info) => return self.opened(&info, purpose),
            Outcome::Closed(_) | Outcome::Rendered { .. } => {}
            Outcome::TextLayer { document, page, text_layer } => {
                if let Some(entry) = self.document_of(document).and_then(|document| document.page_mut(page)) {
                    entry.text = match text_layer.quality {
                        TextQuality::Absent => TextSupply::Absent,
                        TextQuality::Garbled => TextSupply::Garbled,
                        TextQuality::OcrLayer | TextQuality::Good => TextSupply::Present,
                    };
                }
            }
            Outcome::Recognized(recognition) => {
                if matches!(purpose, Some(JobPurpose::Grab)) {
                    self.end_grab(job, GrabStatus::Read(recognition));
                } else if let Some(document) = self.document_of(recognition.request.document) {
                    let (id, page) = (document.id(), recognition.request.page);
                    document.take_recognition(job, recognition);
                    let is_restored =
                        matches!(purpose, Some(JobPurpose::Recognize { is_restored: true, .. }));
                    return vec![if is_restored {
                        CorrectCommand::Restore(id, page).into()
                    } else {
                        CorrectCommand::TookReading(id, page).into()
                    }];
                }
            }
            Outcome::ModelLoaded(info) => {
                if self.is_model_for_sample {
                    self.model = ModelState::Ready(info);
                    return Vec::new();
                }
                self.settings.model_folder = Some(info.folder.clone());
                self.notices.done(format!("{} is ready", info.name), None);
                let is_listed = self.models.entries.as_ref().is_none_or(|entries| {
                    let folders = entries.iter().filter_map(|entry| entry.installed.as_ref());
                    folders.into_iter().any(|installed| installed.folder == info.folder)
                });
                if !is_listed {
                    self.settings.remember_model_folder(info.folder.clone());
                }
                self.model = ModelState::Ready(info);
                if !is_listed {
                    return vec![ModelCommand::List.into()];
                }
            }
            Outcome::ModelUnloaded => self.model = ModelState::Missing,
            Outcome::ModelsListed(entries) => {
                self.models.is_listing = false;
                self.models.entries = Some(entries);
                return vec![ModelCommand::UseFirst.into()];
            }
            Outcome::ModelDownloaded { name, folder } => {
                return vec![ModelCommand::Downloaded { id: name, folder }.into()];
            }
            Outcome::ModelVerified { folder, verification } => {
                self.models.checks.insert(folder, Check::Done(verification));
            }
            Outcome::ModelRemoved { freed_bytes, .. } => {
                self.notices.done(format!("{} freed", display_bytes(freed_bytes)), None);
                return vec![ModelCommand::List.into()];
            }
            Outcome::Saved(path) => self.saved(&path, purpose),
        }
        Vec::new()
    }

    /// Corrected pages are told of once, when the last of their files is written.
    fn saved(&mut self, path: &Path, purpose: Option<&JobPurpose>) {
        let words = match purpose {
            Some(JobPurpose::SaveGroundTruth { folder, .. }) if self.jobs.saves_into(folder) => return,
            Some(JobPurpose::SaveGroundTruth { num_pages: 1, .. }) => "Saved 1 corrected page".to_owned(),
            Some(JobPurpose::SaveGroundTruth { num_pages, .. }) => {
                format!("Saved {num_pages} corrected pages")
            }
            _ => format!("Saved {}", path.file_name().unwrap_or_default().to_string_lossy()),
        };
        let show = |folder: &Path| NoticeAction {
            words: "Show folder",
            command: Command::OpenInDesktop(folder.to_owned()),
        };
        self.notices.done(words, path.parent().map(show));
    }

    fn opened(&mut self, info: &Arc<DocumentInfo>, purpose: Option<&JobPurpose>) -> Vec<Command> {
        if matches!(purpose, Some(JobPurpose::Open { has_password: true, .. })) {
            self.password = None;
        }
        self.open_failure = None;
        if let Some(path) = &info.path {
            self.settings.remember_recent(path.clone());
        }
        self.shown = Some(info.id);
        let mut document = DocumentState::new(Arc::clone(info));
        document.is_protected = matches!(purpose, Some(JobPurpose::Open { has_password: true, .. }));
        if info.is_image {
            for page in &mut document.pages {
                page.text = TextSupply::Absent;
            }
        }
        let first = document.current;
        self.documents.push(document);
        let mut commands = vec![ViewCommand::PageInView(first).into()];
        if let Some(JobPurpose::Open { source, .. }) = purpose {
            commands.push(CorrectCommand::Find(info.id, source.clone()).into());
        }
        commands
    }

    fn cancelled(&mut self, job: JobId, purpose: &JobPurpose) -> Vec<Command> {
        match purpose {
            &JobPurpose::Recognize { document, page, .. } => {
                if let Some(entry) = self.document_of(document).and_then(|document| document.page_mut(page)) {
                    entry.conversion.cancel(job);
                }
                return vec![CorrectCommand::Restore(document, page).into()];
            }
            &JobPurpose::ReadTextLayer { document, page } => self.forget_probe(document, page),
            JobPurpose::Grab => self.cancel_grab(job),
            JobPurpose::LoadModel { .. } => self.model = ModelState::Missing,
            JobPurpose::DownloadModel { id } => return self.download_stopped(id),
            JobPurpose::ListModels => self.models.is_listing = false,
            JobPurpose::VerifyModel { folder } => {
                self.models.checks.remove(folder);
            }
            JobPurpose::Open { .. }
            | JobPurpose::Close
            | JobPurpose::UnloadModel
            | JobPurpose::RemoveModel
            | JobPurpose::Save { .. }
            | JobPurpose::SaveGroundTruth { .. } => {}
        }
        Vec::new()
    }

    /// The download that a job runs; another one may have taken its place.
    fn download_of(&mut self, job: JobId) -> Option<&mut Download> {
        let Some(JobPurpose::DownloadModel { id }) = self.jobs.get(job) else { return None };
        self.models.download.as_mut().filter(|download| download.id == *id)
    }

    /// What has come of it is kept, unless it was to be discarded.
    fn download_stopped(&mut self, id: &str) -> Vec<Command> {
        let Some(download) = self.models.download.as_mut().filter(|download| download.id == id) else {
            return Vec::new();
        };
        let discards = matches!(download.state, DownloadState::Stopping { discards: true });
        download.state = DownloadState::Paused;
        if discards { vec![ModelCommand::Remove(id.to_owned()).into()] } else { Vec::new() }
    }

    fn failed(&mut self, job: JobId, purpose: JobPurpose, message: UserMessage) {
        match purpose {
            JobPurpose::Open { source, name, has_password } => {
                if message.needs_password {
                    self.password =
                        Some(PasswordRequest { source, name, was_wrong: has_password, is_trying: false });
                } else {
                    self.password = None;
                    self.open_failed(name, message);
                }
            }
            JobPurpose::Recognize { document, page, .. } => {
                if let Some(document) = self.document_of(document) {
                    if let Some(entry) = document.page_mut(page) {
                        entry.conversion.fail(job, message);
                    }
                    document.show_state(page, None);
                }
            }
            JobPurpose::ReadTextLayer { document, page } => self.forget_probe(document, page),
            JobPurpose::Grab => self.end_grab(job, GrabStatus::Failed(message)),
            JobPurpose::LoadModel { folder } => {
                let action = NoticeAction { words: "Models…", command: Command::Open(SubWindow::Models) };
                self.notices.error(message.clone(), Some(action));
                self.model = ModelState::Failed { folder, message };
            }
            JobPurpose::Save { .. } => {
                let action =
                    self.document().and_then(|document| document.export.as_ref()).map(|(_, format)| {
                        NoticeAction { words: "Save as…", command: Command::SaveAs(*format) }
                    });
                self.notices.error(message, action);
            }
            JobPurpose::SaveGroundTruth { folder, .. } => {
                // The others would fail for the same reason, a full disk or a folder that is gone.
                self.jobs.forget_saves_into(&folder);
                self.notices.error(message, None);
            }
            JobPurpose::DownloadModel { id } => {
                if let Some(download) = self.models.download.as_mut().filter(|download| download.id == id) {
                    download.state = DownloadState::Failed(message);
                }
            }
            JobPurpose::VerifyModel { folder } => {
                self.models.checks.insert(folder, Check::Failed(message));
            }
            JobPurpose::ListModels => {
                self.models.is_listing = false;
                self.notices.error(message, None);
            }
            JobPurpose::Close | JobPurpose::UnloadModel | JobPurpose::RemoveModel => {
                self.notices.error(message, None);
            }
        }
    }

    /// On the start screen the failure has its own place; beside open documents it is a notice.
    fn open_failed(&mut self, name: String, mut message: UserMessage) {
        if self.documents.is_empty() {
            self.open_failure = Some(OpenFailure { name, message });
            return;
        }
        if !message.summary.contains(&name) {
            message.summary = format!("{name}: {}", message.summary);
        }
        let action = NoticeAction { words: "Open another…", command: Command::PickFiles };
        self.notices.error(message, Some(action));
    }

    fn forget_probe(&mut self, document: DocumentId, page: PageIndex) {
        if let Some(entry) = self.document_of(document).and_then(|document| document.page_mut(page)) {
            entry.text = TextSupply::Unknown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::{ConversionStatus, ElementRef};
    use crate::document::page::PageSize;
    use crate::engine::event::StopReason;
    use crate::engine::job::DocumentSource;
    use crate::markup;

    const DOCUMENT: DocumentId = DocumentId(1);
    const PAGE: PageIndex = PageIndex(0);

    fn message(needs_password: bool) -> UserMessage {
        UserMessage { summary: "No".to_owned(), hint: None, details: None, needs_password }
    }

    fn opened(state: &mut AppState) {
        let info = DocumentInfo {
            id: DOCUMENT,
            name: "a.pdf".to_owned(),
            path: Some("/a.pdf".into()),
            page_sizes: vec![PageSize { width_pt: 100.0, height_pt: 100.0 }; 2],
            title: None,
            is_image: false,
        };
        state
            .apply_event(Event { job: JobId(1), kind: EventKind::Finished(Outcome::Opened(Arc::new(info))) });
    }

    /// A document whose first page is being converted by job 5.
    fn converting() -> AppState {
        let mut state = AppState::default();
        opened(&mut state);
        convert(&mut state, JobId(5));
        state
    }

    fn convert(state: &mut AppState, job: JobId) {
        state.jobs.insert(job, JobPurpose::Recognize { document: DOCUMENT, page: PAGE, is_restored: false });
        state.document_of(DOCUMENT).unwrap().page_mut(PAGE).unwrap().conversion.queue(job);
        state.apply_event(Event { job, kind: EventKind::Started });
    }

    fn part(state: &mut AppState, job: JobId, appended: &str, whole: &str) {
        let tree = Arc::new(markup::parse(whole));
        state.apply_event(Event { job, kind: EventKind::Partial { appended: appended.to_owned(), tree } });
    }

    fn conversion(state: &AppState) -> &crate::app::state::Conversion {
        &state.documents[0].page(PAGE).unwrap().conversion
    }

    #[test]
    fn an_opened_document_is_shown_and_remembered() {
        let mut state = AppState::default();
        opened(&mut state);
        assert_eq!(state.document().unwrap().num_pages(), 2);
        assert_eq!(state.settings.recent, [std::path::PathBuf::from("/a.pdf")]);
    }

    #[test]
    fn a_second_password_request_says_that_the_first_was_wrong() {
        let mut state = AppState::default();
        let source = DocumentSource::File("/a.pdf".into());
        for (job, has_password) in [(JobId(1), false), (JobId(2), true)] {
            let (source, name) = (source.clone(), "a.pdf".to_owned());
            state.jobs.insert(job, JobPurpose::Open { source, name, has_password });
            state.apply_event(Event { job, kind: EventKind::Failed(message(true)) });
            assert_eq!(state.password.as_ref().unwrap().was_wrong, has_password);
        }
    }

    #[test]
    fn parts_add_up_and_those_of_other_jobs_are_dropped() {
        let mut state = converting();
        part(&mut state, JobId(5), "<text>a", "<text>a");
        part(&mut state, JobId(5), "b</text>", "<text>ab</text>");
        part(&mut state, JobId(4), "old", "old");
        assert_eq!(conversion(&state).markup, "<text>ab</text>");
        assert!(conversion(&state).is_streaming());
    }

    #[test]
    fn cancelling_before_anything_came_leaves_all_as_it_was() {
        let mut state = converting();
        state.apply_event(Event { job: JobId(5), kind: EventKind::Cancelled });
        assert!(matches!(conversion(&state).status, ConversionStatus::None));
        convert(&mut state, JobId(6));
        part(&mut state, JobId(6), "<text>a", "<text>a");
        state.apply_event(Event { job: JobId(6), kind: EventKind::Cancelled });
        assert!(matches!(conversion(&state).status, ConversionStatus::Done(StopReason::Cancelled)));
        convert(&mut state, JobId(7));
        state.apply_event(Event { job: JobId(7), kind: EventKind::Cancelled });
        assert!(matches!(conversion(&state).status, ConversionStatus::Done(StopReason::Cancelled)));
        assert_eq!(conversion(&state).markup, "<text>a");
    }

    #[test]
    fn the_old_text_stays_until_the_new_one_comes_and_takes_the_selection_along() {
        let mut state = converting();
        part(&mut state, JobId(5), "<text>a</text>", "<text>a</text>");
        state.apply_event(Event { job: JobId(5), kind: EventKind::Cancelled });
        let node = conversion(&state).tree.as_ref().unwrap().nodes().next().unwrap().0;
        state.documents[0].selected = Some(ElementRef { page: PAGE, node });
        convert(&mut state, JobId(6));
        assert_eq!(conversion(&state).markup, "<text>a</text>");
        assert!(state.documents[0].selected.is_some());
        part(&mut state, JobId(6), "<text>b", "<text>b");
        assert_eq!(conversion(&state).markup, "<text>b");
        assert!(state.documents[0].selected.is_none());
    }

    #[test]
    fn a_failed_model_is_said_and_nothing_else_stops() {
        let mut state = converting();
        let folder = std::path::PathBuf::from("/models/none");
        state.jobs.insert(JobId(8), JobPurpose::LoadModel { folder });
        state.apply_event(Event { job: JobId(8), kind: EventKind::Failed(message(false)) });
        assert!(matches!(state.model, ModelState::Failed { .. }));
        assert_eq!(state.notices.shown().len(), 1);
        assert!(matches!(conversion(&state).status, ConversionStatus::Running { .. }));
    }
}
