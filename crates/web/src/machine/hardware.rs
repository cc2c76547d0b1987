//! The hardware of a machine, read from the document that API 2.0 shows of it.

use serde_json::Value;

/// The members of the document that tell of hardware.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hardware(Value);

impl Hardware {
    /// From the piece of JSON that is stored: members without the braces, beginning with a comma.
    pub(crate) fn read(body: &str) -> Self {
        let whole = format!("{{\"\":0{body}}}");
        Self(serde_json::from_str(&whole).unwrap_or_default())
    }

    /// A member; null for what is not there.
    pub(crate) fn member(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// The items of a member.
    pub(crate) fn items(&self, name: &str) -> &[Value] {
        items(&self.0, name)
    }

    /// `hardware_info`: what the firmware says of itself, without what it does not say.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        let info = &self.0["hardware_info"];
        let known = |(label, name): (&'static str, &str)| {
            let value = text(info, name);
            (!value.is_empty() && value != "Unknown").then_some((label, value))
        };
        FACTS.into_iter().filter_map(known).collect()
    }
}

/// A member as text; empty for null and for what is not there.
pub(crate) fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A member as a number; 0 for what is none.
pub(crate) fn number(value: &Value, name: &str) -> i64 {
    value[name].as_i64().unwrap_or(0)
}

/// The items of a list.
pub(crate) fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

const FACTS: [(&str, &str); 10] = [
    ("Vendor", "system_vendor"),
    ("Product", "system_product"),
    ("Version", "system_version"),
    ("Serial number", "system_serial"),
    ("Processor", "cpu_model"),
    ("Mainboard", "mainboard_product"),
    ("Mainboard vendor", "mainboard_vendor"),
    ("Firmware", "mainboard_firmware_version"),
    ("Firmware vendor", "mainboard_firmware_vendor"),
    ("Chassis", "chassis_type"),
];

#[cfg(test)]
mod tests {
    use super::Hardware;

    #[test]
    fn what_is_not_known_is_left_out() {
        let body = ",\n \"hardware_info\": {\"system_vendor\": \"Dell Inc.\", \"system_product\": \"Unknown\"}";
        assert_eq!(Hardware::read(body).facts(), [("Vendor", "Dell Inc.".to_owned())]);
        assert!(Hardware::read("no json").facts().is_empty());
        assert!(Hardware::read("").items("interface_set").is_empty());
    }
}
