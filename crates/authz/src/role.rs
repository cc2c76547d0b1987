//! The four roles that every site has.

use maas_model::RoleId;

use crate::{Action, Actions};

/// A role that cannot be changed or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinRole {
    pub id: RoleId,
    pub name: &'static str,
    pub description: &'static str,
    pub actions: Actions,
}

/// All of them, most powerful first.
pub const BUILTIN: [BuiltinRole; 4] = [
    BuiltinRole {
        id: RoleId(1),
        name: "administrator",
        description: "Everything: all machines, all pools, all settings, all users.",
        actions: Actions::ALL,
    },
    BuiltinRole {
        id: RoleId(2),
        name: "operator",
        description: "Everything that can be done to the machines of its pools, and nothing outside them.",
        actions: Actions::of(&[
            Action::ViewGlobalEntities,
            Action::ViewAudit,
            Action::ViewMachines,
            Action::ViewAvailableMachines,
            Action::DeployMachines,
            Action::EditMachines,
            Action::ViewPowerParameters,
        ]),
    },
    BuiltinRole {
        id: RoleId(3),
        name: "user",
        description: "See and take the free machines of its pools, and use its own.",
        actions: Actions::of(&[Action::ViewGlobalEntities, Action::ViewAvailableMachines, Action::DeployMachines]),
    },
    BuiltinRole {
        id: RoleId(4),
        name: "auditor",
        description: "See everything in its pools and what was done to it; change nothing.",
        actions: Actions::of(&[
            Action::ViewGlobalEntities,
            Action::ViewAudit,
            Action::ViewMachines,
            Action::ViewAvailableMachines,
        ]),
    },
];

/// The built-in role of this id.
pub fn builtin(id: RoleId) -> Option<&'static BuiltinRole> {
    BUILTIN.iter().find(|role| role.id == id)
}
