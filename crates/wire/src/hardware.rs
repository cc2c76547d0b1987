//! What a machine is made of, as API 2.0 shows it: interfaces, disks, NUMA nodes, vendors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The members of a machine that tell of its hardware.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    pub boot_interface: Option<Interface>,
    pub interface_set: Vec<Interface>,
    pub boot_disk: Option<BlockDevice>,
    pub blockdevice_set: Vec<BlockDevice>,
    pub physicalblockdevice_set: Vec<BlockDevice>,
    pub virtualblockdevice_set: Vec<BlockDevice>,
    pub special_filesystems: Vec<Filesystem>,
    pub cache_sets: Vec<Value>,
    pub bcaches: Vec<Value>,
    pub raids: Vec<Value>,
    pub volume_groups: Vec<Value>,
    pub numanode_set: Vec<NumaNode>,
    pub default_gateways: Gateways,
    /// The keys of [`INFO_KEYS`]; `Unknown` for what is not known.
    pub hardware_info: BTreeMap<String, String>,
    /// Sum of the physical disks, in MB (10⁶).
    pub storage: f64,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interface {
    pub system_id: String,
    pub id: i64,
    pub name: String,
    /// `physical`, `bond`...
    #[serde(rename = "type")]
    pub kind: String,
    pub vlan: Option<Value>,
    pub mac_address: Option<String>,
    /// Names.
    pub parents: Vec<String>,
    /// Names.
    pub children: Vec<String>,
    pub tags: Vec<String>,
    pub enabled: bool,
    pub links: Vec<Link>,
    /// An object, or an empty text.
    pub params: Value,
    pub discovered: Option<Vec<Value>>,
    pub effective_mtu: i64,
    pub vendor: String,
    pub product: String,
    pub firmware_version: Option<String>,
    pub link_connected: bool,
    /// In Mbit/s, what it could do.
    pub interface_speed: i64,
    /// In Mbit/s, what it does.
    pub link_speed: i64,
    pub numa_node: Option<i64>,
    pub sriov_max_vf: i64,
    pub resource_uri: String,
}

/// How an interface gets an address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Link {
    pub id: i64,
    /// `auto`, `dhcp`, `static`, `link_up`
    pub mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Value>,
}

/// A disk. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockDevice {
    pub system_id: String,
    pub id: i64,
    pub name: String,
    pub uuid: Option<String>,
    /// `physical` or `virtual`
    #[serde(rename = "type")]
    pub kind: String,
    pub path: String,
    pub model: String,
    pub serial: String,
    pub id_path: Option<String>,
    pub size: i64,
    pub block_size: i64,
    pub available_size: i64,
    pub used_size: i64,
    pub used_for: String,
    pub tags: Vec<String>,
    pub filesystem: Option<Filesystem>,
    /// `GPT` or `MBR`
    pub partition_table_type: Option<String>,
    pub partitions: Vec<Partition>,
    pub firmware_version: Option<String>,
    pub storage_pool: Option<String>,
    pub numa_node: Option<i64>,
    pub resource_uri: String,
}

/// A part of a disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Partition {
    pub system_id: String,
    pub device_id: i64,
    pub id: i64,
    pub uuid: String,
    pub path: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub size: i64,
    pub bootable: bool,
    pub filesystem: Option<Filesystem>,
    pub used_for: String,
    pub tags: Vec<String>,
    pub resource_uri: String,
}

/// A filesystem, mounted or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filesystem {
    pub fstype: String,
    pub label: Option<String>,
    pub uuid: String,
    pub mount_point: Option<String>,
    pub mount_options: Option<String>,
}

/// Processors and the memory near to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumaNode {
    pub index: i64,
    pub cores: Vec<i64>,
    /// In MiB.
    pub memory: i64,
    pub hugepages_set: Vec<HugePages>,
}

/// Large pages of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HugePages {
    pub page_size: i64,
    pub total: i64,
}

/// Where packets go by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gateways {
    pub ipv4: Gateway,
    pub ipv6: Gateway,
}

/// One way out, as far as there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gateway {
    pub gateway_ip: Option<String>,
    pub link_id: Option<i64>,
}

/// What `hardware_info` always has.
pub const INFO_KEYS: [&str; 18] = [
    "system_vendor",
    "system_product",
    "system_family",
    "system_version",
    "system_sku",
    "system_serial",
    "cpu_model",
    "mainboard_vendor",
    "mainboard_product",
    "mainboard_serial",
    "mainboard_version",
    "mainboard_firmware_vendor",
    "mainboard_firmware_date",
    "mainboard_firmware_version",
    "chassis_vendor",
    "chassis_type",
    "chassis_serial",
    "chassis_version",
];

#[cfg(test)]
mod tests {
    use super::{Interface, Link};

    #[test]
    fn absent_addresses_are_left_out_and_the_rest_is_always_there() {
        let link = Link { id: 7, mode: "link_up".into(), ..Link::default() };
        let interface = Interface { links: vec![link], ..Interface::default() };
        let json = serde_json::to_value(&interface).unwrap();
        assert_eq!(json["links"][0], serde_json::json!({"id": 7, "mode": "link_up"}));
        assert!(json["vlan"].is_null() && json["type"].is_string());
        assert_eq!(serde_json::from_value::<Interface>(json).unwrap(), interface);
        assert_eq!(serde_json::from_str::<Interface>("{\"new_member\": 1}").unwrap(), Interface::default());
    }
}
