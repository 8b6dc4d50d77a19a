//! What all workers share: named threads, and jobs that may panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::event::{EventKind, Outcome};
use crate::engine::user_message::UserMessage;

/// Starts a named thread.
///
/// # Errors
/// When the system has no thread to give.
pub(super) fn spawn(
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(work).map_err(|source| Error::Thread { name, source })
}

/// Runs a part of a job. A panic in it becomes an error; whatever it worked on must be made anew.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
    Error::Panicked { message: message.unwrap_or_else(|| "no message".to_owned()) }
}

/// The one end of a job.
pub(super) fn end_of(result: Result<Outcome, Error>) -> EventKind {
    match result {
        Ok(outcome) => EventKind::Finished(outcome),
        Err(Error::Cancelled) => EventKind::Cancelled,
        Err(error) => EventKind::Failed(UserMessage::from(&error)),
    }
}

/// Drops what was made for somebody who no longer wants it.
///
/// # Errors
/// [`Error::Cancelled`] when somebody asked the job to stop.
pub(super) fn check(token: &CancelToken) -> Result<(), Error> {
    if token.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}
