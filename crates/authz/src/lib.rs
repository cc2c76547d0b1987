//! Who may do what: the actor of an operation, the actions there are, and the table that joins them.
//!
//! Nothing above this room decides on rights. A use case asks [`OpCtx::grant`] for the action it is about to do and gets
//! a [`Granted`], which the storing functions want to see; or a [`Refusal`], which says why not and who could.

pub mod access;
pub mod action;
pub mod actor;
pub mod clock;
pub mod context;
pub mod machine;
pub mod matrix;
pub mod policy;
pub mod role;

pub use access::{Access, NodeFacts, Pools};
pub use action::{Act, Action, Actions, Reach};
pub use actor::{Actor, AuthMethod, UserActor};
pub use clock::Clock;
pub use context::{Granted, GrantedNode, OpCtx, RequestInfo, Site};
pub use machine::{MachineScope, NodeRefusal};
pub use matrix::Matrix;
pub use policy::{Asked, Refusal, Why, decide};
