//! Nodes as API 2.0 shows them, written straight into bytes: the part that changes often from the row, the part that tells
//! of hardware as it was rendered when it changed.

mod write;

use std::collections::BTreeMap;

use http::StatusCode;
use maas_model::{NodeId, PowerState, SystemId, constraint::StorageId, node::NodeType};
use maas_region::{
    machines::{Allocation, Detailed},
    nodes::Node,
};
use serde_json::{Value, json};

use self::write::Members;
use crate::reply::{self, Reply};

/// The system ids of the nodes that others are parts of, as far as the caller sees them.
pub(crate) type Parents = BTreeMap<NodeId, SystemId>;

/// One machine as an answer.
pub(crate) fn machine(machine: &Detailed, parents: &Parents) -> Reply {
    reply::with(StatusCode::OK, reply::JSON, object(|out| write_machine(out, machine, parents)))
}

/// Machines as a list, ready at once.
pub(crate) fn machine_list(machines: &[Detailed], parents: &Parents) -> Reply {
    list(machines.iter(), |out, machine| write_machine(out, machine, parents))
}

/// A machine that was allocated, and what of it fits which constraint.
pub(crate) fn allocation(machine: &Detailed, parents: &Parents, found: &Allocation) -> Reply {
    let storage: BTreeMap<&str, Vec<Value>> =
        found.storage.iter().map(|(label, ids)| (label.as_str(), ids.iter().map(storage_id).collect())).collect();
    let by_type = json!({ "storage": storage, "interfaces": found.interfaces });
    let body = object(|out| {
        write_machine(out, machine, parents);
        Members::open(out).json("constraints_by_type", &by_type);
    });
    reply::with(StatusCode::OK, reply::JSON, body)
}

/// Disks by number, partitions as MAAS's storage layouts write them.
fn storage_id(id: &StorageId) -> Value {
    match id {
        StorageId::Disk(id) => id.0.into(),
        StorageId::Partition(_) => id.to_string().into(),
    }
}

/// Devices, and what their rows do not tell.
#[derive(Default)]
pub(crate) struct Devices {
    pub(crate) nodes: Vec<Node>,
    pub(crate) parents: Parents,
    pub(crate) interfaces: BTreeMap<NodeId, Value>,
}

impl Devices {
    /// All of them as a list.
    pub(crate) fn list(&self) -> Reply {
        list(self.nodes.iter(), |out, device| self.write(out, device))
    }

    /// The first of them alone.
    pub(crate) fn one(&self) -> Reply {
        let write = |out: &mut Vec<u8>| self.nodes.iter().take(1).for_each(|device| self.write(out, device));
        reply::with(StatusCode::OK, reply::JSON, object(write))
    }

    /// Writes the members of a device, indented for a list.
    pub(crate) fn write(&self, out: &mut Vec<u8>, device: &Node) {
        let mut members = Members::open(out);
        identity(&mut members, device);
        let parent = device.parent.and_then(|id| self.parents.get(&id));
        members.optional("parent", parent.map(SystemId::as_str));
        members.text("resource_uri", &uri(device));
        let none = Value::Array(Vec::new());
        members.json("interface_set", self.interfaces.get(&device.id).unwrap_or(&none));
    }
}

/// What a stranger who introduced a machine gets to see of it.
pub(crate) fn enlisted(node: &Node) -> Reply {
    let body = object(|out| {
        let mut members = Members::open(out);
        members.text("system_id", node.system_id.as_str());
        members.text("hostname", &node.hostname);
        members.text("fqdn", &node.fqdn());
        members.json("domain", &super::view::domain(&node.domain));
        members.optional("architecture", some(&node.architecture));
        members.number("status", node.status.code());
        members.text("status_name", node.status.label());
        members.text("status_action", "");
        members.text("status_message", &node.status_message);
        members.text("power_type", &node.power_type);
        members.text("power_state", node.power_state.as_str());
        members.json("zone", &super::view::zone(&node.zone));
        members.number("node_type", node.kind.number());
        members.text("resource_uri", &uri(node));
    });
    reply::with(StatusCode::OK, reply::JSON, body)
}

/// Writes the members of a machine, indented for a list, the first one without its comma.
pub(crate) fn write_machine(out: &mut Vec<u8>, machine: &Detailed, parents: &Parents) {
    let node = &machine.node;
    let mut members = Members::open(out);
    identity(&mut members, node);
    members.flag("locked", node.is_locked);
    hardware(&mut members, node);
    life(&mut members, node);
    members.text("power_type", &node.power_type);
    members.text("power_state", node.power_state.as_str());
    members.json_or_null("pool", node.pool.as_deref().map(super::view::pool));
    let parent = node.parent.and_then(|id| parents.get(&id));
    members.json_or_null("parent", parent.map(lazy));
    members.flag("disable_ipv4", false);
    scripts(&mut members, node);
    for name in ["current_commissioning_result_id", "current_testing_result_id", "current_installation_result_id"] {
        members.optional_number(name, node.script_status.get(name).copied());
    }
    for name in ["last_sync", "next_sync", "sync_interval", "pod", "virtualmachine_id"] {
        members.null(name);
    }
    members.flag("enable_hw_sync", node.has_hw_sync);
    members.flag("enable_kernel_crash_dump", node.has_crash_dump);
    members.flag("is_dpu", node.is_dpu);
    members.text("resource_uri", &uri(node));
    members.piece(if machine.body.is_empty() { write::NO_HARDWARE } else { &machine.body });
}

/// A node of which clients fetch the rest when they want it.
fn lazy(machine: &SystemId) -> Value {
    let uri = format!("/MAAS/api/2.0/machines/{machine}/");
    json!({ "system_id": machine.as_str(), "resource_uri": uri, "__incomplete__": true })
}

fn identity(members: &mut Members<'_>, node: &Node) {
    members.text("system_id", node.system_id.as_str());
    members.text("hostname", &node.hostname);
    members.text("fqdn", &node.fqdn());
    members.text("description", &node.description);
    members.json("domain", &super::view::domain(&node.domain));
    members.json("zone", &super::view::zone(&node.zone));
    members.optional("owner", node.owner.as_ref().map(|owner| &*owner.username));
    members.json("owner_data", &node.owner_data);
    members.json("workload_annotations", &node.owner_data);
    members.json("tag_names", &node.tags);
    members.json("ip_addresses", &node.ip_addresses);
    members.null("address_ttl");
    members.number("node_type", node.kind.number());
    members.text("node_type_name", node.kind.name());
}

fn hardware(members: &mut Members<'_>, node: &Node) {
    members.optional("hardware_uuid", node.hardware_uuid.as_deref());
    members.optional("bios_boot_method", node.bios_boot_method.as_deref());
    members.optional("architecture", some(&node.architecture));
    members.optional("min_hwe_kernel", Some(&node.min_hwe_kernel));
    members.optional("hwe_kernel", some(&node.hwe_kernel));
    members.number("cpu_count", node.cpu_count);
    members.number("cpu_speed", node.cpu_speed_mhz);
    members.number("memory", node.memory_mib);
    members.optional_number("swap_size", node.swap_bytes);
}

fn life(members: &mut Members<'_>, node: &Node) {
    members.number("status", node.status.code());
    members.text("status_name", node.status.label());
    members.text("status_action", "");
    members.text("status_message", &node.status_message);
    members.text("osystem", &node.osystem);
    members.text("distro_series", &node.distro_series);
    members.flag("ephemeral_deploy", node.is_ephemeral);
    members.text("error_description", &node.error_description);
    members.flag("netboot", node.netboot);
}

/// The latest scripts by kind, as number and as word.
fn scripts(members: &mut Members<'_>, node: &Node) {
    for (kind, number_name, word_name) in write::SCRIPT_KINDS {
        let status = node.script_status.get(kind).copied().unwrap_or(-1);
        members.number(number_name, status);
        members.text(word_name, write::script_status_name(status));
    }
}

fn uri(node: &Node) -> String {
    let kind = match node.kind {
        NodeType::Machine => "machines",
        NodeType::Device => "devices",
        _ => "nodes",
    };
    format!("/MAAS/api/2.0/{kind}/{}/", node.system_id)
}

/// What a power query answers.
pub(crate) fn power_state(state: PowerState) -> Reply {
    reply::json(&json!({ "state": state.as_str() }))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// One member out of the rendered hardware.
pub(crate) fn hardware_member(body: &str, name: &str) -> Option<Value> {
    let text = format!("{{{}}}", body.strip_prefix(',').unwrap_or(body));
    let mut members: serde_json::Map<String, Value> = serde_json::from_str(&text).ok()?;
    members.remove(name)
}

/// An object from members indented for a list: here they stand four blanks further left.
fn object(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut members = Vec::with_capacity(64 * 1024);
    write(&mut members);
    let mut out = Vec::with_capacity(members.len());
    out.push(b'{');
    // JSON's texts hold no bare line ends, so that each one here begins an indented line.
    let mut lines = members.split(|byte| *byte == b'\n');
    out.extend_from_slice(lines.next().unwrap_or_default());
    for line in lines {
        out.push(b'\n');
        out.extend_from_slice(line.strip_prefix(b"    ").unwrap_or(line));
    }
    out.extend_from_slice(b"\n}");
    out
}

fn list<T>(items: impl ExactSizeIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) -> Reply {
    let mut out = Vec::with_capacity(items.len() * 48 * 1024 + 2);
    let mut begun = false;
    for item in items {
        begin_item(&mut out, &mut begun);
        write(&mut out, item);
        end_item(&mut out);
    }
    out.extend_from_slice(end_of_list(begun));
    reply::with(StatusCode::OK, reply::JSON, out)
}

/// What stands before a list's next object.
pub(crate) fn begin_item(out: &mut Vec<u8>, begun: &mut bool) {
    out.extend_from_slice(if *begun { b",\n    {" } else { b"[\n    {" });
    *begun = true;
}

/// What stands behind it.
pub(crate) fn end_item(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\n    }");
}

/// How a list ends.
pub(crate) const fn end_of_list(begun: bool) -> &'static [u8] {
    if begun { b"\n]" } else { b"[]" }
}
