//! Changing one machine, annotating it, deleting it.

use std::collections::BTreeMap;

use maas_authz::{OpCtx, action::EditMachines};
use maas_model::{EventType, MachineAction, NodeType};
use maas_store::{
    Audit, Tx,
    node::{self, NodeRow, Settings},
};
use serde_json::{Map, Value, json};

use super::{
    MachineChange, bmc,
    create::HOSTNAME_TAKEN,
    fields::{Fields, no_choice},
    moves::visible_pool,
    parts,
};
use crate::{
    Error, Region, Result,
    nodes::{self, Catalog, Node},
};

/// Changes a machine; a new pool needs the same right there.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` by field.
pub async fn update(region: &Region, ctx: &OpCtx, system_id: &str, change: MachineChange) -> Result<Node> {
    let catalog = nodes::catalog(region).await?;
    let mut tx = region.store().begin(ctx).await?;
    let machine = nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::Edit).await?;
    let row = machine.row();
    let mut fields = Fields::default();
    let settings = settings(&catalog, row, &change, &mut fields);
    let zone = change.zone.as_deref().and_then(|name| fields.zone(&catalog, name)).map(|zone| zone.id);
    let pool = change.pool.as_deref().and_then(|name| {
        let pool = visible_pool(ctx, &catalog, name);
        if pool.is_none() {
            fields.refuse("pool", no_choice(name));
        }
        pool.map(|pool| pool.id)
    });
    let power = match &change.power {
        None => None,
        Some(change) => {
            let now = bmc::load(region, &mut tx, row).await?;
            Some(bmc::understand(now, change, &mut fields.errors))
        }
    };
    fields.done()?;
    if let Some(pool) = pool.filter(|pool| Some(pool.0) != row.pool_id) {
        ctx.grant_pool::<EditMachines>(pool)?;
        node::set_pool(&mut tx, &machine, pool).await?;
    }
    if let Some(zone) = zone.filter(|zone| zone.0 != row.zone_id) {
        node::set_zone(&mut tx, &machine, zone).await?;
    }
    if settings != Settings::from(row) {
        let written = node::set_settings(&mut tx, &machine, &settings).await;
        written.map_err(|error| match error {
            error if error.is_unique("node.hostname") => Error::field("hostname", HOSTNAME_TAKEN),
            error => error.into(),
        })?;
    }
    let mut told = Told { catalog: &catalog, power: None, forgotten: Vec::new() };
    if let Some(power) = &power {
        bmc::store(region, &mut tx, &machine, power).await?;
        told.forgotten.clone_from(&power.forgotten);
        told.power = change.power.as_ref().map(|change| change.parameters.keys().cloned().collect());
    }
    let after = current(&mut tx, system_id).await?;
    let details = told.details(row, &after);
    if details.is_none() {
        return nodes::show(region, after).await;
    }
    let mut text = format!("Updated machine '{}'.", after.hostname);
    if let Some(names) = power.as_ref().map(|power| power.forgotten.join(", ")).filter(|names| !names.is_empty()) {
        text += &format!(" Its power is reached elsewhere now, so {names} was forgotten.");
    }
    tx.commit_nodes(vec![audit("machine.update", text, &after, details.unwrap_or_default())]).await?;
    nodes::show(region, after).await
}

fn settings(catalog: &Catalog, row: &NodeRow, change: &MachineChange, fields: &mut Fields) -> Settings {
    let mut to = Settings::from(row);
    let domain = change.domain.as_deref().filter(|name| !name.is_empty());
    let domain = match change.hostname.as_deref().filter(|name| !name.trim().is_empty()) {
        Some(text) => {
            let (hostname, domain) = fields.hostname(catalog, text, domain);
            to.hostname = hostname.map_or(to.hostname, |name| name.to_string());
            domain
        }
        None => domain.and_then(|name| fields.domain(catalog, name)),
    };
    to.domain_id = domain.map_or(to.domain_id, |domain| domain.id.0);
    if let Some(text) = &change.description {
        to.description = fields.description(text);
    }
    if let Some(text) = change.architecture.as_deref().filter(|text| !text.is_empty()) {
        to.architecture = fields.architecture(text).map_or(to.architecture, |known| known.to_string());
    }
    if let Some(text) = &change.min_hwe_kernel {
        to.min_hwe_kernel = fields.kernel(text).unwrap_or(to.min_hwe_kernel);
    }
    if let Some(count) = change.cpu_count {
        to.cpu_count = fields.number("cpu_count", count, 0);
    }
    if let Some(memory) = change.memory_mib {
        to.memory_mib = fields.number("memory", memory, 0);
    }
    if let Some(swap) = change.swap_bytes {
        to.swap_bytes = swap.map(|bytes| fields.number("swap_size", bytes, 0));
    }
    to.has_crash_dump = change.has_crash_dump.unwrap_or(to.has_crash_dump);
    to
}

/// Sets workload annotations; an empty value removes one.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody has taken the machine; `Invalid` by key.
pub async fn annotate(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    annotations: BTreeMap<String, String>,
) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let machine = nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::Annotate).await?;
    if machine.row().owner_id.is_none() {
        return Err(Error::Conflict("Cannot set workload annotation: it hasn't been acquired.".to_owned()));
    }
    let (before, after) = annotated(machine.row(), annotations)?;
    if before == after {
        return nodes::show(region, machine.into_row()).await;
    }
    node::set_owner_data(&mut tx, &machine, &json!(after).to_string()).await?;
    let row = current(&mut tx, system_id).await?;
    let text = format!("Set workload annotations of machine '{}'.", row.hostname);
    let details = json!({"before": before, "after": after});
    tx.commit_nodes(vec![audit("machine.annotate", text, &row, details)]).await?;
    nodes::show(region, row).await
}

/// The annotations as they are, and as they are to be.
pub(crate) fn annotated(row: &NodeRow, changes: BTreeMap<String, String>) -> Result<(Annotations, Annotations)> {
    let damaged = |_| Error::internal(format!("the annotations of {} are damaged", row.system_id));
    let before: Annotations = serde_json::from_str(&row.owner_data).map_err(damaged)?;
    let mut after = before.clone();
    let mut fields = Fields::default();
    for (key, value) in changes {
        if key.is_empty() || key.len() > 255 || key.contains(['=', '\0']) || key.chars().any(char::is_control) {
            fields.refuse(&key, "A key has 1 to 255 characters, none of them `=` or a control character.");
        } else if value.is_empty() {
            after.remove(&key);
        } else {
            let value = fields.text(&key, &value);
            after.insert(key, value);
        }
    }
    fields.done()?;
    Ok((before, after))
}

type Annotations = BTreeMap<String, String>;

/// Deletes a machine, its devices and what was sealed for it.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let machine = nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::Delete).await?;
    let mut told = parts::take_apart(&mut tx, &machine).await?;
    bmc::forget(&mut tx, machine.row().node_id).await?;
    node::delete(&mut tx, &machine).await?;
    let row = machine.row();
    let text = format!("Deleted the machine '{}'.", row.hostname);
    let details = json!({"hostname": row.hostname, "pool": row.pool_id, "owner": row.owner_id, "status": row.status});
    told.insert(0, audit("machine.delete", text, row, details));
    tx.commit_nodes(told).await?;
    tracing::info!(machine.id = row.system_id, "a machine was deleted");
    Ok(())
}

/// The row as this transaction leaves it.
pub(super) async fn current(tx: &mut Tx, system_id: &str) -> Result<NodeRow> {
    let gone = || Error::internal(format!("machine {system_id} went while it was locked"));
    node::find(tx, system_id).await?.ok_or_else(gone)
}

pub(super) fn audit(action: &'static str, text: String, row: &NodeRow, details: Value) -> Audit {
    Audit::new(EventType::Node, action, text).object("machine", &row.system_id).details(details)
}

/// What the audit log is told of a change: values before and after, of power parameters only the names.
struct Told<'a> {
    catalog: &'a Catalog,
    power: Option<Vec<String>>,
    forgotten: Vec<String>,
}

impl Told<'_> {
    fn details(&self, before: &NodeRow, after: &NodeRow) -> Option<Value> {
        let (before, after) = (self.values(before), self.values(after));
        let mut told: [Map<String, Value>; 2] = Default::default();
        for (key, value) in &after {
            if before.get(key) != Some(value) {
                told[0].insert(key.clone(), before.get(key).cloned().unwrap_or_default());
                told[1].insert(key.clone(), value.clone());
            }
        }
        if told[1].is_empty() && self.power.is_none() {
            return None;
        }
        let [before, after] = told;
        let mut details = json!({"before": before, "after": after});
        if let Some(names) = &self.power {
            details["power_parameters"] = json!(names);
            if !self.forgotten.is_empty() {
                details["power_secrets_forgotten"] = json!(self.forgotten);
            }
        }
        Some(details)
    }

    fn values(&self, row: &NodeRow) -> Map<String, Value> {
        let pool = row.pool_id.and_then(|id| self.catalog.pool(maas_model::PoolId(id)));
        let zone = self.catalog.zone(maas_model::ZoneId(row.zone_id));
        let domain = self.catalog.domain(maas_model::DomainId(row.domain_id));
        let values = json!({
            "hostname": row.hostname, "description": row.description, "architecture": row.architecture,
            "min_hwe_kernel": row.min_hwe_kernel, "cpu_count": row.cpu_count, "memory": row.memory_mib,
            "swap_size": row.swap_bytes, "enable_kernel_crash_dump": row.has_crash_dump == 1,
            "power_type": row.power_type, "pool": pool.map(|pool| pool.name.clone()),
            "zone": zone.map(|zone| zone.name.clone()), "domain": domain.map(|domain| domain.name.clone()),
        });
        match values {
            Value::Object(values) => values,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use maas_model::Secret;

    use super::{annotate, delete, update};
    use crate::{
        Error,
        machines::{MachineChange, NewMachine, PowerChange, bmc, create, lookup},
        testing::{TestRegion, with_region},
    };

    async fn machine(site: &TestRegion, mac: &str) -> String {
        let power = PowerChange {
            power_type: Some("redfish".into()),
            parameters: [("power_address", "10.0.0.1"), ("power_user", "root"), ("power_pass", "canary")]
                .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
                .into(),
            skip_check: false,
        };
        let new = NewMachine {
            architecture: "amd64".into(),
            mac_addresses: vec![mac.into()],
            power: Some(power),
            ..NewMachine::default()
        };
        create(&site.region, &site.ctx("admin").await, new).await.unwrap().system_id.to_string()
    }

    #[tokio::test]
    async fn a_change_tells_what_it_changed() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let id = machine(site, "52:54:00:00:00:01").await;
            let change = MachineChange {
                hostname: Some("db-1".into()),
                description: Some("two\nlines".into()),
                swap_bytes: Some(Some(7)),
                ..MachineChange::default()
            };
            let changed = update(region, &admin, &id, change.clone()).await.unwrap();
            assert_eq!((changed.hostname.as_str(), changed.swap_bytes), ("db-1", Some(7)));
            let events = site.events().await;
            assert_eq!(events[0].action, "machine.update");
            assert!(
                events[0].details.contains(r#""after":{"description":"two\nlines","hostname":"db-1","swap_size":7}"#)
            );
            assert_eq!(update(region, &admin, &id, change).await.unwrap().version, changed.version);
            assert_eq!(site.events().await.len(), events.len(), "nothing was changed");
            let bad = MachineChange { zone: Some("x".into()), pool: Some("y".into()), ..MachineChange::default() };
            let error = update(region, &admin, &id, bad).await.unwrap_err().to_string();
            assert!(error.starts_with("pool: Select a valid choice. y is not one"), "{error}");
        })
        .await;
    }

    #[tokio::test]
    async fn power_parameters_that_are_not_named_stay() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let id = machine(site, "52:54:00:00:00:01").await;
            let parameters = BTreeMap::from([("node_id".to_owned(), Secret::new("1".to_owned()))]);
            let change = PowerChange { parameters, ..PowerChange::default() };
            let change = MachineChange { power: Some(change), ..MachineChange::default() };
            update(region, &admin, &id, change).await.unwrap();
            assert!(site.events().await[0].details.contains(r#""power_parameters":["node_id"]"#));
            let mut reader = region.store().reader().await.unwrap();
            let row = maas_store::node::find(&mut reader, &id).await.unwrap().unwrap();
            let power = bmc::load(region, &mut reader, &row).await.unwrap();
            assert_eq!(power.parameters.plain("power_address"), Some("10.0.0.1"));
            assert_eq!(power.parameters.secret("power_pass"), Some("canary"));
            drop(reader);

            let change = PowerChange { power_type: Some("manual".into()), ..PowerChange::default() };
            let change = MachineChange { power: Some(change), ..MachineChange::default() };
            update(region, &admin, &id, change).await.unwrap();
            let mut reader = region.store().reader().await.unwrap();
            let path = format!("node/{}/power", row.node_id);
            assert!(maas_store::secret::latest(&mut reader, &path).await.unwrap().is_none());
        })
        .await;
    }

    #[tokio::test]
    async fn an_operator_cannot_have_the_password_sent_to_an_address_of_theirs() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let elsewhere = [
                ("power_address", "10.6.6.6"),
                ("power_verify_ssl", "n"),
                ("power_fingerprint", "ab"),
                ("power_ca", "-----BEGIN CERTIFICATE-----"),
            ];
            for (number, (name, value)) in elsewhere.into_iter().enumerate() {
                let id = machine(site, &format!("52:54:00:00:00:{number:02}")).await;
                let lead = |skip_check| {
                    let parameters = BTreeMap::from([(name.to_owned(), Secret::new(value.to_owned()))]);
                    let power = Some(PowerChange { parameters, skip_check, ..PowerChange::default() });
                    MachineChange { power, ..MachineChange::default() }
                };
                let refused = update(region, &admin, &id, lead(false)).await.unwrap_err().to_string();
                let why =
                    "Redfish password: This field is required. Give it again, since it was not given for this address";
                assert!(refused.contains(why), "{refused}");
                update(region, &admin, &id, lead(true)).await.unwrap();
                let mut reader = region.store().reader().await.unwrap();
                let row = maas_store::node::find(&mut reader, &id).await.unwrap().unwrap();
                let power = bmc::load(region, &mut reader, &row).await.unwrap();
                assert!(power.parameters.secret.is_empty(), "{name}");
                let told = site.events().await.remove(0);
                assert!(told.description.ends_with("reached elsewhere now, so power_pass was forgotten."), "{told:?}");
                assert!(told.details.contains(r#""power_secrets_forgotten":["power_pass"]"#), "{}", told.details);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn only_taken_machines_are_annotated_and_deleted_ones_are_gone() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, site.ctx("admin").await, site.ctx("bob").await);
            let id = machine(site, "52:54:00:00:00:01").await;
            let note = BTreeMap::from([("app".to_owned(), "db".to_owned())]);
            let refused = annotate(region, &admin, &id, note.clone()).await;
            assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
            let mut tx = region.store().begin(&admin).await.unwrap();
            let kind = maas_model::NodeType::Machine;
            let may =
                crate::nodes::lock(&mut tx, &admin, kind, &id, maas_model::MachineAction::Allocate).await.unwrap();
            maas_store::node::set_owner(&mut tx, &may, Some(site.id("bob").await), "").await.unwrap();
            tx.commit_quietly().await.unwrap();
            let noted = annotate(region, &bob, &id, note.clone()).await.unwrap();
            assert_eq!(noted.owner_data, note);
            let noted = annotate(region, &bob, &id, [("app".to_owned(), String::new())].into()).await.unwrap();
            assert!(noted.owner_data.is_empty());
            let bad = annotate(region, &bob, &id, [("a=b".to_owned(), "x".to_owned())].into()).await;
            assert!(matches!(bad, Err(Error::Invalid(_))));

            assert!(matches!(delete(region, &bob, &id).await, Err(Error::Denied(_))));
            delete(region, &admin, &id).await.unwrap();
            assert_eq!(site.last_event().await.0, "machine.delete");
            assert!(matches!(lookup(region, &admin, &id).await, Err(Error::NotFound { what: "Machine" })));
            assert!(matches!(delete(region, &admin, &id).await, Err(Error::NotFound { .. })));
        })
        .await;
    }
}
