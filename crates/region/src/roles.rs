//! Roles: named sets of actions. Four are built in; sites add their own.

use maas_authz::{Action, Actions, OpCtx, Reach, action::ViewIdentities, role::builtin};
use maas_model::{EventType, PoolId, RoleId, Timestamp};
use maas_store::{
    Audit, StoreError, Tx,
    role::{self, RoleRow, RoleValues},
};
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    access::{actions_of, guard::Change},
    users,
};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub description: String,
    pub is_builtin: bool,
    pub actions: Actions,
    /// How many bindings give it.
    pub binding_count: i64,
    pub updated_at: Timestamp,
}

impl Role {
    /// Whether it was made for an entitlement of MAAS's groups, and is kept by them.
    pub fn is_generated(&self) -> bool {
        self.name.starts_with(GENERATED)
    }
}

/// What to make or change; what is `None` stays (or is empty, for a new role).
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub actions: Option<Actions>,
}

/// All roles, the built-in ones first (`ViewIdentities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Role>> {
    ctx.grant::<ViewIdentities>()?;
    Ok(role::list(&mut *region.store().reader().await?).await?.into_iter().map(Role::from).collect())
}

/// One role by name (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "Role" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Role> {
    ctx.grant::<ViewIdentities>()?;
    role::find(&mut *region.store().reader().await?, name).await?.map(Role::from).ok_or(NOT_FOUND)
}

/// Makes a role (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `Denied`; `Invalid` under `name` or `actions`.
pub async fn create(region: &Region, ctx: &OpCtx, new: RoleChange) -> Result<Role> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let name = checked_name(new.name.as_deref().unwrap_or_default())?;
    let description = checked_description(new.description.as_deref().unwrap_or_default())?;
    let actions = checked_actions(new.actions.unwrap_or_default())?;
    change.hold_somewhere(actions)?;
    let values = RoleValues { name: &name, description: &description, actions: &words(actions) };
    let id = role::insert(&mut tx, &change.may, values).await.map_err(duplicate)?;
    let made = found(&mut tx, &name).await?;
    let audit = Audit::new(EventType::Authorisation, "role.create", format!("Created role '{name}'."));
    tx.commit(audit.object("role", id).details(json!({ "after": view(&made) }))).await?;
    region.announce("role", "create", json!(name), Audience::Administrators);
    Ok(made)
}

/// Changes a role that is not built in.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`, `BadRequest`.
pub async fn update(region: &Region, ctx: &OpCtx, name: &str, change: RoleChange) -> Result<Role> {
    let mut tx = region.store().begin(ctx).await?;
    let guard = Change::begin(region, &mut tx, ctx).await?;
    let before = changeable(&mut tx, name).await?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = checked_name(name)?;
    }
    if let Some(text) = &change.description {
        after.description = checked_description(text)?;
    }
    if let Some(actions) = change.actions {
        after.actions = checked_actions(actions)?;
        let differing = after.actions.minus(before.actions).or(before.actions.minus(after.actions));
        guard.hold_somewhere(differing)?;
        for pool in role::scopes(&mut tx, before.id).await? {
            guard.hold(differing, pool.map(PoolId))?;
            guard.outlast(after.actions.minus(before.actions), pool.map(PoolId), None)?;
        }
    }
    let actions = words(after.actions);
    let values = RoleValues { name: &after.name, description: &after.description, actions: &actions };
    role::update(&mut tx, &guard.may, before.id, values).await.map_err(duplicate)?;
    guard.keep_an_administrator(&mut tx).await?;
    let audit = Audit::new(EventType::Authorisation, "role.update", format!("Updated role '{}'.", before.name));
    let details = json!({ "before": view(&before), "after": view(&after) });
    let after = found(&mut tx, &after.name).await?;
    tx.commit(audit.object("role", before.id).details(details)).await?;
    region.announce("role", "update", json!(after.name), Audience::Administrators);
    Ok(after)
}

/// Deletes a role that is not built in and that no binding gives.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` while it is given.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let gone = changeable(&mut tx, name).await?;
    if gone.binding_count > 0 {
        let why = format!("Role '{name}' is still given {} times. Take it away first.", gone.binding_count);
        return Err(Error::Conflict(why));
    }
    let tokens = role::token_count(&mut tx, gone.id).await?;
    if tokens > 0 {
        return Err(Error::Conflict(format!("{tokens} tokens are narrowed to role '{name}'. Revoke them first.")));
    }
    role::delete(&mut tx, &change.may, gone.id).await?;
    let audit = Audit::new(EventType::Authorisation, "role.delete", format!("Deleted role '{name}'."));
    tx.commit(audit.object("role", gone.id).details(json!({ "before": view(&gone) }))).await?;
    region.announce("role", "delete", json!(name), Audience::Administrators);
    Ok(())
}

/// The role that stands for an entitlement of MAAS's groups; made when it is first wanted.
pub(crate) async fn generated(tx: &mut Tx, change: &Change, action: Action) -> Result<Role> {
    let name = format!("{GENERATED}{}", action.as_str());
    if let Some(row) = role::find(tx, &name).await? {
        return Ok(row.into());
    }
    let description = format!("Made for the entitlement {} of groups.", action.as_str());
    let actions = words(Actions::of(&[action]).with_implied());
    role::insert(tx, &change.may, RoleValues { name: &name, description: &description, actions: &actions }).await?;
    found(tx, &name).await
}

async fn found(tx: &mut Tx, name: &str) -> Result<Role> {
    role::find(tx, name).await?.map(Role::from).ok_or(NOT_FOUND)
}

async fn changeable(tx: &mut Tx, name: &str) -> Result<Role> {
    let role = found(tx, name).await?;
    if role.is_builtin {
        return Err(Error::BadRequest(format!("Role '{name}' is built in and stays as it is. Create another one.")));
    }
    if role.is_generated() {
        return Err(Error::BadRequest(format!("Role '{name}' was made for an entitlement and stays as it is.")));
    }
    Ok(role)
}

/// Names stand in paths, so they have no slash; a colon is kept for generated roles.
fn checked_name(text: &str) -> Result<String> {
    let text = users::checked_label(text.trim()).map_err(|why| Error::field("name", why))?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if text.chars().count() > 64 || !text.chars().all(is_plain) {
        let why = "Use at most 64 letters, digits, blanks, `-`, `_` and `.`.";
        return Err(Error::field("name", why));
    }
    Ok(text)
}

/// A text that may be empty.
pub(crate) fn checked_description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    users::checked_label(text).map_err(|why| Error::field("description", why))
}

fn checked_actions(actions: Actions) -> Result<Actions> {
    if let Some(action) = actions.iter().find(|action| action.reach() == Reach::Own) {
        let why = format!("`{}` needs no role: everybody has it.", action.as_str());
        return Err(Error::field("actions", why));
    }
    if actions.is_empty() {
        return Err(Error::field("actions", "This field is required."));
    }
    Ok(actions.with_implied())
}

fn words(actions: Actions) -> String {
    actions.iter().map(Action::as_str).collect::<Vec<_>>().join(" ")
}

fn view(role: &Role) -> serde_json::Value {
    json!({ "name": role.name, "description": role.description, "actions": words(role.actions) })
}

fn duplicate(error: StoreError) -> Error {
    if error.is_unique("role.name") {
        return Error::field("name", "Role with this Name already exists.");
    }
    error.into()
}

impl From<RoleRow> for Role {
    fn from(row: RoleRow) -> Self {
        let builtin = builtin(RoleId(row.role_id));
        Self {
            id: RoleId(row.role_id),
            description: builtin.map_or(row.description, |role| role.description.to_owned()),
            is_builtin: row.is_builtin == 1,
            actions: actions_of(row.role_id, &row.actions),
            binding_count: row.binding_count,
            updated_at: Timestamp::from_micros(row.updated_us),
            name: row.name,
        }
    }
}

/// What the names of roles made for entitlements begin with.
const GENERATED: &str = "entitlement:";
const NOT_FOUND: Error = Error::NotFound { what: "Role" };
