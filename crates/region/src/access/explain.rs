//! Why somebody may, or may not, do something: which rule decides, and who could change that.

use maas_authz::{Access, NodeRefusal, OpCtx, action::ViewIdentities};
use maas_model::UserId;
use maas_store::{Connection, access, access::HeldRow, pool, user};

use super::{
    actions_of, load,
    rights::{Rights, as_actor},
};
use crate::{Error, Region, Result};

mod helpers;
mod object;
mod words;

pub use helpers::refused;
use helpers::who_helps;
use object::{Object, Wanted};

/// An answer that people can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub username: String,
    /// `deploy`, `can_edit_identities`
    pub action: String,
    /// `machine abc123`, `pool web`, `site`
    pub object: String,
    pub is_allowed: bool,
    /// Whether the user may not even know of the object.
    pub is_hidden: bool,
    /// One sentence: the rule that decides.
    pub rule: String,
    /// The bindings that count here: `role user on pool web, through group Users`.
    pub bindings: Vec<String>,
    /// What would be needed: actions, and where.
    pub needed: Vec<String>,
    /// Who could do it or give the right, by name.
    pub who_can_grant: Vec<String>,
}

/// Explains (`ViewIdentities`; about oneself, everybody may ask). `action` is a machine's action or one of a role;
/// `object` is a system id, `pool:NAME`, or nothing for the site.
///
/// # Errors
/// `NotFound`, also for what the asker may not see; `Denied`; `Invalid` under `action` or `object`.
pub async fn explain(
    region: &Region,
    ctx: &OpCtx,
    username: &str,
    action: &str,
    object: Option<&str>,
) -> Result<Explanation> {
    let is_own = ctx.actor.user().is_some_and(|caller| caller.username == username);
    if !is_own {
        ctx.grant::<ViewIdentities>()?;
    }
    let mut reader = region.store().reader().await?;
    let row = user::find(&mut reader, username).await?.ok_or(Error::NotFound { what: "User" })?;
    let id = UserId(row.user_id);
    let object = Object::find(&mut reader, ctx, object).await?;
    let wanted = Wanted::parse(action, &object)?;
    let actor = if is_own {
        ctx.actor.clone()
    } else {
        let held = load(region, &mut reader, id, maas_authz::AuthMethod::Password).await?;
        as_actor(id, username, &held.access)
    };
    let refusal = if row.is_active == 1 { wanted.decide(&actor, &object) } else { Ok(()) };
    let held = access::held(&mut reader, id, ctx.clock.now().micros()).await?;
    let is_allowed = row.is_active == 1 && refusal.is_ok();
    Ok(Explanation {
        username: username.to_owned(),
        action: wanted.as_str().to_owned(),
        object: object.text(),
        is_allowed,
        is_hidden: matches!(refusal, Err(NodeRefusal::Hidden)),
        rule: match (&refusal, row.is_active == 1) {
            (_, false) => format!("{username} is disabled, and may do nothing."),
            (Ok(()), true) => words::allowed(&wanted, &object, &actor),
            (Err(refusal), true) => words::refused(&object, refusal),
        },
        bindings: bindings_here(&mut reader, &held, &object).await?,
        needed: words::needed(&wanted, &object),
        who_can_grant: if is_allowed { Vec::new() } else { who_helps(&mut reader, ctx, &wanted, &object).await? },
    })
}

/// Who can do something (`ViewIdentities`), by name.
///
/// # Errors
/// As [`explain`].
pub async fn who_can(region: &Region, ctx: &OpCtx, action: &str, object: Option<&str>) -> Result<Vec<String>> {
    ctx.grant::<ViewIdentities>()?;
    let mut reader = region.store().reader().await?;
    let object = Object::find(&mut reader, ctx, object).await?;
    let wanted = Wanted::parse(action, &object)?;
    let rights = Rights::read(region, &mut reader).await?;
    let can = |(name, person): &(&String, &super::rights::Person)| {
        person.is_active && wanted.decide(&as_actor(person.id, name, &person.held), &object).is_ok()
    };
    Ok(rights.people.iter().filter(can).map(|(name, _)| name.clone()).collect())
}

/// What a user holds, for the page that shows it (`ViewIdentities`; one's own, everybody).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn access_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<Access> {
    if let Some(caller) = ctx.actor.user().filter(|caller| caller.username == username) {
        return Ok((*caller.access).clone());
    }
    ctx.grant::<ViewIdentities>()?;
    let mut reader = region.store().reader().await?;
    let row = user::find(&mut reader, username).await?.ok_or(Error::NotFound { what: "User" })?;
    Ok(load(region, &mut reader, UserId(row.user_id), maas_authz::AuthMethod::Password).await?.access)
}

/// The bindings that count for the object, in words.
async fn bindings_here(connection: &mut Connection, held: &[HeldRow], object: &Object) -> Result<Vec<String>> {
    let pools = pool::list(connection).await?;
    let groups = maas_store::user_group::list(connection).await?;
    let counts = |row: &&HeldRow| row.pool_id.is_none() || object.pool().is_none_or(|pool| row.pool_id == Some(pool.0));
    let line = |row: &HeldRow| {
        let place = match row.pool_id {
            None => "the whole site".to_owned(),
            Some(id) => {
                let name = pools.iter().find(|pool| pool.pool_id == id).map_or("?", |pool| pool.name.as_str());
                format!("pool '{name}'")
            }
        };
        let group = row.group_id.and_then(|id| groups.iter().find(|group| group.group_id == id));
        let group = group.map(|group| format!(", through group '{}'", group.name)).unwrap_or_default();
        format!("role '{}' on {place}{group}", row.role_name)
    };
    Ok(held.iter().filter(counts).map(line).collect())
}
