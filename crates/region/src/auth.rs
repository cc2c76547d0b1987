//! Who is this? Sessions, API keys, bearer tokens and passwords, each turned into an [`OpCtx`].

use maas_authz::{OpCtx, RequestInfo};
use maas_model::{Secret, Timestamp};

use crate::{Region, Result, keys::NewApiKey, users::User};

/// What a request brought to show who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// The value of the cookie `sessionid` (or `__Host-sessionid`).
    Session(Secret<String>),
    /// A parsed `Authorization: OAuth` header.
    OAuth(OAuth),
    /// `Authorization: Bearer`.
    Bearer(Secret<String>),
}

/// The six parameters of 0-legged OAuth 1.0 (RFC 5849, section 3.1), percent-decoded.
#[derive(Clone, Debug)]
pub struct OAuth {
    pub version: Option<String>,
    pub consumer_key: String,
    pub token_key: String,
    pub signature_method: String,
    /// Decoded: `&<token secret>` for PLAINTEXT.
    pub signature: Secret<String>,
    pub timestamp: String,
    pub nonce: String,
}

/// Why credentials were refused. The texts are those of API 2.0 with the corrections of its specification.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("Authorization Error: Invalid API key.")]
    InvalidApiKey,
    #[error(
        "Authorization Error: 'Expired timestamp: given {given} and now {now} has a greater difference than threshold 300'"
    )]
    ExpiredTimestamp { given: i64, now: i64 },
    #[error(
        "'Bad Request: the following problems were found among the auth params: oauth_timestamp has an unexpected type'"
    )]
    BadTimestamp,
    #[error("Authorization Error: 'Nonce already used.'")]
    NonceUsed,
    #[error("Authorization Error: 'Invalid signature.'")]
    InvalidSignature,
    #[error("Authorization Error: 'Signature method not supported try one of the following: PLAINTEXT'")]
    UnsupportedMethod,
    #[error("Authorization Error: 'OAuth version not supported.'")]
    BadVersion,
    /// A bearer token that is unknown, ended or revoked.
    #[error("Authorization Error: Invalid token.")]
    InvalidToken,
    #[error("User is not allowed access to this API.")]
    Inactive,
    #[error("Too many failed attempts. Try again later.")]
    Throttled { retry_after: std::time::Duration },
    #[error(transparent)]
    Other(#[from] crate::Error),
}

/// A session just made. The key is shown once, as a cookie.
#[derive(Debug)]
pub struct NewSession {
    pub session_key: Secret<String>,
    pub csrf_token: String,
    pub user: User,
    pub expires_at: Timestamp,
}

/// Turns credentials into a context. `None` is anonymous; a session that is unknown or ended is anonymous too.
///
/// # Errors
/// [`AuthError`] by what the client must be told.
pub async fn authenticate(
    region: &Region,
    credentials: Option<Credentials>,
    request: RequestInfo,
) -> Result<OpCtx, AuthError> {
    let _ = (region, credentials, request);
    unimplemented!("core")
}

/// Logs a user in by name and password and starts a session.
///
/// # Errors
/// `Throttled`; or `Invalid` with the one text of API 2.0, whatever was wrong.
pub async fn log_in(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
) -> Result<NewSession> {
    let _ = (region, request, username, password);
    unimplemented!("core")
}

/// Ends the session of `ctx`.
///
/// # Errors
/// `Internal` only.
pub async fn log_out(region: &Region, ctx: &OpCtx) -> Result<()> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Trades a name and password for a new API key (`accounts/authenticate/`), replacing the one of the same `consumer` name.
///
/// # Errors
/// `Throttled`; `Forbidden` for anything wrong.
pub async fn api_key_for_password(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
    consumer: Option<&str>,
) -> Result<NewApiKey> {
    let _ = (region, request, username, password, consumer);
    unimplemented!("core")
}

/// The CSRF token that belongs to this session key: 32 characters, derived, nothing stored.
pub fn csrf_token(region: &Region, session_key: &Secret<String>) -> String {
    let _ = (region, session_key);
    unimplemented!("core")
}

/// Whether `presented` (the token itself, or its 64-character masked form) belongs to the session.
pub fn csrf_matches(region: &Region, session_key: &Secret<String>, presented: &str) -> bool {
    let _ = (region, session_key, presented);
    unimplemented!("core")
}

/// A fresh 64-character masked form of the session's CSRF token.
pub fn csrf_masked(region: &Region, session_key: &Secret<String>) -> String {
    let _ = (region, session_key);
    unimplemented!("core")
}

/// Writes the audit row of a denied or refused request (`Denied <METHOD> <path>.`), bounded in rate per source.
pub async fn record_denied(region: &Region, ctx: &OpCtx, method: &str, path: &str, reason: &str) {
    let _ = (region, ctx, method, path, reason);
    unimplemented!("core")
}

/// What stands between a request and an actor.
pub struct Gate;

impl Gate {
    pub(crate) fn new(_: &crate::site_key::SiteKey, _: &crate::RegionConfig) -> Self {
        Self
    }
}

pub(crate) async fn run_last_use(_: &Region) {}

pub(crate) async fn write_last_use(_: &Region) {}
