//! A machine as pages get it.

use maas_authz::OpCtx;
use maas_model::{MachineAction, Timestamp};
use maas_region::{machines::Detailed, nodes::Node};
use serde_json::{Map, Value, json};

/// A row of a list.
pub(super) fn row(ctx: &OpCtx, node: &Node) -> Value {
    let mut row = identity(ctx, node);
    row.extend(state(node));
    Value::Object(row)
}

/// The row, and what is known of the hardware under its names in API 2.0.
pub(super) fn details(ctx: &OpCtx, machine: &Detailed) -> Value {
    let mut row = identity(ctx, &machine.node);
    row.extend(state(&machine.node));
    let text = format!("{{{}}}", machine.body.strip_prefix(',').unwrap_or(&machine.body));
    let hardware: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    row.extend(hardware.into_iter().filter(|(name, _)| name != "storage"));
    Value::Object(row)
}

fn identity(ctx: &OpCtx, node: &Node) -> Map<String, Value> {
    let actions: Vec<&str> =
        node.actions(ctx).into_iter().filter(|action| !action.is_read()).map(MachineAction::as_str).collect();
    let may = |action| actions.contains(&MachineAction::as_str(action));
    let mut permissions = Vec::new();
    permissions.extend(may(MachineAction::Edit).then_some("edit"));
    permissions.extend(may(MachineAction::Delete).then_some("delete"));
    object(json!({
        "id": node.id.0,
        "system_id": node.system_id.as_str(),
        "hostname": node.hostname,
        "fqdn": node.fqdn(),
        "description": node.description,
        "domain": { "id": node.domain.id.0, "name": node.domain.name },
        "owner": node.owner.as_ref().map(|owner| owner.username.to_string()).unwrap_or_default(),
        "pool": node.pool.as_ref().map(|pool| json!({ "id": pool.id.0, "name": pool.name })),
        "zone": { "id": node.zone.id.0, "name": node.zone.name },
        "tags": node.tags,
        "workload_annotations": node.owner_data,
        "node_type": node.kind.number(),
        "node_type_display": node.kind.name(),
        "locked": node.is_locked,
        "is_dpu": node.is_dpu,
        "actions": actions,
        "permissions": permissions,
        "created": node.created_at.iso(),
        "updated": node.updated_at.iso(),
    }))
}

fn state(node: &Node) -> Map<String, Value> {
    let script = |kind: &str| json!({ "status": node.script_status.get(kind).copied().unwrap_or(-1) });
    object(json!({
        "status": node.status.label(),
        "status_code": node.status.code(),
        "simple_status": node.status.simple().as_str(),
        "status_message": node.status_message,
        "error_description": node.error_description,
        "power_state": node.power_state.as_str(),
        "power_type": node.power_type,
        "power_error": node.power_error,
        "power_queried": node.power_queried_at.map(Timestamp::iso),
        "architecture": node.architecture,
        "cpu_count": node.cpu_count,
        "cpu_speed": node.cpu_speed_mhz,
        // GiB and GB, as pages show them.
        "memory": tenths(node.memory_mib, 1024),
        "storage": tenths(node.storage_bytes, 1_000_000_000),
        "physical_disk_count": node.disk_count,
        "pxe_mac": node.boot_mac,
        "ip_addresses": node.ip_addresses.iter().map(|ip| json!({ "ip": ip, "is_boot": false })).collect::<Vec<_>>(),
        "osystem": node.osystem,
        "distro_series": node.distro_series,
        "testing_status": script("testing"),
        "cpu_test_status": script("cpu_test"),
        "memory_test_status": script("memory_test"),
        "network_test_status": script("network_test"),
        "storage_test_status": script("storage_test"),
        "interface_test_status": script("interface_test"),
    }))
}

/// With one digit behind the point.
fn tenths(value: i64, unit: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 tenths")]
    let tenths = (i128::from(value) * 10 / i128::from(unit)) as f64;
    tenths / 10.0
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
