//! The document room from outside: what opens, what does not and how it says so, where things lie on
//! turned and cropped pages, and what a page's text layer holds.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use doclens::document::page::{MAX_PAGE_SIDE_PX, MAX_RENDER_PIXELS, page_from_pixels};
use doclens::document::text_layer::Rule;
use doclens::document::{
    Document, Error, PageImage, PageIndex, PageSize, PixelRect, Rotation, Source, TextLayer, TextQuality,
};
use doclens::geometry::BBox;

#[path = "document/images.rs"]
mod images;
#[path = "document/opening.rs"]
mod opening;
#[path = "document/pdf_writer.rs"]
mod pdf_writer;
use pdf_writer::PdfWriter;

const FIRST: PageIndex = PageIndex(0);
const TURNS: [Rotation; 4] = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents").join(name)
}

fn open_bytes(bytes: Vec<u8>) -> Result<Document, Error> {
    Document::open(Source::Bytes { name: "test".into(), bytes: bytes.into() }, None)
}

/// One page of 200 x 100 points with this content.
fn page(content: &str) -> Document {
    open_bytes(PdfWriter::new().page("/MediaBox [0 0 200 100]", "", content).bytes()).unwrap()
}

fn text_layer(content: &str) -> TextLayer {
    page(content).text_layer(FIRST).unwrap()
}

fn text(layer: &TextLayer) -> String {
    layer.chars.iter().map(|c| c.unicode).collect()
}

/// The box around all pixels that `is_ink` likes.
fn ink_box(image: &PageImage, is_ink: impl Fn([u8; 3]) -> bool) -> BBox {
    let mut around: Option<BBox> = None;
    for (index, pixel) in image.rgba.chunks_exact(4).enumerate() {
        if is_ink([pixel[0], pixel[1], pixel[2]]) {
            let index = u32::try_from(index).unwrap();
            let (x_px, y_px) = (index % image.width_px, index / image.width_px);
            let rect = PixelRect { x_px, y_px, width_px: 1, height_px: 1 };
            let bbox = page_from_pixels(&rect, image.width_px, image.height_px);
            around = Some(around.map_or(bbox, |sum| sum.union(&bbox)));
        }
    }
    around.unwrap()
}

fn assert_same_place(actual: &BBox, expected: &BBox, tolerance: f64, what: &str) {
    for (a, b) in [
        (actual.left, expected.left),
        (actual.top, expected.top),
        (actual.right, expected.right),
        (actual.bottom, expected.bottom),
    ] {
        assert!((a - b).abs() <= tolerance, "{what}: {actual:?} against {expected:?}");
    }
}

/// A page with black text, a red area under a link, and a green image inside a form that is itself
/// scaled and moved: every kind of object whose place comes from another matrix.
fn page_of_everything(entries: &str) -> Document {
    let mut writer = PdfWriter::new();
    let form = writer.stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 1000 1000] /Matrix [2 0 0 2 10 20]",
        "q 15 0 0 10 100 60 cm BI /W 1 /H 1 /CS /RGB /BPC 8 ID \0\u{7f}\0 EI Q",
    );
    let link = writer.object(
        "<< /Type /Annot /Subtype /Link /Rect [150 300 230 340] /Border [0 0 0] \
         /A << /S /URI /URI (https://example.org/) >> >>",
    );
    writer
        .page(
            &format!("/MediaBox [0 0 400 600] /Annots [{link} 0 R] {entries}"),
            &format!("/XObject << /X {form} 0 R >>"),
            "1 0 0 rg 150 300 80 40 re f 0 g BT /F 20 Tf 120 420 Td (Hlg) Tj ET q 0.5 0 0 0.5 50 160 cm /X Do Q",
        )
        .bytes()
        .pipe(open_bytes)
        .unwrap()
}

trait Pipe: Sized {
    fn pipe<T>(self, next: impl FnOnce(Self) -> T) -> T {
        next(self)
    }
}
impl<T> Pipe for T {}

#[test]
fn what_is_drawn_and_what_is_read_lie_in_one_place_however_the_page_is_turned_and_cropped() {
    for rotate in [0, 90, 180, 270, -90, 450] {
        for crop in ["", "/CropBox [100 150 350 500]", "/CropBox [-50 -50 380 560]"] {
            let mut document = page_of_everything(&format!("/Rotate {rotate} {crop}"));
            let layer = document.text_layer(FIRST).unwrap();
            assert_eq!(text(&layer), "Hlg");
            for turn in TURNS {
                let what = format!("/Rotate {rotate} {crop}, turned by {turn:?}");
                let image = document.render(FIRST, 800, turn, None).unwrap();
                let size = document.page_sizes()[0];
                assert_eq!((image.width_px, image.height_px), size.pixels_at_width(800, turn), "{what}");
                let tolerance = 2.5 / f64::from(image.width_px.min(image.height_px));
                let check = |bbox: BBox, is_ink: fn([u8; 3]) -> bool, kind: &str| {
                    let ink = ink_box(&image, is_ink);
                    assert_same_place(&turn.turned_bbox(&bbox), &ink, tolerance, &format!("{what}, {kind}"));
                };
                let letters = layer.chars.iter().map(|c| c.tight).reduce(|a, b| a.union(&b)).unwrap();
                check(letters, |[r, g, b]| r < 90 && g < 90 && b < 90, "text");
                check(layer.fills[0].bbox, |[r, g, _]| r > 180 && g < 80, "fill");
                check(layer.links[0].bbox, |[r, g, _]| r > 180 && g < 80, "link");
                check(layer.images[0], |[r, g, _]| r < 60 && g > 90, "image");
            }
        }
    }
}

#[test]
fn turned_text_says_which_way_it_runs_on_the_upright_page() {
    let check = |rotate: u32, expected: f32| {
        let mut document = page_of_everything(&format!("/Rotate {rotate}"));
        let layer = document.text_layer(FIRST).unwrap();
        assert!(
            layer.chars.iter().all(|c| (c.angle_deg - expected).abs() < 1e-3),
            "{rotate}: {:?}",
            layer.chars[0]
        );
    };
    check(0, 0.0);
    check(90, 90.0);
    check(270, 270.0);
    let layer = text_layer("BT /F 12 Tf 0 1 -1 0 100 20 Tm (up) Tj ET");
    assert!((layer.chars[0].angle_deg - 270.0).abs() < 0.01);
}

#[test]
fn a_region_is_cut_out_of_the_whole_page_image() {
    let mut document = page_of_everything("/Rotate 90 /CropBox [100 150 350 500]");
    for turn in TURNS {
        let whole = document.render(FIRST, 300, turn, None).unwrap();
        let region = PixelRect { x_px: 31, y_px: 17, width_px: 120, height_px: 90 };
        let part = document.render(FIRST, 300, turn, Some(region)).unwrap();
        assert_eq!((part.width_px, part.height_px), (120, 90));
        let different = (0..90)
            .flat_map(|y| (0..120).map(move |x| (x, y)))
            .filter(|(x, y)| {
                let at = |image: &PageImage, x: usize, y: usize| {
                    image.rgba[4 * (y * image.width_px as usize + x)].abs_diff(0)
                };
                at(&part, *x, *y).abs_diff(at(&whole, x + 31, y + 17)) > 48
            })
            .count();
        // PDFium rounds each glyph to whole pixels of its target: one of the three may move by one.
        assert!(different < 100, "{turn:?}: {different} of 10800 pixels differ");
    }
}

#[test]
fn odd_page_sizes_open_and_render_within_limits() {
    let check = |media_box: &str| {
        let file = PdfWriter::new().page(media_box, "", "BT /F 12 Tf 1 1 Td (x) Tj ET").bytes();
        let mut document = open_bytes(file).unwrap();
        let size = document.page_sizes()[0];
        assert!(size.width_pt.is_finite() && size.width_pt > 0.0, "{media_box}: {size:?}");
        assert!(size.height_pt.is_finite() && size.height_pt > 0.0, "{media_box}: {size:?}");
        for turn in TURNS {
            let image = document.render(FIRST, 1000, turn, None).unwrap();
            assert!(image.width_px >= 1 && image.height_px >= 1);
            assert!(u64::from(image.width_px) * u64::from(image.height_px) <= MAX_RENDER_PIXELS);
            assert_eq!(image.rgba.len(), 4 * image.width_px as usize * image.height_px as usize);
        }
        document.text_layer(FIRST).unwrap();
    };
    check("/MediaBox [0 0 0 0]");
    check("/MediaBox [0 0 100000 10]");
    check("/MediaBox [0 0 595 2147483648]");
    check("/MediaBox [0 0 0.001 0.001]");
    check("/MediaBox [595 842 0 0]");
    check("/MediaBox [0 0 200 100] /CropBox [500 500 600 600]");
    check("/MediaBox [0 0 200 100] /UserUnit 10");
    check("/MediaBox [(a) null]");
    check("");
}

#[test]
fn a_deep_zoom_renders_only_its_region_and_a_huge_region_is_refused() {
    let mut document = page("0 g 0 0 200 100 re f");
    let region = PixelRect { x_px: 60_000, y_px: 30_000, width_px: 256, height_px: 256 };
    let tile = document.render(FIRST, u32::MAX, Rotation::None, Some(region)).unwrap();
    assert_eq!((tile.width_px, tile.height_px), (256, 256));
    assert!(tile.rgba.chunks_exact(4).all(|pixel| pixel == [0, 0, 0, 255]));
    let everything = PixelRect { x_px: 0, y_px: 0, width_px: u32::MAX, height_px: u32::MAX };
    let refused = document.render(FIRST, MAX_PAGE_SIDE_PX, Rotation::None, Some(everything));
    assert!(matches!(refused, Err(Error::RenderTooLarge { .. })));
}

#[test]
fn page_images_are_opaque_and_white_where_nothing_is_drawn() {
    let image = page("").render(FIRST, 50, Rotation::None, None).unwrap();
    assert!(image.rgba.iter().all(|byte| *byte == 255));
}

// ---- Text ----

#[test]
fn characters_have_size_font_and_colour() {
    let layer =
        text_layer("BT 0 0 1 rg /F 10 Tf 2 0 0 2 20 60 Tm (Aa) Tj ET 0 g BT /B 12 Tf 20 20 Td (Bb c) Tj ET");
    assert_eq!(text(&layer), "AaBb c");
    let large = &layer.chars[0];
    assert!((large.font_size_pt - 20.0).abs() < 0.01);
    assert_eq!(large.color, Some([0, 0, 255]));
    assert_eq!(layer.fonts[usize::from(large.font_idx)].name, "Helvetica");
    assert!((large.baseline - 0.4).abs() < 1e-6);
    assert!(large.loose.top < large.tight.top && large.loose.bottom > large.tight.bottom);
    let bold = &layer.chars[2];
    let font = &layer.fonts[usize::from(bold.font_idx)];
    assert!(font.is_bold && font.is_italic && font.is_monospace, "{font:?}");
    assert!(layer.chars[4].is_blank);
    assert_eq!(layer.quality, TextQuality::Good);
}

#[test]
fn generated_blanks_and_line_ends_are_left_out() {
    let layer = text_layer("BT /F 12 Tf 10 80 Td (one) Tj 60 0 Td (two) Tj -60 -20 Td (three) Tj ET");
    assert_eq!(text(&layer), "onetwothree");
}

#[test]
fn a_hyphen_at_the_end_of_a_line_is_a_hyphen() {
    let layer = text_layer("BT /F 12 Tf 10 80 Td (hyphen-) Tj 0 -14 Td (ated) Tj ET");
    assert_eq!(text(&layer), "hyphen-ated");
}

#[test]
fn invisible_text_is_an_ocr_layer_and_no_text_is_none() {
    let layer = text_layer("BT 3 Tr /F 12 Tf 10 80 Td (scanned) Tj ET");
    assert!(layer.chars.iter().all(|c| c.is_invisible));
    assert_eq!(layer.quality, TextQuality::OcrLayer);
    assert_eq!(text_layer("0 g 10 10 50 50 re f").quality, TextQuality::Absent);
}

#[test]
fn text_without_unicode_is_garbled() {
    let layer = text_layer("BT /F 12 Tf 10 50 Td (\\001\\003\\004\\005\\006 abc) Tj ET");
    assert!(layer.chars.iter().filter(|c| c.is_unmapped).count() >= 4, "{:?}", text(&layer));
    assert_eq!(layer.quality, TextQuality::Garbled);
}

#[test]
fn what_lies_off_the_page_is_not_read() {
    let layer = text_layer("BT /F 12 Tf 10 80 Td (in) Tj 500 0 Td (out) Tj ET 0 g 300 0 50 50 re f");
    assert_eq!(text(&layer), "in");
    assert!(layer.fills.is_empty());
}

// ---- Graphics ----

#[test]
fn rules_come_as_lines_thin_boxes_and_edges() {
    let check = |content: &str, horizontal: usize, vertical: usize, fills: usize, drawings: usize| {
        let layer = text_layer(content);
        let (level, upright): (Vec<Rule>, Vec<Rule>) =
            layer.rules.iter().copied().partition(|rule| rule.is_horizontal);
        let counts = (level.len(), upright.len(), layer.fills.len(), layer.drawings.len());
        assert_eq!(counts, (horizontal, vertical, fills, drawings), "{content}");
    };
    check("1 w 10 50 m 190 50 l S", 1, 0, 0, 0);
    check("0 w 10 10 m 10 90 l S", 0, 1, 0, 0);
    check("10 50 180 0.5 re f", 1, 0, 0, 0);
    check("10 10 100 50 re S", 2, 2, 0, 0);
    check("0.9 g 10 10 100 50 re f", 0, 0, 1, 0);
    check("0.9 g 10 10 100 50 re B", 2, 2, 1, 0);
    check("10 10 m 60 10 l 60 60 l S", 1, 1, 0, 0);
    check("10 10 m 60 10 l 60 60 l 10 60 l f", 0, 0, 1, 0);
    check("10 10 m 60 40 l S", 0, 0, 0, 1);
    check("10 10 m 20 40 30 40 60 10 c S", 0, 0, 0, 1);
    check("8 w 10 50 m 190 50 l S", 0, 0, 1, 0);
    check("10 10 100 50 re n", 0, 0, 0, 0);
    check("10 10 100 50 re W n", 0, 0, 0, 0);
    // Cell by cell, and twice: still one line.
    check("10 50 m 60 50 l S 60 50 m 110 50 l S 110.5 50 m 190 50 l S 10 50 m 190 50 l S", 1, 0, 0, 0);
    // Two lines of a double rule, and two with a hole between, stay two.
    check("10 50 m 190 50 l S 10 52 m 190 52 l S", 2, 0, 0, 0);
    check("10 50 m 90 50 l S 110 50 m 190 50 l S", 2, 0, 0, 0);
    // Rounded corners are a box all the same.
    check(
        "0.9 g 20 10 m 90 10 l 96 10 100 14 100 20 c 100 50 l 100 56 96 60 90 60 c 20 60 l 14 60 10 56 10 50 c \
         10 20 l 10 14 14 10 20 10 c f",
        0,
        0,
        1,
        0,
    );
}

#[test]
fn matrices_turn_and_scale_rules() {
    let layer = text_layer("q 0 10 -10 0 100 20 cm 0.1 w 0 0 m 5 0 l S Q");
    let rule = layer.rules[0];
    assert!(!rule.is_horizontal);
    let expected = BBox { left: 0.4975, right: 0.5025, top: 0.3, bottom: 0.8 };
    assert_same_place(&rule.bbox, &expected, 1e-6, "rule");
}

#[test]
fn a_rule_on_a_turned_page_lies_level_when_it_looks_level() {
    let file = PdfWriter::new().page("/MediaBox [0 0 200 100] /Rotate 90", "", "10 10 m 10 90 l S").bytes();
    let layer = open_bytes(file).unwrap().text_layer(FIRST).unwrap();
    assert!(layer.rules[0].is_horizontal && layer.rules[0].bbox.width() > layer.rules[0].bbox.height());
}

#[test]
fn images_show_what_their_clip_lets_through() {
    let image = "q 100 0 0 80 20 10 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \u{1} EI Q";
    let check = |content: String, expected: BBox| {
        assert_same_place(&text_layer(&content).images[0], &expected, 1e-6, &content);
    };
    check(image.into(), BBox { left: 0.1, top: 0.1, right: 0.6, bottom: 0.9 });
    check(format!("60 0 20 100 re W n {image}"), BBox { left: 0.3, top: 0.1, right: 0.4, bottom: 0.9 });
}

#[test]
fn strips_of_one_image_are_one_and_parts_of_one_drawing_too() {
    let strip = |y: u32| format!("q 100 0 0 20 20 {y} cm BI /W 1 /H 1 /CS /G /BPC 8 ID \u{1} EI Q ");
    let layer = text_layer(&format!("{}{}{}", strip(60), strip(40), strip(20)));
    assert_eq!(layer.images.len(), 1);
    assert_same_place(
        &layer.images[0],
        &BBox { left: 0.1, top: 0.2, right: 0.6, bottom: 0.8 },
        1e-6,
        "image",
    );
    let layer = text_layer(
        "10 10 m 30 40 l S 30 40 m 60 20 l S 60 20 m 70 60 l S 150 60 m 180 90 l S 150 90 m 180 60 l S",
    );
    assert_eq!(layer.drawings.len(), 2, "{:?}", layer.drawings);
}

#[test]
fn links_have_their_address_once_among_other_annotations() {
    let mut writer = PdfWriter::new();
    let note = writer.object("<< /Type /Annot /Subtype /Text /Rect [0 0 10 10] >>");
    let link = writer.object(
        "<< /Type /Annot /Subtype /Link /Rect [20 50 120 60] /A << /S /URI /URI (mailto:a@example.org) >> >>",
    );
    let file =
        writer.page(&format!("/MediaBox [0 0 200 100] /Annots [{note} 0 R {note} 0 R {link} 0 R]"), "", "");
    let layer = open_bytes(file.bytes()).unwrap().text_layer(FIRST).unwrap();
    assert_eq!(layer.links.len(), 1);
    assert_eq!(layer.links[0].uri.as_deref(), Some("mailto:a@example.org"));
}

#[test]
fn a_hostile_page_ends() {
    // A form that draws itself, a hundred thousand lines, and a path of as many segments. (A form that
    // draws itself twice makes PDFium itself grow without end; only another process can bound that.)
    let mut writer = PdfWriter::new();
    let form = writer.stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /XObject << /X 3 0 R >> >>",
        "0 0 m 9 9 l S /X Do",
    );
    let lines = "1 1 m 9 5 l S ".repeat(100_000);
    let path = format!("1 1 m {} S", "50 50 l 60 60 l ".repeat(100_000));
    let file = writer.page(
        "/MediaBox [0 0 200 100]",
        &format!("/XObject << /X {form} 0 R >>"),
        &format!("/X Do {lines} {path} 0 0 m {} S", "1 1 2 2 3 3 c ".repeat(1000)),
    );
    let layer = open_bytes(file.bytes()).unwrap().text_layer(FIRST).unwrap();
    assert!(!layer.drawings.is_empty());
}
