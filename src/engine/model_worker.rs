//! Owns the loaded model: loads, unloads, and reads one page after the other with it.
//!
//! After a panic the model is dropped and read again from its folder before the next page, because
//! nobody can say what state it was left in.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::estimate::History;
use crate::engine::event::{EventKind, ModelInfo, Outcome, Progress, Stage};
use crate::engine::job::{EngineChoice, JobId, ModelSettings};
use crate::engine::options::LoadModel;
use crate::engine::outlet::Outlet;
use crate::engine::reading::{Listener, read_page, recognized};
use crate::engine::recognizer::Recognizer;
use crate::engine::tasks::{LaneTask, LaneWork, Recognition, Report};
use crate::engine::worker::{check, end_of, guarded};

/// What the thread owns.
pub(super) struct ModelWorker {
    pub(super) model: Model,
    pub(super) load_model: LoadModel,
    pub(super) outlet: Outlet,
    pub(super) interval: Duration,
    pub(super) history: History,
}

/// Which model there is.
pub(super) enum Model {
    None,
    /// Given at the start; there is no folder to read it from again.
    Given(Box<dyn Recognizer>),
    Loaded {
        recognizer: Box<dyn Recognizer>,
        origin: Origin,
    },
    /// It panicked, or nobody has used it for long: it is read again before the next page.
    Resting(Origin),
}

/// Where a model comes from.
#[derive(Clone)]
pub(super) struct Origin {
    folder: PathBuf,
    settings: ModelSettings,
}

impl ModelWorker {
    /// Runs until the task channel closes.
    pub(super) fn run(mut self, tasks: &Receiver<LaneTask>, reports: &Sender<Report>) {
        while let Some(LaneTask { job, token, work }) = self.next_task(tasks) {
            let result = self.work(job, &token, work);
            self.outlet.send(job, end_of(result));
            let is_model_loaded = !matches!(self.model, Model::None);
            if reports.send(Report::ModelEnded { is_model_loaded }).is_err() {
                break;
            }
        }
    }

    /// Waits for work. A model that nobody has used for long rests meanwhile.
    fn next_task(&mut self, tasks: &Receiver<LaneTask>) -> Option<LaneTask> {
        let Model::Loaded { origin, .. } = &self.model else { return tasks.recv().ok() };
        let origin = origin.clone();
        let Some(idle_unload) = origin.settings.idle_unload else { return tasks.recv().ok() };
        match tasks.recv_timeout(idle_unload) {
            Ok(task) => Some(task),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                tracing::info!(folder = %origin.folder.display(), "the model's memory is given back");
                self.model = Model::Resting(origin);
                tasks.recv().ok()
            }
        }
    }

    fn work(&mut self, job: JobId, token: &CancelToken, work: LaneWork) -> Result<Outcome, Error> {
        match work {
            LaneWork::LoadModel { folder, settings } => {
                self.outlet.send(job, EventKind::Started);
                // The old one's memory is given back before the new one takes its own.
                self.model = Model::None;
                let info = self.load(job, token, Origin { folder, settings })?;
                Ok(Outcome::ModelLoaded(info.into()))
            }
            LaneWork::UnloadModel => {
                self.outlet.send(job, EventKind::Started);
                self.model = Model::None;
                self.history.clear();
                Ok(Outcome::ModelUnloaded)
            }
            LaneWork::Recognize(recognition) => {
                if !recognition.is_announced {
                    self.outlet.send(job, EventKind::Started);
                }
                self.reload_if_resting(job, token)?;
                self.recognize(job, token, &recognition)
            }
        }
    }

    fn load(&mut self, job: JobId, token: &CancelToken, origin: Origin) -> Result<ModelInfo, Error> {
        self.history.clear();
        let (outlet, load_model) = (&self.outlet, &mut self.load_model);
        let mut on_fraction = |fraction: f32| send_loading(outlet, job, fraction);
        on_fraction(0.0);
        let loaded = guarded(|| load_model(&origin.folder, &origin.settings, token, &mut on_fraction))?;
        self.model = Model::Loaded { recognizer: loaded.recognizer, origin };
        Ok(loaded.info)
    }

    fn reload_if_resting(&mut self, job: JobId, token: &CancelToken) -> Result<(), Error> {
        check(token)?;
        let Model::Resting(origin) = &self.model else { return Ok(()) };
        let origin = origin.clone();
        self.load(job, token, origin).map(|_| ())
    }

    fn recognize(
        &mut self,
        job: JobId,
        token: &CancelToken,
        recognition: &Recognition,
    ) -> Result<Outcome, Error> {
        let listener = Listener { job, outlet: &self.outlet, interval: self.interval, shows_parts: true };
        let recognizer = match &mut self.model {
            Model::Given(recognizer) | Model::Loaded { recognizer, .. } => recognizer.as_mut(),
            Model::None | Model::Resting(_) => return Err(Error::NoModel),
        };
        let history = &mut self.history;
        let page =
            guarded(|| read_page(recognizer, EngineChoice::Model, recognition, token, listener, history));
        if let (Err(Error::Panicked { .. }), Model::Loaded { origin, .. }) = (&page, &self.model) {
            self.model = Model::Resting(origin.clone());
        }
        page.map(recognized)
    }
}

fn send_loading(outlet: &Outlet, job: JobId, fraction: f32) {
    let progress = Progress {
        stage: Stage::LoadingModel,
        fraction: Some(fraction.clamp(0.0, 1.0)),
        num_tokens: 0,
        tokens_per_sec: None,
        remaining: None,
    };
    // A full channel loses a step of a bar, nothing more.
    outlet.try_send(job, EventKind::Progress(progress)).ok();
}
