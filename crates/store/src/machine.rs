//! Machines through their life: what moves them from one status to the next, and who takes which.

use std::time::Duration;

use maas_authz::GrantedNode;
use maas_model::UserId;

use crate::{Connection, Result, Tx, node::NodeRow, sql::Sql};

pub mod candidates;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// The part of a machine that its life changes. Read it from the row, change it, put it.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    pub owner_id: Option<i64>,
    pub status: i64,
    pub previous_status: i64,
    pub status_expires_us: Option<i64>,
    pub status_message: String,
    pub error_description: String,
    pub is_locked: i64,
    pub is_commissioned: i64,
    pub agent_name: String,
    pub owner_data: String,
    pub netboot: i64,
    pub osystem: String,
    pub distro_series: String,
    pub hwe_kernel: String,
    pub is_ephemeral: i64,
    pub has_hw_sync: i64,
    pub deployed_us: Option<i64>,
}

impl From<&NodeRow> for Life {
    fn from(row: &NodeRow) -> Self {
        Self {
            owner_id: row.owner_id,
            status: row.status,
            previous_status: row.previous_status,
            status_expires_us: row.status_expires_us,
            status_message: row.status_message.clone(),
            error_description: row.error_description.clone(),
            is_locked: row.is_locked,
            is_commissioned: row.is_commissioned,
            agent_name: row.agent_name.clone(),
            owner_data: row.owner_data.clone(),
            netboot: row.netboot,
            osystem: row.osystem.clone(),
            distro_series: row.distro_series.clone(),
            hwe_kernel: row.hwe_kernel.clone(),
            is_ephemeral: row.is_ephemeral,
            has_hw_sync: row.has_hw_sync,
            deployed_us: row.deployed_us,
        }
    }
}

/// Writes the life of a machine that this transaction has locked, and says what it is now.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, node: &GrantedNode<NodeRow>, life: &Life) -> Result<NodeRow> {
    let now = tx.now_us();
    let query = sqlx::query_as(PUT)
        .bind(node.row().node_id)
        .bind(life.owner_id)
        .bind(life.status)
        .bind(life.previous_status)
        .bind(life.status_expires_us)
        .bind(&life.status_message)
        .bind(&life.error_description)
        .bind(life.is_locked)
        .bind(life.is_commissioned)
        .bind(&life.agent_name)
        .bind(&life.owner_data)
        .bind(life.netboot)
        .bind(&life.osystem)
        .bind(&life.distro_series)
        .bind(&life.hwe_kernel)
        .bind(life.is_ephemeral)
        .bind(life.has_hw_sync)
        .bind(life.deployed_us)
        .bind(now);
    Ok(query.fetch_one(&mut **tx).await?)
}

/// Takes a free ready machine for a user; nothing if somebody was quicker. The statement decides the race.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    tx: &mut Tx,
    node: &GrantedNode<NodeRow>,
    owner: UserId,
    agent_name: &str,
    status_message: &str,
) -> Result<Option<NodeRow>> {
    let now = tx.now_us();
    let query =
        sqlx::query_as(CLAIM).bind(node.row().node_id).bind(owner.0).bind(agent_name).bind(status_message).bind(now);
    Ok(query.fetch_optional(&mut **tx).await?)
}

/// The machines of an owner in one status, by id.
///
/// # Errors
/// Those of the database.
pub async fn of_owner(connection: &mut Connection, owner: UserId, status: i64) -> Result<Vec<NodeRow>> {
    let text = "select * from node where owner_id = $1 and status = $2 and node_type = 0 order by node_id";
    Ok(sqlx::query_as(text).bind(owner.0).bind(status).fetch_all(connection).await?)
}

/// System ids of the machines in one status, by id.
///
/// # Errors
/// Those of the database.
pub async fn in_status(connection: &mut Connection, status: i64) -> Result<Vec<String>> {
    let text = "select system_id from node where node_type = 0 and status = $1 order by node_id";
    Ok(sqlx::query_scalar(text).bind(status).fetch_all(connection).await?)
}

/// How many machines without a way to their power wait to be accepted: those that introduced themselves.
///
/// # Errors
/// Those of the database.
pub async fn count_waiting(connection: &mut Connection) -> Result<i64> {
    let text = "select count(*) from node where node_type = 0 and status = 0 and power_type = ''";
    Ok(sqlx::query_scalar(text).fetch_one(connection).await?)
}

/// System ids of the machines whose present step has taken longer than it may.
///
/// # Errors
/// Those of the database.
pub async fn expired(connection: &mut Connection, now_us: i64, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(EXPIRED).bind(now_us).bind(limit).fetch_all(connection).await?)
}

/// Accepted machines with one of these power types that were not asked for their power for a while: those that were never asked
/// first. Each is asked up to `spread` early, by its id.
///
/// # Errors
/// Those of the database.
pub async fn due_for_poll(
    connection: &mut Connection,
    power_types: &[&str],
    now_us: i64,
    period: Duration,
    spread: Duration,
    limit: i64,
) -> Result<Vec<NodeRow>> {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2);
    let seconds = i64::try_from(spread.as_secs()).unwrap_or(1).max(1);
    let mut rows: Vec<NodeRow> = Vec::new();
    for is_first in [true, false] {
        let mut sql = Sql::new("select * from node where node_type = 0 and status <> 0 and ");
        if is_first {
            sql.push("power_queried_us is null");
        } else {
            let latest = now_us - micros(period);
            sql.push("power_queried_us <= ").bind(latest + micros(spread));
            sql.push(" and power_queried_us <= ").bind(latest).push(" + (node_id % ").bind(seconds).push(") * 1000000");
        }
        sql.push(" and ").any(power_types, |sql, kind| _ = sql.push("power_type = ").bind(*kind));
        sql.push(" order by power_queried_us, node_id limit ").bind(limit - i64::try_from(rows.len()).unwrap_or(0));
        rows.extend(sql.query_as::<NodeRow>().fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

/// Notes that these were asked and are as they were.
///
/// # Errors
/// Those of the database.
pub async fn touch_polled(tx: &mut Tx, nodes: &[GrantedNode<NodeRow>]) -> Result<()> {
    if nodes.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("update node set power_queried_us = ");
    sql.bind(tx.now_us()).push(" where ").is_one_of("node_id", nodes.iter().map(|node| node.row().node_id));
    sql.query().execute(&mut **tx).await?;
    Ok(())
}

/// The devices that are parts of a machine, by id.
///
/// # Errors
/// Those of the database.
pub async fn parts(tx: &mut Tx, whole: &GrantedNode<NodeRow>) -> Result<Vec<NodeRow>> {
    let text = "select * from node where parent_id = $1 and node_type = 1 order by node_id";
    Ok(sqlx::query_as(text).bind(whole.row().node_id).fetch_all(&mut **tx).await?)
}

/// Deletes a part of a machine.
///
/// # Errors
/// Those of the database.
pub async fn delete_part(tx: &mut Tx, whole: &GrantedNode<NodeRow>, node_id: i64) -> Result<()> {
    let text = "delete from node where node_id = $1 and parent_id = $2 and node_type = 1";
    sqlx::query(text).bind(node_id).bind(whole.row().node_id).execute(&mut **tx).await?;
    Ok(())
}

/// Makes a part of a machine a device of its own.
///
/// # Errors
/// Those of the database.
pub async fn release_part(tx: &mut Tx, whole: &GrantedNode<NodeRow>, node_id: i64) -> Result<()> {
    let now = tx.now_us();
    let text = "update node set parent_id = null, updated_us = $3, version = version + 1
        where node_id = $1 and parent_id = $2 and node_type = 1";
    sqlx::query(text).bind(node_id).bind(whole.row().node_id).bind(now).execute(&mut **tx).await?;
    Ok(())
}

const PUT: &str = "update node set owner_id = $2, status = $3, previous_status = $4, status_expires_us = $5,
        status_message = $6, error_description = $7, is_locked = $8, is_commissioned = $9, agent_name = $10,
        owner_data = $11, netboot = $12, osystem = $13, distro_series = $14, hwe_kernel = $15, is_ephemeral = $16,
        has_hw_sync = $17, deployed_us = $18, updated_us = $19, version = version + 1
    where node_id = $1 returning *";

/// 4 is Ready, 10 is Allocated.
pub(crate) const CLAIM: &str = "update node set status = 10, previous_status = 4, owner_id = $2, agent_name = $3,
        status_message = $4, status_expires_us = null, updated_us = $5, version = version + 1
    where node_id = $1 and node_type = 0 and status = 4 and owner_id is null and is_locked = 0 returning *";

pub(crate) const EXPIRED: &str = "select system_id from node where status_expires_us is not null
    and status_expires_us <= $1 order by status_expires_us limit $2";

#[cfg(test)]
mod tests {
    use maas_authz::NodeFacts;
    use maas_model::{MachineAction, NodeId, PoolId};

    use super::*;
    use crate::{node, testing::on_each};

    #[tokio::test]
    async fn a_machine_is_claimed_once() {
        on_each(async |db| {
            let (store, ctx) = (db.open().await, db.ctx());
            let mut tx = store.begin(&ctx).await.unwrap();
            let user = testing::user(&mut tx, "ann").await;
            let id = testing::Machine::default().insert(&mut tx, "m1").await;
            let row = node::lock(&mut tx, &id).await.unwrap().unwrap();
            let facts = NodeFacts { id: NodeId(row.node_id), pool: Some(PoolId(0)), owner: None, is_locked: false };
            let granted = ctx.grant_node(MachineAction::Allocate, row, &facts).unwrap();
            let first = claim(&mut tx, &granted, user, "juju", "Allocated").await.unwrap().unwrap();
            assert_eq!((first.status, first.owner_id, first.version), (10, Some(user.0), 2));
            assert!(claim(&mut tx, &granted, user, "", "").await.unwrap().is_none());
            let life = Life { status: 12, status_expires_us: Some(5), ..Life::from(&first) };
            let now = put(&mut tx, &granted, &life).await.unwrap();
            assert_eq!(Life::from(&now), life);
            assert_eq!(expired(&mut tx, 4, 9).await.unwrap(), Vec::<String>::new());
            assert_eq!(expired(&mut tx, 5, 9).await.unwrap(), std::slice::from_ref(&id));
            assert_eq!(in_status(&mut tx, 12).await.unwrap(), [id]);
            assert_eq!(of_owner(&mut tx, user, 12).await.unwrap().len(), 1);
        })
        .await;
    }
}
