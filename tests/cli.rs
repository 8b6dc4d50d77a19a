//! The program as a user runs it: arguments in; files, standard output and exit codes out.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "cli/faults.rs"]
mod faults;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

const RECORDED: &str = "<doctag><section_header_level_1><loc_10><loc_20><loc_300><loc_40>Hello</section_header_level_1>\n\
<text><loc_10><loc_60><loc_490><loc_90>First words.</text>\n\
<otsl><loc_10><loc_100><loc_490><loc_200><ched>a<ched>b<nl><fcel>1<fcel>2<nl></otsl>\n</doctag>";

/// A folder with a scan, a recording, and room for results.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        image::RgbImage::from_pixel(60, 40, image::Rgb([255; 3])).save(desk.path("scan.png")).unwrap();
        fs::write(desk.path("page.dt"), RECORDED).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, started in the folder.
    fn doclens(&self, line: &str) -> Command {
        let mut command = self.process();
        command.args(line.split_whitespace());
        Command::from_std(command)
    }

    /// The same, for tests that do not wait for its end.
    fn process(&self) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("doclens"));
        // Models and caches of whoever runs the tests are none of their business.
        for name in ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "DOCLENS_MODELS"] {
            command.env_remove(name);
        }
        for name in ["HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            command.env(name, self.folder.path().join("home"));
        }
        command.current_dir(self.folder.path());
        command
    }

    /// The names of what lies in the folder.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        // The program's own folders are no results.
        names.retain(|name| name != "home");
        names.sort();
        names
    }
}

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pdf").display().to_string()
}

#[test]
fn tables_become_the_sheets_of_a_workbook() {
    let desk = Desk::new();
    desk.doclens("convert scan.png --replay page.dt --to xlsx").assert().success();
    assert!(fs::read(desk.path("scan.xlsx")).unwrap().starts_with(b"PK"));
    fs::write(desk.path("page.dt"), "<doctag><text>No table.</text></doctag>").unwrap();
    let none = desk.doclens("convert scan.png --replay page.dt --to xlsx --out none.xlsx").assert().success();
    none.stderr(contains("there are no tables"));
    assert!(!desk.path("none.xlsx").exists());
}

#[test]
fn trust_is_told_beside_the_document() {
    let desk = Desk::new();
    desk.doclens("convert scan.png --replay page.dt --to md,trust").assert().success();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(desk.path("scan.trust.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "doclens-trust/1");
    assert_eq!((&report["pages"][0]["page"], &report["pages"][0]["stop_reason"]), (&1.into(), &"end".into()));
    let element = &report["pages"][0]["elements"][0];
    assert_eq!((&element["origin"], &element["level"]), (&"model".into(), &"sure".into()));
    let none = desk.doclens("convert-doctags --to trust").assert().code(2);
    none.stderr(contains("trust is known where a page is read"));
}

#[test]
fn readings_are_scored_against_their_truth() {
    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (from, to) in [
        ("assets/sample-scan.png", "pages/right/1.png"),
        ("tests/fixtures/sample-scan/sample-scan.dt", "pages/right/1.dt"),
        ("assets/sample-scan.png", "pages/wrong/1.png"),
    ] {
        fs::create_dir_all(desk.path(to).parent().unwrap()).unwrap();
        fs::copy(root.join(from), desk.path(to)).unwrap();
    }
    fs::write(desk.path("pages/wrong/1.dt"), "<text>Other words</text>").unwrap();
    fs::write(desk.path("pages/wrong/2.dt"), "<text>No picture</text>").unwrap();
    fs::write(desk.path("pages/wrong/2.png"), "no picture").unwrap();
    let run = desk.doclens("eval --model pocket pages --per-page all.csv").assert().code(1);
    let table = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let row = |words: &str| table.lines().find(|line| line.contains(words)).unwrap().to_owned();
    let cells = |words: &str| row(words).split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(cells("| pages")[2..5], ["1", "1", "2"]);
    assert_eq!(cells("character error rate")[2], "0.00 %", "{table}");
    assert_eq!(cells("boxes found")[2], "100.00 %");
    assert_eq!(cells("structure exact")[2], "100.00 %");
    assert!(cells("edit distance")[3].parse::<f64>().unwrap() > 0.5, "{table}");
    assert!(table.contains("1 of the pages could not be read"));
    let lines = fs::read_to_string(desk.path("all.csv")).unwrap();
    assert_eq!(lines.lines().count(), 3, "{lines}");
}

#[test]
fn stages_are_timed_as_a_table() {
    let desk = Desk::new();
    let run = desk.doclens("bench --model pocket scan.png --quick").assert().success();
    let table = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    for stage in ["render the page", "preprocess", "vision, one tile", "prefill", "decode"] {
        assert!(table.contains(&format!("| {stage}")), "{table}");
    }
    assert!(!table.contains("whole page"), "{table}");
    desk.doclens("bench --model nowhere --quick").assert().code(3);
}

#[test]
fn help_and_version_are_there() {
    let desk = Desk::new();
    desk.doclens("--version").assert().success().stdout(contains(env!("CARGO_PKG_VERSION")));
    desk.doclens("--help").assert().success().stdout(contains("Examples:").and(contains("convert")));
    desk.doclens("convert --help").assert().success().stdout(contains("Exit codes:"));
}

#[test]
fn a_recording_gives_every_format() {
    let desk = Desk::new();
    desk.doclens("convert scan.png --replay page.dt --to md,html,json,csv,txt,doctags --out out")
        .assert()
        .code(0)
        .stdout(is_empty());
    let read = |name: &str| fs::read_to_string(desk.path("out").join(name)).unwrap();
    assert!(read("scan.md").contains("## Hello\n\nFirst words."));
    assert!(read("scan.html").contains("<h2>Hello</h2>"));
    assert!(read("scan.json").contains("\"DoclingDocument\""));
    assert_eq!(read("scan-table-1.csv"), "a,b\n1,2\n");
    assert!(read("scan.txt").contains("First words."));
    assert_eq!(read("scan.dt"), RECORDED, "markup is left as it came");
}

#[test]
fn standard_output_holds_the_result_and_nothing_else() {
    let desk = Desk::new();
    let line = "convert scan.png --replay page.dt --to doctags --out -";
    desk.doclens(line).assert().code(0).stdout(RECORDED).stderr(is_empty());
    assert_eq!(desk.files(), ["page.dt", "scan.png"]);
}

#[test]
fn results_lie_in_the_current_folder_and_are_replaced() {
    let desk = Desk::new();
    fs::write(desk.path("scan.md"), "old").unwrap();
    desk.doclens("convert scan.png --replay page.dt").assert().code(0).stderr(contains("scan.md"));
    assert!(fs::read_to_string(desk.path("scan.md")).unwrap().starts_with("## Hello"));
    assert_eq!(desk.files(), ["page.dt", "scan.md", "scan.png"]);
    desk.doclens("convert scan.png --replay page.dt --out other.md --quiet").assert().stderr(is_empty());
    assert_eq!(desk.files(), ["other.md", "page.dt", "scan.md", "scan.png"]);
}

#[test]
fn a_document_is_never_written_over() {
    let desk = Desk::new();
    let before = fs::read(desk.path("scan.png")).unwrap();
    desk.doclens("convert scan.png --replay page.dt --out scan.png").assert().code(2);
    assert_eq!(fs::read(desk.path("scan.png")).unwrap(), before);
}

#[test]
fn the_sample_is_read_from_its_text_layer() {
    let desk = Desk::new();
    let output = desk.doclens(&format!("convert {} --out -", sample())).assert().code(0).get_output().clone();
    let markdown = String::from_utf8(output.stdout).unwrap();
    assert!(markdown.starts_with("# "), "{markdown}");
    assert!(markdown.contains("|---"), "{markdown}");
}

#[test]
fn pages_keep_their_numbers() {
    let desk = Desk::new();
    desk.doclens(&format!("convert {} --pages 2 --to json --out two.json", sample())).assert().code(0);
    let document: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.path("two.json")).unwrap()).unwrap();
    let texts = document["texts"].as_array().unwrap();
    assert!(!texts.is_empty());
    assert!(texts.iter().all(|text| text["prov"][0]["page_no"] == 2));
}

#[test]
fn what_fails_is_reported_and_the_rest_goes_on() {
    let desk = Desk::new();
    fs::write(desk.path("empty.pdf"), "").unwrap();
    desk.doclens("convert missing.pdf empty.pdf scan.png --replay page.dt")
        .assert()
        .code(1)
        .stderr(contains("There is no file missing.pdf").and(contains("empty.pdf is empty")));
    assert!(desk.path("scan.md").exists());
    desk.doclens("convert scan.png --replay page.dt --pages 1,7").assert().code(1).stderr(contains("page 7"));
}

#[test]
fn a_scan_without_a_model_says_what_is_needed() {
    let desk = Desk::new();
    desk.doclens("convert scan.png")
        .assert()
        .code(3)
        .stderr(contains("No text layer on this page: a model is needed"));
    assert_eq!(desk.files(), ["page.dt", "scan.png"]);
}

#[test]
fn a_folder_without_a_model_is_named() {
    let desk = Desk::new();
    desk.doclens("convert scan.png --engine model --model .")
        .assert()
        .code(3)
        .stderr(contains("config.json"));
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_done() {
    let desk = Desk::new();
    desk.doclens("convert").assert().code(2);
    desk.doclens("convert scan.png --to docx").assert().code(2);
    desk.doclens("convert scan.png --pages 3-1").assert().code(2).stderr(contains("backwards"));
    desk.doclens("convert scan.png --to md,html --out -").assert().code(2).stderr(contains("one format"));
    desk.doclens("convert scan.png --tokens 0").assert().code(2);
    desk.doclens("convert scan.png --replay missing.dt").assert().code(2).stderr(contains("missing.dt"));
    assert_eq!(desk.files(), ["page.dt", "scan.png"]);
}

#[test]
fn documents_of_one_name_do_not_replace_each_other() {
    let desk = Desk::new();
    fs::create_dir(desk.path("more")).unwrap();
    fs::copy(desk.path("scan.png"), desk.path("more/scan.png")).unwrap();
    desk.doclens("convert scan.png more/scan.png --replay page.dt").assert().code(0);
    assert_eq!(desk.files(), ["more", "page.dt", "scan-2.md", "scan.md", "scan.png"]);
}

#[test]
fn a_document_comes_by_standard_input() {
    let desk = Desk::new();
    desk.doclens("convert - --replay page.dt --out -")
        .write_stdin(fs::read(desk.path("scan.png")).unwrap())
        .assert()
        .code(0)
        .stdout(contains("## Hello"));
}

#[test]
fn the_token_limit_is_told() {
    let desk = Desk::new();
    desk.doclens("convert scan.png --replay page.dt --tokens 3 --out -")
        .assert()
        .code(0)
        .stderr(contains("stopped at the token limit"));
}

#[test]
fn markup_is_converted_from_standard_input() {
    let desk = Desk::new();
    desk.doclens("convert-doctags --to html")
        .write_stdin(RECORDED)
        .assert()
        .code(0)
        .stdout(contains("<h2>Hello</h2>"));
    desk.doclens("convert-doctags --pages 612").write_stdin("").assert().code(2);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_fault() {
    use std::process::Stdio;
    let desk = Desk::new();
    let mut child = desk
        .process()
        .args(["convert", "scan.png", "--replay", "page.dt", "--out", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_window_says_so() {
    let desk = Desk::new();
    desk.doclens("scan.png")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .timeout(std::time::Duration::from_mins(2))
        .assert()
        .code(4)
        .stderr(contains("window"));
}

/// A page that was corrected in the window: how right it was, and the page as ground truth.
#[cfg(target_os = "linux")]
#[test]
fn corrections_are_scored_and_written_as_ground_truth() {
    use doclens::revision::{ContentKey, PageState, Record, Sidecar};

    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scan = fs::read(root.join("assets/sample-scan.png")).unwrap();
    fs::write(desk.path("corrected.png"), &scan).unwrap();
    let none = desk.doclens("corrections corrected.png").assert().code(3);
    none.stderr(contains("corrected.png has not been corrected: open it in the window"));

    let right = fs::read_to_string(root.join("tests/fixtures/sample-scan/sample-scan.dt")).unwrap();
    let state = |markup: &str| PageState { markup: markup.to_owned(), ..PageState::default() };
    let folder = desk.path("home/doclens/revisions");
    let mut sidecar = Sidecar::create(&folder, &ContentKey::of_bytes(&scan), "corrected.png").unwrap();
    let wrong = right.replace("$357.95", "$367.95");
    sidecar.append(&Record::Begin { page: 0, state: state(&wrong) }).unwrap();
    sidecar.append(&Record::Step { page: 0, step: "Edit table".into(), state: state(&right) }).unwrap();

    // The window may still be open.
    let run = desk.doclens("corrections corrected.png --out truth").assert().success();
    let table = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let row = |words: &str| table.lines().find(|line| line.contains(words)).unwrap().to_owned();
    assert!(
        row("structure exact").contains("100.00 %") && row("boxes found").contains("100.00 %"),
        "{table}"
    );
    assert!(!row("character error rate").contains(" 0.00 %"), "{table}");
    assert!(!table.contains("time a page"), "nobody has counted");
    let coco: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.path("truth/coco.json")).unwrap()).unwrap();
    assert_eq!(coco["images"][0]["width"], 384);
    assert_eq!(coco["annotations"].as_array().unwrap().len(), 12);
    assert!(fs::read_to_string(desk.path("truth/page-0001.json")).unwrap().contains("$357.95"));
    assert_eq!(fs::read_to_string(desk.path("truth/page-0001.dt")).unwrap(), right);

    // What was written is a dataset, whose picture reads as before.
    let run = desk.doclens("eval --model pocket truth").assert().success();
    run.stdout(contains("| character error rate ↓      |   0.00 % |"));
}

/// The model that the program carries is unpacked first; a disk without room is not a model that is not there.
#[test]
fn where_the_carried_model_cannot_be_unpacked_the_cause_is_said() {
    let desk = Desk::new();
    fs::write(desk.path("home"), "a file").unwrap();
    let run = desk.doclens("convert scan.png --model pocket").assert().code(3);
    run.stderr(contains("There is no model").not().and(contains("home")));
}

#[test]
fn characters_come_from_the_page_where_that_is_wanted() {
    let desk = Desk::new();
    let line = format!("convert {} --pages 3 --to", sample());
    desk.doclens(&format!("{line} doctags --out right.dt")).assert().success();
    let right = fs::read_to_string(desk.path("right.dt")).unwrap();
    let other_text = "Other words stand here that the page has not anywhere.";
    let sentence = right.find("Where the sizes and delays").unwrap();
    let end = sentence + right[sentence..].find('<').unwrap();
    let misread = right.replace(&right[sentence..end], other_text);
    let misread = misread.replace("12.42", "12.4Z").replace("the smaller is taken", "the srnaller is taken");
    fs::write(desk.path("page.dt"), misread).unwrap();
    let read_as = |characters: &str| {
        let line = format!("{line} md,trust --replay page.dt --out {characters} --characters {characters}");
        desk.doclens(&line).assert().success();
        let result = |name: &str| fs::read_to_string(desk.path(characters).join(name)).unwrap();
        (result("sample.md"), result("sample.trust.json"))
    };
    let (model, trust) = read_as("model");
    assert!(model.contains("12.4Z") && model.contains("srnaller") && model.contains(other_text));
    assert!(!trust.contains("\"text_layer\""), "{trust}");
    let (auto, trust) = read_as("auto");
    assert!(auto.contains("12.42") && auto.contains("smaller is taken") && auto.contains(other_text));
    assert!(trust.contains("\"text_layer\""), "{trust}");
    let (text_layer, _) = read_as("text-layer");
    desk.doclens(&format!("{line} md --out right.md")).assert().success();
    assert!(text_layer.contains("Where the sizes and delays") && !text_layer.contains(other_text));
    assert_eq!(text_layer.matches("12.42").count(), 1);
}
