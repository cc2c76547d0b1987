//! Devices: things with a name and an address that nobody deploys.

use std::collections::BTreeMap;

use maas_authz::{
    Action, OpCtx,
    action::{DeployMachines, EditOwn, ViewDevices, ViewOwn},
};
use maas_model::{EventType, MachineAction, NodeId, SystemId, filter::NodeFilter, node::NodeType};
use maas_store::{
    Audit, Tx,
    node::{self, Cursor, NodeRow, Page},
};
use serde_json::{Value, json};

use crate::{
    Error, Region, Result,
    machines::{self, Fields, no_choice},
    nodes::{self, Node},
};

mod change;
mod create;

pub use change::{annotate, update};
pub use create::create;

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
    /// Empty for none.
    pub parent: Option<String>,
    pub zone: Option<String>,
}

/// The devices that the caller sees, by id: their own, or all with `ViewDevices`.
///
/// # Errors
/// `Denied`; `Invalid` by filter for what does not exist.
pub async fn list(region: &Region, ctx: &OpCtx, filter: &NodeFilter) -> Result<Vec<Node>> {
    let owner = match ctx.grant::<ViewDevices>() {
        Ok(_) => None,
        Err(_) => Some(*ctx.own::<ViewOwn>()?.row()),
    };
    let mut reader = region.store().reader().await?;
    machines::check_filter(region, ctx, &mut reader, filter).await?;
    let mut rows: Vec<NodeRow> = Vec::new();
    let mut page = Page { limit: AT_ONCE, ..Page::default() };
    loop {
        let some = node::list_devices(&mut reader, owner, filter, &page).await?;
        let is_last = some.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        page.after = some.last().map(|row| Cursor { value: String::new(), id: NodeId(row.node_id) });
        rows.extend(some);
        if is_last {
            break;
        }
    }
    drop(reader);
    nodes::show_all(region, rows).await
}

/// One device.
///
/// # Errors
/// `NotFound { what: "Device" }`.
pub async fn lookup(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Node> {
    let mut reader = region.store().reader().await?;
    let found = nodes::lookup(&mut reader, ctx, NodeType::Device, system_id, MachineAction::View).await?;
    drop(reader);
    nodes::show(region, found.into_row()).await
}

/// The system ids of the machines that these devices are parts of, as far as the caller sees them.
///
/// # Errors
/// Those of the database.
pub async fn parents(region: &Region, ctx: &OpCtx, devices: &[Node]) -> Result<BTreeMap<NodeId, SystemId>> {
    let mut reader = region.store().reader().await?;
    let mut seen = BTreeMap::new();
    let ids: std::collections::BTreeSet<NodeId> = devices.iter().filter_map(|device| device.parent).collect();
    for id in ids {
        let Some(row) = node::find_by_id(&mut reader, id).await? else { continue };
        let facts = nodes::facts(&row);
        if let Ok(row) = ctx.grant_node(MachineAction::View, row, &facts)
            && let Ok(system_id) = row.row().system_id.parse()
        {
            seen.insert(id, system_id);
        }
    }
    Ok(seen)
}

/// The interfaces of these devices, which the caller has looked up, each a list as API 2.0 shows it.
///
/// # Errors
/// `Internal` when what was rendered cannot be read.
pub async fn interface_sets(region: &Region, devices: &[Node]) -> Result<BTreeMap<NodeId, Value>> {
    let ids: Vec<NodeId> = devices.iter().map(|device| device.id).collect();
    let mut sets = BTreeMap::new();
    for (id, body) in node::bodies(&mut *region.store().reader().await?, &ids).await? {
        let members = format!("{{{}}}", body.trim_start_matches(','));
        let mut members: Value = serde_json::from_str(&members)
            .map_err(|error| Error::internal(format!("what was rendered of node {id} cannot be read: {error}")))?;
        sets.insert(NodeId(id), members["interface_set"].take());
    }
    Ok(sets)
}

/// Deletes a device.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let device = nodes::lock(&mut tx, ctx, NodeType::Device, system_id, MachineAction::Delete).await?;
    node::delete(&mut tx, &device).await?;
    let row = device.row();
    let details = json!({ "hostname": row.hostname, "owner": row.owner_id, "parent": row.parent_id });
    let text = format!("Deleted the device '{}'.", row.hostname);
    Ok(tx.commit_nodes(vec![audit("device.delete", text, row, details)]).await?)
}

/// The machine that a device is to be a part of. One that the caller does not see is not there.
async fn parent(tx: &mut Tx, ctx: &OpCtx, system_id: &str, fields: &mut Fields) -> Result<Option<NodeId>> {
    match nodes::lookup(tx, ctx, NodeType::Machine, system_id, MachineAction::View).await {
        Ok(machine) => Ok(Some(NodeId(machine.row().node_id))),
        Err(Error::NotFound { .. } | Error::Denied(_)) => {
            fields.refuse("parent", no_choice(system_id));
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

fn audit(action: &'static str, text: String, row: &NodeRow, details: Value) -> Audit {
    Audit::new(EventType::Node, action, text).object("device", &row.system_id).details(details)
}

/// Whether the caller may make devices: whoever may take machines of some pool.
fn may_create(ctx: &OpCtx) -> Result<()> {
    ctx.grant::<EditOwn>()?;
    if !ctx.access().anywhere().has(Action::DeployMachines) {
        ctx.grant::<DeployMachines>()?;
    }
    Ok(())
}

const AT_ONCE: i64 = 500;

#[cfg(test)]
mod tests {
    use maas_authz::{Access, Actions};
    use maas_model::PoolId;
    use maas_store::testing::TestNode;

    use super::*;
    use crate::testing::with_region;

    fn new(hostname: &str, mac: &str) -> NewDevice {
        NewDevice { hostname: Some(hostname.into()), mac_addresses: vec![mac.into()], ..NewDevice::default() }
    }

    fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_device_is_its_makers_and_nobody_else_knows_of_it() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            let (bob, eve) = (&site.ctx("bob").await, &site.ctx("eve").await);
            let mut printer = new("Printer.maas", "52-54-00-00-00-01");
            printer.zone = Some("default".into());
            let made = create(region, bob, printer).await.unwrap();
            assert_eq!((made.fqdn().as_str(), made.boot_mac.as_deref()), ("printer.maas", Some("52:54:00:00:00:01")));
            assert_eq!(made.owner.as_ref().unwrap().username.as_ref(), "bob");
            assert_eq!(site.last_event().await, ("device.create".into(), "Created device 'printer'.".into()));
            let sets = interface_sets(region, std::slice::from_ref(&made)).await.unwrap();
            assert_eq!(sets[&made.id][0]["mac_address"], "52:54:00:00:00:01");
            let id = made.system_id.as_str();
            let names = async |ctx| {
                let devices = list(region, ctx, &NodeFilter::default()).await.unwrap();
                devices.into_iter().map(|device| device.hostname).collect::<Vec<_>>()
            };
            create(region, eve, new("lamp", "52:54:00:00:00:02")).await.unwrap();
            assert_eq!((names(bob).await, names(eve).await), (vec!["printer".into()], vec!["lamp".to_owned()]));
            assert_eq!(names(admin).await, ["printer", "lamp"]);
            assert_eq!(text(lookup(region, eve, id).await), "No Device matches the given query.");
            assert_eq!(text(delete(region, eve, id).await), "No Device matches the given query.");
            let hostname = Some("x".to_owned());
            let rename = DeviceChange { hostname, ..DeviceChange::default() };
            assert_eq!(text(update(region, eve, id, rename.clone()).await), "No Device matches the given query.");
            assert_eq!(update(region, bob, id, rename).await.unwrap().hostname, "x");

            let taken = create(region, eve, new("lamp2", "52:54:00:00:00:01")).await;
            assert_eq!(text(taken), "mac_addresses: MAC address 52:54:00:00:00:01 already in use.");
            let taken = create(region, eve, new("x", "52:54:00:00:00:03")).await;
            assert_eq!(text(taken), "hostname: Node with this Hostname already exists.");
            let nameless = NewDevice { mac_addresses: vec!["52:54:00:00:00:04".into()], ..NewDevice::default() };
            assert!(create(region, bob, nameless).await.unwrap().hostname.contains('-'));
            let bad = NewDevice { zone: Some("x".into()), parent: Some("abc".into()), ..NewDevice::default() };
            let Err(Error::Invalid(fields)) = create(region, bob, bad).await else { panic!("it was taken") };
            assert_eq!(fields.keys().collect::<Vec<_>>(), ["mac_addresses", "parent", "zone"]);
            delete(region, bob, id).await.unwrap();
            assert_eq!(site.last_event().await.0, "device.delete");
        })
        .await;
    }

    #[tokio::test]
    async fn who_may_take_no_machine_makes_no_device() {
        with_region(async |site| {
            let (region, bob) = (&site.region, &site.ctx("bob").await);
            let auditor = Actions::of(&[Action::ViewMachines, Action::ViewGlobalEntities]);
            for access in [Access::own_only(), Access::of(auditor)] {
                let refused = create(region, &site.holding(bob, access), new("a", "52:54:00:00:00:01")).await;
                assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            }
            let mut access = Access::own_only();
            access.give(Actions::of(&[Action::DeployMachines]), Some(PoolId(0)));
            create(region, &site.holding(bob, access), new("a", "52:54:00:00:00:01")).await.unwrap();
            let mine = list(region, bob, &NodeFilter::default()).await.unwrap();
            let poor = &site.holding(bob, Access::own_only());
            let refused = delete(region, poor, mine[0].system_id.as_str()).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "seen, since it is theirs, and no more");
        })
        .await;
    }

    #[tokio::test]
    async fn a_part_of_a_hidden_machine_does_not_name_it() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let eve = site.id("eve").await;
            let mut tx = region.store().begin(admin).await.unwrap();
            let (_, free) = TestNode::default().insert(&mut tx, "free").await;
            let (_, hers) = TestNode { owner: Some(eve), ..TestNode::default() }.insert(&mut tx, "hers").await;
            tx.commit_quietly().await.unwrap();
            let part = |of: &str, name: &str, mac: &str| NewDevice { parent: Some(of.into()), ..new(name, mac) };
            let hidden = create(region, bob, part(&hers, "a", "52:54:00:00:00:01")).await;
            assert_eq!(text(hidden), format!("parent: {}", no_choice(&hers)));
            let card = create(region, bob, part(&free, "card", "52:54:00:00:00:01")).await.unwrap();
            let seen = parents(region, bob, std::slice::from_ref(&card)).await.unwrap();
            assert_eq!(seen.values().map(SystemId::as_str).collect::<Vec<_>>(), [free.as_str()]);
            let change = |parent: &str| DeviceChange { parent: Some(parent.into()), ..DeviceChange::default() };
            let moved = update(region, admin, card.system_id.as_str(), change(&hers)).await.unwrap();
            assert!(parents(region, bob, &[moved]).await.unwrap().is_empty());
            assert!(update(region, bob, card.system_id.as_str(), change("")).await.unwrap().parent.is_none());
            let notes = BTreeMap::from([("role".to_owned(), "nic".to_owned())]);
            let noted = annotate(region, bob, card.system_id.as_str(), notes.clone()).await.unwrap();
            assert_eq!(noted.owner_data, notes);
            assert_eq!(site.last_event().await.0, "device.annotate");
        })
        .await;
    }
}
