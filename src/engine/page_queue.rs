//! What waits for the page worker, and which of it goes first.

use crate::engine::job::{DocumentId, JobId, RenderJob};
use crate::engine::tasks::{PageTask, PageWork};

/// Tasks by priority: opening and closing, the visible page, pages near it, model input,
/// thumbnails, text layers. Renderings go newest first, everything else oldest first.
#[derive(Debug, Default)]
pub(super) struct PageQueue {
    /// In the order of submission.
    waiting: Vec<PageTask>,
}

impl PageQueue {
    /// Adds a task and takes out the renderings that it makes stale; those are returned.
    pub(super) fn push(&mut self, task: PageTask) -> Vec<JobId> {
        let mut stale = Vec::new();
        if let PageWork::Render(newer) = &task.work {
            let is_stale = |waiting: &mut PageTask| matches!(&waiting.work, PageWork::Render(older) if replaces(newer, older));
            stale.extend(self.waiting.extract_if(.., is_stale).map(|waiting| waiting.job));
        }
        self.waiting.push(task);
        stale
    }

    /// Takes out what goes next.
    pub(super) fn pop(&mut self) -> Option<PageTask> {
        let rank = self.waiting.iter().map(|task| task.work.rank()).min()?;
        let mut candidates = (0..self.waiting.len()).filter(|&idx| self.waiting[idx].work.rank() == rank);
        let first = candidates.next()?;
        let is_render = matches!(self.waiting[first].work, PageWork::Render(_));
        let idx = if is_render { candidates.next_back().unwrap_or(first) } else { first };
        Some(self.waiting.remove(idx))
    }

    /// Takes out one job.
    pub(super) fn remove(&mut self, job: JobId) -> Option<PageTask> {
        let idx = self.waiting.iter().position(|task| task.job == job)?;
        Some(self.waiting.remove(idx))
    }

    /// Takes out everything about a document.
    pub(super) fn remove_document(&mut self, document: DocumentId) -> Vec<PageTask> {
        self.waiting.extract_if(.., |task| task.work.document() == Some(document)).collect()
    }
}

/// Latest wins. A new size or turn of a page makes every waiting picture of that page and priority
/// stale. Regions of one size stand beside each other (the tiles of a zoomed page); a whole page
/// and its regions do too (the page at once, then its sharp parts).
fn replaces(newer: &RenderJob, older: &RenderJob) -> bool {
    let is_same_slot = newer.document == older.document
        && newer.page == older.page
        && newer.priority == older.priority
        && newer.region.is_some() == older.region.is_some();
    let is_same_view = newer.width_px == older.width_px && newer.rotation == older.rotation;
    is_same_slot && (!is_same_view || newer.region == older.region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::page::{PageIndex, PixelRect, Rotation};
    use crate::engine::cancel::CancelToken;
    use crate::engine::job::RenderPriority::{self, Nearby, Thumbnail, Visible};

    fn task(job: u64, work: PageWork) -> PageTask {
        PageTask { job: JobId(job), token: CancelToken::default(), work }
    }

    fn render(job: u64, page: usize, width_px: u32, tile: Option<u32>, priority: RenderPriority) -> PageTask {
        let region = tile.map(|x_px| PixelRect { x_px, y_px: 0, width_px: 512, height_px: 512 });
        let (document, page, rotation) = (DocumentId(1), PageIndex(page), Rotation::None);
        task(job, PageWork::Render(RenderJob { document, page, width_px, rotation, region, priority }))
    }

    /// Pushes all, then reports the stale jobs and the order in which the rest goes.
    fn check(tasks: Vec<PageTask>, stale: &[u64], order: &[u64]) {
        let mut queue = PageQueue::default();
        let dropped: Vec<u64> =
            tasks.into_iter().flat_map(|task| queue.push(task)).map(|job| job.0).collect();
        assert_eq!(dropped, stale);
        let popped: Vec<u64> = std::iter::from_fn(|| queue.pop()).map(|task| task.job.0).collect();
        assert_eq!(popped, order);
    }

    #[test]
    fn the_visible_page_goes_first_and_the_newest_of_it() {
        check(
            vec![
                task(1, PageWork::ReadTextLayer { document: DocumentId(1), page: PageIndex(0) }),
                render(2, 0, 100, None, Thumbnail),
                render(3, 1, 800, None, Nearby),
                render(4, 2, 800, None, Visible),
                render(5, 3, 800, None, Visible),
                render(6, 1, 100, None, Thumbnail),
                task(7, PageWork::Close(DocumentId(9))),
            ],
            &[],
            &[7, 5, 4, 3, 6, 2, 1],
        );
    }

    #[test]
    fn a_new_size_of_a_page_replaces_the_one_that_waits() {
        check(vec![render(1, 0, 800, None, Visible), render(2, 0, 900, None, Visible)], &[1], &[2]);
        check(vec![render(1, 0, 800, None, Visible), render(2, 0, 800, None, Visible)], &[1], &[2]);
    }

    #[test]
    fn other_pages_and_priorities_stay() {
        check(vec![render(1, 0, 800, None, Visible), render(2, 1, 900, None, Visible)], &[], &[2, 1]);
        check(vec![render(1, 0, 800, None, Nearby), render(2, 0, 900, None, Visible)], &[], &[2, 1]);
    }

    #[test]
    fn tiles_of_one_size_stand_beside_each_other_until_the_size_changes() {
        check(
            vec![
                render(1, 0, 4000, Some(0), Visible),
                render(2, 0, 4000, Some(512), Visible),
                render(3, 0, 800, None, Visible),
            ],
            &[],
            &[3, 2, 1],
        );
        check(
            vec![
                render(1, 0, 4000, Some(0), Visible),
                render(2, 0, 4000, Some(512), Visible),
                render(3, 0, 5000, Some(0), Visible),
            ],
            &[1, 2],
            &[3],
        );
    }

    #[test]
    fn closing_takes_out_everything_of_the_document() {
        let mut queue = PageQueue::default();
        queue.push(render(1, 0, 800, None, Visible));
        queue.push(task(2, PageWork::Close(DocumentId(2))));
        let removed: Vec<u64> = queue.remove_document(DocumentId(1)).iter().map(|task| task.job.0).collect();
        assert_eq!(removed, [1]);
        assert_eq!(queue.pop().map(|task| task.job.0), Some(2));
    }
}
