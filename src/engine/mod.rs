//! Jobs in, events out: worker threads between the interface and the rooms that do the work.
//!
//! [`Engine::submit`] takes a [`Job`] and names it; [`Event`]s about it come back in order, and the
//! last of them is exactly one of `Finished`, `Cancelled` and `Failed`. A scheduler thread routes
//! and does nothing else; each worker is a named thread that owns its resource:
//!
//! ```text
//!            submit, cancel                     one task at a time
//!  caller ──────────────────▶ scheduler ─┬────▶ page worker        open documents, renderings
//!     ▲                           │      ├────▶ text-layer worker  the engine without weights
//!     │                           │      ├────▶ model worker       the loaded model
//!     │     Cancelled (waiting)   │      └────▶ three for chores   saving, model library, downloads
//!     └──────────── events ◀──────┴──────────── Started … Finished, Cancelled, Failed
//! ```
//!
//! A recognition visits two of them: the page worker prepares its input (pixels or text layer), then
//! a recognizer reads it; while one page is read, the next one's input is prepared.
//!
//! Deliberately not here: anything of a GUI (the caller gives a wake-up bell), and any knowledge of
//! PDF, DocTags or tensors beyond calling the rooms that have it.

pub mod cancel;
pub mod error;
pub mod event;
pub mod job;
pub mod kept;
pub mod model_library;
pub mod options;
pub mod recognizer;
pub mod scripted;
pub mod trust;
pub mod user_message;

mod atomic_file;
mod blank_page;
mod chores;
mod doctags_grammar;
mod estimate;
mod lane;
mod model_recognizer;
mod model_worker;
mod open_document;
mod outlet;
mod page_boxes;
mod page_markup;
mod page_queue;
mod page_worker;
mod reading;
mod rescue;
mod schedule;
mod scheduler;
mod store_words;
mod tasks;
mod text_layer_recognizer;
mod text_layer_worker;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

pub use atomic_file::write_atomically;
pub use cancel::CancelToken;
pub use error::Error;
pub use event::{Event, EventKind, Outcome};
pub use job::{DocumentId, Job, JobId};
pub use options::EngineOptions;
pub use page_markup::join_pages;
pub use user_message::UserMessage;

use crate::engine::chores::ChoreWorker;
use crate::engine::estimate::History;
use crate::engine::model_worker::{Model, ModelWorker};
use crate::engine::outlet::Outlet;
use crate::engine::page_worker::PageWorker;
use crate::engine::schedule::Schedule;
use crate::engine::scheduler::{Command, Workers};

/// Lets so many threads compute instead of one a core. Holds from the first page on, so it is for the
/// start of a program; later it changes nothing and says so in the log.
pub fn use_threads(num_threads: usize) {
    if let Err(error) = crate::model::use_threads(num_threads) {
        tracing::warn!(%error, "the number of threads stays as it is");
    }
}

/// Commands that may wait for the scheduler, which takes them at once; more than a caller submits
/// in a burst.
const NUM_WAITING_COMMANDS: usize = 1024;

/// The workers' front desk. Dropping it stops everything and joins all threads: what runs is
/// cancelled and ends at its next step.
pub struct Engine {
    /// `None` only while dropping.
    commands: Option<Sender<Command>>,
    /// `None` only while dropping.
    events: Option<Receiver<Event>>,
    last_job: AtomicU64,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts the workers. `wake` is called after each event from whichever thread sent it, so it
    /// must be quick: a repaint request in the window, nothing on the command line.
    ///
    /// # Errors
    /// When the system has no threads to give.
    pub fn start(options: EngineOptions, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, Error> {
        let EngineOptions { partial_interval, num_waiting_events, replay, pdf_reading, load_model } = options;
        let (commands, submitted) = bounded(NUM_WAITING_COMMANDS);
        let (event_sender, events) = bounded(num_waiting_events.max(1));
        // One report a worker can be on its way.
        let (reports, reported) = bounded(6);
        let (page, page_tasks) = bounded(1);
        let (text_layer, text_layer_tasks) = bounded(1);
        let (model, model_tasks) = bounded(1);
        let outlet = Outlet::new(event_sender, Arc::new(wake));
        let mut engine = Self {
            commands: Some(commands),
            events: Some(events),
            last_job: AtomicU64::new(0),
            threads: Vec::with_capacity(7),
        };

        let schedule = Schedule::new(replay.is_some());
        let chore_worker = |name, worker| {
            let (sender, chores) = bounded(1);
            let (outlet, reports) = (outlet.clone(), reports.clone());
            let work = move || chores::run(worker, &chores, &reports, &outlet);
            worker::spawn(name, work).map(|thread| (sender, thread))
        };
        let (files, files_thread) = chore_worker("doclens-files", ChoreWorker::Files)?;
        let (models, models_thread) = chore_worker("doclens-models", ChoreWorker::Models)?;
        let (downloads, downloads_thread) = chore_worker("doclens-downloads", ChoreWorker::Downloads)?;
        engine.threads.extend([files_thread, models_thread, downloads_thread]);
        let workers = Workers { page, text_layer, model, files, models, downloads };
        let scheduler_outlet = outlet.clone();
        engine.threads.push(worker::spawn("doclens-scheduler", move || {
            scheduler::run(schedule, &submitted, &reported, &workers, &scheduler_outlet);
        })?);
        let (page_outlet, page_reports) = (outlet.clone(), reports.clone());
        engine.threads.push(worker::spawn("doclens-pages", move || {
            PageWorker::new(page_outlet, pdf_reading).run(&page_tasks, &page_reports);
        })?);
        let (text_outlet, text_reports) = (outlet.clone(), reports.clone());
        engine.threads.push(worker::spawn("doclens-text-layer", move || {
            text_layer_worker::run(&text_layer_tasks, &text_reports, &text_outlet, partial_interval);
        })?);
        engine.threads.push(worker::spawn("doclens-model", move || {
            let model = replay.map_or(Model::None, Model::Given);
            let history = History::default();
            let worker = ModelWorker { model, load_model, outlet, interval: partial_interval, history };
            worker.run(&model_tasks, &reports);
        })?);
        Ok(engine)
    }

    /// Takes up a job and names it. Never waits for work: the job goes through a bounded channel to
    /// the scheduler, whose only business is to take it out again and to put it in its queue.
    pub fn submit(&self, job: Job) -> JobId {
        let id = JobId(self.last_job.fetch_add(1, Ordering::Relaxed) + 1);
        self.command(Command::Submit(id, job));
        id
    }

    /// Asks a job to stop. It still ends with an event: `Cancelled`, or whatever end it had come to
    /// by then. Jobs that have ended are left alone.
    pub fn cancel(&self, job: JobId) {
        self.command(Command::Cancel(job));
    }

    /// Says that somebody looks at a waiting recognition's page now: it goes before the pages that
    /// nobody looks at.
    pub fn prioritize(&self, job: JobId) {
        self.command(Command::Prioritize(job));
    }

    /// The next event, if there is one. Never waits.
    pub fn try_recv(&self) -> Option<Event> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// The next event, for which it waits at most this long. Not for the interface thread.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Event> {
        self.events.as_ref()?.recv_timeout(timeout).ok()
    }

    fn command(&self, command: Command) {
        if let Some(commands) = &self.commands
            && commands.send(command).is_err()
        {
            tracing::error!("the scheduler thread has ended");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Workers that wait for room in the event channel wake up first; then the scheduler sees
        // that nobody commands any more, stops what runs, and lets the workers' channels close.
        drop(self.events.take());
        drop(self.commands.take());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a worker thread ended in a panic");
            }
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("last_job", &self.last_job).finish_non_exhaustive()
    }
}
