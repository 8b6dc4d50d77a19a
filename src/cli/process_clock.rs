//! What the system knows about this process: time on all cores, and its largest memory.
//!
//! Only Linux tells in a file; elsewhere there is nothing to say, and nothing is said.

use std::fs;
use std::time::Duration;

/// Ticks of a second in `/proc`: fixed on Linux, whatever the kernel itself counts in.
const TICKS_PER_SECOND: u64 = 100;

/// Time that all threads of this process have had on a core, to 10 ms.
pub(super) fn cpu_time() -> Option<Duration> {
    cpu_time_in(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The most memory that this process has held at once.
pub(super) fn peak_memory_bytes() -> Option<u64> {
    peak_memory_in(&fs::read_to_string("/proc/self/status").ok()?)
}

/// User and system time are the 14th and 15th field; the second one, the program's name in
/// parentheses, may hold spaces.
fn cpu_time_in(stat: &str) -> Option<Duration> {
    let (_name, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * (1000 / TICKS_PER_SECOND)))
}

fn peak_memory_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a ) b) R 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(cpu_time_in(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_time_in("7 (a"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        assert_eq!(peak_memory_in("VmPeak:\t 99 kB\nVmHWM:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(peak_memory_in("VmPeak:\t 99 kB\n"), None);
    }
}
