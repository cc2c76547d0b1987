//! Moving machines to other zones and pools.

use std::sync::Arc;

use maas_authz::{OpCtx, action::EditMachines};
use maas_model::{MachineAction, NodeType, PoolId, SystemId};
use maas_store::node;
use serde_json::json;

use super::{
    change::{audit, current},
    fields::{Fields, no_choice},
};
use crate::{
    Error, Region, Result,
    nodes::{self, Catalog, Node},
    pools::Pool,
};

/// Moves machines to a zone; all or nothing.
///
/// # Errors
/// `Invalid` under `zone`, and under `system_id` for unknown and hidden ids alike; `Denied`.
pub async fn set_zone(region: &Region, ctx: &OpCtx, system_ids: &[String], zone: &str) -> Result<()> {
    let catalog = nodes::catalog(region).await?;
    let mut fields = Fields::default();
    let to = fields.zone(&catalog, zone);
    if system_ids.is_empty() {
        fields.refuse("system_id", "No node selected.");
    }
    fields.done()?;
    let Some(to) = to else { return Ok(()) };
    let mut ids = system_ids.to_vec();
    ids.sort();
    ids.dedup();
    let mut tx = region.store().begin(ctx).await?;
    let is_id = |id: &String| id.parse::<SystemId>().is_ok();
    let rows = match ids.iter().all(is_id) {
        true => node::find_many(&mut tx, &ctx.machines(MachineAction::View), &ids).await?,
        false => Vec::new(),
    };
    if rows.len() < ids.len() {
        return Err(Error::field("system_id", "Some of the given system ids are invalid system ids."));
    }
    let mut audits = Vec::new();
    for row in rows {
        let machine = nodes::lock(&mut tx, ctx, NodeType::Machine, &row.system_id, MachineAction::SetZone).await?;
        let row = machine.row();
        if row.zone_id == to.id.0 {
            continue;
        }
        node::set_zone(&mut tx, &machine, to.id).await?;
        let before = catalog.zone(maas_model::ZoneId(row.zone_id)).map(|zone| zone.name.clone());
        let text = format!("Moved machine '{}' to zone '{}'.", row.hostname, to.name);
        let details = json!({"before": {"zone": before}, "after": {"zone": to.name}});
        audits.push(audit("machine.set-zone", text, row, details));
    }
    if audits.is_empty() { Ok(()) } else { Ok(tx.commit_nodes(audits).await?) }
}

/// Moves a machine to another pool (`SetPool` on the machine and `EditMachines` on the other pool).
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `pool`.
pub async fn set_pool(region: &Region, ctx: &OpCtx, system_id: &str, pool: &str) -> Result<Node> {
    let catalog = nodes::catalog(region).await?;
    let mut tx = region.store().begin(ctx).await?;
    let machine = nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::SetPool).await?;
    let to = visible_pool(ctx, &catalog, pool).ok_or_else(|| Error::field("pool", no_choice(pool)))?;
    let row = machine.row();
    if row.pool_id == Some(to.id.0) {
        return nodes::show(region, machine.into_row()).await;
    }
    ctx.grant_pool::<EditMachines>(to.id)?;
    node::set_pool(&mut tx, &machine, to.id).await?;
    let before = row.pool_id.and_then(|id| catalog.pool(PoolId(id))).map(|pool| pool.name.clone());
    let text = format!("Moved machine '{}' to pool '{}'.", row.hostname, to.name);
    let details = json!({"before": {"pool": before}, "after": {"pool": to.name}});
    let after = current(&mut tx, system_id).await?;
    tx.commit_nodes(vec![audit("machine.set-pool", text, &after, details)]).await?;
    nodes::show(region, after).await
}

/// A pool by name or number, if the caller may know of it.
pub(super) fn visible_pool(ctx: &OpCtx, catalog: &Catalog, name: &str) -> Option<Arc<Pool>> {
    let found = catalog.pool_named(name).or_else(|| catalog.pool(PoolId(name.parse().ok()?)));
    found.filter(|pool| ctx.access().visible_pools().has(pool.id))
}
