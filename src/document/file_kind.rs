//! What a file is, by its first bytes. Names and extensions are not looked at.

/// How many bytes from the start are looked at. PDFium, like Acrobat, accepts a PDF header anywhere in
/// the first kilobyte.
pub(super) const HEAD_BYTES: u64 = 1_024;

/// What the content turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A PDF.
    Pdf,
    /// An image in a format that we read.
    Image(ImageKind),
    /// Something known that we do not read, with its article.
    Other(&'static str),
    /// Nothing that we know.
    Unknown,
}

/// The image formats that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageKind {
    /// PNG, also animated: its first picture.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, also animated: its first picture.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF and big TIFF, of any number of pages.
    Tiff,
}

impl ImageKind {
    /// The name that people know.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }
}

impl FileKind {
    /// Recognises a file by its first [`HEAD_BYTES`].
    pub(super) fn of(head: &[u8]) -> Self {
        let starts = |magic: &[u8]| head.starts_with(magic);
        let has_at =
            |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|tail| tail.starts_with(magic));
        if starts(b"\x89PNG\r\n\x1a\n") {
            Self::Image(ImageKind::Png)
        } else if starts(b"\xff\xd8\xff") {
            Self::Image(ImageKind::Jpeg)
        } else if starts(b"RIFF") && has_at(8, b"WEBP") {
            Self::Image(ImageKind::WebP)
        } else if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") {
            Self::Image(ImageKind::Tiff)
        } else if starts(b"BM") && has_at(6, &[0; 4]) {
            // Two letters are a weak sign; the reserved bytes after the size are zero in every writer.
            Self::Image(ImageKind::Bmp)
        } else if let Some(other) = known_but_not_read(head) {
            Self::Other(other)
        } else if head.windows(5).any(|window| window == b"%PDF-") {
            Self::Pdf
        } else {
            Self::Unknown
        }
    }
}

/// What people open by mistake, so that the message can say what it is.
fn known_but_not_read(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(usize, &[u8], &str); 17] = [
        (0, b"GIF8", "a GIF image"),
        (0, b"PK\x03\x04", "a ZIP archive (an Office or OpenDocument file, an EPUB, or plain ZIP)"),
        (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (0, b"%!PS", "a PostScript document"),
        (0, b"\xc5\xd0\xd3\xc6", "an EPS picture"),
        (0, b"AT&TFORM", "a DjVu document"),
        (0, b"{\\rtf", "an RTF document"),
        (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
        (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
        (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
        (0, b"\xff\x0a", "a JPEG XL image"),
        (4, b"ftypavif", "an AVIF image"),
        (4, b"ftyphei", "a HEIC image"),
        (4, b"ftypmif1", "a HEIC image"),
        (0, b"8BPS", "a Photoshop image"),
        (0, b"\x1f\x8b", "a gzip archive"),
        (0, b"\x97JB2\r\n\x1a\n", "a JBIG2 image"),
    ];
    let is_at = |(offset, magic, _): &(usize, &[u8], &str)| {
        head.get(*offset..).is_some_and(|tail| tail.starts_with(magic))
    };
    if let Some((_, _, what)) = SIGNATURES.iter().find(|signature| is_at(signature)) {
        return Some(what);
    }
    let text: Vec<u8> = head
        .iter()
        .copied()
        .skip_while(|byte| !byte.is_ascii_graphic())
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    if text.starts_with(b"<svg")
        || (text.starts_with(b"<?xml") && text.windows(4).any(|window| window == b"<svg"))
    {
        Some("an SVG picture")
    } else if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        Some("a web page")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expected: FileKind) {
        assert_eq!(FileKind::of(head), expected);
    }

    #[test]
    fn content_decides() {
        check(b"%PDF-1.7\n", FileKind::Pdf);
        check(b"\0\0junk before\n%PDF-1.4\n", FileKind::Pdf);
        check(b"\x89PNG\r\n\x1a\n....", FileKind::Image(ImageKind::Png));
        check(b"\xff\xd8\xff\xe0", FileKind::Image(ImageKind::Jpeg));
        check(b"RIFF....WEBPVP8 ", FileKind::Image(ImageKind::WebP));
        check(b"BM....\0\0\0\0", FileKind::Image(ImageKind::Bmp));
        check(b"BM is how this letter begins", FileKind::Unknown);
        check(b"II*\0", FileKind::Image(ImageKind::Tiff));
        check(b"MM\0+", FileKind::Image(ImageKind::Tiff));
    }

    #[test]
    fn what_is_not_read_is_named() {
        check(b"GIF89a", FileKind::Other("a GIF image"));
        check(b"\xef\xbb\xbf<?xml version='1.0'?><svg", FileKind::Other("an SVG picture"));
        check(b"\n<!DOCTYPE html>", FileKind::Other("a web page"));
        check(b"\0\0\0\x18ftypheic", FileKind::Other("a HEIC image"));
        check(b"hello", FileKind::Unknown);
        check(b"", FileKind::Unknown);
    }
}
