//! The engine as a command drives it: jobs in, their ends out, until Ctrl+C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::engine::event::{Event, Progress};
use crate::engine::{Engine, EngineOptions, Error, EventKind, Job, JobId};

/// How often the interrupt is looked at while no event comes.
const HEARTBEAT: Duration = Duration::from_millis(100);

/// Ctrl+C was pressed.
#[derive(Debug)]
pub(super) struct Interrupted;

/// An engine and the flag that Ctrl+C sets.
pub(super) struct Jobs {
    engine: Engine,
    interrupted: Arc<AtomicBool>,
}

impl Jobs {
    /// Starts an engine.
    pub(super) fn start(options: EngineOptions, interrupted: Arc<AtomicBool>) -> Result<Self, Error> {
        Ok(Self { engine: Engine::start(options, || ())?, interrupted })
    }

    /// Hands in a job whose events [`Jobs::next_event`] gives.
    pub(super) fn submit(&self, job: Job) -> JobId {
        self.engine.submit(job)
    }

    /// The next event, or `None` after a while without one.
    pub(super) fn next_event(&self) -> Option<Event> {
        self.engine.recv_timeout(HEARTBEAT)
    }

    /// Does one job that nothing else runs beside.
    pub(super) fn end_of(
        &self,
        job: Job,
        mut on_progress: impl FnMut(&Progress),
    ) -> Result<EventKind, Interrupted> {
        let job = self.engine.submit(job);
        loop {
            match self.next_event() {
                Some(event) if event.job != job => {}
                Some(event) => match event.kind {
                    EventKind::Progress(progress) => on_progress(&progress),
                    EventKind::Started | EventKind::Downloading(_) | EventKind::Partial { .. } => {}
                    end @ (EventKind::Finished(_) | EventKind::Cancelled | EventKind::Failed(_)) => {
                        return Ok(end);
                    }
                },
                None => {}
            }
            self.stop_if_interrupted(std::iter::once(&job))?;
        }
    }

    /// After Ctrl+C the jobs are stopped, and the engine with them when it is dropped.
    pub(super) fn stop_if_interrupted<'j>(
        &self,
        jobs: impl Iterator<Item = &'j JobId>,
    ) -> Result<(), Interrupted> {
        if !self.interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        jobs.for_each(|job| self.engine.cancel(*job));
        Err(Interrupted)
    }
}
