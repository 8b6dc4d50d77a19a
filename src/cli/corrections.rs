//! `doclens corrections`: how right the first reading of a document was, measured against what people have made of
//! it, and the corrected pages as ground truth.
//!
//! Corrections come from the window's own files ([`crate::revision`]), scores from `evaluation`. What is written is a
//! dataset that `doclens eval` reads: `page-0001.png` beside `page-0001.dt`, with `page-0001.json` (`DoclingDocument`)
//! and `coco.json` (boxes in pixels) for other programs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use crate::cli::args::CorrectionsArguments;
use crate::cli::eval::ScoredPage;
use crate::cli::exit::Exit;
use crate::cli::jobs::{Interrupted, Jobs};
use crate::cli::score_table::write_table;
use crate::document::{PageImage, PageIndex, PageSize, Rotation};
use crate::engine::event::DocumentInfo;
use crate::engine::job::{DocumentSource, RenderJob, RenderPriority};
use crate::engine::{EngineOptions, Error, EventKind, Job, Outcome, UserMessage};
use crate::evaluation::{Ending, PageReading};
use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{DocTree, Label, parse};
use crate::revision::{self, ContentKey, PageHistory};

/// Pixels a point of the page images: what models are shown, 144 dpi.
const PIXELS_PER_POINT: f64 = 2.0;

/// Why there are no scores.
#[derive(Debug, thiserror::Error)]
pub(super) enum CorrectionsError {
    #[error("interrupted")]
    Interrupted,
    #[error("{} has not been corrected: open it in the window, convert a page and change it", path.display())]
    None { path: PathBuf },
    #[error(transparent)]
    Engine(#[from] Error),
    #[error(transparent)]
    Revision(#[from] revision::Error),
    /// The document cannot be opened or drawn; said as it is to be shown.
    #[error("{}", .0.summary)]
    Document(UserMessage),
    #[error("cannot {action} {}", path.display())]
    Disk { action: &'static str, path: PathBuf, source: io::Error },
    #[error("standard output")]
    Output(#[source] io::Error),
}

impl From<Interrupted> for CorrectionsError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// Prints the scores and, where a folder is named, writes the corrected pages into it.
pub(super) fn run(
    arguments: &CorrectionsArguments,
    options: EngineOptions,
    interrupted: Arc<AtomicBool>,
    out: &mut dyn Write,
) -> Result<Exit, CorrectionsError> {
    let path = &arguments.file;
    let key =
        File::open(path).and_then(ContentKey::of_reader).map_err(|source| disk("read", path, source))?;
    let pages = revision::corrections(&revision::revisions_folder()?, &key)?;
    if pages.is_empty() {
        return Err(CorrectionsError::None { path: path.clone() });
    }
    if let Some(folder) = &arguments.out {
        let jobs = Jobs::start(options, interrupted)?;
        GroundTruth { arguments, folder, jobs }.write(&pages)?;
    }
    let scored: Vec<ScoredPage> = pages.iter().map(|(page, history)| scored(*page, history)).collect();
    write_table("what corrected it", &scored, 0, out).map_err(CorrectionsError::Output)?;
    Ok(Exit::Converted)
}

/// The first reading of a page against what has become of it.
fn scored(page: usize, history: &PageHistory) -> ScoredPage {
    let reading = PageReading::of(&history.first().markup, &history.state().markup, Ending::Whole, None);
    ScoredPage { category: String::new(), name: stem_of(page), reading }
}

fn stem_of(page: usize) -> String {
    format!("page-{:04}", page + 1)
}

struct GroundTruth<'a> {
    arguments: &'a CorrectionsArguments,
    folder: &'a Path,
    jobs: Jobs,
}

impl GroundTruth<'_> {
    fn write(&self, pages: &BTreeMap<usize, PageHistory>) -> Result<(), CorrectionsError> {
        fs::create_dir_all(self.folder).map_err(|source| disk("make", self.folder, source))?;
        let document = self.open()?;
        let mut coco = Coco::default();
        for (page, history) in pages {
            let Some(size) = document.page_sizes.get(*page) else { continue };
            let (tree, stem) = (parse(&history.state().markup), stem_of(*page));
            let image = self.draw(&document, *page, size)?;
            self.write_file(&format!("{stem}.dt"), history.state().markup.as_bytes())?;
            self.write_file(&format!("{stem}.json"), json_of(&tree, &document, size).as_bytes())?;
            let name = format!("{stem}.png");
            coco.add(&name, &tree, (image.width_px, image.height_px));
            let path = self.folder.join(&name);
            image.write_png(&path).map_err(|source| disk("write", &path, source))?;
        }
        self.write_file("coco.json", format!("{:#}\n", coco.finish()).as_bytes())
    }

    fn open(&self) -> Result<Arc<DocumentInfo>, CorrectionsError> {
        let source = DocumentSource::File(self.arguments.file.clone());
        let password = self.arguments.password.clone();
        match self.jobs.end_of(Job::Open { source, password }, |_| ())? {
            EventKind::Finished(Outcome::Opened(info)) => Ok(info),
            EventKind::Failed(message) => Err(CorrectionsError::Document(message)),
            _ => Err(CorrectionsError::Interrupted),
        }
    }

    fn draw(
        &self,
        document: &DocumentInfo,
        page: usize,
        size: &PageSize,
    ) -> Result<Arc<PageImage>, CorrectionsError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let width_px = (size.width_pt * PIXELS_PER_POINT).round().clamp(1.0, 8192.0) as u32;
        let job = Job::Render(RenderJob {
            document: document.id,
            page: PageIndex(page),
            width_px,
            rotation: Rotation::None,
            region: None,
            priority: RenderPriority::Visible,
        });
        match self.jobs.end_of(job, |_| ())? {
            EventKind::Finished(Outcome::Rendered { image, .. }) => Ok(image),
            EventKind::Failed(message) => Err(CorrectionsError::Document(message)),
            _ => Err(CorrectionsError::Interrupted),
        }
    }

    fn write_file(&self, name: &str, contents: &[u8]) -> Result<(), CorrectionsError> {
        let path = self.folder.join(name);
        fs::write(&path, contents).map_err(|source| disk("write", &path, source))
    }
}

fn disk(action: &'static str, path: &Path, source: io::Error) -> CorrectionsError {
    CorrectionsError::Disk { action, path: path.to_owned(), source }
}

fn json_of(tree: &DocTree, document: &DocumentInfo, size: &PageSize) -> String {
    let options = ExportOptions {
        name: document.name.clone(),
        page_sizes: vec![PagePoints { width_pt: size.width_pt, height_pt: size.height_pt }],
        furniture: Furniture::All,
        ..ExportOptions::default()
    };
    export::json(tree, &options)
}

/// Boxes in the format of the COCO data set: pixels from the top left, categories by the field's names.
#[derive(Default)]
struct Coco {
    images: Vec<Value>,
    annotations: Vec<Value>,
}

impl Coco {
    fn add(&mut self, file_name: &str, tree: &DocTree, (width, height): (u32, u32)) {
        let image_id = self.images.len() + 1;
        self.images.push(json!({ "id": image_id, "file_name": file_name, "width": width, "height": height }));
        for (_, node) in tree.nodes() {
            let Some(bbox) = node.bbox.map(|bbox| bbox.clamped()) else { continue };
            let (width, height) = (f64::from(width), f64::from(height));
            let pixels = |number: f64| (number * 100.0).round() / 100.0;
            let [x, y] = [bbox.left * width, bbox.top * height].map(pixels);
            let [w, h] = [bbox.width() * width, bbox.height() * height].map(pixels);
            let label = node.kind.label();
            let category = Label::ALL.iter().position(|known| *known == label).unwrap_or_default() + 1;
            self.annotations.push(json!({
                "id": self.annotations.len() + 1,
                "image_id": image_id,
                "category_id": category,
                "bbox": [x, y, w, h],
                "area": pixels(w * h),
                "iscrowd": 0,
            }));
        }
    }

    fn finish(self) -> Value {
        let category = |(index, label): (usize, &Label)| json!({ "id": index + 1, "name": label.words() });
        let categories: Vec<Value> = Label::ALL.iter().enumerate().map(category).collect();
        json!({ "images": self.images, "annotations": self.annotations, "categories": categories })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_in_pixels_of_their_page_image() {
        let mut coco = Coco::default();
        coco.add("page-0001.png", &parse("<text><loc_50><loc_100><loc_150><loc_200>a</text>"), (1000, 500));
        let coco = coco.finish();
        assert_eq!(coco["annotations"][0]["bbox"], json!([100.0, 100.0, 200.0, 100.0]));
        assert_eq!(coco["annotations"][0]["area"], 20000.0);
        let category = coco["annotations"][0]["category_id"].as_u64().unwrap();
        let categories = coco["categories"].as_array().unwrap();
        let named = categories.iter().find(|known| known["id"] == category).unwrap();
        assert_eq!(named["name"], "Text");
    }
}
