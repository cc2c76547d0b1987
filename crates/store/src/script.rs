//! Runs of scripts on machines, as stored: sets of results.

use maas_authz::{Granted, GrantedNode, Site, action::EditGlobalEntities};
use maas_model::{NodeId, ScriptResultId, ScriptSetId};

use crate::{Connection, Result, Tx, node::NodeRow, sql::Sql};

/// Scripts that ran, or are to run, together.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ScriptSetRow {
    pub script_set_id: i64,
    pub node_id: i64,
    pub result_type: i64,
    /// The machine's power before it began.
    pub power_state: String,
    pub last_ping_us: Option<i64>,
    pub created_us: i64,
}

/// A run of one script. Flags are 0 or 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ScriptResultRow {
    pub script_result_id: i64,
    pub script_set_id: i64,
    pub script_name: String,
    pub hardware_type: i64,
    pub status: i64,
    pub exit_status: Option<i64>,
    /// Both streams as they came.
    pub output: String,
    pub stdout: String,
    pub stderr: String,
    /// YAML that the script wrote.
    pub result: String,
    /// A JSON object; values of passwords are never in it.
    pub parameters: String,
    pub is_suppressed: i64,
    pub started_us: Option<i64>,
    pub ended_us: Option<i64>,
    pub updated_us: i64,
}

/// A node's sets by id, of one type or of all.
///
/// # Errors
/// Those of the database.
pub async fn list_sets(
    connection: &mut Connection,
    node: NodeId,
    result_type: Option<i64>,
) -> Result<Vec<ScriptSetRow>> {
    let mut sql = Sql::new("select * from script_set where node_id = ");
    sql.id(node.0);
    if let Some(result_type) = result_type {
        sql.push(" and result_type = ").bind(result_type);
    }
    sql.push(" order by script_set_id");
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// One of a node's sets.
///
/// # Errors
/// Those of the database.
pub async fn find_set(connection: &mut Connection, node: NodeId, id: ScriptSetId) -> Result<Option<ScriptSetRow>> {
    let query = sqlx::query_as("select * from script_set where node_id = $1 and script_set_id = $2");
    Ok(query.bind(node.0).bind(id.0).fetch_optional(connection).await?)
}

/// A node's latest set of a type.
///
/// # Errors
/// Those of the database.
pub async fn latest_set(connection: &mut Connection, node: NodeId, result_type: i64) -> Result<Option<ScriptSetRow>> {
    let query = sqlx::query_as(
        "select * from script_set where node_id = $1 and result_type = $2 order by script_set_id desc limit 1",
    );
    Ok(query.bind(node.0).bind(result_type).fetch_optional(connection).await?)
}

/// The results in these sets, by set and id; what scripts printed can be long, and is left empty unless it is wanted.
///
/// # Errors
/// Those of the database.
pub async fn results(
    connection: &mut Connection,
    sets: &[ScriptSetRow],
    has_output: bool,
) -> Result<Vec<ScriptResultRow>> {
    let mut sql = Sql::new(
        "select script_result_id, script_set_id, script_name, hardware_type, status, exit_status, parameters,
            is_suppressed, started_us, ended_us, updated_us, ",
    );
    sql.push(if has_output {
        "output, stdout, stderr, result"
    } else {
        "'' as output, '' as stdout, '' as stderr, '' as result"
    });
    sql.push(" from script_result where ");
    sql.is_one_of("script_set_id", sets.iter().map(|set| set.script_set_id));
    sql.push(" order by script_set_id, script_result_id");
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// Adds a set, and lets go of the oldest ones of its type beyond `kept`.
///
/// # Errors
/// Those of the database.
pub async fn insert_set(
    tx: &mut Tx,
    may: &GrantedNode<NodeRow>,
    result_type: i64,
    power_state: &str,
    kept: i64,
) -> Result<ScriptSetRow> {
    let row = ScriptSetRow {
        script_set_id: tx.next_id("script_set").await?,
        node_id: may.row().node_id,
        result_type,
        power_state: power_state.to_owned(),
        last_ping_us: None,
        created_us: tx.now_us(),
    };
    sqlx::query(
        "insert into script_set (script_set_id, node_id, result_type, power_state, created_us)
        values ($1, $2, $3, $4, $5)",
    )
    .bind(row.script_set_id)
    .bind(row.node_id)
    .bind(row.result_type)
    .bind(&row.power_state)
    .bind(row.created_us)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "delete from script_set where node_id = $1 and result_type = $2 and script_set_id not in (
            select script_set_id from script_set where node_id = $1 and result_type = $2
            order by script_set_id desc limit $3)",
    )
    .bind(row.node_id)
    .bind(row.result_type)
    .bind(kept)
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Adds a result to a set of this node; its id and time are given here.
///
/// # Errors
/// `Reference` when the set has gone.
pub async fn insert_result(tx: &mut Tx, _may: &GrantedNode<NodeRow>, new: &ScriptResultRow) -> Result<ScriptResultRow> {
    let row = ScriptResultRow {
        script_result_id: tx.next_id("script_result").await?,
        updated_us: tx.now_us(),
        ..new.clone()
    };
    sqlx::query(
        "insert into script_result (script_result_id, script_set_id, script_name, hardware_type, status, exit_status,
            output, stdout, stderr, result, parameters, is_suppressed, started_us, ended_us, updated_us)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(row.script_result_id)
    .bind(row.script_set_id)
    .bind(&row.script_name)
    .bind(row.hardware_type)
    .bind(row.status)
    .bind(row.exit_status)
    .bind(&row.output)
    .bind(&row.stdout)
    .bind(&row.stderr)
    .bind(&row.result)
    .bind(&row.parameters)
    .bind(row.is_suppressed)
    .bind(row.started_us)
    .bind(row.ended_us)
    .bind(row.updated_us)
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Writes how a run stands now: status, outputs, times. Whether there is such a run on this node.
///
/// # Errors
/// Those of the database.
pub async fn update_result(tx: &mut Tx, may: &GrantedNode<NodeRow>, row: &ScriptResultRow) -> Result<bool> {
    let done = sqlx::query(
        "update script_result set status = $2, exit_status = $3, output = $4, stdout = $5, stderr = $6, result = $7,
            started_us = $8, ended_us = $9, updated_us = $10
        where script_result_id = $1
            and script_set_id in (select script_set_id from script_set where node_id = $11)",
    )
    .bind(row.script_result_id)
    .bind(row.status)
    .bind(row.exit_status)
    .bind(&row.output)
    .bind(&row.stdout)
    .bind(&row.stderr)
    .bind(&row.result)
    .bind(row.started_us)
    .bind(row.ended_us)
    .bind(tx.now_us())
    .bind(may.row().node_id)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets a run count in summaries, or not.
///
/// # Errors
/// Those of the database.
pub async fn set_suppressed(
    tx: &mut Tx,
    _may: &Granted<Site, EditGlobalEntities>,
    set: ScriptSetId,
    result: Option<ScriptResultId>,
    is_suppressed: bool,
) -> Result<()> {
    sqlx::query(
        "update script_result set is_suppressed = $3, updated_us = $4
        where script_set_id = $1 and ($2 is null or script_result_id = $2)",
    )
    .bind(set.0)
    .bind(result.map(|id| id.0))
    .bind(i64::from(is_suppressed))
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes a set with its results.
///
/// # Errors
/// Those of the database.
pub async fn delete_set(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, id: ScriptSetId) -> Result<()> {
    sqlx::query("delete from script_set where script_set_id = $1").bind(id.0).execute(&mut **tx).await?;
    Ok(())
}
