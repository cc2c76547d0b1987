//! What a user may do and where: made of the bindings that reach them.

use maas_authz::{Access, Action, Actions, role::builtin};
use maas_model::{PoolId, RoleId, Timestamp, UserId};
use maas_store::{Connection, access, access::HeldRow};

use crate::{Region, Result, settings};

pub mod explain;

/// What a user holds, and until when that is certain.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) access: Access,
    /// When the first of the bindings ends.
    pub(crate) ends: Option<Timestamp>,
}

/// What a user holds now.
///
/// # Errors
/// Those of the database.
pub(crate) async fn load(region: &Region, connection: &mut Connection, user: UserId) -> Result<Held> {
    let rows = access::held(connection, user, region.clock().now().micros()).await?;
    let mut held = Access::own_only();
    held.may_power_free = settings::is_on(region, "user_may_power_free_machines").await?;
    for row in &rows {
        held.give(actions_of(row), row.pool_id.map(PoolId));
    }
    let ends = rows.iter().filter_map(|row| row.expires_us).min().map(Timestamp::from_micros);
    Ok(Held { access: held, ends })
}

/// The actions of a role as stored. A word that no program knows any more gives nothing.
fn actions_of(row: &HeldRow) -> Actions {
    match builtin(RoleId(row.role_id)) {
        Some(role) => role.actions,
        None => row.actions.split(' ').filter_map(|word| word.parse::<Action>().ok()).collect(),
    }
}
