//! Taking a machine: the cheapest that fits, or a given one. Two callers never get the same.

use std::collections::BTreeMap;

use maas_authz::{Action, MachineScope, OpCtx, Refusal, Why};
use maas_model::{
    EventType, LifecycleEvent, MachineAction, Status, UserId,
    constraint::{Constraints, Matches},
};
use maas_store::{
    Tx,
    machine::{
        self,
        candidates::{self, cost},
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
    let mut tx = region.store().begin(ctx).await?;
    let mut search = Search { scope, constraints, after: None, rounds: 0 };
    while let Some((row, matches)) = search.next(&mut tx).await? {
        let facts = nodes::facts(&row);
        let Ok(granted) = ctx.grant_node(MachineAction::Allocate, row, &facts) else { continue };
        let mut machine = Held::of(granted, "machine.allocate");
        if options.is_dry_run {
            let row = machine.row().clone();
            // Who asks again at once must not find it locked by this.
            tx.roll_back().await?;
            return Ok(allocation(nodes::show(region, row).await?, matches));
        }
        if let Some(node) = claim(region, &mut tx, &mut machine, owner, options).await? {
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
    let claimed = claim(region, &mut tx, &mut machine, owner, &AllocateOptions::default()).await?;
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
async fn claim(
    region: &Region,
    tx: &mut Tx,
    machine: &mut Held,
    owner: UserId,
    options: &AllocateOptions,
) -> Result<Option<NodeRow>> {
    let _ = region;
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

/// The walk along the free machines, the cheapest first, page by page.
struct Search<'a> {
    scope: MachineScope,
    constraints: &'a Constraints,
    after: Option<(i64, i64)>,
    rounds: usize,
}

impl Search<'_> {
    /// The next one that fits. On PostgreSQL those that others are taking just now are passed over first; when no other is
    /// left, it is waited for what becomes of them.
    async fn next(&mut self, tx: &mut Tx) -> Result<Option<(NodeRow, Matches)>> {
        self.rounds += 1;
        if self.rounds > ROUNDS {
            return Ok(None);
        }
        if !self.constraints.needs_facts() {
            if let Some(row) = candidates::lock_one(tx, &self.scope, &self.constraints.filter).await? {
                return Ok(Some((row, Matches::default())));
            }
            let left = candidates::list(tx, &self.scope, &self.constraints.filter, None, 1).await?;
            return Ok(left.into_iter().next().map(|row| (row, Matches::default())));
        }
        self.next_by_facts(tx).await
    }

    async fn next_by_facts(&mut self, tx: &mut Tx) -> Result<Option<(NodeRow, Matches)>> {
        loop {
            let page = candidates::list(tx, &self.scope, &self.constraints.filter, self.after, PAGE).await?;
            if page.is_empty() {
                return Ok(None);
            }
            for row in page {
                self.after = Some((cost(&row), row.node_id));
                if let Some(matches) = self.constraints.matches(&facts::load(tx, &row).await?) {
                    return Ok(Some((row, matches)));
                }
            }
        }
    }
}

/// How many candidates are read at a time.
const PAGE: i64 = 16;
/// How often others may be quicker before it counts as "none is free".
const ROUNDS: usize = 100;
