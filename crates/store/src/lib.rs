//! What the site keeps: SQL, rows, migrations, the audit chain. One SQL text for SQLite and PostgreSQL.
//!
//! Reading goes through [`Store::reader`], writing through [`Store::begin`]: a [`Tx`] can only be committed together
//! with the audit row that tells of it. One file per noun holds its rows, queries and tests.

pub mod access;
pub mod api_key;
pub mod block_device;
pub mod db;
pub mod domain;
pub mod error;
pub mod event;
pub mod failpoint;
pub mod interface;
pub mod job;
pub mod machine;
pub mod migrations;
pub mod node;
pub mod notification;
pub mod pool;
pub mod queue;
pub mod region_seen;
pub mod role;
pub mod role_binding;
#[cfg(test)]
mod schema;
pub mod script;
pub mod secret;
pub mod session;
pub mod setting;
pub mod site;
mod sql;
pub mod ssh_key;
pub mod ssl_key;
pub mod store;
pub mod tag;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tls_generation;
pub mod token;
pub mod user;
pub mod user_group;
pub mod zone;

pub use db::{Backend, StoreConfig};
pub use error::{Result, StoreError};
pub use event::Audit;
pub use failpoint::failpoint;
pub use sqlx::AnyConnection as Connection;
pub use store::{Reader, Store, Tx};
