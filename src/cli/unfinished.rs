//! What a run of `doclens convert` leaves for the next one when it does not come to its end.
//!
//! Every page that a model has read is on the disk before the next one is. When the document is written, they are
//! removed. Where nothing can be kept, the run goes on and says so once.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::document::PageIndex;
use crate::engine::event::PageRecognition;
use crate::engine::job::DocumentSource;
use crate::engine::kept::{KeptPage, KeptPages};
use crate::revision::ContentKey;

/// The kept pages of the document that is being converted.
pub(super) struct Unfinished {
    pages: KeptPages,
    /// What reads them now.
    reader: String,
    /// The disk has refused, and that has been said.
    has_failed: bool,
}

impl Unfinished {
    /// The pages of a document below a folder.
    ///
    /// # Errors
    /// When the document cannot be read.
    pub(super) fn of(root: &Path, source: &DocumentSource, reader: String) -> io::Result<Self> {
        let key = source.reader().and_then(ContentKey::of_reader)?;
        Ok(Self { pages: KeptPages::of_document(root, key.as_str()), reader, has_failed: false })
    }

    /// Those that the same reader has read.
    pub(super) fn find(&self) -> BTreeMap<PageIndex, KeptPage> {
        self.pages.find(&self.reader)
    }

    /// Keeps a page.
    ///
    /// # Errors
    /// What the file system says, the first time.
    pub(super) fn keep(&mut self, reading: &PageRecognition) -> io::Result<()> {
        let Some(page) = KeptPage::of(reading, &self.reader).filter(|_| !self.has_failed) else {
            return Ok(());
        };
        let kept = self.pages.keep(&page);
        self.has_failed = kept.is_err();
        kept
    }

    /// The document is written: its pages are needed no more. Those that cannot be removed are found by the next run,
    /// which is no harm.
    pub(super) fn done(&self) {
        if let Err(error) = self.pages.forget(self.find().into_keys()) {
            tracing::warn!(%error, "pages that are no longer needed stay");
        }
    }
}
