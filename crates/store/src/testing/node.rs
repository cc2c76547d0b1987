//! Nodes for tests that are not about making nodes.

use maas_model::{PoolId, SystemId, UserId, ZoneId};

use crate::Tx;

/// A node with nothing in it but what the test names: a ready machine of the default pool.
#[derive(Clone, Debug)]
pub struct TestNode {
    pub node_type: i64,
    pub pool: Option<PoolId>,
    pub zone: ZoneId,
    pub owner: Option<UserId>,
    pub status: i64,
    pub is_locked: bool,
}

impl Default for TestNode {
    fn default() -> Self {
        Self { node_type: 0, pool: Some(PoolId(0)), zone: ZoneId(1), owner: None, status: 4, is_locked: false }
    }
}

impl TestNode {
    /// A device.
    pub fn device(owner: Option<UserId>) -> Self {
        Self { node_type: 1, pool: None, owner, status: 0, ..Self::default() }
    }

    /// Puts it into the database and says its number and system id.
    pub async fn insert(&self, tx: &mut Tx, hostname: &str) -> (i64, String) {
        let id = tx.next_id("node").await.expect("ids do not end");
        let number = SystemId::FIRST + u64::try_from(id).expect("ids are positive");
        let system_id = SystemId::from_number(number).expect("it is in the range").to_string();
        sqlx::query(INSERT)
            .bind(id)
            .bind(&system_id)
            .bind(self.node_type)
            .bind(hostname)
            .bind(self.owner.map(|user| user.0))
            .bind(self.pool.map(|pool| pool.0))
            .bind(self.zone.0)
            .bind(self.status)
            .bind(i64::from(self.is_locked))
            .bind(tx.now_us())
            .execute(&mut **tx)
            .await
            .expect("the node is a good one");
        (id, system_id)
    }
}

const INSERT: &str = "insert into node (node_id, system_id, node_type, hostname, domain_id, description, owner_id, pool_id,
    zone_id, status, previous_status, status_message, error_description, is_locked, is_commissioned, is_dynamic,
    agent_name, owner_data, netboot, osystem, distro_series, hwe_kernel, min_hwe_kernel, is_ephemeral, has_hw_sync,
    has_crash_dump, is_dpu, architecture, cpu_count, cpu_speed, memory_mib, storage_bytes, disk_count, tag_names,
    ip_addresses, power_type, power_parameters, power_state, power_error, script_status, created_us, updated_us, version)
    values ($1, $2, $3, $4, 0, '', $5, $6, $7, $8, 0, '', '', $9, 1, 0, '', '{}', 1, '', '', '', '', 0, 0, 0, 0, '', 0, 0, 0,
        0, 0, '', '', '', '{}', 'unknown', '', '{}', $10, $10, 1)";
