//! Documents to standard output. A reader that leaves early is no fault, so nothing here panics as
//! `println!` does.

use std::io::{self, IsTerminal as _, Write as _};

/// Writes a whole document. Text ends with a line end; markup is left as it came, byte for byte,
/// except on a terminal, where the prompt should begin on a line of its own.
///
/// # Errors
/// When writing fails; [`io::ErrorKind::BrokenPipe`] when the reader has left.
pub(super) fn print(contents: &[u8], is_verbatim: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(contents)?;
    if !contents.ends_with(b"\n") && (!is_verbatim || stdout.is_terminal()) {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}
