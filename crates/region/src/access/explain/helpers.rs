//! Who could help somebody who was refused.

use maas_authz::{Action, OpCtx, Refusal, Why, machine, role::BUILTIN};
use maas_model::{PoolId, RoleId};
use maas_store::{Connection, access, pool, role};

use super::{
    actions_of,
    object::{Object, Wanted},
    words,
};
use crate::{Region, Result};

/// What somebody refused is told besides the refusal itself: the rule, with names, and who can do it or give the right.
/// Names are few, and of people whose work it is.
pub async fn refused(region: &Region, ctx: &OpCtx, refusal: &Refusal) -> String {
    match told(region, ctx, refusal).await {
        Ok(text) => text,
        // A refusal stays one when the database does not answer.
        Err(_) => refusal.explain(),
    }
}

async fn told(region: &Region, ctx: &OpCtx, refusal: &Refusal) -> Result<String> {
    let (needed, pool) = match refusal.why {
        Why::Site { needed } => (needed, None),
        Why::Pool { needed, pool, .. } => (needed, Some(pool)),
        Why::NotHeld { missing, pool } => (missing, pool),
        Why::NotSignedIn | Why::ReadOnlyToken | Why::Locked | Why::NarrowToken { .. } | Why::StepUp => {
            return Ok(refusal.explain());
        }
    };
    let mut reader = region.store().reader().await?;
    let place = match pool {
        None => "the whole site".to_owned(),
        Some(id) => {
            let name = pool::list(&mut reader).await?.into_iter().find(|row| row.pool_id == id.0);
            format!("pool '{}'", name.map_or_else(|| id.to_string(), |row| row.name))
        }
    };
    let names = holders(&mut reader, ctx, needed, pool, FEW).await?;
    let rule = words::sentence(refusal, &place);
    if names.is_empty() { Ok(rule) } else { Ok(format!("{rule} Ask {}.", names.join(", "))) }
}

/// Who can do it, or give the right to.
pub(super) async fn who_helps(
    connection: &mut Connection,
    ctx: &OpCtx,
    wanted: &Wanted,
    object: &Object,
) -> Result<Vec<String>> {
    let needed = match wanted {
        Wanted::Site(action) => *action,
        Wanted::Machine(action) => machine::rule(*action).any,
    };
    holders(connection, ctx, needed, object.pool(), MANY).await
}

/// Administrators, and whoever holds the action there.
async fn holders(
    connection: &mut Connection,
    ctx: &OpCtx,
    needed: Action,
    pool: Option<PoolId>,
    limit: i64,
) -> Result<Vec<String>> {
    let now = ctx.clock.now().micros();
    let mut names = access::holders(connection, access::ADMINISTRATOR, None, now, limit).await?;
    if pool.is_some() {
        for row in role::list(connection).await? {
            let is_other = row.role_id != BUILTIN[0].id.0 && row.binding_count > 0;
            if is_other && actions_of(row.role_id, &row.actions).has(needed) {
                names.extend(access::holders(connection, RoleId(row.role_id), pool, now, limit).await?);
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(names)
}

/// In a refusal.
const FEW: i64 = 5;
/// In an explanation that was asked for.
const MANY: i64 = 20;
