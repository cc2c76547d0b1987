//! Words of the domain: ids, names, settings, events and the rules that hold for them everywhere.
//!
//! Nothing here reads a clock, a file or a socket. Everything is a value that can be checked by looking at it.

pub mod constraint;
pub mod event;
pub mod filter;
pub mod id;
pub mod machine;
pub mod name;
pub mod node;
pub mod notification;
pub mod script;
pub mod search;
pub mod secret;
pub mod setting;
pub mod ssh;
pub mod tag;
pub mod timestamp;
pub mod user;
pub mod xpath;

pub use constraint::Constraints;
pub use event::{Endpoint, EventType, Level, Outcome};
pub use filter::NodeFilter;
pub use id::{
    ApiKeyId, BlockDeviceId, BmcId, DomainId, EventId, GroupId, InterfaceId, NodeId, NotificationId, PoolId,
    RoleBindingId, RoleId, ScriptResultId, ScriptSetId, SessionId, SshKeyId, SslKeyId, TagId, TokenId, UserId, ZoneId,
};
pub use machine::{LifecycleEvent, MachineAction, SimpleStatus, Status};
pub use name::PlaceName;
pub use node::{Architecture, Hostname, InterfaceType, MacAddress, NodeType, PowerState, SystemId};
pub use search::Search;
pub use secret::Secret;
pub use tag::TagName;
pub use timestamp::Timestamp;
pub use user::{Email, Role, TokenScope, Username};
