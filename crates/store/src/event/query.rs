//! Looking into the log: what is asked for narrows, and what the caller may read narrows it once more.

use std::collections::BTreeSet;

use maas_authz::{MachineScope, Pools};
use maas_model::{
    UserId,
    filter::{Criterion, NodeFilter, Test, TextField, TextMatch},
};
use sqlx::Row;

use super::EventRow;
use crate::{
    Backend, Connection, Result,
    node::{filter, scope},
    sql::{Sql, escaped},
};

/// What to look for. What is `None` does not narrow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// From this level on.
    pub level_from: i64,
    /// Up to this level; audit rows have level 0 and stand outside the scale.
    pub level_to: i64,
    pub before: Option<i64>,
    pub after: Option<i64>,
    /// What the caller may read, whatever is asked for.
    pub reach: Reach,
    /// Only rows about machines and devices that pass it; one that is empty lets all rows through.
    pub nodes: NodeFilter,
    pub username: Option<String>,
    pub kind: Option<&'static str>,
    pub action: Option<String>,
    pub outcome: Option<&'static str>,
    pub ip: Option<String>,
    pub since_us: Option<i64>,
    pub until_us: Option<i64>,
    /// A piece of the description, whatever the case.
    pub text: Option<String>,
    pub limit: i64,
}

/// What somebody may read of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    All,
    Within(Within),
}

/// A part of the log: one's own rows, what happens to the nodes that one sees, and the audit rows about some pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    pub user: UserId,
    /// The machines that are seen.
    pub machines: MachineScope,
    /// Whether all devices are seen, and not one's own alone.
    pub has_all_devices: bool,
    /// The pools about whose machines audit rows are read.
    pub audited: Pools,
}

/// Rows, newest first. With `after`, the oldest ones behind it, still shown newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, filter: &EventFilter) -> Result<Vec<EventRow>> {
    let about = about(connection, filter).await?;
    let rows = select(Backend::of(connection), filter, &about).query().fetch_all(connection).await?;
    let mut rows: Vec<EventRow> = rows.into_iter().map(EventRow::try_from).collect::<Result<_>>()?;
    if filter.after.is_some() {
        rows.reverse();
    }
    Ok(rows)
}

/// What a row says was done to what.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Done {
    pub event_id: i64,
    pub action: String,
    pub object_type: String,
    pub object_id: String,
}

/// What was done since a row, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn done_since(connection: &mut Connection, after: i64, limit: i64) -> Result<Vec<Done>> {
    Ok(sqlx::query_as(DONE_SINCE).bind(after).bind(limit).fetch_all(connection).await?)
}

/// The host names of those of these nodes whose names the caller may read, by system id.
///
/// # Errors
/// Those of the database.
pub async fn hostnames(
    connection: &mut Connection,
    reach: &Reach,
    system_ids: &BTreeSet<&str>,
) -> Result<Vec<(String, String)>> {
    if system_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("select n.system_id, n.hostname from node n where ");
    push_seen(&mut sql, reach);
    sql.push(" and ").is_text_of("n.system_id", system_ids.iter().copied());
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// The host name that a node had when it was deleted, if it was.
///
/// # Errors
/// Those of the database.
pub async fn last_hostname(connection: &mut Connection, system_id: &str) -> Result<Option<String>> {
    let row = sqlx::query(
        "select details from event where object_type in ('machine', 'device') and object_id = $1
            and action in ('machine.delete', 'device.delete') order by event_id desc limit 1",
    )
    .bind(system_id)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let details: serde_json::Value = serde_json::from_str(row.try_get("details")?).unwrap_or_default();
    Ok(details["hostname"].as_str().map(str::to_owned))
}

/// Which nodes the rows are to be about.
#[derive(Debug, PartialEq, Eq)]
enum About {
    Anything,
    /// Few, by system id: their rows are found by the index.
    Few(Vec<String>),
    /// As many as the filter lets through.
    Many,
}

async fn about(connection: &mut Connection, filter: &EventFilter) -> Result<About> {
    if filter.nodes.is_empty() {
        return Ok(About::Anything);
    }
    // Whoever reads everything reads of nodes that have gone, too.
    if let (Reach::All, Some(ids)) = (&filter.reach, system_ids(&filter.nodes)) {
        return Ok(About::Few(ids));
    }
    let mut sql = Sql::new("select n.system_id from node n where ");
    push_seen(&mut sql, &filter.reach);
    filter::push(&mut sql, Backend::of(connection), &filter.nodes);
    sql.push(" limit ").id(FEW + 1);
    let found: Vec<(String,)> = sql.query_as().fetch_all(connection).await?;
    let is_few = found.len() <= usize::try_from(FEW).unwrap_or(usize::MAX);
    Ok(if is_few { About::Few(found.into_iter().map(|(id,)| id).collect()) } else { About::Many })
}

/// The ids, if the filter asks for nothing else.
fn system_ids(filter: &NodeFilter) -> Option<Vec<String>> {
    let [Criterion { negated: false, test: Test::Text(TextField::SystemId, values) }] = filter.criteria.as_slice()
    else {
        return None;
    };
    let exact = |value: &TextMatch| match value {
        TextMatch::Is(id) => Some(id.to_lowercase()),
        _ => None,
    };
    values.iter().map(exact).collect()
}

fn select(backend: Backend, filter: &EventFilter, about: &About) -> Sql {
    let mut sql = Sql::new("select e.* from event e where e.event_id < ");
    sql.bind(filter.before.unwrap_or(i64::MAX)).push(" and e.event_id > ").bind(filter.after.unwrap_or(0));
    sql.push(" and e.level >= ").bind(filter.level_from).push(" and e.level <= ").bind(filter.level_to);
    push_fields(&mut sql, filter);
    match about {
        About::Anything => {}
        About::Few(ids) => {
            sql.push(" and e.object_type in ('machine', 'device') and ");
            sql.is_text_of("e.object_id", ids.iter().map(String::as_str));
        }
        About::Many => {
            sql.push(" and e.object_type in ('machine', 'device') and exists (select 1 from node n where ");
            push_seen(&mut sql, &filter.reach);
            filter::push(&mut sql, backend, &filter.nodes);
            sql.push(" and n.system_id = e.object_id)");
        }
    }
    if let Reach::Within(within) = &filter.reach {
        sql.push(" and ");
        push_reach(&mut sql, filter, within);
    }
    sql.push(" order by e.event_id").push(if filter.after.is_some() { " asc" } else { " desc" });
    sql.push(" limit ").bind(filter.limit);
    sql
}

fn push_fields(sql: &mut Sql, filter: &EventFilter) {
    let texts = [
        (" and e.username = ", filter.username.as_deref()),
        (" and e.kind = ", filter.kind),
        (" and e.action = ", filter.action.as_deref()),
        (" and e.outcome = ", filter.outcome),
        (" and e.ip = ", filter.ip.as_deref()),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            sql.push(condition).bind(value);
        }
    }
    if let Some(since) = filter.since_us {
        sql.push(" and e.created_us >= ").bind(since);
    }
    if let Some(until) = filter.until_us {
        sql.push(" and e.created_us <= ").bind(until);
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", escaped(&text.to_lowercase()));
        sql.push(" and lower(e.description) like ").bind(pattern).push(" escape '!'");
    }
}

/// Adds the condition that row `e` is in the part. Branches that no row of the wanted levels can fulfil are left out, so
/// that one's own rows are found by their index.
fn push_reach(sql: &mut Sql, filter: &EventFilter, within: &Within) {
    sql.push("(e.user_id = ").id(within.user.0);
    if filter.level_to > AUDIT {
        sql.push(" or (e.level <> 0 and e.object_type = 'machine' and exists (select 1 from node n where ");
        scope::push(sql, &within.machines);
        sql.push(" and n.system_id = e.object_id))");
        sql.push(" or (e.level <> 0 and e.object_type = 'device' and exists (select 1 from node n where ");
        push_devices(sql, within);
        sql.push(" and n.system_id = e.object_id))");
    }
    if filter.level_from <= AUDIT && !within.audited.is_empty() {
        sql.push(" or (e.level = 0 and e.object_type = 'machine' and exists (select 1 from node n where ");
        push_audited(sql, within);
        sql.push(" and n.system_id = e.object_id))");
        if let Pools::Only(pools) = &within.audited {
            sql.push(" or (e.level = 0 and e.object_type = 'pool' and ");
            sql.any(pools, |sql, pool| _ = sql.push("e.object_id = ").bind(pool.0.to_string())).push(")");
        }
    }
    sql.push(")");
}

/// Adds the condition that node `n` is one about which the caller may read anything.
fn push_seen(sql: &mut Sql, reach: &Reach) {
    let Reach::Within(within) = reach else {
        sql.push("n.node_type in (0, 1)");
        return;
    };
    sql.push("((");
    scope::push(sql, &within.machines);
    sql.push(") or (");
    push_devices(sql, within);
    sql.push(") or (");
    push_audited(sql, within);
    sql.push("))");
}

fn push_devices(sql: &mut Sql, within: &Within) {
    sql.push("n.node_type = 1");
    if !within.has_all_devices {
        sql.push(" and n.owner_id = ").id(within.user.0);
    }
}

fn push_audited(sql: &mut Sql, within: &Within) {
    sql.push("n.node_type = 0 and ");
    match &within.audited {
        Pools::All => sql.push("n.pool_id is not null"),
        Pools::Only(pools) => sql.is_one_of("n.pool_id", pools.iter().map(|pool| pool.0)),
    };
}

const DONE_SINCE: &str = "select event_id, action, object_type, object_id from event
    where event_id > $1 order by event_id limit $2";
const AUDIT: i64 = 0;
const FEW: i64 = 200;

#[cfg(test)]
mod tests {
    use maas_model::{EventType, Level, Outcome};

    use super::*;
    use crate::{Audit, testing::on_each};

    fn all() -> EventFilter {
        EventFilter { level_to: 50, limit: 100, ..EventFilter::default() }
    }

    fn nothing_but(user: i64) -> Reach {
        let (machines, audited) = (MachineScope::none(), Pools::NONE);
        Reach::Within(Within { user: UserId(user), machines, has_all_devices: false, audited })
    }

    #[tokio::test]
    async fn no_page_walks_the_whole_log() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            if db.backend == Backend::Postgres {
                sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
            }
            let audit = EventFilter { level_to: 0, ..all() };
            let mine = EventFilter { reach: nothing_but(7), ..audit.clone() };
            let few = About::Few(vec!["abc".into()]);
            for (filter, about, index) in [
                (all(), About::Anything, None),
                (mine, About::Anything, Some("event_by_user")),
                (all(), few, Some("event_by_object")),
            ] {
                let sqlite = db.backend == Backend::Sqlite;
                let (prefix, column) =
                    if sqlite { ("explain query plan ", "detail") } else { ("explain ", "QUERY PLAN") };
                let rows = select(db.backend, &filter, &about).explain(prefix).fetch_all(&mut *tx).await.unwrap();
                let plan: String = rows.iter().map(|row| row.get::<String, _>(column) + "\n").collect();
                assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "{filter:?}:\n{plan}");
                // An empty table may be sorted as well as walked in order, as PostgreSQL sees it.
                assert!(!sqlite || index.is_none_or(|index| plan.contains(index)), "{filter:?}:\n{plan}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn each_filter_narrows() {
        on_each(async |db| {
            let store = db.open().await;
            let login = Audit::new(EventType::Authorisation, "login", "Failed login for '100%'.");
            let rows = [
                Audit::new(EventType::Settings, "setting.set", "Updated A_b."),
                login.clone().outcome(Outcome::Failed).user(None, "bob"),
                Audit::new(EventType::Node, "node.x", "Deployed.").level(Level::Info),
                login.user(Some(maas_model::UserId(4)), "eve"),
            ];
            for row in rows {
                store.begin(&db.ctx()).await.unwrap().commit(row).await.unwrap();
            }
            let mut reader = store.reader().await.unwrap();
            for (filter, ids) in [
                (all(), vec![4, 3, 2, 1]),
                (EventFilter { level_to: 0, ..all() }, vec![4, 2, 1]),
                (EventFilter { level_from: 20, ..all() }, vec![3]),
                (EventFilter { before: Some(3), limit: 1, ..all() }, vec![2]),
                (EventFilter { after: Some(1), limit: 2, ..all() }, vec![3, 2]),
                (EventFilter { username: Some("bob".into()), ..all() }, vec![2]),
                (EventFilter { reach: nothing_but(4), ..all() }, vec![4]),
                (EventFilter { reach: nothing_but(4), level_from: 20, ..all() }, vec![]),
                (EventFilter { kind: Some("SETTINGS"), ..all() }, vec![1]),
                (EventFilter { action: Some("login".into()), ..all() }, vec![4, 2]),
                (EventFilter { outcome: Some("failed"), ..all() }, vec![2]),
                (EventFilter { ip: Some("192.0.2.7".into()), ..all() }, vec![4, 3, 2, 1]),
                (EventFilter { ip: Some("192.0.2.8".into()), ..all() }, vec![]),
                (EventFilter { text: Some("a_B".into()), ..all() }, vec![1]),
                (EventFilter { text: Some("0%".into()), ..all() }, vec![4, 2]),
                (EventFilter { text: Some("!".into()), ..all() }, vec![]),
                (EventFilter { since_us: Some(db.clock.now().micros() + 1), ..all() }, vec![]),
                (EventFilter { until_us: Some(db.clock.now().micros() - 1), ..all() }, vec![]),
            ] {
                let found: Vec<i64> =
                    list(&mut reader, &filter).await.unwrap().iter().map(|row| row.event_id).collect();
                assert_eq!(found, ids, "{filter:?}");
            }
        })
        .await;
    }
}
