//! New nodes.

use super::NodeRow;
use crate::{Result, Tx, sql::Sql};

/// Adds a node; its id and times are given here, whatever the row says. What needs a right of whoever adds it (owner,
/// pool, status) has been decided above.
///
/// # Errors
/// `Unique` in `node.system_id` or `node.hostname`.
pub async fn insert(tx: &mut Tx, new: &NodeRow) -> Result<NodeRow> {
    let now = tx.now_us();
    let row = NodeRow { node_id: tx.next_id("node").await?, created_us: now, updated_us: now, ..new.clone() };
    statement(&row).query().execute(&mut **tx).await?;
    Ok(row)
}

macro_rules! every_column {
    ($first:ident $(, $name:ident)+ $(,)?) => {
        fn statement(row: &NodeRow) -> Sql {
            let NodeRow { $first $(, $name)+ } = row.clone();
            let mut sql = Sql::new(concat!(
                "insert into node (", stringify!($first) $(, ", ", stringify!($name))+, ") values ("
            ));
            sql.bind($first);
            $(sql.push(", ").bind($name);)+
            sql.push(")");
            sql
        }
    };
}

// The pattern inside names every field, so a column that is missing here does not compile.
every_column!(
    node_id,
    system_id,
    node_type,
    hostname,
    domain_id,
    description,
    owner_id,
    pool_id,
    zone_id,
    parent_id,
    status,
    previous_status,
    status_expires_us,
    status_message,
    error_description,
    is_locked,
    is_commissioned,
    is_dynamic,
    agent_name,
    owner_data,
    netboot,
    osystem,
    distro_series,
    hwe_kernel,
    min_hwe_kernel,
    is_ephemeral,
    has_hw_sync,
    has_crash_dump,
    is_dpu,
    deployed_us,
    architecture,
    cpu_count,
    cpu_speed,
    memory_mib,
    swap_bytes,
    storage_bytes,
    disk_count,
    hardware_uuid,
    bios_boot_method,
    boot_interface_id,
    boot_disk_id,
    boot_mac,
    tag_names,
    ip_addresses,
    power_type,
    power_parameters,
    power_state,
    power_state_us,
    power_queried_us,
    power_error,
    script_status,
    created_us,
    updated_us,
    version,
);
