//! Devices: things with a name and an address that nobody deploys.

use maas_authz::OpCtx;
use maas_model::filter::NodeFilter;

use crate::{Region, Result, nodes::Node};

/// A new device.
#[derive(Clone, Debug, Default)]
pub struct NewDevice {
    pub hostname: Option<String>,
    pub description: String,
    pub domain: Option<String>,
    pub mac_addresses: Vec<String>,
    /// The system id of the machine it is a part of.
    pub parent: Option<String>,
    pub zone: Option<String>,
}

/// A change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct DeviceChange {
    pub hostname: Option<String>,
    pub description: Option<String>,
    pub domain: Option<String>,
    pub parent: Option<String>,
    pub zone: Option<String>,
}

/// The devices that the caller sees, by id: their own, or all with `ViewDevices`.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx, filter: &NodeFilter) -> Result<Vec<Node>> {
    let _ = (region, ctx, filter);
    unimplemented!("inventory")
}

/// One device.
///
/// # Errors
/// `NotFound { what: "Device" }`.
pub async fn lookup(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Node> {
    let _ = (region, ctx, system_id);
    unimplemented!("inventory")
}

/// Makes a device that belongs to the caller (`DeployMachines` on any pool).
///
/// # Errors
/// `Denied`, `Invalid`.
pub async fn create(region: &Region, ctx: &OpCtx, new: NewDevice) -> Result<Node> {
    let _ = (region, ctx, new);
    unimplemented!("inventory")
}

/// Changes a device.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`.
pub async fn update(region: &Region, ctx: &OpCtx, system_id: &str, change: DeviceChange) -> Result<Node> {
    let _ = (region, ctx, system_id, change);
    unimplemented!("inventory")
}

/// Deletes a device.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<()> {
    let _ = (region, ctx, system_id);
    unimplemented!("inventory")
}
