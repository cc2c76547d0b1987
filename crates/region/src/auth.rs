//! Who is this? Sessions, API keys, bearer tokens and passwords, each turned into an
//! [`OpCtx`](maas_authz::OpCtx).

use maas_model::{Secret, Timestamp};

use crate::users::User;

pub(crate) mod alphabet;
mod authenticate;
mod cache;
mod csrf;
mod gate;
mod limits;
mod login;
mod nonce;
mod oauth;
mod password;
mod queue;
mod reauthenticate;
mod record;
mod renew;
mod throttle;

pub use authenticate::authenticate;
pub use csrf::{csrf_masked, csrf_matches, csrf_token};
pub(crate) use gate::{Gate, run_last_use, write_last_use};
pub(crate) use limits::Limits;
pub(crate) use login::verify_own_password;
pub use login::{api_key_for_password, log_in, log_out};
pub(crate) use password::{Verdict, score, weaknesses};
pub(crate) use reauthenticate::OWN;
pub use reauthenticate::{reauthenticate, require_step_up};
pub use record::record_denied;
pub use renew::renew;

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
    /// A bearer token that may not be used from there; to whoever sent it, no token at all.
    #[error("Authorization Error: Invalid token.")]
    WrongNetwork,
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
