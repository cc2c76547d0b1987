//! Where a command talks: data to one writer, everything else to the other.

use std::io::{self, Write};

/// The two writers and what is known of them.
pub struct Console<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    /// Whether a person reads `out`.
    pub is_terminal: bool,
    /// Columns of that terminal.
    pub width: usize,
}

impl Console<'_> {
    /// Writes text to `out`.
    ///
    /// # Errors
    /// What the writer gives.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes a line to `err`; there is nothing to be done when that fails.
    pub fn note(&mut self, line: &str) {
        let _ = writeln!(self.err, "{line}");
    }
}

/// Text from outside for a terminal: control characters that could move the cursor or change colours are made visible.
pub fn visible(text: &str) -> String {
    let is_harmless = |letter: char| matches!(letter, '\n' | '\t') || !letter.is_control();
    text.replace("\r\n", "\n")
        .chars()
        .flat_map(|c| if is_harmless(c) { vec![c] } else { c.escape_default().collect() })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_server_cannot_repaint_the_terminal() {
        assert_eq!(super::visible("a\u{1b}[31mb\tc\r\nd"), "a\\u{1b}[31mb\tc\nd");
    }
}
