use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

/// What a node's processor understands, and which flavour of boot it needs: `amd64/generic`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Architecture(String);

impl Architecture {
    /// The architectures that there are images for.
    pub const KNOWN: [&str; 6] = ["amd64", "arm64", "armhf", "i386", "ppc64el", "s390x"];

    /// The name as text, both parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash: `amd64`.
    pub fn family(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(family, _)| family)
    }

    /// The part after the slash: `generic`.
    pub fn flavour(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, flavour)| flavour)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text names no known architecture; the words are what clients of API 2.0 know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a valid architecture.  It should be one of: {known}.", known = known())]
pub struct ArchitectureError(String);

fn known() -> String {
    Architecture::KNOWN.map(|family| format!("'{family}/generic'")).join(", ")
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    /// Takes `amd64/generic`, or `amd64` alone, which means the same.
    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        let (family, flavour) = text.split_once('/').unwrap_or((text, "generic"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !Self::KNOWN.contains(&family) || flavour.is_empty() || flavour.len() > 32 || !flavour.bytes().all(plain) {
            return Err(ArchitectureError(text.chars().take(80).collect()));
        }
        Ok(Self(format!("{family}/{flavour}")))
    }
}

impl<'de> Deserialize<'de> for Architecture {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Architecture;

    #[test]
    fn the_flavour_may_be_left_out() {
        assert_eq!("amd64".parse::<Architecture>().unwrap().as_str(), "amd64/generic");
        let arch: Architecture = "arm64/xgene-uboot".parse().unwrap();
        assert_eq!((arch.family(), arch.flavour()), ("arm64", "xgene-uboot"));
        for bad in ["", "vax", "vax/generic", "amd64/", "amd64/a/b", "AMD64", "amd64/ä"] {
            assert!(bad.parse::<Architecture>().is_err(), "{bad}");
        }
        assert!(
            "vax".parse::<Architecture>().unwrap_err().to_string().starts_with("'vax' is not a valid architecture.")
        );
    }
}
