//! The version.

use serde::{Deserialize, Serialize};

/// What a server is, and what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub capabilities: Vec<String>,
    /// As PEP 440 writes versions.
    pub version: String,
    #[serde(default)]
    pub subversion: String,
}

/// What we can do; the list and its order are MAAS's, and libmaas wants `authenticate-api`.
pub const CAPABILITIES: [&str; 9] = [
    "networks-management",
    "static-ipaddresses",
    "ipv6-deployment-ubuntu",
    "devices-management",
    "storage-deployment-ubuntu",
    "network-deployment-ubuntu",
    "bridging-interface-ubuntu",
    "bridging-automatic-ubuntu",
    "authenticate-api",
];

/// The version of MAAS whose API we speak.
pub const API_VERSION: &str = "3.7.3";
