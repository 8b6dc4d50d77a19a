//! A folder of pages with their truth: `page.png` beside `page.dt`, in folders by kind if there are kinds.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What holds the truth: DocTags as text.
const TRUTH_EXTENSIONS: [&str; 2] = ["dt", "doctags"];
/// What holds the page; of a PDF the first one.
const PAGE_EXTENSIONS: [&str; 8] = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "pdf"];
/// The longest truth. The markup of a page is a few kilobytes; what is longer is another kind of file.
const MAX_TRUTH_BYTES: u64 = 16 << 20;
/// Folders within folders, which also ends a loop of links.
const MAX_DEPTH: usize = 16;

/// A page and where its truth is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sample {
    /// The folder within the dataset; empty for the dataset's own.
    pub(super) category: String,
    /// The page's name without extension.
    pub(super) name: String,
    pub(super) page: PathBuf,
    truth: PathBuf,
}

/// Why a folder is no dataset, or a truth none.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatasetError {
    /// The folder cannot be listed.
    #[error("cannot look into {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// There is nothing in it.
    #[error("{} has no page with its DocTags: put page.dt beside page.png", path.display())]
    Empty { path: PathBuf },
    /// DocTags without their page.
    #[error("{} has no page beside it, a PNG, JPEG, WebP, BMP, TIFF or PDF of the same name", path.display())]
    NoPage { path: PathBuf },
    /// DocTags that cannot be read.
    #[error("cannot read {}", path.display())]
    Truth { path: PathBuf, source: io::Error },
    /// DocTags that are too long.
    #[error("{} is longer than {} MiB, which no page is", path.display(), MAX_TRUTH_BYTES >> 20)]
    TruthTooLong { path: PathBuf },
}

/// The samples in a folder and its folders, by category and name.
///
/// # Errors
/// When there is none, a folder cannot be listed, or a truth has no page.
pub(super) fn samples(folder: &Path) -> Result<Vec<Sample>, DatasetError> {
    let mut samples = Vec::new();
    collect(folder, "", 0, &mut samples)?;
    if samples.is_empty() {
        return Err(DatasetError::Empty { path: folder.to_owned() });
    }
    samples.sort();
    Ok(samples)
}

fn collect(
    folder: &Path,
    category: &str,
    depth: usize,
    samples: &mut Vec<Sample>,
) -> Result<(), DatasetError> {
    let failed = |source| DatasetError::Folder { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name_of =
            |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let name = name_of(path.file_name());
            if depth < MAX_DEPTH && !name.starts_with('.') {
                let inner = if category.is_empty() { name } else { format!("{category}/{name}") };
                collect(&path, &inner, depth + 1, samples)?;
            }
        } else if has_extension(&path, &TRUTH_EXTENSIONS) {
            let page = page_of(&path).ok_or_else(|| DatasetError::NoPage { path: path.clone() })?;
            samples.push(Sample {
                category: category.to_owned(),
                name: name_of(path.file_stem()),
                page,
                truth: path,
            });
        }
    }
    Ok(())
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default();
    extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn page_of(truth: &Path) -> Option<PathBuf> {
    let in_both_cases = PAGE_EXTENSIONS.iter().flat_map(|known| [(*known).to_owned(), known.to_uppercase()]);
    in_both_cases.map(|extension| truth.with_extension(extension)).find(|page| page.is_file())
}

impl Sample {
    /// The DocTags of the page as they should be.
    ///
    /// # Errors
    /// When the file cannot be read, is no UTF-8, or is too long.
    pub(super) fn truth(&self) -> Result<String, DatasetError> {
        let failed = |source| DatasetError::Truth { path: self.truth.clone(), source };
        let mut text = String::new();
        let file = File::open(&self.truth).map_err(failed)?;
        file.take(MAX_TRUTH_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX_TRUTH_BYTES {
            return Err(DatasetError::TruthTooLong { path: self.truth.clone() });
        }
        Ok(text)
    }

    /// Category and name.
    pub(super) fn about(&self) -> String {
        if self.category.is_empty() { self.name.clone() } else { format!("{}/{}", self.category, self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "<text>a</text>").unwrap();
        }
        folder
    }

    #[test]
    fn pages_come_by_category_and_name() {
        let folder = folder(&["b/2.dt", "b/2.TIF", "b/1.doctags", "b/1.png", "0.dt", "0.pdf", "b/notes.txt"]);
        let samples = samples(folder.path()).unwrap();
        assert_eq!(samples.iter().map(Sample::about).collect::<Vec<_>>(), ["0", "b/1", "b/2"]);
        assert_eq!(samples[0].truth().unwrap(), "<text>a</text>");
    }

    #[test]
    fn what_is_missing_is_said() {
        let check = |files: &[&str], expected: &str| {
            let folder = folder(files);
            let said = samples(folder.path()).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        };
        check(&["1.png"], "has no page with its DocTags");
        check(&["1.dt"], "has no page beside it");
        assert!(matches!(samples(Path::new("/no such folder")), Err(DatasetError::Folder { .. })));
    }

    #[test]
    fn a_truth_is_text_of_some_length() {
        let folder = folder(&["1.dt", "1.png"]);
        let sample = samples(folder.path()).unwrap().remove(0);
        fs::write(folder.path().join("1.dt"), [0xFF, 0xFE]).unwrap();
        assert!(matches!(sample.truth(), Err(DatasetError::Truth { .. })));
        fs::write(folder.path().join("1.dt"), vec![b'a'; 1 + usize::try_from(MAX_TRUTH_BYTES).unwrap()])
            .unwrap();
        assert!(matches!(sample.truth(), Err(DatasetError::TruthTooLong { .. })));
    }
}
