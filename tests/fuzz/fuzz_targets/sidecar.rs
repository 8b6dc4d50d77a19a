//! Any bytes where the corrections of a document are kept: they are read or refused, never more.
#![no_main]

use std::fs;

use doclens::markup::parse;
use doclens::revision::{ContentKey, Record, Sidecar, corrections};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let folder = std::env::temp_dir().join(format!("doclens-fuzz-{}", std::process::id()));
    let key = ContentKey::of_bytes(b"fuzz");
    // The file's name is the library's own: it is made once and then written over.
    drop(Sidecar::create(&folder, &key, "fuzz").map(|mut sidecar| sidecar.append(&Record::Undo { page: 0 })));
    let path = fs::read_dir(&folder).into_iter().flatten().flatten().next().map(|entry| entry.path());
    let Some(path) = path else { return };
    fs::write(&path, data).ok();
    if let Ok(pages) = corrections(&folder, &key) {
        for history in pages.values() {
            parse(&history.state().markup);
        }
        // What can be read can be gone on with.
        let mut sidecar = Sidecar::create(&folder, &key, "fuzz").expect("it was read");
        sidecar.append(&Record::Begin { page: usize::MAX, state: Default::default() }).expect("room on the disk");
        drop(sidecar);
        assert!(pages.contains_key(&usize::MAX) || corrections(&folder, &key).is_ok());
    }
    fs::remove_file(&path).ok();
});
