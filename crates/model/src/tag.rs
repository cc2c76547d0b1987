//! Tags: words that people, or expressions over hardware facts, stick on nodes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

/// The name of a tag: up to 256 ASCII letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TagName(String);

impl TagName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a tag's name was refused; the texts are what clients of API 2.0 know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagNameError {
    #[error("This field is required.")]
    Empty,
    #[error("Ensure this value has at most 256 characters (it has {0}).")]
    TooLong(usize),
    #[error("Enter a valid value.")]
    Characters,
}

impl FromStr for TagName {
    type Err = TagNameError;

    fn from_str(text: &str) -> Result<Self, TagNameError> {
        if text.is_empty() {
            return Err(TagNameError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Err(TagNameError::Characters);
        }
        if text.len() > 256 {
            return Err(TagNameError::TooLong(text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for TagName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{TagName, TagNameError};

    #[test]
    fn names_follow_the_rule() {
        for good in ["gpu", "2-sockets", "_", "virtual_A"] {
            assert!(good.parse::<TagName>().is_ok(), "{good}");
        }
        for bad in ["a b", "a.b", "a,b", "ü", "a\n"] {
            assert_eq!(bad.parse::<TagName>(), Err(TagNameError::Characters), "{bad:?}");
        }
        assert_eq!("".parse::<TagName>(), Err(TagNameError::Empty));
        assert_eq!("x".repeat(300).parse::<TagName>(), Err(TagNameError::TooLong(300)));
    }
}
