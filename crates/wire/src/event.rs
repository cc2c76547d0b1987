//! Events.

use serde::{Deserialize, Serialize};

/// One event. The first eight members are MAAS's; the others are told to those who may read the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The actor's name, `unknown` when there is none.
    pub username: String,
    /// The machine's id, or nothing.
    pub node: Option<String>,
    pub hostname: String,
    pub id: i64,
    /// `AUDIT`, `INFO`...
    pub level: String,
    /// `Fri, 07 Dec. 2018 20:11:08`
    pub created: String,
    /// `Authorisation`
    #[serde(rename = "type")]
    pub kind: String,
    pub description: String,
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
}

/// What an auditor asks of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// RFC 3339 with milliseconds, UTC.
    pub time: String,
    /// `user.create`
    pub action: String,
    pub outcome: String,
    pub auth_method: String,
    pub ip_address: Option<String>,
    pub user_agent: String,
    pub endpoint: String,
    pub trace_id: String,
    pub object_type: String,
    pub object_id: String,
    pub details: serde_json::Value,
    pub hash: String,
}

/// A page of events, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventPage {
    pub count: usize,
    pub events: Vec<Event>,
    pub next_uri: Option<String>,
    pub prev_uri: Option<String>,
}
