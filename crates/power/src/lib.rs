//! Turning machines on and off through their BMCs.
//!
//! A [`Driver`] says what it wants to know ([`Driver::schema`]); [`query`] and [`act`] do the work for one [`Target`]. Nothing
//! is retried here beyond what one protocol needs: callers run again. Everything ends within [`Limits`], and a future
//! that is dropped takes its child process and connections with it.

mod action;
mod address;
mod check;
mod destination;
mod driver;
mod error;
mod http;
mod ipmi;
mod limits;
mod program;
mod redfish;
pub mod schema;
mod target;
mod virsh;
mod webhook;

pub use action::{PowerAction, Reading, act, query};
pub use check::FieldErrors;
pub use driver::{Driver, UnknownDriver};
pub use error::PowerError;
pub use limits::Limits;
pub use maas_model::node::PowerState;
pub use target::{Parameters, Target};
