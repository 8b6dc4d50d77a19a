//! PDFs read in a process of their own: the same as in this one, and what happens when that process
//! crashes, hangs, or is not what it says. The worker is the built program itself.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doclens::document::pdf_worker::WorkerEnd;
use doclens::document::{Document, Error, PageIndex, PdfReading, PdfWorker, PixelRect, Rotation, Source};

#[path = "document/pdf_writer.rs"]
mod pdf_writer;
use pdf_writer::PdfWriter;

const FIRST: PageIndex = PageIndex(0);
const SECOND: PageIndex = PageIndex(1);

fn worker() -> PdfWorker {
    PdfWorker::of_program(env!("CARGO_BIN_EXE_doclens"))
}

/// A worker with this much time for a request.
fn hasty(time_limit: Duration) -> PdfWorker {
    let mut worker = worker();
    worker.time_limit = time_limit;
    worker
}

/// A worker with this much memory.
#[cfg(target_os = "linux")]
fn sized(max_memory_mib: u64) -> PdfWorker {
    let mut worker = worker();
    worker.max_memory_mib = max_memory_mib;
    worker
}

fn open(source: impl Into<Source>, password: Option<&str>, worker: PdfWorker) -> Result<Document, Error> {
    Document::open_with(source, password, &PdfReading::InWorker(worker))
}

fn bytes(writer: &PdfWriter) -> Source {
    Source::Bytes { name: "test".into(), bytes: writer.bytes().into() }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents").join(name)
}

/// A plain page, and one that draws itself 10 times at each of 9 levels: longer than anybody waits.
fn endless() -> PdfWriter {
    let mut pdf = PdfWriter::new();
    pdf.page("/MediaBox [0 0 200 100]", "", "BT /F 20 Tf 20 20 Td (Plain) Tj ET");
    let mut inner = pdf.stream("/Type /XObject /Subtype /Form /BBox [0 0 200 100]", "0 0 9 9 re f");
    for _ in 0..9 {
        let entries = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /XObject << /X {inner} 0 R >> >>"
        );
        inner = pdf.stream(&entries, &"/X Do ".repeat(10));
    }
    pdf.page("/MediaBox [0 0 200 100]", &format!("/XObject << /X {inner} 0 R >>"), "/X Do");
    pdf
}

fn check_alike(source: &Source, password: Option<&str>) {
    let mut here = Document::open(source.clone(), password).unwrap();
    let mut there = open(source.clone(), password, worker()).unwrap();
    assert_eq!((here.name(), here.title()), (there.name(), there.title()));
    assert_eq!(here.page_sizes(), there.page_sizes());
    for page in (0..here.page_count()).map(PageIndex) {
        assert_eq!(here.text_layer(page).unwrap(), there.text_layer(page).unwrap());
        let region = Some(PixelRect { x_px: 30, y_px: 10, width_px: 70, height_px: 20 });
        for (rotation, region) in [(Rotation::None, None), (Rotation::Quarter, region)] {
            let draw = |document: &mut Document| document.render(page, 300, rotation, region).unwrap();
            assert!(draw(&mut here) == draw(&mut there), "page {page}, {rotation:?}");
        }
    }
}

#[test]
fn a_worker_reads_what_this_process_reads() {
    let mut pdf = PdfWriter::new();
    pdf.page("/MediaBox [0 0 200 100] /Rotate 90", "", "BT /F 20 Tf 20 20 Td (Text) Tj ET 0 9 99 1 re f");
    pdf.page("/MediaBox [0 0 300 100]", "", "1 0 0 rg 10 10 50 50 re f BT /B 9 Tf (x) Tj ET");
    check_alike(&bytes(&pdf), None);
    check_alike(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pdf").into(), None);
    check_alike(&fixture("prepared-password.pdf").into(), Some("SaSLprep"));
}

#[test]
fn passwords_are_asked_for_alike() {
    let secret = |password| open(fixture("prepared-password.pdf"), password, worker()).map(|_| ());
    assert!(matches!(secret(None), Err(Error::PasswordRequired { .. })));
    assert!(matches!(secret(Some("wrong")), Err(Error::WrongPassword { .. })));
    let broken = Source::Bytes { name: "b".into(), bytes: b"%PDF-1.7 and nothing".as_slice().into() };
    assert!(matches!(open(broken, None, worker()), Err(Error::DamagedPdf { .. })));
}

#[test]
fn a_page_without_end_is_given_up_and_the_others_go_on() {
    let time_limit = Duration::from_secs(2);
    let mut document = open(bytes(&endless()), None, hasty(time_limit)).unwrap();
    // The second time without a worker, so at once.
    for _ in 0..2 {
        let error = document.render(SECOND, 200, Rotation::None, None).unwrap_err();
        let Error::PageEndedWorker { page, end } = error else { panic!("{error}") };
        assert_eq!((page, end), (SECOND, WorkerEnd::TimedOut { limit: time_limit }));
    }
    assert!(document.render(FIRST, 200, Rotation::None, None).is_ok());
    assert_eq!(document.text_layer(FIRST).unwrap().chars.len(), 5);
}

/// Only Linux bounds memory so; elsewhere the page is drawn.
#[cfg(target_os = "linux")]
#[test]
fn a_page_beyond_the_memory_ends_its_worker_and_the_others_go_on() {
    let mut document = open(bytes(&endless()), None, sized(150)).unwrap();
    let huge = Some(PixelRect { x_px: 0, y_px: 0, width_px: 16_000, height_px: 4_000 });
    let error = document.render(FIRST, 16_000, Rotation::None, huge).unwrap_err();
    assert!(matches!(error, Error::PageEndedWorker { end: WorkerEnd::Crashed { .. }, .. }), "{error}");
    // Its text is another task than its picture, and the other page another page.
    assert_eq!(document.text_layer(FIRST).unwrap().chars.len(), 5);
}

/// Finds a worker by its memory, which the test has chosen.
#[cfg(target_os = "linux")]
fn process_with_memory(max_memory_mib: u64) -> Option<i32> {
    let wanted = format!("{max_memory_mib}\0");
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let entry = entry.unwrap();
        let arguments = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let is_it = arguments.ends_with(&wanted) && arguments.contains("\0--pdf-worker\0");
        entry.file_name().to_str()?.parse().ok().filter(|_| is_it)
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_was_killed_is_replaced_and_nothing_is_blamed() {
    use rustix::process::{Pid, Signal, WaitIdOptions, kill_process, waitid};

    let mut document = open(bytes(&endless()), None, sized(3_701)).unwrap();
    for _ in 0..3 {
        let pid = Pid::from_raw(process_with_memory(3_701).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        let dead = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(rustix::process::WaitId::Pid(pid), dead).unwrap();
        assert!(document.render(FIRST, 200, Rotation::None, None).is_ok());
    }
    drop(document);
    assert_eq!(process_with_memory(3_701), None, "closing the document ends its worker");
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_is_behind_a_filter_and_has_only_its_three_files() {
    let document = open(bytes(&endless()), None, sized(3_702)).unwrap();
    let process = Path::new("/proc").join(process_with_memory(3_702).unwrap().to_string());
    let status = fs::read_to_string(process.join("status")).unwrap();
    assert!(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"), "{status}");
    for entry in fs::read_dir(process.join("fd")).unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap();
        let target = target.to_str().unwrap();
        let is_known = ["pipe:", "/dev/null", "/memfd:doclens-pixels"];
        assert!(is_known.iter().any(|known| target.starts_with(known)), "{target}");
    }
    drop(document);
}

/// The shell in between dies of the time-out, as an owner dies of a crash. Its worker draws on.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_whose_owner_is_gone_ends_though_it_is_busy() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let program = env!("CARGO_BIN_EXE_doclens");
    let script = format!("exec 3<&0; '{program}' --pdf-worker \"$1\" <&3 & exec 3<&- <&-; wait");
    let arguments = [OsString::from("-c"), script.into(), "sh".into()];
    let mut shell = PdfWorker::of_program("/bin/sh").with_arguments(arguments);
    (shell.max_memory_mib, shell.time_limit) = (3_703, Duration::from_secs(3));
    let mut document = open(bytes(&endless()), None, shell).unwrap();
    let pid = Pid::from_raw(process_with_memory(3_703).unwrap()).unwrap();
    let worker = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    assert!(document.render(SECOND, 200, Rotation::None, None).is_err());
    let most = Timespec { tv_sec: 60, tv_nsec: 0 };
    assert_eq!(poll(&mut [PollFd::new(&worker, PollFlags::IN)], Some(&most)), Ok(1));
}

/// Whoever starts Doclens may have less than a worker would allow itself.
#[cfg(unix)]
#[test]
fn a_worker_starts_where_limits_are_lower_already() {
    let program = env!("CARGO_BIN_EXE_doclens");
    let script =
        format!("ulimit -d 1000000; ulimit -n 40; ulimit -c 0; exec '{program}' --pdf-worker \"$1\"");
    let arguments = [OsString::from("-c"), script.into(), "sh".into()];
    let limited = PdfWorker::of_program("/bin/sh").with_arguments(arguments);
    let mut document = open(bytes(&endless()), None, limited).unwrap();
    assert!(document.render(FIRST, 200, Rotation::None, None).is_ok());
}

#[cfg(unix)]
#[test]
fn programs_that_are_no_workers_are_seen_through() {
    let check = |script: &str, time_limit: Duration, expected: fn(&WorkerEnd) -> bool| {
        let arguments = [OsString::from("-c"), script.into(), "sh".into()];
        let mut shell = PdfWorker::of_program("/bin/sh").with_arguments(arguments);
        shell.time_limit = time_limit;
        let error = open(bytes(&endless()), None, shell).map(|_| ()).unwrap_err();
        let Error::DocumentEndedWorker { end, .. } = error else { panic!("{script}: {error}") };
        assert!(expected(&end), "{script}: {end}");
    };
    let (long, short) = (Duration::from_mins(1), Duration::from_millis(500));
    check("exit 3", long, |end| matches!(end, WorkerEnd::Crashed { .. }));
    check("kill -SEGV $$", long, |end| matches!(end, WorkerEnd::Crashed { .. }));
    check("exec yes", long, |end| *end == WorkerEnd::Garbled);
    check("exec cat /dev/zero", long, |end| *end == WorkerEnd::Garbled);
    check("printf '\\1\\0\\0\\0\\3'; exec sleep 100", long, |end| *end == WorkerEnd::Garbled);
    check("exec sleep 100", short, |end| matches!(end, WorkerEnd::TimedOut { .. }));
    let unfinished = "printf '\\377\\0\\0\\0'; exec sleep 100";
    check(unfinished, short, |end| matches!(end, WorkerEnd::TimedOut { .. }));
    let missing = open(bytes(&endless()), None, PdfWorker::of_program("/nowhere/doclens"));
    assert!(matches!(missing, Err(Error::NoPdfWorker { .. })));
}

/// The file is read through what was opened, and a part that is gone is a damaged page.
#[test]
fn a_file_that_is_removed_or_cut_under_us_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pdf");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pdf"), &path).unwrap();
    let mut removed = open(path.as_path(), None, worker()).unwrap();
    let mut cut = open(path.as_path(), None, worker()).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(700).unwrap();
    // Whichever blocks it has by now: an answer, no end.
    let answer = cut.text_layer(FIRST).map(|_| ());
    assert!(matches!(answer, Ok(()) | Err(Error::DamagedPage { .. })), "{answer:?}");
    fs::remove_file(&path).unwrap();
    let answer = removed.render(FIRST, 100, Rotation::None, None).map(|_| ());
    assert!(matches!(answer, Ok(()) | Err(Error::DamagedPage { .. })), "{answer:?}");
}
