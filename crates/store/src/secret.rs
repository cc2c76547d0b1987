//! Sealed secrets, by path and version. What is in them is not for this room to know.

use sqlx::Row;

use crate::{Connection, Result, Tx};

/// A sealed secret.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SecretRow {
    pub path: String,
    pub version: i64,
    pub key_id: String,
    pub sealed: Vec<u8>,
    pub created_us: i64,
}

/// Keeps a new version.
///
/// # Errors
/// `Unique` on `secret.path` when there is that version already.
pub async fn insert(tx: &mut Tx, path: &str, version: i64, key_id: &str, sealed: &[u8]) -> Result<()> {
    let now = tx.now_us();
    sqlx::query("insert into secret (path, version, key_id, sealed, created_us) values ($1, $2, $3, $4, $5)")
        .bind(path)
        .bind(version)
        .bind(key_id)
        .bind(sealed)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// One version.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, path: &str, version: i64) -> Result<Option<SecretRow>> {
    let query =
        sqlx::query_as("select path, version, key_id, sealed, created_us from secret where path = $1 and version = $2")
            .bind(path)
            .bind(version);
    Ok(query.fetch_optional(connection).await?)
}

/// The latest version.
///
/// # Errors
/// Those of the database.
pub async fn latest(connection: &mut Connection, path: &str) -> Result<Option<SecretRow>> {
    let query = sqlx::query_as(
        "select path, version, key_id, sealed, created_us from secret where path = $1 order by version desc limit 1",
    )
    .bind(path);
    Ok(query.fetch_optional(connection).await?)
}

/// Deletes all versions of a path but these.
///
/// # Errors
/// Those of the database.
pub async fn retain(tx: &mut Tx, path: &str, versions: &[i64]) -> Result<()> {
    let rows = sqlx::query("select version from secret where path = $1").bind(path).fetch_all(&mut **tx).await?;
    for row in rows {
        let version: i64 = row.try_get("version")?;
        if !versions.contains(&version) {
            sqlx::query("delete from secret where path = $1 and version = $2")
                .bind(path)
                .bind(version)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Whether there is any secret, so that a missing sealing key is a loss and not a first start.
///
/// # Errors
/// Those of the database.
pub async fn is_any(connection: &mut Connection) -> Result<bool> {
    Ok(sqlx::query("select version from secret limit 1").fetch_optional(connection).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::{find, insert, is_any, latest, retain};
    use crate::testing::on_each;

    #[tokio::test]
    async fn versions_stand_side_by_side_until_they_are_let_go() {
        on_each(async |db| {
            let store = db.open().await;
            assert!(!is_any(&mut store.reader().await.unwrap()).await.unwrap());
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            for version in 1..=3 {
                insert(&mut tx, "global/tls", version, "k", &[0, 255, 7]).await.unwrap();
            }
            tx.commit_quietly().await.unwrap();
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let again = insert(&mut tx, "global/tls", 3, "k", &[1]).await.unwrap_err();
            assert!(again.is_unique("secret.path"), "{again:?}");
            drop(tx);
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            retain(&mut tx, "global/tls", &[2, 3]).await.unwrap();
            tx.commit_quietly().await.unwrap();
            let mut reader = store.reader().await.unwrap();
            assert!(find(&mut reader, "global/tls", 1).await.unwrap().is_none());
            assert_eq!(latest(&mut reader, "global/tls").await.unwrap().unwrap().version, 3);
            assert_eq!(find(&mut reader, "global/tls", 2).await.unwrap().unwrap().sealed, [0, 255, 7]);
            assert!(is_any(&mut reader).await.unwrap());
        })
        .await;
    }
}
