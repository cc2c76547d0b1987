//! Bindings: a role given to a user or a group, on a pool or on the whole site.

use maas_authz::OpCtx;
use maas_model::{GroupId, PoolId, RoleBindingId, RoleId, Timestamp, UserId};

use crate::{Region, Result};

/// Who is given a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    User(UserId, String),
    Group(GroupId, String),
}

/// A role given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub id: RoleBindingId,
    pub role: (RoleId, String),
    pub subject: Subject,
    /// None for the whole site.
    pub pool: Option<(PoolId, String)>,
    pub reason: String,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// A role to give; everything by name.
#[derive(Clone, Debug, Default)]
pub struct NewBinding {
    pub role: String,
    pub user: Option<String>,
    pub group: Option<String>,
    /// None for the whole site.
    pub pool: Option<String>,
    pub reason: String,
    pub expires_at: Option<Timestamp>,
}

/// What a binding would change, before it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Users who gain or lose something, by name.
    pub users: Vec<UserEffect>,
}

/// What one user would gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEffect {
    pub username: String,
    /// `can_edit_machines on pool web`, in words.
    pub gains: Vec<String>,
    pub losses: Vec<String>,
    /// How many machines the user sees before and after.
    pub machines_before: i64,
    pub machines_after: i64,
}

/// All bindings by id (`ViewIdentities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Binding>> {
    let _ = (region, ctx);
    unimplemented!("access")
}

/// One binding (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "RoleBinding" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<Binding> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}

/// What giving the role would change; nothing is changed.
///
/// # Errors
/// As [`create`].
pub async fn try_out(region: &Region, ctx: &OpCtx, new: &NewBinding) -> Result<Effect> {
    let _ = (region, ctx, new);
    unimplemented!("access")
}

/// What taking the binding away would change; nothing is changed.
///
/// # Errors
/// As [`delete`].
pub async fn try_out_deletion(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<Effect> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}

/// Gives a role (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `Denied`; `Invalid` by field; `Conflict` when it is given already.
pub async fn create(region: &Region, ctx: &OpCtx, new: &NewBinding) -> Result<Binding> {
    let _ = (region, ctx, new);
    unimplemented!("access")
}

/// Takes a role away (`EditIdentities`).
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more.
pub async fn delete(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("access")
}
