//! Where nodes are and what marks them.

use serde::{Deserialize, Serialize};

/// A resource pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePool {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub resource_uri: String,
}

/// An availability zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub resource_uri: String,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub name: String,
    /// XPath over the hardware, or empty for a tag that is given by hand.
    pub definition: String,
    pub comment: String,
    pub kernel_opts: String,
    pub resource_uri: String,
}

/// A DNS domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    pub id: i64,
    pub name: String,
    /// Seconds; nothing for the site's default.
    pub ttl: Option<i64>,
    pub authoritative: bool,
    pub resource_record_count: i64,
    pub is_default: bool,
    pub resource_uri: String,
}
