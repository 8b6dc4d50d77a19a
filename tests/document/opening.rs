//! Opening: passwords, damage, limits, and what each failure says.

use super::*;

#[test]
fn passwords_are_asked_for_and_checked() {
    for name in ["rc4-128.pdf", "aes-128.pdf", "aes-256.pdf"] {
        let open = |password| Document::open(fixture(name), password);
        assert!(matches!(open(None), Err(Error::PasswordRequired { .. })), "{name}");
        assert!(matches!(open(Some("")), Err(Error::PasswordRequired { .. })), "{name}");
        assert!(matches!(open(Some("shut")), Err(Error::WrongPassword { .. })), "{name}");
        assert!(matches!(open(Some("op\0en")), Err(Error::WrongPassword { .. })), "{name}");
        for password in ["open", "own"] {
            let layer = open(Some(password)).unwrap().text_layer(FIRST).unwrap();
            assert_eq!(text(&layer), "Secret", "{name} with {password}");
        }
    }
    assert!(Document::open(fixture("owner-only.pdf"), None).is_ok());
    let typed = "S\u{AA}SL\u{AD}prep";
    assert!(Document::open(fixture("prepared-password.pdf"), Some(typed)).is_ok());
    assert!(Document::open(fixture("prepared-password.pdf"), Some("SaSLprep")).is_ok());
}

#[test]
fn what_cannot_be_opened_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Document::open(path.as_path(), None).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("empty.pdf", b"", "empty.pdf is empty (0 bytes)");
    check("cut.pdf", b"%PDF-1.7\n1 0 obj << /Type /Cat", "cut.pdf is a damaged or truncated PDF");
    check("no-pages.pdf", &PdfWriter::new().bytes(), "no-pages.pdf has no pages");
    check(
        "notes.txt",
        b"Dear reader",
        "notes.txt is neither a PDF nor an image that Doclens reads (PNG, JPEG, WebP, BMP, TIFF)",
    );
    check(
        "book.pdf",
        b"PK\x03\x04....",
        "book.pdf is a ZIP archive (an Office or OpenDocument file, an EPUB, or plain ZIP), which Doclens does not \
         read; it reads PDF, PNG, JPEG, WebP, BMP and TIFF",
    );
    check("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0", "cut.png is a damaged or truncated PNG image");
    check("cut.tif", b"II*\0\x08\0\0\0", "cut.tif is a damaged or truncated TIFF image");
    let error = Document::open(fixture("huge.png"), None).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "huge.png is 30000 x 30000 pixels; Doclens opens images of up to 178 megapixels"
    );
    let missing = folder.path().join("missing.pdf");
    assert!(matches!(Document::open(missing, None), Err(Error::NotFound { .. })));
    assert!(matches!(Document::open(folder.path(), None), Err(Error::IsFolder { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_and_a_device_say_so() {
    use std::os::unix::fs::PermissionsExt as _;
    assert!(matches!(Document::open(Path::new("/dev/null"), None), Err(Error::NotAFile { .. })));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "%PDF-").unwrap();
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    // For root every file can be read.
    if std::fs::read(file.path()).is_err() {
        assert!(matches!(Document::open(file.path(), None), Err(Error::NoPermission { .. })));
    }
}

#[test]
fn a_png_named_pdf_opens_as_the_image_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.pdf");
    std::fs::copy(fixture("orientation-6.png"), &path).unwrap();
    let document = Document::open(path, None).unwrap();
    assert!(document.is_image());
    assert_eq!((document.page_count(), document.name()), (1, "scan.pdf"));
}

#[test]
fn one_damaged_page_does_not_hide_its_neighbours() {
    let mut writer = PdfWriter::new();
    writer.page("/MediaBox [0 0 200 100]", "", "BT /F 12 Tf 9 9 Td (fine) Tj ET");
    writer.page("/MediaBox [0 0 200 100]", "", "");
    let file = String::from_utf8(writer.bytes()).unwrap().replacen(
        "/Kids [4 0 R 6 0 R ]",
        "/Kids [4 0 R 99 0 R ]",
        1,
    );
    let mut document = open_bytes(file.into_bytes()).unwrap();
    assert_eq!(text(&document.text_layer(FIRST).unwrap()), "fine");
    for page in 1..document.page_count() {
        let rendered = document.render(PageIndex(page), 100, Rotation::None, None);
        assert!(matches!(rendered, Err(Error::DamagedPage { .. })));
    }
    let beyond = PageIndex(document.page_count());
    assert!(matches!(document.render(beyond, 100, Rotation::None, None), Err(Error::NoSuchPage { .. })));
    assert!(matches!(document.text_layer(beyond), Err(Error::NoSuchPage { .. })));
}

#[test]
fn truncated_anywhere_a_pdf_neither_panics_nor_hangs() {
    let whole = PdfWriter::new()
        .page("/MediaBox [0 0 200 100]", "", "BT /F 12 Tf 9 9 Td (x) Tj ET 10 10 50 50 re S")
        .bytes();
    for length in (0..whole.len()).step_by(7) {
        if let Ok(mut document) = open_bytes(whole[..length].to_vec()) {
            for page in 0..document.page_count() {
                if document.render(PageIndex(page), 60, Rotation::None, None).is_ok() {
                    document.text_layer(PageIndex(page)).ok();
                }
            }
        }
    }
}

#[test]
fn five_thousand_page_sizes_are_there_at_once() {
    let mut writer = PdfWriter::new();
    for page in 0..5_000 {
        writer.page(&format!("/MediaBox [0 0 {} 100]", 200 + page), "", "");
    }
    let document = open_bytes(writer.bytes()).unwrap();
    assert_eq!(document.page_count(), 5_000);
    assert_eq!(document.page_sizes()[4_999], PageSize { width_pt: 5_199.0, height_pt: 100.0 });
}

#[test]
fn the_title_is_the_files_own_and_a_document_may_change_threads() {
    let document = page("");
    let title = std::thread::Builder::new().spawn(move || document.title()).unwrap().join().unwrap();
    assert_eq!(title.as_deref(), Some("A title"));
}
