//! The thread that routes: submitted jobs in, tasks to free workers, ends of jobs that never
//! reached one.
//!
//! It does no work of its own and waits on nothing but its three channels together, so whoever
//! submits a job finds room in the (bounded) command channel at once, and a full event channel
//! stops neither submitting nor cancelling.

use std::collections::VecDeque;

use crossbeam_channel::{Receiver, Select, Sender};

use crate::engine::chores::{Chore, ChoreWorker};
use crate::engine::error::Error;
use crate::engine::event::{Event, EventKind};
use crate::engine::job::{Job, JobId};
use crate::engine::outlet::Outlet;
use crate::engine::schedule::{Assignment, Schedule};
use crate::engine::tasks::{LaneTask, PageTask, Report};
use crate::engine::user_message::UserMessage;

/// What the caller says.
#[derive(Debug)]
pub(super) enum Command {
    Submit(JobId, Job),
    Cancel(JobId),
    Prioritize(JobId),
}

/// The workers' task channels. A task is sent only to a worker that is free.
#[derive(Debug)]
pub(super) struct Workers {
    pub(super) page: Sender<PageTask>,
    pub(super) text_layer: Sender<LaneTask>,
    pub(super) model: Sender<LaneTask>,
    pub(super) files: Sender<Chore>,
    pub(super) models: Sender<Chore>,
    pub(super) downloads: Sender<Chore>,
}

/// Runs until the engine is dropped; the workers end when their task channels close with it.
pub(super) fn run(
    mut schedule: Schedule,
    commands: &Receiver<Command>,
    reports: &Receiver<Report>,
    workers: &Workers,
    outlet: &Outlet,
) {
    let mut outbox: VecDeque<Event> = VecDeque::new();
    loop {
        let mut select = Select::new();
        let command_idx = select.recv(commands);
        let report_idx = select.recv(reports);
        if !outbox.is_empty() {
            select.send(outlet.events());
        }
        let operation = select.select();
        if operation.index() == command_idx {
            match operation.recv(commands) {
                Ok(command) => obey(&mut schedule, command),
                Err(_) => break,
            }
        } else if operation.index() == report_idx {
            match operation.recv(reports) {
                Ok(report) => schedule.report(report),
                Err(_) => break,
            }
        } else if let Some(event) = outbox.pop_front() {
            // Fails only when the engine is being dropped; its command channel says so next.
            if operation.send(outlet.events(), event).is_ok() {
                outlet.wake();
            }
        }
        // Which ready channel the selection above takes is chance. What was commanded before a worker
        // became free is weighed before that worker gets its next task.
        for command in commands.try_iter().take(commands.len()) {
            obey(&mut schedule, command);
        }
        while let Some(assignment) = schedule.next_assignment() {
            outbox.extend(hand_over(assignment, workers));
        }
        let cancelled = schedule.take_cancelled().into_iter();
        outbox.extend(cancelled.map(|job| Event { job, kind: EventKind::Cancelled }));
    }
    schedule.cancel_running();
}

fn obey(schedule: &mut Schedule, command: Command) {
    match command {
        Command::Submit(job, what) => schedule.submit(job, what),
        Command::Cancel(job) => schedule.cancel(job),
        Command::Prioritize(job) => schedule.prioritize(job),
    }
}

/// Gives a task to its worker. A worker is lost only by a fault of ours; then its jobs fail.
fn hand_over(assignment: Assignment, workers: &Workers) -> Option<Event> {
    let job = assignment.job();
    let is_taken = match assignment {
        Assignment::Page(task) => workers.page.try_send(task).is_ok(),
        Assignment::TextLayer(task) => workers.text_layer.try_send(task).is_ok(),
        Assignment::Model(task) => workers.model.try_send(task).is_ok(),
        Assignment::Chore(chore) => {
            let worker = match chore.work.worker() {
                ChoreWorker::Files => &workers.files,
                ChoreWorker::Models => &workers.models,
                ChoreWorker::Downloads => &workers.downloads,
            };
            worker.try_send(chore).is_ok()
        }
    };
    let failed = || Event { job, kind: EventKind::Failed(UserMessage::from(&Error::WorkerLost)) };
    (!is_taken).then(failed)
}
