//! Roles, who is given them, groups, and explanations.

use serde::{Deserialize, Serialize};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub description: String,
    pub is_builtin: bool,
    /// Names such as `can_deploy_machines`.
    pub actions: Vec<String>,
    /// How many bindings give it.
    pub bindings: i64,
    pub resource_uri: String,
}

/// A role given to a user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleBinding {
    pub id: i64,
    pub role: String,
    pub user: Option<String>,
    pub group: Option<String>,
    /// None for the whole site.
    pub pool: Option<String>,
    pub reason: String,
    pub expires: Option<String>,
    /// Whether it has ended by itself.
    pub is_ended: bool,
    pub created: String,
    pub created_by: String,
    pub resource_uri: String,
}

/// What a change of bindings would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleEffect {
    pub users: Vec<RoleUserEffect>,
}

/// What it would change for one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleUserEffect {
    pub username: String,
    pub gains: Vec<String>,
    pub losses: Vec<String>,
    /// How many machines the user sees.
    pub machines_before: i64,
    pub machines_after: i64,
}

/// A group of users, with exactly the members that clients know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroup {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub resource_uri: String,
}

/// A user in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroupMember {
    pub username: String,
    pub email: String,
}

/// What a group's roles give, in MAAS's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// `maas` or `pool`
    pub resource_type: String,
    /// 0 for `maas`.
    pub resource_id: i64,
    pub entitlement: String,
}

/// Why somebody may, or may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub user: String,
    pub action: String,
    pub object: String,
    pub allowed: bool,
    /// Whether the user may not even know of the object.
    pub hidden: bool,
    pub rule: String,
    pub bindings: Vec<String>,
    pub needed: Vec<String>,
    pub who_can_grant: Vec<String>,
}

/// What somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAccess {
    pub user: String,
    /// On the whole site.
    pub site: Vec<String>,
    pub pools: Vec<PoolAccess>,
}

/// What somebody holds on one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolAccess {
    pub pool: String,
    pub actions: Vec<String>,
}
