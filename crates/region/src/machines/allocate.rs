//! Taking a machine: the cheapest that fits, or a given one. Two callers never get the same.

use std::collections::BTreeMap;

use maas_authz::{Action, MachineScope, OpCtx, Refusal, Why};
use maas_model::{
    EventType, LifecycleEvent, MachineAction, Status, UserId,
    constraint::{Constraints, Matches},
};
use maas_store::{
    Backend, Connection, Tx,
    machine::{
        self,
        candidates::{self, Wait, cost},
    },
    node::NodeRow,
};

use super::{AllocateOptions, Allocation, Node, facts, held::Held};
use crate::{Error, Region, Result, nodes};

/// Takes a ready machine that fits, the cheapest first.
///
/// # Errors
/// `Conflict` with MAAS's texts when there is none; `Denied` for those who may take none anywhere.
pub async fn allocate(
    region: &Region,
    ctx: &OpCtx,
    constraints: &Constraints,
    options: &AllocateOptions,
) -> Result<Allocation> {
    let owner = taker(ctx)?;
    let scope = ctx.machines(MachineAction::Allocate);
    require_some(ctx, &scope)?;
    super::check_size(&constraints.filter)?;
    let mut search = Search { ctx, scope, constraints, after: None };
    if options.is_dry_run {
        let found = search.fitting(region, 1).await?.into_iter().next();
        let Some((row, matches)) = found else { return Err(Error::Conflict(constraints.no_match())) };
        return Ok(allocation(nodes::show(region, row).await?, matches));
    }
    for _ in 0..ROUNDS {
        let Some(among) = search.among(region).await? else { break };
        let mut tx = region.store().begin(ctx).await?;
        let Some(row) = search.lock(&mut tx, &among).await? else {
            // Others took all of these meanwhile; where all were looked at, there is none.
            if among == Among::All { break } else { continue }
        };
        let Some(matches) = search.still_fits(&mut tx, &row).await? else { continue };
        let facts = nodes::facts(&row);
        let Ok(granted) = ctx.grant_node(MachineAction::Allocate, row, &facts) else { continue };
        let mut machine = Held::of(granted, "machine.allocate");
        if let Some(node) = claim(&mut tx, &mut machine, owner, options).await? {
            tx.commit_nodes(machine.into_audits()).await?;
            return Ok(allocation(nodes::show(region, node).await?, matches));
        }
    }
    Err(Error::Conflict(constraints.no_match()))
}

/// Takes one given ready machine.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn acquire(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Node> {
    let owner = taker(ctx)?;
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::Allocate, "machine.allocate").await?;
    machine.require_possible(MachineAction::Allocate)?;
    let refused = machine.refused(MachineAction::Allocate)?;
    let claimed = claim(&mut tx, &mut machine, owner, &AllocateOptions::default()).await?;
    let Some(row) = claimed else { return Err(refused) };
    tx.commit_nodes(machine.into_audits()).await?;
    nodes::show(region, row).await
}

/// Machines that the caller has allocated and not deployed.
///
/// # Errors
/// `Denied`.
pub async fn list_allocated(region: &Region, ctx: &OpCtx, system_ids: &[String]) -> Result<Vec<Node>> {
    let me = taker(ctx)?;
    let mut reader = region.store().reader().await?;
    let mut rows = machine::of_owner(&mut reader, me, Status::Allocated.code()).await?;
    let scope = ctx.machines(MachineAction::View);
    rows.retain(|row| scope.covers(&nodes::facts(row)));
    rows.retain(|row| system_ids.is_empty() || system_ids.contains(&row.system_id));
    drop(reader);
    nodes::show_all(region, rows).await
}

/// Whoever takes a machine must be a user, since it is theirs from then on.
pub(super) fn taker(ctx: &OpCtx) -> Result<UserId> {
    let user = ctx.actor.user().map(|user| user.id);
    user.ok_or(Error::Denied(Refusal::machine(MachineAction::Allocate, Why::NotSignedIn)))
}

/// Who may take nothing anywhere is told so, rather than that there is nothing.
fn require_some(ctx: &OpCtx, scope: &MachineScope) -> Result<()> {
    if !scope.any.is_empty() || !scope.free.is_empty() {
        return Ok(());
    }
    let why = if ctx.access().anywhere().has(Action::DeployMachines) {
        Why::ReadOnlyToken
    } else {
        Why::Site { needed: Action::DeployMachines }
    };
    Err(Error::Denied(Refusal::machine(MachineAction::Allocate, why)))
}

/// Nothing if somebody was quicker.
async fn claim(tx: &mut Tx, machine: &mut Held, owner: UserId, options: &AllocateOptions) -> Result<Option<NodeRow>> {
    machine.happens(LifecycleEvent::Allocate)?;
    machine.audit(format!("Acquired '{}'.", machine.name()));
    machine.request(tx, EventType::RequestAcquire, &options.comment);
    machine.says(EventType::Allocated, "");
    Ok(machine::claim(tx, machine.grant(), owner, &options.agent_name, &machine.life.status_message).await?)
}

fn allocation(machine: Node, matches: Matches) -> Allocation {
    let by_label = |pairs: Vec<(String, _)>| pairs.into_iter().collect();
    Allocation {
        machine,
        storage: by_label(matches.storage),
        interfaces: matches.interfaces.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// Where a transaction looks for the machine to take.
#[derive(Debug, PartialEq, Eq)]
enum Among {
    /// Among all: there this stops nobody else from writing.
    All,
    /// Among these, by id.
    These(Vec<i64>),
}

/// The walk along the free machines, the cheapest first, page by page. What takes long is done while nothing is locked;
/// the transaction looks once more at the one machine that it takes.
struct Search<'a> {
    ctx: &'a OpCtx,
    scope: MachineScope,
    constraints: &'a Constraints,
    /// Behind the last that does not fit.
    after: Option<(i64, i64)>,
}

impl Search<'_> {
    /// Where to look next; nothing when no machine fits.
    async fn among(&mut self, region: &Region) -> Result<Option<Among>> {
        if region.store().backend() == Backend::Postgres && !self.constraints.needs_facts() {
            return Ok(Some(Among::All));
        }
        let found = self.fitting(region, PAGE).await?;
        let ids: Vec<i64> = found.into_iter().map(|(row, _)| row.node_id).collect();
        Ok((!ids.is_empty()).then_some(Among::These(ids)))
    }

    /// The first machines that fit, as they are now.
    async fn fitting(&mut self, region: &Region, limit: i64) -> Result<Vec<(NodeRow, Matches)>> {
        let mut reader = region.store().reader().await?;
        let limit = if self.constraints.needs_facts() { PAGE_OF_FACTS } else { limit };
        loop {
            let page = candidates::list(&mut reader, &self.scope, &self.constraints.filter, self.after, limit).await?;
            let Some(last) = page.last().map(|row| (cost(row), row.node_id)) else { return Ok(Vec::new()) };
            let found = self.match_each(&mut reader, page).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            self.after = Some(last);
        }
    }

    async fn match_each(&self, reader: &mut Connection, page: Vec<NodeRow>) -> Result<Vec<(NodeRow, Matches)>> {
        let is_allowed = |row: &NodeRow| self.ctx.grant_node(MachineAction::Allocate, (), &nodes::facts(row)).is_ok();
        let page = page.into_iter().filter(is_allowed);
        if !self.constraints.needs_facts() {
            return Ok(page.map(|row| (row, Matches::default())).collect());
        }
        let page = facts::load_each(reader, page.collect()).await?;
        Ok(page.into_iter().filter_map(|(row, facts)| Some((row, self.constraints.matches(&facts)?))).collect())
    }

    /// The cheapest, held until the transaction ends. Those that others are taking just now are passed over first; when no
    /// other is left, it is waited for what becomes of them.
    async fn lock(&self, tx: &mut Tx, among: &Among) -> Result<Option<NodeRow>> {
        let ids = match among {
            Among::All => None,
            Among::These(ids) => Some(ids.as_slice()),
        };
        for wait in [Wait::Skip, Wait::Stay] {
            let row = candidates::lock_one(tx, &self.scope, &self.constraints.filter, ids, wait).await?;
            if row.is_some() || tx.backend() == Backend::Sqlite {
                return Ok(row);
            }
        }
        Ok(None)
    }

    /// Its disks and interfaces may have changed since they were looked at.
    async fn still_fits(&self, tx: &mut Tx, row: &NodeRow) -> Result<Option<Matches>> {
        if !self.constraints.needs_facts() {
            return Ok(Some(Matches::default()));
        }
        Ok(self.constraints.matches(&facts::load(tx, row).await?))
    }
}

/// How many machines a transaction may choose from.
const PAGE: i64 = 8;
/// How many candidates' disks and interfaces are read at a time.
const PAGE_OF_FACTS: i64 = 64;
/// How often others may be quicker before it counts as "none is free".
const ROUNDS: usize = 100;
