//! The site's certificate. A key is never in an answer.

use serde::{Deserialize, Serialize};

/// `GET tls/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsState {
    pub enabled: bool,
    pub port: Option<u16>,
    pub generation: i64,
    pub certificate: Option<TlsCertificate>,
    /// Issued by the site's own CA, and renewed by the site.
    pub site_issued: bool,
    pub can_roll_back: bool,
    /// What each region serves; empty for those who may not see it.
    pub regions: Vec<TlsApplied>,
    pub resource_uri: String,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCertificate {
    #[serde(rename = "CN")]
    pub common_name: String,
    pub subject: String,
    pub issuer: String,
    /// `DNS:maas.internal`, `IP:192.0.2.1`
    pub names: Vec<String>,
    pub not_before: String,
    pub not_after: String,
    pub days_left: i64,
    /// SHA-256, upper-case hex pairs joined by `:`.
    pub fingerprint: String,
    pub key_type: String,
    pub serial: String,
    pub chain_length: usize,
    /// PEM of the leaf.
    pub certificate: String,
}

/// One region's word on a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsApplied {
    pub region: String,
    pub generation: i64,
    pub fingerprint: Option<String>,
    pub error: Option<String>,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsChange {
    pub generation: i64,
    /// Nothing was done: the same pair and port are on already.
    pub unchanged: bool,
    pub warnings: Vec<TlsProblem>,
    pub old_fingerprint: Option<String>,
    pub new_fingerprint: Option<String>,
    pub regions: Vec<TlsApplied>,
    pub resource_uri: String,
}

/// Something wrong with a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsProblem {
    /// `tls/key-mismatch`
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    pub text: String,
}
