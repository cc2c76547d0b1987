//! `multipart/form-data` (RFC 7578) as Go and Python write it. Python encodes every part as base64 and wraps the lines
//! (RFC 2045, section 6.8), which no common multipart library undoes.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode_str;

use super::{Bad, check_count};
use crate::limits;

/// One named part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) is_file: bool,
    pub(super) content: Vec<u8>,
}

/// The named parts of a body.
pub(super) fn parse(boundary: &str, body: &[u8]) -> Result<Vec<Part>, Bad> {
    if boundary.is_empty() || boundary.len() > 200 {
        return Err("Bad Request: the multipart boundary must have 1 to 200 characters".into());
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut parts = Vec::new();
    let mut here = find(body, &delimiter, 0).ok_or("Bad Request: the multipart boundary is not in the body")?;
    while !here.is_last {
        let next = find(body, &delimiter, here.end).ok_or("Bad Request: the multipart body has no end")?;
        let segment = body.get(here.end..next.start.max(here.end)).unwrap_or_default();
        parts.extend(read_part(segment)?);
        check_count(parts.len())?;
        here = next;
    }
    Ok(parts)
}

/// A delimiter line: from the line break before it, which belongs to it, to the end of its line.
struct Delimiter {
    start: usize,
    end: usize,
    is_last: bool,
}

fn find(body: &[u8], delimiter: &[u8], from: usize) -> Option<Delimiter> {
    let mut at = from;
    loop {
        let line = body.get(at..)?;
        if line.starts_with(delimiter)
            && let Some((end, is_last)) = end_of_delimiter(body, at + delimiter.len())
        {
            let start = if body.get(..at)?.ends_with(b"\r\n") { at - 2 } else { at };
            return Some(Delimiter { start, end, is_last });
        }
        at += line.windows(2).position(|pair| pair == b"\r\n")? + 2;
    }
}

/// After the boundary: `--`, or blanks and a line break. Anything else belongs to a longer line that only looks like one.
fn end_of_delimiter(body: &[u8], at: usize) -> Option<(usize, bool)> {
    let rest = body.get(at..)?;
    if rest.starts_with(b"--") {
        return Some((at + 2, true));
    }
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    rest.get(blanks..)?.starts_with(b"\r\n").then_some((at + blanks + 2, false))
}

/// A part without a name says nothing; libmaas sends one when it has no arguments.
fn read_part(segment: &[u8]) -> Result<Option<Part>, Bad> {
    let (head, content) = match segment.windows(4).position(|four| four == b"\r\n\r\n") {
        _ if segment.starts_with(b"\r\n") => return Ok(None),
        Some(at) => segment.split_at(at),
        None => (segment, &b""[..]),
    };
    let content = content.get(4..).unwrap_or_default();
    if head.len() > limits::PART_HEAD_BYTES {
        return Err("Bad Request: the head of a multipart part is too long".into());
    }
    let head = std::str::from_utf8(head).map_err(|_| "Bad Request: the head of a multipart part is not UTF-8")?;
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let Some(disposition) = header(&head, "content-disposition") else { return Ok(None) };
    let parameters = disposition.split_once(';').map_or("", |(_, parameters)| parameters);
    let Some(name) = parameter(parameters, "name") else { return Ok(None) };
    let is_file = parameter(parameters, "filename").is_some();
    let content = decode(header(&head, "content-transfer-encoding").unwrap_or_default(), content, &name)?;
    Ok(Some(Part { name, is_file, content }))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn decode(encoding: &str, content: &[u8], name: &str) -> Result<Vec<u8>, Bad> {
    match encoding.to_ascii_lowercase().as_str() {
        "" | "7bit" | "8bit" | "binary" => Ok(content.to_vec()),
        "base64" => {
            let dense: Vec<u8> = content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            LENIENT.decode(dense).map_err(|_| format!("Bad Request: field '{name}' is not base64"))
        }
        other => Err(format!("Bad Request: field '{name}' has the unknown transfer encoding '{other}'")),
    }
}

/// The value of `name=value`, `name="value"` or `name*=utf-8''value` among parameters.
pub(super) fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (key, after) = rest.split_once('=')?;
        let (value, after) = take_value(after);
        let key = key.trim();
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        if key.strip_suffix('*').is_some_and(|key| key.eq_ignore_ascii_case(name)) {
            let encoded = value.splitn(3, '\'').nth(2)?;
            return percent_decode_str(encoded).decode_utf8().ok().map(String::from);
        }
        rest = after;
    }
}

fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.trim_start().strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), after);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            // Browsers of old send Windows paths with single backslashes, so only what Go and Python escape is unescaped.
            '\\' if quoted.get(at + 1..).is_some_and(|rest| rest.starts_with(['"', '\\'])) => {
                value.extend(chars.next().map(|(_, escaped)| escaped));
            }
            other => value.push(other),
        }
    }
    (value, "")
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::{Part, parameter, parse};

    #[test]
    fn parameters_are_quoted_or_not() {
        let text = r#"; name="a\"b\\c;d"; filename*=utf-8''%C5%BC.txt; x = 1"#;
        assert_eq!(parameter(text, "name").as_deref(), Some(r#"a"b\c;d"#));
        assert_eq!(parameter(text, "FileName").as_deref(), Some("ż.txt"));
        assert_eq!(parameter(text, "x").as_deref(), Some("1"));
        assert_eq!(parameter(text, "y"), None);
    }

    #[test]
    fn a_longer_line_is_no_delimiter() {
        let body = b"--b\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n--bc\r\n2\r\n--b--";
        let part = Part { name: "a".into(), is_file: false, content: b"1\r\n--bc\r\n2".to_vec() };
        assert_eq!(parse("b", body), Ok(vec![part]));
    }

    #[test]
    fn an_empty_value_is_a_value() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--\r\n";
        assert_eq!(parse("b", body), Ok(vec![Part { name: "a".into(), is_file: false, content: vec![] }]));
    }
}
