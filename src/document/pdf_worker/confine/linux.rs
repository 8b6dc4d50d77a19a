//! Landlock for files, seccomp for system calls. Each works alone: kernels and containers may lack one.

use std::collections::BTreeMap;
use std::error::Error;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
    path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Where fonts are that a PDF names and does not bring. Packages may link from a font folder to others
/// below `/usr/share`, which holds nobody's secrets.
const FONT_FOLDERS: [&str; 2] = ["/usr/share", "/usr/local/share"];

/// From now on only fonts can be opened, for reading, and no TCP port.
pub(super) fn read_fonts_only() -> Result<String, Box<dyn Error>> {
    let abi = ABI::V5;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(FONT_FOLDERS, AccessFs::ReadFile | AccessFs::ReadDir))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "landlock".to_owned(),
        RulesetStatus::PartiallyEnforced => "landlock of an older kernel".to_owned(),
        RulesetStatus::NotEnforced => "no landlock in this kernel".to_owned(),
    })
}

/// From now on only the calls that memory, threads and reading need exist.
///
/// Every other call fails as on a kernel that does not know it (`ENOSYS`): the C library then takes an
/// older way or passes the error on, and nothing is lost but what was to be refused.
pub(super) fn filter_calls() -> Result<String, Box<dyn Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED_CALLS.iter().map(|call| (*call, Vec::new())).collect();
    // Opening for reading only.
    let for_writing = u64::from((libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC).cast_unsigned())
        | u64::from(libc::O_TMPFILE.cast_unsigned() & !libc::O_DIRECTORY.cast_unsigned());
    rules.insert(libc::SYS_openat, vec![masked(2, for_writing, 0)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![masked(1, for_writing, 0)?]);
    // Threads, not processes.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    rules.insert(libc::SYS_clone, vec![masked(0, thread, thread)?]);
    // `abort` signals its own thread; nobody else may be signalled.
    rules.insert(libc::SYS_tgkill, vec![equal(0, u64::from(std::process::id()))?]);
    // The C library names threads.
    let set_name = u64::from(libc::PR_SET_NAME.cast_unsigned());
    rules.insert(libc::SYS_prctl, vec![equal(0, set_name)?]);

    let refused = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let filter =
        SeccompFilter::new(rules, refused, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)?;
    Ok("seccomp".to_owned())
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    let compare = SeccompCmpOp::MaskedEq(mask);
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)?])
}

fn equal(argument: u8, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    let compare = SeccompCmpOp::Eq;
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)?])
}

/// Calls that are allowed whatever their arguments. Not here: anything of sockets, programs, processes,
/// other processes' memory, names in the file system, `io_uring`.
const ALLOWED_CALLS: &[i64] = &[
    // Memory
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_membarrier,
    // Threads and signals of this process
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrlimit,
    // Time and chance
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    // Open files, and files by name for reading
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fadvise64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_ppoll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getdents,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// Both walls hold for the thread that builds them, so a test can stand behind them.
    fn behind<T: Send + 'static>(
        wall: fn() -> Result<String, Box<dyn Error>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> (Result<String, String>, T) {
        let walled = move || (wall().map_err(|error| error.to_string()), work());
        thread::Builder::new().spawn(walled).unwrap().join().unwrap()
    }

    #[test]
    fn behind_the_filter_there_is_no_socket_no_writing_and_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "old").unwrap();
        let old_again = old.clone();
        let (built, succeeded) = behind(filter_calls, move || {
            [
                ("tcp", TcpStream::connect("127.0.0.1:9").is_ok()),
                ("listen", TcpListener::bind("127.0.0.1:0").is_ok()),
                ("udp", UdpSocket::bind("127.0.0.1:0").is_ok()),
                ("unix", UnixStream::pair().is_ok()),
                ("create", File::create(&new).is_ok()),
                ("append", File::options().append(true).open(&old).is_ok()),
                ("remove", fs::remove_file(&old).is_ok()),
                ("rename", fs::rename(&old, &new).is_ok()),
                ("folder", fs::create_dir(&new).is_ok()),
                ("program", Command::new("true").status().is_ok()),
            ]
        });
        assert_eq!(built, Ok("seccomp".to_owned()));
        for (what, succeeded) in succeeded {
            assert!(!succeeded, "{what}");
        }
        assert_eq!(fs::read_to_string(old_again).unwrap(), "old");
    }

    #[test]
    fn behind_the_filter_memory_threads_and_reading_work() {
        let (_, text) = behind(filter_calls, || {
            let text = fs::read_to_string("/etc/passwd").unwrap();
            let thread = thread::Builder::new().name("inner".to_owned());
            thread.spawn(move || vec![text; 1000].concat()).unwrap().join().unwrap()
        });
        assert!(text.contains("root"));
    }

    /// Only where the kernel has landlock.
    #[test]
    fn behind_landlock_only_fonts_are_readable() {
        let (built, (secret, fonts)) =
            behind(read_fonts_only, || (fs::read("/etc/passwd").is_ok(), fs::read_dir("/usr/share").is_ok()));
        if built.as_deref() == Ok("landlock") {
            assert!(!secret);
        }
        assert!(fonts);
    }
}
