//! The corrected pages of a document, written as ground truth into a folder of the user's choice.

use std::path::PathBuf;
use std::thread;

use super::App;
use super::background::{Answer, DialogRequest};
use super::state::JobPurpose;
use crate::document::page::{PageIndex, Rotation};
use crate::engine::job::{DocumentId, Job, RenderJob, RenderPriority};
use crate::engine::user_message::UserMessage;
use crate::evaluation::ground_truth::{self, PIXELS_PER_POINT, TruePage, TruthFile};
use crate::markup::export::PagePoints;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct GroundTruth {
    document: DocumentId,
    folder: PathBuf,
    /// Page, and the width that it is drawn at.
    images: Vec<(PageIndex, u32)>,
    files: Vec<TruthFile>,
}

impl App {
    pub(super) fn ask_for_ground_truth_folder(&mut self) {
        if let Some(document) = self.state.document() {
            self.background.ask(DialogRequest::GroundTruthFolder(document.id()));
        }
    }

    /// Makes the files on a thread of their own: corrected pages may be many.
    pub(super) fn make_ground_truth(&mut self, id: DocumentId, folder: PathBuf) {
        let Some(document) = self.state.document_of(id) else { return };
        let (mut pages, mut images) = (Vec::new(), Vec::new());
        for (page, history) in document.corrections.corrected() {
            let Some(size) = document.info.page_sizes.get(page.0) else { continue };
            let width_px = size.width_px_at(PIXELS_PER_POINT);
            images.push((page, width_px));
            pages.push(TruePage {
                page: page.0,
                markup: history.state().markup.clone(),
                size: PagePoints { width_pt: size.width_pt, height_pt: size.height_pt },
                image_px: size.drawn_pixels(width_px, Rotation::None),
            });
        }
        let (name, reply) = (document.info.name.clone(), self.background.reply());
        let made = thread::Builder::new().name("ground-truth".to_owned()).spawn(move || {
            let files = ground_truth::files(&name, &pages);
            reply.answer(Answer::GroundTruthMade(GroundTruth { document: id, folder, images, files }));
        });
        if let Err(error) = made {
            let message = UserMessage {
                summary: "The corrected pages could not be saved".to_owned(),
                hint: Some("Close other programs and try again".to_owned()),
                details: Some(error.to_string()),
                needs_password: false,
            };
            self.state.notices.error(message, None);
        }
    }

    pub(super) fn write_ground_truth(&mut self, made: GroundTruth) {
        let GroundTruth { document, folder, images, files } = made;
        let purpose = JobPurpose::SaveGroundTruth { folder: folder.clone(), num_pages: images.len() };
        let pictures = images.into_iter().map(|(page, width_px)| Job::SavePageImage {
            render: RenderJob {
                document,
                page,
                width_px,
                rotation: Rotation::None,
                region: None,
                priority: RenderPriority::Thumbnail,
            },
            path: folder.join(ground_truth::image_name(page.0)),
        });
        let texts = files
            .into_iter()
            .map(|file| Job::Save { path: folder.join(file.name), contents: file.contents.into() });
        for job in pictures.chain(texts) {
            let job = self.backend.submit(job);
            self.state.jobs.insert(job, purpose.clone());
        }
    }
}
