//! Machines that could be allocated, the cheapest first.

use maas_authz::MachineScope;
use maas_model::NodeFilter;

use crate::{
    Backend, Connection, Result, Tx,
    node::{NodeRow, filter, scope},
    sql::Sql,
};

/// Free ready machines within the scope that pass the filter, the cheapest first, behind the one given by cost and id.
///
/// # Errors
/// Those of the database.
pub async fn list(
    connection: &mut Connection,
    scope: &MachineScope,
    filter: &NodeFilter,
    after: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<NodeRow>> {
    let mut sql = select(Backend::of(connection), scope, filter, None, after);
    sql.push(" limit ").bind(limit);
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// What to do about a machine that somebody else holds just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Pass it over.
    Skip,
    /// Wait until they have decided.
    Stay,
}

/// The cheapest, of all or of these, held until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock_one(
    tx: &mut Tx,
    scope: &MachineScope,
    filter: &NodeFilter,
    among: Option<&[i64]>,
    wait: Wait,
) -> Result<Option<NodeRow>> {
    let mut sql = select(tx.backend(), scope, filter, among, None);
    sql.push(match (tx.backend(), wait) {
        // SQLite has one writer anyway.
        (Backend::Sqlite, _) => " limit 1",
        (Backend::Postgres, Wait::Skip) => " limit 1 for update of n skip locked",
        (Backend::Postgres, Wait::Stay) => " limit 1 for update of n",
    });
    Ok(sql.query_as().fetch_optional(&mut **tx).await?)
}

/// What a machine costs, in the unit of the index.
pub const fn cost(row: &NodeRow) -> i64 {
    row.cpu_count * 1024 + row.memory_mib
}

/// The condition and the order of the index `node_by_cost`, word for word, so that both databases walk along it.
pub(crate) fn select(
    backend: Backend,
    scope: &MachineScope,
    filter: &NodeFilter,
    among: Option<&[i64]>,
    after: Option<(i64, i64)>,
) -> Sql {
    let mut sql = Sql::new("select n.* from node n where n.node_type = 0 and n.status = 4 and n.owner_id is null and ");
    scope::push(&mut sql, scope);
    filter::push(&mut sql, backend, filter);
    if let Some(ids) = among {
        sql.push(" and ").is_one_of("n.node_id", ids.iter().copied());
    }
    if let Some((cost, id)) = after {
        sql.push(" and ((n.cpu_count * 1024 + n.memory_mib), n.node_id) > (").bind(cost).push(", ").bind(id).push(")");
    }
    sql.push(" order by (n.cpu_count * 1024 + n.memory_mib), n.node_id");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{machine::testing::Machine, testing::on_each};

    #[tokio::test]
    async fn they_come_by_cost_and_no_list_is_walked() {
        on_each(async |db| {
            let (store, ctx) = (db.open().await, db.ctx());
            let mut tx = store.begin(&ctx).await.unwrap();
            for (name, cpu_count, memory_mib) in [("c", 8, 0), ("a", 1, 1024), ("b", 1, 2048), ("d", 8, 0)] {
                Machine { cpu_count, memory_mib, ..Machine::default() }.insert(&mut tx, name).await;
            }
            Machine { status: 10, ..Machine::default() }.insert(&mut tx, "taken").await;
            Machine { is_locked: true, ..Machine::default() }.insert(&mut tx, "locked").await;
            let (scope, filter) = (MachineScope::all(true), NodeFilter::default());
            let (mut names, mut after) = (Vec::new(), None);
            loop {
                let page = list(&mut tx, &scope, &filter, after, 1).await.unwrap();
                let Some(row) = page.first() else { break };
                after = Some((cost(row), row.node_id));
                names.push(row.hostname.clone());
            }
            assert_eq!(names, ["a", "b", "c", "d"]);
            assert_eq!(lock_one(&mut tx, &scope, &filter, None, Wait::Skip).await.unwrap().unwrap().hostname, "a");
            let backend = db.backend;
            let prefix = if backend == Backend::Sqlite { "explain query plan " } else { "explain " };
            if backend == Backend::Postgres {
                sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
            }
            let rows = select(backend, &scope, &filter, None, None).explain(prefix).fetch_all(&mut *tx).await.unwrap();
            let column = if backend == Backend::Sqlite { "detail" } else { "QUERY PLAN" };
            let plan: String = rows.iter().map(|row| sqlx::Row::get::<String, _>(row, column) + "\n").collect();
            assert!(plan.contains("node_by_cost") && !plan.contains("B-TREE") && !plan.contains("Sort"), "{plan}");
        })
        .await;
    }
}
