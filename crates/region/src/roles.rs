//! Roles: named sets of actions. Four are built in; sites add their own.

use maas_authz::{Actions, OpCtx};
use maas_model::{RoleId, Timestamp};

use crate::{Region, Result};

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
    let _ = (region, ctx);
    unimplemented!("access")
}

/// One role by name (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "Role" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Role> {
    let _ = (region, ctx, name);
    unimplemented!("access")
}

/// Makes a role (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `Denied`; `Invalid` under `name` or `actions`.
pub async fn create(region: &Region, ctx: &OpCtx, new: RoleChange) -> Result<Role> {
    let _ = (region, ctx, new);
    unimplemented!("access")
}

/// Changes a role that is not built in.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`, `BadRequest`.
pub async fn update(region: &Region, ctx: &OpCtx, name: &str, change: RoleChange) -> Result<Role> {
    let _ = (region, ctx, name, change);
    unimplemented!("access")
}

/// Deletes a role that is not built in and that no binding gives.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` while it is given.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let _ = (region, ctx, name);
    unimplemented!("access")
}
