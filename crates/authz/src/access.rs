//! What one actor may do: the bindings of a user and of the user's groups, as a small table of actions by pool.
//!
//! One table is made for each authenticated request (and kept while nothing changes); every decision and every list is
//! answered from it. Rights are the union of the bindings; a token takes away from its owner's.

use std::{collections::BTreeMap, sync::Arc};

use maas_model::{NodeId, PoolId, UserId};

use crate::{Action, Actions, Reach};

/// What an actor holds, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    site: Actions,
    pools: BTreeMap<PoolId, Actions>,
    /// Whether the users' machines to be may be powered before they are taken: the setting `user_may_power_free_machines`.
    pub may_power_free: bool,
    /// Whether a machine that may not be seen is answered for with 403, as MAAS does, and not as if there were none: the
    /// setting `access_hidden_status`.
    pub tells_hidden: bool,
    /// What the owner of a narrowed token holds, so that a refusal can say that it is the token's doing.
    owner: Option<Arc<Self>>,
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
        Self { site: Actions::ALL, may_power_free: true, ..Self::default() }
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
                *held = held.or(actions.on_a_pool());
            }
        }
    }

    /// What is left for a token that its owner narrowed to these actions and pools; `None` takes none away. Such a token
    /// never makes keys or tokens, which would hold more than it does.
    #[must_use]
    pub fn narrowed(&self, actions: Option<Actions>, pools: Option<&[PoolId]>) -> Self {
        let kept = actions.unwrap_or(Actions::ALL).or(Actions::of(&[Action::ViewOwn])).without(Action::EditOwn);
        let mut narrow =
            Self { may_power_free: self.may_power_free, tells_hidden: self.tells_hidden, ..Self::default() };
        match pools {
            None => {
                narrow.site = self.site.and(kept);
                narrow.pools = self.pools.iter().map(|(pool, held)| (*pool, held.and(kept))).collect();
            }
            Some(pools) => {
                narrow.site = Self::own_only().site.and(kept);
                for pool in pools {
                    narrow.give(self.on_pool(*pool).and(kept), Some(*pool));
                }
            }
        }
        narrow.owner = Some(Arc::new(self.clone()));
        narrow
    }

    /// What the owner of a narrowed token holds; none when nothing was taken away.
    pub fn owner(&self) -> Option<&Arc<Self>> {
        self.owner.as_ref()
    }

    /// The pools on which something is held that is not held on the whole site.
    pub fn pools(&self) -> impl Iterator<Item = (PoolId, Actions)> {
        self.pools.iter().map(|(pool, held)| (*pool, *held))
    }

    /// What of `actions`, given on a pool or on the whole site, counts there and is not held there.
    pub fn lacks(&self, actions: Actions, pool: Option<PoolId>) -> Actions {
        match pool {
            None => actions.minus(self.site),
            Some(pool) => actions.on_a_pool().minus(self.on_pool(pool)),
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

    /// Those in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(these), Self::Only(those)) => {
                let more = those.iter().filter(|pool| !these.contains(pool));
                Self::Only(these.iter().chain(more).copied().collect())
            }
            _ => Self::All,
        }
    }

    /// Those in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, some) | (some, Self::All) => some.clone(),
            (Self::Only(these), those) => Self::Only(these.iter().copied().filter(|pool| those.has(*pool)).collect()),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(pools) if pools.is_empty())
    }
}
