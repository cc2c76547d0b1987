//! Machines and devices, as stored. Who may see or change which is decided above; what changes one wants the grant.

use crate::{Backend, Connection, Result, Tx};

mod change;
mod document;
pub(crate) mod filter;
mod insert;
mod list;
mod owned;
pub(crate) mod scope;
mod tag;

pub use change::{
    Deployment, PowerReading, Settings, StatusChange, Summary, delete, set_deployment, set_hardware, set_lock,
    set_owner, set_owner_data, set_pool, set_power, set_power_reading, set_script_status, set_settings, set_status,
    set_status_message, set_zone,
};
pub use document::{Facts, bodies, facts, inventory, set_body, set_inventory};
pub use insert::insert;
#[cfg(test)]
pub(crate) use list::CHANGED_SINCE;
pub use list::{
    ChangedRow, Cursor, DetailedRow, Group, GroupRow, Page, PlaceRow, Sort, changed_since, count, count_by,
    find_detailed, find_each, find_many, list, list_detailed, list_devices, places,
};
pub use owned::{lock_owned, owned};
pub use tag::{refresh_tag_names, refresh_tag_names_of, tag_names};

/// A node. Flags are 0 or 1.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
pub struct NodeRow {
    pub node_id: i64,
    pub system_id: String,
    pub node_type: i64,
    pub hostname: String,
    pub domain_id: i64,
    pub description: String,
    pub owner_id: Option<i64>,
    pub pool_id: Option<i64>,
    pub zone_id: i64,
    pub parent_id: Option<i64>,
    pub status: i64,
    pub previous_status: i64,
    pub status_expires_us: Option<i64>,
    pub status_message: String,
    pub error_description: String,
    pub is_locked: i64,
    pub is_commissioned: i64,
    pub is_dynamic: i64,
    pub agent_name: String,
    pub owner_data: String,
    pub netboot: i64,
    pub osystem: String,
    pub distro_series: String,
    pub hwe_kernel: String,
    pub min_hwe_kernel: String,
    pub is_ephemeral: i64,
    pub has_hw_sync: i64,
    pub has_crash_dump: i64,
    pub is_dpu: i64,
    pub deployed_us: Option<i64>,
    pub architecture: String,
    pub cpu_count: i64,
    pub cpu_speed: i64,
    pub memory_mib: i64,
    pub swap_bytes: Option<i64>,
    pub storage_bytes: i64,
    pub disk_count: i64,
    pub hardware_uuid: Option<String>,
    pub bios_boot_method: Option<String>,
    pub boot_interface_id: Option<i64>,
    pub boot_disk_id: Option<i64>,
    pub boot_mac: Option<String>,
    pub tag_names: String,
    pub ip_addresses: String,
    pub power_type: String,
    pub power_parameters: String,
    pub power_state: String,
    pub power_state_us: Option<i64>,
    pub power_queried_us: Option<i64>,
    pub power_error: String,
    pub script_status: String,
    pub created_us: i64,
    pub updated_us: i64,
    pub version: i64,
}

impl NodeRow {
    /// A node of which nothing is known yet, in the default zone.
    pub fn blank() -> Self {
        Self {
            zone_id: 1,
            owner_data: "{}".to_owned(),
            power_parameters: "{}".to_owned(),
            power_state: "unknown".to_owned(),
            script_status: "{}".to_owned(),
            netboot: 1,
            version: 1,
            ..Self::default()
        }
    }
}

/// The node of this id.
///
/// # Errors
/// Those of the database.
pub async fn find_by_id(connection: &mut Connection, id: maas_model::NodeId) -> Result<Option<NodeRow>> {
    Ok(sqlx::query_as("select * from node where node_id = $1").bind(id.0).fetch_optional(connection).await?)
}

/// Whether there is a node of this name in the domain.
///
/// # Errors
/// Those of the database.
pub async fn has_hostname(connection: &mut Connection, hostname: &str, domain_id: i64) -> Result<bool> {
    let query = sqlx::query("select node_id from node where hostname = $1 and domain_id = $2");
    Ok(query.bind(hostname).bind(domain_id).fetch_optional(connection).await?.is_some())
}

/// The node of this system id.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, system_id: &str) -> Result<Option<NodeRow>> {
    Ok(sqlx::query_as(BY_SYSTEM_ID).bind(system_id).fetch_optional(connection).await?)
}

/// The same, and nobody else changes it until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, system_id: &str) -> Result<Option<NodeRow>> {
    let text = match tx.backend() {
        // SQLite has one writer anyway.
        Backend::Sqlite => BY_SYSTEM_ID,
        Backend::Postgres => "select * from node where system_id = $1 for update",
    };
    Ok(sqlx::query_as(text).bind(system_id).fetch_optional(&mut **tx).await?)
}

pub(crate) const BY_SYSTEM_ID: &str = "select * from node where system_id = $1";
