//! The regions of the site, and when each was last heard of.

use crate::{Connection, Result, Tx};

/// A region.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RegionSeenRow {
    pub region: String,
    pub version: String,
    pub http_port: Option<i64>,
    pub https_port: Option<i64>,
    pub started_us: i64,
    pub last_seen_us: i64,
}

/// Notes that a region is there now.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, row: &RegionSeenRow) -> Result<()> {
    sqlx::query(
        "insert into region_seen (region, version, http_port, https_port, started_us, last_seen_us)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (region) do update set version = excluded.version, http_port = excluded.http_port,
            https_port = excluded.https_port, started_us = excluded.started_us, last_seen_us = excluded.last_seen_us",
    )
    .bind(&row.region)
    .bind(&row.version)
    .bind(row.http_port)
    .bind(row.https_port)
    .bind(row.started_us)
    .bind(row.last_seen_us)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets a region that has stopped in good order, and its word on TLS.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, region: &str) -> Result<()> {
    for statement in ["delete from region_seen where region = $1", "delete from tls_applied where region = $1"] {
        sqlx::query(statement).bind(region).execute(&mut **tx).await?;
    }
    Ok(())
}

/// All regions by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<RegionSeenRow>> {
    let query = sqlx::query_as(
        "select region, version, http_port, https_port, started_us, last_seen_us from region_seen order by region",
    );
    Ok(query.fetch_all(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::{RegionSeenRow, delete, list, put};
    use crate::testing::on_each;

    #[tokio::test]
    async fn a_region_is_seen_and_forgotten() {
        on_each(async |db| {
            let store = db.open().await;
            let mut row = RegionSeenRow {
                region: "r1".into(),
                version: "1".into(),
                http_port: Some(5240),
                https_port: None,
                started_us: 1,
                last_seen_us: 2,
            };
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            put(&mut tx, &row).await.unwrap();
            row.last_seen_us = 3;
            put(&mut tx, &row).await.unwrap();
            tx.commit_quietly().await.unwrap();
            assert_eq!(list(&mut store.reader().await.unwrap()).await.unwrap(), [row]);
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            delete(&mut tx, "r1").await.unwrap();
            tx.commit_quietly().await.unwrap();
            assert!(list(&mut store.reader().await.unwrap()).await.unwrap().is_empty());
        })
        .await;
    }
}
