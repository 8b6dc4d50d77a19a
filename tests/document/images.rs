//! Image files: formats, colours, orientation, resolution.

use super::*;

/// The picture of the fixtures: red, green, blue and black quarters.
fn check_picture(name: &str, page: usize, size: (u32, u32), tolerance: u8) {
    let mut document = Document::open(fixture(name), None).unwrap();
    let page = PageIndex(page);
    assert_eq!(document.native_pixels(page), Some(size), "{name}");
    let image = document.render(page, size.0, Rotation::None, None).unwrap();
    assert_eq!((image.width_px, image.height_px), size, "{name}");
    let (right, bottom) = (size.0 * 3 / 4, size.1 * 3 / 4);
    for (x, y, expected) in [
        (size.0 / 4, size.1 / 4, [255, 0, 0]),
        (right, size.1 / 4, [0, 255, 0]),
        (size.0 / 4, bottom, [0, 0, 255]),
        (right, bottom, [0, 0, 0]),
    ] {
        let at = 4 * (y * size.0 + x) as usize;
        for (actual, expected) in image.rgba[at..at + 3].iter().zip(expected) {
            let found = &image.rgba[at..at + 4];
            assert!(actual.abs_diff(expected) <= tolerance, "{name} at {x}, {y}: {found:?}");
        }
    }
}

#[test]
fn every_exif_orientation_ends_upright() {
    for orientation in 1..=8 {
        check_picture(&format!("orientation-{orientation}.jpg"), 0, (40, 20), 6);
    }
    check_picture("orientation-6.png", 0, (40, 20), 0);
    check_picture("orientation-8.webp", 0, (40, 20), 0);
    check_picture("turned.tif", 0, (40, 20), 0);
}

#[test]
fn every_format_shows_its_colours() {
    check_picture("picture.bmp", 0, (40, 20), 0);
    check_picture("palette.png", 0, (40, 20), 0);
    check_picture("lossy.webp", 0, (40, 20), 40);
    check_picture("cmyk.jpg", 0, (40, 20), 20);
    check_picture("lzw.tif", 0, (40, 20), 0);
    check_picture("jpeg.tif", 0, (80, 48), 20);
    check_picture("cmyk.tif", 0, (40, 20), 2);
    let mut palette = Document::open(fixture("palette.tif"), None).unwrap();
    let error = palette.render(FIRST, 40, Rotation::None, None).unwrap_err();
    assert_eq!(error.to_string(), "palette.tif uses a feature of TIFF that Doclens does not read");
}

#[test]
fn every_directory_of_a_tiff_is_a_page_but_thumbnails_are_not() {
    let document = Document::open(fixture("pages.tif"), None).unwrap();
    let sizes: Vec<_> =
        (0..document.page_count()).map(|page| document.native_pixels(PageIndex(page))).collect();
    assert_eq!(sizes, [Some((40, 20)), Some((20, 40)), Some((60, 60))]);
    check_picture("pages.tif", 1, (20, 40), 0);
    check_picture("pages.tif", 2, (60, 60), 0);
    check_picture("pages.tif", 0, (40, 20), 0);
}

#[test]
fn grey_of_16_bits_and_fax_become_grey_of_8() {
    let pixel = |name: &str, x: usize| {
        let mut document = Document::open(fixture(name), None).unwrap();
        let (width_px, _) = document.native_pixels(FIRST).unwrap();
        document.render(FIRST, width_px, Rotation::None, None).unwrap().rgba[4 * x..4 * x + 4].to_vec()
    };
    for name in ["gray16.png", "gray16.tif"] {
        assert_eq!(pixel(name, 0), [64, 64, 64, 255], "{name}");
        assert_eq!(pixel(name, 3), [191, 191, 191, 255], "{name}");
    }
    assert!(pixel("gray.jpg", 0)[0].abs_diff(76) < 8);
    let mut fax = Document::open(fixture("fax.tif"), None).unwrap();
    let image = fax.render(FIRST, 40, Rotation::None, None).unwrap();
    // The black quarter at the bottom right.
    assert_eq!(image.rgba[4 * (15 * 40 + 35)..][..3], [0, 0, 0]);
    assert!(image.rgba.chunks_exact(4).any(|pixel| pixel[0] == 255));
}

#[test]
fn what_is_transparent_lies_on_white() {
    let mut document = Document::open(fixture("alpha.png"), None).unwrap();
    let image = document.render(FIRST, 3, Rotation::None, None).unwrap();
    assert_eq!(image.rgba, [127, 127, 127, 255, 255, 0, 0, 255, 255, 255, 255, 255]);
}

#[test]
fn the_resolution_gives_the_size_on_paper() {
    let size = |name| Document::open(fixture(name), None).unwrap().page_sizes()[0];
    assert_eq!(
        size("turned.tif"),
        PageSize { width_pt: 40.0 * 72.0 / 300.0, height_pt: 20.0 * 72.0 / 300.0 }
    );
    assert_eq!(size("picture.bmp"), PageSize { width_pt: 20.0, height_pt: 10.0 });
}

/// Its decoder would take the memory first.
#[test]
fn notes_in_a_webp_file_that_claim_4_gigabytes_are_read_as_far_as_they_go() {
    let mut webp = std::fs::read(fixture("orientation-8.webp")).unwrap();
    let notes = webp.windows(4).position(|name| name == b"EXIF").unwrap();
    webp[notes + 4..notes + 8].fill(0xff);
    let mut document = open_bytes(webp).unwrap();
    assert_eq!(document.native_pixels(FIRST), Some((40, 20)));
    document.render(FIRST, 40, Rotation::None, None).unwrap();
}

/// A photograph of 16000 x 11000 pixels whose coefficients are held takes 3 + 8 bytes each.
#[test]
fn a_progressive_picture_counts_what_is_held_until_its_last_scan() {
    let jpeg = std::fs::read(fixture("orientation-1.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    let check = |kind: u8, width: u16, height: u16, expected: &str| {
        let mut jpeg = jpeg.clone();
        jpeg[frame + 1] = kind;
        jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        let opened = Document::open(Source::Bytes { name: "a.jpg".into(), bytes: jpeg.into() }, None);
        assert_eq!(opened.err().map(|error| error.to_string()).unwrap_or_default(), expected);
    };
    check(0xc0, 16_000, 11_000, "");
    check(0xc2, 8_000, 8_000, "");
    check(0xc2, 16_000, 11_000, "a.jpg needs more than 768 MiB to decode");
}

#[test]
fn image_pages_turn_scale_and_crop_like_pdf_pages() {
    let mut document = Document::open(fixture("pages.tif"), None).unwrap();
    let red = |[r, g, b]: [u8; 3]| r > 200 && g < 60 && b < 60;
    for turn in TURNS {
        let image = document.render(FIRST, 200, turn, None).unwrap();
        let size = document.page_sizes()[0];
        assert_eq!((image.width_px, image.height_px), size.pixels_at_width(200, turn));
        let quarter = BBox { left: 0.0, top: 0.0, right: 0.5, bottom: 0.5 };
        assert_same_place(&ink_box(&image, red), &turn.turned_bbox(&quarter), 0.03, &format!("{turn:?}"));
        let region = PixelRect { x_px: 20, y_px: 10, width_px: 150, height_px: 60 };
        let part = document.render(FIRST, 200, turn, Some(region)).unwrap();
        for y in 0..60 {
            for x in 0..150 {
                let from_part = part.rgba[4 * (y * 150 + x)];
                let from_whole = image.rgba[4 * ((y + 10) * 200 + x + 20)];
                assert!(from_part.abs_diff(from_whole) <= 1, "{turn:?} at {x}, {y}");
            }
        }
    }
    assert_eq!(document.text_layer(FIRST).unwrap().quality, TextQuality::Absent);
}
