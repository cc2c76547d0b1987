//! Groups of users, to whom roles are given together.

use maas_authz::OpCtx;
use maas_model::GroupId;

use crate::{Region, Result};

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
    let _ = (region, ctx);
    unimplemented!("access")
}

/// One group (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "UserGroup" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<Group> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}

/// Makes a group (`EditIdentities`).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Group> {
    let _ = (region, ctx, name, description);
    unimplemented!("access")
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
    let _ = (region, ctx, id, name, description);
    unimplemented!("access")
}

/// Deletes a group and its bindings.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more, or when the group is built in.
pub async fn delete(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}

/// The members by name (`ViewIdentities`).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn members(region: &Region, ctx: &OpCtx, id: GroupId) -> Result<Vec<Member>> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}

/// Takes a user in (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a member.
pub async fn add_member(region: &Region, ctx: &OpCtx, id: GroupId, username: &str) -> Result<()> {
    let _ = (region, ctx, id, username);
    unimplemented!("access")
}

/// Takes a user out.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more.
pub async fn remove_member(region: &Region, ctx: &OpCtx, id: GroupId, username: &str) -> Result<()> {
    let _ = (region, ctx, id, username);
    unimplemented!("access")
}
