//! Any bytes where pages that were read are kept: they are a page that can be kept again as it is, or none.
#![no_main]

use std::fs;

use doclens::document::{PageIndex, Rotation};
use doclens::engine::event::{StopReason, Timing};
use doclens::engine::job::EngineChoice;
use doclens::engine::kept::{KeptPage, KeptPages};
use doclens::engine::trust::{PageEvidence, trust_of_page};
use doclens::markup::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let root = std::env::temp_dir().join(format!("doclens-fuzz-kept-{}", std::process::id()));
    let pages = KeptPages::of_document(&root, "00");
    // The file's name is the library's own: it is made once and then written over.
    let path = root.join("00").join("page-1.json");
    if !path.exists() {
        pages.keep(&page()).expect("room on the disk");
    }
    fs::write(&path, data).expect("room on the disk");
    let found = pages.all();
    if let Some(kept) = found.get(&PageIndex(0)) {
        kept.timing.total();
        let tree = parse(&kept.markup);
        trust_of_page(&PageEvidence {
            tree: &tree,
            tokens: &kept.tokens,
            text_layer: None,
            engine: EngineChoice::Model,
            stop_reason: kept.stop_reason,
        });
        pages.keep(kept).expect("room on the disk");
        assert_eq!(pages.find(&kept.reader), found);
    }
});

fn page() -> KeptPage {
    KeptPage {
        page: PageIndex(0),
        reader: String::new(),
        engine_name: String::new(),
        rotation: Rotation::None,
        markup: String::new(),
        stop_reason: StopReason::End,
        rescued: Vec::new(),
        tokens: Vec::new(),
        timing: Timing::default(),
    }
}
