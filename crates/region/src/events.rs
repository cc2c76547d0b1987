//! The event log: queries as API 2.0 asks them, filters for people, proof and export.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use maas_authz::{
    Action, OpCtx,
    action::{ViewAudit, ViewDevices, ViewOwn},
};
use maas_model::{
    Endpoint, EventId, EventType, Level, MachineAction, Outcome, Timestamp,
    filter::{NodeFilter, Test, TextField, TextMatch},
};
use maas_store::{
    Connection,
    event::{self, EventFilter, EventRow, Reach, Within},
};
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
    /// The machine or device that it is about.
    pub node: Option<EventNode>,
    /// Whether the caller may read how and from where it was done; if not, those members are empty.
    pub has_trail: bool,
}

/// The node of an event, which may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventNode {
    pub system_id: String,
    /// As it is called now, or was when it was deleted; none if the caller may not see it (any more).
    pub hostname: Option<String>,
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
    /// Only events about machines and devices that pass; one that is empty lets all events through.
    pub nodes: NodeFilter,
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

impl EventQuery {
    /// What happened to one node, from `level` on.
    pub fn of_node(system_id: &str, level: Option<Level>) -> Self {
        let mut nodes = NodeFilter::default();
        nodes.require(Test::Text(TextField::SystemId, vec![TextMatch::Is(system_id.to_owned())]));
        Self { level, nodes, ..Self::default() }
    }
}

/// Events newest first. Everybody reads their own, and what happens to machines and devices that they see; audit rows
/// about the machines of a pool are for those who hold `ViewAudit` on it, all rows for those who hold it on the site.
///
/// # Errors
/// `Denied`, `BadRequest`.
pub async fn query(region: &Region, ctx: &OpCtx, query: EventQuery) -> Result<Vec<Event>> {
    crate::machines::check_size(&query.nodes)?;
    let filter = filter(query, reach(ctx)?)?;
    let mut reader = region.store().reader().await?;
    let rows = event::list(&mut reader, &filter).await?;
    let names = hostnames(&mut reader, &filter.reach, &rows).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let is_own = matches!(&filter.reach, Reach::Within(within) if row.user_id == Some(within.user.0));
        let has_trail = is_own || row.level == Level::Audit as i64 || filter.reach == Reach::All;
        let node = is_about_node(&row)
            .then(|| EventNode { system_id: row.object_id.clone(), hostname: names.get(&row.object_id).cloned() });
        let mut event = Event { node, ..Event::try_from(row)? };
        if !has_trail {
            event.hide_trail();
        }
        events.push(event);
    }
    Ok(events)
}

fn reach(ctx: &OpCtx) -> Result<Reach> {
    if ctx.grant::<ViewAudit>().is_ok() {
        return Ok(Reach::All);
    }
    let user = *ctx.own::<ViewOwn>()?.row();
    Ok(Reach::Within(Within {
        user,
        machines: ctx.machines(MachineAction::View),
        has_all_devices: ctx.grant::<ViewDevices>().is_ok(),
        audited: ctx.access().pools_with(Action::ViewAudit),
    }))
}

/// The names of the nodes that the rows are about, as far as the caller may read them.
async fn hostnames(connection: &mut Connection, reach: &Reach, rows: &[EventRow]) -> Result<BTreeMap<String, String>> {
    let ids: BTreeSet<&str> = rows.iter().filter(|row| is_about_node(row)).map(|row| row.object_id.as_str()).collect();
    let mut names: BTreeMap<String, String> = event::hostnames(connection, reach, &ids).await?.into_iter().collect();
    if *reach == Reach::All {
        for id in ids {
            if !names.contains_key(id)
                && let Some(name) = event::last_hostname(connection, id).await?
            {
                names.insert(id.to_owned(), name);
            }
        }
    }
    Ok(names)
}

fn is_about_node(row: &EventRow) -> bool {
    matches!(row.object_type.as_str(), "machine" | "device")
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

fn filter(query: EventQuery, reach: Reach) -> Result<EventFilter> {
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
        reach,
        nodes: query.nodes,
        username: query.owner,
        kind: query.kind.map(EventType::as_str),
        action: query.action,
        outcome: query.outcome.map(Outcome::as_str),
        ip: query.ip.map(|ip| ip.to_string()),
        since_us: query.since.map(Timestamp::micros),
        until_us: query.until.map(Timestamp::micros),
        text: query.text,
        limit: if query.limit == 0 { DEFAULT_ROWS } else { query.limit.into() },
    })
}

impl Event {
    /// Leaves what everybody reads who sees the machine: what happened, and who did it.
    fn hide_trail(&mut self) {
        self.has_trail = false;
        self.ip = None;
        for text in [&mut self.auth_method, &mut self.user_agent, &mut self.trace_id, &mut self.hash] {
            text.clear();
        }
        self.details = Value::Null;
    }
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
            node: None,
            has_trail: true,
        })
    }
}

const DEFAULT_ROWS: i64 = 100;
const MOST_ROWS: u32 = 1000;

#[cfg(test)]
mod tests {
    use maas_authz::{Access, role};
    use maas_store::{Audit, testing::TestNode};

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
            let node = EventQuery { level: Some(Level::Audit), ..EventQuery::of_node("abcdef", None) };
            assert!(query(&site.region, &admin, node).await.unwrap().is_empty());
            assert!(matches!(verify(&site.region, &admin).await.unwrap(), Verified::Whole { .. }));
            assert!(verify(&site.region, &bob).await.is_err());
        })
        .await;
    }

    #[tokio::test]
    async fn what_happens_to_a_machine_is_read_by_those_who_see_it() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let web = crate::pools::create(region, admin, "web", "").await.unwrap();
            let (me, eve) = (site.id("bob").await, site.id("eve").await);
            let mut tx = region.store().begin(admin).await.unwrap();
            let in_web = |owner| TestNode { pool: Some(web.id), owner, ..TestNode::default() };
            let (_, free) = in_web(None).insert(&mut tx, "free").await;
            let (_, hers) = in_web(Some(eve)).insert(&mut tx, "hers").await;
            let (_, lamp) = TestNode::device(Some(me)).insert(&mut tx, "lamp").await;
            let mut told = Vec::new();
            for (kind, id) in [("machine", &free), ("machine", &hers), ("machine", &"gone12".into()), ("device", &lamp)]
            {
                let row = |text, level| Audit::new(EventType::Node, "node.test", text).object(kind, id).level(level);
                told.extend([row("Done.", Level::Info), row("Changed.", Level::Audit)]);
            }
            told.push(
                Audit::new(EventType::Node, "machine.delete", "Deleted.")
                    .object("machine", "gone12")
                    .details(serde_json::json!({ "hostname": "gone" })),
            );
            tx.commit_all(told).await.unwrap();

            let named = async |ctx: &OpCtx, query: EventQuery| {
                let found = super::query(region, ctx, EventQuery { action: Some("node.test".into()), ..query }).await;
                let name = |event: Event| event.node.unwrap().hostname.unwrap_or_else(|| "?".into());
                found.unwrap().into_iter().map(name).collect::<Vec<_>>().join(" ")
            };
            let info = EventQuery::default;
            let audit = || EventQuery { level: Some(Level::Audit), ..info() };
            assert_eq!(named(admin, info()).await, "lamp gone hers free");
            assert_eq!(named(admin, audit()).await, "lamp gone hers free");
            assert_eq!(named(bob, info()).await, "lamp free", "seen: one's own and what is free");
            assert_eq!(named(bob, audit()).await, "", "and no audit rows of others");
            let mut access = Access::own_only();
            access.give(role::BUILTIN[3].actions, Some(web.id));
            let auditor = &site.holding(bob, access);
            assert_eq!(named(auditor, info()).await, "lamp hers free");
            assert_eq!(named(auditor, audit()).await, "hers free");
            let made = super::query(region, auditor, audit()).await.unwrap();
            assert!(made.iter().any(|event| event.action == "pool.create"), "that the pool was made");
            assert_eq!(named(&site.holding(bob, Access::own_only()), info()).await, "lamp");

            for (id, seen) in [(&free, "free"), (&hers, ""), (&"gone12".into(), ""), (&"zzzzzz".into(), "")] {
                assert_eq!(named(bob, EventQuery::of_node(id, None)).await, seen);
            }
            assert_eq!(named(admin, EventQuery::of_node("gone12", None)).await, "gone");
            let by = |field, text: &str| {
                let mut query = EventQuery::default();
                query.nodes.require(Test::Text(field, vec![TextMatch::Is(text.into())]));
                query
            };
            assert_eq!(named(admin, by(TextField::Pool, "web")).await, "hers free");
            assert_eq!(named(bob, by(TextField::Pool, "web")).await, "free");
            assert_eq!(named(bob, by(TextField::Hostname, "hers")).await, "");

            // What one did to a machine that is hidden now is still one's own, and says nothing new of the machine.
            let tx = region.store().begin(bob).await.unwrap();
            let row = Audit::new(EventType::Node, "node.test", "Released.").object("machine", &hers);
            tx.commit_nodes(vec![row]).await.unwrap();
            assert_eq!(named(bob, audit()).await, "?");
            assert_eq!(named(bob, EventQuery { level: Some(Level::Audit), ..by(TextField::Pool, "web") }).await, "");
            let seen = super::query(region, bob, EventQuery::of_node(&free, None)).await.unwrap();
            assert!(!seen[0].has_trail && seen[0].ip.is_none() && seen[0].username == "admin");
        })
        .await;
    }
}
