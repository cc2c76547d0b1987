//! The one place that prints: data on stdout, talk on stderr. A reader that goes away is no error.

use std::{
    fmt,
    io::{self, Write},
};

/// A line of data.
pub(crate) fn data(line: impl fmt::Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Data without a line end, shown at once.
pub(crate) fn raw(text: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}");
    let _ = out.flush();
}

/// A line to the person at the terminal.
pub(crate) fn talk(line: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
