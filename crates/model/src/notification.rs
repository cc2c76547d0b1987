//! Notices to people: their category and the fixed names of those that the site itself raises.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The colour of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Error,
    Warning,
    Success,
    Info,
}

impl Category {
    /// All categories, gravest first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Success, Self::Info];

    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Success => "success",
            Self::Info => "info",
        }
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| format!("Select a valid choice. {text} is not one of the available choices."))
    }
}

/// The certificate nears its end. The name is MAAS's.
pub const TLS_DUE: &str = "regiond-reverse-proxy-cert-expire";
/// The certificate has ended. The name is MAAS's.
pub const TLS_EXPIRED: &str = "regiond-reverse-proxy-cert-expired";
/// A region could not switch to a new certificate.
pub const TLS_APPLY_FAILED: &str = "tls-apply-failed";
