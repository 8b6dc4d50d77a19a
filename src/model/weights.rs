//! Maps weight files (single or sharded safetensors) and hands out their tensors.
//!
//! Nothing is allocated on the word of a header: its length is held against the file's, every range
//! against the rest of the file, and every shape against its range, before a tensor is touched.
//!
//! Format: a little-endian `u64` with the header's length, that many bytes of JSON, then the data;
//! offsets count from the data's start.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use half::{bf16, f16};
use memmap2::{Mmap, MmapOptions};
use rayon::prelude::*;
use serde::Deserialize;

use super::error::Error;
use super::files::read_json_if_present;
use super::native::linear::Numbers;

/// 471 tensors of the 256M models take 60 kB of header.
const MAX_HEADER_BYTES: u64 = 32 << 20;
/// Dimensions of any tensor here; the patch embedding has four.
const MAX_RANK: usize = 8;

/// All tensors of a checkpoint, found but not read.
#[derive(Debug)]
pub(crate) struct Weights {
    files: Vec<WeightFile>,
    entries: HashMap<String, Entry>,
    /// What error messages about missing tensors name.
    listing: PathBuf,
}

#[derive(Debug)]
struct WeightFile {
    path: PathBuf,
    file: File,
}

#[derive(Debug)]
struct Entry {
    file_idx: usize,
    format: Format,
    shape: Vec<usize>,
    /// In the file.
    range: Range<usize>,
}

/// A tensor's place in the bytes of its file.
#[derive(Debug)]
struct Place {
    format: Format,
    shape: Vec<usize>,
    range: Range<usize>,
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    F32,
    F16,
    Bf16,
}

impl Format {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "F32" => Some(Self::F32),
            "F16" => Some(Self::F16),
            "BF16" => Some(Self::Bf16),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    fn size_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
            Self::Bf16 => DType::BF16,
        }
    }
}

#[derive(Deserialize)]
struct RawEntry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// `model.safetensors.index.json`: the file of each tensor. Sorted, so that shards are mapped in a
/// fixed order.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// When a file is missing, cut short, or its header is not right.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let single = folder.join("model.safetensors");
        let index = folder.join("model.safetensors.index.json");
        if single.exists() {
            return Self::of_files(vec![single.clone()], single);
        }
        let Some(Index { weight_map }) = read_json_if_present(&index)? else {
            return Err(Error::MissingFile { what: "the weight file", file: single });
        };
        let mut names: Vec<&String> = weight_map.values().collect();
        names.sort_unstable();
        names.dedup();
        let shards = names
            .into_iter()
            .map(|name| {
                // A shard lies beside its index; a path to elsewhere would read foreign files.
                let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
                is_plain.then(|| folder.join(name)).ok_or_else(|| Error::InvalidSetting {
                    file: index.clone(),
                    key: "weight_map".to_owned(),
                    value: name.clone(),
                    expected: "it has to be the name of a file in the same folder".to_owned(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::of_files(shards, index)
    }

    fn of_files(paths: Vec<PathBuf>, listing: PathBuf) -> Result<Self, Error> {
        let mut files = Vec::with_capacity(paths.len());
        let mut entries = HashMap::new();
        for (file_idx, path) in paths.into_iter().enumerate() {
            let file = open_file(&path)?;
            let whole = map(&path, &file, 0, None)?;
            for (name, place) in read_header(&path, &whole)? {
                let Place { format, shape, range } = place;
                entries.insert(name, Entry { file_idx, format, shape, range });
            }
            files.push(WeightFile { path, file });
        }
        Ok(Self { files, entries, listing })
    }

    /// The checkpoint has a tensor of this name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Holds every tensor that will be asked for against its shape, before any is read.
    ///
    /// # Errors
    /// For the first that is missing or has another shape.
    pub(crate) fn check(&self, expected: &[(String, Vec<usize>)]) -> Result<(), Error> {
        for (name, shape) in expected {
            let entry = self.entries.get(name).ok_or_else(|| Error::MissingTensor {
                tensor: name.clone(),
                expected: shape.clone(),
                file: self.listing.clone(),
            })?;
            if entry.shape != *shape {
                return Err(Error::TensorShape {
                    tensor: name.clone(),
                    expected: shape.clone(),
                    actual: entry.shape.clone(),
                    file: self.file_of(entry),
                });
            }
        }
        Ok(())
    }

    /// Size of a tensor in its file; 0 when there is none.
    pub(crate) fn stored_bytes(&self, name: &str) -> u64 {
        self.entries.get(name).map_or(0, |entry| entry.range.len() as u64)
    }

    /// The format that most tensors are stored in: "f32", "f16", "bf16".
    pub(crate) fn stored_dtype(&self) -> &'static str {
        let count = |format: Format| self.entries.values().filter(|entry| entry.format == format).count();
        [Format::F32, Format::F16, Format::Bf16]
            .into_iter()
            .max_by_key(|format| count(*format))
            .map_or("f32", Format::name)
    }

    /// Reads one tensor, converted to `dtype` (`None`: as it is stored) on `device`.
    ///
    /// # Errors
    /// When there is no such tensor, or no memory for it.
    pub(crate) fn load(&self, name: &str, dtype: Option<DType>, device: &Device) -> Result<Tensor, Error> {
        let (entry, bytes) = self.stored(name)?;
        let shape = entry.shape.as_slice();
        if device.is_cpu() && dtype == Some(DType::F32) {
            // Straight from the mapped file: no copy in the stored format in between.
            return Ok(Tensor::from_vec(to_f32(&bytes, entry.format)?, shape, device)?);
        }
        let stored = entry.format.dtype();
        let tensor = Tensor::from_raw_buffer(&bytes, stored, shape, device)?;
        Ok(tensor.to_dtype(dtype.unwrap_or(stored))?)
    }

    /// Reads one tensor's numbers, row-major: bf16 as they are stored, all else widened to f32.
    ///
    /// # Errors
    /// When there is no such tensor, or no memory for it.
    pub(crate) fn numbers(&self, name: &str) -> Result<Numbers, Error> {
        let (entry, bytes) = self.stored(name)?;
        if entry.format != Format::Bf16 {
            return to_f32(&bytes, entry.format).map(Numbers::F32);
        }
        let mut numbers: Vec<bf16> = Vec::new();
        numbers
            .try_reserve_exact(bytes.len() / 2)
            .map_err(|_full| Error::OutOfMemory { needed_bytes: bytes.len() as u64 })?;
        numbers.extend(bytes.as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes)));
        Ok(Numbers::Bf16(numbers))
    }

    /// A tensor's entry and its bytes in its file, which are mapped for as long as they are looked at: pages of a
    /// mapped file count as this program's memory, and would be held beside what is made of them.
    fn stored(&self, name: &str) -> Result<(&Entry, Mmap), Error> {
        let missing = || Error::MissingTensor {
            tensor: name.to_owned(),
            expected: Vec::new(),
            file: self.listing.clone(),
        };
        let entry = self.entries.get(name).ok_or_else(missing)?;
        let WeightFile { path, file } = self.files.get(entry.file_idx).ok_or_else(missing)?;
        let bytes = map(path, file, entry.range.start as u64, Some(entry.range.len()))?;
        Ok((entry, bytes))
    }

    fn file_of(&self, entry: &Entry) -> PathBuf {
        self.files.get(entry.file_idx).map_or_else(|| self.listing.clone(), |file| file.path.clone())
    }
}

fn open_file(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Error::MissingFile { what: "a weight file", file: path.to_owned() };
        }
        Error::Read { file: path.to_owned(), source }
    })
}

/// The bytes of a file from one on; without a length, all that follow.
#[expect(unsafe_code, reason = "mapping is the way to take in weights without holding them twice")]
fn map(path: &Path, file: &File, from: u64, length: Option<usize>) -> Result<Mmap, Error> {
    let mut part = MmapOptions::new();
    part.offset(from);
    if let Some(length) = length {
        part.len(length);
    }
    // SAFETY: the map is read only while loading, and only as bytes, for which every bit pattern is
    // valid. If another program shortens the file meanwhile, the system ends this one; no checked
    // read could prevent that and still share the file's memory.
    unsafe { part.map(file) }.map_err(|source| Error::Read { file: path.to_owned(), source })
}

/// Reads the header of one file and holds it against the file's length.
fn read_header(path: &Path, bytes: &[u8]) -> Result<Vec<(String, Place)>, Error> {
    let wrong = |problem: String| Error::WeightsHeader { file: path.to_owned(), problem };
    let actual_bytes = bytes.len() as u64;
    let (length, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| wrong(format!("the file has only {actual_bytes} bytes")))?;
    let header_bytes = u64::from_le_bytes(*length);
    if header_bytes > MAX_HEADER_BYTES {
        return Err(wrong(format!("it would be {header_bytes} bytes long")));
    }
    let truncated =
        |needed_bytes: u64| Error::WeightsTruncated { file: path.to_owned(), needed_bytes, actual_bytes };
    let header = usize::try_from(header_bytes)
        .ok()
        .and_then(|length| rest.get(..length))
        .ok_or_else(|| truncated(8 + header_bytes))?;
    let raw: HashMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|error| wrong(error.to_string()))?;
    let data_start = 8 + header.len();
    let mut places = Vec::with_capacity(raw.len());
    for (name, value) in raw.into_iter().filter(|(name, _)| name != "__metadata__") {
        let entry: RawEntry =
            serde_json::from_value(value).map_err(|error| wrong(format!("tensor `{name}`: {error}")))?;
        let format = Format::from_name(&entry.dtype).ok_or_else(|| Error::TensorDtype {
            tensor: name.clone(),
            dtype: entry.dtype.clone(),
            file: path.to_owned(),
        })?;
        let (start, end) = entry.data_offsets;
        let size = entry.shape.iter().try_fold(format.size_bytes(), |size, n| size.checked_mul(*n));
        let is_consistent =
            entry.shape.len() <= MAX_RANK && end.checked_sub(start).is_some_and(|len| size == Some(len));
        if !is_consistent {
            let shape = entry.shape;
            return Err(wrong(format!(
                "tensor `{name}`: bytes {start} to {end} do not hold shape {shape:?}"
            )));
        }
        let end = end.checked_add(data_start).ok_or_else(|| truncated(u64::MAX))?;
        if end > bytes.len() {
            return Err(truncated(end as u64));
        }
        places.push((name, Place { format, shape: entry.shape, range: start + data_start..end }));
    }
    Ok(places)
}

/// Numbers converted by one thread at a time.
const CHUNK: usize = 1 << 16;

/// Converts stored numbers to f32, in parallel.
fn to_f32(bytes: &[u8], format: Format) -> Result<Vec<f32>, Error> {
    let count = bytes.len() / format.size_bytes();
    let mut numbers: Vec<f32> = Vec::new();
    numbers
        .try_reserve_exact(count)
        .map_err(|_full| Error::OutOfMemory { needed_bytes: 4 * count as u64 })?;
    numbers.resize(count, 0.0);
    let chunks = numbers.par_chunks_mut(CHUNK).zip(bytes.par_chunks(CHUNK * format.size_bytes()));
    match format {
        Format::F32 => chunks.for_each(|(to, from)| convert(to, from, f32::from_le_bytes)),
        Format::F16 => chunks.for_each(|(to, from)| convert(to, from, |b| f16::from_le_bytes(b).to_f32())),
        Format::Bf16 => chunks.for_each(|(to, from)| convert(to, from, |b| bf16::from_le_bytes(b).to_f32())),
    }
    Ok(numbers)
}

fn convert<const N: usize>(to: &mut [f32], from: &[u8], number: impl Fn([u8; N]) -> f32) {
    for (to, from) in to.iter_mut().zip(from.as_chunks::<N>().0) {
        *to = number(*from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_header(bytes: &[u8], expected: &str) {
        let error = read_header(Path::new("w.safetensors"), bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    fn with_header(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    #[test]
    fn headers_are_not_believed() {
        check_header(&[1, 2], "w.safetensors has no valid safetensors header: the file has only 2 bytes");
        check_header(
            &[0xff; 64],
            "w.safetensors has no valid safetensors header: it would be 18446744073709551615 bytes long",
        );
        check_header(&[200, 0, 0, 0, 0, 0, 0, 0, 1], "w.safetensors is cut short: it has 9 bytes of 208");
        check_header(
            &with_header("{nonsense", 0),
            "w.safetensors has no valid safetensors header: key must be a string at line 1 column 2",
        );
        let huge = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]}}"#;
        check_header(
            &with_header(huge, 16),
            "w.safetensors has no valid safetensors header: tensor `a`: bytes 0 to 16 do not hold \
             shape [4294967296, 4294967296, 4]",
        );
        let late = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
        check_header(&with_header(late, 12), "w.safetensors is cut short: it has 75 bytes of 79");
        let odd = r#"{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]}}"#;
        check_header(
            &with_header(odd, 2),
            "tensor `a` is stored as I8; only F32, F16 and BF16 can be read, in w.safetensors",
        );
    }

    #[test]
    fn every_stored_format_becomes_f32() {
        let values = [1.0_f32, -2.5, 0.0];
        let f32_bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let f16_bytes: Vec<u8> = values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect();
        let bf16_bytes: Vec<u8> = values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect();
        assert_eq!(to_f32(&f32_bytes, Format::F32).unwrap(), values);
        assert_eq!(to_f32(&f16_bytes, Format::F16).unwrap(), values);
        assert_eq!(to_f32(&bf16_bytes, Format::Bf16).unwrap(), values);
    }
}
