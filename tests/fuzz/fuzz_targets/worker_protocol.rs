//! Any bytes where messages between the window and the process that reads PDFs are expected: each is a message that
//! is written again as it came, or refused, and none takes more memory than its own length calls for.
//!
//! The first byte says which side is listened to.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use doclens::document::pdf_worker::{Sender, echo};
use libfuzzer_sys::fuzz_target;

/// The system's allocator, which remembers the most that was held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn took(num_bytes: usize) {
    let held = HELD.fetch_add(num_bytes, Ordering::Relaxed) + num_bytes;
    PEAK.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An empty string is 4 bytes in a message and 24 in memory, and a vector that grows has room for twice as many and,
/// for a moment, its old self beside it.
const BYTES_PER_BYTE: usize = 24;
/// What the smallest message may take.
const BYTES_BESIDES: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Some((first, mut stream)) = data.split_first() else { return };
    let sender = if first % 2 == 0 { Sender::Owner } else { Sender::Worker };
    loop {
        let before = stream;
        let mut written = Vec::new();
        let held = HELD.load(Ordering::Relaxed);
        PEAK.store(held, Ordering::Relaxed);
        let result = echo(sender, &mut stream, &mut written);
        let taken = PEAK.load(Ordering::Relaxed) - held;
        assert!(taken <= BYTES_PER_BYTE * before.len() + BYTES_BESIDES, "{taken} bytes for {}", before.len());
        if result.is_err() {
            break;
        }
        assert!(written == before[..before.len() - stream.len()], "another message was written than read");
    }
});
