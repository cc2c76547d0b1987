//! What somebody may reach, as SQL. It says the same as `MachineScope::covers`; a test compares them.

use maas_authz::{MachineScope, Pools};

use crate::sql::Sql;

/// Adds the condition that machine `n` is in the scope.
pub(crate) fn push(sql: &mut Sql, scope: &MachineScope) {
    sql.push("n.node_type = 0 and ");
    if scope.any == Pools::All {
        sql.push("n.pool_id is not null");
    } else {
        sql.push("(");
        push_pools(sql, &scope.any);
        if let Some(me) = scope.me.filter(|_| !scope.own.is_empty()) {
            sql.push(" or (n.owner_id = ").id(me.0).push(" and ");
            push_pools(sql, &scope.own);
            sql.push(")");
        }
        if !scope.free.is_empty() {
            sql.push(" or (n.owner_id is null and ");
            push_pools(sql, &scope.free);
            sql.push(")");
        }
        sql.push(")");
    }
    if scope.is_unlocked_only {
        sql.push(" and n.is_locked = 0");
    }
}

fn push_pools(sql: &mut Sql, pools: &Pools) {
    match pools {
        Pools::All => sql.push("n.pool_id is not null"),
        Pools::Only(pools) => sql.is_one_of("n.pool_id", pools.iter().map(|pool| pool.0)),
    };
}
