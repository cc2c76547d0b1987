//! A site made up at random: who is in which group, which roles there are, who was given them where, whose the machines
//! are. It tells itself to this program and, as Cedar's entities, to the other engine.

use std::sync::Arc;

use maas_authz::{Access, Action, Actions, Actor, AuthMethod, NodeFacts, Reach, UserActor, role::BUILTIN};
use maas_model::{MachineAction, NodeId, PoolId, TokenId, TokenScope, UserId};
use serde_json::{Value, json};

use crate::random::Random;

pub(crate) const USERS: usize = 8;
pub(crate) const POOLS: usize = 5;
const GROUPS: usize = 4;
const CUSTOM_ROLES: usize = 4;
const BINDINGS: usize = 10;
const MACHINES: usize = 24;
const DEVICES: usize = 4;
pub(crate) const TOKENS: usize = 4;

#[derive(Debug)]
pub(crate) struct World {
    may_power_free: bool,
    groups: Vec<Vec<usize>>,
    roles: Vec<Actions>,
    bindings: Vec<Binding>,
    pub(crate) machines: Vec<NodeFacts>,
    pub(crate) devices: Vec<NodeFacts>,
    pub(crate) tokens: Vec<Token>,
}

#[derive(Debug)]
struct Binding {
    role: usize,
    holder: Holder,
    pool: Option<usize>,
}

#[derive(Debug)]
enum Holder {
    User(usize),
    Group(usize),
}

/// What a token leaves of its owner's rights; any user may be its owner.
#[derive(Debug)]
pub(crate) struct Token {
    actions: Option<Actions>,
    pools: Option<Vec<PoolId>>,
    scope: TokenScope,
}

impl World {
    pub(crate) fn new(random: &mut Random) -> Self {
        let users: Vec<usize> = (0..USERS).collect();
        let groups = (0..GROUPS).map(|_| random.some_of(&users)).collect();
        let custom = (0..CUSTOM_ROLES).map(|_| random.some_of(Action::ALL).into_iter().collect());
        let roles = BUILTIN.iter().map(|role| role.actions).chain(custom).collect::<Vec<_>>();
        let bindings = (0..BINDINGS).map(|_| Binding::new(random, roles.len())).collect();
        let machines = (0..MACHINES).map(|id| node(random, id, true)).collect();
        let devices = (0..DEVICES).map(|id| node(random, id, false)).collect();
        let tokens = (0..TOKENS).map(|_| Token::new(random)).collect();
        Self { may_power_free: random.once_in(2), groups, roles, bindings, machines, devices, tokens }
    }

    /// A user as this program knows one who has shown who they are, perhaps by a token.
    pub(crate) fn actor(&self, user: usize, token: Option<usize>) -> Actor {
        let token = token.map(|token| &self.tokens[token]);
        let access = self.access(user);
        let access = token.map_or(access.clone(), |token| access.narrowed(token.actions, token.pools.as_deref()));
        Actor::User(UserActor {
            id: UserId(number(user)),
            username: format!("u{user}"),
            access: Arc::new(access),
            method: token.map_or(AuthMethod::Password, |token| AuthMethod::Token(TokenId(1), token.scope)),
        })
    }

    pub(crate) fn access(&self, user: usize) -> Access {
        let mut access = Access::own_only();
        access.may_power_free = self.may_power_free;
        for binding in &self.bindings {
            let is_holder = match binding.holder {
                Holder::User(holder) => holder == user,
                Holder::Group(group) => self.groups[group].contains(&user),
            };
            if is_holder {
                access.give(self.roles[binding.role], binding.pool.map(pool_id));
            }
        }
        access
    }

    /// Everything that is so, for the other engine.
    pub(crate) fn entities(&self) -> Vec<Value> {
        let mut all = vec![site(), entity("Holders", "nobody", json!({}), &[])];
        all.extend(Action::ALL.iter().flat_map(|action| holders(action.as_str())));
        all.extend((0..POOLS).map(|pool| self.pool(pool, None)));
        for user in 0..USERS {
            let groups = (0..GROUPS).filter(|group| self.groups[*group].contains(&user));
            let mut parents: Vec<Value> = groups.map(|group| uid("Group", &format!("g{group}"))).collect();
            parents.extend(self.given(|holder| matches!(holder, Holder::User(holder) if *holder == user)));
            all.push(entity("User", &format!("u{user}"), json!({}), &parents));
        }
        for group in 0..GROUPS {
            let parents = self.given(|holder| matches!(holder, Holder::Group(holder) if *holder == group));
            all.push(entity("Group", &format!("g{group}"), json!({}), &parents));
        }
        for (role, actions) in self.roles.iter().enumerate() {
            for place in [None].into_iter().chain((0..POOLS).map(Some)).map(place_name) {
                let parents: Vec<Value> =
                    actions.iter().map(|action| uid("Holders", &format!("{}@{place}", action.as_str()))).collect();
                all.push(entity("RoleSomewhere", &format!("r{role}@{place}"), json!({}), &parents));
            }
        }
        for token in [None].into_iter().chain((0..TOKENS).map(Some)) {
            all.extend(self.machines.iter().enumerate().map(|(id, facts)| {
                let pool = pool_name(facts.pool.expect("machines are in a pool"), token);
                let mut attributes = json!({ "pool": reference("Pool", &pool), "locked": facts.is_locked });
                own(&mut attributes, facts);
                entity("Machine", &node_name(id, token), attributes, &[])
            }));
            if token.is_some() {
                all.extend((0..POOLS).map(|pool| self.pool(pool, token)));
            }
        }
        all.extend(self.devices.iter().enumerate().map(|(id, facts)| {
            let mut attributes = json!({ "site": reference("Site", "s") });
            own(&mut attributes, facts);
            entity("Device", &node_name(id, None), attributes, &[])
        }));
        all
    }

    /// The roles given to some, and where.
    fn given(&self, is_holder: impl Fn(&Holder) -> bool) -> Vec<Value> {
        let bindings = self.bindings.iter().filter(|binding| is_holder(&binding.holder));
        bindings.map(|it| uid("RoleSomewhere", &format!("r{}@{}", it.role, place_name(it.pool)))).collect()
    }

    /// A pool, or what a token leaves of it: who holds what there.
    fn pool(&self, pool: usize, token: Option<usize>) -> Value {
        let token = token.map(|token| (token, &self.tokens[token]));
        let mut attributes = json!({});
        for action in Action::ALL.iter().filter(|action| action.reach() == Reach::Pool) {
            let is_let_through = token.is_none_or(|(_, token)| {
                token.actions.is_none_or(|actions| actions.has(*action))
                    && token.pools.as_ref().is_none_or(|pools| pools.contains(&pool_id(pool)))
            });
            let name = if is_let_through { format!("{}@p{pool}", action.as_str()) } else { "nobody".to_owned() };
            attributes[action.as_str()] = reference("Holders", &name);
        }
        entity("Pool", &pool_name(pool_id(pool), token.map(|(id, _)| id)), attributes, &[])
    }

    /// What the other engine must know of the moment.
    pub(crate) fn context(&self, action: MachineAction, token: Option<usize>) -> Value {
        let reads_only = token.is_some_and(|token| self.tokens[token].scope == TokenScope::ReadOnly);
        match action {
            MachineAction::PowerOn | MachineAction::PowerOff | MachineAction::PowerCycle => {
                json!({ "reads_only": reads_only, "free_power": self.may_power_free })
            }
            _ if action.is_read() => json!({}),
            _ => json!({ "reads_only": reads_only }),
        }
    }
}

/// Who holds an action on the site, on a pool, anywhere: who holds it on the site holds it on every pool.
fn holders(action: &str) -> Vec<Value> {
    let name = |place: &str| format!("{action}@{place}");
    let anywhere = uid("Holders", &name("anywhere"));
    let pools = (0..POOLS).map(|pool| place_name(Some(pool)));
    let below: Vec<Value> = pools.clone().map(|pool| uid("Holders", &name(&pool))).chain([anywhere.clone()]).collect();
    let mut all =
        vec![entity("Holders", &name("anywhere"), json!({}), &[]), entity("Holders", &name("site"), json!({}), &below)];
    all.extend(pools.map(|pool| entity("Holders", &name(&pool), json!({}), std::slice::from_ref(&anywhere))));
    all
}

fn site() -> Value {
    let mut attributes = json!({
        "deploys_somewhere": reference("Holders", "can_deploy_machines@anywhere"),
        "views_globals_somewhere": reference("Holders", "can_view_global_entities@anywhere"),
    });
    for action in Action::ALL.iter().filter(|action| action.reach() != Reach::Own) {
        attributes[action.as_str()] = reference("Holders", &format!("{}@site", action.as_str()));
    }
    entity("Site", "s", attributes, &[])
}

impl Binding {
    fn new(random: &mut Random, roles: usize) -> Self {
        let holder =
            if random.once_in(2) { Holder::User(random.below(USERS)) } else { Holder::Group(random.below(GROUPS)) };
        // Few on the whole site, and administrators are rare: else everything is allowed to everybody.
        let pool = (!random.once_in(6)).then(|| random.below(POOLS));
        let role = if random.once_in(12) { 0 } else { 1 + random.below(roles - 1) };
        Self { role, holder, pool }
    }
}

impl Token {
    fn new(random: &mut Random) -> Self {
        let pools: Vec<PoolId> = (0..POOLS).map(pool_id).collect();
        Self {
            actions: random.once_in(2).then(|| random.some_of(Action::ALL).into_iter().collect()),
            pools: random.once_in(2).then(|| random.some_of(&pools)),
            scope: if random.once_in(3) { TokenScope::ReadOnly } else { TokenScope::All },
        }
    }
}

fn node(random: &mut Random, id: usize, is_machine: bool) -> NodeFacts {
    NodeFacts {
        id: NodeId(number(id)),
        pool: is_machine.then(|| pool_id(random.below(POOLS))),
        owner: (!random.once_in(3)).then(|| UserId(number(random.below(USERS)))),
        is_locked: is_machine && random.once_in(4),
    }
}

fn own(attributes: &mut Value, facts: &NodeFacts) {
    if let Some(owner) = facts.owner {
        attributes["owner"] = reference("User", &format!("u{owner}"));
    }
}

fn entity(kind: &str, id: &str, attributes: Value, parents: &[Value]) -> Value {
    json!({ "uid": uid(kind, id), "attrs": attributes, "parents": parents })
}

fn reference(kind: &str, id: &str) -> Value {
    json!({ "__entity": uid(kind, id) })
}

pub(crate) fn uid(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}

/// A node's name for the other engine; as seen by a token, it is another.
pub(crate) fn node_name(node: usize, token: Option<usize>) -> String {
    format!("n{node}{}", token.map(|token| format!("t{token}")).unwrap_or_default())
}

fn pool_name(pool: PoolId, token: Option<usize>) -> String {
    format!("p{pool}{}", token.map(|token| format!("t{token}")).unwrap_or_default())
}

fn place_name(pool: Option<usize>) -> String {
    pool.map_or("site".to_owned(), |pool| format!("p{pool}"))
}

pub(crate) fn pool_id(pool: usize) -> PoolId {
    PoolId(number(pool))
}

fn number(small: usize) -> i64 {
    i64::try_from(small).expect("a small number")
}
