//! The resources of API 2.0, one file each, and the shapes in which they answer.

mod access;
mod account;
mod bson;
mod devices;
mod domains;
mod events;
mod filters;
mod groups;
mod hardware;
mod maas;
mod machine;
mod machine_view;
mod machines;
mod nodes;
mod notifications;
mod pools;
mod racks;
mod role_bindings;
mod roles;
mod sessions;
mod sshkeys;
mod sslkeys;
mod stream;
mod tags;
mod tls;
mod tokens;
mod users;
pub(crate) mod version;
pub(crate) mod view;
mod zones;

use crate::route::Resource;

/// All of them.
pub(crate) const RESOURCES: &[&Resource] = &[
    &access::ACCESS,
    &account::ACCOUNT,
    &devices::DEVICE,
    &devices::DEVICES,
    &domains::DOMAIN,
    &domains::DOMAINS,
    &events::EVENTS,
    &hardware::BLOCK_DEVICE,
    &hardware::BLOCK_DEVICES,
    &hardware::INTERFACE,
    &hardware::INTERFACES,
    &groups::GROUP,
    &groups::GROUPS,
    &maas::MAAS,
    &machine::MACHINE,
    &machines::MACHINES,
    &nodes::NODE,
    &nodes::NODES,
    &notifications::NOTIFICATION,
    &notifications::NOTIFICATIONS,
    &pools::POOL,
    &pools::POOLS,
    &racks::RACKS,
    &role_bindings::BINDING,
    &role_bindings::BINDINGS,
    &roles::ROLE,
    &roles::ROLES,
    &sessions::SESSION,
    &sessions::SESSIONS,
    &sshkeys::SSH_KEY,
    &sshkeys::SSH_KEYS,
    &sslkeys::SSL_KEY,
    &sslkeys::SSL_KEYS,
    &tags::TAG,
    &tags::TAGS,
    &tls::CERTIFICATE,
    &tls::TLS,
    &tokens::TOKEN,
    &tokens::TOKENS,
    &users::USER,
    &users::USERS,
    &version::VERSION,
    &zones::ZONE,
    &zones::ZONES,
];
