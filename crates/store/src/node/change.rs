//! Changes, each of a few columns. Whoever calls shows what they were allowed to do; what is written is the caller's part.

use maas_authz::GrantedNode;
use maas_model::{PoolId, PowerState, Status, Timestamp, UserId, ZoneId};

use super::NodeRow;
use crate::{Result, Tx, sql::Sql};

type May = GrantedNode<NodeRow>;

/// What people set of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub hostname: String,
    pub domain_id: i64,
    pub description: String,
    pub parent_id: Option<i64>,
    pub architecture: String,
    pub min_hwe_kernel: String,
    pub cpu_count: i64,
    pub memory_mib: i64,
    pub swap_bytes: Option<i64>,
    pub has_crash_dump: bool,
}

/// A step of the life cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange<'a> {
    pub status: Status,
    pub previous: Status,
    /// When the step is given up.
    pub expires_at: Option<Timestamp>,
    pub message: &'a str,
    /// Why it is broken or failed; empty when it is not.
    pub error: &'a str,
}

/// What is to be, or is, on a machine's disks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment<'a> {
    pub osystem: &'a str,
    pub distro_series: &'a str,
    pub hwe_kernel: &'a str,
    pub is_ephemeral: bool,
    pub has_hw_sync: bool,
    pub has_crash_dump: bool,
    pub netboot: bool,
    pub deployed_at: Option<Timestamp>,
}

/// What the hardware adds up to, for lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub cpu_count: i64,
    pub cpu_speed_mhz: i64,
    pub memory_mib: i64,
    pub storage_bytes: i64,
    pub disk_count: i64,
    pub hardware_uuid: Option<String>,
    pub bios_boot_method: Option<String>,
    pub boot_interface_id: Option<i64>,
    pub boot_disk_id: Option<i64>,
    pub boot_mac: Option<String>,
    /// In order.
    pub ip_addresses: Vec<String>,
}

/// What was heard of a node's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerReading<'a> {
    pub state: PowerState,
    /// What went wrong; empty when nothing did.
    pub error: &'a str,
}

impl From<&NodeRow> for Settings {
    fn from(row: &NodeRow) -> Self {
        Self {
            hostname: row.hostname.clone(),
            domain_id: row.domain_id,
            description: row.description.clone(),
            parent_id: row.parent_id,
            architecture: row.architecture.clone(),
            min_hwe_kernel: row.min_hwe_kernel.clone(),
            cpu_count: row.cpu_count,
            memory_mib: row.memory_mib,
            swap_bytes: row.swap_bytes,
            has_crash_dump: row.has_crash_dump == 1,
        }
    }
}

/// Changes what people set.
///
/// # Errors
/// `Unique` in `node.hostname`.
pub async fn set_settings(tx: &mut Tx, may: &May, to: &Settings) -> Result<()> {
    let mut sql = Sql::new("update node set hostname = ");
    sql.bind(to.hostname.as_str()).push(", domain_id = ").bind(to.domain_id);
    sql.push(", description = ").bind(to.description.as_str()).push(", parent_id = ").bind(to.parent_id);
    sql.push(", architecture = ").bind(to.architecture.as_str());
    sql.push(", min_hwe_kernel = ").bind(to.min_hwe_kernel.as_str());
    sql.push(", cpu_count = ").bind(to.cpu_count).push(", memory_mib = ").bind(to.memory_mib);
    sql.push(", swap_bytes = ").bind(to.swap_bytes);
    sql.push(", has_crash_dump = ").bind(i64::from(to.has_crash_dump));
    run(tx, may, sql).await
}

/// Moves a machine to a pool.
///
/// # Errors
/// `Reference` when the pool has gone.
pub async fn set_pool(tx: &mut Tx, may: &May, pool: PoolId) -> Result<()> {
    let mut sql = Sql::new("update node set pool_id = ");
    sql.bind(pool.0);
    run(tx, may, sql).await
}

/// Moves a node to a zone.
///
/// # Errors
/// `Reference` when the zone has gone.
pub async fn set_zone(tx: &mut Tx, may: &May, zone: ZoneId) -> Result<()> {
    let mut sql = Sql::new("update node set zone_id = ");
    sql.bind(zone.0);
    run(tx, may, sql).await
}

/// Gives a node to somebody, or to nobody.
///
/// # Errors
/// `Reference` when the user has gone.
pub async fn set_owner(tx: &mut Tx, may: &May, owner: Option<UserId>, agent_name: &str) -> Result<()> {
    let mut sql = Sql::new("update node set owner_id = ");
    sql.bind(owner.map(|owner| owner.0)).push(", agent_name = ").bind(agent_name);
    run(tx, may, sql).await
}

/// Sets the workload annotations, a JSON object of texts.
///
/// # Errors
/// Those of the database.
pub async fn set_owner_data(tx: &mut Tx, may: &May, json: &str) -> Result<()> {
    let mut sql = Sql::new("update node set owner_data = ");
    sql.bind(json);
    run(tx, may, sql).await
}

/// Locks or unlocks a node.
///
/// # Errors
/// Those of the database.
pub async fn set_lock(tx: &mut Tx, may: &May, is_locked: bool) -> Result<()> {
    let mut sql = Sql::new("update node set is_locked = ");
    sql.bind(i64::from(is_locked));
    run(tx, may, sql).await
}

/// Takes a step of the life cycle, as `model`'s transition said.
///
/// # Errors
/// Those of the database.
pub async fn set_status(tx: &mut Tx, may: &May, to: &StatusChange<'_>) -> Result<()> {
    let mut sql = Sql::new("update node set status = ");
    sql.bind(to.status.code()).push(", previous_status = ").bind(to.previous.code());
    sql.push(", status_expires_us = ").bind(to.expires_at.map(|at| at.micros()));
    sql.push(", status_message = ").bind(to.message).push(", error_description = ").bind(to.error);
    run(tx, may, sql).await
}

/// Says in words what happens now.
///
/// # Errors
/// Those of the database.
pub async fn set_status_message(tx: &mut Tx, may: &May, message: &str) -> Result<()> {
    let mut sql = Sql::new("update node set status_message = ");
    sql.bind(message);
    run(tx, may, sql).await
}

/// Notes what is to be, or is, on the disks.
///
/// # Errors
/// Those of the database.
pub async fn set_deployment(tx: &mut Tx, may: &May, to: &Deployment<'_>) -> Result<()> {
    let mut sql = Sql::new("update node set osystem = ");
    sql.bind(to.osystem).push(", distro_series = ").bind(to.distro_series);
    sql.push(", hwe_kernel = ").bind(to.hwe_kernel);
    sql.push(", is_ephemeral = ").bind(i64::from(to.is_ephemeral));
    sql.push(", has_hw_sync = ").bind(i64::from(to.has_hw_sync));
    sql.push(", has_crash_dump = ").bind(i64::from(to.has_crash_dump));
    sql.push(", netboot = ").bind(i64::from(to.netboot));
    sql.push(", deployed_us = ").bind(to.deployed_at.map(|at| at.micros()));
    run(tx, may, sql).await
}

/// Sets the driver and its parameters, a JSON object without the secret ones. What was heard of the power before was
/// heard by another driver.
///
/// # Errors
/// Those of the database.
pub async fn set_power(tx: &mut Tx, may: &May, power_type: &str, parameters: &str) -> Result<()> {
    let mut sql = Sql::new("update node set power_type = ");
    sql.bind(power_type).push(", power_parameters = ").bind(parameters).push(", power_error = ''");
    if power_type != may.row().power_type {
        sql.push(", power_state = 'unknown', power_state_us = null, power_queried_us = null");
    }
    run(tx, may, sql).await
}

/// Notes what was heard of the power. A node whose state is as it was counts as unchanged.
///
/// # Errors
/// Those of the database.
pub async fn set_power_reading(tx: &mut Tx, may: &May, reading: PowerReading<'_>) -> Result<()> {
    let now = tx.now_us();
    let mut sql = Sql::new("update node set power_queried_us = ");
    sql.bind(now).push(", power_state = ").bind(reading.state.as_str()).push(", power_error = ").bind(reading.error);
    if reading.state.as_str() == may.row().power_state && reading.error == may.row().power_error {
        sql.push(" where node_id = ").bind(may.row().node_id);
        sql.query().execute(&mut **tx).await?;
        return Ok(());
    }
    sql.push(", power_state_us = ").bind(now);
    run(tx, may, sql).await
}

/// Notes how the latest scripts stand, a JSON object of numbers by kind.
///
/// # Errors
/// Those of the database.
pub async fn set_script_status(tx: &mut Tx, may: &May, json: &str) -> Result<()> {
    let mut sql = Sql::new("update node set script_status = ");
    sql.bind(json);
    run(tx, may, sql).await
}

/// Notes what the hardware adds up to.
///
/// # Errors
/// Those of the database.
pub async fn set_hardware(tx: &mut Tx, may: &May, to: &Summary) -> Result<()> {
    let addresses = if to.ip_addresses.is_empty() { String::new() } else { format!(" {} ", to.ip_addresses.join(" ")) };
    let mut sql = Sql::new("update node set cpu_count = ");
    sql.bind(to.cpu_count).push(", cpu_speed = ").bind(to.cpu_speed_mhz);
    sql.push(", memory_mib = ").bind(to.memory_mib).push(", storage_bytes = ").bind(to.storage_bytes);
    sql.push(", disk_count = ").bind(to.disk_count);
    sql.push(", hardware_uuid = ").bind(to.hardware_uuid.as_deref());
    sql.push(", bios_boot_method = ").bind(to.bios_boot_method.as_deref());
    sql.push(", boot_interface_id = ").bind(to.boot_interface_id).push(", boot_disk_id = ").bind(to.boot_disk_id);
    sql.push(", boot_mac = ").bind(to.boot_mac.as_deref()).push(", ip_addresses = ").bind(addresses);
    run(tx, may, sql).await
}

/// Deletes a node with all that is part of it.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, may: &May) -> Result<()> {
    sqlx::query("delete from node where node_id = $1").bind(may.row().node_id).execute(&mut **tx).await?;
    Ok(())
}

async fn run(tx: &mut Tx, may: &May, mut sql: Sql) -> Result<()> {
    sql.push(", version = version + 1, updated_us = ").bind(tx.now_us());
    sql.push(" where node_id = ").bind(may.row().node_id);
    sql.query().execute(&mut **tx).await?;
    Ok(())
}
