//! What a worker gives up before it reads a document.

use std::fs::File;
use std::io;

#[cfg(target_os = "linux")]
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

/// Sets limits that cannot be raised again.
#[cfg(unix)]
pub(super) fn limit_resources(max_memory_mib: u64) -> io::Result<()> {
    use crate::document::page::MAX_RENDER_PIXELS;
    use rustix::process::{Resource, Rlimit, setrlimit};

    let limits = [
        // Private writable memory: what an allocation takes, not what is merely reserved or mapped.
        (Resource::Data, max_memory_mib << 20),
        // The shared file must not grow beyond the largest picture.
        (Resource::Fsize, 4 * MAX_RENDER_PIXELS),
        // A dump would leave the document on the disk.
        (Resource::Core, 0),
        // The pipes, the shared file, a few fonts.
        (Resource::Nofile, 64),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Windows can limit a process only from outside, by calls that are not safe ones.
#[cfg(not(unix))]
pub(super) fn limit_resources(_max_memory_mib: u64) -> io::Result<()> {
    Ok(())
}

/// Gives up what reading PDFs does not need, as far as this system can take it, and says what that was.
#[cfg(target_os = "linux")]
pub(super) fn confine() -> String {
    let files = linux::read_fonts_only().unwrap_or_else(|error| format!("no landlock ({error})"));
    let calls = linux::filter_calls().unwrap_or_else(|error| format!("no seccomp ({error})"));
    format!("{files}, {calls}")
}

/// Elsewhere a process of its own with nothing open but three files has to do.
#[cfg(not(target_os = "linux"))]
pub(super) fn confine() -> String {
    "a process of its own".to_owned()
}
