//! How a WebP file says that it is to be turned.
//!
//! Its decoder can tell too, but takes as much memory for that as the file claims to have of it, which may be 4 GB.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use image::metadata::Orientation;

use crate::document::source::Content;

/// JPEG files, from which such notes come, have room for 64 KiB.
const MAX_EXIF_BYTES: u64 = 1 << 20;
/// Chunks looked at: an animation has one a picture, and the notes come last.
const MAX_CHUNKS: usize = 1 << 16;

/// The orientation that is stated. Notes that cannot be read must not keep the picture from being seen.
pub(super) fn orientation(content: &Content) -> Orientation {
    let exif = exif(content).ok().flatten();
    exif.and_then(|exif| Orientation::from_exif_chunk(&exif)).unwrap_or(Orientation::NoTransforms)
}

fn exif(content: &Content) -> io::Result<Option<Vec<u8>>> {
    let mut reader = content.reader()?;
    // After `RIFF`, the length of all, and `WEBP`.
    reader.seek(SeekFrom::Start(12))?;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        reader.read_exact(&mut head)?;
        let [name @ .., a, b, c, d] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        if name == *b"EXIF" {
            let mut exif = Vec::new();
            reader.take(MAX_EXIF_BYTES.min(length.into())).read_to_end(&mut exif)?;
            return Ok(Some(exif));
        }
        // Each begins at an even place.
        reader.seek(SeekFrom::Current(i64::from(length) + i64::from(length % 2)))?;
    }
    Ok(None)
}
