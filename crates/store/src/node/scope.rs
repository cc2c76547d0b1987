//! What somebody may reach, as SQL. It says the same as `MachineScope::covers`; a test compares them.

use maas_authz::{MachineScope, Pools};

use crate::sql::Sql;

/// Adds the condition that machine `n` is in the scope.
pub(crate) fn push(sql: &mut Sql, scope: &MachineScope) {
    push_with(sql, scope, "n.node_type", "n.pool_id");
}

/// The same for a walk along the keys: the signs keep both databases from choosing an index of types or pools, after
/// which they would have to sort.
pub(crate) fn push_by_key(sql: &mut Sql, scope: &MachineScope) {
    push_with(sql, scope, "+n.node_type", "+n.pool_id");
}

fn push_with(sql: &mut Sql, scope: &MachineScope, node_type: &'static str, pool_id: &'static str) {
    sql.push(node_type).push(" = 0 and ");
    if scope.any == Pools::All {
        sql.push(pool_id).push(" is not null");
    } else {
        sql.push("(");
        push_pools(sql, &scope.any, pool_id);
        if let Some(me) = scope.me.filter(|_| !scope.own.is_empty()) {
            sql.push(" or (n.owner_id = ").id(me.0).push(" and ");
            push_pools(sql, &scope.own, pool_id);
            sql.push(")");
        }
        if !scope.free.is_empty() {
            sql.push(" or (n.owner_id is null and ");
            push_pools(sql, &scope.free, pool_id);
            sql.push(")");
        }
        sql.push(")");
    }
    if scope.is_unlocked_only {
        sql.push(" and n.is_locked = 0");
    }
}

fn push_pools(sql: &mut Sql, pools: &Pools, pool_id: &'static str) {
    match pools {
        Pools::All => sql.push(pool_id).push(" is not null"),
        Pools::Only(pools) => sql.is_one_of(pool_id, pools.iter().map(|pool| pool.0)),
    };
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use maas_authz::{
        Access, Action, Actions, Actor, AuthMethod, NodeFacts, UserActor,
        access::Pools,
        machine::{decide_node, scope},
    };
    use maas_model::{MachineAction, NodeId, PoolId, TokenId, TokenScope, UserId};

    use crate::{
        node::{Page, count, list},
        testing::{Dice, TestNode, add_pools, add_users, on_each},
    };

    const POOLS: i64 = 4;
    const USERS: i64 = 3;
    const WORLDS: u64 = 6;

    fn access(dice: &mut Dice) -> Access {
        let mut access = Access::own_only();
        access.may_power_free = dice.one_in(2);
        for _ in 0..dice.below(4) {
            let actions: Actions = Action::ALL.iter().copied().filter(|_| dice.one_in(4)).collect();
            let pool = Some(PoolId(dice.below(POOLS))).filter(|_| !dice.one_in(6));
            access.give(actions, pool);
        }
        let narrow = [PoolId(1), PoolId(2)];
        if dice.one_in(4) { access.narrowed(None, Some(&narrow)) } else { access }
    }

    fn actor(dice: &mut Dice) -> Actor {
        let method = match dice.below(4) {
            0 => AuthMethod::Token(TokenId(1), TokenScope::ReadOnly),
            _ => AuthMethod::Password,
        };
        let access = Arc::new(access(dice));
        Actor::User(UserActor { id: UserId(1 + dice.below(USERS)), username: "x".into(), access, method })
    }

    #[tokio::test]
    async fn a_list_has_exactly_what_is_decided_for_each() {
        on_each(async |db| {
            let store = db.open().await;
            let mut dice = Dice::new(7);
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            add_users(&mut tx, USERS).await;
            add_pools(&mut tx, POOLS).await;
            let mut machines = Vec::new();
            for index in 0..40 {
                let node = TestNode {
                    pool: Some(PoolId(dice.below(POOLS))),
                    owner: Some(UserId(1 + dice.below(USERS))).filter(|_| dice.one_in(2)),
                    is_locked: dice.one_in(3),
                    ..TestNode::default()
                };
                let (id, _) = node.insert(&mut tx, &format!("m{index}")).await;
                let facts = NodeFacts { id: NodeId(id), pool: node.pool, owner: node.owner, is_locked: node.is_locked };
                machines.push(facts);
            }
            TestNode::device(Some(UserId(1))).insert(&mut tx, "a-device").await;
            tx.commit_quietly().await.unwrap();
            let mut reader = store.reader().await.unwrap();
            let page = Page { limit: 100, ..Page::default() };
            let mut actors: Vec<Actor> = (0..WORLDS).map(|_| actor(&mut dice)).collect();
            actors.push(Actor::Job("test"));
            actors.push(Actor::Anonymous);
            for actor in actors {
                for action in MachineAction::ALL {
                    let scope = scope(&actor, action);
                    let listed = list(&mut reader, &scope, &Default::default(), &page).await.unwrap();
                    let listed: Vec<i64> = listed.iter().map(|row| row.node_id).collect();
                    let is_allowed = |facts: &&NodeFacts| decide_node(&actor, action, facts).is_ok();
                    let decided: Vec<i64> = machines.iter().filter(is_allowed).map(|facts| facts.id.0).collect();
                    assert_eq!(listed, decided, "{action} by {actor:?}");
                    let counted = count(&mut reader, &scope, &Default::default()).await.unwrap();
                    assert_eq!(counted, i64::try_from(decided.len()).unwrap());
                }
            }
        })
        .await;
    }

    #[test]
    fn the_cases_are_worth_their_while() {
        let mut dice = Dice::new(7);
        let sees_some = |access: &Access| !matches!(access.visible_pools(), Pools::Only(pools) if pools.is_empty());
        let some = (0..200).map(|_| access(&mut dice)).filter(sees_some).count();
        assert!((60..200).contains(&some), "{some}");
    }
}
