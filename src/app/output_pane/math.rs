//! Formulas: LaTeX in, glyphs and rules at their places out.
//!
//! `RaTeX`, a port of `KaTeX`, parses and lays out as TeX does; here its display list becomes
//! something that egui can paint. A formula that it does not understand (or that is still being
//! written) has no [`MathBox`]: its source is shown instead, never an error.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, FontFamily, FontId, Painter, Pos2, Rect, Rgba, Shape, Stroke, Vec2, pos2, vec2};
use ratex_layout::{LayoutOptions, layout, to_display_list, validate_layout};
use ratex_types::{Color, DisplayItem, MathStyle, PathCommand};

use super::math_fonts::family;
use super::path_fill::{flatten, trapezoids};

/// Longer sources are not formulas but a model that lost its way.
const MAX_SOURCE_BYTES: usize = 6000;
/// Formulas kept laid out; one page has far fewer.
const MAX_CACHED: usize = 512;

/// A formula that has been laid out. Lengths are in em; y grows downwards from the top.
#[derive(Debug)]
pub(super) struct MathBox {
    width_em: f32,
    ascent_em: f32,
    descent_em: f32,
    marks: Vec<Mark>,
}

#[derive(Debug)]
enum Mark {
    Glyph {
        at: Vec2,
        size_em: f32,
        font: FontFamily,
        text: char,
        color: Option<Color32>,
    },
    Bar {
        rect: Rect,
        is_dashed: bool,
        color: Option<Color32>,
    },
    /// A filled outline, as slabs with horizontal edges, and the outline itself for smooth edges.
    Fill {
        slabs: Vec<[Vec2; 4]>,
        outlines: Vec<Vec<Vec2>>,
        color: Option<Color32>,
    },
    Lines {
        lines: Vec<Vec<Vec2>>,
        color: Option<Color32>,
    },
}

impl MathBox {
    /// Lays a formula out; `None` when it cannot be understood.
    pub(super) fn of(latex: &str, is_display: bool) -> Option<Self> {
        if latex.len() > MAX_SOURCE_BYTES || latex.trim().is_empty() {
            return None;
        }
        // The parser guards its own depth and size; a bug in it must still not take the window down.
        let list = catch_unwind(AssertUnwindSafe(|| {
            let nodes = ratex_parser::parse(latex).ok()?;
            let style = if is_display { MathStyle::Display } else { MathStyle::Text };
            let root = layout(&nodes, &LayoutOptions { style, ..LayoutOptions::default() });
            validate_layout(&root).ok()?;
            Some(to_display_list(&root))
        }))
        .ok()??;
        let size = [list.width, list.height, list.depth];
        if size.iter().any(|length| !length.is_finite() || length.abs() > 2000.0) {
            return None;
        }
        Some(Self {
            width_em: narrow(list.width),
            ascent_em: narrow(list.height),
            descent_em: narrow(list.depth),
            marks: list.items.into_iter().filter_map(mark).collect(),
        })
    }

    /// Width and height in points at a font size.
    pub(super) fn size(&self, font_size: f32) -> Vec2 {
        vec2(self.width_em, self.ascent_em + self.descent_em) * font_size
    }

    /// From the top to the baseline, in points.
    pub(super) fn ascent(&self, font_size: f32) -> f32 {
        self.ascent_em * font_size
    }

    /// Paints the formula with its top left corner at `at`.
    pub(super) fn paint(&self, painter: &Painter, at: Pos2, font_size: f32, ink: Color32) {
        for mark in &self.marks {
            match mark {
                Mark::Glyph { at: offset, size_em, font, text, color } => {
                    let font_id = FontId::new(font_size * size_em, font.clone());
                    let galley = painter.layout_no_wrap(text.to_string(), font_id, color.unwrap_or(ink));
                    let Some(glyph) = galley.rows.first().and_then(|row| row.glyphs.first()) else {
                        continue;
                    };
                    let baseline = glyph.pos.to_vec2();
                    painter.galley(at + *offset * font_size - baseline, galley, ink);
                }
                Mark::Bar { rect, is_dashed, color } => {
                    let color = color.unwrap_or(ink);
                    paint_bar(painter, *rect * font_size, at, *is_dashed, color);
                }
                Mark::Fill { slabs, outlines, color } => {
                    let color = color.unwrap_or(ink);
                    let place = |point: &Vec2| at + *point * font_size;
                    painter.add(slab_mesh(slabs, place, color));
                    for outline in outlines {
                        let points = outline.iter().map(place).collect();
                        painter.add(Shape::closed_line(points, Stroke::new(0.4, color)));
                    }
                }
                Mark::Lines { lines, color } => {
                    let stroke = Stroke::new((0.04 * font_size).max(1.0), color.unwrap_or(ink));
                    for line in lines {
                        painter.add(Shape::line(line.iter().map(|&p| at + p * font_size).collect(), stroke));
                    }
                }
            }
        }
    }
}

/// Laid-out formulas by source, so that none is laid out twice while it is on screen.
#[derive(Default)]
pub(super) struct MathCache {
    boxes: HashMap<(String, bool), Option<Arc<MathBox>>>,
}

impl MathCache {
    /// The formula laid out, now or before.
    pub(super) fn get(&mut self, latex: &str, is_display: bool) -> Option<Arc<MathBox>> {
        let key = (latex.to_owned(), is_display);
        if let Some(known) = self.boxes.get(&key) {
            return known.clone();
        }
        if self.boxes.len() >= MAX_CACHED {
            self.boxes.clear();
        }
        let made = MathBox::of(latex, is_display).map(Arc::new);
        self.boxes.insert(key, made.clone());
        made
    }
}

fn mark(item: DisplayItem) -> Option<Mark> {
    Some(match item {
        DisplayItem::GlyphPath { x, y, scale, font, char_code, color } => Mark::Glyph {
            at: point(x, y),
            size_em: narrow(scale),
            font: family(&font),
            text: char::from_u32(char_code).filter(|c| !c.is_control() && !c.is_whitespace())?,
            color: own_color(color),
        },
        DisplayItem::Line { x, y, width, thickness, color, dashed } => {
            let min = point(x, y - thickness / 2.0).to_pos2();
            let rect = Rect::from_min_size(min, point(width, thickness));
            Mark::Bar { rect, is_dashed: dashed, color: own_color(color) }
        }
        DisplayItem::Rect { x, y, width, height, color } => {
            let rect = Rect::from_min_size(point(x, y).to_pos2(), point(width, height));
            Mark::Bar { rect, is_dashed: false, color: own_color(color) }
        }
        DisplayItem::Path { x, y, commands, fill, color } => {
            let outlines = outlines(point(x, y), &commands);
            if fill {
                let slabs = trapezoids(&outlines);
                Mark::Fill { slabs, outlines, color: own_color(color) }
            } else {
                Mark::Lines { lines: outlines, color: own_color(color) }
            }
        }
    })
}

fn outlines(origin: Vec2, commands: &[PathCommand]) -> Vec<Vec<Vec2>> {
    let mut outlines: Vec<Vec<Vec2>> = Vec::new();
    for command in commands {
        let at = outlines.last().and_then(|outline| outline.last()).copied().unwrap_or(origin);
        let p = |x: f64, y: f64| origin + point(x, y);
        match *command {
            PathCommand::MoveTo { x, y } => outlines.push(vec![p(x, y)]),
            PathCommand::LineTo { x, y } => extend(&mut outlines, [p(x, y)]),
            PathCommand::CubicTo { x1, y1, x2, y2, x, y } => {
                extend(&mut outlines, flatten([at, p(x1, y1), p(x2, y2), p(x, y)]));
            }
            PathCommand::QuadTo { x1, y1, x, y } => {
                let (control, end) = (p(x1, y1), p(x, y));
                let [first, second] = [at, end].map(|from| from + (control - from) * (2.0 / 3.0));
                extend(&mut outlines, flatten([at, first, second, end]));
            }
            PathCommand::Close => {
                if let Some(start) = outlines.last().and_then(|outline| outline.first()).copied() {
                    extend(&mut outlines, [start]);
                }
            }
        }
    }
    outlines
        .retain(|outline| outline.len() > 1 && outline.iter().all(|p| p.x.is_finite() && p.y.is_finite()));
    outlines
}

fn extend(outlines: &mut Vec<Vec<Vec2>>, points: impl IntoIterator<Item = Vec2>) {
    if outlines.is_empty() {
        outlines.push(Vec::new());
    }
    if let Some(outline) = outlines.last_mut() {
        outline.extend(points);
    }
}

/// Rules thinner than a pixel would come out grey: they are widened and set on whole pixels.
fn paint_bar(painter: &Painter, rect: Rect, at: Pos2, is_dashed: bool, color: Color32) {
    let pixel = 1.0 / painter.pixels_per_point();
    let snap = |value: f32| (value / pixel).round() * pixel;
    let rect = rect.translate(at.to_vec2());
    let top = snap(rect.top());
    let bar = Rect::from_min_max(
        pos2(rect.left(), top),
        pos2(rect.right(), (top + pixel).max(snap(rect.bottom()))),
    );
    if is_dashed {
        let line = [bar.left_center(), bar.right_center()];
        painter.extend(Shape::dashed_line(&line, Stroke::new(bar.height(), color), 4.0, 3.0));
    } else {
        painter.rect_filled(bar, 0.0, color);
    }
}

fn slab_mesh(slabs: &[[Vec2; 4]], place: impl Fn(&Vec2) -> Pos2, color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for slab in slabs {
        let Ok(first) = u32::try_from(mesh.vertices.len()) else { break };
        mesh.vertices.extend(slab.iter().map(|point| Vertex { pos: place(point), uv: WHITE_UV, color }));
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first, first + 2, first + 3);
    }
    mesh
}

/// Black is the layout engine's "no colour said".
fn own_color(color: Color) -> Option<Color32> {
    let is_unsaid = color == Color::BLACK;
    (!is_unsaid).then(|| Rgba::from_rgba_unmultiplied(color.r, color.g, color.b, color.a).into())
}

fn point(x: f64, y: f64) -> Vec2 {
    vec2(narrow(x), narrow(y))
}

#[expect(clippy::cast_possible_truncation, reason = "em lengths below 2000; a screen needs no more")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(latex: &str, is_laid_out: bool) {
        let made = MathBox::of(latex, true);
        assert_eq!(made.is_some(), is_laid_out, "{latex}");
        if let Some(made) = made {
            assert!(made.width_em > 0.0 && !made.marks.is_empty(), "{latex}");
        }
    }

    #[test]
    fn everyday_formulas_are_laid_out() {
        check(r"\frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", true);
        check(r"\sum_{i=1}^{n} \alpha_i \leq \int_0^\infty e^{-x^2} \, dx", true);
        check(r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", true);
        check(r"\left\{ \begin{array}{ll} 1 & x > 0 \\ 0 & \text{otherwise} \end{array} \right.", true);
        check(r"\hat{\mathbf{x}} \in \mathbb{R}^n", true);
    }

    #[test]
    fn what_is_not_a_formula_falls_back_to_its_source() {
        check("", false);
        check(r"\frac{1", false);
        check(r"\unknownmacro{x}", false);
        check(&"x".repeat(MAX_SOURCE_BYTES + 1), false);
        check(&"{".repeat(5000), false);
    }
}
