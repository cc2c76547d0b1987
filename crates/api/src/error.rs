//! Failures, rendered once: status, headers and body as API 2.0 has them.

use std::{error::Error as _, time::Duration};

use http::{HeaderValue, StatusCode, header};
use maas_authz::{Refusal, Why};
use maas_region::{Error, auth::AuthError};

use crate::reply::{self, Reply};

/// Why a request got no better answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// From a use case.
    #[error(transparent)]
    Region(#[from] Error),
    /// Refused, with the rule and who can help.
    #[error("{0}")]
    Refused(Refusal, String),
    /// From showing who it is.
    #[error(transparent)]
    Auth(AuthError),
    /// Nobody is signed in, and somebody must be.
    #[error("Forbidden")]
    NotSignedIn,
    /// A cookie came without proof that this site's own page sent it.
    #[error("{0}")]
    Csrf(&'static str),
    /// A status and one line.
    #[error("{1}")]
    Plain(StatusCode, String),
    /// The path has no action with this method.
    #[error("method not allowed")]
    Method(String),
}

impl ApiError {
    /// 400 and one line.
    pub(crate) fn bad(line: impl Into<String>) -> Self {
        Self::Plain(StatusCode::BAD_REQUEST, line.into())
    }

    /// Whether somebody was kept from what they tried, for the log of denied requests.
    pub(crate) const fn is_denial(&self) -> bool {
        matches!(
            self,
            Self::Region(Error::Denied(_) | Error::Forbidden(_))
                | Self::Refused(..)
                | Self::Auth(AuthError::Inactive)
                | Self::NotSignedIn
                | Self::Csrf(_)
        )
    }

    /// Whether the answer goes without `X-MAAS-API-Hash`, as MAAS's does when OAuth refused.
    pub(crate) const fn is_before_the_resource(&self) -> bool {
        matches!(self, Self::Auth(_))
    }

    /// The answer.
    pub(crate) fn into_reply(self) -> Reply {
        match self {
            Self::Region(error) => render_region(error),
            Self::Refused(refusal, explanation) => forbidden(&refusal, &explanation),
            Self::Auth(error) => render_auth(error),
            Self::NotSignedIn => reply::text(StatusCode::UNAUTHORIZED, "Forbidden"),
            Self::Csrf(why) => reply::text(StatusCode::FORBIDDEN, why),
            Self::Plain(status, line) => reply::text(status, line),
            Self::Method(allow) => {
                let mut reply = reply::empty(StatusCode::METHOD_NOT_ALLOWED);
                if let Ok(value) = HeaderValue::from_str(&allow) {
                    reply.headers_mut().insert(header::ALLOW, value);
                }
                reply
            }
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Other(error) => Self::Region(error),
            error => Self::Auth(error),
        }
    }
}

impl From<maas_authz::Refusal> for ApiError {
    fn from(refusal: maas_authz::Refusal) -> Self {
        Self::Region(Error::Denied(refusal))
    }
}

fn render_region(error: Error) -> Reply {
    match error {
        Error::NotFound { .. } => reply::text(StatusCode::NOT_FOUND, error.to_string()),
        Error::Denied(refusal) => match refusal.why {
            Why::NotSignedIn => reply::text(StatusCode::UNAUTHORIZED, "Forbidden"),
            _ => forbidden(&refusal, &refusal.explain()),
        },
        Error::Forbidden(line) => refused(line, "Forbidden"),
        Error::Invalid(fields) => reply::json_with(StatusCode::BAD_REQUEST, &fields),
        Error::BadRequest(line) => reply::text(StatusCode::BAD_REQUEST, line),
        Error::Conflict(line) => reply::text(StatusCode::CONFLICT, line),
        Error::Throttled { retry_after } => {
            let line = error.to_string();
            later(reply::text(StatusCode::TOO_MANY_REQUESTS, line), retry_after)
        }
        Error::Unavailable { retry_after, .. } => {
            let line = error.to_string();
            later(reply::text(StatusCode::SERVICE_UNAVAILABLE, line), retry_after)
        }
        Error::Unready(line) => reply::text(StatusCode::SERVICE_UNAVAILABLE, line),
        Error::Internal(_) => {
            tracing::error!(error.chain = %chain(&error), "a request failed");
            reply::text(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    }
}

/// MAAS's line, below it why, and a word for scripts.
fn forbidden(refusal: &Refusal, explanation: &str) -> Reply {
    refused(format!("{refusal}\n{explanation}"), refusal.code())
}

fn refused(text: String, code: &'static str) -> Reply {
    let mut reply = reply::text(StatusCode::FORBIDDEN, text);
    reply.headers_mut().insert(ERROR_CODE, HeaderValue::from_static(code));
    reply
}

/// The header with a stable word for why something was refused.
pub(crate) const ERROR_CODE: &str = "x-maas-error-code";

fn render_auth(error: AuthError) -> Reply {
    let line = error.to_string();
    match error {
        AuthError::BadTimestamp => reply::text(StatusCode::BAD_REQUEST, line),
        AuthError::Inactive => reply::text(StatusCode::FORBIDDEN, line),
        AuthError::Throttled { retry_after } => later(reply::text(StatusCode::TOO_MANY_REQUESTS, line), retry_after),
        AuthError::InvalidToken | AuthError::WrongNetwork => {
            challenge(line, "Bearer realm=\"MAAS\", error=\"invalid_token\"")
        }
        AuthError::InvalidApiKey
        | AuthError::ExpiredTimestamp { .. }
        | AuthError::NonceUsed
        | AuthError::InvalidSignature
        | AuthError::UnsupportedMethod
        | AuthError::BadVersion => challenge(line, "OAuth realm=\"OAuth\""),
        AuthError::Other(error) => render_region(error),
    }
}

fn challenge(line: String, how: &'static str) -> Reply {
    let mut reply = reply::text(StatusCode::UNAUTHORIZED, line);
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(how));
    reply
}

/// Adds `Retry-After`: whole seconds, at least one, since clients read nothing else.
pub(crate) fn later(mut reply: Reply, after: Duration) -> Reply {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    reply
}

/// The error and its causes, for the log.
pub(crate) fn chain(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line = format!("{line}: {inner}");
        cause = inner.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use expect_test::{Expect, expect};
    use maas_authz::{Action, Asked, Refusal, Why};
    use maas_region::{Error, FieldErrors, auth::AuthError};

    use super::ApiError;

    async fn check(error: impl Into<ApiError>, expected: Expect) {
        let reply = error.into().into_reply();
        let mut seen = format!("{}\n", reply.status().as_u16());
        for (name, value) in reply.headers() {
            seen += &format!("{name}: {}\n", value.to_str().unwrap());
        }
        let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
        seen += std::str::from_utf8(&body).unwrap();
        expected.assert_eq(&seen);
    }

    #[tokio::test]
    async fn use_cases_fail_as_in_maas() {
        check(
            Error::NotFound { what: "User" },
            expect![[r#"
                404
                content-type: text/plain; charset=utf-8
                No User matches the given query."#]],
        )
        .await;
        let mut fields = FieldErrors::new();
        fields.insert("key".into(), vec!["This field is required.".into()]);
        check(
            Error::Invalid(fields),
            expect![[r#"
                400
                content-type: application/json; charset=utf-8
                {
                    "key": [
                        "This field is required."
                    ]
                }"#]],
        )
        .await;
        check(
            Refusal { asked: Asked::Site(Action::EditIdentities), why: Why::Site { needed: Action::EditIdentities } },
            expect![[r#"
                403
                content-type: text/plain; charset=utf-8
                x-maas-error-code: MissingPermission
                User does not have permission to perform this operation. The user should have permission 'can_edit_identities'
                None of your roles on the whole site includes `can_edit_identities`. An administrator can do this, or give you the role."#]],
        )
        .await;
        check(
            Error::Unavailable { what: "the database".into(), retry_after: Duration::from_millis(9_500) },
            expect![[r#"
                503
                content-type: text/plain; charset=utf-8
                retry-after: 10
                the database is not available now"#]],
        )
        .await;
        let cause = std::io::Error::other("secret detail");
        check(
            Error::Internal(Box::new(cause)),
            expect![[r#"
                500
                content-type: text/plain; charset=utf-8
                internal error"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn credentials_fail_as_in_maas() {
        check(
            AuthError::InvalidSignature,
            expect![[r#"
                401
                content-type: text/plain; charset=utf-8
                www-authenticate: OAuth realm="OAuth"
                Authorization Error: 'Invalid signature.'"#]],
        )
        .await;
        check(
            AuthError::Inactive,
            expect![[r#"
                403
                content-type: text/plain; charset=utf-8
                User is not allowed access to this API."#]],
        )
        .await;
        check(
            ApiError::NotSignedIn,
            expect![[r#"
                401
                content-type: text/plain; charset=utf-8
                Forbidden"#]],
        )
        .await;
    }
}
