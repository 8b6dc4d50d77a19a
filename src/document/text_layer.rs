//! A page's own text and drawing, as the PDF stores them. Plain data; `pdf.rs` fills it.
//!
//! All boxes are in page space (fractions of the upright page). Nothing here is interpreted:
//! words, lines, columns and tables are the `layout` room's work.

use crate::document::page::{PageSize, Rotation};
use crate::geometry::BBox;

/// The part of a PDF's own coordinate system that is shown as the page, and how it is turned.
///
/// PDF points: origin bottom left, y up, before `/Rotate`. This is the one place where they become
/// page space; characters, rules, images and links all come through here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageFrame {
    /// Left edge of the shown box (`CropBox` within `MediaBox`) in points.
    pub left_pt: f64,
    /// Its bottom edge in points.
    pub bottom_pt: f64,
    /// Its width before rotation in points, positive.
    pub width_pt: f64,
    /// Its height before rotation in points, positive.
    pub height_pt: f64,
    /// The file's own clockwise `/Rotate`.
    pub rotation: Rotation,
}

impl PageFrame {
    /// Size of the upright page.
    pub fn page_size(&self) -> PageSize {
        PageSize { width_pt: self.width_pt, height_pt: self.height_pt }.turned(self.rotation)
    }

    /// A point of the PDF in page space. Points outside the shown box fall outside `0.0..=1.0`.
    pub fn page_from_points(&self, x_pt: f64, y_pt: f64) -> (f64, f64) {
        let x = (x_pt - self.left_pt) / self.width_pt;
        let y = 1.0 - (y_pt - self.bottom_pt) / self.height_pt;
        self.rotation.turned_from_upright(x, y)
    }

    /// The box in page space of a rectangle given by two opposite corners in points.
    pub fn bbox_from_points(&self, x0_pt: f64, y0_pt: f64, x1_pt: f64, y1_pt: f64) -> BBox {
        let (x0, y0) = self.page_from_points(x0_pt, y0_pt);
        let (x1, y1) = self.page_from_points(x1_pt, y1_pt);
        BBox::from_corners(x0, y0, x1, y1)
    }

    /// A direction in points as degrees clockwise on the upright page, in `0.0..360.0`:
    /// `(1, 0)` on a page without rotation gives 0.
    pub fn angle_deg_from_points(&self, dx_pt: f64, dy_pt: f64) -> f64 {
        let turn = match self.rotation {
            Rotation::None => 0.0,
            Rotation::Quarter => 90.0,
            Rotation::Half => 180.0,
            Rotation::ThreeQuarters => 270.0,
        };
        let degrees = ((-dy_pt).atan2(dx_pt).to_degrees() + turn).rem_euclid(360.0);
        // What rounds to a full circle is a hair short of none.
        if degrees >= 359.995 { 0.0 } else { degrees }
    }
}

/// Everything a page says about itself without its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLayer {
    /// Size of the upright page, to turn fractions into points.
    pub page_size: PageSize,
    /// Characters in the order of the file. Generated blanks and line ends are left out.
    pub chars: Vec<TextChar>,
    /// Fonts that `TextChar::font_idx` points into.
    pub fonts: Vec<Font>,
    /// Straight horizontal and vertical lines, thin filled rectangles and rectangle edges.
    pub rules: Vec<Rule>,
    /// Filled areas that are not thin enough to be rules (shaded rows, code backgrounds).
    pub fills: Vec<Fill>,
    /// Image objects that are drawn on the page.
    pub images: Vec<BBox>,
    /// Bounds of vector drawings (paths that are neither rules nor plain fills).
    pub drawings: Vec<BBox>,
    /// Link annotations.
    pub links: Vec<Link>,
    /// Whether the characters can be trusted.
    pub quality: TextQuality,
}

impl TextLayer {
    /// The layer of a page that is one image: no text, and the image everywhere.
    pub fn of_image(page_size: PageSize) -> Self {
        Self {
            page_size,
            chars: Vec::new(),
            fonts: Vec::new(),
            rules: Vec::new(),
            fills: Vec::new(),
            images: vec![BBox::PAGE],
            drawings: Vec::new(),
            links: Vec::new(),
            quality: TextQuality::Absent,
        }
    }
}

/// One character with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct TextChar {
    /// What the character means; ligatures are spelled out by the layout room.
    pub unicode: char,
    /// Line-high box: from the font's descent to its ascent, advance width. For grouping.
    pub loose: BBox,
    /// Box of the ink. Empty for blanks.
    pub tight: BBox,
    /// Where the baseline crosses the character's left edge, as a fraction of the page height.
    pub baseline: f64,
    /// Font size in points as it appears on the page (after all matrices).
    pub font_size_pt: f32,
    /// Index into `TextLayer::fonts`.
    pub font_idx: u16,
    /// Direction of the text's advance, in degrees clockwise from left-to-right: 0 for usual text.
    pub angle_deg: f32,
    /// RGB fill colour, when it is known.
    pub color: Option<[u8; 3]>,
    /// The character is a blank that the file itself stores.
    pub is_blank: bool,
    /// The file has no usable Unicode for it (U+FFFD, private use, control characters).
    pub is_unmapped: bool,
    /// Text drawn invisibly (render mode 3), as OCR layers behind scans are.
    pub is_invisible: bool,
}

/// A font as the page uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Font {
    /// Base name without the subset prefix.
    pub name: String,
    /// By name or by weight of 600 and more.
    pub is_bold: bool,
    /// Italic or oblique.
    pub is_italic: bool,
    /// All advances are equal, by flag or by name.
    pub is_monospace: bool,
}

/// A straight horizontal or vertical line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Its bounds; one side is thin.
    pub bbox: BBox,
    /// Horizontal or vertical.
    pub is_horizontal: bool,
}

/// A filled area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// Its bounds.
    pub bbox: BBox,
    /// RGB colour.
    pub color: [u8; 3],
}

/// A link annotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The clickable area.
    pub bbox: BBox,
    /// Where it leads, when that is an address.
    pub uri: Option<String>,
}

/// How far a text layer can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextQuality {
    /// No visible or invisible characters: a scan or a drawing.
    Absent,
    /// More than a tenth of the characters have no Unicode meaning.
    Garbled,
    /// All characters are invisible: written by somebody's OCR over a scan.
    OcrLayer,
    /// Born-digital text.
    Good,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_angle(rotation: Rotation, direction: (f64, f64), expected: f64) {
        let angle = frame(rotation).angle_deg_from_points(direction.0, direction.1);
        assert!((angle - expected).abs() < 1e-9, "{rotation:?} {direction:?}: {angle}");
    }

    /// A4-like box whose origin is off zero, as `CropBox` makes it.
    fn frame(rotation: Rotation) -> PageFrame {
        PageFrame { left_pt: 100.0, bottom_pt: 50.0, width_pt: 400.0, height_pt: 800.0, rotation }
    }

    /// A box at the top left of the unrotated page, 40 x 40 points.
    fn check_top_left(rotation: Rotation, expected: BBox) {
        let bbox = frame(rotation).bbox_from_points(100.0, 810.0, 140.0, 850.0);
        for (actual, expected) in [
            (bbox.left, expected.left),
            (bbox.top, expected.top),
            (bbox.right, expected.right),
            (bbox.bottom, expected.bottom),
        ] {
            assert!((actual - expected).abs() < 1e-12, "{rotation:?}: {bbox:?}");
        }
    }

    #[test]
    fn each_rotation_moves_the_top_left_corner_clockwise() {
        check_top_left(Rotation::None, BBox::from_corners(0.0, 0.0, 0.1, 0.05));
        check_top_left(Rotation::Quarter, BBox::from_corners(0.95, 0.0, 1.0, 0.1));
        check_top_left(Rotation::Half, BBox::from_corners(0.9, 0.95, 1.0, 1.0));
        check_top_left(Rotation::ThreeQuarters, BBox::from_corners(0.0, 0.9, 0.05, 1.0));
    }

    #[test]
    fn the_size_is_that_of_the_upright_page() {
        let size = frame(Rotation::Quarter).page_size();
        assert_eq!((size.width_pt, size.height_pt), (800.0, 400.0));
    }

    #[test]
    fn text_that_runs_up_the_file_reads_level_on_a_page_turned_by_a_quarter() {
        check_angle(Rotation::None, (1.0, 0.0), 0.0);
        check_angle(Rotation::None, (0.0, 1.0), 270.0);
        check_angle(Rotation::Quarter, (0.0, 1.0), 0.0);
        check_angle(Rotation::ThreeQuarters, (1.0, 0.0), 270.0);
    }
}
