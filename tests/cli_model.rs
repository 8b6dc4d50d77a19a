//! `doclens model`, and models that are found by name, as a user runs them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

#[expect(dead_code, reason = "not every test of downloads needs every fault")]
mod hub;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use hub::{Fault, Hub, REPOSITORY, REVISION};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The files of the checkpoint that reads typewritten pages.
fn checkpoint_files() -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(fixture("pocket-form/checkpoint")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    paths
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

/// An empty home folder.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn doclens(&self, line: &str) -> Command {
        let mut command = Command::cargo_bin("doclens").unwrap();
        let inherited = std::env::vars_os().filter(|(name, _)| {
            name.to_str().is_some_and(|name| name.starts_with("HF_") || name.starts_with("HUGGINGFACE"))
        });
        for (name, _) in inherited {
            command.env_remove(name);
        }
        command
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env("HOME", self.folder.path())
            .env("DOCLENS_MODELS", self.models())
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(self.folder.path())
            .args(line.split_whitespace());
        command
    }

    fn models(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    fn downloaded(&self) -> PathBuf {
        self.models().join(REPOSITORY.replace('/', "--"))
    }
}

/// A hub that serves the checkpoint.
fn serve() -> Hub {
    let files = checkpoint_files();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    Hub::start(&files)
}

fn get(home: &Home, hub: &Hub) -> Command {
    let mut command = home.doclens(&format!("model get {REPOSITORY}@{REVISION}"));
    command.env("HF_ENDPOINT", &hub.address);
    command
}

#[test]
fn an_empty_home_has_no_models_and_says_how_to_get_one() {
    let home = Home::new();
    home.doclens("model list")
        .assert()
        .success()
        .stdout(contains("smoldocling").and(contains("not here: 517 MB to download")));
    let page = fixture("pocket-form/samples/form0.png");
    home.doclens(&format!("convert {} --engine model --out -", page.display()))
        .assert()
        .code(3)
        .stdout(is_empty())
        .stderr(contains("There is no model on this machine").and(contains("doclens model get")));
    home.doclens("convert x.png --model smoldocling")
        .assert()
        .code(3)
        .stderr(contains("There is no model smoldocling on this machine"));
    assert!(!home.models().exists(), "looking leaves nothing behind");
}

/// The true path, out of the box: pixels, tiles, vision encoder, decoder, table.
#[test]
fn the_sample_scan_is_read_by_the_model_that_comes_with_the_program() {
    let home = Home::new();
    let scan = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample-scan.png");
    let read = |flags: &str| {
        let line = format!("convert {} {flags} --out -", scan.display());
        let output = home.doclens(&line).env("HF_HUB_OFFLINE", "1").assert().success().get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    let recorded = |name: &str| fs::read_to_string(fixture("sample-scan").join(name)).unwrap();
    assert_eq!(read("--to md"), recorded("sample-scan.md"));
    assert_eq!(read("--to doctags"), recorded("sample-scan.dt"));
    assert!(
        recorded("sample-scan.md").contains("| Anchor      | 20/09/2025  | Most   | 75%         |"),
        "the table is there"
    );
    home.doclens("model list").assert().success().stdout(contains("Pocket (demonstration)"));

    let other = fixture("pocket-form/samples/form0.png");
    home.doclens(&format!("convert {} --out -", other.display()))
        .assert()
        .code(3)
        .stderr(contains("a model is needed"));
    home.doclens(&format!("convert {} --model pocket --out -", other.display())).assert().success();
}

/// Greedy tokens depend neither on how many threads compute them nor on guesses, nor on a grammar that they follow.
#[test]
fn the_same_is_read_however_it_is_computed() {
    let home = Home::new();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample-scan.png");
    let expected = fs::read_to_string(fixture("sample-scan/sample-scan.dt")).unwrap();
    for (threads, flags) in
        [("1", ""), ("2", ""), ("5", ""), ("2", "--no-drafts"), ("1", "--no-drafts --no-grammar-guard")]
    {
        let expected = expected.clone();
        home.doclens(&format!("convert {} --model pocket {flags} --to doctags --out -", page.display()))
            .env("RAYON_NUM_THREADS", threads)
            .assert()
            .success()
            .stdout(predicate::function(move |text: &str| text.trim() == expected.trim()));
    }
}

/// Links into blobs, as the hub's own programs lay them out.
#[cfg(unix)]
#[test]
fn a_model_in_the_shared_cache_is_found_and_used_without_being_named() {
    let home = Home::new();
    let repository = home.folder.path().join(".cache/huggingface/hub/models--owner--tiny-model");
    let (snapshot, blobs) = (repository.join("snapshots").join(REVISION), repository.join("blobs"));
    for folder in [&snapshot, &blobs, &repository.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(repository.join("refs/main"), REVISION).unwrap();
    for (name, bytes) in checkpoint_files() {
        let blob = hub::sha256(&bytes);
        fs::write(blobs.join(&blob), bytes).unwrap();
        std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), snapshot.join(name)).unwrap();
    }
    home.doclens("model list")
        .assert()
        .success()
        .stdout(contains("owner/tiny-model").and(contains("in the shared cache")));
    let page = fixture("pocket-form/samples/form0.png");
    let expected = fs::read_to_string(fixture("pocket-form/samples/form0.out.dt")).unwrap();
    // Recorded from the reference, which writes rows of several lengths.
    home.doclens(&format!(
        "convert {} --engine model --no-grammar-guard --to doctags --out -",
        page.display()
    ))
    .assert()
    .success()
    .stdout(predicate::function(move |text: &str| text.trim() == expected.trim()));
    home.doclens("model check owner/tiny-model")
        .assert()
        .success()
        .stdout(contains("every tensor are right"));
    home.doclens("model remove owner/tiny-model")
        .assert()
        .code(3)
        .stderr(contains("was not downloaded by Doclens and is left alone"));

    fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
    home.doclens("model list").assert().success().stdout(contains("cannot be used"));
}

#[test]
fn a_model_is_got_checked_and_removed() {
    let (home, hub) = (Home::new(), serve());
    let folder = home.downloaded();
    get(&home, &hub).assert().success().stdout(contains(folder.display().to_string()));
    home.doclens("model list").assert().stdout(contains("downloaded").and(contains(REPOSITORY)));
    home.doclens(&format!("model path {REPOSITORY}")).assert().stdout(contains(folder.display().to_string()));
    home.doclens(&format!("model check {REPOSITORY}"))
        .assert()
        .success()
        .stdout(contains("model.safetensors: as its publisher states"));

    let mut weights = fs::read(folder.join("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    fs::write(folder.join("model.safetensors"), weights).unwrap();
    home.doclens(&format!("model check {REPOSITORY}"))
        .assert()
        .code(1)
        .stdout(contains("model.safetensors: DAMAGED"))
        .stderr(contains("get it again"));

    home.doclens(&format!("model remove {REPOSITORY}")).assert().success().stdout(contains("freed"));
    assert!(!folder.exists());
}

#[test]
fn a_download_that_fails_says_why_and_goes_on_from_there() {
    let (home, hub) = (Home::new(), serve());
    let mut stops = vec![Fault::DropAfter(100_000)];
    stops.extend(vec![Fault::Status(401, ""); 1]);
    hub.fault("model.safetensors", &stops);
    get(&home, &hub).assert().code(3).stderr(contains("wants an access token").and(contains("HF_TOKEN")));
    assert!(!home.downloaded().exists(), "half a model is no model");
    home.doclens("model list").assert().success().stdout(contains(REPOSITORY).not());
    hub.fault("model.safetensors", &[]);
    get(&home, &hub).assert().success();
    assert!(hub.starts("model.safetensors").last().is_some_and(|start| *start > 0));
}

#[test]
fn offline_is_offline() {
    let (home, hub) = (Home::new(), serve());
    get(&home, &hub)
        .env("HF_HUB_OFFLINE", "1")
        .assert()
        .code(3)
        .stderr(contains("HF_HUB_OFFLINE is set").and(contains("from another computer")));
    assert!(hub.requests().is_empty());
}

#[test]
fn what_is_no_model_is_refused() {
    let (home, hub) = (Home::new(), Hub::start(&[("config.json", b"{}".to_vec())]));
    get(&home, &hub).assert().code(3).stderr(contains("model.safetensors"));
    home.doclens("model get nonsense").assert().code(3).stderr(contains("No model is called nonsense"));
    home.doclens("model check .").assert().code(3).stderr(contains("config.json"));
}
