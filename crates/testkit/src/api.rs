//! Requests to a running site as somebody.

use std::net::IpAddr;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{Account, ApiKey, Pair, Session, Site, oauth_header, site::client_trusting};

/// What a request brings to show who it is.
#[derive(Clone, Debug)]
pub enum Auth {
    Nobody,
    Key(ApiKey),
    Bearer(String),
    Session(Session),
}

/// A client of one site, speaking for somebody. Certificates are verified, redirects are not followed.
#[derive(Clone, Debug)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    pub auth: Auth,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    /// Fails the test unless the status is a success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of a cookie that was set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        cookies
            .filter_map(|cookie| cookie.split(';').next()?.split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    }
}

impl Api {
    pub(crate) fn new(client: reqwest::Client, base: String, auth: Auth) -> Self {
        Self { client, base, auth }
    }

    /// A client of whatever serves at `base`, trusting these roots.
    pub fn at(base: &str, roots: &str) -> Self {
        Self::new(client_trusting(Some(roots.as_bytes()), None), base.to_owned(), Auth::Nobody)
    }

    /// The same client speaking for somebody else.
    pub fn speaking_as(&self, auth: Auth) -> Self {
        Self { auth, ..self.clone() }
    }

    /// A request, not yet sent. The path starts at `/MAAS`, or is one of API 2.0 without a leading slash: `users/?op=whoami`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/MAAS/api/2.0/{path}") };
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.auth {
            Auth::Nobody => request,
            Auth::Key(key) => request.header("authorization", oauth_header(key)),
            Auth::Bearer(token) => request.header("authorization", format!("Bearer {token}")),
            Auth::Session(session) => request
                .header("cookie", session.cookie_header())
                .header("x-csrftoken", &session.csrf_token)
                .header("origin", &self.base)
                .header("referer", format!("{}/MAAS/r/", self.base)),
        }
    }

    /// Sends and reads to the end.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        try_send(request).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Makes a user, with this client's rights, and an API key of theirs.
    pub async fn create_user(&self, username: &str, is_superuser: bool) -> Account {
        let email = format!("{username}@example.org");
        let flag = if is_superuser { "1" } else { "0" };
        let form = [("username", username), ("email", &email), ("password", crate::PASSWORD), ("is_superuser", flag)];
        self.post("users/", &form).await.ok();
        let key = self.api_key(username, crate::PASSWORD).await;
        Account { username: username.to_owned(), password: crate::PASSWORD.to_owned(), key }
    }

    /// Trades a password for an API key.
    pub async fn api_key(&self, username: &str, password: &str) -> ApiKey {
        let form = [("username", username), ("password", password), ("consumer", "testkit")];
        let reply = self.speaking_as(Auth::Nobody).post("/MAAS/accounts/authenticate/", &form).await.ok();
        serde_json::from_str(&reply.body).expect("a key in three parts")
    }

    /// Makes a bearer token for this client's user, good for a day and for everything.
    pub async fn bearer(&self, name: &str) -> String {
        let form = [("name", name), ("scope", "all"), ("expires", "1d")];
        let reply = self.post("tokens/", &form).await.ok();
        reply.json()["value"].as_str().expect("the value is told once").to_owned()
    }

    /// Asks for the site's certificate to be replaced, through the API.
    pub async fn replace_certificate(&self, pair: &Pair, port: u16) -> Reply {
        let port = port.to_string();
        let form = [("key", pair.key.as_str()), ("certificate", &pair.full_chain()), ("port", &port)];
        self.post("tls/?op=enable", &form).await
    }

    /// The same where the server may die of it.
    ///
    /// # Errors
    /// What became of the connection.
    pub async fn try_replace_certificate(&self, pair: &Pair, port: u16) -> reqwest::Result<Reply> {
        let port = port.to_string();
        let form = [("key", pair.key.as_str()), ("certificate", &pair.full_chain()), ("port", &port)];
        try_send(self.request(Method::POST, "tls/?op=enable").form(&form)).await
    }

    /// PUT of a form.
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(self.request(Method::PUT, path).form(form)).await
    }

    /// POST of a form where the server may die of it.
    ///
    /// # Errors
    /// What became of the connection.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Reply> {
        try_send(self.request(Method::POST, path).form(form)).await
    }

    /// DELETE where the server may die of it.
    ///
    /// # Errors
    /// What became of the connection.
    pub async fn try_delete(&self, path: &str) -> reqwest::Result<Reply> {
        try_send(self.request(Method::DELETE, path)).await
    }

    /// Logs in as a browser does.
    pub async fn log_in(&self, username: &str, password: &str) -> Session {
        let form = [("username", username), ("password", password)];
        let reply = self.speaking_as(Auth::Nobody).post("/MAAS/accounts/login/", &form).await.expect(204);
        let find = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|name| Some((name.to_owned(), reply.cookie(name)?)));
            found.unwrap_or_else(|| panic!("no cookie {names:?} in {:?}", reply.headers))
        };
        let (cookie_name, session_key) = find(["__Host-sessionid", "sessionid"]);
        let (csrf_cookie_name, csrf_token) = find(["__Host-csrftoken", "csrftoken"]);
        Session { cookie_name, session_key, csrf_token, csrf_cookie_name }
    }
}

/// Sends and reads to the end.
///
/// # Errors
/// What reqwest says of the connection.
pub(crate) async fn try_send(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
    Ok(Reply { status, headers, body })
}

impl Site {
    /// A client of this site over HTTPS (plain HTTP while TLS is off), speaking for somebody.
    pub fn api(&self, auth: Auth) -> Api {
        Api::new(self.client(None), self.base_url(), auth)
    }

    /// The same, coming from another address of this host, such as `127.0.0.7`.
    pub fn api_from(&self, source: IpAddr, auth: Auth) -> Api {
        Api::new(self.client(Some(source)), self.base_url(), auth)
    }

    /// A client of this site that trusts these roots instead of the site's own CA.
    pub fn api_trusting(&self, roots: &str, auth: Auth) -> Api {
        Api::new(client_trusting(Some(roots.as_bytes()), None), self.base_url(), auth)
    }

    /// A client of the plain port.
    pub fn plain_api(&self, auth: Auth) -> Api {
        Api::new(self.client(None), format!("http://127.0.0.1:{}", self.ready.http_port), auth)
    }

    /// A client with an API key of the first administrator.
    pub async fn admin(&self) -> Api {
        let api = self.api(Auth::Nobody);
        let key = api.api_key("admin", crate::PASSWORD).await;
        api.speaking_as(Auth::Key(key))
    }
}
