//! The parts of nodes, to be read: `nodes/{system_id}/interfaces/` and `nodes/{system_id}/blockdevices/`.

use maas_region::{Error, devices, machines};
use serde_json::Value;

use super::machine_view::hardware_member;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Resource, Route, Verb},
};

pub(crate) const INTERFACES: Resource = Resource {
    name: "InterfacesHandler",
    path: "/MAAS/api/2.0/nodes/{system_id}/interfaces/",
    doc: "Read the network interfaces of a node.",
    routes: &[Route::new(Verb::Get, "", "List the interfaces of a node", |call| Box::pin(list(call, INTERFACE_SET)))],
    ..Resource::DEFAULT
};

pub(crate) const INTERFACE: Resource = Resource {
    name: "InterfaceHandler",
    path: "/MAAS/api/2.0/nodes/{system_id}/interfaces/{id}/",
    doc: "Read one network interface of a node.",
    routes: &[Route::new(Verb::Get, "", "Show an interface", |call| Box::pin(read(call, INTERFACE_SET)))],
    ..Resource::DEFAULT
};

pub(crate) const BLOCK_DEVICES: Resource = Resource {
    name: "BlockDevicesHandler",
    path: "/MAAS/api/2.0/nodes/{system_id}/blockdevices/",
    doc: "Read the disks of a machine.",
    routes: &[Route::new(Verb::Get, "", "List the disks of a machine", |call| Box::pin(list(call, BLOCK_DEVICE_SET)))],
    ..Resource::DEFAULT
};

pub(crate) const BLOCK_DEVICE: Resource = Resource {
    name: "BlockDeviceHandler",
    path: "/MAAS/api/2.0/nodes/{system_id}/blockdevices/{id}/",
    doc: "Read one disk of a machine.",
    routes: &[Route::new(Verb::Get, "", "Show a disk", |call| Box::pin(read(call, BLOCK_DEVICE_SET)))],
    ..Resource::DEFAULT
};

/// A list in the JSON of a machine, and MAAS's word for one of its parts.
#[derive(Clone, Copy)]
struct Set {
    member: &'static str,
    what: &'static str,
    /// Whether devices have it too.
    of_devices: bool,
}

const INTERFACE_SET: Set = Set { member: "interface_set", what: "Interface", of_devices: true };
const BLOCK_DEVICE_SET: Set = Set { member: "blockdevice_set", what: "BlockDevice", of_devices: false };

async fn list(call: Call, set: Set) -> Result<Reply, ApiError> {
    Ok(reply::json(&parts(&call, set).await?))
}

/// By id or name.
async fn read(call: Call, set: Set) -> Result<Reply, ApiError> {
    let (parts, wanted) = (parts(&call, set).await?, call.var(1));
    let number: Option<i64> = wanted.parse().ok();
    let is_wanted = |part: &&Value| {
        let id = part.get("id").and_then(Value::as_i64);
        (id.is_some() && id == number) || part.get("name").and_then(Value::as_str) == Some(wanted)
    };
    let found = parts.iter().find(is_wanted).ok_or(Error::NotFound { what: set.what })?;
    Ok(reply::json(found))
}

async fn parts(call: &Call, set: Set) -> Result<Vec<Value>, ApiError> {
    let body = match machines::lookup_detailed(call.region(), &call.ctx, call.var(0)).await {
        Ok(machine) => machine.body,
        Err(Error::NotFound { .. }) if set.of_devices => {
            let device = devices::lookup(call.region(), &call.ctx, call.var(0)).await.map_err(hidden)?;
            let sets = devices::interface_sets(call.region(), &[device]).await?;
            return Ok(sets.into_values().filter_map(list_of).flatten().collect());
        }
        Err(error) => return Err(hidden(error)),
    };
    Ok(hardware_member(&body, set.member).and_then(list_of).unwrap_or_default())
}

fn list_of(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(parts) => Some(parts),
        _ => None,
    }
}

/// Of any kind: what is not there is no `Node`.
fn hidden(error: Error) -> ApiError {
    match error {
        Error::NotFound { .. } => Error::NotFound { what: "Node" }.into(),
        error => error.into(),
    }
}
