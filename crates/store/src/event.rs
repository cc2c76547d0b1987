//! The audit chain. Ids have no gaps; each row's hash covers the hash before it and everything in the row.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use maas_authz::{Actor, OpCtx};
use maas_model::{EventType, Level, Outcome, UserId};
use serde_json::{Value, json};
use sqlx::{Row, any::AnyRow};

use crate::{Backend, Result, StoreError, Tx, sql::Sql};

mod chain;
mod query;

pub use chain::{Broken, Chain, hash_of, head, verify};
pub use query::{Done, EventFilter, Reach, Within, done_since, hostnames, last_hostname, list};

/// What only somebody with the database in their hands could do.
#[cfg(any(test, feature = "testing"))]
pub mod testing {
    use crate::{Result, Tx};

    /// Empties the log as if nothing had ever happened.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget_all(tx: &mut Tx) -> Result<()> {
        let text = "delete from event; update event_head set last_event_id = 0, last_hash = ''";
        sqlx::raw_sql(text).execute(&mut **tx).await?;
        Ok(())
    }
}

/// What the audit log is to say of an operation; who, when and from where come from the operation's context.
#[derive(Clone, Debug)]
pub struct Audit {
    pub level: Level,
    pub kind: EventType,
    /// A stable word: `user.create`, `login`, `tls.enable`. It also names the commit's failpoints.
    pub action: &'static str,
    /// `user`, `ssh-key`, `setting`... or empty.
    pub object_type: &'static str,
    pub object_id: String,
    pub outcome: Outcome,
    /// As in MAAS.
    pub description: String,
    /// What changed, secrets left out.
    pub details: Value,
    /// The user it is about, where the request itself was anonymous (a login).
    pub user: Option<(Option<UserId>, String)>,
    /// How they showed who they are, where the request itself was anonymous.
    pub auth_method: Option<String>,
}

impl Audit {
    /// A row of level `Audit` that tells of a success.
    pub fn new(kind: EventType, action: &'static str, description: impl Into<String>) -> Self {
        Self {
            level: Level::Audit,
            kind,
            action,
            object_type: "",
            object_id: String::new(),
            outcome: Outcome::Success,
            description: description.into(),
            details: Value::Null,
            user: None,
            auth_method: None,
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn object(mut self, kind: &'static str, id: impl ToString) -> Self {
        self.object_type = kind;
        self.object_id = id.to_string();
        self
    }

    /// What changed; never a secret.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// How grave it is, where it is no plain audit row.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Whom it is about, where the request itself was anonymous.
    #[must_use]
    pub fn user(mut self, id: Option<UserId>, name: impl Into<String>) -> Self {
        self.user = Some((id, name.into()));
        self
    }

    /// How they showed who they are, where the request itself was anonymous.
    #[must_use]
    pub fn auth_method(mut self, method: impl Into<String>) -> Self {
        self.auth_method = Some(method.into());
        self
    }
}

/// A row as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    pub event_id: i64,
    pub created_us: i64,
    pub level: i64,
    pub kind: String,
    pub user_id: Option<i64>,
    pub username: String,
    pub auth_method: String,
    pub ip: Option<String>,
    pub user_agent: String,
    pub endpoint: i64,
    pub trace_id: String,
    pub action: String,
    pub object_type: String,
    pub object_id: String,
    pub outcome: String,
    pub description: String,
    pub details: String,
    pub hash: String,
}

impl EventRow {
    /// The hash that this row should carry after `previous`: SHA-256 over it, a line feed, and the row as JSON.
    pub fn hash_after(&self, previous: &str) -> String {
        let body = json!({
            "id": self.event_id, "created_us": self.created_us, "level": self.level, "kind": self.kind,
            "user_id": self.user_id, "username": self.username, "auth_method": self.auth_method, "ip": self.ip,
            "user_agent": self.user_agent, "endpoint": self.endpoint, "trace_id": self.trace_id,
            "action": self.action, "object_type": self.object_type, "object_id": self.object_id,
            "outcome": self.outcome, "description": self.description, "details": self.details,
        });
        HEXLOWER.encode(digest(&SHA256, format!("{previous}\n{}", canonical(&body)).as_bytes()).as_ref())
    }

    fn new(ctx: &OpCtx, audit: &Audit) -> Self {
        let (user_id, username) = actor(ctx, audit);
        Self {
            event_id: 0,
            created_us: ctx.clock.now().micros(),
            level: audit.level as i64,
            kind: audit.kind.as_str().to_owned(),
            user_id: user_id.map(|id| id.0),
            username,
            auth_method: audit.auth_method.clone().unwrap_or_else(|| method(&ctx.actor)),
            ip: ctx.request.ip.map(|ip| ip.to_string()),
            user_agent: clean(&ctx.request.user_agent),
            endpoint: ctx.request.endpoint as i64,
            trace_id: ctx.request.trace_id.clone(),
            action: audit.action.to_owned(),
            object_type: audit.object_type.to_owned(),
            object_id: clean(&audit.object_id),
            outcome: audit.outcome.as_str().to_owned(),
            description: clean(&audit.description),
            details: canonical(&audit.details).to_string(),
            hash: String::new(),
        }
    }
}

/// Which counter a commit raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raise {
    /// Accounts, rights, settings: caches are emptied.
    Changes,
    /// Machines and devices.
    NodeChanges,
    /// Both: what nodes point at has changed, and some nodes with it.
    Both,
    Nothing,
}

/// The counters as a commit leaves them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) changes: u64,
    pub(crate) node_changes: u64,
}

/// Appends the rows to the chain and counts the change. The head row is locked until the commit, so ids have no gaps
/// and their order is the order of commits.
pub(crate) async fn append(tx: &mut Tx, audits: &[Audit], raise: Raise) -> Result<Counts> {
    let head = sqlx::query(
        "update event_head set changes = changes + $1, node_changes = node_changes + $2 where head_id = 1
        returning last_event_id, last_hash, changes, node_changes",
    )
    .bind(i64::from(matches!(raise, Raise::Changes | Raise::Both)))
    .bind(i64::from(matches!(raise, Raise::NodeChanges | Raise::Both)))
    .fetch_one(&mut **tx)
    .await?;
    let mut id: i64 = head.try_get("last_event_id")?;
    let mut hash: String = head.try_get("last_hash")?;
    let mut rows = Vec::with_capacity(audits.len());
    for audit in audits {
        let mut row = EventRow::new(tx.ctx(), audit);
        id += 1;
        row.event_id = id;
        row.hash = row.hash_after(&hash);
        hash.clone_from(&row.hash);
        rows.push(row);
    }
    // Everybody who writes waits for the head row, so few statements are worth it: PostgreSQL takes the last rows and the
    // new head in one.
    let mut chunks = rows.chunks(ROWS_AT_ONCE).peekable();
    while let Some(rows) = chunks.next() {
        let is_last = chunks.peek().is_none();
        if is_last && tx.backend() == Backend::Postgres {
            let mut sql = Sql::new("with added as (");
            push_insert(&mut sql, rows);
            sql.push(") update event_head set last_event_id = ").bind(id);
            sql.push(", last_hash = ").bind(&*hash).push(" where head_id = 1");
            sql.query().execute(&mut **tx).await?;
            continue;
        }
        let mut sql = Sql::default();
        push_insert(&mut sql, rows);
        sql.query().execute(&mut **tx).await?;
        if is_last {
            let text = "update event_head set last_event_id = $1, last_hash = $2 where head_id = 1";
            sqlx::query(text).bind(id).bind(&*hash).execute(&mut **tx).await?;
        }
    }
    let count = |name| head.try_get::<i64, _>(name).map(|count| u64::try_from(count).unwrap_or_default());
    Ok(Counts { changes: count("changes")?, node_changes: count("node_changes")? })
}

fn push_insert(sql: &mut Sql, rows: &[EventRow]) {
    sql.push(
        "insert into event (event_id, created_us, level, kind, user_id, username, auth_method, ip, user_agent, endpoint,
            trace_id, action, object_type, object_id, outcome, description, details, hash) values ",
    );
    for (index, row) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).bind(row.event_id);
        sql.push(", ").bind(row.created_us).push(", ").bind(row.level).push(", ").bind(&*row.kind);
        sql.push(", ").bind(row.user_id).push(", ").bind(&*row.username).push(", ").bind(&*row.auth_method);
        sql.push(", ").bind(row.ip.as_deref()).push(", ").bind(&*row.user_agent).push(", ").bind(row.endpoint);
        sql.push(", ").bind(&*row.trace_id).push(", ").bind(&*row.action).push(", ").bind(&*row.object_type);
        sql.push(", ").bind(&*row.object_id).push(", ").bind(&*row.outcome).push(", ").bind(&*row.description);
        sql.push(", ").bind(&*row.details).push(", ").bind(&*row.hash).push(")");
    }
}

fn actor(ctx: &OpCtx, audit: &Audit) -> (Option<UserId>, String) {
    match (&audit.user, ctx.actor.user()) {
        (Some((id, name)), _) => (*id, clean(name)),
        (None, Some(user)) => (Some(user.id), user.username.clone()),
        (None, None) => (None, clean(&ctx.actor.label())),
    }
}

fn method(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous => String::new(),
        Actor::User(user) => user.method.label(),
        Actor::LocalAdmin { .. } => "cli".to_owned(),
        Actor::Job(_) => "job".to_owned(),
    }
}

/// PostgreSQL takes no NUL in text.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Keys in order, so that equal details have equal text.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), canonical(&map[key]))).collect())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::String(text) => Value::String(clean(text)),
        other => other.clone(),
    }
}

/// As many as either database takes parameters for.
const ROWS_AT_ONCE: usize = 500;

impl TryFrom<AnyRow> for EventRow {
    type Error = StoreError;

    fn try_from(row: AnyRow) -> Result<Self> {
        Ok(Self {
            event_id: row.try_get("event_id")?,
            created_us: row.try_get("created_us")?,
            level: row.try_get("level")?,
            kind: row.try_get("kind")?,
            user_id: row.try_get("user_id")?,
            username: row.try_get("username")?,
            auth_method: row.try_get("auth_method")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            endpoint: row.try_get("endpoint")?,
            trace_id: row.try_get("trace_id")?,
            action: row.try_get("action")?,
            object_type: row.try_get("object_type")?,
            object_id: row.try_get("object_id")?,
            outcome: row.try_get("outcome")?,
            description: row.try_get("description")?,
            details: row.try_get("details")?,
            hash: row.try_get("hash")?,
        })
    }
}
