//! Availability zones: where nodes stand.

use maas_authz::OpCtx;
use maas_model::ZoneId;
use maas_store::zone::ZoneRow;

use crate::{Region, Result};

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub id: ZoneId,
    pub name: String,
    pub description: String,
}

/// All zones by name (`ViewGlobalEntities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Zone>> {
    let _ = (region, ctx);
    unimplemented!("inventory")
}

/// One zone by name.
///
/// # Errors
/// `NotFound { what: "Zone" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Zone> {
    let _ = (region, ctx, name);
    unimplemented!("inventory")
}

/// Makes a zone (`EditGlobalEntities`).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Zone> {
    let _ = (region, ctx, name, description);
    unimplemented!("inventory")
}

/// Renames or describes a zone; what is `None` stays.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `name`.
pub async fn update(
    region: &Region,
    ctx: &OpCtx,
    name: &str,
    new_name: Option<&str>,
    description: Option<&str>,
) -> Result<Zone> {
    let _ = (region, ctx, name, new_name, description);
    unimplemented!("inventory")
}

/// Deletes a zone; its nodes move to the default zone. An unknown one is no error, as in MAAS.
///
/// # Errors
/// `Denied`; `BadRequest` for the default zone.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let _ = (region, ctx, name);
    unimplemented!("inventory")
}

impl From<ZoneRow> for Zone {
    fn from(row: ZoneRow) -> Self {
        Self { id: ZoneId(row.zone_id), name: row.name, description: row.description }
    }
}
