//! Downloading a model from a server that does everything a bad day can bring.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod hub;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doclens::model::store::{
    CatalogueFile, CatalogueModel, DownloadOptions, DownloadProgress, Error, Receipt, download, remove,
    verify,
};
use hub::{Fault, Hub, REPOSITORY, REVISION, sha256};

const WEIGHTS: &str = "model.safetensors";
const WEIGHTS_SIZE: usize = 300_000;

fn bytes(length: usize) -> Vec<u8> {
    (0u8..=250).cycle().take(length).collect()
}

/// A repository with a configuration of unknown digest and weights of a known one.
struct Setup {
    hub: Hub,
    folder: tempfile::TempDir,
    model: CatalogueModel,
    options: DownloadOptions,
}

impl Setup {
    fn new() -> Self {
        let hub = Hub::start(&[
            ("config.json", b"{\"model_type\":\"idefics3\"}".to_vec()),
            (WEIGHTS, bytes(WEIGHTS_SIZE)),
            ("onnx/model.onnx", bytes(10)),
        ]);
        let mut model = CatalogueModel::from_repository(&format!("{REPOSITORY}@{REVISION}")).unwrap();
        let file = |path: &str| CatalogueFile {
            path: path.into(),
            size_bytes: None,
            sha256: None,
            is_optional: false,
        };
        let weights = CatalogueFile {
            size_bytes: Some(WEIGHTS_SIZE as u64),
            sha256: Some(sha256(&bytes(WEIGHTS_SIZE))),
            ..file(WEIGHTS)
        };
        model.files =
            vec![file("config.json"), CatalogueFile { is_optional: true, ..file("README.md") }, weights];
        let options = DownloadOptions {
            endpoint: Some(hub.address.clone()),
            token: Some("secret".into()),
            stall_timeout: Duration::from_millis(400),
            first_delay: Duration::from_millis(10),
            max_tries: 3,
            max_wait: Duration::from_secs(2),
        };
        Self { hub, folder: tempfile::tempdir().unwrap(), model, options }
    }

    fn run(&self) -> Result<PathBuf, Error> {
        self.run_watched(&|| false, &mut |_| {})
    }

    fn run_watched(
        &self,
        is_stopped: &dyn Fn() -> bool,
        on_progress: &mut dyn FnMut(&DownloadProgress),
    ) -> Result<PathBuf, Error> {
        download(&self.model, self.folder.path(), &self.options, is_stopped, on_progress)
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("owner--tiny-model")
    }

    fn assert_whole(&self, folder: &Path) {
        assert_eq!(folder, self.place());
        assert!(fs::read(folder.join(WEIGHTS)).unwrap() == bytes(WEIGHTS_SIZE));
        let verification = verify(folder).unwrap();
        assert_eq!(verification.published, [WEIGHTS]);
        assert_eq!(verification.recorded, ["config.json"]);
        assert_eq!(verification.damaged, [""; 0]);
    }
}

#[test]
fn a_quiet_day_brings_every_file_and_a_receipt() {
    let setup = Setup::new();
    let mut last = DownloadProgress::default();
    let folder = setup.run_watched(&|| false, &mut |told| last = told.clone()).unwrap();
    setup.assert_whole(&folder);
    assert_eq!(last.done_bytes, last.total_bytes);
    assert_eq!(Receipt::read(&folder).unwrap().revision, REVISION);
    assert!(!folder.join("README.md").exists(), "an optional file that the server lacks is left out");
    let requests = setup.hub.requests();
    assert!(requests.iter().all(|request| request.token.as_deref() == Some("secret")));
}

#[test]
fn a_broken_connection_goes_on_where_it_broke() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::DropAfter(100_000), Fault::DropAfter(50_000)]);
    setup.assert_whole(&setup.run().unwrap());
    let starts = setup.hub.starts(WEIGHTS);
    assert_eq!(starts.len(), 3);
    assert!(starts[1] > 0 && starts[2] > starts[1], "{starts:?}");
}

#[test]
fn a_stall_is_noticed_and_gone_on_from() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::StallAfter(200_000)]);
    setup.assert_whole(&setup.run().unwrap());
    assert_eq!(setup.hub.starts(WEIGHTS), [0, 200_000]);
}

#[test]
fn stalls_without_end_are_told_and_what_came_is_kept() {
    let setup = Setup::new();
    let mut stalls = vec![Fault::StallAfter(0); 4];
    stalls.insert(0, Fault::StallAfter(200_000));
    setup.hub.fault(WEIGHTS, &stalls);
    assert!(matches!(setup.run(), Err(Error::Stalled { .. })));
    assert!(!setup.place().exists(), "half a model is no model");
    setup.hub.fault(WEIGHTS, &[]);
    setup.assert_whole(&setup.run().unwrap());
    assert_eq!(setup.hub.starts(WEIGHTS).last(), Some(&200_000), "the second session goes on from the first");
}

#[test]
fn wrong_bytes_are_fetched_again_once() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::WrongBytes]);
    setup.assert_whole(&setup.run().unwrap());
}

#[test]
fn wrong_bytes_twice_are_refused() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::WrongBytes, Fault::WrongBytes]);
    let Err(Error::WrongDigest { file, expected, actual }) = setup.run() else { panic!("accepted") };
    assert_eq!(file, WEIGHTS);
    assert_ne!(expected, actual);
    assert!(!setup.place().exists());
}

#[test]
fn a_server_without_ranges_is_read_from_the_start() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::DropAfter(100_000), Fault::IgnoreRange, Fault::IgnoreRange]);
    setup.assert_whole(&setup.run().unwrap());
}

#[test]
fn refusals_are_told_apart() {
    let check = |faults: &[Fault], is_expected: fn(&Error) -> bool| {
        let setup = Setup::new();
        setup.hub.fault(WEIGHTS, faults);
        let error = setup.run().unwrap_err();
        assert!(is_expected(&error), "{faults:?}: {error:?}");
        assert!(!setup.place().exists());
    };
    check(&[Fault::Status(401, "")], |error| matches!(error, Error::TokenNeeded { .. }));
    check(&[Fault::Status(403, "")], |error| matches!(error, Error::AccessDenied { .. }));
    check(&[Fault::Status(404, "")], |error| matches!(error, Error::NotFound { .. }));
    check(&vec![Fault::Status(429, ""); 4], |error| matches!(error, Error::RateLimited { .. }));
    check(&[Fault::Status(429, "Retry-After: 3600")], |error| {
        matches!(error, Error::RateLimited { retry_after_secs: Some(3600) })
    });
    check(&vec![Fault::Status(500, ""); 4], |error| matches!(error, Error::Server { .. }));
}

#[test]
fn a_busy_server_is_waited_for() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::Status(429, "Retry-After: 0"), Fault::Status(503, "")]);
    setup.assert_whole(&setup.run().unwrap());
}

#[test]
fn nobody_there_is_told() {
    let mut setup = Setup::new();
    setup.options.endpoint = Some("http://127.0.0.1:1".into());
    assert!(matches!(setup.run(), Err(Error::Connection { .. })));
}

#[test]
fn stopping_is_pausing() {
    let setup = Setup::new();
    setup.hub.fault(WEIGHTS, &[Fault::StallAfter(150_000)]);
    let is_stopped = AtomicBool::new(false);
    let mut stop_on_the_way = |told: &DownloadProgress| {
        if told.done_bytes > 10_000 {
            is_stopped.store(true, Ordering::Relaxed);
        }
    };
    assert!(matches!(
        setup.run_watched(&|| is_stopped.load(Ordering::Relaxed), &mut stop_on_the_way),
        Err(Error::Stopped)
    ));
    assert!(!setup.place().exists());
    setup.hub.fault(WEIGHTS, &[]);
    setup.assert_whole(&setup.run().unwrap());
    let starts = setup.hub.starts(WEIGHTS);
    assert!(starts.last().is_some_and(|start| *start > 0), "{starts:?}");
}

#[test]
fn an_id_that_nobody_listed_is_listed_by_the_hub() {
    let mut setup = Setup::new();
    setup.model.files.clear();
    let folder = setup.run().unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap().len(), WEIGHTS_SIZE);
    assert!(!folder.join("onnx").exists(), "what is no part of a checkpoint stays where it is");
    assert_eq!(verify(&folder).unwrap().published, [WEIGHTS], "the hub states digests of large files");
}

#[test]
fn damage_is_found_and_only_downloads_are_removed() {
    let setup = Setup::new();
    let folder = setup.run().unwrap();
    let mut damaged = bytes(WEIGHTS_SIZE);
    damaged[12_345] ^= 1;
    fs::write(folder.join(WEIGHTS), damaged).unwrap();
    assert_eq!(verify(&folder).unwrap().damaged, [WEIGHTS]);

    let freed = remove(setup.folder.path(), &setup.model).unwrap();
    assert!(freed > WEIGHTS_SIZE as u64);
    assert!(!folder.exists());
    fs::create_dir_all(&folder).unwrap();
    assert!(matches!(remove(setup.folder.path(), &setup.model), Err(Error::NotOurs { .. })));
}

#[test]
fn a_second_download_of_the_same_model_is_refused() {
    let setup = Setup::new();
    let mut second = None;
    let mut start_another = |_: &DownloadProgress| {
        if second.is_none() {
            second = Some(setup.run());
        }
    };
    setup.run_watched(&|| false, &mut start_another).unwrap();
    assert!(matches!(second, Some(Err(Error::InUse { .. }))));
}
