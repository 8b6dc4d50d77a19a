//! What decoding a JPEG takes besides its pixels, which its decoder does not count.
//!
//! The decoder holds the whole file, and of a progressive picture all coefficients until the last scan. Comes in: an
//! opened file. Goes out: bytes a pixel, read from the markers before the picture.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use crate::document::error::Error;
use crate::document::image_file::MAX_DECODE_BYTES;
use crate::document::source::Content;

/// Segments looked at: a few for tables, and as many of 64 KiB as a colour profile and a preview fill.
const MAX_SEGMENTS: usize = 4_096;
/// A coefficient has 16 bits, and there are at most four for a pixel.
const COEFFICIENT_BYTES_PER_PIXEL: u64 = 8;

/// How many bytes a pixel are held besides the decoded ones.
///
/// # Errors
/// `ImageNeedsTooMuchMemory` when the file alone is too large.
pub(super) fn held_bytes_per_pixel(content: &Content) -> Result<u64, Error> {
    if content.len > MAX_DECODE_BYTES {
        return Err(Error::ImageNeedsTooMuchMemory {
            name: content.name.clone(),
            max_mebibytes: MAX_DECODE_BYTES >> 20,
        });
    }
    // Where the markers cannot be followed, the decoder may still find its way: the worst is taken.
    let is_baseline = is_baseline(content).unwrap_or(false);
    Ok(if is_baseline { 0 } else { COEFFICIENT_BYTES_PER_PIXEL })
}

/// Whether the frame that comes first is decoded in one scan, row by row.
fn is_baseline(content: &Content) -> io::Result<bool> {
    let mut reader = content.reader()?;
    reader.seek(SeekFrom::Start(2))?;
    for _ in 0..MAX_SEGMENTS {
        let mut segment = [0; 4];
        reader.read_exact(&mut segment)?;
        match segment {
            [0xff, 0xc0 | 0xc1, ..] => return Ok(true),
            // Tables, notes and what applications store: their length counts itself.
            [0xff, 0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xfe, high, low] => {
                let length = i64::from(u16::from_be_bytes([high, low]));
                reader.seek(SeekFrom::Current(length - 2))?;
            }
            _ => return Ok(false),
        }
    }
    Ok(false)
}
