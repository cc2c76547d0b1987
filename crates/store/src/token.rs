//! Bearer tokens, as stored: the value is kept as a keyed hash.

use maas_model::{PoolId, RoleId, TokenId, UserId};

use crate::{Connection, Result, Tx, user::OwnerRow};

/// A token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TokenRow {
    pub token_id: i64,
    pub name: String,
    pub prefix: String,
    pub scope: String,
    pub created_us: i64,
    pub expires_us: i64,
    pub last_used_us: Option<i64>,
    pub last_used_ip: Option<String>,
    /// The role to which it is narrowed.
    pub role_name: Option<String>,
    /// Whether it is for some pools only.
    pub is_pool_bound: i64,
    /// CIDRs with blanks between them; empty for all.
    pub networks: String,
}

/// A token with whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FoundToken {
    #[sqlx(flatten)]
    pub token: TokenRow,
    #[sqlx(flatten)]
    pub owner: OwnerRow,
}

/// A token to be.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    pub name: &'a str,
    pub prefix: &'a str,
    pub token_hash: &'a str,
    pub scope: &'static str,
    pub expires_us: i64,
    /// The role to which it is narrowed.
    pub role: Option<RoleId>,
    /// The pools to which it is narrowed.
    pub pools: Option<&'a [PoolId]>,
    /// CIDRs with blanks between them; empty for all.
    pub networks: &'a str,
}

/// Adds a token.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, user: UserId, new: &NewToken<'_>) -> Result<TokenId> {
    let id = tx.next_id("token").await?;
    sqlx::query(
        "insert into token (token_id, user_id, name, prefix, token_hash, scope, created_us, expires_us, role_id,
            networks, is_pool_bound) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(user.0)
    .bind(new.name)
    .bind(new.prefix)
    .bind(new.token_hash)
    .bind(new.scope)
    .bind(tx.now_us())
    .bind(new.expires_us)
    .bind(new.role.map(|role| role.0))
    .bind(new.networks)
    .bind(i64::from(new.pools.is_some()))
    .execute(&mut **tx)
    .await?;
    for pool in new.pools.unwrap_or_default() {
        sqlx::query("insert into token_pool (token_id, pool_id) values ($1, $2)")
            .bind(id)
            .bind(pool.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(TokenId(id))
}

/// The token of this value.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, token_hash: &str) -> Result<Option<FoundToken>> {
    Ok(sqlx::query_as(FIND).bind(token_hash).fetch_optional(connection).await?)
}

/// Whose the token of this id is, while it is good.
///
/// # Errors
/// Those of the database.
pub async fn owner(connection: &mut Connection, id: TokenId, now_us: i64) -> Result<Option<OwnerRow>> {
    let query = sqlx::query_as(
        "select u.user_id, u.username, u.is_active from token t join user_account u on u.user_id = t.user_id
        where t.token_id = $1 and t.expires_us > $2",
    );
    Ok(query.bind(id.0).bind(now_us).fetch_optional(connection).await?)
}

/// A user's tokens, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, user: UserId) -> Result<Vec<TokenRow>> {
    let query = sqlx::query_as(
        "select t.token_id, t.name, t.prefix, t.scope, t.created_us, t.expires_us, t.last_used_us, t.last_used_ip,
            r.name as role_name, t.is_pool_bound, t.networks
        from token t left join role r on r.role_id = t.role_id where t.user_id = $1 order by t.token_id desc",
    );
    Ok(query.bind(user.0).fetch_all(connection).await?)
}

/// The names of the pools to which a user's tokens are narrowed, beside the tokens' ids.
///
/// # Errors
/// Those of the database.
pub async fn pool_names(connection: &mut Connection, user: UserId) -> Result<Vec<(i64, String)>> {
    let query = sqlx::query_as(
        "select t.token_id, p.name from token_pool b join token t on t.token_id = b.token_id
        join resource_pool p on p.pool_id = b.pool_id where t.user_id = $1 order by p.name",
    );
    Ok(query.bind(user.0).fetch_all(connection).await?)
}

/// Deletes one token of a user; says whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, user: UserId, id: TokenId) -> Result<bool> {
    let done = sqlx::query("delete from token where token_id = $1 and user_id = $2")
        .bind(id.0)
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes all tokens of a user.
///
/// # Errors
/// Those of the database.
pub async fn delete_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    Ok(sqlx::query("delete from token where user_id = $1").bind(user.0).execute(&mut **tx).await?.rows_affected())
}

/// Notes when and from where a token was last used.
///
/// # Errors
/// Those of the database.
pub async fn note_use(tx: &mut Tx, id: TokenId, at_us: i64, ip: Option<&str>) -> Result<()> {
    sqlx::query("update token set last_used_us = $2, last_used_ip = $3 where token_id = $1")
        .bind(id.0)
        .bind(at_us)
        .bind(ip)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) const FIND: &str =
    "select t.token_id, t.name, t.prefix, t.scope, t.created_us, t.expires_us, t.last_used_us,
        t.last_used_ip, r.name as role_name, t.is_pool_bound, t.networks, u.user_id, u.username, u.is_active
    from token t join user_account u on u.user_id = t.user_id left join role r on r.role_id = t.role_id
    where t.token_hash = $1";
