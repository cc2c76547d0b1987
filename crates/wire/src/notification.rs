//! Notices.

use serde::{Deserialize, Serialize};

use crate::User;

/// A notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub id: i64,
    pub ident: Option<String>,
    pub user: Option<User>,
    pub users: bool,
    pub admins: bool,
    /// May hold `{placeholders}` that `context` fills.
    pub message: String,
    pub context: serde_json::Value,
    /// `error`, `warning`, `success`, `info`.
    pub category: String,
    pub dismissable: bool,
    #[serde(default)]
    pub resource_uri: String,
}
