//! Lists: the scope of whoever asks and the filter become one statement; pages go by key.

use maas_authz::MachineScope;
use maas_model::{NodeFilter, NodeId, UserId};

use super::{NodeRow, filter, scope};
use crate::{Backend, Connection, Result, sql::Sql};

/// A piece of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only machines behind this one, in the order asked for.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: i64,
    pub sort: Sort,
    pub is_descending: bool,
}

/// Where a page ended: the value sorted by, and the id, which decides between equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub value: String,
    pub id: NodeId,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    #[default]
    Id,
    Hostname,
    Status,
    Power,
    Owner,
    Pool,
    Zone,
    Cpus,
    Memory,
    Storage,
    Updated,
}

/// What a list is grouped and counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    Pool,
    Zone,
    Status,
    Owner,
    Power,
}

/// How many machines share a value: an id, a status' code or a power state; empty for "none".
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct GroupRow {
    pub value: String,
    pub count: i64,
}

/// A node and the rendered piece of its hardware; empty when there is none.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DetailedRow {
    #[sqlx(flatten)]
    pub node: NodeRow,
    pub body: String,
}

/// A page of the machines in the scope that pass the filter.
///
/// # Errors
/// Those of the database.
pub async fn list(
    connection: &mut Connection,
    scope: &MachineScope,
    filter: &NodeFilter,
    page: &Page,
) -> Result<Vec<NodeRow>> {
    let sql = select(Backend::of(connection), scope, filter, page);
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// The machines in the scope that pass the filter, by id, with their documents.
///
/// # Errors
/// Those of the database.
pub async fn list_detailed(
    connection: &mut Connection,
    scope: &MachineScope,
    filter: &NodeFilter,
    after: Option<NodeId>,
    limit: i64,
) -> Result<Vec<DetailedRow>> {
    let sql = select_detailed(Backend::of(connection), scope, filter, after, limit);
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// One node with its document.
///
/// # Errors
/// Those of the database.
pub async fn find_detailed(connection: &mut Connection, system_id: &str) -> Result<Option<DetailedRow>> {
    let mut sql = Sql::new(DETAILED);
    sql.push(" where n.system_id = ").bind(system_id);
    Ok(sql.query_as().fetch_optional(connection).await?)
}

/// The machines in the scope with these system ids, by id; those outside it and those that do not exist are left out
/// alike.
///
/// # Errors
/// Those of the database.
pub async fn find_many(
    connection: &mut Connection,
    scope: &MachineScope,
    system_ids: &[String],
) -> Result<Vec<NodeRow>> {
    let mut sql = Sql::new("select n.* from node n where ");
    scope::push(&mut sql, scope);
    sql.push(" and ").is_text_of("n.system_id", system_ids.iter().map(String::as_str));
    sql.push(" order by n.node_id");
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// What decides about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PlaceRow {
    pub node_id: i64,
    pub pool_id: Option<i64>,
    pub owner_id: Option<i64>,
    pub is_locked: i64,
    pub version: i64,
}

/// A node that was changed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangedRow {
    pub system_id: String,
    pub node_type: i64,
    pub version: i64,
    pub updated_us: i64,
}

/// The nodes that were changed at this time or later: for the site's own part that tells of changes.
///
/// # Errors
/// Those of the database.
pub async fn changed_since(connection: &mut Connection, since_us: i64) -> Result<Vec<ChangedRow>> {
    Ok(sqlx::query_as(CHANGED_SINCE).bind(since_us).fetch_all(connection).await?)
}

/// Where every node is and whose, by system id: for the site's own part that tells of changes.
///
/// # Errors
/// Those of the database.
pub async fn places(connection: &mut Connection) -> Result<Vec<(String, PlaceRow)>> {
    #[derive(sqlx::FromRow)]
    struct Named {
        system_id: String,
        #[sqlx(flatten)]
        place: PlaceRow,
    }
    let query = sqlx::query_as("select system_id, node_id, pool_id, owner_id, is_locked, version from node");
    let rows: Vec<Named> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.system_id, row.place)).collect())
}

/// The nodes of these system ids, whoever may see them: for the site's own part that tells of changes.
///
/// # Errors
/// Those of the database.
pub async fn find_each(connection: &mut Connection, system_ids: &[&str]) -> Result<Vec<NodeRow>> {
    let mut sql = Sql::new("select n.* from node n where ");
    sql.is_text_of("n.system_id", system_ids.iter().copied());
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// Devices by id: one user's, or all.
///
/// # Errors
/// Those of the database.
pub async fn list_devices(
    connection: &mut Connection,
    owner: Option<UserId>,
    filter: &NodeFilter,
    page: &Page,
) -> Result<Vec<NodeRow>> {
    let backend = Backend::of(connection);
    let mut sql = Sql::new("select n.* from node n where n.node_type = 1");
    if let Some(owner) = owner {
        sql.push(" and n.owner_id = ").id(owner.0);
    }
    filter::push(&mut sql, backend, filter);
    push_page(&mut sql, backend, page);
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// How many machines in the scope pass the filter.
///
/// # Errors
/// Those of the database.
pub async fn count(connection: &mut Connection, scope: &MachineScope, filter: &NodeFilter) -> Result<i64> {
    use sqlx::Row;
    let mut sql = Sql::new("select count(*) as count from node n where ");
    scope::push(&mut sql, scope);
    filter::push(&mut sql, Backend::of(connection), filter);
    Ok(sql.query().fetch_one(connection).await?.try_get("count")?)
}

/// How many machines in the scope that pass the filter share a value.
///
/// # Errors
/// Those of the database.
pub async fn count_by(
    connection: &mut Connection,
    scope: &MachineScope,
    filter: &NodeFilter,
    group: Group,
) -> Result<Vec<GroupRow>> {
    let column = match group {
        Group::Pool => "n.pool_id",
        Group::Zone => "n.zone_id",
        Group::Status => "n.status",
        Group::Owner => "n.owner_id",
        Group::Power => "n.power_state",
    };
    let mut sql = Sql::new("select coalesce(cast(");
    sql.push(column).push(" as text), '') as value, count(*) as count from node n where ");
    scope::push(&mut sql, scope);
    filter::push(&mut sql, Backend::of(connection), filter);
    sql.push(" group by ").push(column);
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// The ids are found first, so that no plan ever sorts documents.
pub(crate) fn select_detailed(
    backend: Backend,
    scope: &MachineScope,
    filter: &NodeFilter,
    after: Option<NodeId>,
    limit: i64,
) -> Sql {
    let mut sql = Sql::new(DETAILED);
    sql.push(" where n.node_id in (select n.node_id from node n where ");
    scope::push_by_key(&mut sql, scope);
    filter::push(&mut sql, backend, filter);
    sql.push(" and n.node_id > ").bind(after.map_or(i64::MIN, |id| id.0));
    sql.push(" order by n.node_id limit ").bind(limit);
    sql.push(") order by n.node_id");
    sql
}

pub(crate) fn select(backend: Backend, scope: &MachineScope, filter: &NodeFilter, page: &Page) -> Sql {
    let mut sql = Sql::new("select n.* from node n where ");
    scope::push(&mut sql, scope);
    filter::push(&mut sql, backend, filter);
    push_page(&mut sql, backend, page);
    sql
}

fn push_page(sql: &mut Sql, backend: Backend, page: &Page) {
    let (column, is_text) = page.sort.column();
    let collation = if is_text { backend.by_bytes() } else { "" };
    let (behind, order) = if page.is_descending { (" < ", " desc") } else { (" > ", "") };
    if page.sort == Sort::Id {
        let first = if page.is_descending { i64::MAX } else { i64::MIN };
        sql.push(" and n.node_id").push(behind).bind(page.after.as_ref().map_or(first, |cursor| cursor.id.0));
        sql.push(" order by n.node_id").push(order).push(" limit ").bind(page.limit);
        return;
    }
    if let Some(cursor) = &page.after {
        sql.push(" and (").push(column).push(collation).push(", n.node_id)").push(behind).push("(");
        if is_text {
            sql.bind(cursor.value.as_str());
        } else {
            // A cursor that no page gave begins somewhere, as any other would.
            sql.bind(cursor.value.parse::<i64>().unwrap_or_default());
        }
        sql.push(", ").bind(cursor.id.0).push(")");
    }
    sql.push(" order by ").push(column).push(collation).push(order);
    sql.push(", n.node_id").push(order).push(" limit ").bind(page.limit);
}

impl Sort {
    /// What is compared, and whether it is text.
    const fn column(self) -> (&'static str, bool) {
        match self {
            Self::Id => ("n.node_id", false),
            Self::Hostname => ("n.hostname", true),
            Self::Status => ("n.status", false),
            Self::Power => ("n.power_state", true),
            Self::Owner => ("coalesce((select u.username from user_account u where u.user_id = n.owner_id), '')", true),
            Self::Pool => ("coalesce((select p.name from resource_pool p where p.pool_id = n.pool_id), '')", true),
            Self::Zone => ("(select z.name from zone z where z.zone_id = n.zone_id)", true),
            Self::Cpus => ("n.cpu_count", false),
            Self::Memory => ("n.memory_mib", false),
            Self::Storage => ("n.storage_bytes", false),
            Self::Updated => ("n.updated_us", false),
        }
    }
}

pub(crate) const CHANGED_SINCE: &str =
    "select system_id, node_type, version, updated_us from node where updated_us >= $1";
const DETAILED: &str =
    "select n.*, coalesce(d.body, '') as body from node n left join node_document d on d.node_id = n.node_id";

#[cfg(test)]
mod tests {
    use maas_authz::{MachineScope, access::Pools};
    use maas_model::{
        NodeFilter, NodeId, PoolId, Status, UserId,
        filter::{Test, TextField, TextMatch},
    };

    use super::*;
    use crate::{
        node::insert,
        testing::{Dice, add_pools, add_users, on_each},
    };

    const SORTS: [Sort; 11] = [
        Sort::Id,
        Sort::Hostname,
        Sort::Status,
        Sort::Power,
        Sort::Owner,
        Sort::Pool,
        Sort::Zone,
        Sort::Cpus,
        Sort::Memory,
        Sort::Storage,
        Sort::Updated,
    ];

    fn key(sort: Sort, row: &NodeRow) -> String {
        match sort {
            Sort::Id => String::new(),
            Sort::Hostname => row.hostname.clone(),
            Sort::Status => row.status.to_string(),
            Sort::Power => row.power_state.clone(),
            Sort::Owner => row.owner_id.map(|id| format!("user{id}")).unwrap_or_default(),
            Sort::Pool => row.pool_id.filter(|id| *id > 0).map_or("default".into(), |id| format!("pool{id}")),
            Sort::Zone => "default".to_owned(),
            Sort::Cpus => row.cpu_count.to_string(),
            Sort::Memory => row.memory_mib.to_string(),
            Sort::Storage => row.storage_bytes.to_string(),
            Sort::Updated => row.updated_us.to_string(),
        }
    }

    #[tokio::test]
    async fn pages_join_to_the_whole_in_every_order() {
        on_each(async |db| {
            let store = db.open().await;
            let mut dice = Dice::new(3);
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            add_users(&mut tx, 2).await;
            add_pools(&mut tx, 3).await;
            for index in 0..23 {
                let row = NodeRow {
                    system_id: format!("{index:06}"),
                    hostname: format!("{}-m{index}", ["a", "b", "ab"][usize::try_from(dice.below(3)).unwrap()]),
                    pool_id: Some(dice.below(3)),
                    owner_id: Some(1 + dice.below(2)).filter(|_| dice.one_in(2)),
                    status: dice.below(5),
                    cpu_count: dice.below(12),
                    ..NodeRow::blank()
                };
                insert(&mut tx, &row).await.unwrap();
            }
            let (scope, filter) = (MachineScope::all(false), NodeFilter::default());
            for sort in SORTS {
                for is_descending in [false, true] {
                    let whole = Page { limit: 100, sort, is_descending, after: None };
                    let whole = list(&mut tx, &scope, &filter, &whole).await.unwrap();
                    assert_eq!(whole.len(), 23);
                    let mut joined = Vec::new();
                    let mut after = None;
                    loop {
                        let page = Page { limit: 5, sort, is_descending, after };
                        let rows = list(&mut tx, &scope, &filter, &page).await.unwrap();
                        let Some(last) = rows.last() else { break };
                        after = Some(Cursor { value: key(sort, last), id: NodeId(last.node_id) });
                        joined.extend(rows);
                    }
                    assert_eq!(joined, whole, "{sort:?}");
                    if sort == Sort::Cpus {
                        let ordered = whole.is_sorted_by_key(|row| row.cpu_count * if is_descending { -1 } else { 1 });
                        assert!(ordered, "numbers are compared as numbers");
                    }
                }
            }
            let groups = count_by(&mut tx, &scope, &filter, Group::Owner).await.unwrap();
            assert_eq!(groups.iter().map(|group| group.count).sum::<i64>(), 23);
            assert!(groups.iter().any(|group| group.value.is_empty()));
        })
        .await;
    }

    #[tokio::test]
    async fn lists_do_not_walk_the_whole_table() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let prefix = match db.backend {
                Backend::Sqlite => "explain query plan ",
                Backend::Postgres => "explain ",
            };
            if db.backend == Backend::Postgres {
                sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
            }
            let pools = Pools::Only(vec![PoolId(0), PoolId(7)]);
            let user = MachineScope {
                me: Some(UserId(7)),
                any: Pools::NONE,
                own: pools.clone(),
                free: pools.clone(),
                is_unlocked_only: false,
            };
            let operator = MachineScope { any: pools, own: Pools::NONE, free: Pools::NONE, ..user.clone() };
            let all = MachineScope::all(false);
            let one = |test: Test| {
                let mut filter = NodeFilter::default();
                filter.require(test);
                filter
            };
            let by = |field, value: &str| one(Test::Text(field, vec![TextMatch::Is(value.into())]));
            let none = NodeFilter::default();
            for (name, scope, filter) in [
                ("everything by id", &all, &none),
                ("a user's", &user, &none),
                ("an operator's", &operator, &none),
                ("by system id", &user, &by(TextField::SystemId, "4aaaaa")),
                ("by address", &all, &by(TextField::MacAddress, "52:54:00:00:00:01")),
                ("candidates", &user, &one(Test::Status(vec![Status::Ready]))),
                ("by host name", &user, &by(TextField::Hostname, "web-1")),
            ] {
                let page = Page { limit: 50, ..Page::default() };
                let rows = select(db.backend, scope, filter, &page).explain(prefix).fetch_all(&mut *tx).await.unwrap();
                let column = if db.backend == Backend::Sqlite { "detail" } else { "QUERY PLAN" };
                let plan: String = rows.iter().map(|row| sqlx::Row::get::<String, _>(row, column) + "\n").collect();
                assert!(!plan.contains("SCAN n") && !plan.contains("Seq Scan on node n"), "{name}:\n{plan}");
            }
            for (name, scope) in [("everything", &all), ("a user's", &user), ("an operator's", &operator)] {
                let sql = select_detailed(db.backend, scope, &none, Some(NodeId(5)), 24);
                let rows = sql.explain(prefix).fetch_all(&mut *tx).await.unwrap();
                let column = if db.backend == Backend::Sqlite { "detail" } else { "QUERY PLAN" };
                let plan: String = rows.iter().map(|row| sqlx::Row::get::<String, _>(row, column) + "\n").collect();
                assert!(!plan.contains("SCAN n") && !plan.contains("TEMP B-TREE"), "{name} in detail:\n{plan}");
            }
        })
        .await;
    }
}
