//! Why a BMC did not do what was asked.

use std::time::Duration;

/// What went wrong, by what the caller can do about it. Each says in one line what, where and what to do; none holds a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PowerError {
    /// The BMC was reached and does not accept the credentials. Asking again may lock the account.
    #[error("{address} refused the credentials: {hint}")]
    Auth { address: String, hint: String },
    /// A parameter is missing or cannot work. Asking again is of no use until it is changed.
    #[error("power parameter `{field}`: {why}")]
    Settings { field: String, why: String },
    /// Nothing answers there; it may later.
    #[error("{address} cannot be reached: {why}; check the address, the network and that the BMC has power")]
    Unreachable { address: String, why: String },
    /// The answer did not come in time; it may later.
    #[error("{address} did not answer within {} s; try again, and look at the BMC if this stays so", .limit.as_secs_f32())]
    Timeout { address: String, limit: Duration },
    /// The BMC answered, and did not do it.
    #[error("{address} failed: {message}")]
    Failed { address: String, message: String },
    /// The driver needs a program that is not there.
    #[error("the program `{program}` is not installed here; install the package `{package}`")]
    MissingProgram { program: &'static str, package: &'static str },
    /// The driver's name is known, and nothing more.
    #[error("the power type `{driver}` is not supported here; use `webhook` with a small service that speaks to it")]
    Unsupported { driver: &'static str },
}

impl PowerError {
    /// Whether asking again without any change may help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. } | Self::Failed { .. })
    }
}
