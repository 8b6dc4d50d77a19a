//! The file that keeps the corrections of a document.
//!
//! JSON, a line a step, only ever appended to and flushed to the disk line by line: when the program is killed at any
//! moment, at most the step in flight is lost. A last line that is not whole is cut off. The file is named by the
//! SHA-256 of the document's bytes, so that it is found again wherever the document lies, and nothing is written beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::history::{PageHistory, PageState};

/// What the first line says, so that a later program knows what it reads.
const FORMAT: &str = "doclens revision 1";

/// A line is a page in `DocTags`; longer ones are no work of a hand.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// The content of a document, by which its corrections are found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentKey(String);

impl ContentKey {
    /// The key of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// In hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of what a reader gives.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let mut part = vec![0; 1 << 16];
        loop {
            match reader.read(&mut part) {
                Ok(0) => break,
                Ok(length) => digest.update(&part[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self(hex(&digest.finalize())))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

/// One step of a document's corrections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Record {
    /// A page begins to be corrected: this is how it was read.
    Begin {
        /// Which page, counted from 0.
        page: usize,
        /// How it was read.
        state: PageState,
    },
    /// A page was changed.
    Step {
        /// Which page, counted from 0.
        page: usize,
        /// What was done, in words for people.
        step: String,
        /// What came of it.
        state: PageState,
    },
    /// The page went back a step.
    Undo {
        /// Which page, counted from 0.
        page: usize,
    },
    /// The page went forward a step that had been undone.
    Redo {
        /// Which page, counted from 0.
        page: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    document: String,
}

/// The open file of a document's corrections. No two programs have one at a time.
#[derive(Debug)]
pub struct Sidecar {
    path: PathBuf,
    file: File,
}

/// Corrections from before.
#[derive(Debug)]
pub struct Found {
    /// The file to go on with.
    pub sidecar: Sidecar,
    /// What was done to each page, by its index.
    pub pages: BTreeMap<usize, PageHistory>,
}

/// Why corrections could not be kept or brought back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system says no folder for a user's data.
    #[error("this system has no folder for a program's data")]
    NoFolder,
    /// The file system refused.
    #[error("cannot {action} {}", .path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another window holds it.
    #[error("{} is in use: the document is open in another window", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is not such a file, or one of a later program.
    #[error("{} does not hold corrections that this program knows: line {line}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The first line that is not understood, from 1.
        line: usize,
    },
}

/// Where corrections are kept.
///
/// # Errors
/// When the system says no folder for a user's data.
pub fn revisions_folder() -> Result<PathBuf, Error> {
    let dirs = ProjectDirs::from("", "", "doclens").ok_or(Error::NoFolder)?;
    Ok(dirs.data_dir().join("revisions"))
}

impl Sidecar {
    /// The corrections of a document, if there are any, and the file to go on with. `name` is the document's name for
    /// people, who may look into the file.
    ///
    /// # Errors
    /// When it cannot be read, is held by another window, or is not understood: then it is left as it is.
    pub fn find(folder: &Path, key: &ContentKey) -> Result<Option<Found>, Error> {
        let path = path_of(folder, key);
        if !path.try_exists().map_err(|source| disk("look for", &path, source))? {
            return Ok(None);
        }
        let mut sidecar = Self::open(path)?;
        let pages = sidecar.replay()?;
        Ok(Some(Found { sidecar, pages }))
    }

    /// A new file, or the one that is there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path, key: &ContentKey, name: &str) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| disk("make", folder, source))?;
        let mut sidecar = Self::open(path_of(folder, key))?;
        let is_new = sidecar.file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        if is_new {
            sidecar.write_line(&Head { format: FORMAT.to_owned(), document: name.to_owned() })?;
        } else {
            sidecar.replay()?;
        }
        Ok(sidecar)
    }

    /// Writes a step and waits until the disk has it.
    ///
    /// # Errors
    /// When the disk does not take it; the steps before are there.
    pub fn append(&mut self, record: &Record) -> Result<(), Error> {
        self.write_line(record)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open(path: PathBuf) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|source| disk("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path }),
            Err(TryLockError::Error(source)) => Err(disk("lock", &path, source)),
        }
    }

    fn write_line(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let length = self.file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut bytes| {
            bytes.push(b'\n');
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        written.map_err(|source| {
            // A half line would swallow the next one.
            self.file.set_len(length).ok();
            disk("write", &self.path, source)
        })
    }

    /// What the file says. A last line without its end was in flight when the program was killed, and is cut off.
    fn replay(&mut self) -> Result<BTreeMap<usize, PageHistory>, Error> {
        self.file.seek(SeekFrom::Start(0)).map_err(|source| disk("read", &self.path, source))?;
        let (pages, whole_bytes) = replay(&self.file, &self.path)?;
        if self.file.metadata().is_ok_and(|metadata| metadata.len() > whole_bytes) {
            self.file.set_len(whole_bytes).map_err(|source| disk("mend", &self.path, source))?;
        }
        if whole_bytes == 0 {
            // Killed while the very first line was written.
            self.write_line(&Head { format: FORMAT.to_owned(), document: String::new() })?;
        }
        Ok(pages)
    }
}

/// The corrections of a document for somebody who only looks, also while a window goes on with them; none when there
/// are none.
///
/// # Errors
/// When the file cannot be read, or is not understood.
pub fn corrections(folder: &Path, key: &ContentKey) -> Result<BTreeMap<usize, PageHistory>, Error> {
    let path = path_of(folder, key);
    match File::open(&path) {
        Ok(file) => Ok(replay(file, &path)?.0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(disk("read", &path, source)),
    }
}

/// What the whole lines say, and how many bytes they are.
fn replay(file: impl Read, path: &Path) -> Result<(BTreeMap<usize, PageHistory>, u64), Error> {
    let mut reader = BufReader::new(file);
    let (mut pages, mut whole_bytes) = (BTreeMap::new(), 0);
    let mut line_number = 0;
    loop {
        line_number += 1;
        let malformed = || Error::Malformed { path: path.to_owned(), line: line_number };
        let mut line = Vec::new();
        let length = reader
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|source| disk("read", path, source))?;
        if line.last() != Some(&b'\n') {
            return if length as u64 == MAX_LINE_BYTES { Err(malformed()) } else { Ok((pages, whole_bytes)) };
        }
        whole_bytes += length as u64;
        let is_understood = if line_number == 1 {
            serde_json::from_slice::<Head>(&line).is_ok_and(|head| head.format == FORMAT)
        } else {
            serde_json::from_slice(&line).is_ok_and(|record| take(&mut pages, record))
        };
        if !is_understood {
            return Err(malformed());
        }
    }
}

/// Takes a step in; `false` when it cannot follow what was before.
fn take(pages: &mut BTreeMap<usize, PageHistory>, record: Record) -> bool {
    match record {
        Record::Begin { page, state } => pages.insert(page, PageHistory::new(state)).is_none(),
        Record::Step { page, step, state } => {
            pages.get_mut(&page).map(|history| history.push(&step, state)).is_some()
        }
        Record::Undo { page } => pages.get_mut(&page).is_some_and(|history| history.undo().is_some()),
        Record::Redo { page } => pages.get_mut(&page).is_some_and(|history| history.redo().is_some()),
    }
}

fn path_of(folder: &Path, key: &ContentKey) -> PathBuf {
    folder.join(format!("{}.jsonl", key.0))
}

fn disk(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Disk { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(markup: &str) -> PageState {
        PageState { markup: markup.to_owned(), checked: [0].into() }
    }

    fn records() -> Vec<Record> {
        vec![
            Record::Begin { page: 2, state: state("<text>a</text>") },
            Record::Step { page: 2, step: "Edit text".into(), state: state("<text>b\n</text>") },
            Record::Step { page: 2, step: "Edit text".into(), state: state("<text>c</text>") },
            Record::Undo { page: 2 },
            Record::Begin { page: 0, state: state("") },
        ]
    }

    fn written(folder: &Path, key: &ContentKey) {
        let mut sidecar = Sidecar::create(folder, key, "a.pdf").unwrap();
        for record in records() {
            sidecar.append(&record).unwrap();
        }
    }

    #[test]
    fn what_was_done_comes_back_with_what_can_be_undone_and_redone() {
        let folder = tempfile::tempdir().unwrap();
        let key = ContentKey::of_bytes(b"a document");
        assert!(Sidecar::find(folder.path(), &key).unwrap().is_none());
        written(folder.path(), &key);
        let Found { mut sidecar, mut pages } = Sidecar::find(folder.path(), &key).unwrap().unwrap();
        let history = pages.get_mut(&2).unwrap();
        assert_eq!(history.state(), &state("<text>b\n</text>"));
        assert_eq!(history.redo().unwrap(), &state("<text>c</text>"));
        sidecar.append(&Record::Redo { page: 2 }).unwrap();
        drop(sidecar);
        let pages = Sidecar::find(folder.path(), &key).unwrap().unwrap().pages;
        assert_eq!(pages[&2].state(), &state("<text>c</text>"));
        assert_eq!((pages[&2].undoes(), pages[&2].redoes()), (Some("Edit text"), None));
    }

    /// As after a kill at any byte of the last line.
    #[test]
    fn a_file_that_ends_anywhere_gives_the_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let key = ContentKey::of_bytes(b"x");
        written(folder.path(), &key);
        let path = path_of(folder.path(), &key);
        let whole = fs::read(&path).unwrap();
        let mut best = 0;
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let Found { sidecar, pages } = Sidecar::find(folder.path(), &key).unwrap().unwrap();
            let num_lines = whole[..length].split(|byte| *byte == b'\n').count() - 1;
            assert_eq!(pages.len(), [0, 0, 1, 1, 1, 1, 2][num_lines], "{length} bytes");
            drop(sidecar);
            best = best.max(pages.len());
            let mut again = Sidecar::create(folder.path(), &key, "a.pdf").unwrap();
            again.append(&Record::Begin { page: 7, state: state("after") }).unwrap();
            drop(again);
            let pages = Sidecar::find(folder.path(), &key).unwrap().unwrap().pages;
            assert_eq!(pages[&7].state(), &state("after"), "{length} bytes");
        }
        assert_eq!(best, 2);
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = ContentKey::of_bytes(b"x");
        let path = path_of(folder.path(), &key);
        let head = r#"{"format":"doclens revision 1","document":"a"}"#;
        for (text, line) in [
            ("{\"format\":\"doclens revision 2\",\"document\":\"a\"}\n".to_owned(), 1),
            ("hello\n".to_owned(), 1),
            (format!("{head}\n{{\"what\":\"undo\",\"page\":0}}\n"), 2),
            (format!("{head}\nnonsense\nmore\n"), 2),
        ] {
            fs::write(&path, &text).unwrap();
            let error = Sidecar::find(folder.path(), &key).unwrap_err();
            assert!(matches!(error, Error::Malformed { line: found, .. } if found == line), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_second_window_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let key = ContentKey::of_bytes(b"x");
        let first = Sidecar::create(folder.path(), &key, "a.pdf").unwrap();
        assert!(matches!(Sidecar::find(folder.path(), &key), Err(Error::InUse { .. })));
        drop(first);
        assert!(Sidecar::find(folder.path(), &key).unwrap().is_some());
    }
}
