//! Any text layer that the process that reads PDFs can send: it is laid out, and what comes of it is a page.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use doclens::document::text_layer::{Fill, Font, Link, Rule, TextChar, TextLayer, TextQuality};
use doclens::document::{PageIndex, PageSize};
use doclens::engine::event::StopReason;
use doclens::engine::job::EngineChoice;
use doclens::engine::trust::{PageEvidence, trust_of_page};
use doclens::geometry::BBox;
use doclens::layout::{self, DocumentContext};
use doclens::markup::parse;
use libfuzzer_sys::fuzz_target;

/// Mostly a place on the page, sometimes any number at all.
fn number(u: &mut Unstructured<'_>) -> arbitrary::Result<f64> {
    Ok(match u.arbitrary::<u8>()? {
        0 => u.arbitrary()?,
        1 => f64::NAN,
        2 => f64::INFINITY,
        3 => f64::MAX,
        4 => -f64::MIN_POSITIVE,
        5 => f64::from(u.arbitrary::<i16>()?),
        place => f64::from(place) / 255.0 + f64::from(u.arbitrary::<u8>()?) / 65536.0,
    })
}

fn small_number(u: &mut Unstructured<'_>) -> arbitrary::Result<f32> {
    Ok(match u.arbitrary::<u8>()? {
        0 => number(u)? as f32,
        size => f32::from(size) / 8.0,
    })
}

fn bbox(u: &mut Unstructured<'_>) -> arbitrary::Result<BBox> {
    let (left, top) = (number(u)?, number(u)?);
    let is_proper = !u.ratio(1, 32)?;
    let right = if is_proper { left + number(u)? / 16.0 } else { number(u)? };
    let bottom = if is_proper { top + number(u)? / 32.0 } else { number(u)? };
    Ok(BBox { left, top, right, bottom })
}

fn side(u: &mut Unstructured<'_>) -> arbitrary::Result<f64> {
    let side = if u.ratio(1, 16)? { number(u)?.abs() } else { f64::from(u.arbitrary::<u16>()?) };
    // Others are refused by the protocol.
    Ok(if side.is_finite() && side > 0.0 { side } else { 612.0 })
}

fn many<T>(
    u: &mut Unstructured<'_>,
    entry: impl Fn(&mut Unstructured<'_>) -> arbitrary::Result<T>,
) -> arbitrary::Result<Vec<T>> {
    let count = u.arbitrary::<u8>()? % 32;
    (0..count).map(|_| entry(u)).collect()
}

fn char_of(u: &mut Unstructured<'_>, num_fonts: usize) -> arbitrary::Result<TextChar> {
    let unicode = if u.ratio(1, 8)? { u.arbitrary()? } else { char::from(u.int_in_range(b' '..=b'~')?) };
    let loose = bbox(u)?;
    let flags = u.arbitrary::<u8>()?;
    Ok(TextChar {
        unicode,
        loose,
        tight: if flags & 1 == 0 { loose } else { bbox(u)? },
        baseline: if flags & 2 == 0 { loose.bottom } else { number(u)? },
        font_size_pt: small_number(u)?,
        font_idx: u.arbitrary::<u16>()? % u16::try_from(num_fonts).unwrap_or(u16::MAX),
        angle_deg: if flags & 4 == 0 { 0.0 } else { small_number(u)? * 16.0 },
        color: if flags & 8 == 0 { None } else { Some(u.arbitrary()?) },
        is_blank: flags & 0x30 == 0x30,
        is_unmapped: flags & 0x50 == 0x50,
        is_invisible: flags & 0x90 == 0x90,
    })
}

/// Characters that follow each other like those of a word.
fn run(u: &mut Unstructured<'_>, num_fonts: usize) -> arbitrary::Result<Vec<TextChar>> {
    let first = char_of(u, num_fonts)?;
    let (x_advance, y_advance) = (number(u)? / 32.0, if u.ratio(1, 8)? { number(u)? / 32.0 } else { 0.0 });
    let moved = |bbox: &BBox, x: f64, y: f64| BBox {
        left: bbox.left + x,
        top: bbox.top + y,
        right: bbox.right + x,
        bottom: bbox.bottom + y,
    };
    let count = u.arbitrary::<u8>()? % 64;
    (0..=count)
        .map(|idx| {
            let (x, y) = (x_advance * f64::from(idx), y_advance * f64::from(idx));
            Ok(TextChar {
                unicode: if idx == 0 { first.unicode } else { char::from(u.arbitrary::<u8>()?) },
                loose: moved(&first.loose, x, y),
                tight: moved(&first.tight, x, y),
                baseline: first.baseline + y,
                ..first.clone()
            })
        })
        .collect()
}

#[derive(Debug)]
struct AnyLayer(TextLayer);

impl<'a> Arbitrary<'a> for AnyLayer {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let font = |u: &mut Unstructured<'_>| {
            let name: &str = ["Times", "Symbol", "Courier", ""][u.choose_index(4)?];
            let [is_bold, is_italic, is_monospace] = u.arbitrary()?;
            Ok(Font { name: name.to_owned(), is_bold, is_italic, is_monospace })
        };
        let page_size = PageSize { width_pt: side(u)?, height_pt: side(u)? };
        let mut fonts = many(u, font)?;
        fonts.push(Font { name: "F".to_owned(), is_bold: false, is_italic: false, is_monospace: false });
        Ok(Self(TextLayer {
            page_size,
            rules: many(u, |u| Ok(Rule { bbox: bbox(u)?, is_horizontal: u.arbitrary()? }))?,
            fills: many(u, |u| Ok(Fill { bbox: bbox(u)?, color: u.arbitrary()? }))?,
            images: many(u, bbox)?,
            drawings: many(u, bbox)?,
            links: many(u, |u| Ok(Link { bbox: bbox(u)?, uri: None }))?,
            quality: if u.arbitrary()? { TextQuality::Good } else { TextQuality::OcrLayer },
            chars: many(u, |u| run(u, fonts.len()))?.concat(),
            fonts,
        }))
    }
}

fuzz_target!(|layers: (AnyLayer, AnyLayer)| {
    let (AnyLayer(first), AnyLayer(second)) = layers;
    let context = DocumentContext::from_pages(&[(PageIndex(0), &first), (PageIndex(1), &second)]);
    for (layer, context) in [(&first, &DocumentContext::default()), (&second, &context)] {
        let Ok(pieces) = layout::recognize(layer, context) else { continue };
        let tree = parse(&pieces.collect::<String>());
        trust_of_page(&PageEvidence {
            tree: &tree,
            tokens: &[],
            text_layer: Some(layer),
            engine: EngineChoice::Model,
            stop_reason: StopReason::End,
        });
    }
});
