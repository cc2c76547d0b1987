//! The resources of API 2.0, one file each, and the shapes in which they answer.

mod account;
mod events;
mod maas;
mod notifications;
mod sessions;
mod sshkeys;
mod sslkeys;
mod tls;
mod tokens;
mod users;
pub(crate) mod version;
pub(crate) mod view;

use crate::route::Resource;

/// All of them.
pub(crate) const RESOURCES: &[&Resource] = &[
    &account::ACCOUNT,
    &events::EVENTS,
    &maas::MAAS,
    &notifications::NOTIFICATION,
    &notifications::NOTIFICATIONS,
    &sessions::SESSION,
    &sessions::SESSIONS,
    &sshkeys::SSH_KEY,
    &sshkeys::SSH_KEYS,
    &sslkeys::SSL_KEY,
    &sslkeys::SSL_KEYS,
    &tls::CERTIFICATE,
    &tls::TLS,
    &tokens::TOKEN,
    &tokens::TOKENS,
    &users::USER,
    &users::USERS,
    &version::VERSION,
];
