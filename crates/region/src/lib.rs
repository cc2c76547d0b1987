//! The application: use cases by capability, the same for every door (API, pages, commands on the host, jobs).

pub mod access;
pub mod auth;
pub mod bindings;
pub mod carriers;
pub mod devices;
pub mod domains;
pub mod door;
pub mod enlist;
pub mod error;
pub mod events;
pub mod groups;
pub mod jobs;
pub mod keys;
pub mod machines;
pub mod nodes;
pub mod notifications;
mod place;
pub mod pools;
pub mod power_types;
pub mod region;
pub mod roles;
pub mod script_results;
pub mod sessions;
pub mod settings;
pub mod simulate;
pub(crate) mod site;
pub mod site_key;
pub mod ssh_keys;
pub mod ssl_keys;
pub mod status;
pub mod tags;
pub mod tasks;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod tokens;
pub mod users;
pub mod zones;

pub use error::{Error, FieldErrors, Result};
pub use region::{Audience, Notice, PasswordCost, Region, RegionConfig, detach};
