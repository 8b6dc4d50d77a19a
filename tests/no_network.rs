//! Nothing that converts, reads, scores or lists opens a network connection. The program runs behind a filter of the
//! kernel that kills whoever makes a socket of the internet; that the filter works is shown by a download, which dies.
//! The window is started behind the same filter by `window_smoke.py`.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Lets everything pass but sockets of IPv4 and IPv6.
fn filter() -> BpfProgram {
    let of_family = |family: i32| {
        let family = u64::try_from(family).unwrap();
        let is_it = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family).unwrap();
        SeccompRule::new(vec![is_it]).unwrap()
    };
    let sockets = vec![of_family(libc::AF_INET), of_family(libc::AF_INET6)];
    let rules = BTreeMap::from([(libc::SYS_socket, sockets)]);
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, architecture).unwrap();
    filter.try_into().unwrap()
}

/// The program behind the filter, in a folder that is its home. Children inherit the filter of the thread that starts
/// them, so that one is a thread of its own.
fn run(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("doclens"));
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env(name, folder.join("home"));
    }
    // Nobody listens there; without the filter the download would be refused, not killed.
    command.env("HF_ENDPOINT", "http://127.0.0.1:9").env("NO_PROXY", "127.0.0.1");
    command.current_dir(folder).args(line.split_whitespace());
    let behind_filter = thread::Builder::new().name("behind-filter".to_owned()).spawn(move || {
        seccompiler::apply_filter(&filter()).unwrap();
        command.output().unwrap()
    });
    behind_filter.unwrap().join().unwrap()
}

#[test]
fn only_a_download_opens_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let asset = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
        path.display().to_string()
    };
    let (sample, scan) = (asset("sample.pdf"), asset("sample-scan.png"));
    std::fs::create_dir(folder.path().join("pages")).unwrap();
    std::fs::copy(&scan, folder.path().join("pages/1.png")).unwrap();
    std::fs::write(folder.path().join("pages/1.dt"), "<text>Some words</text>").unwrap();
    for line in [
        format!("convert {sample} --to md,html,json,csv,xlsx,txt,doctags,trust"),
        format!("convert {sample} --model pocket --tokens 8 --pages 1 --to md --out read"),
        format!("convert {scan} --tokens 8"),
        "convert nothing.pdf".to_owned(),
        "eval --model pocket pages --tokens 8".to_owned(),
        format!("corrections {sample}"),
        format!("inspect --model pocket {scan} --tokens 4"),
        "model list".to_owned(),
        "model check pocket".to_owned(),
        "--help".to_owned(),
    ] {
        let output = run(folder.path(), &line);
        assert_eq!(output.status.signal(), None, "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let download = run(folder.path(), "model get smoldocling");
    assert_eq!(download.status.signal(), Some(libc::SIGSYS), "{}", String::from_utf8_lossy(&download.stderr));
}
