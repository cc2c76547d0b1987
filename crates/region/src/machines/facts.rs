//! What constraints look at that SQL cannot say: a machine's disks, interfaces and devices.

use std::collections::BTreeMap;

use maas_model::{
    BlockDeviceId, InterfaceId, InterfaceType,
    constraint::{DiskFacts, Facts, InterfaceFacts, PartitionFacts},
};
use maas_store::{
    Connection,
    block_device::{self, BlockDeviceRow},
    interface::{self, InterfaceRow},
    node::NodeRow,
};
use serde_json::Value;

use crate::Result;

/// The facts of a machine.
pub(super) async fn load(connection: &mut Connection, row: &NodeRow) -> Result<Facts> {
    let disks = block_device::list(connection, row.node_id).await?;
    let interfaces = interface::list(connection, row.node_id).await?;
    Ok(facts_of(row, disks, interfaces))
}

/// The facts of several machines, in as many statements as for one.
pub(super) async fn load_each(connection: &mut Connection, rows: Vec<NodeRow>) -> Result<Vec<(NodeRow, Facts)>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.node_id).collect();
    let mut disks: BTreeMap<i64, Vec<BlockDeviceRow>> = BTreeMap::new();
    for disk in block_device::list_each(connection, &ids).await? {
        disks.entry(disk.node_id).or_default().push(disk);
    }
    let mut interfaces: BTreeMap<i64, Vec<InterfaceRow>> = BTreeMap::new();
    for interface in interface::list_each(connection, &ids).await? {
        interfaces.entry(interface.node_id).or_default().push(interface);
    }
    let mut with_facts = |row: NodeRow| {
        let disks = disks.remove(&row.node_id).unwrap_or_default();
        let facts = facts_of(&row, disks, interfaces.remove(&row.node_id).unwrap_or_default());
        (row, facts)
    };
    Ok(rows.into_iter().map(&mut with_facts).collect())
}

fn facts_of(row: &NodeRow, disks: Vec<BlockDeviceRow>, interfaces: Vec<InterfaceRow>) -> Facts {
    Facts {
        hostname: row.hostname.clone(),
        disks: disks.into_iter().map(|disk| disk_facts(disk, row.boot_disk_id)).collect(),
        interfaces: interfaces.into_iter().filter_map(interface_facts).collect(),
        devices: Vec::new(),
    }
}

fn disk_facts(row: BlockDeviceRow, boot_disk_id: Option<i64>) -> DiskFacts {
    let parse = |text: &Option<String>| {
        text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default()
    };
    let (filesystem, table) = (parse(&row.filesystem), parse(&row.partitions));
    let listed = table.get("partitions").unwrap_or(&table).as_array().cloned().unwrap_or_default();
    let is_root = |filesystem: &Value| filesystem.get("mount_point").and_then(Value::as_str) == Some("/");
    let carries_root = is_root(&filesystem) || listed.iter().filter_map(|part| part.get("filesystem")).any(is_root);
    let partitions: Vec<PartitionFacts> = listed.iter().filter_map(partition_facts).collect();
    DiskFacts {
        id: BlockDeviceId(row.block_device_id),
        size_bytes: u64::try_from(row.size_bytes).unwrap_or_default(),
        tags: words(&row.tags),
        carries_root,
        is_boot_disk: boot_disk_id == Some(row.block_device_id),
        is_used: !filesystem.is_null() || partitions.iter().any(|part| part.is_used),
        partitions,
    }
}

fn partition_facts(part: &Value) -> Option<PartitionFacts> {
    let size = part.get("size").or_else(|| part.get("size_bytes"));
    let tags = part.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(PartitionFacts {
        id: part.get("id")?.as_i64()?,
        size_bytes: size.and_then(Value::as_u64).unwrap_or_default(),
        tags: tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        is_used: part.get("filesystem").is_some_and(|filesystem| !filesystem.is_null()),
    })
}

/// Nothing is known yet of the networks that an interface is plugged into.
fn interface_facts(row: InterfaceRow) -> Option<InterfaceFacts> {
    Some(InterfaceFacts {
        id: InterfaceId(row.interface_id),
        kind: row.kind.parse::<InterfaceType>().ok()?,
        name: row.name,
        tags: words(&row.tags),
        link_speed: u64::try_from(row.link_speed).unwrap_or_default(),
        vlan: None,
        links: Vec::new(),
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
