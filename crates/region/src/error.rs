//! The shared meaning of failure; each edge renders it once.

use std::{collections::BTreeMap, time::Duration};

use maas_authz::Refusal;
use maas_store::StoreError;

/// Shorthand for use cases.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages by field; what belongs to no field stands under `__all__`, as clients of API 2.0 expect.
pub type FieldErrors = BTreeMap<String, Vec<String>>;

/// What went wrong, named by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the actor may not see it. The word is MAAS's model name: `User`, `SSHKey`, `Token`.
    #[error("No {what} matches the given query.")]
    NotFound { what: &'static str },
    /// Seen, but not allowed.
    #[error(transparent)]
    Denied(#[from] Refusal),
    /// Not allowed for a reason that is not the role's: `Can't delete a key you don't own.`
    #[error("{0}")]
    Forbidden(String),
    /// Fields that do not do.
    #[error("{}", render_fields(.0))]
    Invalid(FieldErrors),
    /// One message about the request as a whole.
    #[error("{0}")]
    BadRequest(String),
    /// Somebody else was quicker, or the state does not fit.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts.
    #[error("Too many login attempts. Try again later.")]
    Throttled { retry_after: Duration },
    /// Something that this depends on does not answer now.
    #[error("{what} is not available now")]
    Unavailable { what: String, retry_after: Duration },
    /// What would have to do it cannot now, and nothing was changed. The line says why and what to do.
    #[error("{0}")]
    Unready(String),
    /// Our fault; the chain goes to the log, the message to nobody.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// One field, one message.
    pub fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::from([(name.into(), vec![message.into()])]))
    }

    /// Our fault, in one line for the log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into().into())
    }

    /// A stable code for scripts and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not-found",
            Self::Denied(_) | Self::Forbidden(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::BadRequest(_) => "bad-request",
            Self::Conflict(_) => "conflict",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } | Self::Unready(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => {
                tracing::warn!(error = &source as &dyn std::error::Error, "the database does not answer");
                Self::Unavailable { what: "the database".to_owned(), retry_after: Duration::from_secs(5) }
            }
            StoreError::Config(_) | StoreError::Newer { .. } => Self::BadRequest(error.to_string()),
            other => Self::Internal(Box::new(other)),
        }
    }
}

fn render_fields(fields: &FieldErrors) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|(name, messages)| match name.as_str() {
            "__all__" => messages.join(" "),
            name => format!("{name}: {}", messages.join(" ")),
        })
        .collect();
    parts.join("; ")
}
