use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

use super::petname;

/// The first label of a node's name: 1 to 63 letters, digits and hyphens, lower case, no hyphen at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Hostname(String);

impl Hostname {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Two friendly words for a (random) number: `fast-newt`. Numbers that differ modulo [`Hostname::PETNAMES`] give different
    /// names.
    pub fn petname(number: u64) -> Self {
        let (adjective, noun) = petname::words(number);
        Self(format!("{adjective}-{noun}"))
    }

    /// How many names [`Hostname::petname`] knows.
    pub const PETNAMES: u64 = petname::COUNT;
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a host name was refused; the texts are what clients of API 2.0 know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostnameError {
    #[error("DNS name contains an empty label.")]
    Empty,
    #[error("Label is too long: '{0}'.  Maximum allowed is 63.")]
    TooLong(String),
    #[error("Label cannot start or end with hyphen: '{0}'.")]
    Hyphen(String),
    #[error("Label contains disallowed characters: '{0}'.")]
    Characters(String),
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, HostnameError> {
        let shown = || text.chars().take(80).collect();
        if text.is_empty() {
            return Err(HostnameError::Empty);
        }
        if text.len() > 63 {
            return Err(HostnameError::TooLong(shown()));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(HostnameError::Characters(shown()));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(HostnameError::Hyphen(shown()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl<'de> Deserialize<'de> for Hostname {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Hostname, HostnameError};

    #[test]
    fn names_are_checked_and_folded() {
        for (good, name) in [("a", "a"), ("Web-01", "web-01"), ("0", "0"), ("a--b", "a--b")] {
            assert_eq!(good.parse::<Hostname>().unwrap().as_str(), name);
        }
        assert_eq!("".parse::<Hostname>(), Err(HostnameError::Empty));
        for bad in ["a.b", "a b", "a_b", "ü", "a\n"] {
            assert_eq!(bad.parse::<Hostname>(), Err(HostnameError::Characters(bad.to_owned())));
        }
        for bad in ["-a", "a-", "-"] {
            assert_eq!(bad.parse::<Hostname>(), Err(HostnameError::Hyphen(bad.to_owned())));
        }
        assert!("x".repeat(63).parse::<Hostname>().is_ok());
        assert!(matches!("x".repeat(64).parse::<Hostname>(), Err(HostnameError::TooLong(_))));
    }

    #[test]
    fn every_petname_is_a_valid_name_of_its_own() {
        let names: std::collections::HashSet<_> = (0..Hostname::PETNAMES).map(Hostname::petname).collect();
        assert_eq!(names.len() as u64, Hostname::PETNAMES);
        assert!(
            names.iter().all(|name| name.as_str().parse::<Hostname>().as_ref() == Ok(name) && name.as_str().len() < 24)
        );
        assert_eq!(Hostname::petname(5), Hostname::petname(5 + Hostname::PETNAMES));
        Hostname::petname(u64::MAX);
    }
}
