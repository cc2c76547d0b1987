//! The actions there are. Names that MAAS has are MAAS's, since its refusals name them.

use serde::Serialize;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// Something that a policy line allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            /// All actions, in the order of the policy table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in refusals and in the printed table.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
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
    ViewOwn = "can_view_own",
    /// Change one's own account, keys and sessions; dismiss notices.
    EditOwn = "can_edit_own",
    /// Read all users, their keys' names and sessions.
    ViewIdentities = "can_view_identities",
    /// Create, change and delete users.
    EditIdentities = "can_edit_identities",
    /// Read all settings, secret ones as "is set".
    ViewConfigurations = "can_view_configurations",
    /// Change settings and the site's certificate.
    EditConfigurations = "can_edit_configurations",
    /// See notices addressed to administrators.
    ViewNotifications = "can_view_notifications",
    /// Create, change and delete notices.
    EditNotifications = "can_edit_notifications",
    /// Act for other users in what is global, such as giving them an SSH key.
    EditGlobalEntities = "can_edit_global_entities",
    /// Read the audit log.
    ViewAudit = "can_view_audit",
    /// Read the state of the site and its metrics.
    ViewStatus = "can_view_status",
}
