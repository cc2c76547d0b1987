//! Accounts of a running site and what they show to be let in.

/// A user that a test made, and the password it knows.
#[derive(Clone, Debug)]
pub struct Account {
    pub username: String,
    pub password: String,
    pub key: ApiKey,
}

/// A three-part API key.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct ApiKey {
    pub consumer_key: String,
    pub token_key: String,
    pub token_secret: String,
}

impl ApiKey {
    /// `CONSUMER:TOKEN:SECRET`, as `maas login` takes it.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.consumer_key, self.token_key, self.token_secret)
    }
}

/// The cookies of a browser's session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The name that the server gave the session's cookie.
    pub cookie_name: String,
    pub session_key: String,
    pub csrf_token: String,
    /// The name of the CSRF cookie.
    pub csrf_cookie_name: String,
}

impl Session {
    /// The `Cookie` header.
    pub fn cookie_header(&self) -> String {
        format!("{}={}; {}={}", self.cookie_name, self.session_key, self.csrf_cookie_name, self.csrf_token)
    }
}
