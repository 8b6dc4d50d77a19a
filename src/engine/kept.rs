//! Pages that were read, kept on the disk: a reading that took minutes outlives the program.
//!
//! A document's pages lie in a folder that is named by the document's content, one file a page, each whole or not
//! there. Whoever looks for them says what read them: a page that another model has read is another page.
//! The folders are private, since they hold what stands in people's documents.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};

use crate::document::page::{PageIndex, Rotation};
use crate::engine::atomic_file::write_atomically;
use crate::engine::event::{PageRecognition, StopReason, Timing, TokenTrace};
use crate::engine::job::{EngineChoice, GenerationSettings, Task};
use crate::geometry::BBox;

/// What each file says, so that a later program knows what it reads.
const FORMAT: &str = "doclens reading 1";

/// No page of a model is as long: 8192 tokens are half a megabyte here.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// What all documents of a folder may take together; that is some ten thousand pages.
const MAX_FOLDER_BYTES: u64 = 512 << 20;

/// A page as a model read it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptPage {
    /// Which page.
    pub page: PageIndex,
    /// What read it, and how: see [`reader_words`].
    pub reader: String,
    /// The recognizer's name for people.
    pub engine_name: String,
    /// The turn that it was read with.
    pub rotation: Rotation,
    /// The markup as it came.
    pub markup: String,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// Parts that were read by themselves after a loop.
    pub rescued: Vec<BBox>,
    /// Its tokens.
    pub tokens: Vec<TokenTrace>,
    /// Where time went.
    pub timing: Timing,
}

impl KeptPage {
    /// What is kept of a reading: a whole page that a model has read to an end. `None` of everything else: a page's
    /// own text is read again in no time.
    pub fn of(reading: &PageRecognition, reader: &str) -> Option<Self> {
        let request = &reading.request;
        let is_whole = request.task == Task::Page && request.region.is_none();
        let has_ended = reading.stop_reason != StopReason::Cancelled;
        (is_whole && has_ended && reading.engine == EngineChoice::Model).then(|| Self {
            page: request.page,
            reader: reader.to_owned(),
            engine_name: reading.engine_name.clone(),
            rotation: request.rotation,
            markup: reading.markup.clone(),
            stop_reason: reading.stop_reason,
            rescued: reading.rescued.clone(),
            tokens: reading.tokens.clone(),
            timing: reading.timing,
        })
    }
}

/// What reads, in words that differ as soon as anything differs that a page's markup depends on. `model` is
/// [`ModelInfo::identity`](crate::engine::event::ModelInfo::identity).
pub fn reader_words(model: &str, generation: &GenerationSettings) -> String {
    let GenerationSettings {
        max_new_tokens,
        temperature,
        top_p,
        repetition_penalty,
        seed,
        stops_loops,
        follows_grammar,
        ..
    } = generation;
    format!(
        "{model}, tokens {max_new_tokens:?}, temperature {temperature}, top p {top_p:?}, repetition \
         {repetition_penalty:?}, seed {seed}, loop guard {stops_loops}, \
         grammar {follows_grammar}"
    )
}

/// Where the window keeps pages that were read.
pub fn readings_folder() -> Option<PathBuf> {
    data_folder("readings")
}

/// Where `doclens convert` keeps the pages of a run that has not come to its end.
pub fn unfinished_folder() -> Option<PathBuf> {
    data_folder("unfinished")
}

fn data_folder(name: &str) -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "doclens")?.data_dir().join(name))
}

/// Removes all pages of all documents from such a folder.
///
/// # Errors
/// When the file system refuses.
pub fn forget_all(folder: &Path) -> io::Result<()> {
    unless_missing(fs::remove_dir_all(folder))
}

/// The pages of one document.
#[derive(Clone, Debug)]
pub struct KeptPages {
    /// Of all documents.
    root: PathBuf,
    /// Of this one.
    folder: PathBuf,
}

impl KeptPages {
    /// The pages of a document with this content, below a folder of all documents. `content` is a digest in
    /// hexadecimal digits.
    pub fn of_document(root: &Path, content: &str) -> Self {
        Self { root: root.to_owned(), folder: root.join(content) }
    }

    /// Keeps a page; it is on the disk when this returns. What was kept of the page before is gone. Where the folder
    /// has become too large, the document that nobody has read for longest goes.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn keep(&self, page: &KeptPage) -> io::Result<()> {
        make_private_folder(&self.root)?;
        if !self.folder.is_dir() {
            make_room(&self.root, MAX_FOLDER_BYTES);
        }
        make_private_folder(&self.folder)?;
        let json = serde_json::to_vec(&PageFile::of(page)).map_err(io::Error::from)?;
        write_atomically(&self.path(page.page), &json)
    }

    /// The pages that this reader has read.
    pub fn find(&self, reader: &str) -> BTreeMap<PageIndex, KeptPage> {
        let mut pages = self.all();
        pages.retain(|_, page| page.reader == reader);
        pages
    }

    /// All pages, whatever has read them. A file that is not whole or of another program is passed over.
    pub fn all(&self) -> BTreeMap<PageIndex, KeptPage> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return BTreeMap::new() };
        let pages = entries.flatten().filter_map(|entry| {
            let page = read(&entry.path())?;
            // A file that was copied to another name is not that page.
            (self.path(page.page) == entry.path()).then_some((page.page, page))
        });
        pages.collect()
    }

    /// Forgets these pages, and the document with the last of them.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn forget(&self, pages: impl IntoIterator<Item = PageIndex>) -> io::Result<()> {
        for page in pages {
            unless_missing(fs::remove_file(self.path(page)))?;
        }
        // Stays while another run's pages are in it.
        fs::remove_dir(&self.folder).ok();
        Ok(())
    }

    fn path(&self, page: PageIndex) -> PathBuf {
        self.folder.join(format!("page-{}.json", page.number()))
    }
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes documents until the folder holds no more than so many bytes, those first that were read longest ago. What
/// cannot be removed stays: the page is kept all the same.
fn make_room(root: &Path, max_bytes: u64) {
    let Ok(entries) = fs::read_dir(root) else { return };
    let mut documents: Vec<(SystemTime, u64, PathBuf)> = entries
        .flatten()
        .map(|entry| {
            let (newest, num_bytes) = newest_and_size(&entry.path());
            (newest, num_bytes, entry.path())
        })
        .collect();
    documents.sort_unstable();
    let mut total: u64 = documents.iter().map(|(_, num_bytes, _)| num_bytes).sum();
    for (_, num_bytes, path) in documents {
        if total <= max_bytes {
            break;
        }
        match fs::remove_dir_all(&path) {
            Ok(()) => total -= num_bytes,
            Err(error) => tracing::warn!(%error, "cannot make room among the kept pages"),
        }
    }
}

fn newest_and_size(folder: &Path) -> (SystemTime, u64) {
    let mut sum = (SystemTime::UNIX_EPOCH, 0);
    for metadata in fs::read_dir(folder).into_iter().flatten().flatten().flat_map(|entry| entry.metadata()) {
        sum.0 = sum.0.max(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        sum.1 += metadata.len();
    }
    sum
}

fn read(path: &Path) -> Option<KeptPage> {
    let mut bytes = Vec::new();
    let length = fs::File::open(path).ok()?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let file = (length as u64 <= MAX_FILE_BYTES).then(|| serde_json::from_slice::<PageFile>(&bytes).ok())?;
    file?.page()
}

/// How a page is written.
#[derive(Serialize, Deserialize)]
struct PageFile {
    format: String,
    /// From 1.
    page: usize,
    reader: String,
    engine_name: String,
    quarter_turns: u8,
    stop_reason: KeptStop,
    /// Left, top, right, bottom, in page space.
    rescued: Vec<[f64; 4]>,
    /// Preparing, encoding, prefilling, decoding.
    seconds: [f64; 4],
    markup: String,
    /// Id, end in the markup in bytes, log-probability.
    tokens: Vec<(u32, usize, f32)>,
}

/// The ends that a kept page can have come to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptStop {
    End,
    TokenLimit,
    Loop,
    Blank,
}

const TURNS: [Rotation; 4] = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

impl PageFile {
    fn of(page: &KeptPage) -> Self {
        let Timing { preparing, encoding, prefilling, decoding } = page.timing;
        Self {
            format: FORMAT.to_owned(),
            page: page.page.number(),
            reader: page.reader.clone(),
            engine_name: page.engine_name.clone(),
            quarter_turns: (0..4).find(|turns| TURNS[usize::from(*turns)] == page.rotation).unwrap_or(0),
            stop_reason: match page.stop_reason {
                // A page that was stopped is not kept.
                StopReason::End | StopReason::Cancelled => KeptStop::End,
                StopReason::TokenLimit => KeptStop::TokenLimit,
                StopReason::Loop => KeptStop::Loop,
                StopReason::Blank => KeptStop::Blank,
            },
            rescued: page.rescued.iter().map(|part| [part.left, part.top, part.right, part.bottom]).collect(),
            seconds: [preparing, encoding, prefilling, decoding].map(|part| part.as_secs_f64()),
            markup: page.markup.clone(),
            // JSON has no word for an infinite number.
            tokens: page
                .tokens
                .iter()
                .map(|token| (token.id, token.end, token.log_probability.max(f32::MIN)))
                .collect(),
        }
    }

    /// `None` when it contradicts itself.
    fn page(self) -> Option<KeptPage> {
        let ends_rise = self.tokens.iter().is_sorted_by_key(|(_, end, _)| *end);
        let on_chars = self.tokens.iter().all(|(_, end, _)| self.markup.is_char_boundary(*end));
        let are_numbers = self.tokens.iter().all(|(_, _, log_probability)| log_probability.is_finite());
        if self.format != FORMAT || !ends_rise || !on_chars || !are_numbers {
            return None;
        }
        let part = |idx: usize| Duration::try_from_secs_f64(self.seconds[idx]).ok();
        Some(KeptPage {
            page: PageIndex(self.page.checked_sub(1)?),
            reader: self.reader,
            engine_name: self.engine_name,
            rotation: *TURNS.get(usize::from(self.quarter_turns))?,
            stop_reason: match self.stop_reason {
                KeptStop::End => StopReason::End,
                KeptStop::TokenLimit => StopReason::TokenLimit,
                KeptStop::Loop => StopReason::Loop,
                KeptStop::Blank => StopReason::Blank,
            },
            rescued: self
                .rescued
                .iter()
                .map(|&[left, top, right, bottom]| BBox { left, top, right, bottom })
                .collect(),
            timing: Timing {
                preparing: part(0)?,
                encoding: part(1)?,
                prefilling: part(2)?,
                decoding: part(3)?,
            },
            tokens: self
                .tokens
                .into_iter()
                .map(|(id, end, log_probability)| TokenTrace { id, end, log_probability })
                .collect(),
            markup: self.markup,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: usize, reader: &str) -> KeptPage {
        KeptPage {
            page: PageIndex(number - 1),
            reader: reader.to_owned(),
            engine_name: "Pocket".to_owned(),
            rotation: Rotation::Half,
            markup: "<text>grün</text>".to_owned(),
            stop_reason: StopReason::TokenLimit,
            rescued: vec![BBox { left: 0.1, top: 0.25, right: 0.5, bottom: 1.0 }],
            tokens: vec![
                TokenTrace { id: 3, end: 6, log_probability: -0.25 },
                TokenTrace { id: 4, end: 11, log_probability: f32::MIN },
            ],
            timing: Timing { decoding: Duration::from_millis(1500), ..Timing::default() },
        }
    }

    #[test]
    fn pages_come_back_to_whoever_reads_alike() {
        let root = tempfile::tempdir().unwrap();
        let pages = KeptPages::of_document(root.path(), "00ff");
        for (number, reader) in [(1, "a"), (12, "b"), (2, "a"), (2, "b")] {
            pages.keep(&page(number, reader)).unwrap();
        }
        assert_eq!(pages.find("a"), [(PageIndex(0), page(1, "a"))].into());
        assert_eq!(pages.find("b").into_values().collect::<Vec<_>>(), [page(2, "b"), page(12, "b")]);
        assert!(KeptPages::of_document(root.path(), "00fe").all().is_empty());
        pages.forget([PageIndex(0), PageIndex(1), PageIndex(7)]).unwrap();
        assert_eq!(pages.all().len(), 1);
        pages.forget([PageIndex(11)]).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("readings");
        KeptPages::of_document(&root, "00").keep(&page(1, "a")).unwrap();
        for folder in [&root, &root.join("00")] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    /// As after a kill or a hand's work.
    #[test]
    fn what_is_not_whole_is_no_page() {
        let root = tempfile::tempdir().unwrap();
        let pages = KeptPages::of_document(root.path(), "00");
        pages.keep(&page(1, "a")).unwrap();
        let path = pages.path(PageIndex(0));
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(pages.all().is_empty(), "{length} bytes");
        }
        let text = String::from_utf8(whole).unwrap();
        for (from, to) in [
            ("reading 1", "reading 2"),
            ("[4,11,", "[4,9,"), // in the middle of a letter
            ("[4,11,", "[4,5,"), // before the token before
            ("[4,11,", "[4,900,"),
            ("\"page\":1", "\"page\":0"),
            ("\"page\":1", "\"page\":2"),
            ("\"quarter_turns\":2", "\"quarter_turns\":4"),
            ("1.5]", "-1.5]"),
            ("-0.25]", "1e39]"), // more than any number of its size
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            fs::write(&path, changed).unwrap();
            assert!(pages.all().is_empty(), "{from} as {to}");
        }
        fs::write(&path, text).unwrap();
        assert_eq!(pages.all().len(), 1);
    }

    /// The status bar adds the times up.
    #[test]
    fn times_beyond_counting_have_a_sum() {
        let root = tempfile::tempdir().unwrap();
        let pages = KeptPages::of_document(root.path(), "00");
        let age = Duration::from_secs(u64::MAX - 4096);
        let timing = Timing { preparing: age, encoding: age, ..Timing::default() };
        pages.keep(&KeptPage { timing, ..page(1, "a") }).unwrap();
        assert_eq!(pages.all()[&PageIndex(0)].timing.total(), Duration::MAX);
    }

    #[test]
    fn the_oldest_document_makes_room() {
        let root = tempfile::tempdir().unwrap();
        for (content, age) in [("01", 300), ("02", 900), ("03", 0)] {
            let pages = KeptPages::of_document(root.path(), content);
            pages.keep(&page(1, "a")).unwrap();
            let file = fs::File::options().append(true).open(pages.path(PageIndex(0))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        let (_, one) = newest_and_size(&root.path().join("01"));
        make_room(root.path(), 2 * one);
        let left = |content: &str| KeptPages::of_document(root.path(), content).all().len();
        assert_eq!([left("01"), left("02"), left("03")], [1, 0, 1]);
    }

    #[test]
    fn another_seed_is_another_reader() {
        let greedy = GenerationSettings::default();
        let seeded = GenerationSettings { seed: 1, ..greedy.clone() };
        assert_eq!(reader_words("m", &greedy), reader_words("m", &greedy));
        assert_ne!(reader_words("m", &greedy), reader_words("m", &seeded));
        assert_ne!(reader_words("m", &greedy), reader_words("n", &greedy));
    }
}
