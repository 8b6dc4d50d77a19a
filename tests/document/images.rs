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
