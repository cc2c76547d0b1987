//! What a user may do and where: made of the bindings that reach them, less what a token was made without.

use std::net::IpAddr;

use ipnet::IpNet;
use maas_authz::{Access, Action, Actions, AuthMethod, OpCtx, Refusal, Why, role::builtin};
use maas_model::{PoolId, RoleId, Timestamp, UserId};
use maas_store::{Connection, Tx, access, access::NarrowRow};

use crate::{Error, Region, Result, settings};

pub mod explain;
pub(crate) mod guard;
pub(crate) mod rights;
#[cfg(test)]
mod tests;

/// What a user holds, and until when that is certain.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) access: Access,
    /// When the first of the bindings ends.
    pub(crate) ends: Option<Timestamp>,
    /// From where the credential may be used; everywhere if empty.
    pub(crate) networks: Vec<IpNet>,
}

impl Held {
    /// Whether the credential may be used from this address; one that is bound to networks is not for nowhere.
    pub(crate) fn is_for(&self, ip: Option<IpAddr>) -> bool {
        is_within(&self.networks, ip)
    }
}

/// Whether an address lies in one of the networks, or there is none to lie in.
pub(crate) fn is_within(networks: &[IpNet], ip: Option<IpAddr>) -> bool {
    let ip = ip.map(|ip| ip.to_canonical());
    networks.is_empty() || ip.is_some_and(|ip| networks.iter().any(|network| network.contains(&ip)))
}

/// What a user holds now, by this credential.
///
/// # Errors
/// Those of the database.
pub(crate) async fn load(
    region: &Region,
    connection: &mut Connection,
    user: UserId,
    method: AuthMethod,
) -> Result<Held> {
    let rows = access::held(connection, user, region.clock().now().micros()).await?;
    let mut held = Access::own_only();
    held.may_power_free = settings::is_on(region, "user_may_power_free_machines").await?;
    held.tells_hidden = settings::number(region, "access_hidden_status").await? == 403;
    for row in &rows {
        held.give(actions_of(row.role_id, &row.actions), row.pool_id.map(PoolId));
    }
    let ends = rows.iter().filter_map(|row| row.expires_us).min().map(Timestamp::from_micros);
    let mut held = Held { access: held, ends, networks: Vec::new() };
    if let AuthMethod::Token(id, _) = method
        && let Some(row) = access::narrowing(connection, id).await?
    {
        narrow(&mut held, &row)?;
    }
    Ok(held)
}

fn narrow(held: &mut Held, row: &NarrowRow) -> Result<()> {
    for word in row.networks.split(' ').filter(|word| !word.is_empty()) {
        held.networks.push(word.parse().map_err(|_| Error::internal(format!("a token has a bad network `{word}`")))?);
    }
    if row.role.is_none() && row.pools.is_none() && held.networks.is_empty() {
        return Ok(());
    }
    let actions = row.role.as_ref().map(|(id, words)| actions_of(*id, words));
    let pools = row.pools.as_ref().map(|pools| pools.iter().copied().map(PoolId).collect::<Vec<_>>());
    held.access = held.access.narrowed(actions, pools.as_deref());
    Ok(())
}

/// What the actor holds as the database says now, for decisions inside a transaction: who was let in a moment ago may have
/// lost something since.
///
/// # Errors
/// Those of the database.
pub(crate) async fn current(region: &Region, tx: &mut Tx, ctx: &OpCtx) -> Result<Access> {
    match ctx.actor.user() {
        Some(user) => Ok(load(region, tx, user.id, user.method).await?.access),
        None => Ok(ctx.access()),
    }
}

/// The actions of a role as stored. A word that no program knows any more gives nothing.
pub(crate) fn actions_of(role: i64, words: &str) -> Actions {
    match builtin(RoleId(role)) {
        Some(role) => role.actions,
        None => words.split(' ').filter_map(|word| word.parse::<Action>().ok()).collect(),
    }
}

/// The refusal of somebody who would give or take away what they do not hold.
fn not_held(missing: Actions, pool: Option<PoolId>) -> Option<Refusal> {
    let missing = missing.iter().next()?;
    let asked = maas_authz::Asked::Site(Action::EditIdentities);
    Some(Refusal { asked, why: Why::NotHeld { missing, pool } })
}
