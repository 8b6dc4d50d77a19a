//! The one place where errors become words for people.
//!
//! Every match is exhaustive: a new error does not compile until it has words. The summary says what
//! happened in one sentence without a full stop, the hint what to do next, the details the chain of
//! causes. Summaries leave folders out, so that people can share them; details end with paths.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::document::pdf_worker::WorkerEnd;
use crate::engine::error::Error;
use crate::engine::store_words::{no_model_here, store_words};
use crate::{document, layout, model};

/// The only thing that a person sees of an error: in a notice, in the page's place or on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMessage {
    /// One sentence, no full stop, in the user's words.
    pub summary: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The chain of causes, paths last.
    pub details: Option<String>,
    /// The file is encrypted and the password is missing or wrong: ask for it.
    pub needs_password: bool,
}

impl UserMessage {
    /// A message of a summary and what to do next.
    pub(super) fn new(summary: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { summary: summary.into(), hint: Some(hint.into()), details: None, needs_password: false }
    }

    /// A message where there is nothing that one could do, or the summary says it.
    pub(super) fn plain(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), hint: None, details: None, needs_password: false }
    }

    fn asking_for_password(self) -> Self {
        Self { needs_password: true, ..self }
    }

    /// Adds the chain of causes where it says more than the summary.
    fn with_details_of(self, error: &dyn StdError) -> Self {
        let details = Some(chain(error)).filter(|details| !details.eq_ignore_ascii_case(&self.summary));
        Self { details, ..self }
    }
}

impl From<&Error> for UserMessage {
    fn from(error: &Error) -> Self {
        let message = match error {
            Error::TextLayer { page, source } => text_layer_words(*page, *source),
            Error::EmptyRegion { .. } => Self::new(
                "There is no text in this region",
                "Choose a larger region, or load a model to read what is drawn there",
            ),
            Error::NoSuchPage { page, num_pages } => no_such_page(*page, *num_pages),
            Error::DocumentNotOpen => Self::new("The document is not open any more", "Open it again"),
            Error::NoModelHere { name } => no_model_here(name.as_deref()),
            Error::Store(error) => store_words(error),
            Error::NoModel => Self::new(
                "No model is loaded",
                "Choose a model's folder, or use the text layer where a page has one",
            ),
            Error::Document(error) => document_words(error),
            Error::Model(error) => model_words(error),
            Error::Save { path, source } => save_words(path, source),
            Error::Panicked { .. } => Self::new(
                "A fault in Doclens stopped this job",
                "Other pages go on. Please report it with the details",
            ),
            Error::WorkerLost => Self::new("A part of Doclens has stopped working", "Start Doclens again"),
            Error::Thread { .. } => {
                Self::new("The system could not start a thread", "Close other programs and try again")
            }
            Error::Cancelled => Self::plain("Cancelled"),
        };
        message.with_details_of(error)
    }
}

fn text_layer_words(page: usize, error: layout::Error) -> UserMessage {
    match error {
        layout::Error::NoTextLayer => UserMessage::new(
            "No text layer on this page: a model is needed",
            format!("Page {page} is a scan or a drawing. Load a model such as SmolDocling to read it"),
        ),
        layout::Error::GarbledTextLayer => UserMessage::new(
            "The text layer of this page is garbled: a model is needed",
            format!(
                "The file does not say which letters page {page} shows. Load a model such as SmolDocling to read it"
            ),
        ),
    }
}

fn no_such_page(page: usize, num_pages: usize) -> UserMessage {
    let hint = match num_pages {
        1 => "The document has one page".to_owned(),
        _ => format!("The document has {num_pages} pages"),
    };
    UserMessage::new(format!("There is no page {page}"), hint)
}

#[expect(clippy::too_many_lines, reason = "one line of words an error, and nothing else")]
fn document_words(error: &document::Error) -> UserMessage {
    use document::Error as E;
    match error {
        E::NotFound { path } => UserMessage::new(
            format!("There is no file {}", file_name(path)),
            "It may have been moved or renamed. Check the path",
        ),
        E::IsFolder { path } => {
            UserMessage::new(format!("{} is a folder, not a document", file_name(path)), "Open a file in it")
        }
        E::NotAFile { path } => UserMessage::new(
            format!("{} is not an ordinary file", file_name(path)),
            "Copy what it holds to a file and open that",
        ),
        E::NoPermission { path } => UserMessage::new(
            format!("No permission to read {}", file_name(path)),
            "Change its permissions or copy it to a folder of yours",
        ),
        E::Read { path, .. } => UserMessage::new(
            format!("{} cannot be read", file_name(path)),
            "Check that the disk or network folder is there, then try again",
        ),
        E::Empty { name } => UserMessage::new(
            format!("{name} is empty (0 bytes)"),
            "It may not have been written or downloaded completely. Get it again",
        ),
        E::UnsupportedFormat { name, what } => UserMessage::new(
            format!("{name} is {what}, which Doclens does not read"),
            "Doclens reads PDF, PNG, JPEG, WebP, BMP and TIFF. Save it as one of them",
        ),
        E::UnknownFormat { name } => UserMessage::new(
            format!("{name} is neither a PDF nor an image that Doclens reads"),
            "Doclens reads PDF, PNG, JPEG, WebP, BMP and TIFF",
        ),
        E::DamagedPdf { name } => UserMessage::new(
            format!("{name} is a damaged or truncated PDF"),
            "Get the file again, or repair it with another program",
        ),
        E::PasswordRequired { name } => {
            UserMessage::new(format!("{name} is encrypted"), "Enter its password").asking_for_password()
        }
        E::WrongPassword { name } => {
            UserMessage::new(format!("This password does not open {name}"), "Enter the password again")
                .asking_for_password()
        }
        E::UnknownEncryption { name } => UserMessage::new(
            format!("{name} is encrypted in a way that Doclens does not know"),
            "Save it without encryption in the program that made it",
        ),
        E::NoPages { name } => UserMessage::plain(format!("{name} has no pages")),
        E::DamagedImage { name, format, .. } => UserMessage::new(
            format!("{name} is a damaged or truncated {format} image"),
            "Get the file again, or save it anew with another program",
        ),
        E::UnsupportedImage { name, format, .. } => UserMessage::new(
            format!("{name} uses a feature of {format} that Doclens does not read"),
            "Save it as PNG with another program",
        ),
        E::ImageTooLarge { name, width_px, height_px, max_megapixels } => UserMessage::new(
            format!("{name} is too large: {width_px} × {height_px} pixels"),
            format!("Doclens opens images of up to {max_megapixels} megapixels. Scale it down or cut it"),
        ),
        E::ImageNeedsTooMuchMemory { name, max_mebibytes } => UserMessage::new(
            format!("{name} needs more than {max_mebibytes} MiB to decode"),
            "Scale it down, or save it with 8 bits a channel",
        ),
        E::NoSuchPage { page, page_count } => no_such_page(page.number(), *page_count),
        E::DamagedPage { page } => {
            UserMessage::new(format!("Page {page} is damaged and cannot be shown"), "Other pages may work")
        }
        E::RenderTooLarge { width_px, height_px, .. } => UserMessage::new(
            format!("{width_px} × {height_px} pixels are too many to draw at once"),
            "Choose a smaller part of the page",
        ),
        E::NoPdfLibrary { .. } => UserMessage::new(
            "PDFium, the library that reads PDFs, cannot be loaded",
            "Set DOCLENS_PDFIUM_LIB to the path of a libpdfium, or put it beside the program. Images open without it",
        ),
        E::NoPdfWorker { .. } => UserMessage::new(
            "The process that reads PDFs cannot be started",
            "Close other programs, or start Doclens again. Images open without it",
        ),
        E::DocumentEndedWorker { name, end } => UserMessage::new(
            format!("{name} cannot be opened: {}", worker_end_words(end)),
            "Get the file again, or print it into a new PDF with another program",
        ),
        E::PageEndedWorker { page, end } => UserMessage::new(
            format!("Page {page} cannot be read: {}", worker_end_words(end)),
            "Other pages go on. Open the document again to retry this one",
        ),
    }
}

fn worker_end_words(end: &WorkerEnd) -> String {
    match end {
        WorkerEnd::Crashed { status } => {
            format!("the process that reads PDFs ended, perhaps for want of memory ({status})")
        }
        WorkerEnd::TimedOut { limit } => format!("it takes more than {} s", limit.as_secs_f64()),
        WorkerEnd::Garbled => "the process that reads PDFs answered nonsense".to_owned(),
    }
}

#[expect(clippy::too_many_lines, reason = "one line of words an error, and nothing else")]
fn model_words(error: &model::Error) -> UserMessage {
    use model::Error as E;
    let damaged = "Get the model's files again";
    match error {
        E::MissingFile { what, file } => UserMessage::new(
            format!("The model has no {what}: {} is missing", file_name(file)),
            "Choose the folder that holds config.json, the tokenizer and model.safetensors",
        ),
        E::Read { file, .. } => UserMessage::new(
            format!("{} of the model cannot be read", file_name(file)),
            "Check that the disk or network folder is there and readable",
        ),
        E::Write { file, source } => save_words(file, source),
        E::FileTooLarge { file, bytes, limit } => UserMessage::new(
            format!("{} of the model is too large", file_name(file)),
            format!(
                "It has {}; {} are allowed for it. {damaged}",
                display_bytes(*bytes),
                display_bytes(*limit)
            ),
        ),
        E::Json { file, .. } => {
            UserMessage::new(format!("{} of the model is not valid", file_name(file)), damaged)
        }
        E::UnsupportedSetting { file, key, value, supported } => UserMessage::new(
            format!("This model cannot be run: {key} is {value} in {}", file_name(file)),
            format!("Doclens supports {supported}. Choose SmolDocling or another Idefics3 model"),
        ),
        E::InvalidSetting { file, key, value, expected } => UserMessage::new(
            format!("{} of the model is not consistent: {key} is {value}, but {expected}", file_name(file)),
            damaged,
        ),
        E::WeightsHeader { file, problem } => UserMessage::new(
            format!("{} is not a safetensors file: {problem}", file_name(file)),
            "It is damaged or was not downloaded completely. Get it again",
        ),
        E::WeightsTruncated { file, needed_bytes, actual_bytes } => UserMessage::new(
            format!("{} is cut short", file_name(file)),
            format!(
                "It has {} of {}. Download it again",
                display_bytes(*actual_bytes),
                display_bytes(*needed_bytes)
            ),
        ),
        E::MissingTensor { tensor, file, .. } => UserMessage::new(
            format!("{} lacks the tensor {tensor}", file_name(file)),
            "The weights do not belong to this config.json, or are incomplete. Get both again",
        ),
        E::TensorShape { tensor, expected, actual, file } => UserMessage::new(
            format!("{tensor} in {} has shape {actual:?} instead of {expected:?}", file_name(file)),
            "The weights do not belong to this config.json. Get both again",
        ),
        E::TensorDtype { tensor, dtype, file } => UserMessage::new(
            format!("{tensor} in {} is stored as {dtype}", file_name(file)),
            "Doclens reads weights in f32, f16 and bf16. Choose an unquantised checkpoint",
        ),
        E::Tokenizer { file, .. } => {
            UserMessage::new(format!("The model's tokenizer cannot be used: {}", file_name(file)), damaged)
        }
        E::ChatTemplate { file, .. } => UserMessage::new(
            format!("The model's chat template cannot be used: {}", file_name(file)),
            damaged,
        ),
        E::ImageSlots { .. } => UserMessage::new(
            "The instruction may not contain an image placeholder",
            "Leave `<image>` out of it",
        ),
        E::TokenOutsideVocabulary { id, vocab_size } => UserMessage::new(
            format!("The tokenizer does not belong to the model: token {id} of {vocab_size}"),
            "Get the tokenizer and the weights from the same place",
        ),
        E::PromptTooLong { prompt_tokens, max_position_embeddings } => UserMessage::new(
            format!(
                "This page is too large for the model: {prompt_tokens} of {max_position_embeddings} tokens"
            ),
            "Convert a region of it",
        ),
        E::EmptyImage { .. } => UserMessage::new("There is nothing to read here", "Choose a larger region"),
        E::Image { file, .. } => UserMessage::new(
            format!("{} cannot be read as an image", file_name(file)),
            "Save it as PNG with another program",
        ),
        E::OutOfMemory { needed_bytes } => UserMessage::new(
            "Not enough memory for the model",
            format!(
                "It needs about {}. Close other programs, or choose a smaller model",
                display_bytes(*needed_bytes)
            ),
        ),
        E::Device { device, .. } => UserMessage::new(
            format!("{device} cannot be used"),
            "Choose the processor (cpu), or check the driver",
        ),
        E::Compute(_) => UserMessage::new(
            "The model failed on this page",
            "Try again; if it stays so, please report it with the details",
        ),
    }
}

fn save_words(path: &Path, error: &io::Error) -> UserMessage {
    let name = file_name(path);
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            UserMessage::new(format!("No permission to write {name}"), "Choose another folder")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => UserMessage::new(
            format!("Not enough disk space to write {name}"),
            "Free some space or choose another disk",
        ),
        io::ErrorKind::IsADirectory => {
            UserMessage::new(format!("{name} is a folder"), "Choose another name for the file")
        }
        _ => UserMessage::new(format!("{name} could not be written"), "Choose another folder, or try again"),
    }
}

/// The last part of a path, or all of it where there is none.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Bytes for people: "513 MB", decimal as in file managers and on download pages.
pub fn display_bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) if bytes < 10 * size => format!("{:.1} {unit}", bytes as f64 / size as f64),
        Some((size, unit)) => format!("{} {unit}", (bytes + size / 2) / size),
        None => format!("{bytes} bytes"),
    }
}

/// A time to wait for people, no more precise than it is known: "40 s", "3 min", "1.5 h".
pub fn display_wait(wait: Duration) -> String {
    let secs = wait.as_secs() + u64::from(wait.subsec_millis() >= 500);
    match secs {
        0..90 => format!("{} s", secs.max(1)),
        90..5400 => format!("{} min", secs.div_ceil(60)),
        _ => format!("{:.1} h", secs as f64 / 3600.0),
    }
}

/// The error and what caused it, the outermost first. A cause that the text before already ends
/// with is said once.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn check(error: &Error, summary: &str, hint: &str) {
        let message = UserMessage::from(error);
        assert_eq!((message.summary.as_str(), message.hint.as_deref()), (summary, Some(hint)));
        assert!(!message.summary.ends_with('.'));
    }

    #[test]
    fn waits_are_no_more_precise_than_they_are_known() {
        let check = |millis: u64, expected: &str| {
            assert_eq!(display_wait(Duration::from_millis(millis)), expected);
        };
        check(0, "1 s");
        check(2_500, "3 s");
        check(89_400, "89 s");
        check(89_500, "2 min");
        check(5_399_000, "90 min");
        check(5_400_000, "1.5 h");
    }

    #[test]
    fn a_scan_without_a_model_says_what_is_needed() {
        check(
            &Error::TextLayer { page: 4, source: layout::Error::NoTextLayer },
            "No text layer on this page: a model is needed",
            "Page 4 is a scan or a drawing. Load a model such as SmolDocling to read it",
        );
    }

    #[test]
    fn an_encrypted_file_asks_for_its_password() {
        let error = Error::from(document::Error::PasswordRequired { name: "a.pdf".into() });
        check(&error, "a.pdf is encrypted", "Enter its password");
        assert!(UserMessage::from(&error).needs_password);
    }

    #[test]
    fn a_full_disk_is_named_and_the_folder_stays_in_the_details() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let error = Error::Save { path: PathBuf::from("/secret/folder/out.md"), source };
        check(&error, "Not enough disk space to write out.md", "Free some space or choose another disk");
        let details = UserMessage::from(&error).details.unwrap();
        assert!(details.contains("/secret/folder/out.md"), "{details}");
    }

    #[test]
    fn sizes_read_as_on_a_download_page() {
        let shown = [999, 1_000, 513_028_808, 1_010_000_000].map(display_bytes);
        assert_eq!(shown, ["999 bytes", "1.0 kB", "513 MB", "1.0 GB"]);
    }
}
