//! Three-part API keys, as MAAS's clients use them. Only a keyed hash of the secret is stored.

use std::net::IpAddr;

use maas_authz::OpCtx;
use maas_model::{ApiKeyId, Secret, Timestamp};

use crate::{Region, Result};

/// An API key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub consumer_key: String,
    pub token_key: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<IpAddr>,
    pub expires_at: Option<Timestamp>,
}

/// An API key just made; the only moment at which its secret is known.
#[derive(Debug)]
pub struct NewApiKey {
    pub key: ApiKey,
    pub token_secret: Secret<String>,
}

impl NewApiKey {
    /// `<consumer key>:<token key>:<token secret>`.
    pub fn text(&self) -> Secret<String> {
        Secret::new(format!("{}:{}:{}", self.key.consumer_key, self.key.token_key, self.token_secret.expose()))
    }
}

/// The name of keys that nobody named.
pub const DEFAULT_NAME: &str = "MAAS consumer";

/// The caller's keys, oldest first.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<ApiKey>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// The keys of another user (`ViewIdentities`, or a command on the host).
///
/// # Errors
/// `NotFound { what: "User" }`, `Denied`.
pub async fn list_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<Vec<ApiKey>> {
    let _ = (region, ctx, username);
    unimplemented!("core")
}

/// Makes a key for the caller.
///
/// # Errors
/// `Denied`, `Invalid` under `name` or `expires_at`.
pub async fn create(
    region: &Region,
    ctx: &OpCtx,
    name: Option<&str>,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    let _ = (region, ctx, name, expires_at);
    unimplemented!("core")
}

/// Makes a key for another user: commands on the host only.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn create_for(region: &Region, ctx: &OpCtx, username: &str, name: Option<&str>) -> Result<NewApiKey> {
    let _ = (region, ctx, username, name);
    unimplemented!("core")
}

/// Deletes one of the caller's keys; on the host, anybody's.
///
/// # Errors
/// `NotFound { what: "Token" }`.
pub async fn delete(region: &Region, ctx: &OpCtx, token_key: &str) -> Result<()> {
    let _ = (region, ctx, token_key);
    unimplemented!("core")
}

/// Renames one of the caller's keys; on the host, anybody's.
///
/// # Errors
/// `NotFound { what: "Token" }`, `Invalid` under `name`.
pub async fn rename(region: &Region, ctx: &OpCtx, token_key: &str, name: &str) -> Result<()> {
    let _ = (region, ctx, token_key, name);
    unimplemented!("core")
}
