//! Writes files, one after the other, so that a slow disk holds up nothing else.

use crossbeam_channel::{Receiver, Sender};

use crate::engine::atomic_file::write_atomically;
use crate::engine::error::Error;
use crate::engine::event::{EventKind, Outcome};
use crate::engine::outlet::Outlet;
use crate::engine::tasks::{Report, SaveTask};
use crate::engine::worker::{check, end_of, guarded};

/// Runs until the task channel closes.
pub(super) fn run(tasks: &Receiver<SaveTask>, reports: &Sender<Report>, outlet: &Outlet) {
    for SaveTask { job, token, path, contents } in tasks {
        outlet.send(job, EventKind::Started);
        // Once the file is there, the job is done, whoever asked it to stop meanwhile.
        let result = guarded(|| {
            check(&token)?;
            match write_atomically(&path, &contents) {
                Ok(()) => Ok(Outcome::Saved(path.clone())),
                Err(source) => Err(Error::Save { path: path.clone(), source }),
            }
        });
        outlet.send(job, end_of(result));
        if reports.send(Report::SaveEnded).is_err() {
            break;
        }
    }
}
