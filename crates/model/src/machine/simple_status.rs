use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The groups in which lists show machines by status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimpleStatus {
    Allocated,
    Broken,
    Commissioning,
    Deployed,
    Deploying,
    Failed,
    New,
    Ready,
    Releasing,
    RescueMode,
    Testing,
    Other,
}

impl SimpleStatus {
    /// All groups.
    pub const ALL: [Self; 12] = [
        Self::Allocated,
        Self::Broken,
        Self::Commissioning,
        Self::Deployed,
        Self::Deploying,
        Self::Failed,
        Self::New,
        Self::Ready,
        Self::Releasing,
        Self::RescueMode,
        Self::Testing,
        Self::Other,
    ];

    /// The word in filters: `rescue_mode`.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// As shown: `Rescue Mode`.
    pub const fn label(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Allocated => ("allocated", "Allocated"),
            Self::Broken => ("broken", "Broken"),
            Self::Commissioning => ("commissioning", "Commissioning"),
            Self::Deployed => ("deployed", "Deployed"),
            Self::Deploying => ("deploying", "Deploying"),
            Self::Failed => ("failed", "Failed"),
            Self::New => ("new", "New"),
            Self::Ready => ("ready", "Ready"),
            Self::Releasing => ("releasing", "Releasing"),
            Self::RescueMode => ("rescue_mode", "Rescue Mode"),
            Self::Testing => ("testing", "Testing"),
            Self::Other => ("other", "Other"),
        }
    }
}

impl fmt::Display for SimpleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SimpleStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|simple| simple.as_str() == text)
            .ok_or_else(|| format!("unknown status group `{text}`: use {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}
