//! The piece of a machine's JSON that tells of its hardware. It is long and changes seldom, so it is rendered when it
//! changes and kept as text: members without the braces, indented for a list, beginning with a comma. A list is written
//! as `{`, the members that change often, this piece, `}`.

use std::collections::BTreeMap;

use maas_authz::GrantedNode;
use maas_store::{
    Tx,
    block_device::{self, BlockDeviceRow},
    interface::{self, InterfaceRow},
    node::{self, NodeRow},
};
use maas_wire::hardware::{BlockDevice, Filesystem, Hardware, INFO_KEYS, Interface, NumaNode, Partition};
use serde::{Deserialize, Serialize};
use serde_json::{Value, ser::PrettyFormatter};

use super::hardware::{PHYSICAL, PartitionTable};
use crate::{Error, Result};

/// Renders the piece anew from the rows, as this transaction leaves them.
///
/// # Errors
/// `Internal` when a row holds what no program wrote.
pub(crate) async fn render(tx: &mut Tx, may: &GrantedNode<NodeRow>) -> Result<()> {
    let id = may.row().node_id;
    let gone = || Error::internal(format!("machine {} went while it was rendered", may.row().system_id));
    let row = node::find(tx, &may.row().system_id).await?.ok_or_else(gone)?;
    let (interfaces, disks) = (interface::list(tx, id).await?, block_device::list(tx, id).await?);
    let inventory = node::inventory(tx, id).await?;
    let hardware = hardware(&row, &interfaces, &disks, &inventory)
        .map_err(|error| Error::internal(format!("the hardware of {} cannot be read: {error}", row.system_id)))?;
    Ok(node::set_body(tx, may, &piece(&hardware)).await?)
}

/// As members in an object in a list.
fn piece(hardware: &Hardware) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    [hardware].serialize(&mut serializer).expect("texts, numbers and lists are always JSON");
    let text = String::from_utf8(text).expect("JSON is UTF-8");
    let members = text.strip_prefix("[\n    {").and_then(|text| text.strip_suffix("\n    }\n]"));
    format!(",{}", members.expect("the braces of an object in a list"))
}

/// What of the hardware has no table of its own, as stored.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Inventory {
    numa_nodes: Vec<NumaNode>,
    info: BTreeMap<String, String>,
}

fn hardware(
    row: &NodeRow,
    interfaces: &[InterfaceRow],
    disks: &[BlockDeviceRow],
    inventory: &str,
) -> Result<Hardware, serde_json::Error> {
    let system_id = &row.system_id;
    let mut interface_set =
        interfaces.iter().map(|row| interface_shape(system_id, row)).collect::<Result<Vec<_>, _>>()?;
    let parents: Vec<_> = interface_set.iter().map(|shape| (shape.name.clone(), shape.parents.clone())).collect();
    for shape in &mut interface_set {
        let is_child = |(_, parents): &&(String, Vec<String>)| parents.contains(&shape.name);
        shape.children = parents.iter().filter(is_child).map(|(name, _)| name.clone()).collect();
    }
    let blockdevice_set = disks.iter().map(|row| disk_shape(system_id, row)).collect::<Result<Vec<_>, _>>()?;
    let of =
        |physical: bool| blockdevice_set.iter().filter(|disk| (disk.kind == PHYSICAL) == physical).cloned().collect();
    let inventory: Inventory = serde_json::from_str(inventory)?;
    let info = |key: &&str| {
        let known = inventory.info.get(*key).filter(|value| !value.is_empty());
        ((*key).to_owned(), known.map_or("Unknown", String::as_str).to_owned())
    };
    Ok(Hardware {
        boot_interface: interface_set.iter().find(|shape| Some(shape.id) == row.boot_interface_id).cloned(),
        boot_disk: blockdevice_set.iter().find(|shape| Some(shape.id) == row.boot_disk_id).cloned(),
        physicalblockdevice_set: of(true),
        virtualblockdevice_set: of(false),
        hardware_info: INFO_KEYS.iter().map(info).collect(),
        numanode_set: inventory.numa_nodes,
        #[expect(clippy::cast_precision_loss, reason = "a disk of more than 9 PB may be a byte off")]
        storage: row.storage_bytes as f64 / 1e6,
        interface_set,
        blockdevice_set,
        ..Hardware::default()
    })
}

fn interface_shape(system_id: &str, row: &InterfaceRow) -> Result<Interface, serde_json::Error> {
    let params: Value = serde_json::from_str(&row.params)?;
    Ok(Interface {
        system_id: system_id.to_owned(),
        id: row.interface_id,
        name: row.name.clone(),
        kind: row.kind.clone(),
        mac_address: row.mac_address.clone(),
        parents: serde_json::from_str(&row.parents)?,
        tags: words(&row.tags),
        enabled: row.is_enabled == 1,
        links: serde_json::from_str(&row.links)?,
        params: if params.as_object().is_some_and(serde_json::Map::is_empty) { "".into() } else { params },
        effective_mtu: row.mtu,
        vendor: row.vendor.clone(),
        product: row.product.clone(),
        firmware_version: Some(row.firmware_version.clone()).filter(|version| !version.is_empty()),
        link_connected: row.is_connected == 1,
        interface_speed: row.interface_speed,
        link_speed: row.link_speed,
        numa_node: row.numa_node,
        sriov_max_vf: row.sriov_max_vf,
        resource_uri: format!("/MAAS/api/2.0/nodes/{system_id}/interfaces/{}/", row.interface_id),
        ..Interface::default()
    })
}

fn disk_shape(system_id: &str, row: &BlockDeviceRow) -> Result<BlockDevice, serde_json::Error> {
    let filesystem: Option<Filesystem> = row.filesystem.as_deref().map(serde_json::from_str).transpose()?;
    let table: Option<PartitionTable> = row.partitions.as_deref().map(serde_json::from_str).transpose()?;
    let partitions = table.as_ref().map(|table| partition_shapes(system_id, row, table)).unwrap_or_default();
    let used = match (&filesystem, &table) {
        (Some(_), _) => row.size_bytes,
        (None, Some(_)) => partitions.iter().map(|partition| partition.size).sum(),
        (None, None) => 0,
    };
    Ok(BlockDevice {
        system_id: system_id.to_owned(),
        id: row.block_device_id,
        name: row.name.clone(),
        kind: row.kind.clone(),
        path: format!("/dev/disk/by-dname/{}", row.name),
        model: row.model.clone(),
        serial: row.serial.clone(),
        id_path: row.id_path.clone(),
        size: row.size_bytes,
        block_size: row.block_bytes,
        available_size: (row.size_bytes - used).max(0),
        used_size: used,
        used_for: used_for(filesystem.as_ref(), table.as_ref()),
        tags: words(&row.tags),
        filesystem,
        partition_table_type: table.map(|table| table.kind),
        partitions,
        firmware_version: row.firmware_version.clone(),
        numa_node: row.numa_node,
        resource_uri: format!("/MAAS/api/2.0/nodes/{system_id}/blockdevices/{}/", row.block_device_id),
        ..BlockDevice::default()
    })
}

fn partition_shapes(system_id: &str, disk: &BlockDeviceRow, table: &PartitionTable) -> Vec<Partition> {
    let shape = |(number, partition): (usize, &super::NewPartition)| Partition {
        system_id: system_id.to_owned(),
        device_id: disk.block_device_id,
        id: partition.id,
        uuid: partition.uuid.clone(),
        path: format!("/dev/disk/by-dname/{}-part{}", disk.name, number + 1),
        kind: "partition".to_owned(),
        size: partition.size_bytes,
        bootable: partition.is_bootable,
        used_for: used_for(partition.filesystem.as_ref(), None),
        filesystem: partition.filesystem.clone(),
        tags: partition.tags.clone(),
        resource_uri: format!(
            "/MAAS/api/2.0/nodes/{system_id}/blockdevices/{}/partition/{}",
            disk.block_device_id, partition.id
        ),
    };
    table.partitions.iter().enumerate().map(shape).collect()
}

fn used_for(filesystem: Option<&Filesystem>, table: Option<&PartitionTable>) -> String {
    match (filesystem, table) {
        (Some(Filesystem { fstype, mount_point: Some(at), .. }), _) => {
            format!("{fstype} formatted filesystem mounted at {at}")
        }
        (Some(Filesystem { fstype, .. }), _) => format!("Unmounted {fstype} formatted filesystem"),
        (None, Some(PartitionTable { kind, partitions })) => {
            let ending = if partitions.len() == 1 { "" } else { "s" };
            format!("{kind} partitioned with {} partition{ending}", partitions.len())
        }
        (None, None) => "Unused".to_owned(),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use maas_model::{MachineAction, NodeType};
    use maas_wire::hardware::{Filesystem, Link};

    use crate::{
        machines::{
            Hardware, NewDisk, NewInterface, NewMachine, NewPartition, PartitionTable, create, lookup_detailed,
            set_hardware,
        },
        nodes,
        testing::with_region,
    };

    fn hardware() -> Hardware {
        let root = Filesystem { fstype: "ext4".into(), mount_point: Some("/".into()), ..Filesystem::default() };
        let partition = NewPartition { size_bytes: 60_000_000, filesystem: Some(root), ..NewPartition::default() };
        let address = Link { mode: "static".into(), ip_address: Some("10.0.0.7".into()), ..Link::default() };
        Hardware {
            cpu_count: 8,
            memory_mib: 4096,
            interfaces: vec![
                NewInterface::physical("eth0", "52:54:00:00:00:01".parse().unwrap()),
                NewInterface {
                    parents: vec!["eth0".into()],
                    links: vec![address],
                    kind: maas_model::InterfaceType::Vlan,
                    ..NewInterface::physical("eth0.7", "52:54:00:00:00:01".parse().unwrap())
                },
            ],
            disks: vec![NewDisk {
                name: "sda".into(),
                size_bytes: 64_500_000,
                partitions: Some(PartitionTable { kind: "GPT".into(), partitions: vec![partition] }),
                ..NewDisk::default()
            }],
            info: [("system_vendor".to_owned(), "Ac\nme".to_owned())].into(),
            ..Hardware::default()
        }
    }

    #[tokio::test]
    async fn the_piece_is_json_between_the_members_that_change_often() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let new = NewMachine {
                architecture: "amd64".into(),
                mac_addresses: vec!["52:54:00:00:00:01".into()],
                ..NewMachine::default()
            };
            let id = create(region, &admin, new).await.unwrap().system_id;
            let before = lookup_detailed(region, &admin, id.as_str()).await.unwrap().body;
            let mut tx = region.store().begin(&admin).await.unwrap();
            let kind = NodeType::Machine;
            let may = nodes::lock(&mut tx, &admin, kind, id.as_str(), MachineAction::Edit).await.unwrap();
            set_hardware(&mut tx, &may, &hardware()).await.unwrap();
            tx.commit_quietly().await.unwrap();
            let found = lookup_detailed(region, &admin, id.as_str()).await.unwrap();
            assert_eq!((found.node.cpu_count, found.node.storage_bytes, found.node.disk_count), (8, 64_500_000, 1));
            assert_eq!(found.node.ip_addresses, ["10.0.0.7"]);

            let list = format!("[\n    {{\n        \"system_id\": \"x\"{}\n    }}\n]", found.body);
            let json: serde_json::Value = serde_json::from_str(&list).unwrap();
            assert_eq!(python(&json), list, "it is printed as a list of one would be");
            let single = format!("{{\n    \"system_id\": \"x\"{}\n}}", found.body.replace("\n    ", "\n"));
            assert_eq!(python(&serde_json::from_str(&single).unwrap()), single);

            let machine = &json[0];
            assert_eq!(machine["storage"], 64.5);
            assert_eq!(machine["boot_interface"]["children"], serde_json::json!(["eth0.7"]));
            assert_eq!(machine["boot_disk"]["used_for"], "GPT partitioned with 1 partition");
            assert_eq!(machine["boot_disk"]["available_size"], 4_500_000);
            let partition = &machine["blockdevice_set"][0]["partitions"][0];
            assert_eq!(partition["used_for"], "ext4 formatted filesystem mounted at /");
            assert_eq!(machine["hardware_info"]["cpu_model"], "Unknown");
            assert_eq!(machine["hardware_info"]["system_vendor"], "Ac\nme");
            let first: serde_json::Value = serde_json::from_str(&format!("{{\"x\": 1{before}}}")).unwrap();
            assert_eq!(machine["boot_interface"]["id"], first["boot_interface"]["id"], "the same interface as before");
            assert_eq!(first["interface_set"][0]["params"], "");
        })
        .await;
    }

    fn python(json: &serde_json::Value) -> String {
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
        serde::Serialize::serialize(json, &mut serializer).unwrap();
        String::from_utf8(text).unwrap()
    }
}
