//! Nodes: what machines, devices and controllers have in common. Their ids, kinds, names and power.

mod architecture;
mod hostname;
mod interface_type;
mod mac;
mod petname;

pub use architecture::{Architecture, ArchitectureError};
pub use hostname::{Hostname, HostnameError};
pub use interface_type::InterfaceType;
pub use mac::{MacAddress, MacError};

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

/// The name of a node in URLs, events and metadata: six characters of an alphabet without look-alikes. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId([u8; 6]);

impl SystemId {
    /// The smallest number that [`SystemId::from_number`] takes: 24⁵.
    pub const FIRST: u64 = 24u64.pow(5);
    /// The largest number that [`SystemId::from_number`] takes: 24⁶ - 1.
    pub const LAST: u64 = 24u64.pow(6) - 1;

    const ALPHABET: &[u8; 24] = b"34678abcdefghkmnpqrstwxy";

    /// The id of a (random) number from `FIRST` to `LAST`; nothing for any other.
    pub fn from_number(number: u64) -> Option<Self> {
        if !(Self::FIRST..=Self::LAST).contains(&number) {
            return None;
        }
        let mut rest = number;
        let mut text = [0; 6];
        for place in text.iter_mut().rev() {
            *place = Self::ALPHABET[usize::try_from(rest % 24).ok()?];
            rest /= 24;
        }
        Some(Self(text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemId({self})")
    }
}

/// The text is not six characters of the alphabet of system ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a system id: six characters of `34678abcdefghkmnpqrstwxy`")]
pub struct SystemIdError(String);

impl FromStr for SystemId {
    type Err = SystemIdError;

    fn from_str(text: &str) -> Result<Self, SystemIdError> {
        match text.as_bytes().try_into() {
            Ok(bytes) if text.bytes().all(|byte| Self::ALPHABET.contains(&byte)) => Ok(Self(bytes)),
            _ => Err(SystemIdError(text.chars().take(20).collect())),
        }
    }
}

impl Serialize for SystemId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SystemId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The kinds of nodes, with the numbers that API 2.0 shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeType {
    Machine = 0,
    Device = 1,
    RackController = 2,
    RegionController = 3,
    RegionAndRackController = 4,
}

impl NodeType {
    /// All kinds, by number.
    pub const ALL: [Self; 5] =
        [Self::Machine, Self::Device, Self::RackController, Self::RegionController, Self::RegionAndRackController];

    /// As shown: `Rack controller`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::Device => "Device",
            Self::RackController => "Rack controller",
            Self::RegionController => "Region controller",
            Self::RegionAndRackController => "Region and rack controller",
        }
    }

    /// The number, as stored and as shown.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// From the stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Whether this is one of the three kinds of controllers.
    pub const fn is_controller(self) -> bool {
        !matches!(self, Self::Machine | Self::Device)
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether a node is on, as far as anyone knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PowerState {
    On,
    Off,
    /// Nobody has asked yet, or the driver cannot be asked.
    #[default]
    Unknown,
    /// The BMC was asked and did not answer as it should.
    Error,
}

impl PowerState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::On, Self::Off, Self::Unknown, Self::Error];

    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unknown => "unknown",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for PowerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PowerState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("unknown power state `{text}`: use `on`, `off`, `unknown` or `error`"))
    }
}

#[cfg(test)]
mod tests {
    use super::{NodeType, PowerState, SystemId};

    #[test]
    fn system_ids_have_six_characters_of_the_alphabet() {
        assert_eq!(SystemId::from_number(SystemId::FIRST).unwrap().as_str(), "433333");
        assert_eq!(SystemId::from_number(SystemId::LAST).unwrap().as_str(), "yyyyyy");
        assert_eq!(SystemId::from_number(SystemId::FIRST - 1), None);
        assert_eq!(SystemId::from_number(SystemId::LAST + 1), None);
        assert_eq!("4y3h7n".parse::<SystemId>().unwrap().to_string(), "4y3h7n");
        for bad in ["", "4y3h7", "4y3h7nn", "4Y3H7N", "4y3h7i", "4y3h7ü", "4y3h7 "] {
            assert!(bad.parse::<SystemId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn system_ids_are_text_in_json() {
        let id: SystemId = serde_json::from_str("\"abcdef\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"abcdef\"");
        assert!(serde_json::from_str::<SystemId>("\"ABCDEF\"").is_err());
    }

    #[test]
    fn kinds_and_states_come_back_from_what_is_stored() {
        for kind in NodeType::ALL {
            assert_eq!(NodeType::from_number(kind.number()), Some(kind));
        }
        assert_eq!(NodeType::from_number(5), None);
        for state in PowerState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
        assert!("ON".parse::<PowerState>().is_err());
    }
}
