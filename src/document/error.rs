//! What can go wrong with a document, as a person would say it.

use std::io;
use std::path::PathBuf;

use crate::document::page::PageIndex;
use crate::document::pdf_worker::WorkerEnd;

/// Why a document, or one page of it, cannot be had. `name` is the file's name without its folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file.
    #[error("There is no file {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A folder, not a file.
    #[error("{} is a folder, not a document", path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A device, a pipe or a socket: nothing that can be read twice.
    #[error("{} is not an ordinary file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The file's permissions do not let us read it.
    #[error("No permission to read {}", path.display())]
    NoPermission {
        /// The file.
        path: PathBuf,
    },
    /// Reading failed in any other way.
    #[error("Cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of 0 bytes.
    #[error("{name} is empty (0 bytes)")]
    Empty {
        /// The file.
        name: String,
    },
    /// The content is something that we know and do not read.
    #[error("{name} is {what}, which Doclens does not read; it reads PDF, PNG, JPEG, WebP, BMP and TIFF")]
    UnsupportedFormat {
        /// The file.
        name: String,
        /// What it is, with its article: "a GIF image".
        what: &'static str,
    },
    /// The content is nothing that we know.
    #[error("{name} is neither a PDF nor an image that Doclens reads (PNG, JPEG, WebP, BMP, TIFF)")]
    UnknownFormat {
        /// The file.
        name: String,
    },
    /// A PDF that PDFium cannot read at all.
    #[error("{name} is a damaged or truncated PDF")]
    DamagedPdf {
        /// The file.
        name: String,
    },
    /// An encrypted PDF, opened without a password. Ask for one and open again.
    #[error("{name} is protected by a password")]
    PasswordRequired {
        /// The file.
        name: String,
    },
    /// The password does not open the PDF. Ask again.
    #[error("The password does not open {name}")]
    WrongPassword {
        /// The file.
        name: String,
    },
    /// Encrypted in a way that PDFium does not know.
    #[error("{name} is encrypted in a way that Doclens does not know")]
    UnknownEncryption {
        /// The file.
        name: String,
    },
    /// A readable document without a single page.
    #[error("{name} has no pages")]
    NoPages {
        /// The file.
        name: String,
    },
    /// An image file whose header cannot be read.
    #[error("{name} is a damaged or truncated {format} image")]
    DamagedImage {
        /// The file.
        name: String,
        /// "PNG", "TIFF" …
        format: &'static str,
        /// What the decoder said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An image of a kind that its decoder does not read.
    #[error("{name} uses a feature of {format} that Doclens does not read")]
    UnsupportedImage {
        /// The file.
        name: String,
        /// "PNG", "TIFF" …
        format: &'static str,
        /// What the decoder said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More pixels than we decode: refused by the header, before any memory is taken.
    #[error(
        "{name} is {width_px} x {height_px} pixels; Doclens opens images of up to {max_megapixels} megapixels"
    )]
    ImageTooLarge {
        /// The file.
        name: String,
        /// Width in pixels, as the header states it.
        width_px: u32,
        /// Height in pixels, as the header states it.
        height_px: u32,
        /// The limit.
        max_megapixels: u64,
    },
    /// The decoder would need more memory than it may take.
    #[error("{name} needs more than {max_mebibytes} MiB to decode")]
    ImageNeedsTooMuchMemory {
        /// The file.
        name: String,
        /// The limit.
        max_mebibytes: u64,
    },
    /// A page number beyond the end.
    #[error("There is no page {page}; the document has {page_count}")]
    NoSuchPage {
        /// The page asked for.
        page: PageIndex,
        /// How many there are.
        page_count: usize,
    },
    /// One page that cannot be read, while its neighbours may.
    #[error("Page {page} is damaged and cannot be shown")]
    DamagedPage {
        /// The page.
        page: PageIndex,
    },
    /// A rendering of more pixels than we give out at once.
    #[error(
        "{width_px} x {height_px} pixels are too many to render at once (limit {max_megapixels} megapixels)"
    )]
    RenderTooLarge {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
        /// The limit.
        max_megapixels: u64,
    },
    /// libpdfium could not be loaded from anywhere. Images still open.
    #[error("PDFium, the library that reads PDFs, cannot be loaded")]
    NoPdfLibrary {
        /// Everything that was tried.
        #[source]
        source: LibraryError,
    },
    /// The process that reads PDFs cannot be started.
    #[error("The process that reads PDFs cannot be started")]
    NoPdfWorker {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process that reads PDFs ended while it opened this one.
    #[error("{name} ended the process that reads PDFs: {end}")]
    DocumentEndedWorker {
        /// The file.
        name: String,
        /// How.
        end: WorkerEnd,
    },
    /// The process that reads PDFs ended while it worked on this page; other pages go on in a new one.
    /// The page is not tried again until the document is opened anew.
    #[error("Page {page} ended the process that reads PDFs: {end}")]
    PageEndedWorker {
        /// The page.
        page: PageIndex,
        /// How.
        end: WorkerEnd,
    },
}

/// Why libpdfium could not be loaded: one attempt a place, in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; set DOCLENS_PDFIUM_LIB to the path of a libpdfium of build 7881 or newer", attempts.join("; "))]
pub struct LibraryError {
    /// Place and reason, one string an attempt.
    pub attempts: Vec<String>,
}
