//! Opens PDFs and images and hands out page images and text layers.
//!
//! Comes in: a path or bytes, and a password where one is needed. Goes out: plain data, each page
//! image opaque RGBA, each box in page space. Not here: the model, what the text means. A [`Document`]
//! belongs to one worker thread, which may take seconds on a bad page; nothing of this room is for the
//! interface thread. PDFs can be read in a process of their own ([`pdf_worker`]).

pub mod error;
pub mod page;
pub mod pdf_worker;
pub mod source;
pub mod text_layer;

mod file_kind;
mod font_style;
mod image_file;
mod jpeg_file;
mod ligature;
mod page_graphics;
mod pdf;
mod pdfium_library;
mod text_quality;
mod tiff_file;
mod webp_file;

pub use error::Error;
pub use page::{PageImage, PageIndex, PageSize, PixelRect, Rotation};
pub use pdf_worker::{PdfReading, PdfWorker};
pub use source::Source;
pub use text_layer::{TextLayer, TextQuality};

use file_kind::FileKind;
use image_file::ImageFile;
use pdf::PdfFile;
use pdf_worker::WorkerPdf;
use source::Content;

/// An open document. `Send`, but every method that makes something takes `&mut self`: pages that were
/// read are kept for the next call.
pub struct Document {
    name: String,
    backend: Backend,
}

enum Backend {
    Pdf(PdfFile),
    WorkerPdf(Box<WorkerPdf>),
    Image(ImageFile),
}

impl Document {
    /// Opens a PDF or an image in this process, whatever its name says. Pages are not read yet.
    ///
    /// # Errors
    /// Those of [`Self::open_with`].
    pub fn open(source: impl Into<Source>, password: Option<&str>) -> Result<Self, Error> {
        Self::open_with(source, password, &PdfReading::InThisProcess)
    }

    /// Opens a PDF or an image, whatever its name says; a PDF where `pdf_reading` says. Pages are not
    /// read yet.
    ///
    /// # Errors
    /// [`Error::PasswordRequired`] without a password where one is needed, [`Error::WrongPassword`]
    /// with one that does not fit: ask and open again. Everything else is final.
    pub fn open_with(
        source: impl Into<Source>,
        password: Option<&str>,
        pdf_reading: &PdfReading,
    ) -> Result<Self, Error> {
        let content = Content::open(source.into())?;
        let name = content.name.clone();
        let backend = match FileKind::of(&content.checked_head()?) {
            FileKind::Pdf => match pdf_reading {
                PdfReading::InThisProcess => Backend::Pdf(PdfFile::open(&content, password)?),
                PdfReading::InWorker(worker) => {
                    Backend::WorkerPdf(Box::new(WorkerPdf::open(worker.clone(), content, password)?))
                }
            },
            FileKind::Image(kind) => Backend::Image(ImageFile::open(content, kind)?),
            FileKind::Other(what) => return Err(Error::UnsupportedFormat { name, what }),
            FileKind::Unknown => return Err(Error::UnknownFormat { name }),
        };
        Ok(Self { name, backend })
    }

    /// The file's name without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title that the file states about itself.
    pub fn title(&self) -> Option<String> {
        match &self.backend {
            Backend::Pdf(pdf) => pdf.title(),
            Backend::WorkerPdf(pdf) => pdf.title(),
            Backend::Image(_) => None,
        }
    }

    /// Whether this is an image file: its pages have no text layer, ever.
    pub fn is_image(&self) -> bool {
        matches!(self.backend, Backend::Image(_))
    }

    /// How many pages there are, at least 1.
    pub fn page_count(&self) -> usize {
        self.page_sizes().len()
    }

    /// Sizes of all upright pages, in order. Free: they are read when the document is opened.
    pub fn page_sizes(&self) -> &[PageSize] {
        match &self.backend {
            Backend::Pdf(pdf) => pdf.page_sizes(),
            Backend::WorkerPdf(pdf) => pdf.page_sizes(),
            Backend::Image(image) => image.page_sizes(),
        }
    }

    /// The pixels that an image file itself has on this upright page. `None` for PDFs, which have no
    /// resolution of their own. Rendered at this width, an image page is given out pixel by pixel.
    pub fn native_pixels(&self, page: PageIndex) -> Option<(u32, u32)> {
        match &self.backend {
            Backend::Pdf(_) | Backend::WorkerPdf(_) => None,
            Backend::Image(image) => image.pixels(page),
        }
    }

    /// Draws a page, turned by `rotation`, on white, at a scale where the whole turned page is
    /// `width_px` wide ([`PageSize::pixels_at_width`] gives its height).
    ///
    /// With a `region` only that part of the page image is drawn, cut to the page; a region that
    /// misses the page gives its nearest pixel. Without one the whole page is drawn, smaller than
    /// asked for where it would be more than [`page::MAX_RENDER_PIXELS`].
    ///
    /// # Errors
    /// [`Error::NoSuchPage`], [`Error::DamagedPage`] and [`Error::PageEndedWorker`] (its neighbours may
    /// be fine), [`Error::RenderTooLarge`] for a region of too many pixels, and what decoding an image page
    /// brings up.
    pub fn render(
        &mut self,
        page: PageIndex,
        width_px: u32,
        rotation: Rotation,
        region: Option<PixelRect>,
    ) -> Result<PageImage, Error> {
        let target = self.size_of(page)?.render_target(width_px, rotation, region)?;
        match &mut self.backend {
            Backend::Pdf(pdf) => pdf.render(page, target.full_px, rotation, target.region),
            Backend::WorkerPdf(pdf) => pdf.render(page, target.full_px, rotation, target.region),
            Backend::Image(image) => image.render(page, target.full_px, rotation, target.region),
        }
    }

    /// Characters, rules, images and links of a page, in the page space of the upright page.
    /// Image files have an empty one, of quality `Absent`, with the image over the whole page.
    ///
    /// # Errors
    /// [`Error::NoSuchPage`], [`Error::DamagedPage`] and [`Error::PageEndedWorker`].
    pub fn text_layer(&mut self, page: PageIndex) -> Result<TextLayer, Error> {
        let page_size = self.size_of(page)?;
        match &mut self.backend {
            Backend::Pdf(pdf) => pdf.text_layer(page),
            Backend::WorkerPdf(pdf) => pdf.text_layer(page),
            Backend::Image(_) => Ok(TextLayer::of_image(page_size)),
        }
    }

    fn size_of(&self, page: PageIndex) -> Result<PageSize, Error> {
        let page_count = self.page_count();
        self.page_sizes().get(page.0).copied().ok_or(Error::NoSuchPage { page, page_count })
    }
}
