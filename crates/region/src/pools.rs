//! Resource pools: every machine is in exactly one, and roles are given on them.

use maas_authz::OpCtx;
use maas_model::PoolId;
use maas_store::pool::PoolRow;

use crate::{Region, Result};

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub id: PoolId,
    pub name: String,
    pub description: String,
}

/// A pool with what is in it, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCount {
    pub pool: Pool,
    pub machines: i64,
    pub ready: i64,
}

/// The pools that the caller may know of, by name.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Pool>> {
    let _ = (region, ctx);
    unimplemented!("inventory")
}

/// The same with the count of machines that the caller sees.
///
/// # Errors
/// `Denied`.
pub async fn list_counted(region: &Region, ctx: &OpCtx) -> Result<Vec<PoolCount>> {
    let _ = (region, ctx);
    unimplemented!("inventory")
}

/// One pool by id or name.
///
/// # Errors
/// `NotFound { what: "ResourcePool" }`, also for one that the caller may not know of.
pub async fn lookup(region: &Region, ctx: &OpCtx, id_or_name: &str) -> Result<Pool> {
    let _ = (region, ctx, id_or_name);
    unimplemented!("inventory")
}

/// Makes a pool (`EditPools` on the site).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Pool> {
    let _ = (region, ctx, name, description);
    unimplemented!("inventory")
}

/// Renames or describes a pool (`EditPools` on it); what is `None` stays.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `name`.
pub async fn update(
    region: &Region,
    ctx: &OpCtx,
    id_or_name: &str,
    name: Option<&str>,
    description: Option<&str>,
) -> Result<Pool> {
    let _ = (region, ctx, id_or_name, name, description);
    unimplemented!("inventory")
}

/// Deletes an empty pool (`EditPools` on the site), and the bindings on it.
///
/// # Errors
/// `NotFound`, `Denied`; `BadRequest` for the default pool and for one with machines in it.
pub async fn delete(region: &Region, ctx: &OpCtx, id_or_name: &str) -> Result<()> {
    let _ = (region, ctx, id_or_name);
    unimplemented!("inventory")
}

impl From<PoolRow> for Pool {
    fn from(row: PoolRow) -> Self {
        Self { id: PoolId(row.pool_id), name: row.name, description: row.description }
    }
}
