//! Generations of TLS, which of them is meant, and what each region says of it.

use maas_authz::{Granted, Site, action::EditConfigurations};
use sqlx::{Row, any::AnyRow};

use crate::{Connection, Result, StoreError, Tx};

/// The path of the keys; the version is the generation.
pub const SECRET_PATH: &str = "global/tls";

/// One change of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRow {
    pub generation: i64,
    pub previous: Option<i64>,
    /// None is off.
    pub port: Option<i64>,
    pub chain: Option<String>,
    pub fingerprint: Option<String>,
    pub is_site_issued: bool,
    pub confirmed_us: Option<i64>,
    /// Why it was taken back.
    pub failure: Option<String>,
    pub created_us: i64,
}

/// Which generation is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    pub current: GenerationRow,
    pub enabled_since_us: Option<i64>,
    pub is_bootstrapped: bool,
    pub renewal_error: String,
}

/// A region's last word.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AppliedRow {
    pub region: String,
    pub generation: i64,
    pub fingerprint: Option<String>,
    pub error: Option<String>,
    pub at_us: i64,
}

/// What is meant now.
///
/// # Errors
/// Those of the database.
pub async fn state(connection: &mut Connection) -> Result<StateRow> {
    let row = sqlx::query(
        "select g.generation, g.previous, g.port, g.chain, g.fingerprint, g.is_site_issued, g.confirmed_us, g.failure, g.created_us,
            s.enabled_since_us, s.is_bootstrapped, s.renewal_error
        from tls_state s join tls_generation g on g.generation = s.generation where s.state_id = 1",
    )
    .fetch_one(connection)
    .await?;
    Ok(StateRow {
        enabled_since_us: row.try_get("enabled_since_us")?,
        is_bootstrapped: row.try_get::<i64, _>("is_bootstrapped")? != 0,
        renewal_error: row.try_get("renewal_error")?,
        current: GenerationRow::try_from(row)?,
    })
}

/// One generation.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, generation: i64) -> Result<Option<GenerationRow>> {
    let row = sqlx::query(
        "select generation, previous, port, chain, fingerprint, is_site_issued, confirmed_us, failure, created_us
        from tls_generation where generation = $1",
    )
    .bind(generation)
    .fetch_optional(connection)
    .await?;
    row.map(GenerationRow::try_from).transpose()
}

/// A number that neither a generation nor a sealed key has had.
///
/// # Errors
/// Those of the database.
pub async fn next(tx: &mut Tx) -> Result<i64> {
    tx.lock("tls").await?;
    let row = sqlx::query(
        "select coalesce((select max(generation) from tls_generation), 0) as generations,
            coalesce((select max(version) from secret where path = $1), 0) as secrets",
    )
    .bind(SECRET_PATH)
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get::<i64, _>("generations")?.max(row.try_get("secrets")?) + 1)
}

/// Adds a generation.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, _: &Granted<Site, EditConfigurations>, row: &GenerationRow) -> Result<()> {
    sqlx::query(
        "insert into tls_generation
            (generation, previous, port, chain, fingerprint, is_site_issued, confirmed_us, created_us)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.generation)
    .bind(row.previous)
    .bind(row.port)
    .bind(&row.chain)
    .bind(&row.fingerprint)
    .bind(i64::from(row.is_site_issued))
    .bind(row.confirmed_us)
    .bind(row.created_us)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Points at another generation, if `from` is still the one that is meant; whether it was.
///
/// # Errors
/// Those of the database.
pub async fn point(tx: &mut Tx, _: &Granted<Site, EditConfigurations>, from: i64, to: &GenerationRow) -> Result<bool> {
    let now = tx.now_us();
    let since = to.port.is_some().then_some(now);
    let done = sqlx::query(
        "update tls_state set generation = $2, renewal_error = '', is_bootstrapped = 1,
            enabled_since_us = case when $3 is null then null else coalesce(enabled_since_us, $3) end
        where state_id = 1 and generation = $1",
    )
    .bind(from)
    .bind(to.generation)
    .bind(since)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the first start has been: from now on TLS is on or off because somebody wanted it so.
///
/// # Errors
/// Those of the database.
pub async fn set_bootstrapped(tx: &mut Tx) -> Result<()> {
    sqlx::query("update tls_state set is_bootstrapped = 1 where state_id = 1").execute(&mut **tx).await?;
    Ok(())
}

/// Notes why the site could not renew its certificate, or with an empty text that it could.
///
/// # Errors
/// Those of the database.
pub async fn set_renewal_error(tx: &mut Tx, error: &str) -> Result<()> {
    sqlx::query("update tls_state set renewal_error = $1 where state_id = 1").bind(error).execute(&mut **tx).await?;
    Ok(())
}

/// Notes that a generation was shown by all; whether it was not known yet.
///
/// # Errors
/// Those of the database.
pub async fn confirm(tx: &mut Tx, generation: i64) -> Result<bool> {
    let now = tx.now_us();
    let done =
        sqlx::query("update tls_generation set confirmed_us = $2 where generation = $1 and confirmed_us is null")
            .bind(generation)
            .bind(now)
            .execute(&mut **tx)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes why a generation was taken back.
///
/// # Errors
/// Those of the database.
pub async fn fail(tx: &mut Tx, generation: i64, why: &str) -> Result<()> {
    let query = sqlx::query("update tls_generation set failure = $2 where generation = $1");
    query.bind(generation).bind(why).execute(&mut **tx).await?;
    Ok(())
}

/// Keeps a region's word.
///
/// # Errors
/// Those of the database.
pub async fn put_applied(tx: &mut Tx, row: &AppliedRow) -> Result<()> {
    sqlx::query(
        "insert into tls_applied (region, generation, fingerprint, error, at_us) values ($1, $2, $3, $4, $5)
        on conflict (region) do update set generation = excluded.generation, fingerprint = excluded.fingerprint,
            error = excluded.error, at_us = excluded.at_us",
    )
    .bind(&row.region)
    .bind(row.generation)
    .bind(&row.fingerprint)
    .bind(&row.error)
    .bind(row.at_us)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Every region's last word, by name.
///
/// # Errors
/// Those of the database.
pub async fn applied(connection: &mut Connection) -> Result<Vec<AppliedRow>> {
    let query = sqlx::query_as("select region, generation, fingerprint, error, at_us from tls_applied order by region");
    Ok(query.fetch_all(connection).await?)
}

impl TryFrom<AnyRow> for GenerationRow {
    type Error = StoreError;

    fn try_from(row: AnyRow) -> Result<Self> {
        Ok(Self {
            generation: row.try_get("generation")?,
            previous: row.try_get("previous")?,
            port: row.try_get("port")?,
            chain: row.try_get("chain")?,
            fingerprint: row.try_get("fingerprint")?,
            is_site_issued: row.try_get::<i64, _>("is_site_issued")? != 0,
            confirmed_us: row.try_get("confirmed_us")?,
            failure: row.try_get("failure")?,
            created_us: row.try_get("created_us")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use maas_authz::action::EditConfigurations;

    use super::*;
    use crate::testing::on_each;

    fn row(generation: i64, port: Option<i64>) -> GenerationRow {
        GenerationRow {
            generation,
            previous: Some(generation - 1),
            port,
            chain: port.map(|_| "PEM".into()),
            fingerprint: port.map(|_| format!("F{generation}")),
            is_site_issued: false,
            confirmed_us: None,
            failure: None,
            created_us: 5,
        }
    }

    #[tokio::test]
    async fn the_pointer_moves_only_from_where_it_was_thought_to_be() {
        on_each(async |db| {
            let store = db.open().await;
            let ctx = db.ctx();
            let grant = ctx.grant::<EditConfigurations>().unwrap();
            let start = state(&mut store.reader().await.unwrap()).await.unwrap();
            assert_eq!((start.current.generation, start.current.port, start.is_bootstrapped), (0, None, false));

            let mut tx = store.begin(&ctx).await.unwrap();
            assert_eq!(next(&mut tx).await.unwrap(), 1);
            insert(&mut tx, &grant, &row(1, Some(5443))).await.unwrap();
            assert!(point(&mut tx, &grant, 0, &row(1, Some(5443))).await.unwrap());
            assert!(!point(&mut tx, &grant, 0, &row(1, Some(5443))).await.unwrap(), "no longer from 0");
            assert!(confirm(&mut tx, 1).await.unwrap());
            assert!(!confirm(&mut tx, 1).await.unwrap());
            tx.commit_quietly().await.unwrap();
            let on = state(&mut store.reader().await.unwrap()).await.unwrap();
            let since = on.enabled_since_us.unwrap();

            db.clock.advance(std::time::Duration::from_secs(60));
            let mut tx = store.begin(&ctx).await.unwrap();
            crate::secret::insert(&mut tx, SECRET_PATH, 7, "k", &[1]).await.unwrap();
            assert_eq!(next(&mut tx).await.unwrap(), 8, "a sealed key without a generation keeps its number");
            insert(&mut tx, &grant, &row(2, Some(5443))).await.unwrap();
            assert!(point(&mut tx, &grant, 1, &row(2, Some(5443))).await.unwrap());
            tx.commit_quietly().await.unwrap();
            let replaced = state(&mut store.reader().await.unwrap()).await.unwrap();
            assert_eq!(replaced.enabled_since_us, Some(since), "on without a break");

            let mut tx = store.begin(&ctx).await.unwrap();
            insert(&mut tx, &grant, &row(3, None)).await.unwrap();
            assert!(point(&mut tx, &grant, 2, &row(3, None)).await.unwrap());
            tx.commit_quietly().await.unwrap();
            assert_eq!(state(&mut store.reader().await.unwrap()).await.unwrap().enabled_since_us, None);
        })
        .await;
    }

    #[tokio::test]
    async fn regions_say_what_they_show() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let mut word =
                AppliedRow { region: "r".into(), generation: 1, fingerprint: None, error: Some("no".into()), at_us: 1 };
            put_applied(&mut tx, &word).await.unwrap();
            word.error = None;
            word.fingerprint = Some("F1".into());
            put_applied(&mut tx, &word).await.unwrap();
            set_renewal_error(&mut tx, "no CA").await.unwrap();
            set_bootstrapped(&mut tx).await.unwrap();
            tx.commit_quietly().await.unwrap();
            let mut reader = store.reader().await.unwrap();
            assert_eq!(applied(&mut reader).await.unwrap(), [word]);
            let state = state(&mut reader).await.unwrap();
            assert!(state.is_bootstrapped && state.renewal_error == "no CA");
            assert!(find(&mut reader, 9).await.unwrap().is_none());
        })
        .await;
    }
}
