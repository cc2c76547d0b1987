//! PEM as people really have it: text around the blocks, CRLF, a byte-order mark, old encryption headers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// One block between `BEGIN` and `END`.
pub(crate) struct Block {
    /// `CERTIFICATE`
    pub(crate) label: String,
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    /// Has the old `Proc-Type: 4,ENCRYPTED` header.
    pub(crate) is_encrypted: bool,
    /// What it holds, or in a few words why that cannot be read.
    pub(crate) der: Result<Zeroizing<Vec<u8>>, String>,
}

/// All blocks of a text, in order. What lies between them is nobody's business.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if let Some(label) = marker(line, "-----BEGIN ") {
            found.extend(open.take().map(Open::unfinished));
            open = Some(Open::new(label, index + 1));
        } else if let Some(label) = marker(line, "-----END ") {
            found.extend(open.take().map(|block| block.finish(label)));
        } else if let Some(block) = open.as_mut() {
            block.take(line);
        }
    }
    found.extend(open.map(Open::unfinished));
    found
}

/// Writes one block, 64 characters a line.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// Whether a text is a binary file that was read as text: DER begins with the tag of a sequence.
pub(crate) fn looks_binary(text: &str) -> bool {
    text.starts_with('0') && !text.contains("-----BEGIN ") && text.chars().take(64).any(is_binary)
}

fn is_binary(c: char) -> bool {
    c == char::REPLACEMENT_CHARACTER || (c.is_control() && !c.is_ascii_whitespace())
}

struct Open {
    label: String,
    line: usize,
    is_encrypted: bool,
    body: Zeroizing<String>,
}

impl Open {
    fn new(label: &str, line: usize) -> Self {
        Self { label: label.to_owned(), line, is_encrypted: false, body: Zeroizing::default() }
    }

    fn take(&mut self, line: &str) {
        if line.contains(':') {
            self.is_encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
        } else {
            self.body.extend(line.chars().filter(|c| !c.is_whitespace()));
        }
    }

    fn finish(self, label: &str) -> Block {
        if label != self.label {
            let why = format!("ends as `{}`", crate::info::clean(label));
            return self.close(Err(why));
        }
        let der = STANDARD.decode(self.body.as_bytes()).map(Zeroizing::new).map_err(|_| "is not base64".to_owned());
        self.close(der)
    }

    fn unfinished(self) -> Block {
        self.close(Err("has no END line".to_owned()))
    }

    fn close(self, der: Result<Zeroizing<Vec<u8>>, String>) -> Block {
        Block { label: self.label, line: self.line, is_encrypted: self.is_encrypted, der }
    }
}

fn marker<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{blocks, encode, looks_binary};

    fn labels(text: &str) -> Vec<(String, usize, bool)> {
        blocks(text).into_iter().map(|block| (block.label, block.line, block.der.is_ok())).collect()
    }

    #[test]
    fn reads_what_tools_write() {
        let text = "\u{feff}Bag Attributes\r\n-----BEGIN A-----\r\nQUJD\r\nREVG\r\n-----END A-----\r\n\
                    -----BEGIN B-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nQUJD\n-----END B-----";
        assert_eq!(labels(text), [("A".into(), 2, true), ("B".into(), 6, true)]);
        let found = blocks(text);
        assert_eq!(found[0].der.as_deref().unwrap().as_slice(), b"ABCDEF");
        assert!(!found[0].is_encrypted && found[1].is_encrypted);
    }

    #[test]
    fn broken_blocks_are_found_and_named() {
        let text = "-----BEGIN A-----\nQUJD\n-----BEGIN B-----\nQU!D\n-----END B-----\n-----BEGIN C-----\nQUJD\n-----END D-----";
        assert_eq!(labels(text), [("A".into(), 1, false), ("B".into(), 3, false), ("C".into(), 6, false)]);
    }

    #[test]
    fn binary_files_are_known() {
        let der = String::from_utf8_lossy(&[0x30, 0x82, 0x01, 0x0a, 0x02, 0x82]).into_owned();
        assert!(looks_binary(&der));
        assert!(!looks_binary("0 is a digit\n") && !looks_binary(""));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(der: Vec<u8>) {
            let found = blocks(&encode("X Y", &der));
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].der.as_deref().unwrap().as_slice(), der.as_slice());
        }

        #[test]
        fn never_panics(text: String) {
            let _ = (blocks(&text), looks_binary(&text));
        }
    }
}
