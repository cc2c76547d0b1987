//! Public SSH keys of users.

use maas_authz::{Granted, action::Act};
use maas_model::{SshKeyId, UserId, ssh::SshPublicKey};

use crate::{Connection, Result, Tx};

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SshKeyRow {
    pub ssh_key_id: i64,
    pub user_id: i64,
    /// `lp:<id>`, `gh:<id>`, or empty for a direct upload.
    pub source: String,
    pub kind: String,
    pub fingerprint: String,
    /// The canonical form, comment included.
    pub key: String,
    /// What was sent, without white space around it.
    pub sent: String,
    pub comment: String,
    pub created_us: i64,
}

/// The keys of a user by id.
///
/// # Errors
/// Those of the database.
pub async fn list_of(connection: &mut Connection, user: UserId) -> Result<Vec<SshKeyRow>> {
    let query = sqlx::query_as("select * from ssh_key where user_id = $1 order by ssh_key_id");
    Ok(query.bind(user.0).fetch_all(connection).await?)
}

/// One key.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: SshKeyId) -> Result<Option<SshKeyRow>> {
    let query = sqlx::query_as("select * from ssh_key where ssh_key_id = $1");
    Ok(query.bind(id.0).fetch_optional(connection).await?)
}

/// Adds a key for the user of the grant.
///
/// # Errors
/// `Unique` on `ssh_key.user_id` when the user has it from that source already.
pub async fn insert<A: Act>(
    tx: &mut Tx,
    owner: &Granted<UserId, A>,
    key: &SshPublicKey,
    sent: &str,
    source: &str,
) -> Result<SshKeyRow> {
    let row = SshKeyRow {
        ssh_key_id: tx.next_id("ssh_key").await?,
        user_id: owner.row().0,
        source: source.to_owned(),
        kind: key.kind().to_owned(),
        fingerprint: key.fingerprint().to_owned(),
        key: key.to_string(),
        sent: sent.trim().to_owned(),
        comment: key.comment().to_owned(),
        created_us: tx.now_us(),
    };
    sqlx::query(
        "insert into ssh_key (ssh_key_id, user_id, source, kind, fingerprint, key, sent, comment, created_us)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.ssh_key_id)
    .bind(row.user_id)
    .bind(&row.source)
    .bind(&row.kind)
    .bind(&row.fingerprint)
    .bind(&row.key)
    .bind(&row.sent)
    .bind(&row.comment)
    .bind(row.created_us)
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Deletes a key of the user of the grant; whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete<A: Act>(tx: &mut Tx, owner: &Granted<UserId, A>, id: SshKeyId) -> Result<bool> {
    let query = sqlx::query("delete from ssh_key where ssh_key_id = $1 and user_id = $2");
    Ok(query.bind(id.0).bind(owner.row().0).execute(&mut **tx).await?.rows_affected() == 1)
}
