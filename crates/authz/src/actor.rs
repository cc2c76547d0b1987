//! Who acts.

use std::sync::Arc;

use maas_model::{ApiKeyId, Role, SessionId, TokenId, TokenScope, UserId};

use crate::Access;

/// Who acts. There is no operation without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has shown who they are.
    Anonymous,
    /// A user of the site, by session, key or token.
    User(UserActor),
    /// Somebody who owns the data directory of this host (root, or whoever runs the site), by a command on it.
    LocalAdmin {
        /// The login name, seen through `sudo`.
        unix_user: String,
    },
    /// A job of the site itself.
    Job(&'static str),
}

/// A user who has shown who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserActor {
    pub id: UserId,
    pub username: String,
    /// What they hold, and where; a token's is less than its owner's.
    pub access: Arc<Access>,
    pub method: AuthMethod,
}

/// How a user showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    Session(SessionId),
    ApiKey(ApiKeyId),
    Token(TokenId, TokenScope),
    /// Name and password in the request itself.
    Password,
}

impl UserActor {
    /// MAAS's one flag, from what is held on the whole site.
    pub fn role(&self) -> Role {
        Role::from_superuser(self.access.is_administrator())
    }
}

impl AuthMethod {
    /// As the audit log names it: `session:4`, `api-key:7`, `token:2`, `password`.
    pub fn label(self) -> String {
        match self {
            Self::Session(id) => format!("session:{id}"),
            Self::ApiKey(id) => format!("api-key:{id}"),
            Self::Token(id, _) => format!("token:{id}"),
            Self::Password => "password".to_owned(),
        }
    }
}

impl Actor {
    /// The user, if it is one.
    pub fn user(&self) -> Option<&UserActor> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }

    /// As the audit log names it: the user's name, `cli:alice`, `job:tls`, or nothing for anonymous.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => String::new(),
            Self::User(user) => user.username.clone(),
            Self::LocalAdmin { unix_user } => format!("cli:{unix_user}"),
            Self::Job(name) => format!("job:{name}"),
        }
    }
}
