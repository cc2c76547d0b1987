//! DNS domains, as stored.

use crate::{Connection, Result};

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DomainRow {
    pub domain_id: i64,
    pub name: String,
    pub is_authoritative: i64,
    pub ttl: Option<i64>,
}

/// All domains by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<DomainRow>> {
    let query = sqlx::query_as("select domain_id, name, is_authoritative, ttl from domain order by name");
    Ok(query.fetch_all(connection).await?)
}
