//! The rules against the matrix told a second time, in the plainest words: for any bindings, any token, any machine and any
//! action, the answer for one machine, the scope of lists and this oracle agree.

use std::sync::Arc;

use maas_authz::{
    Access, Actions, Actor, AuthMethod, NodeFacts, NodeRefusal, UserActor,
    machine::{decide_node, scope},
    role::BUILTIN,
};
use maas_model::{MachineAction as M, NodeId, PoolId, TokenId, TokenScope, UserId};
use proptest::prelude::*;

/// What somebody holds: roles by name, on a pool or on the whole site.
type Bindings = Vec<(usize, Option<i64>)>;

#[derive(Clone, Debug)]
struct Case {
    bindings: Bindings,
    /// A role and pools to which a token is narrowed.
    token: Option<(Option<usize>, Option<Vec<i64>>)>,
    is_read_only: bool,
    may_power_free: bool,
    action: M,
    pool: i64,
    owner: Option<i64>,
    is_locked: bool,
}

const ME: i64 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    Hidden,
}

/// The roles that count for a machine of this pool: those on the pool and those on the whole site.
fn has(case: &Case, names: &[usize]) -> bool {
    let is_held = case.bindings.iter().any(|(role, pool)| names.contains(role) && pool.is_none_or(|p| p == case.pool));
    let in_token = match &case.token {
        None => true,
        Some((role, pools)) => {
            role.is_none_or(|role| names.contains(&role))
                && pools.as_ref().is_none_or(|pools| pools.contains(&case.pool))
        }
    };
    is_held && in_token
}

const ADMINISTRATOR: usize = 0;
const OPERATOR: usize = 1;
const USER: usize = 2;
const AUDITOR: usize = 3;

/// The matrix of roles and machines, row by row.
fn oracle(case: &Case) -> Said {
    let own = case.owner == Some(ME);
    let free = case.owner.is_none();
    // Who operates all machines of the pool, who sees them all, who takes free ones and keeps their own.
    let operates = has(case, &[ADMINISTRATOR, OPERATOR]);
    let sees_all = has(case, &[ADMINISTRATOR, OPERATOR, AUDITOR]);
    let uses = has(case, &[ADMINISTRATOR, OPERATOR, USER]);
    let sees_some = has(case, &[ADMINISTRATOR, OPERATOR, USER, AUDITOR]);
    if !(sees_all || sees_some && (own || free)) {
        return Said::Hidden;
    }
    let reads =
        matches!(case.action, M::View | M::ViewDetails | M::ViewPowerParameters | M::ViewUserData | M::QueryPower);
    if case.is_read_only && !reads {
        return Said::No;
    }
    if case.is_locked && !reads && case.action != M::Unlock {
        return Said::No;
    }
    let is_allowed = match case.action {
        M::View | M::ViewDetails => true,
        M::ViewPowerParameters => operates,
        M::QueryPower | M::Allocate | M::Deploy => operates || uses && (own || free),
        M::PowerOn | M::PowerOff | M::PowerCycle => operates || uses && (own || free && case.may_power_free),
        M::ViewUserData | M::Release | M::Lock | M::Unlock | M::Annotate | M::Format | M::MarkBroken | M::Abort => {
            operates || uses && own
        }
        _ => operates,
    };
    if is_allowed { Said::Yes } else { Said::No }
}

fn actor(case: &Case) -> Actor {
    let mut access = Access::own_only();
    access.may_power_free = case.may_power_free;
    for (role, pool) in &case.bindings {
        access.give(BUILTIN[*role].actions, pool.map(PoolId));
    }
    if let Some((role, pools)) = &case.token {
        let pools = pools.as_ref().map(|pools| pools.iter().copied().map(PoolId).collect::<Vec<_>>());
        access = access.narrowed(role.map(|role| BUILTIN[role].actions), pools.as_deref());
    }
    let scope = if case.is_read_only { TokenScope::ReadOnly } else { TokenScope::All };
    Actor::User(UserActor {
        id: UserId(ME),
        username: "me".into(),
        access: Arc::new(access),
        method: AuthMethod::Token(TokenId(1), scope),
    })
}

/// Administrators hold their role on the whole site alone.
fn binding() -> impl Strategy<Value = (usize, Option<i64>)> {
    (0..4_usize, proptest::option::of(0..3_i64)).prop_map(|(role, pool)| (role, pool.filter(|_| role != ADMINISTRATOR)))
}

fn case() -> impl Strategy<Value = Case> {
    let token = (proptest::option::of(0..4_usize), proptest::option::of(proptest::collection::vec(0..3_i64, 0..3)));
    (
        proptest::collection::vec(binding(), 0..4),
        proptest::option::of(token),
        any::<bool>(),
        any::<bool>(),
        proptest::sample::select(M::ALL.to_vec()),
        0..3_i64,
        proptest::option::of(1..3_i64),
        any::<bool>(),
    )
        .prop_map(|(bindings, token, is_read_only, may_power_free, action, pool, owner, is_locked)| Case {
            bindings,
            token,
            is_read_only,
            may_power_free,
            action,
            pool,
            owner,
            is_locked,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8_000))]

    #[test]
    fn one_machine_lists_and_the_matrix_agree(case in case()) {
        let actor = actor(&case);
        let facts = NodeFacts {
            id: NodeId(7),
            pool: Some(PoolId(case.pool)),
            owner: case.owner.map(UserId),
            is_locked: case.is_locked,
        };
        let said = match decide_node(&actor, case.action, &facts) {
            Ok(()) => Said::Yes,
            Err(NodeRefusal::Hidden) => Said::Hidden,
            Err(NodeRefusal::Denied(_)) => Said::No,
        };
        prop_assert_eq!(said, oracle(&case));
        prop_assert_eq!(scope(&actor, M::View).reaches(&facts), said != Said::Hidden);
        if said != Said::Hidden {
            prop_assert_eq!(scope(&actor, case.action).covers(&facts), said == Said::Yes);
        }
    }

    #[test]
    fn a_token_never_holds_more_than_its_owner(case in case()) {
        let whole = actor(&Case { token: None, ..case.clone() });
        let narrow = actor(&case);
        let (Actor::User(whole), Actor::User(narrow)) = (whole, narrow) else { unreachable!("both are users") };
        prop_assert!(narrow.access.on_site().is_within(whole.access.on_site()));
        for pool in (0..3).map(PoolId) {
            prop_assert!(narrow.access.on_pool(pool).is_within(whole.access.on_pool(pool)));
        }
        prop_assert!(case.token.is_none() || !narrow.access.anywhere().has(maas_authz::Action::EditOwn));
        prop_assert!(narrow.access.lacks(Actions::ALL, None).and(whole.access.on_site()).is_empty() || case.token.is_some());
    }
}
