//! One login, as it is kept: the members that MAAS's own client writes, and ours beside them.
//!
//! Members that we do not know are kept as they are, so that both tools can use one file.

use maas_model::Secret;
use maas_tls::client::Trust;
use maas_wire::Describe;
use serde_json::{Map, Value, json};

use crate::{Credentials, Error, command_tree::CommandTree};

/// A named login to one server.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// Root of the API: `https://maas.example:5443/MAAS/api/2.0/`.
    pub url: String,
    /// None for anonymous access.
    pub credentials: Option<Credentials>,
    /// The describe document, whole.
    pub description: Value,
    /// CA to trust, as PEM; replaces the system's roots unless `with_system_roots`.
    pub cacerts: Option<String>,
    /// SHA-256 of the one certificate to trust (ours alone).
    pub pin: Option<String>,
    /// Trust the system's roots beside `cacerts` (ours alone).
    pub with_system_roots: bool,
    /// Members of other programs.
    pub others: Map<String, Value>,
}

impl Profile {
    /// Reads the column `data` of the row `name`.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn from_data(name: &str, data: &[u8]) -> Result<Self, String> {
        let Ok(Value::Object(mut data)) = serde_json::from_slice(data) else {
            return Err("its data is no JSON object".to_owned());
        };
        data.remove("name");
        let Some(Value::String(url)) = data.remove("url") else {
            return Err("it has no URL".to_owned());
        };
        let key = credentials(data.remove("credentials"))?;
        let token = text(data.remove("token")).map(|token| token.parse().map_err(|_| "its token is none".to_owned()));
        Ok(Self {
            name: name.to_owned(),
            url,
            credentials: token.transpose()?.or(key),
            description: data.remove("description").unwrap_or_default(),
            cacerts: text(data.remove("cacerts")),
            pin: text(data.remove("pin")),
            with_system_roots: data.remove("system_roots").is_some_and(|value| value == json!(true)),
            others: data,
        })
    }

    /// The text for the column `data`.
    pub fn to_data(&self) -> Secret<String> {
        let mut data = self.others.clone();
        let key = match &self.credentials {
            Some(Credentials::ApiKey { consumer_key, token_key, token_secret }) => {
                json!([consumer_key, token_key, token_secret.expose()])
            }
            Some(Credentials::Token(token)) => {
                data.insert("token".into(), json!(token.expose()));
                Value::Null
            }
            None => Value::Null,
        };
        data.insert("credentials".into(), key);
        data.insert("description".into(), self.description.clone());
        data.insert("name".into(), json!(self.name));
        data.insert("url".into(), json!(self.url));
        data.insert("cacerts".into(), json!(self.cacerts));
        if let Some(pin) = &self.pin {
            data.insert("pin".into(), json!(pin));
        }
        if self.with_system_roots {
            data.insert("system_roots".into(), json!(true));
        }
        Value::Object(data).to_string().into()
    }

    /// Whom to trust for this server; `insecure` is `-k` of this very command.
    pub fn trust(&self, insecure: bool) -> Trust {
        match (insecure, &self.pin, &self.cacerts) {
            (true, ..) => Trust::Insecure,
            (false, Some(pin), _) => Trust::Pinned(pin.clone()),
            (false, None, Some(pem)) => Trust::Roots { pem: pem.clone(), with_system: self.with_system_roots },
            (false, None, None) => Trust::System,
        }
    }

    /// The commands of this profile; none when its description is damaged.
    pub fn commands(&self) -> CommandTree {
        let description: Option<Describe> = serde::Deserialize::deserialize(&self.description).ok();
        description.map(|description| CommandTree::new(&description, self.credentials.is_some())).unwrap_or_default()
    }

    /// The hash of the description, to be compared with what the server says with every answer.
    pub fn hash(&self) -> &str {
        self.description.get("hash").and_then(Value::as_str).unwrap_or_default()
    }

    /// Refuses names that cannot be the first word of a command or the name of a file.
    ///
    /// # Errors
    /// [`Error::ProfileName`].
    pub fn check_name(name: &str) -> Result<(), Error> {
        let is_bad = name.is_empty() || name.starts_with(['-', '.']) || name.contains(['/', '\0']) || name.len() > 200;
        if is_bad { Err(Error::ProfileName(name.to_owned())) } else { Ok(()) }
    }
}

fn credentials(value: Option<Value>) -> Result<Option<Credentials>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            let fail = |_| "its credentials are no API key".to_owned();
            parts.join(":").parse().map(Some).map_err(fail)
        }
        Some(_) => Err("its credentials are no list".to_owned()),
    }
}

fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Profile;

    #[test]
    fn what_others_wrote_survives() {
        let data = r#"{"credentials":["a","b","c"],"description":{"hash":"x","resources":[]},"name":"p","url":"http://m/MAAS/api/2.0/","cacerts":null,"colour":"red"}"#;
        let profile = Profile::from_data("p", data.as_bytes()).unwrap();
        expect![[r#"{"colour":"red","credentials":["a","b","c"],"description":{"hash":"x","resources":[]},"name":"p","url":"http://m/MAAS/api/2.0/","cacerts":null}"#]]
            .assert_eq(profile.to_data().expose());
    }

    #[test]
    fn a_token_is_kept_beside_empty_credentials() {
        let data = r#"{"url":"http://m/MAAS/api/2.0/","credentials":null,"token":"maas_pat_x","pin":"AB"}"#;
        let profile = Profile::from_data("p", data.as_bytes()).unwrap();
        assert_eq!(profile.credentials.as_ref().unwrap().clear_text(), "maas_pat_x");
        let again = Profile::from_data("p", profile.to_data().expose().as_bytes()).unwrap();
        assert_eq!(again.credentials.unwrap().clear_text(), "maas_pat_x");
        assert_eq!(again.pin.as_deref(), Some("AB"));
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(Profile::from_data("p", b"{").unwrap_err(), "its data is no JSON object");
        assert_eq!(Profile::from_data("p", b"{}").unwrap_err(), "it has no URL");
        assert_eq!(
            Profile::from_data("p", br#"{"url":"u","credentials":["a"]}"#).unwrap_err(),
            "its credentials are no API key"
        );
    }

    #[test]
    fn names_stay_inside_their_directory() {
        for name in ["", "-x", "../x", "a/b", "."] {
            assert!(Profile::check_name(name).is_err(), "{name}");
        }
        Profile::check_name("admin@site-1").unwrap();
    }
}
