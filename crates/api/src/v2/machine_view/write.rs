//! Members of an object of a list, in MAAS's spelling of JSON: four blanks a level.

use std::io::Write as _;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;

/// Writes members one after the other.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Members<'o> {
    /// Goes on behind whatever was written of the object.
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    fn name(&mut self, name: &str) {
        let begins = self.out.is_empty() || self.out.ends_with(b"{");
        self.out.extend_from_slice(if begins { b"\n        \"" } else { b",\n        \"" });
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\": ");
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        quoted(self.out, value);
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    pub(super) fn null(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"null");
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        // Writing into memory cannot fail.
        let _ = write!(self.out, "{value}");
    }

    pub(super) fn optional_number(&mut self, name: &str, value: Option<i64>) {
        match value {
            Some(value) => self.number(name, value),
            None => self.null(name),
        }
    }

    /// A list or an object.
    pub(super) fn json<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.name(name);
        let began = self.out.len();
        let mut printer = serde_json::Serializer::with_formatter(&mut *self.out, PrettyFormatter::with_indent(b"    "));
        if value.serialize(&mut printer).is_err() {
            self.out.truncate(began);
            self.out.extend_from_slice(b"null");
            return;
        }
        indent(self.out, began);
    }

    pub(super) fn json_or_null<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        match value {
            Some(value) => self.json(name, &value),
            None => self.null(name),
        }
    }

    /// Members that were rendered before, their comma first.
    pub(super) fn piece(&mut self, piece: &str) {
        self.out.extend_from_slice(piece.as_bytes());
    }
}

/// A JSON string. Nearly all are plain, which is looked at eight bytes at a time by the compiler.
fn quoted(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}

/// Moves the lines behind `from` to the level of members of a list's object.
fn indent(out: &mut Vec<u8>, from: usize) {
    if !out[from..].contains(&b'\n') {
        return;
    }
    let tail = out.split_off(from);
    for byte in tail {
        out.push(byte);
        if byte == b'\n' {
            out.extend_from_slice(b"        ");
        }
    }
}

/// What kinds of scripts there are: the key, and the two members that tell of each.
pub(super) const SCRIPT_KINDS: [(&str, &str, &str); 8] = [
    ("commissioning", "commissioning_status", "commissioning_status_name"),
    ("testing", "testing_status", "testing_status_name"),
    ("cpu_test", "cpu_test_status", "cpu_test_status_name"),
    ("memory_test", "memory_test_status", "memory_test_status_name"),
    ("network_test", "network_test_status", "network_test_status_name"),
    ("storage_test", "storage_test_status", "storage_test_status_name"),
    ("interface_test", "interface_test_status", "interface_test_status_name"),
    ("other_test", "other_test_status", "other_test_status_name"),
];

/// MAAS's word for the status of a script.
pub(crate) const fn script_status_name(status: i64) -> &'static str {
    match status {
        0 => "Pending",
        1 => "Running",
        2 => "Passed",
        3 => "Failed",
        4 => "Timed out",
        5 => "Aborted",
        6 => "Degraded",
        7 => "Installing dependencies",
        8 => "Failed installing dependencies",
        9 => "Skipped",
        10 => "Applying custom network configuration",
        11 => "Failed to apply custom network configuration",
        _ => "Unknown",
    }
}

/// The hardware of a machine of which nobody has told anything.
pub(super) const NO_HARDWARE: &str = r#",
        "boot_interface": null,
        "interface_set": [],
        "boot_disk": null,
        "blockdevice_set": [],
        "physicalblockdevice_set": [],
        "virtualblockdevice_set": [],
        "special_filesystems": [],
        "cache_sets": [],
        "bcaches": [],
        "raids": [],
        "volume_groups": [],
        "default_gateways": {
            "ipv4": {
                "gateway_ip": null,
                "link_id": null
            },
            "ipv6": {
                "gateway_ip": null,
                "link_id": null
            }
        },
        "hardware_info": {
            "system_vendor": "Unknown",
            "system_product": "Unknown",
            "system_family": "Unknown",
            "system_version": "Unknown",
            "system_sku": "Unknown",
            "system_serial": "Unknown",
            "cpu_model": "Unknown",
            "mainboard_vendor": "Unknown",
            "mainboard_product": "Unknown",
            "mainboard_serial": "Unknown",
            "mainboard_version": "Unknown",
            "mainboard_firmware_vendor": "Unknown",
            "mainboard_firmware_date": "Unknown",
            "mainboard_firmware_version": "Unknown",
            "chassis_vendor": "Unknown",
            "chassis_type": "Unknown",
            "chassis_serial": "Unknown",
            "chassis_version": "Unknown"
        },
        "numanode_set": [],
        "storage": 0.0"#;
