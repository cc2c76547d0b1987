use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The kinds of network interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InterfaceType {
    Physical,
    Bond,
    Bridge,
    Vlan,
    Alias,
    /// Seen on the network, on no node.
    Unknown,
}

impl InterfaceType {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Physical, Self::Bond, Self::Bridge, Self::Vlan, Self::Alias, Self::Unknown];

    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Bond => "bond",
            Self::Bridge => "bridge",
            Self::Vlan => "vlan",
            Self::Alias => "alias",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for InterfaceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for InterfaceType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("unknown interface type `{text}`: use {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}
