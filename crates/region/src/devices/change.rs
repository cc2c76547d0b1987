//! Changing and annotating a device.

use std::collections::BTreeMap;

use maas_authz::OpCtx;
use maas_model::{MachineAction, node::NodeType};
use maas_store::{
    Tx,
    node::{self, NodeRow, Settings},
};
use serde_json::json;

use super::{DeviceChange, audit, parent};
use crate::{
    Error, Region, Result,
    machines::{self, Fields, HOSTNAME_TAKEN},
    nodes::{self, Node},
    place,
};

/// Changes a device.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`.
pub async fn update(region: &Region, ctx: &OpCtx, system_id: &str, change: DeviceChange) -> Result<Node> {
    let catalog = nodes::catalog(region).await?;
    let mut tx = region.store().begin(ctx).await?;
    let device = nodes::lock(&mut tx, ctx, NodeType::Device, system_id, MachineAction::Edit).await?;
    let mut fields = Fields::default();
    let mut to = Settings::from(device.row());
    let domain = change.domain.as_deref().filter(|name| !name.is_empty());
    let domain = match change.hostname.as_deref().filter(|name| !name.trim().is_empty()) {
        Some(text) => {
            let (hostname, domain) = fields.hostname(&catalog, text, domain);
            to.hostname = hostname.map_or(to.hostname, |name| name.to_string());
            domain
        }
        None => domain.and_then(|name| fields.domain(&catalog, name)),
    };
    to.domain_id = domain.map_or(to.domain_id, |domain| domain.id.0);
    if let Some(text) = &change.description {
        to.description = fields.description(text);
    }
    match change.parent.as_deref() {
        None => {}
        Some("") => to.parent_id = None,
        Some(id) => to.parent_id = parent(&mut tx, ctx, id, &mut fields).await?.map(|id| id.0),
    }
    let zone = change.zone.as_deref().filter(|name| !name.is_empty());
    let zone = zone.and_then(|name| fields.zone(&catalog, name)).map(|zone| zone.id);
    fields.done()?;
    if let Some(zone) = zone.filter(|zone| zone.0 != device.row().zone_id) {
        node::set_zone(&mut tx, &device, zone).await?;
    }
    if to != Settings::from(device.row()) {
        node::set_settings(&mut tx, &device, &to).await.map_err(|error| match error {
            error if error.is_unique("node.hostname") => Error::field("hostname", HOSTNAME_TAKEN),
            error => error.into(),
        })?;
    }
    let after = current(&mut tx, system_id).await?;
    if after.version == device.row().version {
        return nodes::show(region, after).await;
    }
    let (before, now) = (told(device.row()), told(&after));
    let details = place::difference(&pairs(&before), &pairs(&now));
    let text = format!("Updated device '{}'.", after.hostname);
    tx.commit_nodes(vec![audit("device.update", text, &after, details)]).await?;
    nodes::show(region, after).await
}

/// Sets annotations (`owner_data`); an empty value removes one.
///
/// # Errors
/// `NotFound`, `Denied`; `Invalid` by key.
pub async fn annotate(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    annotations: BTreeMap<String, String>,
) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let device = nodes::lock(&mut tx, ctx, NodeType::Device, system_id, MachineAction::Annotate).await?;
    let (before, after) = machines::annotated(device.row(), annotations)?;
    if before == after {
        return nodes::show(region, device.into_row()).await;
    }
    node::set_owner_data(&mut tx, &device, &json!(after).to_string()).await?;
    let row = current(&mut tx, system_id).await?;
    let text = format!("Set annotations of device '{}'.", row.hostname);
    let details = json!({ "before": before, "after": after });
    tx.commit_nodes(vec![audit("device.annotate", text, &row, details)]).await?;
    nodes::show(region, row).await
}

async fn current(tx: &mut Tx, system_id: &str) -> Result<NodeRow> {
    let gone = || Error::internal(format!("device {system_id} went while it was locked"));
    node::find(tx, system_id).await?.ok_or_else(gone)
}

/// What the audit log is told of.
fn told(row: &NodeRow) -> [(&'static str, String); 5] {
    [
        ("hostname", row.hostname.clone()),
        ("description", row.description.clone()),
        ("domain", row.domain_id.to_string()),
        ("zone", row.zone_id.to_string()),
        ("parent", row.parent_id.map(|id| id.to_string()).unwrap_or_default()),
    ]
}

fn pairs<'a>(told: &'a [(&'static str, String); 5]) -> Vec<(&'a str, &'a str)> {
    told.iter().map(|(key, value)| (*key, value.as_str())).collect()
}
