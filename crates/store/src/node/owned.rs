//! What one user has.

use maas_model::UserId;

use super::NodeRow;
use crate::{Backend, Connection, Result, Tx};

/// The nodes that belong to a user, by id.
///
/// # Errors
/// Those of the database.
pub async fn owned(connection: &mut Connection, user: UserId) -> Result<Vec<NodeRow>> {
    Ok(sqlx::query_as(OWNED).bind(user.0).fetch_all(connection).await?)
}

/// The same, and nobody else changes them until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock_owned(tx: &mut Tx, user: UserId) -> Result<Vec<NodeRow>> {
    let text = match tx.backend() {
        Backend::Sqlite => OWNED,
        Backend::Postgres => "select * from node where owner_id = $1 order by node_id for update",
    };
    Ok(sqlx::query_as(text).bind(user.0).fetch_all(&mut **tx).await?)
}

const OWNED: &str = "select * from node where owner_id = $1 order by node_id";
