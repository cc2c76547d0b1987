//! Certificates that users offer to machines.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use maas_authz::{Granted, action::EditOwn};
use maas_model::{SslKeyId, UserId};

use crate::{Connection, Result, Tx};

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SslKeyRow {
    pub ssl_key_id: i64,
    pub user_id: i64,
    /// PEM, as sent.
    pub key: String,
    pub created_us: i64,
}

/// The certificates of a user by id.
///
/// # Errors
/// Those of the database.
pub async fn list_of(connection: &mut Connection, user: UserId) -> Result<Vec<SslKeyRow>> {
    let query = sqlx::query_as(
        "select ssl_key_id, user_id, key, created_us from ssl_key where user_id = $1 order by ssl_key_id",
    );
    Ok(query.bind(user.0).fetch_all(connection).await?)
}

/// One certificate.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: SslKeyId) -> Result<Option<SslKeyRow>> {
    let query = sqlx::query_as("select ssl_key_id, user_id, key, created_us from ssl_key where ssl_key_id = $1");
    Ok(query.bind(id.0).fetch_optional(connection).await?)
}

/// Adds one for the user of the grant.
///
/// # Errors
/// `Unique` on `ssl_key.user_id` when the user has this text already.
pub async fn insert(tx: &mut Tx, owner: &Granted<UserId, EditOwn>, key: &str) -> Result<SslKeyRow> {
    let row = SslKeyRow {
        ssl_key_id: tx.next_id("ssl_key").await?,
        user_id: owner.row().0,
        key: key.to_owned(),
        created_us: tx.now_us(),
    };
    sqlx::query("insert into ssl_key (ssl_key_id, user_id, key, digest, created_us) values ($1, $2, $3, $4, $5)")
        .bind(row.ssl_key_id)
        .bind(row.user_id)
        .bind(&row.key)
        .bind(HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref()))
        .bind(row.created_us)
        .execute(&mut **tx)
        .await?;
    Ok(row)
}

/// Deletes one of the user of the grant; whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, owner: &Granted<UserId, EditOwn>, id: SslKeyId) -> Result<bool> {
    let query = sqlx::query("delete from ssl_key where ssl_key_id = $1 and user_id = $2");
    Ok(query.bind(id.0).bind(owner.row().0).execute(&mut **tx).await?.rows_affected() == 1)
}
