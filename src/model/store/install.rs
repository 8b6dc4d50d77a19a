//! What a finished download leaves behind, and checking it later.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::catalogue::CatalogueModel;
use super::error::Error;

/// Written last, so a folder that has it is whole.
const RECEIPT: &str = "doclens-model.json";

/// What was downloaded: written beside the files when all of them have been verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// `owner/name`.
    pub repository: String,
    /// The commit or branch that was asked for.
    pub revision: String,
    /// Every file with its size and digest as it arrived.
    pub files: Vec<ReceiptFile>,
}

/// One downloaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFile {
    /// Path inside the folder.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The publisher's digest was known and matched; otherwise the digest was recorded on arrival.
    pub is_published_digest: bool,
}

/// What verifying a folder showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files whose digest matches the publisher's.
    pub published: Vec<String>,
    /// Files whose digest matches the one recorded when they arrived.
    pub recorded: Vec<String>,
    /// Files that are missing or changed.
    pub damaged: Vec<String>,
}

impl Receipt {
    /// The receipt in a model's folder.
    ///
    /// # Errors
    /// If there is none or it does not parse.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(RECEIPT);
        let read = || -> io::Result<Self> {
            /// A receipt lists a few dozen files.
            const MAX_BYTES: u64 = 1 << 20;
            let mut text = String::new();
            File::open(&path)?.take(MAX_BYTES).read_to_string(&mut text)?;
            Ok(serde_json::from_str(&text)?)
        };
        read().map_err(|source| Error::Disk { action: "read", path, source })
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(RECEIPT);
        let write = || -> io::Result<()> {
            let file = File::create(&path)?;
            serde_json::to_writer_pretty(&file, self)?;
            file.sync_all()
        };
        write().map_err(|source| Error::Disk { action: "write", path, source })
    }
}

/// Reads every file of a downloaded model again and compares it with its receipt.
///
/// # Errors
/// If the folder has no receipt.
pub fn verify(folder: &Path) -> Result<Verification, Error> {
    let mut verification = Verification::default();
    for file in Receipt::read(folder)?.files {
        let is_whole = sha256_of(&folder.join(&file.path)).is_ok_and(|digest| digest == file.sha256);
        let list = match (is_whole, file.is_published_digest) {
            (false, _) => &mut verification.damaged,
            (true, true) => &mut verification.published,
            (true, false) => &mut verification.recorded,
        };
        list.push(file.path);
    }
    Ok(verification)
}

/// Removes a model that Doclens downloaded, and what is left of an unfinished download of it.
/// Returns the bytes that became free.
///
/// # Errors
/// If it was not downloaded by Doclens, or cannot be removed.
pub fn remove(models_folder: &Path, model: &CatalogueModel) -> Result<u64, Error> {
    let finished = models_folder.join(model.folder_name());
    let unfinished = unfinished_folder(models_folder, model);
    if !unfinished.exists() && Receipt::read(&finished).is_err() {
        return Err(Error::NotOurs { folder: finished });
    }
    let mut freed_bytes = 0;
    for folder in [finished, unfinished].into_iter().filter(|folder| folder.exists()) {
        freed_bytes += folder_size_bytes(&folder);
        fs::remove_dir_all(&folder).map_err(|source| Error::Disk {
            action: "remove",
            path: folder,
            source,
        })?;
    }
    Ok(freed_bytes)
}

/// Where a download is gathered before it is whole: hidden, so that nobody takes it for a model.
pub(super) fn unfinished_folder(models_folder: &Path, model: &CatalogueModel) -> PathBuf {
    models_folder.join(format!(".unfinished-{}", model.folder_name()))
}

/// SHA-256 of a file in lower-case hexadecimal.
pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(&buffer[..count]);
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Bytes that an unfinished download of a model has left.
pub fn unfinished_bytes(models_folder: &Path, model: &CatalogueModel) -> u64 {
    folder_size_bytes(&unfinished_folder(models_folder, model))
}

/// Bytes of the files in a folder, links followed, subfolders left out.
pub fn folder_size_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .filter(fs::Metadata::is_file)
        .map(|meta| meta.len())
        .sum()
}
