//! PDF files, through PDFium. The only file that names the backend.
//!
//! Comes in: an opened file. Goes out: page sizes, pixels, and a page's characters and graphics as plain
//! data. What the graphics mean is sorted out in `page_graphics.rs`; where libpdfium comes from is
//! `pdfium_library.rs`.
//!
//! PDFium is one library with one lock in the whole process: two documents on two threads are safe, but
//! take turns. Facts about it that are not in its documentation were tried on builds 8066 and 8076.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, OnceLock, PoisonError};

use pdfium_render::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use crate::document::error::{Error, LibraryError};
use crate::document::font_style::FontFacts;
use crate::document::ligature::share_boxes_of_ligatures;
use crate::document::page::{PageImage, PageIndex, PageSize, PixelRect, Rotation};
use crate::document::page_graphics::{Affine, GraphicsCollector, Paint, PointRect, Segment};
use crate::document::pdfium_library;
use crate::document::source::{Content, Reader};
use crate::document::text_layer::{Font, Link, PageFrame, TextChar, TextLayer};
use crate::document::text_quality::{is_unmapped, quality_of};

/// Pages kept parsed, so that the tiles of a page and its text do not parse it anew: the visible page
/// and its neighbour. Each holds the page's decoded images while it is kept.
const KEPT_PAGES: usize = 2;
/// A page of a newspaper has 25 000 characters. Each costs about 2 µs, so this many take 0.2 s.
const MAX_CHARS: usize = 100_000;
/// Maps have tens of thousands of paths. Each costs 1 to 2 µs, so this many take about 0.1 s.
const MAX_OBJECTS: usize = 50_000;
/// Segments read in all paths of a page, at about 0.3 µs. Paths beyond count by their bounds.
const MAX_SEGMENTS: u32 = 200_000;
/// Longer paths are drawings whatever they are made of; their segments are not read.
const MAX_SEGMENTS_OF_PATH: u32 = 4_096;
/// Form objects inside form objects. Honest files nest three or four deep.
const MAX_FORM_DEPTH: usize = 12;
/// Link annotations read. An index page has some hundreds.
const MAX_LINKS: usize = 5_000;
/// A page side in points, between a hair and a hundred times what PDF allows: the sizes that occur in
/// broken files (0 x 0, 595 x 2147483648) must not become infinities.
const PAGE_SIDE_PT: std::ops::RangeInclusive<f64> = 0.01..=1.44e6;
/// What PDFium takes for a page without a usable size.
const DEFAULT_PAGE: PageSize = PageSize { width_pt: 612.0, height_pt: 792.0 };

/// An open PDF.
pub(super) struct PdfFile {
    // Before `document`: fields drop in order, and a page must be closed before its document.
    pages: Vec<(PageIndex, PdfPage<'static>)>,
    document: PdfDocument<'static>,
    sizes: Vec<PageSize>,
}

impl PdfFile {
    /// Opens a PDF.
    ///
    /// # Errors
    /// `PasswordRequired` without a password where one is needed, `WrongPassword` with one that does
    /// not fit, `NoPages`, `DamagedPdf`, `UnknownEncryption`, and `NoPdfLibrary`.
    pub(super) fn open(content: &Content, password: Option<&str>) -> Result<Self, Error> {
        let pdfium = pdfium().map_err(|source| Error::NoPdfLibrary { source: source.clone() })?;
        let password = password.filter(|password| !password.is_empty());
        let document = load(pdfium, content, password)?;
        let sizes = page_sizes(&document);
        if sizes.is_empty() {
            return Err(Error::NoPages { name: content.name.clone() });
        }
        Ok(Self { pages: Vec::new(), document, sizes })
    }

    /// Sizes of the upright pages, one a page.
    pub(super) fn page_sizes(&self) -> &[PageSize] {
        &self.sizes
    }

    /// The title that the file states, if it states one.
    pub(super) fn title(&self) -> Option<String> {
        let title = self.document.metadata().get(PdfDocumentMetadataTagType::Title)?;
        let title = title.value().trim_matches(|c: char| c.is_whitespace() || c.is_control());
        (!title.is_empty()).then(|| title.to_owned())
    }

    /// Draws `region` of the page image that is `full_px` large in all.
    pub(super) fn render(
        &mut self,
        page_idx: PageIndex,
        full_px: (u32, u32),
        rotation: Rotation,
        region: PixelRect,
    ) -> Result<PageImage, Error> {
        let page = self.page(page_idx)?;
        let failed = |_| Error::DamagedPage { page: page_idx };
        let mut rgba = vec![u8::MAX; 4 * region.width_px as usize * region.height_px as usize];
        {
            let (width, height) = (pixels(region.width_px), pixels(region.height_px));
            let mut bitmap =
                PdfBitmap::from_bytes(width, height, PdfBitmapFormat::BGRx, &mut rgba).map_err(failed)?;
            let config = PdfRenderConfig::new()
                .set_fixed_size(pixels(full_px.0), pixels(full_px.1))
                .set_origin(-pixels(region.x_px), -pixels(region.y_px))
                .rotate(backend_rotation(rotation), false)
                .clear_before_rendering(false)
                .set_reverse_byte_order(true);
            page.render_into_bitmap_with_config(&mut bitmap, &config).map_err(failed)?;
        }
        for pixel in rgba.chunks_exact_mut(4) {
            if let [.., alpha] = pixel {
                *alpha = u8::MAX;
            }
        }
        Ok(PageImage { width_px: region.width_px, height_px: region.height_px, rgba })
    }

    /// Everything the page says about itself without its pixels.
    pub(super) fn text_layer(&mut self, page_idx: PageIndex) -> Result<TextLayer, Error> {
        let size = self.sizes.get(page_idx.0).copied().unwrap_or(DEFAULT_PAGE);
        let page = self.page(page_idx)?;
        let frame = page_frame(page, size);
        let (chars, fonts) = read_chars(page, &frame, page_idx)?;
        let mut graphics = GraphicsReader {
            collector: GraphicsCollector::new(frame),
            objects_left: MAX_OBJECTS,
            segments_left: MAX_SEGMENTS,
        };
        let objects = page.objects();
        for index in 0..objects.len().min(MAX_OBJECTS) {
            if let Ok(object) = objects.get(index) {
                graphics.read(&object, &Affine::IDENTITY, 0);
            }
        }
        let graphics = graphics.collector.finish();
        Ok(TextLayer {
            page_size: frame.page_size(),
            quality: quality_of(&chars),
            chars,
            fonts,
            rules: graphics.rules,
            fills: graphics.fills,
            images: graphics.images,
            drawings: graphics.drawings,
            links: read_links(page, &frame),
        })
    }

    /// The parsed page, from the few that are kept.
    fn page(&mut self, page_idx: PageIndex) -> Result<&PdfPage<'static>, Error> {
        if let Some(position) = self.pages.iter().position(|(kept, _)| *kept == page_idx) {
            let page = self.pages.remove(position);
            self.pages.push(page);
        } else {
            let damaged = |_| Error::DamagedPage { page: page_idx };
            let number =
                i32::try_from(page_idx.0).map_err(|_too_large| Error::DamagedPage { page: page_idx })?;
            let page = self.document.pages().get(number).map_err(damaged)?;
            if self.pages.len() >= KEPT_PAGES {
                self.pages.remove(0);
            }
            self.pages.push((page_idx, page));
        }
        self.pages.last().map(|(_, page)| page).ok_or(Error::DamagedPage { page: page_idx })
    }
}

/// Loads the library before it is needed. Whether that worked is said when a document is opened.
pub(super) fn load_library() {
    if let Err(error) = pdfium() {
        tracing::warn!(%error, "no PDFium");
    }
}

/// The process's PDFium, bound at the first PDF. A failure is kept: nothing would change at the next.
fn pdfium() -> Result<&'static Pdfium, &'static LibraryError> {
    static PDFIUM: OnceLock<Result<Pdfium, LibraryError>> = OnceLock::new();
    let bind = || pdfium_library::load_first(|path| Pdfium::bind_to_library(path)).map(Pdfium::new);
    PDFIUM.get_or_init(bind).as_ref()
}

/// Opens the document with the password as typed, then as the standard wants it.
///
/// PDF 2.0 prepares passwords by `SASLprep` (RFC 4013). PDFium does not; NFKC without soft hyphens is the
/// part of it that people meet.
fn load(
    pdfium: &'static Pdfium,
    content: &Content,
    password: Option<&str>,
) -> Result<PdfDocument<'static>, Error> {
    // PDFium keeps the reason of a failure in one place for all threads: the call that fails and the
    // call that asks why must not be parted by another document's.
    static LOADING: Mutex<()> = Mutex::new(());
    let _loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    let name = || content.name.clone();
    let prepared = password.map(|typed| typed.chars().filter(|c| *c != '\u{AD}').nfkc().collect::<String>());
    let mut attempts = vec![password];
    if prepared.as_deref() != password {
        attempts.push(prepared.as_deref());
    }
    for attempt in attempts {
        if attempt.is_some_and(|attempt| attempt.contains('\0')) {
            // The backend takes C strings and panics on one with a zero inside.
            continue;
        }
        let reader =
            content.reader().map_err(|source| Error::Read { path: content.name.clone().into(), source })?;
        match pdfium.load_pdf_from_reader(WholeReads(reader), attempt) {
            Ok(document) => return Ok(document),
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::PasswordError)) => {}
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::SecurityError)) => {
                return Err(Error::UnknownEncryption { name: name() });
            }
            Err(_) => return Err(Error::DamagedPdf { name: name() }),
        }
    }
    Err(match password {
        None => Error::PasswordRequired { name: name() },
        Some(_) => Error::WrongPassword { name: name() },
    })
}

/// PDFium takes any part of what it asked for as the whole, so a part is handed out as nothing.
struct WholeReads(Reader);

impl Read for WholeReads {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_exact(out).map(|()| out.len())
    }
}

impl Seek for WholeReads {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

/// Sizes without parsing any page: microseconds a page.
fn page_sizes(document: &PdfDocument<'static>) -> Vec<PageSize> {
    let pages = document.pages();
    pages
        .as_range()
        .map(|index| pages.page_size(index).map_or(DEFAULT_PAGE, |rect| usable_size(&rect)))
        .collect()
}

fn usable_size(rect: &PdfRect) -> PageSize {
    let (width, height) = (f64::from(rect.width().value), f64::from(rect.height().value));
    if width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0 {
        let side = |side: f64| side.clamp(*PAGE_SIDE_PT.start(), *PAGE_SIDE_PT.end());
        PageSize { width_pt: side(width), height_pt: side(height) }
    } else {
        DEFAULT_PAGE
    }
}

/// The shown box and the file's rotation. `size` is used where PDFium's box is not usable.
fn page_frame(page: &PdfPage<'_>, size: PageSize) -> PageFrame {
    let rotation = match page.rotation() {
        Ok(PdfPageRenderRotation::Degrees90) => Rotation::Quarter,
        Ok(PdfPageRenderRotation::Degrees180) => Rotation::Half,
        Ok(PdfPageRenderRotation::Degrees270) => Rotation::ThreeQuarters,
        Ok(PdfPageRenderRotation::None) | Err(_) => Rotation::None,
    };
    let bounds = page.boundaries().bounding().ok().map(|bounding| point_rect(&bounding.bounds));
    let unturned = size.turned(rotation.inverse());
    let (left_pt, bottom_pt) = bounds.map_or((0.0, 0.0), |bounds| (bounds.left, bounds.bottom));
    PageFrame { left_pt, bottom_pt, width_pt: unturned.width_pt, height_pt: unturned.height_pt, rotation }
}

/// Characters in the order of the file, and their fonts.
fn read_chars(
    page: &PdfPage<'_>,
    frame: &PageFrame,
    page_idx: PageIndex,
) -> Result<(Vec<TextChar>, Vec<Font>), Error> {
    let text = page.text().map_err(|_unknown| Error::DamagedPage { page: page_idx })?;
    let backend_chars = text.chars();
    let mut fonts = FontTable::default();
    let mut chars: Vec<TextChar> = Vec::with_capacity(backend_chars.len().min(MAX_CHARS));
    let mut high_surrogate = None;
    for index in 0..backend_chars.len().min(MAX_CHARS) {
        let Ok(backend_char) = backend_chars.get(index) else { continue };
        if backend_char.is_generated().unwrap_or(true) {
            continue;
        }
        let mut code = backend_char.unicode_value();
        if (0xD800..0xDC00).contains(&code) {
            // Half of a character; the other half follows with the same place.
            high_surrogate = Some(code);
            continue;
        }
        if let Some(high) = high_surrogate.take()
            && (0xDC00..0xE000).contains(&code)
        {
            code = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
        }
        if code == 2 && backend_char.is_hyphen().unwrap_or(false) {
            // What PDFium writes for a hyphen at the end of a line.
            code = u32::from('-');
        }
        if let Some(read) = read_char(&backend_char, code, frame, &mut fonts) {
            chars.push(read);
        }
    }
    if backend_chars.len() > MAX_CHARS {
        tracing::warn!(
            "page {page_idx} has {} characters; the first {MAX_CHARS} are used",
            backend_chars.len()
        );
    }
    share_boxes_of_ligatures(&mut chars);
    Ok((chars, fonts.fonts))
}

/// One character, if any of it lies on the page.
#[expect(clippy::cast_possible_truncation, reason = "sizes and angles on a page need no more than f32")]
fn read_char(
    backend_char: &PdfPageTextChar<'_>,
    code: u32,
    frame: &PageFrame,
    fonts: &mut FontTable,
) -> Option<TextChar> {
    let unicode = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    let (x, y) = backend_char.origin().ok()?;
    let origin = (f64::from(x.value), f64::from(y.value));
    let tight = backend_char.tight_bounds().ok().map(|rect| frame_bbox(frame, &rect));
    let loose = backend_char.loose_bounds().ok().map(|rect| frame_bbox(frame, &rect)).or(tight)?;
    let tight = tight.unwrap_or(loose);
    loose.intersection(&crate::geometry::BBox::PAGE)?;
    let matrix = backend_char.matrix().map_or(Affine::IDENTITY, |matrix| affine(&matrix));
    let font_size = f64::from(backend_char.unscaled_font_size().value);
    // A negative size turns the letters around, and with them the direction of the text.
    let sign = if font_size < 0.0 { -1.0 } else { 1.0 };
    let color = backend_char.fill_color().ok().map(|color| [color.red(), color.green(), color.blue()]);
    let is_invisible = backend_char.text_object().is_ok_and(|object| !object.is_visible());
    Some(TextChar {
        unicode,
        loose,
        tight,
        baseline: frame.page_from_points(origin.0, origin.1).1,
        font_size_pt: (font_size.abs() * matrix.c.hypot(matrix.d)) as f32,
        font_idx: fonts.index_of(backend_char),
        angle_deg: frame.angle_deg_from_points(sign * matrix.a, sign * matrix.b) as f32,
        color,
        is_blank: unicode.is_whitespace(),
        is_unmapped: is_unmapped(unicode),
        is_invisible,
    })
}

/// The fonts met so far, by name and weight.
#[derive(Default)]
struct FontTable {
    fonts: Vec<Font>,
    known: HashMap<(String, Option<u32>), u16>,
}

impl FontTable {
    /// The number of a character's font; the flags are asked only for a new one.
    fn index_of(&mut self, backend_char: &PdfPageTextChar<'_>) -> u16 {
        let key = (backend_char.font_name(), backend_char.font_weight().map(weight_number));
        if let Some(index) = self.known.get(&key) {
            return *index;
        }
        // 65 536 fonts on a page are a joke; the last one then stands for the rest.
        let index = u16::try_from(self.fonts.len()).unwrap_or(u16::MAX);
        if usize::from(index) == self.fonts.len() {
            let facts = FontFacts {
                name: key.0.clone(),
                weight: key.1,
                is_fixed_pitch: backend_char.font_is_fixed_pitch(),
                is_italic: backend_char.font_is_italic(),
                is_force_bold: backend_char.font_is_bold_reenforced(),
            };
            self.fonts.push(facts.to_font());
            self.known.insert(key, index);
        }
        index
    }
}

fn weight_number(weight: PdfFontWeight) -> u32 {
    match weight {
        PdfFontWeight::Weight100 => 100,
        PdfFontWeight::Weight200 => 200,
        PdfFontWeight::Weight300 => 300,
        PdfFontWeight::Weight400Normal => 400,
        PdfFontWeight::Weight500 => 500,
        PdfFontWeight::Weight600 => 600,
        PdfFontWeight::Weight700Bold => 700,
        PdfFontWeight::Weight800 => 800,
        PdfFontWeight::Weight900 => 900,
        PdfFontWeight::Custom(weight) => weight,
    }
}

/// Walks through a page's objects and the form objects among them.
struct GraphicsReader {
    collector: GraphicsCollector,
    objects_left: usize,
    segments_left: u32,
}

impl GraphicsReader {
    /// Reads one object. `outer` maps the coordinates that the object lives in to the page's points.
    fn read(&mut self, object: &PdfPageObject<'_>, outer: &Affine, depth: usize) {
        if self.objects_left == 0 {
            return;
        }
        self.objects_left -= 1;
        match object {
            PdfPageObject::Text(_) | PdfPageObject::Unsupported(_) => {}
            PdfPageObject::Image(_) => {
                if let Some(rect) = visible_rect(object, outer) {
                    self.collector.add_image(&rect);
                }
            }
            PdfPageObject::Shading(_) => {
                if let Some(rect) = visible_rect(object, outer) {
                    self.collector.add_drawing(&rect);
                }
            }
            PdfPageObject::Path(path) => self.read_path(object, path, outer),
            PdfPageObject::XObjectForm(form) => {
                if depth >= MAX_FORM_DEPTH {
                    return;
                }
                let inner = form.matrix().map_or(Affine::IDENTITY, |matrix| affine(&matrix)).then(outer);
                for index in 0..form.len() {
                    if self.objects_left == 0 {
                        break;
                    }
                    if let Ok(child) = form.get(index) {
                        self.read(&child, &inner, depth + 1);
                    }
                }
            }
        }
    }

    fn read_path(&mut self, object: &PdfPageObject<'_>, path: &PdfPagePathObject<'_>, outer: &Affine) {
        let own = path.matrix().map_or(Affine::IDENTITY, |matrix| affine(&matrix)).then(outer);
        let visible = |color: &PdfColor| color.alpha() > 0;
        let rgb = |color: PdfColor| [color.red(), color.green(), color.blue()];
        let is_filled = path.fill_mode().is_ok_and(|mode| mode != PdfPathFillMode::None);
        let paint = Paint {
            fill: is_filled.then(|| path.fill_color().ok().filter(visible).map(rgb)).flatten(),
            stroke: path
                .is_stroked()
                .unwrap_or(false)
                .then(|| path.stroke_color().ok().filter(visible).map(rgb))
                .flatten()
                .map(|color| {
                    let width = path.stroke_width().map_or(0.0, |width| f64::from(width.value));
                    (width * own.scale(), color)
                }),
        };
        if paint.fill.is_none() && paint.stroke.is_none() {
            return;
        }
        let segments = path.segments();
        let count = segments.len();
        if count > MAX_SEGMENTS_OF_PATH.min(self.segments_left) {
            if let Some(rect) = visible_rect(object, outer) {
                self.collector.add_drawing(&rect);
            }
            return;
        }
        self.segments_left -= count;
        let segments = read_segments(&segments, &own);
        if !self.collector.add_ruled_path(&segments, &paint)
            && let Some(rect) = visible_rect(object, outer)
        {
            self.collector.add_drawing(&rect);
        }
    }
}

/// The segments of a path, in the page's points.
fn read_segments(segments: &PdfPagePathObjectSegments<'_>, matrix: &Affine) -> Vec<Segment> {
    let mut read = Vec::with_capacity(segments.len() as usize);
    let mut curve_points = 0;
    for index in 0..segments.len() {
        let Ok(segment) = segments.get(index) else { continue };
        let (x, y) = segment.point();
        let point = matrix.apply((f64::from(x.value), f64::from(y.value)));
        match segment.segment_type() {
            PdfPathSegmentType::MoveTo => read.push(Segment::Move(point)),
            PdfPathSegmentType::LineTo => read.push(Segment::Line(point)),
            PdfPathSegmentType::BezierTo => {
                // Two control points, then the end.
                curve_points += 1;
                if curve_points % 3 == 0 {
                    read.push(Segment::Curve(point));
                }
            }
            PdfPathSegmentType::Unknown => {}
        }
        if segment.is_close() {
            read.push(Segment::Close);
        }
    }
    read
}

/// An object's bounds within what its clip path lets through, in the page's points.
fn visible_rect(object: &PdfPageObject<'_>, outer: &Affine) -> Option<PointRect> {
    let quad = object.bounds().ok()?;
    let corners =
        [(quad.x1(), quad.y1()), (quad.x2(), quad.y2()), (quad.x3(), quad.y3()), (quad.x4(), quad.y4())];
    let in_points = |(x, y): (PdfPoints, PdfPoints)| outer.apply((f64::from(x.value), f64::from(y.value)));
    let bounds = PointRect::around(corners.map(in_points))?;
    match clip_rect(object, outer) {
        Some(clip) => bounds.intersection(&clip),
        None => Some(bounds),
    }
}

/// Bounds of the clip path: what all of its parts let through. `None` when nothing is clipped.
fn clip_rect(object: &PdfPageObject<'_>, outer: &Affine) -> Option<PointRect> {
    let clip = object.get_clip_path()?;
    let mut common: Option<PointRect> = None;
    // Clips are nested a few deep; after some, more of them change little.
    for index in 0..clip.len().min(16) {
        let Ok(part) = clip.get(index) else { continue };
        let points = (0..part.len().min(1_024)).filter_map(|index| part.get(index).ok()).map(|segment| {
            let (x, y) = segment.point();
            outer.apply((f64::from(x.value), f64::from(y.value)))
        });
        if let Some(rect) = PointRect::around(points) {
            common = match common {
                // Clips that do not meet leave nothing: a point.
                Some(common) => Some(common.intersection(&rect).unwrap_or(PointRect {
                    right: rect.left,
                    top: rect.bottom,
                    ..rect
                })),
                None => Some(rect),
            };
        }
    }
    common
}

fn read_links(page: &PdfPage<'_>, frame: &PageFrame) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for backend_link in page.links().iter().take(MAX_LINKS) {
        let Ok(rect) = backend_link.rect() else { continue };
        let uri = backend_link.action().and_then(|action| action.as_uri_action()?.uri().ok());
        let link = Link { bbox: frame_bbox(frame, &rect), uri: uri.filter(|uri| !uri.is_empty()) };
        // The backend counts annotations: one link comes once for each other annotation before it.
        if links.last() != Some(&link) {
            links.push(link);
        }
    }
    links
}

fn frame_bbox(frame: &PageFrame, rect: &PdfRect) -> crate::geometry::BBox {
    let rect = point_rect(rect);
    frame.bbox_from_points(rect.left, rect.bottom, rect.right, rect.top)
}

fn point_rect(rect: &PdfRect) -> PointRect {
    PointRect {
        left: rect.left().value.into(),
        bottom: rect.bottom().value.into(),
        right: rect.right().value.into(),
        top: rect.top().value.into(),
    }
}

fn affine(matrix: &PdfMatrix) -> Affine {
    Affine {
        a: matrix.a().into(),
        b: matrix.b().into(),
        c: matrix.c().into(),
        d: matrix.d().into(),
        e: matrix.e().into(),
        f: matrix.f().into(),
    }
}

fn backend_rotation(rotation: Rotation) -> PdfPageRenderRotation {
    match rotation {
        Rotation::None => PdfPageRenderRotation::None,
        Rotation::Quarter => PdfPageRenderRotation::Degrees90,
        Rotation::Half => PdfPageRenderRotation::Degrees180,
        Rotation::ThreeQuarters => PdfPageRenderRotation::Degrees270,
    }
}

/// Pixels as the backend counts them. All our sides are below `MAX_PAGE_SIDE_PX`.
fn pixels(side_px: u32) -> i32 {
    i32::try_from(side_px).unwrap_or(i32::MAX)
}
