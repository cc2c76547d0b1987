//! What the database knows about the site as a whole.

use sqlx::Row;

use crate::{Result, Tx};

/// The check of the site's key: `fresh` on a new database, and from then on that one.
///
/// # Errors
/// Those of the database.
pub async fn key_check(tx: &mut Tx, fresh: &str) -> Result<String> {
    sqlx::query("insert into site (site_id, key_check) values (1, $1) on conflict (site_id) do nothing")
        .bind(fresh)
        .execute(&mut **tx)
        .await?;
    let row = sqlx::query("select key_check from site where site_id = 1").fetch_one(&mut **tx).await?;
    Ok(row.try_get("key_check")?)
}
