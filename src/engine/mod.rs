//! Jobs in, events out: worker threads between the interface and the rooms that do the work.

pub mod cancel;
pub mod error;
pub mod event;
pub mod job;
pub mod recognizer;
pub mod user_message;
