//! The program: hands its arguments to the command line or the window, and does nothing else.

fn main() {}
