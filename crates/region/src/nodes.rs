//! Machines and devices, as those who may see them see them; and the one way to a row of theirs.

use std::{collections::BTreeMap, sync::Arc};

use maas_authz::{GrantedNode, NodeFacts, NodeRefusal, OpCtx};
use maas_model::{
    DomainId, MachineAction, NodeId, PoolId, PowerState, Status, SystemId, Timestamp, UserId, ZoneId, node::NodeType,
};
use maas_store::{Connection, Tx, node::NodeRow};

use crate::{Error, Region, Result};

mod catalog;
mod feed;

pub use catalog::{Catalog, Domain};
pub(crate) use feed::Feed;

/// A machine or a device, without its hardware's details.
#[derive(Clone, Debug)]
pub struct Node {
    pub id: NodeId,
    pub system_id: SystemId,
    pub kind: NodeType,
    pub hostname: String,
    pub domain: Arc<Domain>,
    pub description: String,
    pub owner: Option<Owner>,
    /// None for devices.
    pub pool: Option<Arc<crate::pools::Pool>>,
    pub zone: Arc<crate::zones::Zone>,
    /// The system id of the node that this one is a part of.
    pub parent: Option<NodeId>,
    pub status: Status,
    pub previous_status: Status,
    /// When the present step is given up.
    pub status_expires_at: Option<Timestamp>,
    /// What happens now, in words: the newest event of level INFO or above.
    pub status_message: String,
    pub error_description: String,
    pub is_locked: bool,
    pub is_commissioned: bool,
    pub agent_name: String,
    /// Workload annotations.
    pub owner_data: BTreeMap<String, String>,
    /// Whether it boots from the network first.
    pub netboot: bool,
    pub osystem: String,
    pub distro_series: String,
    pub hwe_kernel: String,
    pub min_hwe_kernel: String,
    pub is_ephemeral: bool,
    pub has_hw_sync: bool,
    pub has_crash_dump: bool,
    pub is_dpu: bool,
    pub deployed_at: Option<Timestamp>,
    /// `amd64/generic`, or empty.
    pub architecture: String,
    pub cpu_count: i64,
    pub cpu_speed_mhz: i64,
    pub memory_mib: i64,
    pub swap_bytes: Option<i64>,
    pub storage_bytes: i64,
    pub disk_count: i64,
    pub hardware_uuid: Option<String>,
    pub bios_boot_method: Option<String>,
    pub boot_mac: Option<String>,
    pub tags: Vec<String>,
    pub ip_addresses: Vec<String>,
    /// The name of the driver, or empty.
    pub power_type: String,
    pub power_state: PowerState,
    /// When the state was last asked for.
    pub power_queried_at: Option<Timestamp>,
    /// What went wrong when it was last asked for; empty when nothing did.
    pub power_error: String,
    /// Status of the latest scripts by kind (`commissioning`, `testing`, `cpu_test`...), -1 for none.
    pub script_status: BTreeMap<String, i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

/// Who a node belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub id: UserId,
    pub username: Arc<str>,
}

impl Node {
    /// Host name and domain.
    pub fn fqdn(&self) -> String {
        format!("{}.{}", self.hostname, self.domain.name)
    }

    /// What decides who may do what to it.
    pub fn facts(&self) -> NodeFacts {
        NodeFacts {
            id: self.id,
            pool: self.pool.as_ref().map(|pool| pool.id),
            owner: self.owner.as_ref().map(|owner| owner.id),
            is_locked: self.is_locked,
        }
    }

    /// What the actor may do to it now: allowed, and possible in its status. For buttons and for `actions` in answers.
    pub fn actions(&self, ctx: &OpCtx) -> Vec<MachineAction> {
        let is_possible = |action: &MachineAction| {
            action.starts_from(self.status) && (*action != MachineAction::Unlock || self.is_locked)
        };
        let facts = self.facts();
        let may = |action: MachineAction| ctx.grant_node(action, (), &facts).is_ok();
        let is_accepted = self.status != Status::New || may(MachineAction::Create);
        let is_power = |action: &MachineAction| {
            use MachineAction::{PowerCycle, PowerOff, PowerOn, QueryPower};
            matches!(action, QueryPower | PowerOn | PowerOff | PowerCycle)
        };
        let is_allowed = |action: &MachineAction| may(*action) && (is_accepted || !is_power(action));
        MachineAction::ALL.iter().copied().filter(is_possible).filter(is_allowed).collect()
    }
}

/// The row of a node, if the actor may do `action` to it. The only way to one: what changes a node wants the grant.
///
/// # Errors
/// `NotFound` for what the actor may not see, as for what does not exist; `Denied`.
pub(crate) async fn lookup(
    connection: &mut Connection,
    ctx: &OpCtx,
    kind: NodeType,
    system_id: &str,
    action: MachineAction,
) -> Result<GrantedNode<NodeRow>> {
    let row = match system_id.parse::<SystemId>() {
        Ok(id) => maas_store::node::find(connection, id.as_str()).await?,
        Err(_) => None,
    };
    grant(ctx, kind, row, action)
}

/// As [`lookup`], and nobody else changes the node until the transaction ends.
///
/// # Errors
/// As [`lookup`].
pub(crate) async fn lock(
    tx: &mut Tx,
    ctx: &OpCtx,
    kind: NodeType,
    system_id: &str,
    action: MachineAction,
) -> Result<GrantedNode<NodeRow>> {
    let row = match system_id.parse::<SystemId>() {
        Ok(id) => maas_store::node::lock(tx, id.as_str()).await?,
        Err(_) => None,
    };
    grant(ctx, kind, row, action)
}

/// The row, if there is one of this kind and the actor may do `action` to it.
///
/// # Errors
/// As [`lookup`].
pub(crate) fn grant(
    ctx: &OpCtx,
    kind: NodeType,
    row: Option<NodeRow>,
    action: MachineAction,
) -> Result<GrantedNode<NodeRow>> {
    let not_found = || Error::NotFound { what: model_name(kind) };
    let row = row.filter(|row| row.node_type == kind as i64).ok_or_else(not_found)?;
    let facts = facts(&row);
    ctx.grant_node(action, row, &facts).map_err(|refusal| match refusal {
        NodeRefusal::Hidden if ctx.actor.user().is_some_and(|user| user.access.tells_hidden) => {
            Error::Forbidden("You are not allowed to view this machine.".to_owned())
        }
        NodeRefusal::Hidden => not_found(),
        NodeRefusal::Denied(refusal) => Error::Denied(refusal),
    })
}

/// What decides about a row.
pub(crate) fn facts(row: &NodeRow) -> NodeFacts {
    NodeFacts {
        id: NodeId(row.node_id),
        pool: row.pool_id.map(PoolId),
        owner: row.owner_id.map(UserId),
        is_locked: row.is_locked == 1,
    }
}

/// The row with the names that belong to its ids.
///
/// # Errors
/// `Internal` when the row holds what no program wrote.
pub(crate) fn shown(catalog: &Catalog, row: NodeRow) -> Result<Node> {
    let bad = |what: &str| Error::internal(format!("node {} has a bad {what}", row.node_id));
    Ok(Node {
        id: NodeId(row.node_id),
        system_id: row.system_id.parse().map_err(|_| bad("system id"))?,
        kind: NodeType::from_number(row.node_type).ok_or_else(|| bad("type"))?,
        domain: catalog.domain(DomainId(row.domain_id)).ok_or_else(|| bad("domain"))?,
        owner: match row.owner_id {
            None => None,
            Some(id) => {
                Some(Owner { id: UserId(id), username: catalog.username(UserId(id)).ok_or_else(|| bad("owner"))? })
            }
        },
        pool: match row.pool_id {
            None => None,
            Some(id) => Some(catalog.pool(PoolId(id)).ok_or_else(|| bad("pool"))?),
        },
        zone: catalog.zone(ZoneId(row.zone_id)).ok_or_else(|| bad("zone"))?,
        parent: row.parent_id.map(NodeId),
        status: Status::from_code(row.status).ok_or_else(|| bad("status"))?,
        previous_status: Status::from_code(row.previous_status).ok_or_else(|| bad("previous status"))?,
        power_state: row.power_state.parse().map_err(|_| bad("power state"))?,
        owner_data: serde_json::from_str(&row.owner_data).map_err(|_| bad("owner data"))?,
        script_status: serde_json::from_str(&row.script_status).map_err(|_| bad("script status"))?,
        status_expires_at: row.status_expires_us.map(Timestamp::from_micros),
        is_locked: row.is_locked == 1,
        is_commissioned: row.is_commissioned == 1,
        netboot: row.netboot == 1,
        is_ephemeral: row.is_ephemeral == 1,
        has_hw_sync: row.has_hw_sync == 1,
        has_crash_dump: row.has_crash_dump == 1,
        is_dpu: row.is_dpu == 1,
        deployed_at: row.deployed_us.map(Timestamp::from_micros),
        tags: words(&row.tag_names),
        ip_addresses: words(&row.ip_addresses),
        power_queried_at: row.power_queried_us.map(Timestamp::from_micros),
        created_at: Timestamp::from_micros(row.created_us),
        updated_at: Timestamp::from_micros(row.updated_us),
        hostname: row.hostname,
        description: row.description,
        status_message: row.status_message,
        error_description: row.error_description,
        agent_name: row.agent_name,
        osystem: row.osystem,
        distro_series: row.distro_series,
        hwe_kernel: row.hwe_kernel,
        min_hwe_kernel: row.min_hwe_kernel,
        architecture: row.architecture,
        cpu_count: row.cpu_count,
        cpu_speed_mhz: row.cpu_speed,
        memory_mib: row.memory_mib,
        swap_bytes: row.swap_bytes,
        storage_bytes: row.storage_bytes,
        disk_count: row.disk_count,
        hardware_uuid: row.hardware_uuid,
        bios_boot_method: row.bios_boot_method,
        boot_mac: row.boot_mac,
        power_type: row.power_type,
        power_error: row.power_error,
        version: row.version,
    })
}

/// The rows with the names that belong to their ids.
///
/// # Errors
/// As [`shown`].
pub(crate) async fn show_all(region: &Region, rows: Vec<NodeRow>) -> Result<Vec<Node>> {
    let mut names = catalog(region).await?;
    // Another region may have made what a row points at a moment ago.
    if !rows.iter().all(|row| names.covers(row)) {
        names = catalog::renew(region).await?;
    }
    rows.into_iter().map(|row| shown(&names, row)).collect()
}

/// One row with the names that belong to its ids.
///
/// # Errors
/// As [`shown`].
pub(crate) async fn show(region: &Region, row: NodeRow) -> Result<Node> {
    let missing = || Error::internal("a node was lost while it was named");
    show_all(region, vec![row]).await?.pop().ok_or_else(missing)
}

/// MAAS's word in "No X matches the given query."
pub(crate) const fn model_name(kind: NodeType) -> &'static str {
    match kind {
        NodeType::Machine => "Machine",
        NodeType::Device => "Device",
        _ => "Node",
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The names of what nodes point at, as of now.
pub(crate) async fn catalog(region: &Region) -> Result<Arc<Catalog>> {
    catalog::read(region).await
}
