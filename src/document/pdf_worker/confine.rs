//! What a worker gives up before it reads a document.

use std::fs::File;
use std::io;

/// Calls have other names and numbers on other processors, and the filter knows these three.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod linux;

/// The two standard outputs, taken over from the owner.
pub(super) struct StandardFiles {
    /// Standard output: answers.
    pub(super) answers: File,
    /// Standard error: pixels.
    pub(super) pixels: File,
}

/// Takes over the standard outputs. Stray prints of libraries go nowhere from then on.
#[cfg(unix)]
pub(super) fn take_standard_files() -> io::Result<StandardFiles> {
    use std::os::fd::AsFd as _;
    let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let pixels = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let nowhere = File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(StandardFiles { answers, pixels })
}

/// Takes over the standard outputs.
#[cfg(windows)]
pub(super) fn take_standard_files() -> io::Result<StandardFiles> {
    use std::os::windows::io::AsHandle as _;
    let answers = File::from(io::stdout().as_handle().try_clone_to_owned()?);
    let pixels = File::from(io::stderr().as_handle().try_clone_to_owned()?);
    Ok(StandardFiles { answers, pixels })
}

/// Sets limits that cannot be raised again, as far as this system has them, and says what it has set.
#[cfg(unix)]
pub(super) fn limit_resources(max_memory_mib: u64) -> String {
    use crate::document::page::MAX_RENDER_PIXELS;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limits = [
        // Private writable memory: what an allocation takes, not what is merely reserved or mapped.
        ("memory", Resource::Data, max_memory_mib << 20),
        // The shared file must not grow beyond the largest picture.
        ("file size", Resource::Fsize, 4 * MAX_RENDER_PIXELS),
        // A dump would leave the document on the disk.
        ("dump", Resource::Core, 0),
        // The pipes, the shared file, a few fonts.
        ("open files", Resource::Nofile, 64),
    ];
    let set = limits.map(|(name, resource, most)| {
        // Whoever started us may have set less, which nobody may raise.
        let most = getrlimit(resource).maximum.map_or(most, |limit| limit.min(most));
        match setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }) {
            Ok(()) => format!("{name} limit"),
            Err(error) => format!("no {name} limit ({error})"),
        }
    });
    set.join(", ")
}

/// Windows can limit a process only from outside, by calls that are not safe ones.
#[cfg(not(unix))]
pub(super) fn limit_resources(_max_memory_mib: u64) -> String {
    "no limits".to_owned()
}

/// Gives up what reading PDFs does not need, as far as this system can take it, and says what that was.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
pub(super) fn confine() -> String {
    let files = linux::read_fonts_only().unwrap_or_else(|error| format!("no landlock ({error})"));
    let calls = linux::filter_calls().unwrap_or_else(|error| format!("no seccomp ({error})"));
    format!("{files}, {calls}")
}

/// Elsewhere a process of its own with nothing open but three files has to do.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
pub(super) fn confine() -> String {
    "a process of its own".to_owned()
}
