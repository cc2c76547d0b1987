//! Reading a request's body into fields, in every dialect that clients of API 2.0 write.

mod json;
mod multipart;
mod urlencoded;

use std::collections::HashSet;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{error::ApiError, form::Form, limits};

pub(crate) use urlencoded::parse as parse_query;

/// Why a body could not be read: one line.
type Bad = String;

/// Reads a body of bounded size into fields.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Form, ApiError> {
    let body = read_bytes(headers, body).await?;
    parse(headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()), &body)
}

async fn read_bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let too_large = || {
        let line = format!("The body is larger than {} bytes.", limits::BODY_BYTES);
        ApiError::Plain(StatusCode::PAYLOAD_TOO_LARGE, line)
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limits::BODY_BYTES) {
        return Err(too_large());
    }
    match Limited::new(body, limits::BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(ApiError::bad("Bad Request: the body ended early")),
    }
}

/// Reads the fields of a body by its content type.
fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Form, ApiError> {
    if body.is_empty() {
        return Ok(Form::default());
    }
    let content_type = content_type.unwrap_or_default();
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let fields = match kind.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => urlencoded::parse_body(body),
        "application/json" => json::parse(body),
        "multipart/form-data" => parse_multipart(parameters, body),
        other => {
            let line = format!(
                "Unsupported body type '{other}': send application/x-www-form-urlencoded, multipart/form-data or \
                 application/json"
            );
            return Err(ApiError::Plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, line));
        }
    };
    fields.map(Form::new).map_err(ApiError::bad)
}

/// A part with a file name is a file; where no text has its name it stands in for it, as `key@=path` means it to.
fn parse_multipart(parameters: &str, body: &[u8]) -> Result<Vec<(String, String)>, Bad> {
    let boundary = multipart::parameter(parameters, "boundary").ok_or("Bad Request: multipart without a boundary")?;
    let parts = multipart::parse(&boundary, body)?;
    let texts: HashSet<String> = parts.iter().filter(|part| !part.is_file).map(|part| part.name.clone()).collect();
    let mut fields = Vec::with_capacity(parts.len());
    for part in parts {
        match String::from_utf8(part.content) {
            Ok(text) if !part.is_file || !texts.contains(&part.name) => fields.push((part.name, text)),
            Err(_) if !part.is_file => return Err(format!("Bad Request: field '{}' is not UTF-8", part.name)),
            _ => {}
        }
    }
    Ok(fields)
}

/// More fields than anybody has are refused.
fn check_count(count: usize) -> Result<(), Bad> {
    if count > limits::FIELDS {
        return Err(format!("Bad Request: more than {} fields", limits::FIELDS));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::{error::ApiError, form::Form};

    const PYTHON: &str = concat!(
        "--===============3992193038051385962==\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Disposition: form-data; name=\"username\"\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: text/plain; charset=\"utf-8\"\r\n",
        "\r\n",
        "Ym9i\r\n",
        "\r\n",
        "--===============3992193038051385962==--",
    );
    const PYTHON_TYPE: &str = "multipart/form-data; boundary=\"===============3992193038051385962==\"";

    fn fields(content_type: &str, body: &str) -> Form {
        parse(Some(content_type), body.as_bytes()).map_err(|error| error.to_string()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_command_line_sends_base64_parts() {
        assert_eq!(fields(PYTHON_TYPE, PYTHON).get("username"), Some("bob"));
    }

    #[test]
    fn base64_may_be_wrapped() {
        let long = "x".repeat(100);
        let encoded = data_encoding::BASE64.encode(long.as_bytes());
        let (head, tail) = encoded.split_at(76);
        let body = PYTHON.replace("Ym9i", &format!("{head}\r\n{tail}"));
        assert_eq!(fields(PYTHON_TYPE, &body).get("username"), Some(long.as_str()));
    }

    #[test]
    fn libmaas_without_arguments_sends_one_empty_part() {
        let kind = "multipart/form-data; boundary=\"===============1234567890123456789==\"";
        let body = "--===============1234567890123456789==\r\n\r\n--===============1234567890123456789==--";
        assert_eq!(body.len(), 82);
        assert!(fields(kind, body) == Form::default());
    }

    #[test]
    fn go_sends_raw_parts() {
        let body = "--0af3\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nzażółć\r\nline\r\n--0af3--\r\n";
        assert_eq!(fields("multipart/form-data; boundary=0af3", body).get("comment"), Some("zażółć\r\nline"));
    }

    #[test]
    fn a_file_stands_in_for_a_missing_text() {
        let body = concat!(
            "--b\r\nContent-Disposition: form-data; name=\"key\"; filename=\"key\"\r\n",
            "Content-Type: application/octet-stream\r\n\r\nssh-ed25519 AAAA\n\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nbob\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"user\"; filename=\"user\"\r\n\r\neve\r\n--b--",
        );
        let form = fields("multipart/form-data; boundary=b", body);
        assert_eq!(form.get("key"), Some("ssh-ed25519 AAAA\n"));
        assert_eq!(form.get("user"), Some("bob"));
    }

    #[test]
    fn urlencoded_and_json_and_nothing() {
        let form = fields("application/x-www-form-urlencoded", "a=1+2&b=%C5%BC&a=3&c");
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1 2", "3"]);
        assert_eq!(form.get("b"), Some("ż"));
        assert_eq!(form.get("c"), Some(""));
        let form =
            fields("application/json; charset=utf-8", r#"{"a": 1, "b": [true, "x"], "c": {"d": null}, "e": null}"#);
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["true", "x"]);
        assert_eq!(form.get("c"), Some(r#"{"d":null}"#));
        assert_eq!(form.get("e"), None);
        assert!(parse(None, b"").is_ok());
        assert!(parse(Some("application/x-www-form-urlencoded"), b"").is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let line = |kind: &str, body: &[u8]| match parse(Some(kind), body) {
            Err(ApiError::Plain(status, line)) => format!("{} {line}", status.as_u16()),
            _ => panic!("accepted"),
        };
        assert_eq!(line("application/json", b"{"), "400 Bad Request");
        assert!(line("text/xml", b"<a/>").starts_with("415 Unsupported body type 'text/xml'"));
        assert_eq!(line("multipart/form-data", b"x"), "400 Bad Request: multipart without a boundary");
        assert!(line("multipart/form-data; boundary=b", b"--b\r\n\r\nx").starts_with("400 Bad Request: "));
        assert_eq!(
            line("application/x-www-form-urlencoded", "a=&".repeat(1001).as_bytes()),
            "400 Bad Request: more than 1000 fields"
        );
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(line("application/json", deep.as_bytes()), "400 Bad Request: nested more than 32 deep");
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(kind in ".{0,60}", body in proptest::collection::vec(0_u8.., 0..400)) {
            let _ = parse(Some(&kind), &body);
        }

        #[test]
        fn no_multipart_makes_it_panic(pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "--b", "--", "\r\n", "\n", "b", ":", ";", "\"", "\\", "=", " ", "name", "filename*", "Content-Disposition",
                "form-data", "Content-Transfer-Encoding", "base64", "QUJD", "ż", "%", "''",
            ]), 0..60)) {
            let _ = parse(Some("multipart/form-data; boundary=b"), pieces.concat().as_bytes());
            let _ = parse(Some(&format!("multipart/form-data; {}", pieces.concat())), b"--b\r\n\r\n--b--");
        }

        #[test]
        fn what_python_encodes_is_read_back(value in "\\PC{0,200}") {
            let encoded = data_encoding::BASE64.encode(value.as_bytes());
            let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let body = PYTHON.replace("Ym9i", &lines.join("\r\n"));
            let form = parse(Some(PYTHON_TYPE), body.as_bytes()).map_err(|error| error.to_string()).unwrap();
            proptest::prop_assert_eq!(form.get("username"), Some(value.as_str()));
        }
    }
}
