//! Ends a child process that has not answered in time.
//!
//! Whoever waits for the child blocks in plain reads and writes; when the watchdog kills the child,
//! both ends of the pipes close and every such call returns.

use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

/// Owns the child. Dropping it ends the child.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    /// `None` only while dropping.
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    child: Mutex<Child>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    deadline: Option<Instant>,
    /// The thread waits for a deadline to be set, and must be woken for it.
    is_idle: bool,
    has_killed: bool,
    is_closing: bool,
}

impl Watchdog {
    pub(super) fn over(child: Child) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { child: Mutex::new(child), state: Mutex::default(), changed: Condvar::new() });
        let watched = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("doclens-pdf-watch".to_owned()).spawn(move || watched.watch());
        match thread {
            Ok(thread) => Ok(Self { shared, thread: Some(thread) }),
            Err(error) => {
                shared.end();
                Err(error)
            }
        }
    }

    /// From now on the child has this long. The limit is the same each time: a later deadline never
    /// comes before an earlier one.
    pub(super) fn arm(&self, limit: Duration) {
        let mut state = locked(&self.shared.state);
        state.deadline = Some(Instant::now() + limit);
        // While it sleeps towards an earlier deadline, it finds this one when that has passed: one
        // wake-up in a while instead of one a request.
        if state.is_idle {
            self.shared.changed.notify_one();
        }
    }

    /// The child has answered.
    pub(super) fn disarm(&self) {
        locked(&self.shared.state).deadline = None;
    }

    /// Whether the child ran out of time.
    pub(super) fn has_killed(&self) -> bool {
        locked(&self.shared.state).has_killed
    }

    /// Whether the child is gone, or about to be: its time may have run out just as it answered.
    pub(super) fn is_over(&self) -> bool {
        self.has_killed() || !matches!(locked(&self.shared.child).try_wait(), Ok(None))
    }

    /// Ends the child if it still runs, and says how it ended. A child that is ending by itself keeps
    /// its own status.
    pub(super) fn end(&self) -> Option<ExitStatus> {
        self.shared.end()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        locked(&self.shared.state).is_closing = true;
        self.shared.changed.notify_one();
        self.shared.end();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the PDF worker's watchdog ended in a panic");
        }
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = locked(&self.state);
        while !state.is_closing {
            let now = Instant::now();
            match state.deadline {
                None => {
                    state.is_idle = true;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.is_idle = false;
                }
                Some(deadline) if deadline <= now => {
                    state.deadline = None;
                    state.has_killed = true;
                    drop(state);
                    self.end();
                    state = locked(&self.state);
                }
                Some(deadline) => {
                    let waited = self.changed.wait_timeout(state, deadline - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    fn end(&self) -> Option<ExitStatus> {
        let mut child = locked(&self.child);
        if let Err(error) = child.kill() {
            tracing::warn!(%error, "a PDF worker cannot be ended");
        }
        child.wait().ok()
    }
}

/// Nothing that can panic runs under these locks.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
