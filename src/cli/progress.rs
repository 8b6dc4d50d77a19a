//! The bar on standard error, hidden when that is no terminal.

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::engine::UserMessage;
use crate::engine::event::{Progress, Stage};
use crate::engine::model_library::DownloadProgress;
use crate::engine::user_message::display_wait;

/// Shows how far a run is, and says what went wrong in between.
pub(super) struct Reporter {
    bar: ProgressBar,
    is_quiet: bool,
}

impl Reporter {
    pub(super) fn new(is_quiet: bool) -> Self {
        let bar = if is_quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, is_quiet }
    }

    /// Something without a known length.
    pub(super) fn wait_for(&self, what: String) {
        self.bar.set_style(ProgressStyle::default_spinner());
        self.bar.set_message(what);
    }

    /// A document of so many pages.
    pub(super) fn start_document(&self, name: &str, num_pages: usize) {
        // The template is constant; if it were wrong, the library's own style would stay.
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} pages · {wide_msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_length(num_pages as u64);
        self.bar.set_position(0);
        self.bar.set_prefix(name.to_owned());
        self.bar.set_message("");
    }

    /// A download of so many bytes; its bar shows speed and time left by itself.
    pub(super) fn start_download(&self, name: &str) {
        let template = "{prefix} {bar:24} {bytes} of {total_bytes} · {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(name.to_owned());
    }

    /// A download is under way.
    pub(super) fn download_progress(&self, progress: &DownloadProgress) {
        self.bar.set_length(progress.total_bytes);
        self.bar.set_position(progress.done_bytes);
        self.bar.set_message(download_words(progress));
    }

    /// A page is under way.
    pub(super) fn page_progress(&self, page: usize, progress: &Progress) {
        self.bar.set_message(format!("page {page}: {}", words(progress)));
    }

    /// A page has ended, whichever way.
    pub(super) fn page_ended(&self) {
        self.bar.inc(1);
    }

    /// A line that is left out when quiet.
    pub(super) fn say(&self, line: &str) {
        if !self.is_quiet {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }

    /// What went wrong, and what to do.
    pub(super) fn error(&self, about: &str, message: &UserMessage) {
        self.bar.suspend(|| {
            eprintln!("{about}: {}", message.summary);
            if let Some(hint) = &message.hint {
                eprintln!("  {hint}");
            }
            if let Some(details) = &message.details {
                eprintln!("  ({details})");
            }
        });
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn words(progress: &Progress) -> String {
    let mut words = match progress.stage {
        Stage::LoadingModel => "loading the model".to_owned(),
        Stage::Rendering => "drawing".to_owned(),
        Stage::Encoding { done, total } => format!("looking, tile {done} of {total}"),
        Stage::Prefilling => "reading the prompt".to_owned(),
        Stage::Decoding => format!("writing, {} tokens", progress.num_tokens),
    };
    // Writing to a String cannot fail.
    if let Some(speed) = progress.tokens_per_sec {
        write!(words, " · {speed:.0} tok/s").ok();
    }
    if let Some(remaining) = progress.remaining {
        write!(words, " · about {} left", display_wait(remaining)).ok();
    }
    words
}

fn download_words(progress: &DownloadProgress) -> String {
    if progress.failed_tries > 0 {
        return format!("the connection broke, try {}", progress.failed_tries + 1);
    }
    let speed = progress.bytes_per_sec.map(|speed| format!("{:.1} MB/s", speed / 1e6));
    let left = progress.remaining.map(|left| format!("about {} left", display_wait(left)));
    speed.into_iter().chain(left).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_as_a_sentence() {
        let progress = Progress {
            stage: Stage::Decoding,
            fraction: None,
            num_tokens: 412,
            tokens_per_sec: Some(61.4),
            remaining: Some(Duration::from_secs(69)),
        };
        assert_eq!(words(&progress), "writing, 412 tokens · 61 tok/s · about 69 s left");
    }
}
