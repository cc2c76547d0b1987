//! One type per identity, so that a user's id can never be passed where a key's id is wanted.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// A user of the site, whatever realm they come from.
    UserId,
    /// A browser session; the key in the cookie is not this number.
    SessionId,
    /// A three-part API key.
    ApiKeyId,
    /// A bearer token.
    TokenId,
    /// A public SSH key of a user.
    SshKeyId,
    /// A certificate that a user offers to machines.
    SslKeyId,
    /// A row of the event log; gap-free and rising.
    EventId,
    /// A notice shown to users or administrators.
    NotificationId,
    /// A machine, device or controller; its `SystemId` is what people see.
    NodeId,
    /// A resource pool; 0 is `default`.
    PoolId,
    /// An availability zone; 1 is `default`.
    ZoneId,
    /// A DNS domain; 0 is `maas`.
    DomainId,
    /// A tag.
    TagId,
    /// A network interface of a node.
    InterfaceId,
    /// A disk of a node.
    BlockDeviceId,
    /// A baseboard management controller, or whatever else switches power.
    BmcId,
    /// A role: a named set of actions.
    RoleId,
    /// A group of users.
    GroupId,
    /// A role given to a user or a group, on a pool or on the whole site.
    RoleBindingId,
    /// The results of one run of scripts on a node.
    ScriptSetId,
    /// The result of one script.
    ScriptResultId,
}
