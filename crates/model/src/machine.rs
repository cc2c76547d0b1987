//! Machines: the statuses of their life, what moves them from one to another, and what people can do to them.

mod action;
mod simple_status;
mod status;
mod transition;

pub use action::MachineAction;
pub use simple_status::SimpleStatus;
pub use status::Status;
pub use transition::{LifecycleEvent, TransitionError, previous_after, transition};
