//! Availability zones: where nodes stand.

use std::collections::HashMap;

use maas_authz::{
    Action, NodeFacts, OpCtx,
    action::{EditGlobalEntities, ViewGlobalEntities},
};
use maas_model::{EventType, MachineAction, NodeId, PoolId, UserId, ZoneId, node::NodeType};
use maas_store::{
    Audit, Connection, StoreError,
    zone::{self, ZoneCountRow, ZoneRow},
};
use serde_json::json;

use crate::{Audience, Error, Region, Result, place};

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub id: ZoneId,
    pub name: String,
    pub description: String,
}

/// A zone with what stands in it, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneCount {
    pub zone: Zone,
    pub machines: i64,
    pub devices: i64,
}

impl Zone {
    /// Whether it is the one that always exists.
    pub fn is_default(&self) -> bool {
        self.id == zone::DEFAULT
    }
}

/// All zones by name (`ViewGlobalEntities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Zone>> {
    ctx.grant::<ViewGlobalEntities>()?;
    Ok(zone::list(&mut *region.store().reader().await?).await?.into_iter().map(Zone::from).collect())
}

/// The same with the count of machines and devices that the caller sees.
///
/// # Errors
/// `Denied`.
pub async fn list_counted(region: &Region, ctx: &OpCtx) -> Result<Vec<ZoneCount>> {
    let zones = list(region, ctx).await?;
    let me = ctx.actor.user().map(|user| user.id);
    let rows = zone::count_nodes(&mut *region.store().reader().await?, me).await?;
    let mut counts = HashMap::<(i64, i64), i64>::new();
    for row in rows.into_iter().filter(|row| is_seen(ctx, row)) {
        *counts.entry((row.zone_id, row.node_type)).or_default() += row.nodes;
    }
    let count = |zone: &Zone, kind: NodeType| counts.get(&(zone.id.0, kind.number())).copied().unwrap_or_default();
    let counted = |zone: Zone| ZoneCount {
        machines: count(&zone, NodeType::Machine),
        devices: count(&zone, NodeType::Device),
        zone,
    };
    Ok(zones.into_iter().map(counted).collect())
}

/// One zone by name.
///
/// # Errors
/// `NotFound { what: "Zone" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Zone> {
    ctx.grant::<ViewGlobalEntities>()?;
    find(&mut *region.store().reader().await?, name).await
}

/// Makes a zone (`EditGlobalEntities`).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Zone> {
    let may = ctx.grant::<EditGlobalEntities>()?;
    let (name, description) = place::checked(name, description)?;
    let mut tx = region.store().begin(ctx).await?;
    let zone = Zone::from(zone::insert(&mut tx, &may, name.as_str(), &description).await.map_err(taken)?);
    let details = json!({ "name": zone.name, "description": zone.description });
    tx.commit(audit("zone.create", format!("Created zone '{name}'."), &zone).details(details)).await?;
    announce(region, "create", zone.id);
    Ok(zone)
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
    ctx.grant::<ViewGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("zone").await?;
    let before = find(&mut tx, name).await?;
    let may = ctx.grant::<EditGlobalEntities>()?;
    let (name, description) =
        place::checked(new_name.unwrap_or(&before.name), description.unwrap_or(&before.description))?;
    if before.is_default() && name.as_str() != before.name {
        return Err(Error::field("name", "This zone is the default zone, it cannot be renamed."));
    }
    let row = ZoneRow { zone_id: before.id.0, name: name.to_string(), description };
    zone::update(&mut tx, &may, &row).await.map_err(taken)?;
    let after = Zone::from(row);
    let text = format!("Updated zone '{}'.", before.name);
    tx.commit(audit("zone.update", text, &before).details(place::difference(&shown(&before), &shown(&after)))).await?;
    announce(region, "update", after.id);
    Ok(after)
}

/// Deletes a zone; its nodes move to the default zone. An unknown one is no error, as in MAAS.
///
/// # Errors
/// `Denied`; `BadRequest` for the default zone; `Conflict` when something came into it at the same time.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let may = ctx.grant::<EditGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("zone").await?;
    let Some(row) = zone::find_named(&mut tx, name).await? else { return Ok(()) };
    let gone = Zone::from(row);
    if gone.is_default() {
        return Err(Error::BadRequest("This zone is the default zone, it cannot be deleted.".to_owned()));
    }
    let moved = zone::delete(&mut tx, &may, gone.id).await.map_err(|error| match error {
        StoreError::Reference(_) => Error::Conflict("A machine came into the zone just now: try again.".to_owned()),
        other => other.into(),
    })?;
    let details = json!({ "name": gone.name, "description": gone.description, "moved_nodes": moved });
    tx.commit_with_nodes(vec![audit("zone.delete", format!("Deleted zone '{name}'."), &gone).details(details)]).await?;
    announce(region, "delete", gone.id);
    Ok(())
}

async fn find(connection: &mut Connection, name: &str) -> Result<Zone> {
    zone::find_named(connection, name).await?.map(Zone::from).ok_or(Error::NotFound { what: "Zone" })
}

fn is_seen(ctx: &OpCtx, row: &ZoneCountRow) -> bool {
    let facts =
        NodeFacts { id: NodeId(0), pool: row.pool_id.map(PoolId), owner: row.owner_id.map(UserId), is_locked: false };
    ctx.grant_node(MachineAction::View, (), &facts).is_ok()
}

fn shown(zone: &Zone) -> [(&'static str, &str); 2] {
    [("name", &zone.name), ("description", &zone.description)]
}

fn audit(action: &'static str, text: String, zone: &Zone) -> Audit {
    Audit::new(EventType::Zones, action, text).object("zone", zone.id)
}

fn announce(region: &Region, action: &'static str, id: ZoneId) {
    region.announce("zone", action, json!(id), Audience::Holders(Action::ViewGlobalEntities));
}

fn taken(error: StoreError) -> Error {
    if error.is_unique("zone.name") {
        return Error::field("name", "Physical zone with this Name already exists.");
    }
    error.into()
}

impl From<ZoneRow> for Zone {
    fn from(row: ZoneRow) -> Self {
        Self { id: ZoneId(row.zone_id), name: row.name, description: row.description }
    }
}

#[cfg(test)]
mod tests {
    use maas_authz::Access;
    use maas_store::testing::TestNode;

    use super::*;
    use crate::testing::with_region;

    fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn zones_are_everybodys_to_see_and_administrators_to_change() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let north = create(region, admin, "north", "Cold").await.unwrap();
            assert_eq!(site.last_event().await, ("zone.create".into(), "Created zone 'north'.".into()));
            let twice = create(region, admin, "north", "").await;
            assert_eq!(text(twice), "name: Physical zone with this Name already exists.");
            assert_eq!(lookup(region, bob, "north").await.unwrap(), north);
            assert_eq!(text(lookup(region, bob, "south").await), "No Zone matches the given query.");
            assert_eq!(text(update(region, bob, "south", None, None).await), "No Zone matches the given query.");
            for refused in [
                create(region, bob, "x", "").await.map(|_| ()),
                update(region, bob, "north", None, Some("Warm")).await.map(|_| ()),
                delete(region, bob, "north").await,
                list(region, &site.holding(bob, Access::own_only())).await.map(|_| ()),
            ] {
                assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            }
            let south = update(region, admin, "north", Some("south"), None).await.unwrap();
            assert_eq!((south.id, south.description.as_str()), (north.id, "Cold"));
            assert_eq!(site.events().await[0].details, r#"{"after":{"name":"south"},"before":{"name":"north"}}"#);
            let renamed = update(region, admin, "default", Some("x"), None).await;
            assert_eq!(text(renamed), "name: This zone is the default zone, it cannot be renamed.");
            let deleted = delete(region, admin, "default").await;
            assert_eq!(text(deleted), "This zone is the default zone, it cannot be deleted.");
            delete(region, admin, "nowhere").await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn what_stood_in_a_deleted_zone_stands_in_the_default_one() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let north = create(region, admin, "north", "").await.unwrap();
            let (me, eve) = (site.id("bob").await, site.id("eve").await);
            let mut tx = region.store().begin(admin).await.unwrap();
            for (node, name) in [
                (TestNode::default(), "free"),
                (TestNode { owner: Some(eve), ..TestNode::default() }, "hers"),
                (TestNode::device(Some(me)), "mine"),
                (TestNode::device(Some(eve)), "her-device"),
            ] {
                TestNode { zone: north.id, ..node }.insert(&mut tx, name).await;
            }
            tx.commit_quietly().await.unwrap();
            let counts = async |ctx, at: usize| {
                let count = list_counted(region, ctx).await.unwrap().swap_remove(at);
                (count.zone.name, count.machines, count.devices)
            };
            assert_eq!(counts(admin, 1).await, ("north".into(), 2, 2));
            assert_eq!(counts(bob, 1).await, ("north".into(), 1, 1));
            let woken = region.node_changes();
            delete(region, admin, "north").await.unwrap();
            assert!(woken.has_changed().unwrap(), "those who watch machines look again");
            assert_eq!(counts(admin, 0).await, ("default".into(), 2, 2));
            let details: serde_json::Value = serde_json::from_str(&site.events().await[0].details).unwrap();
            assert_eq!(details["moved_nodes"].as_array().unwrap().len(), 4);
        })
        .await;
    }
}
