//! Names that people give to pools and zones.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

/// The name of a pool or a zone: up to 256 letters, digits, `_`, `-` and spaces; the first is a letter, a digit or `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PlaceName(String);

impl PlaceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a name was refused; the texts are what clients of API 2.0 know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceNameError {
    #[error("This field is required.")]
    Empty,
    #[error("Ensure this value has at most 256 characters (it has {0}).")]
    TooLong(usize),
    #[error("Enter a valid value.")]
    Characters,
}

impl FromStr for PlaceName {
    type Err = PlaceNameError;

    fn from_str(text: &str) -> Result<Self, PlaceNameError> {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = text.chars().count();
        match text.chars().next() {
            None => Err(PlaceNameError::Empty),
            Some(_) if length > 256 => Err(PlaceNameError::TooLong(length)),
            Some(first) if word(first) && text.chars().all(|c| word(c) || c == ' ' || c == '-') => {
                Ok(Self(text.to_owned()))
            }
            Some(_) => Err(PlaceNameError::Characters),
        }
    }
}

impl<'de> Deserialize<'de> for PlaceName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{PlaceName, PlaceNameError};

    #[test]
    fn names_follow_the_rule() {
        for good in ["default", "Rack 3 - left", "_x", "żółw", "7"] {
            assert_eq!(good.parse::<PlaceName>().unwrap().as_str(), good);
        }
        for bad in ["-a", " a", "a/b", "a.b", "a,b", "a\nb", "a\tb"] {
            assert_eq!(bad.parse::<PlaceName>(), Err(PlaceNameError::Characters), "{bad:?}");
        }
        assert_eq!("".parse::<PlaceName>(), Err(PlaceNameError::Empty));
        assert_eq!("x".repeat(257).parse::<PlaceName>(), Err(PlaceNameError::TooLong(257)));
    }
}
