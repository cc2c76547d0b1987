//! Bearer tokens: `Authorization: Bearer maas_pat_...`, with an end and a scope. Stored as a hash.

use std::{net::IpAddr, time::Duration};

use maas_authz::{
    OpCtx,
    action::{EditOwn, ViewOwn},
};
use maas_model::{EventType, Secret, Timestamp, TokenId, TokenScope};
use maas_store::{
    Audit,
    token::{self, TokenRow},
};
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    auth::alphabet::{ALPHANUMERIC, random_text},
    users,
};

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
    let may = ctx.own::<ViewOwn>()?;
    let rows = token::list(&mut *region.store().reader().await?, *may.row()).await?;
    rows.into_iter().map(Token::try_from).collect()
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
    let may = ctx.own::<EditOwn>()?;
    let name = users::checked_label(name.trim()).map_err(|why| Error::field("name", why))?;
    check_end(ctx.clock.now(), expires_at)?;
    let value = Secret::new(format!("{PREFIX}{}", random_text(ALPHANUMERIC, 40)));
    let prefix: String = value.expose().chars().take(PREFIX.len() + 4).collect();
    let new = token::NewToken {
        name: &name,
        prefix: &prefix,
        token_hash: &region.gate().token_key.hex(value.expose().as_bytes()),
        scope: scope.as_str(),
        expires_us: expires_at.micros(),
    };
    let mut tx = region.store().begin(ctx).await?;
    let id = token::insert(&mut tx, *may.row(), &new).await?;
    let created_at = Timestamp::from_micros(tx.now_us());
    let details = json!({ "name": name, "prefix": prefix, "scope": scope.as_str(), "expires_at": expires_at.iso() });
    let audit = Audit::new(EventType::Authorisation, "token.create", "Created token.").object("token", id);
    tx.commit(audit.details(details)).await?;
    region.announce("token", "create", json!(id.0), Audience::User(*may.row()));
    let token = Token { id, name, prefix, scope, created_at, expires_at, last_used_at: None, last_used_ip: None };
    Ok(NewToken { token, value })
}

/// Revokes one of the caller's tokens.
///
/// # Errors
/// `NotFound { what: "Token" }`.
pub async fn revoke(region: &Region, ctx: &OpCtx, id: TokenId) -> Result<()> {
    let may = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    if !token::delete(&mut tx, *may.row(), id).await? {
        return Err(Error::NotFound { what: "Token" });
    }
    tx.commit(Audit::new(EventType::Authorisation, "token.revoke", "Revoked token.").object("token", id)).await?;
    region.announce("token", "delete", json!(id.0), Audience::User(*may.row()));
    Ok(())
}

fn check_end(now: Timestamp, ends: Timestamp) -> Result<()> {
    if ends <= now {
        return Err(Error::field("expires_at", "The end must lie in the future."));
    }
    if ends > now.plus(LONGEST) {
        return Err(Error::field("expires_at", "A token lives for at most 366 days."));
    }
    Ok(())
}

impl TryFrom<TokenRow> for Token {
    type Error = Error;

    fn try_from(row: TokenRow) -> Result<Self> {
        Ok(Self {
            id: TokenId(row.token_id),
            name: row.name,
            prefix: row.prefix,
            scope: row.scope.parse().map_err(|why: String| Error::internal(why))?,
            created_at: Timestamp::from_micros(row.created_us),
            expires_at: Timestamp::from_micros(row.expires_us),
            last_used_at: row.last_used_us.map(Timestamp::from_micros),
            last_used_ip: row.last_used_ip.and_then(|ip| ip.parse().ok()),
        })
    }
}

/// So that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "maas_pat_";
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
