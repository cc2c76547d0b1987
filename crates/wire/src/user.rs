//! A user.

use serde::{Deserialize, Serialize};

/// A user, with exactly the five members that clients know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub is_superuser: bool,
    pub username: String,
    pub email: String,
    #[serde(default)]
    pub is_local: bool,
    #[serde(default)]
    pub resource_uri: String,
}
