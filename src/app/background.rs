//! What must not hold up a frame and is no job of the engine: file dialogs and exports.
//!
//! Each runs on a thread of its own and answers over one bounded channel, which the window reads at
//! the start of a frame.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::exports::Export;
use super::ground_truth::GroundTruth;
use super::keeper::FoundPages;
use super::output_pane::{ExportFormat, TableFormat};
use super::score::CorrectionScore;
use super::state::ElementRef;
use crate::document::page::PageIndex;
use crate::engine::job::DocumentId;
use crate::engine::kept::KeptPage;
use crate::engine::user_message::UserMessage;
use crate::markup::NodeId;

/// A question to the user that a dialog of the desktop asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogRequest {
    /// Which documents to open.
    OpenFiles,
    /// Which folder holds a model.
    ModelFolder,
    /// Which folder the corrected pages of a document are written into.
    GroundTruthFolder(DocumentId),
    /// Where to save something.
    Save {
        /// File name to begin with, with its extension.
        file_name: String,
        /// Format in words.
        format_words: &'static str,
        /// Extension without the dot.
        extension: &'static str,
        /// What is saved.
        subject: SaveSubject,
    },
}

/// What is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveSubject {
    /// The converted pages of a document.
    Document(DocumentId, ExportFormat),
    /// One table of a document.
    Table(DocumentId, ElementRef, TableFormat),
    /// One table of the region that was grabbed.
    Grabbed(NodeId, TableFormat),
}

/// What a thread has come to.
#[derive(Debug)]
pub enum Answer {
    /// A dialog was closed.
    Dialog {
        /// What it had asked.
        request: DialogRequest,
        /// What was chosen; empty when nothing was.
        paths: Vec<PathBuf>,
        /// How long it stood open. No time at all means that there was no dialog.
        stood_open: Duration,
    },
    /// HTML could not be put on the clipboard; the text alone may be.
    NotCopied {
        /// The text.
        text: String,
    },
    /// A document could not be put into its format.
    NotExported(UserMessage),
    /// Corrections from before have been looked for.
    CorrectionsFound {
        /// Of which document.
        document: DocumentId,
        /// What was found, page by page.
        pages: FoundPages,
    },
    /// Pages that a model has read before have been found.
    ReadingsFound {
        /// Of which document.
        document: DocumentId,
        /// What was found.
        pages: BTreeMap<PageIndex, KeptPage>,
    },
    /// Readings have been held against their corrections.
    Scored {
        /// Of which document.
        document: DocumentId,
        /// Of its corrections when that was asked for.
        version: usize,
        /// What came of it.
        score: CorrectionScore,
    },
    /// Corrections cannot be found, or not be kept.
    NotKept {
        /// Of which document.
        document: DocumentId,
        /// Why.
        message: UserMessage,
    },
    /// Corrected pages are ready to be written.
    GroundTruthMade(GroundTruth),
    /// A document is ready to be written.
    Exported {
        /// Where to.
        path: PathBuf,
        /// The file's contents.
        contents: Arc<[u8]>,
    },
}

/// The way back to the window. One answer each.
#[derive(Clone, Debug)]
pub struct Reply {
    sender: Sender<Answer>,
    ctx: egui::Context,
}

impl Reply {
    /// Gives the answer and asks for a frame.
    pub fn answer(self, answer: Answer) {
        if self.sender.send(answer).is_ok() {
            self.ctx.request_repaint();
        }
    }
}

/// Shows a dialog and answers later, or at once. Called on the interface thread.
pub type ShowDialog = Box<dyn FnMut(DialogRequest, Reply)>;

/// All threads of the window and the channel of their answers.
pub struct Background {
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
    ctx: egui::Context,
    show_dialog: ShowDialog,
    has_dialog: bool,
}

/// Answers that may wait. Threads that have more wait too.
const MAX_WAITING: usize = 16;

impl Background {
    /// Dialogs are shown by `show_dialog`.
    pub fn new(ctx: &egui::Context, show_dialog: ShowDialog) -> Self {
        let (sender, answers) = crossbeam_channel::bounded(MAX_WAITING);
        Self { sender, answers, ctx: ctx.clone(), show_dialog, has_dialog: false }
    }

    /// Asks the user. One dialog at a time: another one is not shown while the first is open.
    pub fn ask(&mut self, request: DialogRequest) {
        if !self.has_dialog {
            self.has_dialog = true;
            let reply = self.reply();
            (self.show_dialog)(request, reply);
        }
    }

    /// Makes the contents of a file on a thread of its own.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn export(&self, export: Export, path: PathBuf) -> std::io::Result<()> {
        let reply = self.reply();
        thread::Builder::new().name("export".to_owned()).spawn(move || {
            reply.answer(match export.contents() {
                Ok(contents) => Answer::Exported { path, contents: contents.into() },
                Err(message) => Answer::NotExported(message),
            });
        })?;
        Ok(())
    }

    /// A way back to the window, for an answer that comes later.
    pub(crate) fn reply(&self) -> Reply {
        Reply { sender: self.sender.clone(), ctx: self.ctx.clone() }
    }

    /// The next answer, when one is there.
    pub fn try_recv(&mut self) -> Option<Answer> {
        let answer = self.answers.try_recv().ok()?;
        if matches!(answer, Answer::Dialog { .. }) {
            self.has_dialog = false;
        }
        Some(answer)
    }
}

/// Documents that can be opened, by their extension.
const EXTENSIONS: &[&str] = &["pdf", "png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"];

/// The desktop's own dialogs. They are made on the interface thread, as some systems want it, and
/// waited for on a thread of their own.
pub fn desktop_dialogs() -> ShowDialog {
    Box::new(|request, reply| {
        let dialog = rfd::AsyncFileDialog::new();
        match &request {
            DialogRequest::OpenFiles => {
                let extensions = EXTENSIONS
                    .iter()
                    .flat_map(|extension| [(*extension).to_owned(), extension.to_uppercase()])
                    .collect::<Vec<_>>();
                let chosen = dialog
                    .set_title("Open documents")
                    .add_filter("PDFs and images", &extensions)
                    .add_filter("All files", &["*"])
                    .pick_files();
                wait_for(request, reply, async move {
                    chosen.await.unwrap_or_default().iter().map(|file| file.path().to_path_buf()).collect()
                });
            }
            DialogRequest::ModelFolder | DialogRequest::GroundTruthFolder(_) => {
                let title = match request {
                    DialogRequest::ModelFolder => "Choose the folder of a model",
                    _ => "Choose a folder for the corrected pages",
                };
                let chosen = dialog.set_title(title).pick_folder();
                wait_for(request, reply, async move {
                    chosen.await.iter().map(|folder| folder.path().to_path_buf()).collect()
                });
            }
            DialogRequest::Save { file_name, format_words, extension, .. } => {
                let chosen = dialog
                    .set_title("Save as")
                    .set_file_name(file_name)
                    .add_filter(*format_words, &[*extension])
                    .save_file();
                wait_for(request, reply, async move {
                    chosen.await.iter().map(|file| file.path().to_path_buf()).collect()
                });
            }
        }
    })
}

fn wait_for(
    request: DialogRequest,
    reply: Reply,
    chosen: impl Future<Output = Vec<PathBuf>> + Send + 'static,
) {
    let opened = Instant::now();
    let spare = (request.clone(), reply.clone());
    let waiting = thread::Builder::new().name("file-dialog".to_owned()).spawn(move || {
        let paths = block_on(chosen);
        reply.answer(Answer::Dialog { request, paths, stood_open: opened.elapsed() });
    });
    if let Err(error) = waiting {
        tracing::error!(%error, "no thread for the file dialog");
        let (request, reply) = spare;
        reply.answer(Answer::Dialog { request, paths: Vec::new(), stood_open: Duration::ZERO });
    }
}

/// Runs one future to its end on this thread, asleep between its steps.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_is_woken_from_another_thread_comes_to_its_end() {
        struct Later(bool);
        impl Future for Later {
            type Output = u8;
            fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<u8> {
                if self.0 {
                    return Poll::Ready(7);
                }
                self.0 = true;
                let waker = context.waker().clone();
                thread::Builder::new().spawn(move || waker.wake()).unwrap();
                Poll::Pending
            }
        }
        assert_eq!(block_on(Later(false)), 7);
    }

    #[test]
    fn one_dialog_is_open_at_a_time() {
        let ctx = egui::Context::default();
        let (shown, count) = crossbeam_channel::bounded(4);
        let mut background =
            Background::new(&ctx, Box::new(move |request, reply| shown.send((request, reply)).unwrap()));
        background.ask(DialogRequest::OpenFiles);
        background.ask(DialogRequest::ModelFolder);
        let (request, reply) = count.try_recv().unwrap();
        assert_eq!(request, DialogRequest::OpenFiles);
        assert!(count.try_recv().is_err());
        reply.answer(Answer::Dialog { request, paths: Vec::new(), stood_open: Duration::from_secs(1) });
        assert!(matches!(background.try_recv(), Some(Answer::Dialog { .. })));
        background.ask(DialogRequest::ModelFolder);
        assert_eq!(count.try_recv().unwrap().0, DialogRequest::ModelFolder);
    }
}
