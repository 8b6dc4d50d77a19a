//! TIFF files: every directory a page, and the colour layouts that scanners and archives write.
//!
//! Not here, because the decoder has them not: palette colours, CCITT group 3, old-style JPEG and CIE
//! L\*a\*b\*. Such files open, and their pages say what is missing.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use crate::document::error::Error;
use crate::document::file_kind::ImageKind;
use crate::document::image_file::{ImagePage, MAX_DECODE_BYTES, Pixels};
use crate::document::source::{Content, Reader};

/// Directories followed. Fax archives and book scans stay below two thousand.
const MAX_DIRECTORIES: usize = 10_000;
/// Resolutions outside are left-overs of software, not of scanners.
const PLAUSIBLE_DPI: std::ops::RangeInclusive<f64> = 50.0..=4_800.0;
/// Bit 0 of `NewSubfileType`: a smaller copy of another picture.
const REDUCED_RESOLUTION: u32 = 1;

/// The pages, by their directories. A directory that cannot be read ends the list: what came before it
/// can still be seen.
pub(super) fn read_pages(content: &Content) -> Result<Vec<ImagePage>, Error> {
    let mut decoder = open(content)?;
    let mut pages = Vec::new();
    for directory in 0..MAX_DIRECTORIES {
        let page = read_directory(&mut decoder, directory).map_err(|error| tiff_error(content, error))?;
        let is_thumbnail = matches!(
            decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType),
            Ok(Some(bits)) if bits & REDUCED_RESOLUTION != 0
        );
        if !is_thumbnail {
            let bytes = decoder
                .colortype()
                .map_or(4, |color| u64::from(color.bit_depth()).div_ceil(8) * channels(color));
            page.check(&content.name, bytes)?;
            pages.push(page);
        }
        if !decoder.more_images() {
            break;
        }
        if let Err(error) = decoder.next_image() {
            tracing::warn!("{}: pages after {} cannot be read: {error}", content.name, pages.len());
            break;
        }
    }
    Ok(pages)
}

/// Decodes one page.
pub(super) fn decode(content: &Content, page: &ImagePage) -> Result<Pixels, Error> {
    let mut decoder = open(content)?;
    let image = decoder
        .seek_to_image(page.directory)
        .and_then(|()| read_image(&mut decoder))
        .map_err(|error| tiff_error(content, error))?;
    Ok(Pixels::new(image, page.orientation))
}

fn open(content: &Content) -> Result<Decoder<Reader>, Error> {
    let reader =
        content.reader().map_err(|source| Error::Read { path: content.name.clone().into(), source })?;
    let decoder = Decoder::new(reader).map_err(|error| tiff_error(content, error))?;
    let mut limits = Limits::default();
    let max_bytes = usize::try_from(MAX_DECODE_BYTES).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = max_bytes;
    limits.intermediate_buffer_size = max_bytes;
    Ok(decoder.with_limits(limits))
}

fn read_directory(decoder: &mut Decoder<Reader>, directory: usize) -> Result<ImagePage, TiffError> {
    let orientation = decoder
        .find_tag_unsigned::<u8>(Tag::Orientation)
        .ok()
        .flatten()
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms);
    // 2 is inches, also when it is not stated; 3 is centimetres; 1 is no unit at all.
    let per_inch = match decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok().flatten() {
        Some(1) => None,
        Some(3) => Some(2.54),
        _ => Some(1.0),
    };
    let resolution = |tag, decoder: &mut Decoder<Reader>| {
        let value = match decoder.find_tag(tag).ok()?? {
            Value::Rational(numerator, denominator) => f64::from(numerator) / f64::from(denominator),
            other => other.into_f64().ok()?,
        } * per_inch?;
        PLAUSIBLE_DPI.contains(&value).then_some(value)
    };
    let x_dpi = resolution(Tag::XResolution, decoder);
    let y_dpi = resolution(Tag::YResolution, decoder);
    Ok(ImagePage { directory, stored_px: decoder.dimensions()?, orientation, dpi: x_dpi.zip(y_dpi) })
}

/// How many samples a pixel has.
fn channels(color: ColorType) -> u64 {
    match color {
        ColorType::Gray(_) => 1,
        ColorType::GrayA(_) => 2,
        ColorType::RGB(_) | ColorType::YCbCr(_) | ColorType::Lab(_) => 3,
        ColorType::CMYKA(_) => 5,
        ColorType::Multiband { num_samples, .. } => u64::from(num_samples),
        // RGBA and CMYK; kinds that are still to come are refused before this matters.
        _ => 4,
    }
}

/// Reads the present directory's picture and brings it to grey, RGB or RGBA of 8 bits.
fn read_image(decoder: &mut Decoder<Reader>) -> Result<DynamicImage, TiffError> {
    let (width, height) = decoder.dimensions()?;
    let color = decoder.colortype()?;
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut samples)?;
    if samples.as_buffer(0).as_bytes().len() < layout.complete_len {
        return Err(TiffError::LimitsExceeded);
    }
    let channels = usize::try_from(channels(color)).unwrap_or(usize::MAX);
    let pixels = width as usize * height as usize;
    let mut bytes = if color.bit_depth() < 8 {
        unpacked(&samples, width as usize * channels, color.bit_depth())
    } else {
        to_8_bits(samples).ok_or_else(|| unsupported(color))?
    };
    if layout.planes > 1 {
        bytes = interleaved(&bytes, layout.planes, pixels);
    }
    let image = match color {
        ColorType::Gray(_) => gray(width, height, bytes),
        // A second sample without a stated meaning, after the grey one.
        ColorType::Multiband { num_samples, .. } if num_samples <= 2 => {
            gray(width, height, bytes.iter().copied().step_by(channels).collect())
        }
        ColorType::GrayA(_) => rgba(width, height, by_pixel(&bytes, |[g, a]: &[u8; 2]| [*g, *g, *g, *a])),
        ColorType::RGB(_) => rgb(width, height, bytes),
        ColorType::RGBA(_) => rgba(width, height, bytes),
        ColorType::CMYK(_) => rgb(
            width,
            height,
            by_pixel(&bytes, |[c, m, y, k]: &[u8; 4]| [*c, *m, *y].map(|ink| without_ink(ink, *k))),
        ),
        ColorType::CMYKA(_) => rgba(
            width,
            height,
            by_pixel(&bytes, |[c, m, y, k, a]: &[u8; 5]| {
                let [r, g, b] = [*c, *m, *y].map(|ink| without_ink(ink, *k));
                [r, g, b, *a]
            }),
        ),
        ColorType::YCbCr(_) => rgb(width, height, by_pixel(&bytes, |ycbcr| rgb_from_ycbcr(*ycbcr))),
        _ => return Err(unsupported(color)),
    };
    image.ok_or(TiffError::LimitsExceeded)
}

fn gray(width: u32, height: u32, bytes: Vec<u8>) -> Option<DynamicImage> {
    GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8)
}

fn rgb(width: u32, height: u32, bytes: Vec<u8>) -> Option<DynamicImage> {
    RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8)
}

fn rgba(width: u32, height: u32, bytes: Vec<u8>) -> Option<DynamicImage> {
    RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8)
}

fn unsupported(color: ColorType) -> TiffError {
    TiffError::UnsupportedError(tiff::TiffUnsupportedError::UnsupportedColorType(color))
}

/// Rows of 1-, 2- or 4-bit samples, each row padded to a byte, spread to `0..=255`.
fn unpacked(samples: &DecodingResult, row_samples: usize, depth: u8) -> Vec<u8> {
    let DecodingResult::U8(packed) = samples else { return Vec::new() };
    let depth = depth.max(1);
    let max = (1_u16 << depth) - 1;
    let row_bytes = (row_samples * usize::from(depth)).div_ceil(8);
    packed
        .chunks_exact(row_bytes.max(1))
        .flat_map(|row| {
            let of_byte = move |byte: &u8| {
                let byte = *byte;
                (0..8 / depth).map(move |place| (u16::from(byte) >> (8 - depth * (place + 1))) & max)
            };
            row.iter().flat_map(of_byte).take(row_samples)
        })
        .map(|value| u8::try_from(value * 255 / max).unwrap_or(u8::MAX))
        .collect()
}

/// Unsigned integers by their upper bits, floats from `0.0..=1.0`. Signed samples have no black and
/// white of their own: `None`.
fn to_8_bits(samples: DecodingResult) -> Option<Vec<u8>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
    fn from_unit(value: f64) -> u8 {
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    }
    Some(match samples {
        DecodingResult::U8(values) => values,
        DecodingResult::U16(values) => values
            .iter()
            .map(|value| u8::try_from((u32::from(*value) + 128) / 257).unwrap_or(u8::MAX))
            .collect(),
        DecodingResult::U32(values) => values.iter().map(|value| value.to_be_bytes()[0]).collect(),
        DecodingResult::U64(values) => values.iter().map(|value| value.to_be_bytes()[0]).collect(),
        DecodingResult::F16(values) => values.iter().map(|value| from_unit(value.to_f64())).collect(),
        DecodingResult::F32(values) => values.iter().map(|value| from_unit(f64::from(*value))).collect(),
        DecodingResult::F64(values) => values.iter().map(|value| from_unit(*value)).collect(),
        DecodingResult::I8(_) | DecodingResult::I16(_) | DecodingResult::I32(_) | DecodingResult::I64(_) => {
            return None;
        }
    })
}

/// From one plane a channel to pixels.
fn interleaved(planes: &[u8], num_planes: usize, pixels: usize) -> Vec<u8> {
    (0..pixels)
        .flat_map(|pixel| (0..num_planes).map(move |plane| plane * pixels + pixel))
        .map(|index| planes.get(index).copied().unwrap_or_default())
        .collect()
}

fn by_pixel<const FROM: usize, const TO: usize>(
    bytes: &[u8],
    convert: impl Fn(&[u8; FROM]) -> [u8; TO],
) -> Vec<u8> {
    bytes.as_chunks::<FROM>().0.iter().flat_map(convert).collect()
}

/// What one ink and black leave of white.
fn without_ink(ink: u8, black: u8) -> u8 {
    u8::try_from((u16::from(255 - ink) * u16::from(255 - black) + 127) / 255).unwrap_or(u8::MAX)
}

/// ITU-R BT.601 in full range, as JPEG and TIFF's default coefficients have it.
fn rgb_from_ycbcr([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
    let byte = |value: f32| value.round().clamp(0.0, 255.0) as u8;
    [byte(y + 1.402 * cr), byte(y - 0.344_136 * cb - 0.714_136 * cr), byte(y + 1.772 * cb)]
}

/// The decoder's complaint in our words.
fn tiff_error(content: &Content, error: TiffError) -> Error {
    let (name, format) = (content.name.clone(), ImageKind::Tiff.name());
    match error {
        TiffError::LimitsExceeded => {
            Error::ImageNeedsTooMuchMemory { name, max_mebibytes: MAX_DECODE_BYTES >> 20 }
        }
        TiffError::UnsupportedError(_) => Error::UnsupportedImage { name, format, source: Box::new(error) },
        _ => Error::DamagedImage { name, format, source: Box::new(error) },
    }
}
