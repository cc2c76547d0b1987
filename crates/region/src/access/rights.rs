//! What everybody holds at one moment, for those who compare people: what-if, access reviews.

use std::{collections::BTreeMap, sync::Arc};

use maas_authz::{Access, Actor, AuthMethod, UserActor};
use maas_model::{PoolId, UserId};
use maas_store::{Connection, access, pool};

use super::actions_of;
use crate::{Region, Result, settings};

/// What everybody holds.
pub(crate) struct Rights {
    /// By name; somebody who holds nothing is not among them.
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) pools: BTreeMap<PoolId, String>,
    /// Machines by pool and owner.
    pub(crate) machines: Vec<(PoolId, Option<UserId>, i64)>,
}

/// A user and what they hold.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) is_active: bool,
    pub(crate) held: Access,
}

impl Rights {
    /// Reads them.
    pub(crate) async fn read(region: &Region, connection: &mut Connection) -> Result<Self> {
        let now = region.clock().now().micros();
        let may_power_free = settings::is_on(region, "user_may_power_free_machines").await?;
        let mut people = BTreeMap::new();
        for row in access::held_by_all(connection, now).await? {
            let none = || {
                let mut held = Access::own_only();
                held.may_power_free = may_power_free;
                Person { id: UserId(row.user_id), is_active: row.is_active == 1, held }
            };
            let person = people.entry(row.username).or_insert_with(none);
            person.held.give(actions_of(row.role_id, &row.actions), row.pool_id.map(PoolId));
        }
        let machines = access::machine_counts(connection).await?;
        let machines =
            machines.into_iter().map(|(pool, owner, count)| (PoolId(pool), owner.map(UserId), count)).collect();
        let pools = pool::list(connection).await?.into_iter().map(|row| (PoolId(row.pool_id), row.name)).collect();
        Ok(Self { people, pools, machines })
    }
}

/// Somebody as if they had just shown their password.
pub(crate) fn as_actor(id: UserId, username: &str, held: &Access) -> Actor {
    let access = Arc::new(held.clone());
    Actor::User(UserActor { id, username: username.to_owned(), access, method: AuthMethod::Password })
}
