use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

/// A hardware address of six bytes; written in lower case with colons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// The vendor's part, the first three bytes.
    pub const fn vendor(self) -> [u8; 3] {
        [self.0[0], self.0[1], self.0[2]]
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddress({self})")
    }
}

/// The text is not a hardware address; the words are what clients of API 2.0 know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a valid MAC address.")]
pub struct MacError(String);

impl FromStr for MacAddress {
    type Err = MacError;

    /// Takes `aa:bb:cc:dd:ee:ff`, `aa-bb-cc-dd-ee-ff` and `aabb.ccdd.eeff`, in either case.
    fn from_str(text: &str) -> Result<Self, MacError> {
        parse(text.trim()).ok_or_else(|| MacError(text.chars().take(40).collect()))
    }
}

fn parse(text: &str) -> Option<MacAddress> {
    let (separator, width) = match text.as_bytes().get(2)? {
        b':' => (':', 2),
        b'-' => ('-', 2),
        _ => ('.', 4),
    };
    let groups: Vec<&str> = text.split(separator).collect();
    let fits = |group: &&str| group.len() == width && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if groups.len() * width != 12 || !groups.iter().all(fits) {
        return None;
    }
    let digits = groups.concat();
    let mut bytes = [0; 6];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(MacAddress(bytes))
}

impl Serialize for MacAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::MacAddress;

    #[test]
    fn three_spellings_become_one() {
        for text in ["52:54:00:Ab:CD:0e", "52-54-00-ab-cd-0E", "5254.00ab.cd0e", " 52:54:00:ab:cd:0e "] {
            assert_eq!(text.parse::<MacAddress>().unwrap().to_string(), "52:54:00:ab:cd:0e", "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "52",
            "52:54:00:ab:cd",
            "52:54:00:ab:cd:0e:11",
            "52:54:00:ab:cd:0g",
            "525400abcd0e",
            "5254.00ab:cd0e",
            "52:54-00:ab:cd:0e",
            "5:254:00:ab:cd:0e",
            "52:+4:00:ab:cd:0e",
            "üü:üü:00:ab:cd:0e",
            "5254.00ab.cd0",
        ] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }
}
