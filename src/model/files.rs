//! Reads the small files of a checkpoint, each up to a size that no honest one reaches.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::Error;

/// Settings, chat templates and shard indexes: the largest published is under 200 kB.
const MAX_JSON_BYTES: u64 = 16 << 20;

/// Reads a whole file, or nothing when it is not there.
///
/// # Errors
/// When it is there but unreadable or larger than `limit` bytes.
pub(crate) fn read_if_present(file: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let failed = |source| Error::Read { file: file.to_owned(), source };
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The length is not believed: a pipe or a growing file has another one.
    let mut bytes = Vec::new();
    opened.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        let bytes = std::fs::metadata(file).map_or(limit + 1, |metadata| metadata.len());
        return Err(Error::FileTooLarge { file: file.to_owned(), bytes, limit });
    }
    Ok(Some(bytes))
}

/// Reads a JSON file; keys it does not ask for are skipped.
///
/// # Errors
/// When the file is missing, unreadable, too large or not such a JSON.
pub(crate) fn read_json<T: DeserializeOwned>(file: &Path, what: &'static str) -> Result<T, Error> {
    read_json_if_present(file)?.ok_or_else(|| Error::MissingFile { what, file: file.to_owned() })
}

/// Reads a JSON file, or nothing when it is not there.
///
/// # Errors
/// When the file is there but unreadable, too large or not such a JSON.
pub(crate) fn read_json_if_present<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = read_if_present(file, MAX_JSON_BYTES)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::Json { file: file.to_owned(), source })
}

/// Reads a text file such as a chat template, or nothing when it is not there.
///
/// # Errors
/// When the file is there but unreadable or too large.
pub(crate) fn read_text_if_present(file: &Path) -> Result<Option<String>, Error> {
    Ok(read_if_present(file, MAX_JSON_BYTES)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
