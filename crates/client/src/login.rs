//! Making a profile: ask the server what it is, check the key against it, and only then write anything down.

use maas_model::Secret;
use reqwest::{
    Method, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Credentials, Error, Profile, ProfileFile,
    api_url::api_root,
    transport::{Call, Reply, Server, with_shown_certificate},
};

/// What a login is asked with.
#[derive(Clone, Debug, Default)]
pub struct Login {
    pub profile: String,
    pub url: String,
    pub proof: Proof,
    /// PEM text.
    pub cacerts: Option<String>,
    /// SHA-256 of a certificate, with or without `sha256:` and colons.
    pub pin: Option<String>,
    pub with_system_roots: bool,
    /// Check no certificate, this time.
    pub insecure: bool,
}

/// How the caller proves who they are.
#[derive(Clone, Debug, Default)]
pub enum Proof {
    #[default]
    Anonymous,
    Key(Credentials),
    /// Traded for a new API key named `consumer`.
    Password {
        username: String,
        password: Secret<String>,
        consumer: String,
    },
}

/// Logs in and stores the profile, in place of one of the same name.
///
/// # Errors
/// [`Error`] by cause; nothing is stored then.
pub async fn login(file: &ProfileFile, request: Login) -> Result<Profile, Error> {
    Profile::check_name(&request.profile)?;
    if request.insecure && (request.cacerts.is_some() || request.pin.is_some()) {
        return Err(Error::BothTrusts);
    }
    let url = api_root(&request.url)?;
    let mut profile = Profile {
        name: request.profile,
        url,
        credentials: None,
        description: Value::Null,
        cacerts: request.cacerts,
        pin: request.pin.map(|pin| bare_fingerprint(&pin)),
        with_system_roots: request.with_system_roots,
        others: serde_json::Map::new(),
    };
    let trust = profile.trust(request.insecure);
    let anonymous = Server::new(&profile.url, &trust, None)?;
    profile.description = match fetch_description(&anonymous, &profile.url).await {
        Ok(description) => description,
        Err(error) => return Err(with_shown_certificate(error, &profile.url).await),
    };
    profile.credentials = match request.proof {
        Proof::Anonymous => None,
        Proof::Key(credentials) => Some(credentials),
        Proof::Password { username, password, consumer } => {
            Some(trade_password(&anonymous, &profile.url, &username, &password, &consumer).await?)
        }
    };
    if profile.credentials.is_some() {
        let server = Server::new(&profile.url, &trust, profile.credentials.clone())?;
        check_key(&server, &profile.url).await?;
    }
    file.save(&profile).await?;
    Ok(profile)
}

/// What is said after a login.
pub fn success_text(profile: &Profile) -> String {
    let said = format!(
        "You are now logged in to the MAAS server at {} with the profile name '{}'.",
        profile.url, profile.name
    );
    let said = crate::help::wrap(&said, 70, "");
    format!("\n{said}\n\nFor help with the available commands, try:\n\n  maas {} --help\n\n", profile.name)
}

/// The describe document of the server at the API root `url`.
///
/// # Errors
/// [`Error::Moved`], [`Error::NotDescribed`], [`Error::Unexpected`] or what the connection gave.
pub async fn fetch_description(server: &Server, url: &str) -> Result<Value, Error> {
    let url = join(url, "describe/")?;
    let reply = server.send(Call::get(url.clone())).await?;
    let fail = |why: String| Error::NotDescribed { url: url.to_string(), why };
    if let Some(target) = reply.redirect() {
        return Err(Error::Moved { url: url.to_string(), target: target.to_owned() });
    }
    if reply.status != StatusCode::OK {
        return Err(fail(format!("it answers {}", reply.status)));
    }
    let kind = reply.header(CONTENT_TYPE.as_str());
    if kind.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(fail(format!("expected application/json, got: {kind}")));
    }
    let document: Value = serde_json::from_slice(&reply.body).map_err(|_| fail("the answer is no JSON".into()))?;
    if !document.get("resources").is_some_and(Value::is_array) {
        return Err(fail("the answer lists no resources".into()));
    }
    Ok(document)
}

async fn check_key(server: &Server, url: &str) -> Result<(), Error> {
    let mut whoami = join(url, "users/")?;
    whoami.set_query(Some("op=whoami"));
    let reply = server.send(Call::get(whoami)).await?;
    match reply.status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => Err(Error::KeyRejected),
        other => Err(Error::Unexpected(other.as_u16())),
    }
}

/// Trades user name and password for an API key of its own.
async fn trade_password(
    server: &Server,
    url: &str,
    username: &str,
    password: &Secret<String>,
    consumer: &str,
) -> Result<Credentials, Error> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("username", username)
        .append_pair("password", password.expose())
        .append_pair("consumer", consumer)
        .finish();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let url = join(url, "../../accounts/authenticate/")?;
    let reply = server.send(Call { method: Method::POST, url, headers, body: body.into_bytes() }).await?;
    match reply.status {
        StatusCode::OK => key_in(&reply),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::PasswordRejected),
        other => Err(Error::Unexpected(other.as_u16())),
    }
}

fn key_in(reply: &Reply) -> Result<Credentials, Error> {
    #[derive(Deserialize)]
    struct Key {
        consumer_key: String,
        token_key: String,
        token_secret: String,
    }
    let key: Key = serde_json::from_slice(&reply.body).map_err(|_| Error::Unexpected(reply.status.as_u16()))?;
    format!("{}:{}:{}", key.consumer_key, key.token_key, key.token_secret).parse()
}

fn join(root: &str, path: &str) -> Result<Url, Error> {
    let fail = |_| Error::Url { text: root.to_owned(), why: "give it as https://HOST:5443/MAAS" };
    Url::parse(root).and_then(|root| root.join(path)).map_err(fail)
}

fn bare_fingerprint(pin: &str) -> String {
    let pin = pin.trim();
    pin.strip_prefix("sha256:").or_else(|| pin.strip_prefix("SHA256:")).unwrap_or(pin).to_owned()
}
