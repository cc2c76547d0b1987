//! Public SSH keys of users.

use maas_authz::OpCtx;
use maas_model::{SshKeyId, Timestamp};

use crate::{Region, Result};

/// A public key.
#[derive(Clone, Debug)]
pub struct SshKey {
    pub id: SshKeyId,
    /// As sent, without white space around it.
    pub key: String,
    /// `lp:<id>`, `gh:<id>`, or empty for a direct upload.
    pub keysource: String,
    /// `ssh-ed25519`
    pub kind: String,
    /// `SHA256:...` as OpenSSH prints it.
    pub fingerprint: String,
    pub comment: String,
    pub created_at: Timestamp,
}

/// The caller's keys by id.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SshKey>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// One key: the owner's, or anybody's with `ViewIdentities`.
///
/// # Errors
/// `NotFound { what: "SSHKey" }`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: SshKeyId) -> Result<SshKey> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}

/// Adds one key, for the caller or, with `EditGlobalEntities`, for `user`.
///
/// # Errors
/// `Invalid` under `key` or `__all__`; `BadRequest` about `user`, with MAAS's texts.
pub async fn create(region: &Region, ctx: &OpCtx, key: &str, user: Option<&str>) -> Result<SshKey> {
    let _ = (region, ctx, key, user);
    unimplemented!("core")
}

/// Adds all keys of a text such as an `authorized_keys` or `.pub` file for the caller; all or nothing.
///
/// # Errors
/// `Invalid` under `key`, naming the line.
pub async fn create_from_file(region: &Region, ctx: &OpCtx, text: &str) -> Result<Vec<SshKey>> {
    let _ = (region, ctx, text);
    unimplemented!("core")
}

/// Imports the caller's keys from Launchpad or GitHub: `lp:<id>`, `gh:<id>` or `<id>`.
///
/// # Errors
/// `BadRequest` with MAAS's texts.
pub async fn import(region: &Region, ctx: &OpCtx, keysource: &str) -> Result<Vec<SshKey>> {
    let _ = (region, ctx, keysource);
    unimplemented!("core")
}

/// Deletes one of the caller's keys.
///
/// # Errors
/// `NotFound { what: "SSHKey" }`; `Forbidden` for somebody else's.
pub async fn delete(region: &Region, ctx: &OpCtx, id: SshKeyId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}
