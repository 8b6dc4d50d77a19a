//! Commands about models: what they do.

use std::path::PathBuf;

use super::App;
use super::background::DialogRequest;
use super::command::ModelCommand;
use super::settings::EnginePreference;
use super::state::{Check, DocumentState, Download, DownloadState, JobPurpose, ModelState};
use crate::engine::job::Job;
use crate::engine::model_library::{self, POCKET_ID};

impl App {
    /// Runs one command about models.
    pub(super) fn execute_model(&mut self, command: ModelCommand) {
        match command {
            ModelCommand::PickFolder => self.background.ask(DialogRequest::ModelFolder),
            ModelCommand::Load(folder) => self.load_model(folder),
            ModelCommand::Reload => self.reload_model(),
            ModelCommand::Unload => self.unload_model(),
            ModelCommand::List => self.list_models(),
            ModelCommand::Download(id) => self.download_model(id),
            ModelCommand::PauseDownload => self.stop_download(false),
            ModelCommand::DiscardDownload => self.stop_download(true),
            ModelCommand::Verify(folder) => self.verify_model(folder),
            ModelCommand::AskToRemove(id) => self.state.models.removal = id,
            ModelCommand::Remove(id) => self.remove_model(id),
            ModelCommand::ForgetFolder(folder) => {
                self.state.settings.model_folders.retain(|known| *known != folder);
                self.list_models();
            }
            ModelCommand::Downloaded { id, folder } => self.model_downloaded(&id, folder),
            ModelCommand::UseFirst => self.use_first_model(),
        }
    }

    /// Loads a folder's model; a folder that nobody has listed is listed from now on.
    pub(super) fn load_model(&mut self, folder: PathBuf) {
        self.state.is_model_for_sample = false;
        self.state.model = ModelState::Loading { folder: folder.clone(), progress: None };
        if self.state.settings.engine == EnginePreference::TextLayer {
            self.state.settings.engine = EnginePreference::Auto;
        }
        let settings = self.state.settings.model_settings();
        let job = self.backend.submit(Job::LoadModel { folder: folder.clone(), settings });
        self.state.jobs.insert(job, JobPurpose::LoadModel { folder });
    }

    /// The sample scan is read by the model that comes with the program, unless there is another.
    pub(super) fn load_model_for_sample(&mut self) {
        let is_needed = self.state.document().is_some_and(DocumentState::is_sample_scan)
            && self.state.settings.engine != EnginePreference::TextLayer
            && matches!(self.state.model, ModelState::Missing | ModelState::Failed { .. });
        let pocket = self.state.models.entry(POCKET_ID).and_then(|entry| entry.installed.as_ref());
        if let (true, Some(installed)) = (is_needed, pocket) {
            let folder = installed.folder.clone();
            self.load_model(folder);
            self.state.is_model_for_sample = true;
        }
    }

    /// Settings of the loaded model have changed.
    fn reload_model(&mut self) {
        if let ModelState::Ready(info) = &self.state.model {
            let folder = info.folder.clone();
            self.load_model(folder);
        }
    }

    fn unload_model(&mut self) {
        let job = self.backend.submit(Job::UnloadModel);
        self.state.jobs.insert(job, JobPurpose::UnloadModel);
    }

    fn list_models(&mut self) {
        self.state.models.folder = model_library::folder().ok();
        if self.state.models.is_listing {
            return;
        }
        self.state.models.is_listing = true;
        let added_folders = self.state.settings.model_folders.clone();
        let job = self.backend.submit(Job::ListModels { added_folders });
        self.state.jobs.insert(job, JobPurpose::ListModels);
    }

    /// Starts a download, or goes on with it. One at a time: what runs is paused.
    fn download_model(&mut self, id: String) {
        let page = self.state.document().map(|document| (document.id(), document.current));
        let progress = match self.state.models.download.take() {
            Some(Download { state: DownloadState::Running(job), .. }) => {
                self.backend.cancel(job);
                None
            }
            Some(download) if download.id == id => download.progress,
            _ => None,
        };
        let job = self.backend.submit(Job::DownloadModel { name: id.clone() });
        self.state.jobs.insert(job, JobPurpose::DownloadModel { id: id.clone() });
        let state = DownloadState::Running(job);
        self.state.models.download = Some(Download { id, state, progress, then_converts: page });
    }

    fn stop_download(&mut self, discards: bool) {
        let Some(download) = &mut self.state.models.download else { return };
        match download.state {
            DownloadState::Running(job) => {
                download.state = DownloadState::Stopping { discards };
                self.backend.cancel(job);
            }
            DownloadState::Stopping { .. } => download.state = DownloadState::Stopping { discards },
            DownloadState::Paused | DownloadState::Failed(_) if discards => {
                // It may have failed before anything came.
                let id = download.progress.is_some().then(|| download.id.clone());
                match id {
                    Some(id) => self.remove_model(id),
                    None => self.state.models.download = None,
                }
            }
            DownloadState::Paused | DownloadState::Failed(_) => {}
        }
    }

    fn verify_model(&mut self, folder: PathBuf) {
        let job = self.backend.submit(Job::VerifyModel { folder: folder.clone() });
        self.state.models.checks.insert(folder.clone(), Check::Running);
        self.state.jobs.insert(job, JobPurpose::VerifyModel { folder });
    }

    /// A model that is loaded is unloaded first: its files are mapped.
    fn remove_model(&mut self, id: String) {
        self.state.models.removal = None;
        if self.state.models.download.as_ref().is_some_and(|download| download.id == id) {
            self.state.models.download = None;
        }
        let folder = self.state.models.entry(&id).and_then(|entry| entry.installed.as_ref());
        if let (ModelState::Ready(info), Some(installed)) = (&self.state.model, folder)
            && info.folder == installed.folder
        {
            self.unload_model();
        }
        let job = self.backend.submit(Job::RemoveModel { name: id });
        self.state.jobs.insert(job, JobPurpose::RemoveModel);
    }

    /// The newcomer's page is read as soon as the model that was fetched for it is there.
    fn model_downloaded(&mut self, id: &str, folder: PathBuf) {
        let page = match self.state.models.download.take_if(|download| download.id == id) {
            Some(download) => download.then_converts,
            None => None,
        };
        self.list_models();
        self.load_model(folder);
        let shown = self.state.document().map(|document| (document.id(), document.current));
        if let (Some(page), true) = (page, page == shown) {
            self.convert(&[page.1]);
        }
    }

    /// At the start, when nobody has ever chosen a model and one is here.
    fn use_first_model(&mut self) {
        let is_wanted = self.state.settings.loads_model_at_start
            && self.state.settings.model_folder.is_none()
            && matches!(self.state.model, ModelState::Missing);
        let first = self.state.models.first_usable().and_then(|entry| entry.installed.as_ref());
        if let (true, Some(installed)) = (is_wanted, first) {
            let folder = installed.folder.clone();
            self.load_model(folder);
        }
    }
}
