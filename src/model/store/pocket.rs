//! The checkpoint that the program carries, so that the true path runs without a download: a
//! demonstration that reads small synthetic pages. What it can do stands in `assets/pocket/MODEL_CARD.md`.
//!
//! A model is read from a folder, so its files are unpacked into the user's cache folder once. What
//! is there is compared byte by byte each time: it is 8 MB.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::error::Error;

macro_rules! carried {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../assets/pocket/", $name)).as_slice())),*]
    };
}

/// Name and contents of every file of the checkpoint.
static FILES: [(&str, &[u8]); 9] = carried![
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "processor_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// The folder with the carried checkpoint, unpacked if it is not there yet.
///
/// # Errors
/// If there is no cache folder, or it cannot be written.
pub fn pocket_folder() -> Result<PathBuf, Error> {
    let dirs = ProjectDirs::from("", "", "doclens").ok_or(Error::NoModelsFolder)?;
    let folder = dirs.cache_dir().join("pocket");
    unpack(&folder)?;
    Ok(folder)
}

/// Bytes of its files.
pub fn pocket_size_bytes() -> u64 {
    FILES.iter().map(|(_, contents)| contents.len() as u64).sum()
}

fn unpack(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| disk(folder, source))?;
    for (name, contents) in FILES {
        let path = folder.join(name);
        let is_there = fs::metadata(&path).is_ok_and(|metadata| metadata.len() == contents.len() as u64)
            && fs::read(&path).is_ok_and(|found| found == contents);
        if !is_there {
            write(folder, &path, contents).map_err(|source| disk(&path, source))?;
        }
    }
    Ok(())
}

/// Two programs may unpack at the same time: each file is whole or not there.
fn write(folder: &Path, path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn disk(path: &Path, source: std::io::Error) -> Error {
    Error::Disk { action: "write", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_missing_file_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        fs::write(folder.path().join("config.json"), "{}").unwrap();
        fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
        unpack(folder.path()).unwrap();
        for (name, contents) in FILES {
            assert!(fs::read(folder.path().join(name)).unwrap() == contents, "{name}");
        }
        crate::model::check(folder.path()).unwrap();
    }
}
