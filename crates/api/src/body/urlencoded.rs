//! `a=1&b=%C5%BC`: queries, and the bodies of Go clients and browsers.

use super::{Bad, check_count};

/// The fields of a body.
pub(super) fn parse_body(body: &[u8]) -> Result<Vec<(String, String)>, Bad> {
    let text = std::str::from_utf8(body).map_err(|_| "Bad Request: the body is not UTF-8")?;
    parse(text)
}

/// The fields of a query.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, String)>, Bad> {
    check_count(text.bytes().filter(|byte| *byte == b'&').count())?;
    Ok(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}
