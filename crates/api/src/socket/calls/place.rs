//! Pools, zones, tags and events over the socket.

use maas_authz::OpCtx;
use maas_model::{Level, Timestamp};
use maas_region::{
    Error, Region,
    events::{self, Event, EventQuery},
    pools, tags, zones,
};
use serde_json::{Value, json};

use super::machine::text;

/// The answer, if the call is about one of these.
pub(super) async fn dispatch(
    region: &Region,
    ctx: &OpCtx,
    method: &str,
    params: &Value,
) -> Option<Result<Value, Error>> {
    Some(match method {
        "resourcepool.list" => list_pools(region, ctx).await,
        "zone.list" => list_zones(region, ctx).await,
        "tag.list" => list_tags(region, ctx).await,
        "event.list" => list_events(region, ctx, params).await,
        _ => return None,
    })
}

async fn list_pools(region: &Region, ctx: &OpCtx) -> Result<Value, Error> {
    let pools = pools::list_counted(region, ctx).await?;
    let shown = pools.iter().map(|count| {
        json!({
            "id": count.pool.id.0,
            "name": count.pool.name,
            "description": count.pool.description,
            "is_default": count.pool.is_default(),
            "machine_total_count": count.machines,
            "machine_ready_count": count.ready,
        })
    });
    Ok(shown.collect())
}

async fn list_zones(region: &Region, ctx: &OpCtx) -> Result<Value, Error> {
    let zones = zones::list_counted(region, ctx).await?;
    let shown = zones.iter().map(|count| {
        json!({
            "id": count.zone.id.0,
            "name": count.zone.name,
            "description": count.zone.description,
            "machines_count": count.machines,
            "devices_count": count.devices,
            "controllers_count": 0,
        })
    });
    Ok(shown.collect())
}

async fn list_tags(region: &Region, ctx: &OpCtx) -> Result<Value, Error> {
    let tags = tags::list_counted(region, ctx).await?;
    let shown = tags.iter().map(|count| {
        let tag = &count.tag;
        json!({
            "id": tag.id.0,
            "name": tag.name,
            "definition": tag.definition,
            "comment": tag.comment,
            "kernel_opts": tag.kernel_opts,
            "machine_count": count.machines,
            "device_count": count.devices,
            "controller_count": 0,
        })
    });
    Ok(shown.collect())
}

/// What happened to one machine or device, newest first: `system_id`, `limit`, `start` (an id to go on behind).
async fn list_events(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let limit = params.get("limit").and_then(Value::as_u64).unwrap_or(DEFAULT).clamp(1, MOST);
    let before = params.get("start").and_then(Value::as_i64).filter(|id| *id > 0).map(maas_model::EventId);
    let query = EventQuery {
        limit: u32::try_from(limit).unwrap_or(1),
        before,
        ..EventQuery::of_node(text(params, "system_id")?, Some(Level::Debug))
    };
    Ok(events::query(region, ctx, query).await?.iter().map(event).collect())
}

fn event(event: &Event) -> Value {
    json!({
        "id": event.id.0,
        "node": event.node.as_ref().map(|node| node.system_id.as_str()),
        "type": { "description": event.kind.description(), "level": event.level.as_str() },
        "description": event.description,
        "username": event.username,
        "created": event.created_at.event_format(),
        "time": Timestamp::iso(event.created_at),
    })
}

const DEFAULT: u64 = 100;
const MOST: u64 = 1000;
