//! Browser sessions: listed and revocable.

use std::net::IpAddr;

use maas_authz::OpCtx;
use maas_model::{SessionId, Timestamp};

use crate::{Region, Result};

/// A session of a user.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ip: Option<IpAddr>,
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The caller's sessions, the most recent first.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Session>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// `NotFound { what: "Session" }`.
pub async fn revoke(region: &Region, ctx: &OpCtx, id: SessionId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}

/// Ends all of the caller's sessions but the one that asks; says how many.
///
/// # Errors
/// `Denied`.
pub async fn revoke_others(region: &Region, ctx: &OpCtx) -> Result<u64> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Ends all sessions of a user (`EditIdentities`); says how many.
///
/// # Errors
/// `NotFound { what: "User" }`, `Denied`.
pub async fn revoke_all_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<u64> {
    let _ = (region, ctx, username);
    unimplemented!("core")
}
