//! Messages in the corner: few, short, each with at most one action.

use super::super::command::Command;
use crate::engine::user_message::UserMessage;

/// How many are shown at once.
pub(super) const MAX_SHOWN: usize = 3;

/// Names one notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub u64);

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something was done. Goes by itself.
    Done,
    /// Something failed. Stays until it is dismissed.
    Error,
}

/// A message in the corner.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its name.
    pub id: NoticeId,
    /// How much it matters.
    pub kind: NoticeKind,
    /// What it says.
    pub message: UserMessage,
    /// What can be done about it.
    pub action: Option<NoticeAction>,
    /// When it was first shown, in the context's seconds.
    pub shown_since: Option<f64>,
    /// Its details are unfolded.
    pub shows_details: bool,
}

/// What can be done about a notice.
#[derive(Clone, Debug)]
pub struct NoticeAction {
    /// On the button.
    pub words: &'static str,
    /// What it does. The notice goes with it.
    pub command: Command,
}

/// The notices that have not been dismissed, the oldest first.
#[derive(Debug, Default)]
pub struct Notices {
    notices: Vec<Notice>,
    num_made: u64,
}

/// How long a notice that goes by itself is shown, in seconds.
const SHOWN_SECS: f64 = 5.0;

impl Notices {
    /// Says that something was done.
    pub fn done(&mut self, summary: impl Into<String>, action: Option<NoticeAction>) {
        let message =
            UserMessage { summary: summary.into(), hint: None, details: None, needs_password: false };
        self.push(NoticeKind::Done, message, action);
    }

    /// Says that something failed.
    pub fn error(&mut self, message: UserMessage, action: Option<NoticeAction>) {
        let is_said = |notice: &Notice| notice.kind == NoticeKind::Error && notice.message == message;
        if !self.notices.iter().any(is_said) {
            self.push(NoticeKind::Error, message, action);
        }
    }

    fn push(&mut self, kind: NoticeKind, message: UserMessage, action: Option<NoticeAction>) {
        self.num_made += 1;
        // What was done before is old news once something else is done.
        self.notices.retain(|notice| kind == NoticeKind::Error || notice.kind == NoticeKind::Error);
        self.notices.push(Notice {
            id: NoticeId(self.num_made),
            kind,
            message,
            action,
            shown_since: None,
            shows_details: false,
        });
    }

    /// What is shown now: the newest, at most `MAX_SHOWN`.
    pub fn shown(&self) -> &[Notice] {
        self.notices.get(self.notices.len().saturating_sub(MAX_SHOWN)..).unwrap_or_default()
    }

    /// How many wait behind those that are shown.
    pub fn num_hidden(&self) -> usize {
        self.notices.len().saturating_sub(MAX_SHOWN)
    }

    /// Takes one away.
    pub fn dismiss(&mut self, id: NoticeId) {
        self.notices.retain(|notice| notice.id != id);
    }

    /// Unfolds or folds the details of one.
    pub fn toggle_details(&mut self, id: NoticeId) {
        if let Some(notice) = self.notices.iter_mut().find(|notice| notice.id == id) {
            notice.shows_details = !notice.shows_details;
        }
    }

    /// Starts clocks and takes away what has been shown long enough. Returns the seconds until the
    /// next one goes.
    pub fn tick(&mut self, now_secs: f64) -> Option<f64> {
        for notice in &mut self.notices {
            notice.shown_since.get_or_insert(now_secs);
        }
        let left = |notice: &Notice| {
            let goes = notice.kind == NoticeKind::Done && !notice.shows_details;
            goes.then(|| notice.shown_since.unwrap_or(now_secs) + SHOWN_SECS - now_secs)
        };
        self.notices.retain(|notice| left(notice).is_none_or(|left| left > 0.0));
        self.notices.iter().filter_map(left).reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(summary: &str) -> UserMessage {
        UserMessage { summary: summary.to_owned(), hint: None, details: None, needs_password: false }
    }

    #[test]
    fn errors_stay_and_what_was_done_goes() {
        let mut notices = Notices::default();
        notices.error(failure("no"), None);
        notices.done("yes", None);
        assert_eq!(notices.tick(10.0), Some(SHOWN_SECS));
        assert_eq!(notices.shown().len(), 2);
        assert_eq!(notices.tick(10.0 + SHOWN_SECS), None);
        assert_eq!(notices.shown().len(), 1);
        notices.dismiss(notices.shown()[0].id);
        assert!(notices.shown().is_empty());
    }

    #[test]
    fn three_are_shown_and_the_same_error_is_said_once() {
        let mut notices = Notices::default();
        for summary in ["a", "b", "c", "d", "d"] {
            notices.error(failure(summary), None);
        }
        let shown: Vec<_> = notices.shown().iter().map(|notice| notice.message.summary.as_str()).collect();
        assert_eq!(shown, ["b", "c", "d"]);
        assert_eq!(notices.num_hidden(), 1);
    }
}
