//! Pictures: images, and drawings made of many paths, with the labels that belong to them.

use crate::document::text_layer::TextLayer;
use crate::layout::caption;
use crate::layout::line::Line;
use crate::layout::points::{Frame, PtBox};

/// Parts of one drawing lie at most this far apart, in body sizes.
const PART_GAP_EM: f64 = 0.8;

/// Pictures are at least this large on both sides, in body sizes: smaller ones are bullets, icons
/// in the text, letters drawn as paths.
const MIN_SIDE_EM: f64 = 1.8;

/// Pictures cover at least this share of the page.
const MIN_AREA: f64 = 0.0012;

/// What covers more than this share of the page is its background, if there is text.
const BACKGROUND_AREA: f64 = 0.85;

/// Rectangles and rules alone make a drawing when there are this many, at least this high.
const MIN_WEAK_PARTS: usize = 6;
const MIN_WEAK_SIDE_EM: f64 = 4.0;

/// Lines this long (characters) are sentences; this many in a box make it a frame around text.
const SENTENCE_CHARS: usize = 38;
const MAX_SENTENCES: usize = 2;

/// Labels outside a drawing (of axes, legends) are at most this long and this far away.
const MAX_LABEL_CHARS: usize = 32;
const LABEL_GAP_EM: f64 = 0.9;

/// Labels are set smaller than the body by this factor, or are numbers.
const LABEL_SIZE: f64 = 0.97;

/// Parts that are looked at; only hostile pages and maps have more.
const MAX_PARTS: usize = 4000;

/// A picture and the pieces of lines inside it, as positions.
pub(super) struct Picture {
    pub(super) bbox: PtBox,
    pub(super) members: Vec<usize>,
}

impl Picture {
    /// The box lies in a much larger picture: boxes of a diagram, not a table.
    pub(super) fn holds_table(&self, table: &PtBox) -> bool {
        let shared = self.bbox.overlap_x(table) * self.bbox.overlap_y(table);
        shared > 0.85 * table.area() && self.bbox.area() > 1.8 * table.area()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Drawing,
    /// A rectangle or rule: part of a drawing only among others.
    Weak,
}

/// The pictures of a page. `tables` are boxes in which nothing is a picture; `weak` are rules that
/// belong to no table.
pub(super) fn find(
    layer: &TextLayer,
    frame: &Frame,
    lines: &[Line],
    tables: &[PtBox],
    weak: &[PtBox],
    body_size: f64,
) -> Vec<Picture> {
    let (width, height) = frame.size();
    let page = PtBox::new(0.0, 0.0, width, height);
    let parts = parts(layer, frame, lines, tables, weak);
    let mut pictures: Vec<Picture> = Vec::new();
    for cluster in clusters(&parts, PART_GAP_EM * body_size) {
        let bbox = cluster.iter().fold(PtBox::EMPTY, |bbox, part| bbox.union(&part.0));
        let bbox =
            PtBox::new(bbox.left.max(0.0), bbox.top.max(0.0), bbox.right.min(width), bbox.bottom.min(height));
        let is_strong = cluster.iter().any(|part| part.1 != Kind::Weak);
        let min_side = if is_strong { MIN_SIDE_EM } else { MIN_WEAK_SIDE_EM } * body_size;
        let is_large = bbox.width().min(bbox.height()) >= min_side && bbox.area() >= MIN_AREA * page.area();
        if !is_large || (!is_strong && cluster.len() < MIN_WEAK_PARTS) {
            continue;
        }
        let is_image = cluster.iter().all(|part| part.1 == Kind::Image);
        pictures.extend(picture(bbox, is_image, lines, body_size, page.area()));
    }
    pictures.sort_by(|a, b| a.bbox.top.total_cmp(&b.bbox.top));
    without_overlaps(pictures)
}

/// Pictures that overlap are one; a line belongs to one picture only.
fn without_overlaps(pictures: Vec<Picture>) -> Vec<Picture> {
    let mut apart: Vec<Picture> = Vec::new();
    for picture in pictures {
        let overlaps = |other: &&mut Picture| {
            let shared = other.bbox.overlap_x(&picture.bbox) * other.bbox.overlap_y(&picture.bbox);
            shared > 0.3 * other.bbox.area().min(picture.bbox.area())
        };
        match apart.iter_mut().find(overlaps) {
            Some(other) => {
                other.bbox = other.bbox.union(&picture.bbox);
                other.members.extend(picture.members);
            }
            None => apart.push(picture),
        }
    }
    let mut taken = std::collections::BTreeSet::new();
    for picture in &mut apart {
        picture.members.retain(|&member| taken.insert(member));
    }
    apart
}

fn parts(
    layer: &TextLayer,
    frame: &Frame,
    lines: &[Line],
    tables: &[PtBox],
    weak: &[PtBox],
) -> Vec<(PtBox, Kind)> {
    let (width, height) = frame.size();
    let page = PtBox::new(0.0, 0.0, width, height);
    let is_usable = |bbox: &PtBox| {
        [bbox.left, bbox.top, bbox.right, bbox.bottom].iter().all(|edge| edge.is_finite())
            && bbox.touches(&page)
            && (lines.is_empty() || bbox.area() <= BACKGROUND_AREA * page.area())
            && !tables.iter().any(|table| table.grown(1.0).holds_center_of(bbox))
    };
    let boxes = |boxes: &[crate::geometry::BBox], kind: Kind| -> Vec<(PtBox, Kind)> {
        boxes
            .iter()
            .map(|bbox| frame.points_from_page(bbox))
            .filter(is_usable)
            .map(|bbox| (bbox, kind))
            .collect()
    };
    let mut parts = boxes(&layer.images, Kind::Image);
    parts.extend(boxes(&layer.drawings, Kind::Drawing));
    parts.truncate(MAX_PARTS);
    // A fill behind text is a shade, not a part of a drawing.
    let is_near_white = |color: [u8; 3]| color.iter().all(|&channel| channel > 247);
    for fill in layer.fills.iter().take(MAX_PARTS) {
        let bbox = frame.points_from_page(&fill.bbox);
        let has_text = || lines.iter().any(|line| bbox.holds_center_of(&line.bbox));
        if parts.len() < MAX_PARTS && !is_near_white(fill.color) && is_usable(&bbox) && !has_text() {
            parts.push((bbox, Kind::Weak));
        }
    }
    let room = MAX_PARTS.saturating_sub(parts.len());
    parts.extend(weak.iter().filter(|bbox| is_usable(bbox)).take(room).map(|bbox| (*bbox, Kind::Weak)));
    parts
}

/// Parts that touch when grown by half the gap.
fn clusters(parts: &[(PtBox, Kind)], gap: f64) -> Vec<Vec<(PtBox, Kind)>> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| parts[a].0.left.total_cmp(&parts[b].0.left));
    let mut group: Vec<usize> = (0..parts.len()).collect();
    for (position, &one) in order.iter().enumerate() {
        let reach = parts[one].0.grown(gap);
        for &other in order.iter().skip(position + 1) {
            if parts[other].0.left > reach.right {
                break;
            }
            if parts[other].0.touches(&reach) {
                let (a, b) = (root(&mut group, one), root(&mut group, other));
                group[a] = b;
            }
        }
    }
    let mut clusters: Vec<Vec<(PtBox, Kind)>> = vec![Vec::new(); parts.len()];
    for (index, part) in parts.iter().enumerate() {
        clusters[root(&mut group, index)].push(*part);
    }
    clusters.retain(|cluster| !cluster.is_empty());
    clusters
}

fn root(group: &mut [usize], mut index: usize) -> usize {
    while group[index] != index {
        group[index] = group[group[index]];
        index = group[index];
    }
    index
}

/// A cluster's box as a picture, with its text; `None` when it is a frame or shade around text.
fn picture(
    mut bbox: PtBox,
    is_image: bool,
    lines: &[Line],
    body_size: f64,
    page_area: f64,
) -> Option<Picture> {
    let inside = |bbox: &PtBox| -> Vec<usize> {
        (0..lines.len()).filter(|&index| bbox.holds_center_of(&lines[index].bbox)).collect()
    };
    let members = inside(&bbox);
    let is_sentence = |index: &usize| lines.get(*index).is_some_and(|line| line.num_chars >= SENTENCE_CHARS);
    let text_area: f64 =
        members.iter().filter_map(|&index| lines.get(index)).map(|line| line.bbox.area()).sum();
    let is_mostly_text = text_area > 0.4 * bbox.area();
    let is_backdrop = bbox.area() > 0.5 * page_area && members.len() > 3;
    if members.iter().filter(|index| is_sentence(index)).count() > MAX_SENTENCES
        || is_mostly_text
        || is_backdrop
    {
        return None;
    }
    if !is_image {
        for _ in 0..2 {
            let reach = bbox.grown(LABEL_GAP_EM * body_size);
            for line in lines.iter().filter(|line| is_label(line, body_size) && line.bbox.touches(&reach)) {
                bbox = bbox.union(&line.ink);
            }
        }
    }
    let members = inside(&bbox);
    Some(Picture { bbox, members })
}

fn is_label(line: &Line, body_size: f64) -> bool {
    if line.num_chars > MAX_LABEL_CHARS {
        return false;
    }
    let text = line.text();
    let num_digits = text.chars().filter(char::is_ascii_digit).count();
    (line.size <= LABEL_SIZE * body_size || num_digits * 2 > line.num_chars)
        && !caption::is_caption(&text, std::slice::from_ref(line))
}
