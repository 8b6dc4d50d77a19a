//! Where workers put their events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};

use crate::engine::event::{Event, EventKind};
use crate::engine::job::JobId;

/// Called after each event, from any worker's thread.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// The workers' end of the event channel, with the caller's wake-up bell.
#[derive(Clone)]
pub(super) struct Outlet {
    events: Sender<Event>,
    wake: Wake,
}

impl Outlet {
    pub(super) fn new(events: Sender<Event>, wake: Wake) -> Self {
        Self { events, wake }
    }

    /// The channel itself, for the scheduler, which must not wait on it alone.
    pub(super) fn events(&self) -> &Sender<Event> {
        &self.events
    }

    /// Sends what must not be lost; waits while the channel is full. Once the engine is dropped,
    /// nobody is left to be told, and events vanish.
    pub(super) fn send(&self, job: JobId, kind: EventKind) {
        if self.events.send(Event { job, kind }).is_ok() {
            self.wake();
        }
    }

    /// Sends what a later event makes up for. Never waits; gives the event back when the channel is
    /// full.
    pub(super) fn try_send(&self, job: JobId, kind: EventKind) -> Result<(), Box<EventKind>> {
        match self.events.try_send(Event { job, kind }) {
            Ok(()) => {
                self.wake();
                Ok(())
            }
            Err(TrySendError::Full(event)) => Err(Box::new(event.kind)),
            Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// Rings the caller's bell. A panic in it is the caller's, and must not cost a worker.
    pub(super) fn wake(&self) {
        if catch_unwind(AssertUnwindSafe(|| (self.wake)())).is_err() {
            tracing::error!("the engine's wake callback panicked");
        }
    }
}
