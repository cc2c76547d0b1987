//! What belongs to one account: keys, tokens, sessions, and the state of a login.

use serde::{Deserialize, Serialize};

/// An API key just made, the only time its secret is told (`account/?op=create_authorisation_token`).
#[derive(Clone, Serialize, Deserialize)]
pub struct NewApiKey {
    pub token_key: String,
    pub token_secret: String,
    pub consumer_key: String,
    #[serde(default)]
    pub name: String,
}

/// What a name and password are traded for (`accounts/authenticate/`).
#[derive(Clone, Serialize, Deserialize)]
pub struct Authenticated {
    pub consumer_key: String,
    #[serde(default)]
    pub name: String,
    pub token_key: String,
    pub token_secret: String,
}

/// An API key in a list; a server that keeps only hashes masks the third part of `token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedApiKey {
    pub name: String,
    /// `<consumer key>:<token key>:********`
    pub token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// `GET accounts/login/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginState {
    pub authenticated: bool,
    pub external_auth_url: Option<String>,
    pub no_users: bool,
}

/// `POST account/csrf/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrfToken {
    pub csrf: String,
}

/// A public SSH key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshKey {
    pub id: i64,
    pub key: String,
    #[serde(default)]
    pub keysource: Option<String>,
    #[serde(default)]
    pub resource_uri: String,
}

/// A certificate for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SslKey {
    pub id: i64,
    pub key: String,
    #[serde(default)]
    pub resource_uri: String,
}

/// A bearer token, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub id: i64,
    pub name: String,
    /// The first characters of the value.
    pub prefix: String,
    /// `read-only` or `all`.
    pub scope: String,
    pub created: String,
    pub expires: String,
    pub last_used: Option<String>,
    pub last_used_ip: Option<String>,
    /// The role to which it is narrowed.
    #[serde(default)]
    pub role: Option<String>,
    /// The pools to which it is narrowed; none for all.
    #[serde(default)]
    pub pools: Option<Vec<String>>,
    /// From where it may be used; everywhere if empty.
    #[serde(default)]
    pub networks: Vec<String>,
    pub resource_uri: String,
}

/// A bearer token just made, the only time its value is told.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewToken {
    #[serde(flatten)]
    pub token: Token,
    pub value: String,
}

/// A browser session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: i64,
    pub created: String,
    pub last_seen: String,
    pub expires: String,
    pub ip: Option<String>,
    pub user_agent: String,
    pub is_current: bool,
    pub resource_uri: String,
}

/// How many sessions were ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedSessions {
    pub revoked: u64,
}
