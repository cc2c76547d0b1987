//! Resource pools, as stored.

use crate::{Connection, Result};

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PoolRow {
    pub pool_id: i64,
    pub name: String,
    pub description: String,
}

/// All pools by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<PoolRow>> {
    let query = sqlx::query_as("select pool_id, name, description from resource_pool order by name");
    Ok(query.fetch_all(connection).await?)
}
