//! Filling outlines of any shape: egui fills only convex ones.
//!
//! In: closed polylines. Out: slabs with horizontal edges that cover the inside by the non-zero
//! rule. Between two neighbouring heights of corners no outline bends, so each slab is a trapezoid.

use egui::{Vec2, vec2};

/// Outlines with more corners than this are left empty: the work grows with the square.
const MAX_CORNERS: usize = 4000;
/// Pieces that a curve is cut into; delimiters are at most a few hundred pixels high.
const CURVE_STEPS: u8 = 10;

/// The points of a cubic curve after its start.
pub(super) fn flatten(points: [Vec2; 4]) -> impl Iterator<Item = Vec2> {
    (1..=CURVE_STEPS).map(move |step| {
        let t = f32::from(step) / f32::from(CURVE_STEPS);
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        points.iter().zip(weights).fold(Vec2::ZERO, |sum, (point, weight)| sum + *point * weight)
    })
}

/// The inside of the outlines as trapezoids: top left, top right, bottom right, bottom left.
pub(super) fn trapezoids(outlines: &[Vec<Vec2>]) -> Vec<[Vec2; 4]> {
    let corners = outlines.iter().map(Vec::len).sum::<usize>();
    if corners > MAX_CORNERS {
        return Vec::new();
    }
    let edges: Vec<(Vec2, Vec2)> = outlines
        .iter()
        .flat_map(|outline| outline.iter().copied().zip(outline.iter().copied().cycle().skip(1)))
        .filter(|(from, to)| from.y.total_cmp(&to.y).is_ne())
        .collect();
    let mut heights: Vec<f32> = edges.iter().flat_map(|(from, to)| [from.y, to.y]).collect();
    heights.sort_by(f32::total_cmp);
    heights.dedup_by(|a, b| (*a - *b).abs() < 1e-5);

    let mut slabs = Vec::new();
    for (&top, &bottom) in heights.iter().zip(heights.iter().skip(1)) {
        slabs.extend(slabs_between(&edges, top, bottom));
    }
    slabs
}

fn slabs_between(edges: &[(Vec2, Vec2)], top: f32, bottom: f32) -> Vec<[Vec2; 4]> {
    let middle = f32::midpoint(top, bottom);
    let mut crossings: Vec<(f32, f32, f32, i32)> = edges
        .iter()
        .filter(|(from, to)| from.y.min(to.y) <= middle && middle < from.y.max(to.y))
        .map(|(from, to)| {
            let x_at = |y: f32| from.x + (to.x - from.x) * (y - from.y) / (to.y - from.y);
            (x_at(middle), x_at(top), x_at(bottom), if from.y < to.y { 1 } else { -1 })
        })
        .collect();
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));

    let mut slabs = Vec::new();
    let mut winding = 0;
    let mut left = (0.0, 0.0);
    for (_, x_top, x_bottom, direction) in crossings {
        let was_inside = winding != 0;
        winding += direction;
        if !was_inside {
            left = (x_top, x_bottom);
        } else if winding == 0 {
            slabs.push([vec2(left.0, top), vec2(x_top, top), vec2(x_bottom, bottom), vec2(left.1, bottom)]);
        }
    }
    slabs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outlines: &[&[(f32, f32)]], area: f32) {
        let outlines: Vec<Vec<Vec2>> =
            outlines.iter().map(|outline| outline.iter().map(|&(x, y)| vec2(x, y)).collect()).collect();
        let covered: f32 = trapezoids(&outlines)
            .iter()
            .map(|[a, b, c, d]| f32::midpoint(b.x - a.x, c.x - d.x) * (c.y - b.y))
            .sum();
        assert!((covered - area).abs() < 1e-4, "{covered} is not {area}");
    }

    #[test]
    fn areas_are_those_of_the_shapes() {
        let square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)];
        check(&[&square], 4.0);
        check(&[&[(0.0, 0.0), (4.0, 0.0), (2.0, 2.0)]], 4.0);
        // Concave: an L.
        check(&[&[(0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (3.0, 2.0), (3.0, 3.0), (0.0, 3.0)]], 5.0);
        // A hole runs the other way round.
        check(&[&square, &[(0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)]], 3.0);
        check(&[], 0.0);
    }
}
