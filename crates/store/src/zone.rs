//! Zones, as stored.

use crate::{Connection, Result};

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ZoneRow {
    pub zone_id: i64,
    pub name: String,
    pub description: String,
}

/// All zones by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<ZoneRow>> {
    let query = sqlx::query_as("select zone_id, name, description from zone order by name");
    Ok(query.fetch_all(connection).await?)
}
