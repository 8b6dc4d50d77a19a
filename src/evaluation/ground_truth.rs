//! Corrected pages as ground truth: a dataset that `doclens eval` and other programs read.
//!
//! `page-0001.dt` (`DocTags`) and `page-0001.json` (`DoclingDocument`) a page, and one `coco.json` with the boxes of all,
//! in pixels of the page images. The images, `page-0001.png`, are drawn by whoever can.

use serde_json::{Value, json};

use crate::markup::export::{self, ExportOptions, Furniture, PagePoints};
use crate::markup::{DocTree, Label, parse};

/// Pixels a point of the page images: what models are shown, 144 dpi.
pub const PIXELS_PER_POINT: f64 = 2.0;

/// One page as it is right.
#[derive(Clone, Debug, PartialEq)]
pub struct TruePage {
    /// Position in the document, from 0.
    pub page: usize,
    /// Its `DocTags`.
    pub markup: String,
    /// Size of the upright page.
    pub size: PagePoints,
    /// Width and height of its image in pixels.
    pub image_px: (u32, u32),
}

/// A file of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthFile {
    /// Its name in the folder.
    pub name: String,
    /// What stands in it.
    pub contents: Vec<u8>,
}

/// Names the page in the dataset: `page-0001` for the first.
pub fn stem(page: usize) -> String {
    format!("page-{:04}", page + 1)
}

/// Name of the page's image in the dataset.
pub fn image_name(page: usize) -> String {
    format!("{}.png", stem(page))
}

/// All files of the dataset but the images. `document` is the document's name.
pub fn files(document: &str, pages: &[TruePage]) -> Vec<TruthFile> {
    let mut coco = Coco::default();
    let mut files = Vec::with_capacity(2 * pages.len() + 1);
    for page in pages {
        let (tree, stem) = (parse(&page.markup), stem(page.page));
        coco.add(&image_name(page.page), &tree, page.image_px);
        let options = ExportOptions {
            name: document.to_owned(),
            page_sizes: vec![page.size],
            furniture: Furniture::All,
            ..ExportOptions::default()
        };
        let json = export::json(&tree, &options).into_bytes();
        files.push(TruthFile { name: format!("{stem}.dt"), contents: page.markup.clone().into_bytes() });
        files.push(TruthFile { name: format!("{stem}.json"), contents: json });
    }
    let coco = format!("{:#}\n", coco.finish()).into_bytes();
    files.push(TruthFile { name: "coco.json".to_owned(), contents: coco });
    files
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

    #[test]
    fn a_page_is_doctags_and_a_document_and_boxes_of_its_image() {
        let markup = "<doctag><text><loc_50><loc_100><loc_150><loc_200>a</text></doctag>";
        let size = PagePoints { width_pt: 500.0, height_pt: 250.0 };
        let page = TruePage { page: 11, markup: markup.to_owned(), size, image_px: (1000, 500) };
        let files = files("tale", &[page]);
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["page-0012.dt", "page-0012.json", "coco.json"]);
        assert_eq!(files[0].contents, markup.as_bytes());
        let read = |file: &TruthFile| serde_json::from_slice::<Value>(&file.contents).unwrap();
        assert_eq!(read(&files[1])["texts"][0]["text"], "a");
        assert_eq!(read(&files[2])["images"][0]["file_name"], "page-0012.png");
    }
}
