//! Changes of machines and devices for open pages, whichever region made them: the event log and the rows' versions say
//! what was touched, the row what it is now. What everybody saw before is remembered, so that those who lose sight of a machine are told so,
//! and those who never saw it are told nothing.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use maas_authz::NodeFacts;
use maas_model::{NodeId, NodeType, PoolId, SystemId, UserId};
use maas_store::{
    event::{self, Done},
    node::{self, ChangedRow, NodeRow, PlaceRow},
};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::{Node, facts, show_all};
use crate::{Audience, Region, Result};

/// Tells open pages of changes.
pub(crate) struct Feed {
    /// The last row of the event log that was told of.
    told: i64,
    /// When the latest change was made that is known of.
    changed_us: i64,
    changes: watch::Receiver<u64>,
    known: HashMap<SystemId, Known>,
}

/// A node as those who listen know it.
#[derive(Clone, Copy)]
struct Known {
    facts: NodeFacts,
    version: i64,
}

/// Nodes by system id: what kind they are, and what was done.
type Touched = BTreeMap<String, (&'static str, &'static str)>;

impl Feed {
    /// A feed of all that happens from now on.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn from_here(region: &Region) -> Result<Self> {
        let mut changes = region.node_changes();
        changes.mark_unchanged();
        let (told, _) = event::head(&mut *region.store().reader().await?).await?;
        let changed_us = region.clock().now().micros();
        Ok(Self { told, changed_us, changes, known: HashMap::new() })
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
        let known = |(id, place): (String, PlaceRow)| Some((id.parse().ok()?, place.into()));
        self.known = places.into_iter().filter_map(known).collect();
        Ok(())
    }

    /// Tells of all that was done.
    async fn catch_up(&mut self, region: &Region) -> Result<()> {
        loop {
            let done = event::done_since(&mut *region.store().reader().await?, self.told, PIECE).await?;
            let Some(last) = done.last().map(|done| done.event_id) else { break };
            self.tell(region, &touched(&done)).await?;
            self.told = last;
            // Those who listen have a chance to take what was told before more comes.
            tokio::task::yield_now().await;
        }
        self.look_at_versions(region).await
    }

    /// What was heard of a machine's power, for one, stands in its row and in no event. Clocks of regions differ a little,
    /// and what is committed late was changed early: so some of what was told already is looked at again.
    async fn look_at_versions(&mut self, region: &Region) -> Result<()> {
        let since = self.changed_us.saturating_sub(OVERLAP_US);
        let rows = node::changed_since(&mut *region.store().reader().await?, since).await?;
        let latest = rows.iter().map(|row| row.updated_us).max();
        let is_new = |row: &&ChangedRow| {
            let known = row.system_id.parse().ok().and_then(|id: SystemId| self.known.get(&id));
            known.is_none_or(|known| known.version != row.version)
        };
        let changed: Vec<_> = rows.iter().filter(is_new).cloned().collect();
        for some in changed.chunks(usize::try_from(PIECE).unwrap_or(1)) {
            let name = |row: &ChangedRow| match NodeType::from_number(row.node_type)? {
                NodeType::Machine => Some((row.system_id.clone(), ("machine", "update"))),
                NodeType::Device => Some((row.system_id.clone(), ("device", "update"))),
                _ => None,
            };
            self.tell(region, &some.iter().filter_map(name).collect()).await?;
            tokio::task::yield_now().await;
        }
        self.changed_us = latest.unwrap_or_default().max(self.changed_us);
        Ok(())
    }

    async fn tell(&mut self, region: &Region, touched: &Touched) -> Result<()> {
        if touched.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = touched.keys().map(String::as_str).collect();
        let rows = node::find_each(&mut *region.store().reader().await?, &ids).await?;
        let now: HashMap<String, Known> = rows.iter().map(|row| (row.system_id.clone(), row.into())).collect();
        let data = rows_of(region, rows).await?;
        for (id, (name, action)) in touched {
            let Ok(system_id) = id.parse::<SystemId>() else { continue };
            let now = now.get(id).copied();
            let before = match now {
                Some(now) => self.known.insert(system_id, now),
                None => self.known.remove(&system_id),
            };
            let action = if now.is_some() { action } else { "delete" };
            let data = data.get(id).cloned().unwrap_or_else(|| json!({ "system_id": id }));
            let audience = Audience::Node { now: now.map(|now| now.facts), before: before.map(|before| before.facts) };
            region.announce(name, action, data, audience);
        }
        Ok(())
    }
}

/// The nodes that rows are about, each once, with what the rows did.
fn touched(done: &[Done]) -> Touched {
    let mut touched = Touched::new();
    for done in done {
        let name = match done.object_type.as_str() {
            "machine" => "machine",
            "device" => "device",
            _ => continue,
        };
        let is_new = matches!(done.action.rsplit('.').next(), Some("create" | "enlist"));
        let entry = touched.entry(done.object_id.clone()).or_insert((name, "update"));
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

impl From<PlaceRow> for Known {
    fn from(place: PlaceRow) -> Self {
        let facts = NodeFacts {
            id: NodeId(place.node_id),
            pool: place.pool_id.map(PoolId),
            owner: place.owner_id.map(UserId),
            is_locked: place.is_locked == 1,
        };
        Self { facts, version: place.version }
    }
}

impl From<&NodeRow> for Known {
    fn from(row: &NodeRow) -> Self {
        Self { facts: facts(row), version: row.version }
    }
}

/// Rows of the log that are read at once.
const PIECE: i64 = 200;
const RETRY: Duration = Duration::from_secs(5);
const OVERLAP_US: i64 = 10_000_000;

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
    async fn what_stands_in_no_event_is_told_once() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let mut told = region.subscribe();
            let id = create(region, &admin, new("52:54:00:00:00:01")).await.unwrap().system_id.to_string();
            next(&mut told).await;
            let ask = maas_model::MachineAction::QueryPower;
            let kind = maas_model::NodeType::Machine;
            for state in [maas_model::PowerState::On, maas_model::PowerState::Off] {
                let mut tx = region.store().begin(&admin).await.unwrap();
                let machine = crate::nodes::lock(&mut tx, &admin, kind, &id, ask).await.unwrap();
                let reading = maas_store::node::PowerReading { state, error: "" };
                maas_store::node::set_power_reading(&mut tx, &machine, reading).await.unwrap();
                tx.commit_nodes(Vec::new()).await.unwrap();
                let notice = next(&mut told).await;
                assert_eq!((notice.action, &notice.data["power_state"]), ("update", &json!(state)));
            }
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
