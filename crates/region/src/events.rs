//! The event log: queries as API 2.0 asks them, filters for people, proof and export.

use std::net::IpAddr;

use maas_authz::OpCtx;
use maas_model::{Endpoint, EventId, EventType, Level, Outcome, Timestamp};
use serde_json::Value;

use crate::{Region, Result};

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
    let _ = (region, ctx, query);
    unimplemented!("core")
}

/// Walks the whole chain (`ViewAudit`).
///
/// # Errors
/// `Denied`, `Internal`. A broken chain is an answer and no error.
pub async fn verify(region: &Region, ctx: &OpCtx) -> Result<Verified> {
    let _ = (region, ctx);
    unimplemented!("core")
}
