//! Text and HTML on the clipboard together, which egui cannot put there: a spreadsheet takes the
//! spans from the HTML, a terminal takes the text.
//!
//! The desktop's clipboard may wait for other programs, so a thread of its own owns it. That thread
//! lives until the window is closed, as under X11 the owner has to hand out what was copied.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender};

use super::background::{Answer, Reply};

/// What is put on the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipboardText {
    /// For whoever takes text only.
    pub text: String,
    /// The same for whoever takes more.
    pub html: Option<String>,
}

/// Puts both on the clipboard, now or later; answers only when that failed. Called on the interface
/// thread, which it does not hold up.
pub type SetClipboard = Box<dyn FnMut(ClipboardText, Reply)>;

/// Copies that may wait; a person makes one in a while.
const MAX_WAITING: usize = 8;

/// The clipboard of the desktop.
pub fn desktop_clipboard() -> SetClipboard {
    let mut owner = None;
    Box::new(move |copied, reply| {
        let owner = owner.get_or_insert_with(Owner::start);
        let spare = (copied.text.clone(), reply.clone());
        let is_taken = owner
            .as_ref()
            .is_some_and(|owner| owner.sender().is_some_and(|to| to.try_send((copied, reply)).is_ok()));
        if !is_taken {
            let (text, reply) = spare;
            reply.answer(Answer::NotCopied { text });
        }
    })
}

/// The thread that owns the clipboard; it ends with this.
struct Owner {
    sender: Option<Sender<(ClipboardText, Reply)>>,
    thread: Option<JoinHandle<()>>,
}

impl Owner {
    /// `None` when the system has no thread to give.
    fn start() -> Option<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(MAX_WAITING);
        let thread = thread::Builder::new().name("clipboard".to_owned()).spawn(move || own(&receiver));
        let thread =
            thread.inspect_err(|error| tracing::error!(%error, "no thread for the clipboard")).ok()?;
        Some(Self { sender: Some(sender), thread: Some(thread) })
    }

    fn sender(&self) -> Option<&Sender<(ClipboardText, Reply)>> {
        self.sender.as_ref()
    }
}

impl Drop for Owner {
    /// Waits for the thread: what was copied is handed to the desktop's clipboard manager as the
    /// last owner goes, within a tenth of a second.
    fn drop(&mut self) {
        self.sender = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the clipboard's thread panicked");
        }
    }
}

fn own(waiting: &Receiver<(ClipboardText, Reply)>) {
    let mut clipboard = None;
    for (copied, reply) in waiting {
        let ClipboardText { text, html } = copied;
        let done = opened(&mut clipboard).and_then(|clipboard| match html {
            Some(html) => clipboard.set().html(html, Some(text.clone())),
            None => clipboard.set().text(text.as_str()),
        });
        if let Err(error) = done {
            tracing::warn!(%error, "the clipboard took no HTML");
            reply.answer(Answer::NotCopied { text });
        }
    }
}

fn opened(clipboard: &mut Option<arboard::Clipboard>) -> Result<&mut arboard::Clipboard, arboard::Error> {
    match clipboard {
        Some(clipboard) => Ok(clipboard),
        None => Ok(clipboard.insert(arboard::Clipboard::new()?)),
    }
}
