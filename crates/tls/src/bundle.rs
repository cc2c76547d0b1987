//! A key and its chain, checked: the rules of `spec/tls.md` 1.5, all problems at once, each with a stable code.

use std::sync::Arc;

use maas_model::{Secret, Timestamp};
use serde::Serialize;

use crate::CertificateInfo;

/// A key and certificates as text, with the names to call them in messages.
#[derive(Clone, Copy, Debug)]
pub struct PairText<'a> {
    pub key: &'a Secret<String>,
    pub certificate: &'a str,
    pub ca: Option<&'a str>,
    /// What to call key, certificate and chain: file names or form fields.
    pub names: [&'a str; 3],
}

/// What is checked against.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    pub now: Timestamp,
    pub allow_expired: bool,
    pub allow_self_signed_ca: bool,
    /// Names and addresses by which clients reach the site; a warning when the certificate lacks one.
    pub hosts: Vec<String>,
    /// Days before the end at which people are reminded; a warning when fewer are left.
    pub reminder_days: i64,
}

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One thing wrong with a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `tls/key-mismatch`
    pub code: &'static str,
    pub severity: Severity,
    /// One line: what, where, what to do.
    pub text: String,
}

/// A pair that passed: ready to serve.
#[derive(Clone)]
pub struct CertBundle {
    pub info: CertificateInfo,
    /// Leaf first, in order, without a trailing self-signed root.
    pub chain_pem: String,
    /// PKCS#8 PEM.
    pub key_pem: Secret<String>,
    /// For the handshake.
    pub certified: Arc<rustls::sign::CertifiedKey>,
}

impl std::fmt::Debug for CertBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertBundle").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Checks a pair. With any problem of severity `Error` there is no bundle; warnings stand beside it.
pub fn check(pair: PairText<'_>, options: &CheckOptions) -> (Option<CertBundle>, Vec<Problem>) {
    let _ = (pair, options);
    unimplemented!("tls")
}

impl CertBundle {
    /// Reads back a pair that was checked when it was stored; its age does not matter.
    ///
    /// # Errors
    /// One line when the stored pair is damaged.
    pub fn from_stored(chain_pem: &str, key_pem: &Secret<String>) -> Result<Self, String> {
        let _ = (chain_pem, key_pem);
        unimplemented!("tls")
    }
}

/// Whether a port may be used for HTTPS: `tls/port` otherwise. Whether it is free is asked when it is bound.
pub fn check_port(port: u16) -> Option<Problem> {
    let _ = port;
    unimplemented!("tls")
}
