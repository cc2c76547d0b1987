//! MAAS's entitlements of groups: each is a binding of a role that was made for it.

use maas_authz::{Action, OpCtx, Reach};
use maas_model::{EventType, GroupId, PoolId, RoleBindingId, RoleId};
use maas_store::{
    Audit, StoreError, pool,
    role_binding::{self, BindingRow, NewBinding, SubjectId},
};
use serde_json::json;

use super::{found, lookup, told};
use crate::{
    Error, Region, Result,
    access::{actions_of, guard::Change},
    roles,
};

/// One entitlement of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entitlement {
    /// None for the whole site, which MAAS calls `maas`.
    pub pool: Option<PoolId>,
    pub action: Action,
}

/// What the group's bindings give, in MAAS's words (`ViewIdentities`); what one entitlement implies is left out.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn entitlements(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<Vec<Entitlement>> {
    lookup(region, ctx, id).await?;
    let rows = role_binding::of_group(&mut *region.store().reader().await?, id).await?;
    let now = ctx.clock.now().micros();
    let good = rows.iter().filter(|row| row.expires_us.is_none_or(|ends| ends > now));
    let mut found: Vec<Entitlement> = good.flat_map(of_binding).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

fn of_binding(row: &BindingRow) -> Vec<Entitlement> {
    let pool = row.pool_id.map(PoolId);
    let actions = actions_of(row.role_id, &row.actions);
    let actions = if pool.is_some() { actions.on_a_pool() } else { actions };
    let is_implied = |wanted: Action| {
        let others = actions.iter().filter(|action| *action != wanted);
        others.into_iter().any(|action| maas_authz::Actions::of(&[action]).with_implied().has(wanted))
    };
    let is_told = |action: &Action| is_entitlement(*action, pool.is_some()) && !is_implied(*action);
    actions.iter().filter(is_told).map(|action| Entitlement { pool, action }).collect()
}

/// Whether MAAS has an entitlement of this name, there.
pub(super) fn is_entitlement(action: Action, on_pool: bool) -> bool {
    let is_machines = matches!(
        action,
        Action::EditMachines | Action::DeployMachines | Action::ViewMachines | Action::ViewAvailableMachines
    );
    let is_ours_alone =
        matches!(action, Action::ViewAudit | Action::ViewStatus | Action::EditPools | Action::ViewPowerParameters);
    is_machines || (!on_pool && action.reach() != Reach::Own && !is_ours_alone)
}

/// Gives a group an entitlement (`EditIdentities`); one that it has stays.
///
/// # Errors
/// `NotFound` for the group or pool, `Denied`, `BadRequest` for what is none there.
pub async fn add_entitlement(region: &Region, ctx: &OpCtx, id: GroupId, new: &Entitlement) -> Result<()> {
    check(new)?;
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let group = found(&mut tx, id).await?;
    if let Some(wanted) = new.pool
        && !pool::list(&mut tx).await?.iter().any(|row| row.pool_id == wanted.0)
    {
        return Err(Error::NotFound { what: "ResourcePool" });
    }
    let role = roles::generated(&mut tx, &change, new.action).await?;
    change.hold(role.actions, new.pool)?;
    change.outlast(role.actions, new.pool, None)?;
    if find(&role_binding::of_group(&mut tx, id).await?, role.id, new.pool).is_some() {
        return Ok(());
    }
    let row = NewBinding {
        role: role.id,
        subject: SubjectId::Group(id),
        pool: new.pool,
        reason: "",
        expires_us: None,
        created_by: &ctx.actor.label(),
    };
    match role_binding::insert(&mut tx, &change.may, &row).await {
        Err(StoreError::Unique { .. }) => return Ok(()),
        done => done?,
    };
    let text = format!("Gave entitlement '{}' to group '{}'.", new.action.as_str(), group.name);
    let audit = Audit::new(EventType::Authorisation, "group.add-entitlement", text).object("group", id);
    tx.commit(audit.details(view(&group.name, new))).await?;
    told(region, id);
    Ok(())
}

/// Takes an entitlement from a group; one that it has not got is no error.
///
/// # Errors
/// `NotFound`, `Denied`, `BadRequest`; `Conflict` when it comes with a role, or when nobody would administer the site.
pub async fn remove_entitlement(region: &Region, ctx: &OpCtx, id: GroupId, old: &Entitlement) -> Result<()> {
    check(old)?;
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let group = found(&mut tx, id).await?;
    let rows = role_binding::of_group(&mut tx, id).await?;
    let role = roles::generated(&mut tx, &change, old.action).await?;
    let Some(binding) = find(&rows, role.id, old.pool) else {
        let by_role = rows.iter().find(|row| row.pool_id.map(PoolId) == old.pool && of_binding(row).contains(old));
        return match by_role {
            None => Ok(()),
            Some(row) => Err(Error::Conflict(format!(
                "It comes with role '{}'. Take binding {} away instead.",
                row.role_name, row.role_binding_id
            ))),
        };
    };
    change.hold(role.actions, old.pool)?;
    role_binding::delete(&mut tx, &change.may, binding).await?;
    change.keep_an_administrator(&mut tx).await?;
    let text = format!("Took entitlement '{}' from group '{}'.", old.action.as_str(), group.name);
    let audit = Audit::new(EventType::Authorisation, "group.remove-entitlement", text).object("group", id);
    tx.commit(audit.details(view(&group.name, old))).await?;
    told(region, id);
    Ok(())
}

fn find(rows: &[BindingRow], role: RoleId, pool: Option<PoolId>) -> Option<RoleBindingId> {
    let row = rows.iter().find(|row| row.role_id == role.0 && row.pool_id.map(PoolId) == pool);
    row.map(|row| RoleBindingId(row.role_binding_id))
}

fn check(entitlement: &Entitlement) -> Result<()> {
    if is_entitlement(entitlement.action, entitlement.pool.is_some()) {
        return Ok(());
    }
    let kind = if entitlement.pool.is_some() { "pool" } else { "maas" };
    Err(Error::BadRequest(format!("Unknown entitlement '{}' for resource type '{kind}'.", entitlement.action.as_str())))
}

fn view(group: &str, entitlement: &Entitlement) -> serde_json::Value {
    json!({ "group": group, "entitlement": entitlement.action.as_str(), "pool_id": entitlement.pool.map(|pool| pool.0) })
}
