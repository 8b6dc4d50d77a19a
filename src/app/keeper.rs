//! The thread that keeps corrections: it alone reads and writes the files of [`crate::revision`].
//!
//! Steps come in the order in which they were made and are on the disk one by one. When the window closes it waits for
//! those that are left.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::background::{Answer, Reply};
use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource};
use crate::engine::user_message::UserMessage;
use crate::markup::{self, DocTree};
use crate::revision::{ContentKey, Error, PageHistory, Record, Sidecar};

/// Steps that may wait for the disk. A hand makes some in a second.
const MAX_WAITING: usize = 1024;

/// Pages with their corrections and the trees that those mean.
pub type FoundPages = BTreeMap<PageIndex, (PageHistory, Arc<DocTree>)>;

/// The thread's end in the window.
pub struct Keeper {
    sender: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Find { document: DocumentId, name: String, source: DocumentSource, reply: Reply },
    Keep { document: DocumentId, record: Record, reply: Reply },
    Forget(DocumentId),
}

impl Keeper {
    /// Keeps corrections in files of that folder.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(folder: PathBuf) -> std::io::Result<Self> {
        let (sender, messages) = crossbeam_channel::bounded(MAX_WAITING);
        let thread = thread::Builder::new()
            .name("corrections".to_owned())
            .spawn(move || Files::new(folder).run(&messages))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Looks for corrections from before; answers once.
    pub(crate) fn find(&self, document: DocumentId, name: String, source: DocumentSource, reply: Reply) {
        self.send(Message::Find { document, name, source, reply });
    }

    /// Writes a step; answers only when that fails.
    pub(crate) fn keep(&self, document: DocumentId, record: Record, reply: Reply) {
        self.send(Message::Keep { document, record, reply });
    }

    /// The document has been closed.
    pub(crate) fn forget(&self, document: DocumentId) {
        self.send(Message::Forget(document));
    }

    fn send(&self, message: Message) {
        let Some(sender) = &self.sender else { return };
        match sender.try_send(message) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(message)) => {
                let (Message::Find { document, reply, .. } | Message::Keep { document, reply, .. }) = message
                else {
                    return;
                };
                reply.answer(Answer::NotKept { document, message: cannot_keep("The disk does not keep up") });
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread that keeps corrections has died");
        }
    }
}

/// The open files, by document.
struct Files {
    folder: PathBuf,
    open: BTreeMap<DocumentId, Kept>,
}

struct Kept {
    key: ContentKey,
    name: String,
    /// `None` until the first step.
    file: Option<Sidecar>,
}

impl Files {
    fn new(folder: PathBuf) -> Self {
        Self { folder, open: BTreeMap::new() }
    }

    fn run(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Find { document, name, source, reply } => {
                    let answer = match self.find(document, name, &source) {
                        Ok(pages) => Answer::CorrectionsFound { document, pages },
                        Err(message) => Answer::NotKept { document, message },
                    };
                    reply.answer(answer);
                }
                Message::Keep { document, record, reply } => {
                    if let Err(message) = self.keep(document, &record) {
                        reply.answer(Answer::NotKept { document, message });
                    }
                }
                Message::Forget(document) => {
                    self.open.remove(&document);
                }
            }
        }
    }

    fn find(
        &mut self,
        document: DocumentId,
        name: String,
        source: &DocumentSource,
    ) -> Result<FoundPages, UserMessage> {
        let key = match source {
            DocumentSource::File(path) => File::open(path).and_then(ContentKey::of_reader),
            DocumentSource::Bytes { bytes, .. } => Ok(ContentKey::of_bytes(bytes)),
        };
        let key = key.map_err(|error| cannot_keep(&error.to_string()))?;
        let found = Sidecar::find(&self.folder, &key).map_err(|error| words_of(&error))?;
        let (file, pages) = found.map_or((None, BTreeMap::new()), |found| (Some(found.sidecar), found.pages));
        self.open.insert(document, Kept { key, name, file });
        let with_tree = |(page, history): (usize, PageHistory)| {
            let tree = Arc::new(markup::parse(&history.state().markup));
            (PageIndex(page), (history, tree))
        };
        Ok(pages.into_iter().map(with_tree).collect())
    }

    fn keep(&mut self, document: DocumentId, record: &Record) -> Result<(), UserMessage> {
        // Where looking failed, that has been said, and the user works on without a file.
        let Some(kept) = self.open.get_mut(&document) else { return Ok(()) };
        if kept.file.is_none() {
            let file = Sidecar::create(&self.folder, &kept.key, &kept.name);
            kept.file = Some(file.map_err(|error| words_of(&error))?);
        }
        let Some(file) = &mut kept.file else { return Ok(()) };
        file.append(record).map_err(|error| words_of(&error))
    }
}

fn words_of(error: &Error) -> UserMessage {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    cannot_keep(&format!("{error}{cause}"))
}

fn cannot_keep(details: &str) -> UserMessage {
    UserMessage {
        summary: "Corrections of this document cannot be kept".to_owned(),
        hint: Some("They are here until the window closes: save the document to have them".to_owned()),
        details: Some(details.to_owned()),
        needs_password: false,
    }
}
