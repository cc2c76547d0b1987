//! Looking into the log: every filter is a typed parameter of one statement.

use super::EventRow;
use crate::{Connection, Result};

/// What to look for. What is `None` does not narrow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// From this level on.
    pub level_from: i64,
    /// Up to this level; audit rows have level 0 and stand outside the scale.
    pub level_to: i64,
    pub before: Option<i64>,
    pub after: Option<i64>,
    /// Only this user's rows, whatever else is asked for: the caller's own view.
    pub own_user_id: Option<i64>,
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

/// Rows, newest first. With `after`, the oldest ones behind it, still shown newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, filter: &EventFilter) -> Result<Vec<EventRow>> {
    let oldest_first = filter.after.is_some();
    let text = match (filter.own_user_id, oldest_first) {
        (None, true) => ALL_ASCENDING,
        (None, false) => ALL_DESCENDING,
        (Some(_), true) => OWN_ASCENDING,
        (Some(_), false) => OWN_DESCENDING,
    };
    let rows = sqlx::query(text)
        .bind(filter.level_from)
        .bind(filter.level_to)
        .bind(filter.before.unwrap_or(i64::MAX))
        .bind(filter.after.unwrap_or(0))
        .bind(filter.own_user_id)
        .bind(filter.username.as_deref())
        .bind(filter.kind)
        .bind(filter.action.as_deref())
        .bind(filter.outcome)
        .bind(filter.ip.as_deref())
        .bind(filter.since_us.unwrap_or(0))
        .bind(filter.until_us.unwrap_or(i64::MAX))
        .bind(filter.text.as_deref().map(pattern))
        .bind(filter.limit)
        .fetch_all(connection)
        .await?;
    let mut rows: Vec<EventRow> = rows.into_iter().map(EventRow::try_from).collect::<Result<_>>()?;
    if oldest_first {
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

/// A `like` pattern that finds `text` anywhere, its own `%` and `_` meaning themselves.
fn pattern(text: &str) -> String {
    let escaped: String = text
        .to_lowercase()
        .chars()
        .flat_map(|c| ['%', '_', '!'].contains(&c).then_some('!').into_iter().chain([c]))
        .collect();
    format!("%{escaped}%")
}

/// Everybody's rows are walked along the ids, one's own along their index; both stop at the limit.
macro_rules! query {
    ($whose:literal, $order:literal) => {
        concat!(
            "select * from event where level >= $1 and level <= $2 and event_id < $3 and event_id > $4
                and ",
            $whose,
            " and ($6 is null or username = $6) and ($7 is null or kind = $7)
                and ($8 is null or action = $8) and ($9 is null or outcome = $9) and ($10 is null or ip = $10)
                and created_us >= $11 and created_us <= $12
                and ($13 is null or lower(description) like $13 escape '!')
            order by event_id ",
            $order,
            " limit $14"
        )
    };
}

pub(crate) const DONE_SINCE: &str = "select event_id, action, object_type, object_id from event
    where event_id > $1 order by event_id limit $2";
const ALL_ASCENDING: &str = query!("$5 is null", "asc");
pub(crate) const ALL_DESCENDING: &str = query!("$5 is null", "desc");
const OWN_ASCENDING: &str = query!("user_id = $5", "asc");
pub(crate) const OWN_DESCENDING: &str = query!("user_id = $5", "desc");

#[cfg(test)]
mod tests {
    use maas_model::{EventType, Level, Outcome};

    use super::*;
    use crate::{Audit, testing::on_each};

    fn all() -> EventFilter {
        EventFilter { level_to: 50, limit: 100, ..EventFilter::default() }
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
                (EventFilter { own_user_id: Some(4), ..all() }, vec![4]),
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
