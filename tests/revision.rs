//! Corrections outlive the program: it is killed in the middle of fifty edits, a hundred times, and what it had said
//! was done is there.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not find")]
#![cfg(unix)]

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use doclens::markup::{NodeId, parse};
use doclens::revision::{ContentKey, Edit, Found, PageHistory, PageState, Record, Sidecar, apply};

const FOLDER: &str = "DOCLENS_TEST_REVISIONS";
const NUM_EDITS: usize = 50;
const NUM_KILLS: usize = 100;
const PAGE: &str = "<doctag><title><loc_1><loc_1><loc_90><loc_9>A title</title>\n<text><loc_1><loc_11><loc_90><loc_19>Words</text>\n</doctag>\n";

fn key() -> ContentKey {
    ContentKey::of_bytes(b"a document")
}

/// What the page is after each of the edits, the first reading first.
fn states() -> Vec<PageState> {
    let mut states = vec![PageState { markup: PAGE.to_owned(), checked: BTreeSet::new() }];
    let text: NodeId = parse(PAGE).nodes().nth(1).unwrap().0;
    for number in 0..NUM_EDITS {
        let before = states.last().unwrap();
        let tree = parse(&before.markup);
        let checked =
            tree.nodes().map(|(id, _)| id).filter(|id| before.checked.contains(&id.index())).collect();
        let edited = apply(&tree, &checked, &Edit::SetText(text, format!("Words {number}"))).unwrap();
        let checked = edited.checked.iter().map(|id| id.index()).collect();
        states.push(PageState { markup: edited.markup, checked });
    }
    states
}

/// The program that is killed: it says each step that is kept. Run by the other test; alone it does nothing.
#[test]
fn edits_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let states = states();
    let mut sidecar = Sidecar::create(folder, &key(), "a.pdf").unwrap();
    let mut out = std::io::stdout();
    sidecar.append(&Record::Begin { page: 0, state: states[0].clone() }).unwrap();
    for (number, state) in states.into_iter().enumerate().skip(1) {
        sidecar.append(&Record::Step { page: 0, step: "Edit text".into(), state }).unwrap();
        writeln!(out, "kept {number}").unwrap();
        out.flush().unwrap();
    }
}

/// How many steps can be taken back.
fn num_steps(history: &mut PageHistory) -> usize {
    let mut num_steps = 0;
    while history.undo().is_some() {
        num_steps += 1;
    }
    for _ in 0..num_steps {
        history.redo();
    }
    num_steps
}

#[test]
fn nothing_that_was_kept_is_lost_by_a_kill() {
    let states = states();
    let mut num_in_the_middle = 0;
    for round in 0..NUM_KILLS {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "edits_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let number =
            |line: &str| line.rsplit_once("kept ").and_then(|(_, number)| number.parse::<usize>().ok());
        // The rounds die at different steps; where within the next step is up to the machine.
        let last_said =
            lines.by_ref().map(Result::unwrap).find(|line| number(line) == Some(round % NUM_EDITS + 1));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = lines.map_while(Result::ok).filter_map(|line| number(&line)).last();
        let said = said.or(last_said.as_deref().and_then(number)).unwrap();

        let Found { mut pages, .. } = Sidecar::find(folder.path(), &key()).unwrap().unwrap();
        let history = pages.get_mut(&0).unwrap();
        let kept = num_steps(history);
        assert!((said..=said + 1).contains(&kept), "round {round}: said {said}, kept {kept}");
        for state in states[..=kept].iter().rev() {
            assert_eq!(history.state(), state, "round {round}");
            history.undo();
        }
        num_in_the_middle += usize::from(kept < NUM_EDITS);
    }
    assert!(num_in_the_middle > NUM_KILLS / 2, "killed in the middle {num_in_the_middle} times");
}
