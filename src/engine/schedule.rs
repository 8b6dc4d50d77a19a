//! Which job goes to which worker next: plain data, no threads, no time.
//!
//! In: submitted jobs, cancellations, reports of workers. Out: assignments for workers that are
//! free, and the jobs that ended without ever reaching one (cancelled while they waited, replaced
//! by a newer rendering, their document closed).

use crate::engine::cancel::CancelToken;
use crate::engine::chores::{Chore, ChoreQueue, ChoreWork, ChoreWorker};
use crate::engine::job::{DocumentId, EngineChoice, Job, JobId, RecognizeRequest};
use crate::engine::lane::{Lane, LaneEntry, WaitingWork};
use crate::engine::page_queue::PageQueue;
use crate::engine::tasks::{LaneKind, LaneTask, LaneWork, PageTask, PageWork, Report};

/// A task for the worker that it names; the worker is free.
#[derive(Debug)]
pub(super) enum Assignment {
    Page(PageTask),
    TextLayer(LaneTask),
    Model(LaneTask),
    Chore(Chore),
}

impl Assignment {
    /// Which job.
    pub(super) fn job(&self) -> JobId {
        match self {
            Self::Page(task) => task.job,
            Self::TextLayer(task) | Self::Model(task) => task.job,
            Self::Chore(chore) => chore.job,
        }
    }
}

/// What a worker has in its hands.
#[derive(Debug)]
struct Running {
    job: JobId,
    token: CancelToken,
    document: Option<DocumentId>,
}

/// The queues and what is running.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    pages: PageQueue,
    text_layer_lane: Lane,
    model_lane: Lane,
    files: ChoreQueue,
    models: ChoreQueue,
    downloads: ChoreQueue,

    page_running: Option<Running>,
    text_layer_running: Option<Running>,
    model_running: Option<Running>,

    is_model_loaded: bool,
    /// The model worker is loading one now.
    is_model_loading: bool,
    /// Ended here, not told yet.
    cancelled: Vec<JobId>,
}

impl Schedule {
    /// Nothing waits, nothing runs.
    pub(super) fn new(is_model_loaded: bool) -> Self {
        Self { is_model_loaded, ..Self::default() }
    }

    /// Takes up a job.
    pub(super) fn submit(&mut self, job: JobId, what: Job) {
        let token = CancelToken::default();
        match what {
            Job::Open { source, password } => {
                self.push_page(PageTask { job, token, work: PageWork::Open { source, password } });
            }
            Job::Close(document) => {
                self.cancel_document(document);
                self.push_page(PageTask { job, token, work: PageWork::Close(document) });
            }
            Job::Render(render) => self.push_page(PageTask { job, token, work: PageWork::Render(render) }),
            Job::SavePageImage { render, path } => {
                self.push_page(PageTask { job, token, work: PageWork::SaveImage { render, path } });
            }
            Job::ReadTextLayer { document, page } => {
                self.push_page(PageTask { job, token, work: PageWork::ReadTextLayer { document, page } });
            }
            Job::Restore { document, kept } => {
                self.push_page(PageTask { job, token, work: PageWork::Restore { document, kept } });
            }
            Job::Recognize(request) => self.push_recognition(job, token, request),
            Job::LoadModel { folder, settings } => {
                let work = WaitingWork::LoadModel { folder, settings };
                self.model_lane.push(LaneEntry { job, token, work });
            }
            Job::UnloadModel => {
                self.model_lane.push(LaneEntry { job, token, work: WaitingWork::UnloadModel });
            }
            Job::Save { path, contents } => self.push_chore(job, token, ChoreWork::Save { path, contents }),
            Job::ListModels { added_folders } => {
                self.push_chore(job, token, ChoreWork::ListModels { added_folders });
            }
            Job::VerifyModel { folder } => self.push_chore(job, token, ChoreWork::VerifyModel { folder }),
            Job::RemoveModel { name } => self.push_chore(job, token, ChoreWork::RemoveModel { name }),
            Job::DownloadModel { name } => self.push_chore(job, token, ChoreWork::DownloadModel { name }),
        }
    }

    fn push_chore(&mut self, job: JobId, token: CancelToken, work: ChoreWork) {
        self.chores(work.worker()).push(Chore { job, token, work });
    }

    fn chores(&mut self, worker: ChoreWorker) -> &mut ChoreQueue {
        match worker {
            ChoreWorker::Files => &mut self.files,
            ChoreWorker::Models => &mut self.models,
            ChoreWorker::Downloads => &mut self.downloads,
        }
    }

    fn push_page(&mut self, task: PageTask) {
        let stale = self.pages.push(task);
        self.cancelled.extend(stale);
    }

    fn push_recognition(&mut self, job: JobId, token: CancelToken, request: RecognizeRequest) {
        let lane = match request.engine {
            EngineChoice::TextLayer => &mut self.text_layer_lane,
            EngineChoice::Model => &mut self.model_lane,
            EngineChoice::Auto => {
                let is_loaded = self.is_model_loaded || self.is_model_loading;
                if self.model_lane.will_load().unwrap_or(is_loaded) {
                    &mut self.model_lane
                } else {
                    &mut self.text_layer_lane
                }
            }
        };
        lane.push(LaneEntry::recognition(job, token, request));
    }

    /// Somebody looks at the job's page now.
    pub(super) fn prioritize(&mut self, job: JobId) {
        if !self.text_layer_lane.prioritize(job) {
            self.model_lane.prioritize(job);
        }
    }

    /// Stops a job: at once when it waits, at its next step when a worker has it. Jobs that have
    /// ended are left alone.
    pub(super) fn cancel(&mut self, job: JobId) {
        if let Some((_, token)) = self.running().find(|(running, _)| *running == job) {
            // Its worker sends the end; a prepared recognition comes back here first.
            token.cancel();
            return;
        }
        let was_waiting = self.pages.remove(job).is_some()
            // A recognition can wait in its lane and, for its input, at the page worker.
            | self.text_layer_lane.remove(job).is_some()
            | self.model_lane.remove(job).is_some()
            | self.files.remove(job)
            | self.models.remove(job)
            | self.downloads.remove(job);
        if was_waiting {
            self.cancelled.push(job);
        }
    }

    /// Stops everything about a document.
    fn cancel_document(&mut self, document: DocumentId) {
        let mut jobs: Vec<JobId> =
            self.pages.remove_document(document).into_iter().map(|task| task.job).collect();
        // Preparations are in their lane as well; `cancelled` must name each job once.
        jobs.retain(|job| {
            self.text_layer_lane.remove(*job);
            self.model_lane.remove(*job);
            true
        });
        self.cancelled.extend(jobs);
        let mut rest = self.text_layer_lane.jobs_of(document);
        rest.extend(self.model_lane.jobs_of(document));
        let running = [&self.page_running, &self.text_layer_running, &self.model_running];
        for running in running.into_iter().flatten() {
            if running.document == Some(document) {
                rest.push(running.job);
            }
        }
        for job in rest {
            self.cancel(job);
        }
    }

    /// A worker is free again.
    pub(super) fn report(&mut self, report: Report) {
        match report {
            Report::PageEnded => {
                if let Some(running) = self.page_running.take() {
                    // A recognition whose input could not be made has ended with it.
                    self.text_layer_lane.remove(running.job);
                    self.model_lane.remove(running.job);
                }
            }
            Report::PagePrepared(prepared) => {
                let Some(running) = self.page_running.take() else { return };
                let lanes = [&mut self.text_layer_lane, &mut self.model_lane];
                if let Some(lane) = lanes.into_iter().find(|lane| lane.has(running.job)) {
                    self.cancelled.extend(lane.prepared(running.job, prepared));
                }
            }
            Report::TextLayerEnded => self.text_layer_running = None,
            Report::ModelEnded { is_model_loaded } => {
                self.model_running = None;
                self.is_model_loading = false;
                self.is_model_loaded = is_model_loaded;
            }
            Report::ChoreEnded(worker) => self.chores(worker).ended(),
        }
    }

    /// The next task for a worker that is free.
    pub(super) fn next_assignment(&mut self) -> Option<Assignment> {
        self.move_to_text_layer_without_model();
        self.assign_text_layer()
            .or_else(|| self.assign_model())
            .or_else(|| self.assign_page())
            .or_else(|| self.assign_chore())
    }

    /// Pages that leave the choice to the engine do not fail because no model could be loaded.
    fn move_to_text_layer_without_model(&mut self) {
        if self.is_model_loaded || self.model_running.is_some() {
            return;
        }
        while let Some(entry) = self.model_lane.pop_without_model() {
            self.text_layer_lane.push(entry);
        }
    }

    fn assign_text_layer(&mut self) -> Option<Assignment> {
        let is_free = self.text_layer_running.is_none();
        if is_free && let Some(task) = self.text_layer_lane.pop_ready() {
            self.text_layer_running = Some(running_lane(&task));
            return Some(Assignment::TextLayer(task));
        }
        let preparation = self.text_layer_lane.next_preparation(LaneKind::TextLayer, is_free)?;
        self.push_page(preparation);
        None
    }

    fn assign_model(&mut self) -> Option<Assignment> {
        let is_free = self.model_running.is_none();
        if is_free && let Some(task) = self.model_lane.pop_ready() {
            self.is_model_loading = matches!(task.work, LaneWork::LoadModel { .. });
            self.model_running = Some(running_lane(&task));
            return Some(Assignment::Model(task));
        }
        let preparation = self.model_lane.next_preparation(LaneKind::Model, is_free)?;
        self.push_page(preparation);
        None
    }

    fn assign_page(&mut self) -> Option<Assignment> {
        if self.page_running.is_some() {
            return None;
        }
        let task = self.pages.pop()?;
        let document = task.work.document().filter(|_| !matches!(task.work, PageWork::Close(_)));
        self.page_running = Some(Running { job: task.job, token: task.token.clone(), document });
        Some(Assignment::Page(task))
    }

    fn assign_chore(&mut self) -> Option<Assignment> {
        let queues = [&mut self.files, &mut self.models, &mut self.downloads];
        queues.into_iter().find_map(ChoreQueue::pop).map(Assignment::Chore)
    }

    /// Everything that a worker has in its hands.
    fn running(&self) -> impl Iterator<Item = (JobId, &CancelToken)> {
        let recognizing = [&self.page_running, &self.text_layer_running, &self.model_running];
        let chores = [&self.files, &self.models, &self.downloads];
        let recognizing = recognizing.into_iter().flatten().map(|running| (running.job, &running.token));
        recognizing
            .chain(chores.into_iter().filter_map(ChoreQueue::running).map(|(job, token)| (*job, token)))
    }

    /// The jobs that ended here since the last call.
    pub(super) fn take_cancelled(&mut self) -> Vec<JobId> {
        std::mem::take(&mut self.cancelled)
    }

    /// Asks everything that runs to stop; used when the engine is dropped.
    pub(super) fn cancel_running(&self) {
        self.running().for_each(|(_, token)| token.cancel());
    }
}

fn running_lane(task: &LaneTask) -> Running {
    let document = match &task.work {
        LaneWork::Recognize(recognition) => Some(recognition.request.document),
        LaneWork::LoadModel { .. } | LaneWork::UnloadModel => None,
    };
    Running { job: task.job, token: task.token.clone(), document }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::document::page::{PageIndex, PageSize, Rotation};
    use crate::engine::job::{GenerationSettings, ModelSettings, Task};
    use crate::engine::page_boxes::Excerpt;
    use crate::engine::recognizer::PageInput;
    use crate::engine::tasks::Prepared;

    const DOCUMENT: DocumentId = DocumentId(1);

    fn request(page: usize, engine: EngineChoice, is_visible: bool) -> Job {
        Job::Recognize(RecognizeRequest {
            document: DOCUMENT,
            page: PageIndex(page),
            rotation: Rotation::None,
            engine,
            region: None,
            task: Task::Page,
            generation: GenerationSettings::default(),
            is_visible,
        })
    }

    fn load() -> Job {
        Job::LoadModel { folder: PathBuf::from("model"), settings: ModelSettings::default() }
    }

    fn prepared() -> Report {
        let page_size = PageSize { width_pt: 612.0, height_pt: 792.0 };
        let input = PageInput { page: PageIndex(0), page_size, image: None, text_layer: None, context: None };
        let excerpt = Excerpt { region: None, rotation: Rotation::None };
        Report::PagePrepared(Box::new(Prepared { input, excerpt, took: Duration::ZERO }))
    }

    /// All assignments that can be made now, as "worker job".
    fn assigned(schedule: &mut Schedule) -> Vec<String> {
        std::iter::from_fn(|| schedule.next_assignment())
            .map(|assignment| {
                let worker = match &assignment {
                    Assignment::Page(_) => "page",
                    Assignment::TextLayer(_) => "text",
                    Assignment::Model(_) => "model",
                    Assignment::Chore(_) => "chore",
                };
                format!("{worker} {}", assignment.job().0)
            })
            .collect()
    }

    fn cancelled(schedule: &mut Schedule) -> Vec<u64> {
        schedule.take_cancelled().into_iter().map(|job| job.0).collect()
    }

    #[test]
    fn the_next_page_is_prepared_while_one_is_read_and_no_more() {
        let mut schedule = Schedule::new(true);
        for job in 1..=3 {
            schedule.submit(JobId(job), request(0, EngineChoice::Auto, false));
        }
        assert_eq!(assigned(&mut schedule), ["page 1"]);
        schedule.report(prepared());
        assert_eq!(assigned(&mut schedule), ["model 1", "page 2"]);
        schedule.report(prepared());
        assert_eq!(assigned(&mut schedule), [""; 0]);
        schedule.report(Report::ModelEnded { is_model_loaded: true });
        assert_eq!(assigned(&mut schedule), ["model 2", "page 3"]);
    }

    #[test]
    fn the_visible_page_jumps_the_queue_even_before_a_prepared_one() {
        let mut schedule = Schedule::new(true);
        schedule.submit(JobId(1), request(0, EngineChoice::Model, false));
        schedule.submit(JobId(2), request(1, EngineChoice::Model, false));
        schedule.submit(JobId(3), request(2, EngineChoice::Model, false));
        assigned(&mut schedule);
        schedule.report(prepared());
        assigned(&mut schedule);
        schedule.report(prepared());
        schedule.submit(JobId(4), request(3, EngineChoice::Model, true));
        schedule.prioritize(JobId(3));
        assert_eq!(assigned(&mut schedule), ["page 4"]);
        schedule.report(prepared());
        schedule.report(Report::ModelEnded { is_model_loaded: true });
        assert_eq!(assigned(&mut schedule), ["model 4", "page 3"]);
    }

    #[test]
    fn a_text_layer_page_does_not_wait_for_the_model() {
        let mut schedule = Schedule::new(true);
        schedule.submit(JobId(1), request(0, EngineChoice::Model, false));
        schedule.submit(JobId(2), request(0, EngineChoice::TextLayer, false));
        assert_eq!(assigned(&mut schedule).len(), 1);
        schedule.report(prepared());
        assert_eq!(assigned(&mut schedule).len(), 2);
        schedule.report(prepared());
        let last = assigned(&mut schedule);
        assert_eq!(last.len(), 1, "{last:?}");
    }

    #[test]
    fn what_leaves_the_choice_open_waits_for_a_model_that_is_loading() {
        let mut schedule = Schedule::new(false);
        schedule.submit(JobId(1), load());
        schedule.submit(JobId(2), request(0, EngineChoice::Auto, false));
        assert_eq!(assigned(&mut schedule), ["model 1", "page 2"]);
        schedule.report(prepared());
        schedule.report(Report::ModelEnded { is_model_loaded: true });
        assert_eq!(assigned(&mut schedule), ["model 2"]);
    }

    #[test]
    fn and_goes_to_the_text_layer_when_loading_fails() {
        let mut schedule = Schedule::new(false);
        schedule.submit(JobId(1), load());
        schedule.submit(JobId(2), request(0, EngineChoice::Auto, false));
        assigned(&mut schedule);
        schedule.report(prepared());
        schedule.report(Report::ModelEnded { is_model_loaded: false });
        // Its input was pixels; the text layer is another.
        assert_eq!(assigned(&mut schedule), ["page 2"]);
        schedule.report(prepared());
        assert_eq!(assigned(&mut schedule), ["text 2"]);
    }

    #[test]
    fn a_waiting_job_is_cancelled_once_wherever_it_waits() {
        let mut schedule = Schedule::new(true);
        schedule.submit(JobId(1), Job::Close(DocumentId(9)));
        schedule.submit(JobId(2), request(0, EngineChoice::Model, false));
        assert_eq!(assigned(&mut schedule), ["page 1"]);
        schedule.cancel(JobId(2));
        schedule.cancel(JobId(2));
        assert_eq!(cancelled(&mut schedule), [2]);
        schedule.report(Report::PageEnded);
        assert_eq!(assigned(&mut schedule), [""; 0]);
    }

    #[test]
    fn a_page_cancelled_while_it_is_prepared_ends_when_its_input_comes_back() {
        let mut schedule = Schedule::new(true);
        schedule.submit(JobId(1), request(0, EngineChoice::Model, false));
        assigned(&mut schedule);
        schedule.cancel(JobId(1));
        assert_eq!(cancelled(&mut schedule), [0; 0]);
        schedule.report(prepared());
        assert_eq!(cancelled(&mut schedule), [1]);
        assert_eq!(assigned(&mut schedule), [""; 0]);
    }

    #[test]
    fn closing_a_document_ends_what_waits_for_it() {
        let mut schedule = Schedule::new(true);
        schedule.submit(JobId(1), request(0, EngineChoice::Model, false));
        assigned(&mut schedule);
        schedule.submit(JobId(2), request(1, EngineChoice::Model, false));
        schedule.submit(JobId(3), request(1, EngineChoice::TextLayer, false));
        assigned(&mut schedule);
        schedule.submit(JobId(4), Job::Close(DOCUMENT));
        let mut ended = cancelled(&mut schedule);
        ended.sort_unstable();
        assert_eq!(ended, [2, 3]);
        schedule.report(prepared());
        assert_eq!(cancelled(&mut schedule), [1]);
        assert_eq!(assigned(&mut schedule), ["page 4"]);
    }
}
