//! Certificates that users offer to machines (MAAS calls them SSL keys).

use maas_authz::OpCtx;
use maas_model::{SslKeyId, Timestamp};

use crate::{Region, Result};

/// A certificate of a user.
#[derive(Clone, Debug)]
pub struct SslKey {
    pub id: SslKeyId,
    /// PEM, as sent.
    pub key: String,
    /// Subject, for people.
    pub subject: String,
    pub not_after: Timestamp,
    /// SHA-256 of the first certificate, upper-case hex pairs joined by `:`.
    pub fingerprint: String,
    pub created_at: Timestamp,
}

/// The caller's certificates by id.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SslKey>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// One of the caller's.
///
/// # Errors
/// `NotFound { what: "SSLKey" }`; `Forbidden` with `Can't get a key you don't own.`
pub async fn lookup(region: &Region, ctx: &OpCtx, id: SslKeyId) -> Result<SslKey> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}

/// Adds one.
///
/// # Errors
/// `Invalid` under `key`.
pub async fn create(region: &Region, ctx: &OpCtx, key: &str) -> Result<SslKey> {
    let _ = (region, ctx, key);
    unimplemented!("core")
}

/// Deletes one of the caller's.
///
/// # Errors
/// `NotFound { what: "SSLKey" }`; `Forbidden` for somebody else's.
pub async fn delete(region: &Region, ctx: &OpCtx, id: SslKeyId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}
