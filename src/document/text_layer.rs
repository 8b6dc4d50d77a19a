//! A page's own text and drawing, as the PDF stores them. Plain data; `pdf.rs` fills it.
//!
//! All boxes are in page space (fractions of the upright page). Nothing here is interpreted:
//! words, lines, columns and tables are the `layout` room's work.

use crate::document::page::PageSize;
use crate::geometry::BBox;

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
