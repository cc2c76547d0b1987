//! Users: read, create, change, disable, delete with transfer.

use maas_authz::OpCtx;
use maas_model::{Role, Secret, Timestamp, UserId};

use crate::{Region, Result};

/// A user as those who may see it see it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: String,
    pub full_name: String,
    pub role: Role,
    pub is_active: bool,
    /// False for users of an external realm.
    pub is_local: bool,
    /// `MAAS` and `maas-init-node`.
    pub is_system: bool,
    /// Whether the first-login page was finished or skipped.
    pub completed_intro: bool,
    pub joined_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    pub ssh_key_count: i64,
}

/// A new user.
#[derive(Clone, Debug)]
pub struct CreateUser {
    pub username: String,
    pub email: String,
    pub full_name: String,
    pub password: Secret<String>,
    pub role: Role,
    /// A public SSH key to start with, or several lines of them; a bad one undoes the creation.
    pub ssh_keys: Option<String>,
}

/// A change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EditUser {
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub role: Option<Role>,
    pub is_active: Option<bool>,
}

/// How strong a password is, for the page that asks for one: 0 to 4, with a hint.
#[derive(Clone, Debug)]
pub struct Strength {
    pub score: u8,
    pub hint: String,
}

/// All users by name, the system users included (`ViewOwn`: API 2.0 lets everybody signed in read the list).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<User>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// One user by name.
///
/// # Errors
/// `NotFound { what: "User" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, username: &str) -> Result<User> {
    let _ = (region, ctx, username);
    unimplemented!("core")
}

/// The caller.
///
/// # Errors
/// `Denied` when nobody is signed in.
pub async fn whoami(region: &Region, ctx: &OpCtx) -> Result<User> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Whether the site has no real user yet.
///
/// # Errors
/// `Internal`.
pub async fn is_empty(region: &Region) -> Result<bool> {
    let _ = region;
    unimplemented!("core")
}

/// Creates a user with its first API key's name reserved; all or nothing.
///
/// # Errors
/// `Invalid` by field: `username`, `email`, `password`, `key`.
pub async fn create(region: &Region, ctx: &OpCtx, new: CreateUser) -> Result<User> {
    let _ = (region, ctx, new);
    unimplemented!("core")
}

/// Changes a user; oneself may change `email` and `full_name`, an administrator everything of others.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`; `BadRequest` for system users, and for taking the last administrator away.
pub async fn edit(region: &Region, ctx: &OpCtx, username: &str, change: EditUser) -> Result<User> {
    let _ = (region, ctx, username, change);
    unimplemented!("core")
}

/// Deletes a user, giving what they own to `transfer_to` first. An unknown user is no error and no event (`false`).
///
/// # Errors
/// `BadRequest` for oneself, system users and users who still own things; `NotFound` for an unknown `transfer_to`.
pub async fn delete(region: &Region, ctx: &OpCtx, username: &str, transfer_to: Option<&str>) -> Result<bool> {
    let _ = (region, ctx, username, transfer_to);
    unimplemented!("core")
}

/// What a user owns that would have to be transferred, for the page that asks: `("SSH keys", 3)` are not among it.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn owned(region: &Region, ctx: &OpCtx, username: &str) -> Result<Vec<(&'static str, i64)>> {
    let _ = (region, ctx, username);
    unimplemented!("core")
}

/// Sets another user's password and ends their sessions; with `revoke_keys` their API keys and tokens too.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `password`, `BadRequest` for system users.
pub async fn reset_password(
    region: &Region,
    ctx: &OpCtx,
    username: &str,
    password: Secret<String>,
    revoke_keys: bool,
) -> Result<()> {
    let _ = (region, ctx, username, password, revoke_keys);
    unimplemented!("core")
}

/// Changes one's own password, which asks for the old one; all other sessions end.
///
/// # Errors
/// `Invalid` under `old_password` or `password`; `Throttled`.
pub async fn change_own_password(
    region: &Region,
    ctx: &OpCtx,
    old: Secret<String>,
    new: Secret<String>,
    revoke_keys: bool,
) -> Result<()> {
    let _ = (region, ctx, old, new, revoke_keys);
    unimplemented!("core")
}

/// Marks the first-login page as done for the caller.
///
/// # Errors
/// `Denied`.
pub async fn complete_intro(region: &Region, ctx: &OpCtx) -> Result<()> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// How strong a password would be for this user.
pub fn strength(username: &str, email: &str, password: &Secret<String>) -> Strength {
    let _ = (username, email, password);
    unimplemented!("core")
}

pub(crate) async fn seed_system_users(_: &Region) -> Result<()> {
    Ok(())
}
