//! The open database: readers, writing transactions and the counter of changes.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use maas_authz::{Clock, OpCtx};
use sqlx::{Any, Row, Transaction, pool::PoolConnection, postgres::PgListener};
use tokio::sync::watch;

use crate::{
    Audit, Backend, Connection, Result, StoreConfig,
    db::{self, Pools},
    event::{self, Raise},
    failpoint, migrations,
};

/// The open database; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pools: Pools,
    changes: watch::Sender<u64>,
    node_changes: watch::Sender<u64>,
    /// When the counter was last known.
    heard_at: Mutex<Instant>,
}

/// A connection that reads.
pub struct Reader(PoolConnection<Any>);

/// A writing transaction. Dropped without a commit, it leaves nothing behind.
#[must_use = "a transaction that is not committed is undone"]
pub struct Tx {
    tx: Transaction<'static, Any>,
    store: Store,
    ctx: OpCtx,
}

impl Store {
    /// Connects, and brings the schema forward.
    ///
    /// # Errors
    /// `Config`, `Unavailable`, `Newer`.
    pub async fn open(config: &StoreConfig, clock: &Clock) -> Result<Self> {
        let pools = db::connect(config).await?;
        let store = Self(Arc::new(Inner {
            pools,
            changes: watch::Sender::new(0),
            node_changes: watch::Sender::new(0),
            heard_at: Mutex::new(Instant::now()),
        }));
        store.migrate(clock).await?;
        store.look().await?;
        Ok(store)
    }

    async fn migrate(&self, clock: &Clock) -> Result<()> {
        let ctx = OpCtx::job("migrate", clock.clone());
        let mut tx = self.begin(&ctx).await?;
        migrations::run(&mut tx, clock.now().micros()).await?;
        tx.commit_quietly().await
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.0.pools.backend
    }

    /// The schema that the database has.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn schema_version(&self) -> Result<i64> {
        migrations::version(&mut *self.reader().await?).await
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// `Unavailable` when none becomes free within ten seconds.
    pub async fn reader(&self) -> Result<Reader> {
        Ok(Reader(self.0.pools.read.acquire().await?))
    }

    /// Begins to write. Do nothing slow before the commit: on SQLite everybody else who writes waits.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn begin(&self, ctx: &OpCtx) -> Result<Tx> {
        let tx = self.0.pools.write.begin_with(self.backend().begin()).await?;
        Ok(Tx { tx, store: self.clone(), ctx: ctx.clone() })
    }

    /// Rises with every commit that others should see, by this process or another.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Rises with every commit that changed machines or devices, which empties no cache of rights.
    pub fn node_changes(&self) -> watch::Receiver<u64> {
        self.0.node_changes.subscribe()
    }

    /// The latest count of changes that this process knows of.
    pub fn change_count(&self) -> u64 {
        *self.0.changes.borrow()
    }

    /// Whether [`Store::change_count`] is of the last seconds. When it is not, what is remembered under it may have been
    /// revoked elsewhere.
    pub fn is_current(&self) -> bool {
        self.0.heard_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < STALE
    }

    /// Looks four times a second whether others have written; on PostgreSQL it is told at once as well. Does not return.
    pub async fn follow(&self) {
        let mut tick = tokio::time::interval(POLL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut listener = self.listen().await;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                heard = next(&mut listener) => if heard.is_err() { listener = None },
            }
            // A server that vanished without a word leaves its connections waiting for a quarter of an hour.
            match tokio::time::timeout(PATIENCE, self.look()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot look for changes in the database");
                }
                Err(_) => tracing::warn!("the database did not say in time whether anything was changed"),
            }
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let mut listener = PgListener::connect_with(self.0.pools.listen.as_ref()?).await.ok()?;
        listener.listen("maas_change").await.ok()?;
        Some(listener)
    }

    /// Reads the counter once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn look(&self) -> Result<u64> {
        let row = sqlx::query("select changes, node_changes from event_head where head_id = 1")
            .fetch_one(&mut *self.reader().await?)
            .await?;
        let count = u64::try_from(row.try_get::<i64, _>("changes")?).unwrap_or_default();
        self.announce(count);
        self.announce_nodes(u64::try_from(row.try_get::<i64, _>("node_changes")?).unwrap_or_default());
        Ok(count)
    }

    fn announce(&self, count: u64) {
        *self.0.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.changes.send_if_modified(|known| {
            let is_new = count > *known;
            *known = count.max(*known);
            is_new
        });
    }

    fn announce_nodes(&self, count: u64) {
        self.0.node_changes.send_if_modified(|known| {
            let is_new = count > *known;
            *known = count.max(*known);
            is_new
        });
    }

    /// Closes all connections after what is running on them has ended.
    pub async fn close(&self) {
        self.0.pools.write.close().await;
        self.0.pools.read.close().await;
        if let Some(listen) = &self.0.pools.listen {
            listen.close().await;
        }
    }
}

/// A dropped connection ends the hearing; the poll goes on alone, which is enough.
async fn next(listener: &mut Option<PgListener>) -> Result<(), sqlx::Error> {
    match listener {
        Some(listener) => listener.recv().await.map(|_| ()),
        None => std::future::pending().await,
    }
}

impl Tx {
    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.store.backend()
    }

    /// Who writes, from where, when.
    pub fn ctx(&self) -> &OpCtx {
        &self.ctx
    }

    /// The time of this operation, in microseconds.
    pub fn now_us(&self) -> i64 {
        self.ctx.clock.now().micros()
    }

    /// Lets one transaction at a time past this point until it ends. SQLite has only one that writes anyway.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn lock(&mut self, name: &'static str) -> Result<()> {
        if self.backend() == Backend::Postgres {
            sqlx::query("select 1 as locked from pg_advisory_xact_lock(hashtext($1))")
                .bind(format!("maas:{name}"))
                .fetch_one(&mut **self)
                .await?;
        }
        Ok(())
    }

    /// A fresh id for a row of `table`; ids are never given twice, even after their row has gone.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_id(&mut self, table: &'static str) -> Result<i64> {
        let row = sqlx::query(
            "insert into id_sequence (name, last) values ($1, 1)
            on conflict (name) do update set last = id_sequence.last + 1 returning last",
        )
        .bind(table)
        .fetch_one(&mut **self)
        .await?;
        Ok(row.try_get("last")?)
    }

    /// Commits together with the one audit row that tells of it, and lets everybody know.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn commit(self, audit: Audit) -> Result<()> {
        self.commit_all(vec![audit]).await
    }

    /// As [`Tx::commit`], for an operation that touches several objects.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn commit_all(mut self, audits: Vec<Audit>) -> Result<()> {
        let counts = event::append(&mut self, &audits, Raise::Changes).await?;
        self.commit_and_tell(&audits, counts).await
    }

    /// Commits what changed machines or devices and nobody's rights, with the rows that tell of it.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn commit_nodes(mut self, audits: Vec<Audit>) -> Result<()> {
        let counts = event::append(&mut self, &audits, Raise::NodeChanges).await?;
        self.commit_and_tell(&audits, counts).await
    }

    /// Commits what changed rights or names and machines or devices as well, with the rows that tell of it.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn commit_with_nodes(mut self, audits: Vec<Audit>) -> Result<()> {
        let counts = event::append(&mut self, &audits, Raise::Both).await?;
        self.commit_and_tell(&audits, counts).await
    }

    async fn commit_and_tell(mut self, audits: &[Audit], counts: event::Counts) -> Result<()> {
        let action = audits.first().map_or("none", |audit| audit.action);
        if self.backend() == Backend::Postgres {
            sqlx::query("select 1 as told from pg_notify('maas_change', '')").fetch_one(&mut *self.tx).await?;
        }
        failpoint(&format!("before-commit:{action}"));
        self.tx.commit().await?;
        failpoint(&format!("after-commit:{action}"));
        self.store.announce(counts.changes);
        self.store.announce_nodes(counts.node_changes);
        Ok(())
    }

    /// Commits a row that tells of something refused: nothing changed, so no cache is emptied and nobody is woken.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn commit_refusal(mut self, audit: Audit) -> Result<()> {
        event::append(&mut self, &[audit], Raise::Nothing).await?;
        Ok(self.tx.commit().await?)
    }

    /// Undoes everything, and waits until it is undone. A dropped transaction is undone a moment later, and what it has
    /// locked stays locked until then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn roll_back(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }

    /// Commits what nobody needs to hear of and no cache depends on: times of last use, heartbeats.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn commit_quietly(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.tx
    }
}

const POLL: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(5);
const STALE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use maas_model::EventType;
    use tokio::time::timeout;

    use super::*;
    use crate::testing::on_each;

    fn audit() -> Audit {
        Audit::new(EventType::Settings, "test.change", "Changed.")
    }

    #[tokio::test]
    async fn a_second_open_changes_nothing_and_sees_what_is_there() {
        on_each(async |db| {
            let store = db.open().await;
            store.begin(&db.ctx()).await.unwrap().commit(audit()).await.unwrap();
            store.close().await;
            let again = db.open().await;
            assert_eq!(again.change_count(), 1);
            assert_eq!(again.schema_version().await.unwrap(), migrations::latest());
        })
        .await;
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            event::append(&mut tx, &[audit()], Raise::Changes).await.unwrap();
            drop(tx);
            store.begin(&db.ctx()).await.unwrap().commit(audit()).await.unwrap();
            let rows = event::verify(&mut store.reader().await.unwrap()).await.unwrap().unwrap().rows;
            assert_eq!((rows, store.change_count()), (1, 1));
        })
        .await;
    }

    #[tokio::test]
    async fn what_another_process_writes_is_noticed() {
        on_each(async |db| {
            let (ours, theirs) = (db.open().await, db.open().await);
            let mut changes = ours.changes();
            theirs.begin(&db.ctx()).await.unwrap().commit(audit()).await.unwrap();
            let seen = async {
                tokio::select! {
                    () = ours.follow() => unreachable!("follow does not return"),
                    seen = changes.wait_for(|count| *count == 1) => *seen.unwrap(),
                }
            };
            assert_eq!(timeout(Duration::from_secs(5), seen).await.unwrap(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn the_database_file_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let db = crate::testing::TestDb::sqlite();
        let store = db.open().await;
        store.begin(&db.ctx()).await.unwrap().commit(audit()).await.unwrap();
        for name in ["region.db", "region.db-wal", "region.db-shm"] {
            let mode = std::fs::metadata(db.dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
