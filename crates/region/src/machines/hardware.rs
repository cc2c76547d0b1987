//! What a machine is made of: written when somebody has looked at it, and rendered at once for all who read.

use std::collections::BTreeMap;

use maas_authz::GrantedNode;
use maas_model::{InterfaceType, MacAddress};
use maas_store::{
    StoreError, Tx,
    block_device::{self, BlockDeviceRow},
    interface::{self, InterfaceRow},
    node::{self, Facts, NodeRow, Summary},
};
use maas_wire::hardware::{Filesystem, Link, NumaNode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::document;
use crate::{Error, Result, tags};

/// A machine's hardware as somebody found it.
#[derive(Clone, Debug, Default)]
pub struct Hardware {
    pub cpu_count: i64,
    pub cpu_speed_mhz: i64,
    pub memory_mib: i64,
    pub hardware_uuid: Option<String>,
    /// `uefi`, `pxe`, `powernv`...
    pub bios_boot_method: Option<String>,
    pub interfaces: Vec<NewInterface>,
    /// By name; the first if none.
    pub boot_interface: Option<String>,
    pub disks: Vec<NewDisk>,
    /// By name; the first physical one if none.
    pub boot_disk: Option<String>,
    pub numa_nodes: Vec<NumaNode>,
    /// Keys of API 2.0's `hardware_info`; what is missing is unknown.
    pub info: BTreeMap<String, String>,
    /// `lshw` and `lldp`, both XML. None keeps what was known.
    pub facts: Option<Facts>,
}

/// An interface. One that has the name of one that is there already is the same one.
#[derive(Clone, Debug)]
pub struct NewInterface {
    pub name: String,
    pub kind: InterfaceType,
    pub mac_address: Option<MacAddress>,
    pub is_enabled: bool,
    pub is_connected: bool,
    /// In Mbit/s.
    pub link_speed: i64,
    pub interface_speed: i64,
    pub numa_node: Option<i64>,
    pub vendor: String,
    pub product: String,
    pub firmware_version: String,
    pub tags: Vec<String>,
    /// Names.
    pub parents: Vec<String>,
    /// The links' ids are given when they are written.
    pub links: Vec<Link>,
    pub params: Map<String, Value>,
    pub mtu: i64,
    pub sriov_max_vf: i64,
}

/// A disk. One that has the name of one that is there already is the same one.
#[derive(Clone, Debug, Default)]
pub struct NewDisk {
    pub name: String,
    pub is_virtual: bool,
    pub model: String,
    pub serial: String,
    pub id_path: Option<String>,
    pub size_bytes: i64,
    pub block_bytes: i64,
    pub firmware_version: Option<String>,
    pub numa_node: Option<i64>,
    pub tags: Vec<String>,
    /// On the whole disk.
    pub filesystem: Option<Filesystem>,
    pub partitions: Option<PartitionTable>,
}

/// How a disk is divided; as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionTable {
    /// `GPT` or `MBR`
    pub kind: String,
    pub partitions: Vec<NewPartition>,
}

/// A part of a disk; as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPartition {
    /// Given when it is written, if it is 0.
    #[serde(default)]
    pub id: i64,
    pub uuid: String,
    pub size_bytes: i64,
    pub is_bootable: bool,
    #[serde(default)]
    pub tags: Vec<String>,
    pub filesystem: Option<Filesystem>,
}

impl NewInterface {
    /// A physical interface of which only its address is known.
    pub fn physical(name: impl Into<String>, mac_address: MacAddress) -> Self {
        Self {
            name: name.into(),
            kind: InterfaceType::Physical,
            mac_address: Some(mac_address),
            is_enabled: true,
            is_connected: true,
            link_speed: 0,
            interface_speed: 0,
            numa_node: None,
            vendor: String::new(),
            product: String::new(),
            firmware_version: String::new(),
            tags: Vec::new(),
            parents: Vec::new(),
            links: Vec::new(),
            params: Map::new(),
            mtu: 1500,
            sriov_max_vf: 0,
        }
    }
}

/// Puts this in place of what was known of the machine's hardware, and renders it for readers.
///
/// # Errors
/// `Invalid` under `mac_addresses` for an address that another machine has.
pub(crate) async fn set_hardware(tx: &mut Tx, may: &GrantedNode<NodeRow>, hardware: &Hardware) -> Result<()> {
    let mut rows = Vec::with_capacity(hardware.interfaces.len());
    for new in &hardware.interfaces {
        rows.push(interface_row(tx, new).await?);
    }
    let interfaces = interface::replace(tx, may, &rows).await.map_err(|error| match error {
        error if error.is_unique("interface.mac_address") => {
            Error::field("mac_addresses", "One of the MAC addresses is already in use.")
        }
        StoreError::Unique { .. } => Error::field("interfaces", "Each interface needs a name of its own."),
        error => error.into(),
    })?;
    let mut rows = Vec::with_capacity(hardware.disks.len());
    for new in &hardware.disks {
        rows.push(disk_row(tx, new).await?);
    }
    let disks = block_device::replace(tx, may, &rows).await?;
    node::set_hardware(tx, may, &summary(hardware, &interfaces, &disks)).await?;
    let inventory = json!({ "numa_nodes": hardware.numa_nodes, "info": hardware.info });
    node::set_inventory(tx, may, &inventory.to_string(), hardware.facts.as_ref()).await?;
    if hardware.facts.is_some() {
        tags::evaluate(tx, may.row()).await?;
    }
    document::render(tx, may).await
}

fn summary(hardware: &Hardware, interfaces: &[InterfaceRow], disks: &[BlockDeviceRow]) -> Summary {
    let named = |name: &Option<String>, of: &str| name.as_deref().is_none_or(|name| name == of);
    let boot = interfaces.iter().find(|row| named(&hardware.boot_interface, &row.name));
    let physical = || disks.iter().filter(|disk| disk.kind == PHYSICAL);
    let addresses =
        |new: &NewInterface| new.links.iter().filter_map(|link| link.ip_address.clone()).collect::<Vec<_>>();
    Summary {
        cpu_count: hardware.cpu_count,
        cpu_speed_mhz: hardware.cpu_speed_mhz,
        memory_mib: hardware.memory_mib,
        storage_bytes: physical().map(|disk| disk.size_bytes).sum(),
        disk_count: i64::try_from(physical().count()).unwrap_or(i64::MAX),
        hardware_uuid: hardware.hardware_uuid.clone(),
        bios_boot_method: hardware.bios_boot_method.clone(),
        boot_interface_id: boot.map(|boot| boot.interface_id),
        boot_disk_id: physical().find(|disk| named(&hardware.boot_disk, &disk.name)).map(|disk| disk.block_device_id),
        boot_mac: boot.and_then(|boot| boot.mac_address.clone()),
        ip_addresses: hardware.interfaces.iter().flat_map(addresses).collect(),
    }
}

async fn interface_row(tx: &mut Tx, new: &NewInterface) -> Result<InterfaceRow> {
    let mut links = new.links.clone();
    for link in links.iter_mut().filter(|link| link.id == 0) {
        link.id = tx.next_id("interface_link").await?;
    }
    Ok(InterfaceRow {
        name: new.name.clone(),
        kind: new.kind.as_str().to_owned(),
        mac_address: new.mac_address.map(|mac| mac.to_string()),
        is_enabled: i64::from(new.is_enabled),
        link_speed: new.link_speed,
        interface_speed: new.interface_speed,
        is_connected: i64::from(new.is_connected),
        numa_node: new.numa_node,
        vendor: new.vendor.clone(),
        product: new.product.clone(),
        firmware_version: new.firmware_version.clone(),
        tags: new.tags.join(" "),
        params: json!(new.params).to_string(),
        links: json!(links).to_string(),
        parents: json!(new.parents).to_string(),
        mtu: new.mtu,
        sriov_max_vf: new.sriov_max_vf,
        ..InterfaceRow::default()
    })
}

async fn disk_row(tx: &mut Tx, new: &NewDisk) -> Result<BlockDeviceRow> {
    let mut table = new.partitions.clone();
    for partition in table.iter_mut().flat_map(|table| &mut table.partitions).filter(|partition| partition.id == 0) {
        partition.id = tx.next_id("partition").await?;
    }
    Ok(BlockDeviceRow {
        name: new.name.clone(),
        kind: if new.is_virtual { VIRTUAL } else { PHYSICAL }.to_owned(),
        model: new.model.clone(),
        serial: new.serial.clone(),
        id_path: new.id_path.clone(),
        size_bytes: new.size_bytes,
        block_bytes: new.block_bytes,
        firmware_version: new.firmware_version.clone(),
        numa_node: new.numa_node,
        tags: new.tags.join(" "),
        filesystem: new.filesystem.as_ref().map(|filesystem| json!(filesystem).to_string()),
        partitions: table.map(|table| json!(table).to_string()),
        ..BlockDeviceRow::default()
    })
}

pub(super) const PHYSICAL: &str = "physical";
const VIRTUAL: &str = "virtual";
