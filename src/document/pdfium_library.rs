//! Where libpdfium comes from at run time.
//!
//! In this order: the file that `DOCLENS_PDFIUM_LIB` names; a library beside the executable (packages
//! put it there); the bytes that `build.rs` embedded, unpacked once into the user's cache folder, or
//! into a temporary folder when the cache cannot be written. Loading it is `pdf.rs`'s work: this file
//! hands out places, one after the other, to a function that tries to load them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::document::error::LibraryError;

/// Names the library to use, before any other place.
pub(super) const LIBRARY_VARIABLE: &str = "DOCLENS_PDFIUM_LIB";

/// The library that was embedded at build time. Empty only in documentation builds.
static EMBEDDED: &[u8] = include_bytes!(env!("DOCLENS_PDFIUM_EMBED"));
/// SHA-256 of `EMBEDDED`, in lower-case hex.
const EMBEDDED_SHA256: &str = env!("DOCLENS_PDFIUM_SHA256");
/// What a libpdfium is called on this platform.
const LIBRARY_NAME: &str = env!("DOCLENS_PDFIUM_NAME");

/// Tries the places in order and returns what `load` makes of the first that works.
///
/// # Errors
/// If none works: every place with its reason. A `DOCLENS_PDFIUM_LIB` that does not load is the only
/// place tried, because whoever sets it wants that library and no other.
pub(super) fn load_first<T, E: std::fmt::Display>(
    mut load: impl FnMut(&Path) -> Result<T, E>,
) -> Result<T, LibraryError> {
    let mut attempts = Vec::new();
    if let Some(path) = env::var_os(LIBRARY_VARIABLE).filter(|value| !value.is_empty()) {
        let loaded = try_load(&mut load, Path::new(&path), &mut attempts);
        return loaded.ok_or(LibraryError { attempts });
    }
    for path in places_beside_executable() {
        if let Some(loaded) = try_load(&mut load, &path, &mut attempts) {
            return Ok(loaded);
        }
    }
    if let Some(cache) = directories::ProjectDirs::from("", "", "doclens") {
        let folder = cache_folder(cache.cache_dir());
        if let Some(loaded) = try_unpacked(&mut load, &folder, &mut attempts) {
            return Ok(loaded);
        }
    }
    // The last resort: read-only homes, full disks, caches mounted without the right to execute.
    match tempfile::Builder::new().prefix("doclens-pdfium-").tempdir() {
        // The folder is removed when it goes out of scope. Where a loaded file can be removed
        // (everywhere but on Windows) nothing stays behind.
        Ok(folder) => try_unpacked(&mut load, folder.path(), &mut attempts),
        Err(error) => {
            attempts.push(format!("{}: {error}", env::temp_dir().display()));
            None
        }
    }
    .ok_or(LibraryError { attempts })
}

fn try_load<T, E: std::fmt::Display>(
    load: &mut impl FnMut(&Path) -> Result<T, E>,
    path: &Path,
    attempts: &mut Vec<String>,
) -> Option<T> {
    load(path).map_err(|error| attempts.push(format!("{}: {error}", path.display()))).ok()
}

fn try_unpacked<T, E: std::fmt::Display>(
    load: &mut impl FnMut(&Path) -> Result<T, E>,
    folder: &Path,
    attempts: &mut Vec<String>,
) -> Option<T> {
    match unpack_into(folder) {
        Ok(path) => try_load(load, &path, attempts),
        Err(error) => {
            attempts.push(format!("{}: {error}", folder.display()));
            None
        }
    }
}

/// The folder of this very library in a cache: another build of the app has another one.
fn cache_folder(cache: &Path) -> PathBuf {
    cache.join(format!("pdfium-{EMBEDDED_SHA256}"))
}

fn places_beside_executable() -> Vec<PathBuf> {
    let Ok(executable) = env::current_exe() else { return Vec::new() };
    let Some(folder) = executable.parent() else { return Vec::new() };
    let mut places = vec![folder.join(LIBRARY_NAME)];
    if cfg!(target_os = "macos") {
        places.push(folder.join("../Frameworks").join(LIBRARY_NAME));
    }
    places.retain(|path| path.is_file());
    places
}

/// Makes sure that `folder` holds the embedded library, whole and unchanged, and returns its path.
fn unpack_into(folder: &Path) -> io::Result<PathBuf> {
    if EMBEDDED.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no library was embedded in this build"));
    }
    let path = folder.join(LIBRARY_NAME);
    if is_whole(&path) {
        return Ok(path);
    }
    create_private_folder(folder)?;
    // Several processes may unpack at once: each writes its own file, and the rename is atomic.
    let mut partial = tempfile::Builder::new().prefix("unpacking-").tempfile_in(folder)?;
    partial.write_all(EMBEDDED)?;
    partial.as_file().sync_all()?;
    match partial.persist(&path) {
        Ok(_) => Ok(path),
        // Windows does not replace a library that another process has loaded; that one is whole.
        Err(_) if is_whole(&path) => Ok(path),
        Err(error) => Err(error.error),
    }
}

/// Whether the file has the embedded library's size and digest.
fn is_whole(path: &Path) -> bool {
    let Ok(mut file) = fs::File::open(path) else { return false };
    let same_size = file.metadata().is_ok_and(|metadata| metadata.len() == EMBEDDED.len() as u64);
    if !same_size {
        return false;
    }
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => digest.update(block.get(..count).unwrap_or_default()),
            Err(_) => return false,
        }
    }
    hex(&digest.finalize()) == EMBEDDED_SHA256
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

/// Creates a folder that only the user can enter: nobody else may put a library there.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_library_is_what_its_digest_says() {
        assert_eq!(hex(&Sha256::digest(EMBEDDED)), EMBEDDED_SHA256);
    }

    #[test]
    fn a_cached_library_that_was_changed_is_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache_folder(cache.path());
        let path = unpack_into(&folder).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[1000] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(!is_whole(&path));
        assert_eq!(unpack_into(&folder).unwrap(), path);
        assert!(is_whole(&path));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the partial file is gone");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_enter_the_folder_or_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let cache = tempfile::tempdir().unwrap();
        let path = unpack_into(&cache_folder(cache.path())).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode(&path), 0);
        assert_eq!(mode(path.parent().unwrap()), 0);
    }

    #[test]
    fn a_place_that_cannot_be_written_says_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(unpack_into(&file.path().join("cache")).is_err());
    }

    #[test]
    fn every_failed_place_is_named() {
        let error = load_first(|_| Err::<(), _>("refused")).unwrap_err();
        assert!(error.attempts.len() >= 2, "{error}");
        assert!(error.to_string().contains("refused; "), "{error}");
        assert!(
            error
                .to_string()
                .ends_with("set DOCLENS_PDFIUM_LIB to the path of a libpdfium of build 7881 or newer")
        );
    }
}
