//! Changes of machines and devices for open pages, whichever region made them: the event log says what was touched, the
//! row what it is now. What everybody saw before is remembered, so that those who lose sight of a machine are told so,
//! and those who never saw it are told nothing.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use maas_authz::NodeFacts;
use maas_model::{NodeId, NodeType, PoolId, SystemId, UserId};
use maas_store::{
    event::{self, Done},
    node::{self, NodeRow, PlaceRow},
};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::{Node, facts, show_all};
use crate::{Audience, Region, Result};

/// Tells open pages of changes.
pub(crate) struct Feed {
    /// The last row of the event log that was told of.
    told: i64,
    changes: watch::Receiver<u64>,
    places: HashMap<SystemId, NodeFacts>,
}

impl Feed {
    /// A feed of all that happens from now on.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn from_here(region: &Region) -> Result<Self> {
        let mut changes = region.node_changes();
        changes.mark_unchanged();
        let (told, _) = event::head(&mut *region.store().reader().await?).await?;
        Ok(Self { told, changes, places: HashMap::new() })
    }

    /// Does not return.
    pub(crate) async fn run(mut self, region: &Region) {
        let mut is_behind = self.load(region).await.is_err();
        loop {
            let next = self.changes.changed();
            if is_behind {
                let _ = timeout(RETRY, next).await;
            } else if next.await.is_err() {
                return std::future::pending().await;
            }
            self.changes.borrow_and_update();
            let told = self.catch_up(region).await;
            is_behind = told.is_err();
            if let Err(error) = told {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot tell open pages of changed machines");
            }
        }
    }

    async fn load(&mut self, region: &Region) -> Result<()> {
        let places = node::places(&mut *region.store().reader().await?).await?;
        let known = |(id, place): (String, PlaceRow)| Some((id.parse().ok()?, facts_of(place)));
        self.places = places.into_iter().filter_map(known).collect();
        Ok(())
    }

    /// Tells of all rows that are there.
    async fn catch_up(&mut self, region: &Region) -> Result<()> {
        loop {
            let done = event::done_since(&mut *region.store().reader().await?, self.told, PIECE).await?;
            let Some(last) = done.last().map(|done| done.event_id) else { return Ok(()) };
            self.tell(region, &touched(&done)).await?;
            self.told = last;
            // Those who listen have a chance to take what was told before more comes.
            tokio::task::yield_now().await;
        }
    }

    async fn tell(&mut self, region: &Region, touched: &BTreeMap<&str, (&'static str, &'static str)>) -> Result<()> {
        if touched.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = touched.keys().copied().collect();
        let rows = node::find_each(&mut *region.store().reader().await?, &ids).await?;
        let now: HashMap<String, NodeFacts> = rows.iter().map(|row| (row.system_id.clone(), facts(row))).collect();
        let data = rows_of(region, rows).await?;
        for (id, (name, action)) in touched {
            let Ok(system_id) = id.parse::<SystemId>() else { continue };
            let now = now.get(*id).copied();
            let before = match now {
                Some(now) => self.places.insert(system_id, now),
                None => self.places.remove(&system_id),
            };
            let action = if now.is_some() { action } else { "delete" };
            let data = data.get(*id).cloned().unwrap_or_else(|| json!({ "system_id": id }));
            region.announce(name, action, data, Audience::Node { now, before });
        }
        Ok(())
    }
}

/// The nodes that rows are about, each once, with what the last row did.
fn touched(done: &[Done]) -> BTreeMap<&str, (&'static str, &'static str)> {
    let mut touched = BTreeMap::new();
    for done in done {
        let name = match done.object_type.as_str() {
            "machine" => "machine",
            "device" => "device",
            _ => continue,
        };
        let is_new = matches!(done.action.rsplit('.').next(), Some("create" | "enlist"));
        let entry = touched.entry(done.object_id.as_str()).or_insert((name, "update"));
        if is_new {
            entry.1 = "create";
        }
    }
    touched
}

async fn rows_of(region: &Region, rows: Vec<NodeRow>) -> Result<HashMap<String, Value>> {
    let shown = show_all(region, rows).await?;
    Ok(shown.iter().map(|node| (node.system_id.to_string(), row(node))).collect())
}

/// What a row of a list shows, in the words of MAAS's own socket.
fn row(node: &Node) -> Value {
    let pool = node.pool.as_ref().map(|pool| json!({ "id": pool.id, "name": pool.name }));
    let mut data = json!({
        "system_id": node.system_id, "hostname": node.hostname, "fqdn": node.fqdn(),
        "owner": node.owner.as_ref().map_or("", |owner| &owner.username),
        "zone": { "id": node.zone.id, "name": node.zone.name },
        "tags": node.tags, "version": node.version,
    });
    if node.kind == NodeType::Machine {
        data["pool"] = pool.into();
        data["status"] = node.status.label().into();
        data["status_code"] = node.status.code().into();
        data["simple_status"] = node.status.simple().as_str().into();
        data["status_message"] = node.status_message.as_str().into();
        data["error_description"] = node.error_description.as_str().into();
        data["power_state"] = node.power_state.as_str().into();
        data["power_type"] = node.power_type.as_str().into();
        data["locked"] = node.is_locked.into();
    }
    data
}

fn facts_of(place: PlaceRow) -> NodeFacts {
    NodeFacts {
        id: NodeId(place.node_id),
        pool: place.pool_id.map(PoolId),
        owner: place.owner_id.map(UserId),
        is_locked: place.is_locked == 1,
    }
}

/// Rows of the log that are read at once.
const PIECE: i64 = 200;
const RETRY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maas_authz::{Access, Actor};
    use maas_model::PoolId;
    use serde_json::json;
    use tokio::{sync::broadcast, time::timeout};

    use crate::{
        Notice,
        machines::{MachineChange, NewMachine, create, delete, set_pool, update},
        pools,
        testing::{TestRegion, with_region},
    };

    fn new(mac: &str) -> NewMachine {
        NewMachine { architecture: "amd64".into(), mac_addresses: vec![mac.into()], ..NewMachine::default() }
    }

    async fn next(heard: &mut broadcast::Receiver<Notice>) -> Notice {
        loop {
            let notice = timeout(Duration::from_secs(10), heard.recv()).await.expect("a notice comes").unwrap();
            if notice.name == "machine" {
                return notice;
            }
        }
    }

    fn heard(notice: &Notice, actor: &Actor) -> Option<(&'static str, serde_json::Value)> {
        notice.heard_by(actor).map(|(action, data)| (action, data["system_id"].clone()))
    }

    #[tokio::test]
    async fn pages_hear_of_what_they_see_and_of_what_they_lose() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let pool = pools::create(region, &admin, "web", "").await.unwrap();
            // Bob sees free machines of the default pool alone.
            let mut access = Access::own_only();
            access.give(maas_authz::role::BUILTIN[2].actions, Some(PoolId(0)));
            let bob = site.holding(&site.ctx("bob").await, access).actor;
            let mut told = region.subscribe();

            let id = create(region, &admin, new("52:54:00:00:00:01")).await.unwrap().system_id.to_string();
            let notice = next(&mut told).await;
            assert_eq!(heard(&notice, &admin.actor), Some(("create", json!(id))));
            assert_eq!(heard(&notice, &bob), Some(("create", json!(id))));
            assert_eq!((&notice.data["status"], &notice.data["pool"]["name"]), (&json!("New"), &json!("default")));

            set_pool(region, &admin, &id, "web").await.unwrap();
            let notice = next(&mut told).await;
            assert_eq!(heard(&notice, &admin.actor).unwrap().0, "update");
            assert_eq!(notice.heard_by(&bob), Some(("delete", &json!(id))));

            let change = MachineChange { hostname: Some("hidden".into()), ..MachineChange::default() };
            update(region, &admin, &id, change).await.unwrap();
            let notice = next(&mut told).await;
            assert_eq!((heard(&notice, &bob), &notice.data["fqdn"]), (None, &json!("hidden.maas")));

            set_pool(region, &admin, &id, "0").await.unwrap();
            assert_eq!(heard(&next(&mut told).await, &bob).unwrap().0, "create");
            delete(region, &admin, &id).await.unwrap();
            let notice = next(&mut told).await;
            assert_eq!(notice.heard_by(&bob), Some(("delete", &json!(id))));
            assert_eq!(notice.heard_by(&Actor::Anonymous), None);
            pools::delete(region, &admin, &pool.name).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn what_another_region_does_is_told_here() {
        with_region(async |site| {
            let other = TestRegion::open(&site.db, "host2").await;
            let mut told = other.subscribe();
            let admin = site.ctx("admin").await;
            let made = create(&site.region, &admin, new("52:54:00:00:00:01")).await.unwrap();
            let notice = next(&mut told).await;
            assert_eq!(heard(&notice, &admin.actor), Some(("create", json!(made.system_id))));
            other.shutdown().await;
        })
        .await;
    }
}
