//! The site's jobs: who runs each now, until when that is believed, and how it went last.

use crate::{Connection, Result, Tx};

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct JobRow {
    pub name: String,
    /// The process that runs it now.
    pub holder: Option<String>,
    pub lease_us: Option<i64>,
    pub started_us: Option<i64>,
    pub ended_us: Option<i64>,
    /// `ok`, `failed`, or empty while it has never ended.
    pub outcome: String,
    pub message: String,
    pub runs: i64,
    pub failures: i64,
    pub next_us: i64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End<'a> {
    pub is_failure: bool,
    pub message: &'a str,
    pub next_us: i64,
}

/// All jobs by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<JobRow>> {
    Ok(sqlx::query_as("select * from job order by name").fetch_all(connection).await?)
}

/// A job, if it has ever been run.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<JobRow>> {
    Ok(sqlx::query_as("select * from job where name = $1").bind(name).fetch_optional(connection).await?)
}

/// Takes a job for one run, until the lease ends; whether it was free. The statement decides between several.
///
/// # Errors
/// Those of the database.
pub async fn take(tx: &mut Tx, name: &str, holder: &str, lease_us: i64) -> Result<bool> {
    let now = tx.now_us();
    let query = sqlx::query(TAKE).bind(name).bind(holder).bind(lease_us).bind(now);
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

/// Keeps a job for longer; whether it still was the holder's.
///
/// # Errors
/// Those of the database.
pub async fn renew(tx: &mut Tx, name: &str, holder: &str, lease_us: i64) -> Result<bool> {
    let query = sqlx::query("update job set lease_us = $3 where name = $1 and holder = $2");
    let done = query.bind(name).bind(holder).bind(lease_us).execute(&mut **tx).await?;
    Ok(done.rows_affected() > 0)
}

/// Ends a run and says how it went; whether the job still was the holder's. If not, another's word counts.
///
/// # Errors
/// Those of the database.
pub async fn end(tx: &mut Tx, name: &str, holder: &str, end: &End<'_>) -> Result<bool> {
    let now = tx.now_us();
    let query = sqlx::query(
        "update job set holder = null, lease_us = null, ended_us = $3, outcome = $4, message = $5, next_us = $6,
            runs = runs + 1, failures = failures + $7
        where name = $1 and holder = $2",
    );
    let done = query
        .bind(name)
        .bind(holder)
        .bind(now)
        .bind(if end.is_failure { "failed" } else { "ok" })
        .bind(end.message)
        .bind(end.next_us)
        .bind(i64::from(end.is_failure))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets jobs of regions that are no more: `name@region`.
///
/// # Errors
/// Those of the database.
pub async fn forget_region(tx: &mut Tx, region: &str) -> Result<()> {
    let names: Vec<String> = sqlx::query_scalar("select name from job").fetch_all(&mut **tx).await?;
    for name in names.iter().filter(|name| name.split_once('@').is_some_and(|(_, of)| of == region)) {
        sqlx::query("delete from job where name = $1").bind(name).execute(&mut **tx).await?;
    }
    Ok(())
}

const TAKE: &str =
    "insert into job (name, holder, lease_us, started_us, ended_us, outcome, message, runs, failures, next_us)
    values ($1, $2, $3, $4, null, '', '', 0, 0, 0)
    on conflict (name) do update set holder = $2, lease_us = $3, started_us = $4
        where job.holder is null or job.lease_us <= $4
    returning name";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::on_each;

    #[tokio::test]
    async fn one_holder_at_a_time() {
        on_each(async |db| {
            let (store, ctx) = (db.open().await, db.ctx());
            let mut tx = store.begin(&ctx).await.unwrap();
            let lease = |tx: &Tx| tx.now_us() + 30_000_000;
            let until = lease(&tx);
            assert!(take(&mut tx, "poll", "a", until).await.unwrap());
            assert!(!take(&mut tx, "poll", "b", until).await.unwrap());
            assert!(!take(&mut tx, "poll", "a", until).await.unwrap(), "not even the same twice");
            db.clock.advance(Duration::from_secs(20));
            let until = lease(&tx);
            assert!(renew(&mut tx, "poll", "a", until).await.unwrap());
            db.clock.advance(Duration::from_secs(20));
            let until = lease(&tx);
            assert!(!take(&mut tx, "poll", "b", until).await.unwrap(), "it was renewed");
            db.clock.advance(Duration::from_secs(20));
            let until = lease(&tx);
            assert!(take(&mut tx, "poll", "b", until).await.unwrap(), "who died loses it");
            assert!(!renew(&mut tx, "poll", "a", until).await.unwrap());
            let done = End { is_failure: true, message: "no", next_us: 7 };
            assert!(!end(&mut tx, "poll", "a", &done).await.unwrap());
            assert!(end(&mut tx, "poll", "b", &done).await.unwrap());
            let row = find(&mut tx, "poll").await.unwrap().unwrap();
            assert_eq!((row.holder, &*row.outcome, row.runs, row.failures), (None, "failed", 1, 1));
            take(&mut tx, "power@host1", "a", until).await.unwrap();
            forget_region(&mut tx, "host1").await.unwrap();
            assert_eq!(list(&mut tx).await.unwrap().len(), 1);
        })
        .await;
    }
}
