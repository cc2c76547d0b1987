//! Requests to BMCs and services that speak HTTP: verified or pinned certificates, no redirects, answers of bounded size.

mod explain;

use std::{fmt, sync::OnceLock};

use maas_model::Secret;
use maas_tls::client::{Trust, TrustError, client_config};
use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect::Policy};

use self::explain::explain;
use crate::{Limits, Parameters, PowerError};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Login {
    Nobody,
    Basic { user: String, password: Secret<String> },
    Bearer(Secret<String>),
}

/// A client for one target.
pub(crate) struct Http {
    pub(crate) client: Client,
    login: Login,
    limits: Limits,
    /// What should be known of the way there.
    pub(crate) warnings: Vec<String>,
}

/// An answer, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Prepares to ask these addresses and others like them. Nothing is sent yet.
    pub(crate) fn new(
        urls: &[&Url],
        parameters: &Parameters,
        login: Login,
        limits: &Limits,
    ) -> Result<Self, PowerError> {
        let encrypted = urls.iter().any(|url| url.scheme() == "https");
        let (trust, mut warnings) = if encrypted {
            trust(parameters)
        } else {
            // A plain address needs no roots, and reading the system's takes time.
            (Trust::Pinned("0".repeat(64)), Vec::new())
        };
        if let Some(plain) = urls.iter().find(|url| url.scheme() != "https") {
            warnings.push(format!("{} is not encrypted: use https://", shown(plain)));
        }
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(limits.connect)
            .user_agent(concat!("maas/", env!("CARGO_PKG_VERSION")))
            .http1_only();
        builder = builder.tls_backend_preconfigured(configuration(&trust)?);
        let client = builder.build().map_err(|error| PowerError::Failed {
            address: urls.first().map(|url| shown(url)).unwrap_or_default(),
            message: format!("no client could be made: {error}"),
        })?;
        Ok(Self { client, login, limits: limits.clone(), warnings })
    }

    /// Sends one request and reads at most `most` bytes of its answer; more than that are left.
    pub(crate) async fn send(&self, request: RequestBuilder, most: usize) -> Result<Reply, PowerError> {
        let request = match &self.login {
            Login::Nobody => request,
            Login::Basic { user, password } => request.basic_auth(user, Some(password.expose())),
            Login::Bearer(token) => request.bearer_auth(token.expose()),
        };
        let request = request.build().map_err(|error| PowerError::Failed {
            address: "the request".into(),
            message: format!("it cannot be sent: {}", error.without_url()),
        })?;
        let url = request.url().clone();
        let mut answer = match self.client.execute(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(explain(&url, &error, &self.limits).await),
        };
        let etag = answer.headers().get("etag").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, mut body) = (answer.status(), Vec::new());
        while body.len() < most {
            match answer.chunk().await {
                Ok(Some(more)) => body.extend_from_slice(&more[..more.len().min(most - body.len())]),
                Ok(None) => break,
                Err(error) => return Err(explain(&url, &error, &self.limits).await),
            }
        }
        Ok(Reply { status, etag, body })
    }

    /// The error behind an answer that is no success.
    pub(crate) fn refused(&self, url: &Url, status: StatusCode, said: Option<String>) -> PowerError {
        let address = shown(url);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                PowerError::Auth { address, hint: format!("{}; it answers {}", self.login, status.as_u16()) }
            }
            status if status.is_redirection() => PowerError::Failed {
                address,
                message:
                    "it sends its callers elsewhere, and credentials are not sent after it; give the address where it \
                          answers itself"
                        .into(),
            },
            status => {
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                PowerError::Failed { address, message: format!("it answers {status}{said}") }
            }
        }
    }
}

/// What to correct.
impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "it wants a login; set `power_user` and `power_pass`, or `power_token`",
            Self::Basic { .. } => "correct `power_user` and `power_pass`, or the user's rights",
            Self::Bearer(_) => "correct `power_token`, or its rights",
        })
    }
}

/// An address for messages.
pub(crate) fn shown(url: &Url) -> String {
    crate::address::shown(url.as_str())
}

fn trust(parameters: &Parameters) -> (Trust, Vec<String>) {
    if let Some(pin) = parameters.plain("power_fingerprint") {
        return (Trust::Pinned(pin.to_owned()), Vec::new());
    }
    if let Some(pem) = parameters.plain("power_ca") {
        return (Trust::Roots { pem: pem.to_owned(), with_system: false }, Vec::new());
    }
    if parameters.plain("power_verify_ssl") == Some("n") {
        let warning = "the certificate is not checked, so anybody on the way can read the password: set `power_fingerprint` or \
                       `power_ca`";
        return (Trust::Insecure, vec![warning.to_owned()]);
    }
    (Trust::System, Vec::new())
}

fn configuration(trust: &Trust) -> Result<rustls::ClientConfig, PowerError> {
    // Hundreds of BMCs are asked in turn: the system's roots are read for the first of them.
    static SYSTEM: OnceLock<rustls::ClientConfig> = OnceLock::new();
    if let (Trust::System, Some(config)) = (trust, SYSTEM.get()) {
        return Ok(config.clone());
    }
    let config = client_config(trust).map_err(|error| match error {
        TrustError::Pin(_) => {
            settings("power_fingerprint", "give the SHA-256 of the certificate, 64 hexadecimal digits")
        }
        TrustError::Pem => settings("power_ca", "give certificates in PEM"),
        TrustError::Rustls(error) => settings("power_ca", &format!("the certificates cannot be used: {error}")),
    })?;
    if matches!(trust, Trust::System) {
        let _ = SYSTEM.set(config.clone());
    }
    Ok(config)
}

fn settings(field: &str, why: &str) -> PowerError {
    PowerError::Settings { field: field.to_owned(), why: why.to_owned() }
}
