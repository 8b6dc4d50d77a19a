//! The engine as the window sees it, so that tests can put a scripted one in its place.

use crate::engine::event::Event;
use crate::engine::job::{Job, JobId};

/// Takes jobs and gives events back. No call waits.
pub trait Backend {
    /// Queues a job.
    fn submit(&mut self, job: Job) -> JobId;

    /// Asks for the end of a job. It still ends with an event of its own.
    fn cancel(&mut self, job: JobId);

    /// Somebody looks at what the job makes: it goes before the others.
    fn prioritize(&mut self, job: JobId);

    /// The next event, when one is there.
    fn try_recv(&mut self) -> Option<Event>;
}
