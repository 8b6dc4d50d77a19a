//! What the two processes say to each other, and how a message is framed.
//!
//! A frame is its length in four bytes and as many bytes. The window's side asks one thing at a time
//! ([`Request`]); until the answer comes, the worker may ask for parts of the file, which are sent as
//! [`Request::Bytes`]. Pixels are not in a message: they lie in the shared file.

use std::io::{self, Read, Write};

use crate::document::page::{PageIndex, PageSize, PixelRect, Rotation};
use crate::document::pdf_worker::codec::{Bytes, Input, Malformed, Wire, wire_enum, wire_struct};
use crate::document::text_layer::{Fill, Font, Link, Rule, TextChar, TextLayer, TextQuality};
use crate::geometry::BBox;

/// Raised with every change of a message: a worker of another build is refused by its greeting.
pub(super) const PROTOCOL_VERSION: u32 = 1;
/// The longest message. 100 000 characters with everything about them take 11 MB, 200 000 rules 7 MB;
/// what is longer is not a page but an attempt on our memory.
pub(super) const MAX_FRAME_BYTES: usize = 64 << 20;
/// Part of a file that is sent at once. Larger than the 64 KiB of a pipe gains little; smaller ones
/// cost a round trip each.
pub(super) const BLOCK_BYTES: u64 = 256 << 10;

/// From the window's side to the worker.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// Opens the document; once, before anything else.
    Open {
        /// The file's name without its folder, for messages.
        name: String,
        len: u64,
        password: Option<String>,
    },
    /// The part of the file that was asked for; `None` when it cannot be read.
    Bytes(Option<Bytes>),
    Render(RenderRequest),
    TextLayer(PageIndex),
}

/// What to draw into the shared file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RenderRequest {
    pub(super) page: PageIndex,
    /// Width and height of the whole page's image.
    pub(super) full_px: Pixels,
    pub(super) rotation: Rotation,
    pub(super) region: PixelRect,
}

/// A size in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// From the worker to the window's side.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The greeting, before any request.
    Hello {
        version: u32,
        /// What keeps the worker in, for the log.
        confinement: String,
    },
    /// Asks for the part of the file that begins here: `BLOCK_BYTES`, or less at its end.
    Read {
        offset: u64,
    },
    Opened {
        title: Option<String>,
        page_sizes: Vec<PageSize>,
    },
    /// The pixels lie in the shared file.
    Drawn,
    TextLayer(Box<TextLayer>),
    Failed(Failure),
}

/// Why a request could not be met. The window's side knows the names and pages to go with it.
#[derive(Debug, PartialEq)]
pub(super) enum Failure {
    NoLibrary { attempts: Vec<String> },
    DamagedPdf,
    PasswordRequired,
    WrongPassword,
    UnknownEncryption,
    NoPages,
    DamagedPage,
}

/// Writes a message and its length.
pub(super) fn send(message: &impl Wire, to: &mut impl Write) -> io::Result<()> {
    // The length goes in front of the message in one write: one wake-up of the other side.
    let mut frame = vec![0; 4];
    message.write(&mut frame);
    let len = frame.len() - 4;
    if len > MAX_FRAME_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
    }
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    for (to, from) in frame.iter_mut().zip(len.to_le_bytes()) {
        *to = from;
    }
    to.write_all(&frame)?;
    to.flush()
}

/// Reads the bytes of a message.
///
/// # Errors
/// When the other side is gone, or claims a message longer than `MAX_FRAME_BYTES`.
fn receive(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 4];
    from.read_exact(&mut len)?;
    let len = u64::from(u32::from_le_bytes(len));
    if len > MAX_FRAME_BYTES as u64 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too long"));
    }
    // Memory follows what really comes.
    let mut frame = Vec::new();
    if from.take(len).read_to_end(&mut frame)? as u64 == len {
        Ok(frame)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Reads a message.
///
/// # Errors
/// Those of [`receive`], and `InvalidData` for what is no such message.
pub(super) fn next<T: Wire>(from: &mut impl Read) -> io::Result<T> {
    let frame = receive(from)?;
    parse(&frame).map_err(|malformed| io::Error::new(io::ErrorKind::InvalidData, malformed))
}

/// The whole of a message, and nothing behind it.
fn parse<T: Wire>(frame: &[u8]) -> Result<T, Malformed> {
    let mut input = Input::new(frame);
    let message = T::read(&mut input)?;
    if input.is_at_end() { Ok(message) } else { Err(Malformed) }
}

impl Wire for Request {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Open { name, len, password } => {
                out.push(0);
                name.write(out);
                len.write(out);
                password.write(out);
            }
            Self::Bytes(bytes) => {
                out.push(1);
                bytes.write(out);
            }
            Self::Render(request) => {
                out.push(2);
                request.write(out);
            }
            Self::TextLayer(page) => {
                out.push(3);
                page.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(input)? {
            0 => {
                Self::Open { name: Wire::read(input)?, len: Wire::read(input)?, password: Wire::read(input)? }
            }
            1 => Self::Bytes(Wire::read(input)?),
            2 => Self::Render(Wire::read(input)?),
            3 => Self::TextLayer(Wire::read(input)?),
            _ => return Err(Malformed),
        })
    }
}

impl Wire for Answer {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello { version, confinement } => {
                out.push(0);
                version.write(out);
                confinement.write(out);
            }
            Self::Read { offset } => {
                out.push(1);
                offset.write(out);
            }
            Self::Opened { title, page_sizes } => {
                out.push(2);
                title.write(out);
                page_sizes.write(out);
            }
            Self::Drawn => out.push(3),
            Self::TextLayer(layer) => {
                out.push(4);
                layer.write(out);
            }
            Self::Failed(failure) => {
                out.push(5);
                failure.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(input)? {
            0 => Self::Hello { version: Wire::read(input)?, confinement: Wire::read(input)? },
            1 => Self::Read { offset: Wire::read(input)? },
            2 => Self::Opened { title: Wire::read(input)?, page_sizes: Wire::read(input)? },
            3 => Self::Drawn,
            4 => Self::TextLayer(Box::new(Wire::read(input)?)),
            5 => Self::Failed(Wire::read(input)?),
            _ => return Err(Malformed),
        })
    }
}

impl Wire for Failure {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::NoLibrary { attempts } => {
                out.push(0);
                attempts.write(out);
            }
            Self::DamagedPdf => out.push(1),
            Self::PasswordRequired => out.push(2),
            Self::WrongPassword => out.push(3),
            Self::UnknownEncryption => out.push(4),
            Self::NoPages => out.push(5),
            Self::DamagedPage => out.push(6),
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(input)? {
            0 => Self::NoLibrary { attempts: Wire::read(input)? },
            1 => Self::DamagedPdf,
            2 => Self::PasswordRequired,
            3 => Self::WrongPassword,
            4 => Self::UnknownEncryption,
            5 => Self::NoPages,
            6 => Self::DamagedPage,
            _ => return Err(Malformed),
        })
    }
}

impl Wire for PageIndex {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Self(Wire::read(input)?))
    }
}

/// Sizes are divided by, so a worker may only name usable ones.
impl Wire for PageSize {
    fn write(&self, out: &mut Vec<u8>) {
        self.width_pt.write(out);
        self.height_pt.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let size = Self { width_pt: Wire::read(input)?, height_pt: Wire::read(input)? };
        let is_usable = |side: f64| side.is_finite() && side > 0.0;
        if is_usable(size.width_pt) && is_usable(size.height_pt) { Ok(size) } else { Err(Malformed) }
    }
}

/// Characters index fonts, so every font that is named must be there.
impl Wire for TextLayer {
    fn write(&self, out: &mut Vec<u8>) {
        self.page_size.write(out);
        self.chars.write(out);
        self.fonts.write(out);
        self.rules.write(out);
        self.fills.write(out);
        self.images.write(out);
        self.drawings.write(out);
        self.links.write(out);
        self.quality.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let layer = Self {
            page_size: Wire::read(input)?,
            chars: Wire::read(input)?,
            fonts: Wire::read(input)?,
            rules: Wire::read(input)?,
            fills: Wire::read(input)?,
            images: Wire::read(input)?,
            drawings: Wire::read(input)?,
            links: Wire::read(input)?,
            quality: Wire::read(input)?,
        };
        let has_font = |c: &TextChar| usize::from(c.font_idx) < layer.fonts.len();
        if layer.chars.iter().all(has_font) { Ok(layer) } else { Err(Malformed) }
    }
}

wire_struct!(Pixels { width, height });
wire_struct!(RenderRequest { page, full_px, rotation, region });
wire_struct!(PixelRect { x_px, y_px, width_px, height_px });
wire_struct!(BBox { left, top, right, bottom });
wire_struct!(Font { name, is_bold, is_italic, is_monospace });
wire_struct!(Rule { bbox, is_horizontal });
wire_struct!(Fill { bbox, color });
wire_struct!(Link { bbox, uri });
wire_struct!(TextChar {
    unicode,
    loose,
    tight,
    baseline,
    font_size_pt,
    font_idx,
    angle_deg,
    color,
    is_blank,
    is_unmapped,
    is_invisible,
});
wire_enum!(Rotation { 0 => None, 1 => Quarter, 2 => Half, 3 => ThreeQuarters });
wire_enum!(TextQuality { 0 => Absent, 1 => Garbled, 2 => OcrLayer, 3 => Good });

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> TextLayer {
        let bbox = BBox::from_corners(0.125, 0.25, 0.5, 0.75);
        TextLayer {
            page_size: PageSize { width_pt: 612.0, height_pt: 792.0 },
            chars: vec![TextChar {
                unicode: 'ſ',
                loose: bbox,
                tight: bbox,
                baseline: 0.5,
                font_size_pt: 11.0,
                font_idx: 0,
                angle_deg: 90.0,
                color: Some([1, 2, 3]),
                is_blank: false,
                is_unmapped: true,
                is_invisible: false,
            }],
            fonts: vec![Font { name: "F".into(), is_bold: true, is_italic: false, is_monospace: true }],
            rules: vec![Rule { bbox, is_horizontal: true }],
            fills: vec![Fill { bbox, color: [9, 8, 7] }],
            images: vec![bbox],
            drawings: vec![bbox, bbox],
            links: vec![Link { bbox, uri: Some("https://example.org".into()) }, Link { bbox, uri: None }],
            quality: TextQuality::OcrLayer,
        }
    }

    fn check<T: Wire + PartialEq + std::fmt::Debug>(message: &T) {
        let mut pipe = Vec::new();
        send(message, &mut pipe).unwrap();
        let frame = receive(&mut pipe.as_slice()).unwrap();
        assert_eq!(parse::<T>(&frame).as_ref(), Ok(message));
        for len in 0..frame.len() {
            assert!(parse::<T>(&frame[..len]).is_err(), "{message:?} cut to {len}");
        }
        let longer = [frame.as_slice(), &[0]].concat();
        assert!(parse::<T>(&longer).is_err(), "{message:?} and a byte more");
    }

    #[test]
    fn every_message_comes_back_and_no_other_length_is_taken() {
        let region = PixelRect { x_px: 1, y_px: 2, width_px: 3, height_px: 4 };
        let full_px = Pixels { width: 5, height: 6 };
        let page = PageIndex(7);
        for rotation in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            check(&Request::Render(RenderRequest { page, full_px, rotation, region }));
        }
        check(&Request::Open { name: "n".into(), len: 8, password: Some("p".into()) });
        check(&Request::Bytes(Some(Bytes(vec![1, 2]))));
        check(&Request::Bytes(None));
        check(&Request::TextLayer(page));
        check(&Answer::Hello { version: PROTOCOL_VERSION, confinement: "c".into() });
        check(&Answer::Read { offset: u64::MAX });
        check(&Answer::Opened { title: Some("t".into()), page_sizes: vec![layer().page_size] });
        check(&Answer::Drawn);
        check(&Answer::TextLayer(Box::new(layer())));
        check(&Answer::Failed(Failure::NoLibrary { attempts: vec!["a".into()] }));
        let plain = [
            Failure::DamagedPdf,
            Failure::PasswordRequired,
            Failure::WrongPassword,
            Failure::UnknownEncryption,
            Failure::NoPages,
            Failure::DamagedPage,
        ];
        for failure in plain {
            check(&Answer::Failed(failure));
        }
    }

    #[test]
    fn what_would_hurt_its_reader_is_malformed() {
        let refused = |layer: TextLayer| {
            let mut bytes = Vec::new();
            layer.write(&mut bytes);
            assert_eq!(parse::<TextLayer>(&bytes), Err(Malformed));
        };
        refused(TextLayer { fonts: Vec::new(), ..layer() });
        for side in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            refused(TextLayer { page_size: PageSize { width_pt: 1.0, height_pt: side }, ..layer() });
        }
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_memory_is_taken() {
        let claim = u32::MAX.to_le_bytes();
        assert_eq!(receive(&mut claim.as_slice()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let short = [100_u32.to_le_bytes().as_slice(), &[1, 2, 3]].concat();
        assert_eq!(receive(&mut short.as_slice()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_message_or_malformed(bytes in proptest::collection::vec(0_u8.., 0..400)) {
            for number in 0..8 {
                let frame = [&[number], bytes.as_slice()].concat();
                let _request = parse::<Request>(&frame);
                let _answer = parse::<Answer>(&frame);
            }
        }
    }
}
