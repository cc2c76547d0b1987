//! The describe document: what a server can do, as clients of API 2.0 read it.

use serde::{Deserialize, Deserializer, Serialize};

/// The whole document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Describe {
    #[serde(default, deserialize_with = "or_default")]
    pub doc: String,
    /// Changes when the document does; equal to the header `X-MAAS-API-Hash`.
    #[serde(default, deserialize_with = "or_default")]
    pub hash: String,
    /// For old clients: every handler again.
    #[serde(default)]
    pub handlers: Vec<Handler>,
    /// Sorted by name.
    pub resources: Vec<Resource>,
}

/// One resource: what it offers to everybody, and to those signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// `UsersHandler`
    pub name: String,
    #[serde(default)]
    pub anon: Option<Handler>,
    #[serde(default)]
    pub auth: Option<Handler>,
}

/// A path and its actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub doc: String,
    /// Names of the variables in the path, in order.
    #[serde(default)]
    pub params: Vec<String>,
    /// `/MAAS/api/2.0/users/{username}/`
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// The same with scheme and host.
    #[serde(default, deserialize_with = "or_default")]
    pub uri: String,
    /// Sorted by name.
    pub actions: Vec<Action>,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// `create`, `read`, `update`, `delete`, or the operation's name.
    pub name: String,
    /// The operation's name; none for the plain four.
    #[serde(default)]
    pub op: Option<String>,
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    #[serde(default)]
    pub restful: bool,
    #[serde(default)]
    pub doc: Option<String>,
}

/// A parameter as the action's text documents it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documented {
    pub name: String,
    pub is_required: bool,
    /// `String`, `Int`, `Boolean`, `File`... as the text says.
    pub kind: String,
    pub help: String,
}

impl Resource {
    /// The handler to show: the one for those signed in, or else the one for everybody.
    pub fn shown(&self) -> Option<&Handler> {
        self.auth.as_ref().or(self.anon.as_ref())
    }

    /// The word for this resource on the command line: camel-case split, lower case, joined by `-`, `Handler` dropped.
    /// A word is a run of capitals and what follows it up to the next capital, so `SSHKeys` is one.
    pub fn command_word(&self) -> String {
        let mut word = String::new();
        let mut before_is_capital = true;
        for c in self.name.chars() {
            if c.is_uppercase() && !before_is_capital {
                word.push('-');
            }
            before_is_capital = c.is_uppercase();
            word.extend(c.to_lowercase());
        }
        word.split('-').filter(|part| *part != "handler").collect::<Vec<_>>().join("-")
    }
}

impl Action {
    /// The first paragraph of the text.
    pub fn title(&self) -> &str {
        let doc = self.doc.as_deref().unwrap_or_default().trim();
        doc.split("\n\n").next().unwrap_or_default().trim()
    }

    /// The text after the first paragraph and before the first parameter.
    pub fn description(&self) -> String {
        let doc = self.doc.as_deref().unwrap_or_default().trim();
        let body = doc.split_once("\n\n").map_or("", |(_, body)| body);
        let lines = body.lines().take_while(|line| !line.trim_start().starts_with(':'));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    /// The parameters that the text documents, in its order. A server that documents none takes none.
    pub fn parameters(&self) -> Vec<Documented> {
        let mut found: Vec<Documented> = Vec::new();
        let mut is_param = false;
        for line in self.doc.as_deref().unwrap_or_default().lines() {
            let line = line.trim();
            if let Some((name, text)) = tagged(line, ":param ") {
                let (is_required, help) = requirement(text);
                found.push(Documented { name: name.to_owned(), is_required, kind: "String".into(), help });
                is_param = true;
            } else if let Some((name, kind)) = tagged(line, ":type ") {
                if let Some(param) = found.iter_mut().rev().find(|param| param.name == name) {
                    kind.clone_into(&mut param.kind);
                }
                is_param = false;
            } else if line.is_empty() || line.starts_with(':') {
                is_param = false;
            } else if is_param && let Some(param) = found.last_mut() {
                param.help.push(' ');
                param.help.push_str(line);
            }
        }
        found
    }
}

/// Servers write null where they have nothing to say.
fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn tagged<'a>(line: &'a str, tag: &str) -> Option<(&'a str, &'a str)> {
    let (name, text) = line.strip_prefix(tag)?.split_once(':')?;
    Some((name.trim(), text.trim()))
}

fn requirement(text: &str) -> (bool, String) {
    for (word, is_required) in [("Required.", true), ("Optional.", false)] {
        if let Some(rest) = text.strip_prefix(word) {
            return (is_required, rest.trim().to_owned());
        }
    }
    (false, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Action, Documented, Resource};

    #[test]
    fn command_words_are_those_of_maas() {
        for (name, word) in [
            ("SSHKeysHandler", "sshkeys"),
            ("SSHKeyHandler", "sshkey"),
            ("RackControllersHandler", "rack-controllers"),
            ("MaasHandler", "maas"),
            ("UsersHandler", "users"),
            ("VersionHandler", "version"),
            ("TlsCertificateHandler", "tls-certificate"),
        ] {
            let resource = Resource { name: name.into(), anon: None, auth: None };
            assert_eq!(resource.command_word(), word, "{name}");
        }
    }

    #[test]
    fn null_is_nothing() {
        let handler: super::Handler =
            serde_json::from_str(r#"{"name": "XHandler", "doc": null, "path": null, "actions": []}"#).unwrap();
        assert_eq!((handler.doc.as_str(), handler.path.as_str()), ("", ""));
    }

    #[test]
    fn parameters_are_read_from_the_text() {
        let action = Action {
            name: "create".into(),
            op: None,
            method: "POST".into(),
            restful: true,
            doc: Some(
                "Add an account\n\nAdds it.\n\n:param username: Required. Login\n    name.\n:type username: String\n\n\
                 :param key: Optional. A key.\n\n"
                    .into(),
            ),
        };
        let param = |name: &str, is_required, help: &str| Documented {
            name: name.into(),
            is_required,
            kind: "String".into(),
            help: help.into(),
        };
        assert_eq!(action.title(), "Add an account");
        assert_eq!(action.description(), "Adds it.");
        assert_eq!(action.parameters(), [param("username", true, "Login name."), param("key", false, "A key.")]);
    }
}
