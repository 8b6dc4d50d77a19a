//! Gives memory back to the system.
//!
//! An allocator keeps what was freed for what comes next: after a model of half a gigabyte, glibc kept 317 MB of it.
//! Where it is glibc, it can be told to let go; others do so by themselves.

/// The last field of what holds much memory: dropped after all others, it gives theirs back.
#[derive(Debug)]
pub(super) struct GivesMemoryBack;

impl Drop for GivesMemoryBack {
    fn drop(&mut self) {
        give_back();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "there is no safe name for it")]
fn give_back() {
    unsafe extern "C" {
        fn malloc_trim(pad_bytes: usize) -> std::ffi::c_int;
    }
    // SAFETY: it may be called at any time from any thread, and only looks at memory that is free.
    let was_anything_given = unsafe { malloc_trim(0) } == 1;
    tracing::debug!(was_anything_given, "memory is given back");
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
