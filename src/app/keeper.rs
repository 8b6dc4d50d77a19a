//! The thread that keeps corrections and the pages that a model has read: it alone reads and writes the files of
//! [`crate::revision`] and [`crate::engine::kept`].
//!
//! Steps come in the order in which they were made and are on the disk one by one. When the window closes it waits for
//! those that are left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::background::{Answer, Reply};
use crate::document::page::PageIndex;
use crate::engine::job::{DocumentId, DocumentSource};
use crate::engine::kept::{self, KeptPage, KeptPages};
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

/// What is looked for.
pub(crate) struct Wanted {
    pub(crate) document: DocumentId,
    /// For people who look into the files.
    pub(crate) name: String,
    pub(crate) source: DocumentSource,
    /// Pages that were read are looked for.
    pub(crate) with_readings: bool,
    /// It was opened with a password: no page of it is ever kept.
    pub(crate) is_protected: bool,
}

enum Message {
    Find { wanted: Wanted, reply: Reply },
    Keep { document: DocumentId, record: Record, reply: Reply },
    KeepReading { document: DocumentId, page: Box<KeptPage> },
    ForgetReading { document: DocumentId, page: PageIndex },
    ForgetReadings,
    Forget(DocumentId),
}

impl Keeper {
    /// Keeps corrections in files of that folder, and pages that were read in the other one, if there is one.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(folder: PathBuf, readings: Option<PathBuf>) -> std::io::Result<Self> {
        let (sender, messages) = crossbeam_channel::bounded(MAX_WAITING);
        let thread = thread::Builder::new()
            .name("corrections".to_owned())
            .spawn(move || Files::new(folder, readings).run(&messages))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Looks for readings and corrections from before; answers with the readings, when there are some, and then once
    /// with the corrections.
    pub(crate) fn find(&self, wanted: Wanted, reply: Reply) {
        self.send(Message::Find { wanted, reply });
    }

    /// Writes a page that a model has read. Where that fails the log says so: the page is in the window all the same.
    pub(crate) fn keep_reading(&self, document: DocumentId, page: KeptPage) {
        self.send(Message::KeepReading { document, page: Box::new(page) });
    }

    /// Removes a page that a model has read: the window shows another reading by now.
    pub(crate) fn forget_reading(&self, document: DocumentId, page: PageIndex) {
        self.send(Message::ForgetReading { document, page });
    }

    /// Removes all pages that were read, of all documents.
    pub(crate) fn forget_readings(&self) {
        self.send(Message::ForgetReadings);
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
                let (document, reply) = match message {
                    Message::Find { wanted, reply } => (wanted.document, reply),
                    Message::Keep { document, reply, .. } => (document, reply),
                    Message::KeepReading { .. }
                    | Message::ForgetReading { .. }
                    | Message::ForgetReadings
                    | Message::Forget(_) => return,
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
    /// Of the pages that were read.
    readings: Option<PathBuf>,
    open: BTreeMap<DocumentId, Kept>,
}

struct Kept {
    key: ContentKey,
    name: String,
    /// `None` until the first step.
    file: Option<Sidecar>,
    /// Looking for corrections failed: that has been said, and the user works on without a file.
    is_refused: bool,
    /// `None` when nothing may be kept of it.
    readings: Option<KeptPages>,
}

impl Files {
    fn new(folder: PathBuf, readings: Option<PathBuf>) -> Self {
        Self { folder, readings, open: BTreeMap::new() }
    }

    fn run(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Find { wanted, reply } => {
                    let (document, with_readings) = (wanted.document, wanted.with_readings);
                    let found = self.take_up(wanted);
                    let readings = self.readings_of(document).filter(|_| with_readings);
                    let pages = readings.map(KeptPages::all).unwrap_or_default();
                    if !pages.is_empty() {
                        reply.clone().answer(Answer::ReadingsFound { document, pages });
                    }
                    let answer = match found.and_then(|()| self.find(document)) {
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
                Message::KeepReading { document, page } => {
                    if let Some(Err(error)) = self.readings_of(document).map(|readings| readings.keep(&page))
                    {
                        tracing::warn!(%error, "a page that was read cannot be kept");
                    }
                }
                Message::ForgetReading { document, page } => {
                    if let Some(Err(error)) =
                        self.readings_of(document).map(|readings| readings.forget([page]))
                    {
                        tracing::warn!(%error, "a page that was read cannot be removed");
                    }
                }
                Message::ForgetReadings => self.forget_readings(),
                Message::Forget(document) => {
                    self.open.remove(&document);
                }
            }
        }
    }

    fn take_up(&mut self, wanted: Wanted) -> Result<(), UserMessage> {
        let Wanted { document, name, source, is_protected, .. } = wanted;
        let key = source
            .reader()
            .and_then(ContentKey::of_reader)
            .map_err(|error| cannot_keep(&error.to_string()))?;
        let root = self.readings.as_deref().filter(|_| !is_protected);
        let readings = root.map(|root| KeptPages::of_document(root, key.as_str()));
        self.open.insert(document, Kept { key, name, file: None, is_refused: false, readings });
        Ok(())
    }

    fn readings_of(&self, document: DocumentId) -> Option<&KeptPages> {
        self.open.get(&document)?.readings.as_ref()
    }

    fn find(&mut self, document: DocumentId) -> Result<FoundPages, UserMessage> {
        let Some(kept) = self.open.get_mut(&document) else { return Ok(FoundPages::new()) };
        let found = Sidecar::find(&self.folder, &kept.key).map_err(|error| {
            kept.is_refused = true;
            words_of(&error)
        })?;
        let (file, pages) = found.map_or((None, BTreeMap::new()), |found| (Some(found.sidecar), found.pages));
        kept.file = file;
        let with_tree = |(page, history): (usize, PageHistory)| {
            let tree = Arc::new(markup::parse(&history.state().markup));
            (PageIndex(page), (history, tree))
        };
        Ok(pages.into_iter().map(with_tree).collect())
    }

    fn forget_readings(&self) {
        if let Some(Err(error)) = self.readings.as_deref().map(kept::forget_all) {
            tracing::warn!(%error, "pages that were read cannot be removed");
        }
    }

    fn keep(&mut self, document: DocumentId, record: &Record) -> Result<(), UserMessage> {
        let Some(kept) = self.open.get_mut(&document).filter(|kept| !kept.is_refused) else { return Ok(()) };
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
