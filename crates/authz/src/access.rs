//! What one actor may do: the bindings of a user and of the user's groups, as a small table of actions by pool.
//!
//! One table is made for each authenticated request (and kept while nothing changes); every decision and every list is
//! answered from it. Rights are the union of the bindings; a token takes away from its owner's.

use std::collections::BTreeMap;

use maas_model::{NodeId, PoolId, UserId};

use crate::{Action, Actions, Reach};

/// What an actor holds, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    site: Actions,
    pools: BTreeMap<PoolId, Actions>,
    /// Whether the users' machines to be may be powered before they are taken: the setting `user_may_power_free_machines`.
    pub may_power_free: bool,
}

/// Some pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pools {
    /// All there are and will be.
    All,
    /// These; none when empty.
    Only(Vec<PoolId>),
}

/// What decides about a node, besides the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    pub id: NodeId,
    /// None for devices and controllers.
    pub pool: Option<PoolId>,
    pub owner: Option<UserId>,
    pub is_locked: bool,
}

impl Access {
    /// Everything, everywhere.
    pub fn everything() -> Self {
        Self { site: Actions::ALL, pools: BTreeMap::new(), may_power_free: true }
    }

    /// Nothing but what every user may do.
    pub fn own_only() -> Self {
        let site = Action::ALL.iter().copied().filter(|action| action.reach() == Reach::Own).collect();
        Self { site, ..Self::default() }
    }

    /// What every user may do, and these actions on the whole site.
    pub fn of(actions: Actions) -> Self {
        let mut access = Self { may_power_free: true, ..Self::own_only() };
        access.give(actions, None);
        access
    }

    /// Adds a role's actions, on a pool or on the whole site.
    pub fn give(&mut self, actions: Actions, pool: Option<PoolId>) {
        match pool {
            None => self.site = self.site.or(actions),
            Some(pool) => {
                let held = self.pools.entry(pool).or_default();
                // What needs the whole site does not count on a pool, so it is not kept for one.
                *held = held.or(actions.iter().filter(|action| action.reach() != Reach::Site).collect());
            }
        }
    }

    /// What is left for a token of these actions and pools; `None` takes nothing away.
    #[must_use]
    pub fn narrowed(&self, actions: Option<Actions>, pools: Option<&[PoolId]>) -> Self {
        let actions = actions.unwrap_or(Actions::ALL);
        let own = Self::own_only().site.and(actions);
        match pools {
            None => Self {
                site: self.site.and(actions),
                pools: self.pools.iter().map(|(pool, held)| (*pool, held.and(actions))).collect(),
                may_power_free: self.may_power_free,
            },
            Some(pools) => {
                let mut narrow = Self { site: own, pools: BTreeMap::new(), may_power_free: self.may_power_free };
                for pool in pools {
                    narrow.give(self.on_pool(*pool).and(actions), Some(*pool));
                }
                narrow
            }
        }
    }

    /// What is held on the whole site.
    pub const fn on_site(&self) -> Actions {
        self.site
    }

    /// What is held on one pool, the site's part included.
    pub fn on_pool(&self, pool: PoolId) -> Actions {
        self.site.or(self.pools.get(&pool).copied().unwrap_or_default())
    }

    /// What is held somewhere.
    pub fn anywhere(&self) -> Actions {
        self.pools.values().fold(self.site, |all, held| all.or(*held))
    }

    /// Whether an action without a row is allowed: one of a pool must be held on the whole site.
    pub fn allows(&self, action: Action) -> bool {
        match action.reach() {
            Reach::Own | Reach::Site | Reach::Pool => self.site.has(action),
            Reach::Anywhere => self.anywhere().has(action),
        }
    }

    /// The pools on which an action is held.
    pub fn pools_with(&self, action: Action) -> Pools {
        if self.site.has(action) {
            return Pools::All;
        }
        Pools::Only(self.pools.iter().filter(|(_, held)| held.has(action)).map(|(pool, _)| *pool).collect())
    }

    /// The pools that may be known of: those of which some machine might be seen, or that may be renamed.
    pub fn visible_pools(&self) -> Pools {
        let seen = [Action::ViewMachines, Action::ViewAvailableMachines, Action::EditPools];
        if seen.into_iter().any(|action| self.site.has(action)) {
            return Pools::All;
        }
        let has_any = |held: &Actions| seen.into_iter().any(|action| held.has(action));
        Pools::Only(self.pools.iter().filter(|(_, held)| has_any(held)).map(|(pool, _)| *pool).collect())
    }

    /// Whether everything is allowed on the whole site.
    pub fn is_administrator(&self) -> bool {
        Actions::ALL.is_within(self.site)
    }
}

impl Pools {
    /// None at all.
    pub const NONE: Self = Self::Only(Vec::new());

    /// Whether this pool is among them.
    pub fn has(&self, pool: PoolId) -> bool {
        match self {
            Self::All => true,
            Self::Only(pools) => pools.contains(&pool),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(pools) if pools.is_empty())
    }
}
