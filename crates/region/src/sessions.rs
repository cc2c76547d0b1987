//! Browser sessions: listed and revocable.

use std::net::IpAddr;

use maas_authz::{
    AuthMethod, OpCtx,
    action::{EditIdentities, EditOwn, ViewOwn},
};
use maas_model::{EventType, SessionId, Timestamp, UserId};
use maas_store::{Audit, session, user};
use serde_json::json;

use crate::{
    Error, Region, Result,
    auth::{Limits, write_last_use},
};

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
    let may = ctx.own::<ViewOwn>()?;
    write_last_use(region).await;
    let now = region.clock().now();
    let seen_after = now.minus(Limits::read(region).await?.session_idle);
    let mut reader = region.store().reader().await?;
    let rows = session::list(&mut reader, *may.row(), now.micros(), seen_after.micros()).await?;
    let current = current(ctx);
    let view = |row: session::SessionRow| Session {
        id: SessionId(row.session_id),
        created_at: Timestamp::from_micros(row.created_us),
        last_seen_at: Timestamp::from_micros(row.last_seen_us),
        expires_at: Timestamp::from_micros(row.expires_us),
        ip: row.ip.and_then(|ip| ip.parse().ok()),
        user_agent: row.user_agent,
        is_current: current == Some(SessionId(row.session_id)),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// `NotFound { what: "Session" }`.
pub async fn revoke(region: &Region, ctx: &OpCtx, id: SessionId) -> Result<()> {
    let may = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    if !session::delete(&mut tx, *may.row(), id).await? {
        return Err(Error::NotFound { what: "Session" });
    }
    Ok(tx
        .commit(Audit::new(EventType::Authorisation, "session.revoke", "Ended session.").object("session", id))
        .await?)
}

/// Ends all of the caller's sessions but the one that asks; says how many.
///
/// # Errors
/// `Denied`.
pub async fn revoke_others(region: &Region, ctx: &OpCtx) -> Result<u64> {
    let may = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    let count = session::delete_of(&mut tx, *may.row(), current(ctx)).await?;
    tx.commit(ended(count, "Ended all other sessions.".to_owned(), *may.row())).await?;
    Ok(count)
}

/// Ends all sessions of a user (`EditIdentities`); says how many.
///
/// # Errors
/// `NotFound { what: "User" }`, `Denied`.
pub async fn revoke_all_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<u64> {
    ctx.grant::<EditIdentities>()?;
    let mut tx = region.store().begin(ctx).await?;
    let row = user::find(&mut tx, username).await?.ok_or(Error::NotFound { what: "User" })?;
    let id = UserId(row.user_id);
    let count = session::delete_of(&mut tx, id, None).await?;
    tx.commit(ended(count, format!("Ended all sessions of '{username}'."), id)).await?;
    Ok(count)
}

fn current(ctx: &OpCtx) -> Option<SessionId> {
    match ctx.actor.user()?.method {
        AuthMethod::Session(id) => Some(id),
        _ => None,
    }
}

fn ended(count: u64, text: String, owner: UserId) -> Audit {
    let audit = Audit::new(EventType::Authorisation, "session.revoke", text);
    audit.object("user", owner).details(json!({ "sessions_ended": count }))
}
