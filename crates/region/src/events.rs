//! The event log: queries as API 2.0 asks them, filters for people, proof and export.

use std::net::IpAddr;

use maas_authz::{
    OpCtx,
    action::{ViewAudit, ViewOwn},
};
use maas_model::{Endpoint, EventId, EventType, Level, Outcome, Timestamp};
use maas_store::event::{self, EventFilter, EventRow};
use serde_json::Value;

use crate::{Error, Region, Result};

pub(crate) mod checkpoint;

/// One row of the log. Rows are chained: each carries the hash of itself over the hash before it.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub created_at: Timestamp,
    pub level: Level,
    pub kind: EventType,
    /// The acting user's name at that time, `cli:alice`, `job:tls`, or empty.
    pub username: String,
    /// `session:4`, `api-key:7`, `token:2`, `password`, `cli`, `job`, or empty.
    pub auth_method: String,
    pub ip: Option<IpAddr>,
    pub user_agent: String,
    pub endpoint: Endpoint,
    pub trace_id: String,
    /// A stable word: `user.create`, `login`, `tls.enable`.
    pub action: String,
    /// `user`, `ssh-key`, `setting`... or empty.
    pub object_type: String,
    pub object_id: String,
    pub outcome: Outcome,
    /// As in MAAS.
    pub description: String,
    /// What changed, secrets left out; null when there is nothing to say.
    pub details: Value,
    pub hash: String,
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// `None` is `Info` and above without audit rows, as in MAAS; `Some(Audit)` is audit rows alone.
    pub level: Option<Level>,
    /// 1 to 1000; 0 means the default of 100.
    pub limit: u32,
    pub before: Option<EventId>,
    pub after: Option<EventId>,
    pub owner: Option<String>,
    /// Whether any of MAAS's node filters was given; there are no nodes yet, so nothing matches then.
    pub has_node_filter: bool,
    pub kind: Option<EventType>,
    pub action: Option<String>,
    pub outcome: Option<Outcome>,
    pub ip: Option<IpAddr>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// A piece of the description, whatever the case.
    pub text: Option<String>,
}

/// The state of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Whole: rows from `first` to `last`, and the head matches.
    Whole { rows: u64, first: EventId, last: EventId, head: String },
    /// Broken: the first row that does not fit, and how.
    Broken { at: EventId, why: String },
}

/// Events newest first. Node-less rows are for those with `ViewAudit`; others see their own rows.
///
/// # Errors
/// `Denied`, `BadRequest`.
pub async fn query(region: &Region, ctx: &OpCtx, query: EventQuery) -> Result<Vec<Event>> {
    let own_user_id = match ctx.grant::<ViewAudit>() {
        Ok(_) => None,
        Err(_) => Some(ctx.own::<ViewOwn>()?.row().0),
    };
    let filter = filter(&query, own_user_id)?;
    if query.has_node_filter {
        return Ok(Vec::new());
    }
    let rows = event::list(&mut *region.store().reader().await?, &filter).await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Walks the whole chain, and compares it with the signed checkpoints of this host (`ViewAudit`).
///
/// # Errors
/// `Denied`, `Internal`. A broken chain is an answer and no error.
pub async fn verify(region: &Region, ctx: &OpCtx) -> Result<Verified> {
    ctx.grant::<ViewAudit>()?;
    let mut reader = region.store().reader().await?;
    let answer = event::verify(&mut reader).await?;
    if answer.is_ok()
        && let Some(broken) = checkpoint::disagreement(region, &mut reader).await?
    {
        return Ok(broken);
    }
    Ok(match answer {
        Ok(chain) => Verified::Whole {
            rows: chain.rows,
            first: EventId(chain.first),
            last: EventId(chain.last),
            head: chain.head,
        },
        Err(broken) => Verified::Broken { at: EventId(broken.at), why: broken.why },
    })
}

fn filter(query: &EventQuery, own_user_id: Option<i64>) -> Result<EventFilter> {
    if query.limit > MOST_ROWS {
        let why = format!("Requested number of events {} is greater than limit: {MOST_ROWS}", query.limit);
        return Err(Error::BadRequest(why));
    }
    if query.before.is_some() && query.after.is_some() {
        let why = "There is undetermined behaviour when both `after` and `before` are specified.";
        return Err(Error::BadRequest(why.to_owned()));
    }
    let (from, to) = match query.level {
        None => (Level::Info, Level::Critical),
        Some(Level::Audit) => (Level::Audit, Level::Audit),
        Some(level) => (level, Level::Critical),
    };
    Ok(EventFilter {
        level_from: from as i64,
        level_to: to as i64,
        before: query.before.map(|id| id.0),
        after: query.after.map(|id| id.0),
        own_user_id,
        username: query.owner.clone(),
        kind: query.kind.map(EventType::as_str),
        action: query.action.clone(),
        outcome: query.outcome.map(Outcome::as_str),
        ip: query.ip.map(|ip| ip.to_string()),
        since_us: query.since.map(Timestamp::micros),
        until_us: query.until.map(Timestamp::micros),
        text: query.text.clone(),
        limit: if query.limit == 0 { DEFAULT_ROWS } else { query.limit.into() },
    })
}

impl TryFrom<EventRow> for Event {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        let unknown = |what: &str| Error::internal(format!("event {} holds an unknown {what}", row.event_id));
        Ok(Self {
            id: EventId(row.event_id),
            created_at: Timestamp::from_micros(row.created_us),
            level: Level::from_number(row.level).ok_or_else(|| unknown("level"))?,
            kind: row.kind.parse().map_err(|_| unknown("type"))?,
            endpoint: Endpoint::from_number(row.endpoint).ok_or_else(|| unknown("endpoint"))?,
            outcome: row.outcome.parse().map_err(|_| unknown("outcome"))?,
            details: serde_json::from_str(&row.details).map_err(|_| unknown("value in its details"))?,
            ip: row.ip.and_then(|ip| ip.parse().ok()),
            username: row.username,
            auth_method: row.auth_method,
            user_agent: row.user_agent,
            trace_id: row.trace_id,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            description: row.description,
            hash: row.hash,
        })
    }
}

const DEFAULT_ROWS: i64 = 100;
const MOST_ROWS: u32 = 1000;

#[cfg(test)]
mod tests {
    use maas_store::Audit;

    use super::*;
    use crate::testing::with_region;

    #[tokio::test]
    async fn auditors_see_all_and_others_their_own() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            for ctx in [&admin, &bob] {
                let audit = Audit::new(EventType::Settings, "test", "100% {done}.");
                site.region.store().begin(ctx).await.unwrap().commit(audit).await.unwrap();
            }
            let audit = || EventQuery { level: Some(Level::Audit), ..EventQuery::default() };
            let mine = query(&site.region, &bob, audit()).await.unwrap();
            assert_eq!(mine.iter().map(|event| event.username.as_str()).collect::<Vec<_>>(), ["bob"]);
            let all = query(&site.region, &admin, EventQuery { limit: 2, ..audit() }).await.unwrap();
            assert_eq!(all[1].username, "admin");
            assert_eq!((all[0].auth_method.as_str(), all[0].description.as_str()), ("password", "100% {done}."));
            assert!(
                query(&site.region, &admin, EventQuery::default()).await.unwrap().is_empty(),
                "`info` has no audit rows"
            );
            let both = EventQuery { before: Some(EventId(1)), after: Some(EventId(1)), ..audit() };
            assert!(query(&site.region, &admin, both).await.unwrap_err().to_string().contains("undetermined"));
            assert!(query(&site.region, &admin, EventQuery { limit: 1001, ..audit() }).await.is_err());
            let node = EventQuery { has_node_filter: true, ..audit() };
            assert!(query(&site.region, &admin, node).await.unwrap().is_empty());
            assert!(matches!(verify(&site.region, &admin).await.unwrap(), Verified::Whole { .. }));
            assert!(verify(&site.region, &bob).await.is_err());
        })
        .await;
    }
}
