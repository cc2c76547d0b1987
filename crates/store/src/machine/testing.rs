//! Machines for tests that are not about making machines.

use maas_authz::action::EditIdentities;
use maas_model::{SystemId, UserId};

use crate::{
    Tx,
    user::{self, NewUser},
};

/// A machine with nothing in it but what the test names: ready, of the default pool.
#[derive(Clone, Debug)]
pub struct Machine {
    pub pool_id: i64,
    pub owner: Option<UserId>,
    pub status: i64,
    pub previous_status: i64,
    pub is_locked: bool,
    pub is_commissioned: bool,
    pub cpu_count: i64,
    pub memory_mib: i64,
    pub power_type: &'static str,
    /// A JSON object of texts.
    pub power_parameters: String,
    pub power_state: &'static str,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            pool_id: 0,
            owner: None,
            status: 4,
            previous_status: 1,
            is_locked: false,
            is_commissioned: true,
            cpu_count: 4,
            memory_mib: 4096,
            power_type: "manual",
            power_parameters: "{}".to_owned(),
            power_state: "unknown",
        }
    }
}

impl Machine {
    /// Puts it into the database and says its system id.
    pub async fn insert(&self, tx: &mut Tx, hostname: &str) -> String {
        let id = tx.next_id("node").await.expect("ids do not end");
        let number = SystemId::FIRST + u64::try_from(id).expect("ids are positive");
        let system_id = SystemId::from_number(number).expect("it is in the range").to_string();
        sqlx::query(INSERT)
            .bind(id)
            .bind(&system_id)
            .bind(hostname)
            .bind(self.owner.map(|user| user.0))
            .bind(self.pool_id)
            .bind(self.status)
            .bind(self.previous_status)
            .bind(i64::from(self.is_locked))
            .bind(i64::from(self.is_commissioned))
            .bind(self.cpu_count)
            .bind(self.memory_mib)
            .bind(self.power_type)
            .bind(&self.power_parameters)
            .bind(self.power_state)
            .bind(tx.now_us())
            .execute(&mut **tx)
            .await
            .expect("the machine is a good one");
        system_id
    }
}

/// Adds a user.
pub async fn user(tx: &mut Tx, name: &str) -> UserId {
    let may = tx.ctx().clone().grant::<EditIdentities>().expect("the test's context may do everything");
    let new = NewUser {
        username: name,
        username_folded: name,
        email: None,
        full_name: "",
        password_hash: None,
        role: "user",
        is_system: false,
    };
    user::insert(tx, &may, &new).await.expect("the name is free")
}

const INSERT: &str = "insert into node (node_id, system_id, node_type, hostname, domain_id, description, owner_id, pool_id,
    zone_id, status, previous_status, status_message, error_description, is_locked, is_commissioned, is_dynamic,
    agent_name, owner_data, netboot, osystem, distro_series, hwe_kernel, min_hwe_kernel, is_ephemeral, has_hw_sync,
    has_crash_dump, is_dpu, architecture, cpu_count, cpu_speed, memory_mib, storage_bytes, disk_count, tag_names,
    ip_addresses, power_type, power_parameters, power_state, power_error, script_status, created_us, updated_us, version)
    values ($1, $2, 0, $3, 0, '', $4, $5, 1, $6, $7, '', '', $8, $9, 0, '', '{}', 1, '', '', '', '', 0, 0, 0, 0,
        'amd64/generic', $10, 0, $11, 0, 0, '', '', $12, $13, $14, '', '{}', $15, $15, 1)";
