//! New machines: added by those who may, introduced by anybody else.

use std::{collections::BTreeMap, sync::Arc};

use maas_authz::{Action, Actor, GrantedNode, OpCtx, action::EditOwn};
use maas_model::{DomainId, EventType, Hostname, MacAddress, MachineAction, PoolId, Status, SystemId, ZoneId};
use maas_store::{
    Audit, StoreError, Tx, interface,
    node::{self, NodeRow},
};
use serde_json::json;

use super::{
    Hardware, NewInterface, NewMachine, Step,
    bmc::{self, Power},
    enlistment,
    fields::{Fields, no_choice},
    moves::visible_pool,
    set_hardware,
};
use crate::{
    Error, Region, Result,
    nodes::{self, Catalog, Domain, Node},
};

/// Makes a machine. Who may not edit machines of the pool, and nobody at all, only enlists it: it is New, waits to be
/// accepted, and no field that needs a right is taken, nor how to reach its power.
///
/// # Errors
/// `Invalid` by field; `Unavailable` or `Unready` when too many are enlisted.
pub async fn create(region: &Region, ctx: &OpCtx, new: NewMachine) -> Result<Node> {
    if !matches!(ctx.actor, Actor::Anonymous) {
        ctx.grant::<EditOwn>()?;
    }
    let checked = Checked::read(ctx, &*nodes::catalog(region).await?, &new)?;
    if !checked.is_trusted {
        enlistment::admit(region, ctx).await?;
    }
    let mut attempts = 0;
    let row = loop {
        match insert(region, ctx, &checked).await {
            // Somebody else was given the same random name at the same time.
            Err(Lost::Race) if attempts < ATTEMPTS => attempts += 1,
            Err(Lost::Race) => return Err(Error::Conflict("No free name could be found. Try again.".to_owned())),
            Err(Lost::Other(error)) => return Err(error),
            Ok(row) => break row,
        }
    };
    tracing::info!(machine.id = row.system_id, is_enlisted = !checked.is_trusted, "a machine was added");
    if new.commission && checked.is_trusted && !new.is_deployed {
        match super::start(region, ctx, &row.system_id, Step::Commission, BTreeMap::new()).await {
            Ok(node) => return Ok(node),
            // It was added all the same, and can be commissioned when something can carry that out.
            Err(error) => tracing::info!(machine.id = row.system_id, %error, "a new machine is not commissioned"),
        }
    }
    nodes::show(region, row).await
}

/// What was asked for, as far as the caller may ask for it.
struct Checked {
    /// Whether the caller may edit machines of the pool.
    is_trusted: bool,
    hostname: Option<Hostname>,
    macs: Vec<MacAddress>,
    power: Power,
    /// All that can be written as it is.
    row: NodeRow,
}

impl Checked {
    fn read(ctx: &OpCtx, catalog: &Catalog, new: &NewMachine) -> Result<Self> {
        let mut fields = Fields::default();
        let pool = trusted_pool(ctx, catalog, new, &mut fields);
        let (hostname, domain) = name(catalog, new, &mut fields);
        let mut power = Power::default();
        // Who names a BMC decides where this computer connects to and which program it starts.
        if let Some(change) = new.power.as_ref().filter(|_| pool.is_some()) {
            power = bmc::understand(power, change, &mut fields.errors);
        }
        let is_found_by_bmc = power.power_type == "ipmi";
        let is_wide = pool.is_none() && new.mac_addresses.len() > enlistment::MOST_MACS;
        let macs = if is_wide { Vec::new() } else { fields.macs(&new.mac_addresses) };
        if is_wide {
            let most = enlistment::MOST_MACS;
            let why = format!("A machine that introduces itself may name {most} MAC addresses at most.");
            fields.refuse("mac_addresses", why);
        }
        if macs.is_empty() && !is_found_by_bmc && !fields.errors.contains_key("mac_addresses") {
            fields.refuse("mac_addresses", REQUIRED);
        }
        let architecture = match new.architecture.trim() {
            "" if is_found_by_bmc => None,
            "" => {
                fields.refuse("architecture", REQUIRED);
                None
            }
            text => fields.architecture(text),
        };
        let zone = new.zone.as_deref().filter(|name| pool.is_some() && !name.is_empty());
        let zone = zone.and_then(|name| fields.zone(catalog, name)).map_or(ZoneId(1), |zone| zone.id);
        let is_deployed = pool.is_some() && new.is_deployed;
        let row = NodeRow {
            domain_id: domain.map_or(DomainId(0), |domain| domain.id).0,
            description: fields.description(&new.description),
            owner_id: ctx.actor.user().filter(|_| is_deployed).map(|user| user.id.0),
            pool_id: Some(pool.unwrap_or(PoolId(0)).0),
            zone_id: zone.0,
            status: if is_deployed { Status::Deployed } else { Status::New }.code(),
            previous_status: Status::New.code(),
            status_message: if is_deployed { Status::Deployed } else { Status::New }.label().to_owned(),
            netboot: i64::from(!is_deployed),
            architecture: architecture.map(|known| known.to_string()).unwrap_or_default(),
            min_hwe_kernel: new.min_hwe_kernel.as_deref().and_then(|text| fields.kernel(text)).unwrap_or_default(),
            cpu_count: fields.number("cpu_count", new.cpu_count.unwrap_or_default(), 0),
            memory_mib: fields.number("memory", new.memory_mib.unwrap_or_default(), 0),
            swap_bytes: new.swap_bytes.map(|bytes| fields.number("swap_size", bytes, 0)),
            is_dpu: i64::from(new.is_dpu),
            ..NodeRow::blank()
        };
        fields.done()?;
        Ok(Self { is_trusted: pool.is_some(), hostname, macs, power, row })
    }
}

/// The pool, if the caller may edit machines of it. An operator hears of a pool that is not there; nobody else does.
fn trusted_pool(ctx: &OpCtx, catalog: &Catalog, new: &NewMachine, fields: &mut Fields) -> Option<PoolId> {
    let access = ctx.access();
    let name = new.pool.as_deref().filter(|name| !name.is_empty());
    let pool = match name {
        None => Some(PoolId(0)),
        Some(name) => visible_pool(ctx, catalog, name).map(|pool| pool.id),
    };
    if let (None, Some(name)) = (pool, name)
        && access.anywhere().has(Action::EditMachines)
    {
        fields.refuse("pool", no_choice(name));
    }
    pool.filter(|pool| ctx.machines(MachineAction::Create).any.has(*pool))
}

fn name(catalog: &Catalog, new: &NewMachine, fields: &mut Fields) -> (Option<Hostname>, Option<Arc<Domain>>) {
    let domain = new.domain.as_deref().filter(|name| !name.is_empty());
    match new.hostname.as_deref().filter(|name| !name.trim().is_empty()) {
        Some(text) => fields.hostname(catalog, text, domain),
        None => (None, domain.and_then(|name| fields.domain(catalog, name))),
    }
}

/// Why a machine could not be written.
enum Lost {
    Race,
    Other(Error),
}

impl<E: Into<Error>> From<E> for Lost {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

async fn insert(region: &Region, ctx: &OpCtx, new: &Checked) -> Result<NodeRow, Lost> {
    let mut tx = region.store().begin(ctx).await?;
    refuse_known_macs(&mut tx, ctx, &new.macs).await?;
    let system_id = free_system_id(&mut tx).await?;
    let hostname = match &new.hostname {
        Some(name) if node::has_hostname(&mut tx, name.as_str(), new.row.domain_id).await? => {
            return Err(Lost::Other(Error::field("hostname", HOSTNAME_TAKEN)));
        }
        Some(name) => name.clone(),
        None => free_hostname(&mut tx, new.row.domain_id).await?,
    };
    let row = NodeRow { system_id: system_id.to_string(), hostname: hostname.to_string(), ..new.row.clone() };
    let row = match node::insert(&mut tx, &row).await {
        Err(StoreError::Unique { .. }) if new.hostname.is_none() => return Err(Lost::Race),
        Err(error) if error.is_unique("node.hostname") => {
            return Err(Lost::Other(Error::field("hostname", HOSTNAME_TAKEN)));
        }
        Err(StoreError::Unique { .. }) => return Err(Lost::Race),
        other => other?,
    };
    // Whoever introduces a machine does it by this part of the site, which writes what belongs to it.
    let facts = nodes::facts(&row);
    let job = region.job_ctx("create-machine");
    let made = job.grant_node(MachineAction::Create, row, &facts).map_err(|_| Error::internal("a job was refused"))?;
    furnish(region, &mut tx, &made, new).await?;
    let system_id = made.row().system_id.clone();
    let audit = audit(made.row(), new);
    tx.commit_nodes(vec![audit]).await?;
    let mut reader = region.store().reader().await?;
    let row = node::find(&mut reader, &system_id).await?;
    Ok(row.unwrap_or_else(|| made.into_row()))
}

/// Interfaces and power.
async fn furnish(region: &Region, tx: &mut Tx, made: &GrantedNode<NodeRow>, new: &Checked) -> Result<()> {
    let interface = |(index, mac): (usize, &MacAddress)| NewInterface::physical(format!("eth{index}"), *mac);
    let hardware = Hardware {
        cpu_count: new.row.cpu_count,
        memory_mib: new.row.memory_mib,
        interfaces: new.macs.iter().enumerate().map(interface).collect(),
        ..Hardware::default()
    };
    set_hardware(tx, made, &hardware).await?;
    if new.power.power_type.is_empty() { Ok(()) } else { bmc::store(region, tx, made, &new.power).await }
}

/// Says on which machine an address is, unless the caller may not know of that one.
pub(crate) async fn refuse_known_macs(tx: &mut Tx, ctx: &OpCtx, macs: &[MacAddress]) -> Result<()> {
    let mut fields = Fields::default();
    for mac in macs {
        let Some(row) = interface::find_node(tx, &mac.to_string()).await? else { continue };
        let facts = nodes::facts(&row);
        let on = match ctx.grant_node(MachineAction::View, row, &facts) {
            Ok(seen) => format!(" on {}", seen.row().hostname),
            Err(_) => String::new(),
        };
        fields.refuse("mac_addresses", format!("MAC address {mac} already in use{on}."));
    }
    fields.done()
}

pub(crate) async fn free_system_id(tx: &mut Tx) -> Result<SystemId> {
    for _ in 0..1000 {
        let number = SystemId::FIRST + random_number() % (SystemId::LAST - SystemId::FIRST + 1);
        if let Some(id) = SystemId::from_number(number)
            && node::find(tx, id.as_str()).await?.is_none()
        {
            return Ok(id);
        }
    }
    Err(Error::internal("no free system id was found in a thousand tries"))
}

pub(crate) async fn free_hostname(tx: &mut Tx, domain_id: i64) -> Result<Hostname> {
    for _ in 0..1000 {
        let name = Hostname::petname(random_number());
        if !node::has_hostname(tx, name.as_str(), domain_id).await? {
            return Ok(name);
        }
    }
    Err(Error::Conflict("Nearly all names for machines are taken: give a hostname.".to_owned()))
}

fn random_number() -> u64 {
    let bytes = maas_secrets::fresh_bytes(8);
    bytes.expose().iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn audit(row: &NodeRow, new: &Checked) -> Audit {
    let (action, verb) = if new.is_trusted { ("machine.create", "Added") } else { ("machine.enlist", "Enlisted") };
    let macs: Vec<String> = new.macs.iter().map(ToString::to_string).collect();
    Audit::new(EventType::Node, action, format!("{verb} machine '{}'.", row.hostname))
        .object("machine", &row.system_id)
        .details(json!({
            "hostname": row.hostname, "architecture": row.architecture, "mac_addresses": macs,
            "power_type": new.power.power_type, "pool": row.pool_id, "zone": row.zone_id,
        }))
}

const REQUIRED: &str = "This field is required.";
pub(crate) const HOSTNAME_TAKEN: &str = "Node with this Hostname already exists.";
const ATTEMPTS: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use maas_authz::{Access, Actor, OpCtx};
    use maas_model::{Secret, Status};
    use maas_store::testing::request;

    use super::create;
    use crate::{
        Error,
        machines::{NewMachine, PowerAction, PowerChange, bmc, list_detailed, lookup, query_power},
        testing::with_region,
    };

    fn new(mac: &str) -> NewMachine {
        NewMachine {
            architecture: "amd64".into(),
            mac_addresses: vec![mac.into()],
            zone: Some("default".into()),
            ..NewMachine::default()
        }
    }

    #[tokio::test]
    async fn machines_get_names_ids_and_interfaces() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let named = NewMachine { hostname: Some("Web-1.maas".into()), ..new("52-54-00-00-00-01") };
            let made = create(region, &admin, named.clone()).await.unwrap();
            assert_eq!((made.fqdn().as_str(), made.status), ("web-1.maas", Status::New));
            assert_eq!(made.boot_mac.as_deref(), Some("52:54:00:00:00:01"));
            // Nothing can commission it yet, so it is only added.
            let eager = NewMachine { commission: true, ..new("52:54:00:00:00:02") };
            let other = create(region, &admin, eager).await.unwrap();
            assert_eq!(other.status, Status::New);
            assert!(other.hostname.contains('-') && other.system_id != made.system_id);
            assert_eq!(site.last_event().await.0, "machine.create");

            let error = create(region, &admin, named).await.unwrap_err().to_string();
            assert_eq!(error, "mac_addresses: MAC address 52:54:00:00:00:01 already in use on web-1.");
            let taken = NewMachine { hostname: Some("web-1".into()), ..new("52:54:00:00:00:03") };
            let error = create(region, &admin, taken).await.unwrap_err().to_string();
            assert_eq!(error, "hostname: Node with this Hostname already exists.");
            let bad = NewMachine { hostname: Some("a_b".into()), pool: Some("none".into()), ..NewMachine::default() };
            let Err(Error::Invalid(fields)) = create(region, &admin, bad).await else { panic!("it was taken") };
            assert_eq!(fields.keys().collect::<Vec<_>>(), ["architecture", "hostname", "mac_addresses", "pool"]);
            let all = list_detailed(region, &admin, &Default::default(), None, 10).await.unwrap();
            assert_eq!(all.len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn strangers_only_introduce_machines() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let nobody = OpCtx { actor: Actor::Anonymous, request: request(), clock: site.db.clock.clone() };
            let eve = site.holding(&site.ctx("eve").await, Access::own_only());
            for (mac, ctx) in [("52:54:00:00:00:01", &nobody), ("52:54:00:00:00:02", &eve)] {
                let greedy = NewMachine { is_deployed: true, pool: Some("no such pool".into()), ..new(mac) };
                let made = create(region, ctx, greedy).await.unwrap();
                assert_eq!((made.status, made.owner.clone()), (Status::New, None));
                assert_eq!(site.last_event().await.0, "machine.enlist");
                let hidden = lookup(region, ctx, made.system_id.as_str()).await;
                assert!(matches!(hidden, Err(Error::Denied(_) | Error::NotFound { what: "Machine" })));
                let error = create(region, ctx, new(mac)).await.unwrap_err().to_string();
                assert_eq!(error, format!("mac_addresses: MAC address {mac} already in use."));
                lookup(region, &admin, made.system_id.as_str()).await.unwrap();
            }
        })
        .await;
    }

    #[tokio::test]
    async fn strangers_cannot_make_the_region_connect_anywhere() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let switch = crate::testing::carrier::Switch::new(false).await;
            let at = |path: &str| Secret::new(format!("http://{}{path}", switch.address));
            let power = |skip_check| PowerChange {
                power_type: Some("webhook".into()),
                parameters: BTreeMap::from([
                    ("power_on_uri".into(), at("/on")),
                    ("power_off_uri".into(), at("/off")),
                    ("power_query_uri".into(), at("/")),
                ]),
                skip_check,
            };
            let nobody = OpCtx { actor: Actor::Anonymous, request: request(), clock: site.db.clock.clone() };
            let eve = site.holding(&site.ctx("eve").await, Access::own_only());
            for (mac, ctx) in [("52:54:00:00:00:01", &nobody), ("52:54:00:00:00:02", &eve)] {
                let greedy = NewMachine { power: Some(power(true)), ..new(mac) };
                let made = create(region, ctx, greedy).await.unwrap();
                let mut reader = region.store().reader().await.unwrap();
                let row = maas_store::node::find(&mut reader, made.system_id.as_str()).await.unwrap().unwrap();
                assert_eq!((row.power_type.as_str(), row.power_parameters.as_str()), ("", "{}"));
                let ipmi = PowerChange { power_type: Some("ipmi".into()), skip_check: true, ..power(true) };
                let bare = NewMachine { power: Some(ipmi), architecture: "amd64".into(), ..NewMachine::default() };
                let error = create(region, ctx, bare).await.unwrap_err().to_string();
                assert_eq!(error, "mac_addresses: This field is required.");
            }
            // One that an operator adds is not asked by itself while it is New, and not by whoever may only take it.
            let added = NewMachine { power: Some(power(false)), ..new("52:54:00:00:00:03") };
            let id = create(region, &admin, added).await.unwrap().system_id.to_string();
            assert_eq!(crate::jobs::power_poll::run(region).await.unwrap(), "");
            let bob = site.ctx("bob").await;
            assert_eq!(query_power(region, &bob, &id).await.unwrap(), maas_model::PowerState::Unknown);
            for action in [PowerAction::On, PowerAction::Off, PowerAction::SoftOff, PowerAction::Cycle] {
                let refused = crate::machines::power(region, &bob, &id, action, "").await;
                assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            }
            assert!(switch.heard().is_empty());
            assert_eq!(query_power(region, &admin, &id).await.unwrap(), maas_model::PowerState::Off);
            crate::machines::power(region, &admin, &id, PowerAction::On, "").await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn secret_power_parameters_are_sealed() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let secret = |text: &str| Secret::new(text.to_owned());
            let power = PowerChange {
                power_type: Some("redfish".into()),
                parameters: BTreeMap::from([
                    ("power_address".into(), secret("10.0.0.1")),
                    ("power_user".into(), secret("root")),
                    ("power_pass".into(), secret("canary-1")),
                ]),
                skip_check: false,
            };
            let made = create(region, &admin, NewMachine { power: Some(power.clone()), ..new("52:54:00:00:00:01") });
            let made = made.await.unwrap();
            let mut reader = region.store().reader().await.unwrap();
            let row = maas_store::node::find(&mut reader, made.system_id.as_str()).await.unwrap().unwrap();
            let written = format!("{row:?} {:?}", site.events().await);
            assert!(row.power_parameters.contains("10.0.0.1") && !written.contains("canary"), "{written}");
            let power = bmc::load(region, &mut reader, &row).await.unwrap();
            assert_eq!(power.parameters.secret("power_pass"), Some("canary-1"));

            let bad = PowerChange { power_type: Some("redfish".into()), ..PowerChange::default() };
            let bad = NewMachine { power: Some(bad), ..new("52:54:00:00:00:02") };
            let error = create(region, &admin, bad).await.unwrap_err().to_string();
            assert!(error.starts_with("power_parameters: ") && error.contains("This field is required."), "{error}");
            let bad = PowerChange { power_type: Some("nova".into()), ..PowerChange::default() };
            let bad = NewMachine { power: Some(bad), ..new("52:54:00:00:00:02") };
            let error = create(region, &admin, bad).await.unwrap_err().to_string();
            assert_eq!(error, "power_type: Select a valid choice. nova is not one of the available choices.");
        })
        .await;
    }
}
