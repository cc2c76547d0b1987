//! New devices.

use maas_authz::OpCtx;
use maas_model::{DomainId, Hostname, MacAddress, MachineAction, NodeId, ZoneId, node::NodeType};
use maas_store::{
    StoreError, Tx,
    node::{self, NodeRow},
};
use serde_json::json;

use super::{NewDevice, audit, may_create, parent};
use crate::{
    Error, Region, Result,
    machines::{self, Fields, HOSTNAME_TAKEN, Hardware, NewInterface},
    nodes::{self, Catalog, Node},
};

/// Makes a device that belongs to the caller (`DeployMachines` on any pool).
///
/// # Errors
/// `Denied`, `Invalid`; `Conflict` when somebody else took the same name at the same time.
pub async fn create(region: &Region, ctx: &OpCtx, new: NewDevice) -> Result<Node> {
    may_create(ctx)?;
    let catalog = nodes::catalog(region).await?;
    let mut tx = region.store().begin(ctx).await?;
    let checked = Checked::read(&mut tx, ctx, &catalog, &new).await?;
    machines::refuse_known_macs(&mut tx, ctx, &checked.macs).await?;
    let hostname = name(&mut tx, &checked).await?;
    let system_id = machines::free_system_id(&mut tx).await?.to_string();
    let row = NodeRow { system_id, hostname: hostname.to_string(), ..checked.row };
    let row = node::insert(&mut tx, &row).await.map_err(|error| match error {
        error if error.is_unique("node.hostname") => Error::field("hostname", HOSTNAME_TAKEN),
        StoreError::Unique { .. } => Error::Conflict("Somebody took the same name just now. Try again.".to_owned()),
        other => other.into(),
    })?;
    // Whoever makes a device does it by this part of the site, which writes what belongs to it.
    let facts = nodes::facts(&row);
    let job = region.job_ctx("create-device");
    let made = job.grant_node(MachineAction::Create, row, &facts).map_err(|_| Error::internal("a job was refused"))?;
    let interface = |(index, mac): (usize, &MacAddress)| NewInterface::physical(format!("eth{index}"), *mac);
    let interfaces = checked.macs.iter().enumerate().map(interface).collect();
    machines::set_hardware(&mut tx, &made, &Hardware { interfaces, ..Hardware::default() }).await?;
    let row = node::find(&mut tx, &made.row().system_id).await?.unwrap_or_else(|| made.into_row());
    let macs: Vec<String> = checked.macs.iter().map(ToString::to_string).collect();
    let details = json!({ "hostname": row.hostname, "mac_addresses": macs, "zone": row.zone_id,
        "parent": row.parent_id });
    let text = format!("Created device '{}'.", row.hostname);
    tx.commit_nodes(vec![audit("device.create", text, &row, details)]).await?;
    nodes::show(region, row).await
}

struct Checked {
    hostname: Option<Hostname>,
    macs: Vec<MacAddress>,
    row: NodeRow,
}

impl Checked {
    async fn read(tx: &mut Tx, ctx: &OpCtx, catalog: &Catalog, new: &NewDevice) -> Result<Self> {
        let mut fields = Fields::default();
        let domain = new.domain.as_deref().filter(|name| !name.is_empty());
        let (hostname, domain) = match new.hostname.as_deref().filter(|name| !name.trim().is_empty()) {
            Some(text) => fields.hostname(catalog, text, domain),
            None => (None, domain.and_then(|name| fields.domain(catalog, name))),
        };
        let macs = fields.macs(&new.mac_addresses);
        if macs.is_empty() && !fields.errors.contains_key("mac_addresses") {
            fields.refuse("mac_addresses", "This field is required.");
        }
        let zone = new.zone.as_deref().filter(|name| !name.is_empty());
        let zone = zone.and_then(|name| fields.zone(catalog, name)).map_or(ZoneId(1), |zone| zone.id);
        let parent: Option<NodeId> = match new.parent.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => parent(tx, ctx, id, &mut fields).await?,
            None => None,
        };
        let row = NodeRow {
            node_type: NodeType::Device.number(),
            domain_id: domain.map_or(DomainId(0), |domain| domain.id).0,
            description: fields.description(&new.description),
            owner_id: ctx.actor.user().map(|user| user.id.0),
            zone_id: zone.0,
            parent_id: parent.map(|id| id.0),
            ..NodeRow::blank()
        };
        fields.done()?;
        Ok(Self { hostname, macs, row })
    }
}

async fn name(tx: &mut Tx, checked: &Checked) -> Result<Hostname> {
    let domain_id = checked.row.domain_id;
    match &checked.hostname {
        Some(name) if node::has_hostname(tx, name.as_str(), domain_id).await? => {
            Err(Error::field("hostname", HOSTNAME_TAKEN))
        }
        Some(name) => Ok(name.clone()),
        None => machines::free_hostname(tx, domain_id).await,
    }
}
