//! Image files as documents: PNG, JPEG, WebP and BMP of one page, TIFF of many.
//!
//! Comes in: an opened file and its format. Goes out: pages as upright, opaque 8-bit pixels. Size and
//! memory are checked against the header before anything is decoded; pixels are decoded at the first
//! render of a page and kept for the next.

use fast_image_resize as fir;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use crate::document::error::Error;
use crate::document::file_kind::ImageKind;
use crate::document::jpeg_file;
use crate::document::page::{PageImage, PageIndex, PageSize, PixelRect, Rotation};
use crate::document::source::Content;
use crate::document::tiff_file;
use crate::document::webp_file;

/// More pixels are refused. Twice Pillow's warning line, where Pillow too speaks of a decompression bomb
/// and stops: A0 at 400 dpi still opens.
pub(super) const MAX_IMAGE_PIXELS: u64 = 178_956_970;
/// What one decoding may take, besides a copy in 8 bits: the pixels above in RGBA with 8 bits a channel.
pub(super) const MAX_DECODE_BYTES: u64 = 768 << 20;
/// Decoded pages are kept up to this sum, but always the last one: an A4 page of 300 dpi in colour
/// takes 26 MB.
const MAX_KEPT_BYTES: usize = 256 << 20;
/// What the resolution is taken for when the file does not state one.
const DEFAULT_DPI: f64 = 144.0;

/// An open image file.
pub(super) struct ImageFile {
    content: Content,
    kind: ImageKind,
    pages: Vec<ImagePage>,
    sizes: Vec<PageSize>,
    /// Decoded pages, the most recently used last.
    kept: Vec<(PageIndex, Pixels)>,
}

/// What a header says of one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ImagePage {
    /// Which picture of the file it is; TIFF files hold thumbnails that are no pages.
    pub(super) directory: usize,
    /// Width and height as stored.
    pub(super) stored_px: (u32, u32),
    /// How to turn what is stored.
    pub(super) orientation: Orientation,
    /// Resolution along the stored width and height, if stated.
    pub(super) dpi: Option<(f64, f64)>,
}

/// Upright, opaque pixels. Grey ones stay grey: scans are a third as large that way.
pub(super) enum Pixels {
    Gray(GrayImage),
    Rgb(RgbImage),
}

impl ImageFile {
    /// Reads the headers.
    ///
    /// # Errors
    /// `ImageTooLarge`, `ImageNeedsTooMuchMemory`, `DamagedImage`, `UnsupportedImage`, `NoPages`.
    pub(super) fn open(content: Content, kind: ImageKind) -> Result<Self, Error> {
        let pages = match kind {
            ImageKind::Tiff => tiff_file::read_pages(&content)?,
            _ => vec![read_header(&content, kind)?],
        };
        if pages.is_empty() {
            return Err(Error::NoPages { name: content.name });
        }
        let sizes = pages.iter().map(ImagePage::size).collect();
        Ok(Self { content, kind, pages, sizes, kept: Vec::new() })
    }

    pub(super) fn page_sizes(&self) -> &[PageSize] {
        &self.sizes
    }

    /// Pixels of the upright page.
    pub(super) fn pixels(&self, page: PageIndex) -> Option<(u32, u32)> {
        self.pages.get(page.0).map(ImagePage::upright_px)
    }

    /// Draws `region` of the turned page at the scale where it is `full_px` large in all.
    pub(super) fn render(
        &mut self,
        page: PageIndex,
        full_px: (u32, u32),
        rotation: Rotation,
        region: PixelRect,
    ) -> Result<PageImage, Error> {
        // Scaled upright, then turned: a turn of whole pixels loses nothing.
        let upright_full = if rotation.swaps_sides() { (full_px.1, full_px.0) } else { full_px };
        let upright_region = turned_region(region, full_px, rotation.inverse());
        let pixels = self.decoded(page)?;
        let failed = |_| Error::DamagedPage { page };
        let image = match pixels {
            Pixels::Gray(image) => DynamicImage::ImageLuma8(
                scaled(image, upright_full, upright_region, fir::PixelType::U8).map_err(failed)?,
            ),
            Pixels::Rgb(image) => DynamicImage::ImageRgb8(
                scaled(image, upright_full, upright_region, fir::PixelType::U8x3).map_err(failed)?,
            ),
        };
        let turned = match rotation {
            Rotation::None => image,
            Rotation::Quarter => image.rotate90(),
            Rotation::Half => image.rotate180(),
            Rotation::ThreeQuarters => image.rotate270(),
        };
        let rgba = turned.into_rgba8();
        Ok(PageImage { width_px: rgba.width(), height_px: rgba.height(), rgba: rgba.into_raw() })
    }

    /// The page's pixels, from the few that are kept.
    fn decoded(&mut self, page: PageIndex) -> Result<&Pixels, Error> {
        if let Some(position) = self.kept.iter().position(|(kept, _)| *kept == page) {
            let entry = self.kept.remove(position);
            self.kept.push(entry);
        } else {
            let page_count = self.pages.len();
            let header = self.pages.get(page.0).ok_or(Error::NoSuchPage { page, page_count })?;
            // Made room for before decoding, so that the peak is what is kept and one page.
            let coming = 3 * header.stored_px.0 as usize * header.stored_px.1 as usize;
            while !self.kept.is_empty() && self.kept_bytes().saturating_add(coming) > MAX_KEPT_BYTES {
                self.kept.remove(0);
            }
            let pixels = match self.kind {
                ImageKind::Tiff => tiff_file::decode(&self.content, header)?,
                _ => decode(&self.content, self.kind, header.orientation)?,
            };
            self.kept.push((page, pixels));
        }
        self.kept.last().map(|(_, pixels)| pixels).ok_or(Error::DamagedPage { page })
    }

    fn kept_bytes(&self) -> usize {
        self.kept.iter().map(|(_, pixels)| pixels.bytes()).sum()
    }
}

impl ImagePage {
    /// Refuses what would take too much, by the header alone.
    pub(super) fn check(&self, name: &str, bytes_per_pixel: u64) -> Result<(), Error> {
        let (width_px, height_px) = self.stored_px;
        let pixels = u64::from(width_px) * u64::from(height_px);
        if pixels > MAX_IMAGE_PIXELS {
            let max_megapixels = MAX_IMAGE_PIXELS / 1_000_000;
            return Err(Error::ImageTooLarge { name: name.to_owned(), width_px, height_px, max_megapixels });
        }
        if pixels.saturating_mul(bytes_per_pixel) > MAX_DECODE_BYTES {
            return Err(Error::ImageNeedsTooMuchMemory {
                name: name.to_owned(),
                max_mebibytes: MAX_DECODE_BYTES >> 20,
            });
        }
        Ok(())
    }

    fn swaps_sides(&self) -> bool {
        matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        )
    }

    fn upright_px(&self) -> (u32, u32) {
        let (width, height) = self.stored_px;
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }

    fn size(&self) -> PageSize {
        let (x_dpi, y_dpi) = self.dpi.unwrap_or((DEFAULT_DPI, DEFAULT_DPI));
        let stored = PageSize {
            width_pt: f64::from(self.stored_px.0) * 72.0 / x_dpi,
            height_pt: f64::from(self.stored_px.1) * 72.0 / y_dpi,
        };
        stored.turned(if self.swaps_sides() { Rotation::Quarter } else { Rotation::None })
    }
}

impl Pixels {
    /// Upright and opaque from whatever was decoded: alpha lies on white, 16 bits and floats become 8.
    pub(super) fn new(mut image: DynamicImage, orientation: Orientation) -> Self {
        let color = image.color();
        if color.has_alpha() {
            image = on_white(image);
        }
        let mut image = if color.has_color() {
            DynamicImage::ImageRgb8(image.into_rgb8())
        } else {
            DynamicImage::ImageLuma8(image.into_luma8())
        };
        image.apply_orientation(orientation);
        match image {
            DynamicImage::ImageLuma8(gray) => Self::Gray(gray),
            other => Self::Rgb(other.into_rgb8()),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Gray(image) => image.as_raw().len(),
            Self::Rgb(image) => image.as_raw().len(),
        }
    }
}

/// The image laid on white paper.
fn on_white(image: DynamicImage) -> DynamicImage {
    let mut rgba = image.into_rgba8();
    for pixel in rgba.pixels_mut() {
        let alpha = u16::from(pixel.0[3]);
        for channel in pixel.0.iter_mut().take(3) {
            let laid = (u16::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255;
            *channel = u8::try_from(laid).unwrap_or(u8::MAX);
        }
    }
    DynamicImage::ImageRgba8(rgba)
}

fn image_format(kind: ImageKind) -> ImageFormat {
    match kind {
        ImageKind::Png => ImageFormat::Png,
        ImageKind::Jpeg => ImageFormat::Jpeg,
        ImageKind::WebP => ImageFormat::WebP,
        ImageKind::Bmp => ImageFormat::Bmp,
        ImageKind::Tiff => ImageFormat::Tiff,
    }
}

/// A decoder that has read the header and will not take more than it may.
fn decoder(content: &Content, kind: ImageKind) -> Result<impl ImageDecoder, Error> {
    let read_error = |source| Error::Read { path: content.name.clone().into(), source };
    let mut reader = ImageReader::with_format(content.reader().map_err(read_error)?, image_format(kind));
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| image_error(content, kind, error))
}

fn read_header(content: &Content, kind: ImageKind) -> Result<ImagePage, Error> {
    let mut held_bytes_per_pixel = 0;
    if kind == ImageKind::Jpeg {
        held_bytes_per_pixel = jpeg_file::held_bytes_per_pixel(content)?;
    }
    let mut decoder = decoder(content, kind)?;
    let page = ImagePage {
        directory: 0,
        stored_px: decoder.dimensions(),
        orientation: match kind {
            ImageKind::WebP => webp_file::orientation(content),
            // Metadata that cannot be read must not keep the picture from being seen.
            _ => decoder.orientation().unwrap_or(Orientation::NoTransforms),
        },
        dpi: None,
    };
    page.check(&content.name, u64::from(decoder.color_type().bytes_per_pixel()) + held_bytes_per_pixel)?;
    Ok(page)
}

fn decode(content: &Content, kind: ImageKind, orientation: Orientation) -> Result<Pixels, Error> {
    let decoder = decoder(content, kind)?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| image_error(content, kind, error))?;
    Ok(Pixels::new(image, orientation))
}

/// A decoder's complaint in our words.
fn image_error(content: &Content, kind: ImageKind, error: ImageError) -> Error {
    let (name, format) = (content.name.clone(), kind.name());
    match error {
        ImageError::Limits(_) => {
            Error::ImageNeedsTooMuchMemory { name, max_mebibytes: MAX_DECODE_BYTES >> 20 }
        }
        ImageError::Unsupported(_) => Error::UnsupportedImage { name, format, source: Box::new(error) },
        _ => Error::DamagedImage { name, format, source: Box::new(error) },
    }
}

/// Where a region of a page image of `full_px` lies once that image is turned.
fn turned_region(region: PixelRect, full_px: (u32, u32), turn: Rotation) -> PixelRect {
    let right = full_px.0.saturating_sub(region.x_px + region.width_px);
    let bottom = full_px.1.saturating_sub(region.y_px + region.height_px);
    let (x_px, y_px) = match turn {
        Rotation::None => (region.x_px, region.y_px),
        Rotation::Quarter => (bottom, region.x_px),
        Rotation::Half => (right, bottom),
        Rotation::ThreeQuarters => (region.y_px, right),
    };
    let (width_px, height_px) = if turn.swaps_sides() {
        (region.height_px, region.width_px)
    } else {
        (region.width_px, region.height_px)
    };
    PixelRect { x_px, y_px, width_px, height_px }
}

/// The region of an image at another scale; at its own scale, its very pixels.
fn scaled<P>(
    image: &image::ImageBuffer<P, Vec<u8>>,
    full_px: (u32, u32),
    region: PixelRect,
    pixel_type: fir::PixelType,
) -> Result<image::ImageBuffer<P, Vec<u8>>, fir::ResizeError>
where
    P: image::Pixel<Subpixel = u8> + 'static,
{
    if full_px == image.dimensions() {
        let view =
            image::imageops::crop_imm(image, region.x_px, region.y_px, region.width_px, region.height_px);
        return Ok(view.to_image());
    }
    let (width, height) = image.dimensions();
    let x_scale = f64::from(width) / f64::from(full_px.0);
    let y_scale = f64::from(height) / f64::from(full_px.1);
    // Lanczos keeps small print readable when it shrinks; enlarged it would show halos.
    let filter = if x_scale > 1.0 { fir::FilterType::Lanczos3 } else { fir::FilterType::CatmullRom };
    let left = f64::from(region.x_px) * x_scale;
    let top = f64::from(region.y_px) * y_scale;
    let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(filter)).crop(
        left,
        top,
        (f64::from(region.width_px) * x_scale).min(f64::from(width) - left),
        (f64::from(region.height_px) * y_scale).min(f64::from(height) - top),
    );
    let source = fir::images::ImageRef::new(width, height, image.as_raw(), pixel_type);
    let mut target = fir::images::Image::new(region.width_px, region.height_px, pixel_type);
    if let Ok(source) = source {
        fir::Resizer::new().resize(&source, &mut target, &options)?;
    }
    let buffer = image::ImageBuffer::from_raw(region.width_px, region.height_px, target.into_vec());
    Ok(buffer.unwrap_or_else(|| image::ImageBuffer::new(region.width_px, region.height_px)))
}
