//! Exit codes, as `--help` lists them.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Converted,
    /// Some pages or files failed.
    SomeFailed,
    /// The command line does not make sense.
    WrongArguments,
    /// Nothing could be converted.
    NothingConverted,
    /// The window could not be opened.
    NoWindow,
    /// Ctrl+C.
    Interrupted,
}

/// What shells report for a program that Ctrl+C ended.
pub(super) const INTERRUPTED_CODE: u8 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Converted => 0,
            Exit::SomeFailed => 1,
            Exit::WrongArguments => 2,
            Exit::NothingConverted => 3,
            Exit::NoWindow => 4,
            Exit::Interrupted => INTERRUPTED_CODE,
        })
    }
}
