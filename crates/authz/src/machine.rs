//! Who may do what to a machine: one table of rules, from which both the answer for one machine and the SQL of every
//! list are made, so that the two cannot disagree.

use maas_model::{MachineAction, UserId};

use crate::{
    Access, Action, Actor, AuthMethod,
    access::{NodeFacts, Pools},
    policy::{Refusal, Why},
};

/// What must be held on a machine's pool to do something to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// On any machine of the pool.
    pub any: Action,
    /// On one's own; besides `any`.
    pub own: Option<Action>,
    /// On one that nobody owns; besides `any`.
    pub free: Option<Action>,
}

/// The machines to which an actor may do something: a machine is among them if its pool is in `any`, or it is the
/// actor's and its pool in `own`, or it is nobody's and its pool in `free`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineScope {
    pub me: Option<UserId>,
    pub any: Pools,
    pub own: Pools,
    pub free: Pools,
    /// Whether locked machines are left out.
    pub is_unlocked_only: bool,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeRefusal {
    /// The actor may not know that it exists.
    Hidden,
    /// Seen, but not allowed.
    Denied(Refusal),
}

/// The rules: the matrix of roles and machines, by the actions that roles are made of.
pub const fn rule(action: MachineAction) -> Rule {
    use Action::{DeployMachines, EditMachines, ViewAvailableMachines, ViewMachines, ViewPowerParameters};
    use MachineAction as M;
    match action {
        M::View | M::ViewDetails => {
            Rule { any: ViewMachines, own: Some(ViewAvailableMachines), free: Some(ViewAvailableMachines) }
        }
        M::ViewPowerParameters => Rule { any: ViewPowerParameters, own: None, free: None },
        M::QueryPower | M::Allocate | M::Deploy | M::PowerOn | M::PowerOff | M::PowerCycle => {
            Rule { any: EditMachines, own: Some(DeployMachines), free: Some(DeployMachines) }
        }
        M::ViewUserData | M::Release | M::Lock | M::Unlock | M::Annotate | M::Format | M::MarkBroken | M::Abort => {
            Rule { any: EditMachines, own: Some(DeployMachines), free: None }
        }
        M::MarkFixed
        | M::Commission
        | M::Test
        | M::OverrideFailedTesting
        | M::EnterRescueMode
        | M::ExitRescueMode
        | M::Edit
        | M::EditStorage
        | M::EditNetwork
        | M::Tag
        | M::SetZone
        | M::SetPool
        | M::Clone
        | M::Delete
        | M::Create
        | M::TransferOwnership => Rule { any: EditMachines, own: None, free: None },
    }
}

/// The machines to which `actor` may do `action`.
pub fn scope(actor: &Actor, action: MachineAction) -> MachineScope {
    let is_unlocked_only = !action.works_while_locked();
    let (access, user) = match actor {
        Actor::Anonymous => return MachineScope::none(),
        Actor::LocalAdmin { .. } => return MachineScope::all(is_unlocked_only),
        // A lock stops people from starting something; what has begun goes on, and jobs write down what became of it.
        Actor::Job(_) => return MachineScope::all(false),
        Actor::User(user) => (&*user.access, user),
    };
    if let AuthMethod::Token(_, maas_model::TokenScope::ReadOnly) = user.method
        && !action.is_read()
    {
        return MachineScope::none();
    }
    let rule = rule(action);
    let pools = |action: Option<Action>| action.map_or(Pools::NONE, |action| access.pools_with(action));
    let is_power = matches!(action, MachineAction::PowerOn | MachineAction::PowerOff | MachineAction::PowerCycle);
    let free = if is_power && !access.may_power_free { Pools::NONE } else { pools(rule.free) };
    let scope = MachineScope {
        me: Some(user.id),
        any: access.pools_with(rule.any),
        own: pools(rule.own),
        free,
        is_unlocked_only,
    };
    // Whatever is held, nothing can be done to what may not be seen.
    if action == MachineAction::View { scope } else { scope.within(&self::scope(actor, MachineAction::View)) }
}

impl MachineScope {
    /// No machine.
    pub const fn none() -> Self {
        Self { me: None, any: Pools::NONE, own: Pools::NONE, free: Pools::NONE, is_unlocked_only: false }
    }

    /// Every machine.
    pub const fn all(is_unlocked_only: bool) -> Self {
        Self { me: None, any: Pools::All, own: Pools::NONE, free: Pools::NONE, is_unlocked_only }
    }

    /// Those that are in `other` as well, its locks aside.
    fn within(&self, other: &Self) -> Self {
        Self {
            any: self.any.and(&other.any),
            own: self.any.or(&self.own).and(&other.any.or(&other.own)),
            free: self.any.or(&self.free).and(&other.any.or(&other.free)),
            ..self.clone()
        }
    }

    /// Whether a machine is among them, its lock aside.
    pub fn reaches(&self, facts: &NodeFacts) -> bool {
        let Some(pool) = facts.pool else { return false };
        self.any.has(pool)
            || match facts.owner {
                None => self.free.has(pool),
                owner => owner == self.me && self.own.has(pool),
            }
    }

    /// Whether a machine is among them.
    pub fn covers(&self, facts: &NodeFacts) -> bool {
        self.reaches(facts) && !(self.is_unlocked_only && facts.is_locked)
    }
}

/// May `actor` do `action` to this node? Devices and controllers, which are in no pool, are their owner's and the site's.
///
/// # Errors
/// [`NodeRefusal::Hidden`] for what the actor may not know of, whatever the action; else the rule that refused.
pub fn decide_node(actor: &Actor, action: MachineAction, facts: &NodeFacts) -> Result<(), NodeRefusal> {
    if facts.pool.is_none() {
        return decide_poolless(actor, action, facts);
    }
    if !scope(actor, MachineAction::View).reaches(facts) {
        return Err(NodeRefusal::Hidden);
    }
    let scope = scope(actor, action);
    if scope.covers(facts) {
        return Ok(());
    }
    let why = if is_read_only(actor) && !action.is_read() {
        Why::ReadOnlyToken
    } else if scope.reaches(facts) {
        Why::Locked
    } else {
        let rule = rule(action);
        let is_own = facts.owner.is_some() && facts.owner == actor.user().map(|user| user.id);
        let needed = match facts.owner {
            None => least_for_free(actor, action, &rule),
            Some(_) if is_own => rule.own.unwrap_or(rule.any),
            Some(_) => rule.any,
        };
        if owner_could(actor, action, facts) {
            return Err(NodeRefusal::Denied(Refusal::machine(action, Why::NarrowToken { needed })));
        }
        Why::Pool { needed, pool: facts.pool.unwrap_or(maas_model::PoolId(0)), or_owner: rule.own.is_some() && !is_own }
    };
    Err(NodeRefusal::Denied(Refusal::machine(action, why)))
}

/// The least that must be held to do something to a machine that nobody owns.
fn least_for_free(actor: &Actor, action: MachineAction, rule: &Rule) -> Action {
    let is_power = matches!(action, MachineAction::PowerOn | MachineAction::PowerOff | MachineAction::PowerCycle);
    let may_power = actor.user().is_none_or(|user| user.access.may_power_free);
    rule.free.filter(|_| may_power || !is_power).unwrap_or(rule.any)
}

/// Whether a token is refused what its owner could do.
fn owner_could(actor: &Actor, action: MachineAction, facts: &NodeFacts) -> bool {
    let Actor::User(user) = actor else { return false };
    let Some(access) = user.access.owner() else { return false };
    let owner = Actor::User(crate::UserActor { access: access.clone(), ..user.clone() });
    decide_node(&owner, action, facts).is_ok()
}

fn decide_poolless(actor: &Actor, action: MachineAction, facts: &NodeFacts) -> Result<(), NodeRefusal> {
    let user = match actor {
        Actor::Anonymous => return Err(NodeRefusal::Hidden),
        Actor::LocalAdmin { .. } | Actor::Job(_) => return Ok(()),
        Actor::User(user) => user,
    };
    let is_own = facts.owner == Some(user.id);
    if !is_own && !user.access.allows(Action::ViewDevices) {
        return Err(NodeRefusal::Hidden);
    }
    if action.is_read() {
        return Ok(());
    }
    if is_read_only(actor) {
        return Err(NodeRefusal::Denied(Refusal::machine(action, Why::ReadOnlyToken)));
    }
    let may_change_own = is_own && user.access.anywhere().has(Action::DeployMachines);
    if may_change_own || user.access.allows(Action::EditMachines) {
        return Ok(());
    }
    let needed = Action::EditMachines;
    let why = if owner_could(actor, action, facts) { Why::NarrowToken { needed } } else { Why::Site { needed } };
    Err(NodeRefusal::Denied(Refusal::machine(action, why)))
}

fn is_read_only(actor: &Actor) -> bool {
    actor.user().is_some_and(is_read_only_token)
}

fn is_read_only_token(user: &crate::UserActor) -> bool {
    matches!(user.method, AuthMethod::Token(_, maas_model::TokenScope::ReadOnly))
}

/// What an actor holds, for those who need the table itself.
pub fn access_of(actor: &Actor) -> Access {
    match actor {
        Actor::Anonymous => Access::default(),
        Actor::LocalAdmin { .. } | Actor::Job(_) => Access::everything(),
        Actor::User(user) => (*user.access).clone(),
    }
}
