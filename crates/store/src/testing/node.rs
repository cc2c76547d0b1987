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

/// Adds users until those with the ids 1 to `count` are there.
pub async fn add_users(tx: &mut Tx, count: i64) {
    for id in 1..=count {
        sqlx::query(
            "insert into user_account (user_id, username, username_folded, full_name, is_active, is_local, is_system,
                completed_intro, created_us, updated_us, version, realm, subject)
            values ($1, $2, $2, '', 1, 1, 0, 1, 0, 0, 1, 'local', $2)",
        )
        .bind(id)
        .bind(format!("user{id}"))
        .execute(&mut **tx)
        .await
        .expect("the user is a good one");
    }
}

/// Adds pools until those with the ids 0 to `count - 1` are there.
pub async fn add_pools(tx: &mut Tx, count: i64) {
    for id in 1..count {
        sqlx::query(
            "insert into resource_pool (pool_id, name, description, created_us, updated_us, version)
            values ($1, $2, '', 0, 0, 1)",
        )
        .bind(id)
        .bind(format!("pool{id}"))
        .execute(&mut **tx)
        .await
        .expect("the pool is a good one");
    }
}

/// Numbers that look thrown and are the same each time.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A row of numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to `end - 1`.
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 33).expect("31 bits") % end
    }

    /// True so often.
    pub fn one_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }
}
