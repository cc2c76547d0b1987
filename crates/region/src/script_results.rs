//! What scripts said of a machine: sets of results, read by whoever sees the machine.

use std::{collections::BTreeMap, time::Duration};

use maas_authz::{GrantedNode, OpCtx, action::EditGlobalEntities};
use maas_model::{
    EventType, MachineAction, NodeId, ScriptResultId, ScriptSetId, SystemId, Timestamp,
    node::NodeType,
    script::{HardwareType, ResultType, ScriptStatus},
};
use maas_store::{
    Audit, Connection, Tx,
    node::{self, NodeRow},
    script::{self, ScriptResultRow, ScriptSetRow},
};
use serde_json::{Value, json};

use crate::{Error, Region, Result, nodes};

mod record;

pub use record::{NewResult, NewSet, note};
pub(crate) use record::{insert, refresh};

/// Scripts that ran, or are to run, together.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptSet {
    pub id: ScriptSetId,
    pub system_id: SystemId,
    pub result_type: ResultType,
    /// When the machine was last heard of while they ran.
    pub last_ping_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub results: Vec<ScriptResult>,
}

/// A run of one script.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptResult {
    pub id: ScriptResultId,
    pub name: String,
    pub hardware_type: HardwareType,
    pub status: ScriptStatus,
    pub exit_status: Option<i64>,
    /// Both streams as they came.
    pub output: String,
    pub stdout: String,
    pub stderr: String,
    /// YAML that the script wrote.
    pub result: String,
    /// By name: type, value and so on; values of passwords read `REDACTED`.
    pub parameters: Value,
    /// Whether a failure is left out of summaries.
    pub is_suppressed: bool,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

impl ScriptSet {
    /// How the set stands: the worst of its results, suppressed failures aside. None when there is none.
    pub fn status(&self) -> Option<ScriptStatus> {
        ScriptStatus::summary(self.results.iter().filter(|result| result.counts()).map(|result| result.status))
    }

    /// When the first one began.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.results.iter().filter_map(|result| result.started_at).min()
    }

    /// When the last one ended; none while one is under way.
    pub fn ended_at(&self) -> Option<Timestamp> {
        if self.results.iter().any(|result| result.status.is_under_way()) {
            return None;
        }
        self.results.iter().filter_map(|result| result.ended_at).max()
    }

    /// From the first beginning to the last end.
    pub fn runtime(&self) -> Option<Duration> {
        between(self.started_at(), self.ended_at())
    }

    /// Whether all of it is left out of summaries.
    pub fn is_suppressed(&self) -> bool {
        !self.results.is_empty() && self.results.iter().all(|result| result.is_suppressed)
    }
}

impl ScriptResult {
    /// How long it took.
    pub fn runtime(&self) -> Option<Duration> {
        between(self.started_at, self.ended_at)
    }

    /// Whether summaries count it.
    pub fn counts(&self) -> bool {
        !(self.is_suppressed && self.status.is_failure())
    }
}

/// The sets of a machine by id, of one type or of all (`View`). What the scripts printed is left empty unless it is wanted.
///
/// # Errors
/// `NotFound { what: "Node" }`, also for one that the caller may not see.
pub async fn list(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    result_type: Option<ResultType>,
    has_output: bool,
) -> Result<Vec<ScriptSet>> {
    let mut reader = region.store().reader().await?;
    let machine = seen(&mut reader, ctx, system_id).await?;
    let id = NodeId(machine.row().node_id);
    let sets = script::list_sets(&mut reader, id, result_type.map(|kind| kind as i64)).await?;
    filled(&mut reader, machine.row(), sets, has_output).await
}

/// One set, by id or as `current-commissioning`, `current-testing`, `current-installation` (`View`).
///
/// # Errors
/// `NotFound { what: "Node" }` for the machine, `NotFound { what: "ScriptSet" }`.
pub async fn lookup(region: &Region, ctx: &OpCtx, system_id: &str, set: &str) -> Result<ScriptSet> {
    let mut reader = region.store().reader().await?;
    let machine = seen(&mut reader, ctx, system_id).await?;
    let row = find(&mut reader, machine.row(), set).await?;
    filled(&mut reader, machine.row(), vec![row], true).await?.pop().ok_or(NO_SET)
}

/// Leaves the failures of a set, or of one result in it, out of summaries, or counts them again (`EditGlobalEntities`).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn suppress(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    set: &str,
    result: Option<ScriptResultId>,
    is_suppressed: bool,
) -> Result<ScriptSet> {
    let mut tx = region.store().begin(ctx).await?;
    let machine =
        nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::View).await.map_err(any_node)?;
    let row = find(&mut tx, machine.row(), set).await?;
    let may = ctx.grant::<EditGlobalEntities>()?;
    script::set_suppressed(&mut tx, &may, ScriptSetId(row.script_set_id), result, is_suppressed).await?;
    refresh(&mut tx, &machine).await?;
    let changed = filled(&mut tx, machine.row(), vec![row], true).await?.pop().ok_or(NO_SET)?;
    let verb = if is_suppressed { "Suppressed" } else { "Unsuppressed" };
    let text = format!("{verb} script results of '{}'.", machine.row().hostname);
    let details = json!({ "set": changed.id, "result": result });
    tx.commit_nodes(vec![audit("script-result.suppress", text, machine.row()).details(details)]).await?;
    Ok(changed)
}

/// Deletes a set (`EditGlobalEntities`).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, system_id: &str, set: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let machine =
        nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::View).await.map_err(any_node)?;
    let row = find(&mut tx, machine.row(), set).await?;
    let may = ctx.grant::<EditGlobalEntities>()?;
    script::delete_set(&mut tx, &may, ScriptSetId(row.script_set_id)).await?;
    refresh(&mut tx, &machine).await?;
    let text = format!("Deleted script results of '{}'.", machine.row().hostname);
    let details = json!({ "set": row.script_set_id, "result_type": row.result_type });
    Ok(tx.commit_nodes(vec![audit("script-result.delete", text, machine.row()).details(details)]).await?)
}

async fn seen(reader: &mut Connection, ctx: &OpCtx, system_id: &str) -> Result<GrantedNode<NodeRow>> {
    nodes::lookup(reader, ctx, NodeType::Machine, system_id, MachineAction::View).await.map_err(any_node)
}

/// Results stand under `nodes/`, so that is what is not found.
fn any_node(error: Error) -> Error {
    match error {
        Error::NotFound { .. } => Error::NotFound { what: "Node" },
        other => other,
    }
}

async fn find(connection: &mut Connection, machine: &NodeRow, set: &str) -> Result<ScriptSetRow> {
    let node = NodeId(machine.node_id);
    let row = match set.strip_prefix("current-") {
        Some(word) => {
            let known = [ResultType::Commissioning, ResultType::Testing, ResultType::Installation];
            let kind = known.into_iter().find(|kind| kind.as_str() == word).ok_or(NO_SET)?;
            script::latest_set(connection, node, kind as i64).await?
        }
        None => script::find_set(connection, node, ScriptSetId(set.parse().map_err(|_| NO_SET)?)).await?,
    };
    row.ok_or(NO_SET)
}

async fn filled(
    connection: &mut Connection,
    machine: &NodeRow,
    sets: Vec<ScriptSetRow>,
    has_output: bool,
) -> Result<Vec<ScriptSet>> {
    let mut results = BTreeMap::<i64, Vec<ScriptResult>>::new();
    if !sets.is_empty() {
        for row in script::results(connection, &sets, has_output).await? {
            results.entry(row.script_set_id).or_default().push(row.try_into()?);
        }
    }
    let bad = |what: &str| Error::internal(format!("script results of {} hold a bad {what}", machine.system_id));
    let filled = |row: ScriptSetRow| {
        Ok(ScriptSet {
            id: ScriptSetId(row.script_set_id),
            system_id: machine.system_id.parse().map_err(|_| bad("system id"))?,
            result_type: ResultType::from_code(row.result_type).ok_or_else(|| bad("type"))?,
            last_ping_at: row.last_ping_us.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_us),
            results: results.remove(&row.script_set_id).unwrap_or_default(),
        })
    };
    sets.into_iter().map(filled).collect()
}

fn audit(action: &'static str, text: String, machine: &NodeRow) -> Audit {
    Audit::new(EventType::Node, action, text).object("machine", &machine.system_id)
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    let micros = to?.micros().checked_sub(from?.micros())?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// Puts `REDACTED` in place of the values of passwords.
fn redacted(mut parameters: Value) -> Value {
    for parameter in parameters.as_object_mut().into_iter().flat_map(|parameters| parameters.values_mut()) {
        if parameter.get("type").and_then(Value::as_str) == Some("password") {
            for key in ["value", "default"] {
                if let Some(value) = parameter.get_mut(key) {
                    *value = "REDACTED".into();
                }
            }
        }
    }
    parameters
}

impl TryFrom<ScriptResultRow> for ScriptResult {
    type Error = Error;

    fn try_from(row: ScriptResultRow) -> Result<Self> {
        let bad = |what: &str| Error::internal(format!("script result {} has a bad {what}", row.script_result_id));
        Ok(Self {
            id: ScriptResultId(row.script_result_id),
            hardware_type: HardwareType::from_code(row.hardware_type).ok_or_else(|| bad("hardware type"))?,
            status: ScriptStatus::from_code(row.status).ok_or_else(|| bad("status"))?,
            parameters: redacted(serde_json::from_str(&row.parameters).map_err(|_| bad("parameter"))?),
            is_suppressed: row.is_suppressed == 1,
            started_at: row.started_us.map(Timestamp::from_micros),
            ended_at: row.ended_us.map(Timestamp::from_micros),
            updated_at: Timestamp::from_micros(row.updated_us),
            name: row.script_name,
            exit_status: row.exit_status,
            output: row.output,
            stdout: row.stdout,
            stderr: row.stderr,
            result: row.result,
        })
    }
}

const NO_SET: Error = Error::NotFound { what: "ScriptSet" };
