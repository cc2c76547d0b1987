//! The event log's words: levels, types, where a request came in, how it ended.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod kind;

pub use kind::EventType;

/// How grave an event is. `Audit` is a kind of its own, outside the scale, as in MAAS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Audit = 0,
    Debug = 10,
    Info = 20,
    Warning = 30,
    Error = 40,
    Critical = 50,
}

impl Level {
    /// All levels, `Audit` first.
    pub const ALL: [Self; 6] = [Self::Audit, Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The name in API 2.0.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "AUDIT",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }

    /// From the stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level as i64 == number)
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| format!("Unrecognised log level: {text}"))
    }
}

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Endpoint {
    Api = 0,
    #[serde(rename = "WebUI")]
    Ui = 1,
    Cli = 2,
    /// The site's own jobs.
    System = 3,
}

impl Endpoint {
    /// All endpoints.
    pub const ALL: [Self; 4] = [Self::Api, Self::Ui, Self::Cli, Self::System];

    /// As shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Ui => "WebUI",
            Self::Cli => "CLI",
            Self::System => "System",
        }
    }

    /// From the stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| *endpoint as i64 == number)
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Success,
    Denied,
    Failed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Success, Self::Denied, Self::Failed];

    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| format!("unknown outcome `{text}`: use `success`, `denied` or `failed`"))
    }
}
