//! Three-part API keys, as stored: the secret is kept as a keyed hash.

use maas_model::{ApiKeyId, UserId};

use crate::{Connection, Result, Tx, user::OwnerRow};

/// A key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ApiKeyRow {
    pub api_key_id: i64,
    pub name: String,
    pub consumer_key: String,
    pub token_key: String,
    pub secret_hash: String,
    pub created_us: i64,
    pub expires_us: Option<i64>,
    pub last_used_us: Option<i64>,
    pub last_used_ip: Option<String>,
}

/// A key with whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FoundApiKey {
    #[sqlx(flatten)]
    pub key: ApiKeyRow,
    #[sqlx(flatten)]
    pub owner: OwnerRow,
}

/// A key to be.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub consumer_key: &'a str,
    pub token_key: &'a str,
    pub secret_hash: &'a str,
    pub expires_us: Option<i64>,
}

/// Adds a key.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, user: UserId, new: &NewApiKey<'_>) -> Result<ApiKeyId> {
    let id = tx.next_id("api_key").await?;
    sqlx::query(
        "insert into api_key (api_key_id, user_id, name, consumer_key, token_key, secret_hash, created_us, expires_us)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(user.0)
    .bind(new.name)
    .bind(new.consumer_key)
    .bind(new.token_key)
    .bind(new.secret_hash)
    .bind(tx.now_us())
    .bind(new.expires_us)
    .execute(&mut **tx)
    .await?;
    Ok(ApiKeyId(id))
}

/// The key with this middle part.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, token_key: &str) -> Result<Option<FoundApiKey>> {
    Ok(sqlx::query_as(FIND).bind(token_key).fetch_optional(connection).await?)
}

/// Whose the key of this id is, while it is good.
///
/// # Errors
/// Those of the database.
pub async fn owner(connection: &mut Connection, id: ApiKeyId, now_us: i64) -> Result<Option<OwnerRow>> {
    let query = sqlx::query_as(
        "select u.user_id, u.username, u.is_active from api_key t join user_account u on u.user_id = t.user_id
        where t.api_key_id = $1 and (t.expires_us is null or t.expires_us > $2)",
    );
    Ok(query.bind(id.0).bind(now_us).fetch_optional(connection).await?)
}

/// A user's keys, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, user: UserId) -> Result<Vec<ApiKeyRow>> {
    let query = sqlx::query_as("select * from api_key where user_id = $1 order by api_key_id");
    Ok(query.bind(user.0).fetch_all(connection).await?)
}

/// Renames a key.
///
/// # Errors
/// Those of the database.
pub async fn rename(tx: &mut Tx, id: ApiKeyId, name: &str) -> Result<()> {
    sqlx::query("update api_key set name = $2 where api_key_id = $1").bind(id.0).bind(name).execute(&mut **tx).await?;
    Ok(())
}

/// Deletes a key.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: ApiKeyId) -> Result<bool> {
    let done = sqlx::query("delete from api_key where api_key_id = $1").bind(id.0).execute(&mut **tx).await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes a user's keys of one name.
///
/// # Errors
/// Those of the database.
pub async fn delete_named(tx: &mut Tx, user: UserId, name: &str) -> Result<u64> {
    let done = sqlx::query("delete from api_key where user_id = $1 and name = $2")
        .bind(user.0)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Deletes all keys of a user.
///
/// # Errors
/// Those of the database.
pub async fn delete_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    Ok(sqlx::query("delete from api_key where user_id = $1").bind(user.0).execute(&mut **tx).await?.rows_affected())
}

/// Notes when and from where a key was last used.
///
/// # Errors
/// Those of the database.
pub async fn note_use(tx: &mut Tx, id: ApiKeyId, at_us: i64, ip: Option<&str>) -> Result<()> {
    sqlx::query("update api_key set last_used_us = $2, last_used_ip = $3 where api_key_id = $1")
        .bind(id.0)
        .bind(at_us)
        .bind(ip)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) const FIND: &str = "select k.api_key_id, k.name, k.consumer_key, k.token_key, k.secret_hash, k.created_us,
        k.expires_us, k.last_used_us, k.last_used_ip, u.user_id, u.username, u.is_active
    from api_key k join user_account u on u.user_id = k.user_id where k.token_key = $1";
