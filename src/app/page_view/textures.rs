//! Page images on the graphics card: what is wanted, what is on its way, what is kept.
//!
//! Drawing says each frame which images it wants; after the frame, [`TextureStore::flush`] submits
//! what is missing and cancels what nobody wants any more. Finished renderings wait in a queue and
//! are uploaded a few a frame, within a time budget, so that scrolling stays smooth.
//!
//! Pages are drawn at exactly the width they have on the screen, because a texture shown at its own
//! size is crisper than one from a ladder of widths; while the zoom is still changing, the nearest
//! width is stretched instead. Large pages are drawn in tiles, of which only the visible ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::super::backend::Backend;
use super::byte_lru::ByteLru;
use crate::document::page::{PageImage, PageIndex, PixelRect, Rotation};
use crate::engine::event::{Event, EventKind, Outcome};
use crate::engine::job::{DocumentId, Job, JobId, RenderJob, RenderPriority};
use crate::engine::user_message::UserMessage;

/// What textures may take on the graphics card.
const BUDGET_BYTES: usize = 256 * 1024 * 1024;
/// Side of a tile. 4 MB each: about a millisecond to upload.
pub(crate) const TILE_PX: u32 = 1024;
/// Pages of more pixels than this are drawn in tiles: 3 million take 12 MB and 3 ms to upload.
const MAX_WHOLE_PX: u64 = 3_000_000;
/// Uploading stops for this frame once it has taken so long.
const UPLOAD_BUDGET: Duration = Duration::from_millis(3);
/// At most this many uploads a frame.
const MAX_UPLOADS: usize = 2;
/// Renderings that may be on their way at once; more would only go stale in the queue.
const MAX_PENDING: usize = 24;

/// Which pixels: a page of a document in one turn, at one width, whole or one tile of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextureKey {
    /// Which document.
    pub document: DocumentId,
    /// Which page.
    pub page: PageIndex,
    /// Quarter turns clockwise.
    quarter_turns: u8,
    /// Light on dark.
    is_inverted: bool,
    /// Left, top, width and height of the part in pixels; `None` for the whole page.
    part: Option<[u32; 4]>,
    /// Width of the whole page in pixels.
    pub width_px: u32,
}

/// A page in one turn, at any width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageLook {
    /// Which document.
    pub document: DocumentId,
    /// Which page.
    pub page: PageIndex,
    /// How the user turned it.
    pub rotation: Rotation,
    /// Light on dark.
    pub is_inverted: bool,
}

impl PageLook {
    /// The whole page at a width.
    pub(crate) fn whole(self, width_px: u32) -> TextureKey {
        TextureKey {
            document: self.document,
            page: self.page,
            quarter_turns: quarter_turns(self.rotation),
            is_inverted: self.is_inverted,
            part: None,
            width_px,
        }
    }

    /// A part of the page at a width.
    pub(crate) fn part(self, width_px: u32, part: PixelRect) -> TextureKey {
        let part = [part.x_px, part.y_px, part.width_px, part.height_px];
        TextureKey { part: Some(part), ..self.whole(width_px) }
    }
}

fn quarter_turns(rotation: Rotation) -> u8 {
    match rotation {
        Rotation::None => 0,
        Rotation::Quarter => 1,
        Rotation::Half => 2,
        Rotation::ThreeQuarters => 3,
    }
}

fn rotation(quarter_turns: u8) -> Rotation {
    match quarter_turns {
        0 => Rotation::None,
        1 => Rotation::Quarter,
        2 => Rotation::Half,
        _ => Rotation::ThreeQuarters,
    }
}

/// Whether a page of so many pixels is drawn in tiles.
pub(crate) fn needs_tiles(width_px: u32, height_px: u32) -> bool {
    u64::from(width_px) * u64::from(height_px) > MAX_WHOLE_PX
}

/// The pixels of a tile in a page of that size; `None` beyond its edges.
pub(crate) fn tile_rect(column: u32, row: u32, width_px: u32, height_px: u32) -> Option<PixelRect> {
    let (x_px, y_px) = (column.checked_mul(TILE_PX)?, row.checked_mul(TILE_PX)?);
    (x_px < width_px && y_px < height_px).then(|| PixelRect {
        x_px,
        y_px,
        width_px: TILE_PX.min(width_px - x_px),
        height_px: TILE_PX.min(height_px - y_px),
    })
}

/// All page images of the window.
pub(crate) struct TextureStore {
    textures: ByteLru<TextureKey, TextureHandle>,
    wanted: BTreeMap<TextureKey, RenderPriority>,
    pending: BTreeMap<JobId, TextureKey>,
    arrived: VecDeque<(TextureKey, Arc<PageImage>)>,
    failed: BTreeMap<(DocumentId, PageIndex), UserMessage>,
    /// Pages whose paper is dark.
    dark: BTreeSet<(DocumentId, PageIndex)>,
}

impl Default for TextureStore {
    fn default() -> Self {
        Self {
            textures: ByteLru::new(BUDGET_BYTES),
            wanted: BTreeMap::new(),
            pending: BTreeMap::new(),
            arrived: VecDeque::new(),
            failed: BTreeMap::new(),
            dark: BTreeSet::new(),
        }
    }
}

impl TextureStore {
    /// Starts a frame: everything that is to be shown must be wanted anew.
    pub(crate) fn begin_frame(&mut self) {
        self.textures.begin_frame();
        self.wanted.clear();
    }

    /// Wants an image and returns it when it is there.
    pub(crate) fn want(&mut self, key: TextureKey, priority: RenderPriority) -> Option<&TextureHandle> {
        if !self.textures.contains(&key) && !self.failed.contains_key(&(key.document, key.page)) {
            self.wanted.entry(key).or_insert(priority);
        }
        self.textures.use_value(&key)
    }

    /// The whole page at whatever width comes nearest: the next larger one, or else the largest.
    pub(crate) fn nearest(&mut self, look: PageLook, width_px: u32) -> Option<&TextureHandle> {
        let larger = self.textures.keys_in(look.whole(width_px)..=look.whole(u32::MAX)).next();
        let smaller = || self.textures.keys_in(look.whole(0)..look.whole(width_px)).next_back();
        let key = *larger.or_else(smaller)?;
        self.textures.use_value(&key)
    }

    /// Why a page cannot be drawn.
    pub(crate) fn failure(&self, document: DocumentId, page: PageIndex) -> Option<&UserMessage> {
        self.failed.get(&(document, page))
    }

    /// A page's paper is dark, as far as has been seen.
    pub(crate) fn is_dark(&self, document: DocumentId, page: PageIndex) -> bool {
        self.dark.contains(&(document, page))
    }

    /// Some images are still to come.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Takes an event of one of its own jobs; gives any other back.
    pub(crate) fn take_event(&mut self, event: Event) -> Option<Event> {
        let Some(&key) = self.pending.get(&event.job) else { return Some(event) };
        match event.kind {
            EventKind::Finished(Outcome::Rendered { image, .. }) => {
                self.pending.remove(&event.job);
                self.arrived.push_back((key, image));
            }
            EventKind::Failed(message) => {
                self.pending.remove(&event.job);
                self.failed.insert((key.document, key.page), message);
            }
            EventKind::Cancelled | EventKind::Finished(_) => {
                self.pending.remove(&event.job);
            }
            EventKind::Started
            | EventKind::Progress(_)
            | EventKind::Downloading(_)
            | EventKind::Partial { .. } => {}
        }
        None
    }

    /// Uploads some of what has arrived. At least one, so that a slow card still gets on.
    pub(crate) fn upload(&mut self, ctx: &Context) {
        let started = Instant::now();
        for _ in 0..MAX_UPLOADS {
            let Some((key, image)) = self.arrived.pop_front() else { break };
            if key.part.is_none() && is_mostly_dark(&image.rgba) {
                self.dark.insert((key.document, key.page));
            }
            let size = [image.width_px as usize, image.height_px as usize];
            let pixels = color_image(size, &image.rgba, key.is_inverted);
            let texture = ctx.load_texture("page", pixels, TextureOptions::LINEAR);
            self.textures.insert(key, texture, image.rgba.len());
            if started.elapsed() > UPLOAD_BUDGET {
                break;
            }
        }
    }

    /// Submits what was wanted in this frame and is missing; cancels what nobody wants any more.
    pub(crate) fn flush(&mut self, backend: &mut dyn Backend) {
        let wanted = &self.wanted;
        for (job, _) in self.pending.iter().filter(|(_, key)| !wanted.contains_key(key)) {
            backend.cancel(*job);
        }
        let under_way: BTreeSet<TextureKey> =
            self.pending.values().copied().chain(self.arrived.iter().map(|(key, _)| *key)).collect();
        let mut missing: Vec<(&TextureKey, &RenderPriority)> =
            self.wanted.iter().filter(|(key, _)| !under_way.contains(key)).collect();
        missing.sort_by_key(|(key, priority)| (**priority, key.page, key.width_px, key.part));
        missing.truncate(MAX_PENDING.saturating_sub(self.pending.len()));
        // Within one priority the newest goes first, so the most wanted is submitted last.
        for (key, priority) in missing.into_iter().rev() {
            let job = backend.submit(Job::Render(RenderJob {
                document: key.document,
                page: key.page,
                width_px: key.width_px,
                rotation: rotation(key.quarter_turns),
                region: key.part.map(|[x_px, y_px, width_px, height_px]| PixelRect {
                    x_px,
                    y_px,
                    width_px,
                    height_px,
                }),
                priority: *priority,
            }));
            self.pending.insert(job, *key);
        }
    }

    /// Forgets everything of a closed document.
    pub(crate) fn forget_document(&mut self, document: DocumentId) {
        self.textures.retain(|key| key.document != document);
        self.arrived.retain(|(key, _)| key.document != document);
        self.failed.retain(|(of, _), _| *of != document);
        self.dark.retain(|(of, _)| *of != document);
        self.wanted.retain(|key, _| key.document != document);
    }
}

/// More than half of some thousand pixels spread over the image are darker than mid-grey.
fn is_mostly_dark(rgba: &[u8]) -> bool {
    let stride = (rgba.len() / 4096).max(1) * 4;
    let (mut num_dark, mut num_seen) = (0_usize, 0_usize);
    for pixel in rgba.chunks_exact(4).step_by(stride / 4) {
        num_seen += 1;
        num_dark += usize::from(pixel.iter().take(3).map(|&value| u32::from(value)).sum::<u32>() < 3 * 110);
    }
    2 * num_dark > num_seen
}

fn color_image(size: [usize; 2], rgba: &[u8], is_inverted: bool) -> ColorImage {
    // Opaque pixels are the same premultiplied or not, and this constructor is a plain copy.
    let mut image = ColorImage::from_rgba_premultiplied(size, rgba);
    if is_inverted {
        for pixel in &mut image.pixels {
            let [red, green, blue, alpha] = pixel.to_array();
            *pixel = egui::Color32::from_rgba_premultiplied(255 - red, 255 - green, 255 - blue, alpha);
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Recorder {
        submitted: Vec<RenderJob>,
        cancelled: Vec<JobId>,
    }

    impl Backend for Recorder {
        fn submit(&mut self, job: Job) -> JobId {
            let Job::Render(render) = job else { panic!("only renderings are submitted") };
            self.submitted.push(render);
            JobId(self.submitted.len() as u64)
        }
        fn cancel(&mut self, job: JobId) {
            self.cancelled.push(job);
        }
        fn prioritize(&mut self, _job: JobId) {}
        fn try_recv(&mut self) -> Option<Event> {
            None
        }
    }

    fn look(page: usize) -> PageLook {
        PageLook {
            document: DocumentId(1),
            page: PageIndex(page),
            rotation: Rotation::None,
            is_inverted: false,
        }
    }

    fn rendered(job: u64, width_px: u32, request: &RenderJob) -> Event {
        let image = PageImage { width_px, height_px: 2, rgba: vec![255; 8 * width_px as usize] };
        let outcome = Outcome::Rendered { request: request.clone(), image: Arc::new(image) };
        Event { job: JobId(job), kind: EventKind::Finished(outcome) }
    }

    #[test]
    fn what_is_visible_goes_first_and_is_asked_for_once() {
        let (mut store, mut backend) = (TextureStore::default(), Recorder::default());
        for _ in 0..2 {
            store.begin_frame();
            assert!(store.want(look(3).whole(100), RenderPriority::Thumbnail).is_none());
            assert!(store.want(look(0).whole(800), RenderPriority::Visible).is_none());
            store.flush(&mut backend);
        }
        let widths: Vec<_> = backend.submitted.iter().map(|render| render.width_px).collect();
        assert_eq!(widths, [100, 800], "newest goes first, so the visible page comes last");
        assert!(backend.cancelled.is_empty());
    }

    #[test]
    fn what_nobody_wants_any_more_is_cancelled() {
        let (mut store, mut backend) = (TextureStore::default(), Recorder::default());
        store.begin_frame();
        store.want(look(0).whole(800), RenderPriority::Visible);
        store.flush(&mut backend);
        store.begin_frame();
        store.flush(&mut backend);
        assert_eq!(backend.cancelled, [JobId(1)]);
    }

    #[test]
    fn an_arrived_image_is_shown_and_stretched_for_other_widths() {
        let ctx = Context::default();
        let (mut store, mut backend) = (TextureStore::default(), Recorder::default());
        store.begin_frame();
        store.want(look(0).whole(800), RenderPriority::Visible);
        store.flush(&mut backend);
        let request = backend.submitted[0].clone();
        assert!(store.take_event(rendered(1, 800, &request)).is_none());
        assert!(store.is_waiting());
        store.upload(&ctx);
        store.begin_frame();
        let sharp = store.want(look(0).whole(800), RenderPriority::Visible).map(TextureHandle::id);
        assert!(sharp.is_some());
        let mut nearest = |page, width_px| store.nearest(look(page), width_px).map(TextureHandle::id);
        assert_eq!(nearest(0, 1200), sharp);
        assert_eq!(nearest(0, 100), sharp);
        assert_eq!(nearest(1, 800), None);
        store.forget_document(DocumentId(1));
        assert!(store.nearest(look(0), 800).is_none());
    }

    #[test]
    fn a_page_that_cannot_be_drawn_is_not_asked_for_again() {
        let (mut store, mut backend) = (TextureStore::default(), Recorder::default());
        store.begin_frame();
        store.want(look(0).whole(800), RenderPriority::Visible);
        store.flush(&mut backend);
        let message =
            UserMessage { summary: "broken".into(), hint: None, details: None, needs_password: false };
        store.take_event(Event { job: JobId(1), kind: EventKind::Failed(message) });
        assert_eq!(store.failure(DocumentId(1), PageIndex(0)).unwrap().summary, "broken");
        store.begin_frame();
        store.want(look(0).whole(900), RenderPriority::Visible);
        store.flush(&mut backend);
        assert_eq!(backend.submitted.len(), 1);
    }

    #[test]
    fn events_of_other_jobs_are_given_back() {
        let event = Event { job: JobId(9), kind: EventKind::Started };
        assert!(TextureStore::default().take_event(event).is_some());
    }

    #[test]
    fn tiles_cover_the_page_and_nothing_else() {
        let (width_px, height_px) = (2500, 1100);
        let mut covered = 0;
        for column in 0..4 {
            for row in 0..3 {
                if let Some(rect) = tile_rect(column, row, width_px, height_px) {
                    assert!(rect.x_px + rect.width_px <= width_px && rect.y_px + rect.height_px <= height_px);
                    covered += rect.width_px * rect.height_px;
                }
            }
        }
        assert_eq!(covered, width_px * height_px);
        assert!(needs_tiles(2048, 2700) && !needs_tiles(1000, 1400));
    }
}
