//! Shapes on the wire, shared by the server and the clients: objects of API 2.0 and the describe document.
//!
//! Reading is lenient (unknown members are ignored, what may be missing has a default), since clients also talk to a real
//! MAAS; writing is exact.

pub mod access;
pub mod account;
pub mod describe;
pub mod event;
pub mod hardware;
pub mod notification;
pub mod place;
pub mod socket;
pub mod tls;
pub mod user;
pub mod version;

pub use access::{
    Entitlement, Explanation, PoolAccess, Role, RoleBinding, RoleEffect, RoleUserEffect, UserAccess, UserGroup,
    UserGroupMember,
};
pub use account::{
    Authenticated, CsrfToken, ListedApiKey, LoginState, NewApiKey, NewToken, RevokedSessions, Session, SshKey, SslKey,
    Token,
};
pub use describe::{Action, Describe, Documented, Handler, Resource};
pub use event::{Event, EventPage};
pub use notification::Notification;
pub use place::{Domain, ResourcePool, Tag, Zone};
pub use tls::{TlsApplied, TlsCertificate, TlsChange, TlsProblem, TlsState};
pub use user::User;
pub use version::Version;
