//! Groups of users, to whom roles are given together.

use std::collections::BTreeMap;

use maas_authz::{OpCtx, action::ViewIdentities};
use maas_model::{EventType, GroupId};
use maas_store::{
    Audit, StoreError, Tx, user,
    user_group::{self, ADMINISTRATORS, GroupRow},
};
use serde_json::json;

use crate::{Audience, Error, Region, Result, access::guard::Change, roles::checked_description, users};

mod entitlements;

pub use entitlements::{Entitlement, add_entitlement, entitlements, remove_entitlement};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    /// `Administrators` and `Users`, which new users join.
    pub is_builtin: bool,
    pub member_count: i64,
}

/// A user in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub username: String,
    pub email: String,
}

/// All groups by name (`ViewIdentities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Group>> {
    ctx.grant::<ViewIdentities>()?;
    Ok(user_group::list(&mut *region.store().reader().await?).await?.into_iter().map(Group::from).collect())
}

/// One group (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "UserGroup" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<Group> {
    ctx.grant::<ViewIdentities>()?;
    user_group::find(&mut *region.store().reader().await?, id).await?.map(Group::from).ok_or(NOT_FOUND)
}

/// Makes a group (`EditIdentities`).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Group> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let (name, description) = (checked_name(name)?, checked_description(description)?);
    let id = user_group::insert(&mut tx, &change.may, &name, &description).await.map_err(duplicate)?;
    let made = found(&mut tx, id).await?;
    let audit = Audit::new(EventType::Authorisation, "group.create", format!("Created group '{name}'."));
    tx.commit(audit.object("group", id).details(json!({ "after": view(&made) }))).await?;
    region.announce("group", "create", json!(id.0), Audience::Administrators);
    Ok(made)
}

/// Renames or describes a group.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`.
pub async fn update(
    region: &Region,
    ctx: &OpCtx,
    id: GroupId,
    name: Option<&str>,
    description: Option<&str>,
) -> Result<Group> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let before = found(&mut tx, id).await?;
    let mut after = before.clone();
    if let Some(name) = name {
        after.name = checked_name(name)?;
    }
    if let Some(text) = description {
        after.description = checked_description(text)?;
    }
    user_group::update(&mut tx, &change.may, id, &after.name, &after.description).await.map_err(duplicate)?;
    let audit = Audit::new(EventType::Authorisation, "group.update", format!("Updated group '{}'.", before.name));
    let details = json!({ "before": view(&before), "after": view(&after) });
    tx.commit(audit.object("group", id).details(details)).await?;
    region.announce("group", "update", json!(id.0), Audience::Administrators);
    Ok(after)
}

/// Deletes a group and its bindings.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more, or when the group is built in.
pub async fn delete(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let gone = found(&mut tx, id).await?;
    if gone.is_builtin {
        let why =
            format!("Group '{}' is built in: new users join it. Take its roles or members away instead.", gone.name);
        return Err(Error::Conflict(why));
    }
    change.hold_group(&mut tx, id).await?;
    let members = user_group::members(&mut tx, id).await?;
    user_group::delete(&mut tx, &change.may, id).await?;
    change.keep_an_administrator(&mut tx).await?;
    let audit = Audit::new(EventType::Authorisation, "group.delete", format!("Deleted group '{}'.", gone.name));
    let members: Vec<String> = members.into_iter().map(|member| member.username).collect();
    let details = json!({ "before": view(&gone), "loses": members });
    tx.commit(audit.object("group", id).details(details)).await?;
    region.announce("group", "delete", json!(id.0), Audience::Administrators);
    Ok(())
}

/// The members by name (`ViewIdentities`).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn members(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<Vec<Member>> {
    lookup(region, ctx, id).await?;
    let rows = user_group::members(&mut *region.store().reader().await?, id).await?;
    Ok(rows.into_iter().map(|row| Member { username: row.username, email: row.email.unwrap_or_default() }).collect())
}

/// The groups of each user that is in one, by user name (`ViewIdentities`).
///
/// # Errors
/// `Denied`.
pub async fn memberships(region: &Region, ctx: &OpCtx) -> Result<BTreeMap<String, Vec<GroupId>>> {
    ctx.grant::<ViewIdentities>()?;
    let mut all: BTreeMap<String, Vec<GroupId>> = BTreeMap::new();
    for (username, group) in user_group::memberships(&mut *region.store().reader().await?).await? {
        all.entry(username).or_default().push(GroupId(group));
    }
    Ok(all)
}

/// Takes a user in (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a member.
pub async fn add_member(region: &Region, ctx: &OpCtx, id: GroupId, username: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let group = found(&mut tx, id).await?;
    let user = users::person(&mut tx, username).await?;
    change.hold_group(&mut tx, id).await?;
    change.outlast_group(&mut tx, id).await?;
    if !user_group::add_member(&mut tx, &change.may, id, user.id).await? {
        let why = format!("User `{username}` is already a member of the group with ID `{id}`.");
        return Err(Error::Conflict(why));
    }
    let text = format!("Added user '{username}' to group '{}'.", group.name);
    let audit = Audit::new(EventType::Authorisation, "group.add-member", text).object("group", id);
    tx.commit(audit.details(json!({ "group": group.name, "gains": [username] }))).await?;
    told(region, id);
    Ok(())
}

/// Takes a user out.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more.
pub async fn remove_member(region: &Region, ctx: &OpCtx, id: GroupId, username: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let group = found(&mut tx, id).await?;
    let row = user::find(&mut tx, username).await?.ok_or(Error::NotFound { what: "User" })?;
    change.hold_group(&mut tx, id).await?;
    let user = maas_model::UserId(row.user_id);
    if !user_group::remove_member(&mut tx, &change.may, id, user).await? {
        return Err(Error::NotFound { what: "UserGroupMember" });
    }
    change.keep_an_administrator(&mut tx).await?;
    let text = format!("Removed user '{username}' from group '{}'.", group.name);
    let audit = Audit::new(EventType::Authorisation, "group.remove-member", text).object("group", id);
    tx.commit(audit.details(json!({ "group": group.name, "loses": [username] }))).await?;
    told(region, id);
    Ok(())
}

fn told(region: &Region, id: GroupId) {
    region.announce("group", "update", json!(id.0), Audience::Administrators);
}

async fn found(tx: &mut Tx, id: GroupId) -> Result<Group> {
    user_group::find(tx, id).await?.map(Group::from).ok_or(NOT_FOUND)
}

fn checked_name(text: &str) -> Result<String> {
    users::checked_label(text.trim()).map_err(|why| Error::field("name", why))
}

fn view(group: &Group) -> serde_json::Value {
    json!({ "name": group.name, "description": group.description })
}

fn duplicate(error: StoreError) -> Error {
    if error.is_unique("user_group.name") {
        return Error::field("name", "User group with this Name already exists.");
    }
    error.into()
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            id: GroupId(row.group_id),
            name: row.name,
            description: row.description,
            is_builtin: row.is_builtin == 1,
            member_count: row.member_count,
        }
    }
}

/// Whether it is the group whose members administer the site.
pub fn is_administrators(id: GroupId) -> bool {
    id == ADMINISTRATORS
}

pub(crate) const NOT_FOUND: Error = Error::NotFound { what: "UserGroup" };
