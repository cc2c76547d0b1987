//! The actions there are: what roles are made of. Names that MAAS has are MAAS's, since its refusals name them.

use serde::Serialize;

/// Where an action must be held to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Every user has it, on what is their own.
    Own,
    /// On the whole site.
    Site,
    /// On the pool in question, or on the whole site.
    Pool,
    /// On any pool, or on the whole site.
    Anywhere,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal @ $reach:ident: $text:literal),+ $(,)?) => {
        /// Something that a role allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            /// All actions, in the order of the policy table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in refusals, in the printed table and in custom roles.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Where it must be held to count.
            pub const fn reach(self) -> Reach {
                match self { $(Self::$name => Reach::$reach),+ }
            }

            /// What it allows, for people: goes on after "may".
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Act for $name {
                const ACTION: Action = Action::$name;
            }
        )+
    };
}

/// An action as a type, for [`Granted`](crate::Granted).
pub trait Act {
    /// The line of the policy table.
    const ACTION: Action;
}

actions! {
    /// Read one's own account, keys, sessions, notices, and what everybody signed in may read.
    ViewOwn = "can_view_own" @ Own: "read their own account",
    /// Change one's own account, keys and sessions; dismiss notices.
    EditOwn = "can_edit_own" @ Own: "change their own account, keys and sessions",
    /// Read all users, groups, roles and bindings, keys' names and sessions.
    ViewIdentities = "can_view_identities" @ Site: "see all users, groups, roles and bindings",
    /// Create, change and delete users, groups, roles and bindings.
    EditIdentities = "can_edit_identities" @ Site: "change users, groups, roles and bindings",
    /// Read all settings, secret ones as "is set".
    ViewConfigurations = "can_view_configurations" @ Site: "read all settings",
    /// Change settings and the site's certificate.
    EditConfigurations = "can_edit_configurations" @ Site: "change settings and the certificate",
    /// See notices addressed to administrators.
    ViewNotifications = "can_view_notifications" @ Site: "see the administrators' notices",
    /// Create, change and delete notices.
    EditNotifications = "can_edit_notifications" @ Site: "write notices",
    /// Read zones, tags, domains and whatever else belongs to no pool.
    ViewGlobalEntities = "can_view_global_entities" @ Anywhere: "see zones, tags and networks",
    /// Change zones, tags, domains; act for other users in what is global, such as giving them an SSH key.
    EditGlobalEntities = "can_edit_global_entities" @ Site: "change zones, tags and networks",
    /// Read the audit log: all of it on the site, the events of its machines on a pool.
    ViewAudit = "can_view_audit" @ Pool: "read the audit log",
    /// Read the state of the site, its jobs and metrics.
    ViewStatus = "can_view_status" @ Site: "see the state of the site and its jobs",
    /// See everybody's devices.
    ViewDevices = "can_view_devices" @ Site: "see everybody's devices",
    /// On the site: create, change and delete pools. On a pool: rename it.
    EditPools = "can_edit_pools" @ Pool: "change pools",
    /// See all machines of the pool.
    ViewMachines = "can_view_machines" @ Pool: "see all machines",
    /// See the machines of the pool that are free or one's own.
    ViewAvailableMachines = "can_view_available_machines" @ Pool: "see free machines and their own",
    /// Take, deploy, power and release machines of the pool that are free or one's own.
    DeployMachines = "can_deploy_machines" @ Pool: "take, deploy and release free machines and their own",
    /// Everything else that can be done to the machines of the pool.
    EditMachines = "can_edit_machines" @ Pool: "operate all machines",
    /// Reveal the power parameters of the machines of the pool, passwords included.
    ViewPowerParameters = "can_view_power_parameters" @ Pool: "reveal power parameters and passwords",
}

impl std::str::FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == text)
            .ok_or_else(|| format!("there is no action `{text}`; `maas access matrix` lists all of them"))
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions(u64);

impl Actions {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action.
    pub const ALL: Self = Self((1 << Action::ALL.len()) - 1);

    /// The set of these.
    pub const fn of(actions: &[Action]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < actions.len() {
            bits |= 1 << actions[at] as u64;
            at += 1;
        }
        Self(bits)
    }

    /// Whether the set has it.
    pub const fn has(self, action: Action) -> bool {
        self.0 & (1 << action as u64) != 0
    }

    /// What either has.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this has and `other` has not.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The set without one.
    #[must_use]
    pub const fn without(self, action: Action) -> Self {
        Self(self.0 & !(1 << action as u64))
    }

    /// What counts on a pool: what needs the whole site does not.
    #[must_use]
    pub fn on_a_pool(self) -> Self {
        self.iter().filter(|action| matches!(action.reach(), Reach::Pool | Reach::Anywhere)).collect()
    }

    /// With what MAAS takes as implied: whoever changes something also sees it, whoever operates machines also takes
    /// them.
    #[must_use]
    pub fn with_implied(self) -> Self {
        IMPLIED.iter().filter(|(action, _)| self.has(*action)).fold(self, |all, (_, implied)| all.or(*implied))
    }

    /// Whether there is nothing in it that `other` has not.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions, in the order of the policy table.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| self.has(*action))
    }
}

/// What an action carries with it, all the way down.
const IMPLIED: &[(Action, Actions)] = &[
    (Action::EditIdentities, Actions::of(&[Action::ViewIdentities])),
    (Action::EditConfigurations, Actions::of(&[Action::ViewConfigurations])),
    (Action::EditNotifications, Actions::of(&[Action::ViewNotifications])),
    (Action::EditGlobalEntities, Actions::of(&[Action::ViewGlobalEntities])),
    (Action::ViewMachines, Actions::of(&[Action::ViewAvailableMachines])),
    (Action::EditMachines, Actions::of(&[Action::DeployMachines, Action::ViewMachines, Action::ViewAvailableMachines])),
];

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::NONE, |set, action| set.or(Self::of(&[action])))
    }
}
