//! Work survives: what is killed, cannot write, or loses its document under way.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use predicates::prelude::*;
use predicates::str::contains;

use super::{Desk, RECORDED, sample};

/// The files of pages that are kept for another run.
fn kept_pages(desk: &Desk) -> Vec<PathBuf> {
    let documents = fs::read_dir(desk.path("home/doclens/unfinished")).into_iter().flatten().flatten();
    let pages = documents.flat_map(|document| fs::read_dir(document.path()).into_iter().flatten().flatten());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    pages.map(|page| page.path()).filter(is_page).collect()
}

const READ_BEFORE: &str = "read by a run that did not come to its end; --fresh reads all again";

#[test]
fn a_run_that_could_not_write_is_gone_on_with() {
    let desk = Desk::new();
    let sample = sample();
    fs::write(desk.path("taken"), "a file").unwrap();
    let convert = |line: &str| desk.doclens(&format!("convert {sample} --replay page.dt {line}"));
    let first = convert("--out taken/results").assert().code(1);
    assert!(!String::from_utf8_lossy(&first.get_output().stderr).contains("read by a run"));
    assert_eq!(kept_pages(&desk).len(), 4);

    // What is read otherwise is read by somebody else, and so is what another recording says.
    convert("--out taken/results --tokens 900").assert().stderr(contains("read by a run").not());
    assert_eq!(kept_pages(&desk).len(), 4);
    fs::write(desk.path("page.dt"), RECORDED.replace("Hello", "Goodbye")).unwrap();
    convert("--out other.md").assert().success().stderr(contains("read by a run").not());
    assert!(fs::read_to_string(desk.path("other.md")).unwrap().contains("Goodbye"));
    assert!(kept_pages(&desk).is_empty(), "each page is kept once, as it was read last");

    convert("--out taken/results").assert().code(1);
    let again = convert("--out again.md").assert().success();
    again.stderr(contains(format!("4 pages were {READ_BEFORE}")));
    assert_eq!(fs::read(desk.path("again.md")).unwrap(), fs::read(desk.path("other.md")).unwrap());
    assert!(kept_pages(&desk).is_empty());

    convert("--out taken/results").assert().code(1);
    convert("--out again.md --pages 2").assert().stderr(contains(format!("1 page was {READ_BEFORE}")));
    convert("--out taken/results").assert().code(1);
    convert("--out again.md --fresh").assert().success().stderr(contains("read by a run").not());
    assert!(kept_pages(&desk).is_empty());
}

#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let desk = Desk::new();
    let line = format!("convert {} --model pocket --tokens 12 --to md,trust --out", sample());
    desk.doclens(&format!("{line} expected")).assert().success();
    assert!(kept_pages(&desk).is_empty());

    let mut command = desk.process();
    let mut run = command
        .args(line.split_whitespace())
        .arg("killed")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while kept_pages(&desk).is_empty() && run.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    run.kill().unwrap();
    let was_killed = !run.wait().unwrap().success();

    let again = desk.doclens(&format!("{line} again")).assert().success();
    if was_killed {
        again.stderr(contains(READ_BEFORE));
    }
    let result = |folder: &str| fs::read_to_string(desk.path(folder).join("sample.md")).unwrap();
    assert_eq!(result("again"), result("expected"));
    // Probabilities and doubts come back as well.
    let trust = |folder: &str| fs::read_to_string(desk.path(folder).join("sample.trust.json")).unwrap();
    assert_eq!(trust("again"), trust("expected"));
    assert!(kept_pages(&desk).is_empty());
}

#[test]
fn where_nothing_can_be_kept_the_conversion_goes_on() {
    let desk = Desk::new();
    fs::write(desk.path("home"), "a file").unwrap();
    let run = desk.doclens("convert scan.png --replay page.dt").assert().success();
    run.stderr(contains("scan.png: what is read cannot be kept in case this run does not come to its end"));
    assert_eq!(desk.files(), ["page.dt", "scan.md", "scan.png"]);
}

#[test]
fn of_an_encrypted_document_nothing_is_kept() {
    let desk = Desk::new();
    fs::write(desk.path("taken"), "a file").unwrap();
    let line = "convert scan.png --replay page.dt --password secret --out taken/results";
    desk.doclens(line).assert().code(1);
    assert!(kept_pages(&desk).is_empty());
}

/// A document of so many pages with a line of text each.
fn pdf(num_pages: usize) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    let kids: Vec<String> = (0..num_pages).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let kids = kids.join(" ");
    objects.push(format!("<< /Type /Pages /Count {num_pages} /Kids [{kids}] >>"));
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned());
    for page in 0..num_pages {
        let text = format!("BT /F1 12 Tf 20 100 Td (This is page {}) Tj ET", page + 1);
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents {} 0 R /Resources << /Font << /F1 3 0 R \
             >> >> >>",
            5 + 2 * page
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()));
    }
    let (mut file, mut offsets) = ("%PDF-1.7\n".to_owned(), Vec::new());
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        write!(file, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (start, size) = (file.len(), objects.len() + 1);
    write!(file, "xref\n0 {size}\n0000000000 65535 f \n").unwrap();
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").unwrap();
    }
    write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").unwrap();
    file.into_bytes()
}

/// Starts a run and waits until it has read that many pages, or is done.
fn run_until(desk: &Desk, line: &str, num_pages: usize) -> Child {
    let mut command = desk.process();
    let mut run = command.args(line.split_whitespace()).stderr(Stdio::piped()).spawn().unwrap();
    while kept_pages(desk).len() < num_pages && run.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    run
}

/// Its exit code and what it said.
fn end_of(run: Child) -> (Option<i32>, String) {
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked") && !said.contains("A fault in Doclens"), "{said}");
    (output.status.code(), said)
}

#[test]
fn two_hundred_pages_survive_a_kill() {
    let desk = Desk::new();
    fs::write(desk.path("long.pdf"), pdf(200)).unwrap();
    let line = "convert long.pdf --replay page.dt --out";
    desk.doclens(&format!("{line} expected.md")).assert().success();
    // A later page each time, and the last time none is left.
    for num_pages in [1, 40, 150] {
        let mut run = run_until(&desk, &format!("{line} killed.md"), num_pages);
        run.kill().unwrap();
        run.wait().unwrap();
    }
    let num_kept = kept_pages(&desk).len();
    assert!((150..=200).contains(&num_kept) || desk.path("killed.md").exists(), "{num_kept}");
    desk.doclens(&format!("{line} again.md")).assert().success();
    assert_eq!(fs::read(desk.path("again.md")).unwrap(), fs::read(desk.path("expected.md")).unwrap());
    assert!(kept_pages(&desk).is_empty());
}

/// The system refuses to let any file grow beyond a megabyte, as a full disk does: pages have room, their document has
/// not.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_half_file_and_no_page_is_lost() {
    let desk = Desk::new();
    fs::write(desk.path("long.pdf"), pdf(40)).unwrap();
    let words: Vec<String> = (0..4000).map(|number| format!("word{number}")).collect();
    let words = words.join(" ");
    fs::write(desk.path("page.dt"), format!("<doctag><text>{words}</text></doctag>")).unwrap();
    let line = "convert long.pdf --replay page.dt --to md,json --out";
    desk.doclens(&format!("{line} expected")).assert().success();
    let program = desk.process().get_program().to_owned();
    let mut command = desk.process();
    let script = format!("trap '' XFSZ; ulimit -f 2048; exec \"$0\" {line} results");
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", &script]).arg(program).current_dir(desk.folder.path());
    for (name, value) in command.env("LC_ALL", "C").get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let (code, said) = end_of(limited.stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("could not be written"), "{said}");
    let results = fs::read_dir(desk.path("results")).into_iter().flatten().map(|entry| entry.unwrap().path());
    assert_eq!(results.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    assert_eq!(kept_pages(&desk).len(), 40);

    desk.doclens(&format!("{line} results")).assert().success().stderr(contains(READ_BEFORE));
    for name in ["long.md", "long.json"] {
        let of = |folder: &str| fs::read(desk.path(folder).join(name)).unwrap();
        assert_eq!(of("results"), of("expected"), "{name}");
    }
}

#[test]
fn a_document_that_goes_away_or_shrinks_under_way_ends_in_words() {
    let desk = Desk::new();
    let expected = {
        fs::write(desk.path("long.pdf"), pdf(60)).unwrap();
        desk.doclens("convert long.pdf --replay page.dt --out expected.md").assert().success();
        fs::read(desk.path("expected.md")).unwrap()
    };
    let line = "convert long.pdf --replay page.dt --out out.md";

    // It is open: nothing is missing.
    let run = run_until(&desk, line, 2);
    fs::remove_file(desk.path("long.pdf")).unwrap();
    let (code, said) = end_of(run);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(desk.path("out.md")).unwrap(), expected);

    // Pages that cannot be read any more are named, or had been read already.
    fs::remove_file(desk.path("out.md")).unwrap();
    fs::write(desk.path("long.pdf"), pdf(60)).unwrap();
    let run = run_until(&desk, line, 2);
    fs::File::options().write(true).open(desk.path("long.pdf")).unwrap().set_len(300).unwrap();
    let (code, said) = end_of(run);
    assert!(code == Some(0) || code == Some(1) && said.contains("long.pdf"), "{code:?} {said}");
}

#[test]
fn two_runs_on_one_document_do_not_disturb_each_other() {
    let desk = Desk::new();
    fs::write(desk.path("long.pdf"), pdf(60)).unwrap();
    desk.doclens("convert long.pdf --replay page.dt --out expected.md").assert().success();
    let expected = fs::read(desk.path("expected.md")).unwrap();
    let runs: Vec<Child> = ["a.md", "b.md"]
        .into_iter()
        .map(|out| run_until(&desk, &format!("convert long.pdf --replay page.dt --out {out}"), 0))
        .collect();
    for run in runs {
        let (code, said) = end_of(run);
        assert_eq!(code, Some(0), "{said}");
    }
    for out in ["a.md", "b.md"] {
        assert_eq!(fs::read(desk.path(out)).unwrap(), expected, "{out}");
    }
}
