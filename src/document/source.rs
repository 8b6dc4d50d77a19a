//! Where a document's bytes come from, and how they are read.
//!
//! A file is opened once and kept open, so that deleting or renaming it does not hurt. It is never
//! mapped into memory: a file that shrinks under us gives a read error, not a crash.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::error::Error;
use crate::document::file_kind::HEAD_BYTES;

/// A document to open.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file on disk.
    File(PathBuf),
    /// Bytes in memory: a pasted image, a document inside another one.
    Bytes {
        /// What messages call it.
        name: String,
        /// The whole file.
        bytes: Arc<[u8]>,
    },
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::File(path.to_path_buf())
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// An opened source that can be read any number of times.
pub(super) struct Content {
    /// The file's name without its folder, for messages.
    pub(super) name: String,
    /// Length in bytes, at least 1.
    pub(super) len: u64,
    data: Data,
}

enum Data {
    File(File),
    Bytes(Arc<[u8]>),
    Blocks(Arc<dyn Blocks>),
}

/// A document whose parts somebody else hands out.
pub(super) trait Blocks: Send + Sync {
    /// Appends some bytes from `position` on, which is before the end.
    fn read_from(&self, position: u64, block: &mut Vec<u8>) -> io::Result<()>;
}

impl Content {
    /// Opens the source and checks that there is something to read.
    pub(super) fn open(source: Source) -> Result<Self, Error> {
        let (name, len, data) = match source {
            Source::Bytes { name, bytes } => (name, bytes.len() as u64, Data::Bytes(bytes)),
            Source::File(path) => {
                // Asked before opening: opening a named pipe would wait for a writer.
                let metadata = path.metadata().map_err(|error| file_error(&path, error))?;
                if metadata.is_dir() {
                    return Err(Error::IsFolder { path });
                }
                if !metadata.is_file() {
                    return Err(Error::NotAFile { path });
                }
                let file = File::open(&path).map_err(|error| file_error(&path, error))?;
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                (name, metadata.len(), Data::File(file))
            }
        };
        if len == 0 {
            return Err(Error::Empty { name });
        }
        Ok(Self { name, len, data })
    }

    /// A source of this length whose parts come from elsewhere.
    pub(super) fn in_blocks(name: String, len: u64, blocks: Arc<dyn Blocks>) -> Self {
        Self { name, len, data: Data::Blocks(blocks) }
    }

    /// A reader from the start. Readers of one file share its cursor: use one at a time.
    pub(super) fn reader(&self) -> io::Result<Reader> {
        let data = match &self.data {
            Data::File(file) => Data::File(file.try_clone()?),
            Data::Bytes(bytes) => Data::Bytes(Arc::clone(bytes)),
            Data::Blocks(blocks) => Data::Blocks(Arc::clone(blocks)),
        };
        Ok(Reader { data, len: self.len, position: 0, block: Vec::new(), block_start: 0 })
    }

    /// The first bytes, enough to see what the file is.
    pub(super) fn checked_head(&self) -> Result<Vec<u8>, Error> {
        let mut head = Vec::new();
        let read = self.reader().and_then(|reader| reader.take(HEAD_BYTES).read_to_end(&mut head));
        match read {
            Ok(_) => Ok(head),
            Err(source) => Err(Error::Read { path: PathBuf::from(&self.name), source }),
        }
    }
}

fn file_error(path: &Path, error: io::Error) -> Error {
    let path = path.to_path_buf();
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path },
        io::ErrorKind::PermissionDenied => Error::NoPermission { path },
        _ => Error::Read { path, source: error },
    }
}

/// Reads a source with random access. Unlike `BufReader` it keeps its block over seeks, because
/// PDFium and the TIFF decoder jump back and forth in small steps.
pub(super) struct Reader {
    data: Data,
    len: u64,
    position: u64,
    block: Vec<u8>,
    block_start: u64,
}

/// Large enough that a system call is rare, small enough to throw away after a jump.
const BLOCK_BYTES: usize = 1 << 16;

impl Reader {
    /// What is in the block at the present position.
    fn buffered(&self) -> &[u8] {
        self.position
            .checked_sub(self.block_start)
            .and_then(|offset| usize::try_from(offset).ok())
            .and_then(|offset| self.block.get(offset..))
            .unwrap_or_default()
    }

    fn fill_block(&mut self) -> io::Result<()> {
        self.block.clear();
        self.block_start = self.position;
        match &mut self.data {
            Data::Bytes(_) => {}
            Data::File(file) => {
                file.seek(SeekFrom::Start(self.position))?;
                file.take(BLOCK_BYTES as u64).read_to_end(&mut self.block)?;
            }
            Data::Blocks(blocks) => blocks.read_from(self.position, &mut self.block)?,
        }
        Ok(())
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let is_in_blocks = matches!(self.data, Data::File(_) | Data::Blocks(_));
        if is_in_blocks && self.position < self.len && self.buffered().is_empty() {
            self.fill_block()?;
        }
        Ok(match &self.data {
            Data::Bytes(bytes) => {
                usize::try_from(self.position).ok().and_then(|start| bytes.get(start..)).unwrap_or_default()
            }
            Data::File(_) | Data::Blocks(_) => self.buffered(),
        })
    }

    fn consume(&mut self, count: usize) {
        self.position = self.position.saturating_add(count as u64);
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        for (to, from) in out.iter_mut().zip(available) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the position lies before the start of the file")
        })?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> Vec<u8> {
        (0_u8..=250).cycle().take(BLOCK_BYTES * 2 + 100).collect()
    }

    /// A file and memory must read alike.
    fn check(read: impl Fn(&mut Reader) -> Vec<u8>, expected: &[u8]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes()).unwrap();
        let in_memory = Source::Bytes { name: "m".into(), bytes: bytes().into() };
        for source in [Source::from(file.path()), in_memory] {
            let content = Content::open(source).unwrap();
            assert!(read(&mut content.reader().unwrap()) == expected);
        }
    }

    #[test]
    fn a_whole_file_reads_back() {
        check(
            |reader| {
                let mut all = Vec::new();
                reader.read_to_end(&mut all).unwrap();
                all
            },
            &bytes(),
        );
    }

    #[test]
    fn jumps_land_where_they_should_across_blocks() {
        let start = BLOCK_BYTES - 10;
        check(
            |reader| {
                reader.seek(SeekFrom::End(-5)).unwrap();
                reader.read_exact(&mut [0; 5]).unwrap();
                reader.seek(SeekFrom::Start(start as u64)).unwrap();
                let mut out = vec![0; 40];
                reader.read_exact(&mut out).unwrap();
                out
            },
            &bytes()[start..start + 40],
        );
    }

    #[test]
    fn beyond_the_end_there_is_nothing() {
        check(
            |reader| {
                reader.seek(SeekFrom::Start(u64::MAX)).unwrap();
                let mut all = Vec::new();
                reader.read_to_end(&mut all).unwrap();
                assert!(reader.seek(SeekFrom::Current(i64::MIN)).is_ok());
                assert!(reader.seek(SeekFrom::Start(0)).is_ok());
                assert!(reader.seek(SeekFrom::Current(-1)).is_err());
                all
            },
            &[],
        );
    }
}
