//! Fetches a model, file by file, so that it is either whole or not there.
//!
//! Files gather in a hidden folder beside the models, each as `NAME.part` until its size and digest
//! are right. A broken connection or a stall is tried again from where it broke; a stop, a crash or a
//! restart leaves the parts, and the next download goes on from them. When every file is right, a
//! receipt is written and the folder is renamed into place.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::catalogue::{CatalogueFile, CatalogueModel, is_weight_file};
use super::error::Error;
use super::install::{Receipt, ReceiptFile, sha256_of, unfinished_folder};
use super::remote::{Remote, Trouble};

/// Room that a download leaves on the disk for everybody else.
const SPARE_BYTES: u64 = 64 << 20;
/// A file of unknown size may not be larger: tokenizers and configurations are far smaller.
const MAX_UNKNOWN_BYTES: u64 = 256 << 20;
/// Progress is told this often.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// The speed shown is that of about the last seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(5);

/// Where from, and how patiently. The defaults suit home connections; tests are less patient.
#[derive(Clone, Debug)]
pub struct DownloadOptions {
    /// Address of the hub or a mirror; `None` for `HF_ENDPOINT` or the hub itself.
    pub endpoint: Option<String>,
    /// Access token; `None` for `HF_TOKEN` or the token that a login has stored.
    pub token: Option<String>,
    /// Without an answer or bytes for this long a try has failed.
    pub stall_timeout: Duration,
    /// The wait before the second try; it doubles with each further one.
    pub first_delay: Duration,
    /// Tries in a row without a single new byte before giving up.
    pub max_tries: u32,
    /// The longest wait that a server may ask for.
    pub max_wait: Duration,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            token: None,
            stall_timeout: Duration::from_secs(30),
            first_delay: Duration::from_millis(500),
            max_tries: 6,
            max_wait: Duration::from_mins(1),
        }
    }
}

/// How far a download is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DownloadProgress {
    /// Every file in the order of download.
    pub files: Vec<FileProgress>,
    /// Bytes that have arrived, earlier sessions included.
    pub done_bytes: u64,
    /// Bytes in all, as far as sizes are known.
    pub total_bytes: u64,
    /// Over the last seconds; `None` while nothing can be said.
    pub bytes_per_sec: Option<f64>,
    /// By that speed.
    pub remaining: Option<Duration>,
    /// Waiting to try again, after this many tries.
    pub failed_tries: u32,
}

/// How far one file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProgress {
    /// Path inside the repository.
    pub path: String,
    /// Bytes that have arrived.
    pub done_bytes: u64,
    /// Its size, when known.
    pub size_bytes: Option<u64>,
}

/// Downloads a model into `models_folder`, going on from what an earlier try left there. Returns the
/// model's folder. Blocks; call it on a thread of its own. `is_stopped` is asked several times a second.
/// What has arrived stays, so stopping is pausing; [`remove`](super::install::remove) makes it a cancel.
///
/// # Errors
/// One of [`Error`]'s network, disk and digest variants; [`Error::Stopped`] once `is_stopped` says so.
/// What has arrived and is not wrong is kept in every case.
pub fn download(
    model: &CatalogueModel,
    models_folder: &Path,
    options: &DownloadOptions,
    is_stopped: &dyn Fn() -> bool,
    on_progress: &mut dyn FnMut(&DownloadProgress),
) -> Result<PathBuf, Error> {
    if is_offline() {
        return Err(Error::Offline);
    }
    let folder = unfinished_folder(models_folder, model);
    fs::create_dir_all(&folder).map_err(disk("write", &folder))?;
    let _lock = lock(&folder)?;
    let remote = Remote::new(options)?;
    let mut session =
        Session { model, folder, options, is_stopped, remote, on_progress, tracker: Tracker::default() };

    let files = session.list_files()?;
    session.tracker.begin(&files, &session.folder);
    session.check_disk_space(&files)?;
    let mut receipt =
        Receipt { repository: model.repository.clone(), revision: model.revision.clone(), files: Vec::new() };
    for (index, file) in files.iter().enumerate() {
        receipt.files.extend(session.fetch(index, file)?);
    }
    receipt.write(&session.folder)?;
    put_in_place(&session.folder, &models_folder.join(model.folder_name()))
}

/// One run of [`download`].
struct Session<'a> {
    model: &'a CatalogueModel,
    folder: PathBuf,
    options: &'a DownloadOptions,
    is_stopped: &'a dyn Fn() -> bool,
    remote: Remote,
    on_progress: &'a mut dyn FnMut(&DownloadProgress),
    tracker: Tracker,
}

impl Session<'_> {
    /// The catalogue's list, or for an id that the user added, the hub's.
    fn list_files(&mut self) -> Result<Vec<CatalogueFile>, Error> {
        if !self.model.files.is_empty() {
            return Ok(self.model.files.clone());
        }
        let mut tries = Tries::new(self.options);
        let files = loop {
            match self.remote.list(self.model, self.is_stopped) {
                Ok(files) => break files,
                Err(trouble) => tries.wait_or_fail(trouble, self.is_stopped)?,
            }
        };
        if files.iter().any(|file| is_weight_file(&file.path)) {
            Ok(files)
        } else {
            Err(Error::NotFound { what: format!("{}/model.safetensors", self.model.repository) })
        }
    }

    fn check_disk_space(&self, files: &[CatalogueFile]) -> Result<(), Error> {
        let total: u64 = files.iter().filter_map(|file| file.size_bytes).sum();
        let needed_bytes = total.saturating_sub(self.tracker.progress.done_bytes);
        let free_bytes = fs4::available_space(&self.folder).map_err(disk("read", &self.folder))?;
        if free_bytes < needed_bytes.saturating_add(SPARE_BYTES) {
            let folder = self.folder.clone();
            return Err(Error::DiskSpace { needed_bytes, free_bytes, folder });
        }
        Ok(())
    }

    /// Brings one file to its place; `None` for an optional file that the repository lacks.
    fn fetch(&mut self, index: usize, file: &CatalogueFile) -> Result<Option<ReceiptFile>, Error> {
        let path = self.folder.join(&file.path);
        let part = part_path(&path);
        let mut was_wrong_before = false;
        loop {
            if !path.is_file() {
                match self.fill(index, file, &part) {
                    Err(Error::NotFound { .. }) if file.is_optional => {
                        self.tracker.drop_file(index);
                        return Ok(None);
                    }
                    other => other?,
                }
                fs::rename(&part, &path).map_err(disk("rename", &part))?;
            }
            match check(&path, file) {
                Ok(entry) => return Ok(Some(entry)),
                // A part from an earlier session can be stale, and a proxy can garble once.
                Err(wrong) => {
                    fs::remove_file(&path).map_err(disk("remove", &path))?;
                    self.tracker.set(index, 0);
                    if std::mem::replace(&mut was_wrong_before, true) {
                        return Err(wrong);
                    }
                }
            }
        }
    }

    /// Fills `part` up to the file's end, from wherever it stands.
    fn fill(&mut self, index: usize, file: &CatalogueFile, part: &Path) -> Result<(), Error> {
        let mut tries = Tries::new(self.options);
        let mut has_ranges = true;
        loop {
            let offset = fs::metadata(part).map_or(0, |metadata| metadata.len());
            let is_whole = file.size_bytes == Some(offset) && offset > 0;
            if is_whole {
                return Ok(());
            }
            let can_go_on = has_ranges && file.size_bytes.is_some_and(|size| offset < size);
            let offset = if can_go_on { offset } else { 0 };
            match self.stream(index, file, part, offset) {
                Ok(Streamed::ToItsEnd) => return Ok(()),
                Ok(Streamed::PastItsEnd) if offset > 0 => has_ranges = false,
                Ok(Streamed::PastItsEnd) => return Err(too_long(file)),
                Err((trouble, has_grown)) => {
                    if has_grown {
                        tries = Tries::new(self.options);
                    }
                    self.tracker.progress.failed_tries = tries.failed + 1;
                    (self.on_progress)(&self.tracker.progress);
                    tries.wait_or_fail(trouble, self.is_stopped)?;
                }
            }
        }
    }

    /// One connection: appends to `part` from `offset` on. The error says whether any byte came.
    fn stream(
        &mut self,
        index: usize,
        file: &CatalogueFile,
        part: &Path,
        offset: u64,
    ) -> Result<Streamed, (Trouble, bool)> {
        let is_stopped = self.is_stopped;
        let opened = self.remote.open(self.model, &file.path, offset, file.size_bytes, is_stopped);
        let (length, mut body) = opened.map_err(|trouble| (trouble, false))?;
        let lasting = |source| (Trouble::Lasting(disk("write", part)(source)), false);
        let mut out = open_part(part, offset).map_err(lasting)?;
        let size = file.size_bytes.or(length.filter(|_| offset == 0));
        self.tracker.progress.failed_tries = 0;
        let mut done = offset;
        loop {
            let piece = self.remote.read(&mut body, &file.path, self.model, is_stopped);
            let Some(piece) = piece.map_err(|trouble| (trouble, done > offset))? else { break };
            done += piece.len() as u64;
            if done > size.unwrap_or(MAX_UNKNOWN_BYTES) {
                return Ok(Streamed::PastItsEnd);
            }
            out.write_all(&piece).map_err(lasting)?;
            self.tracker.set(index, done);
            if self.tracker.is_time_to_tell() {
                (self.on_progress)(&self.tracker.progress);
            }
        }
        out.sync_all().map_err(lasting)?;
        if size.is_some_and(|size| done < size) {
            // A clean end before the stated length is a broken connection, too.
            let source = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            let error = Error::Connection { file: file.path.clone(), source: Box::new(source) };
            return Err((Trouble::Passing(error), done > offset));
        }
        (self.on_progress)(&self.tracker.progress);
        Ok(Streamed::ToItsEnd)
    }
}

enum Streamed {
    ToItsEnd,
    /// More came than the file has: the server ignored the range, or it is another file.
    PastItsEnd,
}

/// Counts failed tries in a row and waits between them.
struct Tries<'a> {
    options: &'a DownloadOptions,
    failed: u32,
}

impl<'a> Tries<'a> {
    fn new(options: &'a DownloadOptions) -> Self {
        Self { options, failed: 0 }
    }

    /// Returns when it is time for another try, or the error that is final.
    fn wait_or_fail(&mut self, trouble: Trouble, is_stopped: &dyn Fn() -> bool) -> Result<(), Error> {
        self.failed += 1;
        let is_last = self.failed >= self.options.max_tries;
        let backoff = self.options.first_delay.saturating_mul(1 << (self.failed - 1).min(10));
        let delay = match trouble {
            Trouble::Stopped => return Err(Error::Stopped),
            Trouble::Lasting(error) => return Err(error),
            Trouble::Passing(error) if is_last => return Err(error),
            Trouble::Passing(_) => backoff,
            Trouble::TooMany { retry_after } => {
                let wait = retry_after.unwrap_or(backoff);
                if is_last || wait > self.options.max_wait {
                    return Err(Error::RateLimited {
                        retry_after_secs: retry_after.map(|wait| wait.as_secs()),
                    });
                }
                wait
            }
        };
        let until = Instant::now() + delay.min(self.options.max_wait);
        while Instant::now() < until {
            if is_stopped() {
                return Err(Error::Stopped);
            }
            std::thread::park_timeout(Duration::from_millis(50).min(delay));
        }
        Ok(())
    }
}

/// Bytes, speed and time left.
#[derive(Default)]
struct Tracker {
    progress: DownloadProgress,
    told: Option<Instant>,
    /// `(when, bytes done)`, the oldest first, about [`SPEED_WINDOW`] long.
    samples: std::collections::VecDeque<(Instant, u64)>,
}

impl Tracker {
    fn begin(&mut self, files: &[CatalogueFile], folder: &Path) {
        let progress_of = |file: &CatalogueFile| {
            let path = folder.join(&file.path);
            let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len());
            let done_bytes = length(&path).or_else(|_| length(&part_path(&path))).unwrap_or(0);
            FileProgress { path: file.path.clone(), done_bytes, size_bytes: file.size_bytes }
        };
        self.progress.files = files.iter().map(progress_of).collect();
        self.sum();
    }

    fn set(&mut self, index: usize, done_bytes: u64) {
        if let Some(file) = self.progress.files.get_mut(index) {
            file.done_bytes = done_bytes;
        }
        self.sum();
    }

    fn drop_file(&mut self, index: usize) {
        if let Some(file) = self.progress.files.get_mut(index) {
            file.size_bytes = Some(0);
        }
        self.set(index, 0);
    }

    fn sum(&mut self) {
        let files = &self.progress.files;
        self.progress.done_bytes = files.iter().map(|file| file.done_bytes).sum();
        self.progress.total_bytes =
            files.iter().map(|file| file.size_bytes.unwrap_or(0).max(file.done_bytes)).sum();
    }

    fn is_time_to_tell(&mut self) -> bool {
        let now = Instant::now();
        if self.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return false;
        }
        self.told = Some(now);
        self.samples.push_back((now, self.progress.done_bytes));
        while self.samples.front().is_some_and(|(when, _)| now.duration_since(*when) > SPEED_WINDOW) {
            self.samples.pop_front();
        }
        let speed = self.samples.front().and_then(|(when, bytes)| {
            let secs = now.duration_since(*when).as_secs_f64();
            let grown = self.progress.done_bytes.checked_sub(*bytes)?;
            (secs > 0.2).then(|| grown as f64 / secs)
        });
        self.progress.bytes_per_sec = speed;
        let left = (self.progress.total_bytes - self.progress.done_bytes) as f64;
        self.progress.remaining = speed
            .filter(|speed| *speed > 0.0)
            .and_then(|speed| Duration::try_from_secs_f64(left / speed).ok());
        true
    }
}

/// Compares a file with what is known of it.
fn check(path: &Path, file: &CatalogueFile) -> Result<ReceiptFile, Error> {
    let size_bytes = fs::metadata(path).map_err(disk("read", path))?.len();
    if let Some(expected_bytes) = file.size_bytes.filter(|expected| *expected != size_bytes) {
        return Err(Error::WrongSize { file: file.path.clone(), expected_bytes, actual_bytes: size_bytes });
    }
    let sha256 = sha256_of(path).map_err(disk("read", path))?;
    if let Some(expected) = file.sha256.clone().filter(|expected| *expected != sha256) {
        return Err(Error::WrongDigest { file: file.path.clone(), expected, actual: sha256 });
    }
    let is_published_digest = file.sha256.is_some();
    Ok(ReceiptFile { path: file.path.clone(), size_bytes, sha256, is_published_digest })
}

fn too_long(file: &CatalogueFile) -> Error {
    let expected_bytes = file.size_bytes.unwrap_or(MAX_UNKNOWN_BYTES);
    Error::WrongSize { file: file.path.clone(), expected_bytes, actual_bytes: expected_bytes + 1 }
}

/// The part file, cut or grown to nothing but its first `offset` bytes.
fn open_part(part: &Path, offset: u64) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(part)?;
    if file.metadata()?.len() > offset {
        file.set_len(offset)?;
    }
    Ok(file)
}

fn part_path(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}

/// Renames the finished folder to its place; an older model there is put aside and then removed.
fn put_in_place(unfinished: &Path, place: &Path) -> Result<PathBuf, Error> {
    let old = place.with_added_extension("old");
    if place.exists() {
        fs::rename(place, &old).map_err(disk("rename", place))?;
    }
    fs::rename(unfinished, place).map_err(disk("rename", unfinished))?;
    if old.exists() {
        fs::remove_dir_all(&old).map_err(disk("remove", &old))?;
    }
    Ok(place.to_owned())
}

/// Holds the folder for this process until it is dropped; a crash frees it, too.
fn lock(folder: &Path) -> Result<File, Error> {
    // Beside the folder, not in it: the folder is renamed when it is whole.
    let path = folder.with_added_extension("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(disk("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(Error::Disk { action: "write", path, source }),
    }
}

fn is_offline() -> bool {
    let value = std::env::var("HF_HUB_OFFLINE").unwrap_or_default().to_ascii_lowercase();
    matches!(value.as_str(), "1" | "true" | "yes" | "on")
}

fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Disk { action, path, source }
}
