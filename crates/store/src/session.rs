//! Browser sessions, as stored: the key in the cookie is kept as a keyed hash.

use maas_model::{SessionId, UserId};
use sqlx::Row;

use crate::{Connection, Result, Tx, user::OwnerRow};

/// A session.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SessionRow {
    pub session_id: i64,
    pub created_us: i64,
    pub last_seen_us: i64,
    pub expires_us: i64,
    pub ip: Option<String>,
    pub user_agent: String,
}

/// A session with whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FoundSession {
    #[sqlx(flatten)]
    pub session: SessionRow,
    #[sqlx(flatten)]
    pub owner: OwnerRow,
}

/// Starts a session of `user` from where the transaction's operation came.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, user: UserId, key_hash: &str, expires_us: i64) -> Result<SessionId> {
    let id = tx.next_id("session").await?;
    let request = tx.ctx().request.clone();
    sqlx::query(
        "insert into session (session_id, key_hash, user_id, created_us, last_seen_us, expires_us, ip, user_agent,
            proved_us) values ($1, $2, $3, $4, $4, $5, $6, $7, $4)",
    )
    .bind(id)
    .bind(key_hash)
    .bind(user.0)
    .bind(tx.now_us())
    .bind(expires_us)
    .bind(request.ip.map(|ip| ip.to_string()))
    .bind(request.user_agent.replace('\0', "\u{fffd}"))
    .execute(&mut **tx)
    .await?;
    Ok(SessionId(id))
}

/// The session of this key.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, key_hash: &str) -> Result<Option<FoundSession>> {
    Ok(sqlx::query_as(FIND).bind(key_hash).fetch_optional(connection).await?)
}

/// Whose the session of this id is, while it is good.
///
/// # Errors
/// Those of the database.
pub async fn owner(connection: &mut Connection, id: SessionId, now_us: i64) -> Result<Option<OwnerRow>> {
    let query = sqlx::query_as(
        "select u.user_id, u.username, u.is_active from session t join user_account u on u.user_id = t.user_id
        where t.session_id = $1 and t.expires_us > $2",
    );
    Ok(query.bind(id.0).bind(now_us).fetch_optional(connection).await?)
}

/// When the password was last shown in a session.
///
/// # Errors
/// Those of the database.
pub async fn proved(connection: &mut Connection, id: SessionId) -> Result<Option<i64>> {
    let row = sqlx::query("select proved_us from session where session_id = $1")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("proved_us")).transpose()?)
}

/// Notes that the password was shown again; says whether the session is still there.
///
/// # Errors
/// Those of the database.
pub async fn prove(tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool> {
    let done = sqlx::query("update session set proved_us = $3 where session_id = $1 and user_id = $2")
        .bind(id.0)
        .bind(user.0)
        .bind(tx.now_us())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// A user's sessions that have not ended, the most recently used first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    connection: &mut Connection,
    user: UserId,
    now_us: i64,
    seen_after_us: i64,
) -> Result<Vec<SessionRow>> {
    let rows = sqlx::query_as(
        "select session_id, created_us, last_seen_us, expires_us, ip, user_agent from session
        where user_id = $1 and expires_us > $2 and last_seen_us > $3 order by last_seen_us desc, session_id desc",
    );
    Ok(rows.bind(user.0).bind(now_us).bind(seen_after_us).fetch_all(connection).await?)
}

/// How many sessions have not ended.
///
/// # Errors
/// Those of the database.
pub async fn count(connection: &mut Connection, now_us: i64, seen_after_us: i64) -> Result<i64> {
    let row = sqlx::query("select count(*) as count from session where expires_us > $1 and last_seen_us > $2")
        .bind(now_us)
        .bind(seen_after_us)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("count")?)
}

/// Ends one session of a user; says whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool> {
    let done = sqlx::query("delete from session where session_id = $1 and user_id = $2")
        .bind(id.0)
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a user but `kept`; says how many.
///
/// # Errors
/// Those of the database.
pub async fn delete_of(tx: &mut Tx, user: UserId, kept: Option<SessionId>) -> Result<u64> {
    let done = sqlx::query("delete from session where user_id = $1 and session_id <> $2")
        .bind(user.0)
        .bind(kept.map_or(0, |id| id.0))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Ends all sessions of everybody; says how many.
///
/// # Errors
/// Those of the database.
pub async fn delete_all(tx: &mut Tx) -> Result<u64> {
    Ok(sqlx::query("delete from session").execute(&mut **tx).await?.rows_affected())
}

/// Takes away what has ended by itself.
///
/// # Errors
/// Those of the database.
pub async fn delete_ended(tx: &mut Tx, seen_before_us: i64) -> Result<u64> {
    let done = sqlx::query("delete from session where expires_us <= $1 or last_seen_us <= $2")
        .bind(tx.now_us())
        .bind(seen_before_us)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Notes when a session was last used.
///
/// # Errors
/// Those of the database.
pub async fn note_use(tx: &mut Tx, id: SessionId, at_us: i64) -> Result<()> {
    sqlx::query("update session set last_seen_us = $2 where session_id = $1 and last_seen_us < $2")
        .bind(id.0)
        .bind(at_us)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) const FIND: &str = "select s.session_id, s.created_us, s.last_seen_us, s.expires_us, s.ip, s.user_agent,
        u.user_id, u.username, u.is_active
    from session s join user_account u on u.user_id = s.user_id where s.key_hash = $1";
