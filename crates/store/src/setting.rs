//! Settings that somebody has set.

use std::collections::BTreeMap;

use maas_authz::{Granted, Site, action::EditConfigurations};
use sqlx::Row;

use crate::{Connection, Result, Tx};

/// All values that were set, as JSON texts by name.
///
/// # Errors
/// Those of the database.
pub async fn all(connection: &mut Connection) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query("select name, value from setting").fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
}

/// Sets one, as JSON text.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, _: &Granted<Site, EditConfigurations>, name: &str, value: &str) -> Result<()> {
    let now = tx.now_us();
    sqlx::query(
        "insert into setting (name, value, updated_us) values ($1, $2, $3)
        on conflict (name) do update set value = excluded.value, updated_us = excluded.updated_us",
    )
    .bind(name)
    .bind(value)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Sets one if nobody has, and returns what holds then. For the site's own values, such as its identity.
///
/// # Errors
/// Those of the database.
pub async fn put_once(tx: &mut Tx, name: &str, value: &str) -> Result<String> {
    let now = tx.now_us();
    sqlx::query("insert into setting (name, value, updated_us) values ($1, $2, $3) on conflict (name) do nothing")
        .bind(name)
        .bind(value)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    let row = sqlx::query("select value from setting where name = $1").bind(name).fetch_one(&mut **tx).await?;
    Ok(row.try_get("value")?)
}

#[cfg(test)]
mod tests {
    use maas_authz::action::EditConfigurations;

    use super::{all, put, put_once};
    use crate::testing::on_each;

    #[tokio::test]
    async fn values_are_kept_and_those_of_the_site_are_kept_for_ever() {
        on_each(async |db| {
            let store = db.open().await;
            let ctx = db.ctx();
            let grant = ctx.grant::<EditConfigurations>().unwrap();
            let mut tx = store.begin(&ctx).await.unwrap();
            put(&mut tx, &grant, "theme", "\"a\"").await.unwrap();
            put(&mut tx, &grant, "theme", "\"b\"").await.unwrap();
            assert_eq!(put_once(&mut tx, "uuid", "1").await.unwrap(), "1");
            assert_eq!(put_once(&mut tx, "uuid", "2").await.unwrap(), "1");
            tx.commit_quietly().await.unwrap();
            let values = all(&mut store.reader().await.unwrap()).await.unwrap();
            assert_eq!(values["theme"], "\"b\"");
            assert_eq!(values["uuid"], "1");
        })
        .await;
    }
}
