//! What is wanted of nodes and not done yet: power to be switched, steps to be carried out. At most one row a node and
//! kind; the latest wish stands. A row is leased while somebody works on it, so that nobody else does, and so that it is
//! taken up again when whoever had it has died.

use maas_authz::GrantedNode;
use sqlx::AssertSqlSafe;

use crate::{Backend, Connection, Result, Tx, node::NodeRow};

/// One kind of wishes.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    table: &'static str,
    /// The column that says what.
    what: &'static str,
    has_parameters: bool,
}

/// `on`, `off`, `soft-off` or `cycle`.
pub const POWER: Queue = Queue { table: "node_power_task", what: "action", has_parameters: false };

/// What a rack carries out: `commission`, `test`, `deploy`, `erase`, `rescue`.
pub const STEPS: Queue = Queue { table: "node_step", what: "step", has_parameters: true };

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WishRow {
    pub node_id: i64,
    pub system_id: String,
    pub what: String,
    /// A JSON object of texts.
    pub parameters: String,
    pub requested_us: i64,
    /// Who wants it.
    pub requested_by: String,
    /// How often it has been tried, this time included.
    pub attempts: i64,
    pub next_us: i64,
    pub holder: Option<String>,
    pub lease_us: Option<i64>,
}

impl Queue {
    /// Wishes for something; what was wished for before is forgotten. Who works on that finds out when they are done.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn put(&self, tx: &mut Tx, node: &GrantedNode<NodeRow>, what: &str, parameters: &str) -> Result<()> {
        let (now, by) = (tx.now_us(), tx.ctx().actor.label());
        let Self { table, what: column, .. } = self;
        let (name, value, set) =
            if self.has_parameters { (", parameters", ", $5", ", parameters = $5") } else { ("", "", "") };
        let text = format!(
            "insert into {table} (node_id, {column}, requested_us, requested_by, attempts, next_us{name})
            values ($1, $2, $3, $4, 0, $3{value})
            on conflict (node_id) do update set {column} = $2, requested_us = $3, requested_by = $4, attempts = 0,
                next_us = $3{set}"
        );
        let query = sqlx::query(AssertSqlSafe(text)).bind(node.row().node_id).bind(what).bind(now).bind(by);
        let query = if self.has_parameters { query.bind(parameters) } else { query };
        query.execute(&mut **tx).await?;
        Ok(())
    }

    /// Wishes for nothing any more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, tx: &mut Tx, node: &GrantedNode<NodeRow>) -> Result<()> {
        let text = format!("delete from {} where node_id = $1", self.table);
        sqlx::query(AssertSqlSafe(text)).bind(node.row().node_id).execute(&mut **tx).await?;
        Ok(())
    }

    /// What is wished of a node.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find(&self, connection: &mut Connection, node_id: i64) -> Result<Option<WishRow>> {
        let text = format!("{} where w.node_id = $1", self.select());
        Ok(sqlx::query_as(AssertSqlSafe(text)).bind(node_id).fetch_optional(connection).await?)
    }

    /// Whether there is anything to take: cheap, and holds nobody up.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn is_any_due(&self, connection: &mut Connection, now_us: i64) -> Result<bool> {
        let text = format!("select node_id from {} where {DUE} limit 1", self.table);
        Ok(sqlx::query(AssertSqlSafe(text)).bind(now_us).fetch_optional(connection).await?.is_some())
    }

    /// Takes what is due and in nobody's hands, oldest first, until the lease ends.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take(&self, tx: &mut Tx, holder: &str, lease_us: i64, limit: i64) -> Result<Vec<WishRow>> {
        let now = tx.now_us();
        let skip = if tx.backend() == Backend::Postgres { " for update skip locked" } else { "" };
        let table = self.table;
        let text = format!(
            "update {table} set holder = $2, lease_us = $3, attempts = attempts + 1 where node_id in
            (select node_id from {table} where {DUE} order by next_us limit $4{skip}) returning node_id"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(text)).bind(now).bind(holder).bind(lease_us).bind(limit);
        let ids: Vec<i64> = query.fetch_all(&mut **tx).await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(self.find(tx, id).await?);
        }
        rows.sort_by_key(|row| row.requested_us);
        Ok(rows)
    }

    /// It is done. False when something else is wished for by now, which is let go to be taken anew, or when the lease
    /// was lost.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn finish(&self, tx: &mut Tx, row: &WishRow) -> Result<bool> {
        let text = format!("delete from {} where {}", self.table, self.same());
        let done = self.bound(text, row).execute(&mut **tx).await?.rows_affected() > 0;
        if !done {
            self.let_go(tx, row).await?;
        }
        Ok(done)
    }

    /// It is to be looked at again later. False as for [`Queue::finish`].
    ///
    /// # Errors
    /// Those of the database.
    pub async fn postpone(&self, tx: &mut Tx, row: &WishRow, next_us: i64) -> Result<bool> {
        let text =
            format!("update {} set next_us = $5, holder = null, lease_us = null where {}", self.table, self.same());
        let done = self.bound(text, row).bind(next_us).execute(&mut **tx).await?.rows_affected() > 0;
        if !done {
            self.let_go(tx, row).await?;
        }
        Ok(done)
    }

    async fn let_go(&self, tx: &mut Tx, row: &WishRow) -> Result<()> {
        let text =
            format!("update {} set holder = null, lease_us = null where node_id = $1 and holder = $2", self.table);
        sqlx::query(AssertSqlSafe(text)).bind(row.node_id).bind(&row.holder).execute(&mut **tx).await?;
        Ok(())
    }

    fn select(&self) -> String {
        let parameters = if self.has_parameters { "w.parameters" } else { "'{}'" };
        let Self { table, what, .. } = self;
        format!(
            "select w.node_id, n.system_id, w.{what} as what, {parameters} as parameters, w.requested_us,
                w.requested_by, w.attempts, w.next_us, w.holder, w.lease_us
            from {table} w join node n on n.node_id = w.node_id"
        )
    }

    fn same(&self) -> String {
        format!("node_id = $1 and holder = $2 and {} = $3 and requested_us = $4", self.what)
    }

    fn bound<'a>(&self, text: String, row: &'a WishRow) -> sqlx::query::Query<'a, sqlx::Any, sqlx::any::AnyArguments> {
        sqlx::query(AssertSqlSafe(text)).bind(row.node_id).bind(&row.holder).bind(&row.what).bind(row.requested_us)
    }
}

const DUE: &str = "next_us <= $1 and (holder is null or lease_us <= $1)";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maas_authz::NodeFacts;
    use maas_model::{MachineAction, NodeId, PoolId};

    use super::*;
    use crate::{machine::testing::Machine, node, testing::on_each};

    async fn granted(tx: &mut Tx, system_id: &str) -> GrantedNode<NodeRow> {
        let row = node::lock(tx, system_id).await.unwrap().unwrap();
        let facts = NodeFacts { id: NodeId(row.node_id), pool: Some(PoolId(0)), owner: None, is_locked: false };
        let ctx = tx.ctx().clone();
        ctx.grant_node(MachineAction::PowerOn, row, &facts).unwrap()
    }

    #[tokio::test]
    async fn a_wish_is_in_one_pair_of_hands_and_the_latest_stands() {
        on_each(async |db| {
            let (store, ctx) = (db.open().await, db.ctx());
            let mut tx = store.begin(&ctx).await.unwrap();
            let id = Machine::default().insert(&mut tx, "m1").await;
            let node = granted(&mut tx, &id).await;
            for queue in [POWER, STEPS] {
                queue.put(&mut tx, &node, "on", "{}").await.unwrap();
                let lease = tx.now_us() + 60_000_000;
                let first = queue.take(&mut tx, "a", lease, 9).await.unwrap();
                assert_eq!((first.len(), first[0].attempts, &*first[0].system_id), (1, 1, &*id));
                assert!(queue.take(&mut tx, "b", lease, 9).await.unwrap().is_empty(), "it is leased");
                // A later wish waits for the hands that it is in.
                db.clock.advance(Duration::from_secs(1));
                queue.put(&mut tx, &node, "off", "{}").await.unwrap();
                assert!(queue.take(&mut tx, "b", lease, 9).await.unwrap().is_empty());
                assert!(!queue.finish(&mut tx, &first[0]).await.unwrap(), "that is no longer what is wished");
                let second = queue.take(&mut tx, "b", lease, 9).await.unwrap();
                assert_eq!((&*second[0].what, second[0].attempts), ("off", 1));
                // Who dies loses it.
                db.clock.advance(Duration::from_secs(60));
                let lease = tx.now_us() + 60_000_000;
                let third = queue.take(&mut tx, "c", lease, 9).await.unwrap();
                assert_eq!(third[0].attempts, 2);
                assert!(!queue.finish(&mut tx, &second[0]).await.unwrap(), "the lease was lost");
                let next = tx.now_us() + 1;
                assert!(queue.postpone(&mut tx, &third[0], next).await.unwrap());
                let now = tx.now_us();
                assert!(!queue.is_any_due(&mut tx, now).await.unwrap());
                db.clock.advance(Duration::from_secs(1));
                let now = tx.now_us();
                assert!(queue.is_any_due(&mut tx, now).await.unwrap());
                let last = queue.take(&mut tx, "c", now + 9, 9).await.unwrap();
                assert!(queue.finish(&mut tx, &last[0]).await.unwrap());
                assert_eq!(queue.find(&mut tx, last[0].node_id).await.unwrap(), None);
            }
        })
        .await;
    }
}
