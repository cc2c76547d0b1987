//! The parts of Redfish's resources that power needs.

use serde::Deserialize;
use serde_json::Value;

use crate::PowerState;

/// `/redfish/v1/Systems`.
#[derive(Debug, Deserialize)]
pub(super) struct Collection {
    #[serde(rename = "Members", default)]
    pub(super) members: Vec<Link>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(rename = "@odata.id")]
    pub(super) id: String,
}

/// `/redfish/v1/Systems/ID`.
#[derive(Debug, Deserialize)]
pub(super) struct System {
    #[serde(rename = "PowerState")]
    pub(super) power_state: Option<String>,
    #[serde(rename = "@Redfish.Settings")]
    settings: Option<Value>,
    #[serde(rename = "Actions")]
    actions: Option<Value>,
}

impl System {
    /// Where changes that the next boot takes up are written, when that is elsewhere.
    pub(super) fn settings(&self) -> Option<&str> {
        self.settings.as_ref()?.pointer("/SettingsObject/@odata.id")?.as_str()
    }

    /// Where a reset is asked for.
    pub(super) fn reset_target(&self) -> Option<&str> {
        self.actions.as_ref()?.pointer("/#ComputerSystem.Reset/target")?.as_str()
    }
}

/// The state by Redfish's word for it. One that passes is not known yet.
pub(super) fn state_of(word: Option<&str>) -> PowerState {
    match word {
        Some("Off" | "PoweringOn") => PowerState::Off,
        Some("On" | "Paused" | "PoweringOff") => PowerState::On,
        None | Some("Reset" | "Unknown" | "Null") => PowerState::Unknown,
        Some(_) => PowerState::Error,
    }
}

/// What a BMC says of a request that it refuses.
pub(super) fn message(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let first = value.pointer("/error/@Message.ExtendedInfo/0/Message").or_else(|| value.pointer("/error/message"))?;
    let clean: String = first.as_str()?.chars().filter(|c| !c.is_control()).take(200).collect();
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::{System, message, state_of};
    use crate::PowerState;

    #[test]
    fn words_for_the_state() {
        for (word, state) in [
            ("On", PowerState::On),
            ("PoweringOff", PowerState::On),
            ("Off", PowerState::Off),
            ("PoweringOn", PowerState::Off),
            ("Reset", PowerState::Unknown),
            ("Melted", PowerState::Error),
        ] {
            assert_eq!(state_of(Some(word)), state, "{word}");
        }
        assert_eq!(state_of(None), PowerState::Unknown);
    }

    #[test]
    fn links_are_found_where_they_are() {
        let text = r##"{"PowerState": "On",
            "@Redfish.Settings": {"SettingsObject": {"@odata.id": "/redfish/v1/Systems/1/Settings"}},
            "Actions": {"#ComputerSystem.Reset": {"target": "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"}}}"##;
        let system: System = serde_json::from_str(text).unwrap();
        assert_eq!(system.settings(), Some("/redfish/v1/Systems/1/Settings"));
        assert_eq!(system.reset_target(), Some("/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"));
        let bare: System = serde_json::from_str("{}").unwrap();
        assert_eq!((bare.settings(), bare.reset_target()), (None, None));
    }

    #[test]
    fn a_refusal_is_one_line() {
        let body = br#"{"error": {"message": "no", "@Message.ExtendedInfo": [{"Message": "Not\n while updating"}]}}"#;
        assert_eq!(message(body).unwrap(), "Not while updating");
        assert_eq!(message(b"<html>"), None);
    }
}
