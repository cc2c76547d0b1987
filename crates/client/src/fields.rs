//! `name=value` and `name@=file`: from words to the query or the body of a request.

use std::{fs, path::Path};

use reqwest::{
    Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};

use crate::{Error, command_tree::ActionCommand};

/// One value to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: FieldValue,
}

/// What is sent for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    Text(String),
    /// A file part.
    File(Vec<u8>),
}

impl Field {
    /// Reads one word of the command `resource action`; a file is read at once.
    ///
    /// A file goes as text where the parameter is documented as something else than a file and the content is UTF-8:
    /// MAAS looks for such parameters among the text fields only, so that `key@=id.pub` fails there.
    ///
    /// # Errors
    /// [`Error::NotAPair`], [`Error::ReadFile`].
    pub fn parse(word: &str, resource: &str, action: &ActionCommand) -> Result<Self, Error> {
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| !matches!(*name, "" | "@")) else {
            return Err(Error::NotAPair(word.to_owned()));
        };
        let Some(name) = name.strip_suffix('@') else {
            return Ok(Self { name: name.to_owned(), value: FieldValue::Text(value.to_owned()) });
        };
        let content = fs::read(Path::new(value)).map_err(|source| Error::ReadFile {
            name: name.to_owned(),
            path: value.to_owned(),
            source,
        })?;
        let wants_text = action.uses_query() || !is_file(resource, action, name);
        let value = match String::from_utf8(content) {
            Ok(text) if wants_text => FieldValue::Text(text),
            Ok(text) => FieldValue::File(text.into_bytes()),
            Err(bytes) => FieldValue::File(bytes.into_bytes()),
        };
        Ok(Self { name: name.to_owned(), value })
    }
}

/// Adds the operation and, for GET and DELETE, the fields to the query.
pub fn add_query(url: &mut Url, op: Option<&str>, fields: &[Field]) {
    if op.is_none() && fields.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    if let Some(op) = op {
        query.append_pair("op", op);
    }
    for field in fields {
        match &field.value {
            FieldValue::Text(text) => query.append_pair(&field.name, text),
            FieldValue::File(bytes) => query.append_pair(&field.name, &String::from_utf8_lossy(bytes)),
        };
    }
}

/// The fields as `multipart/form-data` with raw parts, and the headers that go with it. No field is no body.
pub fn multipart(fields: &[Field], boundary: &str) -> (HeaderMap, Vec<u8>) {
    let (mut headers, mut body) = (HeaderMap::new(), Vec::new());
    if fields.is_empty() {
        return (headers, body);
    }
    for field in fields {
        let name = field.name.replace('"', "%22").replace(['\r', '\n'], " ");
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        match &field.value {
            FieldValue::Text(text) => {
                body.extend_from_slice(b"\r\n\r\n");
                body.extend_from_slice(text.as_bytes());
            }
            FieldValue::File(bytes) => {
                let rest = format!("; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n");
                body.extend_from_slice(rest.as_bytes());
                body.extend_from_slice(bytes);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
    headers.insert(CONTENT_TYPE, kind.expect("boundaries are made of letters and digits"));
    (headers, body)
}

fn is_file(resource: &str, action: &ActionCommand, name: &str) -> bool {
    if FILES.contains(&(resource, action.word.as_str(), name)) {
        return true;
    }
    action.doc.param(name).is_none_or(|param| {
        let kind = param.kind.to_lowercase();
        kind.contains("file") || kind.contains("binary") || kind.contains("bytes")
    })
}

/// Parameters that MAAS reads from file parts although their description does not say so.
const FILES: &[(&str, &str, &str)] = &[
    ("boot-resources", "create", "content"),
    ("boot-sources", "create", "keyring_data"),
    ("boot-source", "update", "keyring_data"),
    ("commissioning-script", "update", "content"),
    ("commissioning-scripts", "create", "content"),
    ("files", "create", "file"),
    ("node-script", "update", "script"),
    ("node-scripts", "create", "script"),
];

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Field, FieldValue, add_query, multipart};
    use crate::command_tree::{ActionCommand, CommandTree};

    fn action(resource: &str, word: &str) -> ActionCommand {
        let description = serde_json::from_str(include_str!("../tests/describe.json")).unwrap();
        let tree = CommandTree::new(&description, true);
        tree.find(resource).unwrap().find(word).unwrap().clone()
    }

    #[test]
    fn words_are_pairs_or_refused() {
        let create = action("users", "create");
        let parse = |word: &str| Field::parse(word, "users", &create);
        let text = |name: &str, value: &str| Field { name: name.into(), value: FieldValue::Text(value.into()) };
        assert_eq!(parse("a=b=c").unwrap(), text("a", "b=c"));
        assert_eq!(parse("a=").unwrap(), text("a", ""));
        for word in ["a", "=b", "@=b", ""] {
            assert_eq!(
                parse(word).unwrap_err().to_string(),
                format!("'{word}' is not a name=value or name@=filename pair")
            );
        }
        assert_eq!(parse("a@=/no/such/file").unwrap_err().exit_code(), 1);
    }

    #[test]
    fn a_file_is_text_where_text_is_wanted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("id.pub");
        std::fs::write(&path, "ssh-ed25519 AAAA al").unwrap();
        let parse = |resource: &str, word: &str, name: &str| {
            Field::parse(&format!("{name}@={}", path.display()), resource, &action(resource, word)).unwrap().value
        };
        assert!(matches!(parse("sshkeys", "create", "key"), FieldValue::Text(_)));
        assert!(matches!(parse("files", "create", "file"), FieldValue::File(_)));
        assert!(matches!(parse("sshkeys", "create", "undocumented"), FieldValue::File(_)));
        assert!(matches!(parse("events", "query", "level"), FieldValue::Text(_)));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(parse("sshkeys", "create", "key"), FieldValue::File(_)));
    }

    #[test]
    fn a_body_has_raw_parts() {
        let fields = [
            Field { name: "name".into(), value: FieldValue::Text("ü\r\nx".into()) },
            Field { name: "f\"i".into(), value: FieldValue::File(vec![0, 1]) },
        ];
        let (headers, body) = multipart(&fields, "bound");
        assert_eq!(headers["content-type"], "multipart/form-data; boundary=bound");
        expect![[r#""--bound\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nü\r\nx\r\n--bound\r\nContent-Disposition: form-data; name=\"f%22i\"; filename=\"f%22i\"\r\nContent-Type: application/octet-stream\r\n\r\n\0\u{1}\r\n--bound--\r\n""#]]
            .assert_eq(&format!("{:?}", String::from_utf8(body).unwrap()));
        assert_eq!(multipart(&[], "bound"), (Default::default(), Vec::new()));
    }

    #[test]
    fn a_query_begins_with_the_operation() {
        let mut url = "http://m/MAAS/api/2.0/events/".parse().unwrap();
        add_query(&mut url, Some("query"), &[Field { name: "level".into(), value: FieldValue::Text("A&B c".into()) }]);
        assert_eq!(url.as_str(), "http://m/MAAS/api/2.0/events/?op=query&level=A%26B+c");
    }
}
