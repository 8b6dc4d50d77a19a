//! Any bytes as a document that is no PDF: its pages are drawn, or it is refused. Run with `-malloc_limit_mb=800`, a
//! little more than one decoding may take, and `-rss_limit_mb=2048`.
#![no_main]

use doclens::document::{Document, PageIndex, PdfReading, PdfWorker, PixelRect, Rotation, Source};
use libfuzzer_sys::fuzz_target;

/// Pages that are drawn: the others are no different.
const MAX_PAGES: usize = 3;

fuzz_target!(|data: &[u8]| {
    // PDFs are for another process, which there is none of here.
    let reading = PdfReading::InWorker(PdfWorker::of_program("/dev/null"));
    let source = Source::Bytes { name: "fuzz".to_owned(), bytes: data.into() };
    let Ok(mut document) = Document::open_with(source, None, &reading) else { return };
    let region = PixelRect { x_px: 7, y_px: 5, width_px: 20, height_px: 30 };
    for page in (0..document.page_count()).take(MAX_PAGES).map(PageIndex) {
        let (width, height) = document.native_pixels(page).expect("an image has pixels");
        assert!(width > 0 && height > 0);
        document.text_layer(page).expect("an image has an empty one");
        for (rotation, width_px, region) in [
            (Rotation::None, 40, None),
            (Rotation::Quarter, 64, Some(region)),
            (Rotation::Half, width.min(500), Some(region)),
        ] {
            let Ok(image) = document.render(page, width_px, rotation, region) else { continue };
            assert_eq!(image.rgba.len(), 4 * image.width_px as usize * image.height_px as usize);
            assert!(image.rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == u8::MAX));
        }
    }
});
