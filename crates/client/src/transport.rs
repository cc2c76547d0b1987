//! One request to one server: whom to trust, how to sign, and what a failure means.

use std::{error::Error as StdError, io, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use maas_tls::{
    CertificateInfo,
    client::{Trust, TrustError, client_config},
};
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, LOCATION},
    redirect::Policy,
    tls::TlsInfo,
};

use crate::{Credentials, Error, console::visible};

/// A server and who asks it.
#[derive(Clone, Debug)]
pub struct Server {
    client: Client,
    credentials: Option<Credentials>,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Call {
    /// A GET without anything.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// What the server showed, on an encrypted connection.
    pub certificate: Option<CertificateInfo>,
}

impl Reply {
    /// A header as text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the server sends its callers, when it does.
    pub fn redirect(&self) -> Option<&str> {
        self.status.is_redirection().then(|| self.header(LOCATION.as_str())).filter(|target| !target.is_empty())
    }
}

impl Server {
    /// Prepares to talk to the server at `url` (for its scheme). Nothing is sent yet.
    ///
    /// No redirect is followed: the key would go where nobody sent it.
    ///
    /// # Errors
    /// [`Error::Pem`] or [`Error::Trust`] by what was given to trust.
    pub fn new(url: &str, trust: &Trust, credentials: Option<Credentials>) -> Result<Self, Error> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .timeout(TOTAL_LIMIT)
            .user_agent(concat!("maas/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .tls_info(true);
        // Redirects are not followed, so a plain URL needs no roots, and reading the system's takes time.
        let nobody = Trust::Pinned("0".repeat(64));
        let trust = if url.starts_with("https:") { trust } else { &nobody };
        let config = client_config(trust).map_err(|error| match error {
            TrustError::Pem => Error::Pem,
            other => Error::Trust(other.to_string()),
        })?;
        builder = builder.tls_backend_preconfigured(config);
        let client = builder.build().map_err(|error| Error::Trust(innermost(&error)))?;
        Ok(Self { client, credentials })
    }

    /// Sends one request, signed when there are credentials, and reads the whole answer.
    ///
    /// # Errors
    /// [`Error::Certificate`] when the server is not trusted, else [`Error::Unreachable`].
    pub async fn send(&self, call: Call) -> Result<Reply, Error> {
        let url = call.url.to_string();
        let fail = |error: reqwest::Error| explain(&url, &error);
        let mut request = self.client.request(call.method.clone(), call.url).headers(call.headers);
        if let Some(credentials) = &self.credentials {
            request = request.header(AUTHORIZATION, credentials.authorization(seconds_now(), &nonce()));
        }
        let takes_body = matches!(call.method, Method::POST | Method::PUT);
        if takes_body {
            request = request.body(call.body);
        }
        let answer = request.send().await.map_err(fail)?;
        let certificate = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).and_then(describe);
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(fail)?.to_vec();
        Ok(Reply { status, headers, body, certificate })
    }
}

/// Adds to a failed verification which certificate the server shows, so that it can be compared with the site's own.
/// It is asked again without trust, and without anything secret.
pub async fn with_shown_certificate(error: Error, url: &str) -> Error {
    let Error::Certificate(reason) = error else { return error };
    let shown = async {
        let server = Server::new(url, &Trust::Insecure, None).ok()?;
        server.send(Call::get(Url::parse(url).ok()?)).await.ok()?.certificate
    };
    let Some(shown) = shown.await else { return Error::Certificate(reason) };
    let (subject, issuer) = (visible(&shown.subject), visible(&shown.issuer));
    Error::Certificate(format!(
        "{reason}\n  Subject: {subject}\n  Issuer: {issuer}\n  Fingerprint (SHA-256): {}",
        shown.sha256
    ))
}

/// 32 hexadecimal digits that no request had before.
pub fn nonce() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    data_encoding::HEXLOWER.encode(&bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature carries the real time, and a command has no context to take it from"
)]
fn seconds_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn describe(der: &[u8]) -> Option<CertificateInfo> {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    CertificateInfo::from_pem(&pem)
}

fn explain(url: &str, error: &reqwest::Error) -> Error {
    let unreachable = |why: String| Error::Unreachable { url: without_query(url), why };
    if error.is_timeout() {
        let limit = if error.is_connect() { CONNECT_LIMIT } else { TOTAL_LIMIT };
        return unreachable(format!("no answer within {} seconds", limit.as_secs()));
    }
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => Error::Certificate(certificate_reason(reason)),
        Some(rustls::Error::InvalidMessage(_)) => unreachable("it does not speak TLS on this port".into()),
        Some(other) => unreachable(other.to_string()),
        None => unreachable(innermost(error)),
    }
}

fn certificate_reason(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer => "the server's certificate was issued by an authority that is not trusted here".into(),
        Reason::Expired | Reason::ExpiredContext { .. } => "the server's certificate has expired".into(),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet (is this computer's clock right?)".into()
        }
        Reason::NotValidForName => "the server's certificate was issued for another name".into(),
        Reason::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate was issued for {}, not for `{}`",
            if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") },
            expected.to_str()
        ),
        Reason::ApplicationVerificationFailure => "the server's certificate is not the pinned one".into(),
        other => other.to_string(),
    }
}

/// The first error of rustls among the causes; those inside an I/O error are not in its chain.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

fn without_query(url: &str) -> String {
    url.split('?').next().unwrap_or(url).to_owned()
}

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const TOTAL_LIMIT: Duration = Duration::from_secs(15 * 60);
