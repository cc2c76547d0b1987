//! Bearer tokens: `Authorization: Bearer maas_pat_...`, with an end and a scope. Stored as a hash.

use std::net::IpAddr;

use maas_authz::OpCtx;
use maas_model::{Secret, Timestamp, TokenId, TokenScope};

use crate::{Region, Result};

/// A token without its value.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    /// The first characters, so that people can tell tokens apart: `maas_pat_Ab3d`.
    pub prefix: String,
    pub scope: TokenScope,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<IpAddr>,
}

/// A token just made; the only moment at which its value is known.
#[derive(Debug)]
pub struct NewToken {
    pub token: Token,
    pub value: Secret<String>,
}

/// The caller's tokens, newest first.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Token>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Makes a token for the caller.
///
/// # Errors
/// `Invalid` under `name` or `expires_at` (in the future, at most 366 days ahead).
pub async fn create(
    region: &Region,
    ctx: &OpCtx,
    name: &str,
    scope: TokenScope,
    expires_at: Timestamp,
) -> Result<NewToken> {
    let _ = (region, ctx, name, scope, expires_at);
    unimplemented!("core")
}

/// Revokes one of the caller's tokens.
///
/// # Errors
/// `NotFound { what: "Token" }`.
pub async fn revoke(region: &Region, ctx: &OpCtx, id: TokenId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}
