//! How an answer is shown: as it came for programs, with a word about it for people.

use std::io;

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::{Console, console::visible, invocation::Options, table, transport::Reply};

/// Shows the answer. Its status does not matter to a program; a person is told.
///
/// # Errors
/// What the writer gives.
pub fn show(console: &mut Console<'_>, reply: &Reply, options: &Options, columns: &[&str]) -> io::Result<()> {
    let is_table =
        |value: &Value| options.table || (console.is_terminal && !options.json && table::is_for_people(value, columns));
    if reply.status.is_success()
        && (options.json || options.table || (console.is_terminal && !columns.is_empty()))
        && let Ok(value) = serde_json::from_slice::<Value>(&reply.body)
        && (options.json || is_table(&value))
    {
        let chosen: Vec<&str> = options.columns.iter().map(String::as_str).collect();
        let text = match is_table(&value) {
            true => table::render(&value, if chosen.is_empty() { columns } else { &chosen }),
            false => format!("{value:#}\n"),
        };
        return console.say(&text);
    }
    if !console.is_terminal || !is_text(reply) {
        console.out.write_all(&reply.body)?;
        return console.out.flush();
    }
    if reply.body.is_empty() && !reply.status.is_success() {
        let reason = reply.status.canonical_reason().unwrap_or("unknown");
        return console.say(&format!("Request failed with code {}: {reason}\n", reply.status.as_u16()));
    }
    let body = visible(&String::from_utf8_lossy(&reply.body));
    let heading = if reply.status.is_success() { "Success.\nMachine-readable output follows:\n" } else { "" };
    console.say(&format!("{heading}{body}\n"))
}

/// The certificate, the status and the headers, for `--debug`. What was sent is not shown: it has the key in it.
pub fn show_debug(console: &mut Console<'_>, url: &str, reply: &Reply) {
    console.note(&format!("url: {url}"));
    if let Some(certificate) = &reply.certificate {
        console.note("certificate:");
        console.note(&format!("  Subject: {}", visible(&certificate.subject)));
        console.note(&format!("  Issuer: {}", visible(&certificate.issuer)));
        console.note(&format!("  Fingerprint (SHA-256): {}", certificate.sha256));
    }
    console.note(&format!("status: {}", reply.status));
    console.note("headers:");
    for (name, value) in &reply.headers {
        let value = if name == "set-cookie" { "(hidden)".into() } else { String::from_utf8_lossy(value.as_bytes()) };
        console.note(&format!("  {name}: {}", visible(&value)));
    }
}

/// Says that the server describes another API than the one in the profile.
pub fn warn_of_change(console: &mut Console<'_>, url: &str) {
    console.note("warning: the API of this server has changed since its description was read:");
    console.note(&format!("  {url}"));
    console.note("Commands may be missing, or fail although the server could carry them out.");
    console.note("Read the description of every profile anew with:");
    console.note("  maas refresh");
}

fn is_text(reply: &Reply) -> bool {
    let kind = reply.header(CONTENT_TYPE.as_str()).to_ascii_lowercase();
    kind.is_empty() || kind.starts_with("text/") || kind.contains("json") || kind.contains("yaml")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use reqwest::{StatusCode, header::HeaderMap};

    use super::show;
    use crate::{Console, invocation::Options, transport::Reply};

    fn check(status: u16, kind: &'static str, body: &str, is_terminal: bool, options: &Options, expected: Expect) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let reply = Reply { status, headers, body: body.into(), certificate: None };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console { out: &mut out, err: &mut err, is_terminal, width: 80 };
        show(&mut console, &reply, options, &["b"]).unwrap();
        expected.assert_eq(&format!("{:?}", String::from_utf8(out).unwrap()));
    }

    #[test]
    fn programs_get_the_body_and_people_a_word() {
        let plain = Options::default();
        let json = "application/json; charset=utf-8";
        check(200, json, "{}", false, &plain, expect![[r#""{}""#]]);
        check(200, json, "[{\"a\":1,\"b\":2}]", false, &plain, expect![[r#""[{\"a\":1,\"b\":2}]""#]]);
        check(200, json, "[{\"a\":1,\"b\":2}]", true, &plain, expect![[r#""B\n2\n""#]]);
        check(200, json, "{}", true, &plain, expect![[r#""Success.\nMachine-readable output follows:\n{}\n""#]]);
        check(404, "text/plain", "No User matches", true, &plain, expect![[r#""No User matches\n""#]]);
        check(404, "text/plain", "No User matches", false, &plain, expect![[r#""No User matches""#]]);
        check(403, "text/plain", "", true, &plain, expect![[r#""Request failed with code 403: Forbidden\n""#]]);
        check(200, "application/octet-stream", "\u{1b}", true, &plain, expect![[r#""\u{1b}""#]]);
        check(
            200,
            "text/plain",
            "\u{1b}",
            true,
            &plain,
            expect![[r#""Success.\nMachine-readable output follows:\n\\u{1b}\n""#]],
        );
    }

    #[test]
    fn formats_change_successes_alone() {
        let table = Options { table: true, ..Options::default() };
        let json = Options { json: true, ..Options::default() };
        check(200, "application/json", "[{\"a\":1,\"b\":2}]", true, &table, expect![[r#""B\n2\n""#]]);
        check(200, "application/json", "[{\"a\":1}]", true, &json, expect![[r#""[\n  {\n    \"a\": 1\n  }\n]\n""#]]);
        check(200, "text/plain", "OK", false, &table, expect![[r#""OK""#]]);
        check(400, "application/json", "{\"name\":[\"x\"]}", false, &table, expect![[r#""{\"name\":[\"x\"]}""#]]);
    }
}
